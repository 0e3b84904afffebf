from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_driver_documents"),
        ("dispatch", "0008_messages_and_pin_tries"),
        ("orders", "0004_operate_order"),
        ("restaurants", "0004_operate_restaurant"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="delivery",
            options={
                "permissions": [("operate_delivery", "Can assign, take away, hold, put first and search again")],
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.AlterModelOptions(
            name="driversession",
            options={"permissions": [("operate_driversession", "Can put drivers offline")]},
        ),
    ]

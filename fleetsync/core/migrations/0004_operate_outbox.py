from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0003_heartbeats_and_forgotten_floors"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="outbox",
            options={
                "permissions": [("operate_outbox", "Can let given-up events be tried again")],
                "verbose_name_plural": "outbox",
            },
        ),
    ]

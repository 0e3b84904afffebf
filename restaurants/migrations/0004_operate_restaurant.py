from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("restaurants", "0003_restaurants_of_a_map"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="restaurant",
            options={"permissions": [("operate_restaurant", "Can pause and resume restaurants")]},
        ),
    ]

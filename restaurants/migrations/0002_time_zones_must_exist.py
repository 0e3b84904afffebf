"""One unknown time zone in a row would break the discovery of all restaurants."""

from django.db import migrations, models

import restaurants.models

CHECK = "CHECK ((timestamptz 'epoch' AT TIME ZONE time_zone) IS NOT NULL)"
HELP = "IANA name, e.g. America/New_York."


class Migration(migrations.Migration):
    dependencies = [("restaurants", "0001_initial")]

    operations = [
        *(
            migrations.AlterField(
                model_name=name,
                name="time_zone",
                field=models.CharField(
                    default="UTC", help_text=HELP, max_length=64, validators=[restaurants.models.validate_time_zone]
                ),
            )
            for name in ("zone", "historicalzone", "restaurant", "historicalrestaurant")
        ),
        *(
            migrations.RunSQL(
                f"ALTER TABLE restaurants_{table} ADD CONSTRAINT {table}_time_zone_exists {CHECK}",
                f"ALTER TABLE restaurants_{table} DROP CONSTRAINT {table}_time_zone_exists",
            )
            for table in ("zone", "restaurant")
        ),
    ]

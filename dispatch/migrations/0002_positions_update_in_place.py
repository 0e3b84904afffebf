"""Room in every page, so that a ping updates its row in place; vacuum early, since every row changes all the time."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE dispatch_driverposition SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05)",
            "ALTER TABLE dispatch_driverposition RESET (fillfactor, autovacuum_vacuum_scale_factor)",
        )
    ]

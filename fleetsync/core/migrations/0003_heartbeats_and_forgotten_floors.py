"""Say how far retention has forgotten a stream or feed, and keep the heartbeats of processes."""

from django.db import migrations, models

FLOOR = models.PositiveBigIntegerField(db_default=0, help_text="Forgotten up to here by retention.")


class Migration(migrations.Migration):
    dependencies = [("core", "0002_events_are_append_only")]

    operations = [
        migrations.AddField("feedhead", "floor", FLOOR),
        migrations.AddField("streamhead", "floor", FLOOR),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("process", models.CharField(max_length=32)),
                ("host", models.CharField(max_length=120)),
                ("pid", models.PositiveIntegerField()),
                ("beat_at", models.DateTimeField(help_text="Machine time.")),
                ("facts", models.JSONField(blank=True, default=dict)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("process", "host", "pid"), name="heartbeat_once")],
            },
        ),
    ]

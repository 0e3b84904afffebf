"""What the next attempt means; nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0016_next_attempt_without_index")]

    operations = [
        migrations.AlterField(
            model_name="dispatchjob",
            name="next_attempt_at",
            field=models.DateTimeField(
                help_text="`nearest` looks again then, at a tick of its zone; no strategy asks other zones before."
            ),
        ),
    ]

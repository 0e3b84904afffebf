"""When a driver last handed a bag over: the second half of that is no time for his next trip."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0014_shift_breaks")]

    operations = [
        migrations.AddField(
            model_name="driversession",
            name="handed_over_at",
            field=models.DateTimeField(
                blank=True, help_text="The last bag, at a door or back at the counter.", null=True
            ),
        ),
    ]

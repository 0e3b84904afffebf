"""The index by which a kitchen's last orders are found, built without locking the table."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("dispatch", "0012_learned_preparation")]

    operations = [
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                fields=["restaurant", "-picked_up_at"],
                condition=models.Q(picked_up_at__isnull=False),
                name="delivery_of_kitchen",
            ),
        ),
    ]

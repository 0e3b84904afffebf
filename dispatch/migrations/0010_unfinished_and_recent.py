"""What is still out, and decisions of the last hour, without reading all that ever was."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("dispatch", "0009_operate_rights")]

    operations = [
        AddIndexConcurrently(
            model_name="decisionrecord",
            index=models.Index(fields=["at"], name="decision_at"),
        ),
        AddIndexConcurrently(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "ARRIVED_AT_DROPOFF",
                            "ARRIVED_AT_PICKUP",
                            "ASSIGNED",
                            "CREATED",
                            "EN_ROUTE_TO_DROPOFF",
                            "EN_ROUTE_TO_PICKUP",
                            "NO_DRIVER_FOUND",
                            "PICKED_UP",
                            "RETURNING",
                            "SEARCHING",
                            "UNDELIVERABLE",
                        ],
                    )
                ),
                fields=["zone"],
                name="delivery_unfinished",
            ),
        ),
    ]

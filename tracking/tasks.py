"""What may be a minute late: the trail's partitions."""

from celery import shared_task

from fleetsync.core import clock
from tracking import services


@shared_task(name="tracking.make_partitions", acks_late=True, ignore_result=True)
def make_partitions(**_later: object) -> None:
    """Create the partitions of the coming days. Safe to run twice."""
    services.make_partitions(now=clock.now())


@shared_task(name="tracking.drop_partitions", acks_late=True, ignore_result=True)
def drop_partitions(**_later: object) -> None:
    """Drop what is older than the retention. Safe to run twice."""
    services.drop_partitions(now=clock.now())

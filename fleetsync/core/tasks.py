"""Periodic upkeep of the core; all of it may be a day late."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from fleetsync.core import clock, retention


@shared_task(name="core.forget_old", acks_late=True, ignore_result=True)
def forget_old(**_later: object) -> None:
    """Forget finished streams past their time and stored answers past theirs. Safe to run twice."""
    days = settings.FLEETSYNC_EVENT_DAYS
    retention.forget_old(now=clock.now(), real_now=clock.real_now(), older_than=timedelta(days=days))

"""Upkeep of orders; all of it may be an hour late."""

from celery import shared_task

from fleetsync.core import clock
from orders import services
from orders.conf import QUOTE_KEPT


@shared_task(name="orders.forget_quotes", acks_late=True, ignore_result=True)
def forget_quotes(**_later: object) -> None:
    """Drop promises that nobody took up. Safe to run twice."""
    services.forget_quotes(before=clock.now() - QUOTE_KEPT)

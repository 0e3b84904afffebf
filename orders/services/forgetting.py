"""Dropping promises that nobody took up."""

from datetime import datetime

from orders.models import Quote

BATCH = 5_000


def forget_quotes(*, before: datetime) -> int:
    """Delete unbought quotes that expired before a moment of business time; return how many.

    In batches, each its own statement, so that no lock lasts. May run twice at once.
    """
    gone = 0
    while True:
        old = Quote.objects.filter(order=None, expires_at__lt=before).order_by("expires_at", "id")
        count, _ = Quote.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:BATCH])).delete()
        gone += count
        if count < BATCH:
            return gone

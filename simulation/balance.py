"""The ledger against the database: what was promised, and what is there. Reads only."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from dispatch.models import Delivery, Offer
from dispatch.states import OfferStatus
from fleetsync.core import ids
from fleetsync.core.models import Event
from orders.models import Order
from simulation.clients.ledger import Ledger, Promise
from simulation.result import Offers, Outcome, Result

CHUNK = 500


def weigh(*, ledger: Ledger, target_min: float = 40.0) -> Result:
    """Return the result of a run: the ledger's promises checked, the orders' fates read."""
    placed = {ids.private("order_id", public): placement for public, placement in ledger.placements.items()}
    orders = {order.pk: order for order in Order.objects.filter(pk__in=placed)}
    deliveries = {each.order_id: each for each in Delivery.objects.filter(order__in=placed)}
    outcomes = [_outcome(orders[pk], deliveries.get(pk)) if pk in orders else Outcome(status="LOST") for pk in placed]
    return Result(
        outcomes=outcomes,
        offers=_offers(orders),
        lost=missing(ledger.promises),
        doubled=_orders_of_one_tap(placed[pk].marker for pk in placed) + two_drivers(ledger),
        latency_ms=ledger.latency_ms(),
        target_min=target_min,
    )


def _outcome(order: Order, delivery: Delivery | None) -> Outcome:
    door = wait = None
    if order.delivered_at is not None:
        door = (order.delivered_at - order.placed_at).total_seconds() / 60.0
    ready = order.food_ready_at or order.ready_at
    if delivery is not None and delivery.picked_up_at is not None and ready is not None:
        wait = max(0.0, (delivery.picked_up_at - ready).total_seconds() / 60.0)
    return Outcome(status=order.status, click_to_door_min=door, ready_to_pickup_min=wait)


def _offers(orders: Iterable[object]) -> Offers:
    found = Counter(Offer.objects.filter(delivery__order__in=list(orders)).values_list("status", flat=True))
    return Offers(
        made=sum(found.values()),
        accepted=found[OfferStatus.ACCEPTED] + found[OfferStatus.RETURNED],
        declined=found[OfferStatus.DECLINED],
        expired=found[OfferStatus.EXPIRED],
    )


def missing(promises: Sequence[Promise]) -> int:
    """Return how many promises have no event behind them; two of one kind need two."""
    promised = Counter((promise.stream, promise.type) for promise in promises)
    there = events_of({promise.stream for promise in promises}, {promise.type for promise in promises})
    return sum(max(0, count - there[stream, kind]) for (stream, kind), count in promised.items())


def events_of(streams: Iterable[str], types: Iterable[str]) -> Counter[tuple[str, str]]:
    """Return how many events of each type stand in each stream."""
    found: Counter[tuple[str, str]] = Counter()
    ordered, wanted = sorted(streams), sorted(types)
    for start in range(0, len(ordered), CHUNK):
        rows = Event.objects.filter(stream__in=ordered[start : start + CHUNK], type__in=wanted)
        found.update(rows.values_list("stream", "type"))
    return found


def _orders_of_one_tap(markers: Iterable[str]) -> int:
    """Return how many orders exist besides the one that each tap was promised."""
    wanted, extra = sorted(markers), 0
    for start in range(0, len(wanted), CHUNK):
        part = wanted[start : start + CHUNK]
        notes = Order.objects.filter(_any_note(part)).values_list("dropoff_note", flat=True)
        times = Counter(note.rpartition(" ")[2] for note in notes)
        extra += sum(count - 1 for count in times.values())
    return extra


def _any_note(markers: Sequence[str]) -> Q:
    return Q(dropoff_note__in=[f"Ring twice. {marker}" for marker in markers])


def two_drivers(ledger: Ledger) -> int:
    """Return how many orders two drivers held at once, by the log; or picked up, by the ledger."""
    streams = sorted(f"order:{order_id}" for order_id in ledger.placements)
    wrong: set[str] = set()
    for start in range(0, len(streams), CHUNK):
        part = streams[start : start + CHUNK]
        rows = Event.objects.filter(
            stream__in=part, type__in=["delivery.assigned", "delivery.unassigned", "delivery.cancelled"]
        )
        holders: dict[str, set[str]] = defaultdict(set)
        for stream, kind, payload in rows.order_by("stream", "seq").values_list("stream", "type", "payload"):
            driver = str(payload.get("driver_id"))
            if kind == "delivery.assigned":
                holders[stream].add(driver)
            else:
                holders[stream].discard(driver)
            if len(holders[stream]) > 1:
                wrong.add(stream)
    takers: Mapping[str, set[str]] = defaultdict(set)
    for promise in ledger.promises:
        if promise.type == "delivery.picked_up":
            takers[promise.stream].add(promise.by)
    wrong |= {stream for stream, who in takers.items() if len(who) > 1}
    return len(wrong)

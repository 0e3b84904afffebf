"""What dispatch lets the relay look at: ticks, offers, searches and leases."""

import random
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from dispatch import services
from dispatch.selectors import due
from fleetsync.core import clock, timers

_RNG: Final = random.Random()  # noqa: S311  # spreads retries, guards nothing


def next_ack_by() -> datetime | None:
    """Return the business moment at which the next unconfirmed offer is given up."""
    ack_by = due.next_ack_by()
    if ack_by is None:
        return None
    return clock.now() + timedelta(seconds=(ack_by - clock.real_now()).total_seconds() * clock.scale())


def run_ticks(now: datetime) -> int:
    """Kick the rounds whose tick is due."""
    ticks, real_now = due.ticks(now), clock.real_now()

    def tick(zone_id: UUID) -> int:
        return services.tick_zone(zone_id=zone_id, settings=ticks[zone_id], now=now, real_now=real_now, rng=_RNG)

    return timers.run_each("dispatch.tick", ticks, tick)


def expire_offers(now: datetime) -> int:
    """End offers whose time is over, batch by batch."""
    return timers.run_each(
        "dispatch.offer_expiry",
        due.expired_batches(now),
        lambda batch: services.expire_offers(batch_id=batch, now=now),
    )


def drop_unseen_offers(now: datetime) -> int:
    """End offers that no phone confirmed, batch by batch."""
    real_now = clock.real_now()
    return timers.run_each(
        "dispatch.offer_unseen",
        due.unseen_batches(real_now),
        lambda batch: services.drop_unseen_offers(batch_id=batch, now=now, real_now=real_now),
    )


def end_searches(now: datetime) -> int:
    """Give up searches that ran out."""
    return timers.run_each(
        "dispatch.search_end",
        due.ended_searches(now),
        lambda each: services.give_up_search(delivery_id=each, now=now),
    )


def end_silent_sessions(now: datetime) -> int:
    """Put drivers offline whose lease is over."""
    return timers.run_each(
        "dispatch.lease",
        due.silent_sessions(now),
        lambda each: services.end_session(session_id=each, reason="silent", now=now, actor="relay"),
    )


timers.register("dispatch.tick", next_due=due.next_tick_at, run_due=run_ticks)
timers.register("dispatch.offer_expiry", next_due=due.next_expiry_at, run_due=expire_offers)
timers.register("dispatch.offer_unseen", next_due=next_ack_by, run_due=drop_unseen_offers)
timers.register("dispatch.search_end", next_due=due.next_search_end_at, run_due=end_searches)
timers.register("dispatch.lease", next_due=due.next_lease_end_at, run_due=end_silent_sessions)

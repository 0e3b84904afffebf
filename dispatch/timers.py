"""What dispatch lets the relay look at: ticks, offers, searches and leases."""

import random
from datetime import datetime, timedelta
from typing import Final

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
    return services.tick_zones(now=now, real_now=clock.real_now(), rng=_RNG)


def expire_offers(now: datetime) -> int:
    """End offers whose time is over, batch by batch."""
    return sum(services.expire_offers(batch_id=batch, now=now) for batch in due.expired_batches(now))


def drop_unseen_offers(now: datetime) -> int:
    """End offers that no phone confirmed, batch by batch."""
    real_now = clock.real_now()
    return sum(
        services.drop_unseen_offers(batch_id=batch, now=now, real_now=real_now)
        for batch in due.unseen_batches(real_now)
    )


def end_searches(now: datetime) -> int:
    """Give up searches that ran out."""
    return sum(services.give_up_search(delivery_id=each, now=now) for each in due.ended_searches(now))


def end_silent_sessions(now: datetime) -> int:
    """Put drivers offline whose lease is over."""
    return sum(
        services.end_session(session_id=each, reason="silent", now=now, actor="relay")
        for each in due.silent_sessions(now)
    )


timers.register("dispatch.tick", next_due=due.next_tick_at, run_due=run_ticks)
timers.register("dispatch.offer_expiry", next_due=due.next_expiry_at, run_due=expire_offers)
timers.register("dispatch.offer_unseen", next_due=next_ack_by, run_due=drop_unseen_offers)
timers.register("dispatch.search_end", next_due=due.next_search_end_at, run_due=end_searches)
timers.register("dispatch.lease", next_due=due.next_lease_end_at, run_due=end_silent_sessions)

"""A driver's online lease: begun where he stands, renewed by pings, ended by himself or by silence."""

import logging
from datetime import UTC, datetime
from functools import partial
from typing import Final
from uuid import UUID

from django.contrib.gis.geos import Point
from django.db import IntegrityError, connection, transaction

from accounts.models import Driver
from dispatch import errors
from dispatch.conf import CELL_DEG, LEASE_FLOOR_S, conf_of
from dispatch.events import SessionEnded, SessionPaused, SessionResumed, SessionStarted
from dispatch.models import Delivery, DriverSession, Offer, Shift
from dispatch.positions import forget_fresh
from dispatch.services.facts import of_session
from dispatch.services.holding import release
from dispatch.services.load import set_available
from dispatch.services.locks import lock_deliveries
from dispatch.services.searching import begin_search
from dispatch.services.waking import ensure_round
from dispatch.services.withdrawing import take_back
from dispatch.states import BEFORE_PICKUP, OfferStatus, SessionStatus
from fleetsync.core import clock
from fleetsync.core.events import change
from restaurants.models import Zone
from restaurants.selectors import zone_at

log = logging.getLogger(__name__)

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE: Final = """
    INSERT INTO dispatch_driverposition AS old
        (driver_id, point, cell, available, recorded_at, seq, received_at, near_stop)
    VALUES (%(driver)s, ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326),
            ST_SnapToGrid(ST_SetSRID(ST_MakePoint(%(lng)s, %(lat)s), 4326), %(cell)s)::geography,
            %(available)s, %(recorded_at)s, 0, %(now)s, 0)
    ON CONFLICT (driver_id) DO UPDATE
    SET point = EXCLUDED.point, cell = EXCLUDED.cell, available = EXCLUDED.available,
        recorded_at = EXCLUDED.recorded_at, seq = 0, received_at = EXCLUDED.received_at, near_stop = 0"""


def start_session(
    *, driver: Driver, position: Point, off_at: datetime | None, now: datetime, actor: str
) -> DriverSession:
    """Put a driver online in the zone where he stands; his live session is renewed instead if he has one.

    Without `off_at` the end of his present shift counts. What he still has on board from an
    earlier session comes along. Locks his deliveries, then his session.

    Raises:
        DriverNotApproved, DriverSuspended: he may not drive.
        OutsideZones: no active zone is here.
        ShiftOver: `off_at` is past.
    """
    if driver.suspended_at is not None:
        raise errors.DriverSuspended
    if driver.approved_at is None:
        raise errors.DriverNotApproved
    off_at = off_at or _shift_end(driver, now)
    if off_at is not None and off_at <= now:
        raise errors.ShiftOver(attr="off_at")
    zone = zone_at(point=position)
    if zone is None or not zone.active:
        raise errors.OutsideZones(attr="position")
    with change(now=now, actor=actor) as emit:
        held = list(lock_deliveries(ids=[], driver_id=driver.pk).values())
        live = DriverSession.objects.select_for_update(no_key=True).filter(driver=driver, ended_at=None).first()
        if live is not None and live.lease_until <= now:
            end_session(session_id=live.pk, reason="silent", now=now, actor="relay")
            held = [row for row in held if row.status not in BEFORE_PICKUP]
            live = None
        if live is None:
            live = _begin(driver, zone, len(held), now)
            if live.started_at == now:
                Delivery.objects.filter(pk__in=[row.pk for row in held]).update(session=live)
                emit(SessionStarted(**of_session(live)))
        live.off_at, live.lease_until = off_at, lease_end(zone=zone, now=now)
        if not live.load:
            live.zone = zone
        live.save(update_fields=["off_at", "lease_until", "zone"])
        ensure_round(zone_id=zone.pk, now=now)
        _place(live, position, now)
    log.info("dispatch.session.started", extra={"session_id": str(live.pk), "driver_id": str(driver.pk)})
    return live


def lease_end(*, zone: Zone, now: datetime) -> datetime:
    """Return how long silence is borne from now on: the zone's span, and five real seconds at least."""
    return now + clock.at_least(conf_of(zone.dispatch).lease_s, LEASE_FLOOR_S)


def _begin(driver: Driver, zone: Zone, load: int, now: datetime) -> DriverSession:
    try:
        with transaction.atomic():
            return DriverSession.objects.create(
                driver=driver,
                zone=zone,
                status=SessionStatus.BUSY if load else SessionStatus.AVAILABLE,
                load=load,
                capacity=max(driver.capacity, load),
                started_at=now,
                idle_since=None if load else now,
                lease_until=lease_end(zone=zone, now=now),
            )
    except IntegrityError:  # the same driver, on another phone, at the same moment
        return DriverSession.objects.select_for_update(no_key=True).get(driver=driver, ended_at=None)


def _place(session: DriverSession, position: Point, now: datetime) -> None:
    """Set where he is; the first ping of his phone is newer whatever its clock says.

    It may be another phone than before, whose clock is behind that one's.
    """
    transaction.on_commit(partial(forget_fresh, driver_id=session.driver_id), robust=True)
    available = session.status != SessionStatus.PAUSED and session.load < session.capacity
    with connection.cursor() as cursor:
        cursor.execute(
            _PLACE,
            {
                "driver": session.driver_id,
                "lng": position.x,
                "lat": position.y,
                "cell": CELL_DEG,
                "available": available,
                "recorded_at": _LONG_AGO,
                "now": now,
            },
        )


def _shift_end(driver: Driver, now: datetime) -> datetime | None:
    shift = Shift.objects.filter(driver=driver, starts_at__lte=now, ends_at__gt=now).order_by("starts_at", "pk").first()
    return shift.ends_at if shift else None


def live_session(*, driver: Driver) -> DriverSession:
    """Return the driver's live session.

    Raises:
        SessionNotFound: he is offline.
    """
    found = DriverSession.objects.select_related("zone").filter(driver=driver, ended_at=None).first()
    if found is None:
        raise errors.SessionNotFound
    return found


def pause_session(*, driver: Driver, now: datetime, actor: str) -> DriverSession:
    """Make no new offers to the driver; open ones are withdrawn. May run twice.

    Raises:
        SessionNotFound: he is offline.
    """
    with change(now=now, actor=actor) as emit:
        session = live_session(driver=driver)
        locked, offers = _lock_asked(driver.pk)
        session = DriverSession.objects.select_for_update(no_key=True).get(pk=session.pk)
        if session.ended_at is not None:
            raise errors.SessionNotFound
        if session.status == SessionStatus.PAUSED:
            return session
        session.status = SessionStatus.PAUSED
        session.save(update_fields=["status"])
        set_available(driver_id=driver.pk, available=False)
        take_back(offers=offers, deliveries=locked, reason="driver-paused", now=now, emit=emit)
        emit(SessionPaused(**of_session(session)))
    return session


def resume_session(*, driver: Driver, now: datetime, actor: str) -> DriverSession:
    """Make offers again. May run twice.

    Raises:
        SessionNotFound: he is offline.
    """
    with change(now=now, actor=actor) as emit:
        live_session(driver=driver)
        session = DriverSession.objects.select_for_update(no_key=True).filter(driver=driver, ended_at=None).first()
        if session is None:
            raise errors.SessionNotFound
        if session.status != SessionStatus.PAUSED:
            return session
        session.status = SessionStatus.BUSY if session.load else SessionStatus.AVAILABLE
        session.idle_since = None if session.load else now  # a break is no waiting for work: it wins nobody a trip
        session.save(update_fields=["status", "idle_since"])
        set_available(driver_id=driver.pk, available=session.load < session.capacity)
        emit(SessionResumed(**of_session(session)))
    return session


def end_session(*, session_id: UUID, reason: str, now: datetime, actor: str) -> bool:
    """Put the driver offline; say whether he was online. May run twice.

    Open offers are withdrawn, deliveries that are not picked up search again; what is on
    board stays his. With reason `silent` only a lease that ran out is ended: a ping that
    came meanwhile wins. Locks his deliveries, offers, then the session.
    """
    with change(now=now, actor=actor) as emit:
        driver_id = (
            DriverSession.objects.filter(pk=session_id, ended_at=None).values_list("driver_id", flat=True).first()
        )
        if driver_id is None:
            return False
        locked, offers = _lock_asked(driver_id)
        session = DriverSession.objects.select_for_update(no_key=True).get(pk=session_id)
        if session.ended_at is not None or (reason == "silent" and session.lease_until > now):
            return False
        take_back(offers=offers, deliveries=locked, reason="driver-offline", now=now, emit=emit)
        session.ended_at, session.end_reason, session.status = now, reason, SessionStatus.OFFLINE
        session.save(update_fields=["ended_at", "end_reason", "status"])
        for row in locked.values():
            if row.driver_id == driver_id and row.status in BEFORE_PICKUP:
                release(row=row, reason="driver-offline", now=now, emit=emit)
                begin_search(delivery=row, now=now)
        set_available(driver_id=driver_id, available=False)
        emit(SessionEnded(**of_session(session), reason=reason))
    log.info("dispatch.session.ended", extra={"session_id": str(session_id), "reason": reason})
    return True


def _lock_asked(driver_id: UUID) -> tuple[dict[UUID, Delivery], list[Offer]]:
    """Lock what a driver holds and what he is asked about, then the open offers to him."""
    asked = Offer.objects.filter(driver_id=driver_id, status=OfferStatus.OPEN).values_list("delivery_id", flat=True)
    locked = lock_deliveries(ids=list(asked), driver_id=driver_id)
    offers = Offer.objects.select_for_update(of=("self",), no_key=True).filter(
        driver_id=driver_id, status=OfferStatus.OPEN
    )
    return locked, list(offers.order_by("pk"))


def suspend_driver(*, driver_id: UUID, now: datetime) -> None:
    """Put a driver offline whom ops have suspended. May run twice."""
    found = DriverSession.objects.filter(driver_id=driver_id, ended_at=None).values_list("pk", flat=True).first()
    if found is not None:
        end_session(session_id=found, reason="suspended", now=now, actor="relay")


def follow_capacity(*, driver_id: UUID, capacity: int) -> None:
    """Let a live session hold what now fits on the vehicle, never less than it holds. May run twice.

    Where it holds more now, its capacity sinks as it hands over (`drop_load`).
    """
    with transaction.atomic():
        live = DriverSession.objects.select_for_update(no_key=True).filter(driver_id=driver_id, ended_at=None).first()
        if live is None:
            return
        live.capacity = max(capacity, live.load)
        live.save(update_fields=["capacity"])
        room = live.load < live.capacity and live.status != SessionStatus.PAUSED
        set_available(driver_id=driver_id, available=room)

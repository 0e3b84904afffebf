"""One row of everything, and somebody who may look at it."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.models import DriverDocument, Invitation, RefreshToken, SocketTicket, TokenFamily, User
from dispatch.models import (
    DecisionRecord,
    DispatchPolicy,
    DriverMessage,
    DriverPosition,
    Round,
    RoundRecord,
    Shift,
)
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from fleetsync.core.models import ClockSetting, FeedEntry, FeedHead, Heartbeat, IdempotencyKey
from orders.events import OrderPreparing
from orders.models import Quote, Review
from restaurants.lateness import Lateness
from restaurants.services import set_preparation
from tests import factories
from tests.factories import CITY
from tracking.models import Basemap


def log_in(user: User) -> Client:
    """Return a browser in which the user is logged in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def admin_browser(db) -> Client:
    """Return an admin's browser."""
    return log_in(factories.AdminFactory())


@pytest.fixture
def dispatcher_browser(db) -> Client:
    """Return a dispatcher's browser."""
    return log_in(factories.DispatcherFactory(is_staff=True))


@pytest.fixture
def fill(db) -> Callable[[], None]:
    """Return a function that adds a row to every table."""

    def add() -> None:
        now, real_now = clock.now(), clock.real_now()
        line = factories.OrderLineFactory()
        option = factories.OptionFactory()
        restaurant = option.group.item.restaurant
        factories.OpeningHoursFactory(restaurant=restaurant, weekday=0, opens=time(9), closes=time(17))
        factories.ClosureFactory(restaurant=restaurant, starts_at=now, ends_at=now + timedelta(hours=1))
        factories.RestaurantStaffFactory(restaurant=restaurant)
        learned = [Lateness(late_s=540.0, std_s=120.0, orders=31.0), Lateness(hour=9, pieces=2, late_s=-60.0)]
        set_preparation(restaurant_id=restaurant.pk, learned=learned, orders=31, now=now)
        offer = factories.OfferFactory()
        factories.DispatchJobFactory(delivery=offer.delivery)
        DriverPosition.objects.create(driver=offer.driver, point=CITY, cell=CITY, recorded_at=now, received_at=now)
        Shift.objects.create(driver=offer.driver, starts_at=now, ends_at=now + timedelta(hours=8))
        DriverDocument.objects.create(
            driver=offer.driver, kind="LICENCE", file="none.pdf", added_by=line.order.customer
        )
        zone = offer.delivery.zone
        Round.objects.get_or_create(zone=zone, defaults={"next_tick_at": now})
        DecisionRecord.objects.create(
            delivery=offer.delivery, zone=zone, fence=1, at=now, strategy="batch", solve_ms=1.0, driver=offer.driver
        )
        RoundRecord.objects.create(zone=zone, fence=1, at=now, solve_ms=1.0, jobs=1, drivers=1, offers=1, data=b"")
        version = DispatchPolicy.objects.filter(zone=zone).count() + 1
        DispatchPolicy.objects.create(zone=zone, version=version, created_at=now, created_by="system")
        DriverMessage.objects.create(driver=offer.driver, zone=zone, text="The back door, please.", sent_at=now)
        order = line.order
        Review.objects.create(order=order, stars=5, rated_at=now)
        Quote.objects.create(
            customer=order.customer,
            restaurant=order.restaurant,
            zone=order.zone,
            dropoff_point=CITY,
            lines=[],
            fees=[],
            currency="USD",
            subtotal_minor=1,
            total_minor=1,
            eta_low_at=now,
            eta_high_at=now,
            created_at=now,
            expires_at=now,
        )
        family = TokenFamily.objects.create(user=order.customer, created_at=real_now)
        RefreshToken.objects.create(family=family, expires_at=real_now)
        secret = str(ids.uuid7())
        SocketTicket.objects.create(token_hash=secret, user=order.customer, expires_at=real_now)
        Invitation.objects.create(
            email="new@fleetsync.example",
            role="DRIVER",
            token_hash=secret,
            invited_by=order.customer,
            created_at=now,
            expires_at=real_now,
        )
        with change(now=now) as emit:
            emit(OrderPreparing(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id))
        from fleetsync.core.models import Event

        feed = f"zone:{secret[:20]}"
        FeedHead.objects.create(feed=feed, seq=1)
        FeedEntry.objects.create(feed=feed, seq=1, event=Event.objects.order_by("-id")[0])
        IdempotencyKey.objects.create(
            user_id=order.customer_id, route="/x", key=secret, body_hash="", status=201, created_at=real_now
        )
        ClockSetting.objects.get_or_create(pk=1, defaults={"origin_business": now, "origin_real": real_now})
        Heartbeat.objects.create(process="relay", host=secret, pid=1, beat_at=real_now)
        Basemap.objects.create(zone=zone, geojson={"type": "FeatureCollection", "features": []}, version=secret[:16])
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tracking_positiontrail (driver_id, point, status, at) VALUES (%s, %s::geometry, '', %s)",
                [offer.driver.pk, CITY.ewkt, now],
            )

    return add

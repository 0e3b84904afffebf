"""A kitchen with a zone, and short words for what the tests do over and over."""

from dataclasses import dataclass
from datetime import datetime
from random import Random

import pytest
from django.contrib.gis.geos import Point

from accounts.models import Driver
from dispatch import services
from dispatch.models import Delivery, DriverSession, Offer
from dispatch.services import engine
from fleetsync.core import clock
from fleetsync.core.models import Event
from tests.factories import CITY, DriverFactory, OrderFactory, RestaurantFactory


@dataclass
class Kitchen:
    """A restaurant with nearest dispatch: what is open is offered at once."""

    restaurant: object
    now: datetime

    @property
    def zone(self):
        return self.restaurant.zone

    def delivery(self, **fields) -> Delivery:
        """Accept an order here and begin its search."""
        order = OrderFactory(restaurant=self.restaurant, taken=True, placed_at=self.now, **fields)
        return services.open_delivery(order_id=order.pk, ready_at=order.ready_at, now=self.now)

    def online(self, driver: Driver | None = None, at: Point = CITY, **fields) -> DriverSession:
        """Put a driver online here."""
        driver = driver or DriverFactory(**fields)
        return services.start_session(driver=driver, position=at, off_at=None, now=self.now, actor="usr_test")

    def round(self, now: datetime | None = None) -> bool:
        """Run the zone's round."""
        return services.run_round(zone_id=self.zone.pk, now=now or self.now, real_now=clock.real_now(), rng=Random(1))

    def carried(self, driver: Driver | None = None, **fields) -> tuple[Delivery, Driver]:
        """Let a driver accept a delivery."""
        session = self.online(driver)
        delivery = self.delivery(**fields)
        self.round()
        offer = Offer.objects.get(delivery=delivery, status="OPEN")
        services.accept_offer(offer_id=offer.pk, driver=session.driver, now=self.now, actor="usr_test")
        delivery.refresh_from_db()
        return delivery, session.driver


@pytest.fixture(autouse=True)
def _patient_engine(monkeypatch):
    """Wait longer for the engine than a worker would: a busy machine must not change what is decided."""
    monkeypatch.setattr("dispatch.services.rounds.ENGINE_TIMEOUT_S", 60.0)


@pytest.fixture(scope="session")
def _warm_engine():
    """Start the engine's child before a test holds a transaction open: a cold one outlasts the database's patience."""
    engine().warm()


@pytest.fixture
def kitchen(_warm_engine, db) -> Kitchen:
    """Return a kitchen in CITY whose zone dispatches with `nearest`."""
    restaurant = RestaurantFactory(zone__policy={"strategy": "nearest"})
    return Kitchen(restaurant=restaurant, now=clock.now())


def types_of(stream: str) -> list[str]:
    """Return the types of a stream's events, in order."""
    return list(Event.objects.filter(stream=stream).order_by("seq").values_list("type", flat=True))

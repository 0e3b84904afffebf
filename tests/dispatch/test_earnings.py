"""A driver's day in money."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dispatch.selectors import earnings
from dispatch.states import DeliveryStatus, OfferStatus
from tests.factories import DeliveryFactory, DriverFactory, DriverSessionFactory, OfferFactory, OrderFactory

#: 17 March 2026 in New York, four hours behind UTC.
NOON = datetime(2026, 3, 17, 16, tzinfo=UTC)
DAY = date(2026, 3, 17)


def online(driver, **fields):
    begun = fields.pop("started_at", NOON - timedelta(hours=2))
    return DriverSessionFactory(driver=driver, started_at=begun, **fields)


def trip(session, at: datetime, *, pay: int | None = 500, tip: int = 0, status=DeliveryStatus.DELIVERED):
    """Return a delivery of this driver; `pay` None: given by hand, without an offer."""
    delivery = DeliveryFactory(
        order=OrderFactory(taken=True, restaurant__zone=session.zone, tip_minor=tip),
        driver=session.driver,
        session=session,
        status=status,
        delivered_at=at if status == DeliveryStatus.DELIVERED else None,
    )
    if pay is not None:
        OfferFactory(
            session=session, delivery=delivery, status=OfferStatus.ACCEPTED, pay_minor=pay, offered_at=at, acked_at=at
        )
    return delivery


class TestEarnings:
    def test_of_a_driver_who_never_was_online_are_nothing(self, db):
        found = earnings(driver_id=DriverFactory().pk, day=None, now=NOON)
        assert (found.total_minor, found.deliveries, found.online_s, found.time_zone) == (0, 0, 0.0, "UTC")

    def test_add_pay_and_tips_of_what_was_handed_over_newest_first(self, db):
        session = online(DriverFactory())
        first, second = trip(session, NOON - timedelta(minutes=50), tip=120), trip(session, NOON, pay=610)
        trip(session, NOON, status=DeliveryStatus.PICKED_UP)
        found = earnings(driver_id=session.driver_id, day=None, now=NOON)
        assert (found.day, found.pay_minor, found.tips_minor, found.total_minor) == (DAY, 1110, 120, 1230)
        assert [each.delivery_id for each in found.trips] == [second.pk, first.pk]

    def test_pay_a_trip_that_ops_gave_by_hand_as_if_it_had_been_offered(self, db):
        session = online(DriverFactory())
        trip(session, NOON, pay=None)
        [only] = earnings(driver_id=session.driver_id, day=DAY, now=NOON).trips
        assert only.pay_minor == 350 + 90

    @pytest.mark.parametrize(("day", "hours"), [(date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (DAY, 24)])
    def test_count_the_hours_of_a_day_whose_clock_is_changed(self, db, day, hours):
        noon = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
        session = online(DriverFactory(), started_at=noon - timedelta(days=2), ended_at=noon + timedelta(days=2))
        assert earnings(driver_id=session.driver_id, day=day, now=noon).online_s == hours * 3600

    def test_end_the_day_at_midnight_of_the_city(self, db):
        session = online(DriverFactory())
        trip(session, datetime(2026, 3, 18, 3, 59, tzinfo=UTC), pay=100)
        trip(session, datetime(2026, 3, 18, 4, 0, tzinfo=UTC), pay=1000)
        assert earnings(driver_id=session.driver_id, day=DAY, now=NOON).pay_minor == 100
        assert earnings(driver_id=session.driver_id, day=date(2026, 3, 18), now=NOON).pay_minor == 1000

    def test_count_the_time_online_within_the_day_until_now(self, db):
        driver = DriverFactory()
        before = datetime(2026, 3, 17, 3, tzinfo=UTC)
        online(driver, started_at=before, ended_at=before + timedelta(hours=3))
        online(driver, started_at=NOON - timedelta(minutes=30))
        assert earnings(driver_id=driver.pk, day=DAY, now=NOON).online_s == (2 * 60 + 30) * 60

    def test_count_offers_by_what_became_of_them(self, db):
        session = online(DriverFactory())
        trip(session, NOON)
        for status, acked in [("DECLINED", NOON), ("RETURNED", NOON), ("EXPIRED", NOON), ("UNDELIVERED", None)]:
            OfferFactory(session=session, status=status, offered_at=NOON, acked_at=acked)
        found = earnings(driver_id=session.driver_id, day=DAY, now=NOON)
        assert (found.offers_seen, found.offers_taken, found.offers_declined) == (4, 2, 1)

    def test_are_nobody_elses(self, db):
        trip(online(DriverFactory()), NOON)
        assert earnings(driver_id=online(DriverFactory()).driver_id, day=DAY, now=NOON).total_minor == 0

    def test_cost_the_same_number_of_queries_however_many_trips(self, db, django_assert_num_queries):
        session = online(DriverFactory())
        for number in range(4):
            trip(session, NOON - timedelta(minutes=number))
        with django_assert_num_queries(5):
            earnings(driver_id=session.driver_id, day=DAY, now=NOON)

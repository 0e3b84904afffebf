"""What ops ask about a zone: its map, its past, its figures, its heat, and where something is."""

from datetime import timedelta
from itertools import pairwise

import h3
import pytest
from django.contrib.gis.geos import Point
from django.utils.dateparse import parse_datetime

from dispatch.events import (
    DeliveryAssigned,
    DeliveryHeld,
    DeliveryOpened,
    DeliveryPrioritized,
    DeliveryReleased,
    DriverArrivedAtPickup,
    EtaChanged,
    SessionPaused,
)
from dispatch.models import DecisionRecord, Round
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from tests.factories import (
    DeliveryFactory,
    DispatcherFactory,
    DispatchJobFactory,
    DriverFactory,
    DriverPositionFactory,
    DriverSessionFactory,
    OfferFactory,
    OrderFactory,
    RestaurantFactory,
    UserFactory,
)
from tracking.models import PositionTrail

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def ops(acting):
    return acting(DispatcherFactory())


@pytest.fixture
def ask(ops):
    """Ask for a path of a delivery's zone as a dispatcher; returns the JSON."""

    def get(zone, path: str, **query):
        answer = ops.get(f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/{path}", query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    return get


def public(kind: str, row) -> str:
    return ids.public(kind, row.pk)


def of(delivery) -> dict:
    return {
        "order_id": delivery.order_id,
        "delivery_id": delivery.pk,
        "restaurant_id": delivery.restaurant_id,
        "zone_id": delivery.zone_id,
    }


def tell(at, *facts) -> None:
    with change(now=at, actor="test") as emit:
        for fact in facts:
            emit(fact)


class TestLiveZoneView:
    def test_carries_people_offers_searches_kitchens_and_causes(self, ask):
        now = clock.now()
        delivery = DeliveryFactory()
        DispatchJobFactory(delivery=delivery, attempt=3, refusals=2, radius_m=2000, due_at=now)
        offer = OfferFactory(delivery=delivery)
        OfferFactory(delivery=delivery, status="DECLINED", answered_at=now)
        DriverPositionFactory(driver=offer.driver)
        placed = OrderFactory(restaurant=delivery.restaurant, code="NEW1")
        tell(now, EtaChanged(**of(delivery), eta_low_at=now, eta_high_at=now, cause="kitchen"))
        body = ask(delivery.zone, "live")
        people = {each["id"]: each for each in body["people"]}
        person = people[public("driver_id", offer.driver)]
        assert (person["name"], person["vehicle"], person["load"], person["capacity"]) == (
            "Dan Driver",
            "SCOOTER",
            0,
            2,
        )
        assert [(each["id"], each["delivery_id"]) for each in body["offers"]] == [
            (public("offer_id", offer), public("delivery_id", delivery))
        ]
        (search,) = body["searches"]
        assert (search["attempt"], search["refusals"], search["radius_m"]) == (3, 2, 2000)
        assert [each["name"] for each in body["restaurants"]] == [delivery.restaurant.name]
        assert [each["code"] for each in body["placed"]] == [placed.code]
        assert body["causes"] == {ids.public("order_id", delivery.order_id): "kitchen"}
        assert [row[0] for row in body["drivers"]] == [public("driver_id", offer.driver)]

    def test_asks_as_often_for_twenty_deliveries_as_for_one(self, ask, django_assert_max_num_queries):
        delivery = DeliveryFactory()
        with django_assert_max_num_queries(20) as first:
            ask(delivery.zone, "live")
        for _ in range(19):
            DeliveryFactory(order__restaurant=delivery.restaurant)
            DriverSessionFactory(zone=delivery.zone)
        with django_assert_max_num_queries(len(first)):
            assert len(ask(delivery.zone, "live")["deliveries"]) == 20


class TestHappenedView:
    def test_tells_the_last_hour_before_a_moment_newest_first_with_the_codes_of_orders(self, ask):
        now = clock.now()
        delivery, other = DeliveryFactory(order__code="B4TX"), DeliveryFactory()
        session = DriverSessionFactory(zone=delivery.zone)
        assigned = DeliveryAssigned(
            **of(delivery), driver_id=session.driver_id, offer_id=None, by="ops",
            pickup_eta_at=now, dropoff_eta_at=now,
        )  # fmt: skip
        tell(now - 62 * MINUTE, DeliveryHeld(**of(delivery)))
        tell(now - 3 * MINUTE, assigned)
        tell(
            now - 2 * MINUTE,
            SessionPaused(driver_id=session.driver_id, zone_id=delivery.zone_id, session_id=session.pk),
        )
        tell(now - 2 * MINUTE, EtaChanged(**of(delivery), eta_low_at=now, eta_high_at=now, cause="kitchen"))
        tell(now - 2 * MINUTE, DeliveryHeld(**of(other)))
        tell(now - MINUTE, DeliveryReleased(**of(delivery)))

        def lines(**query):
            found = ask(delivery.zone, "events", **query)["results"]
            return [(line["type"], line["code"], line["actor"]) for line in found]

        before = [("session.paused", "", "test"), ("delivery.assigned", "B4TX", "test")]
        assert lines() == [("delivery.released", "B4TX", "test"), *before]
        assert lines(at=(now - 1.5 * MINUTE).isoformat()) == before
        assert lines(at=(now - 60 * MINUTE).isoformat()) == [("delivery.held", "B4TX", "test")]
        assert lines(at=(now + 60 * MINUTE).isoformat()) == lines()

    def test_tells_forty_at_most_in_three_queries(self, ask, django_assert_max_num_queries):
        now = clock.now()
        delivery = DeliveryFactory()
        for second in range(50):
            tell(now - timedelta(seconds=second), DeliveryHeld(**of(delivery)), DeliveryReleased(**of(delivery)))
        with django_assert_max_num_queries(6):  # who asks, the zone, its lines, their codes
            found = ask(delivery.zone, "events")["results"]
        assert len(found) == 40
        moments = [parse_datetime(line["at"]) for line in found]
        assert moments == sorted(moments, reverse=True)
        assert moments[-1] == now - timedelta(seconds=19)


class TestPastView:
    @pytest.fixture
    def ride(self):
        """A delivery opened ten minutes ago, assigned eight, at the counter five, delivered two minutes ago."""
        now = clock.now()
        session = DriverSessionFactory(started_at=now - 60 * MINUTE)
        delivery = DeliveryFactory(
            zone=session.zone, driver=session.driver, session=session, status="DELIVERED",
            created_at=now - 10 * MINUTE, delivered_at=now - 2 * MINUTE, order__placed_at=now - 11 * MINUTE,
        )  # fmt: skip
        offer = OfferFactory(
            delivery=delivery, session=session, status="ACCEPTED", offered_at=now - 9 * MINUTE,
            expires_at=now - 8 * MINUTE, answered_at=now - 8 * MINUTE, drop_sequence=1,
        )  # fmt: skip
        tell(now - 10 * MINUTE, DeliveryOpened(**of(delivery), ready_at=now))
        tell(
            now - 8 * MINUTE,
            DeliveryAssigned(
                **of(delivery), driver_id=session.driver_id, offer_id=offer.pk, by="offer",
                pickup_eta_at=now - 5 * MINUTE, dropoff_eta_at=now,
            ),
        )  # fmt: skip
        tell(now - 5 * MINUTE, DriverArrivedAtPickup(**of(delivery), driver_id=session.driver_id, by="tap"))
        return delivery, offer, now

    def test_shows_a_delivery_as_it_was(self, ask, ride):
        delivery, _, now = ride
        driver = ids.public("driver_id", delivery.driver_id)
        states = {
            minutes: [
                (row["status"], row["driver_id"], row["arrived_at_pickup_at"] is None)
                for row in ask(delivery.zone, "past", at=(now - minutes * MINUTE).isoformat())["deliveries"]
            ]
            for minutes in (10.5, 9.5, 7, 4, 1)
        }
        assert states == {
            10.5: [],
            9.5: [("SEARCHING", None, True)],
            7: [("ASSIGNED", driver, True)],
            4: [("ARRIVED_AT_PICKUP", driver, False)],
            1: [],
        }

    def test_remembers_what_ops_did(self, ask, ride):
        delivery, _, now = ride
        tell(now - 9.6 * MINUTE, DeliveryHeld(**of(delivery)), DeliveryPrioritized(**of(delivery), priority=5))
        tell(now - 9.2 * MINUTE, DeliveryReleased(**of(delivery)))
        did = [
            (row["held"], row["priority"])
            for minutes in (9.8, 9.5, 9.1)
            for row in ask(delivery.zone, "past", at=(now - minutes * MINUTE).isoformat())["deliveries"]
        ]
        assert did == [(False, 0), (True, 5), (False, 5)]

    def test_shows_the_offers_that_were_open(self, ask, ride):
        delivery, offer, now = ride
        then = ask(delivery.zone, "past", at=(now - 8.5 * MINUTE).isoformat())
        assert [each["id"] for each in then["offers"]] == [public("offer_id", offer)]
        assert ask(delivery.zone, "past", at=(now - 7 * MINUTE).isoformat())["offers"] == []

    def test_puts_a_driver_between_two_points_of_his_trail(self, ask, ride):
        delivery, _, now = ride
        at = now - 6 * MINUTE
        for seconds, lat in ((-10, 39.29), (10, 39.30)):
            PositionTrail.objects.create(
                driver_id=delivery.driver_id, point=Point(-76.61, lat, srid=4326), at=at + timedelta(seconds=seconds)
            )
        body = ask(delivery.zone, "past", at=at.isoformat())
        (row,) = body["drivers"]
        assert row[1:] == [-76.61, 39.295, 0.0, 0.0, "BUSY"]
        (person,) = body["people"]
        assert person["load"] == 1

    def test_leaves_out_who_was_not_online_or_not_seen(self, ask, ride):
        delivery, _, now = ride
        DriverSessionFactory(zone=delivery.zone, started_at=now)
        body = ask(delivery.zone, "past", at=(now - 6 * MINUTE).isoformat())
        assert [each["id"] for each in body["people"]] == [ids.public("driver_id", delivery.driver_id)]
        assert body["drivers"] == []

    def test_remembers_pauses(self, ask, ride):
        delivery, _, now = ride
        session = delivery.session
        PositionTrail.objects.create(
            driver_id=session.driver_id, point=Point(-76.61, 39.29, srid=4326), at=now - 20 * MINUTE
        )
        tell(
            now - 30 * MINUTE,
            SessionPaused(driver_id=session.driver_id, zone_id=session.zone_id, session_id=session.pk),
        )
        (row,) = ask(delivery.zone, "past", at=(now - 19 * MINUTE).isoformat())["drivers"]
        assert row[5] == "PAUSED"

    def test_takes_a_moment_to_come_for_now(self, ask, ride):
        delivery, _, now = ride
        body = ask(delivery.zone, "past", at=(now + 60 * MINUTE).isoformat())
        assert body["now"] < (now + MINUTE).isoformat()

    def test_changes_no_row(self, ask, ride):
        delivery, _, now = ride
        ask(delivery.zone, "past", at=(now - 9 * MINUTE).isoformat())
        delivery.refresh_from_db()
        assert delivery.status == "DELIVERED"

    def test_needs_a_moment(self, ops, ride):
        answer = ops.get(f"/api/v1/zones/{ids.public('zone_id', ride[0].zone_id)}/past")
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "at")


class TestHistoryView:
    def test_counts_open_and_late_by_minute(self, ask):
        now = clock.now()
        delivery = DeliveryFactory(
            created_at=now - 150 * timedelta(seconds=1), promised_at=now - 30 * timedelta(seconds=1)
        )
        DeliveryFactory(
            order__restaurant=delivery.restaurant, status="DELIVERED", created_at=now - 9 * MINUTE,
            delivered_at=now - 3.5 * MINUTE,
        )  # fmt: skip
        minutes = ask(delivery.zone, "history", minutes=5)["minutes"]
        assert [(each["open"], each["late"]) for each in minutes] == [(1, 0), (1, 0), (0, 0), (1, 0), (1, 0), (1, 1)]

    def test_looks_back_a_week_in_wider_steps(self, ask):
        now = clock.now()
        delivery = DeliveryFactory(
            status="DELIVERED", created_at=now - timedelta(days=6, hours=1), delivered_at=now - timedelta(days=6)
        )
        looks = ask(delivery.zone, "history", minutes=7 * 24 * 60)["minutes"]
        moments = [parse_datetime(each["at"]) for each in looks]
        assert len(looks) == 241
        assert {later - earlier for earlier, later in pairwise(moments)} == {42 * MINUTE}
        seen = [moment for moment, each in zip(moments, looks, strict=True) if each["open"]]
        assert len(seen) in (1, 2)  # an hour, looked at every 42 minutes
        assert all(delivery.created_at <= moment < delivery.delivered_at for moment in seen)

    def test_refuses_more_than_a_week(self, ops):
        zone = RestaurantFactory().zone
        answer = ops.get(f"/api/v1/zones/{ids.public('zone_id', zone.pk)}/history", {"minutes": 7 * 24 * 60 + 1})
        assert answer.status_code == 400


class TestHeatView:
    def test_sets_free_drivers_against_orders_without_one(self, ask):
        delivery = DeliveryFactory()
        zone = delivery.zone
        for status in ("AVAILABLE", "PAUSED"):
            DriverPositionFactory(driver=DriverSessionFactory(zone=zone, status=status).driver)
        silent = DriverSessionFactory(zone=zone).driver
        DriverPositionFactory(driver=silent, received_at=clock.now() - 10 * MINUTE)
        (cell,) = ask(zone, "heat")["cells"]
        place = delivery.pickup_point
        assert cell["cell"] == h3.latlng_to_cell(place.y, place.x, 8)
        assert (cell["supply"], cell["demand"], len(cell["outline"])) == (1, 1, 6)


class TestFiguresView:
    def test_tells_of_the_zone_and_its_last_round(self, ask):
        delivery = DeliveryFactory()
        Round.objects.create(
            zone=delivery.zone, next_tick_at=clock.now(), ran_at=clock.now(), strategy="batch", solve_ms=7.5
        )
        body = ask(delivery.zone, "figures")
        assert (body["round"]["strategy"], body["round"]["solve_ms"], body["delivered"]) == ("batch", 7.5, 0)
        assert body["assign_typical_s"] is None

    def test_has_no_round_before_the_first(self, ask):
        assert ask(RestaurantFactory().zone, "figures")["round"] is None


class TestSearchView:
    def test_finds_orders_by_code_drivers_and_kitchens_by_name(self, ask):
        order = OrderFactory(code="KXNB")
        driver = DriverFactory(user=UserFactory(name="Kx Ray", role="DRIVER"))
        kitchen = RestaurantFactory(zone=order.zone, name="The Kxing")
        found = ask(order.zone, "search", q="#kx")["results"]
        assert [(each["kind"], each["id"]) for each in found] == [
            ("order", public("order_id", order)),
            ("driver", public("driver_id", driver)),
            ("restaurant", public("restaurant_id", kitchen)),
        ]
        assert [each["state"] for each in found] == ["PLACED", "OFFLINE", ""]

    def test_names_first_what_begins_with_it(self, ask):
        zone = RestaurantFactory(name="Old Anchor").zone
        RestaurantFactory(zone=zone, name="Zanzibar An")
        RestaurantFactory(zone=zone, name="Anna")
        found = ask(zone, "search", q="an")["results"]
        assert [each["title"] for each in found] == ["Anna", "Old Anchor", "Zanzibar An"]

    def test_finds_nothing_of_other_zones(self, ask):
        OrderFactory(code="KXNB")
        elsewhere = RestaurantFactory().zone
        OrderFactory(code="KXNC", restaurant__zone=elsewhere)
        codes = [each["title"] for each in ask(elsewhere, "search", q="KX")["results"]]
        assert codes[0] == "KXNC"


class TestExplain:
    def test_says_why_in_words(self, ops):
        delivery = DeliveryFactory()
        chosen, other = DriverFactory(), DriverFactory()
        DecisionRecord.objects.create(
            delivery=delivery, zone=delivery.zone, fence=1, at=clock.now(), strategy="batch", solve_ms=4.0,
            driver=chosen, score={"food_waits_s": 12.0, "late_s": 0.0}, conf="abc",
            exclusions=[
                {"driver_id": public("driver_id", other), "reason": "later", "value": 240.0},
                {"driver_id": public("driver_id", other), "reason": "declined", "value": 0.0},
            ],
        )  # fmt: skip
        answer = ops.get(f"/api/v1/deliveries/{public('delivery_id', delivery)}/explain")
        (one,) = answer.json()["results"]
        assert one["words"] == (
            "Dan could have the food in hand the moment it is ready. 2 other drivers were near and left out."
        )
        assert [each["words"] for each in one["left_out"]] == ["would have been 4 min later", "turned this order down"]
        assert (one["driver_id"], one["name"]) == (public("driver_id", chosen), "Dan Driver")

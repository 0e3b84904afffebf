"""Leases, fences, again; what a plan becomes."""

from datetime import timedelta
from random import Random

import pytest
from django.contrib.gis.geos import Point

from dispatch import services, timers
from dispatch.engine.client import EngineProcess
from dispatch.models import DecisionRecord, DispatchJob, DispatchPolicy, DriverPosition, DriverSession, Offer, Round
from dispatch.services import waking
from fleetsync.core import clock
from fleetsync.core.events import topic_of
from restaurants.models import Restaurant, Zone
from tests.dispatch.conftest import types_of
from tests.factories import DispatchPolicyFactory, RestaurantFactory

ACTOR = "usr_test"


def batch_zone(kitchen):
    services.engine().warm()
    DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": "batch"})


class TestRunRound:
    def test_offers_to_the_nearest_driver(self, kitchen):
        kitchen.online(at=Point(-76.60, 39.29, srid=4326))
        near = kitchen.online(at=Point(-76.609, 39.29, srid=4326))
        delivery = kitchen.delivery()
        assert kitchen.round() is False
        offer = Offer.objects.get()
        assert (offer.driver, offer.delivery, offer.status) == (near.driver, delivery, "OPEN")
        assert (offer.offered_at, offer.due_at) == (kitchen.now, kitchen.now)
        assert offer.expires_at == kitchen.now + timedelta(seconds=30)
        assert offer.distance_m == pytest.approx(86, abs=1)
        assert offer.pay_minor == 350 + 90
        assert types_of(topic_of("driver", near.driver_id)) == ["session.started", "offer.made"]
        assert Round.objects.get().lease_until is None

    def test_asks_a_driver_one_question_at_a_time(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        kitchen.delivery()
        kitchen.round()
        kitchen.round(kitchen.now + timedelta(seconds=10))
        assert Offer.objects.count() == 1

    def test_leaves_word_where_the_lease_is_taken(self, kitchen):
        kitchen.delivery()
        Round.objects.update(lease_until=clock.real_now() + timedelta(seconds=10), fence=4)
        assert kitchen.round() is False
        row = Round.objects.get()
        assert (row.again, row.fence) == (True, 4)

    def test_takes_over_from_a_holder_that_died(self, kitchen):
        kitchen.online()
        kitchen.delivery()
        Round.objects.update(lease_until=clock.real_now() - timedelta(seconds=1), fence=4, again=True)
        kitchen.round()
        row = Round.objects.get()
        assert (row.fence, row.lease_until) == (5, None)
        assert Offer.objects.count() == 1

    def test_wants_another_run_when_asked_meanwhile(self, kitchen, monkeypatch):
        kitchen.delivery()
        real = services.rounds.look_at_zone

        def look(**fields):
            found = real(**fields)
            Round.objects.update(again=True)
            return found

        monkeypatch.setattr(services.rounds, "look_at_zone", look)
        assert kitchen.round() is True
        assert DispatchJob.objects.get().attempt == 0  # not put off: somebody may just have come online

    def test_looks_at_busy_drivers_without_asking_them_too_early(self, kitchen):
        kitchen.carried()
        batch_zone(kitchen)
        kitchen.delivery()
        kitchen.round()
        assert not Offer.objects.filter(status="OPEN").exists()

    def test_expects_the_next_round_as_late_as_the_last_one_came(self, kitchen):
        batch_zone(kitchen)
        kitchen.online()
        delivery = kitchen.delivery()
        due = delivery.ready_at - timedelta(seconds=145)
        DriverSession.objects.update(lease_until=due + timedelta(hours=1))
        DriverPosition.objects.update(received_at=due)
        Round.objects.update(ran_at=due - timedelta(seconds=12))
        kitchen.round(due)
        assert not Offer.objects.exists()
        Round.objects.update(ran_at=due - timedelta(hours=1))
        kitchen.round(due)
        assert Offer.objects.count() == 1

    def test_records_why(self, kitchen):
        kitchen.online(at=Point(-76.60, 39.29, srid=4326))
        near = kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        record = DecisionRecord.objects.get()
        assert (record.delivery, record.driver, record.strategy, record.fallback) == (
            delivery,
            near.driver,
            "nearest",
            "",
        )
        assert [each["reason"] for each in record.exclusions] == ["later"]
        assert set(record.score) == {"distance_m", "travel_s"}

    def test_waits_until_the_food_is_due_and_calls_that_no_attempt(self, kitchen):
        batch_zone(kitchen)
        kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        job = DispatchJob.objects.get()
        assert not Offer.objects.exists()
        assert (job.attempt, job.first_due_at, job.search_until) == (0, None, None)
        assert abs(job.due_at - (delivery.ready_at - timedelta(seconds=120))) < timedelta(seconds=2)
        due = job.due_at - timedelta(seconds=5)
        DriverSession.objects.update(lease_until=due + timedelta(hours=1))
        DriverPosition.objects.update(received_at=due)
        kitchen.round(due)
        offer = Offer.objects.get()
        assert (offer.offered_at, offer.due_at) == (due, due)
        job.refresh_from_db()
        assert job.search_until == due + timedelta(minutes=15)

    def test_keeps_its_patience_when_a_simpler_strategy_takes_over(self, kitchen, monkeypatch):
        batch_zone(kitchen)
        monkeypatch.setattr(services.rounds, "engine", lambda: EngineProcess(command=("/bin/false",)))
        kitchen.online()
        delivery = kitchen.delivery()
        kitchen.round()
        row = Round.objects.get()
        assert (row.strategy, row.fallback) == ("nearest", "batch: EngineDead: the engine ended")
        assert not Offer.objects.exists()
        due = delivery.ready_at - timedelta(seconds=125)
        DriverSession.objects.update(lease_until=due + timedelta(hours=1))
        DriverPosition.objects.update(received_at=due)
        kitchen.round(due)
        assert Offer.objects.count() == 1

    def test_hands_what_nobody_here_can_take_to_the_neighbour(self, kitchen):
        there = Zone.objects.create(
            name="East",
            polygon="SRID=4326;POLYGON((-76.6099 39.2,-76.55 39.2,-76.55 39.38,-76.6099 39.38,-76.6099 39.2))",
        )
        DispatchPolicyFactory(zone=there, parameters={"strategy": "nearest"}, status="ACTIVE")
        delivery = kitchen.delivery()
        session = kitchen.online(at=Point(-76.605, 39.29, srid=4326))
        assert session.zone == there
        kitchen.round()
        job = DispatchJob.objects.get()
        assert job.zone == there
        services.run_round(zone_id=there.pk, now=kitchen.now, real_now=clock.real_now(), rng=Random(1))
        assert Offer.objects.get().driver == session.driver
        assert types_of(topic_of("order", delivery.order_id))[-1] == "delivery.moved_zone"

    @pytest.mark.parametrize(("own_driver_is", "goes"), [(1_000, False), (8_000, True)])
    def test_hands_to_an_idle_neighbour_what_its_own_driver_would_fetch_far_too_late(
        self, kitchen, own_driver_is, goes
    ):
        door = Point(-76.61, 39.29 + own_driver_is / 111_195, srid=4326)
        carried, busy = kitchen.carried(dropoff_point=door)
        services.pick_up(delivery_id=carried.pk, driver_id=busy.pk, now=kitchen.now, actor=ACTOR)
        DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": "plan"})
        there = Zone.objects.create(
            name="East",
            polygon="SRID=4326;POLYGON((-76.6099 39.2,-76.55 39.2,-76.55 39.38,-76.6099 39.38,-76.6099 39.2))",
        )
        DispatchPolicyFactory(zone=there, parameters={"strategy": "nearest"}, status="ACTIVE")
        idle = kitchen.online(at=Point(-76.605, 39.29, srid=4326))
        assert idle.zone == there
        delivery = kitchen.delivery(ready_at=kitchen.now)
        kitchen.round()
        job = DispatchJob.objects.get(delivery=delivery)
        assert job.zone == (there if goes else kitchen.zone)
        assert not Offer.objects.filter(delivery=delivery).exists()
        services.run_round(zone_id=there.pk, now=kitchen.now, real_now=clock.real_now(), rng=Random(1))
        asked = Offer.objects.filter(delivery=delivery).values_list("driver", flat=True)
        assert list(asked) == ([idle.driver_id] if goes else [])
        assert types_of(topic_of("order", delivery.order_id)).count("delivery.moved_zone") == goes

    @pytest.mark.parametrize("strategy", ["nearest", "batch", "plan"])
    def test_asks_only_who_rides_what_the_kitchen_allows(self, kitchen, strategy):
        DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": strategy})
        Restaurant.objects.update(vehicles=["CAR"])
        cyclist = kitchen.online(vehicle="BICYCLE")
        delivery = kitchen.delivery(ready_at=kitchen.now)
        kitchen.round()
        assert not Offer.objects.exists()
        assert [each["reason"] for each in DecisionRecord.objects.get().exclusions] == ["vehicle"]
        farther = kitchen.online(at=Point(-76.60, 39.29, srid=4326), vehicle="CAR")
        kitchen.round(kitchen.now + timedelta(seconds=10))
        assert [(each.driver, each.delivery) for each in Offer.objects.all()] == [(farther.driver, delivery)]
        assert cyclist.driver != farther.driver

    def test_hands_nothing_to_a_neighbour_whose_driver_rides_the_wrong_thing(self, kitchen):
        there = Zone.objects.create(
            name="East",
            polygon="SRID=4326;POLYGON((-76.6099 39.2,-76.55 39.2,-76.55 39.38,-76.6099 39.38,-76.6099 39.2))",
        )
        DispatchPolicyFactory(zone=there, parameters={"strategy": "nearest"}, status="ACTIVE")
        Zone.objects.filter(pk=kitchen.zone.pk).update(dispatch={"bicycle_reach_m": 50})
        kitchen.delivery()
        kitchen.online(at=Point(-76.605, 39.29, srid=4326), vehicle="BICYCLE")
        kitchen.round()
        assert DispatchJob.objects.get().zone == kitchen.zone


class TestKickRound:
    def test_leaves_word_for_the_relay_when_redis_is_down(
        self, kitchen, monkeypatch, django_capture_on_commit_callbacks
    ):
        kitchen.delivery()
        Round.objects.update(next_tick_at=kitchen.now + timedelta(seconds=10))
        monkeypatch.setattr(waking, "kick", lambda name, target: False)
        with django_capture_on_commit_callbacks(execute=True):
            waking.kick_round(zone_id=kitchen.zone.pk, now=kitchen.now)
        assert Round.objects.get().next_tick_at == kitchen.now


class TestParallelOffers:
    """From the second refusal on two drivers are asked; the first to accept wins."""

    def refused_twice(self, kitchen) -> tuple:
        services.engine().warm()
        at_once = {"strategy": "plan", "lead_s": 900}
        DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters=at_once)
        delivery = kitchen.delivery()
        for _ in range(2):
            session = kitchen.online()
            kitchen.round()
            offer = Offer.objects.get(status="OPEN")
            assert offer.driver_id == session.driver_id
            services.decline_offer(
                offer_id=offer.pk, driver=session.driver, reason="", now=kitchen.now, actor="usr_test"
            )
        sessions = kitchen.online(), kitchen.online()
        kitchen.round()
        return delivery, sessions, list(Offer.objects.filter(status="OPEN"))

    def test_go_to_two_drivers_and_the_loser_is_told_it_is_taken(self, kitchen):
        delivery, sessions, offers = self.refused_twice(kitchen)
        assert {offer.driver_id for offer in offers} == {session.driver_id for session in sessions}
        first, second = offers
        services.accept_offer(offer_id=second.pk, driver=second.driver, now=kitchen.now, actor="usr_test")
        first.refresh_from_db()
        assert (first.status, first.reason) == ("WITHDRAWN", "taken")
        delivery.refresh_from_db()
        assert delivery.driver_id == second.driver_id

    def test_are_two_again_when_one_refuses(self, kitchen):
        _, _, (first, second) = self.refused_twice(kitchen)
        third = kitchen.online()
        services.decline_offer(offer_id=first.pk, driver=first.driver, reason="", now=kitchen.now, actor="usr_test")
        kitchen.round()
        asked = set(Offer.objects.filter(status="OPEN").values_list("driver_id", flat=True))
        assert asked == {second.driver_id, third.driver_id}


class TestTick:
    def test_is_due_only_where_somebody_waits(self, kitchen):
        assert timers.due.next_tick_at() is None
        kitchen.delivery()
        assert timers.due.next_tick_at() == kitchen.now

    def test_runs_the_round_itself_when_redis_is_down(self, kitchen, monkeypatch):
        monkeypatch.setattr(services.rounds, "kick", lambda name, target: False)
        kitchen.online()
        kitchen.delivery()
        assert timers.run_ticks(kitchen.now) == 1
        assert Offer.objects.count() == 1
        assert Round.objects.get().next_tick_at == kitchen.now + timedelta(seconds=10)

    def test_kicks_each_zone_once_a_tick(self, kitchen, monkeypatch):
        kicked = []
        monkeypatch.setattr(services.rounds, "kick", lambda name, target: kicked.append(target) or True)
        kitchen.delivery()
        kitchen.delivery()
        for seconds in (0, 9, 10):
            timers.run_ticks(kitchen.now + timedelta(seconds=seconds))
        assert len(kicked) == 2

    def test_comes_early_for_the_next_attempt_of_nearest(self, kitchen):
        kitchen.delivery()
        Round.objects.update(next_tick_at=kitchen.now + timedelta(seconds=10))
        kitchen.round()
        assert Round.objects.get().next_tick_at == DispatchJob.objects.get().next_attempt_at


def test_a_second_kitchen_shares_the_round_of_its_zone(kitchen):
    other = RestaurantFactory(zone=kitchen.zone)
    kitchen.delivery()
    first = kitchen.restaurant
    kitchen.restaurant = other
    kitchen.delivery()
    kitchen.restaurant = first
    assert Round.objects.count() == 1
    assert DispatchJob.objects.filter(zone=kitchen.zone).count() == 2

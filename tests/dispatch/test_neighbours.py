"""Two zones side by side: what one cannot carry, and who next door could."""

from datetime import timedelta
from random import Random

import pytest
from django.contrib.gis.geos import Point

from dispatch import services
from dispatch.models import DecisionRecord, Delivery, DispatchJob, DispatchPolicy, DriverSession, Shift
from fleetsync.core import clock
from fleetsync.core.events import topic_of
from restaurants.models import Zone
from tests.dispatch.conftest import types_of
from tests.factories import DispatchPolicyFactory, OfferFactory
from tests.travel import NoWay

NEXT_DOOR = Point(-76.605, 39.29, srid=4326)  # 430 m from the kitchen
DOWN_THE_ROAD = Point(-76.611, 39.29, srid=4326)  # as far as a stone's throw, in the kitchen's zone
EAST = "SRID=4326;POLYGON((-76.6099 39.2,-76.55 39.2,-76.55 39.38,-76.6099 39.38,-76.6099 39.2))"
STRATEGIES = ["nearest", "batch", "plan"]


def east_of(kitchen, strategy="nearest") -> Zone:
    """Draw a zone next door; both decide by this strategy."""
    DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters={"strategy": strategy})
    there = Zone.objects.create(name="East", polygon=EAST)
    DispatchPolicyFactory(zone=there, parameters={"strategy": strategy}, status="ACTIVE")
    return there


def rounds(kitchen, number: int) -> list:
    """Run rounds of the zone that has the job, all at one moment, as kicks do; return where it was after each."""
    zones = []
    for _ in range(number):
        zone_id = DispatchJob.objects.get().zone_id
        services.run_round(zone_id=zone_id, now=kitchen.now, real_now=clock.real_now(), rng=Random(1))
        zones.append(DispatchJob.objects.get().zone_id)
    return zones


def moves_of(delivery: Delivery) -> int:
    return types_of(topic_of("order", delivery.order_id)).count("delivery.moved_zone")


class TestHandOver:
    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_leaves_the_job_where_it_is_when_all_go_home_before_the_food_is_ready(self, kitchen, strategy):
        east_of(kitchen, strategy)
        kitchen.online()
        kitchen.online(at=NEXT_DOOR)
        DriverSession.objects.update(off_at=kitchen.now + timedelta(minutes=2))
        delivery = kitchen.delivery(ready_at=kitchen.now + timedelta(minutes=5))
        assert set(rounds(kitchen, 20)) == {kitchen.zone.pk}
        assert moves_of(delivery) == 0
        assert DecisionRecord.objects.count() == 1

    @pytest.mark.parametrize("strategy", STRATEGIES)
    def test_brings_back_once_what_the_other_zone_cannot_reach_either_and_pauses(self, kitchen, monkeypatch, strategy):
        there = east_of(kitchen, strategy)
        kitchen.online(at=DOWN_THE_ROAD)
        kitchen.online(at=NEXT_DOOR)
        monkeypatch.setattr("dispatch.services.rounds.provider", NoWay)
        delivery = kitchen.delivery(ready_at=kitchen.now + timedelta(minutes=1))
        assert rounds(kitchen, 20) == [there.pk, *[kitchen.zone.pk] * 19]
        assert moves_of(delivery) == 2
        job = DispatchJob.objects.get()
        assert job.attempt == 2
        assert timedelta(seconds=5) <= job.next_attempt_at - kitchen.now <= timedelta(seconds=10)

    def test_pauses_too_what_the_other_zone_hands_on_because_it_would_come_late(self, kitchen):
        there = east_of(kitchen, "plan")
        kitchen.online()
        delivery = kitchen.delivery(ready_at=kitchen.now)
        DispatchJob.objects.update(zone=there)
        carrier = kitchen.online(at=NEXT_DOOR)
        far = Point(-76.56, 39.37, srid=4326)
        carried = kitchen.delivery(ready_at=kitchen.now, dropoff_point=far)
        services.assign(delivery_id=carried.pk, driver_id=carrier.driver_id, now=kitchen.now, actor="usr_test")
        services.pick_up(delivery_id=carried.pk, driver_id=carrier.driver_id, now=kitchen.now, actor="usr_test")
        services.run_round(zone_id=there.pk, now=kitchen.now, real_now=clock.real_now(), rng=Random(1))
        job = DispatchJob.objects.get(delivery=delivery)
        assert (job.zone, job.attempt) == (kitchen.zone, 1)
        assert job.next_attempt_at > kitchen.now


class TestFindNeighbours:
    """Who could not take it is no reason to hand it over."""

    def goes(self, kitchen) -> bool:
        return rounds(kitchen, 1) != [kitchen.zone.pk]

    def test_finds_the_idle_driver_next_door(self, kitchen):
        east_of(kitchen)
        kitchen.online(at=NEXT_DOOR)
        kitchen.delivery()
        assert self.goes(kitchen)

    def test_passes_over_who_is_asked_already(self, kitchen):
        east_of(kitchen)
        asked = kitchen.online(at=NEXT_DOOR)
        OfferFactory(driver=asked.driver, session=asked, delivery__zone=asked.zone)
        kitchen.delivery()
        assert not self.goes(kitchen)

    @pytest.mark.parametrize(("off_in_s", "goes"), [(-1, False), (899, False), (900, True)])
    def test_passes_over_who_goes_home_before_the_food_is_in_hand(self, kitchen, off_in_s, goes):
        east_of(kitchen)
        kitchen.online(at=NEXT_DOOR)
        DriverSession.objects.update(off_at=kitchen.now + timedelta(seconds=off_in_s))
        kitchen.delivery(ready_at=kitchen.now + timedelta(seconds=900))
        assert self.goes(kitchen) is goes

    @pytest.mark.parametrize(
        ("begins_min", "ends_min", "goes"), [(-5, 5, False), (16, 30, False), (-30, 0, True), (60, 90, True)]
    )
    def test_passes_over_whose_break_the_trip_would_run_into(self, kitchen, begins_min, ends_min, goes):
        east_of(kitchen)
        driver = kitchen.online(at=NEXT_DOOR).driver
        Shift.objects.create(
            driver=driver,
            starts_at=kitchen.now - timedelta(hours=1),
            ends_at=kitchen.now + timedelta(hours=4),
            break_from=kitchen.now + timedelta(minutes=begins_min),
            break_to=kitchen.now + timedelta(minutes=ends_min),
        )
        kitchen.delivery(ready_at=kitchen.now + timedelta(minutes=15))
        assert self.goes(kitchen) is goes

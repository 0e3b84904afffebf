"""What a round asks its travel source, what the engine gets, and the same again from the record."""

import math
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.contrib.gis.geos import Point

from dispatch.conf import conf_of
from dispatch.engine import Asked, Job, Pairs, Past, Policy, decide
from dispatch.engine import StraightLine as EngineLine
from dispatch.engine.codec import decode, plan_bytes
from dispatch.models import RoundRecord
from dispatch.selectors import look_at_zone, ways
from dispatch.selectors.recorded import recording_of
from dispatch.selectors.ways import Leg, Stand, ask_ways, fans_of_round
from fleetsync.core.geo import LngLat, distance_m, moved
from fleetsync.core.travel import Fan, Fanned, StraightLine

CENTRE = LngLat(-76.6, 39.29)


def row_of(number, north=0.0):
    """Return places on a line, 100 m between two."""
    return [moved(CENTRE, 100.0 * at, north) for at in range(number)]


def job(name, pickup, dropoff, **fields):
    return Job(id=name, restaurant=f"r{pickup}", pickup=pickup, dropoff=dropoff, placed_s=0, ready_s=600, **fields)


def stands(*places, free=()):
    return [Stand(driver=f"d{place}", place=place, is_free=place in free) for place in places]


def asked_of(fans):
    return {((each, fan.hub) if fan.inbound else (fan.hub, each)) for fan in fans for each in fan.others}


@dataclass
class City:
    """A source that is slower eastwards, counts its questions and may know no way to a place."""

    name: str = "city#1"
    is_lasting: bool = True
    nowhere: int = -1
    asked: list = field(default_factory=list)

    def times_s(self, origins, destinations):
        pytest.fail("a round asks fans alone")

    def fans_s(self, places, fans):
        self.asked.append(list(fans))
        return Fanned(self, [[self.way_s(places, each, fan) for each in fan.others] for fan in fans])

    def way_s(self, places, each, fan):
        if self.nowhere in (each, fan.hub):
            return math.inf
        a, b = (places[each], places[fan.hub]) if fan.inbound else (places[fan.hub], places[each])
        return distance_m(a, b) * (0.3 if b.lng > a.lng else 0.2)


class TestFansOfRound:
    def test_lead_from_the_nearest_drivers_and_the_nearest_free_ones_to_a_counter(self, monkeypatch):
        monkeypatch.setattr(ways, "NEAREST", 2)
        monkeypatch.setattr(ways, "NEAREST_FREE", 1)
        places = row_of(9)
        fans = fans_of_round(places, stands=stands(1, 2, 3, 5, 6, free=(5, 6)), jobs=[job("a", 0, 8)])
        assert asked_of(fans) == {(1, 0), (2, 0), (5, 0), (8, 0), (0, 8)}

    def test_lead_from_who_was_asked_to_fetch_there_however_far(self, monkeypatch):
        monkeypatch.setattr(ways, "NEAREST", 1)
        fans = fans_of_round(
            row_of(9), stands=stands(1, 7), jobs=[job("a", 0, 8, offered_to=frozenset({"d7", "gone"}))]
        )
        assert asked_of(fans) == {(1, 0), (7, 0), (8, 0), (0, 8)}

    def test_lead_on_from_the_nearest_doors_and_between_the_doors_of_one_counter(self, monkeypatch):
        monkeypatch.setattr(ways, "NEAREST_DOORS", 1)
        monkeypatch.setattr(ways, "NEAREST_STACKED", 1)
        jobs = [job("a", 0, 2), job("b", 0, 3), job("c", 0, 6), job("d", 4, 8)]
        fans = fans_of_round(row_of(9), stands=[], jobs=jobs)
        on = {(2, 0), (3, 4)}
        out = {(0, 2), (0, 3), (0, 6), (4, 8)}
        assert asked_of(fans) == on | out | {(2, 3), (3, 2), (6, 3)}

    def test_join_counters_near_enough_for_one_trip(self):
        jobs = [job("a", 0, 2), job("b", 1, 3)]
        alone = asked_of(fans_of_round(row_of(4), stands=[], jobs=jobs))
        assert alone == {(a, b) for a in (2, 3) for b in (0, 1)} | {(0, 2), (1, 3)}
        near = asked_of(fans_of_round(row_of(4), stands=[], jobs=jobs, within_m=150.0))
        assert near - alone == {(0, 1), (1, 0), (0, 3), (1, 2), (2, 3), (3, 2)}

    def test_know_expected_orders_but_put_none_of_them_together(self):
        past = [Past(id="p", pickup=1, dropoff=2, placed_s=0, ready_s=0), Past(id="q", pickup=1, dropoff=3, placed_s=0, ready_s=0)]  # fmt: skip
        assert asked_of(fans_of_round(row_of(4), stands=stands(0), jobs=[], past=past)) == {
            (0, 1), (2, 1), (3, 1), (1, 2), (1, 3),
        }  # fmt: skip

    def test_grow_with_the_orders_and_not_with_their_square(self):
        places = [moved(CENTRE, 37.0 * at % 5000, 91.0 * at % 4000) for at in range(900)]
        jobs = [job(f"j{at}", 450 + at % 100, 550 + at) for at in range(300)]
        fans = fans_of_round(places, stands=stands(*range(450)), jobs=jobs)
        assert sum(len(fan.others) for fan in fans) <= 100 * 50 + 300 * (1 + 2)


class TestAskWays:
    PLACES = row_of(12)

    def ask(self, source, fans=(), legs=()):
        return ask_ways(source, places={p: at for at, p in enumerate(self.PLACES)}, fans=fans, legs=legs)

    def test_hand_over_a_formula_and_ask_nothing(self):
        line = StraightLine(factor=1.5, speed_mps=5, round_up_s=60)
        got = self.ask(line)
        assert got.travel == EngineLine(speed_mps=5, factor=1.5, round_up_s=60)
        assert (got.source, got.asked) == (line, None)
        assert got.drive_s(self.PLACES[0], self.PLACES[1]) == 60

    def test_ask_once_for_the_plans_and_the_ways_of_busy_drivers(self):
        city = City()
        legs = [Leg(start=3, end=4, from_counter=False), Leg(start=4, end=5, from_counter=True)]
        got = self.ask(city, [Fan(0, (1, 2), inbound=True)], legs)
        ((_, *of_legs),) = city.asked
        assert of_legs == [Fan(4, (3,), inbound=True), Fan(4, (5,), inbound=False)]
        assert set(got.travel.seconds) == {(1, 0), (2, 0)}
        assert got.drive_s(self.PLACES[3], self.PLACES[4]) == pytest.approx(30, rel=0.01)
        assert got.drive_s(self.PLACES[4], self.PLACES[4]) == 0

    def test_estimate_what_was_not_asked_at_a_slow_pace_of_what_was(self):
        fans = [Fan(0, tuple(range(4, 12)), inbound=True), Fan(0, (11,), inbound=False)]
        travel = self.ask(City(), fans).travel
        places = [(place.lng, place.lat) for place in self.PLACES]
        assert travel.time_s(0, 11, places, metres=False) == pytest.approx(330, rel=0.01)
        assert travel.time_s(11, 0, places, metres=False) == pytest.approx(220, rel=0.01)
        assert travel.time_s(5, 6, places, metres=False) == pytest.approx(30, rel=0.01)  # 0.3 s/m, not 0.2
        assert travel.time_s(6, 5, places, metres=False) == pytest.approx(30, rel=0.01)

    def test_know_no_way_where_the_source_knows_none_but_let_a_driver_arrive(self):
        legs = [Leg(start=1, end=2, from_counter=False)]
        got = self.ask(City(nowhere=2), [Fan(0, (2, 9), inbound=True)], legs)
        places = [(place.lng, place.lat) for place in self.PLACES]
        assert got.travel.time_s(2, 0, places, metres=False) == math.inf
        assert got.drive_s(self.PLACES[1], self.PLACES[2]) == pytest.approx(20, rel=0.01)

    def test_are_one_straight_line_where_the_source_fell_back(self):
        instead = StraightLine(factor=1, speed_mps=10, name="straight-line (fallback)")

        class Down(City):
            def fans_s(self, places, fans):
                return instead.fans_s(places, fans)

        got = self.ask(Down(), [Fan(0, (1,), inbound=True)])
        assert got.travel == EngineLine(speed_mps=10, factor=1)
        assert (got.source.name, got.asked) == ("straight-line (fallback)", None)


@pytest.mark.django_db
class TestRound:
    @pytest.fixture(params=[True, False])
    def city(self, request, monkeypatch):
        source = City(is_lasting=request.param)
        for user in ("dispatch.services.rounds", "dispatch.selectors.recorded"):
            monkeypatch.setattr(f"{user}.provider", lambda: source)
        return source

    def test_asks_once_and_times_a_busy_driver_by_its_source(self, kitchen, city):
        delivery, _ = kitchen.carried()
        kitchen.delivery()
        city.asked.clear()
        look = look_at_zone(
            zone_id=kitchen.zone.pk, conf=conf_of({}), travel=city, now=kitchen.now, period=timedelta(seconds=10),
            memo=None, policy=Policy(),
        )  # fmt: skip
        assert len(city.asked) == 1
        (busy,) = look.snapshot.drivers
        counter, door = (LngLat(p.x, p.y) for p in (delivery.pickup_point, delivery.dropoff_point))
        way_s = distance_m(counter, door) * (0.3 if door.lng > counter.lng else 0.2)
        assert busy.free_s == pytest.approx(delivery.ready_at.timestamp() + 120 + way_s + 240, abs=1.0)
        assert look.travel == "city#1"
        assert isinstance(look.snapshot.travel, Pairs)

    def test_decides_the_same_bytes_again_from_its_record(self, kitchen, city):
        kitchen.carried()
        for east in (0.0, 0.002, 0.03):
            kitchen.online(at=Point(CENTRE.lng + east, CENTRE.lat, srid=4326))
        kitchen.delivery()
        RoundRecord.objects.all().delete()
        kitchen.round()
        record = RoundRecord.objects.get()
        again = recording_of(record)
        assert record.travel == "city#1"
        assert isinstance(again.snapshot.travel, Pairs)
        assert again.snapshot.travel.seconds
        assert plan_bytes(decide(again.snapshot, again.policy)) == plan_bytes(again.plan)
        assert isinstance(decode(bytes(record.data)).snapshot.travel, Asked if city.is_lasting else Pairs)

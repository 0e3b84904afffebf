"""Recorded rounds decided again, recorded demand played again."""

import io
import json
import math
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from dispatch import services, tasks
from dispatch.conf import conf_of
from dispatch.engine import Plan, Policy
from dispatch.engine.codec import decode, encode
from dispatch.engine.mdrp.record import Record, RecordedOrder, RecordedShift
from dispatch.engine.mdrp.rehearsal import rehearse
from dispatch.engine.travel import sphere_distance_m
from dispatch.engine.version import engine_version, machine
from dispatch.engine.warm import warm
from dispatch.models import DispatchPolicy, DriverSession, Offer, RoundRecord, Shift
from dispatch.selectors.demand import recorded_demand
from dispatch.services.rehearsing import rehearse_both
from fleetsync.core import clock
from fleetsync.core.geo import distance_m, lng_lat
from fleetsync.core.travel import provider
from restaurants.models import Restaurant
from tests.factories import DriverFactory, UserFactory

DOOR_WAY_S, KITCHEN_WAY_S = 300, 120
AT_ONCE = {"strategy": "plan", "lead_s": 900}


def said(*args, **options) -> str:
    out = io.StringIO()
    call_command("whatif", *args, stdout=out, **options)
    return out.getvalue()


def figures(text: str) -> dict[str, tuple[str, ...]]:
    """Return the printed table: as it is, changed, difference, by the name of the figure."""
    rows = [re.split(r"\s*│\s*", line.strip("│ \n")) for line in text.splitlines() if line.startswith("│")]
    return {name: tuple(rest) for name, *rest in rows}


@pytest.fixture(scope="session")
def _warm_here():
    """Compile before a test holds a transaction open: the command decides in its own process."""
    warm()


@pytest.fixture
def day(_warm_here, kitchen):
    """Return the kitchen after a round of `plan` in the engine's child: two orders in one trip, taken by Maya."""
    DispatchPolicy.objects.filter(zone=kitchen.zone).update(parameters=AT_ONCE)
    kitchen.online(DriverFactory(user=UserFactory(name="Maya Okafor", role="DRIVER")))
    kitchen.delivery(), kitchen.delivery()
    kitchen.round()
    offers = list(Offer.objects.order_by("pk"))
    assert len(offers) == 2
    services.accept_offer(offer_id=offers[0].pk, driver=offers[0].driver, now=kitchen.now, actor="usr_test")
    return kitchen


class TestVerify:
    def test_finds_the_same_plans_bit_for_bit(self, day, tmp_path):
        record = RoundRecord.objects.get()
        assert (record.strategy, record.fallback, record.engine) == ("plan", "", engine_version())
        text = said(verify=True, json=tmp_path / "v.json")
        assert "1 of 1 rounds decided again: the same plans, bit for bit." in text
        assert json.loads((tmp_path / "v.json").read_text())["same"] == 1

    @pytest.mark.parametrize("part", ["plan", "policy", "snapshot"])
    def test_reports_a_record_that_was_altered(self, day, part):
        recording = decode(bytes(RoundRecord.objects.get().data))
        other = {
            "plan": Plan(strategy="plan"),
            "policy": Policy(strategy="nearest"),
            "snapshot": replace(recording.snapshot, drivers=()),
        }[part]
        object.__setattr__(recording, part, other)
        RoundRecord.objects.update(data=encode(recording))
        with pytest.raises(CommandError, match="1 rounds were decided otherwise: rnd_"):
            said(verify=True)

    @pytest.mark.parametrize(
        ("elsewhere", "named"),
        [
            ({"engine": "0123456789ab"}, f"0123456789ab on {machine()[:120]}"),
            ({"machine": "riscv, python 9"}, f"{engine_version()} on riscv, python 9"),
        ],
    )
    def test_names_what_another_engine_or_machine_decided_and_leaves_it_out(self, day, tmp_path, elsewhere, named):
        RoundRecord.objects.update(**elsewhere)
        text = said(verify=True, json=tmp_path / "v.json")
        assert "0 of 1 rounds decided again: the same plans, bit for bit." in text
        assert f"1 not compared: decided by engine {named}\n" in text
        assert f"Here it is {engine_version()} on {machine()}; 1 give the same plan." in text
        report = json.loads((tmp_path / "v.json").read_text())
        assert (report["same"], report["different"], report["elsewhere"]) == (0, [], {named: 1})

    def test_another_engine_that_decided_otherwise_is_no_fault(self, day):
        recording = decode(bytes(RoundRecord.objects.get().data))
        object.__setattr__(recording, "plan", Plan(strategy="plan"))
        RoundRecord.objects.update(data=encode(recording), engine="0123456789ab")
        assert "0 give the same plan." in said(verify=True)

    def test_leaves_out_what_is_damaged_and_says_why(self, day):
        RoundRecord.objects.update(data=b"junk")
        assert "1 rounds left out: not a recorded decision" in said(verify=True)

    def test_has_nothing_of_a_round_that_decided_nothing(self, day):
        day.round(day.now + timedelta(seconds=20))  # all is on its way
        assert RoundRecord.objects.count() == 1

    def test_has_rounds_of_seven_days_and_no_older_ones(self, day, monkeypatch):
        at = RoundRecord.objects.get().at
        for age, kept in ((timedelta(days=7), 1), (timedelta(days=7, seconds=1), 0)):
            monkeypatch.setattr(clock, "now", lambda age=age: at + age)
            tasks.forget_decisions()
            assert RoundRecord.objects.count() == kept


class TestWhatIf:
    def test_prints_what_differs_to_the_figure_and_keeps_it(self, day, tmp_path):
        """One driver at the kitchen, two orders to one door: `plan` carries both at once, `nearest` one by one."""
        changes = tmp_path / "changes.toml"
        changes.write_text('strategy = "nearest"\n')
        text = said(policy=str(changes), save="one by one", json=tmp_path / "w.json")
        first, second = (
            row.delivery for row in Offer.objects.order_by("drop_sequence").select_related("delivery__order")
        )
        codes = {f"#{row.order.code}" for row in (first, second)}
        assert "1 of 1 recorded rounds (100 %) decide otherwise." in text
        before, after = re.search(r"Maya Okafor (#.+)  ->  Maya Okafor (#\w+)\n", text).groups()
        assert (set(before.split(" + ")), after in codes) == (codes, True)

        conf, kitchen, door = conf_of(day.zone.dispatch), lng_lat(first.pickup_point), lng_lat(first.dropoff_point)
        way_s, way_m = math.ceil(provider().times_s([kitchen], [door])[0][0]), distance_m(kitchen, door)
        half_s, hand_s, tick_s = conf.half_pickup_s, conf.half_dropoff_s, round(conf.tick_s)
        cooking_s = round(first.ready_at.timestamp()) - round(day.now.timestamp())
        one_s = cooking_s + half_s + way_s + hand_s  # click to the first door
        free_s = -(-(one_s + hand_s) // tick_s) * tick_s  # the next round after it
        together = [one_s, one_s + 2 * hand_s]
        apart = [one_s, free_s + way_s + 2 * half_s + way_s + hand_s]
        hours = (5400 + 1) / 3600  # on duty: the span of a second and what follows
        expected = {
            "click-to-door, min": (sum(together) / 120, sum(apart) / 120, ".2f"),
            "metres per order": (way_m / 2, 3 * way_m / 2, ".0f"),
            "offers per order": (0.5, 1.0, ".2f"),
            "pay per order, minor": (conf.pay_for(way_m), conf.pay_for(way_m), ".0f"),
            "delivered": (2, 2, ".0f"),
            "idle spread, min in an hour": (0, 0, ".1f"),
        }
        assert hours > max(apart) / 3600
        assert "2 orders, 1 drivers, 100 % of offers taken" in text
        table = figures(text)
        for name, (was, would_be, form) in expected.items():
            assert table[name] == (format(was, form), format(would_be, form), format(would_be - was, f"+{form}")), name
        promised_s = (first.promised_at - day.now).total_seconds()
        late = [100.0 * sum(door_s > promised_s for door_s in doors) / 2 for doors in (together, apart)]
        assert table["late, %"] == (f"{late[0]:.1f}", f"{late[1]:.1f}", f"{late[1] - late[0]:+.1f}")

        row = DispatchPolicy.objects.get(version=2)
        assert (row.status, row.note, row.created_by, row.simulated_by) == (
            "SIMULATED",
            "one by one",
            "whatif",
            "whatif",
        )
        assert row.parameters == {**AT_ONCE, "strategy": "nearest"}
        assert row.simulation["changes"] == {"strategy": "nearest"}
        assert row.simulation["difference"]["offers_per_order"] == 0.5
        assert DispatchPolicy.objects.get(version=1).status == "ACTIVE"
        assert "Kept with version 2" in text

    def test_rehearses_a_version_that_can_be_activated_then(self, day):
        row = services.draft_policy(
            zone_id=day.zone.pk, parameters={"strategy": "nearest"}, now=day.now, actor="usr_maker"
        )
        said(policy="2")
        row = services.activate_policy(policy_id=row.pk, now=day.now, actor="usr_boss", replaces=1)
        assert (row.created_by, row.simulated_by, row.activated_by) == ("usr_maker", "whatif", "usr_boss")
        assert (row.status, DispatchPolicy.objects.get(version=1).status) == ("ACTIVE", "RETIRED")

    def test_names_what_changes_nothing_in_what_is_played(self, day, tmp_path):
        changes = tmp_path / "changes.toml"
        changes.write_text('strategy = "nearest"\nready_quantile_std = 1\n')
        text = said(policy=str(changes), json=tmp_path / "w.json")
        told = "ready_quantile_std changes nothing in what is played below: the food's moment is known beforehand.\n"
        assert told in text
        assert json.loads((tmp_path / "w.json").read_text())["not_played"] == ["ready_quantile_std"]

    def test_does_not_play_where_asked_not_to(self, day, tmp_path):
        changes = tmp_path / "changes.toml"
        changes.write_text('strategy = "nearest"\n')
        text = said(policy=str(changes), no_play=True, save="only decided")
        assert "1 of 1 recorded rounds (100 %) decide otherwise." in text
        assert figures(text) == {}
        assert DispatchPolicy.objects.count() == 1

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("speed = 1\n", "--policy: speed: no such parameter"),
            ("max_batch = 99\n", "--policy: max_batch: expected 1 to 8, got 99"),
            ('lead_s = "soon"\n', "--policy: lead_s: expected a number, got 'soon'"),
            ("lead_s = true\n", "--policy: lead_s: expected a number, got True"),
            ("lead_s = [1]\n", r"--policy: lead_s: expected a number, got \[1\]"),
            ("lead_s = nan\n", "--policy: lead_s: expected 0 to"),
            ('strategy = "magic"\n', "--policy: strategy: expected one of plan, batch, nearest, got 'magic'"),
            ("[lead_s]\nx = 1\n", "--policy: lead_s: expected a number"),
            ("lead_s: 30\n", r"--policy: .*changes\.toml is not TOML"),
            ("lead_s = 900\n", "--policy: these are the parameters that hold already; nothing differs"),
        ],
    )
    def test_names_the_parameter_of_the_file_that_is_wrong(self, day, tmp_path, text, sentence):
        changes = tmp_path / "changes.toml"
        changes.write_text(text)
        with pytest.raises(CommandError, match=sentence):
            said(policy=str(changes), save="no")
        assert DispatchPolicy.objects.count() == 1

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({}, "expected one of --verify and --policy"),
            ({"policy": "9"}, "has no version 9"),
            ({"policy": "nowhere.toml"}, "nowhere.toml cannot be read"),
            ({"verify": True, "start": "tomorrow"}, "--from: expected 2026-11-25T18:00 or 18:00, got 'tomorrow'"),
            ({"verify": True, "zone": "Atlantis"}, "'Atlantis' has no recorded rounds"),
        ],
    )
    def test_says_what_is_wrong(self, day, options, sentence):
        with pytest.raises(CommandError, match=sentence):
            said(**options)
        assert DispatchPolicy.objects.count() == 1

    def test_says_which_spans_there_are(self, day):
        start = (day.now + timedelta(days=1)).isoformat()
        end = (day.now + timedelta(days=2)).isoformat()
        with pytest.raises(CommandError, match=r"No recorded rounds[\s\S]*Recorded are:\n.*1 rounds"):
            said(verify=True, start=start, end=end)

    def test_says_that_nothing_was_recorded_yet(self, db):
        with pytest.raises(CommandError, match="No round was recorded yet"):
            said(verify=True)


class TestRehearse:
    def record(self, orders: int = 1, accept: float = 1.0) -> Record:
        def travel(places):
            kitchen = places.index((0.0, 0.0))
            ways = {(a, b): 0 if a == b else DOOR_WAY_S for a in range(len(places)) for b in range(len(places))}
            start = places.index((0.01, 0.0))
            ways[start, kitchen] = KITCHEN_WAY_S
            return [[ways[a, b] for b in range(len(places))] for a in range(len(places))]

        made = tuple(
            RecordedOrder(
                id=f"o{i}", restaurant="r", pickup=(0.0, 0.0), dropoff=(0.0, 0.02), placed_s=1000.0 + 4000 * i,
                ready_s=1600.0 + 4000 * i, promised_s=2400.0 + 4000 * i, pay_minor=500,
            )
            for i in range(orders)
        )  # fmt: skip
        shift = RecordedShift(driver="d", start=(0.01, 0.0), on_s=0.0, off_s=50_000.0, capacity=2)
        return Record(
            orders=made, shifts=(shift,), tick_s=10, half_pickup_s=60, half_dropoff_s=30, accept=accept, travel=travel
        )

    def test_plays_an_order_to_the_second(self):
        found = rehearse(self.record(), Policy(strategy="batch"))
        # in hand when ready, a minute to leave, five on the road, half a minute at the door
        assert found.click_to_door == pytest.approx((600 + 60 + DOOR_WAY_S + 30) / 60)
        assert (found.delivered, found.late_pct, found.pay_per_order, found.offers_per_order) == (1, 0.0, 500.0, 1.0)
        assert found.metres_per_order == pytest.approx(1112 + 2224, abs=2)

    @pytest.mark.parametrize("strategy", ["plan", "batch", "nearest"])
    def test_plays_what_may_carry_an_order(self, strategy):
        record = self.record()
        record = replace(record, orders=(replace(record.orders[0], vehicles=frozenset({"CAR"})),))
        for vehicle, delivered in (("BICYCLE", 0), ("CAR", 1)):
            riding = replace(record, shifts=(replace(record.shifts[0], vehicle=vehicle),))
            assert rehearse(riding, Policy(strategy=strategy)).delivered == delivered

    @pytest.mark.parametrize("strategy", ["plan", "batch", "nearest"])
    def test_plays_planned_breaks(self, strategy):
        record = self.record()
        resting = (replace(record.shifts[0], breaks=((100.0, 200.0), (1900.0, 4000.0))),)
        found = rehearse(replace(record, shifts=resting), Policy(strategy=strategy))
        # the door at 1990 would be in the break: from 4000 on two minutes there, two at the counter, five on the road
        assert found.click_to_door == pytest.approx((3000 + KITCHEN_WAY_S + 120 + DOOR_WAY_S + 30) / 60)

    def test_knows_what_may_carry_an_order_and_when_breaks_are_planned(self, day):
        Restaurant.objects.update(vehicles=["CAR", "SCOOTER"])
        session, hour = DriverSession.objects.get(), timedelta(hours=1)
        for begins in (day.now - 9 * hour, day.now - hour / 2, day.now + 2 * hour):
            Shift.objects.create(
                driver=session.driver, starts_at=begins, ends_at=begins + 2 * hour, break_from=begins + hour,
                break_to=begins + hour * 1.5,
            )  # fmt: skip
        record = recorded_demand(zone=day.zone, start=day.now, end=day.now + timedelta(seconds=1), seen={})
        assert {order.vehicles for order in record.orders} == {frozenset({"CAR", "SCOOTER"})}
        (shift,) = record.shifts
        began = (day.now + hour / 2).timestamp()
        assert (shift.vehicle, shift.breaks) == (session.driver.vehicle, ((began, began + 1800),))

    def test_gives_the_same_twice_and_counts_refusals(self):
        record = self.record(orders=3, accept=0.5)
        found = rehearse(record, Policy(strategy="batch"), seed=2)
        assert found == rehearse(record, Policy(strategy="batch"), seed=2)
        assert found.offers_per_order >= 1

    def test_asks_a_second_driver_where_the_policy_does(self):
        record = self.record(orders=6, accept=0.3)
        record = replace(record, shifts=tuple(replace(record.shifts[0], driver=f"d{i}") for i in range(6)))
        alone, together = (rehearse(record, Policy(parallel_after=n, lead_s=300)) for n in (9, 1))
        assert together.offers_per_order > alone.offers_per_order

    def test_refuses_an_empty_record(self):
        with pytest.raises(ValueError, match="nothing to play: 0 orders, 1 drivers"):
            rehearse(self.record(orders=0), Policy())

    def test_the_difference_of_two_policies_is_what_the_hand_calculates(self):
        """Two orders to one door, cooked at once; one driver near and one who can reach nothing."""
        ways = self.record()
        orders = tuple(
            replace(ways.orders[0], id=f"o{i}", placed_s=1000.0 + 60 * i, ready_s=1600.0, promised_s=2060.0)
            for i in range(2)
        )
        nowhere = replace(ways.shifts[0], driver="e", start=(1.0, 1.0))

        def travel(places):
            rows = ways.travel(tuple(p for p in places if p != nowhere.start))
            at = places.index(nowhere.start)
            rows = [[*row[:at], math.inf, *row[at:]] for row in rows]
            return [*rows[:at], [0.0 if i == at else math.inf for i in range(len(places))], *rows[at:]]

        record = replace(ways, orders=orders, shifts=(ways.shifts[0], nowhere), travel=travel)
        played = rehearse_both(
            record=record,
            before=Policy(strategy="nearest"),
            after=Policy(strategy="plan"),
            seed=1,
            progress=lambda *_: None,
        )
        # one by one: doors at 1600 + 60 + 300 + 30 and, back from 2020 on, 2020 + 300 + 60 + 60 + 300 + 30
        # together: in hand at 1600, doors at 1990 (the second order's) and 2050
        assert played["before"]["click_to_door"] == pytest.approx((990 + 2770 - 1060) / 2 / 60)
        assert played["after"]["click_to_door"] == pytest.approx((1990 - 1060 + 2050 - 1000) / 2 / 60)
        empty_m, full_m = 1112, 2224  # to the kitchen, to the door
        work_s = 120 + 3 * 300 + 2 * 120 + 2 * 60, 120 + 300 + 120 + 2 * 60
        assert played["difference"] == {
            "orders": 0,
            "delivered": 0,
            "click_to_door": pytest.approx(-6.0),
            "click_to_door_p90": pytest.approx((930 + 0.9 * (1050 - 930) - 990 - 0.9 * (1710 - 990)) / 60),
            "late_pct": -50.0,
            "food_waits": pytest.approx(-(2380 - 1600) / 2 / 60),
            "pay_per_order": 0.0,
            "metres_per_order": pytest.approx(-2 * full_m / 2, abs=2),
            "offers_per_order": -0.5,
            "idle_spread": pytest.approx(60 * (work_s[1] - work_s[0]) / 50_000 / 2),
            "rounds": played["after"]["rounds"] - played["before"]["rounds"],
        }
        assert played["after"]["metres_per_order"] == pytest.approx((empty_m + full_m) / 2, abs=2)

    def test_plays_trips_from_two_restaurants_where_the_policy_has_them(self):
        """Two orders to one door, from two kitchens 111 m apart; 10 m/s everywhere."""
        one = self.record().orders[0]
        other = replace(one, id="o1", restaurant="s", pickup=(0.0, 0.001), placed_s=1060.0)
        record = replace(
            self.record(),
            orders=(one, other),
            travel=lambda places: [[sphere_distance_m(a, b) / 10 for b in places] for a in places],
        )
        apart, together = rehearse(record, Policy()), rehearse(record, Policy(stack_within_m=150))
        # in hand at 1600 when ready, off at 1660, 12 s over, in hand at 1732, off at 1792, 212 s to the door
        assert together.click_to_door == pytest.approx((2034 - 1000 + 2094 - 1060) / 2 / 60)
        assert together.food_waits == pytest.approx((0 + 132) / 2 / 60)
        assert together.metres_per_order == pytest.approx((1112 + 111 + 2113) / 2, abs=2)
        assert (together.offers_per_order, apart.offers_per_order) == (0.5, 1.0)
        assert apart.click_to_door > together.click_to_door

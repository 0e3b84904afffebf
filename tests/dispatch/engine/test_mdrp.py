import json

import numpy as np
import pytest

from dispatch.engine import Policy
from dispatch.engine.mdrp import (
    Assigner,
    Conditions,
    InstanceError,
    RuleError,
    assign,
    direct_bound,
    load,
    measure,
    simulate,
)
from dispatch.engine.mdrp.city import build_city, run_city
from dispatch.engine.mdrp.plot import click_to_door_svg
from dispatch.engine.mdrp.rehearsal import play_as_live
from dispatch.engine.mdrp.runner import day_folders, means

FILES = {
    "restaurants.txt": "restaurant\tx\ty\nr1\t0\t0\nr2\t640\t0\n",
    "orders.txt": "order\tx\ty\tplacement_time\trestaurant\tready_time\n"
    "o1\t1600\t0\t10\tr1\t20\no2\t1600\t0\t10\tr1\t20\no3\t640\t320\t12\tr2\t15\n",
    "couriers.txt": "courier\tx\ty\ton_time\toff_time\nc1\t320\t0\t0\t60\nc2\t-320\t0\t0\t21\n",
    "instance_parameters.txt": "meters_per_minute\tpickup service minutes\tdropoff service minutes\t"
    "target click-to-door\tmaximum click-to-door\tpay per order\tguaranteed pay per hour\n"
    "320\t4\t4\t40\t90\t10\t15\n",
}


@pytest.fixture
def folder(tmp_path):
    day = tmp_path / "day"
    day.mkdir()
    for name, text in FILES.items():
        (day / name).write_text(text)
    return day


def always(*assignments):
    """A dispatcher who gives these orders once, at minute 10 + his place in the list."""

    def answer(form):
        k = form["now"] - 10
        given = assignments[k] if 0 <= k < len(assignments) else []
        return {
            "assignments": [{"courier": c, "restaurant": r, "orders": o} for c, r, o in given],
            "memo": None,
        }

    return answer


class TestReading:
    def test_reads_a_day(self, folder):
        day = load(folder)
        assert (day.order_ids, day.courier_ids) == (("o1", "o2", "o3"), ("c1", "c2"))
        assert day.ready.tolist() == [20, 20, 15]
        assert day.travel(0, 0, 321, 0) == 2

    @pytest.mark.parametrize(
        ("name", "old", "new", "message"),
        [
            (
                "orders.txt",
                "\t12\tr2",
                "\tnoon\tr2",
                "orders.txt, line 4, field 'placement_time': expected a number, got 'noon'",
            ),
            (
                "orders.txt",
                "10\tr1\t20\no3",
                "10\tr9\t20\no3",
                "orders.txt, line 3, field 'restaurant': expected an id of restaurants.txt, got 'r9'",
            ),
            (
                "orders.txt",
                "\tr2\t15",
                "\tr2\t11",
                "orders.txt, line 4, field 'ready_time': expected at or after placement_time, got 11",
            ),
            ("orders.txt", "o2\t", "o1\t", "orders.txt, line 3, field 'order': expected a new id, got 'o1' again"),
            (
                "couriers.txt",
                "\t0\t60",
                "\t0.5\t60",
                "couriers.txt, line 2, field 'on_time': expected a whole number, got '0.5'",
            ),
            (
                "couriers.txt",
                "\toff_time",
                "\tout",
                "couriers.txt, line 1, field 'off_time': expected the tab-separated columns courier, x, y, on_time",
            ),
            ("restaurants.txt", "r2\t640", "r2\t", "restaurants.txt, line 3, field 'x': expected a value, got nothing"),
            (
                "instance_parameters.txt",
                "320\t4",
                "320\t5",
                "instance_parameters.txt, line 2, field 'pickup service minutes': expected an even number",
            ),
        ],
    )
    def test_names_file_line_field_and_what_was_expected(self, folder, name, old, new, message):
        path = folder / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        with pytest.raises(InstanceError) as error:
            load(folder)
        assert message in str(error.value)

    def test_names_a_file_that_is_missing(self, folder):
        (folder / "couriers.txt").unlink()
        with pytest.raises(InstanceError, match=r"couriers.txt: cannot be read \(No such file"):
            load(folder)

    def test_finds_the_days_of_a_folder(self, folder):
        assert day_folders(folder) == [folder]
        assert day_folders(folder.parent) == [folder]
        with pytest.raises(InstanceError, match="no such folder"):
            day_folders(folder / "nowhere")

    def test_a_window_keeps_the_orders_placed_in_it_and_the_couriers_then_on_shift(self, folder):
        day = load(folder).window(11, 30)
        assert (day.order_ids, day.courier_ids, day.on.tolist()) == (("o3",), ("c1", "c2"), [11, 11])
        assert load(folder).window(21, 30).courier_ids == ("c1",)


class TestSimulation:
    def test_keeps_the_published_times(self, folder):
        # c1: on the way 1 min, at r1 from 11; pickup 20, leaves 22, door 27 + 2, free 31
        result = simulate(load(folder), always([("c1", "r1", [0, 1])]))
        assert result.pickup.tolist() == [20, 20, -1]
        assert result.dropoff.tolist() == [29, 33, -1]  # the second: free at 31, 0 min, + 2
        assert result.trips == [(10, 20, 0, (0, 1))]

    @pytest.mark.parametrize(
        ("steps", "message"),
        [
            ([[("c1", "r1", [])]], "empty"),
            ([[("c1", "r1", [0, 0])]], "twice"),
            ([[("c1", "r1", [2])]], "unknown"),
            ([[("c1", "r2", [0])]], "another restaurant"),
            ([[("c1", "r1", [0]), ("c2", "r1", [0])]], "held by another"),
            ([[("c1", "r1", [0])], [], [("c1", "r2", [2])]], "diverted"),
            ([[], [], [("c2", "r2", [2])], [], [], [], [], [("c2", "r1", [0])]], "not free"),
        ],
    )
    def test_raises_when_a_rule_is_broken(self, folder, steps, message):
        with pytest.raises(RuleError, match=message):
            simulate(load(folder), always(*steps))

    def test_raises_when_a_pickup_would_be_after_the_off_time(self, folder):
        path = folder / "couriers.txt"
        path.write_text(path.read_text().replace("\t21", "\t19"))
        with pytest.raises(RuleError, match="pickup 20 after the off-time of c2"):
            simulate(load(folder), always([("c2", "r1", [0])]))

    def test_lets_a_courier_on_the_way_get_another_set_of_the_same_restaurant(self, folder):
        result = simulate(load(folder), always([("c1", "r1", [0])], [("c1", "r1", [1, 0])]))
        assert result.trips == [(11, 20, 0, (1, 0))]

    def test_measures_what_happened(self, folder):
        day = load(folder)
        found = measure(day, simulate(day, always([("c1", "r1", [0, 1])])), "x")
        assert direct_bound(day).tolist() == [19, 19, 8]
        assert (found.delivered, found.ctd_mean, found.ready_to_pickup_mean) == (2, 21.0, 0.0)
        assert found.undelivered_pct == pytest.approx(100 / 3)
        assert found.orders_per_trip == 2
        assert found.pay_per_order == pytest.approx((20 + 5.25) / 2)

    def test_refusals_are_the_same_for_the_same_seed_and_reach_the_dispatcher(self, folder):
        day, seen = load(folder), []

        def stubborn(form):
            seen.append([c.get("refused") for c in form["couriers"]])
            return always([("c1", "r1", [0])])(form)

        results = [simulate(day, stubborn, Conditions(accept=1e-9)) for _ in range(2)]
        assert [(r.offers, r.refusals) for r in results] == [(1, 1), (1, 1)]
        assert seen[1] == [[0], None]

    def test_of_two_asked_at_once_the_first_to_accept_has_the_trip(self, folder):
        day = load(folder)
        pair = [("c1", "r1", [0]), ("c2", "r1", [0])]
        winners = []
        for seed in range(40):
            seen = []

            def ask(form, seen=seen):
                seen.append([c.get("refused") for c in form["couriers"]])
                first = form["memo"] is None
                trips = [{"courier": c, "restaurant": r, "orders": o} for c, r, o in (pair if first else [])]
                if first:
                    trips[1]["parallel"] = True
                return {"assignments": trips, "memo": 1}

            result = simulate(day, ask, Conditions(accept=0.5, seed=seed))
            (courier,) = {int(result.courier[0])}
            winners.append(courier)
            assert result.offers == 2  # who is released was asked as well
            assert result.refusals == 2 if courier < 0 else result.refusals in (0, 1)
            assert sum(r == [0] for r in seen[1]) == result.refusals
        assert set(winners) == {-1, 0, 1}  # nobody, either

    def test_a_trip_of_two_restaurants_is_another_game_than_the_published_one(self, folder):
        day = load(folder)
        both, extended = always([], [], [("c1", "r1", [0, 2])]), Conditions(two_restaurants=True)
        with pytest.raises(RuleError, match="another restaurant"):
            simulate(day, both)
        found = simulate(day, both, extended)
        # r1 at 13, in hand at 20 when ready, off at 22, r2 at 24, in hand at 26, off at 28; doors 3 and 4 min away
        assert (found.pickup.tolist(), found.dropoff.tolist()) == ([20, -1, 26], [33, -1, 41])
        assert (found.trips, found.drive.tolist()) == ([(12, 20, 0, (0, 2))], [10, 0])
        assert measure(day, found, "x").utilisation == pytest.approx((10 + 2 * 4 + 2 * 4) / 60 / 2)
        with pytest.raises(RuleError, match="begins at"):
            simulate(day, always([], [], [("c1", "r1", [2, 0])]), extended)
        with pytest.raises(RuleError, match="off-time of c2"):  # in hand at 20 is in time, at 26 it is not
            simulate(day, always([], [], [("c2", "r1", [0, 2])]), extended)

    def test_told_ready_times_are_wrong_by_the_noise_and_never_before_placement(self, folder):
        day, told = load(folder), {}

        def listener(form):
            told.update({o["id"]: (o["ready"], o["ready_std"]) for o in form["orders"]})
            return {"assignments": [], "memo": None}

        simulate(day, listener, Conditions(prep_noise=8))
        ready = np.array([told[k][0] for k in range(3)])
        assert (ready != day.ready).any()
        assert (ready >= day.placed).all()
        assert {std for _, std in told.values()} == {8}


class TestAsLive:
    def test_plays_a_day_second_by_second_and_tells_minutes(self, folder):
        day = load(folder)
        found = play_as_live(day, Policy(strategy="nearest"), Conditions(), 10)
        # both wait at r1 until 20, off at 22, five minutes to the door; c1 is free at 31, at r2 at 34
        assert (found.pickup.tolist(), found.dropoff.tolist()) == ([20, 20, 36], [29, 29, 41])
        assert found.courier.tolist() == [0, 1, 0]
        assert measure(day, found, "nearest").ctd_mean == pytest.approx((19 + 19 + 29) / 3)

    def test_makes_a_round_every_so_many_seconds(self, folder):
        day = load(folder)
        often, seldom = (play_as_live(day, Policy(strategy="nearest"), Conditions(), s) for s in (10, 420))
        # rounds are at 0, 7, 14 … 35 minutes: who is free at 31 is asked at 35
        assert (often.pickup[2], seldom.pickup[2]) == (36, 40)
        assert len(often.cpu_s) > 10 * len(seldom.cpu_s)


class TestStrategies:
    @pytest.mark.parametrize("strategy", ["nearest", "batch", "plan"])
    @pytest.mark.parametrize("conditions", [Conditions(), Conditions(accept=0.6), Conditions(prep_noise=8)])
    def test_deliver_the_small_day_by_the_rules(self, folder, strategy, conditions):
        day = load(folder)
        found = simulate(day, Assigner(policy=Policy(strategy=strategy)), conditions)
        assert (found.dropoff >= 0).sum() >= 1

    def test_the_same_day_twice_is_the_same(self, folder):
        day = load(folder)
        first, second = simulate(day, assign), simulate(day, assign)
        assert first.trips == second.trips

    @pytest.mark.parametrize(("strategy", "most"), [("nearest", 31.8), ("batch", 30.3), ("plan", 29.9)])
    def test_reach_their_figures_on_a_real_morning(self, shared, strategy, most):
        day = load(shared / "mdrplib" / "0o50t100s1p100").window(480, 660)
        found = simulate(day, Assigner(policy=Policy(strategy=strategy)), Conditions(run_on=90))
        measures = measure(day, found, strategy)
        assert (measures.orders, measures.delivered) == (130, 130)
        assert round(measures.bound_mean, 2) == 29.45
        assert measures.ctd_mean <= most

    def test_foresight_and_refusals_keep_every_rule_on_a_real_day(self, shared):
        day = load(shared / "mdrplib" / "0o100t100s2p100")
        measures = measure(day, simulate(day, assign, Conditions(accept=0.7)), "plan")
        assert measures.undelivered_pct == 0


class TestReports:
    def test_means_are_over_days(self, folder):
        day = load(folder)
        found = measure(day, simulate(day, assign), "plan")
        assert means([found, found])["ctd_mean"] == found.ctd_mean
        assert means([found, found])["days"] == 2

    def test_the_plot_names_every_strategy_with_its_mean(self, folder):
        day = load(folder)
        played = simulate(day, assign)
        rows = [measure(day, played, name) for name in ("one", "two & more")]
        svg = click_to_door_svg(rows, "A day")
        assert f">one {rows[0].ctd_mean:.2f}</text>" in svg
        assert f">two &amp; more {rows[1].ctd_mean:.2f}</text>" in svg
        assert f">bound {rows[0].bound_mean:.2f}</text>" in svg
        assert svg == click_to_door_svg(rows, "A day")


class TestCity:
    def test_is_the_same_for_the_same_seed_and_has_as_many_as_asked(self):
        zones = [zone for row in build_city(1000) for zone in row]
        assert sum(len(z.drivers) for z in zones) == 1000
        assert sum(len(z.jobs) for z in zones) == 300
        assert build_city(1000) == build_city(1000)

    def test_is_drawn_in_so_many_zones_as_asked_over_the_same_ground(self):
        for count in (1, 16):
            zones = [zone for row in build_city(1000, zones=count) for zone in row]
            assert len(zones) == count
            assert (sum(len(z.drivers) for z in zones), sum(len(z.jobs) for z in zones)) == (1000, 300)
            assert sum(len(z.demand) for z in zones) == 240
            assert 7900 < max(xy for z in zones for place in z.places for xy in place) <= 8000
        with pytest.raises(ValueError, match="zones: expected a square number, got 3"):
            build_city(1000, zones=3)

    def test_leaves_nobody_behind_at_a_rim(self):
        found = run_city(2250, Policy())
        assert found.left_behind == 0
        assert found.handed_over > 0


class TestCommand:
    def run(self, *arguments):
        from io import StringIO

        from django.core.management import call_command

        from dispatch.management.commands.benchmark_dispatch import Command

        out = StringIO()
        call_command(Command(stdout=out), *map(str, arguments))
        return out.getvalue()

    def test_prints_a_table_and_writes_files(self, folder):
        out = self.run(folder, "--strategies", "batch,plan", "--json", folder / "a.json", "--plot", folder / "a.svg")
        assert "click-to-door" in out
        data = json.loads((folder / "a.json").read_text())
        assert list(data["means"]) == ["batch", "plan"]
        assert [(d["strategy"], d["orders"]) for d in data["days"]] == [("batch", 3), ("plan", 3)]
        assert (folder / "a.svg").read_text().startswith("<svg")

    def test_gives_json_standard_output_to_itself_where_no_file_is_named(self, folder):
        data = json.loads(self.run(folder, "--strategies", "nearest", "--json"))
        assert [(d["strategy"], d["orders"]) for d in data["days"]] == [("nearest", 3)]

    def test_plays_as_the_platform_would_and_leaves_open_what_it_does_not_measure(self, folder):
        out = self.run(folder, "--strategies", "nearest", "--as-live", "10", "--json", folder / "a.json")
        assert "22.33" in out
        (day,) = json.loads((folder / "a.json").read_text())["days"]
        assert (day["ctd_mean"], day["bytes_mean"]) == (pytest.approx(67 / 3), None)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ([], "expected DIR"),
            (["/no/such"], "no such folder"),
            (["{}", "--strategies", "magic"], "no 'magic'; there are plan, batch, nearest"),
            (["{}", "--from", "8"], "--from: expected HH:MM, got '8'"),
            (["{}", "--from", "11:00", "--to", "08:00"], "--to: expected a time after 11:00"),
            (["{}", "--from", "11:00"], "expected orders and couriers between minute 660 and 1440"),
            (["{}", "--set", "colour=3"], "no parameter 'colour'"),
            (["{}", "--set", "lead_s=-3"], "lead_s: expected 0 to 900, got -3"),
            (["{}", "--accept", "0"], "--accept: expected more than 0"),
            (["{}", "--accept-std", "-1"], "--accept-std: expected 0 to 5, got -1.0"),
            (["{}", "--as-live", "0"], "--as-live: expected 1 or more seconds"),
            (["{}", "--as-live", "10", "--prep-noise", "8"], "more seconds, without --prep-noise"),
            (["{}", "--days", "xyz"], "no day's name matches 'xyz'"),
        ],
    )
    def test_says_what_is_wrong(self, folder, arguments, message):
        from django.core.management.base import CommandError

        with pytest.raises(CommandError) as error:
            self.run(*[a.format(folder) for a in arguments])
        assert message in str(error.value)

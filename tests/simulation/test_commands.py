import io

import pytest
from django.core.management import CommandError, call_command

from restaurants.models import Restaurant, Zone
from simulation import runs
from simulation.city import CENTRE
from simulation.management.commands import simulate, simulate_replay
from simulation.management.commands.simulate import last_order_s
from simulation.replay import record
from simulation.result import Offers, Result
from simulation.staging import set_stage
from tests.factories import ZoneFactory
from tests.simulation.test_replay import FILES


@pytest.fixture(params=[(1, 0), (0, 2)], ids=["lost", "doubled"])
def losses(request, monkeypatch):
    """Runs that end at once, and were promised what is not there."""
    lost, doubled = request.param
    result = Result(outcomes=[], offers=Offers(), lost=lost, doubled=doubled, latency_ms={})
    monkeypatch.setattr(runs, "weigh", lambda **_: result)
    for command in (simulate, simulate_replay):
        monkeypatch.setattr(command, "run_loop", lambda _main: True)
    return rf"Lost {lost}, doubled {doubled}\b"


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def check(folder, *more: str) -> str:
    out = io.StringIO()
    call_command("simulate_replay", str(folder), "--check", *more, stdout=out)
    return out.getvalue()


class TestSimulateReplayCheck:
    def test_prints_the_settings_the_platform_needs(self, folder):
        assert check(folder, "--rounded").splitlines() == [
            "FLEETSYNC_TRAVEL=straight",
            "FLEETSYNC_TRAVEL_FACTOR=1",
            "FLEETSYNC_TRAVEL_SPEED_MPS=5.33333333",
            "FLEETSYNC_TRAVEL_ROUND_UP_S=60",
            "FLEETSYNC_OFFER_FLOOR_S=1",
        ]

    @pytest.mark.parametrize(
        ("more", "told"),
        [
            (["--from", "8"], "--from: expected HH:MM"),
            (["--from", "09:00", "--to", "08:00"], "--to must be after --from"),
            (["--accept", "1.5"], "--accept: expected a chance from 0 to 1"),
            (["--speed", "0"], "--speed: expected a number above 0"),
            (["--centre", "here"], "--centre: expected LAT,LNG"),
        ],
    )
    def test_refuses_arguments_that_make_no_sense(self, folder, more, told):
        with pytest.raises(CommandError, match=told):
            check(folder, *more)

    def test_names_the_file_that_is_missing(self, folder):
        (folder / "couriers.txt").unlink()
        with pytest.raises(CommandError, match=r"couriers\.txt: cannot be read"):
            check(folder)


@pytest.mark.django_db
class TestSimulateReplay:
    def test_refuses_a_platform_with_other_travel_times(self, folder, settings):
        settings.FLEETSYNC_TRAVEL_SPEED_MPS = 6.0
        with pytest.raises(CommandError, match="FLEETSYNC_TRAVEL_FACTOR is"):
            call_command("simulate_replay", str(folder), stdout=io.StringIO())
        assert not Zone.objects.exists()

    def test_refuses_a_production_platform(self, folder, settings):
        settings.FLEETSYNC_ENV = "production"
        with pytest.raises(CommandError, match=r"manage\.py createsuperuser"):
            call_command("simulate_replay", str(folder), stdout=io.StringIO())
        assert not Zone.objects.exists()

    def test_refuses_a_database_that_is_not_empty(self, folder, settings):
        settings.FLEETSYNC_TRAVEL_FACTOR, settings.FLEETSYNC_TRAVEL_SPEED_MPS = 1.0, 320 / 60
        ZoneFactory()
        with pytest.raises(CommandError, match="The database is not empty"):
            call_command("simulate_replay", str(folder), stdout=io.StringIO())
        assert not Restaurant.objects.exists()

    def test_fails_after_its_table_when_an_order_was_lost_or_doubled(self, folder, settings, losses, capsys, tmp_path):
        settings.FLEETSYNC_TRAVEL_FACTOR, settings.FLEETSYNC_TRAVEL_SPEED_MPS = 1.0, 320 / 60
        with pytest.raises(CommandError, match=losses):
            call_command("simulate_replay", str(folder), "--json", str(tmp_path / "out.json"))
        assert "orders placed" in capsys.readouterr().out
        assert (tmp_path / "out.json").exists()


@pytest.mark.django_db
class TestSetStage:
    def test_writes_the_day(self, folder):
        from datetime import UTC, datetime

        from dispatch.conf import conf_of
        from dispatch.engine.mdrp.instance import load
        from dispatch.selectors import policy_in_force

        recording = record(load(folder), centre=CENTRE)
        now = datetime(2026, 3, 1, tzinfo=UTC)
        stage = set_stage(recording=recording, time_zone="America/New_York", strategy="nearest", now=now)
        conf = conf_of(stage.zone.dispatch)
        assert (conf.half_pickup_s, conf.half_dropoff_s, conf.search_limit_s) == (120.0, 120.0, 5400.0)
        assert policy_in_force(zone_id=stage.zone.pk).policy.strategy == "nearest"
        assert [len(each) for each in (stage.restaurants, stage.drivers, stage.customers)] == [1, 2, 2]
        assert all(stage.zone.polygon.contains(restaurant.point) for restaurant in stage.restaurants)
        assert not stage.customers[0].has_usable_password()


class TestLastOrderS:
    def test_leaves_the_last_orders_their_time(self):
        assert last_order_s(1000.0, 300.0, 20.0) == 1000.0 + 6000.0 - 840.0

    def test_lets_a_short_run_order_in_its_first_half(self):
        assert last_order_s(1000.0, 60.0, 5.0) == 1150.0

    def test_never_ends_without_a_duration(self):
        assert last_order_s(1000.0, None, 5.0) is None


@pytest.mark.django_db
class TestSimulate:
    def test_needs_a_city(self):
        with pytest.raises(CommandError, match=r"run manage\.py seed first"):
            call_command("simulate", stdout=io.StringIO())

    @pytest.mark.parametrize("option", [["--accept", "2"], ["--drivers", "0"]])
    def test_refuses_arguments_that_make_no_sense(self, option):
        with pytest.raises(CommandError, match="expected"):
            call_command("simulate", *option, stdout=io.StringIO())

    def test_fails_after_its_table_when_an_order_was_lost_or_doubled(self, losses, capsys):
        call_command("seed", "--restaurants", "2", "--drivers", "1", "--customers", "1", stdout=io.StringIO())
        with pytest.raises(CommandError, match=losses):
            call_command("simulate", "--drivers", "1", "--customers", "1")
        assert "orders placed" in capsys.readouterr().out

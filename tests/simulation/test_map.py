"""The live map under many drivers: what is put on it, and how frames are counted."""

from random import Random

import pytest
from django.core.management import CommandError, call_command

from dispatch.models import Delivery, DriverSession, Offer
from dispatch.states import ACTIVE, DeliveryStatus, SessionStatus
from fleetsync.core import clock
from fleetsync.core.geo import distance_m
from restaurants.models import Zone
from simulation.browser import NoBrowser, find_chromium
from simulation.framerate import per_second, percentile
from simulation.mapstage import OFFERS, SPEED_MPS, ride, set_map
from tests.factories import ZoneFactory
from tracking import gateway


class TestFrames:
    def test_counts_whole_seconds_and_leaves_the_broken_last_one_out(self):
        assert per_second([0.0, 20.0, 990.0, 1000.0, 1900.0, 2000.0, 2500.0]) == [3, 2]

    def test_of_nothing_there_is_nothing(self):
        assert per_second([]) == []
        assert percentile([], 0.95) == 0.0

    def test_percentile_is_the_nearest_rank(self):
        assert percentile([4.0, 1.0, 3.0, 2.0], 0.05) == 1.0
        assert percentile([float(n) for n in range(1, 101)], 0.95) == 95.0


class TestChromium:
    def test_a_path_that_is_no_program_is_named(self, monkeypatch, tmp_path):
        monkeypatch.setenv("FLEETSYNC_CHROMIUM", str(tmp_path / "none"))
        with pytest.raises(NoBrowser, match=r"no Chromium .*none\. What helps: apt-get install chromium"):
            find_chromium()

    def test_without_one_the_message_says_what_to_install(self, monkeypatch, tmp_path):
        monkeypatch.delenv("FLEETSYNC_CHROMIUM", raising=False)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(NoBrowser, match="no Chromium here"):
            find_chromium()


@pytest.mark.django_db
class TestStage:
    def test_every_driver_is_online_and_four_of_five_have_a_job(self):
        riders = set_map(drivers=40, seed=1, now=clock.now())
        assert len(riders) == DriverSession.objects.filter(ended_at=None).count() == 40
        busy = DriverSession.objects.filter(status=SessionStatus.BUSY).count()
        assert 24 <= busy < 40
        assert Delivery.objects.filter(status__in=ACTIVE).count() == busy
        assert Delivery.objects.filter(status=DeliveryStatus.SEARCHING).count() == OFFERS
        assert Offer.objects.count() == min(OFFERS, 40 - busy)

    def test_riding_moves_everybody_at_their_speed_and_reports_it(self):
        riders = set_map(drivers=5, seed=1, now=clock.now())
        before = [rider.place for rider in riders]
        ride(riders, zone=Zone.objects.get(), seconds=2.0, now=clock.now(), random=Random(1))
        assert [round(distance_m(a, rider.place)) for a, rider in zip(before, riders, strict=True)] == [
            round(2 * SPEED_MPS)
        ] * 5
        reported = {each.driver_id for each in gateway.drain()}
        assert {rider.driver.pk for rider in riders} <= reported


@pytest.mark.django_db
class TestCommand:
    def test_leaves_a_database_that_is_not_empty_alone(self):
        ZoneFactory()
        with pytest.raises(CommandError, match="not empty"):
            call_command("simulate_map")
        assert DriverSession.objects.count() == 0

    @pytest.mark.parametrize(("option", "value"), [("drivers", 0), ("drivers", 5001), ("minutes", 0.01)])
    def test_says_what_an_option_may_be(self, option, value):
        with pytest.raises(CommandError, match=f"--{option}: expected"):
            call_command("simulate_map", **{option: value})

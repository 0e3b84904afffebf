"""What a round sees of its zone."""

import io
import pickle
from datetime import timedelta

import pytest

from dispatch import services
from dispatch.conf import conf_of
from dispatch.engine import Policy
from dispatch.models import DriverPosition, DriverSession, Offer
from dispatch.selectors import look_at_zone
from fleetsync.core.travel import provider
from tests.factories import OfferFactory

ACTOR = "usr_test"
TICK = timedelta(seconds=10)


class TestLookAtZone:
    def test_holds_nothing_that_would_make_the_child_import_the_platform(self, kitchen):
        kitchen.delivery()
        kitchen.online()
        look = look_at_zone(
            zone_id=kitchen.zone.pk, conf=conf_of({}), travel=provider(), now=kitchen.now, period=TICK, memo=None
        )
        modules = {module for module, _ in _classes_in(pickle.dumps(look.snapshot))}
        assert modules <= {"dispatch.engine.model", "dispatch.engine.acceptance", "dispatch.engine.travel", "builtins"}

    def test_masks_who_gave_it_back_but_not_who_went_offline(self, kitchen):
        delivery, driver = kitchen.carried()
        services.give_back(delivery_id=delivery.pk, driver_id=driver.pk, reason="tyre", now=kitchen.now, actor=ACTOR)
        conf = conf_of({})
        fields = {
            "zone_id": kitchen.zone.pk,
            "conf": conf,
            "travel": provider(),
            "now": kitchen.now,
            "period": TICK,
            "memo": None,
        }
        assert look_at_zone(**fields).jobs[str(delivery.pk)].masked == {driver.pk}
        Offer.objects.update(reason="driver-offline")
        assert look_at_zone(**fields).jobs[str(delivery.pk)].masked == frozenset()

    def test_leaves_out_who_is_silent_paused_or_not_fresh(self, kitchen):
        kitchen.delivery()
        silent, paused, stale, fresh = (kitchen.online() for _ in range(4))
        DriverSession.objects.filter(pk=silent.pk).update(lease_until=kitchen.now)
        DriverSession.objects.filter(pk=paused.pk).update(status="PAUSED")
        DriverPosition.objects.filter(driver=stale.driver).update(received_at=kitchen.now - timedelta(seconds=61))
        look = look_at_zone(
            zone_id=kitchen.zone.pk, conf=conf_of({}), travel=provider(), now=kitchen.now, period=TICK, memo=None
        )
        assert [each.driver_id for each in look.drivers.values()] == [fresh.driver_id]

    def test_says_where_and_when_a_busy_driver_is_free(self, kitchen):
        delivery, _ = kitchen.carried()
        kitchen.delivery()
        look = look_at_zone(
            zone_id=kitchen.zone.pk, conf=conf_of({}), travel=provider(), now=kitchen.now, period=TICK, memo=None
        )
        (busy,) = look.snapshot.drivers
        assert busy.state == "BUSY"
        assert look.snapshot.places[busy.place] == (delivery.dropoff_point.x, delivery.dropoff_point.y)
        (job,) = look.jobs.values()
        drive_s = provider().times_s([job.pickup], [job.dropoff])[0][0]
        expected = delivery.ready_at.timestamp() + 120 + drive_s + 120 + 120
        assert busy.free_s == pytest.approx(expected, abs=1.0)

    def test_counts_the_second_half_of_the_handing_over(self, kitchen):
        delivery, driver = kitchen.carried()
        services.drop_off(
            delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now + timedelta(seconds=1), actor=ACTOR
        )
        kitchen.delivery()
        look = look_at_zone(
            zone_id=kitchen.zone.pk,
            conf=conf_of({}),
            travel=provider(),
            now=kitchen.now + timedelta(seconds=2),
            period=TICK,
            memo=None,
        )
        (freed,) = look.drivers.values()
        assert freed.free_at == kitchen.now + timedelta(seconds=121)

    def free(self, kitchen, after_s: float):
        """Return the one driver of the zone as a round so much later sees him, somebody waiting."""
        kitchen.delivery()
        look = look_at_zone(
            zone_id=kitchen.zone.pk,
            conf=conf_of({}),
            travel=provider(),
            now=kitchen.now + timedelta(seconds=after_s),
            period=TICK,
            memo=None,
        )
        ((seen,), (driver,)) = look.drivers.values(), look.snapshot.drivers
        return (seen.free_at - kitchen.now).total_seconds(), driver.state, driver.idle_s

    def test_finds_who_comes_back_from_a_pause_free_at_once_and_idle_since_then(self, kitchen):
        session, pause_at = kitchen.online(), kitchen.now + timedelta(seconds=5)
        services.pause_session(driver=session.driver, now=pause_at, actor=ACTOR)
        services.resume_session(driver=session.driver, now=pause_at + timedelta(seconds=5), actor=ACTOR)
        assert self.free(kitchen, 12) == (12, "IDLE", 2)

    @pytest.mark.parametrize("how", ["give_back", "unassign", "cancel"])
    def test_finds_who_no_longer_holds_what_he_never_fetched_free_at_once(self, kitchen, how):
        delivery, driver = kitchen.carried()
        at = kitchen.now + timedelta(seconds=10)
        if how == "give_back":
            services.give_back(delivery_id=delivery.pk, driver_id=driver.pk, reason="tyre", now=at, actor=ACTOR)
        elif how == "unassign":
            services.unassign(delivery_id=delivery.pk, reason="stalled", now=at, actor=ACTOR)
        else:
            services.cancel_delivery(order_id=delivery.order_id, reason="oops", now=at)
        assert self.free(kitchen, 12) == (12, "IDLE", 2)

    def test_counts_the_handing_over_too_where_another_order_is_cancelled_after_it(self, kitchen):
        delivery, driver = kitchen.carried()
        other = kitchen.delivery()
        services.assign(delivery_id=other.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        services.drop_off(delivery_id=delivery.pk, driver_id=driver.pk, now=kitchen.now, actor=ACTOR)
        services.cancel_delivery(order_id=other.order_id, reason="oops", now=kitchen.now + timedelta(seconds=10))
        assert self.free(kitchen, 12) == (120, "BUSY", 2)

    def test_counts_the_second_half_of_bringing_it_back(self, kitchen):
        delivery, driver = kitchen.carried()
        steps = {"delivery_id": delivery.pk, "driver_id": driver.pk, "now": kitchen.now, "actor": ACTOR}
        services.pick_up(**steps)
        services.fail_dropoff(**steps, reason="nobody there")
        services.return_delivery(**steps)
        assert self.free(kitchen, 12) == (120, "BUSY", 12)

    @pytest.mark.parametrize(("strategy", "queries"), [("nearest", 3), ("batch", 4), ("plan", 7)])
    def test_takes_few_queries_whatever_the_size(self, kitchen, django_assert_num_queries, strategy, queries):
        for _ in range(5):
            kitchen.delivery()
            kitchen.online()
        kitchen.carried()
        with django_assert_num_queries(queries):
            look = look_at_zone(
                zone_id=kitchen.zone.pk,
                conf=conf_of({}),
                travel=provider(),
                now=kitchen.now,
                period=TICK,
                memo=None,
                policy=Policy(strategy=strategy),
            )
        assert len(look.snapshot.past) == (6 if strategy == "plan" else 0)

    def test_knows_how_each_driver_answered(self, kitchen):
        kitchen.delivery()
        keen, picky, lost, fresh = [kitchen.online().driver for _ in range(4)]
        for driver, status in ((keen, "ACCEPTED"), (keen, "RETURNED"), (picky, "DECLINED"), (picky, "EXPIRED")):
            OfferFactory(driver=driver, status=status, distance_m=1500, answered_at=kitchen.now)
        for status in ("WITHDRAWN", "UNDELIVERED", "OPEN"):
            OfferFactory(driver=lost, status=status)
        look = look_at_zone(
            zone_id=kitchen.zone.pk,
            conf=conf_of({}),
            travel=provider(),
            now=kitchen.now,
            period=TICK,
            memo=None,
            policy=Policy(strategy="batch"),
        )
        drivers = {driver.id: driver for driver in look.snapshot.drivers}
        common = (20 * 0.85 + 2) / 24
        assert drivers[str(keen.pk)].accept_p == pytest.approx((2 + 8 * common) / 10)
        assert drivers[str(picky.pk)].accept_p == pytest.approx(8 * common / 10)
        assert drivers[str(lost.pk)].accept_p == drivers[str(fresh.pk)].accept_p == pytest.approx(common)
        assert (drivers[str(keen.pk)].usual_km, drivers[str(fresh.pk)].usual_km) == (1.5, None)


def _classes_in(data: bytes) -> set[tuple[str, str]]:
    found = set()

    class Listing(pickle.Unpickler):
        def find_class(self, module, name):
            found.add((module, name))
            return super().find_class(module, name)

    Listing(io.BytesIO(data)).load()
    return found

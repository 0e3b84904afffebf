"""Moments and days that clients give lie within ten years of now: beyond, the calendar itself ends."""

from datetime import timedelta

import pytest

from dispatch.models import DriverSession, Shift
from fleetsync.core import clock, ids
from fleetsync.core.api import FAR, DayField, MomentField
from restaurants.models import Closure
from tests.factories import DispatcherFactory, DriverFactory, OrderFactory, RestaurantStaffFactory, ZoneFactory

pytestmark = pytest.mark.django_db
API = "/api/v1"
FIRST, LAST = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
ENDS = pytest.mark.parametrize("at", [FIRST, "0001-01-01T00:00:00+14:00", LAST, "9999-12-31T23:59:59-12:00"])


def blamed(answer) -> tuple[int, list[str]]:
    return answer.status_code, sorted(each["attr"] for each in answer.json()["errors"])


class TestMomentField:
    def test_takes_ten_years_and_no_more(self):
        now = clock.now()
        for field in (MomentField(), DayField()):
            for way in (-1, 1):
                near, far = now + way * (FAR - timedelta(days=1)), now + way * (FAR + timedelta(days=1))
                if isinstance(field, DayField):
                    near, far = near.date(), far.date()
                assert field.run_validation(near.isoformat()) == near
                with pytest.raises(Exception, match="within ten years") as refusal:
                    field.run_validation(far.isoformat())
                assert refusal.value.get_codes() == ["far"]


class TestEveryMoment:
    @ENDS
    @pytest.mark.parametrize("path", ["past", "events", "heat", "figures"])
    def test_of_the_time_machine_is_refused_at_the_ends_of_the_calendar(self, acting, path, at):
        zone = f"{API}/zones/{ids.public('zone_id', ZoneFactory().pk)}"
        ops = acting(DispatcherFactory())
        assert blamed(ops.get(f"{zone}/{path}", {"at": at})) == (400, ["at"])
        farthest = (clock.now() - FAR + timedelta(days=1)).isoformat()
        assert ops.get(f"{zone}/{path}", {"at": farthest}).status_code == 200

    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_of_earnings_is_refused_at_the_ends_of_the_calendar(self, acting, day):
        assert blamed(acting(DriverFactory().user).get(f"{API}/drivers/me/earnings", {"day": day})) == (400, ["day"])

    def test_of_a_shift_is_refused_at_the_ends_of_the_calendar(self, acting):
        shift = {"driver_id": ids.public("driver_id", DriverFactory().pk), "starts_at": FIRST, "ends_at": LAST}
        rest = {"break_from": FIRST, "break_to": LAST}
        answer = acting(DispatcherFactory()).post(f"{API}/shifts", shift | rest)
        assert blamed(answer) == (400, ["break_from", "break_to", "ends_at", "starts_at"])
        assert not Shift.objects.exists()

    @ENDS
    def test_of_a_session_is_refused_at_the_ends_of_the_calendar(self, acting, at):
        body = {"position": {"lat": 39.29, "lng": -76.61}, "off_at": at}
        answer = acting(DriverFactory(user__email="ada@example.org").user).post(f"{API}/driver-sessions", body)
        assert blamed(answer) == (400, ["off_at"])
        assert not DriverSession.objects.exists()

    @ENDS
    def test_of_a_kitchen_is_refused_at_the_ends_of_the_calendar(self, acting, at):
        order = OrderFactory()
        staff = acting(RestaurantStaffFactory(restaurant=order.restaurant).user)
        own = f"{API}/restaurants/{ids.public('restaurant_id', order.restaurant_id)}"
        told = f"{API}/orders/{ids.public('order_id', order.pk)}"
        assert blamed(staff.post(f"{own}/closures", {"starts_at": at, "ends_at": at})) == (
            400,
            ["ends_at", "starts_at"],
        )
        assert blamed(staff.post(f"{own}/pause", {"until": at})) == (400, ["until"])
        for step in ("accept", "delay"):
            assert blamed(staff.post(f"{told}/{step}", {"ready_at": at})) == (400, ["ready_at"])
        order.refresh_from_db()
        assert (order.status, order.restaurant.paused_until, Closure.objects.exists()) == ("PLACED", None, False)

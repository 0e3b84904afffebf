"""Closures over HTTP: whose, how long, and what the public reads meanwhile."""

from datetime import timedelta

import pytest

from fleetsync.core import clock, ids
from restaurants.models import Closure, OpeningHours
from tests.factories import ClosureFactory, RestaurantFactory, RestaurantStaffFactory
from tests.restaurants.test_views import API, rst

pytestmark = pytest.mark.django_db


class TestClosures:
    def test_walk(self, acting):
        staff = RestaurantStaffFactory()
        client, url = acting(staff.user), f"{rst(staff.restaurant)}/closures"
        now = clock.now()
        body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat(), "reason": "holiday"}
        made = client.post(url, body)
        assert made.status_code == 201
        assert client.get(rst(staff.restaurant)).json()["is_open"] is False
        one = f"{url}/{made.json()['id']}"
        assert client.patch(one, {"ends_at": body["starts_at"]}).status_code == 400
        assert client.patch(one, {"reason": "party"}).json()["reason"] == "party"
        assert [row["reason"] for row in client.get(url).json()] == ["party"]
        assert client.delete(one).status_code == 204
        assert client.get(one).status_code == 404
        assert client.get(rst(staff.restaurant)).json()["is_open"] is True

    def test_end_after_they_start(self, acting):
        staff = RestaurantStaffFactory()
        body = {"starts_at": "2026-11-23T12:00Z", "ends_at": "2026-11-23T12:00Z"}
        answer = acting(staff.user).post(f"{rst(staff.restaurant)}/closures", body)
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "ends_at")
        assert not Closure.objects.exists()

    @pytest.mark.parametrize("days", [731, 1_000_000])
    def test_end_within_two_years(self, acting, days):
        staff = RestaurantStaffFactory()
        client, url = acting(staff.user), f"{rst(staff.restaurant)}/closures"
        now = clock.now()
        body = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(days=days)).isoformat()}
        answer = client.post(url, body)
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "ends_at")
        assert not Closure.objects.exists()
        made = client.post(url, body | {"ends_at": (now + timedelta(days=729)).isoformat()}).json()
        answer = client.patch(f"{url}/{made['id']}", {"ends_at": body["ends_at"]})
        assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, "ends_at")
        assert Closure.objects.get().ends_at == now + timedelta(days=729)

    def test_that_never_end_leave_the_restaurant_readable(self, anyone):
        row = RestaurantFactory(always_open=False)
        OpeningHours.objects.create(restaurant=row, weekday=0, opens="09:00", closes="17:00")
        now = clock.now()
        ClosureFactory(restaurant=row, starts_at=now, ends_at=now.replace(year=9999, month=12, day=31))
        body = anyone.get(rst(row)).json()
        assert (body["is_open"], body["next_opening_at"]) == (False, None)
        assert [each["is_open"] for each in anyone.get(f"{API}/restaurants").json()["results"]] == [False]

    def test_of_another_restaurant_are_not_here(self, acting):
        staff, foreign = RestaurantStaffFactory(), ClosureFactory()
        url = f"{rst(staff.restaurant)}/closures/{ids.encode('cls', foreign.pk)}"
        client = acting(staff.user)
        assert [client.get(url).status_code, client.delete(url).status_code] == [404, 404]

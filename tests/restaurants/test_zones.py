"""Zones over HTTP: everybody reads, admins write."""

import pytest

from fleetsync.core import ids
from fleetsync.core.models import Event
from restaurants.models import Zone
from tests.factories import (
    AdminFactory,
    DispatcherFactory,
    RestaurantFactory,
    StaffUserFactory,
    UserFactory,
    ZoneFactory,
)

pytestmark = pytest.mark.django_db
API = "/api/v1"
SQUARE = [
    {"lat": 39.2, "lng": -76.7},
    {"lat": 39.2, "lng": -76.5},
    {"lat": 39.4, "lng": -76.5},
    {"lat": 39.4, "lng": -76.7},
]


class TestZones:
    BODY = {"name": "Centre", "polygon": SQUARE, "time_zone": "America/New_York", "dispatch": {"tick_s": 20}}

    def test_walk(self, acting, anyone):
        admin = acting(AdminFactory())
        made = admin.post(f"{API}/zones", self.BODY)
        assert (made.status_code, made.json()["polygon"]) == (201, SQUARE)
        one = f"{API}/zones/{made.json()['id']}"
        (listed,) = anyone.get(f"{API}/zones").json()
        assert set(listed) == {"id", "name", "polygon", "time_zone", "currency", "active"}
        assert acting(DispatcherFactory()).get(one).json()["dispatch"] == {"tick_s": 20}
        assert admin.patch(one, {"active": False, "dispatch": {}}).json()["active"] is False
        closed_ring = [*SQUARE[:3], SQUARE[0]]
        assert admin.patch(one, {"polygon": closed_ring}).json()["polygon"] == SQUARE[:3]
        assert admin.post(f"{API}/zones", self.BODY).json()["code"] == "zone-name-taken"
        assert admin.delete(one).status_code == 204
        assert anyone.get(one).status_code == 404

    @pytest.mark.parametrize(
        "change",
        [
            {"polygon": SQUARE[:2]},
            {"polygon": [SQUARE[0]] * 5},
            {"polygon": [SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3]]},  # crosses itself
            {"polygon": [{"lat": 0, "lng": 0}, {"lat": 0, "lng": 9}, {"lat": 9, "lng": 9}]},  # 1000 km
            {"polygon": [{"lat": 0, "lng": 179}, {"lat": 0, "lng": -179}, {"lat": 1, "lng": 179}]},
            {"polygon": SQUARE * 130},
            {"polygon": [*SQUARE[:3], {"lat": True, "lng": 0}]},
            {"polygon": "POLYGON((0 0,1 0,1 1,0 0))"},
            {"time_zone": "Nowhere"},
            {"currency": "usd"},
            {"dispatch": []},
            {"present_delay_s": 1},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_refuse_what_is_no_zone(self, acting, change):
        answer = acting(AdminFactory()).post(f"{API}/zones", self.BODY | change)
        assert answer.status_code == 400
        assert not Zone.objects.exists()

    @pytest.mark.parametrize(
        ("given", "detail"),
        [
            ({"offer_life_s": "abc", "tick_s": 20}, "offer_life_s: expected a number, got 'abc'"),
            ({"tick_s": 20, "nonsense": 1}, "nonsense: no such setting"),
            ({"tick_s": 0}, "tick_s: expected 1 to 600, got 0"),
            ({"tick_s": 10**400}, "int too large to convert to float"),
        ],
    )
    def test_refuse_dispatch_settings_that_nobody_could_use(self, acting, given, detail):
        row, admin = ZoneFactory(dispatch={"tick_s": 15}), acting(AdminFactory())
        one = f"{API}/zones/{ids.encode('zon', row.pk)}"
        for answer in (
            admin.patch(one, {"dispatch": given, "name": "Other"}),
            admin.post(f"{API}/zones", self.BODY | {"dispatch": given}),
        ):
            assert (answer.status_code, answer.json()["errors"]) == (
                400,
                [{"code": "dispatch-settings-invalid", "detail": detail, "attr": "dispatch"}],
            )
        assert list(Zone.objects.values_list("name", "dispatch")) == [(row.name, {"tick_s": 15})]
        assert not Event.objects.exists()

    def test_with_unusable_settings_of_old_are_mended_bit_by_bit(self, acting):
        row, admin = ZoneFactory(dispatch={"nonsense": 1}), acting(AdminFactory())
        one = f"{API}/zones/{ids.encode('zon', row.pk)}"
        assert admin.patch(one, {"name": "Other"}).status_code == 200
        assert admin.patch(one, {"dispatch": {"tick_s": 20}}).json()["dispatch"] == {"tick_s": 20}

    def test_are_written_by_admins(self, acting, anyone):
        one = f"{API}/zones/{ids.encode('zon', ZoneFactory().pk)}"
        for who in (DispatcherFactory, UserFactory, StaffUserFactory):
            assert acting(who()).patch(one, {"active": False}).status_code == 403
        assert anyone.delete(one).status_code == 401
        assert Zone.objects.get().active

    def test_in_use_stay(self, acting):
        restaurant = RestaurantFactory()
        answer = acting(AdminFactory()).delete(f"{API}/zones/{ids.encode('zon', restaurant.zone_id)}")
        assert (answer.status_code, answer.json()["code"]) == (409, "zone-in-use")
        assert Zone.objects.count() == 1

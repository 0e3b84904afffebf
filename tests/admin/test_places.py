"""Zones and places in the back office: drawn, checked, shown on offline maps."""

import pytest
from django.urls import reverse

from fleetsync.core import clock
from fleetsync.core.models import Event
from restaurants.lateness import Lateness
from restaurants.models import Zone
from restaurants.services import set_preparation
from tests import factories
from tests.admin.test_actions import act, types

pytestmark = pytest.mark.django_db


class TestZones:
    SQUARE = "39.20, -76.70\n39.20, -76.60\n39.30, -76.60\n39.30, -76.70"

    def body(self, **changes) -> dict:
        values = {"name": "South", "active": "on", "polygon": self.SQUARE, "time_zone": "America/New_York"}
        return values | {"currency": "USD", "dispatch": "{}"} | changes

    def test_are_drawn_by_admins(self, admin_browser):
        assert admin_browser.post(reverse("admin:restaurants_zone_add"), self.body()).status_code == 302
        zone = Zone.objects.get()
        assert zone.polygon.exterior_ring[0] == (-76.70, 39.20)
        url = reverse("admin:restaurants_zone_change", args=[zone.pk])
        assert admin_browser.post(url, self.body(name="Deep South")).status_code == 302
        zone.refresh_from_db()
        assert zone.name == "Deep South"
        assert Event.objects.order_by("id").last().payload["fields"] == ["name"]

    @pytest.mark.parametrize(
        "polygon",
        ["", "1, 2", "39.2, -76.7\n39.3, -76.6\n39.2, -76.6\n39.3, -76.7", "POLYGON((0 0))", "99, 0\n0, 0\n1, 1"],
    )
    def test_take_no_impossible_area(self, admin_browser, polygon):
        answer = admin_browser.post(reverse("admin:restaurants_zone_add"), self.body(polygon=polygon))
        assert answer.status_code == 200
        assert not Zone.objects.exists()

    def test_take_no_dispatch_settings_that_nobody_could_use(self, admin_browser):
        zone = factories.ZoneFactory(dispatch={"tick_s": 15})
        url = reverse("admin:restaurants_zone_change", args=[zone.pk])
        for settings in ('{"offer_life_s": "abc"}', '{"nonsense": 1}', "[]", "7"):
            answer = admin_browser.post(url, self.body(dispatch=settings))
            assert (answer.status_code, "dispatch" in answer.context["adminform"].errors) == (200, True)
        zone.refresh_from_db()
        assert (zone.dispatch, types()) == ({"tick_s": 15}, [])
        assert admin_browser.post(url, self.body(dispatch='{"tick_s": 20}')).status_code == 302

    def test_tell_that_they_are_in_use(self, admin_browser):
        zone = factories.RestaurantFactory().zone
        act(admin_browser, Zone, "delete_selected", zone, post="yes")
        assert Zone.objects.filter(pk=zone.pk).exists()


class TestMaps:
    def test_stand_on_our_own_backdrop(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        data = dispatcher_browser.get(reverse("admin:map-backdrop")).json()
        kinds = [feature["properties"]["kind"] for feature in data["features"]]
        assert kinds == ["zone", "restaurant"]
        assert data["features"][1]["geometry"]["coordinates"] == [restaurant.point.x, restaurant.point.y]

    def test_load_leaflet_from_our_own_disk_and_nothing_from_outside(self, admin_browser):
        from django.contrib.staticfiles import finders

        restaurant = factories.RestaurantFactory()
        url = reverse("admin:restaurants_restaurant_change", args=[restaurant.pk])
        content = admin_browser.get(url).content.decode()
        for path in ("vendor/leaflet/leaflet.js", "vendor/leaflet/leaflet.css", "fleetsync/js/admin_map.js"):
            assert f"/static/{path}" in content
            assert finders.find(path)
        assert 'src="http' not in content
        assert "data-fs-map=" in content
        assert f'value="{restaurant.point.y}"' in content

    def test_are_for_staff(self, client):
        assert client.get(reverse("admin:map-backdrop")).status_code == 302


class TestLearnedPreparation:
    def page(self, browser, restaurant):
        return browser.get(reverse("admin:restaurants_restaurant_change", args=[restaurant.pk])).content.decode()

    def test_stands_beside_what_the_kitchen_states(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory(preparation_min=15)
        learned = [
            Lateness(late_s=540.0, std_s=120.0, orders=31.0),
            Lateness(hour=9, pieces=2, late_s=-60.0, std_s=60.0, orders=4.0),
        ]
        set_preparation(restaurant_id=restaurant.pk, learned=learned, orders=31, now=clock.now())
        page = self.page(dispatcher_browser, restaurant)
        for cells in (("any", "any", "24 min", "+9 min", "± 2 min", "31"), ("09:00", "about 2", "14 min", "-1 min")):
            assert "".join(f"<td>{cell}</td>" for cell in cells) in page

    def test_says_that_nothing_is_known_yet(self, dispatcher_browser):
        page = self.page(dispatcher_browser, factories.RestaurantFactory(preparation_min=15))
        assert "Nothing yet: 15 min, as stated." in page

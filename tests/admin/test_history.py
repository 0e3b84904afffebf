"""Every manual change: who, when, what it was before and is after, on the object's own page."""

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from fleetsync.core import ids
from fleetsync.core.models import Event
from orders.models import Order
from tests import factories
from tests.admin.test_actions import TestMenus, TestRestaurants, act

pytestmark = pytest.mark.django_db


def the_only() -> str:
    return LogEntry.objects.get().get_change_message()


class TestHistory:
    def test_says_before_and_after_of_what_was_edited(self, dispatcher_browser):
        item = factories.MenuItemFactory(name="Soup", price_minor=500)
        url = reverse("admin:restaurants_menuitem_change", args=[item.pk])
        dispatcher_browser.post(url, TestMenus().item_form(item, price_minor="7.77", available=""))
        assert the_only() == "price: 5.00 USD → 7.77 USD; available: yes → no"
        page = dispatcher_browser.get(url).content.decode()
        assert "price: 5.00 USD → 7.77 USD" in page
        assert User.objects.get(role=Role.DISPATCHER).get_full_name() in page

    def test_tells_of_the_rows_below_and_of_places(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        week = {
            "opening_hours-TOTAL_FORMS": 1,
            "opening_hours-0-weekday": 0,
            "opening_hours-0-opens": "09:00",
            "opening_hours-0-closes": "17:00",
        }
        TestRestaurants().post(dispatcher_browser, restaurant, point_lat="39.291000", **week)
        said = the_only()
        assert "39.29000, -76.61000 → 39.29100, -76.61000" in said
        assert "opening hours “" in said
        assert said.endswith("added")

    def test_holds_actions_as_they_were_pressed(self, dispatcher_browser):
        order = factories.OrderFactory()
        act(dispatcher_browser, Order, "cancel", order)
        assert the_only() == "Cancel"

    def test_holds_nothing_of_what_was_refused(self, dispatcher_browser):
        act(dispatcher_browser, Order, "cancel", factories.OrderFactory(status="DELIVERED"))
        restaurant = factories.RestaurantFactory()
        TestRestaurants().post(dispatcher_browser, restaurant, point_lat="0", point_lng="0")
        assert not LogEntry.objects.exists()

    def test_escapes_what_people_wrote(self, dispatcher_browser):
        item = factories.MenuItemFactory(name="Soup")
        url = reverse("admin:restaurants_menuitem_change", args=[item.pk])
        dispatcher_browser.post(url, TestMenus().item_form(item, name="<script>x()</script>"))
        assert "<script>x()" not in dispatcher_browser.get(url).content.decode()

    def test_is_a_list_for_admins_alone(self, admin_browser, dispatcher_browser):
        order = factories.OrderFactory()
        act(dispatcher_browser, Order, "cancel", order)
        url = reverse("admin:admin_logentry_changelist")
        assert "Cancel" in admin_browser.get(url).content.decode()
        assert dispatcher_browser.get(url).status_code == 403


class TestActor:
    def test_of_an_edited_person_is_the_member_of_staff(self, admin_browser):
        user, boss = factories.UserFactory(), User.objects.get(role=Role.ADMIN)
        url = reverse("admin:accounts_user_change", args=[user.pk])
        admin_browser.post(url, {"name": "New Name", "phone": "", "role": user.role})
        event = Event.objects.get(type="user.profile_changed")
        assert (event.actor, event.payload["fields"]) == (ids.encode("usr", boss.pk), ["name"])
        assert "New Name" not in str(event.payload)
        assert user.history.first().history_user == boss

    def test_of_an_edited_driver_is_the_member_of_staff(self, dispatcher_browser):
        driver, staff = factories.DriverFactory(), User.objects.get(role=Role.DISPATCHER)
        body = {"vehicle": "CAR", "capacity": 5, "plate": ""}
        for prefix in ("documents", "shifts"):
            body |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
        dispatcher_browser.post(reverse("admin:accounts_driver_change", args=[driver.pk]), body)
        assert Event.objects.get().actor == ids.encode("usr", staff.pk)
        assert the_only() == "vehicle: Scooter → Car; capacity: 2 → 5"

"""Every manual change: who, when, what it was before and is after, on the object's own page."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts import groups
from accounts.models import Driver, User
from accounts.states import Role
from fleetsync.core import ids
from fleetsync.core.models import Event
from orders.models import Order
from restaurants.models import MenuItem, Restaurant, Zone
from tests import factories
from tests.admin.conftest import log_in
from tests.admin.test_actions import TestMenus, TestRestaurants, act

pytestmark = pytest.mark.django_db
#: Models that keep their former states, and how to make a row of each.
KEPT = {
    User: factories.UserFactory,
    Driver: factories.DriverFactory,
    Zone: factories.ZoneFactory,
    Restaurant: factories.RestaurantFactory,
    MenuItem: factories.MenuItemFactory,
}
EACH = pytest.mark.parametrize("model", list(KEPT), ids=lambda model: model.__name__)


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


def member(group: str, **more) -> User:
    user = factories.UserFactory(is_staff=True, **more)
    user.groups.add(Group.objects.get(name=group))
    return user


def former(row, version=None) -> str:
    """Return the address of a row's latest state, or of one by its number."""
    number = row.history.latest().history_id if version is None else version
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_simple_history", args=[row.pk, number])


class TestFormerStates:
    def test_are_kept_of_the_models_tested_here(self):
        kept = {model for model in admin.site._registry if hasattr(model, "history")}
        assert kept == set(KEPT)

    @EACH
    def test_are_shown_without_a_way_back(self, admin_browser, model):
        row = KEPT[model]()
        page = admin_browser.get(former(row))
        assert page.status_code == 200
        assert 'type="submit"' not in page.content.decode().partition('class="submit-row')[2]
        assert admin_browser.get(former(row).rpartition("history/")[0] + "history/").status_code == 200

    @EACH
    @pytest.mark.parametrize("group", [groups.OPS_READ_ONLY, groups.ADMIN])
    def test_are_never_written_to(self, model, group):
        row = KEPT[model]()
        before = list(row.history.values())
        boss = Group.objects.get(name=groups.ADMIN)
        browser = log_in(member(group))
        body = {"name": "Eve", "role": "ADMIN", "groups": [boss.pk], "price_minor": "0.01", "capacity": 20}
        for method in (browser.post, browser.put, browser.patch, browser.delete):
            assert method(former(row), body).status_code == 405
        assert browser.post(former(row).rpartition("history/")[0] + "history/", body).status_code == 405
        assert list(row.history.values()) == before
        assert not Event.objects.exists()

    def test_make_nobody_an_admin(self):
        user = factories.DispatcherFactory(is_staff=True)
        boss = Group.objects.get(name=groups.ADMIN)
        log_in(user).post(former(user), {"name": "Eve", "phone": "", "role": "ADMIN", "groups": [boss.pk]})
        user = User.objects.get(pk=user.pk)
        assert (user.role, list(user.groups.all()), user.name == "Eve") == (Role.DISPATCHER, [], False)

    def test_of_another_kitchen_are_unknown_to_a_manager(self):
        user = member(groups.RESTAURANT_MANAGER, role=Role.RESTAURANT)
        mine, other = factories.MenuItemFactory(), factories.MenuItemFactory()
        factories.RestaurantStaffFactory(restaurant=mine.restaurant, user=user)
        browser = log_in(user)
        for row in (other, other.restaurant):
            assert browser.get(former(row)).status_code == 404
            assert browser.get(former(row).rpartition("history/")[0] + "history/").status_code == 404
        assert browser.get(former(mine)).status_code == 200

    @pytest.mark.parametrize("version", ["abc", "0", "9" * 18, "9" * 5000])
    def test_that_never_were_are_unknown(self, admin_browser, version):
        assert admin_browser.get(former(factories.ZoneFactory(), version)).status_code == 404

    def test_of_a_malformed_id_are_unknown(self, admin_browser):
        for name, args in (("simple_history", ["nonsense", 1]), ("history", ["nonsense"])):
            assert admin_browser.get(reverse(f"admin:restaurants_zone_{name}", args=args)).status_code == 404

"""Four groups, every page and every action: who sees, keeps and does what."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.urls import reverse

from accounts import errors, groups, services
from accounts.states import Role
from fleetsync.core import clock, ids
from fleetsync.core.events import change
from orders.events import OrderPreparing
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import MenuItem, Restaurant
from tests import factories
from tests.admin.conftest import log_in
from tests.admin.test_pages import MODELS as ALL
from tests.admin.test_pages import address

pytestmark = pytest.mark.django_db
MODELS = [model for model in ALL if model in admin.site._registry]
SECRET = {"TokenFamily", "RefreshToken", "SocketTicket", "IdempotencyKey"}
KITCHEN = {
    "Restaurant", "RestaurantStaff", "OpeningHours", "Closure", "MenuCategory", "MenuItem", "OptionGroup", "Option",
}  # fmt: skip
EVERYTHING = {model.__name__ for model in MODELS}
#: What each sees, and on which of those pages there is something to save.
SEES = {
    groups.OPS_READ_ONLY: EVERYTHING - SECRET - {"PositionTrail"},
    groups.DISPATCHER: EVERYTHING - SECRET,
    groups.RESTAURANT_MANAGER: KITCHEN | {"Order", "OrderLine"},
    groups.ADMIN: EVERYTHING,
}
SAVES = {
    groups.OPS_READ_ONLY: set(),
    groups.DISPATCHER: {
        "Restaurant", "MenuCategory", "MenuItem", "OptionGroup", "Option", "Driver", "DriverDocument",
    },
    groups.RESTAURANT_MANAGER: {"Restaurant", "MenuCategory", "MenuItem", "OptionGroup", "Option"},
}  # fmt: skip
DELIVERY = {"assign", "unassign", "reopen", "hold", "release", "put_first"}
ACTS = {
    groups.OPS_READ_ONLY: {},
    groups.DISPATCHER: {
        "Order": {"accept", "mark_ready", "reject", "cancel"},
        "Delivery": DELIVERY,
        "Driver": {"approve", "suspend", "reinstate"},
        "DriverSession": {"end"},
        "Restaurant": {"pause", "resume"},
        "Outbox": {"retry"},
        "DispatchPolicy": {"activate", "activate_unrehearsed", "roll_back"},
    },
    groups.RESTAURANT_MANAGER: {
        "Order": {"accept", "mark_ready", "reject", "cancel"},
        "Restaurant": {"pause", "resume"},
    },
}
SAFE = {"delete_selected", "export_admin_action"}


@pytest.fixture
def member():
    """Return a function that makes somebody in a group, as an admin would."""

    def make(group: str):
        role = {groups.DISPATCHER: Role.DISPATCHER, groups.ADMIN: Role.ADMIN}.get(group)
        if role:
            return factories.UserFactory(role=role, is_staff=True)
        role = Role.RESTAURANT if group == groups.RESTAURANT_MANAGER else Role.CUSTOMER
        user = factories.UserFactory(role=role)
        boss = factories.AdminFactory()
        services.change_groups(user=user, groups=[Group.objects.get(name=group)], admin=boss, now=clock.now())
        return user

    return make


def employ(user) -> None:
    for restaurant in Restaurant.objects.all():
        factories.RestaurantStaffFactory(restaurant=restaurant, user=user)


class TestGroups:
    def test_are_in_the_database_as_the_table_says(self):
        wrong = []
        for name, rights in groups.GROUPS.items():
            held = set(Group.objects.get(name=name).permissions.values_list("pk", flat=True))
            for permission in Permission.objects.filter(content_type__app_label__in=groups.APPS):
                may = rights.allow(*permission.codename.partition("_")[::2])
                if may != (permission.pk in held):
                    wrong.append((name, permission.codename))
        assert wrong == []

    def test_follow_the_table_again_after_somebody_changed_them(self):
        group = Group.objects.get(name=groups.OPS_READ_ONLY)
        group.permissions.add(Permission.objects.get(codename="delete_zone"))
        group.permissions.remove(Permission.objects.get(codename="view_zone"))
        groups.grant(apps.get_app_config("restaurants"))
        codes = set(group.permissions.values_list("codename", flat=True))
        assert "view_zone" in codes
        assert "delete_zone" not in codes

    def test_of_an_admins_own_are_left_alone(self):
        mine = Group.objects.create(name="Night shift")
        mine.permissions.add(Permission.objects.get(codename="delete_zone"))
        groups.grant(apps.get_app_config("restaurants"))
        assert mine.permissions.count() == 1

    @pytest.mark.parametrize("group", list(groups.GROUPS))
    def test_see_and_save_what_is_theirs_on_every_page(self, member, fill, group):
        fill()
        user = member(group)
        employ(user)
        browser, sees, saves = log_in(user), set(), set()
        for model in MODELS:
            if browser.get(address(model, "changelist")).status_code != 200:
                continue
            sees.add(model.__name__)
            row = model._default_manager.order_by("pk").last()
            answer = browser.get(address(model, "change", row.pk if row else "none"))
            if answer.status_code == 200 and 'name="_save"' in answer.content.decode():
                saves.add(model.__name__)
        assert sees == SEES[group]
        if group in SAVES:
            assert saves == SAVES[group]

    @pytest.mark.parametrize("group", list(ACTS))
    def test_have_their_actions_and_no_others(self, member, rf, group):
        request = rf.get("/admin/")
        request.user = member(group)
        found = {}
        for model in MODELS:
            names = set(admin.site._registry[model].get_actions(request)) - SAFE
            if names:
                found[model.__name__] = names
        assert found == ACTS[group]

    @pytest.mark.parametrize("group", [groups.OPS_READ_ONLY, groups.RESTAURANT_MANAGER])
    def test_without_the_right_change_nothing_by_posting_an_action(self, member, group):
        delivery = factories.DeliveryFactory()
        factories.DispatchJobFactory(delivery=delivery)
        browser = log_in(member(group))
        browser.post(
            reverse("admin:dispatch_delivery_changelist"), {"action": "hold", "_selected_action": [delivery.pk]}
        )
        browser.post(reverse("office-stuck-act", args=["hold", delivery.order_id]))
        delivery.refresh_from_db()
        assert not delivery.held


class TestChangeGroups:
    def test_lets_into_the_back_office_and_out_again(self):
        user, boss = factories.UserFactory(), factories.AdminFactory()
        group = Group.objects.get(name=groups.OPS_READ_ONLY)
        services.change_groups(user=user, groups=[group], admin=boss, now=clock.now())
        assert log_in(user).get("/admin/").status_code == 200
        services.change_groups(user=user, groups=[], admin=boss, now=clock.now())
        assert log_in(user).get("/admin/").status_code == 302

    def test_is_for_admins_and_never_for_oneself(self):
        user, dispatcher, boss = factories.UserFactory(), factories.DispatcherFactory(), factories.AdminFactory()
        for admin_, target in ((dispatcher, user), (boss, boss)):
            with pytest.raises(errors.InvitationNotAllowed):
                services.change_groups(user=target, groups=[], admin=admin_, now=clock.now())

    def test_is_what_the_users_page_does(self, admin_browser):
        user = factories.UserFactory()
        group = Group.objects.get(name=groups.RESTAURANT_MANAGER)
        url = reverse("admin:accounts_user_change", args=[user.pk])
        body = {"name": user.name, "phone": "", "role": user.role, "groups": [group.pk]}
        assert admin_browser.post(url, body).status_code == 302
        user.refresh_from_db()
        assert (user.is_staff, list(user.groups.all())) == (True, [group])


class TestRestaurantManager:
    @pytest.fixture
    def manager(self, member):
        user = member(groups.RESTAURANT_MANAGER)
        return user, log_in(user)

    def test_sees_own_restaurants_menus_and_orders_alone(self, manager):
        user, browser = manager
        mine, other = factories.OrderFactory(code="MINE"), factories.OrderFactory(code="OTHR")
        factories.RestaurantStaffFactory(restaurant=mine.restaurant, user=user)
        page = browser.get(reverse("admin:orders_order_changelist")).content.decode()
        assert "MINE" in page
        assert "OTHR" not in page
        assert browser.get(reverse("admin:orders_order_change", args=[other.pk])).status_code == 302
        assert (
            browser.get(reverse("admin:restaurants_restaurant_change", args=[other.restaurant.pk])).status_code == 302
        )

    def test_reads_neither_the_customer_nor_the_door(self, manager, admin_browser):
        user, browser = manager
        order = factories.OrderFactory(
            code="MINE",
            customer__email="eve@private.example",
            customer__name="Eve Private",
            dropoff_address="7 Secret Lane",
            dropoff_note="Key under the mat",
        )
        factories.RestaurantStaffFactory(restaurant=order.restaurant, user=user)
        with change(now=clock.now(), actor=ids.encode("usr", order.customer_id)) as emit:
            emit(OrderPreparing(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id))
        url = reverse("admin:orders_order_changelist")
        row = reverse("admin:orders_order_change", args=[order.pk])
        private = ("eve@private.example", "Eve Private", "7 Secret Lane", "Key under the mat", "At the door")
        for page in (browser.get(url), browser.get(row)):
            assert (page.status_code, [each for each in private if each in page.content.decode()]) == (200, [])
        assert "<td>order preparing</td></tr>" in browser.get(row).content.decode()
        whole = admin_browser.get(row).content.decode()
        assert [each for each in private if each not in whole] == []

    def test_finds_no_order_by_what_is_not_shown(self, manager, admin_browser):
        user, browser = manager
        order = factories.OrderFactory(code="MINE", customer__email="eve@private.example", dropoff_note="Key")
        factories.RestaurantStaffFactory(restaurant=order.restaurant, user=user)
        url = reverse("admin:orders_order_changelist")
        assert "MINE" not in browser.get(url, {"q": "eve@private"}).content.decode()
        assert "MINE" in admin_browser.get(url, {"q": "eve@private"}).content.decode()
        for lookup in (
            "dropoff_note__startswith",
            "dropoff_address__contains",
            "customer",
            "customer__email__contains",
        ):
            assert browser.get(url, {lookup: "K"}).status_code == 400, lookup
        assert browser.get(url, {"code": "MINE"}).status_code == 200

    def test_cannot_act_on_an_order_of_another(self, manager):
        _, browser = manager
        other = factories.OrderFactory()
        browser.post(reverse("admin:orders_order_changelist"), {"action": "cancel", "_selected_action": [other.pk]})
        other.refresh_from_db()
        assert other.status == OrderStatus.PLACED

    def test_puts_no_item_on_the_menu_of_another(self, manager):
        user, browser = manager
        mine, other = factories.MenuCategoryFactory(), factories.MenuCategoryFactory()
        factories.RestaurantStaffFactory(restaurant=mine.restaurant, user=user)
        body = {
            "name": "Soup", "description": "", "price_minor": "5.00", "position": 0, "available": "on",
            "option_groups-TOTAL_FORMS": 0, "option_groups-INITIAL_FORMS": 0,
        }  # fmt: skip
        url = reverse("admin:restaurants_menuitem_add")
        answer = browser.post(url, body | {"restaurant": other.restaurant.pk, "category": other.pk})
        assert (answer.status_code, MenuItem.objects.count()) == (200, 0)
        assert browser.post(url, body | {"restaurant": mine.restaurant.pk, "category": mine.pk}).status_code == 302
        assert MenuItem.objects.get().restaurant == mine.restaurant

    def test_has_no_dashboard_of_the_platform(self, manager):
        _, browser = manager
        assert "Machinery" not in browser.get("/admin/").content.decode()
        assert browser.get(reverse("office-stuck")).status_code == 403

    def test_cancels_as_the_restaurant(self, manager):
        from fleetsync.core.models import Event

        user, browser = manager
        order = factories.OrderFactory()
        factories.RestaurantStaffFactory(restaurant=order.restaurant, user=user)
        browser.post(reverse("admin:orders_order_changelist"), {"action": "cancel", "_selected_action": [order.pk]})
        assert Event.objects.get().payload["by"] == "RESTAURANT"
        assert Order.objects.get().status == OrderStatus.CANCELLED

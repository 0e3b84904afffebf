"""What people do in the back office goes through services: events are written, refusals are told."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.urls import reverse

from accounts.models import Driver, User
from accounts.states import Role
from dispatch.models import Delivery, DriverSession, Shift
from dispatch.states import DeliveryStatus, SessionStatus
from fleetsync.core import clock
from fleetsync.core.models import Event, Outbox
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import Closure, MenuItem, OpeningHours, Restaurant
from tests import factories
from tests.factories import CITY

pytestmark = pytest.mark.django_db


def act(browser, model, action: str, *rows, **more):
    """Run a list's action on rows; return the answer."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return browser.post(url, {"action": action, "_selected_action": [row.pk for row in rows], **more})


def told(answer) -> list[str]:
    """Return what this answer says, without what earlier ones left to be shown."""
    return [str(message) for message in get_messages(answer.wsgi_request)._queued_messages]


def types() -> list[str]:
    return list(Event.objects.order_by("id").values_list("type", flat=True))


class TestOrders:
    def test_are_accepted_cancelled_and_rejected_by_services(self, dispatcher_browser):
        taken, refused = factories.OrderFactory(), factories.OrderFactory()
        assert told(act(dispatcher_browser, Order, "accept", taken)) == ["1 orders accepted."]
        assert told(act(dispatcher_browser, Order, "reject", refused)) == ["1 orders rejected."]
        assert told(act(dispatcher_browser, Order, "cancel", taken)) == ["1 orders cancelled."]
        assert types() == ["order.accepted", "order.rejected", "order.cancelled"]
        assert Event.objects.order_by("id").first().actor.startswith("usr_")
        taken.refresh_from_db()
        assert taken.status == OrderStatus.CANCELLED

    def test_tell_why_a_step_was_refused(self, dispatcher_browser):
        order = factories.OrderFactory(status=OrderStatus.DELIVERED)
        (message,) = told(act(dispatcher_browser, Order, "cancel", order))
        assert message.startswith(str(order))
        assert types() == []

    def test_are_out_of_reach_for_whom_the_page_is_not(self, client):
        order = factories.OrderFactory()
        assert act(client, Order, "cancel", order).status_code == 302
        order.refresh_from_db()
        assert order.status == OrderStatus.PLACED


class TestDeliveries:
    def test_without_a_driver_are_opened_again(self, dispatcher_browser):
        delivery = factories.DeliveryFactory(status=DeliveryStatus.NO_DRIVER_FOUND)
        factories.DispatchJobFactory(delivery=delivery, searching=False)
        assert told(act(dispatcher_browser, Delivery, "reopen", delivery)) == ["1 searches opened again."]
        delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.SEARCHING
        assert types() == ["delivery.reopened"]

    def test_are_given_to_a_driver_who_is_online(self, dispatcher_browser):
        delivery = factories.DeliveryFactory()
        factories.DispatchJobFactory(delivery=delivery)
        session = factories.DriverSessionFactory(zone=delivery.zone)
        factories.DriverPositionFactory(driver=session.driver)
        page = act(dispatcher_browser, Delivery, "assign", delivery)
        assert page.status_code == 200
        assert str(session.driver) in page.content.decode()
        answer = act(dispatcher_browser, Delivery, "assign", delivery, driver=session.driver.pk)
        assert told(answer) == [f"1 deliveries given to {session.driver}."]
        delivery.refresh_from_db()
        assert delivery.driver == session.driver
        assert told(act(dispatcher_browser, Delivery, "unassign", delivery)) == ["1 deliveries taken away."]
        delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.SEARCHING

    def test_are_held_released_and_put_first(self, dispatcher_browser):
        delivery = factories.DeliveryFactory()
        factories.DispatchJobFactory(delivery=delivery)
        act(dispatcher_browser, Delivery, "hold", delivery)
        delivery.refresh_from_db()
        assert delivery.held
        act(dispatcher_browser, Delivery, "release", delivery)
        act(dispatcher_browser, Delivery, "put_first", delivery)
        delivery.refresh_from_db()
        assert (delivery.held, delivery.priority) == (False, 1)


class TestDrivers:
    def test_are_approved_suspended_and_reinstated(self, dispatcher_browser):
        driver = factories.DriverFactory(approved_at=None)
        for action in ("approve", "suspend", "reinstate"):
            act(dispatcher_browser, Driver, action, driver)
        assert types()[:3] == ["driver.approved", "driver.suspended", "driver.reinstated"]
        driver.refresh_from_db()
        assert driver.approved_at is not None
        assert driver.suspended_at is None

    def test_change_their_vehicle_by_the_service(self, dispatcher_browser):
        driver = factories.DriverFactory()
        url = reverse("admin:accounts_driver_change", args=[driver.pk])
        none = {f"{prefix}-{total}_FORMS": 0 for prefix in ("documents", "shifts") for total in ("TOTAL", "INITIAL")}
        answer = dispatcher_browser.post(url, {"vehicle": "CAR", "capacity": 5, "plate": "AB 12"} | none)
        assert answer.status_code == 302
        driver.refresh_from_db()
        assert (driver.vehicle, driver.capacity, driver.plate) == ("CAR", 5, "AB 12")
        assert types() == ["driver.profile_changed"]

    def test_are_put_offline(self, dispatcher_browser):
        session = factories.DriverSessionFactory()
        factories.DriverPositionFactory(driver=session.driver)
        assert told(act(dispatcher_browser, DriverSession, "end", session)) == ["1 sessions ended."]
        session.refresh_from_db()
        assert session.status == SessionStatus.OFFLINE

    def test_get_shifts_that_do_not_overlap(self, dispatcher_browser):
        driver = factories.DriverFactory()
        now = clock.now().replace(microsecond=0)
        body = {
            "driver": driver.pk,
            "starts_at_0": now.date().isoformat(),
            "starts_at_1": "08:00:00",
            "ends_at_0": now.date().isoformat(),
            "ends_at_1": "16:00:00",
        }
        url = reverse("admin:dispatch_shift_add")
        assert dispatcher_browser.post(url, body).status_code == 302
        again = dispatcher_browser.post(url, body | {"starts_at_1": "09:00:00"})
        assert Shift.objects.count() == 1
        assert again.status_code in (200, 302)


class TestUsers:
    def test_get_another_role_by_the_service(self, admin_browser):
        user = factories.UserFactory()
        url = reverse("admin:accounts_user_change", args=[user.pk])
        answer = admin_browser.post(url, {"name": user.name, "phone": "", "role": Role.DISPATCHER})
        assert answer.status_code == 302
        user.refresh_from_db()
        assert (user.role, user.is_staff) == (Role.DISPATCHER, True)
        assert "user.sessions_ended" in types()

    def test_are_closed_but_never_by_themselves(self, admin_browser):
        user = factories.UserFactory()
        me = User.objects.get(role=Role.ADMIN)
        act(admin_browser, User, "deactivate", user, me)
        user.refresh_from_db()
        me.refresh_from_db()
        assert (user.is_active, me.is_active) == (False, True)

    def test_may_not_be_closed_by_dispatchers(self, dispatcher_browser):
        user = factories.UserFactory()
        act(dispatcher_browser, User, "deactivate", user)
        user.refresh_from_db()
        assert user.is_active


class TestOutbox:
    def test_rows_that_were_given_up_are_tried_again(self, dispatcher_browser):
        from fleetsync.core.events import change
        from orders.events import OrderPreparing

        order = factories.OrderFactory()
        with change(now=clock.now()) as emit:
            emit(OrderPreparing(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id))
        row = Outbox.objects.first()
        Outbox.objects.filter(pk=row.pk).update(parked_at=clock.real_now(), attempts=8)
        assert told(act(dispatcher_browser, Outbox, "retry", row)) == ["1 rows will be tried again."]
        row.refresh_from_db()
        assert (row.parked_at, row.attempts) == (None, 0)


class TestMenus:
    def item_form(self, item: MenuItem, **changes) -> dict:
        return {
            "restaurant": item.restaurant_id,
            "category": item.category_id,
            "name": item.name,
            "description": item.description,
            "price_minor": f"{item.price_minor / 100:.2f}",
            "available": "on",
            "position": item.position,
            "option_groups-TOTAL_FORMS": 0,
            "option_groups-INITIAL_FORMS": 0,
        } | changes

    def test_count_their_version_up_with_every_edit(self, dispatcher_browser):
        item = factories.MenuItemFactory()
        before = item.restaurant.menu_version
        url = reverse("admin:restaurants_menuitem_change", args=[item.pk])
        assert dispatcher_browser.post(url, self.item_form(item, price_minor="7.77")).status_code == 302
        item.refresh_from_db()
        item.restaurant.refresh_from_db()
        assert (item.price_minor, item.restaurant.menu_version) == (777, before + 1)
        assert types() == ["menu.changed"]

    def test_are_edited_section_by_section(self, dispatcher_browser):
        item = factories.MenuItemFactory(name="Soup")
        before = item.restaurant.menu_version
        body = {
            "restaurant": item.restaurant_id, "name": item.category.name, "position": item.category.position,
            "items-TOTAL_FORMS": 2, "items-INITIAL_FORMS": 1,
            "items-0-id": item.pk, "items-0-category": item.category_id, "items-0-name": "Soup",
            "items-0-price_minor": "6.50", "items-0-available": "on", "items-0-position": 0,
            "items-1-category": item.category_id, "items-1-name": "Bread", "items-1-price_minor": "2.00",
            "items-1-available": "on", "items-1-position": 1,
        }  # fmt: skip
        url = reverse("admin:restaurants_menucategory_change", args=[item.category_id])
        assert dispatcher_browser.post(url, body).status_code == 302
        found = MenuItem.objects.order_by("position").values_list("name", "price_minor", "restaurant_id")
        assert list(found) == [("Soup", 650, item.restaurant_id), ("Bread", 200, item.restaurant_id)]
        item.restaurant.refresh_from_db()
        assert item.restaurant.menu_version == before + 1

    def test_count_their_version_up_when_something_is_deleted(self, dispatcher_browser):
        item = factories.MenuItemFactory()
        before = item.restaurant.menu_version
        act(dispatcher_browser, MenuItem, "delete_selected", item, post="yes")
        assert not MenuItem.objects.exists()
        assert Restaurant.objects.get().menu_version == before + 1

    def test_refuse_a_category_of_another_restaurant(self, dispatcher_browser):
        item, other = factories.MenuItemFactory(), factories.MenuCategoryFactory()
        url = reverse("admin:restaurants_menuitem_change", args=[item.pk])
        answer = dispatcher_browser.post(url, self.item_form(item, category=other.pk))
        assert answer.status_code == 200
        assert "another restaurant" in answer.content.decode()
        assert types() == []

    def test_go_out_and_in_as_csv(self, dispatcher_browser):
        from restaurants.admin.menus import MenuItemResource

        item = factories.MenuItemFactory(price_minor=500)
        data = MenuItemResource().export()
        assert data.dict[0]["price_minor"] == "500"
        dry = MenuItemResource().import_data(self.priced(data, "650"), dry_run=True)
        assert not dry.has_errors()
        assert types() == []
        result = MenuItemResource(actor="usr_x").import_data(self.priced(data, "650"))
        assert not result.has_errors()
        item.refresh_from_db()
        assert item.price_minor == 650
        assert types() == ["menu.changed"]

    @pytest.mark.parametrize("price", ["12.50", "x", "1e3", "-5"])
    def test_of_which_a_price_is_no_whole_amount_are_refused_with_its_cell(self, price):
        from restaurants.admin.menus import MenuItemResource

        item = factories.MenuItemFactory(price_minor=500)
        result = MenuItemResource().import_data(self.priced(MenuItemResource().export(), price))
        (row,) = result.invalid_rows
        said = row.error_dict["price_minor"][0]
        assert said in (f"Expected a whole number, got “{price}”.", "Ensure this value is greater than or equal to 0.")
        item.refresh_from_db()
        assert (item.price_minor, types()) == (500, [])

    @pytest.mark.parametrize(("price", "minor"), [("650", 650), (650, 650), (650.0, 650), (" 650 ", 650)])
    def test_take_a_price_as_a_spreadsheet_writes_it(self, price, minor):
        from restaurants.admin.menus import MenuItemResource

        item = factories.MenuItemFactory(price_minor=500)
        assert (
            not MenuItemResource(actor="usr_x")
            .import_data(self.priced(MenuItemResource().export(), price))
            .has_validation_errors()
        )
        item.refresh_from_db()
        assert item.price_minor == minor

    def priced(self, data, price: object):
        import tablib

        rows = tablib.Dataset(headers=data.headers)
        for row in data.dict:
            rows.append([(row | {"price_minor": price})[name] for name in data.headers])
        return rows


class TestRestaurants:
    def form(self, restaurant: Restaurant, **changes) -> dict:
        empty = {}
        for prefix in ("opening_hours", "closures", "staff"):
            empty |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
        return {
            "name": restaurant.name,
            "cuisine": restaurant.cuisine,
            "published": "on",
            "address": restaurant.address,
            "phone": restaurant.phone,
            "point_lat": f"{restaurant.point.y}",
            "point_lng": f"{restaurant.point.x}",
            "preparation_min": restaurant.preparation_min,
            "accept_within_s": restaurant.accept_within_s,
            "time_zone": restaurant.time_zone,
            "minimum_minor": restaurant.minimum_minor,
            "delivery_radius_m": restaurant.delivery_radius_m,
            **({"always_open": "on"} if restaurant.always_open else {}),
            **({"auto_accept": "on"} if restaurant.auto_accept else {}),
            **empty,
        } | changes

    def post(self, browser, restaurant, **changes):
        url = reverse("admin:restaurants_restaurant_change", args=[restaurant.pk])
        return browser.post(url, self.form(restaurant, **changes))

    def test_are_changed_by_the_service(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        assert self.post(dispatcher_browser, restaurant, name="New name").status_code == 302
        assert Restaurant.objects.get().name == "New name"
        assert types() == ["restaurant.changed"]
        assert Event.objects.get().payload["fields"] == ["name"]

    def test_choose_what_may_carry_their_orders(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        assert self.post(dispatcher_browser, restaurant, vehicles=["CAR", "SCOOTER"]).status_code == 302
        assert Restaurant.objects.get().vehicles == ["CAR", "SCOOTER"]
        assert Event.objects.get().payload["fields"] == ["vehicles"]
        assert LogEntry.objects.get().get_change_message() == "vehicles: – → Car, Scooter"
        assert self.post(dispatcher_browser, restaurant, vehicles=["ROCKET"]).status_code == 200
        assert Restaurant.objects.get().vehicles == ["CAR", "SCOOTER"]

    def test_move_on_the_map_but_not_out_of_every_zone(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        north = CITY.y + 0.001
        self.post(dispatcher_browser, restaurant, point_lat=str(north))
        assert Restaurant.objects.get().point.y == pytest.approx(north)
        assert Restaurant.objects.get().place.y == pytest.approx(north)
        refused = self.post(dispatcher_browser, restaurant, point_lat="0", point_lng="0")
        assert any("zone" in message for message in told(refused))
        assert Restaurant.objects.get().point.y == pytest.approx(north)

    @pytest.mark.parametrize(("lat", "lng"), [("91", "0"), ("nan", "0"), ("inf", "0"), ("", "0"), ("x", "0")])
    def test_take_no_impossible_place(self, dispatcher_browser, lat, lng):
        restaurant = factories.RestaurantFactory()
        assert self.post(dispatcher_browser, restaurant, point_lat=lat, point_lng=lng).status_code == 200
        assert types() == []

    def test_are_closed_for_two_years_at_most(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        row = {
            "closures-TOTAL_FORMS": 1,
            "closures-0-starts_at_0": "2026-11-23",
            "closures-0-starts_at_1": "00:00",
            "closures-0-ends_at_0": "9999-12-31",
            "closures-0-ends_at_1": "00:00",
        }
        page = self.post(dispatcher_browser, restaurant, **row)
        assert (page.status_code, "A closure ends within two years" in page.content.decode()) == (200, True)
        assert (Closure.objects.exists(), types()) == (False, [])
        row["closures-0-ends_at_0"] = "2026-11-24"
        assert self.post(dispatcher_browser, restaurant, **row).status_code == 302
        assert Closure.objects.count() == 1

    def test_get_their_week_checked_by_the_service(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        week = {
            "opening_hours-TOTAL_FORMS": 2,
            "opening_hours-0-weekday": 0,
            "opening_hours-0-opens": "09:00",
            "opening_hours-0-closes": "17:00",
            "opening_hours-1-weekday": 0,
            "opening_hours-1-opens": "16:00",
            "opening_hours-1-closes": "20:00",
        }
        refused = self.post(dispatcher_browser, restaurant, **week)
        assert any("overlap" in message for message in told(refused))
        assert not OpeningHours.objects.exists()
        self.post(dispatcher_browser, restaurant, **week | {"opening_hours-1-weekday": 1})
        assert OpeningHours.objects.count() == 2
        assert types() == ["restaurant.changed"]

    def test_are_paused_and_resumed(self, dispatcher_browser):
        restaurant = factories.RestaurantFactory()
        act(dispatcher_browser, Restaurant, "pause", restaurant)
        restaurant.refresh_from_db()
        assert restaurant.paused_until > clock.now() + timedelta(minutes=55)
        act(dispatcher_browser, Restaurant, "resume", restaurant)
        restaurant.refresh_from_db()
        assert restaurant.paused_until is None

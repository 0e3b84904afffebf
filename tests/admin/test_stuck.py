"""Stuck orders: what is wrong in words, one click that calls a service, its trace, and the way back."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from dispatch.models import Delivery
from dispatch.states import DeliveryStatus
from fleetsync.core import clock
from fleetsync.core.models import Event
from orders.states import OrderStatus
from tests import factories
from tests.admin.conftest import log_in
from tests.factories import CITY
from tracking.selectors.stuck import Trouble, stuck_orders

pytestmark = pytest.mark.django_db
S = DeliveryStatus


def delivery_of(status=S.SEARCHING, *, due_min=0.0, seen_s=5.0, **fields) -> Delivery:
    """A delivery that was due `due_min` minutes ago; with a driver, he was seen `seen_s` seconds ago."""
    now = clock.now()
    if status not in (S.SEARCHING, S.NO_DRIVER_FOUND):
        session = factories.DriverSessionFactory(load=1)
        factories.DriverPositionFactory(driver=session.driver, received_at=now - timedelta(seconds=seen_s))
        fields |= {"driver": session.driver, "session": session}
    job = {name: fields.pop(name) for name in ("refusals",) if name in fields}
    delivery = factories.DeliveryFactory(status=status, **fields)
    due = now - timedelta(minutes=due_min) if due_min else None
    factories.DispatchJobFactory(delivery=delivery, searching=status == S.SEARCHING, first_due_at=due, **job)
    return delivery


def ago(minutes: float):
    return clock.now() - timedelta(minutes=minutes)


def only():
    (row,) = stuck_orders(now=clock.now())
    return row


class TestStuckOrders:
    def test_leaves_out_what_goes_well(self):
        delivery_of()
        delivery_of(due_min=1)
        delivery_of(S.ASSIGNED)
        delivery_of(S.ARRIVED_AT_PICKUP, arrived_at_pickup_at=ago(2), ready_at=ago(1))
        factories.OrderFactory()
        assert stuck_orders(now=clock.now()) == []

    @pytest.mark.parametrize(
        ("make", "trouble", "wrong", "may"),
        [
            (
                lambda: delivery_of(S.NO_DRIVER_FOUND),
                Trouble.NO_DRIVER,
                "No driver found",
                ("reopen", "assign", "cancel"),
            ),
            (lambda: delivery_of(due_min=4), Trouble.SEARCHING, "No free driver", ("assign", "hold", "cancel")),
            (
                lambda: delivery_of(due_min=4, refusals=4),
                Trouble.SEARCHING,
                "4 drivers said no",
                ("assign", "hold", "cancel"),
            ),
            (
                lambda: delivery_of(held=True, ready_at=ago(1)),
                Trouble.HELD,
                "Held back by hand",
                ("release", "assign", "cancel"),
            ),
            (
                lambda: delivery_of(S.ASSIGNED, seen_s=175),
                Trouble.SILENT,
                "Driver silent",
                ("redispatch", "assign", "cancel"),
            ),
            (
                lambda: delivery_of(S.ARRIVED_AT_PICKUP, arrived_at_pickup_at=ago(9), ready_at=ago(2)),
                Trouble.COUNTER,
                "Waits for the food",
                ("redispatch", "assign", "cancel"),
            ),
            (
                lambda: delivery_of(S.ASSIGNED, order=factories.OrderFactory(taken=True, promised_at=ago(20))),
                Trouble.LATE,
                "Far too late",
                ("redispatch", "assign", "cancel"),
            ),
        ],
    )
    def test_says_what_is_wrong_and_what_may_be_done(self, make, trouble, wrong, may):
        make()
        row = only()
        assert (row.trouble, row.wrong, row.may) == (trouble, wrong, may)

    def test_offers_no_cancelling_of_food_on_the_road(self):
        order = factories.OrderFactory(taken=True, status=OrderStatus.PICKED_UP)
        delivery_of(S.EN_ROUTE_TO_DROPOFF, seen_s=300, order=order)
        row = only()
        assert (row.trouble, row.may, row.bad) == (Trouble.SILENT, (), True)

    def test_tells_of_a_kitchen_that_has_not_answered(self):
        order = factories.OrderFactory(accept_by=clock.now() + timedelta(seconds=30))
        row = only()
        assert (row.order_id, row.delivery_id, row.may) == (order.pk, None, ("accept", "cancel"))

    def test_puts_first_what_cannot_wait_then_what_waits_longest(self):
        calm, bad = delivery_of(due_min=2), delivery_of(S.NO_DRIVER_FOUND)
        longer = delivery_of(due_min=2.5)
        found = [row.delivery_id for row in stuck_orders(now=clock.now())]
        assert found == [bad.pk, longer.pk, calm.pk]

    def test_is_of_one_zone_and_costs_one_query(self, django_assert_num_queries):
        here, _ = delivery_of(due_min=4), delivery_of(due_min=4)
        with django_assert_num_queries(1):
            rows = stuck_orders(now=clock.now(), zone_id=here.zone_id)
        assert [row.delivery_id for row in rows] == [here.pk]


def press(browser, verb: str, delivery: Delivery, **body):
    name = "office-stuck-ask" if verb in ("assign", "cancel") else "office-stuck-act"
    return browser.post(reverse(name, args=[verb, delivery.order_id]), body, follow=True)


class TestPage:
    def test_lists_them_with_buttons(self, dispatcher_browser):
        delivery = delivery_of(S.NO_DRIVER_FOUND)
        page = dispatcher_browser.get(reverse("office-stuck")).content.decode()
        assert f"#{delivery.order.code}" in page
        assert "Search again" in page

    def test_says_that_nothing_needs_anybody(self, dispatcher_browser):
        assert "Nothing here needs you" in dispatcher_browser.get(reverse("office-stuck")).content.decode()

    def test_is_for_dispatch_staff(self, client):
        delivery = delivery_of(S.NO_DRIVER_FOUND)
        assert client.get(reverse("office-stuck")).status_code == 302
        customer = log_in(factories.UserFactory())
        assert customer.post(reverse("office-stuck-act", args=["reopen", delivery.order_id])).status_code == 302
        delivery.refresh_from_db()
        assert delivery.status == S.NO_DRIVER_FOUND

    @pytest.mark.parametrize("path", ["reopen", "delete", "assign/../x"])
    def test_knows_no_other_verb_and_no_unknown_order(self, dispatcher_browser, path):
        unknown = "01900000-0000-7000-8000-000000000000"
        assert dispatcher_browser.post(f"/admin/stuck/{path}/{unknown}").status_code == 404

    def test_acts_on_a_post_alone(self, dispatcher_browser):
        delivery = delivery_of(S.NO_DRIVER_FOUND)
        assert (
            dispatcher_browser.get(reverse("office-stuck-act", args=["reopen", delivery.order_id])).status_code == 405
        )


class TestActs:
    def test_search_again_and_leave_a_trace(self, dispatcher_browser):
        delivery = delivery_of(S.NO_DRIVER_FOUND)
        press(dispatcher_browser, "reopen", delivery)
        delivery.refresh_from_db()
        assert delivery.status == S.SEARCHING
        event, trace = Event.objects.get(), LogEntry.objects.get()
        assert (event.type, event.actor) == ("delivery.reopened", event.actor)
        assert event.actor.startswith("usr_")
        assert trace.object_id == str(delivery.order_id)
        assert trace.change_message == f"The search for #{delivery.order.code} began again"

    def test_hold_and_the_way_back(self, dispatcher_browser):
        delivery = delivery_of(due_min=4)
        page = press(dispatcher_browser, "hold", delivery).content.decode()
        delivery.refresh_from_db()
        assert delivery.held
        assert "is held back" in page
        dispatcher_browser.post(reverse("office-stuck-undo"))
        delivery.refresh_from_db()
        assert not delivery.held
        assert list(Event.objects.order_by("id").values_list("type", flat=True)) == [
            "delivery.held",
            "delivery.released",
        ]
        assert LogEntry.objects.count() == 2

    def test_re_dispatch_and_give_back_to_the_same_driver(self, dispatcher_browser):
        delivery = delivery_of(S.ASSIGNED, seen_s=175)
        driver = delivery.driver_id
        press(dispatcher_browser, "redispatch", delivery)
        delivery.refresh_from_db()
        assert (delivery.status, delivery.driver_id) == (S.SEARCHING, None)
        dispatcher_browser.post(reverse("office-stuck-undo"))
        delivery.refresh_from_db()
        assert delivery.driver_id == driver

    def test_assign_to_the_nearest_with_room(self, dispatcher_browser):
        delivery = delivery_of(due_min=4)
        near, full = (factories.DriverSessionFactory(zone=delivery.zone, load=load) for load in (0, 2))
        for session in (near, full):
            factories.DriverPositionFactory(driver=session.driver, point=CITY)
        ask = dispatcher_browser.get(reverse("office-stuck-ask", args=["assign", delivery.order_id])).content.decode()
        assert str(near.driver_id) in ask
        assert str(full.driver_id) not in ask
        press(dispatcher_browser, "assign", delivery, driver=str(full.driver_id))
        delivery.refresh_from_db()
        assert delivery.driver_id is None
        press(dispatcher_browser, "assign", delivery, driver=str(near.driver_id))
        delivery.refresh_from_db()
        assert delivery.driver_id == near.driver_id
        dispatcher_browser.post(reverse("office-stuck-undo"))
        delivery.refresh_from_db()
        assert delivery.driver_id is None

    def test_cancel_with_a_reason_and_without_a_way_back(self, dispatcher_browser):
        delivery = delivery_of(due_min=4)
        press(dispatcher_browser, "cancel", delivery)
        delivery.order.refresh_from_db()
        assert delivery.order.status == OrderStatus.ACCEPTED
        press(dispatcher_browser, "cancel", delivery, reason="no-driver")
        delivery.order.refresh_from_db()
        assert (delivery.order.status, delivery.order.reason) == (OrderStatus.CANCELLED, "no-driver")
        answer = dispatcher_browser.post(reverse("office-stuck-undo"), follow=True)
        assert "There is nothing to undo." in answer.content.decode()

    def test_tell_why_a_service_refused_and_leave_no_trace(self, dispatcher_browser):
        delivery = delivery_of(S.ASSIGNED)
        answer = press(dispatcher_browser, "reopen", delivery)
        assert [str(message).startswith(f"#{delivery.order.code}: ") for message in answer.context["messages"]] == [
            True
        ]
        assert (Event.objects.count(), LogEntry.objects.count()) == (0, 0)

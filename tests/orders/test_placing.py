"""Quotes and orders: what is promised, what is written, what is refused with nothing written."""

import threading
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.gis.geos import Point
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fleetsync.core import ids, money
from fleetsync.core.errors import NotFound
from fleetsync.core.models import Event
from orders import errors, services
from orders.models import Order, OrderLine, Quote
from orders.pricing import BasketItem
from orders.services import Door
from orders.states import OrderStatus
from restaurants import services as restaurants
from restaurants.lateness import Lateness
from tests.factories import MenuItemFactory, OpeningHoursFactory, RestaurantFactory, UserFactory
from tests.orders.conftest import NOW

ELSEWHERE = Door(point=Point(2.35, 48.85, srid=4326), address="Paris")


def facts(order):
    return [(row.seq, row.type) for row in Event.objects.filter(stream=f"order:{ids.public('order_id', order.pk)}")]


def place(shop, **given):
    plain = {"customer": shop.customer, "basket": shop.basket(), "door": shop.door, "now": NOW}
    return services.place_order(**plain | given)


def quote(shop, **given):
    plain = {
        "customer": shop.customer,
        "basket": shop.basket(),
        "dropoff": shop.door.point,
        "tip_minor": 200,
        "now": NOW,
    }
    return services.make_quote(**plain | given)


def nothing_was_written():
    return not (Order.objects.exists() or OrderLine.objects.exists() or Event.objects.exists())


def dearest(shop):
    """Return a basket of the dearest thing there can be: one is a cent below what the database holds."""
    pearl = MenuItemFactory(category=shop.soup.category, price_minor=money.MOST_MINOR - 1)
    return shop.basket(BasketItem(item_id=pearl.pk, quantity=1))


class TestTotal:
    def test_above_what_the_database_holds_is_refused(self, shop):
        for refused in (place, quote):
            with pytest.raises(errors.TotalTooHigh) as refusal:
                refused(shop, basket=dearest(shop))
            assert (refusal.value.attr, refusal.value.members["most_minor"]) == ("items", money.MOST_MINOR)
        assert nothing_was_written()
        assert not Quote.objects.exists()

    def test_counts_the_tip(self, shop, monkeypatch):
        promised = quote(shop, tip_minor=0)
        monkeypatch.setattr(money, "MOST_MINOR", promised.total_minor)
        with pytest.raises(errors.TotalTooHigh) as refusal:
            services.place_quoted_order(
                customer=shop.customer, quote_id=promised.pk, door=shop.door, now=NOW, tip_minor=1
            )
        assert refusal.value.members["total_minor"] == promised.total_minor + 1
        assert nothing_was_written()
        place(shop)


class TestPlaceOrder:
    def test_writes_order_lines_and_one_event(self, shop):
        order = place(shop, tip_minor=300, kitchen_note="No salt")
        order.refresh_from_db()
        assert order.status == OrderStatus.PLACED
        assert (order.subtotal_minor, order.tip_minor, order.currency) == (2100, 300, "USD")
        assert order.fees == [
            {"code": "delivery", "name": "Delivery", "amount_minor": 199},
            {"code": "service", "name": "Service", "amount_minor": 105},
        ]
        assert (order.fees_minor, order.total_minor) == (304, 2704)
        assert order.accept_by == NOW + timedelta(seconds=shop.restaurant.accept_within_s)
        assert (order.ready_at, order.accepted_at) == (None, None)
        assert order.zone == shop.restaurant.zone
        assert [(line.name, line.quantity, line.unit_minor, line.total_minor) for line in order.lines.all()] == [
            ("Soup", 2, 450, 900),
            ("Pizza", 1, 1200, 1200),
        ]
        assert facts(order) == [(1, "order.placed")]
        event = Event.objects.get()
        assert event.actor == ids.encode("usr", shop.customer.pk)
        assert event.payload == {
            "order_id": ids.public("order_id", order.pk),
            "restaurant_id": ids.public("restaurant_id", shop.restaurant.pk),
            "zone_id": ids.public("zone_id", shop.restaurant.zone_id),
            "customer_id": ids.public("customer_id", shop.customer.pk),
            "total_minor": 2704,
            "currency": "USD",
            "placed_at": NOW.isoformat(),
            "accept_by_at": order.accept_by.isoformat(),
        }

    def test_is_accepted_at_once_where_the_restaurant_says_so(self, shop):
        shop.restaurant.auto_accept = True
        shop.restaurant.save()
        order = place(shop)
        order.refresh_from_db()
        assert order.status == OrderStatus.ACCEPTED
        assert (order.accepted_at, order.ready_at) == (NOW, NOW + timedelta(minutes=15))
        assert facts(order) == [(1, "order.placed"), (2, "order.accepted")]

    def test_promises_the_late_end_of_the_range(self, shop):
        order = place(shop)
        quoted = quote(shop)
        assert order.promised_at == quoted.eta_high_at

    def test_takes_few_queries(self, shop):
        with CaptureQueriesContext(connection) as queries:
            place(shop)
        kinds = [query["sql"].split(" ", 1)[0] for query in queries if "SAVEPOINT" not in query["sql"]]
        # restaurant, hours, closures, zone of the door, items, options, what was learned of the kitchen;
        # order, lines, head, event, outbox, wake-up
        assert kinds == ["SELECT"] * 7 + ["INSERT"] * 5 + ["SELECT"]

    def test_gives_a_short_number_without_look_alikes(self, shop):
        code = place(shop).code
        assert len(code) == 4
        assert set(code) <= set("23456789BCDFGHJKMNPQRSTVWXZ")

    def test_keeps_the_price_of_its_moment(self, shop):
        order = place(shop)
        shop.soup.price_minor = 9999
        shop.soup.save()
        order.refresh_from_db()
        assert order.lines.first().unit_minor == 450


class TestPlaceOrderRefusals:
    def refused(self, shop, error, **given):
        with pytest.raises(error) as refusal:
            place(shop, **given)
        assert nothing_was_written()
        return refusal.value

    def test_restaurant_that_does_not_exist(self, shop):
        assert self.refused(shop, NotFound, basket=type(shop.basket())(restaurant_id=uuid4(), items=())).attr == (
            "restaurant_id"
        )

    def test_restaurant_that_is_not_published(self, shop):
        shop.restaurant.published = False
        shop.restaurant.save()
        self.refused(shop, NotFound)

    def test_closed_restaurant_says_when_it_opens(self, shop):
        shop.restaurant.always_open = False
        shop.restaurant.save()
        # NOW is Friday 17:30 in Baltimore
        OpeningHoursFactory(restaurant=shop.restaurant, weekday=4, opens="18:00", closes="22:00")
        refusal = self.refused(shop, errors.RestaurantClosed)
        assert refusal.members == {"opens_at": "2026-03-06T23:00:00+00:00"}

    def test_closed_restaurant_without_any_hours(self, shop):
        shop.restaurant.always_open = False
        shop.restaurant.save()
        assert self.refused(shop, errors.RestaurantClosed).members == {"opens_at": None}

    def test_paused_restaurant_says_until_when(self, shop):
        shop.restaurant.paused_until = NOW + timedelta(minutes=20)
        shop.restaurant.save()
        refusal = self.refused(shop, errors.RestaurantPaused)
        assert refusal.members == {"paused_until": (NOW + timedelta(minutes=20)).isoformat()}

    def test_kitchen_that_has_as_many_orders_as_it_takes(self, shop):
        shop.restaurant.max_open_orders = 2
        shop.restaurant.save()
        first, _ = place(shop), place(shop)
        before = Event.objects.count()
        with pytest.raises(errors.RestaurantBusy) as refusal:
            place(shop)
        assert (refusal.value.attr, refusal.value.members) == ("restaurant_id", {"max_open_orders": 2})
        with pytest.raises(errors.RestaurantBusy):
            quote(shop)
        assert (Order.objects.count(), Event.objects.count()) == (2, before)
        Order.objects.filter(pk=first.pk).update(status=OrderStatus.READY)
        assert place(shop).status == OrderStatus.PLACED

    def test_pause_that_is_over_is_none(self, shop):
        shop.restaurant.paused_until = NOW
        shop.restaurant.save()
        assert place(shop).status == OrderStatus.PLACED

    def test_door_outside_every_zone(self, shop):
        assert self.refused(shop, errors.OutsideZone, door=ELSEWHERE).attr == "dropoff"

    def test_door_farther_than_the_restaurant_delivers(self, shop):
        shop.restaurant.delivery_radius_m = 900
        shop.restaurant.save()
        refusal = self.refused(shop, errors.TooFar)
        assert refusal.members == {"distance_m": 1001, "radius_m": 900}

    def test_item_that_is_sold_out(self, shop):
        shop.soup.available = False
        shop.soup.save()
        assert self.refused(shop, errors.ItemUnavailable).attr == "items.0.item_id"

    def test_item_of_another_restaurant(self, shop):
        other = MenuItemFactory()
        basket = shop.basket(BasketItem(item_id=other.pk, quantity=1))
        assert self.refused(shop, errors.ItemUnknown, basket=basket).members == {
            "item_id": ids.public("item_id", other.pk)
        }

    def test_option_of_another_item(self, shop):
        basket = shop.basket(BasketItem(item_id=shop.soup.pk, quantity=1, option_ids=(shop.large.pk,)))
        self.refused(shop, errors.OptionInvalid, basket=basket)

    def test_choice_that_is_missing(self, shop):
        self.refused(shop, errors.OptionInvalid, basket=shop.basket(BasketItem(item_id=shop.pizza.pk, quantity=1)))

    def test_subtotal_below_the_minimum(self, shop):
        basket = shop.basket(BasketItem(item_id=shop.soup.pk, quantity=1))
        refusal = self.refused(shop, errors.BelowMinimum, basket=basket)
        assert refusal.members == {"subtotal_minor": 450, "minimum_minor": 500}


class TestMakeQuote:
    def test_promises_price_and_range_for_ten_minutes(self, shop):
        promise = quote(shop)
        promise.refresh_from_db()
        assert (promise.subtotal_minor, promise.fees_minor, promise.tip_minor, promise.total_minor) == (
            2100,
            304,
            200,
            2604,
        )
        assert promise.expires_at == NOW + timedelta(minutes=10)
        assert [line["name"] for line in promise.lines] == ["Soup", "Pizza"]
        # answer 60 + preparation 900 + 1001 m x 1.3 / 6 m/s + handover 240
        assert promise.eta_low_at < NOW + timedelta(seconds=60 + 900 + 217 + 240) < promise.eta_high_at

    def test_tells_of_the_zones_present_delay(self, shop):
        calm = quote(shop)
        shop.restaurant.zone.present_delay_s = 900
        shop.restaurant.zone.save()
        assert quote(shop).eta_high_at >= calm.eta_high_at + timedelta(seconds=900)

    def test_knows_a_kitchen_that_is_slower_than_it_states(self, shop):
        as_stated = quote(shop)
        slow = Lateness(late_s=600.0, std_s=120.0, orders=30.0)
        restaurants.set_preparation(restaurant_id=shop.restaurant.pk, learned=[slow], orders=30, now=NOW)
        promise = quote(shop)
        assert promise.eta_low_at == as_stated.eta_low_at + timedelta(seconds=540)
        assert promise.eta_high_at > as_stated.eta_high_at + timedelta(seconds=600)
        wild = Lateness(late_s=600.0, std_s=1200.0, orders=30.0)
        restaurants.set_preparation(restaurant_id=shop.restaurant.pk, learned=[wild], orders=30, now=NOW)
        assert quote(shop).eta_high_at > promise.eta_high_at + timedelta(seconds=300)

    def test_refuses_as_the_order_would(self, shop):
        with pytest.raises(errors.OutsideZone):
            quote(shop, dropoff=ELSEWHERE.point)
        assert not Quote.objects.exists()


class TestPlaceQuotedOrder:
    def buy(self, shop, promise, **given):
        plain = {"customer": shop.customer, "quote_id": promise.pk, "door": shop.door, "now": NOW}
        return services.place_quoted_order(**plain | given)

    def refused(self, shop, promise, error, **given):
        with pytest.raises(error) as refusal:
            self.buy(shop, promise, **given)
        assert nothing_was_written()
        return refusal.value

    def test_keeps_price_tip_and_promise_when_the_menu_changes(self, shop):
        promise = quote(shop)
        shop.soup.price_minor = 2000
        shop.soup.save()
        order = self.buy(shop, promise, now=NOW + timedelta(minutes=9))
        order.refresh_from_db()
        assert (order.total_minor, order.tip_minor, order.promised_at) == (2604, 200, promise.eta_high_at)
        assert [(line.name, line.total_minor) for line in order.lines.all()] == [("Soup", 900), ("Pizza", 1200)]
        assert facts(order) == [(1, "order.placed")]

    def test_takes_another_tip(self, shop):
        order = self.buy(shop, quote(shop), tip_minor=0)
        assert (order.tip_minor, order.total_minor) == (0, 2404)

    def test_is_refused_at_the_second_it_expires(self, shop):
        promise = quote(shop)
        refusal = self.refused(shop, promise, errors.QuoteExpired, now=promise.expires_at)
        assert refusal.members == {"expires_at": promise.expires_at.isoformat()}

    def test_is_refused_for_another_door(self, shop):
        door = Door(point=Point(-76.61, 39.2995, srid=4326), address="10 Charles Street")
        self.refused(shop, quote(shop), errors.QuoteMismatch, door=door)

    def test_is_refused_to_another_customer(self, shop):
        self.refused(shop, quote(shop), NotFound, customer=UserFactory())

    def test_is_refused_when_something_sold_out_since(self, shop):
        promise = quote(shop)
        shop.large.available = False
        shop.large.save()
        self.refused(shop, promise, errors.ItemUnavailable)

    def test_is_refused_when_the_restaurant_paused_since(self, shop):
        promise = quote(shop)
        shop.restaurant.paused_until = NOW + timedelta(hours=1)
        shop.restaurant.save()
        self.refused(shop, promise, errors.RestaurantPaused)

    def test_is_used_once(self, shop):
        promise = quote(shop)
        order = self.buy(shop, promise)
        with pytest.raises(errors.QuoteUsed) as refusal:
            self.buy(shop, promise)
        assert refusal.value.members == {"order_id": ids.public("order_id", order.pk)}
        assert Order.objects.count() == 1

    @pytest.mark.django_db(transaction=True)
    def test_is_used_once_by_eight_at_once(self, shop):
        promise = quote(shop)
        barrier, outcomes = threading.Barrier(8), []

        def buy():
            try:
                barrier.wait()
                self.buy(shop, promise)
                outcomes.append("bought")
            except errors.QuoteUsed:
                outcomes.append("used")
            finally:
                connection.close()

        threads = [threading.Thread(target=buy) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["bought"] + ["used"] * 7
        assert Order.objects.count() == 1


@pytest.mark.django_db(transaction=True)
class TestTwoCustomersAtTheLastPlaceInTheKitchen:
    def test_never_get_both_in(self, shop):
        shop.restaurant.max_open_orders = 3
        shop.restaurant.save()
        barrier, outcomes = threading.Barrier(8), []

        def buy():
            try:
                barrier.wait()
                outcomes.append(place(shop).status)
            except errors.RestaurantBusy:
                outcomes.append("busy")
            finally:
                connection.close()

        threads = [threading.Thread(target=buy) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["PLACED"] * 3 + ["busy"] * 5
        assert Order.objects.count() == 3


class TestForgetQuotes:
    def test_drops_what_nobody_bought(self, shop):
        old, bought, fresh = quote(shop), quote(shop), quote(shop, now=NOW + timedelta(days=2))
        order = services.place_quoted_order(customer=shop.customer, quote_id=bought.pk, door=shop.door, now=NOW)
        assert services.forget_quotes(before=old.expires_at) == 0
        assert services.forget_quotes(before=old.expires_at + timedelta(seconds=1)) == 1
        assert set(Quote.objects.all()) == {bought, fresh}
        order.refresh_from_db()
        assert order.quote == bought


class TestCodeOf:
    def test_is_spread_over_its_letters(self):
        codes = {services.code_of(ids.uuid7()) for _ in range(2000)}
        assert len(codes) > 1980


class TestZones:
    def test_belong_to_the_kitchen_and_not_to_the_door(self, shop):
        far = RestaurantFactory()
        assert place(shop).zone_id != far.zone_id

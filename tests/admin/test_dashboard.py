"""The dashboard: figures from a handful of orders, causes of lateness, a fixed number of queries, an empty database."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dispatch.models import Delivery
from dispatch.states import DeliveryStatus, OfferStatus
from fleetsync import admin_charts as charts
from fleetsync.core import clock, ids
from fleetsync.core.models import Heartbeat
from orders.states import OrderStatus
from tests import factories
from tracking.admin.dashboard import pay_chart
from tracking.selectors.dashboard import dashboard
from tracking.selectors.machinery import State, machinery
from tracking.selectors.spans import span_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # 12:00 in New York


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def delivered(
    *, placed: datetime = NOON - timedelta(hours=1), door: float = 30, promised: float = 45, **parts
) -> Delivery:
    """An order that reached its door after `door` minutes; `parts` are minutes from the click, in order.

    Plainly: ready as said at 15, a driver at 5, at the counter at 14, food in hand at 16, at the door 1 before.
    """
    at = {"ready": 15.0, "food": 15.0, "due": 4.0, "assigned": 5.0, "picked": 16.0, "arrived": door - 1} | parts
    order = factories.OrderFactory(
        status=OrderStatus.DELIVERED,
        placed_at=placed,
        promised_at=placed + minutes(promised),
        ready_at=placed + minutes(at["ready"]),
        food_ready_at=placed + minutes(at["food"]),
        delivered_at=placed + minutes(door),
    )
    delivery = factories.DeliveryFactory(
        order=order,
        status=DeliveryStatus.DELIVERED,
        driver=factories.DriverFactory(),
        created_at=placed + minutes(1),
        assigned_at=placed + minutes(at["assigned"]),
        picked_up_at=placed + minutes(at["picked"]),
        arrived_at_dropoff_at=placed + minutes(at["arrived"]),
        delivered_at=placed + minutes(door),
    )
    factories.DispatchJobFactory(delivery=delivery, searching=False, first_due_at=placed + minutes(at["due"]))
    return delivery


def today(now: datetime = NOON):
    return span_of(key="today", now=now, time_zone="America/New_York")


class TestSpanOf:
    def test_begins_today_at_midnight_of_the_zone_and_compares_with_yesterday(self):
        span = today()
        assert (span.start, span.before, span.end) == (
            datetime(2026, 11, 25, 5, 0, tzinfo=UTC),
            datetime(2026, 11, 24, 5, 0, tzinfo=UTC),
            NOON,
        )
        assert len(span.bars) == 24

    @pytest.mark.parametrize(("key", "bars", "hours"), [("24h", 24, 24), ("7d", 28, 168)])
    def test_keeps_whole_bars(self, key, bars, hours):
        span = span_of(key=key, now=NOON + minutes(17), time_zone="UTC")
        assert len(span.bars) == bars
        assert span.bars[-1] <= NOON + minutes(17) < span.bars[-1] + span.bar
        assert span.start - span.before == timedelta(hours=hours)

    def test_takes_an_unknown_key_for_today(self):
        assert span_of(key="x", now=NOON, time_zone="UTC").key == "today"


class TestDashboard:
    def test_counts_kept_promises_times_and_losses(self):
        delivered(door=30)
        delivered(door=50)
        factories.OrderFactory(placed_at=NOON - minutes(20), status=OrderStatus.CANCELLED)
        factories.OrderFactory(placed_at=NOON - minutes(10))
        found = dashboard(span=today())
        total = found.total
        assert (total.placed, total.delivered, total.kept, total.late, total.lost) == (4, 2, 1, 1, 1)
        assert (total.kept_percent, total.click_s, total.assign_typical_s) == (50.0, 2400.0, 60.0)
        assert sum(bar.placed for bar in found.bars) == 4
        assert (found.click[6], found.click[10], sum(found.click)) == (1, 1, 2)

    def test_compares_with_yesterday_up_to_the_same_bar_and_looks_no_further(self):
        delivered(placed=NOON - timedelta(hours=25), door=40)
        delivered(placed=NOON - timedelta(hours=50), door=40)
        found = dashboard(span=today())
        assert (found.total.placed, found.before.placed, found.before.click_s) == (0, 1, 2400.0)

    def test_counts_an_order_that_is_still_out_as_late_once_its_promise_is_over(self):
        factories.OrderFactory(placed_at=NOON - minutes(60), promised_at=NOON - minutes(15), status=OrderStatus.READY)
        assert dashboard(span=today()).total.late == 1

    def test_is_of_one_zone_where_one_is_asked_for(self):
        zone = delivered().zone
        delivered()
        assert dashboard(span=today(), zone_id=zone.pk).total.placed == 1
        assert dashboard(span=today()).total.placed == 2

    def test_counts_the_drivers_who_were_asked_but_no_silent_phone(self):
        delivery = delivered()
        for status in (OfferStatus.DECLINED, OfferStatus.UNDELIVERED, OfferStatus.ACCEPTED):
            factories.OfferFactory(delivery=delivery, status=status)
        found = dashboard(span=today())
        assert (list(found.offers), found.offers_mean) == ([0, 1, 0, 0, 0], 2.0)

    @pytest.mark.parametrize(
        ("parts", "cause"),
        [
            ({"food": 40, "picked": 41}, "kitchen"),
            ({"assigned": 40, "picked": 41}, "no_driver"),
            ({"picked": 38}, "driver"),
            ({"arrived": 59}, "way"),
            ({"arrived": 20}, "door"),
            ({"promised": 20, "door": 30}, "tight"),
        ],
    )
    def test_counts_a_late_order_for_what_ran_over_by_most(self, parts, cause):
        delivered(**{"door": 60, **parts})
        assert dashboard(span=today()).causes == {cause: 1}

    def test_says_that_drivers_refused_where_the_search_was_long_and_somebody_did(self):
        delivery = delivered(door=60, assigned=40, picked=41)
        factories.OfferFactory(delivery=delivery, status=OfferStatus.DECLINED)
        assert dashboard(span=today()).causes == {"refused": 1}

    def test_names_kitchens_that_are_a_minute_behind_their_word(self):
        slow, _ = delivered(food=20, picked=21), delivered()
        (kitchen,) = dashboard(span=today()).kitchens
        assert (kitchen.restaurant_id, kitchen.behind_s, kitchen.orders) == (slow.restaurant_id, 300.0, 1)

    def test_says_what_each_driver_earned_per_hour_online(self):
        zone = factories.ZoneFactory()
        for hours, pay in ((2, 1500), (2, 0), (0.4, 900)):  # the last was hardly online
            session = factories.DriverSessionFactory(zone=zone, started_at=NOON - timedelta(hours=hours))
            order = factories.OrderFactory(taken=True, restaurant=factories.RestaurantFactory(zone=zone))
            delivery = factories.DeliveryFactory(
                order=order, driver=session.driver, status=DeliveryStatus.DELIVERED, delivered_at=NOON - minutes(1)
            )
            factories.OfferFactory(delivery=delivery, session=session, status=OfferStatus.ACCEPTED, pay_minor=pay)
        factories.DriverSessionFactory(started_at=NOON - timedelta(hours=1))  # elsewhere
        assert dashboard(span=today(), zone_id=zone.pk).hourly_minor == [0.0, 750.0]

    def test_costs_six_queries_however_many_orders_there_are(self, django_assert_num_queries):
        for _ in range(3):
            delivered()
        with django_assert_num_queries(6):
            dashboard(span=today())


class TestPayChart:
    def test_counts_drivers_in_bands_of_a_round_amount(self):
        drawn = pay_chart([0.0, 750.0, 1590.0], "USD")
        assert 'aria-label="Pay per hour online of 3 drivers, typically 7.50 USD"' in drawn
        assert "6 to 8 USD an hour: 1 drivers" in drawn
        assert "14 to 16 USD an hour: 1 drivers" in drawn

    def test_is_nothing_without_a_currency_or_hours(self):
        assert pay_chart([750.0], "") == pay_chart([], "USD") == ""

    def test_keeps_the_zeros_of_a_currency_without_decimals(self):
        assert "80 to 100 JPY an hour: 1 drivers" in pay_chart([100.0, 99.0, 160.0], "JPY")


class TestMachinery:
    def test_is_well_when_nothing_waits_and_every_process_is_heard(self):
        for name in ("worker", "relay", "flusher"):
            Heartbeat.objects.create(process=name, host="here", pid=1, beat_at=clock.real_now())
        assert [part.name for part in machinery(now=clock.now()) if part.state is not State.OK] == []

    def test_names_what_is_wrong(self):
        from fleetsync.core.events import change
        from fleetsync.core.models import Outbox
        from orders.events import OrderPreparing

        for _ in range(2):
            order = factories.OrderFactory(accept_by=clock.now() - minutes(5))
            with change(now=clock.now() - minutes(2)) as emit:
                emit(OrderPreparing(order_id=order.pk, restaurant_id=order.restaurant_id, zone_id=order.zone_id))
        Outbox.objects.filter(pk=Outbox.objects.order_by("pk").last().pk).update(parked_at=clock.real_now())
        said = {part.name: (part.state, part.text) for part in machinery(now=clock.now())}
        assert said["Processes"] == (State.BAD, "worker, relay, flusher not heard of for 15 s")
        assert said["Given-up events"] == (State.BAD, "1")
        assert said["Due moments"][0] is State.BAD
        assert said["Outbox"][0] is State.WARN


class TestPage:
    def test_says_what_an_empty_database_means(self, admin_browser):
        page = admin_browser.get("/admin/").content.decode()
        for words in ("Nothing here needs you", "No order in this span", "Nothing came late", "Nothing delivered yet"):
            assert words in page
        assert "<figure" not in page

    def test_says_so_when_the_day_has_hardly_begun(self, admin_browser):
        factories.ZoneFactory()
        assert "Nothing has been ordered since midnight." in admin_browser.get("/admin/").content.decode()
        assert "Nothing has been ordered" not in admin_browser.get("/admin/?span=24h").content.decode()

    def test_adds_no_pay_up_over_currencies(self, admin_browser):
        delivery = delivered(placed=clock.now() - minutes(61), door=60)
        factories.OfferFactory(delivery=delivery, status=OfferStatus.ACCEPTED, pay_minor=700)
        page = admin_browser.get("/admin/", {"span": "24h"})
        assert (page.context["tiles"][-1].number, page.context["tiles"][-1].unit) == ("7.00", "USD")
        zone = factories.ZoneFactory(currency="JPY")
        page = admin_browser.get("/admin/", {"span": "24h"})
        assert (page.context["tiles"][-1].number, page.context["tiles"][-1].unit) == ("–", "")
        page = admin_browser.get("/admin/", {"span": "24h", "zone": ids.public("zone_id", delivery.zone_id)})
        assert page.context["tiles"][-1].number == "7.00"
        assert zone.currency == "JPY"

    @pytest.mark.parametrize("span", ["24h", "7d"])
    def test_draws_every_chart(self, admin_browser, span):
        delivery = delivered(placed=clock.now() - minutes(61), door=60)
        factories.OfferFactory(delivery=delivery, status=OfferStatus.ACCEPTED)
        assert (
            admin_browser.get("/admin/", {"span": span}).content.decode().count("<figure") == 4
        )  # pay needs hours online

    def test_takes_a_span_it_does_not_know_for_today(self, admin_browser):
        assert admin_browser.get("/admin/", {"span": "'; --"}).context["found"].span.key == "today"

    def test_narrows_to_the_zone_that_is_chosen(self, admin_browser):
        here, there = delivered(placed=clock.now() - minutes(61)), delivered(placed=clock.now() - minutes(61))
        zone = ids.public("zone_id", here.zone_id)
        page = admin_browser.get("/admin/", {"span": "24h", "zone": zone})
        assert page.context["found"].total.placed == 1
        assert f'value="{zone}" selected' in page.content.decode()
        assert there.zone.name in page.content.decode()

    def test_costs_the_same_queries_with_many_orders(self, admin_browser):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                admin_browser.get("/admin/")
            return len(captured)

        delivered(placed=clock.now() - minutes(61))
        queries()
        one = queries()
        for _ in range(4):
            delivered(placed=clock.now() - minutes(61))
        assert queries() == one <= 45

    def test_has_no_inline_style(self, admin_browser):
        delivered(placed=clock.now() - minutes(61))
        page = admin_browser.get("/admin/", {"span": "24h"}).content.decode()
        assert "style=" not in page.partition('class="fs office"')[2].partition("</main>")[0].partition('id="modal')[0]


class TestCharts:
    @pytest.mark.parametrize(("value", "top"), [(0, 4), (3, 4), (5, 6), (41, 60), (100, 100), (1012, 1200), (99, 100)])
    def test_end_on_a_round_number(self, value, top):
        assert charts.nice_top(value) == pytest.approx(top)

    def test_escape_what_people_wrote(self):
        drawn = charts.bars(rows=[charts.Bar(parts=[(1, "b-ink")], title="<b>")], labels=[(0.5, "<i>")], says='"x"')
        assert "<b>" not in drawn
        assert "<i>" not in drawn

    def test_break_a_line_where_nothing_is_known(self):
        drawn = charts.lines(sets=[("l-ink", [1.0, None, 2.0, 4.0])], labels=[], unit=" s", says="x")
        assert 'd="M0 75L0 75M20 50L30 0"' in drawn

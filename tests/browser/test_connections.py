"""What people see when the line is cut: a socket that dies, a tunnel, a page that must not lose a tap."""

import json
import os
import re
import signal
import time

from playwright.sync_api import expect

from tests.browser.people import DOOR
from tests.browser.stage import SPEED

TUNNEL_S = 30.0 / SPEED  # thirty seconds of the city's day


def at(place):
    return {"latitude": place["lat"], "longitude": place["lng"], "accuracy": 5}


class TestConnections:
    def test_a_cut_socket_heals_and_brings_what_was_missed(self, stage, visit, customer, watch):
        watch.expected = ("WebSocket connection",)  # Chromium writes the cut into the log
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant")
        ops = visit("/ops", as_="dispatcher")
        for page in (kitchen, ops):
            expect(page.locator('.link[data-link="live"]')).to_be_visible()
        os.kill(stage.process("live"), signal.SIGKILL)
        placed = customer.order()  # nobody can be told of it now
        expect(kitchen.get_by_role("article", name=f"Order {placed.code}")).to_be_visible()
        for page in (kitchen, ops):
            expect(page.locator('.link[data-link="live"]')).to_be_visible()
        ops.get_by_role("combobox", name="Find an order, driver or restaurant").fill(placed.code)
        expect(ops.get_by_role("option", name=re.compile(placed.code))).to_be_visible()

    def test_a_driver_taps_in_a_tunnel_and_every_tap_is_sent_once(self, visit, customer, watch, off_duty):
        watch.expected = ("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant")
        driver = visit(
            "/driver",
            as_="driver",
            width=390,
            height=844,
            geolocation=at(customer.kitchen_at),
            permissions=["geolocation"],
        )
        placed = customer.order()
        ticket = kitchen.get_by_role("article", name=f"Order {placed.code}")
        ticket.get_by_role("button", name=re.compile("Accept, ready")).click()
        ticket.get_by_role("button", name="Ready", exact=True).click()
        driver.get_by_role("button", name="Go online").click()
        driver.get_by_role("button", name="Accept").click()
        driver.get_by_label(re.compile("Ride for me")).uncheck()
        expect(driver.get_by_role("button", name="I have the bag")).to_be_visible()

        driver.context.set_offline(True)
        began = time.monotonic()
        driver.get_by_role("button", name="I have the bag").click()
        expect(driver.get_by_text("waiting to be sent")).to_be_visible()
        expect(driver.get_by_role("status").filter(has_text="No signal")).to_contain_text("1 tap")
        driver.context.set_geolocation(at(DOOR))
        driver.get_by_role("button", name="I am at the door").click()
        expect(driver.get_by_role("status").filter(has_text="No signal")).to_contain_text("2 taps")
        assert customer.status(placed) == "READY"  # nothing has left the tunnel
        driver.wait_for_timeout(max(0.0, TUNNEL_S - (time.monotonic() - began)) * 1000)
        driver.context.set_offline(False)

        expect(driver.get_by_role("status").filter(has_text="No signal")).not_to_be_visible()
        driver.get_by_role("button", name="Handed over").click()
        expect(driver.get_by_role("heading", name="You are free")).to_be_visible()
        customer.await_status(placed, "DELIVERED")  # the page shows a tap before it is sent
        steps = [entry["type"] for entry in customer.get(f"orders/{placed.id}/timeline")["results"]]
        for step in ("delivery.picked_up", "delivery.arrived_at_dropoff", "delivery.delivered"):
            assert steps.count(step) == 1, steps


class Wire:
    """Stands between a page's socket and the server, and can be told to behave badly."""

    def __init__(self) -> None:
        self.opened = 0
        self.deaf = False  # nothing comes through any more, and nobody says so
        self.refusals = 0  # so many subscriptions are answered by an error

    def attach(self, page) -> None:
        page.route_web_socket(re.compile("/ws/v1/"), self._opened)

    def _opened(self, socket) -> None:
        self.opened += 1
        server = socket.connect_to_server()
        deaf_at_birth = self.deaf
        server.on_message(lambda text: None if self.deaf or deaf_at_birth else socket.send(text))
        socket.on_message(lambda text: self._asked(socket, server, text))

    def _asked(self, socket, server, text: str) -> None:
        frame = json.loads(text)
        if frame["type"] == "subscribe" and self.refusals > 0:
            self.refusals -= 1
            problem = {"of": "subscribe", "code": "overloaded", "title": "Too much at once", "detail": ""}
            socket.send(json.dumps({"type": "error", "topic": frame["topic"], "at": "", "data": problem}))
        else:
            server.send(text)


class TestBadLines:
    def test_a_line_that_went_silent_is_noticed_and_replaced(self, visit, customer):
        wire = Wire()
        kitchen = visit(
            f"/restaurant?restaurant={customer.restaurant['id']}",
            as_="restaurant",
            before=lambda page: (page.clock.install(), wire.attach(page)),
        )
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        wire.deaf = True
        kitchen.clock.run_for(50_000)  # three pings without an answer
        expect(kitchen.locator('.link[data-link="live"]')).not_to_be_visible()
        wire.deaf = False
        for _ in range(40):  # the socket opened meanwhile heard nothing either
            kitchen.clock.run_for(1_000)
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        assert wire.opened in (2, 3)

    def test_a_refused_subscription_is_asked_for_again(self, visit, customer):
        wire = Wire()
        wire.refusals = 1
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant", before=wire.attach)
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        assert (wire.opened, wire.refusals) == (1, 0)
        placed = customer.order()
        expect(kitchen.get_by_role("article", name=f"Order {placed.code}")).to_be_visible()

    def test_an_answer_that_fails_is_asked_for_again_while_the_line_is_good(self, visit, customer, watch):
        watch.expected = ("503",)
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant")
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        failed = []

        def fail_once(route) -> None:
            failed.append(route.request.url)
            route.fulfill(status=503, content_type="application/problem+json", body="{}")

        kitchen.route(re.compile("/restaurants/.*/live$"), fail_once, times=1)
        placed = customer.order()
        expect(kitchen.get_by_role("article", name=f"Order {placed.code}")).to_be_visible()
        assert len(failed) == 1

    def test_a_page_that_comes_back_from_history_goes_on(self, visit, customer):
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant")
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        kitchen.evaluate("""() => {
            dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true }));
            dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }));
        }""")
        expect(kitchen.locator('.link[data-link="live"]')).to_be_visible()
        placed = customer.order()
        expect(kitchen.get_by_role("article", name=f"Order {placed.code}")).to_be_visible()

    def test_a_driver_whose_login_ended_is_told_so(self, visit, watch, off_duty):
        watch.expected = ("401", "403")
        driver = visit("/driver", as_="driver", width=390, height=844)
        expect(driver.get_by_role("button", name="Go online")).to_be_visible()
        driver.context.clear_cookies()
        driver.evaluate("dispatchEvent(new Event('online'))")
        expect(driver.get_by_role("heading", name="You are signed out")).to_be_visible()
        expect(driver.get_by_role("link", name="Sign in")).to_have_attribute("href", "/login?next=%2Fdriver")

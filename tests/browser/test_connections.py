"""What people see when the line is cut: a socket that dies, a tunnel, a page that must not lose a tap."""

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

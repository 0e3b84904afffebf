"""A whole order across five pages at once, each in a browser profile of its own."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.browser.people import DOOR


def at(place):
    return {"latitude": place["lat"], "longitude": place["lng"], "accuracy": 5}


class TestOneOrder:
    def test_goes_its_way_on_five_pages_at_once(self, visit, customer, off_duty):
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant")
        ops = visit("/ops", as_="dispatcher", width=1440)
        driver = visit(
            "/driver",
            as_="driver",
            width=390,
            height=844,
            has_touch=True,
            geolocation=at(customer.kitchen_at),
            permissions=["geolocation"],
        )
        admin = visit("/admin/orders/order/", as_="admin", width=1440)
        expect(ops.get_by_role("status").filter(has_text="Live")).to_be_visible()

        placed = customer.order()
        track = visit(f"/track/{placed.tracking}", width=390, height=844)
        expect(track.get_by_text("has your order and will answer in a moment")).to_be_visible()

        ticket = kitchen.get_by_role("article", name=f"Order {placed.code}")
        ticket.get_by_role("button", name=re.compile("Accept, ready")).click()
        expect(ticket.get_by_role("button", name="Ready", exact=True)).to_be_visible()
        expect(track.locator("#say")).not_to_contain_text("will answer in a moment")

        ops.get_by_role("combobox", name="Find an order, driver or restaurant").fill(placed.code)
        ops.get_by_role("option", name=re.compile(placed.code)).click()
        drawer = ops.get_by_role("complementary", name="Details")
        expect(drawer.get_by_role("heading", name=re.compile(placed.code))).to_be_visible()
        ticket.get_by_role("button", name="Ready", exact=True).click()
        driver.get_by_role("button", name="Go online").click()
        expect(driver.get_by_role("button", name="Decline")).to_be_visible()
        expect(drawer.get_by_text("Offer open")).to_be_visible()

        driver.get_by_role("button", name="Accept").click()
        driver.get_by_label(re.compile("Ride for me")).uncheck()  # from here the phone's own position counts
        expect(driver.get_by_role("button", name="I have the bag")).to_be_visible()  # he stands at the counter
        expect(ticket.get_by_text(re.compile("waiting|at the counter"))).to_be_visible()
        expect(drawer.get_by_text("Offer open")).not_to_be_visible()

        driver.get_by_role("button", name="I have the bag").click()
        expect(driver.get_by_role("heading", name=re.compile("Ride to"))).to_be_visible()
        expect(ticket).not_to_be_visible()
        expect(track.locator("#say")).to_contain_text(re.compile("on the way|bring", re.IGNORECASE))

        driver.context.set_geolocation(at(DOOR))
        expect(driver.get_by_role("button", name="Handed over")).to_be_visible()  # the geofence saw him arrive
        driver.get_by_role("button", name="Handed over").click()
        expect(driver.get_by_role("heading", name="You are free")).to_be_visible()
        expect(track.get_by_role("heading", level=1)).to_contain_text(re.compile("delivered|enjoy", re.IGNORECASE))
        assert customer.status(placed) == "DELIVERED"
        entries = customer.get(f"orders/{placed.id}/timeline")["results"]
        moment = {entry["type"]: entry["at"] for entry in entries}
        for told, words in (("order.placed", "Kitchen has not answered"), ("delivery.delivered", "Delivered")):
            later = datetime.fromisoformat(moment[told]) + timedelta(seconds=1)
            ops.goto(f"/ops?{urlencode({'order': placed.id, 'at': later.isoformat()})}")
            expect(ops.get_by_text(re.compile("As it was at"))).to_be_visible()
            expect(drawer.locator(".pill").first).to_have_text(words)
        admin.goto("/admin/orders/order/")
        admin.get_by_role("link", name=placed.code).click()
        expect(admin.get_by_text("delivered", exact=False).first).to_be_visible()

"""Five wrong PINs at a door: ops make sure who stands there, and waive it from the live map."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.people import Account

WRONG_PINS = 5


def at(place):
    return {"latitude": place["lat"], "longitude": place["lng"], "accuracy": 5}


@pytest.fixture
def asking_for_pins(stage, customer):
    """Let the zone hand over for the customer's digits alone, until the test is over."""
    zone = f"zones/{customer.restaurant['zone_id']}"
    with Account(stage.site, "admin") as admin:
        before = admin.get(zone)["dispatch"]
        admin.call("PATCH", zone, {"dispatch": before | {"require_pin": True}})
        yield
        admin.call("PATCH", zone, {"dispatch": before})


class TestWaivingThePin:
    def test_lets_the_driver_hand_over_and_says_why(self, stage, visit, customer, asking_for_pins, off_duty):
        with Account(stage.site, "restaurant") as kitchen, Account(stage.site, "driver") as phone:
            driver = visit(
                "/driver", as_="driver", width=390, height=844,
                geolocation=at(customer.kitchen_at), permissions=["geolocation"],
            )  # fmt: skip
            placed = customer.order()
            kitchen.post(f"orders/{placed.id}/accept")
            kitchen.post(f"orders/{placed.id}/ready")
            driver.get_by_role("button", name="Go online").click()
            driver.get_by_role("button", name="Accept").click()
            expect(driver.get_by_role("button", name=re.compile("counter|bag"))).to_be_visible()
            delivery = phone.get("drivers/me/live")["deliveries"][0]["id"]
            for step in ("arrive", "pick-up", "arrive"):
                phone.post(f"deliveries/{delivery}/{step}")
            refusals = [
                phone.http.post(f"deliveries/{delivery}/drop-off", json={"pin": f"000{number}"})
                for number in range(WRONG_PINS)
            ]
            assert refusals[-1].json()["tries_left"] == 0

            ops = visit("/ops", as_="dispatcher", width=1440, reduced_motion="reduce")
            ops.get_by_role("combobox", name="Find an order, driver or restaurant").fill(placed.code)
            ops.get_by_role("option", name=re.compile(placed.code)).click()
            drawer = ops.get_by_role("complementary", name="Details")
            expect(drawer.get_by_text("Five wrong PINs")).to_be_visible()
            drawer.get_by_role("button", name="Waive the PIN").click()
            sheet = ops.get_by_role("dialog")
            assert violations(ops, "waiving") == []
            sheet.get_by_text("Customer confirmed by telephone").click()
            sheet.get_by_role("button", name="Waive the PIN").click()
            expect(ops.get_by_text(f"#{placed.code} needs no PIN any more")).to_be_visible()
            expect(drawer.get_by_role("button", name="Waive the PIN")).not_to_be_visible()

            phone.post(f"deliveries/{delivery}/drop-off")
        assert customer.status(placed) == "DELIVERED"
        told = {entry["type"] for entry in customer.get(f"orders/{placed.id}/timeline")["results"]}
        assert "delivery.pin_waived" in told

"""axe-core finds nothing on our own pages, in whatever state people see them, in light and dark."""

import re

from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.people import Account

STILL = {"reduced_motion": "reduce"}  # colours in the middle of a transition are nobody's fault


def at(place):
    return {"latitude": place["lat"], "longitude": place["lng"], "accuracy": 5}


class TestAccessibility:
    def test_of_the_entrance_and_the_way_in(self, visit, watch):
        found = []
        page = visit("/", **STILL)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        found += violations(page, "home")
        page = visit("/login", **STILL)
        found += violations(page, "sign in")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()
        found += violations(page, "sign in, refused")
        watch.expected = ("404",)
        for path, words in (("/nowhere", "no such page"), ("/track/abc", "shows no order")):
            page = visit(path, **STILL)
            expect(page.get_by_role("heading", name=re.compile(words))).to_be_visible()
            found += violations(page, path)
        assert found == [], "\n".join(found)

    def test_of_every_page_an_order_goes_over(self, stage, visit, customer):
        found = []
        ops = visit("/ops", as_="dispatcher", width=1440, **STILL)
        expect(ops.locator('.link[data-link="live"]')).to_be_visible()
        ops.get_by_text("What happened").click()
        expect(
            ops.get_by_role("list", name="What happened, newest first").get_by_role("listitem").first
        ).to_be_visible()
        found += violations(ops, "ops, nothing chosen")
        kitchen = visit(f"/restaurant?restaurant={customer.restaurant['id']}", as_="restaurant", **STILL)
        driver = visit(
            "/driver", as_="driver", width=390, height=844, **STILL,
            geolocation=at(customer.kitchen_at), permissions=["geolocation"],
        )  # fmt: skip
        online = driver.get_by_role("button", name="Go online")
        expect(online.or_(driver.get_by_role("heading", name="You are free"))).to_be_visible()
        found += violations(driver, "driver, no task")
        driver.get_by_role("button", name="Menu").click()
        found += violations(driver, "driver, menu")
        driver.get_by_role("button", name="Close", exact=True).click()

        placed = customer.order()
        track = visit(f"/track/{placed.tracking}", width=390, height=844, **STILL)
        expect(track.get_by_text("will answer in a moment")).to_be_visible()
        found += violations(track, "tracking, placed")
        ticket = kitchen.get_by_role("article", name=f"Order {placed.code}")
        expect(ticket).to_be_visible()
        found += violations(kitchen, "kitchen, new ticket")
        kitchen.get_by_role("button", name="Menu").click()
        expect(kitchen.get_by_role("complementary", name="Menu")).to_be_visible()
        found += violations(kitchen, "kitchen, menu open")
        kitchen.keyboard.press("Escape")
        kitchen.get_by_role("button", name="Pause orders").click()
        expect(kitchen.get_by_role("dialog")).to_be_visible()
        found += violations(kitchen, "kitchen, pause asked")
        kitchen.keyboard.press("Escape")
        kitchen.get_by_role("button", name="Kitchen load").click()
        kitchen.get_by_role("dialog").get_by_role("button", name="3 orders").click()
        expect(kitchen.get_by_role("button", name="Kitchen load: 1 of 3 orders")).to_be_visible()
        found += violations(kitchen, "kitchen, limited")
        kitchen.get_by_role("button", name="Kitchen load").click()
        kitchen.get_by_role("dialog").get_by_role("button", name="No limit").click()
        expect(kitchen.get_by_role("button", name=re.compile("no limit"))).to_be_visible()

        ops.get_by_role("combobox", name="Find an order, driver or restaurant").fill(placed.code)
        option = ops.get_by_role("option", name=re.compile(placed.code))
        expect(option).to_be_visible()
        found += violations(ops, "ops, found")
        option.click()
        drawer = ops.get_by_role("complementary", name="Details")
        expect(drawer.get_by_role("heading", name=re.compile(placed.code))).to_be_visible()
        found += violations(ops, "ops, order open")
        drawer.get_by_role("button", name=re.compile("Cancel")).click()
        expect(ops.get_by_role("dialog")).to_be_visible()
        found += violations(ops, "ops, reason asked")
        ops.keyboard.press("Escape")

        ticket.get_by_role("button", name=re.compile("Accept, ready")).click()
        ticket.get_by_role("button", name="Ready", exact=True).click()
        if online.is_visible():
            online.click()
        expect(driver.get_by_role("button", name="Accept")).to_be_visible()
        driver.get_by_text("Why me?").click()
        expect(driver.get_by_text("You were asked because")).to_be_visible()
        found += violations(driver, "driver, offer and why")
        driver.get_by_role("button", name="Decline").click()
        expect(driver.get_by_role("dialog")).to_be_visible()
        found += violations(driver, "driver, declining")
        driver.get_by_role("button", name="Keep the offer").click()
        driver.get_by_role("button", name="Accept").click()
        expect(driver.get_by_role("button", name=re.compile("counter|bag"))).to_be_visible()
        found += violations(driver, "driver, task")

        with Account(stage.site, "driver") as phone:
            delivery = phone.get("drivers/me/live")["deliveries"][0]["id"]
            for step in ("arrive", "pick-up", "arrive", "drop-off"):
                phone.post(f"deliveries/{delivery}/{step}")
        expect(track.get_by_role("heading", level=1)).to_contain_text("Delivered")
        expect(track.get_by_text("How was", exact=False).first).to_be_visible()
        found += violations(track, "tracking, rating")
        driver.get_by_role("button", name=re.compile("Today")).click()
        expect(driver.get_by_role("button", name="Close earnings")).to_be_visible()
        found += violations(driver, "driver, earnings")
        assert found == [], "\n".join(found)

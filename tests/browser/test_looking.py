"""Looking at the pages: back in time, by keyboard alone, on a phone, in the dark."""

import re
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Response, expect

PHONE = {"width": 360, "height": 740}


def asked_for(answer: Response) -> datetime | None:
    """Return the moment that an answer tells of, when it is one of the time machine."""
    parts = urlsplit(answer.url)
    return datetime.fromisoformat(parse_qs(parts.query)["at"][0]) if parts.path.endswith("/past") else None


class TestMoney:
    @pytest.mark.parametrize(
        ("minor", "currency", "words"),
        [(650, "USD", "6.50"), (650, "JPY", "650"), (1250, "KWD", "1.250"), (9500, "IQD", "9.500")],
    )
    def test_is_written_with_the_decimals_the_server_counts_in(self, visit, minor, currency, words):
        home = visit("/")
        written = home.evaluate(
            "([minor, currency]) => import('/static/fleetsync/js/ui.js').then((ui) => ui.money(minor, currency))",
            [minor, currency],
        )
        assert re.sub(r"[^\d.]", "", written) == words


class TestTimeMachine:
    def test_shows_the_map_as_it_was_a_minute_ago_and_comes_back(self, visit, customer):
        ops = visit("/ops", as_="dispatcher", width=1440)
        expect(ops.locator('.link[data-link="live"]')).to_be_visible()
        placed = customer.order()
        search = ops.get_by_role("combobox", name="Find an order, driver or restaurant")
        search.fill(placed.code)
        ops.get_by_role("option", name=re.compile(placed.code)).click()
        drawer = ops.get_by_role("complementary", name="Details")
        expect(drawer.get_by_role("button", name=re.compile("Cancel"))).to_be_enabled()

        ops.get_by_text("What happened").click()
        news = ops.get_by_role("list", name="What happened, newest first")
        expect(news.get_by_role("button").filter(has_text=f"#{placed.code} Placed")).to_be_visible()
        scrub = ops.get_by_role("slider", name="Time back from now")
        scrub.focus()
        with ops.expect_response(asked_for) as first:
            scrub.press("ArrowLeft")
        moment = asked_for(first.value) - timedelta(minutes=1)
        with ops.expect_response(lambda answer: asked_for(answer) == moment):
            for _ in range(6):  # steps of ten seconds
                scrub.press("ArrowLeft")
        expect(ops.get_by_text(re.compile("As it was at .* Looking only"))).to_be_visible()
        expect(ops.get_by_role("heading", name="Needed a person")).to_be_visible()
        expect(drawer.get_by_text("Not placed yet")).to_be_visible()
        expect(ops.get_by_text(re.compile(r"What had happened by \d\d:\d\d"))).to_be_visible()
        expect(news.get_by_text(f"#{placed.code}")).to_have_count(0)
        expect(self.open_orders(ops)).to_have_text(str(self.as_the_log_has_it(ops, customer, moment)))

        ops.get_by_label("How far back").select_option("1440")
        scrub.press("Home")
        expect(
            ops.get_by_text(re.compile(r"As it was at \w{3} \d{1,2} \w{3}, \d\d:\d\d\. Looking only"))
        ).to_be_visible()
        expect(ops.get_by_text("Nothing here needed you")).to_be_visible()
        expect(self.open_orders(ops)).to_have_text("0")  # nobody was at work in this city a day ago

        ops.get_by_role("button", name="Back to live").click()
        expect(ops.get_by_role("heading", name="Needs a person")).to_be_visible()
        expect(drawer.get_by_role("button", name=re.compile("Cancel"))).to_be_enabled()
        ops.get_by_role("button", name="Close details").click()
        news.get_by_role("button").filter(has_text=f"#{placed.code} Placed").click()
        expect(drawer.get_by_role("heading", name=re.compile(placed.code))).to_be_visible()

    def as_the_log_has_it(self, ops, customer, moment: datetime) -> int:
        """Return how many orders were open at a moment, asked for over the API."""
        zone = f"/api/v1/zones/{customer.restaurant['zone_id']}"
        look = ops.request.get(f"{zone}/past", params={"at": moment.isoformat()}).json()
        return len(look["deliveries"]) + len(look["placed"])

    def open_orders(self, ops) -> Locator:
        """Return the number in the strip."""
        return ops.locator("#strip .stat").filter(has_text="Open orders").locator(".vals")


class TestKeyboard:
    def test_is_enough_to_sign_in_find_an_order_and_act_on_it(self, visit, customer):
        placed = customer.order()
        page = visit("/login?next=/ops", width=1440)
        page.keyboard.type("dispatcher@fleetsync.example")  # the first field has the focus
        page.keyboard.press("Tab")
        page.keyboard.type("fleetsync-demo")
        page.keyboard.press("Enter")
        expect(page.locator('.link[data-link="live"]')).to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type(placed.code)
        expect(page.get_by_role("option", name=re.compile(placed.code))).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        drawer = page.get_by_role("complementary", name="Details")
        expect(drawer.get_by_role("heading", name=re.compile(placed.code))).to_be_visible()
        expect(drawer).to_be_focused()
        for _ in range(30):
            page.keyboard.press("Tab")
            if "Cancel" in (page.evaluate("document.activeElement.textContent") or ""):
                break
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).not_to_be_visible()
        page.keyboard.press("Escape")
        expect(drawer.get_by_role("heading", name=re.compile(placed.code))).not_to_be_visible()
        assert customer.status(placed) == "PLACED"  # a sheet that was left does nothing


class TestPhone:
    @pytest.mark.parametrize(
        ("path", "as_"), [("/", ""), ("/login", ""), ("/driver", "driver"), ("/restaurant", "restaurant")]
    )
    def test_needs_no_sideways_scrolling(self, visit, path, as_):
        page = visit(path, as_=as_, **PHONE)
        page.wait_for_load_state("load")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    def test_shows_the_customer_the_arrival_without_scrolling(self, visit, customer):
        placed = customer.order()
        page = visit(f"/track/{placed.tracking}", **PHONE)
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_be_in_viewport()
        expect(page.get_by_text("has your order and will answer in a moment")).to_be_in_viewport()
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


LUMINANCE = """name => {
  const parts = getComputedStyle(document.body)[name].match(/[\\d.]+/g).slice(0, 3).map(Number);
  const [r, g, b] = parts.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}"""


class TestDarkMode:
    @pytest.mark.parametrize(
        ("path", "as_"),
        [("/", ""), ("/ops", "dispatcher"), ("/driver", "driver"), ("/restaurant", "restaurant"), ("/login", "")],
    )
    def test_follows_the_system_and_stays_readable(self, visit, path, as_):
        page = visit(path, as_=as_, color_scheme="dark")
        page.wait_for_load_state("load")
        ground, ink = (page.evaluate(LUMINANCE, name) for name in ("backgroundColor", "color"))
        assert ground < 0.05
        assert (ink + 0.05) / (ground + 0.05) >= 7

    def test_can_be_chosen_by_hand_and_is_remembered(self, visit):
        page = visit("/login", color_scheme="light")
        page.wait_for_load_state("load")
        page.goto("/")
        page.get_by_role("button", name="Switch light and dark").click()
        assert page.evaluate(LUMINANCE, "backgroundColor") < 0.05
        page.reload()
        assert page.evaluate(LUMINANCE, "backgroundColor") < 0.05

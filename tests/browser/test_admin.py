"""The back office: axe-core finds nothing on its pages but what is listed as its libraries' own."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.people import Account

STILL = {"reduced_motion": "reduce"}
PHONE = {"width": 390, "height": 844}
TWICE = {"width": 720, "height": 450}  # a desk of 1440 px at 200 %
DESK = {"width": 1440, "height": 900}
#: Findings that the libraries' own code makes and we cannot mend: rule, what is named in it, why it is theirs.
UPSTREAM = (
    ("region", "body > .select2-container", "Select2 hangs an open list at the end of the page, outside of main"),
)
LISTS = (
    "orders/order", "dispatch/delivery", "restaurants/menuitem", "accounts/user", "accounts/driver", "auth/group",
    "core/event", "core/outbox", "admin/logentry",
)  # fmt: skip
ROWS = (
    "orders/order", "dispatch/delivery", "accounts/driver", "restaurants/restaurant", "restaurants/menucategory",
    "restaurants/menuitem", "restaurants/zone", "accounts/user", "auth/group",
)  # fmt: skip


def is_upstreams(finding: str) -> bool:
    """Tell whether every place that a finding names is the libraries'."""
    for rule, part, _ in UPSTREAM:
        _, named, places = finding.partition(f": {rule}: ")
        if named and all(part in place for place in places.split(" | ")):
            return True
    return False


@dataclass
class Office:
    """A page of the back office, and what was found so far."""

    page: Any
    found: list[str] = field(default_factory=list)

    def look(self, state: str) -> None:
        """Remember what axe finds that is not upstream's, and whether the page is wider than its window."""
        told = violations(self.page, state)
        self.found += [one for one in told if not is_upstreams(one)]
        over = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            self.found.append(f"{state}: {over} px wider than the window")

    def go(self, path: str, state: str = "") -> None:
        self.page.goto(f"/admin/{path}", wait_until="load")
        self.page.evaluate("new Promise((done) => setTimeout(done, 30))")  # names come after the load
        self.look(state or path)

    def first_of(self, model: str) -> str:
        """Return the path of the first row in the list that is open."""
        link = self.page.locator(f'a[href^="/admin/{model}/"][href*="/change/"]').first.get_attribute("href")
        return link.removeprefix("/admin/").partition("?")[0]


@pytest.fixture(scope="module")
def waiting(stage, customer):
    """Return an order whose food waits at the counter with nobody to carry it: it gets stuck while pages are seen."""
    with Account(stage.site, "restaurant") as kitchen:
        placed = customer.order()
        kitchen.post(f"orders/{placed.id}/accept")
        kitchen.post(f"orders/{placed.id}/ready")
    return placed


@pytest.fixture
def office(visit, waiting):
    office = Office(page=visit("/admin/", as_="admin", **DESK, **STILL))
    yield office
    assert office.found == [], "\n".join(office.found)


class TestBackOffice:
    def test_lists_are_for_everybody(self, office):
        for model in LISTS:
            office.go(f"{model}/")
        office.go("orders/order/?q=nothing-is-called-so", "a list without a row")
        office.page.get_by_role("button", name="Filters").press("Enter")
        office.look("filters open")
        office.page.goto("/admin/dispatch/delivery/", wait_until="load")
        office.page.get_by_role("checkbox").nth(1).check()
        office.page.locator("select[name=action]").select_option("assign")
        office.page.get_by_role("button", name="Run").click()
        expect(office.page.get_by_label("Driver")).to_be_visible()
        office.look("assigning by hand")

    def test_rows_and_their_forms_are_for_everybody(self, office):
        page = office.page
        for model in ROWS:
            page.goto(f"/admin/{model}/", wait_until="domcontentloaded")
            first = office.first_of(model)
            page.goto(f"/admin/{first}", wait_until="load")
            for more in page.get_by_role("link", name=re.compile("^Add another")).all():
                more.click()
            office.look(first)
            if model in ("accounts/driver", "restaurants/restaurant"):
                office.go(first.replace("/change/", "/history/"))
            if model in ("restaurants/restaurant", "restaurants/zone"):
                office.go(first.replace("/change/", "/delete/"))
            if model == "dispatch/delivery":
                office.go(first.replace("/change/", "/why/"))

    def test_errors_uploads_and_policies_are_for_everybody(self, office, watch, tmp_path):
        page = office.page
        office.go("restaurants/menucategory/add/")
        page.get_by_role("combobox", name="Restaurant").click()
        expect(page.get_by_role("option").first).to_be_visible()
        office.look("a choice that searches, open")
        page.keyboard.press("Escape")
        office.go("restaurants/zone/add/")
        page.get_by_label("Polygon").fill("39.3, -76.6")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("This field is required").first).to_be_visible()
        office.look("a zone that is refused")

        office.go("restaurants/menuitem/export/")
        office.go("restaurants/menuitem/import/")
        sheet = tmp_path / "items.csv"
        sheet.write_text("id,restaurant,category,name,description,price_minor,available,position\n,,,Soup,,x,1,0\n")
        page.locator("input[type=file]").set_input_files(sheet)
        page.locator("select[name=format]").select_option(label="csv")
        page.get_by_role("button", name="Submit").click()
        expect(page.get_by_text("Expected a whole number, got “x”.")).to_be_visible()
        office.look("an upload that is refused")

        office.go("dispatch/dispatchpolicy/add/")
        page.locator("select[name=zone]").select_option(index=1)
        page.locator("[name=note]").fill("For a look")
        page.get_by_role("button", name="Save", exact=True).click()
        office.go("dispatch/dispatchpolicy/", "policies, one drafted")
        page.get_by_role("checkbox").nth(1).check()
        office.look("policies, one chosen")
        office.go(office.first_of("dispatch/dispatchpolicy"))
        office.go("password_change/")
        watch.expected = ("403",)
        office.go("accounts/invitation/add/", "refused")

    def test_what_needs_a_person_is_for_everybody(self, office, waiting):
        page = office.page
        office.look("dashboard")
        office.go("?span=7d", "dashboard of a week")
        for _ in range(20):
            page.goto("/admin/stuck/")
            row = page.get_by_role("row", name=re.compile(waiting.code))
            if row.count():
                break
            page.wait_for_timeout(1000)
        office.look("stuck orders")
        row.get_by_role("link", name="Assign").click()
        office.look("assigning")
        page.go_back()
        row.get_by_role("link", name="Cancel").click()
        office.look("cancelling")
        page.go_back()
        row.get_by_role("button", name="Hold").click()
        expect(page.get_by_role("button", name="Undo")).to_be_visible()
        office.look("held, with a way back")

    def test_a_phone_and_a_page_twice_as_large_show_everything(self, office):
        page = office.page
        for size, lists in ((PHONE, ("orders/order/", "restaurants/restaurant/")), (TWICE, ("orders/order/",))):
            page.set_viewport_size(size)
            for path in ("", "stuck/", *lists):
                office.go(path, f"{path or 'dashboard'} at {size['width']} px")
                if path in lists:
                    first = office.first_of(path.removesuffix("/"))
                    office.go(first, f"{first} at {size['width']} px")
        page.set_viewport_size(PHONE)
        page.get_by_role("button", name="Side bar").press("Enter")
        expect(page.get_by_role("navigation").get_by_role("link", name="Orders", exact=True)).to_be_visible()
        office.look("side bar on a phone")

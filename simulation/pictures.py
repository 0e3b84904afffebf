"""The pictures of docs/: which page, as whom, how wide, and what is done before the shutter."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import connection

from dispatch.models import Delivery
from dispatch.states import DeliveryStatus
from fleetsync.core import ids
from orders.links import tracking_token
from orders.models import Order
from orders.states import OrderStatus
from restaurants.models import Restaurant
from simulation.browser import sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Size = tuple[int, int]
DESK: Final[Size] = (1440, 900)
PHONE: Final[Size] = (390, 844)
SETTLE_MS: Final = 2400.0  # until maps and sockets stand
PATIENCE_S: Final = 300.0  # until the city shows what a picture is about
BEFORE_PICKUP: Final = (DeliveryStatus.ASSIGNED, DeliveryStatus.EN_ROUTE_TO_PICKUP, DeliveryStatus.ARRIVED_AT_PICKUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A subject of docs/images: one file for each of its sizes and each theme."""

    name: str
    shows: str
    path: Callable[[], str | None]
    """The address to open; None while the city has nothing to show yet."""
    as_: str = ""
    sizes: tuple[Size, ...] = (DESK, PHONE)
    act: Callable[[Page], None] | None = None

    def file(self, size: Size, theme: str) -> str:
        """Return the name of the file: `ops.png`, `ops-phone-dark.png`."""
        return f"{self.name}{'-phone' if size == PHONE else ''}{'-dark' if theme == 'dark' else ''}.png"


def take(
    browser: Browser, site: str, picture: Picture, *, folder: Path, themes: Sequence[str] = ("light", "dark")
) -> None:
    """Wait until there is something to show; at each size open the page, act, and write a PNG for each theme.

    Raises:
        TimeoutError: the city, or the page, never showed what the picture is about.
    """
    from playwright.sync_api import Error  # of requirements-dev.txt

    until = time.monotonic() + PATIENCE_S
    while (path := _asked(picture.path)) is None:
        if time.monotonic() > until:
            raise TimeoutError(f"{picture.name}: nothing to show after {PATIENCE_S:.0f} s: {picture.shows}")
        time.sleep(0.5)
    for size in picture.sizes:
        try:
            with _opened(browser, site, path, picture, size=size, dark=themes[0] == "dark") as page:
                for number, theme in enumerate(themes):
                    if number:
                        _switch(page, theme)
                    page.screenshot(path=folder / picture.file(size, theme))
        except Error as error:
            raise TimeoutError(f"{picture.name}, {size[0]} wide: {error.message}") from error


@contextmanager
def _opened(browser: Browser, site: str, path: str, picture: Picture, *, size: Size, dark: bool) -> Iterator[Page]:
    """Open the page in a profile of its own and bring it to what the picture shows."""
    width, height = size
    context = browser.new_context(
        base_url=site,
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        timezone_id="America/New_York",
        device_scale_factor=2 if size == PHONE else 1,
        reduced_motion="reduce",
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    try:
        if picture.as_:
            sign_in(context, site, f"{picture.as_}@fleetsync.example")
        page = context.new_page()
        page.goto(path, wait_until="load")
        page.wait_for_timeout(SETTLE_MS)
        page.wait_for_function("() => !document.querySelector('.skel')")
        if picture.act:
            picture.act(page)
            page.wait_for_timeout(SETTLE_MS / 2)
        yield page
    finally:
        context.close()


def _switch(page: Page, theme: str) -> None:
    """Turn the page to the other theme: by its own switch, so that what is open stays open, else by loading it anew."""
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    switch = page.locator("[data-theme-toggle]")
    if switch.count():
        switch.first.evaluate("button => button.click()")
        page.wait_for_timeout(SETTLE_MS / 4)
    else:
        page.reload(wait_until="load")
        page.wait_for_timeout(SETTLE_MS)


def _asked(path: Callable[[], str | None]) -> str | None:
    """Ask the database in a thread: this one has Playwright's event loop, beside which Django refuses to."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(_and_close, path).result()


def _and_close(path: Callable[[], str | None]) -> str | None:
    try:
        return path()
    finally:
        connection.close()


# --- what the city shows ------------------------------------------------------


def _always(path: str) -> Callable[[], str]:
    return lambda: path


def _order_with(*statuses: DeliveryStatus) -> Order | None:
    rows = Delivery.objects.filter(status__in=statuses).select_related("order").order_by("promised_at", "id")
    delivery = rows.first()
    return delivery.order if delivery else None


def _busy_city() -> str | None:
    return "/ops" if Delivery.objects.filter(status__in=[*BEFORE_PICKUP, "PICKED_UP"]).count() >= 12 else None


def _ops_order() -> str | None:
    order = _order_with(*BEFORE_PICKUP) if _busy_city() else None
    return f"/ops?order={ids.encode('ord', order.pk)}" if order else None


def _track(*statuses: DeliveryStatus) -> Callable[[], str | None]:
    def path() -> str | None:
        order = _order_with(*statuses)
        return f"/track/{tracking_token(order.pk)}" if order else None

    return path


def _track_cooking() -> str | None:
    order = Order.objects.filter(status__in=[OrderStatus.ACCEPTED, OrderStatus.PREPARING]).order_by("-id").first()
    return f"/track/{tracking_token(order.pk)}" if order else None


def _track_delivered() -> str | None:
    order = Order.objects.filter(status=OrderStatus.DELIVERED).order_by("-id").first()
    return f"/track/{tracking_token(order.pk)}" if order else None


def _kitchen() -> str | None:
    """Return the kitchen with most tickets."""
    open_orders: dict[UUID, int] = {}
    rows = Order.objects.filter(status__in=["PLACED", "ACCEPTED", "PREPARING", "READY"]).order_by("id")
    for restaurant_id in rows.values_list("restaurant_id", flat=True):
        open_orders[restaurant_id] = open_orders.get(restaurant_id, 0) + 1
    mine = Restaurant.objects.filter(pk__in=open_orders, staff__user__email="restaurant@fleetsync.example")
    best = max(mine.order_by("id"), key=lambda each: open_orders[each.pk], default=None)
    if best is None:
        return None
    return f"/restaurant?restaurant={ids.encode('rst', best.pk)}"


def _admin_order() -> str | None:
    order = Order.objects.filter(status=OrderStatus.DELIVERED).order_by("-id").first()
    return f"/admin/orders/order/{order.pk}/change/" if order else None


def _admin_zone() -> str | None:
    restaurant = Restaurant.objects.order_by("id").first()
    return f"/admin/restaurants/zone/{restaurant.zone_id}/change/" if restaurant else None


def _explained() -> str | None:
    delivery = (
        Delivery.objects.filter(status=DeliveryStatus.DELIVERED, decisions__driver__isnull=False)
        .order_by("-id")
        .first()
    )
    return f"/admin/dispatch/delivery/{delivery.pk}/why/" if delivery else None


# --- what is done before the shutter ------------------------------------------


def _a_minute_ago(page: Page) -> None:
    page.wait_for_timeout(20_000)
    page.get_by_text("What happened").click()
    scrub = page.get_by_role("slider", name="Time back from now")
    scrub.focus()
    for _ in range(18):
        scrub.press("ArrowLeft")
    page.get_by_text(re.compile("As it was at")).wait_for()


def _heat(page: Page) -> None:
    page.get_by_role("button", name="Supply and demand").click()


def _show_tickets(page: Page) -> None:
    """Open the column that has any; on a phone one is seen at a time."""
    for name in ("Cooking", "Ready", "New"):
        column = page.get_by_role("tab", name=re.compile(rf"^{name} ?[1-9]"))
        if column.is_visible():
            column.click()
            return


def _go_online(page: Page) -> None:
    go = page.get_by_role("button", name="Go online")
    if go.is_visible():
        go.click()


def _await_offer(page: Page) -> None:
    _go_online(page)
    page.get_by_role("button", name="Accept").wait_for()


_TASK = re.compile("I am at the counter|I have the bag|I am at the door")


def _accept_offer(page: Page) -> None:
    _go_online(page)
    accept, task = page.get_by_role("button", name="Accept"), page.get_by_role("button", name=_TASK)
    accept.or_(task).wait_for()
    if accept.is_visible():
        accept.click()
    task.wait_for()


PICTURES: Final = (
    Picture(name="login", shows="the form to sign in", path=_always("/login")),
    Picture(name="home", shows="the entrance with the demo's logins and live counters", path=_always("/")),
    Picture(name="ops", shows="the live map of dispatch staff", path=_busy_city, as_="dispatcher"),
    Picture(name="ops-order", shows="an order in the drawer", path=_ops_order, as_="dispatcher"),
    Picture(name="ops-heat", shows="supply and demand", path=_busy_city, as_="dispatcher", act=_heat),
    Picture(name="ops-past", shows="the time machine", path=_busy_city, as_="dispatcher", act=_a_minute_ago),
    Picture(name="restaurant", shows="a kitchen's tickets", path=_kitchen, as_="restaurant", act=_show_tickets),
    Picture(name="track-cooking", shows="tracking while the kitchen cooks", path=_track_cooking),
    Picture(
        name="track-riding",
        shows="tracking while the courier rides",
        path=_track(DeliveryStatus.PICKED_UP, DeliveryStatus.EN_ROUTE_TO_DROPOFF),
    ),
    Picture(name="track-delivered", shows="tracking at the end", path=_track_delivered),
    Picture(
        name="driver-offer",
        shows="an offer on the phone",
        path=_always("/driver"),
        as_="driver",
        act=_await_offer,
    ),
    Picture(
        name="driver-task",
        shows="a driver's task",
        path=_always("/driver"),
        as_="driver",
        act=_accept_offer,
    ),
    Picture(
        name="admin-dashboard", shows="the back office's dashboard", path=_always("/admin/"), as_="admin", sizes=(DESK,)
    ),
    Picture(name="admin-order", shows="an order in the back office", path=_admin_order, as_="admin", sizes=(DESK,)),
    Picture(name="admin-zone", shows="a zone on the offline map", path=_admin_zone, as_="admin", sizes=(DESK,)),
    Picture(name="admin-explain", shows="why this driver", path=_explained, as_="admin", sizes=(DESK,)),
)

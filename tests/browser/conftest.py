"""Debian's Chromium before the running platform. Every page is watched: no error, no request to the outside."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from simulation.browser import PATIENCE_MS, NoBrowser, chromium, find_chromium, sign_in
from tests.browser.people import Account, Customer
from tests.browser.stage import PROJECT, Stage, running

PICTURES = PROJECT / ".local" / "browser"  # of pages as they were when a test failed
FAILED = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip them all where there is no browser, before the platform is started for them."""
    try:
        find_chromium()
    except NoBrowser as error:
        for item in items:
            if "tests/browser/" in item.nodeid:
                item.add_marker(pytest.mark.skip(reason=str(error)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let fixtures know how the test went."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The running platform."""
    with running() as platform:
        yield platform


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One browser for the tests of a module; its event loop must be gone before asynchronous tests begin."""
    with chromium() as running_browser:
        yield running_browser


class Watch:
    """What went wrong on the pages of a test."""

    def __init__(self, stage: Stage) -> None:
        self.own = {urlsplit(stage.site).netloc, urlsplit(stage.live).netloc}
        self.errors: list[str] = []
        self.outside: list[str] = []
        self.expected: tuple[str, ...] = ()
        """Parts of console lines that a test provokes on purpose."""

    def follow(self, page: Any) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("request", lambda request: self._ask(request.url))
        page.on("websocket", lambda socket: self._ask(socket.url))

    def _console(self, message: Any) -> None:
        if message.type == "error" and not any(part in message.text for part in self.expected):
            self.errors.append(f"{message.location.get('url')}: {message.text}")

    def _ask(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc not in self.own:
            self.outside.append(url)


@pytest.fixture
def watch(stage: Stage) -> Iterator[Watch]:
    """Fail the test when a page logged an error or asked somebody else."""
    watch = Watch(stage)
    yield watch
    assert watch.errors == []
    assert watch.outside == []


@pytest.fixture
def visit(request: pytest.FixtureRequest, stage: Stage, browser: Any, watch: Watch) -> Iterator[Callable[..., Any]]:
    """Open a page in a browser profile of its own: `visit("/ops", as_="dispatcher", width=390)`.

    `before(page)` is called with the empty page, to put something between it and the server.
    """
    contexts = []

    def open_page(
        path: str,
        *,
        as_: str = "",
        width: int = 1280,
        height: int = 860,
        before: Callable[[Any], Any] = lambda page: None,
        **options: Any,
    ) -> Any:
        context = browser.new_context(
            base_url=stage.site, viewport={"width": width, "height": height}, timezone_id="America/New_York", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        if as_:
            sign_in(context, stage.site, f"{as_}@fleetsync.example")
        page = context.new_page()
        watch.follow(page)
        before(page)
        page.goto(path, wait_until="domcontentloaded")
        return page

    yield open_page
    if request.node.stash.get(FAILED, False):
        PICTURES.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(page for context in contexts for page in context.pages):
            page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png")
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def customer(stage: Stage) -> Iterator[Customer]:
    """Somebody who orders over the API from the kitchen that `restaurant@` works for; it begins empty."""
    with Customer(stage.site) as somebody:
        yield somebody


@pytest.fixture
def off_duty(stage: Stage) -> None:
    """Let `driver@` begin offline: his session in another test outlives that test's page by a lease."""
    with Account(stage.site, "driver") as phone:
        answer = phone.http.delete("driver-sessions/current")
        assert answer.status_code in (204, 404), answer.text

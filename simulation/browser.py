"""Headless Chromium before the pages: for tests, pictures and measurements. Needs requirements-dev.txt."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from simulation.seeding import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: No sandbox (which root may not use), no GPU, and nothing that talks to the browser's maker.
ARGUMENTS: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PATIENCE_MS: Final = 30_000


class NoBrowser(RuntimeError):
    """There is no Chromium, or nothing to drive it with; the message says what helps."""


def find_chromium() -> str:
    """Return the path of the machine's own Chromium: `FLEETSYNC_CHROMIUM`, else one on the path.

    Raises:
        NoBrowser: none was found, or nothing to drive it with.
    """
    if find_spec("playwright") is None:
        raise NoBrowser("Playwright is not installed. What helps: pip install -r requirements-dev.txt")
    given = os.environ.get("FLEETSYNC_CHROMIUM")
    found = given or next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None or not os.access(found, os.X_OK):
        raise NoBrowser(f"There is no Chromium {given or 'here'}. What helps: apt-get install chromium")
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser for as long as the block lasts.

    While it runs the thread has an event loop of Playwright's; another one cannot be started.

    Raises:
        NoBrowser: Chromium or Playwright is missing.
    """
    path = find_chromium()
    from playwright.sync_api import expect, sync_playwright  # of requirements-dev.txt

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def sign_in(context: BrowserContext, site: str, email: str) -> None:
    """Give a profile the session of one of the seeded logins, as the form would.

    Raises:
        RuntimeError: the platform does not take the login.
    """
    form = context.request.get(f"{site}/login").text()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)
    fields = {"username": email, "password": PASSWORD, "csrfmiddlewaretoken": token[1] if token else ""}
    answer = context.request.post(
        f"{site}/login", form=fields, headers={"Referer": f"{site}/login"}, max_redirects=0, timeout=PATIENCE_MS
    )
    if answer.status != 302:
        raise RuntimeError(f"{email} cannot sign in at {site}: {answer.status}")

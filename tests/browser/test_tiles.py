"""Maps on tiles: from an address that answers, hangs or is gone, and from an archive of our own."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import expect
from pmtiles.tile import TileType

from fleetsync.bootstrap.ports import is_free
from simulation.browser import PATIENCE_MS, sign_in
from tests.browser.stage import PROJECT
from tests.browser.tiles import TileServer, around, land, png, write_archive

BY = "© Tiles of the test"
READY_WITHIN_S = 60.0
#: How long a map of tiles took to show them, or to give them up.
CLOCK = """
new MutationObserver(() => {
  const map = document.querySelector(".leaflet-container");
  if (map && window.began === undefined) window.began = performance.now();
  if (map?.dataset.tiles && window.took === undefined) window.took = performance.now() - window.began;
}).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-tiles", "class"] });
"""
#: Colours on what lies under the moving things: one where nothing is drawn.
COLOURS = """() => {
  const drawn = document.querySelector(".leaflet-overlay-pane canvas"), seen = new Set();
  const { data } = drawn.getContext("2d").getImageData(0, 0, drawn.width, drawn.height);
  for (let i = 0; i < data.length; i += 4 * 97) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]},${data[i + 3]}`);
  return seen.size;
}"""


def environment(pid: int) -> dict[str, str]:
    """Return what a running process of the platform was told."""
    lines = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    return dict(line.split("=", 1) for line in lines if "=" in line)


@contextmanager
def sites(env: dict[str, str], *settings: dict[str, str]) -> Iterator[list[str]]:
    """Run the pages once more for each of the settings, on the platform's own database; yield their addresses."""
    ports = [port for port in range(18300, 18400) if is_free(port)][: len(settings)]
    command = ["granian", "--interface", "wsgi", "fleetsync.wsgi:application", "--host", "127.0.0.1", "--no-ws"]
    running = [
        subprocess.Popen(
            [PROJECT / ".venv" / "bin" / command[0], *command[1:], "--port", str(port), "--log-level", "warning"],
            cwd=PROJECT,
            env=env | setting,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for port, setting in zip(ports, settings, strict=True)
    ]
    addresses = [f"http://127.0.0.1:{port}" for port in ports]
    try:
        for address in addresses:
            _await_ready(address)
        yield addresses
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(15)


def _await_ready(address: str) -> None:
    until = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            httpx.get(f"{address}/livez", timeout=5, trust_env=False)
            return
        except httpx.TransportError:
            assert time.monotonic() < until, f"{address} does not answer"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def tiled(stage, tmp_path_factory) -> Iterator[dict[str, Any]]:
    """The pages on a tile server of our own, and on an archive."""
    archive, server, env = (
        tmp_path_factory.mktemp("tiles") / "city.pmtiles",
        TileServer(),
        environment(stage.process("api")),
    )
    archive.write_bytes(b"")
    by = {"FLEETSYNC_TILES_ATTRIBUTION": BY}
    from_server, from_file = by | {"FLEETSYNC_TILES_URL": server.url}, by | {"FLEETSYNC_TILES_FILE": str(archive)}
    with sites(env, from_server, from_file) as (on_server, on_file):
        yield {"server": server, "archive": archive, "on_server": on_server, "on_file": on_file, "env": env}
    server.leave()


@pytest.fixture
def both(tiled, browser, customer, watch):
    """Open the live map and an order's tracking page on one of the sites."""
    contexts = []
    watch.expected = ("WebSocket connection",)  # the sockets know the address of the platform itself alone

    def open_pages(site: str) -> list[Any]:
        watch.own |= {site.removeprefix("http://"), f"127.0.0.1:{tiled['server'].port}"}
        pages = []
        for path, as_ in (("/ops", "dispatcher"), (f"/track/{customer.order().tracking}", "")):
            context = browser.new_context(base_url=site, viewport={"width": 1280, "height": 860})
            context.set_default_timeout(PATIENCE_MS)
            context.add_init_script(CLOCK)
            contexts.append(context)
            if as_:
                sign_in(context, site, f"{as_}@fleetsync.example")
            page = context.new_page()
            watch.follow(page)
            page.goto(path, wait_until="domcontentloaded")
            pages.append(page)
        return pages

    yield open_pages
    for context in contexts:
        context.close()


def shows_tiles(page) -> None:
    expect(page.locator('.leaflet-container[data-tiles="shown"]')).to_be_visible()
    expect(page.locator(".leaflet-control-attribution")).to_contain_text(BY)


def shows_streets(page) -> None:
    expect(page.locator('.leaflet-container[data-tiles="none"]')).to_be_visible()
    assert page.evaluate("window.took") < 2_500  # two seconds, and the next turn of a busy machine
    expect(page.locator(".leaflet-control-attribution")).not_to_contain_text(BY)
    expect(page.locator(".leaflet-tile-pane img")).to_have_count(0)
    assert page.evaluate(COLOURS) > 3


class TestTileServer:
    def test_that_answers_lies_under_the_maps(self, tiled, both):
        tiled["server"].answer()
        for page in both(tiled["on_server"]):
            shows_tiles(page)
            expect(page.locator(".leaflet-tile-pane img.leaflet-tile-loaded").first).to_be_attached()

    def test_that_hangs_gives_way_to_the_streets(self, tiled, both):
        tiled["server"].hang()
        before = tiled["server"].asked
        for page in both(tiled["on_server"]):
            shows_streets(page)
        assert tiled["server"].asked > before

    def test_that_is_gone_gives_way_to_the_streets(self, tiled, both, watch):
        watch.expected += ("ERR_CONNECTION_REFUSED",)
        tiled["server"].leave()
        for page in both(tiled["on_server"]):
            shows_streets(page)


class TestTileFile:
    @pytest.fixture
    def places(self, customer):
        return around(customer.kitchen_at["lng"], customer.kitchen_at["lat"])

    def test_of_images_lies_under_the_maps(self, tiled, both, places):
        write_archive(tiled["archive"], png(), kind=TileType.PNG, places=places)
        for page in both(tiled["on_file"]):
            shows_tiles(page)
            page.wait_for_function("() => document.querySelector('.leaflet-tile-pane img')?.naturalWidth === 256")

    def test_of_vectors_is_drawn_under_the_maps(self, tiled, both, places):
        write_archive(tiled["archive"], land(tiled["env"]["DATABASE_URL"]), kind=TileType.MVT, places=places)
        for page in both(tiled["on_file"]):
            shows_tiles(page)
            page.wait_for_function(  # a tile stands before it is painted
                "() => document.querySelector('.leaflet-tile-pane canvas')"
                "?.getContext('2d').getImageData(100, 100, 1, 1).data[3] === 255"
            )

    def test_that_is_broken_gives_way_to_the_streets(self, tiled, both):
        tiled["archive"].write_bytes(b"no archive of tiles, but long enough to be asked for" * 400)
        for page in both(tiled["on_file"]):
            shows_streets(page)

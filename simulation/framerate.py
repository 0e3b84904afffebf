"""Frames of a page in headless Chromium: how many were drawn, how long each took, what the heap came to."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from simulation.browser import ARGUMENTS, NoBrowser, find_chromium

#: Every byte of the heap is counted, not what Chromium rounds it to.
FLAGS: Final = (*ARGUMENTS, "--enable-precise-memory-info")
#: Says when each frame of the moving canvas was drawn, and how long the page's own code took for it.
PROBE: Final = """
(() => {
  const most = 200000, at = new Float64Array(most), took = new Float64Array(most);
  let n = 0, drawn = false, long = 0, last = -1;
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    if (this.canvas.classList?.contains('moving')) drawn = true;
    return clear.apply(this, box);
  };
  const ask = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (turn) => ask((stamp) => {
    const began = performance.now();
    drawn = false;
    turn(stamp);
    if (!drawn || n >= most) return;
    const spent = performance.now() - began;
    if (n && stamp === last) { took[n - 1] += spent; return; }  // a second drawing within the same frame
    at[n] = began; took[n] = spent; n += 1; last = stamp;
  });
  try { new PerformanceObserver((list) => { long += list.getEntries().length; }).observe({ type: 'longtask' }); } catch { /* older */ }
  window.frameProbe = {
    reset: () => { n = 0; long = 0; },
    read: () => ({ at: [...at.subarray(0, n)], took: [...took.subarray(0, n)], long }),
  };
})();
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """What one stretch of watching gave. Milliseconds; heap in MB after a collection.

    `draw` is the page's own code, by the clock; `cpu` what all processes of the browser spent for a frame,
    which a machine that is busy with other things changes little. `socket_kb_s` is what the server pushed,
    before compression on the wire.
    """

    what: str
    seconds: float
    fps_median: float
    fps_p5: float
    gap_p95_ms: float
    longest_gap_ms: float
    draw_median_ms: float
    draw_p95_ms: float
    cpu_ms: float
    socket_kb_s: float
    long_tasks: int
    heap_mb: float
    load: float

    def to_dict(self) -> dict[str, Any]:
        """Return it for a file."""
        return asdict(self)


def per_second(at_ms: Sequence[float]) -> list[int]:
    """Return how many frames each whole second had; the broken last one is left out."""
    if not at_ms:
        return []
    first, seconds = at_ms[0], int((at_ms[-1] - at_ms[0]) // 1000)
    counts = [0] * seconds
    for moment in at_ms:
        second = int((moment - first) // 1000)
        if second < seconds:
            counts[second] += 1
    return counts


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies, nearest rank; 0 of nothing."""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


class Watch:
    """A page open in a browser of its own, as a dispatcher sees it."""

    def __init__(self, *, width: int, height: int, dark: bool) -> None:
        from playwright.sync_api import sync_playwright  # of requirements-dev.txt

        path = find_chromium()
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        context = self._browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.add_init_script(PROBE)
        self.page = context.new_page()
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self._received = 0
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._count))
        self._whole = self._browser.new_browser_cdp_session()
        self._cdp = context.new_cdp_session(self.page)
        self._middle = (width * 0.6, height * 0.5)

    def _count(self, payload: str | bytes) -> None:
        self._received += len(payload.encode() if isinstance(payload, str) else payload)

    def close(self) -> None:
        """End the browser."""
        self._browser.close()
        self._playwright.stop()

    def log_in(self, *, site: str, email: str, password: str, path: str) -> None:
        """Sign in and open a page; wait until it is live and has drawn.

        Raises:
            NoBrowser: it drew nothing.
        """
        self.page.goto(f"{site}/login?next={path}")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator('.link[data-link="live"]').wait_for(timeout=60_000)
        for _ in range(60):  # the page's policy forbids eval, which waiting for an expression would need
            if len(self.page.evaluate("frameProbe.read()")["at"]) > 30:
                return
            self.page.wait_for_timeout(1000)
        raise NoBrowser("The page drew nothing within a minute.")

    def heap_mb(self) -> float:
        """Return the JavaScript heap in use after a collection."""
        self._cdp.send("HeapProfiler.collectGarbage")
        return float(self._cdp.send("Runtime.getHeapUsage")["usedSize"]) / 1e6

    def cpu_s(self) -> float:
        """Return the processor seconds that the browser has used."""
        found = self._whole.send("SystemInfo.getProcessInfo")["processInfo"]
        return float(sum(each["cpuTime"] for each in found))

    def stretch(self, what: str, *, seconds: float, panning: bool, tick: Callable[[], None]) -> Frames:
        """Watch for so long, still or dragging the map about, and say what came of it."""
        self.page.evaluate("frameProbe.reset()")
        spent_s, received, began = self.cpu_s(), self._received, time.monotonic()
        until = began + seconds
        x, y = self._middle
        if panning:
            self.page.mouse.move(x, y)
            self.page.mouse.down()
        turn = 0
        while time.monotonic() < until:
            if panning:
                turn += 1
                self.page.mouse.move(x + 160 * math.sin(turn / 20), y + 100 * math.cos(turn / 27))
                self.page.wait_for_timeout(16)
            else:
                self.page.wait_for_timeout(min(1000, max(1, 1000 * (until - time.monotonic()))))
            tick()
        if panning:
            self.page.mouse.up()
        spent_s, received = self.cpu_s() - spent_s, self._received - received
        watched_s = time.monotonic() - began
        seen = self.page.evaluate("frameProbe.read()")
        at, took = seen["at"], seen["took"]
        gaps = [later - earlier for earlier, later in pairwise(at)]
        counts = per_second(at)
        return Frames(
            what=what,
            seconds=seconds,
            fps_median=median(counts) if counts else 0.0,
            fps_p5=percentile(counts, 0.05),
            gap_p95_ms=percentile(gaps, 0.95),
            longest_gap_ms=max(gaps, default=0.0),
            draw_median_ms=median(took) if took else 0.0,
            draw_p95_ms=percentile(took, 0.95),
            cpu_ms=1000 * spent_s / max(1, len(at)),
            socket_kb_s=received / 1000 / watched_s,
            long_tasks=seen["long"],
            heap_mb=self.heap_mb(),
            load=os.getloadavg()[0],
        )

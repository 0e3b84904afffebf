"""The platform that a browser looks at: all its processes, a city of its own, nobody at work in it but the test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleetsync.bootstrap import state
from fleetsync.bootstrap.paths import find_layout

PROJECT = Path(__file__).resolve().parents[2]
SPEED = 6.0  # business seconds in a real one: a minute of the past takes ten seconds to make
READY_WITHIN_S = 240.0
STOP_WITHIN_S = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where the platform answers."""

    site: str
    live: str
    home: Path

    def process(self, name: str) -> int:
        """Return the process id that a part of the platform has now."""
        return state.load(self.home).processes[name].pid


@contextmanager
def running() -> Iterator[Stage]:
    """Run the platform apart from every other; one that stands already is used and left as it is."""
    layout = find_layout(PROJECT)
    home = state.folder(layout, "stage")
    if home.exists() and state.is_running(home) and state.load(home).ready:
        yield _stage(home)
        return
    env = {name: value for name, value in os.environ.items() if not _is_of_the_tests(value, str(layout.sockets))}
    log = home / "logs" / "tests.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    (home / "state.json").unlink(missing_ok=True)
    command = [sys.executable, "manage.py", "demo", "--apart", "--no-sim", "--yes", "--speed", f"{SPEED:g}"]
    with log.open("wb") as said:
        runner = subprocess.Popen(command, cwd=PROJECT, env=env, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
    try:
        until = time.monotonic() + READY_WITHIN_S
        while not state.load(home).ready:
            assert runner.poll() is None, f"the platform ended:\n{log.read_text()[-3000:]}"
            assert time.monotonic() < until, f"the platform is not ready:\n{log.read_text()[-3000:]}"
            time.sleep(0.1)
        yield _stage(home)
    finally:
        runner.send_signal(signal.SIGTERM)
        try:
            runner.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            runner.kill()
            runner.wait()


def _stage(home: Path) -> Stage:
    ports = state.load(home).ports
    return Stage(site=f"http://127.0.0.1:{ports['api']}", live=f"ws://127.0.0.1:{ports['live']}", home=home)


def _is_of_the_tests(value: str, sockets: str) -> bool:
    """Tell whether a variable names the private services that the test run stands on."""
    return sockets in value

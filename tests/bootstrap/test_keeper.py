"""Services live exactly as long as somebody uses them."""

import json
import os
import signal
import sys
import time

import pytest

from fleetsync.bootstrap import children, database, keeper, locks

SLEEPER = "import time; time.sleep(600)"


def eventually(check, *, within_s=8.0):
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if check():
            return True
        time.sleep(0.02)
    return False


def pids(layout):
    try:
        return {name: pid for name, (pid, _) in json.loads((layout.local / "services.pids").read_text()).items()}
    except (OSError, ValueError):
        return {}


def alive(pid):
    return children.birth_of(pid) is not None


@pytest.fixture
def kept(layout):
    """A keeper with one service that does nothing, and the lock of its first user."""
    using = database.begin_use(layout)
    service = keeper.Service(name="idle", argv=[sys.executable, "-c", SLEEPER], env=dict(os.environ), user=None)
    keeper.ensure(layout, [service])
    assert eventually(lambda: "idle" in pids(layout))
    yield layout, using
    for pid in pids(layout).values():
        if alive(pid):
            os.kill(pid, signal.SIGKILL)


class TestKeeper:
    def test_stops_when_the_last_user_leaves(self, kept):
        layout, first = kept
        second = database.begin_use(layout)
        service = pids(layout)["idle"]
        database.end_use(layout, first)
        time.sleep(3 * keeper.LOOK_EVERY_S)
        assert alive(service)  # somebody is still there
        database.end_use(layout, second)
        assert not keeper.is_running(layout)
        assert not alive(service)

    def test_stays_when_pinned_until_the_pin_is_gone(self, kept):
        layout, using = kept
        keeper.pin(layout).touch()
        database.end_use(layout, using)
        time.sleep(3 * keeper.LOOK_EVERY_S)
        assert keeper.is_running(layout)
        keeper.pin(layout).unlink()
        assert eventually(lambda: not keeper.is_running(layout))

    def test_starts_a_killed_service_again(self, kept):
        layout, using = kept
        before = pids(layout)["idle"]
        os.kill(before, signal.SIGKILL)
        assert eventually(lambda: pids(layout).get("idle") not in (None, before))
        database.end_use(layout, using)

    def test_leaves_nothing_when_it_is_killed_itself(self, kept):
        layout, using = kept
        running = pids(layout)
        os.kill(running["keeper"], signal.SIGKILL)
        assert eventually(lambda: not alive(running["idle"]))
        keeper.restart(layout)
        assert eventually(lambda: pids(layout).get("idle") not in (None, running["idle"]))
        locks.release(using)
        assert eventually(lambda: not keeper.is_running(layout))

    def test_two_starts_at_once_make_one_keeper(self, kept):
        layout, using = kept
        first = pids(layout)
        keeper.restart(layout)
        assert keeper._keep(layout.local, layout.logs) == 0  # it finds the other at work and leaves
        assert pids(layout) == first
        database.end_use(layout, using)

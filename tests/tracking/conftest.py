"""A real socket process (uvicorn) against the test database, and phones to talk to it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
from django.conf import settings
from django.db import connection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from accounts.services import open_login
from fleetsync.core import clock
from tests.factories import OrderFactory
from tests.tracking.sale import Sale

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = settings.FLEETSYNC_ORIGINS[0]


def test_database_url() -> str:
    """Return DATABASE_URL with the name of the test database."""
    url = urlsplit(os.environ["DATABASE_URL"])
    return url._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


test_database_url.__test__ = False


class Server:
    """One uvicorn process with `/ws/v1/`."""

    def __init__(self, **environment: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", "fleetsync.live:application", "--port", str(self.port)),
                *("--ws", "websockets-sansio", "--ws-max-size", "65536", "--log-level", "warning"),
                *("--ws-per-message-deflate", "false", "--timeout-graceful-shutdown", "1"),
            ],
            cwd=ROOT,
            env={
                **os.environ,
                "DATABASE_URL": test_database_url(),
                "FLEETSYNC_POOL_MAX": "5",
                "PGAPPNAME": "sockets",  # tests that kill connections spare those of this process
                **environment,
            },
        )

    def wait(self) -> "Server":
        """Return when it is ready; one that does not come up is stopped."""
        until = time.monotonic() + 90
        try:
            while not self._is_ready():
                assert self.process.poll() is None, "the socket process died at start"
                assert time.monotonic() < until, "the socket process is not ready"
                time.sleep(0.1)
        except BaseException:
            self.stop()
            raise
        return self

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def pause(self) -> None:
        """Freeze it between two statements: one under way while the tables are emptied would deadlock with that."""
        until = time.monotonic() + 30
        while True:
            self.process.send_signal(signal.SIGSTOP)
            if not self._is_asking():
                time.sleep(0.01)  # what it had just sent has arrived by now
                if not self._is_asking():
                    return
            self.process.send_signal(signal.SIGCONT)
            assert time.monotonic() < until, "the socket process does not come to rest"
            time.sleep(0.01)

    def go_on(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def _is_asking(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name = 'sockets' AND state <> 'idle'"
            )
            return cursor.fetchone()[0] > 0

    def stop(self) -> None:
        self.go_on()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)

    def connect(self, *protocols: str, query: str = "", origin: str | None = None, **options) -> "Phone":
        connecting = connect(
            f"ws://127.0.0.1:{self.port}/ws/v1/{query}",
            subprotocols=list(protocols) or None,
            compression=None,
            origin=origin,
            max_size=1 << 20,
            proxy=None,
            close_timeout=1,
            **options,
        )
        return Phone(connecting.__enter__())

    def log_in(self, user, **options) -> "Phone":
        return self.connect("fleetsync.v1", f"bearer.{access_of(user)}", **options)


class Phone:
    """A client of the socket."""

    def __init__(self, wire) -> None:
        self.wire = wire

    def __enter__(self) -> "Phone":
        return self

    def __exit__(self, *_: object) -> None:
        self.wire.close()

    def send(self, **frame) -> None:
        self.wire.send(orjson.dumps(frame).decode())

    def hear(self, within_s: float = 5.0) -> dict:
        return orjson.loads(self.wire.recv(timeout=within_s))

    def hear_type(self, kind: str, within_s: float = 5.0) -> dict:
        """Return the next frame of this type; others before it are passed over."""
        until = time.monotonic() + within_s
        while True:
            frame = self.hear(max(0.01, until - time.monotonic()))
            if frame["type"] == kind:
                return frame

    def silence(self, for_s: float = 0.4) -> list[dict]:
        """Return what is still heard until nothing comes for a while."""
        heard = []
        while True:
            try:
                heard.append(self.hear(for_s))
            except TimeoutError:
                return heard

    def subscribe(self, topic: str, **more) -> dict:
        """Subscribe and return the snapshot."""
        self.send(type="subscribe", topic=topic, **more)
        return self.hear_type("snapshot")

    def closed(self, within_s: float = 8.0) -> tuple[int, str]:
        """Return code and reason of the close that must come."""
        until = time.monotonic() + within_s
        with pytest.raises(ConnectionClosed) as ended:
            while True:
                self.hear(max(0.01, until - time.monotonic()))
        goodbye = ended.value.rcvd
        assert goodbye is not None, "cut without a close frame"
        return goodbye.code, goodbye.reason


def access_of(user) -> str:
    """Return a fresh access token of a user."""
    return open_login(user=user, real_now=clock.real_now()).access


@pytest.fixture(scope="module")
def live_process(django_db_setup, django_db_blocker):
    """One socket process for the tests of a module; it would keep the clock that a test elsewhere had set."""
    with django_db_blocker.unblock():
        server = Server()
    yield server.wait()
    server.stop()


@pytest.fixture
def live(live_process, transactional_db):
    """The socket process; rows are committed, so that it sees them. It rests while the tables are emptied."""
    live_process.go_on()
    yield live_process
    live_process.pause()


@pytest.fixture
def sale(live) -> Sale:
    """Return an accepted order."""
    return Sale(OrderFactory(taken=True))

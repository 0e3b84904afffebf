"""REST as a phone does it: log in, stay so, try again with the same Idempotency-Key, keep the receipts."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

import httpx
import orjson

from simulation.clients.clock import BusinessClock, iso, seconds_of
from simulation.clients.ledger import Ledger

PATIENCE_S: Final = 60.0
TIMEOUT_S: Final = 15.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
#: What heals by itself. A 500 is a bug, but the phone tries again all the same, three times.
PASSING: Final = frozenset({429, 502, 503, 504})
TRIES_AT_500: Final = 3


class Refused(Exception):
    """The platform said no; `code` is its problem code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status, self.code, self.detail = status, code, detail

    @property
    def passes(self) -> bool:
        """Tell whether the same may be granted in a moment."""
        return self.status in PASSING or self.code == "idempotency-in-flight"


class Unreachable(Exception):
    """No answer within our patience."""


@dataclass(slots=True)
class Answer:
    """A 2xx. Moments are monotonic seconds; `tapped` is before the first try."""

    status: int
    body: Any
    headers: httpx.Headers
    tapped: float
    answered: float


class Gate:
    """One connection pool to the platform, the clock and the ledger: what all clients share."""

    def __init__(self, *, base_url: str, live_url: str, ledger: Ledger, seed: int = 1, connections: int = 24) -> None:
        self.base_url = base_url.rstrip("/")
        self.socket_url = live_url.rstrip("/") + "/ws/v1/"
        self.ledger = ledger
        self.clock = BusinessClock()
        self._rng = Random(f"{seed}:keys:{time.time_ns()}")  # the same day played twice needs new keys
        self.http = httpx.AsyncClient(
            base_url=f"{self.base_url}/api/v1/",
            timeout=httpx.Timeout(TIMEOUT_S, connect=3.0, pool=PATIENCE_S),
            limits=httpx.Limits(
                max_connections=connections, max_keepalive_connections=connections, keepalive_expiry=30
            ),
            headers={"Accept": "application/json", "User-Agent": "fleetsync-simulation"},
            trust_env=False,
        )

    def key(self) -> str:
        """Return a new Idempotency-Key."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    async def read_clock(self, tries: int = 1) -> None:
        """Ask what time it is."""
        for _ in range(tries):
            sent = time.monotonic()
            response = await self.http.get("clock")
            response.raise_for_status()
            said = orjson.loads(response.content)
            self.clock.learn(
                now_s=seconds_of(said["now"]), scale=float(said["scale"]), sent=sent, received=time.monotonic()
            )

    async def await_clock(self, moment_s: float, patience_s: float = 90.0) -> None:
        """Return when the platform has noticed that business time was set to a moment or later.

        Raises:
            Unreachable: it has not, or does not answer.
        """
        until = time.monotonic() + patience_s
        while True:
            try:
                await self.read_clock()
            except (httpx.HTTPError, KeyError, ValueError) as error:
                if time.monotonic() > until:
                    raise Unreachable(f"GET clock: {error}") from error
            if self.clock.now_s() >= moment_s:
                return
            if time.monotonic() > until:
                raise Unreachable(f"its clock says {iso(self.clock.now_s())}, not {iso(moment_s)}")
            await asyncio.sleep(0.1)

    async def keep_clock(self, every_s: float = 5.0) -> None:
        """Ask for the time again and again; never returns."""
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.read_clock()
            except (httpx.HTTPError, KeyError, ValueError):
                continue

    async def close(self) -> None:
        """Let go of the connections."""
        await self.http.aclose()


@dataclass(slots=True)
class Account:
    """Somebody who is logged in, or can be.

    Tokens may be handed over (then nobody pays for a password check), else `password` logs in.
    """

    gate: Gate
    email: str
    password: str = ""
    access: str = ""
    refresh: str = ""
    user_id: str = ""
    driver_id: str = ""
    _renewing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def renew(self, stale: str) -> str:
        """Return an access token other than `stale`: by the refresh token, else by the password.

        Raises:
            Refused: neither works, or not at the moment (`passes`).
            httpx.TransportError: nobody answered; what there was to renew by is kept.
        """
        async with self._renewing:
            if self.access and self.access != stale:
                return self.access
            if self.refresh:
                answer = await self._send("POST", "auth/refresh", {"refresh": self.refresh}, {}, None)
                if answer.status_code == 200:
                    self._take(orjson.loads(answer.content))
                    return self.access
                refusal = _refusal(answer)
                if refusal.passes:
                    raise refusal
                self.refresh = ""
            if not self.password:
                raise Refused(401, "token-invalid", f"{self.email} has no way to log in again")
            answer = await self._send("POST", "auth/login", {"email": self.email, "password": self.password}, {}, None)
            if answer.status_code != 200:
                raise _refusal(answer)
            self._take(orjson.loads(answer.content))
            return self.access

    async def get(self, path: str, **params: str) -> Any:
        """Return the JSON of a GET.

        Raises:
            Refused, Unreachable.
        """
        return (await self.call("GET", path, params=params)).body

    async def post(self, path: str, body: Any = None, *, key: str | None = None) -> Answer:
        """Do a POST, at most once whatever happens on the way.

        Raises:
            Refused, Unreachable.
        """
        return await self.call("POST", path, body, key=key or self.gate.key())

    async def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, params: dict[str, str] | None = None
    ) -> Answer:
        """Send until there is an answer that stays, for at most a minute.

        Raises:
            Refused: a 4xx that trying again does not change.
            Unreachable: nobody answered.
        """
        tapped = time.monotonic()
        pause, at_500, renewed = FIRST_PAUSE_S, 0, False
        why = ""
        while time.monotonic() - tapped < PATIENCE_S:
            try:
                token = self.access or await self.renew("")
                headers = {"Authorization": f"Bearer {token}"}
                if key:
                    headers["Idempotency-Key"] = key
                response = await self._send(method, path, body, headers, params)
                if response.status_code == 401 and not renewed:
                    await self.renew(token)
                    renewed = True
                    continue
            except httpx.TransportError as error:
                why = type(error).__name__
            except Refused as no_token:
                if not no_token.passes:
                    raise
                why = str(no_token)
            else:
                if response.status_code < 300:
                    content = orjson.loads(response.content) if response.content else None
                    return Answer(response.status_code, content, response.headers, tapped, time.monotonic())
                refusal = _refusal(response)
                why = str(refusal)
                at_500 += response.status_code == 500
                if not refusal.passes and not (response.status_code == 500 and at_500 < TRIES_AT_500):
                    raise refusal
                pause = max(pause, _asked_pause_s(response))
            self.gate.ledger.counts["retries"] += 1
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE_S, pause * 2)
        raise Unreachable(f"{method} {path}: {why}")

    async def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str], params: dict[str, str] | None
    ) -> httpx.Response:
        if body is None:
            return await self.gate.http.request(method, path, headers=headers, params=params)
        headers = headers | {"Content-Type": "application/json"}
        return await self.gate.http.request(method, path, headers=headers, params=params, content=orjson.dumps(body))

    def _take(self, login: dict[str, Any]) -> None:
        self.access, self.refresh = login["access"], login["refresh"]
        user = login.get("user")
        if user:
            self.user_id, self.driver_id = user["id"], user.get("driver_id") or ""


def _refusal(response: httpx.Response) -> Refused:
    try:
        problem = orjson.loads(response.content)
        return Refused(response.status_code, str(problem["code"]), str(problem.get("detail") or problem.get("title")))
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Refused(response.status_code, f"http-{response.status_code}", response.text[:200])


def _asked_pause_s(response: httpx.Response) -> float:
    try:
        return min(5.0, float(response.headers.get("Retry-After", "0")))
    except ValueError:
        return 0.0

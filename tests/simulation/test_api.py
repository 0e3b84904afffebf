import asyncio

import httpx
import orjson
import pytest

from simulation.clients import api, live
from simulation.clients.api import Account, Gate, Refused, Unreachable
from simulation.clients.clock import seconds_of
from simulation.clients.ledger import Ledger
from simulation.clients.live import LiveSocket, cancel_all


class Platform:
    """Answers by a list of answers; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return httpx.Response(status, content=orjson.dumps(body))


def account_at(platform: Platform, **fields) -> Account:
    gate = Gate(base_url="http://platform", live_url="ws://platform", ledger=Ledger())
    gate.http = httpx.AsyncClient(base_url="http://platform/api/v1/", transport=httpx.MockTransport(platform))
    return Account(gate=gate, email="driver001@sim.fleetsync.example", **{"access": "a1", "refresh": "r1"} | fields)


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(api, "FIRST_PAUSE_S", 0.001)
    monkeypatch.setattr(api, "LONGEST_PAUSE_S", 0.002)


PROBLEM = {"code": "offer-expired", "detail": "The offer has expired."}


class TestPost:
    async def test_tries_again_with_the_same_key_until_it_is_answered(self):
        platform = Platform(
            httpx.ConnectError("down"), (503, PROBLEM), (409, {"code": "idempotency-in-flight"}), (201, {"id": 1})
        )
        account = account_at(platform)
        answer = await account.post("orders", {"a": 1})
        assert (answer.status, answer.body) == (201, {"id": 1})
        assert len({request.headers["Idempotency-Key"] for request in platform.asked}) == 1
        assert account.gate.ledger.counts["retries"] == 3

    async def test_takes_a_refusal_as_it_is(self):
        platform = Platform((410, PROBLEM))
        with pytest.raises(Refused) as refused:
            await account_at(platform).post("offers/ofr_1/accept")
        assert (refused.value.status, refused.value.code) == (410, "offer-expired")
        assert len(platform.asked) == 1

    async def test_gives_a_bug_three_tries(self):
        platform = Platform(*[(500, PROBLEM)] * 3)
        with pytest.raises(Refused):
            await account_at(platform).post("orders")
        assert len(platform.asked) == 3

    async def test_gives_up_after_a_while(self, monkeypatch):
        monkeypatch.setattr(api, "PATIENCE_S", 0.02)
        platform = Platform(*[httpx.ConnectError("down")] * 1000)
        with pytest.raises(Unreachable):
            await account_at(platform).post("orders")

    async def test_uses_a_new_key_for_each_new_wish(self):
        platform = Platform((201, {}), (201, {}))
        account = account_at(platform)
        await account.post("orders")
        await account.post("orders")
        assert len({request.headers["Idempotency-Key"] for request in platform.asked}) == 2


class TestRenew:
    async def test_spends_the_refresh_token_once_when_the_access_token_has_ended(self):
        platform = Platform(
            (401, {"code": "token-expired"}), (200, {"access": "a2", "refresh": "r2"}), (200, {"ok": True})
        )
        account = account_at(platform)
        assert await account.get("auth/me") == {"ok": True}
        assert orjson.loads(platform.asked[1].content) == {"refresh": "r1"}
        assert platform.asked[2].headers["Authorization"] == "Bearer a2"
        assert (account.access, account.refresh) == ("a2", "r2")

    async def test_logs_in_where_no_token_helps(self):
        login = {"access": "a2", "refresh": "r2", "user": {"id": "usr_1", "driver_id": "drv_1"}}
        platform = Platform((401, {"code": "token-invalid"}), (200, login), (200, {}))
        account = account_at(platform, access="", password="secret")
        await account.get("auth/me")
        assert platform.asked[1].url.path == "/api/v1/auth/login"
        assert account.driver_id == "drv_1"

    async def test_refuses_without_any_way_in(self):
        with pytest.raises(Refused, match="no way to log in again"):
            await account_at(Platform(), access="", refresh="").get("auth/me")

    async def test_keeps_the_refresh_token_until_somebody_has_answered(self):
        away = [httpx.ConnectError("down"), (503, {"code": "database-away"}), httpx.ReadTimeout("slow")]
        platform = Platform(
            *[answer for each in away for answer in ((401, {"code": "token-expired"}), each)],
            (401, {"code": "token-expired"}),
            (200, {"access": "a2", "refresh": "r2"}),
            (200, {"ok": True}),
        )
        account = account_at(platform)
        assert await account.get("auth/me") == {"ok": True}
        spent = [orjson.loads(asked.content) for asked in platform.asked if asked.url.path.endswith("/refresh")]
        assert spent == [{"refresh": "r1"}] * 4
        assert account.gate.ledger.counts["retries"] == 3

    async def test_drops_a_refresh_token_that_was_refused(self):
        login = {"access": "a2", "refresh": "r2"}
        platform = Platform((401, {"code": "token-reused"}), httpx.ConnectError("down"), (200, login), (200, {}))
        account = account_at(platform, access="", password="secret")
        await account.get("auth/me")
        assert [asked.url.path.rpartition("/")[2] for asked in platform.asked] == ["refresh", "login", "login", "me"]

    async def test_gives_up_like_any_call_where_nobody_comes_back(self, monkeypatch):
        monkeypatch.setattr(api, "PATIENCE_S", 0.02)
        account = account_at(Platform(*[httpx.ConnectError("down")] * 1000), access="")
        with pytest.raises(Unreachable, match="ConnectError"):
            await account.get("auth/me")
        assert account.refresh == "r1"


class TestLiveSocket:
    async def test_tries_again_while_the_api_is_away_and_no_token_can_be_renewed(self, monkeypatch):
        monkeypatch.setattr(live, "FIRST_PAUSE_S", 0.001)
        monkeypatch.setattr(live, "LONGEST_PAUSE_S", 0.002)
        platform = Platform(
            httpx.ConnectError("down"), httpx.ReadTimeout("slow"), (200, {"access": "a2", "refresh": "r2"})
        )
        account, held = account_at(platform, access=""), asyncio.Event()
        socket = LiveSocket(account, on_frame=lambda _frame: None)

        async def hold(token):
            assert token == "a2"
            held.set()
            await asyncio.Event().wait()

        monkeypatch.setattr(socket, "_hold", hold)
        running = asyncio.create_task(socket.run())
        await asyncio.wait_for(held.wait(), 5)
        assert account.gate.ledger.counts["reconnects"] == 2
        await cancel_all([running])


class TestAwaitClock:
    async def test_waits_until_the_platform_has_noticed(self):
        early, late = (
            {"now": "2026-03-01T12:00:00+00:00", "scale": 1.0},
            {"now": "2026-03-02T12:00:00+00:00", "scale": 60.0},
        )
        platform = Platform((200, early), httpx.ConnectError("down"), (200, late))
        gate = account_at(platform).gate
        await gate.await_clock(seconds_of("2026-03-02T08:00:00+00:00"))
        assert len(platform.asked) == 3
        assert gate.clock.scale == 60.0

    async def test_gives_up_on_a_platform_that_never_does(self):
        platform = Platform(*[(200, {"now": "2026-03-01T12:00:00+00:00", "scale": 1.0})] * 9)
        with pytest.raises(Unreachable, match="its clock says 2026-03-01T12:00"):
            await account_at(platform).gate.await_clock(seconds_of("2026-03-02T08:00:00+00:00"), patience_s=0.05)

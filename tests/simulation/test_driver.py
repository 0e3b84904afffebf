"""A driver against a platform of three lines: what he taps, when, and where he is."""

import asyncio
import time
from itertools import pairwise

import httpx
import pytest

from simulation.city import offset
from simulation.clients.api import Account, Answer, Gate, Refused
from simulation.clients.clock import iso
from simulation.clients.driver import Driver
from simulation.clients.ledger import Ledger
from simulation.clients.live import cancel_all
from simulation.clients.road import Place, Vehicle
from simulation.clients.world import Habits, World

SCALE = 300.0
LATE_S = 60.0  # 0.2 real seconds: what a busy machine may be late
HOME = Place(39.29, -76.61)
COUNTER, DOOR = offset(HOME, 600.0, 0.0), offset(HOME, 600.0, 900.0)  # 120 s and 180 s at 5 m/s


class Recorder(Account):
    """Says yes to everything and notes when it was asked."""

    def __init__(self, gate: Gate, **fields):
        super().__init__(gate=gate, email="driver001@sim.fleetsync.example", access="a", driver_id="drv_1")
        self.taps: list[tuple[str, float]] = []
        self.refuse: dict[str, Refused] = {}
        self.delivery = fields

    async def call(self, method, path, body=None, *, key=None, params=None):
        self.taps.append((path.rpartition("/")[2], self.gate.clock.now_s()))
        if path in self.refuse:
            raise self.refuse[path]
        answer = self.delivery if path.endswith("accept") else {"results": []}
        return Answer(200, answer, httpx.Headers(), 0.0, 0.0)

    def when(self, verb: str) -> float:
        return next(at for name, at in self.taps if name == verb)


@pytest.fixture
async def gate():
    made = Gate(base_url="http://platform", live_url="ws://platform", ledger=Ledger())
    now = time.monotonic()
    made.clock.learn(now_s=1_000_000.0, scale=SCALE, sent=now, received=now)
    yield made
    await made.close()


def driver_at(gate: Gate, **habits) -> Driver:
    world = World(
        gate=gate,
        habits=Habits(vehicle=Vehicle(speed_mps=5.0), half_pickup_s=60.0, half_dropoff_s=30.0, **habits),
    )
    now_s = gate.clock.now_s()
    account = Recorder(
        gate,
        id="dlv_1",
        order_id="ord_1",
        restaurant={"id": "rst_1"},
        batch_id=None,
        drop_sequence=0,
        pickup=COUNTER.body(),
        dropoff={**DOOR.body(), "address": "", "note": ""},
        ready_at=iso(now_s + 400.0),
        assigned_at=iso(now_s),
        status="ASSIGNED",
    )
    return Driver(world, account, home=HOME, on_s=now_s, off_s=None)


OFFER = {"offer_id": "ofr_1", "order_id": "ord_1", "delivery_id": "dlv_1", "due_at": None}


async def work(driver: Driver, until: str) -> None:
    """Let the driver work until a tap was done, or failed, and a little longer."""
    working = asyncio.create_task(driver._work())
    async with asyncio.timeout(15):
        while until not in [name for name, _ in driver.account.taps]:
            await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)
    await cancel_all([working, *driver._answering.values(), *driver._background])


class TestDriver:
    async def test_rides_waits_and_hands_over_at_the_moments_of_the_rules(self, gate):
        driver = driver_at(gate)
        began = gate.clock.now_s()
        driver._hear({"type": "offer.made", "data": OFFER})
        await work(driver, "drop-off")
        taps = driver.account
        assert [name for name, _ in taps.taps] == ["accept", "arrive", "pick-up", "arrive", "drop-off"]
        assert taps.when("arrive") - began == pytest.approx(120.0, abs=LATE_S)
        assert taps.when("pick-up") - began == pytest.approx(400.0, abs=LATE_S)  # ready later than arrival + half
        assert taps.when("drop-off") - began == pytest.approx(400.0 + 60.0 + 180.0 + 30.0, abs=LATE_S)
        assert driver.free_s - began == pytest.approx(400.0 + 60.0 + 180.0 + 60.0, abs=2.0)
        assert driver.phone.place == Place.of(DOOR.body())
        assert [promise.type for promise in gate.ledger.promises] == [
            "delivery.assigned", "delivery.picked_up", "delivery.delivered",
        ]  # fmt: skip

    async def test_takes_the_food_when_it_stands_there_whatever_was_told(self, gate):
        driver = driver_at(gate)
        began = gate.clock.now_s()
        driver.world.cooks("ord_1", began + 300.0)
        driver._hear({"type": "offer.made", "data": OFFER})
        await work(driver, "pick-up")
        assert driver.account.when("pick-up") - began == pytest.approx(300.0, abs=LATE_S)

    async def test_turns_round_when_the_order_is_cancelled_on_the_way(self, gate):
        driver = driver_at(gate)
        driver._hear({"type": "offer.made", "data": OFFER})
        working = asyncio.create_task(driver._work())
        await asyncio.sleep(0.1)
        driver._hear({"type": "order.cancelled", "data": {"order_id": "ord_1"}})
        await asyncio.sleep(0.2)
        await cancel_all([working, *driver._background])
        assert driver.tasks == {}
        assert [name for name, _ in driver.account.taps] == ["accept"]
        assert HOME.lng < driver.phone.place.lng < COUNTER.lng

    async def test_says_no_aloud_or_lets_it_expire(self, gate):
        driver = driver_at(gate, accept=0.0)
        driver._hear({"type": "offer.made", "data": OFFER})
        await work(driver, "decline")
        assert [name for name, _ in driver.account.taps] == ["decline"]
        assert [promise.stream for promise in gate.ledger.promises] == ["driver:drv_1"]
        silent = driver_at(gate, accept=0.0, silent=1.0)
        silent._hear({"type": "offer.made", "data": OFFER})
        await work(silent, "ack")
        assert [name for name, _ in silent.account.taps] == ["ack"]

    async def test_answers_an_offer_once_however_often_it_is_heard(self, gate):
        driver = driver_at(gate)
        driver._hear({"type": "offer.made", "data": OFFER})
        driver._hear({"type": "snapshot", "data": {"offers": [{**OFFER, "id": "ofr_1", "status": "OPEN"}]}})
        await work(driver, "accept")
        assert [name for name, _ in driver.account.taps] == ["accept"]

    async def test_drops_a_delivery_that_is_not_his_any_more(self, gate):
        driver = driver_at(gate)
        driver.account.refuse["deliveries/dlv_1/pick-up"] = Refused(404, "delivery-not-found", "gone")
        driver._hear({"type": "offer.made", "data": OFFER})
        await work(driver, "pick-up")
        assert driver.tasks == {}
        assert gate.ledger.refusals["pick-up: delivery-not-found"] == 1
        assert "drop-off" not in [name for name, _ in driver.account.taps]

    async def test_takes_the_geofence_for_his_own_tap(self, gate):
        driver = driver_at(gate)
        driver.account.refuse["deliveries/dlv_1/arrive"] = Refused(409, "wrong-step", "there already")
        driver._hear({"type": "offer.made", "data": OFFER})
        await work(driver, "drop-off")
        assert "drop-off" in [name for name, _ in driver.account.taps]

    async def test_decides_once_for_a_batch(self, gate):
        driver = driver_at(gate, accept=0.5)
        decisions = {driver._decide("bat_1") for _ in range(20)}
        assert len(decisions) == 1


class TestPhone:
    async def test_pings_at_most_once_a_second(self, gate):
        driver = driver_at(gate)
        sent: list[float] = []

        async def send(frame):
            sent.append(time.monotonic())
            return True

        driver._socket.send = send
        driver.phone.online = True
        running = asyncio.create_task(driver.phone.run())
        for _ in range(8):
            driver.phone.stand(HOME)
            await asyncio.sleep(0.3)
        await cancel_all([running])
        assert 2 <= len(sent) <= 4
        assert all(b - a >= 0.99 for a, b in pairwise(sent))

    async def test_ends_with_the_error_when_the_phone_breaks_down(self, gate, monkeypatch):
        driver = driver_at(gate)

        async def broken() -> None:
            raise TypeError("not a number")

        monkeypatch.setattr(driver.phone, "run", broken)
        with pytest.raises(TypeError, match="not a number"):
            async with asyncio.timeout(10):
                await driver.run()
        assert driver._background == set()

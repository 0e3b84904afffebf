"""Recorded rounds decided again, recorded demand played again."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from dispatch import services
from dispatch.engine import Plan, Policy
from dispatch.engine.codec import decode, encode
from dispatch.engine.mdrp.rehearsal import Record, RecordedOrder, RecordedShift, rehearse
from dispatch.models import DispatchPolicy, Offer, RoundRecord

DOOR_WAY_S, KITCHEN_WAY_S = 300, 120


def said(*args, **options) -> str:
    out = io.StringIO()
    call_command("whatif", *args, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def day(kitchen):
    """Return the kitchen after a minute in which two orders were offered, and one accepted."""
    for _ in range(2):
        kitchen.online()
        kitchen.delivery()
    kitchen.round()
    offer = Offer.objects.order_by("pk").first()
    services.accept_offer(offer_id=offer.pk, driver=offer.driver, now=kitchen.now, actor="usr_test")
    return kitchen


class TestVerify:
    def test_finds_the_same_plans_bit_for_bit(self, day, tmp_path):
        assert "1 of 1 rounds decided again: the same plans, bit for bit." in said(
            verify=True, json=tmp_path / "v.json"
        )
        assert json.loads((tmp_path / "v.json").read_text())["same"] == 1

    def test_finds_a_plan_that_is_not_what_the_engine_decides(self, day):
        record = RoundRecord.objects.get()
        recording = decode(bytes(record.data))
        object.__setattr__(recording, "plan", Plan(strategy="nearest"))
        RoundRecord.objects.update(data=encode(recording))
        with pytest.raises(CommandError, match="1 rounds were decided otherwise: rnd_"):
            said(verify=True)

    def test_does_not_compare_with_another_engine(self, day):
        RoundRecord.objects.update(engine="another")
        assert "1 were decided by another engine or on another machine; 1 of them give the same plan here." in said(
            verify=True
        )

    def test_leaves_out_what_is_damaged_and_says_why(self, day):
        RoundRecord.objects.update(data=b"junk")
        assert "1 rounds left out: not a recorded decision" in said(verify=True)


class TestWhatIf:
    def test_counts_what_differs_plays_both_and_keeps_the_result(self, day, tmp_path):
        changes = tmp_path / "changes.toml"
        changes.write_text("nearest_k = 1\n")
        text = said(policy=str(changes), save="nearer", json=tmp_path / "w.json")
        assert "0 of 1 recorded rounds (0 %) decide otherwise." in text
        report = json.loads((tmp_path / "w.json").read_text())
        assert report["before"]["orders"] == report["after"]["orders"] == 2
        assert report["difference"]["click_to_door"] == 0
        row = DispatchPolicy.objects.get(version=2)
        assert (row.status, row.note, row.parameters) == (
            "SIMULATED",
            "nearer",
            {"strategy": "nearest", "nearest_k": 1},
        )
        assert row.simulation["changes"] == {"nearest_k": 1}
        assert "Kept with version 2" in text

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({}, "expected one of --verify and --policy"),
            ({"policy": "9"}, "has no version 9"),
            ({"policy": "nowhere.toml"}, "nowhere.toml cannot be read"),
            ({"verify": True, "start": "tomorrow"}, "--from: expected 2026-11-25T18:00 or 18:00, got 'tomorrow'"),
            ({"verify": True, "zone": "Atlantis"}, "'Atlantis' has no recorded rounds"),
        ],
    )
    def test_says_what_is_wrong(self, day, options, sentence):
        with pytest.raises(CommandError, match=sentence):
            said(**options)
        assert DispatchPolicy.objects.count() == 1

    def test_says_which_spans_there_are(self, day):
        start = (day.now + timedelta(days=1)).isoformat()
        end = (day.now + timedelta(days=2)).isoformat()
        with pytest.raises(CommandError, match=r"No recorded rounds[\s\S]*Recorded are:\n.*1 rounds"):
            said(verify=True, start=start, end=end)

    def test_says_that_nothing_was_recorded_yet(self, db):
        with pytest.raises(CommandError, match="No round was recorded yet"):
            said(verify=True)


class TestRehearse:
    def record(self, orders: int = 1, accept: float = 1.0) -> Record:
        def travel(places):
            kitchen = places.index((0.0, 0.0))
            ways = {(a, b): 0 if a == b else DOOR_WAY_S for a in range(len(places)) for b in range(len(places))}
            start = places.index((0.01, 0.0))
            ways[start, kitchen] = KITCHEN_WAY_S
            return [[ways[a, b] for b in range(len(places))] for a in range(len(places))]

        made = tuple(
            RecordedOrder(
                id=f"o{i}", restaurant="r", pickup=(0.0, 0.0), dropoff=(0.0, 0.02), placed_s=1000.0 + 4000 * i,
                ready_s=1600.0 + 4000 * i, promised_s=2400.0 + 4000 * i, pay_minor=500,
            )
            for i in range(orders)
        )  # fmt: skip
        shift = RecordedShift(driver="d", start=(0.01, 0.0), on_s=0.0, off_s=50_000.0, capacity=2)
        return Record(
            orders=made, shifts=(shift,), tick_s=10, half_pickup_s=60, half_dropoff_s=30, accept=accept, travel=travel
        )

    def test_plays_an_order_to_the_second(self):
        found = rehearse(self.record(), Policy(strategy="batch"))
        # in hand when ready, a minute to leave, five on the road, half a minute at the door
        assert found.click_to_door == pytest.approx((600 + 60 + DOOR_WAY_S + 30) / 60)
        assert (found.delivered, found.late_pct, found.pay_per_order, found.offers_per_order) == (1, 0.0, 500.0, 1.0)
        assert found.metres_per_order == pytest.approx(1112 + 2224, abs=2)

    def test_gives_the_same_twice_and_counts_refusals(self):
        record = self.record(orders=3, accept=0.5)
        found = rehearse(record, Policy(strategy="batch"), seed=2)
        assert found == rehearse(record, Policy(strategy="batch"), seed=2)
        assert found.offers_per_order >= 1

    def test_refuses_an_empty_record(self):
        with pytest.raises(ValueError, match="nothing to play: 0 orders, 1 drivers"):
            rehearse(self.record(orders=0), Policy())

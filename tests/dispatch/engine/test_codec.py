import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import Pairs, Policy, StraightLine, Table, decide
from dispatch.engine.codec import FORM, MAGIC, Recording, RecordingError, decode, encode, lean, plan_bytes, whole
from dispatch.engine.version import engine_version, machine
from tests.dispatch.engine.builders import random_snapshot

SEEDS = st.integers(0, 100_000)
SIZES = {"jobs": st.integers(0, 14), "drivers": st.integers(0, 9)}


def recording(snapshot, policy=None):
    policy = policy or Policy()
    plan = decide(snapshot, policy)
    return Recording(engine=engine_version(), machine=machine(), snapshot=snapshot, policy=policy, plan=plan)


def tabled(snapshot):
    """The same times as a table, a little different from place to place and direction."""
    n = range(len(snapshot.places))
    rows = tuple(tuple(snapshot.time_s(a, b) * (1 + (a * 7 + b) % 5 / 50) for b in n) for a in n)
    return replace(snapshot, travel=Table(rows=rows))


class TestEncode:
    @given(seed=SEEDS, strategy=st.sampled_from(["plan", "batch", "nearest"]), **SIZES)
    @settings(max_examples=60, deadline=None)
    def test_comes_back_as_it_was_and_decides_the_same_bytes(self, seed, strategy, jobs, drivers):
        made = recording(random_snapshot(seed, jobs=jobs, drivers=drivers), Policy(strategy=strategy))
        back = decode(encode(made))
        assert back == made
        assert encode(back) == encode(made)
        assert plan_bytes(decide(back.snapshot, back.policy)) == plan_bytes(made.plan)

    @given(value=st.floats(allow_nan=False))
    @settings(max_examples=100, deadline=None)
    def test_keeps_floats_to_the_last_bit(self, value):
        snapshot = replace(random_snapshot(1, jobs=2, drivers=1), now_s=value)
        jobs = tuple(replace(job, ready_s=value, radius_m=value) for job in snapshot.jobs)
        back = decode(encode(replace(recording(random_snapshot(1)), snapshot=replace(snapshot, jobs=jobs)))).snapshot
        kept = [back.now_s, *(job.ready_s for job in back.jobs), *(job.radius_m for job in back.jobs)]
        assert {(each, math.copysign(1.0, each)) for each in kept} == {(value, math.copysign(1.0, value))}

    @pytest.mark.parametrize(
        "travel",
        [
            StraightLine(speed_mps=5.5, round_up_s=60),
            Table(rows=((0.0, 1.5), (math.inf, 0.0))),
            Pairs(seconds={(0, 1): 12.25, (1, 0): math.inf}),
        ],
    )
    def test_knows_every_source_of_travel_times(self, travel):
        made = recording(random_snapshot(1, jobs=0, drivers=0))
        made = replace(made, snapshot=replace(made.snapshot, places=((0.0, 0.0), (1.0, 0.0)), travel=travel))
        assert decode(encode(made)) == made

    def test_reads_what_was_recorded_before_a_field_was_there(self):
        made = recording(random_snapshot(4))
        assert all(job.size == 1 or job.size == 2 for job in made.snapshot.jobs)
        plain = replace(made.snapshot, jobs=tuple(replace(job, size=1) for job in made.snapshot.jobs))
        bytes_without, bytes_with = encode(replace(made, snapshot=plain)), encode(made)
        assert len(bytes_without) < len(bytes_with)  # a column of defaults is not written
        assert {job.size for job in decode(bytes_without).snapshot.jobs} == {1}


class TestDecode:
    @pytest.mark.parametrize(
        ("data", "sentence"),
        [
            (b"", "not a recorded decision"),
            (b"\x80\x04pickle", "not a recorded decision"),
            (MAGIC + b"\x63", f"recorded in form 63, this engine reads {FORM:02x}"),
            (MAGIC + bytes((FORM,)) + b"broken", "damaged"),
        ],
    )
    def test_says_what_is_wrong(self, data, sentence):
        with pytest.raises(RecordingError, match=sentence):
            decode(data)

    def test_finds_a_recording_that_was_cut_short(self):
        data = encode(recording(random_snapshot(2)))
        with pytest.raises(RecordingError, match="damaged"):
            decode(data[:-9])


class TestLean:
    @given(seed=SEEDS, strategy=st.sampled_from(["plan", "batch", "nearest"]), **SIZES)
    @settings(max_examples=40, deadline=None)
    def test_keeps_of_a_table_all_that_a_decision_asks(self, seed, strategy, jobs, drivers):
        snapshot, policy = tabled(random_snapshot(seed, jobs=jobs, drivers=drivers)), Policy(strategy=strategy)
        back = decode(encode(replace(recording(snapshot, policy), snapshot=lean(snapshot))))
        again = whole(back.snapshot, lambda source, places: pytest.fail("nobody is asked"))
        assert plan_bytes(decide(again, policy)) == plan_bytes(decide(snapshot, policy))

    def test_keeps_the_name_alone_of_a_source_that_can_be_asked_again(self):
        snapshot = tabled(random_snapshot(5))
        small = lean(snapshot, source="roads:city#1")
        assert small.travel.source == "roads:city#1"
        assert small.travel.seconds == b""
        asked = []

        def ask(source, places):
            asked.append((source, places))
            return snapshot.travel

        assert whole(small, ask) == snapshot
        assert asked == [("roads:city#1", snapshot.places)]

    def test_leaves_a_formula_alone(self):
        snapshot = random_snapshot(5)
        assert lean(snapshot) is snapshot
        assert whole(snapshot, lambda *_: pytest.fail("nobody is asked")) is snapshot


def test_the_version_of_the_engine_follows_its_source(tmp_path, monkeypatch):
    from dispatch.engine import version

    first = version.engine_version()
    (tmp_path / "mdrp").mkdir()
    (tmp_path / "a.py").write_text("x = 1\n")
    monkeypatch.setattr(version, "__file__", str(tmp_path / "version.py"))
    seen = set()
    for name, text in (("a.py", "x = 1\n"), ("a.py", "x = 2\n"), ("mdrp/b.py", "aside\n")):
        (tmp_path / name).write_text(text)
        version.engine_version.cache_clear()
        seen.add(version.engine_version())
    version.engine_version.cache_clear()
    assert len(seen) == 2
    assert first not in seen

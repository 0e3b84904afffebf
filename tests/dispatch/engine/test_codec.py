import math
import zlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.engine import Asked, Pairs, Policy, StraightLine, Table, decide
from dispatch.engine.codec import FORM, MAGIC, Recording, RecordingError, decode, encode, plan_bytes, whole
from dispatch.engine.version import engine_version, machine
from tests.dispatch.engine.builders import random_snapshot

SEEDS = st.integers(0, 100_000)
SIZES = {"jobs": st.integers(0, 14), "drivers": st.integers(0, 9)}


def recording(snapshot, policy=None):
    policy = policy or Policy()
    plan = decide(snapshot, policy)
    return Recording(engine=engine_version(), machine=machine(), snapshot=snapshot, policy=policy, plan=plan)


class TestEncode:
    @given(seed=SEEDS, strategy=st.sampled_from(["plan", "batch", "nearest"]), **SIZES)
    @settings(max_examples=60, deadline=None)
    def test_comes_back_as_it_was_and_decides_the_same_bytes(self, seed, strategy, jobs, drivers):
        made = recording(random_snapshot(seed, jobs=jobs, drivers=drivers), Policy(strategy=strategy))
        back = decode(encode(made))
        assert back == made
        assert encode(back) == encode(made)
        assert plan_bytes(decide(back.snapshot, back.policy)) == plan_bytes(made.plan)

    def test_reads_trips_from_before_their_jobs_had_figures_of_their_own(self):
        made = recording(random_snapshot(1))
        trip = made.plan.proposals[0]
        old = replace(trip, score=trip.score_of(trip.jobs[0]), job_scores=())
        data = encode(replace(made, plan=replace(made.plan, proposals=(old,))))
        assert b"job_scores" not in zlib.decompress(data[len(MAGIC) + 1 :])
        (back,) = decode(data).plan.proposals
        assert back.score_of(trip.jobs[0]) == trip.score_of(trip.jobs[0])

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
            Pairs(seconds={(0, 1): 12.25}, line=StraightLine(speed_mps=1.0, factor=0.25)),
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


class TestWhole:
    QUESTION = Asked(
        source="roads:city#1",
        hubs=(2, 0),
        others=((0, 1), (1,)),
        inbound=(True, False),
        line=StraightLine(speed_mps=1.0, factor=0.2),
    )

    def test_asks_a_source_again_for_the_same_drives(self):
        snapshot = replace(random_snapshot(5), travel=self.QUESTION)
        back = decode(encode(recording(replace(snapshot, jobs=(), drivers=()))))
        assert back.snapshot.travel == self.QUESTION
        asked = []

        def ask(question, places):
            asked.append((question, places))
            return [[20.0, 21.5], [math.inf]]

        assert whole(snapshot, ask).travel == Pairs(
            seconds={(0, 2): 20.0, (1, 2): 21.5, (0, 1): math.inf}, line=self.QUESTION.line
        )
        assert asked == [(self.QUESTION, snapshot.places)]

    def test_leaves_alone_what_has_its_answer(self):
        for travel in (StraightLine(), Pairs(seconds={(0, 1): 5.0}, line=StraightLine())):
            snapshot = replace(random_snapshot(5), travel=travel)
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

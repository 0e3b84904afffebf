import os
import signal
import sys
import threading
import time
from dataclasses import replace

import pytest

from dispatch.engine import Policy, decide
from dispatch.engine.client import EngineDead, EngineFailed, EngineLate, EngineProcess, decide_with_fallback
from dispatch.engine.warm import rehearsal
from tests.dispatch.engine.builders import random_snapshot

SNAPSHOT = rehearsal(table=False)


@pytest.fixture(scope="module")
def engine():
    with EngineProcess() as engine:
        engine.warm()
        yield engine


def child(code):
    """A child that says it is ready and then does what `code` says."""
    head = "import sys, time, os; from dispatch.engine.client import frame;"
    ready = "sys.stdout.buffer.write(frame('ready')); sys.stdout.buffer.flush();"
    return EngineProcess(command=(sys.executable, "-c", head + ready + code))


class TestEngineProcess:
    @pytest.mark.parametrize("strategy", ["plan", "batch", "nearest"])
    def test_decides_as_the_engine_does_here(self, engine, strategy):
        snapshot, policy = random_snapshot(3), Policy(strategy=strategy)
        assert engine.decide(snapshot, policy, timeout_s=10) == decide(snapshot, policy)

    def test_serves_threads_one_after_the_other(self, engine):
        snapshots = [random_snapshot(s) for s in range(8)]
        answers = {}

        def ask(k):
            answers[k] = engine.decide(snapshots[k], Policy(), timeout_s=10)

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == {k: decide(snapshots[k], Policy()) for k in range(8)}

    def test_passes_on_what_a_strategy_raises_and_lives(self, engine):
        broken = replace(SNAPSHOT, places=())
        with pytest.raises(EngineFailed, match="IndexError"):
            engine.decide(broken, Policy(), timeout_s=10)
        pid = engine.pid
        assert engine.decide(SNAPSHOT, Policy(), timeout_s=10).strategy == "plan"
        assert engine.pid == pid

    def test_replaces_a_child_that_was_killed(self):
        with EngineProcess() as engine:
            engine.warm()
            first = engine.pid
            os.kill(first, signal.SIGKILL)
            os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
            engine.warm()
            assert engine.decide(SNAPSHOT, Policy(), timeout_s=10).strategy == "plan"
            assert engine.pid != first
            assert engine.starts == 3  # the first, the one that stood by, and the next to stand by

    def test_ends_both_children(self):
        with child("sys.stdin.buffer.read()") as engine:
            engine.warm()
            pids = [engine.pid, engine.spare_pid]
        for pid in pids:
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    def test_replaces_a_child_that_died_standing_by(self):
        with child("sys.stdin.buffer.read()") as engine:
            engine.warm()
            spare = engine.spare_pid
            os.kill(spare, signal.SIGKILL)
            os.waitid(os.P_PID, spare, os.WEXITED | os.WNOWAIT)
            engine.warm()
            assert engine.spare_pid not in (None, spare)
            assert engine.starts == 3

    def test_kills_a_child_that_is_late(self):
        with child("time.sleep(60)") as engine:
            engine.warm()
            pid = engine.pid
            started = time.monotonic()
            with pytest.raises(EngineLate):
                engine.decide(SNAPSHOT, Policy(), timeout_s=0.2)
            assert time.monotonic() - started < 2
            assert engine.pid is None
            with pytest.raises(ProcessLookupError):
                os.kill(pid, 0)

    def test_notices_a_child_that_ends(self):
        with child("sys.stdin.buffer.read(4)") as engine, pytest.raises(EngineDead):
            engine.decide(SNAPSHOT, Policy(), timeout_s=10)

    def test_cannot_start_what_is_not_there(self):
        with EngineProcess(command=("/no/such/engine",)) as engine, pytest.raises(EngineDead):
            engine.decide(SNAPSHOT, Policy())


class TestManyZonesAtOnce:
    """They share one child: each waits for his turn, and none longer than he may."""

    def decisions(self, engine, zones: int, timeout_s: float):
        """Let so many zones decide at the same moment; return each one's decision and how long it took."""
        barrier, answers = threading.Barrier(zones), []

        def ask():
            barrier.wait()
            started = time.monotonic()
            decision = decide_with_fallback(engine, SNAPSHOT, Policy(), timeout_s=timeout_s)
            answers.append((decision, time.monotonic() - started))

        threads = [threading.Thread(target=ask) for _ in range(zones)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def test_none_waits_longer_than_two_answers_for_a_child_that_hangs(self):
        with child("time.sleep(60)") as engine:
            engine.warm()
            answers = self.decisions(engine, zones=6, timeout_s=1.0)
        assert {decision.strategy for decision, _ in answers} == {"nearest"}
        assert max(took_s for _, took_s in answers) < 2.0 + 1.5  # two answers, and children to be ended
        said = [what for decision, _ in answers for _, what in decision.failures]
        assert "EngineLate: the engine was busy with other zones" in said

    def test_the_child_standing_by_answers_all_when_the_first_hangs(self, tmp_path):
        code = ANSWERS_SLOWLY.format(mark=str(tmp_path / "hung"))
        with child(code) as engine:
            engine.warm()
            answers = self.decisions(engine, zones=6, timeout_s=3.0)
        assert sorted(decision.strategy for decision, _ in answers) == ["batch"] * 6

    def test_none_falls_back_where_the_child_is_healthy(self, tmp_path):
        (tmp_path / "hung").touch()
        code = ANSWERS_SLOWLY.format(mark=str(tmp_path / "hung"))
        with child(code) as engine:
            engine.warm()
            answers = self.decisions(engine, zones=8, timeout_s=2.0)
            assert engine.starts == 2
        assert [decision.fell_back for decision, _ in answers] == [False] * 8


#: Decides in 50 ms; the first to be asked anything hangs.
ANSWERS_SLOWLY = (
    "import pickle; from pathlib import Path; from dispatch.engine import Plan\n"
    "from dispatch.engine.client import LENGTH\n"
    "while header := sys.stdin.buffer.read(4):\n"
    "    snapshot, policy = pickle.loads(sys.stdin.buffer.read(*LENGTH.unpack(header)))\n"
    "    mark = Path('{mark}')\n"
    "    if not mark.exists(): mark.touch(); time.sleep(60)\n"
    "    time.sleep(0.05)\n"
    "    sys.stdout.buffer.write(frame(Plan(strategy=policy.strategy))); sys.stdout.buffer.flush()"
)


class TestFallback:
    def test_is_not_needed_when_all_is_well(self, engine):
        decision = decide_with_fallback(engine, SNAPSHOT, Policy(), timeout_s=10)
        assert (decision.strategy, decision.fell_back, decision.failures) == ("plan", False, ())

    def test_lets_batch_answer_from_the_child_standing_by_when_plan_ends_the_first(self):
        code = (
            "import pickle; from dispatch.engine import decide; from dispatch.engine.client import LENGTH\n"
            "while header := sys.stdin.buffer.read(4):\n"
            "    snapshot, policy = pickle.loads(sys.stdin.buffer.read(*LENGTH.unpack(header)))\n"
            "    if policy.strategy == 'plan': sys.exit(3)\n"
            "    sys.stdout.buffer.write(frame(decide(snapshot, policy))); sys.stdout.buffer.flush()"
        )
        with child(code) as engine:
            decision = decide_with_fallback(engine, SNAPSHOT, Policy(), timeout_s=60)
        assert decision.strategy == decision.plan.strategy == "batch"
        assert decision.plan == decide(SNAPSHOT, Policy(strategy="batch"))
        assert [(name, what.split(":")[0]) for name, what in decision.failures] == [("plan", "EngineDead")]

    def test_ends_with_nearest_when_the_child_is_of_no_use(self):
        with child("sys.exit(3)") as engine:
            decision = decide_with_fallback(engine, SNAPSHOT, Policy(), timeout_s=5)
        assert decision.strategy == decision.plan.strategy == "nearest"
        assert [name for name, _ in decision.failures] == ["plan", "batch"]
        assert all(what.startswith("EngineDead") for _, what in decision.failures)
        assert decision.fell_back

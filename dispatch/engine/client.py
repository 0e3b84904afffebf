"""The engine in a child process: warm, bounded in time, replaced when it fails.

Only the child imports numpy, scipy and numba. The caller waits at most `timeout_s` of real
time, his turn included; a child that is late or dead is killed. Loading the kernels takes longer than a round may
wait, so a second child stands by, loaded, and takes the next question.

Frames in both directions: 4 bytes length (big-endian), then a pickle. The child is our own
and is spoken to over its pipes alone, so what it sends is as trusted as this module.
"""

from __future__ import annotations

import os
import pickle
import select
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

from dispatch.engine import STRATEGIES, decide
from dispatch.engine.model import Plan, Snapshot
from dispatch.engine.policy import NAMES, Policy

LENGTH: Final = struct.Struct(">I")
TIMEOUT_S: Final = 2.0
START_TIMEOUT_S: Final = 120.0  # a first start may have to compile the kernels
#: Of the time allowed so much may pass before it is one's turn. What is left must be enough for a healthy
#: child, because one that is late is killed; and beyond a half, so that who gave up waiting for a hung child
#: finds the next one free at his second try.
TURN_SHARE: Final = 0.6


class EngineError(Exception):
    """The child could not answer."""


class EngineLate(EngineError):
    """No answer within the time allowed."""


class EngineDead(EngineError):
    """The child ended, or could not be started."""


class EngineFailed(EngineError):
    """The strategy raised; the child lives on."""


def frame(message: object) -> bytes:
    """Return the message as one frame."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


class EngineProcess:
    """A warm child, and one standing by. Thread-safe; one decision in flight, others wait their turn."""

    def __init__(self, *, command: Sequence[str] | None = None) -> None:
        self._command = command or (sys.executable, "-m", "dispatch.engine.child")
        self._process: subprocess.Popen[bytes] | None = None
        self._spare: subprocess.Popen[bytes] | None = None
        """Started when the first is ready, so that two never load at once; what it says is read when it takes over."""
        self._lock = Lock()
        self._ready = False
        self.starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def warm(self, *, timeout_s: float = START_TIMEOUT_S) -> None:
        """Start the child and wait until it has loaded its kernels.

        Raises:
            EngineLate: not ready in time.
            EngineDead: it ended while starting.
        """
        with self._lock:
            self._await_ready(time.monotonic() + timeout_s)

    def decide(self, snapshot: Snapshot, policy: Policy, *, timeout_s: float = TIMEOUT_S) -> Plan:
        """Return the child's plan.

        A child that is still starting counts as late, but is left to finish starting; one that
        is busy with others for most of the time is left to them.

        Raises:
            EngineLate: no answer within `timeout_s`; a child that was deciding this is killed.
            EngineDead: the child is gone.
            EngineFailed: the strategy raised.
        """
        deadline = time.monotonic() + timeout_s
        if not self._lock.acquire(timeout=timeout_s * TURN_SHARE):
            raise EngineLate("the engine was busy with other zones")
        try:
            self._await_ready(deadline, kill=False)
            answer = self._ask((snapshot, policy), deadline)
        finally:
            self._lock.release()
        if isinstance(answer, Plan):
            return answer
        raise EngineFailed(str(answer))

    def close(self) -> None:
        """End the children, if there are any. May be called twice."""
        with self._lock:
            self._kill()
            self._end_spare()

    @property
    def pid(self) -> int | None:
        """Process id of the child, None when there is none."""
        return self._process.pid if self._process else None

    @property
    def spare_pid(self) -> int | None:
        """Process id of the child standing by, None when there is none."""
        return self._spare.pid if self._spare else None

    def _await_ready(self, deadline: float, *, kill: bool = True) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._kill()
        if self._spare is not None and self._spare.poll() is not None:
            self._end_spare()
        if self._process is None:
            self._process, self._spare = self._spare or self._start(), None
            self._ready = False
            os.set_blocking(self._pipes()[0], False)
        if not self._ready:
            self._receive(deadline, kill=kill)
            self._ready = True
        if self._spare is None:
            with suppress(EngineDead):  # there is one; the next call tries again
                self._spare = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            child = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
        except OSError as error:
            raise EngineDead(f"cannot start the engine: {error}") from error
        self.starts += 1
        return child

    def _ask(self, message: object, deadline: float) -> Any:
        stdin, _ = self._pipes()
        rest = memoryview(frame(message))
        while rest:
            left = deadline - time.monotonic()
            _, writable, _ = select.select([], [stdin], [], max(0.0, left))
            if not writable:
                self._kill()
                raise EngineLate("the engine did not take the snapshot in time")
            try:
                rest = rest[os.write(stdin, rest) :]
            except BrokenPipeError as error:
                self._kill()
                raise EngineDead("the engine ended") from error
        return self._receive(deadline)

    def _receive(self, deadline: float, *, kill: bool = True) -> Any:
        """Read one frame; a partly read one leaves no usable child, so it is always killed."""
        body = b""
        wanted = LENGTH.size
        header = True
        while True:
            left = deadline - time.monotonic()
            _, stdout = self._pipes()
            readable, _, _ = select.select([stdout], [], [], max(0.0, left))
            if not readable:
                if kill or body or not header:
                    self._kill()
                raise EngineLate("the engine did not answer in time")
            chunk = os.read(stdout, min(1 << 20, wanted - len(body)))
            if not chunk:
                self._kill()
                raise EngineDead("the engine ended")
            body += chunk
            if len(body) < wanted:
                continue
            if not header:
                return pickle.loads(body)  # noqa: S301  # from our own child
            (wanted,) = LENGTH.unpack(body)
            body, header = b"", False

    def _pipes(self) -> tuple[int, int]:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise EngineDead("the engine is not running")
        return process.stdin.fileno(), process.stdout.fileno()

    def _kill(self) -> None:
        process, self._process, self._ready = self._process, None, False
        _end(process)

    def _end_spare(self) -> None:
        spare, self._spare = self._spare, None
        _end(spare)


def _end(process: subprocess.Popen[bytes] | None) -> None:
    if process is None:
        return
    process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A plan, and what had to be given up to get it."""

    plan: Plan
    strategy: str
    """The strategy that answered."""
    failures: tuple[tuple[str, str], ...] = ()
    """(strategy, what happened) of those that did not: the decision is flagged."""
    solve_s: float = 0.0
    """Real seconds."""

    @property
    def fell_back(self) -> bool:
        """Whether a simpler strategy than the policy's decided."""
        return bool(self.failures)


def decide_with_fallback(
    engine: EngineProcess, snapshot: Snapshot, policy: Policy, *, timeout_s: float = TIMEOUT_S
) -> Decision:
    """Decide with the policy's strategy, else with the next simpler one.

    `plan` and `batch` run in the child, `nearest` here and with the standard library alone,
    so the last resort needs nothing that can be missing.
    """
    failures: list[tuple[str, str]] = []
    started = time.monotonic()
    for name in NAMES[NAMES.index(policy.strategy) :]:
        attempt = replace(policy, strategy=name)
        try:
            if name == "nearest":
                found = decide(snapshot, attempt)
            else:
                found = engine.decide(snapshot, attempt, timeout_s=timeout_s)
        except EngineError as error:
            failures.append((name, f"{type(error).__name__}: {error}"))
            continue
        solve_s = time.monotonic() - started
        return Decision(plan=found, strategy=name, failures=tuple(failures), solve_s=solve_s)
    raise AssertionError(f"nearest cannot fail; strategies: {', '.join(STRATEGIES)}")

"""Runs the platform's processes: starts them together, keeps them, stops them, leaves none behind."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fleetsync.bootstrap import children, keeper, logs, probes, state
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.processes import HEARTBEAT_LIMIT_S
from fleetsync.bootstrap.terminal import paint, say

READY_WITHIN_S = 90.0
TRIES_BEFORE_READY = 4  # a process that never came up and died this often will not come up
STEADY_AFTER_S = 30.0
FASTEST_RESTART_S, SLOWEST_RESTART_S = 0.2, 10.0
LOOK_EVERY_S = 1.0
FOREGROUND_STOP_S, STOP_WITHIN_S = 2.0, 2.5
LINES_PER_SECOND = 30  # shown on the terminal for one process; the file has them all


@dataclass(kw_only=True, slots=True)
class Program:
    """One program to keep: a process of the platform, or a server it needs for itself."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    health: probes.Address | None = None
    heartbeat: Path | None = None
    user: str | None = None
    first: bool = False  # the others are started once it runs
    restarts: int = 0
    was_ready: bool = False
    child: asyncio.subprocess.Process | None = None
    _beat: float = 0.0  # when the heartbeat was touched last, as its file says
    _beat_at: float = 0.0  # when we saw that, monotonic
    _second: float = 0.0  # in which `_lines` were shown
    _lines: int = 0
    _inside: bool = False  # of a traceback that is shown


class Runner:
    """The parent of a platform; one per clone and purpose."""

    def __init__(self, layout: Layout, *, home: Path, current: state.State, verbose: bool, on_terminal: bool) -> None:
        self.layout, self.home, self.state = layout, home, current
        self.folder = home / "logs"
        self._verbose, self._on_terminal = verbose, on_terminal
        self._stop = asyncio.Event()
        self._programs: list[Program] = []
        self._foreground: asyncio.subprocess.Process | None = None

    async def run(
        self,
        programs: Sequence[Program],
        *,
        announce: Callable[[], None],
        ready: Callable[[], tuple[bool, str]],
        foreground: tuple[str, Sequence[str], Mapping[str, str]] | None = None,
    ) -> int:
        """Keep the programs until somebody stops us or the foreground program ends.

        Returns the foreground's exit code, 0 when stopped by hand, 1 when the
        platform did not come up.
        """
        self._programs = list(programs)
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(signum, self._stop.set)
        names = [program.name for program in programs] + ([foreground[0]] if foreground else [])
        logs.start_afresh(self.folder, [*names, "runner"])
        keeping: list[asyncio.Task[None]] = []
        code = 0
        try:
            for program in programs:
                keeping.append(asyncio.create_task(self._keep(program)))
                if program.first:
                    await asyncio.sleep(0.3)
            watching = asyncio.create_task(self._watch())
            if await self._come_up(ready):
                self.state.ready = True
                self._save()
                announce()
                code = await self._stay(foreground)
            elif not self._stop.is_set():
                code = 1
            watching.cancel()
        finally:
            for task in keeping:
                task.cancel()
            await self._end()
        return code

    async def _come_up(self, ready: Callable[[], tuple[bool, str]]) -> bool:
        until = time.monotonic() + READY_WITHIN_S
        said = ""
        while time.monotonic() < until and not self._stop.is_set() and not self.state.failed:
            waiting = [program.name for program in self._programs if not program.was_ready]
            if not waiting:
                fine, said = await asyncio.to_thread(ready)
                if fine:
                    return True
                waiting = [said]
            await asyncio.sleep(0.1)
        if not self._stop.is_set():
            self.state.failed = self.state.failed or f"not ready after {READY_WITHIN_S:.0f} s: {', '.join(waiting)}"
            self._log("critical", "runner.failed", why=self.state.failed)
        return False

    async def _stay(self, foreground: tuple[str, Sequence[str], Mapping[str, str]] | None) -> int:
        if foreground is None:
            await self._stop.wait()
            return 0
        name, argv, env = foreground
        lines, sink = await _pipe()
        try:
            self._foreground = await asyncio.create_subprocess_exec(
                *argv,
                env=dict(env),
                cwd=self.layout.project,
                stdin=asyncio.subprocess.DEVNULL,
                stderr=sink,
                start_new_session=True,
                preexec_fn=children.die_with_parent(signal.SIGTERM),
            )
        finally:
            os.close(sink)
        self._note(name, self._foreground.pid, 0)
        program = Program(name=name, argv=argv, env=env)
        reading = asyncio.create_task(self._read(program, lines))
        ended = asyncio.create_task(self._foreground.wait())
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({ended, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():  # let it print what it has
            children.signal_group(self._foreground.pid, signal.SIGINT)
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(ended), FOREGROUND_STOP_S)
        if not ended.done():
            children.signal_group(self._foreground.pid, signal.SIGKILL)
        code = await ended
        with suppress(TimeoutError):
            await asyncio.wait_for(reading, 1)
        stopped.cancel()
        if code > 0 and not self._stop.is_set():
            for line in logs.last_plain_lines(self.folder / f"{name}.log"):
                say(paint(line, "red"))
        return 0 if self._stop.is_set() and code < 0 else abs(code)

    async def _keep(self, program: Program) -> None:
        """Start a program again whenever it ends, each time a little later."""
        pause = FASTEST_RESTART_S
        while True:
            began = time.monotonic()
            try:
                lines = await self._start(program)
            except OSError as error:
                if not program.was_ready:
                    self.state.failed = f"{program.name} does not start: {error}"
                    return
                self._log("error", "runner.not_started", process=program.name, why=str(error), pause_s=pause)
                await asyncio.sleep(pause)
                pause = min(SLOWEST_RESTART_S, pause * 2)
                continue
            child = program.child
            assert child is not None
            self._note(program.name, child.pid, program.restarts)
            probing = asyncio.create_task(self._await_ready(program))
            reading = asyncio.create_task(self._read(program, lines))
            await child.wait()
            children.signal_group(child.pid, signal.SIGKILL)  # what it had started itself
            with suppress(TimeoutError):
                await asyncio.wait_for(reading, 1)
            probing.cancel()
            self._mark(program, ready=False)
            if self._stop.is_set():
                return
            program.restarts += 1
            if not program.was_ready and program.restarts >= TRIES_BEFORE_READY:
                self.state.failed = f"{program.name} ended {program.restarts} times before it was ready"
                return
            if time.monotonic() - began > STEADY_AFTER_S:
                pause = FASTEST_RESTART_S
            self._log("warning", "runner.restart", process=program.name, code=child.returncode, pause_s=pause)
            await asyncio.sleep(pause)
            pause = min(SLOWEST_RESTART_S, pause * 2)

    async def _start(self, program: Program) -> asyncio.StreamReader:
        options: dict[str, Any] = {}
        if program.user and os.geteuid() == 0:
            account = pwd.getpwnam(program.user)
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        for stale in (program.heartbeat, program.health.path if program.health else None):
            if stale:
                stale.unlink(missing_ok=True)
        lines, sink = await _pipe()
        try:
            program.child = await asyncio.create_subprocess_exec(
                *program.argv,
                env=dict(program.env),
                cwd="/" if program.user else self.layout.project,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                preexec_fn=children.die_with_parent(signal.SIGTERM),
                **options,
            )
        finally:
            os.close(sink)
        return lines

    async def _await_ready(self, program: Program) -> None:
        while program.health and not (await asyncio.to_thread(probes.ask, program.health, "/livez")).ok:
            await asyncio.sleep(0.15)
        if program.health is None:
            await asyncio.sleep(0.5)  # it says nothing about itself: alive for a moment is all we can know
        program.was_ready = True
        self._mark(program, ready=True)

    async def _watch(self) -> None:
        """Look after what no exit code tells: silent workers, a lost keeper of the services."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            with suppress(OSError):  # of the disk: the next look may do
                await self._look_around()

    async def _look_around(self) -> None:
        for program in self._programs:
            silent = _silent_s(program)
            if silent > HEARTBEAT_LIMIT_S and program.child and program.child.returncode is None:
                self._log("warning", "runner.silent", process=program.name, silent_s=round(silent, 1))
                children.signal_group(program.child.pid, signal.SIGKILL)
        if not keeper.is_running(self.layout) and keeper.plan(self.layout).exists():
            self._log("warning", "runner.services_lost")
            await asyncio.to_thread(keeper.restart, self.layout)

    async def _read(self, program: Program, stream: asyncio.StreamReader) -> None:
        """Copy a program's lines into its file and, as far as people want them, to the terminal.

        Where neither takes them they are dropped: a program whose lines nobody reads would stand still.
        """
        position = len(program.name)
        with ExitStack() as opened:
            sink = None
            with suppress(OSError):
                sink = opened.enter_context((self.folder / f"{program.name}.log").open("ab", buffering=0))
            while True:
                try:
                    line = await stream.readline()
                except ValueError:  # longer than any line of ours
                    continue
                if not line:
                    return
                with suppress(OSError):
                    if sink is not None:
                        sink.write(line)
                with suppress(OSError):
                    if self._on_terminal:
                        self._show(program, position, line.decode(errors="replace").rstrip("\n"))

    def _show(self, program: Program, position: int, line: str) -> None:
        level = logs.level_of(line)
        wanted = self._verbose or (level in ("warning", "error", "critical") and not program.first)
        program._inside = wanted or (program._inside and line.startswith((" ", "\t")))
        if not program._inside:
            return
        now = time.monotonic()
        if now - program._second > 1:
            program._second, program._lines = now, 0
        program._lines += 1
        if program._lines > LINES_PER_SECOND:
            return
        say(f"{logs.prefix(program.name, position)} {logs.render(line)}")

    async def _end(self) -> None:
        """Stop everything together, what the others stand on last: ask, wait, kill whole groups."""
        self._stop.set()
        alive = [program.child for program in self._programs if program.child and not program.first]
        if self._foreground is not None and self._foreground.returncode is None:
            alive.append(self._foreground)
        for child in alive:
            children.signal_group(child.pid, signal.SIGTERM)
        await _see_out(alive)
        servers = [program.child for program in self._programs if program.first and program.child]
        for child in servers:
            children.signal_group(child.pid, signal.SIGTERM)
        await _see_out(servers)
        self.state.processes = {}
        self.state.ready = False
        self._save()

    def _note(self, name: str, pid: int, restarts: int) -> None:
        birth = children.birth_of(pid)
        self.state.processes[name] = state.Running(pid=pid, birth=birth, since=time.time(), restarts=restarts)
        self._save()

    def _mark(self, program: Program, *, ready: bool) -> None:
        noted = self.state.processes.get(program.name)
        if noted:
            noted.ready = ready
            self._save()

    def _save(self) -> None:
        with suppress(OSError):  # a full disk is no reason to leave a process alone
            state.save(self.home, self.state)

    def _log(self, level: str, event: str, **fields: object) -> None:
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        line = json.dumps({"timestamp": moment, "level": level, "event": event, **fields})
        with suppress(OSError), (self.folder / "runner.log").open("a") as sink:
            sink.write(line + "\n")
        if self._on_terminal:
            say(f"{logs.prefix('runner', 0)} {logs.render(line)}")


async def _see_out(asked: Sequence[asyncio.subprocess.Process]) -> None:
    """Wait for processes that were asked to stop; kill those that do not, with all they started."""
    for limit_s in (STOP_WITHIN_S, 1.0):
        waits = [asyncio.create_task(child.wait()) for child in asked]
        if waits:
            await asyncio.wait(waits, timeout=limit_s)
        for child in asked:  # also those that have ended may have left children
            children.signal_group(child.pid, signal.SIGKILL)


async def _pipe() -> tuple[asyncio.StreamReader, int]:
    """Return a reader of lines and the descriptor to write them to.

    Not asyncio's own pipe: with that, `wait` returns only when everybody who
    inherited it has ended, so a killed server with a living child looks alive.
    """
    source, sink = os.pipe()
    reader = asyncio.StreamReader(limit=1 << 20)
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(source, "rb"))
    return reader, sink


def _silent_s(program: Program) -> float:
    """Return how long the heartbeat has stood still, by a clock that nobody sets."""
    if program.heartbeat is None:
        return 0.0
    try:
        beat = program.heartbeat.stat().st_mtime
    except OSError:
        beat = 0.0  # not there yet: it is still starting
    now = time.monotonic()
    if beat != program._beat or not beat:
        program._beat, program._beat_at = beat, now
    return now - program._beat_at

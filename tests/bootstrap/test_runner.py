"""Real child processes under the runner."""

import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fleetsync.bootstrap import children, runner, state
from fleetsync.bootstrap.runner import Program, Runner

HEALTHY = """
import http.server, socketserver, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"{}")
    def address_string(self): return "unix"
    def log_message(self, *args): pass
socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()
"""


def program(layout, name, code, *argv, **more):
    return Program(name=name, argv=[sys.executable, "-u", "-c", code, *argv], env=dict(os.environ), **more)


def run(layout, programs, *, foreground=None, after=None, limit_s=20):
    """Run the programs until `after` (a coroutine of the runner's state) is done, or the foreground ends."""
    current = state.State(purpose="demo", runner=os.getpid())
    made = Runner(layout, home=layout.local, current=current, verbose=False, on_terminal=False)

    async def main():
        announced = asyncio.Event()
        command = None if foreground is None else ("fleet", [sys.executable, "-c", foreground], dict(os.environ))
        running = asyncio.create_task(
            made.run(programs, announce=announced.set, ready=lambda: (True, ""), foreground=command)
        )
        if after:
            await asyncio.wait({running, asyncio.create_task(announced.wait())}, return_when=asyncio.FIRST_COMPLETED)
            await after(current)
            made._stop.set()
        return await asyncio.wait_for(running, limit_s)

    return asyncio.run(main()), current


async def until(check, within_s=10):
    end = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.02)


def logged(layout, name):
    return [json.loads(line) for line in (layout.local / "logs" / f"{name}.log").read_text().splitlines()]


class TestRun:
    def test_returns_the_exit_code_of_the_foreground_and_stops_the_rest(self, layout):
        pids = []

        idle = program(layout, "idle", "import time; time.sleep(600)")
        code, _ = run(layout, [idle], foreground="import sys; sys.exit(7)")
        pids.append(idle.child.pid)
        assert code == 7
        assert not any(children.birth_of(pid) for pid in pids)

    def test_a_killed_process_is_back_and_that_is_a_warning_not_an_error(self, layout):
        idle = program(layout, "idle", "import time; time.sleep(600)")

        async def kill(current):
            first = current.processes["idle"].pid
            os.kill(first, signal.SIGKILL)
            await until(lambda: current.processes["idle"].pid != first)
            assert current.processes["idle"].restarts == 1

        code, _ = run(layout, [idle], after=kill)
        assert code == 0
        assert [(line["level"], line["event"]) for line in logged(layout, "runner")] == [("warning", "runner.restart")]

    def test_a_killed_server_whose_child_still_writes_is_noticed(self, layout):
        family = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); time.sleep(600)"
        parent = program(layout, "parent", family)

        async def kill(current):
            await asyncio.sleep(0.5)
            first = current.processes["parent"].pid
            os.kill(first, signal.SIGKILL)
            await until(lambda: current.processes["parent"].pid != first)
            assert not children.group_lives(first, "gone")

        assert run(layout, [parent], after=kill)[0] == 0

    def test_a_process_that_never_comes_up_ends_the_start_and_says_which(self, layout, monkeypatch):
        monkeypatch.setattr(runner, "FASTEST_RESTART_S", 0.01)
        broken = program(layout, "broken", "import sys; print('no such table'); sys.exit(1)")
        code, current = run(layout, [broken])
        assert code == 1
        assert "broken ended 4 times" in current.failed
        assert "no such table" in (layout.local / "logs" / "broken.log").read_text()

    def test_ready_is_what_the_process_says(self, layout):
        path = Path(str(layout.local / "h.sock"))
        healthy = program(layout, "healthy", HEALTHY, str(path), health=runner.probes.Address(path=path))

        async def look(current):
            assert current.processes["healthy"].ready
            assert current.ready

        assert run(layout, [healthy], after=look)[0] == 0

    def test_a_silent_worker_is_restarted(self, layout, monkeypatch):
        monkeypatch.setattr(runner, "HEARTBEAT_LIMIT_S", 0.5)
        monkeypatch.setattr(runner, "LOOK_EVERY_S", 0.1)
        beat = layout.local / "worker.heartbeat"
        touch_once = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
        worker = program(layout, "worker", touch_once, str(beat), heartbeat=beat)

        async def wait(current):
            await until(lambda: current.processes["worker"].restarts >= 1)

        run(layout, [worker], after=wait)
        assert "runner.silent" in [line["event"] for line in logged(layout, "runner")]

    def test_a_worker_that_beats_is_left_alone_whatever_the_machines_clock_says(self, layout, monkeypatch):
        monkeypatch.setattr(runner, "HEARTBEAT_LIMIT_S", 0.5)
        monkeypatch.setattr(runner, "LOOK_EVERY_S", 0.05)
        beat = layout.local / "worker.heartbeat"
        beats = """
import os, pathlib, sys, time
path = pathlib.Path(sys.argv[1])
path.touch()
for number in range(6000):
    os.utime(path, (1e9 + number, 1e9 + number))
    time.sleep(0.1)
"""
        worker = program(layout, "worker", beats, str(beat), heartbeat=beat)

        async def wait(current):
            await until(beat.exists)
            await asyncio.sleep(1.5)
            assert current.processes["worker"].restarts == 0

        assert run(layout, [worker], after=wait)[0] == 0

    def test_who_ignores_the_request_to_stop_is_killed_in_time(self, layout):
        assert runner.FOREGROUND_STOP_S + runner.STOP_WITHIN_S < 5
        stubborn = program(
            layout,
            "stubborn",
            "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('set', flush=True); time.sleep(600)",
        )

        async def wait(_current):
            await until(lambda: "set" in (layout.local / "logs" / "stubborn.log").read_text())

        run(layout, [stubborn], after=wait)
        assert stubborn.child.returncode == -signal.SIGKILL


class TestOnAFullDisk:
    def test_programs_run_on_and_are_started_again_though_nothing_can_be_written(self, layout, monkeypatch):
        def afresh(folder, names):
            for name in names:
                (folder / f"{name}.log").symlink_to("/dev/full")

        def full(_home, _state):
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(runner.logs, "start_afresh", afresh)
        monkeypatch.setattr(state, "save", full)
        talks = "import pathlib, sys, time; print(('x' * 99 + '\\n') * 9999); pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
        said = layout.local / "said"
        talker = program(layout, "talker", talks, str(said))

        async def kill(current):
            await until(said.exists)
            first = current.processes["talker"].pid
            said.unlink()
            os.kill(first, signal.SIGKILL)
            await until(said.exists)
            assert current.processes["talker"].pid != first

        assert run(layout, [talker], after=kill)[0] == 0

    def test_a_program_that_could_not_be_started_again_is_tried_once_more(self, layout, monkeypatch):
        idle = program(layout, "idle", "import time; time.sleep(600)")
        start, refused = Runner._start, []

        async def refusing(self, wanted):
            if wanted.was_ready and not refused:
                refused.append(wanted.name)
                raise OSError(errno.EAGAIN, "Resource temporarily unavailable")
            return await start(self, wanted)

        monkeypatch.setattr(Runner, "_start", refusing)

        async def kill(current):
            first = current.processes["idle"].pid
            os.kill(first, signal.SIGKILL)
            await until(lambda: current.processes["idle"].pid != first)

        assert run(layout, [idle], after=kill)[0] == 0
        assert refused == ["idle"]
        assert [line["event"] for line in logged(layout, "runner")] == ["runner.restart", "runner.not_started"]


class TestAfterTheRunnerWasKilled:
    PARENT = """
import asyncio, os, sys
from pathlib import Path
from fleetsync.bootstrap import state
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.runner import Program, Runner
root = Path(sys.argv[1])
layout = Layout(project=root, instance="x", local=root / ".local", data=root, sockets=root, as_root=False)
child = Program(name="idle", argv=[sys.executable, "-c", sys.argv[2]], env=dict(os.environ))
runner = Runner(layout, home=layout.local, current=state.State(), verbose=False, on_terminal=False)
asyncio.run(runner.run([child], announce=lambda: print("up", flush=True), ready=lambda: (True, "")))
"""
    STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"

    def start(self, layout, code):
        parent = subprocess.Popen(
            [sys.executable, "-c", self.PARENT, str(layout.project), code],
            stdout=subprocess.PIPE,
            text=True,
            cwd=layout.project,
        )
        assert parent.stdout.readline() == "up\n"
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        return state.load(layout.local).processes["idle"]

    @pytest.mark.skipif(sys.platform != "linux", reason="the kernel's promise is Linux's")
    def test_its_children_end_by_themselves(self, layout):
        child = self.start(layout, "import time; time.sleep(600)")
        end = time.monotonic() + 5
        while children.is_alive(child.pid, child.birth) and time.monotonic() < end:
            time.sleep(0.02)
        assert not children.is_alive(child.pid, child.birth)

    def test_the_next_start_ends_those_who_did_not(self, layout, monkeypatch):
        child = self.start(layout, self.STUBBORN)
        assert children.is_alive(child.pid, child.birth)
        real = children.end_groups
        monkeypatch.setattr(state.children, "end_groups", lambda leaders: real(leaders, grace_s=0.2))
        assert state.sweep(layout.local) == ["idle"]
        end = time.monotonic() + 5
        while children.is_alive(child.pid, child.birth) and time.monotonic() < end:
            time.sleep(0.02)
        assert not children.is_alive(child.pid, child.birth)

    def test_a_number_that_is_somebody_elses_now_is_left_alone(self, layout):
        stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
        try:
            state.save(
                layout.local, state.State(processes={"api": state.Running(pid=stranger.pid, birth="1", since=0)})
            )
            assert state.sweep(layout.local) == []
            assert stranger.poll() is None
        finally:
            stranger.kill()
            stranger.wait()

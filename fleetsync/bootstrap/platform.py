"""A platform from its database to its processes, for `demo`, `up` and `replay` alike."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fleetsync.bootstrap import (
    children,
    database,
    environment,
    holdings,
    interpreter,
    keeper,
    locks,
    logs,
    probes,
    services,
    state,
)
from fleetsync.bootstrap.paths import Layout, make_folders
from fleetsync.bootstrap.processes import PLATFORM, Process, command
from fleetsync.bootstrap.runner import Program, Runner
from fleetsync.bootstrap.terminal import SetupError, Step, box, run, say, step, warn

HOST = "127.0.0.1"
END_WITHIN_S = 5.0
# From seed, which gives them all the same password.
LOGINS = ("admin", "dispatcher", "restaurant", "driver", "customer")
PASSWORD = "fleetsync-demo"  # noqa: S105 (shown on screen; the demo's accounts are local)


@dataclass(kw_only=True)
class Platform:
    """What has been made ready, and the locks that keep others away from it."""

    layout: Layout
    purpose: str
    home: Path
    addresses: database.Addresses
    env: dict[str, str]
    ports: dict[str, int]
    health: Path
    locks: list[int]
    redis: keeper.Service | None = None

    def manage(self, title: str, detail: str, *argv: str) -> str:
        """Run a management command as a shown step, and return what it printed."""
        with step(title, detail) as doing:
            said = self.run_quietly(doing, *argv)
            last = said.strip().splitlines()[-1:] or [""]
            doing.result = last[0][:160] if last[0] else detail
            return said

    def run_quietly(self, watch: Step, *argv: str) -> str:
        """Run a management command inside a step, and return what it printed."""
        return run(
            [self.layout.python, self.layout.project / "manage.py", *argv],
            log=self.home / "logs" / "setup.log",
            env=self.env,
            cwd=self.layout.project,
            watch=watch,
            failure=f"manage.py {' '.join(argv)} failed",
        )

    def url(self, name: str) -> str:
        return f"http://{HOST}:{self.ports[name]}"


def prepare(layout: Layout, purpose: str, *, yes: bool, durable: bool = False, anew: bool = False) -> Platform:
    """Bring up interpreter, services and an empty or migrated database. Stages 0 to 2.

    Raises:
        SetupError: something is missing, such a platform runs already, or `anew` asks to drop
            what is not ours, or what not only demos have used and nobody agrees to drop.
    """
    make_folders(layout)
    home = state.folder(layout, purpose)
    (home / "logs").mkdir(parents=True, exist_ok=True)
    mine = locks.take(state.lock(home), wait=False)
    if mine is None:
        raise SetupError(
            f"FleetSync runs already in this clone ({state.load(home).purpose or 'starting'}).",
            fix="manage.py status shows it, manage.py down stops it",
        )
    left = state.sweep(home)
    if left:
        warn(f"Ended what an earlier run had left: {', '.join(left)}")
    interpreter.prepare(layout)
    held = [mine, database.begin_use(layout)]
    addresses = database.bring_up(layout, yes=yes, durable=durable)
    url, redis_url, redis = addresses.database_url, addresses.redis_url, None
    health = layout.health
    if purpose in state.APART:
        url = database.make_database(layout, addresses, f"fleetsync_{purpose}", anew=True)
        redis = database.redis_service(layout, services.provide(layout, yes=yes), f"redis-{purpose}")
        redis_url = f"unix://{layout.sockets}/redis-{purpose}.sock?db=0" if redis else addresses.redis_url
        health = layout.sockets / f"health-{purpose}"
        health.mkdir(mode=0o700, exist_ok=True)
    else:
        url = holdings.open_database(layout, addresses, yes=yes, durable=durable, anew=anew)
    chosen = state.choose_ports(home, keep=True)
    env = environment.for_children(
        layout,
        addresses,
        "demo" if purpose == "stage" else purpose,
        database_url=url,
        redis_url=redis_url,
        ports=chosen,
        health=health,
    )
    platform = Platform(
        layout=layout,
        purpose=purpose,
        home=home,
        addresses=addresses,
        env=env | {"FLEETSYNC_LOG_FORMAT": "json"},
        ports=chosen,
        health=health,
        locks=held,
        redis=redis,
    )
    _migrate(platform)
    return platform


def compile_kernels(platform: Platform) -> None:
    """Compile the engine's inner loops once, not in the first round. Stage 4."""
    engine = platform.layout.project / "dispatch" / "engine"
    if not (engine / "warm.py").exists():
        return
    now = _fingerprint(engine.rglob("*.py"))
    stamp = platform.layout.local / "kernels"
    if stamp.exists() and stamp.read_text() == now:
        return
    with step("Dispatch engine", "compiling its inner loops") as compiling:
        run(
            [platform.layout.python, "-m", "dispatch.engine.warm"],
            log=platform.home / "logs" / "setup.log",
            env=platform.env,
            cwd=platform.layout.project,
            watch=compiling,
        )
    stamp.write_text(now)


def seed(platform: Platform, *arguments: str) -> None:
    """Fill an empty database with a city; add to it what other arguments ask for. Stage 3."""
    wanted = " ".join(arguments)
    empty = (
        database.sql(platform.layout, platform.env["DATABASE_URL"], ["SELECT count(*) FROM restaurants_zone"]) == "0"
    )
    note = holdings.seeding_note(platform.home, platform.addresses)
    if empty or holdings.seeded(note) != wanted:
        platform.manage("City", "zones, restaurants, menus, drivers, customers", "seed", *arguments)
        note.write_text(wanted)


def import_roads(platform: Platform, extract: Path) -> None:
    """Have travel measured on the streets of an extract; imported once as long as it stays the same."""
    code = platform.layout.project / "fleetsync" / "core" / "travel"
    now = _fingerprint(code.glob("*.py")) + hashlib.sha256(extract.read_bytes()).hexdigest()[:16]
    file, stamp = platform.home / "roads.npz", platform.home / "roads"
    if not file.exists() or not stamp.exists() or stamp.read_text() != now:
        platform.manage("Roads", extract.name, "import_roads", str(extract), "--out", str(file))
        stamp.write_text(now)
    platform.env["FLEETSYNC_TRAVEL"] = f"roads:{file}"


def serve(
    platform: Platform,
    *,
    foreground: tuple[Process, Sequence[str]] | None,
    beside: Sequence[Process] = (),
    verbose: bool,
    only: Sequence[str] = (),
    on_terminal: bool = True,
    banner: bool = True,
) -> int:
    """Run the processes until stopped or until the foreground process ends. Stage 5."""
    layout, began = platform.layout, time.monotonic()
    chosen = [process for process in PLATFORM if not only or process.name in only] + list(beside)
    programs = [_program(platform, process) for process in chosen]
    if platform.redis:
        programs.insert(0, _server(platform.redis))
    current = state.State(
        purpose=platform.purpose, runner=os.getpid(), birth=children.birth_of(os.getpid()), ports=platform.ports
    )
    say(f"  … {'Processes':<22} {', '.join(process.name for process in chosen)}")

    def announce() -> None:
        say(f"  ✓ {'Processes':<22} {len(chosen)} ready  {time.monotonic() - began:.1f} s")
        if banner:
            say(welcome(platform))

    def ready() -> tuple[bool, str]:
        if not any(process.name == "api" for process in chosen) or only:
            return True, ""
        answer = probes.ask(probes.Address(port=platform.ports["api"]), "/readyz")
        return answer.ok, f"api /readyz {answer.status} {answer.body[:300]}"

    whole = None
    if foreground:
        process, arguments = foreground
        argv = command(process, layout, host=HOST, ports=platform.ports, local=platform.home)
        whole = (process.name, [*argv, *arguments], platform.env)

    async def keep() -> int:
        runner = Runner(layout, home=platform.home, current=current, verbose=verbose, on_terminal=on_terminal)
        return await runner.run(programs, announce=announce, ready=ready, foreground=whole)

    code = asyncio.run(keep())
    if current.failed:
        raise SetupError(
            f"The platform did not come up: {current.failed}", fix=_what_they_said(platform, current.failed)
        )
    return code


def end(platform: Platform) -> None:
    """Let go of the services; wait for their end if nobody else uses them."""
    runner, using = platform.locks
    database.end_use(platform.layout, using)
    locks.release(runner)


def in_background(platform: Platform, only: Sequence[str]) -> int:
    """Hand the platform over to a process of its own and wait until it is ready."""
    home = platform.home
    (home / "state.json").unlink(missing_ok=True)
    handover = {"purpose": platform.purpose, "ports": platform.ports, "env": platform.env, "locks": platform.locks}
    file = home / "handover.json"
    file.touch(mode=0o600)
    file.write_text(json.dumps(handover | {"only": list(only)}))
    with (home / "logs" / "background.log").open("wb") as log, step("Processes", "in the background") as starting:
        child = subprocess.Popen(
            [sys.executable, "-m", "fleetsync.bootstrap.background"],
            cwd=platform.layout.project,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=platform.locks,
        )
        try:
            while child.poll() is None and not state.load(home).ready:
                starting.tick()
                time.sleep(0.05)
        except BaseException:
            children.end_child(child, grace_s=END_WITHIN_S)  # no Ctrl-C reaches it, and it has our locks
            raise
        if child.poll() is not None:
            raise SetupError(
                "The platform did not come up.", fix=(home / "logs" / "background.log").read_text()[-2000:]
            )
        starting.result = f"{len(state.load(home).processes)} ready, in the background"
    return 0


def welcome(platform: Platform) -> str:
    """Return the box with addresses and logins."""
    site = platform.url("api")
    lines = [
        "FleetSync is running",
        "",
        f"Home      {site}/",
        f"Admin     {site}/admin/",
        f"API docs  {site}/api/docs/",
        f"Sockets   ws://{HOST}:{platform.ports['live']}/ws/v1/",
        "",
        f"Logins (password {PASSWORD}):",
        *(f"  {name}@fleetsync.example" for name in LOGINS),
    ]
    return box(lines)


def _program(platform: Platform, process: Process) -> Program:
    health = None
    if process.listens:
        health = probes.Address(port=platform.ports[process.name])
    elif process.health:
        health = probes.Address(path=platform.health / f"{process.name}.sock")
    return Program(
        name=process.name,
        argv=command(process, platform.layout, host=HOST, ports=platform.ports, local=platform.home),
        env=platform.env,
        health=health,
        heartbeat=platform.health / f"{process.name}.heartbeat" if process.heartbeat else None,
    )


def _server(service: keeper.Service) -> Program:
    return Program(name=service.name, argv=service.argv, env=service.env, user=service.user, first=True)


def _migrate(platform: Platform) -> None:
    """Run migrations unless exactly these have run on this database."""
    layout = platform.layout
    now = _fingerprint(layout.project.glob("*/**/migrations/*.py")) + interpreter.fingerprint(
        layout, interpreter.RUNNING
    )
    stamp = platform.home / "migrated"
    url = platform.env["DATABASE_URL"]
    with suppress(SetupError):
        have = "SELECT count(*), max(applied) FROM django_migrations"
        if platform.purpose not in state.APART and stamp.exists():
            applied = database.sql(layout, url, [have])
            if stamp.read_text() == f"{now} {applied}":
                return
    with step("Migrations", "tables, constraints, indexes") as migrating:
        said = platform.run_quietly(migrating, "migrate", "--noinput", "--verbosity", "1")
        migrating.result = f"{said.count('... OK')} applied"
    with suppress(SetupError):
        stamp.write_text(f"{now} {database.sql(layout, url, ['SELECT count(*), max(applied) FROM django_migrations'])}")


def _fingerprint(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        if ".venv" not in path.parts and ".local" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _what_they_said(platform: Platform, failed: str) -> str:
    lines: list[str] = []
    never_ready = [path for path in logs.files(platform.home / "logs", ()) if path.stem == failed.split()[0]]
    for path in never_ready:
        lines += [f"{path.stem}: {line}" for line in path.read_text(errors="replace").splitlines()[-10:]]
    for path in logs.files(platform.home / "logs", ()):
        if not logs.is_of_server(path.stem):
            lines += [f"{path.stem}: {line}" for line in logs.errors(path)]
    tail = "\n    ".join(lines[-25:]) or "nothing in the logs"
    return f"the last lines in {platform.home / 'logs'}:\n    {tail}"

"""`manage.py test`: services, development packages, then pytest; and `manage.py services`."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

from fleetsync.bootstrap import database, environment, holdings, interpreter, keeper, locks, services
from fleetsync.bootstrap.children import die_with_parent
from fleetsync.bootstrap.paths import Layout, make_folders
from fleetsync.bootstrap.terminal import SetupError, run, say

MOST_RUNS_AT_ONCE = 8
MOST_PROCESSES = 4


def test(layout: Layout, pytest_arguments: Sequence[str], *, yes: bool, dry_run: bool) -> int:
    """Run pytest against private services and return its exit code."""
    if dry_run:
        return explain(layout, interpreter.TESTING, ["pytest " + shlex.join(pytest_arguments)])
    make_folders(layout)
    interpreter.prepare(layout, interpreter.TESTING)
    using = database.begin_use(layout)
    try:
        addresses = database.bring_up(layout, yes=yes)
        number, own = _own_number(layout)
        name = f"fleetsync_tests{number}"
        programs = services.provide(layout, yes=yes)
        redis = database.redis_service(layout, programs, f"redis-tests{number}")
        running = {}
        redis_url = addresses.redis_url
        if redis:  # channels of Redis know no databases, so a demo beside us needs another Redis
            running["redis"] = (redis, keeper.start(redis, layout.logs / f"{redis.name}.log"))
            database.wait_for_redis(layout.sockets / f"{redis.name}.sock", layout.logs / f"{redis.name}.log")
            redis_url = f"unix://{layout.sockets}/{redis.name}.sock?db=0"
        try:
            url = database.make_database(layout, addresses, name) if addresses.private else addresses.database_url
            env = environment.for_children(layout, addresses, "test", database_url=url, redis_url=redis_url)
            return _pytest(layout, pytest_arguments, env)
        finally:
            keeper.stop(running)
            locks.release(own)
    finally:
        database.end_use(layout, using)


def serve_developers(layout: Layout, *, name: str, yes: bool, dry_run: bool) -> int:
    """Start PostgreSQL and Redis, leave them running, and print how to reach them."""
    if dry_run:
        return explain(layout, interpreter.RUNNING, [f"services stay until `manage.py down`; database {name}"])
    with redirect_stdout(sys.stderr):  # so that `eval $(manage.py services)` works
        make_folders(layout)
        interpreter.prepare(layout)
        using = database.begin_use(layout)
        try:
            addresses = database.bring_up(layout, yes=yes)
            keeper.pin(layout).touch()
            holdings.keep(layout)
            url = database.make_database(layout, addresses, name) if addresses.private else addresses.database_url
        finally:
            locks.release(using)
    say(f"export DATABASE_URL={shlex.quote(url)} REDIS_URL={shlex.quote(addresses.redis_url)}")
    return 0


def take_screenshots(layout: Layout, arguments: Sequence[str]) -> str:
    """Run `take_screenshots` before there is a platform; return what it printed.

    Raises:
        SetupError: it refused, with its own words.
    """
    env = dict(os.environ) | {"FLEETSYNC_SECRET_KEY": environment.secret_key(layout), "FLEETSYNC_ENV": "demo"}
    return run(
        [layout.python, layout.project / "manage.py", "take_screenshots", *arguments],
        log=layout.logs / "setup.log",
        env=interpreter.forget_inherited(env),
        cwd=layout.project,
        failure="These pictures cannot be taken.",
    ).strip()


def explain(layout: Layout, requirements: str, then: Sequence[str]) -> int:
    """Print what a start would do here, and do none of it."""
    found = services.look(layout)
    ready = interpreter.is_ready(layout, requirements)
    say("This would be done, in this order:")
    say(f"  1. .venv with {requirements}: " + ("is there" if ready else "made, up to 900 MB on disk"))
    for number, (what, url, program) in enumerate(
        (
            ("PostgreSQL with PostGIS", found.database_url, found.postgres if found.postgis else None),
            ("Redis", found.redis_url, found.redis),
        ),
        start=2,
    ):
        way = "given by its address" if url else f"{program}, private, unix socket only" if program else found.plan
        say(f"  {number}. {what}: {way or 'MISSING, see manage.py doctor'}")
    for number, line in enumerate(then, start=4):
        say(f"  {number}. {line}")
    say(f"Written to: {', '.join(str(path) for path in (layout.venv, *layout.owned))}")
    return 0


def _pytest(layout: Layout, arguments: Sequence[str], env: dict[str, str]) -> int:
    child = subprocess.Popen(
        [layout.python, "-m", "pytest", *(arguments or _all_tests())],
        cwd=layout.project,
        env=env,
        preexec_fn=die_with_parent(signal.SIGTERM),
    )
    try:
        return child.wait()
    except BaseException:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(4)
        except subprocess.TimeoutExpired:
            child.kill()
        raise


def _all_tests() -> list[str]:
    """Return how the whole suite runs: on several cores where there are (`tests/workers.py`)."""
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    return ["-n", str(processes)] if processes > 1 else []


def _own_number(layout: Layout) -> tuple[int, int]:
    """Return a number no other test run of this clone has, and the lock that keeps it."""
    for number in range(1, MOST_RUNS_AT_ONCE + 1):
        lock = locks.take(layout.local / f"tests{number}.lock", wait=False)
        if lock is not None:
            return number, lock
    raise SetupError(f"{MOST_RUNS_AT_ONCE} test runs are at work in this clone already.", fix="wait for one to end")

"""Stage 2: a private PostgreSQL cluster and Redis for this clone, and databases in them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from fleetsync.bootstrap import docker, keeper, locks
from fleetsync.bootstrap.interpreter import forget_inherited
from fleetsync.bootstrap.keeper import Service
from fleetsync.bootstrap.paths import Layout, make_service_folders
from fleetsync.bootstrap.services import Programs, major_version, provide
from fleetsync.bootstrap.terminal import SetupError, run, step

ROLE = "fleetsync"
MAX_CONNECTIONS = 150
# The whole demo is rebuilt from a seed in seconds, so it need not survive a power cut.
UNSAFE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
SAFE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
TUNING = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": str(MAX_CONNECTIONS),
    "shared_buffers": "256MB",
    "jit": "off",  # compiling costs more than our short queries take
    "timezone": "'UTC'",
    "max_wal_size": "2GB",
    "log_line_prefix": "'%m [%p] %d '",
}
SQL = """
import sys, time, psycopg
url, patience = sys.argv[1], time.monotonic() + float(sys.argv[2])
while True:
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
        break
    except psycopg.OperationalError as error:
        if time.monotonic() > patience:
            sys.exit(f"no connection: {error}")
        time.sleep(0.05)
for statement in sys.stdin.read().split(";;"):
    cursor = connection.execute(statement)
    if cursor.description:
        for row in cursor:
            print(*row)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where this clone's services answer."""

    database_url: str  # of the database named `fleetsync`; `database()` gives its neighbours
    redis_url: str
    private: bool  # ours to make and drop databases in without asking

    def database(self, name: str) -> str:
        """Return the address of another database of the same server."""
        parts = urlsplit(self.database_url)
        return urlunsplit(parts._replace(path="/" + quote(name)))


def planned(layout: Layout) -> Addresses:
    """Return the addresses without looking whether anything answers there."""
    given = os.environ.get("DATABASE_URL")
    ports = docker.ports(layout)
    database = f"postgis://{ROLE}@/fleetsync?host={quote(str(layout.sockets), safe='/')}"
    redis = f"unix://{layout.sockets}/redis.sock?db=0"
    if "postgres" in ports:
        database = f"postgis://{ROLE}@127.0.0.1:{ports['postgres']}/fleetsync"
    if "redis" in ports:
        redis = f"redis://127.0.0.1:{ports['redis']}/0"
    return Addresses(
        database_url=given or database,
        redis_url=os.environ.get("REDIS_URL") or redis,
        private=not given,
    )


def begin_use(layout: Layout) -> int:
    """Announce that we need the services; they stay until every user has closed this."""
    descriptor = locks.take(keeper.users_lock(layout), shared=True)
    assert descriptor is not None
    return descriptor


def end_use(layout: Layout, descriptor: int) -> None:
    """Let go of the services; if nobody else uses them, return when they have stopped."""
    alone = locks.upgrade(descriptor) and not keeper.pin(layout).exists()
    locks.release(descriptor)
    until = time.monotonic() + keeper.STOP_WITHIN_S + 1
    while alone and keeper.is_running(layout) and time.monotonic() < until:
        time.sleep(0.02)


def bring_up(layout: Layout, *, yes: bool, durable: bool = False) -> Addresses:
    """Start the clone's services unless they run. The caller has begun to use them.

    `durable` makes PostgreSQL survive a power cut; otherwise it is fast.

    Raises:
        SetupError: no PostgreSQL with PostGIS or no Redis to be had.
    """
    programs = provide(layout, yes=yes)
    with locks.holding(layout.local / "services.start", held="Another run of this clone is starting the services"):
        make_service_folders(layout)
        if not keeper.is_running(layout):
            docker.choose_ports(layout, programs)
        wanted = _services(layout, programs)
        addresses = planned(layout)
        if keeper.is_running(layout):
            if durable:
                _tune(layout, programs, durable=True)
            return addresses
        if programs.postgres:
            _make_cluster(layout, programs)
            _tune(layout, programs, durable=durable)
        safety = "survives a power cut" if durable else "fsync off: fast, for demo and tests only"
        names = " and ".join(
            {"postgres": f"PostgreSQL ({safety})", "redis": "Redis"}[service.name] for service in wanted
        )
        with step("Services", f"{names or 'given by DATABASE_URL and REDIS_URL'}") as starting:
            if wanted:
                docker.remove_leftovers(layout)
                keeper.ensure(layout, wanted)
                starting.result += ", unix sockets, no ports" if not programs.docker else ", in Docker"
            if programs.postgres or programs.docker:
                _first_words(layout, addresses)
            _wait_for_redis(layout, programs)
    return addresses


def make_database(layout: Layout, addresses: Addresses, name: str, *, anew: bool = False) -> str:
    """Make a database unless it is there, and return its address. `anew` drops the old one."""
    server = addresses.database("postgres" if addresses.private else urlsplit(addresses.database_url).path[1:])
    quoted = '"' + name.replace('"', '""') + '"'
    statements = []
    if anew:
        statements.append(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
    exists = "" if anew else sql(layout, server, [f"SELECT 1 FROM pg_database WHERE datname = '{name}'"])
    if not exists:
        statements.append(f"CREATE DATABASE {quoted}")
    if statements:
        sql(layout, server, statements)
    return addresses.database(name)


def count(layout: Layout, url: str, table: str) -> int | None:
    """Return how many rows a table has; None where there is no such table yet."""
    if sql(layout, url, [f"SELECT to_regclass('{table}') IS NULL"]) == "True":
        return None
    return int(sql(layout, url, [f"SELECT count(*) FROM {table}"]))


def exists(layout: Layout, addresses: Addresses, name: str) -> bool:
    """Tell whether a private server has that database."""
    return bool(sql(layout, addresses.database("postgres"), [f"SELECT 1 FROM pg_database WHERE datname = '{name}'"]))


def sql(layout: Layout, url: str, statements: Sequence[str], *, patience_s: float = 10.0) -> str:
    """Run statements through the environment's own driver and return what they print."""
    address = url.replace("postgis://", "postgresql://", 1)
    return run(
        [layout.python, "-c", SQL, address, str(patience_s)],
        stdin=";;".join(statements),
        log=layout.logs / "setup.log",
        env=forget_inherited(dict(os.environ)),
        failure="PostgreSQL refused",
        fix=f"look at {layout.logs / 'postgres.log'}",
    ).strip()


def redis_service(layout: Layout, programs: Programs, name: str = "redis") -> Service | None:
    """Return a Redis on a unix socket of its own, or None if one was given."""
    if programs.redis is None:
        return None
    options = {
        "port": "0",
        "unixsocket": str(layout.sockets / f"{name}.sock"),
        "unixsocketperm": "700",
        "save": "",  # everything in Redis may vanish, so nothing is written down
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
    }
    arguments = [part for key, value in options.items() for part in (f"--{key}", value)]
    return Service(name=name, argv=[str(programs.redis), *arguments], env=programs.redis_env, user=layout.service_user)


def _services(layout: Layout, programs: Programs) -> list[Service]:
    found: list[Service] = []
    if programs.postgres:
        found.append(
            Service(
                name="postgres",
                argv=[
                    str(programs.postgres / "postgres"),
                    "-D",
                    str(_cluster(layout, programs)),
                    "-c",
                    f"unix_socket_directories={layout.sockets}",
                ],
                env=programs.env,
                user=layout.service_user,
                stop_with="SIGINT",  # fast shutdown: does not wait for clients
            )
        )
    redis = redis_service(layout, programs)
    if redis:
        found.append(redis)
    return found + docker.services(layout, role=ROLE)


def _cluster(layout: Layout, programs: Programs) -> Path:
    assert programs.postgres
    return layout.data / f"postgres-{major_version(programs.postgres)}"


def _make_cluster(layout: Layout, programs: Programs) -> None:
    assert programs.postgres
    cluster = _cluster(layout, programs)
    if (cluster / "fleetsync.conf").exists():
        return
    shutil.rmtree(cluster, ignore_errors=True)  # a half-made one
    with step("Database cluster", f"{cluster}, 40 MB"):
        argv = [
            programs.postgres / "initdb",
            *("-D", cluster, "-U", ROLE, "-E", "UTF8", "--auth=trust", "--no-sync", "--no-instructions"),
        ]
        locale = ["--lc-collate=C", "--lc-ctype=C.UTF-8"]
        as_owner = keeper.Service(
            name="initdb", argv=[str(part) for part in (*argv, *locale)], env=programs.env, user=layout.service_user
        )
        log = layout.logs / "setup.log"
        if keeper.start(as_owner, log).wait():
            shutil.rmtree(cluster, ignore_errors=True)
            plain = keeper.Service(
                name="initdb",
                argv=[str(part) for part in (*argv, "--locale=C")],
                env=programs.env,
                user=layout.service_user,
            )
            if keeper.start(plain, log).wait():
                raise SetupError("initdb failed.", fix=f"look at the end of {log}")


def _tune(layout: Layout, programs: Programs, *, durable: bool) -> None:
    """Write the server's settings; a running server reads the new safety at once."""
    cluster = _cluster(layout, programs)
    own = cluster / "fleetsync.conf"
    settings = TUNING | (SAFE if durable else UNSAFE)
    own.write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    if layout.service_user:
        shutil.chown(own, layout.service_user)
    main = cluster / "postgresql.conf"
    if "fleetsync.conf" not in main.read_text():
        with main.open("a") as conf:
            conf.write("include 'fleetsync.conf'\n")
    if keeper.is_running(layout):
        with suppress(OSError, ValueError, IndexError):
            os.kill(int((cluster / "postmaster.pid").read_text().split()[0]), signal.SIGHUP)


def _first_words(layout: Layout, addresses: Addresses) -> None:
    """Wait for PostgreSQL; give every future database PostGIS through the template."""
    postgres = addresses.database("postgres")
    have = sql(layout, postgres, ["SELECT 1 FROM pg_database WHERE datname = 'fleetsync'"], patience_s=30)
    if have:
        return
    template = addresses.database("template1")
    sql(layout, template, ["CREATE EXTENSION IF NOT EXISTS postgis", "CREATE EXTENSION IF NOT EXISTS btree_gist"])
    sql(layout, postgres, ["CREATE DATABASE fleetsync"])


def _wait_for_redis(layout: Layout, programs: Programs) -> None:
    if programs.redis is not None:
        wait_for_redis(layout.sockets / "redis.sock", layout.logs / "redis.log")


def wait_for_redis(address: Path, log: Path) -> None:
    """Return once Redis answers on that socket.

    Raises:
        SetupError: it does not within ten seconds.
    """
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(1)
            probe.connect(str(address))
            probe.sendall(b"PING\r\n")
            if probe.recv(16).startswith(b"+PONG"):
                return
        time.sleep(0.02)
    raise SetupError("Redis does not start.", fix=f"look at {log}")

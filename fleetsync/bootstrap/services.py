"""Stage 1: where PostgreSQL with PostGIS and Redis come from on this machine.

The first way that works is taken: the addresses you gave, programs that are
installed, Docker, packages as root, packages unpacked without root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fleetsync.bootstrap import debian, docker, locks
from fleetsync.bootstrap.interpreter import SETTING_UP
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.terminal import SetupError, confirm, size_of, step

HAND_MADE = """install PostgreSQL 14 or newer with PostGIS 3 and Redis 6.2 or newer with your system's packages, or
    start Docker, or name running ones:
    export DATABASE_URL=postgis://user:password@host/fleetsync REDIS_URL=redis://host:6379/0"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    """The server programs to run, and what only they need in their environment."""

    postgres: Path | None  # the folder of initdb and postgres
    redis: Path | None
    docker: bool = False
    env: dict[str, str] = field(default_factory=dict)
    redis_env: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What this machine has, as `doctor` tells it."""

    database_url: str | None
    redis_url: str | None
    postgres: Path | None
    postgis: bool
    redis: Path | None
    docker: bool
    plan: str  # what will be done about the rest, for people
    unpacked: Path


def look(layout: Layout) -> Finding:
    """Look what is there. Changes and downloads nothing."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    unpacked = layout.local / "debian"
    postgres = next(iter(_servers(unpacked)), None)
    redis = _redis(unpacked)
    postgis = postgres is not None and has_postgis(postgres)
    lacks_postgres = not (database_url or postgis)
    lacks_redis = not (redis_url or redis)
    engine = (lacks_postgres or lacks_redis) and docker.answers()
    if not (lacks_postgres or lacks_redis):
        plan = "nothing to fetch"
    elif engine:
        plan = "Docker"
    elif debian.is_here() and os.geteuid() == 0:
        plan = "apt-get install, 250 MB to fetch at most"
    elif debian.is_here():
        plan = "Debian packages unpacked into .local/debian without root, 120 MB to fetch, 525 MB on disk"
    else:
        plan = ""
    return Finding(
        database_url=database_url,
        redis_url=redis_url,
        postgres=postgres,
        postgis=postgis,
        redis=redis,
        docker=engine,
        plan=plan,
        unpacked=unpacked,
    )


def provide(layout: Layout, *, yes: bool) -> Programs:
    """Return the programs to run, fetching what is missing.

    Raises:
        SetupError: nothing this machine offers works, or the answer was no.
    """
    with locks.holding(layout.setup_lock, held=SETTING_UP):
        debian.remove_leftovers()
        found = look(layout)
        if found.plan == "":
            raise SetupError("PostgreSQL with PostGIS or Redis is missing.", fix=HAND_MADE)
        if found.plan != "nothing to fetch" and not found.docker:
            found = _fetch(layout, found, yes=yes)
        debian.forget(layout)  # what the environment was made with, too
    env = _server_environment(found.unpacked, found.postgres)
    redis_env = _server_environment(found.unpacked, found.redis)
    return Programs(
        postgres=None if found.database_url or not found.postgis else found.postgres,
        redis=None if found.redis_url else found.redis,
        docker=found.docker,
        env=env,
        redis_env=redis_env,
    )


def has_postgis(binaries: Path) -> bool:
    """Tell whether that server can create the extensions we use."""
    extensions = _folder(binaries, "share") / "extension"
    described = all((extensions / f"{name}.control").exists() for name in ("postgis", "btree_gist"))
    # Debian keeps descriptions and library in two packages; one without the other is no PostGIS.
    return described and any(_folder(binaries, "lib").glob("postgis-*.*"))


def major_version(binaries: Path) -> int:
    """Return the server's major version; its data folder belongs to that version alone."""
    if binaries.parent.name.isdigit():
        return int(binaries.parent.name)
    said = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=False).stdout
    digits = [part for part in said.replace(".", " ").split() if part.isdigit()]
    return int(digits[0]) if digits else 0


def _fetch(layout: Layout, found: Finding, *, yes: bool) -> Finding:
    log = layout.logs / "setup.log"
    lacks_postgres = not (found.database_url or found.postgis)
    lacks_redis = not (found.redis_url or found.redis)
    missing = [name for name, lacks in (("PostGIS", lacks_postgres), ("Redis", lacks_redis)) if lacks]
    what = " and ".join(missing)
    if os.geteuid() == 0:
        if not confirm(f"{what} missing: install Debian packages for the whole machine?", yes=yes):
            raise SetupError(f"{what} missing.", fix=HAND_MADE)
        with step("System packages", f"{what}, apt-get install, up to 250 MB to fetch") as installing:
            debian.refresh(log=log, watch=installing)
            server = major_version(found.postgres) if found.postgres else None
            names = (debian.postgis_packages(server=server) if lacks_postgres else []) + (
                ["redis-server"] if lacks_redis else []
            )
            debian.install(names, log=log, watch=installing)
            installing.result = f"{', '.join(names)} installed; none of their services started"
    else:
        if not confirm(f"{what} missing: fetch Debian packages into .local/debian (no root, 525 MB on disk)?", yes=yes):
            raise SetupError(f"{what} missing.", fix=HAND_MADE)
        with step("Debian packages", f"{what} into .local/debian, about 120 MB to fetch") as unpacking:
            # What an earlier run unpacked is unpacked again with it: the folder is made anew.
            wanted = {
                "postgis": lacks_postgres or _is_in(found.unpacked, found.postgres),
                "redis-server": lacks_redis or _is_in(found.unpacked, found.redis),
            }
            names = [name for name, needed in wanted.items() if needed]
            debian.unpack(layout, names, into=found.unpacked, log=log, watch=unpacking)
            debian.link_postgis(found.unpacked)
            unpacking.result = f"{what} unpacked into .local/debian, {size_of(found.unpacked)}"
    after = look(layout)
    if not (after.database_url or after.postgis) or not (after.redis_url or after.redis):
        raise SetupError(f"{what} still missing after the packages were fetched.", fix=HAND_MADE)
    return after


def _servers(unpacked: Path) -> list[Path]:
    """Return folders of installed PostgreSQL servers, best first: with PostGIS, then newest."""
    found: list[Path] = []
    patterns = (
        "usr/lib/postgresql/*/bin",
        "usr/pgsql-*/bin",
        "opt/homebrew/opt/postgresql@*/bin",
        "usr/local/opt/postgresql@*/bin",
    )
    for root in (Path("/"), unpacked):
        for pattern in patterns:
            found += root.glob(pattern)
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    whole = [
        folder for folder in dict.fromkeys(found) if (folder / "postgres").exists() and (folder / "initdb").exists()
    ]
    return sorted(whole, key=lambda folder: (has_postgis(folder), major_version(folder)), reverse=True)


def _redis(unpacked: Path) -> Path | None:
    own = unpacked / "usr" / "bin" / "redis-server"
    if own.exists():
        return own
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/bin:/usr/local/bin:/usr/sbin")
        if found:
            return Path(found)
    return None


def _folder(binaries: Path, kind: str) -> Path:
    """Return where a server has its extensions' descriptions (share) or libraries (lib)."""
    version = binaries.parent.name
    if version.isdigit():  # Debian's folders, also when unpacked somewhere else
        return binaries.parents[3] / "share" / "postgresql" / version if kind == "share" else binaries.parent / "lib"
    if not (binaries / "pg_config").exists():
        return Path("/nonexistent")
    option = "--sharedir" if kind == "share" else "--pkglibdir"
    said = subprocess.run([binaries / "pg_config", option], capture_output=True, text=True, check=False)
    return Path(said.stdout.strip() or "/nonexistent")


def _server_environment(unpacked: Path, program: Path | None) -> dict[str, str]:
    """Return the environment of a server: nothing inherited that concerns libraries."""
    env = dict(_plain_environment()) | {"LC_ALL": "C"}
    if _is_in(unpacked, program):
        env["LD_LIBRARY_PATH"] = debian.library_path(unpacked)
        env["PROJ_DATA"] = str(unpacked / "usr" / "share" / "proj")
        env["GDAL_DATA"] = str(unpacked / "usr" / "share" / "gdal")
    return env


def _is_in(unpacked: Path, program: Path | None) -> bool:
    return program is not None and unpacked in program.parents


def _plain_environment() -> Iterator[tuple[str, str]]:
    for name in ("PATH", "HOME", "TMPDIR", "TZ"):
        if name in os.environ:
            yield name, os.environ[name]

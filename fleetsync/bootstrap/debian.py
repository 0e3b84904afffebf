"""Debian's packages: installed when we are root, unpacked into the clone when we are not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from fleetsync.bootstrap import locks
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.terminal import SetupError, Step, run

STATUS = Path("/var/lib/dpkg/status")
# What keeps packages from starting a server and from making a cluster of their own, while we install them.
OURS = {
    Path("/usr/sbin/policy-rc.d"): (
        "#!/bin/sh\n# Put here by FleetSync for the length of one apt-get install.\nexit 101\n",
        0o755,
    ),
    Path("/etc/postgresql-common/createcluster.d/fleetsync.conf"): ("create_main_cluster = false\n", 0o644),
}
INSTALLING = Path("/run/fleetsync-install.lock")  # of the whole machine, not of one clone
# A server looks for its extensions beside itself, so these come together or not at all.
ALWAYS_FETCHED = re.compile(r"^(postgresql|postgis|redis|libpq5$|python3-pip-whl$)")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


def is_here() -> bool:
    """Tell whether this is Debian or one of its family, with the tools that fetch packages."""
    return all(shutil.which(tool) for tool in ("apt-get", "dpkg-deb", "apt-cache")) and STATUS.exists()


def install(packages: Sequence[str], *, log: Path, watch: Step) -> None:
    """Install packages for the whole machine, as root, starting none of their services.

    Raises:
        SetupError: apt-get refused.
    """
    env = dict(os.environ) | QUIET
    with _nothing_starts():
        run(
            ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages],
            log=log,
            env=env,
            watch=watch,
            fix=f"apt-get install {' '.join(packages)}",
        )
    if "redis-server" in packages and shutil.which("systemctl"):  # ours needs no port, nor the next boot
        subprocess.run(["systemctl", "disable", "redis-server"], capture_output=True, check=False)


def refresh(*, log: Path, watch: Step) -> None:
    """Fetch the machine's package lists, as root."""
    run(["apt-get", "update", "-q"], log=log, env=dict(os.environ) | QUIET, watch=watch)


def postgis_packages(lookup: Mapping[str, str] | None = None, *, server: int | None = None) -> list[str]:
    """Return the names of the newest PostGIS on offer and its server.

    `server` is a major version that is installed already and only lacks PostGIS.

    Raises:
        SetupError: the package lists name none.
    """
    found = subprocess.run(
        ["apt-cache", *_as_options(lookup or {}), "pkgnames", "postgresql-"], capture_output=True, text=True
    ).stdout
    offers = [
        (int(match[1]), int(match[2]), match[0])
        for match in re.finditer(r"^postgresql-(\d+)-postgis-(\d+)$", found, re.MULTILINE)
        if server is None or int(match[1]) == server
    ]
    if not offers:
        raise SetupError(
            "The package lists name no PostGIS" + (f" for PostgreSQL {server}." if server else "."),
            fix="check /etc/apt/sources.list*, then apt-get update",
        )
    major, _, name = max(offers)
    return [f"postgresql-{major}", name]


def unpack(layout: Layout, packages: Sequence[str], *, into: Path, log: Path, watch: Step) -> Path:
    """Fetch packages with all they need and unpack them into a folder, without root.

    A package is named, or "postgis" for the newest PostGIS with its server.

    Raises:
        SetupError: the packages cannot be fetched.
    """
    lookup = private_lists(layout, log=log, watch=watch)
    names = [name for wanted in packages for name in (postgis_packages(lookup) if wanted == "postgis" else [wanted])]
    archives = Path(lookup["Dir::Cache"]) / "archives"
    run(
        ["apt-get", *_as_options(lookup), "install", "-y", "-q", "--no-install-recommends", "--download-only", *names],
        log=log,
        env=dict(os.environ) | QUIET,
        watch=watch,
        failure="Debian's packages cannot be fetched",
        fix=f"as root: apt-get install {' '.join(names)}",
    )
    unfinished = into.with_name(into.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    for archive in sorted(archives.glob("*.deb")):
        run(["dpkg-deb", "-x", archive, unfinished], log=log, watch=watch)
        archive.unlink()
    shutil.rmtree(into, ignore_errors=True)
    unfinished.rename(into)
    return into


def private_lists(layout: Layout, *, log: Path, watch: Step) -> dict[str, str]:
    """Fetch package lists into the clone and return the apt options that use them."""
    home = layout.local / "apt"
    for folder in ("lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    (home / "status").write_text(_without(STATUS.read_text(errors="replace"), ALWAYS_FETCHED))
    options = {
        "Dir::State": str(home),
        "Dir::State::lists": str(home / "lists"),
        "Dir::State::status": str(home / "status"),
        "Dir::State::extended_states": str(home / "extended_states"),
        "Dir::Cache": str(home / "cache"),
        "Dir::Log": str(home),
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "",
        "APT::Get::List-Cleanup": "0",
        "APT::Update::Post-Invoke::": "",
        # Some images delete each package right after it was fetched; we still need it.
        "DPkg::Post-Invoke::": "",
    }
    if not any((home / "lists").glob("*Packages*")):
        run(
            ["apt-get", *_as_options(options), "update", "-q"],
            log=log,
            env=dict(os.environ) | QUIET,
            watch=watch,
            failure="Debian's package lists cannot be fetched",
            fix="check the network and /etc/apt/sources.list*",
        )
    return options


def forget(layout: Layout) -> None:
    """Remove the package lists and archives that fetching left in the clone."""
    shutil.rmtree(layout.local / "apt", ignore_errors=True)
    shutil.rmtree(layout.local / "pip", ignore_errors=True)


def library_path(root: Path) -> str:
    """Return LD_LIBRARY_PATH for programs of an unpacked tree.

    blas and lapack lie in folders of their own, which an installed system
    reaches through its alternatives.
    """
    folders = {entry.parent for entry in root.glob("usr/lib/**/*.so*")} | {
        entry.parent for entry in root.glob("lib/**/*.so*")
    }
    library = [
        folder for folder in sorted(folders) if "postgresql" not in folder.parts and "llvmjit" not in folder.parts
    ]
    return ":".join(str(folder) for folder in library)


def link_postgis(root: Path) -> None:
    """Give unpacked PostGIS the control files that its install script would have linked."""
    for control in root.glob("usr/share/postgresql/*/extension/postgis*-3.control"):
        plain = control.with_name(control.name.replace("-3.control", ".control"))
        if not plain.exists():
            plain.symlink_to(control.name)


def remove_leftovers() -> None:
    """As root, remove what an install of ours left when it was killed: no service of the machine would start for it."""
    if os.geteuid() != 0 or not any(_is_ours(file) for file in OURS):
        return
    mine = locks.take(INSTALLING, wait=False)
    if mine is None:
        return  # another clone is installing: they are no leftovers
    try:
        for file in filter(_is_ours, OURS):
            file.unlink(missing_ok=True)
    finally:
        locks.release(mine)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Keep packages from making a cluster of their own or starting a server; leave no trace."""
    with locks.holding(INSTALLING, held="Another clone is installing packages"):
        placed = [file for file in OURS if not file.exists() or _is_ours(file)]
        try:
            for file in placed:
                text, mode = OURS[file]
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
                file.chmod(mode)
            yield
        finally:
            for file in placed:
                file.unlink(missing_ok=True)


def _is_ours(file: Path) -> bool:
    try:
        return file.read_text(errors="replace") == OURS[file][0]
    except OSError:
        return False


def _without(status: str, names: re.Pattern[str]) -> str:
    """Return dpkg's status with the stanzas of those packages left out."""
    stanzas = status.split("\n\n")
    return "\n\n".join(stanza for stanza in stanzas if not names.match(stanza.removeprefix("Package: ")))


def _as_options(options: Mapping[str, str]) -> list[str]:
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]

"""Where one clone keeps its things, and which of them belong to nobody else."""

from __future__ import annotations

import hashlib
import os
import pwd
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from fleetsync.bootstrap.terminal import SetupError

# A unix socket's address holds 107 bytes; PostgreSQL adds ".s.PGSQL.5432" to its folder.
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """The folders of one clone; two clones on one machine share none of them."""

    project: Path
    instance: str  # short hash of the clone's path
    local: Path  # state, logs, fetched packages: everything `clean` removes
    data: Path  # files of PostgreSQL and Redis
    sockets: Path  # short enough for unix sockets
    as_root: bool  # PostgreSQL refuses root: an account of its own runs it

    @property
    def service_user(self) -> str | None:
        """Return who runs PostgreSQL and Redis when we are root: whose their files are, however long ago that was chosen.

        Before there are files it is the best account there is, which installing packages can change.
        """
        return (_account_of(self.data) or _best_account()) if self.as_root else None

    @property
    def venv(self) -> Path:
        return self.project / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        return self.local / "logs"

    @property
    def setup_lock(self) -> Path:
        """Return the lock of who fetches or installs something into the clone."""
        return self.local / "setup.lock"

    @property
    def health(self) -> Path:
        return self.sockets / "health"

    @property
    def owned(self) -> tuple[Path, ...]:
        """Return every folder `clean` removes."""
        folders = (self.local, self.data, self.sockets)
        return tuple(path for path in folders if not any(other in path.parents for other in folders))


def find_layout(project: Path | None = None) -> Layout:
    """Work out the folders of the clone that holds this file; creates nothing."""
    project = (project or Path(__file__).parents[2]).resolve()
    instance = hashlib.sha256(os.fsencode(project)).hexdigest()[:8]
    local = project / ".local"
    if os.geteuid() == 0:
        # The service user cannot reach a project below root's 0700 home.
        data = Path("/var/lib/fleetsync") / instance
        return Layout(
            project=project,
            instance=instance,
            local=local,
            data=data,
            sockets=data / "run",
            as_root=True,
        )
    sockets = local / "run"
    # Addresses with other characters need quoting, in each program in its own way.
    plain = re.fullmatch(r"[\w./+-]+", str(sockets), re.ASCII)
    if not plain or len(os.fsencode(sockets)) > LONGEST_SOCKET_FOLDER:
        base = os.environ.get("XDG_RUNTIME_DIR", "")
        usable = base and os.access(base, os.W_OK) and len(base) < LONGEST_SOCKET_FOLDER - 20
        folder = Path(base) if usable else Path(tempfile.gettempdir())
        sockets = folder / f"fleetsync-{instance}-{os.geteuid()}"
    return Layout(
        project=project,
        instance=instance,
        local=local,
        data=local / "data",
        sockets=sockets,
        as_root=False,
    )


def make_folders(layout: Layout) -> None:
    """Create the folders of what only we write. Safe to repeat.

    Raises:
        SetupError: a folder exists and belongs to somebody else.
    """
    with _ours(layout):
        layout.local.mkdir(mode=0o755, exist_ok=True)
        layout.logs.mkdir(exist_ok=True)


def make_service_folders(layout: Layout) -> None:
    """Create the folders of PostgreSQL and Redis, once their accounts may be there. Safe to repeat.

    Raises:
        SetupError: a folder exists and belongs to somebody else.
    """
    with _ours(layout):
        user = layout.service_user
        if layout.as_root:
            layout.data.parent.mkdir(parents=True, exist_ok=True)
            layout.data.parent.chmod(0o755)  # under any umask: the accounts of all clones pass through it
        for folder in (layout.data, layout.sockets, layout.health):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _claim(folder, user)
        if user:
            _heal(layout.data)


@contextmanager
def _ours(layout: Layout) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        owner = _owner_of(layout.local)
        raise SetupError(
            f"{error.filename} is not ours to write; .local belongs to {owner}.",
            fix=f"run as {owner}, or remove {layout.local} as {owner} (manage.py clean)",
        ) from error


def _claim(folder: Path, service_user: str | None) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise SetupError(f"{folder} is in the way.", fix="remove it")
    if service_user:
        account = pwd.getpwnam(service_user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    elif found.st_uid != os.geteuid():
        raise SetupError(f"{folder} belongs to {_owner_of(folder)}.", fix="remove it, or set XDG_RUNTIME_DIR")


def _heal(data: Path) -> None:
    """Give what is in the data folder to its owner where another account once had it all."""
    owner = data.lstat()
    for child in data.iterdir():
        if child.lstat().st_uid != owner.st_uid:
            for entry in (child, *child.rglob("*")):
                os.chown(entry, owner.st_uid, owner.st_gid, follow_symlinks=False)


def _owner_of(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (OSError, KeyError):
        return "another user"


def _account_of(data: Path) -> str | None:
    """Return the account whose data folder this is; None before it is any but root's."""
    try:
        found = data.lstat()
        return pwd.getpwuid(found.st_uid).pw_name if found.st_uid else None
    except (OSError, KeyError):
        return None


def _best_account() -> str:
    for name in ("postgres", "redis", "nobody"):
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    return "root"

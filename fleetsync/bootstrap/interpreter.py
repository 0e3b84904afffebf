"""Stage 0: a `.venv` with what the requirements name, made once and then only checked."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from fleetsync.bootstrap import debian, locks
from fleetsync.bootstrap.paths import Layout
from fleetsync.bootstrap.terminal import SetupError, Step, run, step

RUNNING, TESTING = "requirements.txt", "requirements-dev.txt"
SETTING_UP = "Another run of this clone is fetching or installing something"
# Of a package's files its list is written last.
HAS_WHOLE_PIP = "import importlib.metadata, sys; sys.exit(not importlib.metadata.files('pip'))"
# What pip and uv call the same setting: people behind a mirror have set pip's.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
}


def is_ready(layout: Layout, requirements: str = RUNNING) -> bool:
    """Tell whether `.venv` already holds exactly what that file names."""
    stamp = _stamp(layout, requirements)
    return layout.python.exists() and stamp.exists() and stamp.read_text() == fingerprint(layout, requirements)


def prepare(layout: Layout, requirements: str = RUNNING) -> None:
    """Make `.venv` and install that file's packages into it, unless that is done.

    Raises:
        SetupError: no way to make a virtual environment worked.
    """
    if is_ready(layout, requirements):
        return
    with locks.holding(layout.setup_lock, held=SETTING_UP):
        if not is_ready(layout, requirements):
            _install(layout, requirements)


def _install(layout: Layout, requirements: str) -> None:
    log = layout.logs / "setup.log"
    if not _is_whole(layout):
        with step("Python environment", f".venv for Python {sys.version_info[0]}.{sys.version_info[1]}") as making:
            _make_venv(layout, log, making)
            _mark(layout).touch()
    count = sum(1 for _ in _packages(layout, requirements))
    size = "about 700 MB on disk" if requirements == RUNNING else "about 1,000 MB on disk"
    with step("Python packages", f"{count} from {requirements}, {size} when new") as installing:
        uv = _uv(layout, log, installing)
        how = "uv"
        try:
            if uv is None:
                raise SetupError("uv is not to be had")
            run(
                [uv, "pip", "install", "--python", layout.python, "-r", layout.project / requirements],
                log=log,
                env=_uv_environment(layout),
                watch=installing,
            )
        except SetupError:
            how = "pip"  # slower, but it knows every setting of the people who live behind a mirror
            run(
                [layout.python, "-m", "pip", "install", "-r", layout.project / requirements],
                log=log,
                env=_pip_environment(layout),
                watch=installing,
                fix="look at the lines above; `python3 manage.py doctor` checks the rest",
            )
        installing.result = f"{count} from {requirements}, by {how}"
    fingerprints = [requirements] if requirements == RUNNING else [RUNNING, TESTING]
    for name in fingerprints:
        _stamp(layout, name).write_text(fingerprint(layout, name))


def _is_whole(layout: Layout) -> bool:
    """Tell whether `.venv` was made to its end: by us, which its mark says, or by hand."""
    if not layout.python.exists():
        return False
    marked = _mark(layout).exists() or any(_stamp(layout, name).exists() for name in (RUNNING, TESTING))
    config = layout.venv / "pyvenv.cfg"
    without_pip = config.exists() and "\nuv = " in "\n" + config.read_text()
    code = "" if marked or without_pip else HAS_WHOLE_PIP
    return subprocess.run([layout.python, "-c", code], capture_output=True, check=False).returncode == 0


def forget_inherited(env: dict[str, str]) -> dict[str, str]:
    """Return `env` without what would point our Python at somebody else's libraries."""
    foreign = (
        "PYTHONHOME",
        "PYTHONPATH",
        "PROJ_DATA",
        "PROJ_LIB",
        "GDAL_DATA",
        "LD_LIBRARY_PATH",
        "__PYVENV_LAUNCHER__",
    )
    return {name: value for name, value in env.items() if name not in foreign}


def _make_venv(layout: Layout, log: Path, making: Step) -> None:
    shutil.rmtree(layout.venv, ignore_errors=True)
    try:
        run([sys.executable, "-m", "venv", layout.venv], log=log, watch=making)
        return
    except SetupError as error:
        broken = error
    shutil.rmtree(layout.venv, ignore_errors=True)
    uv = shutil.which("uv")
    if uv:
        run([uv, "venv", "--python", sys.executable, layout.venv], log=log, watch=making)
        return
    if not debian.is_here():
        raise SetupError(
            f"Python cannot make a virtual environment: {broken}",
            fix="install your system's package for Python's venv module, or uv",
        ) from broken
    # Debian keeps ensurepip in python3-venv; pip's wheel alone is enough.
    making.result += ", pip from Debian's wheel package"
    run([sys.executable, "-m", "venv", "--without-pip", layout.venv], log=log, watch=making)
    wheels = debian.unpack(layout, ["python3-pip-whl"], into=layout.local / "pip", log=log, watch=making)
    wheel = next(iter(sorted(wheels.glob("usr/share/python-wheels/pip-*.whl"))), None)
    if wheel is None:
        raise SetupError("Debian's package python3-pip-whl holds no pip", fix="apt-get install python3-venv")
    env = _pip_environment(layout) | {"PYTHONPATH": str(wheel)}
    run([layout.python, "-m", "pip", "install", "--ignore-installed", "pip"], log=log, env=env, watch=making)


def _uv(layout: Layout, log: Path, installing: Step) -> str | None:
    """Return a uv to install with, fetched by pip into the environment if there is none."""
    own = layout.venv / "bin" / "uv"
    found = shutil.which("uv") or (str(own) if own.exists() else None)
    if found:
        return found
    try:
        run(
            [layout.python, "-m", "pip", "install", "-q", "uv"], log=log, env=_pip_environment(layout), watch=installing
        )
    except SetupError:
        return None
    return str(own)


def _pip_environment(layout: Layout) -> dict[str, str]:
    env = forget_inherited(dict(os.environ))
    return env | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "VIRTUAL_ENV": str(layout.venv)}


def _uv_environment(layout: Layout) -> dict[str, str]:
    """Return an environment in which uv asks where pip would ask."""
    env = forget_inherited(dict(os.environ)) | {"UV_NO_PROGRESS": "1", "VIRTUAL_ENV": str(layout.venv)}
    listed = subprocess.run(
        [layout.python, "-m", "pip", "config", "list"], capture_output=True, text=True, env=_pip_environment(layout)
    )
    for line in listed.stdout.splitlines():
        key, _, value = line.partition("=")
        name = UV_NAMES.get(key.rsplit(".", 1)[-1].replace("_", "-"))
        value = value.strip().strip("'\"").replace("\\n", " ").strip()
        if name and value:
            env.setdefault(name, value)
            if name == "UV_INDEX":
                env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # pip's way with several indexes
    return env


def _mark(layout: Layout) -> Path:
    return layout.venv / ".fleetsync-made"


def _stamp(layout: Layout, requirements: str) -> Path:
    return layout.venv / f".fleetsync-{requirements}"


def fingerprint(layout: Layout, requirements: str) -> str:
    """Return a hash that changes with what the file and its includes ask for."""
    digest = hashlib.sha256()
    for line in _packages(layout, requirements):
        digest.update(line.encode() + b"\n")
    return digest.hexdigest()


def _packages(layout: Layout, requirements: str) -> Iterator[str]:
    for line in (layout.project / requirements).read_text().splitlines():
        wanted = line.split("#", 1)[0].strip()
        if wanted.startswith("-r"):
            yield from _packages(layout, wanted[2:].strip())
        elif wanted:
            yield wanted

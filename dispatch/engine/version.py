"""Which engine decided, and on what: recorded decisions are the same, bit for bit, only where both are."""

from __future__ import annotations

import hashlib
import platform
import sys
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Final

#: What measures, keeps or carries decisions, and makes none.
ASIDE: Final = frozenset(
    {"mdrp", "__pycache__", "candidates.py", "child.py", "client.py", "codec.py", "version.py", "warm.py"}
)


@lru_cache(maxsize=1)
def engine_version() -> str:
    """Return twelve letters that stand for the engine's source, so that no change of it can go unnoticed."""
    root, digest = Path(__file__).parent, hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root)
        if not ASIDE & set(name.parts):
            digest.update(f"{name.as_posix()}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


@lru_cache(maxsize=1)
def machine() -> str:
    """Return the kind of machine and the libraries whose arithmetic a decision rests on."""
    libraries = (f"{name} {metadata.version(name)}" for name in ("numpy", "scipy", "numba"))
    python = ".".join(map(str, sys.version_info[:2]))
    return ", ".join((platform.machine(), f"python {python}", *libraries))

"""File locks: they end with their process, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fleetsync.bootstrap.terminal import say


def take(path: Path, *, shared: bool = False, wait: bool = True) -> int | None:
    """Return a descriptor that holds the lock, or None if it is held and we do not wait."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    try:
        fcntl.flock(descriptor, how if wait else how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def upgrade(descriptor: int) -> bool:
    """Turn a shared lock into ours alone, if nobody else shares it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def release(descriptor: int) -> None:
    """Give the lock back."""
    os.close(descriptor)


def is_held(path: Path) -> bool:
    """Tell whether some process holds the lock."""
    if not path.exists():
        return False
    descriptor = take(path, wait=False)
    if descriptor is None:
        return True
    release(descriptor)
    return False


@contextmanager
def holding(path: Path, *, held: str = "") -> Iterator[None]:
    """Hold the lock for the length of a block, waiting for it; `held` is said to who has to."""
    descriptor = take(path, wait=False)
    if descriptor is None:
        if held:
            say(f"  {held}; waiting for it ...")
        descriptor = take(path)
    assert descriptor is not None
    try:
        yield
    finally:
        release(descriptor)

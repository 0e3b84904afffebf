"""What the kernel can promise about child processes, and how a lost one is known again."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
HAS_PROC = Path("/proc/self/stat").exists()
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before its program so that it gets `signum` when we die.

    Even `kill -9` of the parent then leaves nothing behind (Linux only).
    """
    parent = os.getpid()

    def promise() -> None:
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
            if os.getppid() != parent:  # it died while we were being made
                os._exit(1)

    return promise


def birth_of(pid: int) -> str | None:
    """Return a mark that tells this process from a later one with the same number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def is_alive(pid: int, birth: str | None) -> bool:
    """Tell whether exactly that process still runs."""
    if HAS_PROC:
        return birth is not None and birth_of(pid) == birth
    with suppress(OSError):
        os.kill(pid, 0)
        return True
    return False


def signal_group(pid: int, signum: signal.Signals) -> None:
    """Signal a process and all it started; it is the leader of its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signum)


def group_lives(leader: int, birth: str | None) -> bool:
    """Tell whether anything of a process group is left, even when its leader is gone.

    The kernel does not give a group's number to a new process while the group lives.
    """
    if is_alive(leader, birth):
        return True
    if birth is None or birth_of(leader) is not None:  # the number is somebody else's now
        return False
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError):
            fields = entry.read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX" and fields[2] == str(leader):
                return True
    return False


def end_groups(leaders: dict[int, str | None], *, grace_s: float = 4.0) -> None:
    """End process groups that an earlier run left: ask, wait, then kill."""
    left = {pid: birth for pid, birth in leaders.items() if group_lives(pid, birth)}
    for pid in left:
        signal_group(pid, signal.SIGTERM)
    until = time.monotonic() + grace_s
    while left and time.monotonic() < until:
        time.sleep(0.05)
        left = {pid: birth for pid, birth in left.items() if group_lives(pid, birth)}
    for pid in left:
        signal_group(pid, signal.SIGKILL)


def end_child(child: subprocess.Popen[bytes], *, grace_s: float) -> None:
    """End a child that leads a group, and return when it is gone: ask, wait, then kill; a second Ctrl-C kills at once."""
    signal_group(child.pid, signal.SIGTERM)
    try:
        child.wait(grace_s)
    except (subprocess.TimeoutExpired, KeyboardInterrupt, SystemExit):
        signal_group(child.pid, signal.SIGKILL)
        child.wait()


def age_s(pid: int) -> float:
    """Return how long a process has run, in seconds; 0 if it does not."""
    birth = birth_of(pid)
    if birth is None:
        return 0.0
    up_s = float(Path("/proc/uptime").read_text().split()[0])
    return up_s - int(birth) / os.sysconf("SC_CLK_TCK")


def own_memory_mb(pid: int) -> float:
    """Return the resident memory of one process alone, in MB."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process and all below it, in MB."""
    children: dict[int, list[int]] = {}
    resident: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/statm"):
        with suppress(OSError, ValueError, IndexError):
            number = int(entry.parent.name)
            fields = (entry.parent / "stat").read_text().rpartition(")")[2].split()
            children.setdefault(int(fields[1]), []).append(number)
            resident[number] = int(entry.read_text().split()[1])
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        total += resident.get(current, 0)
        waiting += children.get(current, [])
    return total * os.sysconf("SC_PAGE_SIZE") / 1e6

"""Compile the kernels into the cache: `python -m dispatch.engine.warm`.

NUMBA_CACHE_DIR names the cache; set-up points it at `.local/numba`. A filled cache makes
this, and every start of the engine's child, a matter of a second.
"""

from __future__ import annotations

import sys
import time

from dispatch.engine import STRATEGIES
from dispatch.engine.model import Driver, DriverState, Job, Snapshot
from dispatch.engine.policy import Policy
from dispatch.engine.travel import StraightLine, Table


def rehearsal(*, table: bool) -> Snapshot:
    """Return a tiny snapshot that reaches every kernel."""
    places = tuple((float(1000 * i), float(700 * i)) for i in range(6))
    rows = tuple(tuple(abs(a - b) * 60.0 for b in range(6)) for a in range(6))
    return Snapshot(
        zone="warm",
        now_s=0.0,
        period_s=10.0,
        places=places,
        metres=True,
        travel=Table(rows=rows) if table else StraightLine(),
        jobs=tuple(
            Job(
                id=f"j{i}",
                restaurant=f"r{i % 2}",
                pickup=i % 2,
                dropoff=2 + i,
                placed_s=-600.0,
                ready_s=60.0 * i,
            )
            for i in range(3)
        ),
        drivers=tuple(Driver(id=f"d{i}", state=DriverState.IDLE, place=4 + i, free_s=0.0) for i in range(2)),
    )


def warm() -> float:
    """Run every strategy once and return the seconds it took. May run twice."""
    started = time.monotonic()
    for table in (False, True):
        for name, strategy in STRATEGIES.items():
            strategy(rehearsal(table=table), Policy(strategy=name))
    return time.monotonic() - started


def main() -> None:
    """Print what is done and how long it took."""
    sys.stdout.write("Compiling the dispatch kernels (about 30 s the first time) ... ")
    sys.stdout.flush()
    sys.stdout.write(f"done in {warm():.1f} s\n")


if __name__ == "__main__":
    main()

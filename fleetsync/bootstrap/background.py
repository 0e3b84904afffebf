"""The process behind `manage.py up`: takes a prepared platform over and runs it without a terminal."""

from __future__ import annotations

import json
import os
import sys

from fleetsync.bootstrap import database, platform, state
from fleetsync.bootstrap.paths import find_layout
from fleetsync.bootstrap.terminal import SetupError


def main() -> int:
    """Run what `handover.json` describes; the locks came with us."""
    layout = find_layout()
    home = state.folder(layout, "demo")
    file = home / "handover.json"
    given = json.loads(file.read_text())
    file.unlink()
    for descriptor in given["locks"]:
        os.set_inheritable(descriptor, False)  # the services must not outlive us through our children
    taken = platform.Platform(
        layout=layout,
        purpose=given["purpose"],
        home=home,
        addresses=database.planned(layout),
        env=given["env"],
        ports=given["ports"],
        health=layout.health,
        locks=given["locks"],
    )
    try:
        return platform.serve(taken, foreground=None, verbose=False, only=given["only"], on_terminal=False)
    except SetupError as error:
        print(f"{error}\n{error.fix}", file=sys.stderr)
        return 1
    finally:
        platform.end(taken)


if __name__ == "__main__":
    sys.exit(main())

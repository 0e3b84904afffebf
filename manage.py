#!/usr/bin/env python3
"""The one way in: `python3 manage.py demo` runs everything, `python3 manage.py test` tests it.

Works before anything is installed, so this file keeps to what every Python 3 can parse.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (that is the point: an old one still reads this)
    import os
    import shutil

    for newer in ("python3.14", "python3.13", "python3.12", "python3.11"):
        found = shutil.which(newer)
        if found:
            os.execv(found, [found] + sys.argv)  # noqa: RUF005
    sys.exit(
        "FleetSync needs Python 3.11 or newer; this is %d.%d.\n"  # noqa: UP031
        "On Debian 12 or Ubuntu 24.04: apt-get install python3" % sys.version_info[:2]
    )

if __name__ == "__main__":
    from fleetsync.bootstrap.cli import main

    sys.exit(main(sys.argv[1:]))

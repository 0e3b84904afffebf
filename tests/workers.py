"""How several processes share the tests; loaded before Django's settings are (pytest.ini)."""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

if worker := os.environ.get("PYTEST_XDIST_WORKER"):  # names of its own in Redis for each of them
    os.environ["FLEETSYNC_INSTANCE"] = f"{os.environ.get('FLEETSYNC_INSTANCE', 'tests')}-{worker}"


class ByFile(LoadFileScheduling):
    """The tests of a file stay together, and all of the browser's: they share one platform."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/browser" if nodeid.startswith("tests/browser/") else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Return who hands tests out, whatever `--dist` says."""
    return ByFile(config, log)

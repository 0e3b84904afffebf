"""A clone of its own for each test: folders, and our Python in place of a new environment."""

import sys
from pathlib import Path

import pytest

from fleetsync.bootstrap.paths import Layout

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def project() -> Path:
    """The real project folder, to be read only."""
    return PROJECT


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """The folders of a clone in which nothing has happened yet."""
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (tmp_path / ".local" / "logs").mkdir(parents=True)
    (tmp_path / "fleetsync").symlink_to(PROJECT / "fleetsync")
    return Layout(
        project=tmp_path,
        instance="tests",
        local=tmp_path / ".local",
        data=tmp_path / ".local" / "data",
        sockets=tmp_path / ".local" / "run",
        as_root=False,
    )

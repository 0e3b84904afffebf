"""The import contracts hold, and each of them breaks on the import it forbids."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("fleetsync", "accounts", "restaurants", "orders", "dispatch", "tracking", "simulation")
PLANTED = [
    ("Apps only look down", "orders/models.py", "import tracking.models"),
    ("Inside an app", "accounts/models.py", "import accounts.services"),
    ("The engine is pure", "dispatch/engine/__init__.py", "import django"),
    ("Bootstrap needs nothing but the standard library", "fleetsync/bootstrap/ports.py", "import redis"),
    ("Simulated clients know the public API alone", "simulation/clients/road.py", "import fleetsync.core.geo"),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of our packages to plant imports in."""
    target = tmp_path_factory.mktemp("contracts")
    project = Path(__file__).parents[2]
    ignored = shutil.ignore_patterns("__pycache__", "static", "templates", "*.js", "*.json")
    for package in PACKAGES:
        shutil.copytree(project / package, target / package, ignore=ignored)
    shutil.copy(project / "pyproject.toml", target)
    return target


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    env = dict(os.environ) | {"PYTHONPATH": str(folder)}
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run([program, "--no-cache"], cwd=folder, env=env, capture_output=True, text=True)


def test_all_contracts_are_kept(copy):
    said = lint(copy)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED, ids=[contract for contract, _, _ in PLANTED])
def test_a_forbidden_import_breaks_its_contract(copy, contract, file, line):
    planted = copy / file
    before = planted.read_text()
    planted.write_text(f"{before}\n{line}\n")
    try:
        said = lint(copy)
    finally:
        planted.write_text(before)
    assert said.returncode == 1
    assert f"{contract} BROKEN" in said.stdout
    assert said.stdout.count(" BROKEN") == 1


def test_every_contract_is_tried(project):
    import tomllib

    contracts = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts] == [contract for contract, _, _ in PLANTED]

"""What the pages say is true: generated parts are fresh, commands and files that are named exist."""

import re
from dataclasses import asdict
from pathlib import Path

import pytest

from dispatch.conf import BOUNDS, DEFAULTS
from dispatch.lives import markdown
from fleetsync.bootstrap.processes import PLATFORM
from fleetsync.core.throttles import RATES

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))]
BY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def test_the_lives_are_those_of_the_code():
    assert (ROOT / "docs" / "lives.md").read_text() == markdown(), "run manage.py life_docs > docs/lives.md"


@BY_PAGE
def test_every_link_leads_somewhere(page):
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    assert [each for each in targets if "://" not in each and not (page.parent / each).exists()] == []


@BY_PAGE
def test_every_file_that_is_named_exists(page):
    named = re.findall(
        r"`((?:fleetsync|accounts|restaurants|orders|dispatch|tracking|simulation|tests|docs|templates)/[\w./-]+)`",
        page.read_text(),
    )
    assert [name for name in named if not (ROOT / name.rstrip("/")).exists()] == []


@BY_PAGE
def test_every_command_that_is_named_exists(page):
    from django.core.management import get_commands

    from fleetsync.bootstrap.cli import COMMANDS

    known = {*get_commands(), *COMMANDS}
    named = set(re.findall(r"manage\.py ([a-z_]+)", page.read_text()))
    assert named <= known


def test_the_decisions_are_numbered_without_a_gap():
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


class TestOperating:
    PAGE = (ROOT / "docs" / "operating.md").read_text()

    def rows(self, head: str) -> list[list[str]]:
        """Return the cells of the table under `head`."""
        lines = self.PAGE.split(f"| {head} |", 1)[1].splitlines()[2:]
        ends = next(number for number, line in enumerate(lines) if not line.startswith("|"))
        return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines[:ends]]

    def test_every_setting_of_a_zone_has_its_default_and_bounds(self):
        said = {
            name: (default, bounds) for name, default, bounds, _ in self.rows("setting | default | from, to | means")
        }
        assert said == {
            name: (
                str(value).lower() if isinstance(value, bool) else f"{value:g}",
                ", ".join(f"{bound:.7g}" for bound in BOUNDS.get(name, ())),
            )
            for name, value in asdict(DEFAULTS).items()
        }

    def test_rate_limits_are_those_of_the_code(self):
        said = {scope: int(most) for scope, most, _ in self.rows("scope | a minute | who")}
        assert said == {scope: rate.most for scope, rate in RATES.items()}
        assert {RATES[scope].window_s for scope in said} == {60}


@pytest.mark.parametrize("name", ["worker", "relay", "flusher"])
def test_the_readme_starts_processes_as_the_runner_does(name):
    argv = next(process.argv for process in PLATFORM if process.name == name)
    command = " ".join(("python3", *argv) if argv[0] == "manage.py" else argv)
    assert f"\n{command}\n" in (ROOT / "README.md").read_text()

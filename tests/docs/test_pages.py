"""What the pages say is true: generated parts are fresh, commands and files that are named exist."""

import re
from pathlib import Path

import pytest

from dispatch.lives import markdown

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

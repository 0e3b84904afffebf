"""The design tokens: dark stands twice and is the same, and every named pair can be read."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "templates" / "static" / "fleetsync" / "tokens.css").read_text()
STATES = ("free", "inbound", "carry", "offer", "risk", "late", "off")


def values(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block))


LIGHT = values(re.search(r"^:root \{(.*?)^\}", CSS, re.DOTALL | re.MULTILINE).group(1))
CHOSEN = values(re.search(r'^\[data-theme="dark"\] \{(.*?)^\}', CSS, re.DOTALL | re.MULTILINE).group(1))
SYSTEM = values(re.search(r":root:not\(\[data-theme\]\) \{(.*?)\}", CSS, re.DOTALL).group(1))
THEMES = {"light": LIGHT, "dark": LIGHT | CHOSEN}


def luminance(colour: str) -> float:
    channels = [int(colour.strip().lstrip("#")[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(theme: str, one: str, other: str) -> float:
    low, high = sorted((luminance(THEMES[theme][one]), luminance(THEMES[theme][other])))
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_twenty_one():
    assert round((luminance("#ffffff") + 0.05) / (luminance("#000000") + 0.05), 2) == 21.0


def test_dark_by_choice_and_dark_by_the_system_are_the_same():
    assert len(CHOSEN) > 40
    assert CHOSEN == SYSTEM


@pytest.mark.parametrize("theme", THEMES)
class TestContrast:
    @pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3"])
    @pytest.mark.parametrize("paper", ["bg", "surface", "surface-2"])
    def test_text_can_be_read_on_every_paper(self, theme, ink, paper):
        assert contrast(theme, ink, paper) >= 4.5

    @pytest.mark.parametrize("state", STATES)
    def test_words_of_a_state_can_be_read_on_its_tint_and_on_surfaces(self, theme, state):
        for paper in (f"{state}-tint", "surface", "surface-2"):
            assert contrast(theme, f"{state}-ink", paper) >= 4.5, paper

    @pytest.mark.parametrize("state", STATES)
    def test_marks_of_a_state_stand_out_on_surface_and_on_the_map(self, theme, state):
        for paper in ("surface", "m-land"):
            assert contrast(theme, state, paper) >= 3.0, paper

    def test_buttons_fields_and_focus_stand_out(self, theme):
        assert contrast(theme, "on-ink", "ink") >= 4.5
        assert contrast(theme, "field", "surface") >= 3.0
        assert contrast(theme, "focus", "surface") >= 3.0

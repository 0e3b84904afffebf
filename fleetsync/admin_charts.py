"""Small charts drawn on the server as SVG: no script, colours by class, so both themes and print work.

Shapes are stretched to the card they stand in; words stay HTML beside them, so that they keep
their size on every screen. Each chart says in words what it shows, and each bar its number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

TICKS: Final = 4
#: Words below a chart, each at its share of the width, 0 to 1.
Labels = Sequence[tuple[float, str]]
_TALL: Final = 100.0
_WIDE: Final = 10.0  # of one bar, in the drawing's own units


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar: parts from the bottom up, each with its class; `title` is said on hover and to readers."""

    parts: Sequence[tuple[float, str]]
    title: str


def nice_top(value: float) -> float:
    """Return a round number at or above `value` that `TICKS` steps divide well; 4 for nothing."""
    if value <= TICKS:
        return float(TICKS)
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * power >= value)


def bars(*, rows: Sequence[Bar], labels: Labels, says: str, mark: float | None = None) -> SafeString:
    """Return stacked bars; `mark` draws a dashed line at that bar, counted from 0."""
    top = nice_top(max((sum(value for value, _ in row.parts) for row in rows), default=0))
    shapes = []
    for number, row in enumerate(rows):
        below, rects = 0.0, []
        for value, kind in row.parts:
            if value:
                y, tall = _TALL * (1 - (below + value) / top), _TALL * value / top
                rects.append((_f(number * _WIDE + 1.2), _f(y), _f(_WIDE - 2.4), _f(tall), kind))
            below += value
        drawn = format_html_join("", '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>', rects)
        # the whole column answers the pointer, also above a low bar
        shapes.append(
            format_html(
                '<g><title>{}</title>{}<rect class="hit" x="{}" width="{}" height="100"/></g>',
                row.title,
                drawn,
                _f(number * _WIDE),
                _f(_WIDE),
            )
        )
    if mark is not None:
        at = _f(min(mark, len(rows)) * _WIDE)
        shapes.append(format_html('<line class="mark" x1="{0}" x2="{0}" y1="0" y2="100"/>', at))
    return _figure(SafeString("".join(shapes)), len(rows) * _WIDE, top, "", labels, says)


def lines(*, sets: Sequence[tuple[str, Sequence[float | None]]], labels: Labels, unit: str, says: str) -> SafeString:
    """Return lines by class; where a value is missing the line is broken, a lone point is a dot."""
    top = nice_top(max((value for _, values in sets for value in values if value is not None), default=0))
    wide = max(1, max(len(values) for _, values in sets) - 1) * _WIDE
    shapes = format_html_join(
        "", '<path class="line {}" d="{}"/>', ((kind, _path(values, top)) for kind, values in sets)
    )
    return _figure(shapes, wide, top, unit, labels, says)


def spark(values: Sequence[float | None]) -> SafeString:
    """Return a line without axes, for beside a number; nothing where fewer than two values are known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    level = [None if value is None else (value - low) / ((high - low) or 1) * 90 + 5 for value in values]
    wide = _f((len(values) - 1) * _WIDE)
    return format_html(
        '<svg class="spark" viewBox="0 0 {} 100" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="line" d="{}"/></svg>',
        wide,
        _path(level, 100),
    )


def share_bar(part: float, *, hot: bool = False) -> SafeString:
    """Return a bar that is filled for `part` of 1."""
    width = _f(100 * max(0.0, min(1.0, part)))
    return format_html(
        '<svg class="share" aria-hidden="true"><rect width="{}%" height="100%" class="{}"/></svg>',
        width,
        "b-late" if hot else "b-ink",
    )


def _path(values: Sequence[float | None], top: float) -> str:
    steps, pen_down = [], False
    for number, value in enumerate(values):
        if value is None:
            pen_down = False
            continue
        x, y = _f(number * _WIDE), _f(_TALL * (1 - value / top))
        steps.append(f"{'L' if pen_down else 'M'}{x} {y}")
        if not pen_down and (number + 1 >= len(values) or values[number + 1] is None):
            steps.append(f"L{x} {y}")  # a point of its own: round caps make it a dot
        pen_down = True
    return "".join(steps)


def _figure(shapes: SafeString, wide: float, top: float, unit: str, labels: Labels, says: str) -> SafeString:
    ticks = [top * step / TICKS for step in range(TICKS, -1, -1)]
    numbers = [f"{tick:,.0f}" if top >= TICKS and float(tick).is_integer() else f"{tick:g}" for tick in ticks]
    grid = format_html_join(
        "",
        '<line class="gridline" x1="0" x2="{}" y1="{}" y2="{}"/>',
        ((_f(wide), _f(step * _TALL / TICKS), _f(step * _TALL / TICKS)) for step in range(TICKS + 1)),
    )
    return format_html(
        '<figure class="fs-chart" role="img" aria-label="{}"><div class="y">{}</div>'
        '<svg viewBox="0 0 {} 100" preserveAspectRatio="none">{}{}</svg><svg class="x">{}</svg></figure>',
        says,
        format_html_join("", "<span>{}{}</span>", ((n, unit if i == 0 else "") for i, n in enumerate(numbers))),
        _f(wide),
        grid,
        shapes,
        format_html_join(
            "",
            '<text x="{}%" y="11" text-anchor="{}">{}</text>',
            (
                (_f(share * 100), "start" if share < 0.04 else "end" if share > 0.96 else "middle", t)
                for share, t in labels
            ),
        ),
    )


def _f(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")


__all__ = ["Bar", "bars", "lines", "nice_top", "share_bar", "spark"]

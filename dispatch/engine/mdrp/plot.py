"""A small SVG writer: click-to-door of each day against its bound, one colour per strategy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from dispatch.engine.mdrp.metrics import Measures

WIDTH: Final = 760
HEIGHT: Final = 560
LEFT: Final = 64
TOP: Final = 56
RIGHT: Final = 196
BOTTOM: Final = 56
COLOURS: Final = ("#0072B2", "#E69F00", "#CC79A7", "#009E73", "#D55E00", "#56B4E9")
"""Okabe and Ito's palette: told apart with any colour vision."""


def click_to_door_svg(rows: Sequence[Measures], title: str) -> str:
    """Return the plot as SVG text. A dot on the line would be a day at its lower bound."""
    strategies = list(dict.fromkeys(row.strategy for row in rows))
    low = math.floor(min(row.bound_mean for row in rows)) - 1
    high = math.ceil(max(row.ctd_mean for row in rows)) + 1
    step = max(1, round((high - low) / 10))
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(minutes: float) -> float:
        return round(LEFT + (minutes - low) / (high - low) * across, 1)

    def y(minutes: float) -> float:
        return round(TOP + down - (minutes - low) / (high - low) * down, 1)

    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'font-family="system-ui, sans-serif" font-size="13" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16" fill="#1a1a1a">{escape(title)}</text>',
    ]
    for tick in range(low, high + 1, step):
        parts += [
            f'<path d="M{x(low)} {y(tick)}H{x(high)}M{x(tick)} {y(low)}V{y(high)}" stroke="#e6e6e6"/>',
            f'<text x="{LEFT - 10}" y="{y(tick) + 4}" text-anchor="end" fill="#555">{tick}</text>',
            f'<text x="{x(tick)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#555">{tick}</text>',
        ]
    parts += [
        f'<path d="M{x(low)} {y(low)}L{x(high)} {y(high)}" stroke="#888" stroke-dasharray="5 4"/>',
        (
            f'<text x="{LEFT + across / 2}" y="{HEIGHT - 12}" text-anchor="middle" fill="#333">'
            f"lower bound of the day, minutes</text>"
        ),
        (
            f'<text x="18" y="{TOP + down / 2}" text-anchor="middle" fill="#333" '
            f'transform="rotate(-90 18 {TOP + down / 2})">click-to-door, minutes</text>'
        ),
    ]
    for i, strategy in enumerate(strategies):
        colour = COLOURS[i % len(COLOURS)]
        mine = [row for row in rows if row.strategy == strategy]
        parts += [
            f'<circle cx="{x(row.bound_mean)}" cy="{y(row.ctd_mean)}" r="3.5" fill="{colour}" '
            f'fill-opacity="0.75"><title>{escape(row.instance)} {escape(strategy)} '
            f"{row.ctd_mean:.2f}</title></circle>"
            for row in sorted(mine, key=lambda row: row.instance)
        ]
        mean = sum(row.ctd_mean for row in mine) / len(mine)
        label = f"{escape(strategy)} {mean:.2f}"
        parts += [
            f'<circle cx="{WIDTH - RIGHT + 24}" cy="{TOP + 10 + 24 * i}" r="5" fill="{colour}"/>',
            f'<text x="{WIDTH - RIGHT + 36}" y="{TOP + 14 + 24 * i}" fill="#1a1a1a">{label}</text>',
        ]
    bound = sum(row.bound_mean for row in rows) / len(rows)
    at = TOP + 10 + 24 * len(strategies)
    parts += [
        f'<path d="M{WIDTH - RIGHT + 16} {at}h16" stroke="#888" stroke-dasharray="5 4"/>',
        f'<text x="{WIDTH - RIGHT + 36}" y="{at + 4}" fill="#1a1a1a">bound {bound:.2f}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"

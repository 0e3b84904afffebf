"""The plot of a benchmark: click-to-door of each day against its bound, one colour per strategy."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

import matplotlib
from matplotlib.figure import Figure

from dispatch.engine.mdrp.metrics import Measures

COLOURS: Final = ("#0072B2", "#E69F00", "#CC79A7", "#009E73", "#D55E00", "#56B4E9")
"""Okabe and Ito's palette: told apart with any colour vision."""
MARKS: Final = ("o", "s", "^", "D", "v", "P")
STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",  # words stay words: they can be searched, and no glyphs are embedded
    "svg.hashsalt": "fleetsync",  # the same days give the same file
    "font.family": "sans-serif",
    "font.sans-serif": ["Inter", "DejaVu Sans", "sans-serif"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "grid.color": "#e6e6e6",
}


def click_to_door_svg(rows: Sequence[Measures], title: str) -> str:
    """Return the plot as SVG text. A mark on the dashed line would be a day at its lower bound; minutes."""
    bounds = [row.bound_mean for row in rows]
    low, high = min(bounds) - 0.5, max(bounds) + 0.5
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7.6, 5.2), layout="constrained")
        axes = figure.subplots()
        axes.set_title(title, loc="left")
        axes.set_xlabel("lower bound of the day, minutes")
        axes.set_ylabel("click-to-door, minutes")
        axes.set_axisbelow(True)
        for i, strategy in enumerate(dict.fromkeys(row.strategy for row in rows)):
            mine = sorted((row for row in rows if row.strategy == strategy), key=lambda row: row.instance)
            mean = sum(row.ctd_mean for row in mine) / len(mine)
            axes.scatter(
                [row.bound_mean for row in mine],
                [row.ctd_mean for row in mine],
                s=26,
                alpha=0.8,
                linewidths=0,
                color=COLOURS[i % len(COLOURS)],
                marker=MARKS[i % len(MARKS)],
                label=f"{strategy} {mean:.2f}",
            )
        mean = sum(bounds) / len(bounds)
        axes.plot([low, high], [low, high], linestyle="--", linewidth=1, color="#666666", label=f"bound {mean:.2f}")
        axes.set_xlim(low, high)
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None, "Title": title})
    svg = text.getvalue()
    return svg[svg.index("<svg") :]

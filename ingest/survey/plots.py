"""Small charts as inline SVG that takes its colours from the page, light or dark."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INK, _BAR = "#010203", "#040506"
"""Stand-ins for the page's colours; no other part of a chart has a colour."""
_UPRIGHT = 5
"""Characters of a label that is written straight."""
_WIDTH = 50
"""Characters that fit below a chart."""
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.size": 9,
    "font.family": "sans-serif",
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
}


def bars(labels: Sequence[str], counts: Sequence[int], x: str, y: str) -> str:
    """Return a chart of a column per label, in that order; as many labels are written as fit."""
    with _styled(f"bars {x} {y}") as (figure, axes):
        axes.bar(range(len(counts)), counts, width=0.92, color=_BAR)
        longest = max(map(len, labels), default=0)
        slanted = longest > _UPRIGHT
        fitting = 12 if slanted else max(1, _WIDTH // (longest + 1))
        places = list(range(0, len(labels), -(-len(labels) // fitting)))
        axes.set_xticks(places, [labels[place] for place in places])
        if slanted:
            for label in axes.get_xticklabels():
                label.set(rotation=40, horizontalalignment="right", rotation_mode="anchor")
        return _finished(figure, axes, x, y)


def curve(points: Sequence[Sequence[int]], x: str, y: str) -> str:
    """Return a line through (x, y) points on logarithmic axes."""
    with _styled(f"curve {x} {y}") as (figure, axes):
        axes.loglog(*zip(*points, strict=True), color=_BAR, linewidth=2)
        axes.minorticks_off()
        return _finished(figure, axes, x, y)


class _styled:
    """A figure of the house's style, whose ids are the same each time and its own on the page."""

    def __init__(self, salt: str) -> None:
        self._salt = salt

    def __enter__(self) -> tuple[Figure, Axes]:
        import matplotlib
        from matplotlib.figure import Figure

        settings: Any = {**_STYLE, "svg.hashsalt": self._salt}
        self._context = matplotlib.rc_context(settings)
        self._context.__enter__()
        figure = Figure(figsize=(5.2, 2.6), layout="constrained")
        return figure, figure.add_subplot()

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(*error)


def _finished(figure: Figure, axes: Axes, x: str, y: str) -> str:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if axes.get_xscale() == "log":
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    svg = file.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'role="img"', svg, count=1)
    return svg.replace(_INK, "var(--ink)").replace(_BAR, "var(--bar)")

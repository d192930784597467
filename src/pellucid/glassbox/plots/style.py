"""What the pictures share: colours that everyone can tell apart, a line style and a marker beside each, and where they are drawn.

The colours are those of Okabe and Ito 2008, *Color universal design*.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from pellucid.equations.arrays import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, ORANGE, GREEN, PINK, SKY, YELLOW = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"
GRAY, INK = "#6b7178", "#1b1b1b"


class Look(NamedTuple):
    """How one thing among several is drawn; none of them is told by its colour alone."""

    color: str
    line: Any
    """as matplotlib takes it"""
    marker: str


_LOOKS = (
    Look(BLUE, "-", "o"),
    Look(ORANGE, "--", "s"),
    Look(GREEN, "-.", "^"),
    Look(PINK, ":", "D"),
    Look(YELLOW, (0, (5, 1, 1, 1, 1, 1)), "v"),
    Look(SKY, "-", "P"),
    Look(INK, "--", "X"),
)


def look(index: int) -> Look:
    """Of the first, second ... thing; after seven they begin again.

    >>> look(0).color, look(7).color
    ('#0072B2', '#0072B2')
    """
    return _LOOKS[index % len(_LOOKS)]


def own_axes(ax: Axes | None, width: float = 6.4, height: float = 4.4) -> Axes:
    """The Axes that were given, or those of a new figure."""
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(width, height), layout="constrained")[1]


def grid(ax: Axes) -> None:
    """Faint lines behind everything, and no frame above and to the right."""
    ax.grid(visible=True, alpha=0.25, linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def emptiest_corner(ax: Axes, points: Array) -> Any:
    """Where a legend hides the fewest points (matplotlib's own search warns and is slow where there is a whole plane of colours)."""
    (x, y), (left, right), (bottom, top) = points.T, ax.get_xlim(), ax.get_ylim()
    across, up = (x - left) / (right - left), (y - bottom) / (top - bottom)
    crowd = {
        f"{vertical} {side}": int(((near < 0.45) & (high < 0.35)).sum())
        for vertical, high in (("upper", 1 - up), ("lower", up))
        for side, near in (("right", 1 - across), ("left", across))
    }
    return min(crowd, key=lambda corner: crowd[corner])

"""A function of one variable: its minima, and the steps of gradient descent down it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.glassbox.plots.style import BLUE, GREEN, ORANGE, PINK, SKY, YELLOW, grid

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Function = Callable[[float], float]

POINTS = 401
_DESCENTS = ((ORANGE, "o"), (YELLOW, "s"), (SKY, "^"))


class Sampled(NamedTuple):
    """A curve as it is drawn."""

    w: Array
    f: Array
    minima: list[tuple[float, float]]
    """(w, f(w)), the lowest first; an end of the range is none"""


def sampled(function: Function, low: float, high: float, points: int = POINTS) -> Sampled:
    """The function between low and high, with its minima.

    >>> found = sampled(lambda w: (w * w - 1) ** 2 + 0.3 * w, -2, 2).minima
    >>> [(round(w, 6), round(f, 6)) for w, f in found]
    [(-1.035579, -0.305428), (0.96015, 0.294146)]
    """
    from scipy.optimize import minimize_scalar

    w = np.linspace(low, high, points)
    f = np.array([function(float(at)) for at in w])
    found = []
    for i in np.flatnonzero((f[1:-1] < f[:-2]) & (f[1:-1] <= f[2:])) + 1:
        best = minimize_scalar(function, bounds=(w[i - 1], w[i + 1]), method="bounded", options={"xatol": 1e-9 * (high - low)})
        found.append((float(best.x), float(best.fun)))
    return Sampled(w, f, sorted(found, key=lambda pair: pair[1]))


def descent(derivative: Function, start: float, learning_rate: float, steps: int) -> Array:
    """w_0 .. w_steps with w_new = w_old - alpha f'(w_old); it ends early where that is no longer finite.

    >>> descent(lambda w: 2 * w, 1.0, 0.25, 3)
    array([1.   , 0.5  , 0.25 , 0.125])
    """
    w = [float(start)]
    for _ in range(steps):
        after = w[-1] - learning_rate * derivative(w[-1])
        if not np.isfinite(after):
            break
        w.append(float(after))
    return np.array(w)


def draw_curve(ax: Axes, curve: Sampled) -> None:
    """The curve with its minima: a star at the lowest of what is drawn, hollow circles at the others."""
    ax.plot(curve.w, curve.f, color=BLUE, linewidth=2.2, gid="curve")
    for index, (at, value) in enumerate(curve.minima):
        if index == 0:
            ax.plot([at], [value], "*", color=GREEN, markersize=15, markeredgecolor="white", zorder=4, label="global minimum")
        else:
            label = "local minimum" if index == 1 else None
            ax.plot([at], [value], "o", color=PINK, markerfacecolor="white", markersize=8, markeredgewidth=2, zorder=4, label=label)
    ax.set_xlim(curve.w[0], curve.w[-1])
    grid(ax)


def draw_descent(ax: Axes, function: Function, path: Array, label: str, index: int = 0) -> None:
    """The points of a descent on the curve, joined by arrows, from a hollow one on; what lies outside the picture is cut off."""
    color, marker = _DESCENTS[index % len(_DESCENTS)]
    values = np.array([function(float(at)) for at in path])
    ax.plot(path[1:], values[1:], marker, color=color, markersize=5.5, zorder=3, label=label, gid="descent")
    ax.plot(path[:1], values[:1], marker, color=color, markersize=9, markerfacecolor="white", markeredgewidth=2, zorder=3, gid="start")
    points = np.stack([path, values], axis=1)
    for before, after in pairwise(points):
        style = {"arrowstyle": "->", "color": color, "linewidth": 1.2, "shrinkA": 3, "shrinkB": 3}
        arrow = ax.annotate("", tuple(after), tuple(before), arrowprops=style, annotation_clip=False)
        if arrow.arrow_patch is not None:
            arrow.arrow_patch.set_clip_on(True)
            arrow.arrow_patch.set_clip_path(ax.patch)
        arrow.set_in_layout(False)

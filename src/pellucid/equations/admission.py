"""Whether a formula can be trained with: that it and its derivative are finite and it does not jump; and its kinks and values."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product

import numpy as np

from pellucid.equations.records import Interval
from pellucid.expressions import nodes
from pellucid.expressions.algebra import names
from pellucid.expressions.derivative import linear
from pellucid.expressions.enclosure import Bounds, enclosure
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Expression, Symbol

LARGEST = 100.0
"""inputs are looked at up to this size"""
CELLS = 400
ROUNDS = 30
"""cells on which an enclosure is not finite are halved so many times"""
MAX_CELLS = 20_000
MAX_KINKS = 100
STEP = 1e-7
"""from a kink, where the derivatives on both sides are compared"""


def not_finite_at(trees: list[Expression], cells: Mapping[str, Bounds]) -> dict[str, float] | None:
    """A place beside which one of the formulas may be infinite or have no value; None if all are finite on all cells.

    The cells are halved where an enclosure is not finite, so that what is refused is a pole, an overflow or the edge of a domain.
    """
    for tree in trees:
        left = dict(cells)
        for _ in range(ROUNDS):
            bounds = enclosure(tree, left)
            bad = ~np.broadcast_to(bounds.finite(), next(iter(left.values())).low.shape)
            if not bad.any():
                break
            if bad.sum() > MAX_CELLS:
                return _place(left, bad)
            left = _halved(left, bad)
        else:
            return _place(left, np.ones_like(next(iter(left.values())).low, dtype=bool))
    return None


def _place(cells: Mapping[str, Bounds], bad: np.ndarray) -> dict[str, float]:
    places = [
        {name: _rounded(float(cell.low[at]), float(cell.high[at])) for name, cell in cells.items()} for at in np.flatnonzero(bad)[:1000]
    ]
    return min(places, key=lambda place: sum(len(f"{value:g}") for value in place.values()))


def _rounded(low: float, high: float) -> float:
    """The shortest number in an interval, or near it."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        short = float(f"{middle:.{digits}g}")
        if low - 1e-6 <= short <= high + 1e-6:
            return short + 0.0
    return middle


def _halved(cells: Mapping[str, Bounds], bad: np.ndarray) -> dict[str, Bounds]:
    """The bad cells, each cut in two along every name."""
    halves = {}
    for name, cell in cells.items():
        low, high = cell.low[bad], cell.high[bad]
        middle = (low + high) / 2
        halves[name] = ((low, middle), (middle, high))
    combined = list(product(*halves.values()))
    return {
        name: Bounds.of(np.concatenate([choice[i][0] for choice in combined]), np.concatenate([choice[i][1] for choice in combined]))
        for i, name in enumerate(cells)
    }


def line(name: str) -> dict[str, Bounds]:
    """[-100, 100] in cells, and 0 as one of its own."""
    edges = np.linspace(-LARGEST, LARGEST, CELLS + 1)
    low, high = np.append(edges[:-1], 0.0), np.append(edges[1:], 0.0)
    return {name: Bounds.of(low, high)}


def borders(tree: Expression) -> Iterator[Expression]:
    """What changes its sign where a formula may have a kink."""
    for node in tree.walk():
        match node:
            case nodes.Call("max" | "min", (first, *rest)):
                yield from (first - other for other in rest)
            case nodes.Call("abs" | "sign" | "relu", (argument,)):
                yield argument
            case nodes.Compare(left, _, right):
                yield left - right


def zeros(tree: Expression, name: str) -> list[float]:
    """Where a formula in one name is 0 on [-100, 100], by its changes of sign; exactly, where it is linear."""
    straight = linear(tree, Symbol(name))
    if straight is not None:
        slope, border = straight
        return [float(evaluate(border, {}))] if slope and not names(border) else []
    x = np.linspace(-LARGEST, LARGEST, 20_001)

    def value(at: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(evaluate(tree, {name: at}), dtype=float), at.shape)

    g = value(x)
    low, high = x[:-1][g[:-1] * g[1:] < 0], x[1:][g[:-1] * g[1:] < 0]
    for _ in range(80):
        middle = (low + high) / 2
        left = np.sign(value(middle)) == np.sign(value(low))
        low, high = np.where(left, middle, low), np.where(left, high, middle)
    at_zero = g == 0
    ends = at_zero & ~(np.append(at_zero[1:], True) & np.append(True, at_zero[:-1]))  # where it stays 0, the ends of that
    return [*x[ends].tolist(), *high.tolist()]


def kinks(tree: Expression, derivative: Expression, name: str) -> tuple[list[float], float | None]:
    """Where the derivative jumps; and a place where the formula itself does, or None. Of too many places, all, not looked at."""
    found: list[float] = []
    places = sorted({zero for border in set(borders(tree)) for zero in zeros(border, name)})
    if len(places) > MAX_KINKS:
        return places, None
    for at in places:
        step = STEP * max(1.0, abs(at))
        with np.errstate(all="ignore"):
            a, here, b = (float(evaluate(tree, {name: x})) for x in (at - step, at, at + step))
            slopes = [float(evaluate(derivative, {name: x})) for x in (at - step, at + step, at - step / 10, at + step / 10)]
        steepest = max(map(abs, slopes))
        if not max(abs(a - b), abs(here - b)) <= 1e-6 * max(abs(a), abs(b), 1e-3) + 4 * step * steepest:
            return found, at
        wide, narrow = abs(slopes[0] - slopes[1]), abs(slopes[2] - slopes[3])
        if narrow > wide / 2 and narrow > 1e-9 * steepest:  # a slope that bends differs less the nearer one looks
            found.append(at)
    return found, None


def values_of(tree: Expression, name: str) -> Interval:
    """An interval that holds all values: from the enclosure of the whole line, or from the values themselves where that is wide."""
    whole = enclosure(tree, {name: Bounds.of(-np.inf, np.inf, True, True)})
    x = np.concatenate(
        [np.linspace(-LARGEST, LARGEST, 40_001), np.linspace(-5, 5, 40_001), *[s * 10.0 ** np.arange(2, 31) for s in (1, -1)]]
    )
    with np.errstate(all="ignore"):
        values = np.broadcast_to(np.asarray(evaluate(tree, {name: x}), dtype=float), x.shape)
    low, closed_low = _end(float(whole.low), not bool(whole.open_low), -values)
    high, closed_high = _end(-float(whole.high), not bool(whole.open_high), values)
    return Interval(low, -high, (closed_low, closed_high))


def _end(bound: float, closed: bool, negated: np.ndarray) -> tuple[float, bool]:
    """The lower end: the enclosure's, or a number a little below the lowest value."""
    near, far = -negated[: 2 * 40_001], -negated[2 * 40_001 :]
    known = far[np.isfinite(far)]
    lowest = float(np.min(near[np.isfinite(near)], initial=math.inf))
    farthest = float(np.min(known, initial=math.inf))
    if farthest < lowest - 1e-3 * max(1.0, abs(lowest)) or len(known) < len(far):
        return (bound, closed) if math.isfinite(bound) else (-math.inf, False)  # it goes on falling beyond what was looked at
    lowest = min(lowest, farthest)
    margin = 1e-3 * max(abs(lowest), 1e-3)
    below = math.floor((lowest - margin) * 1e4) / 1e4
    if math.isfinite(bound) and bound >= below:
        return bound, closed
    return below, True

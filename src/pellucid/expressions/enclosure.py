"""Enclosures: intervals in which the values of a formula lie, for all values of its names in given intervals (interval arithmetic).

They are safe, but wide where a name comes several times: x - x on [0, 1] is in [-1, 1]. Many small intervals side by side make them narrow;
so all bounds are arrays.

Source: R. E. Moore, *Interval Analysis*, 1966. Rounding is not directed outwards: what is asked here is whether there are poles, overflow
and jumps, not the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import CONSTANTS
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression

Numbers = np.ndarray[Any, np.dtype[np.float64]]

INCREASING = {"exp", "expm1", "log", "log1p", "sqrt", "atan", "sinh", "tanh", "erf", "normal_cdf", "sigmoid", "softplus", "relu", "sign"}
EVEN = {"abs", "cosh", "logcosh", "sech"}
"""rising (sech: falling) with the size of the argument"""
FLAT_ENDS = {"sign", "relu"}
"""functions that reach their values at the ends of an open interval within it"""


@dataclass(frozen=True)
class Bounds:
    """From ``low`` to ``high``, NaN where the formula may have no value; an open end is approached only."""

    low: Numbers
    high: Numbers
    open_low: np.ndarray[Any, np.dtype[np.bool_]]
    open_high: np.ndarray[Any, np.dtype[np.bool_]]

    @staticmethod
    def of(low: Any, high: Any, open_low: Any = False, open_high: Any = False) -> Bounds:
        """From numbers or arrays."""
        arrays = np.broadcast_arrays(*(np.asarray(x, dtype=kind) for x, kind in zip((low, high, open_low, open_high), "dd??", strict=True)))
        return Bounds(*arrays)

    def __neg__(self) -> Bounds:
        return Bounds(-self.high, -self.low, self.open_high, self.open_low)

    def __add__(self, other: Bounds) -> Bounds:
        return Bounds(
            self.low + other.low, self.high + other.high, self.open_low | other.open_low, self.open_high | other.open_high
        )  # fmt: skip

    def __mul__(self, other: Bounds) -> Bounds:
        ends = [
            (_times(a, b), (p & (b != 0)) | (q & (a != 0)) | (p & q))
            for a, p in ((self.low, self.open_low), (self.high, self.open_high))
            for b, q in ((other.low, other.open_low), (other.high, other.open_high))
        ]
        return _hull(ends)

    def reciprocal(self) -> Bounds:
        """1/x; without a value where the interval reaches 0."""
        around = (self.low <= 0) & (self.high >= 0) & ~((self.low == 0) & self.open_low) & ~((self.high == 0) & self.open_high)
        around |= (self.low < 0) & (self.high > 0)
        low = np.where(around, np.nan, np.where(self.high == 0, -np.inf, 1 / self.high))
        high = np.where(around, np.nan, np.where(self.low == 0, np.inf, 1 / self.low))
        return Bounds(low, high, self.open_high | np.isinf(self.high), self.open_low | np.isinf(self.low))

    def finite(self) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Where both ends are."""
        return np.isfinite(self.low) & np.isfinite(self.high)


def _times(a: Numbers, b: Numbers) -> Numbers:
    """With 0 times infinity 0: the infinite end is not reached, whatever is below it counts 0."""
    return np.where((a == 0) | (b == 0), np.where(np.isnan(a + b) & (np.isnan(a) | np.isnan(b)), np.nan, 0.0), a * b)


def _hull(ends: list[tuple[Numbers, Any]]) -> Bounds:
    values = np.stack([np.broadcast_to(value, np.broadcast_shapes(*(np.shape(v) for v, _ in ends))) for value, _ in ends])
    opened = np.stack([np.broadcast_to(flag, values.shape[1:]) for _, flag in ends])
    low, high = values.min(axis=0), values.max(axis=0)
    return Bounds(low, high, (opened | (values != low)).all(axis=0), (opened | (values != high)).all(axis=0))


def enclosure(tree: Expression, given: Mapping[str, Bounds]) -> Bounds:
    """Bounds of a formula from bounds of its names."""
    with np.errstate(all="ignore"):
        return _bounds(tree, given)


def _bounds(tree: Expression, given: Mapping[str, Bounds]) -> Bounds:
    match tree:
        case nodes.Number(value):
            return Bounds.of(float(value), float(value))
        case nodes.Symbol(key=key):
            return given[key] if key in given else Bounds.of(CONSTANTS[key], CONSTANTS[key])
        case nodes.Negative(of):
            return -_bounds(of, given)
        case nodes.Add(terms):
            return reduce(lambda a, b: a + b, (_bounds(term, given) for term in terms))
        case nodes.Multiply(factors):
            return reduce(lambda a, b: a * b, (_bounds(factor, given) for factor in factors))
        case nodes.Divide(numerator, denominator):
            return _bounds(numerator, given) * _bounds(denominator, given).reciprocal()
        case nodes.Power(base, exponent):
            return _power(_bounds(base, given), exponent, given)
        case nodes.Call("max" | "min" as which, arguments):
            pick = np.maximum if which == "max" else np.minimum
            return reduce(lambda a, b: _picked(a, b, pick), (_bounds(argument, given) for argument in arguments))
        case nodes.Call(function, (argument,)):
            return _call(function, _bounds(argument, given))
        case nodes.Cases():
            return _cases(tree, given)
    raise NotImplementedError(type(tree).__name__)


def _call(function: str, of: Bounds) -> Bounds:
    compute = FUNCTIONS[function].numpy
    if function in INCREASING:
        closed = function in FLAT_ENDS
        low, high = compute(of.low), compute(of.high)
        return Bounds.of(low, high, of.open_low & (not closed or low != 0), of.open_high & (not closed or high != 0))
    if function in EVEN:
        inside = (of.low <= 0) & (of.high >= 0)
        nearest = np.where(inside, 0.0, np.minimum(np.abs(of.low), np.abs(of.high)))
        farthest = np.maximum(np.abs(of.low), np.abs(of.high))
        lower_is_far = np.abs(of.low) >= np.abs(of.high)
        open_far = np.where(lower_is_far, of.open_low, of.open_high)
        open_far &= ~((np.abs(of.low) == np.abs(of.high)) & ~(of.open_low & of.open_high))
        open_near = ~inside & np.where(lower_is_far, of.open_high, of.open_low)
        ends = (compute(nearest), compute(farthest))
        return Bounds.of(ends[1], ends[0], open_far, open_near) if function == "sech" else Bounds.of(*ends, open_near, open_far)
    if function in ("sin", "cos"):
        return _wave(of, 0.0 if function == "cos" else math.pi / 2)
    if function == "tan":
        cell = np.floor(of.low / math.pi + 0.5) == np.floor(of.high / math.pi + 0.5)
        return Bounds.of(np.where(cell, np.tan(of.low), np.nan), np.where(cell, np.tan(of.high), np.nan), of.open_low, of.open_high)
    return -_call("erf", of) + Bounds.of(1.0, 1.0)  # erfc


def _wave(of: Bounds, crest: float) -> Bounds:
    """The cosine of x - crest: its ends, or 1 and -1 where a crest or a trough lies between them."""
    low, high = of.low - crest, of.high - crest
    turn = 2 * math.pi
    wide = ~(high - low < turn)
    top = wide | (np.ceil(low / turn) * turn <= high)
    bottom = wide | (np.ceil((low - math.pi) / turn) * turn + math.pi <= high)
    a, b = np.cos(np.where(np.isfinite(low), low, 0.0)), np.cos(np.where(np.isfinite(high), high, 0.0))
    invalid = np.isnan(low) | np.isnan(high)
    smallest, largest = np.where(bottom, -1.0, np.minimum(a, b)), np.where(top, 1.0, np.maximum(a, b))
    return Bounds.of(np.where(invalid, np.nan, smallest), np.where(invalid, np.nan, largest))


def _power(base: Bounds, exponent: Expression, given: Mapping[str, Bounds]) -> Bounds:
    bounds = _bounds(exponent, given)
    if bounds.low.ndim == 0 and bounds.low == bounds.high:
        power = float(bounds.low)
        if power < 0:
            return _power(base, nodes.Number(-power), given).reciprocal()
        if power == int(power) and int(power) % 2 == 0:
            size = _call("abs", base)
            return Bounds(size.low**power, size.high**power, size.open_low, size.open_high)
        if power == int(power):
            return Bounds(
                np.sign(base.low) * np.abs(base.low) ** power,
                np.sign(base.high) * np.abs(base.high) ** power,
                base.open_low,
                base.open_high,
            )
        return Bounds(base.low**power, base.high**power, base.open_low, base.open_high)
    return _call("exp", bounds * _call("log", base))


def _picked(a: Bounds, b: Bounds, pick: Callable[[Any, Any], Any]) -> Bounds:
    low, high = pick(a.low, b.low), pick(a.high, b.high)
    open_low = ~(((low == a.low) & ~a.open_low) | ((low == b.low) & ~b.open_low))
    open_high = ~(((high == a.high) & ~a.open_high) | ((high == b.high) & ~b.open_high))
    return Bounds.of(low, high, open_low, open_high)


def _cases(tree: nodes.Cases, given: Mapping[str, Bounds]) -> Bounds:
    """The hull of the branches that can be reached, each on the part on which its condition can hold."""
    found: Bounds | None = None
    reached: Any = np.array(True)
    for value, condition in (*tree.branches, (tree.otherwise, None)):
        if condition is None:
            possible, certain, inside = np.array(True), np.array(True), _without(tree.branches, given)
        else:
            possible, certain = _holds(condition, given)
            inside = _narrowed(condition, given)
        part, here = _bounds(value, inside), reached & possible
        if found is None:
            found = Bounds.of(
                np.where(here, part.low, np.inf), np.where(here, part.high, -np.inf), part.open_low, part.open_high
            )  # fmt: skip
        else:
            hull = _hull([(found.low, found.open_low), (np.where(here, part.low, found.low), part.open_low)])
            top = _hull([(found.high, found.open_high), (np.where(here, part.high, found.high), part.open_high)])
            found = Bounds(hull.low, top.high, hull.open_low, top.open_high)
        reached = reached & ~certain
    assert found is not None
    return found


def _holds(condition: nodes.Compare, given: Mapping[str, Bounds]) -> tuple[Any, Any]:
    """Where a condition can hold, and where it does in any case."""
    difference = _bounds(condition.left, given) + -_bounds(condition.right, given)
    low, high = difference.low, difference.high
    possible, certain = {
        "<": (low < 0, high < 0),
        "<=": (low <= 0, high <= 0),
        ">": (high > 0, low > 0),
        ">=": (high >= 0, low >= 0),
        "==": ((low <= 0) & (high >= 0), (low == 0) & (high == 0)),
        "!=": ((low != 0) | (high != 0), (low > 0) | (high < 0)),
    }[condition.relation]
    if condition.also is not None:
        more = _holds(condition.also, given)
        possible, certain = possible & more[0], certain & more[1]
    return possible | np.isnan(low + high), certain


def _narrowed(condition: nodes.Compare, given: Mapping[str, Bounds]) -> Mapping[str, Bounds]:
    """The names in the part of their intervals on which a condition can hold: x > 2 narrows x."""
    inside = dict(given)
    for left, relation, right in (
        (condition.left, condition.relation, condition.right),
        (condition.right, _MIRRORED[condition.relation], condition.left),
    ):
        if isinstance(left, nodes.Symbol) and left.key in inside:
            name, border = inside[left.key], _bounds(right, given)
            if relation in (">", ">="):
                inside[left.key] = Bounds.of(
                    np.maximum(name.low, border.low), np.maximum(name.high, border.low), name.open_low, name.open_high
                )
            if relation in ("<", "<="):
                inside[left.key] = Bounds.of(
                    np.minimum(name.low, border.high), np.minimum(name.high, border.high), name.open_low, name.open_high
                )
    return inside if condition.also is None else _narrowed(condition.also, inside)


def _without(branches: tuple[tuple[Expression, nodes.Compare], ...], given: Mapping[str, Bounds]) -> Mapping[str, Bounds]:
    """The names where none of the conditions holds, as far as that is one interval."""
    inside = given
    for _, condition in branches:
        if condition.also is None and condition.relation in _OPPOSITE:
            inside = _narrowed(nodes.Compare(condition.left, _OPPOSITE[condition.relation], condition.right), inside)
    return inside


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}

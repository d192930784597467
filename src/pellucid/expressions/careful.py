"""Forms whose plain evaluation would lose digits or overflow, and how they are computed instead.

Textbooks write log(1 + e^z) and 1 - a^2, and so do the trees. Computed as they stand, the first overflows at z = 710 and the second is
mere rounding where a is near 1. The value is the same function, computed with care:

========================  =====================================================
as it is written          as it is computed
========================  =====================================================
log(1 + u)                log1p(u); of u = e^v, v_+ + log1p(e^-|v|)
e^u - 1                   expm1(u)
1 - u^2                   (1 - u) (1 + u)
e^u / sum e^v             e^(u - c) / sum e^(v - c), c the largest v
log(e^u / sum e^v)        (u - c) - log sum e^(v - c)
log sum e^v               c + log sum e^(v - c)
y log(u)                  0 where y is 0 and u is 0
========================  =====================================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression

ValueOf = Callable[[Expression], Any]
ONE = nodes.Number(1)


def careful(tree: Expression, value_of: ValueOf, bodies: Callable[[nodes.Sum], list[Any]]) -> Any:
    """The value of one of the forms, or None where the tree is no such form.

    Args:
        tree: the form.
        value_of: gives the value of a part.
        bodies: gives the values that a `Sum` adds up.

    """
    match tree:
        case nodes.Call("log", (nodes.Divide(nodes.Call("exp", (u,), 0, None), total),), 0, None):
            shifted = _shifted(total, value_of, bodies)
            return None if shifted is None else (value_of(u) - shifted[0]) - np.log(shifted[1])
        case nodes.Call("log", (inner,), 0, None):
            shifted = _shifted(inner, value_of, bodies)
            if shifted is not None:
                return shifted[0] + np.log(shifted[1])
            rest = _beside_one(inner)
            return None if rest is None else _log_of_one_and(rest, value_of)
        case nodes.Divide(nodes.Call("exp", (u,), 0, None), total):
            shifted = _shifted(total, value_of, bodies)
            return None if shifted is None else np.exp(value_of(u) - shifted[0]) / shifted[1]
        case nodes.Add((nodes.Call("exp", (u,), 0, None), nodes.Negative(one))) if one == ONE:
            return np.expm1(value_of(u))
        case nodes.Add((one, nodes.Negative(nodes.Power(u, nodes.Number(2))))) if one == ONE:
            value = value_of(u)
            return (1 - value) * (1 + value)
        case nodes.Multiply(factors) if any(isinstance(factor, nodes.Call) and factor.function == "log" for factor in factors):
            return _product_with_log(factors, value_of)
    return None


def in_groups(function: Callable[[Any], Any], array: Any, axis: int, groups: tuple[int, ...]) -> Any:
    """A figure of each group of entries along an axis, at every entry of the group."""
    parts = np.split(array, np.cumsum(groups)[:-1], axis=axis)
    return np.concatenate([np.repeat(function(part), part.shape[axis], axis=axis) for part in parts], axis=axis)


def _beside_one(tree: Expression) -> Expression | None:
    """U, of 1 + u."""
    match tree:
        case nodes.Add((one, rest)) if one == ONE and not isinstance(rest, nodes.Negative):
            return rest
        case nodes.Add((rest, one)) if one == ONE:
            return rest
    return None


def _log_of_one_and(rest: Expression, value_of: ValueOf) -> Any:
    match rest:
        case nodes.Call("exp", (v,), 0, None):
            return FUNCTIONS["softplus"].numpy(np.asarray(value_of(v), dtype=float))
    return np.log1p(value_of(rest))


def _shifted(total: Expression, value_of: ValueOf, bodies: Callable[[nodes.Sum], list[Any]]) -> tuple[Any, Any] | None:
    """C and sum e^(v - c), where the tree is sum e^v."""
    match total:
        case nodes.SumOverUnits(nodes.Call("exp", (v,), 0, None), axis, groups=groups) if groups:
            exponents = np.asarray(value_of(v), dtype=float)
            top = in_groups(lambda part: part.max(axis=axis, keepdims=True), exponents, axis, groups)
            return top, in_groups(lambda part: part.sum(axis=axis, keepdims=True), np.exp(exponents - top), axis, groups)
        case nodes.SumOverUnits(nodes.Call("exp", (v,), 0, None), axis):
            exponents, kept = np.asarray(value_of(v), dtype=float), True
        case nodes.Sum(nodes.Call("exp", (v,), 0, None)):
            exponents, axis, kept = np.stack(bodies(replace(total, body=v))), 0, False
        case nodes.Add(terms) if all(isinstance(term, nodes.Call) and (term.function, term.primes) == ("exp", 0) for term in terms):
            exponents, axis, kept = np.stack([value_of(term.arguments[0]) for term in terms]), 0, False  # type: ignore[attr-defined]
        case _:
            return None
    top = exponents.max(axis=axis, keepdims=True)
    found = np.exp(exponents - top).sum(axis=axis, keepdims=True)
    return (top, found) if kept else (top[0], found[0])


def _product_with_log(factors: tuple[Expression, ...], value_of: ValueOf) -> Any:
    rest, logs = 1.0, 1.0
    for factor in factors:
        is_log = isinstance(factor, nodes.Call) and factor.function == "log"
        rest, logs = (rest, logs * value_of(factor)) if is_log else (rest * value_of(factor), logs)
    nothing = (rest == 0) & np.isneginf(logs)
    return rest * np.where(nothing, 0.0, logs)

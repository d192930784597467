"""The value of a tree, given the values of its names."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression

Values = Mapping[str, Any]
"""arrays, numbers, and functions of arrays, by key; indices that a sum runs over are put among them"""

_RELATIONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def evaluate(tree: Expression, values: Values) -> Any:
    """The value of a tree; of an `Equation`, that of its last side.

    Raises:
        InputError: a name has no value.

    >>> x = nodes.Symbol("x")
    >>> evaluate(x**2 + 1, {"x": 3.0})
    10.0

    """
    match tree:
        case nodes.Number(number):
            return number if isinstance(number, int | float) else float(number)
        case nodes.Symbol():
            return _entry(tree, values)
        case nodes.Negative(of):
            return -evaluate(of, values)
        case nodes.Add(terms):
            return reduce(operator.add, (evaluate(term, values) for term in terms))
        case nodes.Multiply(factors):
            return reduce(operator.mul, (evaluate(factor, values) for factor in factors))
        case nodes.MatMul(factors):
            return reduce(operator.matmul, (evaluate(factor, values) for factor in factors))
        case nodes.Divide(numerator, denominator):
            return evaluate(numerator, values) / np.asarray(evaluate(denominator, values))
        case nodes.Power(base, exponent):
            return _power(evaluate(base, values), evaluate(exponent, values))
        case nodes.Transpose(of):
            return np.asarray(evaluate(of, values)).T
        case nodes.Call():
            return _call(tree, values)
        case nodes.Compare(left, relation, right, also):
            holds = _RELATIONS[relation](evaluate(left, values), evaluate(right, values))
            return holds if also is None else holds & evaluate(also, values)
        case nodes.Cases(branches, otherwise):
            result = evaluate(otherwise, values)
            for value, condition in reversed(branches):
                result = np.where(evaluate(condition, values), evaluate(value, values), result)
            return result
        case nodes.Sum(body, index, first, last, stop):
            end = stop if stop is not None else last
            assert isinstance(end, int)
            return reduce(operator.add, (evaluate(body, {**values, index: at}) for at in range(first, end + 1)))
        case nodes.SumOverSamples(of, axis) | nodes.SumOverUnits(of, axis):
            found = np.sum(evaluate(of, values), axis=axis, keepdims=True)
            return found[0] if isinstance(tree, nodes.SumOverSamples) and axis == 0 else found
        case nodes.SumAll(of):
            return np.sum(evaluate(of, values))
        case nodes.Diagonal(of):
            return np.diag(np.asarray(evaluate(of, values)).reshape(-1))
        case nodes.SquaredNorm(of):
            return np.sum(np.square(evaluate(of, values)))
        case nodes.Derivative(key=key) if key in values:
            return values[key]
        case nodes.Matrix(rows):
            return np.array([[evaluate(entry, values) for entry in row] for row in rows])
        case nodes.Equation(sides):
            return evaluate(sides[-1], values)
    raise InputError(sentence("a formula", "evaluate", type(tree).__name__, "something that has a value", "write it out"))


def _look_up(key: str, values: Values) -> Any:
    if key not in values:
        raise InputError(sentence("the value", "a formula", f"missing for {key!r}", "one of each name", f"known are {', '.join(values)}"))
    return values[key]


def _entry(symbol: nodes.Symbol, values: Values) -> Any:
    value = _look_up(symbol.key, values)
    at = [_position(part, values) for part in symbol.index]
    if symbol.sample is not None:
        at.append(_position(symbol.sample, values))
    if not at:
        return value
    array = np.asarray(value)
    if len(at) < array.ndim and array.shape[len(at) :] == (1,) * (array.ndim - len(at)):
        at += [0] * (array.ndim - len(at))  # b_3 of a column
    return array[tuple(at)]


def _position(part: int | str, values: Values) -> int:
    return int(part if isinstance(part, int) else _look_up(part, values)) - 1


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and exponent < 0:
        return 1 / np.asarray(base) ** -exponent
    return np.asarray(base) ** exponent if isinstance(base, np.ndarray) else base**exponent


def _call(tree: nodes.Call, values: Values) -> Any:
    arguments = [evaluate(argument, values) for argument in tree.arguments]
    if tree.key in values:
        return values[tree.key](*arguments)
    if tree.primes == 0 and tree.layer is None and tree.function in FUNCTIONS:
        return FUNCTIONS[tree.function].numpy(*(np.asarray(argument, dtype=float) for argument in arguments))
    return _look_up(tree.key, values)

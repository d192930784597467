"""The value of a tree, given the values of its names."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import FLOATS, Arithmetic
from pellucid.expressions.careful import careful, in_groups
from pellucid.expressions.nodes import Expression

Values = Mapping[str, Any]
"""arrays, numbers, and functions of arrays, by key; indices that a sum runs over are put among them"""


def evaluate(tree: Expression, values: Values, arithmetic: Arithmetic = FLOATS) -> Any:
    """The value of a tree; of an `Equation`, that of its last side.

    In floating point, forms that would lose digits or overflow as they stand are computed with care (`careful`).

    Raises:
        InputError: a name has no value.

    >>> x = nodes.Symbol("x")
    >>> evaluate(x**2 + 1, {"x": 3.0})
    10.0

    """
    return _Evaluation(arithmetic).value(tree, values)


class _Evaluation:
    def __init__(self, arithmetic: Arithmetic) -> None:
        self.arithmetic = arithmetic

    def value(self, tree: Expression, values: Values) -> Any:
        if self.arithmetic.rounds:
            found = careful(tree, lambda part: self.value(part, values), lambda total: self._bodies(total, values))
            if found is not None:
                return found
        match tree:
            case nodes.Number(number):
                return self.arithmetic.number(number)
            case nodes.Symbol(key=key) if key in self.arithmetic.constants and key not in values:
                return self.arithmetic.constants[key]
            case nodes.Symbol():
                return _entry(tree, values)
            case nodes.Negative(of):
                return -self.value(of, values)
            case nodes.Add(terms):
                return reduce(operator.add, (self.value(term, values) for term in terms))
            case nodes.Multiply(factors):
                return reduce(operator.mul, (self.value(factor, values) for factor in factors))
            case nodes.MatMul(factors):
                return self._matrix_product(factors, values)
            case nodes.Divide(numerator, denominator, zero_wins):
                return self._quotient(self.value(numerator, values), np.asarray(self.value(denominator, values)), zero_wins)
            case nodes.Power(base, exponent):
                return _power(self.value(base, values), self.value(exponent, values))
            case nodes.Transpose(of):
                return np.asarray(self.value(of, values)).T
            case nodes.Call():
                return self._call(tree, values)
            case nodes.Compare(left, relation, right, also):
                holds = self.arithmetic.compare(relation, self.value(left, values), self.value(right, values))
                return holds if also is None else holds & self.value(also, values)
            case nodes.Cases(branches, otherwise):
                result = self.value(otherwise, values)
                for value, condition in reversed(branches):
                    result = np.where(self.value(condition, values), self.value(value, values), result)
                return result
            case nodes.Sum():
                return reduce(operator.add, self._bodies(tree, values), 0)
            case nodes.SumOverSamples(of, None):
                return np.sum(self.value(of, values))
            case nodes.SumOverUnits(of, axis, groups=groups) if groups:
                return in_groups(lambda part: np.sum(part, axis=axis, keepdims=True), np.asarray(self.value(of, values)), axis, groups)
            case nodes.SumOverSamples(of, axis) | nodes.SumOverUnits(of, axis):
                found = np.sum(self.value(of, values), axis=axis, keepdims=True)
                return found[0] if isinstance(tree, nodes.SumOverSamples) and axis == 0 else found
            case nodes.SumAll(of):
                return np.sum(self.value(of, values))
            case nodes.Diagonal(of):
                return np.diag(np.asarray(self.value(of, values)).reshape(-1))
            case nodes.SquaredNorm(of):
                value = self.value(of, values)
                return np.sum(value * value)
            case nodes.Derivative(key=key) if key in values:
                return values[key]
            case nodes.Matrix(rows):
                return np.array([[self.value(entry, values) for entry in row] for row in rows])
            case nodes.Equation(sides):
                return self.value(sides[-1], values)
        raise InputError(sentence("a formula", "evaluate", type(tree).__name__, "something that has a value", "write it out"))

    def _bodies(self, total: nodes.Sum, values: Values) -> list[Any]:
        end = total.stop if total.stop is not None else total.last
        if not isinstance(end, int):
            end = int(_look_up(end, values))
        skip = _look_up(total.skip, values) if isinstance(total.skip, str) else total.skip
        return [self.value(total.body, {**values, total.index: at}) for at in range(total.first, end + 1) if at != skip]

    def _matrix_product(self, factors: tuple[Expression, ...], values: Values) -> Any:
        """From the left; a diagonal matrix scales columns, or rows, and is not made."""
        if isinstance(factors[0], nodes.Diagonal) and len(factors) > 1:
            scale = np.asarray(self.value(factors[0].of, values)).reshape(-1, 1)
            result, rest = scale * self.value(factors[1], values), factors[2:]
        else:
            result, rest = self.value(factors[0], values), factors[1:]
        for factor in rest:
            if isinstance(factor, nodes.Diagonal):
                result = result * np.asarray(self.value(factor.of, values)).reshape(1, -1)
            else:
                result = result @ self.value(factor, values)
        return result

    def _quotient(self, numerator: Any, denominator: Any, zero_wins: bool) -> Any:
        if zero_wins and self.arithmetic.rounds:
            nothing = numerator == 0
            return np.where(nothing, 0.0, numerator / np.where(nothing, 1.0, denominator))
        return numerator / denominator

    def _call(self, tree: nodes.Call, values: Values) -> Any:
        arguments = [self.value(argument, values) for argument in tree.arguments]
        if tree.key in values:
            return values[tree.key](*arguments)
        known = self.arithmetic.function(tree.function) if tree.primes == 0 and tree.layer is None else None
        return known(*arguments) if known is not None else _look_up(tree.key, values)


def _look_up(key: str, values: Values) -> Any:
    if key not in values:
        known = f"known are {', '.join(list(values)[:30])}{' ...' * (len(values) > 30)}" if values else "give one"
        raise InputError(sentence("a name", "a formula", repr(key), "one that has a value", known))
    return values[key]


def _entry(symbol: nodes.Symbol, values: Values) -> Any:
    """The whole value, an entry of it, or what belongs to one sample."""
    value = _look_up(symbol.key, values)
    at = [_position(part, symbol.base, values) for part in symbol.index]
    if symbol.sample is not None:
        sample = _position(symbol.sample, 1, values)
        if not at and np.ndim(value) == 2:  # all entries of a sample: a column, or a row
            return value[sample : sample + 1] if symbol.sample_axis == 0 else value[:, sample : sample + 1]
        at.insert(0 if symbol.sample_axis == 0 else len(at), sample)
    if not at:
        return value
    array = np.asarray(value)
    missing = array.ndim - len(at)
    if missing > 0 and array.shape[len(at) :] == (1,) * missing:
        at += [0] * missing  # b_3 of a column
    elif missing > 0 and array.shape[:missing] == (1,) * missing:
        at[:0] = [0] * missing  # a_3 of a row
    return array[tuple(at)]


def _position(part: int | str, base: int, values: Values) -> Any:
    """An index that has an array for its value stands for all of them."""
    return (part if isinstance(part, int) else _look_up(part, values)) - base


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(exponent, int) and exponent < 0:
        return 1 / np.asarray(base) ** -exponent
    return np.asarray(base) ** exponent if isinstance(base, np.ndarray) else base**exponent

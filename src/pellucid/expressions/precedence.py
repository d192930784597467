"""How strongly the nodes bind: what needs brackets when it stands within something else."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression

EQUATION, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)
SUMS = (nodes.Sum, nodes.SumOverSamples, nodes.SumOverUnits, nodes.SumAll)


def binding(tree: Expression) -> int:
    """How strongly the outermost sign of a tree binds."""
    match tree:
        case nodes.Equation():
            return EQUATION
        case nodes.Compare():
            return COMPARISON
        case nodes.Add(terms) if len(terms) > 1:
            return SUM
        case nodes.Sum() | nodes.SumOverSamples() | nodes.SumOverUnits() | nodes.SumAll():  # SUMS
            return SUM
        case nodes.Negative():
            return SIGN
        case nodes.Number(value) if value < 0:
            return SIGN
        case nodes.Multiply(factors) | nodes.MatMul(factors) if len(factors) > 1:
            return PRODUCT
        case nodes.Divide():
            return PRODUCT
        case nodes.Power() | nodes.Transpose():
            return POWER
    return ATOM


def needs_brackets(factor: Expression, first: bool, last: bool, marked: bool) -> bool:
    """Whether a factor of a product stands in brackets: a sum does, but for one with a sum sign at the end."""
    if isinstance(factor, nodes.MatMul) or (last and not marked and isinstance(factor, SUMS)):
        return marked
    return binding(factor) < (SIGN if first else POWER)


def leading_minus(tree: Expression) -> bool:
    """Whether a term is written with a minus in front: -x, -2, -2 x."""
    match tree:
        case nodes.Negative():
            return True
        case nodes.Number(value):
            return value < 0
        case nodes.Multiply(factors, False):
            return isinstance(factors[0], nodes.Number) and factors[0].value < 0
    return False


def without_minus(tree: Expression) -> Expression:
    """The same term without it."""
    match tree:
        case nodes.Negative(of):
            return of
        case nodes.Number(value):
            return nodes.Number(-value)
        case nodes.Multiply((nodes.Number(value), *rest)):
            return nodes.Multiply((nodes.Number(-value), *rest))
    return tree


def is_operator(of: Expression) -> bool:
    """Whether a derivative is written as an operator before its brackets: d/dx (3x), but dy/dx."""
    return binding(of) < ATOM or isinstance(of, nodes.Number) or (isinstance(of, nodes.Call) and of.function in FUNCTIONS)

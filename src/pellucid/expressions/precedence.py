"""How strongly the nodes bind: what needs brackets when it stands within something else."""

from __future__ import annotations

from pellucid.expressions import nodes
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

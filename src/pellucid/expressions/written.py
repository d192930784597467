"""A tree as the text of a formula, which `parse` reads back.

>>> from pellucid.expressions.parse import parse
>>> written(parse("2x^2 - (x - 1)/(3x)", implicit=True))
'2 * x**2 - (x - 1) / (3 * x)'
"""

from __future__ import annotations

from fractions import Fraction

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression

CASES, COMPARISON, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)


def written(tree: Expression) -> str:
    """The text; numbers with all their digits."""
    return _bound(tree)[0]


def _within(tree: Expression, at_least: int) -> str:
    text, binding = _bound(tree)
    return text if binding >= at_least else f"({text})"


def _bound(tree: Expression) -> tuple[str, int]:
    """The text, and how strongly its outermost sign binds."""
    match tree:
        case nodes.Number(value):
            return _number(value)
        case nodes.Symbol(key=key):
            return key, ATOM
        case nodes.Negative(of):
            return f"-{_within(of, PRODUCT if not _signed(of) else ATOM)}", SIGN
        case nodes.Add(terms):
            return _sum(terms), SUM
        case nodes.Multiply(factors):
            first, *rest = factors
            return " * ".join([_within(first, PRODUCT), *(_within(factor, POWER) for factor in rest)]), PRODUCT
        case nodes.Divide(numerator, denominator):
            return f"{_within(numerator, PRODUCT)} / {_within(denominator, POWER)}", PRODUCT
        case nodes.Power(base, exponent):
            return f"{_within(base, ATOM)}**{_within(exponent, ATOM)}", POWER
        case nodes.Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})", ATOM
        case nodes.Compare(left, relation, right, also):
            text = f"{_within(left, SUM)} {relation} {_within(right, SUM)}"
            return (text if also is None else f"{text} and {written(also)}"), COMPARISON
        case nodes.Cases(branches, otherwise):
            return "".join(f"{_within(value, SUM)} if {written(condition)} else " for value, condition in branches) + _within(
                otherwise, SUM
            ), CASES
    raise NotImplementedError(type(tree).__name__)


def _signed(tree: Expression) -> bool:
    return isinstance(tree, nodes.Negative) or (isinstance(tree, nodes.Number) and tree.value < 0)


def _sum(terms: tuple[Expression, ...]) -> str:
    text = ""
    for index, term in enumerate(terms):
        if isinstance(term, nodes.Negative):
            inner = _within(term.of, ATOM if _signed(term.of) else PRODUCT)
            text += f" - {inner}" if index else f"-{inner}"
        else:
            inner = _within(term, ATOM if index and _signed(term) else SUM + (index > 0))
            text += f" + {inner}" if index else inner
    return text


def _number(value: int | float | Fraction) -> tuple[str, int]:
    if isinstance(value, Fraction) and value.denominator != 1:
        return f"{value.numerator} / {value.denominator}", PRODUCT if value > 0 else SUM
    text = repr(value) if not isinstance(value, Fraction) else str(value.numerator)
    return text, ATOM if value >= 0 else SIGN

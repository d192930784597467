"""What follows when the rules are used up: a shorter form, and the derivative in terms of the function itself."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from pellucid.errors import InputError
from pellucid.expressions import nodes
from pellucid.expressions.algebra import ONE, size, tidy
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Call, Expression, Number, Power
from pellucid.expressions.parse import constant
from pellucid.expressions.stable import stable
from pellucid.expressions.symbolic import from_sympy, to_sympy

MAX_SIZE = 40
"""nodes; SymPy takes long over more"""
WORTH = 4
"""nodes that another form has to save to be shown"""
MAX_POWER = 4
"""SymPy would multiply it out"""
POINTS = (-2.3, -1.1, -0.4, 0.37, 0.9, 1.7, 2.6, 3.1)
"""where an identity is tried before it is proved"""


def shorter(tree: Expression) -> tuple[Expression, str] | None:
    """A form with fewer nodes, and how it is called; None where there is none, and for polynomials.

    It is made of the same functions of the same arguments, or else of functions that have names of their own only.
    """
    if size(tree) > MAX_SIZE or any(isinstance(node, nodes.Cases) or _kinked(node) for node in tree.walk()):
        return None
    if not any(isinstance(node, Call | nodes.Divide) for node in tree.walk()):
        return None
    if any(isinstance(node, Power) and abs(constant(node.exponent) or 0) > MAX_POWER for node in tree.walk()):
        return None
    recognised = stable(tree)
    if size(recognised) <= size(tree) - WORTH // 2 and not _functions(recognised) & _functions(tree):
        return recognised, "written with the functions that have names of their own"
    import sympy as sp

    known, calls = _functions(tree), _calls(tree)
    whole = to_sympy(tree)
    best: tuple[Expression, str] | None = None
    for rule, change in (
        ("factored", sp.factor),
        ("over one denominator, and cancelled", lambda e: sp.cancel(sp.together(e))),
        ("multiplied out", sp.expand),
        ("simplified by sin² + cos² = 1", sp.trigsimp),
    ):
        if change is sp.trigsimp and not known & {"sin", "cos"}:
            continue
        try:
            found = tidy(from_sympy(change(whole)))
        except (InputError, NotImplementedError, sp.PolynomialError):
            continue
        if _calls(found) <= calls and size(found) < size(best[0] if best else tree):
            best = found, rule
    return best if best is not None and size(best[0]) <= size(tree) - WORTH else None


def _calls(tree: Expression) -> set[Expression]:
    return {node for node in tree.walk() if isinstance(node, Call)}


def _kinked(node: Expression) -> bool:
    return isinstance(node, Call) and node.function in ("max", "min", "sign", "abs", "relu")


def _functions(tree: Expression) -> set[str]:
    return {node.function for node in tree.walk() if isinstance(node, Call)}


def in_terms_of_itself(function: Expression, derived: Expression, f: Expression, by: nodes.Symbol) -> list[Expression] | None:
    """The sides f' = ... = c0 + c1 f + c2 f^2, as sigmoid' = s (1 - s); None where f' is no such polynomial.

    The coefficients are found from a few points, and then proved by SymPy.
    """
    if not _functions(function) & {"exp", "tanh", "sigmoid", "tan"} or size(function) > MAX_SIZE:
        return None
    if any(isinstance(node, nodes.Cases) or _kinked(node) for node in function.walk()):
        return None
    coefficients = _coefficients(function, derived, by.key)
    if coefficients is None or not _proved(function, derived, coefficients):
        return None
    return _lines(function, coefficients, f)


def _coefficients(function: Expression, derived: Expression, key: str) -> list[Fraction] | None:
    a, da = (np.array([_value(tree, {key: x}) for x in POINTS]) for tree in (function, derived))
    if not (np.isfinite(a).all() and np.isfinite(da).all()):
        return None
    basis = np.stack([np.ones_like(a), a, a**2], axis=1)
    found, *_, rank = np.linalg.lstsq(basis, da, rcond=None)[:3]
    exact = [Fraction(float(value)).limit_denominator(16) for value in found]
    reached = basis @ np.array([float(value) for value in exact])
    if rank < 3 or not any(exact[1:]) or np.abs(reached - da).max() > 1e-9 * np.abs(da).max():
        return None
    return exact


def _value(tree: Expression, values: Mapping[str, Any]) -> float:
    with np.errstate(all="ignore"):
        try:
            return float(evaluate(tree, values))
        except (ArithmeticError, TypeError, ValueError):
            return float("nan")


def _proved(function: Expression, derived: Expression, coefficients: list[Fraction]) -> bool:
    import sympy as sp

    a = to_sympy(function)
    polynomial = sum(sp.Rational(c.numerator, c.denominator) * a**power for power, c in enumerate(coefficients))
    return bool(sp.simplify((polynomial - to_sympy(derived)).rewrite(sp.exp)) == 0)


def _lines(function: Expression, coefficients: list[Fraction], f: Expression) -> list[Expression]:
    c0, c1, c2 = coefficients
    lines: list[Expression] = []
    if not c0 and c1 and c2 == -c1:  # c f (1 - f), as for the sigmoid
        if isinstance(function, nodes.Divide):
            above, below = function.numerator, function.denominator
            left = nodes.Divide(tidy(below - above), below)
            lines.append(_times(c1, function, left))
            written = nodes.Divide(below - above, below)
            if below - above != left.numerator:
                lines.append(_times(c1, function, written))
            lines.append(_times(c1, function, 1 - function))
        lines.append(_times(c1, f, 1 - f))
    elif not c1 and c0 and c2 == -c0:  # c (1 - f^2), as for tanh
        if isinstance(function, nodes.Divide):
            lines.append(_times(c0, 1 - Power(function, Number(2))))
        lines.append(_times(c0, 1 - Power(f, Number(2))))
    else:
        terms = [_times(c, *([f] if power == 1 else [Power(f, Number(2))] if power else [])) for power, c in enumerate(coefficients) if c]
        lines.append(terms[0] if len(terms) == 1 else tidy(nodes.Add(tuple(terms))))
    return lines


def _times(constant: Fraction, *factors: Expression) -> Expression:
    number = Number(int(constant) if constant.denominator == 1 else constant)
    parts = (*([number] if number != ONE or not factors else []), *factors)
    if number == Number(-1) and factors:
        return -(factors[0] if len(factors) == 1 else nodes.Multiply(factors))
    return parts[0] if len(parts) == 1 else nodes.Multiply(parts)

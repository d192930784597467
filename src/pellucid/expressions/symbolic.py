"""Trees to SymPy and back. A text never goes to SymPy: it is parsed into a tree first."""

from __future__ import annotations

import operator
from fractions import Fraction
from functools import reduce
from typing import Any

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import CONSTANTS
from pellucid.expressions.nodes import Expression


def to_sympy(tree: Expression) -> Any:
    """The SymPy expression of a tree; names are real symbols, decimal numbers the fractions that they are written as.

    >>> from pellucid.expressions.parse import parse
    >>> to_sympy(parse("0.5*x + sigmoid(x)"))
    x/2 + 1/(1 + exp(-x))

    Raises:
        InputError: the tree has matrices or sums in it.

    """
    import sympy as sp

    match tree:
        case nodes.Number(value):
            exact = Fraction(repr(value)) if isinstance(value, float) else Fraction(value)
            return sp.Rational(exact.numerator, exact.denominator)
        case nodes.Symbol(key=key):
            constants = {"pi": sp.pi, "e": sp.E}
            return constants[key] if key in CONSTANTS else sp.Symbol(key, real=True)
        case nodes.Negative(of):
            return -to_sympy(of)
        case nodes.Add(terms):
            return sp.Add(*map(to_sympy, terms))
        case nodes.Multiply(factors):
            return sp.Mul(*map(to_sympy, factors))
        case nodes.Divide(numerator, denominator):
            return to_sympy(numerator) / to_sympy(denominator)
        case nodes.Power(base, exponent):
            return to_sympy(base) ** to_sympy(exponent)
        case nodes.Call(function, arguments, 0, None) if (make := _functions(sp).get(function)) is not None:
            return make(*map(to_sympy, arguments))
        case nodes.Cases(branches, otherwise):
            pieces = [(to_sympy(value), to_sympy(condition)) for value, condition in branches]
            return sp.Piecewise(*pieces, (to_sympy(otherwise), True))
        case nodes.Compare(left, relation, right, also):
            relations = {"<": sp.Lt, "<=": sp.Le, ">": sp.Gt, ">=": sp.Ge, "==": sp.Eq, "!=": sp.Ne}
            holds = relations[relation](to_sympy(left), to_sympy(right))
            return holds if also is None else sp.And(holds, to_sympy(also))
    raise InputError(sentence("a formula", "calculus", f"with a {type(tree).__name__}", "one of numbers", "write it entry by entry"))


def _functions(sp: Any) -> dict[str, Any]:
    def sigmoid(x: Any) -> Any:
        return 1 / (1 + sp.exp(-x))

    return {
        "exp": sp.exp,
        "expm1": lambda x: sp.exp(x) - 1,
        "log": sp.log,
        "log1p": lambda x: sp.log(1 + x),
        "sqrt": sp.sqrt,
        "abs": sp.Abs,
        "sign": sp.sign,
        "sin": sp.sin,
        "cos": sp.cos,
        "tan": sp.tan,
        "atan": sp.atan,
        "sinh": sp.sinh,
        "cosh": sp.cosh,
        "sech": sp.sech,
        "tanh": sp.tanh,
        "erf": sp.erf,
        "erfc": sp.erfc,
        "normal_cdf": lambda x: sp.erfc(-x / sp.sqrt(2)) / 2,
        "sigmoid": sigmoid,
        "softplus": lambda x: sp.log(1 + sp.exp(x)),
        "relu": lambda x: sp.Max(0, x),
        "logcosh": lambda x: sp.log(sp.cosh(x)),
        "max": sp.Max,
        "min": sp.Min,
    }


def from_sympy(expression: Any) -> Expression:
    """The tree of a SymPy expression.

    Raises:
        InputError: something in it has no node.

    >>> import sympy as sp
    >>> from pellucid.expressions.text import text
    >>> x = sp.Symbol("x", real=True)
    >>> text(from_sympy(x**2 / 2 - sp.exp(-x)))
    'x²/2 - e^(-x)'

    """
    import sympy as sp

    if expression.is_Symbol:
        return nodes.Symbol(expression.name)
    if expression.is_Rational:
        value = Fraction(int(expression.p), int(expression.q))
        return nodes.Number(int(value) if value.denominator == 1 else value)
    if expression is sp.pi or expression is sp.E:
        return nodes.Symbol("pi") if expression is sp.pi else nodes.Call("exp", (nodes.Number(1),))
    if expression.is_Add:
        first, *rest = map(_signed, expression.as_ordered_terms())
        return nodes.Add((first, *map(_with_minus, rest)))
    if expression.is_Mul:
        return _signed(expression)
    if expression.is_Pow and not isinstance(expression, sp.exp):
        if expression.exp.could_extract_minus_sign():
            return nodes.Divide(nodes.Number(1), from_sympy(expression.base**-expression.exp))
        return nodes.Power(from_sympy(expression.base), from_sympy(expression.exp))
    if expression.is_Piecewise:
        *pieces, last = [(from_sympy(piece.expr), piece.cond) for piece in expression.args]
        return nodes.Cases(tuple((value, _condition(condition)) for value, condition in pieces), last[0])
    name = {"Abs": "abs", "Max": "max", "Min": "min"}.get(type(expression).__name__, type(expression).__name__)
    if name not in _functions(sp):
        raise InputError(sentence("a function", "calculus", name, "one that has a name here", "write it otherwise"))
    return nodes.Call(name, tuple(map(from_sympy, expression.args)))


def _with_minus(tree: Expression) -> Expression:
    """A negative number as the negative of a positive one."""
    return nodes.Negative(nodes.Number(-tree.value)) if isinstance(tree, nodes.Number) and tree.value < 0 else tree


def _signed(expression: Any) -> Expression:
    """A term with its minus in front, and what has negative powers below a line."""
    import sympy as sp

    if expression.could_extract_minus_sign() and not expression.is_Add:
        inner = from_sympy(-expression)
        return nodes.Number(-inner.value) if isinstance(inner, nodes.Number) else nodes.Negative(inner)
    if not expression.is_Mul:
        return from_sympy(expression)
    above: list[Expression] = []
    below: list[Expression] = []
    for factor in expression.as_ordered_factors():
        if factor.is_Pow and not isinstance(factor, sp.exp) and factor.exp.could_extract_minus_sign():
            below.append(from_sympy(factor.base**-factor.exp))
        elif factor.is_Rational and factor.q != 1:
            above += [nodes.Number(int(factor.p))] if factor.p != 1 else []
            below.insert(0, nodes.Number(int(factor.q)))
        else:
            above.append(from_sympy(factor))
    top = reduce(operator.mul, above) if above else nodes.Number(1)
    return nodes.Divide(top, reduce(operator.mul, below)) if below else top


def _condition(condition: Any) -> nodes.Compare:
    import sympy as sp

    relations = {sp.Lt: "<", sp.Le: "<=", sp.Gt: ">", sp.Ge: ">=", sp.Eq: "==", sp.Ne: "!="}
    if isinstance(condition, sp.And):
        first, *rest = [_condition(part) for part in condition.args]
        for other in rest:
            first = nodes.Compare(other.left, other.relation, other.right, first)
        return first
    return nodes.Compare(from_sympy(condition.lhs), relations[type(condition)], from_sympy(condition.rhs))

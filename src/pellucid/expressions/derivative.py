"""The derivative of a tree. At a kink it is the right one: of max(0, x) it is 1 at 0; of |x| it is 0 there."""

from __future__ import annotations

from functools import cache, reduce

from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.algebra import ONE, ZERO, contains, mapped, number, size, substitute, tidy
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Call, Cases, Compare, Expression, Negative, Number, Power, Symbol
from pellucid.expressions.parse import parse

U = Symbol("u")
"""the argument in the formulas of `FUNCTIONS`"""
MAX_AT_TIES = 100
"""nodes of the derivatives of two parts up to which the larger derivative is taken where the parts are equal: it doubles what is written"""


@cache
def derivative_of(function: str) -> Expression | None:
    """The derivative of a function as a formula in u; None where it has kinks."""
    text = FUNCTIONS[function].derivative
    return parse(text, ["u"]) if text else None


@cache
def definition_of(function: str) -> Expression | None:
    """What a function is short for, as a formula in u."""
    text = FUNCTIONS[function].definition
    return parse(text, ["u"]) if text else None


def derivative(tree: Expression, by: Symbol) -> Expression:
    """The derivative by a name; all other names are constants.

    >>> from pellucid.expressions.text import text
    >>> x = Symbol("x")
    >>> text(derivative(parse("x^2 + 2*x*y"), x)), text(derivative(parse("max(0, x)"), x))
    ('2 x + 2 y', '{1 if x ≥ 0; 0 otherwise}')

    Raises:
        InputError: the tree has something in it that has no derivative here.

    """
    return tidy(_derivative(from_the_right(tree), by))


def from_the_right(tree: Expression) -> Expression:
    """The tree with |u| written as max(u, -u), if there are other kinks in it: then all of them are seen from the right.

    Were |u|' = 0 taken at 0 and the right derivative of max(0, u) beside it, log(1 + e^-|u|) + max(0, u) would get a wrong one, though
    it is smooth; so would sign(u) log(1 + |u|).
    """
    kinked = ("max", "min", "relu", "sign")
    others = any(isinstance(node, Cases) or (isinstance(node, Call) and node.function in kinked) for node in tree.walk())
    return signs_from_the_right(_without_abs(tree)) if others else tree


def _without_abs(tree: Expression) -> Expression:
    after = tree if isinstance(tree, Compare) else mapped(tree, _without_abs)
    return Call("max", (after.arguments[0], -after.arguments[0])) if isinstance(after, Call) and after.function == "abs" else after


def signs_from_the_right(tree: Expression) -> Expression:
    """The tree with each sign(u) 1 or -1 where u is 0, as it is on the right."""
    after = mapped(tree, signs_from_the_right)
    match after:
        case Call("sign", (u,), 0, None):
            name = next((node for node in u.walk() if isinstance(node, Symbol)), None)
            slope = None if name is None else linear(u, name)
            falling = slope is not None and slope[0] < 0
            return Cases(((ONE, Compare(u, ">" if falling else ">=", ZERO)),), Number(-1))
    return after


def _derivative(tree: Expression, by: Symbol) -> Expression:
    if tree == by:
        return ONE
    if not contains(tree, by):
        return ZERO
    match tree:
        case Negative(of):
            return -_derivative(of, by)
        case nodes.Add(terms):
            return nodes.Add(tuple(_derivative(term, by) for term in terms))
        case nodes.Multiply(factors):
            each = [_derivative(factor, by) for factor in factors]
            return nodes.Add(tuple(nodes.Multiply((*factors[:i], d, *factors[i + 1 :])) for i, d in enumerate(each) if d != ZERO))
        case nodes.Divide(numerator, denominator):
            above, below = _derivative(numerator, by), _derivative(denominator, by)
            if below == ZERO:
                return above / denominator
            return above / denominator - numerator * below / denominator**2
        case Power(base, exponent) if not contains(exponent, by):
            return exponent * base ** tidy(exponent - 1) * _derivative(base, by)
        case Power(base, exponent) if not contains(base, by):
            return tree * Call("log", (base,)) * _derivative(exponent, by)
        case Power(base, exponent):
            return tree * (_derivative(exponent, by) * Call("log", (base,)) + exponent * _derivative(base, by) / base)
        case Call("max" | "min" as which, arguments, 0, None):
            return _derivative_of_largest(arguments, by, which)
        case Call("relu", (argument,), 0, None):
            return _derivative_of_largest((ZERO, argument), by, "max")
        case Call("abs", (argument,), 0, None):
            return Call("sign", (argument,)) * _derivative(argument, by)
        case Call("sign", _, 0, None):
            return ZERO
        case Call(function, (argument,), 0, None) if function in FUNCTIONS and (outer := derivative_of(function)) is not None:
            return substitute(outer, {U: argument}) * _derivative(argument, by)
        case Cases():
            return cases_derivative(tree, by, [_derivative(value, by) for value in (*(v for v, _ in tree.branches), tree.otherwise)])
    raise InputError(sentence("a formula", "calculus", f"with a {type(tree).__name__}", "one of numbers", "write it entry by entry"))


def _derivative_of_largest(arguments: tuple[Expression, ...], by: Symbol, which: str) -> Expression:
    """Two by two: max(a, b, c) = max(max(a, b), c)."""
    _, found = reduce(
        lambda pair, other: (
            Call(which, (pair[0], other[0])),
            derivative_of_larger(pair[0], other[0], pair[1], other[1], by, which),
        ),
        ((argument, _derivative(argument, by)) for argument in arguments),
    )
    return found


def derivative_of_larger(a: Expression, b: Expression, da: Expression, db: Expression, by: Symbol, which: str = "max") -> Expression:
    """The derivative of max(a, b) or min(a, b) from those of a and b; where a = b, the right one (of large formulas, that of a)."""
    slope = linear(a - b, by)
    if slope is not None and slope[0] != 0:
        rising, border = (slope[0] > 0) == (which == "max"), slope[1]
        right, left = (da, db) if rising else (db, da)
        if isinstance(border, Number):
            condition = Compare(by, ">=", border)
        else:
            condition = Compare(a, ">=", b) if slope[0] > 0 else Compare(b, ">=", a)
        return Cases(((right, condition),), left)
    at_a, at_b = (">", "<") if which == "max" else ("<", ">")
    if size(da) + size(db) > MAX_AT_TIES:
        return Cases(((da, Compare(a, f"{at_a}=", b)),), db)
    return Cases(((da, Compare(a, at_a, b)), (db, Compare(a, at_b, b))), Call(which, (da, db)))


def linear(tree: Expression, by: Symbol) -> tuple[float, Expression] | None:
    """Of s x + c with a number s: s and the x at which it is 0. None for other trees."""
    if not _looks_linear(tree, by):
        return None
    slope = number(tidy(_derivative(tree, by)))
    if slope is None:
        return None
    rest = tidy(substitute(tree, {by: ZERO}))
    border = tidy(-rest / slope.node()) if slope.value else ZERO
    return float(slope.value), border


def _looks_linear(tree: Expression, by: Symbol) -> bool:
    """Whether the name stands in sums, and multiplied or divided by constants, only; a quick look."""
    if tree == by or not contains(tree, by):
        return True
    match tree:
        case Negative(of):
            return _looks_linear(of, by)
        case nodes.Add(terms):
            return all(_looks_linear(term, by) for term in terms)
        case nodes.Multiply(factors):
            moving = [factor for factor in factors if contains(factor, by)]
            return len(moving) == 1 and _looks_linear(moving[0], by)
        case nodes.Divide(numerator, denominator):
            return not contains(denominator, by) and _looks_linear(numerator, by)
    return False


def cases_derivative(tree: Cases, by: Symbol, found: list[Expression]) -> Expression:
    """Cases of the derivatives of the branches, at a border that of the branch on the right."""
    branches, otherwise = tree.branches, found[-1]
    if len(branches) == 1 and isinstance(branches[0][1].left, Call) and branches[0][1].relation in (">", ">="):
        opposite = {">": "<=", ">=": "<"}[branches[0][1].relation]  # |x| > 1 is not one interval, but |x| <= 1 is
        if branches[0][1].left.function == "abs" and branches[0][1].also is None:
            inside = Compare(branches[0][1].left, opposite, branches[0][1].right)
            return Cases(((otherwise, _seen_from_the_right(inside, by)),), found[0])
    after = [
        (value, _seen_from_the_right(condition, by))
        for value, (_, condition) in zip(found, branches, strict=False)
        if not _at_single_points(condition)
    ]
    return Cases(tuple(after), otherwise) if after else otherwise


def _at_single_points(condition: Compare) -> bool:
    return condition.relation == "==" or (condition.also is not None and _at_single_points(condition.also))


def _seen_from_the_right(condition: Compare, by: Symbol) -> Compare:
    """The condition with its ends moved so that a border belongs to what is on its right."""
    also = None if condition.also is None else _seen_from_the_right(condition.also, by)
    left, relation, right = condition.left, condition.relation, condition.right
    match left:
        case Call("abs", (inner,), 0, None) if relation in ("<", "<=") and linear(inner, by) is not None:
            upper = Compare(inner, "<=", right, also)
            return _seen_from_the_right(Compare(tidy(-right), "<=", inner, upper), by)
    slope = linear(left - right, by)
    if slope is not None and slope[0]:
        rising = slope[0] > 0
        ends = {(">", True): ">=", ("<=", True): "<", ("<", False): "<=", (">=", False): ">"}
        relation = ends.get((relation, rising), relation)
    return Compare(left, relation, right, also)

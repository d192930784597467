"""Tidying up: numbers multiplied out, like factors and like terms collected. Nothing is expanded, and nothing is factored.

>>> from pellucid.expressions.parse import parse
>>> from pellucid.expressions.text import text
>>> text(tidy(parse("2*u*3 + 0*u + x^2*x - (1 - x)")))
'6 u + x³ - 1 + x'
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from typing import Any

from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import CONSTANTS
from pellucid.expressions.nodes import Expression, Number

ZERO, ONE = Number(0), Number(1)
HALF = Fraction(1, 2)
MAX_POWER = 100
"""of numbers that are multiplied out"""


def mapped(tree: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The node with each of its children changed."""

    def changed(part: Any) -> Any:
        if isinstance(part, Expression):
            return change(part)
        if not isinstance(part, tuple):
            return part
        items = tuple(changed(item) for item in part)
        return part if all(a is b for a, b in zip(items, part, strict=True)) else items

    parts = {entry.name: getattr(tree, entry.name) for entry in fields(tree)}
    after = {name: changed(part) for name, part in parts.items()}
    return tree if all(after[name] is part for name, part in parts.items()) else replace(tree, **after)


def substitute(tree: Expression, given: Mapping[Expression, Expression]) -> Expression:
    """The tree with some of its parts replaced.

    >>> from pellucid.expressions.text import text
    >>> text(substitute(nodes.Symbol("u") * 6, {nodes.Symbol("u"): 3 * nodes.Symbol("x")}))
    '(3 x) · 6'
    """
    if tree in given:
        return given[tree]
    return mapped(tree, lambda child: substitute(child, given))


def contains(tree: Expression, part: Expression) -> bool:
    """Whether a part stands somewhere in a tree."""
    return any(node == part for node in tree.walk())


def names(tree: Expression) -> list[str]:
    """The names in a tree, in the order in which they come; without the constants pi and e."""
    found = dict.fromkeys(node.key for node in tree.walk() if isinstance(node, nodes.Symbol))
    return [name for name in found if name not in CONSTANTS]


def canonical(tree: Expression) -> Expression:
    """The tidy tree with terms and factors in one order, and decimal numbers as fractions: x y/2 and 0.5 y x are the same."""
    return _sorted(tidy(_exact(tree)))


def _exact(tree: Expression) -> Expression:
    if isinstance(tree, Number) and isinstance(tree.value, float) and math.isfinite(tree.value):
        return Number(Fraction(repr(tree.value)))
    return mapped(tree, _exact)


def _sorted(tree: Expression) -> Expression:
    after = mapped(tree, _sorted)
    match after:
        case nodes.Add(terms):
            return nodes.Add(tuple(sorted(terms, key=repr)))
        case nodes.Multiply(factors):
            return nodes.Multiply(tuple(sorted(factors, key=repr)))
    return after


def size(tree: Expression) -> int:
    """How many nodes it has."""
    return sum(1 for _ in tree.walk())


@dataclass(frozen=True)
class Coefficient:
    """A number, exact; ``decimal`` if some part of it was written with a point, as it is then shown."""

    value: Fraction
    decimal: bool = False

    @staticmethod
    def of(number: Number) -> Coefficient:
        """The number of a node; a decimal number stands for what is written."""
        value = number.value
        return Coefficient(Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value), isinstance(value, float))

    def __mul__(self, other: Coefficient) -> Coefficient:
        return Coefficient(self.value * other.value, self.decimal or other.decimal)

    def __add__(self, other: Coefficient) -> Coefficient:
        return Coefficient(self.value + other.value, self.decimal or other.decimal)

    def power(self, exponent: int) -> Coefficient:
        """To a whole power."""
        return Coefficient(self.value**exponent, self.decimal)

    def node(self) -> Number:
        """As a number in a tree."""
        if self.value.denominator == 1:
            return Number(int(self.value))
        return Number(float(self.value)) if self.decimal else Number(self.value)


def number(tree: Expression) -> Coefficient | None:
    """The coefficient that a tree is, if it is a number (or minus one)."""
    if isinstance(tree, nodes.Negative) and (inner := number(tree.of)) is not None:
        return Coefficient(-inner.value, inner.decimal)
    return Coefficient.of(tree) if isinstance(tree, Number) and math.isfinite(tree.value) else None


@dataclass
class Product:
    """A product as a coefficient and powers of bases, in the order in which they come."""

    coefficient: Coefficient = field(default_factory=lambda: Coefficient(Fraction(1)))
    powers: dict[Expression, Expression] = field(default_factory=dict)

    @staticmethod
    def of(tree: Expression) -> Product:
        """The factors of a tidy tree."""
        product = Product()
        product.take(tree, 1)
        return product

    def take(self, factor: Expression, times: int) -> None:
        """Multiply by a factor, to the power ``times`` (1 or -1, or another whole number)."""
        match factor:
            case Number() if (value := number(factor)) is not None and (value.value or times > 0):
                self.coefficient *= value.power(times)
            case nodes.Negative(of):
                self.coefficient *= Coefficient(Fraction((-1) ** (times % 2)))
                self.take(of, times)
            case nodes.Multiply(factors):
                for part in factors:
                    self.take(part, times)
            case nodes.Divide(numerator, denominator):
                self.take(numerator, times)
                self.take(denominator, -times)
            case nodes.Call("sqrt", (of,)):
                self.raised(of, Number(HALF), times)
            case nodes.Call("exp", (exponent,)):
                self.add_exponent(nodes.Call("exp", (ONE,)), exponent, times)
            case nodes.Power(base, exponent):
                self.raised(base, exponent, times)
            case _:
                self.add_exponent(factor, ONE, times)

    def raised(self, base: Expression, exponent: Expression, times: int) -> None:
        """Multiply by base ** exponent."""
        power = number(exponent)
        if power is not None and power.value.denominator == 1 and abs(power.value * times) <= MAX_POWER:
            self.take(base, int(power.value) * times)
        elif isinstance(base, Number) and base.value > 0 and power is not None and power.value == HALF and (root := _root(base)):
            self.take(root, times)
        else:
            self.add_exponent(base, exponent, times)

    def add_exponent(self, base: Expression, exponent: Expression, times: int) -> None:
        """Count a power among those of the same base."""
        more = exponent if times == 1 else tidy(Number(times) * exponent)
        before = self.powers.get(base)
        total = more if before is None else tidy(before + more)
        if total == ZERO:
            self.powers.pop(base, None)
        elif isinstance(base, Number) and isinstance(total, Number) and isinstance(total.value, int) and (base.value or total.value > 0):
            self.powers.pop(base, None)
            self.take(base, total.value)
        else:
            self.powers[base] = total

    @property
    def key(self) -> frozenset[tuple[Expression, Expression]]:
        """What like terms have in common."""
        return frozenset(self.powers.items())

    def node(self) -> Expression:
        """As a tree: a fraction where there are negative powers."""
        if not self.coefficient.value:
            return ZERO
        above: list[Expression] = []
        below: list[Expression] = []
        size = Coefficient(abs(self.coefficient.value), self.coefficient.decimal)
        shown = size.node()
        if isinstance(shown.value, Fraction):
            above += [Number(shown.value.numerator)] if shown.value.numerator != 1 else []
            below.append(Number(shown.value.denominator))
        elif shown != ONE:
            above.append(shown)
        for base, exponent in self.powers.items():
            power = number(exponent)
            if base == nodes.Call("exp", (ONE,)):
                above.append(nodes.Call("exp", (exponent,)))
            elif power is not None and power.value < 0:
                below.append(_power(base, Coefficient(-power.value, power.decimal).node()))
            else:
                above.append(_power(base, exponent))
        top = _product(above)
        positive = nodes.Divide(top, _product(below)) if below else top
        if isinstance(shown.value, Fraction) and not self.powers:
            positive = shown
        if self.coefficient.value > 0:
            return positive
        return Number(-positive.value) if isinstance(positive, Number) else nodes.Negative(positive)


def _root(base: Number) -> Expression | None:
    value = Coefficient.of(base).value
    roots = math.isqrt(value.numerator), math.isqrt(value.denominator)
    exact = Fraction(*roots)
    return Coefficient(exact, isinstance(base.value, float)).node() if exact**2 == value else None


def _power(base: Expression, exponent: Expression) -> Expression:
    return base if exponent == ONE else nodes.Power(base, exponent)


def _product(factors: list[Expression]) -> Expression:
    if not factors:
        return ONE
    return factors[0] if len(factors) == 1 else nodes.Multiply(tuple(factors))


def tidy(tree: Expression) -> Expression:
    """The same with numbers multiplied out, like factors and like terms collected, and no needless 0 or 1."""
    match tree:
        case Number() | nodes.Symbol():
            return tree
        case nodes.Add(terms):
            return _sum([tidy(term) for term in terms])
        case nodes.Negative() | nodes.Multiply() | nodes.Divide() | nodes.Power():
            return Product.of(mapped(tree, tidy)).node()
        case nodes.Call("exp", (argument,)):
            inner = tidy(argument)
            return ONE if inner == ZERO else nodes.Call("exp", (inner,))
        case nodes.Call("sqrt", (argument,)):
            return Product.of(nodes.Call("sqrt", (tidy(argument),))).node()
        case nodes.Cases():
            return _cases(mapped(tree, tidy))
    return mapped(tree, tidy)


def _sum(terms: list[Expression]) -> Expression:
    found: dict[frozenset[tuple[Expression, Expression]], Product] = {}

    def take(term: Expression, sign: int) -> None:
        if isinstance(term, nodes.Add):
            for part in term.terms:
                take(part, sign)
            return
        if isinstance(term, nodes.Negative):
            take(term.of, -sign)
            return
        product = Product.of(term)
        if not product.coefficient.value:
            return
        product.coefficient *= Coefficient(Fraction(sign))
        before = found.setdefault(product.key, product)
        if before is not product:
            before.coefficient += product.coefficient

    for term in terms:
        take(term, 1)
    left = [product.node() for product in found.values() if product.coefficient.value]
    if not left:
        return ZERO
    if len(left) == 1:
        return left[0]
    return nodes.Add(
        tuple(nodes.Negative(Number(-t.value)) if index and isinstance(t, Number) and t.value < 0 else t for index, t in enumerate(left))
    )


def _cases(tree: Expression) -> Expression:
    assert isinstance(tree, nodes.Cases)
    branches = list(tree.branches)
    while branches and branches[-1][0] == tree.otherwise:
        branches.pop()
    return nodes.Cases(tuple(branches), tree.otherwise) if branches else tree.otherwise

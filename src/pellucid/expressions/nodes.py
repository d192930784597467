"""The tree of a formula: what stands on each line of a derivation, and what a user's text is parsed into.

A node says what is written, not what is simplest: 2u * 3 stays as it is until somebody makes 6u of it. Scalars and arrays are written
with the same nodes; `Multiply` works entry by entry (with NumPy's broadcasting), `MatMul` is the matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Expression:
    """A node; its parts are its fields.

    >>> x = Symbol("x")
    >>> x * x + 1 == Add((Multiply((x, x)), Number(1)))
    True
    """

    def __add__(self, other: Operand) -> Add:
        return Add((*(self.terms if isinstance(self, Add) else (self,)), as_expression(other)))

    def __radd__(self, other: Operand) -> Add:
        return as_expression(other) + self

    def __sub__(self, other: Operand) -> Add:
        return self + Negative(as_expression(other))

    def __rsub__(self, other: Operand) -> Add:
        return as_expression(other) - self

    def __mul__(self, other: Operand) -> Multiply:
        return Multiply((*(self.factors if isinstance(self, Multiply) else (self,)), as_expression(other)))

    def __rmul__(self, other: Operand) -> Multiply:
        return as_expression(other) * self

    def __matmul__(self, other: Expression) -> MatMul:
        return MatMul((*(self.factors if isinstance(self, MatMul) else (self,)), other))

    def __truediv__(self, other: Operand) -> Divide:
        return Divide(self, as_expression(other))

    def __rtruediv__(self, other: Operand) -> Divide:
        return Divide(as_expression(other), self)

    def __pow__(self, other: Operand) -> Power:
        return Power(self, as_expression(other))

    def __neg__(self) -> Negative:
        return Negative(self)

    @property
    def T(self) -> Transpose:
        """The transpose."""
        return Transpose(self)

    def children(self) -> Iterator[Expression]:
        """The nodes right below this one."""
        for field in fields(self):
            yield from _nodes(getattr(self, field.name))

    def walk(self) -> Iterator[Expression]:
        """The node and all below it."""
        yield self
        for child in self.children():
            yield from child.walk()


Operand: TypeAlias = Expression | int | float | Fraction


def _nodes(part: object) -> Iterator[Expression]:
    if isinstance(part, Expression):
        yield part
    elif isinstance(part, tuple):
        for item in part:
            yield from _nodes(item)


def as_expression(value: Operand) -> Expression:
    """A number becomes a node."""
    return value if isinstance(value, Expression) else Number(value)


@dataclass(frozen=True)
class Number(Expression):
    """A number as it is written: an int, a fraction, or a float."""

    value: int | float | Fraction


@dataclass(frozen=True)
class Symbol(Expression):
    """A name, perhaps of a layer, perhaps one entry: W, W^[1], w_32^[1]; a name such as dW stands for the derivative of the cost by W.

    >>> Symbol("W", 1).key, Symbol("W", 1, (3, "k")).key
    ('W1', 'W1')
    """

    name: str
    layer: int | str | None = None
    index: tuple[int | str, ...] = ()
    """one-based; a text is an index that a `Sum` runs over, or that stands for any"""
    sample: int | str | None = None
    """of the sample, one-based; without an index it stands for all entries of that sample, kept as a column or a row"""
    base: int = 1
    """the number of the first entry: 0 where units are counted from zero"""
    sample_axis: int = -1
    """which axis of an array the samples lie along: the last in the columns convention, the first (0) in the rows convention"""

    @property
    def key(self) -> str:
        """The name under which its (whole) value is kept: z1, dW2, y_hat."""
        return f"{self.name}{'' if self.layer is None else self.layer}"


@dataclass(frozen=True)
class Negative(Expression):
    """-x."""

    of: Expression


@dataclass(frozen=True)
class Add(Expression):
    """A sum of terms; a `Negative` among them is written with a minus."""

    terms: tuple[Expression, ...]


@dataclass(frozen=True)
class Multiply(Expression):
    """A product of numbers, or entry by entry of arrays, which `marked` shows by a sign."""

    factors: tuple[Expression, ...]
    marked: bool = False


def hadamard(*factors: Expression) -> Multiply:
    """The element-wise product, with its sign."""
    return Multiply(factors, marked=True)


@dataclass(frozen=True)
class MatMul(Expression):
    """A matrix product."""

    factors: tuple[Expression, ...]


@dataclass(frozen=True)
class Divide(Expression):
    """A fraction."""

    numerator: Expression
    denominator: Expression
    zero_wins: bool = False
    """0 / 0 is 0, as in y / y_hat of a class that is neither the target nor possible"""


@dataclass(frozen=True)
class Power(Expression):
    """base ** exponent, entry by entry."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Transpose(Expression):
    """x^T."""

    of: Expression


@dataclass(frozen=True)
class Call(Expression):
    """A function of `functions.FUNCTIONS` (exp, sigmoid, max ...), or one given with the values: f of layer 1, its derivative f'."""

    function: str
    arguments: tuple[Expression, ...]
    primes: int = 0
    layer: int | str | None = None

    @property
    def key(self) -> str:
        """The name under which the values give it: f1, f1' ..."""
        return f"{self.function}{'' if self.layer is None else self.layer}{chr(39) * self.primes}"


@dataclass(frozen=True)
class Compare(Expression):
    """left < right, and so on; ``parts`` joins several with `and`."""

    left: Expression
    relation: str
    """<, <=, >, >=, ==, !="""
    right: Expression
    also: Compare | None = None


@dataclass(frozen=True)
class Cases(Expression):
    """The value of the first condition that holds, else the last one."""

    branches: tuple[tuple[Expression, Compare], ...]
    otherwise: Expression


@dataclass(frozen=True)
class Sum(Expression):
    """The sum of a body over an index from ``first`` to ``last``; ``last`` may be a name (n) with its value in ``stop``."""

    body: Expression
    index: str
    first: int
    last: int | str
    stop: int | None = None
    skip: int | str | None = None
    """a value of the index that is left out"""
    ranged: bool = False
    """whether first and last are written beside what is left out"""

    @property
    def sign(self) -> str:
        """The sum sign and what it runs over, in LaTeX."""
        if self.skip is None:
            return rf"\sum_{{{self.index}={self.first}}}^{{{self.last}}}"
        left_out = rf"{self.index} \ne {self.skip}"
        return rf"\sum_{{{self.index}={self.first},\, {left_out}}}^{{{self.last}}}" if self.ranged else rf"\sum_{{{left_out}}}"


@dataclass(frozen=True)
class SumOverSamples(Expression):
    """The sum of the columns (in the rows convention: of the rows) of an array, one of which belongs to each sample."""

    of: Expression
    axis: int | None
    """1 in the columns convention, 0 in the rows convention; None where there is one number for each sample, whose sum is a number"""
    written: Expression | None = None
    """what is summed as it is written for sample i; otherwise the whole in brackets"""


@dataclass(frozen=True)
class SumOverUnits(Expression):
    """For each sample, the sum over the units, kept as an axis of length 1; with groups over those of its group, for each unit."""

    of: Expression
    axis: int
    written: Expression | None = None
    """what is summed as it is written for one unit; otherwise the whole in brackets"""
    index: str = "k"
    """the letter of the unit"""
    groups: tuple[int, ...] = ()
    """how many units each group has, in order; empty where all are one"""

    @property
    def over(self) -> str:
        """What the sum runs over, in LaTeX."""
        return rf"{self.index} \in g" if self.groups else self.index


@dataclass(frozen=True)
class SumAll(Expression):
    """The sum of all entries."""

    of: Expression


@dataclass(frozen=True)
class Diagonal(Expression):
    """diag(s): the matrix with a vector on its diagonal."""

    of: Expression


@dataclass(frozen=True)
class SquaredNorm(Expression):
    """||W||^2, the sum of the squared entries."""

    of: Expression


@dataclass(frozen=True)
class Derivative(Expression):
    """dJ/dW as it is written; its value is looked up under its ``key``, where it has one."""

    of: Expression
    by: Expression
    partial: bool = True
    key: str = ""


@dataclass(frozen=True)
class Matrix(Expression):
    """Entries in rows, written out."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class Dots(Expression):
    """What is left out: an abbreviated sum or matrix cannot be evaluated, so it is only ever shown beside one that can."""


@dataclass(frozen=True)
class Equation(Expression):
    """left = right = ...; each of the sides has the same value."""

    sides: tuple[Expression, ...]
    relation: str = "="


def rebuilt(tree: Expression, replaced: Callable[[Expression], Expression | None]) -> Expression:
    """The tree with each node for which ``replaced`` gives another one exchanged for that; what was put in is left as it is.

    >>> rebuilt(Symbol("x") + 1, lambda node: Symbol("z") if node == Symbol("x") else None) == Symbol("z") + 1
    True
    """
    other = replaced(tree)
    if other is not None:
        return other
    parts = {field.name: getattr(tree, field.name) for field in fields(tree)}
    new = {name: _rebuilt_part(part, replaced) for name, part in parts.items()}
    return tree if all(new[name] is parts[name] for name in parts) else type(tree)(**new)


def _rebuilt_part(part: Any, replaced: Callable[[Expression], Expression | None]) -> Any:
    if isinstance(part, Expression):
        return rebuilt(part, replaced)
    if isinstance(part, tuple):
        new = tuple(_rebuilt_part(item, replaced) for item in part)
        return part if all(a is b for a, b in zip(part, new, strict=True)) else new
    return part

"""What a written line has that a formula of `nodes` has not: names as they stand, and products whose kind is still open."""

from __future__ import annotations

from dataclasses import dataclass, field

from pellucid.expressions.nodes import Expression


@dataclass(frozen=True)
class Name(Expression):
    """A name with everything that hangs on it, not yet interpreted: dw_{ij}^{[2](s)}, W2, a_1, z', x^2 is a `Power` unless read otherwise.

    What differs only in its place in the text is equal.
    """

    base: str
    """W, z, y_hat, sigma, sum ... without the d of a derivative"""
    d: bool = False
    """dW: the derivative of the cost by it"""
    suffix: str = ""
    """digits right behind: 2 of W2"""
    below: tuple[str, ...] = ()
    """the indices, one by one"""
    bracket: str = ""
    """what stands in square brackets above or behind: 2, L, L-1"""
    sample: str = ""
    """what stands in round brackets above: i"""
    raised: str = ""
    """a number or letter above without brackets: a^1, which may be a power or a layer"""
    primes: int = 0
    code: bool = False
    """whether the indices stand in brackets behind, as in code, where they count from 0"""
    at: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True)
class Product(Expression):
    """Factors, and the sign before each but the first: '', ·, ., × or * (any product), ⊙ (entry by entry), @ (of matrices)."""

    factors: tuple[Expression, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class Apply(Expression):
    """A function of arguments; a(1 - a) is read as one too, since a may be the activation function."""

    function: Name
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Total(Expression):
    """A sum sign: over an index, with limits where they are written."""

    body: Expression
    index: str = ""
    first: Expression | None = None
    last: Expression | None = None
    without: str = ""
    """the index that is left out: i of k != i"""


@dataclass(frozen=True)
class Reduce(Expression):
    """np.sum or np.mean, over an axis or over all."""

    of: Expression
    axis: int | None = None
    keepdims: bool = False
    mean: bool = False


@dataclass(frozen=True)
class Entry(Expression):
    """An entry of what has no name: [sigma(x)]_i."""

    of: Expression
    below: tuple[str, ...]


@dataclass(frozen=True)
class Extent(Expression):
    """X.shape[1], len(X)."""

    of: Expression
    axis: int


@dataclass(frozen=True)
class Norm(Expression):
    """||W||, the root of the sum of the squared entries."""

    of: Expression


@dataclass(frozen=True)
class Statement:
    """One equation of a line: sides that are said to be equal, perhaps only where a condition holds (k != i)."""

    sides: tuple[Expression, ...]
    condition: Expression | None = None
    change: str = ""
    """- for ``W -= ...``, + for ``W += ...``"""
    spans: tuple[tuple[int, int], ...] = ()
    """where each side stands in the text"""
    continues: bool = False
    """whether it begins with =, so that its left side is that of the line before"""

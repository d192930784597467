"""Factors with a name: what an array may have been multiplied by, from a short list of mistakes and pairs of them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from pellucid.glassbox.review.causes import cause
from pellucid.glassbox.review.passes import Pass, parts

UNLIKELY = 0.65
"""what a factor costs more where it has no place: 1/m along the chain, 1/n but at its beginning or of a loss that sums"""


@dataclass(frozen=True)
class Factor:
    """number * m^samples * n^outputs, and the mistakes that it is made of."""

    value: float
    causes: tuple[str, ...] = ()
    cost: float = 0.0
    number: Fraction | float = Fraction(1)
    samples: int = 0
    outputs: int = 0
    kinds: frozenset[str] = frozenset()
    """what it is made of: a sign, a two, m, n"""

    def __mul__(self, other: Factor) -> Factor:
        return Factor(
            self.value * other.value,
            self.causes + other.causes,
            self.cost + other.cost,
            self.number * other.number,
            self.samples + other.samples,
            self.outputs + other.outputs,
            self.kinds | other.kinds,
        )


ONE = Factor(1.0)


def factors(p: Pass, name: str) -> tuple[Factor, ...]:
    """The factors that a quantity may have, by their cost: 1/m has its place in dW and db, 1/n at the end of the chain."""
    kind, layer = parts(name)
    sums, output = kind in ("dW", "db"), kind in ("da", "dz") and layer == p.depth
    width = p.architecture.sizes[layer] if sums else 0
    key = ("factors", sums, output, width)
    kept: tuple[Factor, ...] | None = p.kept.get(key)
    if kept is None:
        simple = [factor for factor in _simple(p, width, output) if abs(factor.value - 1) > 1e-9]
        pairs = [one * other for one, other in combinations(simple, 2) if not one.kinds & other.kinds]
        twice = [factor * factor for factor in simple if factor.samples < 0]
        kept = p.kept[key] = tuple(sorted([ONE, *simple, *pairs, *twice], key=lambda factor: factor.cost))
    return kept


def any_factor(value: float) -> Factor:
    """A factor that is on no list."""
    name = f"factor {value:.6g}"
    return Factor(value, (name,), cause(name).cost, value)


def _simple(p: Pass, width: int, output: bool) -> list[Factor]:
    def made(
        kind: str, name: str, value: float, more: float = 0.0, number: Fraction | float = Fraction(1), m: int = 0, n: int = 0
    ) -> Factor:
        return Factor(value, (name,), cause(name).cost + more, number, m, n, frozenset([kind]))

    sums = bool(width) and p.mean_in == "dW"
    odd = 0.0 if sums else UNLIKELY
    found = [made("sign", "wrong sign", -1.0, number=Fraction(-1))]
    for number, more in ((Fraction(2), 0), (Fraction(1, 2), 0), (Fraction(4), 0.1), (Fraction(1, 4), 0.1)):
        found.append(made("two", f"factor {number}", float(number), more, number))
    found.append(made("m", "missing 1/m", p.total, odd, m=1))
    found.append(made("m", "extra 1/m", 1 / p.total, m=-1))
    if p.weighted:
        found.append(made("m", "missing 1/m", float(p.m), odd + 0.1, number=float(p.m)))
        found.append(made("m", "extra 1/m", 1 / p.m, 0.1, number=1 / p.m))
        if sums:
            found.append(made("m", "divided by m instead of sum(s)", p.total / p.m, number=p.total / p.m))
    if sums:
        found.append(made("m", "divided by the number of units", p.total / width, number=p.total / width))
    n = p.architecture.sizes[-1]
    found.append(made("n", "missing 1/n", float(n), 0.0 if output and p.architecture.loss.averages else UNLIKELY, n=1))
    found.append(made("n", "extra 1/n", 1 / n, 0.0 if output else UNLIKELY, n=-1))
    return found

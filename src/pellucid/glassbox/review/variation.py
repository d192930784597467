"""A variation: one way to compute a quantity, with its causes, its equation, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Expression
from pellucid.glassbox.review.causes import cause
from pellucid.glassbox.review.lines import written


@dataclass(frozen=True, eq=False)
class Variation:
    """One way to get a quantity wrong (or, without causes, the right way)."""

    name: str
    """of the quantity"""
    causes: tuple[str, ...]
    tree: Expression
    """the right-hand side of what was computed, in the columns convention"""
    value: Array
    note: str = ""
    """which layer, sample or array it was"""
    narrowed: bool = False
    """whether it was narrowed down by what is to be explained"""

    @property
    def cost(self) -> float:
        """How rare it is."""
        return sum(cause(name).cost for name in self.causes)

    def line(self, convention: str) -> str:
        """What was computed, as text."""
        return written(self.name, self.tree, convention)[0]


def same(one: Array, other: Array, within: float = 1e-11) -> bool:
    """Equal but for rounding."""
    if one.shape != other.shape:
        return False
    by = _mixture(one.size)
    mixed, also = float(one.reshape(-1) @ by), float(other.reshape(-1) @ by)
    if abs(mixed - also) > 1e-8 * (abs(mixed) + abs(also)):  # one number tells most of them apart
        return False
    size = max(np.abs(one).max(), np.abs(other).max())
    return bool(np.abs(one - other).max() <= within * size)


@lru_cache(maxsize=64)
def _mixture(size: int) -> Array:
    return np.random.default_rng(size).uniform(1, 2, size)

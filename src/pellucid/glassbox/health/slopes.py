"""How steep an activation is at its steepest, on which side it lies flat, and where a unit is on the flat part of it.

What counts is the derivative f' alone, so that one definition holds for the whole catalogue and for a user's formula:

- the *scale* of f is the largest |f'|; where |f'| grows without end (exp), the largest on [-1, 1];
- a sample is on the *flat* part for a unit where |f'(z)| is at most a twentieth of the scale: |z| >= 4.4 for sigmoid, 2.2 for tanh,
  z < 0 for relu;
- a unit is *dead* where |f'(z)| is at most a thousandth of the scale on every sample. For relu and hard_tanh that is 0.

A softmax has a matrix for a derivative. There a_i (1 - a_i), the diagonal, stands for f', and a sample is on the flat part for all units
where the largest a_i is so near to 1 that the same a as a sigmoid's would be (a sigmoid is the softmax of two classes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pellucid.equations.activations import Activation, Elementwise, Softmax
from pellucid.equations.arrays import Array, over_groups

FLAT = 1 / 20
"""of the scale: below it the gradient of a unit is a small part of what it could be"""
DEAD = 1 / 1000
"""of the scale: below it there is as good as no gradient"""
_END = 100.0
"""formulas are finite up to here, and every activation of the catalogue shows its tails"""
_NEAR_ONE = 1 - (1 - math.sqrt(1 - FLAT)) / 2
"""the a at which a (1 - a) is FLAT / 4"""


@dataclass(frozen=True)
class Slopes:
    """What is known of the derivative of one activation."""

    scale: float
    """the largest |f'|, or where there is none, the largest on [-1, 1]"""
    flat: tuple[bool, bool]
    """whether f is flat far to the left, far to the right"""
    grows: bool
    """whether |f'| has no largest value"""

    @property
    def one_sided(self) -> bool:
        """Whether it is flat on one side only, as relu and its like are."""
        return any(self.flat) and not all(self.flat)

    @property
    def saturates(self) -> bool:
        """Whether it is flat on both sides, as sigmoid and tanh are."""
        return all(self.flat)


@lru_cache(maxsize=64)
def slopes(activation: Activation) -> Slopes:
    """The scale and the flat sides of an activation, found on a grid from -100 to 100.

    >>> from pellucid.equations.activations import activation
    >>> slopes(activation("sigmoid")), slopes(activation("relu")).flat
    (Slopes(scale=0.25, flat=(True, True), grows=False), (True, False))
    """
    if not isinstance(activation, Elementwise):
        return Slopes(0.25, (True, True), grows=False)
    steps = round(100 * _END)
    z = np.concatenate([np.arange(-steps, steps + 1) / 100, activation.kinks])
    size = _size(activation, z)
    ends, halves = _size(activation, np.array([-_END, _END])), _size(activation, np.array([-_END / 2, _END / 2]))
    grows = bool((ends > 1.01 * halves).any() and ends.max() == np.max(size))
    scale = float(np.max(size[np.abs(z) <= 1] if grows else size))
    return Slopes(scale, (bool(ends[0] <= FLAT * scale), bool(ends[1] <= FLAT * scale)), grows)


def _size(activation: Elementwise, z: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.abs(activation.derivative(z, activation.forward(z))), nan=0.0)


def steepness(activation: Activation, z: Array, a: Array) -> Array:
    """|f'(z)| of each sample and unit, (m, n); for softmax a (1 - a)."""
    return np.abs(activation.derivative(z, a)) if isinstance(activation, Elementwise) else a * (1 - a)


def is_flat(activation: Activation, steep: Array, a: Array) -> Array:
    """Where a sample is on the flat part for a unit, (m, n)."""
    if isinstance(activation, Elementwise):
        return steep <= FLAT * slopes(activation).scale
    groups = activation.groups if isinstance(activation, Softmax) else ()
    return over_groups(lambda part: np.broadcast_to(part.max(axis=1, keepdims=True) >= _NEAR_ONE, part.shape), a, groups=groups)


def is_dead(activation: Activation, steep: Array) -> Array:
    """Which units have no derivative to speak of on any sample, (n,)."""
    return np.all(steep <= DEAD * slopes(activation).scale, axis=0)

"""Inverted dropout: each unit of each sample is dropped with probability p, the kept ones are multiplied by 1 / (1 - p).

Source: Srivastava et al. 2014, *Dropout: a simple way to prevent neural networks from overfitting*.

The draws come from a *counter*, not from a generator that has a state: the number for (seed, step, layer, entry) is a hash of these
four. So any step's mask can be made again, by any engine, in any order. The hash is the finalizer of SplitMix64 (Steele, Lea and
Flood 2014, *Fast splittable pseudorandom number generators*).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from pellucid.equations.arrays import Array

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)


def mix(x: Array) -> Array:
    """SplitMix64's finalizer: 64 bits in, 64 well-mixed bits out (array of uint64)."""
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


def mask(shape: tuple[int, int], rate: float, seed: int, step: int, layer: int) -> Float[Array, "m n"]:
    """The mask of one layer at one step: 0 with probability ``rate``, else 1 / (1 - rate).

    >>> mask((2, 4), 0.5, seed=0, step=0, layer=1).shape
    (2, 4)
    """
    key = np.zeros(1, dtype=np.uint64)
    for part in (seed, step, layer):
        key = mix(key + GOLDEN + np.array([part], dtype=np.uint64))
    entry = np.arange(1, shape[0] * shape[1] + 1, dtype=np.uint64)
    uniform = (mix(key + entry * GOLDEN) >> np.uint64(11)) * 2.0**-53
    return np.where(uniform < rate, 0.0, 1.0 / (1.0 - rate)).reshape(shape)

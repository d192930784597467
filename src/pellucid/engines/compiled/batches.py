"""Parts that fetch the rows of a batch, weigh its samples, drop units, and add up."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pellucid.engines.compiled.intrinsics import as_entry, offset
from pellucid.engines.compiled.parts import Entries, Integers, Reals, Word, part
from pellucid.engines.compiled.vectors import copy, lanes, stream
from pellucid.equations import dropout

GOLDEN, FIRST, SECOND = dropout.GOLDEN, dropout.FIRST, dropout.SECOND


@part
def gather(x: Entries, order: Integers, first: int, last: int, width: int, batch: Entries) -> None:
    """batch[i] = x[order[i]] for the rows first <= i < last, vector by vector, in half of the time of a loop over entries.

    Rows of one vector are spared the loop over vectors, a quarter of their time.
    """
    step = lanes(x)
    if 4 <= width <= step:
        for i in range(first, last):
            copy(offset(x, order[i] * width), offset(batch, i * width), width)
    elif width > step:
        for i in range(first, last):
            row, to = offset(x, order[i] * width), offset(batch, i * width)
            for j in range(0, width, step):
                copy(offset(row, j), offset(to, j), min(step, width - j))
    else:
        for i in range(first, last):
            row = order[i] * width
            for j in range(width):
                batch[i * width + j] = x[row + j]


@part
def weigh(dz: Entries, s: Entries, weighted: int, factor: Reals, first: int, last: int, width: int) -> None:
    """Multiply row i of dz by s_i * factor, or by factor alone."""
    share = as_entry(factor[0], dz)
    if weighted == 0:
        for entry in range(first * width, last * width):
            dz[entry] *= share
    else:
        for i in range(first, last):
            for j in range(width):
                dz[i * width + j] *= s[i] * share


@part
def add_losses(losses: Reals, s: Entries, weighted: int, total: Reals, first: int, last: int) -> None:
    """total[0] = sum_i s_i l_i, total[1] = sum_i s_i, over some samples, in their order."""
    loss, weight = 0.0, 0.0
    for i in range(first, last):
        loss += losses[i] * s[i] if weighted else losses[i]
        weight += s[i] if weighted else 1.0
    total[0] = loss
    total[1] = weight


@njit(forceinline=True)
def mix(x: Any) -> Any:
    """`pellucid.equations.dropout.mix` of one number."""
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


@njit
def mask_key(seed: Any, step: Any, layer: Any) -> Any:
    """What the mask of one layer at one step begins with."""
    key = mix(GOLDEN + np.uint64(seed))
    key = mix(key + GOLDEN + np.uint64(step))
    return mix(key + GOLDEN + np.uint64(layer))


@part
def drop(f: Entries, a: Entries, key: Word, threshold: Word, scale: Reals, first: int, last: int, width: int) -> None:
    """a = f * mask, the mask being 0 where the entry's hash is below the threshold (rate 2^53), else 1 / (1 - rate)."""
    kept, dropped = as_entry(scale[0], f), as_entry(0, f)
    for entry in range(first * width, last * width):
        uniform = mix(key + (np.uint64(entry) + np.uint64(1)) * GOLDEN) >> np.uint64(11)
        a[entry] = f[entry] * (kept if uniform >= threshold else dropped)


@part
def apply_mask(f: Entries, a: Entries, mask: Entries, first: int, last: int) -> None:
    """a = f * mask, for a mask that is given, over a range of entries."""
    for entry in range(first, last):
        a[entry] = f[entry] * mask[entry]


@part
def penalize(g: Entries, theta: Entries, count: int, strength: Reals) -> None:
    """g + strength * theta: the gradient of the L2 term."""
    share = as_entry(strength[0], g)
    for i in range(count):
        g[i] += share * theta[i]


@part
def rescale(g: Entries, count: int, factor: Reals) -> None:
    """g * factor."""
    share = as_entry(factor[0], g)
    for i in range(count):
        g[i] *= share


@part
def add_up(a: Entries, b: Entries, count: int, total: Entries, more: int) -> None:
    """total = a + b; or, where there is more in it already, total + b."""
    if more:
        for i in range(count):
            total[i] += b[i]
    else:
        for i in range(count):
            total[i] = a[i] + b[i]


@part
def duplicate(source: Entries, count: int, target: Entries) -> None:
    """target = source."""
    for i in range(count):
        target[i] = source[i]


@part
def hand_over(source: Entries, count: int, target: Entries) -> None:
    """target = source, for another thread to read: whole vectors, past the caches (see `vectors.stream`)."""
    for i in range(0, count, lanes(source)):
        stream(source, target, i)


@part(fastmath={"reassoc", "contract"})
def add_squares(g: Entries, count: int, total: Reals) -> None:
    """total = sum g^2. Free to add in another order, so that it vectorizes (ten times faster), and NaN still shows."""
    found = as_entry(0, g)
    for i in range(count):
        found += g[i] * g[i]
    total[0] = found

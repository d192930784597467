"""Shuffles by NumPy's generators, in machine code where that is known to be the same and worth it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from pellucid.engines.compiled.memory import at
from pellucid.equations.arrays import Array

WORTH = 4096
"""draws below which fetching and returning the state of a generator takes as long as it saves"""
AHEAD = 32
"""numbers that are drawn before the first one of them is used, where there are many places"""
TWO_64 = 1 << 64
"""the numbers of PCG64 have two words"""
Generator: TypeAlias = np.random.Generator | np.random.RandomState


def shuffle(order: Array, generator: Generator, times: int = 1) -> None:
    """`Generator.shuffle` or `RandomState.shuffle` of an array of places, so many times over.

    >>> import numpy as np
    >>> from pellucid.engines.compiled.orders import shuffle
    >>> order, again = np.arange(5000), np.arange(5000)
    >>> shuffle(order, np.random.default_rng(1))
    >>> np.random.default_rng(1).shuffle(again)
    >>> bool((order == again).all())
    True
    """
    plain = order.dtype == np.int64 and order.flags.c_contiguous and 1 < len(order) < 1 << 32
    if plain and times * len(order) >= WORTH:
        if isinstance(generator, np.random.Generator) and type(generator.bit_generator) is np.random.PCG64:
            _by_pcg64(order, generator.bit_generator, times)
            return
        if isinstance(generator, np.random.RandomState) and type(generator._bit_generator) is np.random.MT19937 and _as_expected():
            _by_mt19937(order, generator, times)
            return
    for _ in range(times):
        generator.shuffle(order)


def _by_pcg64(order: Array, generator: np.random.PCG64, times: int) -> None:
    state: Any = generator.state
    numbers = state["state"]
    words = [*divmod(numbers["state"], TWO_64), *divmod(numbers["inc"], TWO_64), state["has_uint32"], state["uinteger"]]
    memory, ring = np.array(words, dtype=np.uint64), _ring()
    for _ in range(times):
        _part("shuffle_pcg64", 5)(at(order), len(order), at(memory), at(ring), AHEAD)
    high, low, _, _, has, left = map(int, memory)
    changed: Any = {**state, "state": {**numbers, "state": high * TWO_64 + low}, "has_uint32": has, "uinteger": left}
    generator.state = changed


def _by_mt19937(order: Array, generator: np.random.RandomState, times: int) -> None:
    ring = _ring()
    _part("shuffle_mt19937", 6)(at(order), len(order), times, generator._bit_generator.ctypes.state_address, at(ring), AHEAD)


def _ring() -> Array:
    """Room for the numbers that are drawn ahead."""
    return np.empty(AHEAD, dtype=np.uint64)


@cache
def _as_expected() -> bool:
    """Whether the state of MT19937 lies in memory as 624 numbers of 32 bits and the count of those that are used up.

    To ask NumPy for a state and to set it takes 65 us, as long as shuffling ten thousand rows.
    """
    generator = np.random.MT19937(7)
    generator.random_raw(5)
    memory = (ctypes.c_uint32 * 625).from_address(generator.ctypes.state_address)
    told: Any = generator.state["state"]
    return bool((told["key"] == memory[:624]).all()) and told["pos"] == memory[624] > 0


@cache
def _part(name: str, n_arguments: int) -> Callable[..., None]:
    """A part of `pellucid.engines.compiled.shuffles`, as Python calls it."""
    from pellucid.engines.compiled.parts import Part  # what loads machine code is not imported before there is some
    from pellucid.engines.compiled.store import address

    return ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * n_arguments)(address(Part(f"shuffles.{name}")))

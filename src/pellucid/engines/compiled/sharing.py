"""How threads share a step: the rows of a batch, or the rows and columns of a layer, and where they wait for each other.

Each thread takes some *rows* of a batch through the whole network, and so reads all weights. Where a network is wide and a thread has few
rows, that takes longer than multiplying: so rows are in fewer parts, and the threads that have the same rows each compute some *columns* of
z_l and of da_l, and meet after each layer. What is done entry by entry, and the loss, stays with the rows of a thread.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from pellucid.engines.compiled.intrinsics import atomic_add, atomic_load, atomic_store, give_way, pause
from pellucid.engines.compiled.machine import UNIT, VECTOR_BYTES, VECTORS

PATIENCE = 4000
"""how often a waiting thread looks again before it lets others run: some 0.1 ms"""
TALL = 128 // UNIT
"""units of rows of a part that are enough: then reading a weight takes a quarter of the time of what is computed with it"""
NARROW = 64
"""columns of a part that are too few to be cut again"""


@njit
def meet(run: Any) -> Any:
    """Wait until all threads are here."""
    if run.n_threads == 1:
        return
    generation = atomic_load(run.released)
    if atomic_add(run.arrived, 1) == run.n_threads - 1:
        atomic_store(run.arrived, 0)
        atomic_add(run.released, 1)
        return
    looks = 0
    while atomic_load(run.released) == generation:
        pause()
        looks += 1
        if looks > PATIENCE:
            give_way()


@njit
def edge(m: Any, parts: Any, number: Any) -> Any:
    """Where a part of the rows of a batch begins: parts are whole units."""
    return min(m, (m + UNIT - 1) // UNIT * number // parts * UNIT)


@njit
def column_parts(net: Any, run: Any, m: Any) -> Any:
    """Into how many parts the columns of layers are cut for a batch of m rows; 1 where each thread has whole rows."""
    parts = 1
    while net.widest >= 2 * parts * NARROW and run.n_threads % (2 * parts) == 0 and (m + UNIT - 1) // UNIT * parts < TALL * run.n_threads:
        parts *= 2
    return parts


@njit
def part_of(net: Any, run: Any, worker: Any, me: Any, first: Any, last: Any, width: Any) -> Any:
    """Rows top..bottom and columns left..right of a layer's matrix, (m, width), that a thread computes, where columns are cut."""
    parts = worker.column_parts
    if width < parts * NARROW:
        return first, last, 0, width
    groups, strip = run.n_threads // parts, VECTORS * VECTOR_BYTES // net.item
    strips, number = (width + strip - 1) // strip, me % parts
    left, right = strips * number // parts * strip, min(width, strips * (number + 1) // parts * strip)
    return edge(worker.m, groups, me // parts), edge(worker.m, groups, me // parts + 1), left, right

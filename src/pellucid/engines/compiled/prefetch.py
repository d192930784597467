"""The rows of the next batch are called for while this one is computed.

Rows that were not used for an epoch have left the caches, and those of a shuffled batch lie anywhere: waiting for them was a tenth of a
step of 64-64-64-10. They come into the second-level cache, as the first one has no room for them. A processor keeps track of some dozens
of lines on their way, and drops what is called for beyond: so it is done a few rows at a time, after each layer forward and back.
"""

from __future__ import annotations

from typing import Any

from numba import carray, njit, types

from pellucid.engines.compiled.intrinsics import pointer_maker, prefetch
from pellucid.engines.compiled.memory import LINE
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.propagation import as_layers, as_workers

as_integers = pointer_maker(types.int64)


@njit
def look_ahead(net: Any, run: Any, worker: Any, batch: Any, first: Any, last: Any) -> Any:
    """Let a thread call for rows first..last of a batch, in equal shares."""
    begin, shares = batch * run.batch_size, 2 * net.n_layers
    worker.next_row, worker.next_end = begin + first, min(run.n_rows, begin + last)
    worker.next_share = (last - first + shares - 1) // shares


@part
def prefetch_rows(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """Call for the next share of x, y and s."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, worker = carray(as_layers(net.layers), net.n_layers), carray(as_workers(net.workers), run.n_threads)[me]
    first = worker.next_row
    last = worker.next_row = min(worker.next_end, first + worker.next_share)
    call_for(run.X, run.order, first, last, layers[0].n_in * net.item)
    call_for(run.Y, run.order, first, last, layers[net.n_layers - 1].n_out * net.item)
    if run.s:
        call_for(run.s, run.order, first, last, net.item)


@njit
def call_for(start: Any, order: Any, first: Any, last: Any, size: Any) -> Any:
    """Call for the rows first <= i < last, of so many bytes: where they lie, or in an order."""
    if order == 0:
        for place in range(start + first * size, start + last * size, LINE):
            prefetch(place)
        return
    rows = as_integers(order)
    for i in range(first, last):
        row = start + rows[i] * size
        for place in range(row, row + size - 1, LINE):
            prefetch(place)
        prefetch(row + size - 1)

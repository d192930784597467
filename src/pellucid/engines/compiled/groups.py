"""Groups of rows: how threads share nothing but gradients.

Cores that work on the same memory wait for each other's caches: taking back one line that another core has read costs 7 ns, or 25 where
the cores have no cache in common, and a step of a small network touches a thousand. So the rows of its batches are in *groups*. A thread
takes its groups through the network and back and sums their gradients, all in memory of its own, a page away from that of the others (a
processor reads ahead up to the end of a page, and would take lines away). Then the threads meet, once in a step: each adds up the
gradients of all groups, in their order, and moves *all* parameters, of which it has a copy; the first thread's are those of the call.
Gradients lie in two places in turn, so that none is overwritten while a slower thread still reads it (its own too: in a small batch a
group may be another thread's).

How gradients come over is found by trying (`pace`): they are read from where they were computed, or handed over by way of memory, past the
caches, which is faster where two cores have no cache in common. The bits are the same.

In the table of a worker, ``kept`` is where the gradients of its groups are, ``handed`` where it finds those of the others.
"""

from __future__ import annotations

from typing import Any

from numba import carray, njit, types

from pellucid.engines.compiled.intrinsics import call, fence
from pellucid.engines.compiled.machine import UNIT
from pellucid.engines.compiled.memory import LINE, PAGE
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.propagation import (
    as_blocks,
    as_layers,
    as_segments,
    as_workers,
    get,
    put,
    segment_gradient,
    total,
)
from pellucid.engines.compiled.sharing import edge


@part
def settle(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """Let a thread move copies of the parameters and of the state, and let its rows lie a page away from those of the others."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    vector, one, two = run.vector, run.state_1, run.state_2
    step = net.gradient_room
    worker.shift = me * PAGE
    worker.vector = worker.own + step
    worker.state_1 = worker.vector + (step if one != vector else 0)
    worker.state_2 = worker.state_1 + (step if two != one else 0)
    call(net.duplicate, (vector, net.n_parameters, worker.vector))
    if one != vector:
        call(net.duplicate, (one, net.n_parameters, worker.state_1))
    if two != one:
        call(net.duplicate, (two, net.n_parameters, worker.state_2))


@njit
def take_groups(net: Any, run: Any, worker: Any, me: Any, m: Any, side: Any) -> Any:
    """Let a thread have its share of the groups of a batch of m rows, of which a small one has fewer; the rows of them."""
    groups = max(1, min(net.groups, (m + UNIT - 1) // UNIT))
    first, last = groups * me // run.n_threads, groups * (me + 1) // run.n_threads
    worker.m, worker.groups, worker.first_group, worker.last_group = m, groups, first, last
    place = side * net.groups * net.gradient_room if run.n_threads > 1 else 0
    worker.handed = net.handed + place
    worker.kept = (net.handed if run.shared else net.gradients) + place
    return edge(m, groups, first), edge(m, groups, last)


@part
def layer_gradient(net_at: NetTable, run_at: CallTable, me: int, number: int) -> None:
    """dW_l and db_l of one layer for each group of one thread, as soon as dz_l is there: what is written is taken back from other cores
    while the thread goes on.
    """
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, segments = carray(as_layers(net.layers), net.n_layers), carray(as_segments(net.segments), net.n_segments)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    for group in range(worker.first_group, worker.last_group):
        begin, end = edge(worker.m, worker.groups, group), edge(worker.m, worker.groups, group + 1)
        room = worker.kept + group * net.gradient_room
        for place in range(net.n_segments):
            segment = segments[place]
            if segment.layer == number:
                segment_gradient(net, layers, segment, segment.last, begin, end, worker, room + segment.slot)


@part
def hand_over_groups(net_at: NetTable, run_at: CallTable, me: int, units: int) -> None:
    """Behind the gradient of each group the sum of its losses; and both to the others, if they do not read them where they are."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    past = run.n_threads > 1 and not run.shared
    for group in range(worker.first_group, worker.last_group):
        begin, end = edge(worker.m, worker.groups, group), edge(worker.m, worker.groups, group + 1)
        room = group * net.gradient_room
        put(worker.kept + room + net.sums_at, total(units + begin // UNIT * LINE, (end - begin + UNIT - 1) // UNIT, LINE // 8))
        if past:
            call(net.hand_over, (worker.kept + room, (net.sums_at + LINE) // net.item, worker.handed + room))
    if past:
        fence()


@njit
def place_of(net: Any, worker: Any, group: Any) -> Any:
    """Where a thread finds the gradient of a group."""
    return (worker.kept if worker.first_group <= group < worker.last_group else worker.handed) + group * net.gradient_room


@njit
def cost_of(net: Any, worker: Any) -> Any:
    """The sum of the losses of all groups."""
    found = 0.0
    for group in range(worker.groups):
        found += get(place_of(net, worker, group) + net.sums_at)
    return found


@part
def add_groups(net_at: NetTable, run_at: CallTable, me: int, index: int, g: int) -> None:
    """The gradient of a block: the sum over all groups."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    block, worker = carray(as_blocks(net.blocks), net.n_blocks)[index], carray(as_workers(net.workers), run.n_threads)[me]
    first = place_of(net, worker, 0) + block.slot
    if worker.groups == 1:
        call(net.duplicate, (first, block.count, g))
    for group in range(1, worker.groups):
        call(net.add_up, (first, place_of(net, worker, group) + block.slot, block.count, g, types.int64(group > 1)))

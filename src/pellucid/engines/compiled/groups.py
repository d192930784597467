"""Groups of rows: how threads share nothing but gradients.

Cores that work on the same memory wait for each other's caches: taking back one line that another core has read costs 7 ns, or 25 where
the cores have no cache in common, and a step of a small network touches a thousand. So the rows of its batches are in *groups*. A thread
takes its groups through the network and back and sums their gradients, all in memory of its own, a page away from that of the others (a
processor reads ahead up to the end of a page, and would take lines away). Then the threads meet, once in a step: each adds up the
gradients of all groups, in their order, and moves *all* parameters, of which it has a copy; the first thread's are those of the call.
Gradients lie in two places in turn, so that none is overwritten while a slower thread still reads it.

How gradients come over is found by trying (`pace`): they are read from where they were computed, or handed over by way of memory, past the
caches, which is faster where two cores have no cache in common. The bits are the same.

Names: ``first`` and ``last`` are the groups of one thread; ``kept`` is where those are, ``handed`` where it finds those of the others.
"""

from __future__ import annotations

from typing import Any

from numba import carray, njit, types

from pellucid.engines.compiled.intrinsics import address_of, call, fence
from pellucid.engines.compiled.machine import UNIT
from pellucid.engines.compiled.memory import LINE, PAGE
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.propagation import as_blocks, as_workers, edge, get, put, total


@njit
def groups_in(net: Any, m: Any) -> Any:
    """The groups of a batch of m rows: a small one has fewer."""
    return max(1, min(net.groups, (m + UNIT - 1) // UNIT))


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


@part
def group_gradients(
    net_at: NetTable, run_at: CallTable, me: int, m: int, groups: int, first: int, last: int, kept: int, handed: int, units: int
) -> None:
    """The gradients of the groups of one thread, and, on the last line of the room of each, the sum of its losses."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    blocks, network = carray(as_blocks(net.blocks), net.n_blocks), address_of(net_at)
    past = run.n_threads > 1 and not run.shared
    for group in range(first, last):
        begin, end = edge(m, groups, group), edge(m, groups, group + 1)
        place, sums = group * net.gradient_room, (group + 1) * net.gradient_room - LINE
        for index in range(net.n_blocks):
            block = blocks[index]
            to = kept + place + block.slot
            call(net.block_gradient, (network, me, index, begin, end, to))
            if past:
                call(net.hand_over, (to, block.count, handed + place + block.slot))
        put(kept + sums, total(units + begin // UNIT * LINE, (end - begin + UNIT - 1) // UNIT, LINE // 8))
        if past:
            call(net.hand_over, (kept + sums, LINE // net.item, handed + sums))
    if past:
        fence()


@njit
def cost_of(net: Any, groups: Any, first: Any, last: Any, kept: Any, handed: Any) -> Any:
    """The sum of the losses of all groups."""
    found = 0.0
    for group in range(groups):
        found += get((kept if first <= group < last else handed) + (group + 1) * net.gradient_room - LINE)
    return found


@part
def add_groups(net_at: NetTable, index: int, groups: int, first: int, last: int, kept: int, handed: int, g: int) -> None:
    """The gradient of a block: the sum over all groups."""
    net = carray(net_at, 1)[0]
    block = carray(as_blocks(net.blocks), net.n_blocks)[index]
    before = g
    for group in range(groups):
        source = (kept if first <= group < last else handed) + group * net.gradient_room + block.slot
        if group == 0:
            before = source
        else:
            call(net.add_up, (before, source, block.count, g, types.int64(group > 1)))
    if groups == 1:
        call(net.duplicate, (before, block.count, g))

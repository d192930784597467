"""The steps of a training, the gradient of a batch, and prediction, in machine code: what every thread of a call does.

With several threads a step has two halves, and the threads meet after each. In the first every thread takes some *rows* through the
network and back, up to dz of each layer. In the second it takes some *blocks of parameters*: it sums their gradient over all rows and at
once moves them, while they are in its cache. Every number is computed by one thread in one order, whoever it is: the results have the
same bits with any number of threads.
"""

from __future__ import annotations

import math
from typing import Any

from numba import carray, from_dtype, njit, types

from pellucid.engines.compiled.elementary import sqrt
from pellucid.engines.compiled.intrinsics import atomic_add, atomic_load, atomic_store, call, give_way, pause, pointer_maker
from pellucid.engines.compiled.machine import UNIT
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.propagation import as_numbers, backward, block_gradient, forward, get
from pellucid.engines.compiled.tables import BLOCK, LAYER, PLAIN, SEGMENT, WORKER

as_layers, as_segments, as_blocks, as_workers = (pointer_maker(from_dtype(record)) for record in (LAYER, SEGMENT, BLOCK, WORKER))

PATIENCE = 4000
"""how often a waiting thread looks again before it lets others run: some 0.1 ms"""


@njit
def put(place: Any, value: Any) -> Any:
    """Set the float64 at an address."""
    as_numbers(place)[0] = value


@njit
def share(m: Any, n_threads: Any, me: Any) -> Any:
    """The rows of thread ``me``: whole units."""
    units = (m + UNIT - 1) // UNIT
    return min(m, units * me // n_threads * UNIT), min(m, units * (me + 1) // n_threads * UNIT)


@njit
def first_block(net: Any, run: Any, me: Any) -> Any:
    """Where the blocks of thread ``me`` begin: neighbours, so that they share the cache lines of a_{l-1} that they read."""
    return net.n_blocks * me // run.n_threads


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
def total(place: Any, count: Any, step: Any) -> Any:
    """The sum of every ``step``-th float64 from an address on."""
    found = 0.0
    numbers = as_numbers(place)
    for i in range(count):
        found += numbers[i * step]
    return found


@njit(error_model="numpy")
def fetch(net: Any, layers: Any, run: Any, batch: Any, first: Any, last: Any) -> Any:
    """Let x, y and s be the rows of a batch: where they lie if they are in order, else copied together."""
    start = batch * run.batch_size
    n_in, n_out = layers[0].n_in, layers[net.n_layers - 1].n_out
    if run.order == 0:
        net.x, net.y, net.s = run.X + start * n_in * net.item, run.Y + start * n_out * net.item, run.s + start * net.item
        return
    net.x, net.y, net.s = net.x_copy, net.y_copy, net.s_copy
    order = run.order + 8 * start
    call(net.gather, (run.X, order, first, last, n_in, net.x))
    call(net.gather, (run.Y, order, first, last, n_out, net.y))
    if run.s:
        call(net.gather, (run.s, order, first, last, 1, net.s))


@njit
def tables(net: Any) -> Any:
    """The layers, the segments and the blocks of a network."""
    return (
        carray(as_layers(net.layers), net.n_layers),
        carray(as_segments(net.segments), net.n_segments),
        carray(as_blocks(net.blocks), net.n_blocks),
    )


@part
def train(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """Steps of a training, from ``position`` up to, not including, ``stop``; after the last batch comes the first one again."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, segments, blocks = tables(net)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    cost_sum, weight_sum, norm_sum, failed = run.cost_sum, run.weight_sum, run.norm_sum, 0
    best, waited = run.best, run.waited
    position = run.position
    count = (run.n_rows + run.batch_size - 1) // run.batch_size
    batch = position % count
    if run.l2 > 0:
        for index in range(first_block(net, run, me), first_block(net, run, me + 1)):
            add_weight_squares(net, run, blocks[index], index, run.position & 1)
        meet(run)
    while position < run.stop:
        step = run.step + position - run.position
        side = position & 1
        m = min(run.batch_size, run.n_rows - batch * run.batch_size)
        weight = float(m) if run.weights == 0 else get(run.weights + 8 * batch)
        share_of_row = 1.0 / weight if weight > 0 else 1.0
        first, last = share(m, run.n_threads, me)
        fetch(net, layers, run, batch, first, last)
        if first < last:
            put(worker.factor, share_of_row)
            forward(net, layers, run, worker, first, last, step)
            backward(net, layers, run, worker, first, last, step)
        meet(run)

        cost = 0.0
        if weight > 0:
            cost = total(net.units, (m + UNIT - 1) // UNIT, 2) / weight
            if run.l2 > 0:
                cost += run.l2 * total(net.squares + 8 * side * net.n_blocks, net.n_blocks, 1) / (2 * weight)
        if not math.isfinite(cost):
            failed = 1
            break
        put(worker.factor, run.l2 / weight if weight > 0 else 0.0)
        call(run.prepare, (run.settings, run.rates + 8 * position, step + 1, worker.coefficients))
        for index in range(first_block(net, run, me), first_block(net, run, me + 1)):
            block = blocks[index]
            g = run.gradient + block.start * net.item if run.clip > 0 else worker.gradient
            block_gradient(net, layers, segments, block, m, worker, g)
            if run.l2 > 0 and block.n_weights > 0:
                call(net.penalize, (g, run.vector + block.start * net.item, block.n_weights, worker.factor))
            call(net.add_squares, (g, block.count, net.norms + 8 * index))
            if run.clip <= 0:
                move(net, run, block, g, worker)
                if run.l2 > 0:
                    add_weight_squares(net, run, block, index, 1 - side)
        meet(run)

        norm = sqrt(total(net.norms, net.n_blocks, 1))
        if run.clip > 0:
            put(worker.factor, run.clip / norm)
            for index in range(first_block(net, run, me), first_block(net, run, me + 1)):
                block = blocks[index]
                g = run.gradient + block.start * net.item
                if norm > run.clip:
                    call(net.rescale, (g, block.count, worker.factor))
                move(net, run, block, g, worker)
                if run.l2 > 0:
                    add_weight_squares(net, run, block, index, 1 - side)
            meet(run)
        if run.trail and me == 0:
            added = run.trail + 8 * position
            put(added, cost * weight)
            put(added + run.trail_row, weight)
            put(added + 2 * run.trail_row, norm)
        cost_sum += cost * weight
        weight_sum += weight
        norm_sum += norm
        position += 1
        batch = batch + 1 if batch + 1 < count else 0
        if run.limit >= 0:  # `engines.base.Patience`, in the same words
            loss = cost * weight / weight
            waited = waited + 1 if loss > best - run.tolerance else 0
            best = min(best, loss)
            if waited > run.limit:
                break
    if me == 0:
        run.position, run.step, run.failed = position, run.step + position - run.position, failed
        run.cost_sum, run.weight_sum, run.norm_sum = cost_sum, weight_sum, norm_sum
        run.best, run.waited = best, waited


@njit(error_model="numpy")
def move(net: Any, run: Any, block: Any, g: Any, worker: Any) -> Any:
    """The optimizer's step on one block: it changes the vector and the state in place."""
    at = block.start * net.item
    call(run.update, (run.vector + at, g, run.state_1 + at, run.state_2 + at, block.count, worker.coefficients))


@njit(error_model="numpy")
def add_weight_squares(net: Any, run: Any, block: Any, index: Any, side: Any) -> Any:
    """The sum of the squares of the weights of one block.

    It is laid down on the other side of a table of two: a slower thread may still be reading those of this step.
    """
    place = net.squares + 8 * (side * net.n_blocks + index)
    call(net.add_squares, (run.vector + block.start * net.item, block.n_weights, place))


@part
def gradient(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """The sums of the loss, of the weights, and of s_i dl_i/dtheta over one batch: neither divided nor with L2."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, segments, blocks = tables(net)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    m = run.n_rows
    first, last = share(m, run.n_threads, me)
    fetch(net, layers, run, 0, first, last)
    if first < last:
        put(worker.factor, 1.0)
        forward(net, layers, run, worker, first, last, run.step)
        backward(net, layers, run, worker, first, last, run.step)
    meet(run)
    for index in range(first_block(net, run, me), first_block(net, run, me + 1)):
        block = blocks[index]
        block_gradient(net, layers, segments, block, m, worker, run.gradient + block.start * net.item)
    if me == 0:
        run.cost_sum = total(net.units, (m + UNIT - 1) // UNIT, 2)
        run.weight_sum = total(net.units + 8, (m + UNIT - 1) // UNIT, 2)


@part
def predict(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """y_hat of all rows, chunk by chunk, without dropout; or, where there is Y, the sums of s_i l_i and of s_i of each chunk."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers = carray(as_layers(net.layers), net.n_layers)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    item, n_in, n_out = net.item, layers[0].n_in, layers[net.n_layers - 1].n_out
    chunks = (run.n_rows + net.chunk - 1) // net.chunk
    for turn in range((chunks - me + run.n_threads - 1) // run.n_threads):
        chunk = me + turn * run.n_threads
        first = chunk * net.chunk
        rows = min(net.chunk, run.n_rows - first)
        a, free = run.X + first * n_in * item, 0
        for number in range(net.n_layers):
            layer = layers[number]
            width = layer.n_out
            W, b = run.vector + layer.W_at, run.vector + layer.b_at
            z = worker.buffers + free * net.room
            last = number == net.n_layers - 1
            f = z if layer.in_place else worker.buffers + (free + 1) % 3 * net.room
            if last and run.Y == 0:
                f = run.output + first * n_out * item
            call(net.multiply, (rows, width, layer.n_in, a, layer.n_in, W, width, z, width, b, 0, 1, layer.finish, z))
            if layer.finish == PLAIN and not (last and run.Y and net.output):
                call(layer.forward, (z, f, rows, width, layer.parameters))
            a = f
            free = (free + 1) % 3 if layer.in_place else (free + 2) % 3
            if last and run.Y:
                scratch, y = worker.buffers + free * net.room, run.Y + first * n_out * item
                call(net.objective, (worker.losses, scratch, z, f, y, rows, width, net.parameters, 0))
                weighted = types.int64(run.s != 0)
                call(net.add_losses, (worker.losses, run.s + first * item, weighted, run.sums + 16 * chunk, 0, rows))

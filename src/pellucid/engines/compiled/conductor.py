"""The steps of a training, the gradient of a batch, and prediction, in machine code: what every thread of a call does.

With several threads a step has two halves, and the threads meet after each. In the first every thread takes some *rows* through the
network and back, up to dz of each layer. In the second it takes some *blocks of parameters*: it sums their gradient over all rows and at
once moves them, while they are in its cache. Where there are few parameters, threads share less: see `groups`.

Every number is computed by one thread, or by each in the same order: the results have the same bits with any number of threads.
"""

from __future__ import annotations

import math
from typing import Any

from numba import carray, njit, types

from pellucid.engines.compiled.elementary import sqrt
from pellucid.engines.compiled.groups import cost_of, take_groups
from pellucid.engines.compiled.intrinsics import address_of, call
from pellucid.engines.compiled.machine import UNIT
from pellucid.engines.compiled.memory import LINE
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.prefetch import look_ahead
from pellucid.engines.compiled.propagation import as_blocks, as_layers, as_workers, get, put, total
from pellucid.engines.compiled.sharing import edge, meet
from pellucid.engines.compiled.tables import PLAIN


@njit(error_model="numpy")
def fetch(net: Any, layers: Any, run: Any, worker: Any, batch: Any, first: Any, last: Any) -> Any:
    """Let x, y and s be the rows of a batch: where they lie if they are in order, else copied together."""
    start = batch * run.batch_size
    n_in, n_out = layers[0].n_in, layers[net.n_layers - 1].n_out
    if run.order == 0:
        worker.x, worker.y, worker.s = run.X + start * n_in * net.item, run.Y + start * n_out * net.item, run.s + start * net.item
        return
    worker.x, worker.y, worker.s = net.x_copy + worker.shift, net.y_copy + worker.shift, net.s_copy + worker.shift
    order = run.order + 8 * start
    call(net.gather, (run.X, order, first, last, n_in, worker.x))
    call(net.gather, (run.Y, order, first, last, n_out, worker.y))
    if run.s:
        call(net.gather, (run.s, order, first, last, 1, worker.s))


@part
def train(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """Steps of a training, from ``position`` up to, not including, ``stop``; after the last batch comes the first one again."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, blocks = carray(as_layers(net.layers), net.n_layers), carray(as_blocks(net.blocks), net.n_blocks)
    network, here = address_of(net_at), address_of(run_at)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    cost_sum, weight_sum, norm_sum, failed = run.cost_sum, run.weight_sum, run.norm_sum, 0
    best, waited = run.best, run.waited
    position, steps_before = run.position, run.step - run.position
    count = (run.n_rows + run.batch_size - 1) // run.batch_size
    batch = position % count
    worker.vector, worker.state_1, worker.state_2, worker.shift, worker.groups = run.vector, run.state_1, run.state_2, 0, 0
    worker.next_row = worker.next_end = 0
    grouped = net.groups > 1
    if grouped and me > 0:
        call(net.settle, (network, here, me))
    units = net.units + worker.shift
    first_of_mine, last_of_mine = 0, net.n_blocks
    if not grouped:  # neighbours, so that they share the cache lines of a_{l-1} that they read
        first_of_mine, last_of_mine = net.n_blocks * me // run.n_threads, net.n_blocks * (me + 1) // run.n_threads
    if run.l2 > 0:
        for index in range(first_of_mine, last_of_mine):
            add_weight_squares(net, worker, blocks[index], index, position & 1)
        if not grouped:
            meet(run)
    while position < run.stop:
        step = steps_before + position
        side = position & 1
        m = min(run.batch_size, run.n_rows - batch * run.batch_size)
        weight = float(m) if run.weights == 0 else get(run.weights + 8 * batch)
        if grouped:
            first, last = take_groups(net, run, worker, me, m, side)
        else:
            first, last = edge(m, run.n_threads, me), edge(m, run.n_threads, me + 1)
            worker.m = m
        fetch(net, layers, run, worker, batch, first, last)
        if run.prefetch:
            look_ahead(net, run, worker, batch + 1 if batch + 1 < count else 0, first, last)
        if first < last or net.widest:
            put(worker.factor, 1.0 / weight if weight > 0 else 1.0)
            call(net.forward, (network, here, me, first, last, step))
            call(net.backward, (network, here, me, units, first, last, step))
        if grouped:
            call(net.hand_over_groups, (network, here, me, units))
        meet(run)

        cost = 0.0
        if weight > 0:
            cost = (cost_of(net, worker) if grouped else total(units, (m + UNIT - 1) // UNIT, LINE // 8)) / weight
            if run.l2 > 0:
                cost += run.l2 * total(worker.squares + 8 * side * net.n_blocks, net.n_blocks, 1) / (2 * weight)
        if not math.isfinite(cost):
            failed = 1
            break
        put(worker.factor, run.l2 / weight if weight > 0 else 0.0)
        call(run.prepare, (run.settings, run.rates + 8 * position, step + 1, worker.coefficients))
        stop = first_of_mine
        for index in range(first_of_mine, last_of_mine):
            block = blocks[index]
            if grouped:
                g = gradient_of(net, run, worker, block)
                call(net.add_groups, (network, here, me, index, g))
            elif index == stop:
                g = gradient_of(net, run, worker, block)
                call(net.block_gradient, (network, me, index, last_of_mine, 0, m, g))
                stop = worker.stop
            if run.l2 > 0 and block.n_weights > 0:
                call(net.penalize, (g, worker.vector + block.start * net.item, block.n_weights, worker.factor))
            call(net.add_squares, (g, block.count, worker.norms + 8 * index))
            if run.clip <= 0:
                move(net, run, block, g, worker)
                if run.l2 > 0:
                    add_weight_squares(net, worker, block, index, 1 - side)
            g += block.count * net.item
        if not grouped:
            meet(run)

        norm = sqrt(total(worker.norms, net.n_blocks, 1))
        if run.clip > 0:
            put(worker.factor, run.clip / norm)
            for index in range(first_of_mine, last_of_mine):
                block = blocks[index]
                g = gradient_of(net, run, worker, block)
                if norm > run.clip:
                    call(net.rescale, (g, block.count, worker.factor))
                move(net, run, block, g, worker)
                if run.l2 > 0:
                    add_weight_squares(net, worker, block, index, 1 - side)
            if not grouped:
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
        run.position, run.step, run.failed = position, steps_before + position, failed
        run.cost_sum, run.weight_sum, run.norm_sum = cost_sum, weight_sum, norm_sum
        run.best, run.waited = best, waited


@njit(error_model="numpy")
def move(net: Any, run: Any, block: Any, g: Any, worker: Any) -> Any:
    """The optimizer's step on one block: it changes the vector and the state in place."""
    at = block.start * net.item
    call(run.update, (worker.vector + at, g, worker.state_1 + at, worker.state_2 + at, block.count, worker.coefficients))


@njit(error_model="numpy")
def gradient_of(net: Any, run: Any, worker: Any, block: Any) -> Any:
    """Where the gradient of a block lies: of all blocks at once only where something is to be known of all of them first."""
    if run.clip <= 0:
        return worker.gradient
    return (worker.own if net.groups > 1 else run.gradient) + block.start * net.item


@njit(error_model="numpy")
def add_weight_squares(net: Any, worker: Any, block: Any, index: Any, side: Any) -> Any:
    """The sum of the squares of the weights of one block.

    It is laid down on the other side of a table of two: a slower thread may still be reading those of this step.
    """
    place = worker.squares + 8 * (side * net.n_blocks + index)
    call(net.add_squares, (worker.vector + block.start * net.item, block.n_weights, place))


@part
def gradient(net_at: NetTable, run_at: CallTable, me: int) -> None:
    """The sums of the loss, of the weights, and of s_i dl_i/dtheta over one batch: neither divided nor with L2."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, blocks = carray(as_layers(net.layers), net.n_layers), carray(as_blocks(net.blocks), net.n_blocks)
    network, here = address_of(net_at), address_of(run_at)
    worker = carray(as_workers(net.workers), run.n_threads)[me]
    m = run.n_rows
    first, last = edge(m, run.n_threads, me), edge(m, run.n_threads, me + 1)
    worker.vector, worker.shift, worker.groups = run.vector, 0, 0
    worker.next_row = worker.next_end = 0
    worker.m = m
    fetch(net, layers, run, worker, 0, first, last)
    if first < last or net.widest:
        put(worker.factor, 1.0)
        call(net.forward, (network, here, me, first, last, run.step))
        call(net.backward, (network, here, me, net.units, first, last, run.step))
    meet(run)
    index, last_of_mine = net.n_blocks * me // run.n_threads, net.n_blocks * (me + 1) // run.n_threads
    while index < last_of_mine:
        call(net.block_gradient, (network, me, index, last_of_mine, 0, m, run.gradient + blocks[index].start * net.item))
        index = worker.stop
    if me == 0:
        run.cost_sum = total(net.units, (m + UNIT - 1) // UNIT, LINE // 8)
        run.weight_sum = total(net.units + 8, (m + UNIT - 1) // UNIT, LINE // 8)


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
            if rows >= layer.copies:
                args = (rows, width, layer.n_in, a, layer.n_in, W, width, z, width, b, 0, 1, layer.finish, z, worker.strip, net.multiply)
                call(net.multiply_by_copies, args)
            else:
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

"""Forward and backward propagation in machine code.

It is `pellucid.equations.propagation` over tables. There is no arithmetic on arrays here, only the order of things, so one compiled
form serves both dtypes, every rule and every depth. Samples are rows; ``first`` and ``last`` are the rows of one thread.
"""

from __future__ import annotations

from typing import Any

from numba import carray, from_dtype, njit, types

from pellucid.engines.compiled.batches import mask_key
from pellucid.engines.compiled.intrinsics import address_of, call, pointer_maker
from pellucid.engines.compiled.machine import UNIT, VECTOR_BYTES
from pellucid.engines.compiled.memory import LINE
from pellucid.engines.compiled.parts import CallTable, NetTable, part
from pellucid.engines.compiled.sharing import column_parts, meet, part_of
from pellucid.engines.compiled.tables import BLOCK, LAYER, PLAIN, RELU, RELU_BACKWARD, SEGMENT, WORKER

as_layers, as_segments, as_blocks, as_workers = (pointer_maker(from_dtype(record)) for record in (LAYER, SEGMENT, BLOCK, WORKER))
as_numbers = pointer_maker(types.float64)


@njit
def get(place: Any) -> Any:
    """The float64 at an address."""
    return as_numbers(place)[0]


@njit
def put(place: Any, value: Any) -> Any:
    """Set the float64 at an address."""
    as_numbers(place)[0] = value


@njit
def total(place: Any, count: Any, step: Any) -> Any:
    """The sum of every ``step``-th float64 from an address on."""
    found = 0.0
    numbers = as_numbers(place)
    for i in range(count):
        found += numbers[i * step]
    return found


def _forward(by_columns: bool) -> Any:
    """The part `forward`: with what is needed where columns are cut, or without even compiling that, as small networks would feel it."""

    @part
    def forward(net_at: NetTable, run_at: CallTable, me: int, first: int, last: int, step: int) -> None:
        """z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l), for l = 1..L, a_0 = x."""
        net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
        layers, worker = carray(as_layers(net.layers), net.n_layers), carray(as_workers(net.workers), run.n_threads)[me]
        a, shift, shared = worker.x, worker.shift, False
        if by_columns:
            worker.column_parts = column_parts(net, run, worker.m)
            shared = worker.column_parts > 1
            if shared and run.order:  # others may have copied the rows
                meet(run)
        for number in range(net.n_layers):
            layer = layers[number]
            width, n_in = layer.n_out, layer.n_in
            top, bottom, left, right = first, last, 0, width
            if by_columns and shared:
                top, bottom, left, right = part_of(net, run, worker, me, first, last, width)
            if top < bottom:
                rows, at, column = bottom - top, a + top * n_in * net.item, left * net.item
                W, b = worker.vector + layer.W_at + column, worker.vector + layer.b_at + column
                z, columns = layer.z + shift + top * width * net.item + column, right - left
                if rows >= layer.copies:
                    args = (rows, columns, n_in, at, n_in, W, width, z, width, b, 0, 1, layer.finish, z, worker.strip, net.multiply)
                    call(net.multiply_by_copies, args)
                else:
                    call(net.multiply, (rows, columns, n_in, at, n_in, W, width, z, width, b, 0, 1, layer.finish, z))
            if by_columns and shared:
                meet(run)
            if worker.next_row < worker.next_end:
                call(net.prefetch_rows, (address_of(net_at), address_of(run_at), me))
            active, dropped = layer.finish == PLAIN and (number < net.n_layers - 1 or net.output == 0), layer.f != layer.a
            if first < last:
                begin = shift + first * width * net.item
                if active:
                    call(layer.forward, (layer.z + begin, layer.f + begin, last - first, width, layer.parameters))
                if dropped:
                    drop(net, layer, run, step, layer.f + shift, layer.a + shift, first, last)
            if by_columns and shared and (active or dropped):
                meet(run)
            a = layer.a + shift

    return forward


forward, forward_by_columns = _forward(False), _forward(True)


@njit(error_model="numpy")
def drop(net: Any, layer: Any, run: Any, step: Any, f: Any, a: Any, first: Any, last: Any) -> Any:
    """a = f * mask."""
    if run.masked:
        call(net.apply_mask, (f, a, layer.mask, first * layer.n_out, last * layer.n_out))
    else:
        key = types.int64(mask_key(run.seed, step, layer.index))
        call(net.drop, (f, a, key, layer.threshold, layer.scale, first, last, layer.n_out))


def _backward(by_columns: bool) -> Any:
    """The part `backward`, likewise."""

    @part
    def backward(net_at: NetTable, run_at: CallTable, me: int, units: int, first: int, last: int, step: int) -> None:
        """dz_L from the loss and the output, times s_i * factor; then da_{l-1} = dz_l W_l^T, dz_{l-1} = da_{l-1} * f'(z_{l-1}).

        ``units``: where the sums of the losses of each `UNIT` go.
        """
        net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
        layers, worker = carray(as_layers(net.layers), net.n_layers), carray(as_workers(net.workers), run.n_threads)[me]
        shift, shared = worker.shift, by_columns and worker.column_parts > 1
        if first < last:
            last_layer, losses, rows = layers[net.n_layers - 1], net.losses + shift, last - first
            width = last_layer.n_out
            begin, row = first * width * net.item, first * net.item
            z, f, dz, y = last_layer.z + shift + begin, last_layer.f + shift + begin, last_layer.dz + shift + begin, worker.y + begin
            call(net.objective, (losses + 8 * first, dz, z, f, y, rows, width, net.parameters, 1))
            if net.link:
                call(last_layer.backward, (dz, z, f, rows, width, last_layer.backward_parameters))
            weighted = types.int64(run.s != 0)
            for unit in range(first, last, UNIT):
                end = min(last, unit + UNIT)
                call(net.add_losses, (losses, worker.s, weighted, units + LINE * (unit // UNIT), unit, end))
            if weighted or get(worker.factor) != 1.0:
                call(net.weigh, (dz, worker.s + row, weighted, worker.factor, 0, rows, width))
        if by_columns and shared:
            meet(run)
        for number in range(net.n_layers - 1, -1, -1):
            if worker.next_row < worker.next_end:
                call(net.prefetch_rows, (address_of(net_at), address_of(run_at), me))
            if worker.groups > 0:
                call(net.layer_gradient, (address_of(net_at), address_of(run_at), me, number))
            if number == 0:
                break
            layer, below = layers[number], layers[number - 1]
            width, n_out, strip = below.n_out, layer.n_out, worker.strip
            finish = RELU_BACKWARD if below.finish == RELU else PLAIN
            top, bottom, left, right = first, last, 0, width
            if by_columns and shared:
                top, bottom, left, right = part_of(net, run, worker, me, first, last, width)
            if top < bottom:
                rows, columns, W = bottom - top, right - left, worker.vector + layer.W_at
                begin, dz = shift + (top * width + left) * net.item, layer.dz + shift + top * n_out * net.item
                da, signs = below.dz + begin, below.z + begin
                if layer.turn_back:
                    call(layer.turn_back, (W, width, strip))
                    turned = strip + left * net.item
                    call(net.multiply, (rows, columns, n_out, dz, n_out, turned, width, da, width, da, width, 0, finish, signs))
                else:
                    W += left * n_out * net.item
                    call(net.multiply_transposed, (rows, columns, n_out, dz, n_out, W, n_out, da, width, strip, finish, signs))
            if by_columns and shared:
                meet(run)
            dropped = below.f != below.a
            if first < last:
                begin = shift + first * width * net.item
                if dropped:
                    drop(net, below, run, step, below.dz + shift, below.dz + shift, first, last)
                if finish == PLAIN:
                    call(
                        below.backward, (below.dz + begin, below.z + begin, below.f + begin, last - first, width, below.backward_parameters)
                    )
            if by_columns and shared and (dropped or finish == PLAIN):
                meet(run)

    return backward


backward, backward_by_columns = _backward(False), _backward(True)


@njit
def lying(rows: Any, width: Any, item: Any) -> Any:
    """Whether a matrix of so few columns is better computed lying on its side: three columns leave most of a vector empty."""
    lanes = VECTOR_BYTES // item
    standing = rows * ((width + lanes - 1) // lanes)
    return width * ((rows + lanes - 1) // lanes) < (standing if 2 * width > lanes else standing // 2)


@part
def block_gradient(net_at: NetTable, me: int, index: int, end: int, first: int, last: int, gradient: int) -> None:
    """dW_l and db_l of blocks from ``index`` on, before ``end``; rows of W_l that are in neighbours, in one product.

    They are as many as are computed at once; ``worker.stop`` is the first that is not among them.
    """
    net = carray(net_at, 1)[0]
    layers, segments = carray(as_layers(net.layers), net.n_layers), carray(as_segments(net.segments), net.n_segments)
    blocks, worker = carray(as_blocks(net.blocks), net.n_blocks), carray(as_workers(net.workers), me + 1)[me]
    start, stop = blocks[index].start, index + 1
    while stop < end and blocks[stop].start + blocks[stop].count - start <= net.at_once:
        stop += 1
    worker.stop = stop
    place, after = blocks[index].first_segment, blocks[stop - 1].last_segment
    while place < after:
        segment = segments[place]
        bottom = segment.last
        place += 1
        while place < after and segment.biases == 0 and segments[place].biases == 0 and segments[place].layer == segment.layer:
            bottom = segments[place].last
            place += 1
        segment_gradient(net, layers, segment, bottom, first, last, worker, gradient)
        gradient += layers[segment.layer].n_out * (bottom - segment.first) * net.item


@njit(error_model="numpy")
def segment_gradient(net: Any, layers: Any, segment: Any, bottom: Any, first: Any, last: Any, worker: Any, to: Any) -> Any:
    """dW_l = a_{l-1}^T dz_l, rows from the first of a segment up to ``bottom``, or db_l = the sum of dz_l, over some samples."""
    m, number = last - first, segment.layer
    layer = layers[number]
    width = layer.n_out
    dz = layer.dz + worker.shift + first * width * net.item
    if segment.biases:
        call(net.add_rows, (m, width, dz, to))
        return
    a = (layers[number - 1].a + worker.shift if number else worker.x) + (first * layer.n_in + segment.first) * net.item
    rows = bottom - segment.first
    if lying(rows, width, net.item):
        # dz^T a_{l-1}, and turned: the same sums, entry for entry, in fewer vectors
        call(net.multiply_turned, (width, rows, m, dz, width, a, layer.n_in, worker.strip, rows))
        if layer.turn:
            call(layer.turn, (worker.strip, rows, to))
        else:
            call(net.turn, (worker.strip, width, rows, to))
    elif rows >= layer.copies:
        call(net.turned_by_copies, (rows, width, m, a, layer.n_in, dz, width, to, width, worker.strip, net.multiply))
    else:
        call(net.multiply_turned, (rows, width, m, a, layer.n_in, dz, width, to, width))

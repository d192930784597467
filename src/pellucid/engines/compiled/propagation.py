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


@njit
def edge(m: Any, parts: Any, number: Any) -> Any:
    """Where a part of the rows of a batch begins: parts are whole units."""
    return min(m, (m + UNIT - 1) // UNIT * number // parts * UNIT)


@part
def forward(net_at: NetTable, run_at: CallTable, me: int, first: int, last: int, step: int) -> None:
    """z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l), for l = 1..L, a_0 = x."""
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, worker = carray(as_layers(net.layers), net.n_layers), carray(as_workers(net.workers), run.n_threads)[me]
    a, rows, shift = worker.x, last - first, worker.shift
    for number in range(net.n_layers):
        layer = layers[number]
        width = layer.n_out
        begin = shift + first * width * net.item
        at = a + first * layer.n_in * net.item
        W, b = worker.vector + layer.W_at, worker.vector + layer.b_at
        z = layer.z + begin
        call(net.multiply, (rows, width, layer.n_in, at, layer.n_in, W, width, z, width, b, 0, 1, layer.finish, z))
        if layer.finish == PLAIN and (number < net.n_layers - 1 or net.output == 0):
            call(layer.forward, (layer.z + begin, layer.f + begin, rows, width, layer.parameters))
        if layer.f != layer.a:
            drop(net, layer, run, step, layer.f + shift, layer.a + shift, first, last)
        a = layer.a + shift


@njit(error_model="numpy")
def drop(net: Any, layer: Any, run: Any, step: Any, f: Any, a: Any, first: Any, last: Any) -> Any:
    """a = f * mask."""
    if run.masked:
        call(net.apply_mask, (f, a, layer.mask, first * layer.n_out, last * layer.n_out))
    else:
        key = types.int64(mask_key(run.seed, step, layer.index))
        call(net.drop, (f, a, key, layer.threshold, layer.scale, first, last, layer.n_out))


@part
def backward(net_at: NetTable, run_at: CallTable, me: int, units: int, first: int, last: int, step: int) -> None:
    """dz_L from the loss and the output, times s_i * factor; then da_{l-1} = dz_l W_l^T, dz_{l-1} = da_{l-1} * f'(z_{l-1}).

    ``units``: where the sums of the losses of each `UNIT` go.
    """
    net, run = carray(net_at, 1)[0], carray(run_at, 1)[0]
    layers, worker = carray(as_layers(net.layers), net.n_layers), carray(as_workers(net.workers), run.n_threads)[me]
    rows, last_layer = last - first, layers[net.n_layers - 1]
    width, shift, losses = last_layer.n_out, worker.shift, net.losses + worker.shift
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
    for number in range(net.n_layers - 1, -1, -1):
        if worker.groups > 0:
            call(net.layer_gradient, (address_of(net_at), address_of(run_at), me, number))
        if number == 0:
            break
        layer, below = layers[number], layers[number - 1]
        width = below.n_out
        begin = shift + first * width * net.item
        dz = layer.dz + shift + first * layer.n_out * net.item
        W = worker.vector + layer.W_at
        da, signs = below.dz + begin, below.z + begin
        finish = RELU_BACKWARD if below.finish == RELU else PLAIN
        if layer.turn_back:
            call(layer.turn_back, (W, width, worker.strip))
            call(net.multiply, (rows, width, layer.n_out, dz, layer.n_out, worker.strip, width, da, width, da, width, 0, finish, signs))
        else:
            columns = layer.n_out
            call(net.multiply_transposed, (rows, width, columns, dz, columns, W, columns, da, width, worker.strip, finish, signs))
        if below.f != below.a:
            drop(net, below, run, step, below.dz + shift, below.dz + shift, first, last)
        if finish == PLAIN:
            call(below.backward, (da, below.z + begin, below.f + begin, rows, width, below.backward_parameters))


@njit
def lying(rows: Any, width: Any, item: Any) -> Any:
    """Whether a matrix of so few columns is better computed lying on its side: three columns leave most of a vector empty."""
    lanes = VECTOR_BYTES // item
    standing = rows * ((width + lanes - 1) // lanes)
    return width * ((rows + lanes - 1) // lanes) < (standing if 2 * width > lanes else standing // 2)


@part
def block_gradient(net_at: NetTable, me: int, index: int, first: int, last: int, gradient: int) -> None:
    """dW_l and db_l of one block."""
    net = carray(net_at, 1)[0]
    layers, segments = carray(as_layers(net.layers), net.n_layers), carray(as_segments(net.segments), net.n_segments)
    block, worker = carray(as_blocks(net.blocks), net.n_blocks)[index], carray(as_workers(net.workers), me + 1)[me]
    for place in range(block.first_segment, block.last_segment):
        segment_gradient(net, layers, segments[place], first, last, worker, gradient + segments[place].at * net.item)


@njit
def layer_of(segment: Any) -> Any:
    """The layer, counted from 0, that a segment belongs to."""
    return segment.layer if segment.layer >= 0 else -segment.layer - 1


@njit(error_model="numpy")
def segment_gradient(net: Any, layers: Any, segment: Any, first: Any, last: Any, worker: Any, to: Any) -> Any:
    """dW_l = a_{l-1}^T dz_l or db_l = the sum of dz_l over some samples, for the parameters of one segment."""
    m, number = last - first, layer_of(segment)
    layer = layers[number]
    width = layer.n_out
    dz = layer.dz + worker.shift + first * width * net.item
    if segment.layer < 0:
        call(net.add_rows, (m, width, dz, to))
        return
    a = (layers[number - 1].a + worker.shift if number else worker.x) + (first * layer.n_in + segment.first) * net.item
    rows = segment.last - segment.first
    if lying(rows, width, net.item):
        # dz^T a_{l-1}, and turned: the same sums, entry for entry, in fewer vectors
        call(net.multiply_turned, (width, rows, m, dz, width, a, layer.n_in, worker.strip, rows))
        if layer.turn:
            call(layer.turn, (worker.strip, rows, to))
        else:
            call(net.turn, (worker.strip, width, rows, to))
    else:
        call(net.multiply_turned, (rows, width, m, a, layer.n_in, dz, width, to, width))

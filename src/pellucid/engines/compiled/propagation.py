"""Forward and backward propagation in machine code.

It is `pellucid.equations.propagation` over tables. There is no arithmetic on arrays here, only the order of things, so one compiled
form serves both dtypes, every rule and every depth. Samples are rows; ``first`` and ``last`` are the rows of one thread.
"""

from __future__ import annotations

from typing import Any

from numba import njit, types

from pellucid.engines.compiled.batches import mask_key
from pellucid.engines.compiled.intrinsics import call, pointer_maker
from pellucid.engines.compiled.machine import UNIT, VECTOR_BYTES
from pellucid.engines.compiled.tables import PLAIN, RELU, RELU_BACKWARD

as_numbers = pointer_maker(types.float64)


@njit
def get(place: Any) -> Any:
    """The float64 at an address."""
    return as_numbers(place)[0]


@njit(error_model="numpy")
def forward(net: Any, layers: Any, run: Any, worker: Any, first: Any, last: Any, step: Any) -> Any:
    """z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l), for l = 1..L, a_0 = x."""
    a, rows = net.x, last - first
    for number in range(net.n_layers):
        layer = layers[number]
        width = layer.n_out
        begin = first * width * net.item
        at = a + first * layer.n_in * net.item
        W, b = run.vector + layer.W_at, run.vector + layer.b_at
        z = layer.z + begin
        call(net.multiply, (rows, width, layer.n_in, at, layer.n_in, W, width, z, width, b, 0, 1, layer.finish, z))
        if layer.finish == PLAIN and (number < net.n_layers - 1 or net.output == 0):
            call(layer.forward, (layer.z + begin, layer.f + begin, rows, width, layer.parameters))
        if layer.f != layer.a:
            drop(net, layer, run, step, layer.f, layer.a, first, last)
        a = layer.a


@njit(error_model="numpy")
def drop(net: Any, layer: Any, run: Any, step: Any, f: Any, a: Any, first: Any, last: Any) -> Any:
    """a = f * mask."""
    if run.masked:
        call(net.apply_mask, (f, a, layer.mask, first * layer.n_out, last * layer.n_out))
    else:
        key = types.int64(mask_key(run.seed, step, layer.index))
        call(net.drop, (f, a, key, layer.threshold, layer.scale, first, last, layer.n_out))


@njit(error_model="numpy")
def backward(net: Any, layers: Any, run: Any, worker: Any, first: Any, last: Any, step: Any) -> Any:
    """dz_L from the loss and the output, times s_i * factor; then da_{l-1} = dz_l W_l^T, dz_{l-1} = da_{l-1} * f'(z_{l-1})."""
    rows, last_layer = last - first, layers[net.n_layers - 1]
    width = last_layer.n_out
    begin, row = first * width * net.item, first * net.item
    z, f, dz, y = last_layer.z + begin, last_layer.f + begin, last_layer.dz + begin, net.y + begin
    call(net.objective, (net.losses + 8 * first, dz, z, f, y, rows, width, net.parameters, 1))
    if net.link:
        call(last_layer.backward, (dz, z, f, rows, width, last_layer.backward_parameters))
    weighted = types.int64(run.s != 0)
    for unit in range(first, last, UNIT):
        end = min(last, unit + UNIT)
        call(net.add_losses, (net.losses, net.s, weighted, net.units + 16 * (unit // UNIT), unit, end))
    if weighted or get(worker.factor) != 1.0:
        call(net.weigh, (dz, net.s + row, weighted, worker.factor, 0, rows, width))
    for number in range(net.n_layers - 1, 0, -1):
        layer, below = layers[number], layers[number - 1]
        begin, width = first * below.n_out * net.item, below.n_out
        dz = layer.dz + first * layer.n_out * net.item
        W = run.vector + layer.W_at
        da, signs = below.dz + begin, below.z + begin
        finish = RELU_BACKWARD if below.finish == RELU else PLAIN
        if layer.turn_back:
            call(layer.turn_back, (W, width, worker.strip))
            call(net.multiply, (rows, width, layer.n_out, dz, layer.n_out, worker.strip, width, da, width, da, width, 0, finish, signs))
        else:
            columns = layer.n_out
            call(net.multiply_transposed, (rows, width, columns, dz, columns, W, columns, da, width, worker.strip, finish, signs))
        if below.f != below.a:
            drop(net, below, run, step, below.dz, below.dz, first, last)
        if finish == PLAIN:
            call(below.backward, (da, below.z + begin, below.f + begin, rows, width, below.backward_parameters))


@njit
def lying(rows: Any, width: Any, item: Any) -> Any:
    """Whether a matrix of so few columns is better computed lying on its side: three columns leave most of a vector empty."""
    lanes = VECTOR_BYTES // item
    standing = rows * ((width + lanes - 1) // lanes)
    return width * ((rows + lanes - 1) // lanes) < (standing if 2 * width > lanes else standing // 2)


@njit(error_model="numpy")
def block_gradient(net: Any, layers: Any, segments: Any, block: Any, m: Any, worker: Any, gradient: Any) -> Any:
    """dW_l = a_{l-1}^T dz_l and db_l = the sum of dz_l over the samples, for the parameters of one block."""
    for index in range(block.first_segment, block.last_segment):
        segment = segments[index]
        to = gradient + segment.at * net.item
        bias = segment.layer < 0
        number = -segment.layer - 1 if bias else segment.layer
        layer = layers[number]
        width = layer.n_out
        if bias:
            call(net.add_rows, (m, width, layer.dz, to))
        else:
            a = (layers[number - 1].a if number else net.x) + segment.first * net.item
            rows = segment.last - segment.first
            if lying(rows, width, net.item):
                # dz^T a_{l-1}, and turned: the same sums, entry for entry, in fewer vectors
                call(net.multiply_turned, (width, rows, m, layer.dz, width, a, layer.n_in, worker.strip, rows))
                if layer.turn:
                    call(layer.turn, (worker.strip, rows, to))
                else:
                    call(net.turn, (worker.strip, width, rows, to))
            else:
                call(net.multiply_turned, (rows, width, m, a, layer.n_in, layer.dz, width, to, width))

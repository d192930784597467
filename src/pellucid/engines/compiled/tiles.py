"""Register tiles: the inner kernel of every matrix product, written as vector code.

A tile is a few rows and a few vectors of columns of C that stay in registers while the inner index p runs:

    C[i, j] = start[i, j] + sum_p A[i, p] B[p, j]

Each step of p loads the vectors of row p of B once and multiplies them with one broadcast entry of A for each row: rows * vectors fused
multiply-adds for rows + vectors loads (Goto and van de Geijn 2008, *Anatomy of high-performance matrix multiplication*). A is read through
two strides, so that A and its transpose need no copy. Each entry of C is one chain of fused multiply-adds in the order of p, whatever
the tile: so results do not depend on how the rows are cut into tiles or among threads.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pellucid.engines.compiled.intrinsics import INT
from pellucid.engines.compiled.tables import PLAIN, RELU
from pellucid.engines.compiled.vectors import Vectors


@intrinsic(prefer_literal=True)
def tile(
    typingctx: Any,
    rows: Any,
    vectors: Any,
    masked: Any,
    bytes_wide: Any,
    ends: Any,
    i: Any,
    k: Any,
    a: Any,
    row_step: Any,
    inner_step: Any,
    b: Any,
    b_row: Any,
    c: Any,
    c_row: Any,
    start: Any,
    start_row: Any,
    started: Any,
    columns: Any,
    finish: Any,
    signs: Any,
) -> Any:
    """The tile of C from row i on, of so many rows and vectors so many bytes wide; ``masked``: the last vector ends at ``columns``.

    A[i, p] lies at a[i * row_step + p * inner_step], B[p, j] at b[p * b_row + j], C[i, j] at c[i * c_row + j]; start likewise (start_row
    0 repeats one row: the bias), and is 0 where ``started`` is 0. What becomes of C before it is written, ``finish`` says if ``ends`` is
    set: `PLAIN`, `RELU`, or `RELU_BACKWARD` with ``signs`` laid out like C.
    """
    shape = rows, vectors, masked, bytes_wide, ends
    if not all(isinstance(item, types.IntegerLiteral) for item in shape):
        return None
    n_rows, n_vectors, partial, width, finishes = (item.literal_value for item in shape)
    pointer, integer = a, types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, _, _, _, _, top, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns, finish, signs = arguments
        v = Vectors(context, builder, pointer.dtype, width)
        mask = v.first(builder.sub(columns, INT((n_vectors - 1) * v.lanes))) if partial else None
        masks = [None] * (n_vectors - 1) + [mask]
        each = [(i, j) for i in range(n_rows) for j in range(n_vectors)]

        def place(base: Any, row: Any, step: Any, j: int) -> Any:
            return v.at(base, builder.add(builder.mul(row, step), INT(j * v.lanes)), v.vector)

        steps = ((a, row_step), (c, c_row), (start, start_row), (signs, c_row))
        a, c, start, signs = (v.at(base, builder.mul(top, step), v.scalar) for base, step in steps)

        sums = {key: cgutils.alloca_once(builder, v.vector) for key in each}
        with builder.if_else(builder.icmp_unsigned("!=", started, INT(0))) as (given, absent):
            with given:
                for i, j in each:
                    builder.store(v.load(place(start, INT(i), start_row, j), masks[j]), sums[i, j])
            with absent:
                for key in each:
                    builder.store(ir.Constant(v.vector, None), sums[key])
        with cgutils.for_range(builder, k) as loop:
            across = [v.load(place(b, loop.index, b_row, j), masks[j]) for j in range(n_vectors)]
            along = builder.mul(loop.index, inner_step)
            for i in range(n_rows):
                entry = v.at(a, builder.add(builder.mul(INT(i), row_step), along), v.scalar)
                factor = v.splat(builder.load(entry, typ=v.scalar), v.vector)
                for j in range(n_vectors):
                    builder.store(v.fma(factor, across[j], builder.load(sums[i, j], typ=v.vector)), sums[i, j])

        def write(finished: Any) -> None:
            for i, j in each:
                value = finished(builder.load(sums[i, j], typ=v.vector), i, j)
                v.store(value, place(c, INT(i), c_row, j), masks[j])

        def relu(value: Any, i: int, j: int) -> Any:
            below = builder.fcmp_ordered("<", value, ir.Constant(v.vector, None))
            return builder.select(below, v.constant(-0.0), builder.fadd(value, v.constant(0.0)))

        def relu_backward(value: Any, i: int, j: int) -> Any:
            bits = ir.VectorType(ir.IntType(8 * v.size), v.lanes)
            sign = builder.bitcast(v.load(place(signs, INT(i), c_row, j), masks[j]), bits)
            negative = builder.icmp_signed("<", sign, ir.Constant(bits, None))
            return builder.fmul(value, builder.select(negative, v.constant(0.0), v.constant(1.0)))

        if not finishes:
            write(lambda value, i, j: value)
            return context.get_dummy_value()
        with builder.if_else(builder.icmp_signed("==", finish, INT(PLAIN))) as (plain, other):
            with plain:
                write(lambda value, i, j: value)
            with other, builder.if_else(builder.icmp_signed("==", finish, INT(RELU))) as (forward, backward):
                with forward:
                    write(relu)
                with backward:
                    write(relu_backward)
        return context.get_dummy_value()

    kinds = [*shape, integer, integer, a, integer, integer, b, integer, c, integer, start, integer, integer, integer, integer, c]
    return types.void(*kinds), code

"""Matrix products out of register tiles: z = a W + b, da = dz W^T, dW = a^T dz, db = the sum of dz over the samples.

Matrices are C-ordered. Nothing is blocked along the inner index: the strip of B that a column of tiles reads (k rows of two vectors, 128
bytes a row) stays in the second-level cache up to a k of several thousand.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from pellucid.engines.compiled.intrinsics import offset
from pellucid.engines.compiled.parts import part
from pellucid.engines.compiled.tiles import ROWS, VECTORS, lanes, tile, transpose

LARGE = 1 << 17
"""entries of B from which each strip of it is copied together before use: its rows then lie on few memory pages"""


def _strip(vectors: int, masked: int) -> Any:
    """The function that computes one strip of columns of C, ``vectors`` wide, the last vector masked or not."""

    @njit(error_model="numpy")
    def strip(m, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns):
        i = 0
        while i + ROWS <= m:
            tile(ROWS, vectors, masked, i, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)
            i += ROWS
        if i + 4 <= m:
            tile(4, vectors, masked, i, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)
            i += 4
        if i + 2 <= m:
            tile(2, vectors, masked, i, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)
            i += 2
        if i < m:
            tile(1, vectors, masked, i, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)

    return strip


_whole, _partial, _narrow = _strip(VECTORS, 0), _strip(VECTORS, 1), _strip(1, 1)


@njit(error_model="numpy")
def _any_strip(m, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns):
    if columns == VECTORS * lanes(b):
        _whole(m, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)
    elif columns > lanes(b):
        _partial(m, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)
    else:
        _narrow(m, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, columns)


@part("i i i T* i i T* i T* i T* i i T*")
def multiply(m, n, k, a, row_step, inner_step, b, b_row, c, c_row, start, start_row, started, strip):
    """C = start + A B, C (m, n): A[i, p] at a[i row_step + p inner_step], B (k, n) with rows of b_row entries.

    ``start`` has rows of start_row entries (0: one row for all); it is left out where ``started`` is 0. ``strip`` has room for k rows of a
    tile's width.
    """
    width = VECTORS * lanes(b)
    copied = k * b_row >= LARGE and m >= 4 * ROWS
    for j in range(0, n, width):
        columns = min(width, n - j)
        if copied:
            for p in range(k):
                for t in range(columns):
                    strip[p * width + t] = b[p * b_row + j + t]
            _any_strip(m, k, a, row_step, inner_step, strip, width, offset(c, j), c_row, offset(start, j), start_row, started, columns)
        else:
            here = offset(b, j)
            _any_strip(m, k, a, row_step, inner_step, here, b_row, offset(c, j), c_row, offset(start, j), start_row, started, columns)


@part("i i i T* i T* i T* i T*")
def multiply_transposed(m, n, k, a, a_row, w, w_row, c, c_row, strip):
    """C = A W^T, C (m, n), W (n, k) with rows of w_row entries: each strip of W^T is turned into ``strip`` before use."""
    step = lanes(a)
    width = VECTORS * step
    for j in range(0, n, width):
        columns = min(width, n - j)
        for t in range(0, columns, step):
            for p in range(0, k, step):
                block = offset(w, (j + t) * w_row + p)
                transpose(block, w_row, min(step, columns - t), min(step, k - p), offset(strip, p * width + t), width)
        _any_strip(m, k, a, a_row, 1, strip, width, offset(c, j), c_row, c, 0, 0, columns)

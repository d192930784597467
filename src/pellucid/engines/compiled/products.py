"""Matrix products out of register tiles: z = a W + b, da = dz W^T, dW = a^T dz, db = the sum of dz over the samples.

Matrices are C-ordered. The strip of B that a column of tiles reads (k rows of two vectors, 128 bytes a row) is to stay in the second-level
cache, so the inner index runs in pieces of `INNER`; each entry of C goes on from where it was, in the same order as without pieces.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from pellucid.engines.compiled.intrinsics import offset
from pellucid.engines.compiled.machine import INNER, ROWS, VECTOR_BYTES, VECTORS
from pellucid.engines.compiled.parts import Entries, part
from pellucid.engines.compiled.tables import PLAIN
from pellucid.engines.compiled.tiles import tile
from pellucid.engines.compiled.vectors import add_columns, lanes, transpose


def _strip(turned: int, vectors: int, masked: int, wide: int = VECTOR_BYTES, rest: Any = None) -> Any:
    """The function that computes one strip of columns of C, ``vectors`` of so many bytes wide, the last one masked or not.

    ``step`` is between the rows of A, whose entries are neighbours; or, where A is ``turned``, between the entries of a row, and the rows
    are neighbours. That one of the two steps is the number 1 spares some of the arithmetic of addresses. ``rest``: the function for the
    rows that are less than a full tile, where it is to be another one.
    """
    rows, ends = ROWS, 0 if turned else 1

    @njit(error_model="numpy")
    def tiles_only(
        m: Any,
        k: Any,
        a: Any,
        step: Any,
        b: Any,
        b_row: Any,
        c: Any,
        c_row: Any,
        start: Any,
        s_row: Any,
        given: Any,
        columns: Any,
        finish: Any,
        signs: Any,
    ) -> Any:
        row, inner = (1, step) if turned else (step, 1)
        i = 0
        while i + rows <= m:
            tile(rows, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)
            i += rows
        if i < m:
            a, c, start, signs = offset(a, i * row), offset(c, i * c_row), offset(start, i * s_row), offset(signs, i * c_row)
            rest(m - i, k, a, step, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)

    if rest is not None:
        return tiles_only

    @njit(error_model="numpy")
    def strip(
        m: Any,
        k: Any,
        a: Any,
        step: Any,
        b: Any,
        b_row: Any,
        c: Any,
        c_row: Any,
        start: Any,
        s_row: Any,
        given: Any,
        columns: Any,
        finish: Any,
        signs: Any,
    ) -> Any:
        row, inner = (1, step) if turned else (step, 1)
        i = 0
        while i + rows <= m:
            tile(rows, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)
            i += rows
        if i + 4 <= m:
            tile(4, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)
            i += 4
        if turned and i + 3 == m:  # three classes, lying on their side
            tile(3, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)
            return
        if i + 2 <= m:
            tile(2, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)
            i += 2
        if i < m:
            tile(1, vectors, masked, wide, ends, i, k, a, row, inner, b, b_row, c, c_row, start, s_row, given, columns, finish, signs)

    return strip


def _any_strip(turned: int) -> Any:
    """The function that picks the strip for a number of columns."""
    partial, narrow = _strip(turned, VECTORS, 1), _strip(turned, 1, 1)
    # With AVX-512 a full mask costs little (1.5 %), so that only the full tiles are compiled without it.
    whole = _strip(turned, VECTORS, 0, rest=partial if VECTOR_BYTES == 64 else None)
    # Half a vector for columns that fit into it: a machine whose cores do two halves at a time (Zen 4) is twice as fast with them.
    slim = _strip(turned, 1, 1, max(VECTOR_BYTES // 2, 16))

    @njit(error_model="numpy", inline="always")  # else LLVM would go over all of it once more, for 0.2 s
    def strip(
        m: Any,
        k: Any,
        a: Any,
        step: Any,
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
        if columns == VECTORS * lanes(b):
            whole(m, k, a, step, b, b_row, c, c_row, start, start_row, started, columns, finish, signs)
        elif columns > lanes(b):
            partial(m, k, a, step, b, b_row, c, c_row, start, start_row, started, columns, finish, signs)
        elif 2 * columns > lanes(b):
            narrow(m, k, a, step, b, b_row, c, c_row, start, start_row, started, columns, finish, signs)
        else:
            slim(m, k, a, step, b, b_row, c, c_row, start, start_row, started, columns, finish, signs)

    return strip


_straight, _turned = _any_strip(0), _any_strip(1)


@part
def multiply(
    m: int,
    n: int,
    k: int,
    a: Entries,
    a_row: int,
    b: Entries,
    b_row: int,
    c: Entries,
    c_row: int,
    start: Entries,
    start_row: int,
    started: int,
    finish: int,
    signs: Entries,
) -> None:
    """C = start + A B: A (m, k), B (k, n), C (m, n), each with rows of so many entries.

    ``start`` has rows of start_row entries (0: one row for all); it is left out where ``started`` is 0. ``finish``: see `tiles`.
    """
    width = VECTORS * lanes(b)
    for p in range(0, k, INNER):
        inner = min(INNER, k - p)
        if p:
            start, start_row, started = c, c_row, 1
        for j in range(0, n, width):
            columns, b_at, c_at = min(width, n - j), offset(b, p * b_row + j), offset(c, j)
            last, at = finish if p + inner == k else PLAIN, offset(start, j)
            _straight(m, inner, offset(a, p), a_row, b_at, b_row, c_at, c_row, at, start_row, started, columns, last, offset(signs, j))


@part
def multiply_turned(m: int, n: int, k: int, a: Entries, a_row: int, b: Entries, b_row: int, c: Entries, c_row: int) -> None:
    """C = A^T B: A (k, m), B (k, n), C (m, n)."""
    width = VECTORS * lanes(b)
    for p in range(0, k, INNER):
        inner = min(INNER, k - p)
        for j in range(0, n, width):
            columns, b_at, c_at = min(width, n - j), offset(b, p * b_row + j), offset(c, j)
            _turned(m, inner, offset(a, p * a_row), a_row, b_at, b_row, c_at, c_row, c_at, c_row, min(p, 1), columns, PLAIN, c_at)


@part
def multiply_transposed(
    m: int,
    n: int,
    k: int,
    a: Entries,
    a_row: int,
    w: Entries,
    w_row: int,
    c: Entries,
    c_row: int,
    strip: Entries,
    finish: int,
    signs: Entries,
) -> None:
    """C = A W^T, C (m, n), W (n, k) with rows of w_row entries: each strip of W^T is turned into ``strip`` before use."""
    step = lanes(a)
    width = VECTORS * step
    for p in range(0, k, INNER):
        inner = min(INNER, k - p)
        for j in range(0, n, width):
            columns = min(width, n - j)
            for t in range(0, columns, step):
                for q in range(0, inner, step):
                    block = offset(w, (j + t) * w_row + p + q)
                    transpose(block, w_row, min(step, columns - t), min(step, inner - q), offset(strip, q * width + t), width)
            c_at = offset(c, j)
            last = finish if p + inner == k else PLAIN
            _straight(m, inner, offset(a, p), a_row, strip, width, c_at, c_row, c_at, c_row, min(p, 1), columns, last, offset(signs, j))


@part
def add_rows(m: int, n: int, a: Entries, total: Entries) -> None:
    """total = the sum of the rows of A (m, n)."""
    step = lanes(a)
    for j in range(0, n, step):
        add_columns(m, offset(a, j), n, min(step, n - j), offset(total, j))


@part
def turn(source: Entries, rows: int, columns: int, target: Entries) -> None:
    """target = source^T, entry by entry: for small matrices."""
    for j in range(columns):
        for i in range(rows):
            target[j * rows + i] = source[i * columns + j]

"""Products by way of copies, where the rows of B lie far apart (`machine.FAR`).

Such rows are on pages of their own, and their lines fall into few sets of a cache, so that each is fetched again for every tile. So a strip
of B is copied together first, and a^T dz copies a, too (Goto and van de Geijn 2008: packing). The products themselves are those of
`products`, strip by strip; each entry is summed in the same order.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from pellucid.engines.compiled.intrinsics import address_of, call, offset
from pellucid.engines.compiled.machine import COPIED_INNER, COPIED_ROWS, INNER, VECTORS
from pellucid.engines.compiled.parts import Entries, part
from pellucid.engines.compiled.tables import PLAIN
from pellucid.engines.compiled.vectors import copy, lanes, transpose


@njit(error_model="numpy")
def gather_columns(k: Any, columns: Any, b: Any, b_row: Any, to: Any, to_row: Any) -> Any:
    """Copy some columns of k rows of B together."""
    step = lanes(b)
    for p in range(k):
        for j in range(0, columns, step):
            copy(offset(b, p * b_row + j), offset(to, p * to_row + j), min(step, columns - j))


@part
def multiply_by_copies(
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
    strip: Entries,
    product: int,
) -> None:
    """`products.multiply`, whose address is ``product``, on copies in ``strip``."""
    width = VECTORS * lanes(b)
    for p in range(0, k, INNER):
        inner = min(INNER, k - p)
        last = finish if p + inner == k else PLAIN
        if p:
            start, start_row, started = c, c_row, 1
        for j in range(0, n, width):
            columns = min(width, n - j)
            gather_columns(inner, columns, offset(b, p * b_row + j), b_row, strip, width)
            left, right, to = address_of(offset(a, p)), address_of(strip), address_of(offset(c, j))
            begin, sign = address_of(offset(start, j)), address_of(offset(signs, j))
            call(product, (m, columns, inner, left, a_row, right, width, to, c_row, begin, start_row, started, last, sign))


@part
def turned_by_copies(
    m: int,
    n: int,
    k: int,
    a: Entries,
    a_row: int,
    b: Entries,
    b_row: int,
    c: Entries,
    c_row: int,
    strip: Entries,
    product: int,
) -> None:
    """C = A^T B by way of `products.multiply`, whose address is ``product``.

    A is turned when it is copied, for `COPIED_ROWS` rows of C at a time.
    """
    step = lanes(b)
    width = VECTORS * step
    turned = offset(strip, COPIED_INNER * width)
    for i in range(0, m, COPIED_ROWS):
        rows, c_rows = min(COPIED_ROWS, m - i), offset(c, i * c_row)
        for p in range(0, k, COPIED_INNER):
            inner = min(COPIED_INNER, k - p)
            for q in range(0, inner, step):
                for t in range(0, rows, step):
                    block = offset(a, (p + q) * a_row + i + t)
                    to = offset(turned, t * COPIED_INNER + q)
                    transpose(block, a_row, min(step, inner - q), min(step, rows - t), to, COPIED_INNER)
            left, right = address_of(turned), address_of(strip)
            for j in range(0, n, width):
                columns, sums = min(width, n - j), address_of(offset(c_rows, j))
                gather_columns(inner, columns, offset(b, p * b_row + j), b_row, strip, width)
                args = (rows, columns, inner, left, COPIED_INNER, right, width, sums, c_row, sums, c_row, min(p, 1), PLAIN, sums)
                call(product, args)

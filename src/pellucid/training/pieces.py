"""Sparse rows for engines that take dense ones: some batches at a time become dense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.engines import Batches
from pellucid.equations.arrays import Array

LARGEST = 1 << 26
"""bytes of dense rows at a time, unless one batch is more"""


def is_sparse(X: Any) -> bool:
    """Whether it is one of SciPy's sparse matrices."""
    return hasattr(X, "tocsr")


def dense(X: Any) -> Array:
    """Rows as an array."""
    return X.toarray(order="C") if is_sparse(X) else X


def pieces(batches: Batches) -> Iterator[tuple[int, Batches]]:
    """(first batch, batches) one piece after another; dense batches are one piece as they are."""
    if not is_sparse(batches.X):
        yield 0, batches
        return
    row = max(batches.X.shape[1] * batches.X.dtype.itemsize, 1)
    at_a_time = max(LARGEST // (row * batches.batch_size), 1)
    m, size = (batches.X.shape[0] if batches.order is None else len(batches.order)), batches.batch_size
    for first in range(0, -(-m // size), at_a_time):
        at = slice(first * size, min((first + at_a_time) * size, m))
        rows = at if batches.order is None else batches.order[at]
        s = None if batches.s is None else np.ascontiguousarray(batches.s[rows])
        X, Y = dense(batches.X[rows]), np.ascontiguousarray(batches.Y[rows])
        yield first, replace(batches, X=X, Y=Y, s=s, order=None)


def blocks(X: Any, m: int) -> Iterator[slice]:
    """All rows, some at a time where they are sparse."""
    if not is_sparse(X):
        yield slice(0, m)
        return
    at_a_time = max(LARGEST // max(X.shape[1] * X.dtype.itemsize, 1), 1)
    for at in range(0, m, at_a_time):
        yield slice(at, min(at + at_a_time, m))

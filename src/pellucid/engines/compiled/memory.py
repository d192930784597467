"""Arrays as machine code sees them: addresses, and room that begins at a cache line."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array

LINE = 64
"""bytes of a cache line, and of the widest vector"""
PAGE = 4096
"""bytes of a page, which no processor looks beyond when it reads ahead: it would take lines away from the core that writes to them"""


def aligned(count: int, dtype: Any, to: int = LINE) -> Array:
    """An array that begins at the beginning of a cache line, or of a page."""
    size = np.dtype(dtype).itemsize
    raw = np.empty(count * size + to, dtype=np.uint8)
    begin = -at(raw) % to
    return raw[begin : begin + count * size].view(dtype)


def at(array: Array | None) -> int:
    """Where the entries of a contiguous array begin; 0 for none."""
    if array is None:
        return 0
    try:  # a quarter of the time of the other way
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    except (TypeError, ValueError):  # a read-only array, or an empty one
        return int(array.ctypes.data)

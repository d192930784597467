"""The table of the arrays in a safetensors file, checked against the size of the file before anything is made of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

TYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "F16": "<f2", "U32": "<u4", "I32": "<i4", "F32": "<f4", "U64": "<u8",
    "I64": "<i8", "F64": "<f8",
}  # fmt: skip
"""NumPy's types by the names of safetensors"""
MAX_DIMENSIONS = 8
MAX_DEPTH = 200
"""how deeply values may be nested; `values` writes at most some 150"""


@dataclass(frozen=True)
class Entry:
    """Where an array lies in the data."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


def read_table(header: dict[str, Any], n_bytes: int) -> dict[str, Entry]:
    """The entries of a header without its metadata; together they fill ``n_bytes`` without gaps.

    Raises:
        ValueError: they do not, or an entry is none.

    """
    table = {name: _entry(name, told) for name, told in header.items()}
    at = 0
    for name, entry in sorted(table.items(), key=lambda item: (item[1].start, item[1].stop)):
        if entry.start != at:
            raise ValueError(f"{name!r} overlaps another array, or leaves a gap")
        at = entry.stop
    if at != n_bytes:
        raise ValueError(f"{n_bytes:,} bytes of data where its arrays have {at:,}")
    return table


def _entry(name: str, told: Any) -> Entry:
    if not isinstance(told, dict) or set(told) != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"{name!r} is no array")
    shape, offsets, kind = told["shape"], told["data_offsets"], told["dtype"]
    if not isinstance(kind, str) or kind not in TYPES:
        raise ValueError(f"{name!r} is of an unknown type")
    if not _whole(shape) or len(shape) > MAX_DIMENSIONS or not _whole(offsets) or len(offsets) != 2:
        raise ValueError(f"{name!r} is of no shape")
    dtype = np.dtype(TYPES[kind])
    if offsets[1] - offsets[0] != math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{name!r} is of another size than its shape")
    return Entry(dtype, tuple(shape), offsets[0], offsets[1])


def _whole(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(number) is int and 0 <= number < 1 << 62 for number in numbers)


def strict(text: str | bytes, infinite: bool = False) -> Any:
    """JSON without a key that is there twice, not deeply nested, and (unless told) without numbers that are not finite.

    Raises:
        ValueError: it is no such JSON.

    """

    def number(told: str) -> float:
        value = float(told)
        if not infinite and not math.isfinite(value):
            raise ValueError("a number that is not finite")
        return value

    found = json.loads(text, object_pairs_hook=_once, parse_float=number, parse_constant=number)
    level = [found]
    for _ in range(MAX_DEPTH):
        if not level:
            return found
        level = [
            inside for value in level if isinstance(value, dict | list) for inside in (value.values() if isinstance(value, dict) else value)
        ]
    raise ValueError(f"values nested more than {MAX_DEPTH} times")


def _inside(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key that is there twice")
    return found

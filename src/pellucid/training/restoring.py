"""What a checkpoint says, checked before anything of it is taken: it may be damaged with care, and its checksum right."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import ModelFileError, sentence
from pellucid.training.checkpoints import Snapshot

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError)


@contextmanager
def restoring(snapshot: Snapshot) -> Iterator[None]:
    """Whatever fails inside says that it is no checkpoint of this training.

    Raises:
        ModelFileError: it failed.

    """
    try:
        yield
    except ModelFileError:
        raise
    except UNREADABLE as error:
        told = f"{type(error).__name__}: {error}"
        got = f"not the state of this training ({told if len(told) <= 120 else told[:117] + '...'})"
        raise ModelFileError(sentence("the checkpoint", snapshot.source, got, "one that fit wrote", "begin anew")) from error


def array(snapshot: Snapshot, name: str, like: Array | tuple[Any, tuple[int, ...]]) -> Array:
    """A copy of an array of that type and shape.

    Raises:
        ValueError: it is of another.

    """
    dtype, shape = (like.dtype, like.shape) if isinstance(like, np.ndarray) else like
    found = snapshot.arrays[name]
    if found.dtype != dtype or found.shape != shape:
        raise ValueError(f"{name} is of {found.dtype} {found.shape}, not of {dtype} {shape}")
    return found.copy()


def parameters(snapshot: Snapshot, name: str, vector: Array) -> Array:
    """The same, and finite."""
    found = array(snapshot, name, vector)
    if not np.isfinite(found).all():
        raise ValueError(f"{name} is not finite")
    return found


def whole(value: Any, name: str, low: int, high: int = 1 << 62) -> int:
    """A whole number from low to high.

    Raises:
        ValueError: it is none.

    """
    if type(value) is not int or not low <= value <= high:
        raise ValueError(f"{name} is {str(value)[:40]}")
    return value


def number(value: Any, name: str) -> float:
    """A number, which may be infinite or NaN.

    Raises:
        ValueError: it is none.

    """
    if type(value) not in (int, float):
        raise ValueError(f"{name} is {str(value)[:40]}")
    return float(value)


def order(found: Array, rows: Array | None, m: int) -> Array:
    """An order of these rows, or of the first m.

    Raises:
        ValueError: it is none: it would read beyond the data.

    """
    expected = np.arange(m) if rows is None else np.sort(rows)
    if found.dtype != np.int64 or found.shape != (m,) or not np.array_equal(np.sort(found), expected):
        raise ValueError("the order of the rows is none")
    return found

"""What fit is given beside the parameters: arrays as engines want them, and what is to become of checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.training.checkpoints import Checkpoints, Path, Snapshot, to_resume
from pellucid.training.pieces import is_sparse


@dataclass(frozen=True)
class Saving:
    """What fit was told of checkpoints."""

    checkpoint: Path | None
    every: int | str
    resume: bool | Path

    def checkpoints(self) -> Checkpoints | None:
        """Where and how often they are written."""
        return Checkpoints.of(self.checkpoint, self.every, resumes=bool(self.resume))

    def snapshot(self) -> Snapshot | None:
        """The one to go on from."""
        return to_resume(self.resume, self.checkpoint)


def is_numbers(array: Any, ndim: int) -> TypeGuard[Array]:
    """Whether it is an array of so many dimensions with finite numbers of 32 or 64 bits, or whole ones, in it."""
    if type(array) is not np.ndarray or array.ndim != ndim or array.dtype.char not in "fdilq":
        return False
    return array.dtype.kind == "i" or bool(np.isfinite(array).all())


def as_engines_want(X: Any, Y: Array, s: Array | None, dtype: np.dtype[Any]) -> tuple[Any, Array, Array | None]:
    """Contiguous rows of one dtype; sparse X in CSR form."""
    inputs = X.tocsr().astype(dtype, copy=False) if is_sparse(X) else np.ascontiguousarray(X, dtype)
    return inputs, np.ascontiguousarray(Y, dtype), None if s is None else np.ascontiguousarray(s, dtype)

"""Checkpoints: the whole state of a training in a file, so that one that was killed goes on as if nothing had happened.

A checkpoint is written to a temporary file, flushed to the disk, and renamed: at every instant the last whole one is there. What it holds
is all that the next step depends on: parameters, moments and count of the optimizer, the state of the schedule, of the generator and the
order it drew, the position in the epoch and the sums so far, the best weights and how long was waited for better ones, what callbacks
remember, and the history. Dropout needs nothing: its masks are a function of the seed and of the step.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import storage
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ModelFileError, OutputError, sentence
from pellucid.files import check_writable
from pellucid.training.pieces import is_sparse

if TYPE_CHECKING:
    from pellucid.training.session import Training

Path = str | os.PathLike[str]
KIND = "checkpoint"
USUAL = "30 seconds"


@dataclass(frozen=True)
class Snapshot:
    """The state of a training at one instant."""

    source: str
    """the file that it comes from"""
    facts: dict[str, Any]
    """values for JSON"""
    arrays: dict[str, Array]


@dataclass
class Checkpoints:
    """Where and how often the state of a training is written."""

    path: Path
    epochs: int | None
    """every so many epochs"""
    seconds: float
    """or after so many seconds, also within an epoch"""

    def __post_init__(self) -> None:
        self._written = time.monotonic()
        self._epoch = 0

    @staticmethod
    def of(path: Path | None, every: int | float | str, resumes: bool) -> Checkpoints | None:
        """From what a user writes: ``every=10`` is epochs, ``every="30 seconds"`` (or s, minutes, hours) is time.

        Raises:
            InputError: ``every`` is neither.
            OutputError: no file can be written there, or there is one that this training does not go on from.

        """
        if path is None:
            return None
        epochs, seconds = _every(every)
        try:
            check_writable(path, force=resumes)
        except OutputError:
            if resumes or not os.path.isfile(path):
                raise
            repair = "go on from it with resume=True (--resume), remove it, or choose another name"
            raise OutputError(sentence("the checkpoint", os.fspath(path), "there already", "a new name", repair)) from None
        return Checkpoints(path, epochs, seconds)

    def due_in(self, epoch: int) -> int | None:
        """In how many epochs the next one is due; None where only time tells."""
        return None if self.epochs is None else self.epochs - (epoch - self._epoch) % self.epochs

    def is_due(self, epoch: int, within: bool = False) -> bool:
        """Whether it is time; ``within`` an epoch only seconds count."""
        if self.epochs is not None and not within:
            return epoch > self._epoch and epoch % self.epochs == 0
        return self.epochs is None and time.monotonic() - self._written >= self.seconds

    def write(self, snapshot: Snapshot, epoch: int) -> None:
        """Replace the file by a new one."""
        storage.write_model(self.path, snapshot.facts, snapshot.arrays, force=True, kind=KIND)
        self._written, self._epoch = time.monotonic(), epoch


def read(path: Path) -> Snapshot:
    """The snapshot in a file.

    Raises:
        ModelFileError: it is missing, damaged, foreign, or of another format version.

    """
    facts, arrays = storage.read_model(path, kind=KIND)
    return Snapshot(os.fspath(path), facts, arrays)


def to_resume(resume: bool | Path, checkpoint: Path | None) -> Snapshot | None:
    """What ``fit(resume=...)`` is to go on from: a file, or with True the ``checkpoint``, where it is there already."""
    if resume is True:
        if checkpoint is None:
            raise InputError(sentence("resume", "fit", "True", "a checkpoint, too", "add checkpoint='run.ckpt', or name the file"))
        return read(checkpoint) if os.path.exists(checkpoint) else None
    return read(resume) if resume else None


def fingerprint(*data: Any) -> str:
    """A hash of arrays, so that a training does not go on with other data."""
    digest = hashlib.sha256()
    for part in data:
        if part is None:
            digest.update(b"none")
            continue
        for array in (part.data, part.indices, part.indptr) if is_sparse(part) else (np.ascontiguousarray(part),):
            digest.update(f"{array.dtype} {array.shape}".encode())
            digest.update(array.reshape(-1).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def identity(training: Training, batch_size: int, shuffled: bool) -> dict[str, Any]:
    """What must be the same for a training to be gone on with."""
    plan = training.plan
    held = (None,) * 4 if plan.held is None else (plan.held.X, plan.held.Y, plan.held.s, plan.held.rows)
    return {
        "architecture": training.engine.architecture.to_header(),
        "dtype": training.vector.dtype.name,
        "optimizer": repr(plan.optimizer),
        "batch_size": batch_size,
        "shape": [*plan.X.shape, *plan.Y.shape],
        "settings": {"shuffle": shuffled, "clip_norm": plan.clip_norm, "seed": plan.seed},
        "data": fingerprint(plan.X, plan.Y, plan.s, plan.rows, *held),
    }


def check(snapshot: Snapshot, expected: Mapping[str, Any]) -> None:
    """Whether a snapshot is of this very training.

    Raises:
        ModelFileError: it is of another one; the sentence says in what they differ.

    """
    width, wanted = _width(snapshot.facts.get("shape")), _width(expected["shape"])
    if width != wanted:
        got, repair = f"of data of another width: {width}", "prepare the data as in the training that wrote it, or begin anew"
        raise ModelFileError(sentence("the checkpoint", snapshot.source, got, f"one of this training: {wanted}", repair))
    words = {
        "architecture": "another network",
        "dtype": "another number type",
        "optimizer": "another optimizer",
        "batch_size": "another batch size",
        "shape": "data of another shape",
        "settings": "other settings",
        "data": "other data",
    }
    for name, what in words.items():
        found = snapshot.facts.get(name)
        if found != expected[name]:
            got = f"of {what}: {_short(found)}" if name != "data" else f"of {what}"
            wanted = f"one of this training: {_short(expected[name])}" if name != "data" else "one of this training"
            repair = "call fit as in the training that wrote it, or begin anew"
            raise ModelFileError(sentence("the checkpoint", snapshot.source, got, wanted, repair))


def _width(shape: Any) -> str:
    if not isinstance(shape, list) or len(shape) != 4 or not all(type(n) is int for n in shape):
        return "unknown"
    return f"{shape[1]} columns and {shape[3]} target{'' if shape[3] == 1 else 's'}"


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 120 else f"{text[:117]}..."


def _every(every: int | float | str) -> tuple[int | None, float]:
    units = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}
    if isinstance(every, str):
        number, _, unit = every.strip().partition(" ")
        if not unit:
            number = every.strip().rstrip("abcdefghijklmnopqrstuvwxyz")
            unit = every.strip()[len(number) :]
        try:
            seconds = float(number) * units[unit if unit in units else unit.removesuffix("s")]
        except (ValueError, KeyError):
            seconds = -1.0
        if 0 <= seconds < float("inf"):
            return None, seconds
    elif isinstance(every, Real) and not isinstance(every, bool) and every == int(every) and every >= 1:
        return int(every), 0.0
    expected = "a number of epochs, or a time"
    raise InputError(sentence("every", "fit", repr(every), expected, "e.g. every=10 or every='30 seconds'"))

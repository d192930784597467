"""Checkpoints: the whole state of a training in a file, so that one that was killed goes on as if nothing had happened.

A checkpoint is written to a temporary file, flushed to the disk, and renamed: at every instant the last whole one is there. What it holds
is all that the next step depends on: parameters, moments and count of the optimizer, the state of the schedule, of the generator and the
order it drew, the position in the epoch and the sums so far, the best weights and how long was waited for better ones, what callbacks
remember, and the history. Dropout needs nothing: its masks are a function of the seed and of the step.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from pellucid import storage
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, OutputError, sentence
from pellucid.files import check_writable

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
        if not isinstance(path, str | bytes | os.PathLike):
            raise InputError(sentence("checkpoint", "fit", repr(path), "the name of a file", "e.g. checkpoint='run.ckpt'"))
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


def to_resume(resume: bool | Path | None, checkpoint: Path | None) -> Snapshot | None:
    """What ``fit(resume=...)`` is to go on from: a file, or with True the ``checkpoint``, where it is there already."""
    if isinstance(resume, bool | np.bool_):
        if not resume:
            return None
        if checkpoint is None:
            raise InputError(sentence("resume", "fit", "True", "a checkpoint, too", "add checkpoint='run.ckpt', or name the file"))
        return read(checkpoint) if os.path.exists(checkpoint) else None
    if resume is None:
        return None
    if not isinstance(resume, str | bytes | os.PathLike):
        repair = "name the file, or leave it out"
        raise InputError(sentence("resume", "fit", repr(resume), "the name of a checkpoint, True or False", repair))
    return read(resume)


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

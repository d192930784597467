"""Stretches: epochs that go by in one call of the engine, since nobody has to look at what lies between them.

An epoch of a small network on a full batch is one step of some microseconds, less than what comes between two epochs in Python. The engine
writes down what each step added to the sums of an epoch, so the history is the same as epoch by epoch. What is not kept, the parameters in
between, is made again in the rare case that they are asked for: the same steps give the same bits.
"""

from __future__ import annotations

from typing import NamedTuple

from pellucid.engines import Batches, Engine
from pellucid.engines.base import Progress
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer

LONGEST = 64
"""epochs: of the way through Python little is left then"""
LARGEST = 1 << 16
"""parameters above which each epoch is a stretch of its own: their copies are no longer small, and a step takes long"""

WHILE = 1.0
"""seconds that a call may take which makes parameters again"""


class Origin(NamedTuple):
    """Where a stretch of several epochs began."""

    engine: Engine
    progress: Progress
    """at the beginning; nobody moves it"""
    batches: Batches
    rates: Array
    """of the steps of the stretch"""
    optimizer: Optimizer

    @staticmethod
    def of(engine: Engine, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer) -> Origin:
        """The origin of a stretch that is about to begin."""
        return Origin(engine, _copy(progress), batches, rates, optimizer)

    def after(self, epochs: int) -> Array:
        """The parameters after so many epochs of the stretch."""
        progress, steps = _copy(self.progress), epochs * self.batches.count
        while progress.position < steps:
            self.engine.run(progress, self.batches, self.rates[:steps], self.optimizer, WHILE)
        return progress.vector


def _copy(progress: Progress) -> Progress:
    """Progress that moves on its own."""
    return Progress(progress.vector.copy(), tuple([part.copy() for part in progress.state]), progress.step)

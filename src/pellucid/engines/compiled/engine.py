"""The compiled engine: fills in the table of a call, and sends threads into machine code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines.base import Batches, Engine, Progress, Sums
from pellucid.engines.compiled import rules, team
from pellucid.engines.compiled.cuts import groups_of
from pellucid.engines.compiled.memory import at
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.plan import PARTS, Workspace
from pellucid.engines.compiled.store import ahead
from pellucid.engines.compiled.training import Training, kernel
from pellucid.engines.steps import run_steps
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer

ALONE = 1_000_000
"""multiplications in a step below which one thread is enough: some 20 us, as long as it takes to share them"""
WORTH = 10_000_000
"""multiplications below which a single pass over the data stays with one thread: about 100 us, where sending for another takes 50"""
_asked: set[tuple[str, Any]] = set()
"""the kernels, by dtype, that were asked for in this process"""


class CompiledEngine:
    """Forward and backward propagation in machine code."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.n_threads: int | None = None
        """the user's limit"""
        self._free: list[Workspace] = []
        self._multiplications = sum(layer.n_inputs * layer.n_units for layer in architecture.layers)
        self._limit = 0.0, 1
        """until when to believe it, and the threads that this process may use"""
        self._training: Training | None = None

    @contextmanager
    def at_most(self, n_threads: int | None) -> Iterator[None]:
        """While it is entered, use at most so many threads."""
        before, self.n_threads = self.n_threads, n_threads
        try:
            yield
        finally:
            self.n_threads = before

    def predict(self, vector: Array, X: Array) -> Array:
        """y_hat = a_L."""
        m = X.shape[0]
        output = np.empty((m, self.architecture.sizes[-1]), vector.dtype)
        most = self._most(m * self._multiplications >= WORTH)
        space = self._take(vector.dtype, 0, most)
        call = space.call
        call.vector, call.X, call.Y, call.n_rows, call.output = space.place(vector), at(X), 0, m, at(output)
        if most == 1:
            team.alone(kernel("predict"), space.address, call)
        else:
            team.run(kernel("predict"), space.address, call, most)
        self._free.append(space)
        return output

    def evaluate(self, vector: Array, X: Array, Y: Array, s: Array | None) -> Sums:
        """The sums of s_i l_i and of s_i."""
        m = X.shape[0]
        most = self._most(m * self._multiplications >= WORTH)
        space = self._take(vector.dtype, 0, most)
        sums = np.empty((-(-m // space.chunk), 2))
        call = space.call
        call.vector, call.X, call.Y, call.s, call.n_rows = space.place(vector), at(X), at(Y), at(s), m
        call.sums = at(sums)
        team.run(kernel("predict"), space.address, call, most)
        self._free.append(space)
        return Sums(*map(float, sums.sum(axis=0)))

    def gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, mask: list[Array | None] | None) -> tuple[Sums, Array]:
        """The sums, and the gradient of the first of them."""
        m = X.shape[0]
        gradient = np.empty_like(vector)
        self._compile_beside("gradient", vector.dtype)
        most = self._most(3 * m * self._multiplications >= WORTH)
        space = self._take(vector.dtype, m, most)
        given = [None] * len(self.architecture.layers) if mask is None else mask[1:]
        masks = [None if part is None else np.ascontiguousarray(part, dtype=vector.dtype) for part in given]
        space.drop(masks)
        call = space.call
        call.vector, call.X, call.Y, call.s, call.n_rows = space.place(vector), at(X), at(Y), at(s), m
        call.order, call.batch_size, call.gradient = 0, m, at(gradient)
        team.run(kernel("gradient"), space.address, call, most)
        sums = Sums(call.cost_sum, call.weight_sum)
        self._free.append(space)
        return sums, gradient

    def run(self, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
        """Steps in machine code, as many to a call as last about half of ``seconds``."""
        if type(optimizer) not in rules.UPDATES:
            run_steps(self, progress, batches, rates, optimizer, seconds)
            return
        training = self._training
        if training is None or not training.goes_on(progress, batches, optimizer):
            m = min(batches.batch_size, batches.n_samples)
            step = 3 * m * self._multiplications
            self._compile_beside("train", progress.vector.dtype)
            several = step >= ALONE or groups_of(self.architecture, m) > 1
            space = self._take(progress.vector.dtype, m, self._most(several))
            training = self._training = Training(space, progress, batches, optimizer, step, several)
        training.run(rates, min(self._most(training.several), training.space.n_threads), seconds)

    def _compile_beside(self, name: str, dtype: Any) -> None:
        """On a new machine, let a second process compile the two parts that take longest and are asked for last."""
        if (name, dtype) not in _asked:
            _asked.add((name, dtype))
            if self.n_threads != 1 and team.cores() > 1:
                ahead((PARTS["multiply_turned"], dtype), (Part(f"conductor.{name}"), np.float64))

    def _most(self, several: bool) -> int:
        """How many threads a call may have."""
        if not several:
            return 1
        if self.n_threads is not None:
            return min(self.n_threads, team.cores())
        until, limit = self._limit
        if (now := time.monotonic()) >= until:
            limit = team.limit()
            self._limit = now + 0.1, limit
        return limit

    def _take(self, dtype: Any, rows: int, n_threads: int) -> Workspace:
        """Tables and memory that nobody else uses, for so many rows, or (0) to predict; to be put back in ``_free`` after use."""
        while self._free:
            try:
                space = self._free.pop()
            except IndexError:  # another thread was faster
                break
            fits = space.rows >= rows > 0 or space.rows == rows
            if fits and space.n_threads >= n_threads and space.dtype == dtype:
                return space
        return Workspace(self.architecture, dtype, rows, n_threads)


def make(architecture: Architecture) -> Engine:
    """The engine for an architecture."""
    return CompiledEngine(architecture)

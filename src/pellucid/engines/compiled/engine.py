"""The compiled engine: fills in the table of a call, and sends threads into machine code."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines.base import Batches, Engine, Progress, Sums
from pellucid.engines.compiled import propagation, rules, team
from pellucid.engines.compiled.parts import address
from pellucid.engines.compiled.plan import Workspace
from pellucid.engines.compiled.team import Kernel
from pellucid.engines.steps import run_steps
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer

ALONE = 1_000_000
"""multiplications in a step below which one thread is enough: about 10 us, where meeting four times costs one or two"""
WORTH = 20_000_000
"""multiplications in a call below which no second thread is sent for: about 200 us, where sending costs 50"""
SPEED = 2e10
"""multiplications a second, until a call has been timed: to let the first one return in time"""


@cache
def _kernel(name: str) -> Kernel:
    return team.kernel(address(getattr(propagation, name)))


class CompiledEngine:
    """Forward and backward propagation in machine code."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self.n_threads: int | None = None
        """the user's limit"""
        self._free: list[Workspace] = []
        self._multiplications = sum(layer.n_inputs * layer.n_units for layer in architecture.layers)
        self._batch_weights: tuple[Batches, Array] | None = None
        self._per_step = 0.0
        """seconds that a step took last time"""

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
        m = len(X)
        output = np.empty((m, self.architecture.sizes[-1]), vector.dtype)
        work = m * self._multiplications
        with self._workspace(vector.dtype, 0, work, work) as (space, n_threads):
            call = space.call
            call.vector, call.X, call.Y, call.n_rows, call.output = space.place(vector), at(X), 0, m, at(output)
            team.run(_kernel("predict"), space.address, space.call_address, n_threads)
        return output

    def evaluate(self, vector: Array, X: Array, Y: Array, s: Array | None) -> Sums:
        """The sums of s_i l_i and of s_i."""
        m = len(X)
        work = m * self._multiplications
        with self._workspace(vector.dtype, 0, work, work) as (space, n_threads):
            call = space.call
            sums = np.empty((-(-m // space.chunk), 2))
            call.vector, call.X, call.Y, call.n_rows, call.sums = space.place(vector), at(X), at(Y), m, at(sums)
            call.s = 0 if s is None else at(s)
            team.run(_kernel("predict"), space.address, space.call_address, n_threads)
        return Sums(*map(float, sums.sum(axis=0)))

    def gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, mask: list[Array | None] | None) -> tuple[Sums, Array]:
        """The sums, and the gradient of the first of them."""
        m = len(X)
        gradient = np.empty_like(vector)
        work = 3 * m * self._multiplications
        with self._workspace(vector.dtype, m, work, work) as (space, n_threads):
            call = space.call
            call.vector, call.X, call.Y, call.n_rows, call.gradient = space.place(vector), at(X), at(Y), m, at(gradient)
            call.s = 0 if s is None else at(s)
            call.order, call.batch_size = 0, m
            given = [None] * len(self.architecture.layers) if mask is None else mask[1:]
            contiguous = [None if part is None else np.ascontiguousarray(part, dtype=vector.dtype) for part in given]
            space.drop(contiguous)
            team.run(_kernel("gradient"), space.address, space.call_address, n_threads)
            sums = Sums(call.cost_sum, call.weight_sum)
        return sums, gradient

    def run(self, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
        """Steps in machine code, as many to a call as last about half of ``seconds``."""
        update = rules.UPDATES.get(type(optimizer))
        if update is None:
            run_steps(self, progress, batches, rates, optimizer, seconds)
            return
        dtype = progress.vector.dtype
        m = min(batches.batch_size, batches.n_samples)
        step = 3 * m * self._multiplications
        deadline = time.monotonic() + seconds
        with self._workspace(dtype, m, step, step * (batches.count - progress.position)) as (space, n_threads):
            call = space.call
            kept = [
                np.array([getattr(optimizer, name) for name in update.settings] + [0.0] * 4),
                np.ascontiguousarray(rates, dtype=np.float64),
                self._weights(batches),
                None if batches.order is None else np.ascontiguousarray(batches.order, dtype=np.int64),
                np.empty_like(progress.vector) if batches.clip_norm is not None else None,
            ]
            call.settings, call.rates, call.weights, call.order, call.gradient = (0 if item is None else at(item) for item in kept)
            call.vector, call.X, call.Y, call.s = space.place(progress.vector), at(batches.X), at(batches.Y), 0 if batches.s is None else at(batches.s)
            states = [at(part) for part in progress.state] or [call.vector]
            call.state_1, call.state_2 = states[0], states[-1]
            call.n_rows, call.batch_size = batches.n_samples, batches.batch_size
            space.drop_at_random()
            call.seed, call.step, call.position = batches.dropout_seed, progress.step, progress.position
            call.l2, call.clip = self.architecture.l2, batches.clip_norm or 0.0
            call.prepare, call.update = address(update.prepare, dtype), address(update.move, dtype)
            call.cost_sum, call.weight_sum, call.norm_sum = progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum
            while call.position < batches.count and not call.failed:
                began, before = time.monotonic(), call.position
                per_step = self._per_step or step / SPEED
                call.stop = min(batches.count, call.position + max(1, int(seconds / 2 / per_step)))
                team.run(_kernel("train"), space.address, space.call_address, n_threads)
                now = time.monotonic()
                self._per_step = (now - began) / max(1, call.position - before)
                if now >= deadline:
                    break
            progress.position, progress.step, progress.failed = call.position, call.step, bool(call.failed)
            progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = call.cost_sum, call.weight_sum, call.norm_sum
            call.failed = 0

    def _weights(self, batches: Batches) -> Array | None:
        """sum_i s_i of each batch."""
        if batches.s is None:
            return None
        if self._batch_weights is None or self._batch_weights[0] is not batches:
            s = (batches.s if batches.order is None else batches.s[batches.order]).astype(np.float64)
            self._batch_weights = batches, np.add.reduceat(s, np.arange(0, len(s), batches.batch_size))
        return self._batch_weights[1]

    @contextmanager
    def _workspace(self, dtype: Any, rows: int, step: int, work: int) -> Iterator[tuple[Workspace, int]]:
        """Tables and memory that nobody else uses, and the threads for so many multiplications: in each step, and in all."""
        wanted = 1
        if step >= ALONE and work >= WORTH:
            wanted = team.limit() if self.n_threads is None else min(self.n_threads, team.cores())
        with team.members(wanted) as n_threads:
            space = self._take(dtype, rows, n_threads)
            space.call.n_threads = n_threads
            try:
                yield space, n_threads
            finally:
                self._free.append(space)

    def _take(self, dtype: Any, rows: int, n_threads: int) -> Workspace:
        while self._free:
            space = self._free.pop()
            if space.dtype == dtype and space.rows >= rows and space.n_threads >= n_threads:
                return space
        return Workspace(self.architecture, dtype, rows, n_threads)


def at(array: Array) -> int:
    """Where the entries of a contiguous array begin."""
    return int(array.__array_interface__["data"][0])


def make(architecture: Architecture) -> Engine:
    """The engine for an architecture."""
    return CompiledEngine(architecture)

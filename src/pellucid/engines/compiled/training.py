"""One training in machine code: what stays the same from call to call is laid down once."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np

from pellucid.engines.base import Batches, Patience, Progress
from pellucid.engines.compiled import rules, team
from pellucid.engines.compiled.memory import at
from pellucid.engines.compiled.pace import Pace, Way
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.plan import Workspace
from pellucid.engines.compiled.store import address
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer

SPEED, LEAST = 2e10, 5e-7
"""multiplications a second, and the seconds of a step without any, until a call has been timed: to let the first one return in time"""

CACHED, SMALL, LARGE = 1 << 20, 1 << 15, 1 << 19
"""bytes of data that a cache keeps from epoch to epoch; of a batch that a processor reads ahead by itself, where rows are in order; and of
a batch that would drive out of the cache what this one needs"""

BRIEF = 1e-3
"""seconds below which an epoch is not timed any more"""

NONE = Patience(0.0, -1)
"""in machine code: no end to patience"""


@cache
def kernel(name: str) -> int:
    """Where a kernel of `pellucid.engines.compiled.conductor` begins."""
    return address(Part(f"conductor.{name}"))


def _worth_prefetching(batches: Batches) -> bool:
    """Whether the rows of the next batch are called for while this one is computed."""
    row = batches.X.itemsize * (batches.X.shape[1] + batches.Y.shape[1])
    size = batches.batch_size * row
    return batches.n_samples * row > CACHED and size <= LARGE and (batches.order is not None or size >= SMALL)


class Training:
    """Steps of one optimizer over one set of batches, into one vector."""

    def __init__(
        self, space: Workspace, progress: Progress, batches: Batches, optimizer: Optimizer, multiplications: int, several: bool
    ) -> None:
        self.space, self.progress, self.batches, self.optimizer = space, progress, batches, optimizer
        self.several = several
        """whether a step is worth several threads"""
        self.call, self.kernel, self.guess = space.call, kernel("train"), LEAST + multiplications / SPEED
        update, dtype, call = rules.UPDATES[type(optimizer)], progress.vector.dtype, space.call
        for part in (batches.X, batches.Y, batches.s):  # what comes next takes their addresses
            assert part is None or (part.flags.c_contiguous and part.dtype == dtype), "rows of another dtype or layout"
        self.settings = np.array([*(getattr(optimizer, name) for name in update.settings), *[0.0] * 4])
        self.order = None if batches.order is None else np.ascontiguousarray(batches.order, dtype=np.int64)
        self.weights: Array | None = None
        self.clipped = np.empty_like(progress.vector) if batches.clip_norm is not None else None
        self.brief = False
        """whether an epoch is over in no time"""
        call.settings, call.order, call.gradient = at(self.settings), at(self.order), at(self.clipped)
        call.X, call.Y, call.s, call.vector = at(batches.X), at(batches.Y), at(batches.s), at(progress.vector)
        states = [at(part) for part in progress.state] or [call.vector]
        call.state_1, call.state_2 = states[0], states[-1]
        call.n_rows, call.batch_size, call.seed = batches.n_samples, batches.batch_size, batches.dropout_seed
        call.prefetch = _worth_prefetching(batches)
        call.l2, call.clip = space.architecture.l2, batches.clip_norm or 0.0
        call.prepare, call.update = address(update.prepare, dtype), address(update.move, dtype)
        space.drop_at_random()
        self.groups = space.group(min(batches.batch_size, batches.n_samples))
        self.pace = Pace(grouped=self.groups > 1)
        space.need(*["penalize"] * (call.l2 > 0), *["rescale"] * (call.clip > 0), *["prefetch_rows"] * call.prefetch)

    def goes_on(self, progress: Progress, batches: Batches, optimizer: Optimizer) -> bool:
        """Whether this is the same training as the last time."""
        return progress is self.progress and batches is self.batches and optimizer is self.optimizer

    def run(self, rates: Array, most: int, seconds: float) -> None:
        """On to the end of the rates, or for about so many seconds."""
        progress, call, pace, count = self.progress, self.call, self.pace, len(rates)
        now = time.monotonic()
        deadline = now + seconds
        most = min(most, self.groups) if self.groups > 1 else most
        position = progress.position
        call.rates, call.step, call.position, call.failed = at(rates), progress.step, position, 0
        call.trail, call.trail_row = at(progress.trail), 8 * count
        patience = progress.patience or NONE
        call.limit, call.tolerance, call.best, call.waited = patience.limit, patience.tolerance, patience.best, patience.waited
        call.cost_sum, call.weight_sum, call.norm_sum = progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum
        if self.batches.s is not None:
            call.weights = at(self._batch_weights())
        if self.order is not None and self.batches.order is not None and self.order is not self.batches.order:
            self.order[...] = self.batches.order
        if self.brief and (most == 1 or pace.early(self.guess)):  # nothing to try: half of what a brief epoch costs in Python
            call.stop = count
            team.alone(self.kernel, self.space.address, call)
            position = call.position
            pace.spent += time.monotonic() - now
        while position < count and not call.failed and not 0 <= call.limit < call.waited:
            began, before = now, position
            way, steps = pace.choose(most, min(seconds, deadline - began) / 2, self.guess)
            call.stop, call.shared = min(count, before + steps), way.shared
            team.run(self.kernel, self.space.address, call, way.threads)
            now, position = time.monotonic(), call.position
            pace.note(way if call.n_threads == way.threads else Way(call.n_threads), now - began, position - before)
            self.brief = before == 0 and position == count and now - began < BRIEF
            if now >= deadline:
                break
        progress.position, progress.step, progress.failed = position, call.step, bool(call.failed)
        progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = call.cost_sum, call.weight_sum, call.norm_sum
        if progress.patience is not None:
            progress.patience.best, progress.patience.waited = call.best, call.waited

    def _batch_weights(self) -> Array:
        """sum_i s_i of each batch, as they are in this epoch."""
        batches = self.batches
        if self.weights is None or self.progress.position == 0:
            s: Any = batches.s if batches.order is None else batches.s[batches.order]  # type: ignore[index]
            self.weights = np.add.reduceat(s.astype(np.float64), np.arange(0, len(s), batches.batch_size))
        return self.weights

"""The loop: forward, loss, backward, update, batch after batch, epoch after epoch."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.engines import Batches, Engine
from pellucid.engines.base import Progress
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Horizon, Plateau, Rates
from pellucid.training.callbacks import Interrupt, TrainingInterrupted
from pellucid.training.display import Display, display
from pellucid.training.history import History
from pellucid.training.session import Plan, Training
from pellucid.training.stretch import LARGEST, LONGEST, Origin

PAUSE = 0.1
"""seconds after which an engine returns, so that the bar and Ctrl-C stay alive"""


def train(engine: Engine, vector: Array, plan: Plan, network: Any, publish: Callable[[Array], None]) -> History:
    """Train from the parameters ``vector``; ``publish`` is handed the new ones after each epoch and at the end.

    Raises:
        DivergenceError: the cost became infinite or NaN; the weights from before the best epoch were published.

    """
    training = Training(engine, vector, plan, network, publish)
    for callback in training.callbacks:
        callback.on_train_begin(network)
    try:
        with Interrupt() as interrupt, display(plan.progress, plan.epochs) as show:
            if isinstance(plan.optimizer, LBFGS):
                from pellucid.training.lbfgs import descend

                descend(training, plan.optimizer, interrupt, show)
            else:
                _Descent(training, plan.optimizer, interrupt, show).go()
        training.history.stopped_by = training.history.stopped_by or "epochs"
    finally:
        training.finish()
        for callback in training.callbacks:
            callback.on_train_end(network, training.history)
    if training.history.stopped_by == "interrupt":
        warnings.warn(
            f"Training was interrupted after {training.history.n_epochs} whole epochs; the model keeps what it learned.",
            TrainingInterrupted,
            stacklevel=3,
        )
    return training.history


class _Descent:
    """Steps on batch after batch, as one training goes."""

    def __init__(self, training: Training, optimizer: Optimizer, interrupt: Interrupt, show: Display) -> None:
        self.training, self.optimizer, self.interrupt, self.show = training, optimizer, interrupt, show
        plan = training.plan
        m = len(plan.X) if plan.rows is None else len(plan.rows)
        batch_size = min(plan.batch_size or m, m)
        self.count = -(-m // batch_size)
        self.progress = Progress(training.vector, optimizer.init(training.vector))
        shuffled = plan.shuffle and self.count > 1
        self.rng = np.random.default_rng([plan.seed, 1]) if shuffled else None
        self.order = np.empty(m if shuffled else 0, np.int64)
        rows = self.order if shuffled else plan.rows
        self.batches = Batches(plan.X, plan.Y, plan.s, rows, batch_size, plan.seed, plan.clip_norm)
        self.rates = Rates(optimizer.schedule, Horizon(self.count, self.count * plan.epochs))

    def go(self) -> None:
        """Train until the last epoch, or until somebody ends it."""
        training, plan, schedule = self.training, self.training.plan, self.optimizer.schedule
        history, plateau = training.history, Plateau()
        brief = self.count == 1 and len(training.vector) <= LARGEST and not (schedule.answers or training.watched)
        longest = 1  # epochs of a stretch: until the time of one is known
        while (epoch := history.n_epochs) < plan.epochs:
            if self.interrupt.noted:
                history.stopped_by = "interrupt"
                return
            started = time.perf_counter()
            alphas = self.rates.of_epochs(epoch, min(longest, plan.epochs - epoch), plateau)
            if len(alphas) > self.count:
                self._stretch(alphas, started)
            else:
                self._epoch(alphas, started)
            if history.stopped_by:
                return
            if schedule.answers:
                plateau = schedule.after_epoch(history.get("validation_loss", history["loss"])[-1], plateau)
            if brief:
                longest = max(1, min(LONGEST, int(PAUSE / 2 / history["seconds"][-1])))

    def _epoch(self, alphas: Array, started: float) -> None:
        """One epoch."""
        training, progress = self.training, self.progress
        before = training.vector.copy()
        if self.rng is not None:
            self._shuffle(self.rng)
        self._run(alphas)
        if progress.failed:
            raise training.diverged(progress.step + 1, float(alphas[progress.position]), "not finite")
        if progress.position < self.count:
            return
        is_last = training.history.n_epochs + 1 == training.plan.epochs
        unsure = is_last or not math.isfinite(progress.gradient_norm_sum)  # else the next cost would tell
        if unsure and not np.isfinite(progress.vector).all():
            raise training.diverged(progress.step, float(alphas[-1]), "not finite after the last step")
        row = {
            "loss": progress.cost_sum / progress.weight_sum,
            "learning_rate": float(alphas[-1]),
            "gradient_norm": progress.gradient_norm_sum / self.count,
        }
        training.end_epoch(before, row, time.perf_counter() - started, self.show)

    def _stretch(self, alphas: Array, started: float) -> None:
        """Several epochs of one step each."""
        training, progress, first = self.training, self.progress, self.progress.step
        origin = Origin.of(training.engine, progress, self.batches, alphas, self.optimizer)
        progress.trail = trail = np.empty((3, len(alphas)))
        progress.patience = None if training.patience is None else replace(training.patience)
        self._run(alphas)
        progress.trail, progress.patience, done = None, None, progress.position
        bad = self._first_bad(origin, trail[2, :done])
        whole = done if bad is None else bad
        if whole:
            costs, weights, norms = trail[:, :whole]
            columns = {
                "loss": (costs / weights).tolist(),
                "learning_rate": alphas[:whole].tolist(),
                "gradient_norm": norms.tolist(),
                "seconds": [(time.perf_counter() - started) / done] * whole,
            }
            training.note_stretch(origin, columns)
        if bad is not None:
            raise training.diverged(first + bad + 1, float(alphas[bad]), "not finite after the last step")
        if progress.failed:
            raise training.diverged(progress.step + 1, float(alphas[done]), "not finite")
        if not training.history.stopped_by:
            training.ends(self.show)

    def _first_bad(self, origin: Origin, norms: Array) -> int | None:
        """The first epoch of a stretch after which the parameters are not finite, where neither the next cost nor the norm excludes it."""
        done, is_last = len(norms), self.training.history.n_epochs + len(norms) == self.training.plan.epochs
        suspects = [] if math.isfinite(self.progress.gradient_norm_sum) else np.flatnonzero(~np.isfinite(norms)).tolist()
        for epoch in [*suspects, *([done - 1] if is_last else [])]:
            vector = self.progress.vector if epoch == done - 1 else origin.after(epoch + 1)
            if not np.isfinite(vector).all():
                return int(epoch)
        return None

    def _shuffle(self, rng: np.random.Generator) -> None:
        """The rows in a new order."""
        order, rows, m = self.order, self.training.plan.rows, len(self.order)
        for at in range(0, m, 1 << 16):  # in pieces: there is to be one order in memory, not two
            order[at : at + (1 << 16)] = np.arange(at, min(at + (1 << 16), m)) if rows is None else rows[at : at + (1 << 16)]
        rng.shuffle(order)

    def _run(self, alphas: Array) -> None:
        """Steps with these learning rates, from the first batch on: all of them, unless a cost is not finite or Ctrl-C comes between."""
        training, progress = self.training, self.progress
        progress.position, progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = 0, 0.0, 0.0, 0.0
        epochs = training.history.n_epochs
        while True:
            training.engine.run(progress, self.batches, alphas, self.optimizer, PAUSE)
            training.vector = progress.vector
            if progress.failed or progress.position == len(alphas) or (progress.patience is not None and progress.patience.over):
                return
            if self.interrupt.noted:
                training.history.stopped_by = "interrupt"
                return
            self.show(epochs + progress.position / self.count, training.history.last() if training.history else {})

"""Descent by one step a batch: epoch after epoch, or several short epochs in one stretch; and its checkpoints."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import Any

import numpy as np

from pellucid.engines import Batches
from pellucid.engines.base import Progress
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer
from pellucid.equations.schedules import Horizon, Plateau, Rates
from pellucid.training.callbacks import Interrupt
from pellucid.training.checkpoints import Checkpoints, Snapshot
from pellucid.training.display import Display
from pellucid.training.identity import check, identity
from pellucid.training.orders import Shuffled
from pellucid.training.pieces import pieces
from pellucid.training.restoring import array, number, order, parameters, restoring, whole
from pellucid.training.session import Carried, Training
from pellucid.training.stretch import LARGEST, LONGEST, Origin

PAUSE = 0.1
"""seconds after which an engine returns, so that the bar and Ctrl-C stay alive"""


class Descent:
    """Steps on batch after batch, as one training goes."""

    def __init__(self, training: Training, optimizer: Optimizer, interrupt: Interrupt, show: Display) -> None:
        self.training, self.optimizer, self.interrupt, self.show = training, optimizer, interrupt, show
        plan = training.plan
        m = len(plan.Y) if plan.rows is None else len(plan.rows)
        batch_size = min(plan.batch_size or m, m)
        self.count = -(-m // batch_size)
        carried = plan.carried or Carried()
        self.progress = Progress(training.vector, carried.state or optimizer.init(training.vector), carried.step)
        self.epochs_before = self.progress.step // self.count
        given = plan.orders or (Shuffled(plan.rows, plan.seed) if plan.shuffle else None)
        self.orders = given if self.count > 1 else None
        self.order = np.empty(m if self.orders else 0, np.int64)
        rows = self.order if self.orders else plan.rows
        self.batches = Batches(plan.X, plan.Y, plan.s, rows, batch_size, plan.seed, plan.clip_norm)
        self.rates = Rates(optimizer.schedule, Horizon(self.count, self.count * (self.epochs_before + plan.epochs)))
        self.plateau = optimizer.schedule.at_first()
        self.within = False
        """whether an epoch is to be gone on with, not begun"""
        self.before = training.vector
        """the parameters at its beginning"""
        self._known: dict[str, Any] | None = None
        """what must be the same for a training to be gone on with"""
        if plan.resume is not None:
            self._restore(plan.resume)

    def go(self) -> None:
        """Train until the last epoch, or until somebody ends it."""
        training, plan, schedule = self.training, self.training.plan, self.optimizer.schedule
        history, saving = training.history, plan.checkpoints
        brief = self.count == 1 and len(training.vector) <= LARGEST and not (schedule.answers or training.watched)
        longest = 1  # epochs of a stretch: until the time of one is known
        while not history.stopped_by and (epoch := history.n_epochs) < plan.epochs:
            if self.interrupt.noted:
                history.stopped_by = "interrupt"
                break
            started = time.perf_counter()
            due = saving.due_in(epoch) if saving is not None else None
            length = min(longest, plan.epochs - epoch, due or LONGEST)
            alphas = self.rates.of_epochs(self.epochs_before + epoch, length, self.plateau)
            if len(alphas) > self.count:
                self._stretch(alphas, started)
            else:
                self._epoch(alphas, started)
            if self.within:
                break
            if schedule.answers:
                self.plateau = schedule.after_epoch(self._seen()[-1], self.plateau)
            if saving is not None and saving.is_due(history.n_epochs):
                self._save(saving)
            if brief:
                longest = max(1, min(LONGEST, int(PAUSE / 2 / history["seconds"][-1])))
        if saving is not None:
            self._save(saving)

    def _epoch(self, alphas: Array, started: float) -> None:
        """One epoch."""
        training, progress = self.training, self.progress
        if not self.within:
            self.before = training.vector.copy()
            if self.orders is not None:
                self.orders.next(self.order)
            progress.trail = np.empty((3, self.count)) if training.plan.mean_over_rows else None
            self._from_the_first_batch()
        self.within = True
        self._run(alphas)
        if progress.failed:
            raise training.diverged(progress.step + 1, float(alphas[progress.position]), "not finite")
        if progress.position < self.count:
            return
        self.within = False
        is_last = training.history.n_epochs + 1 == training.plan.epochs
        unsure = is_last or not math.isfinite(progress.gradient_norm_sum)  # else the next cost would tell
        if unsure and not np.isfinite(progress.vector).all():
            raise training.diverged(progress.step, float(alphas[-1]), "not finite after the last step")
        row = {
            "loss": self._mean_over_rows() if training.plan.mean_over_rows else progress.cost_sum / progress.weight_sum,
            "learning_rate": float(alphas[-1]),
            "gradient_norm": progress.gradient_norm_sum / self.count,
        }
        training.end_epoch(self.before, row, time.perf_counter() - started, self.show)

    def _stretch(self, alphas: Array, started: float) -> None:
        """Several epochs of one step each."""
        training, progress, first = self.training, self.progress, self.progress.step
        origin = Origin.of(training.engine, progress, self.batches, alphas, self.optimizer)
        progress.trail = trail = np.empty((3, len(alphas)))
        progress.patience = None if training.patience is None else replace(training.patience)
        self._from_the_first_batch()
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

    def _mean_over_rows(self) -> float:
        """The mean of the costs of the batches, by their numbers of rows."""
        trail, m = self.progress.trail, self.batches.n_samples
        assert trail is not None
        rows = np.full(self.count, self.batches.batch_size)
        rows[-1] = m - (self.count - 1) * self.batches.batch_size
        return float(trail[0] / trail[1] @ rows / m)

    def _from_the_first_batch(self) -> None:
        progress = self.progress
        progress.position, progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = 0, 0.0, 0.0, 0.0

    def _seen(self) -> list[float]:
        """The losses that a schedule answers to."""
        history = self.training.history
        return history.get("validation_loss", history["loss"])

    def _plateau(self) -> Plateau:
        """What the schedule remembers, from the history."""
        schedule, plateau = self.optimizer.schedule, self.optimizer.schedule.at_first()
        for loss in self._seen() if schedule.answers and self.training.history else ():
            plateau = schedule.after_epoch(loss, plateau)
        return plateau

    def _run(self, alphas: Array) -> None:
        """Steps with these learning rates, from the position on: all of them, unless a cost is not finite or Ctrl-C comes between."""
        training, progress = self.training, self.progress
        trail = progress.trail
        for first, batches in pieces(self.batches):
            if batches is self.batches:
                self._run_piece(first, batches, alphas)
                return
            last = first + batches.count
            progress.position, progress.trail = 0, None if trail is None else np.empty((3, batches.count))
            self._run_piece(first, batches, alphas[first:last])
            if trail is not None:
                trail[:, first:last] = progress.trail
            progress.position, progress.trail = first + progress.position, trail
            if progress.failed or training.history.stopped_by:
                return

    def _run_piece(self, first: int, batches: Batches, rates: Array) -> None:
        """The same over some batches; ``first`` is how many of the epoch came before."""
        training, progress, epochs = self.training, self.progress, self.training.history.n_epochs
        while True:
            training.engine.run(progress, batches, rates, self.optimizer, PAUSE)
            training.vector = progress.vector
            if progress.failed or progress.position == len(rates) or (progress.patience is not None and progress.patience.over):
                return
            if self.interrupt.noted:
                training.history.stopped_by = "interrupt"
                return
            saving = training.plan.checkpoints
            if saving is not None and batches is self.batches and self.within and saving.is_due(epochs, within=True):
                self._save(saving)
            self.show(epochs + (first + progress.position) / self.count, training.history.last() if training.history else {})

    # Checkpoints

    def _save(self, saving: Checkpoints) -> None:
        """Write a checkpoint; not of parameters that are lost already, so that the last good one stays."""
        if not np.isfinite(self.training.vector).all():
            return
        progress, snapshot = self.progress, self.training.state()
        if self._known is None:
            self._known = identity(self.training, self.batches.batch_size, self.orders is not None)
        facts, arrays = {**self._known, **snapshot.facts}, dict(snapshot.arrays)
        sums = [progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum]
        facts |= {"step": progress.step, "position": progress.position, "sums": sums, "within": self.within, "plateau": self.plateau}
        arrays |= {f"moments.{index}": part for index, part in enumerate(progress.state)}
        if self.orders is not None:
            facts["orders"], kept = self.orders.state()
            arrays |= {f"orders.{name}": part for name, part in kept.items()}
        if self.within:
            arrays |= {"before": self.before, "order": self.order}
            if progress.trail is not None:
                arrays["trail"] = progress.trail[:, : progress.position]
        saving.write(Snapshot("", facts, arrays), self.training.history.n_epochs)

    def _restore(self, snapshot: Snapshot) -> None:
        """Stand where a checkpoint was written."""
        with restoring(snapshot):
            check(snapshot, self.training, identity(self.training, self.batches.batch_size, self.orders is not None))
            self._restore_checked(snapshot)

    def _restore_checked(self, snapshot: Snapshot) -> None:
        facts, arrays, progress, vector = snapshot.facts, snapshot.arrays, self.progress, self.training.vector
        epoch, within = whole(facts["epoch"], "the epoch", 0), facts["within"]
        position = whole(facts["position"], "the position", 0)
        if type(within) is not bool or (within and position > self.count):
            raise ValueError("the position is none in an epoch")
        step = whole(facts["step"], "the step", 0)
        if step != progress.step + epoch * self.count + (position if within else 0):
            raise ValueError("the step does not follow from epoch and position")
        cost, weight, norm = (number(value, "a sum") for value in facts["sums"])
        if not (math.isfinite(cost) and 0 <= weight < math.inf and norm >= 0):
            raise ValueError("the sums are none of an epoch")
        factor, best, waited = facts["plateau"]
        plateau = Plateau(number(factor, "a factor"), number(best, "a loss"), whole(waited, "a count", 0))
        state = tuple(array(snapshot, f"moments.{index}", part) for index, part in enumerate(progress.state))
        if not self.optimizer.can_reach(state):
            raise ValueError("the moments are none of this optimizer")
        if within:
            self.before = parameters(snapshot, "before", vector)
            if self.orders is not None:
                self.order[...] = order(arrays["order"], self.training.plan.rows, len(self.order))
            if self.training.plan.mean_over_rows:
                progress.trail = np.empty((3, self.count))
                progress.trail[:, :position] = array(snapshot, "trail", (np.float64, (3, position)))
        if self.orders is not None:
            kept = {name.removeprefix("orders."): part for name, part in arrays.items() if name.startswith("orders.")}
            self.orders.restore(facts["orders"], kept)
        self.training.restore(snapshot)
        self.training.resumed_at = step
        if plateau != self._plateau():
            raise ValueError("the learning rate does not follow from the history")
        progress.vector, progress.state, progress.step, progress.position = self.training.vector, state, step, position
        progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = cost, weight, norm
        self.within, self.plateau = within, plateau

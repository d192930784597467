"""A callback that takes the health of the gradients after each epoch."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.errors import unknown_name
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.measures import MEASURES, measure, norm, ratio
from pellucid.glassbox.health.report import HealthReport
from pellucid.glassbox.health.verdicts import judge
from pellucid.training.callbacks import Callback, Moment
from pellucid.training.history import History
from pellucid.validation import positive_integer

CHANGE = "change"


class HealthRecorder(Callback):
    """Notes a `HealthReport` before the first epoch and after every ``every`` epochs, on the samples it is given.

    ``recorder["gradient_norm"]`` is that measure over the notes and layers, (len(recorder.epochs), L); so are all other numbers of a
    `LayerHealth`, and ``change``: ||W_l - W_l before|| / ||W_l before|| from note to note (NaN in the first), which is what the
    training really did, whatever the optimizer. ``pl.plots.health_over_epochs`` draws them. A new training
    starts a new record.

    Args:
        X: the samples to look at, (k, n_0); some hundred are enough. They need not be those of the training.
        y: their targets as for `Network.fit`; where an estimator trains, what its ``encode_targets`` gives, or class indices.
        sample_weight: s_i, (k,).
        every: so many epochs between two notes.

    Raises:
        InputError: ``every`` is below 1; or, when the training begins, X and y do not fit the network.
        UnknownNameError: a measure has no such name.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> recorder = pl.HealthRecorder(X, y, every=2)
    >>> history = net.fit(X, y, epochs=4, callbacks=[recorder])
    >>> recorder.epochs, recorder["gradient_norm"].shape, recorder.verdicts
    ([0, 2, 4], (3, 2), ['healthy', 'healthy', 'healthy'])

    """

    def __init__(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, every: int = 1) -> None:
        self.X, self.y, self.sample_weight = X, y, sample_weight
        self.every = positive_integer(every, "every", "HealthRecorder")
        self.epochs: list[int] = []
        """0 (before the training), then the epochs after which it noted"""
        self.reports: list[HealthReport] = []
        self._case: Case | None = None
        self._changes: list[list[float]] = []
        self._seen: int | None = 0

    @property
    def verdicts(self) -> list[str]:
        """The verdict of each note, in one line."""
        return [report.verdict for report in self.reports]

    def __getitem__(self, measure: str) -> Array:
        if measure == CHANGE:
            return np.array(self._changes)
        if measure not in MEASURES:
            raise unknown_name("measure", measure, [*MEASURES, CHANGE])
        return np.array([[getattr(layer, measure) for layer in report.layers] for report in self.reports])

    def on_train_begin(self, network: Any) -> None:
        """Check the samples, and note how it stands before the first epoch."""
        self.epochs, self.reports, self._changes = [], [], []
        self._case = Case.of(network, self.X, self.y, self.sample_weight, network.optimizer)
        self._note(0, network.vector)
        self._seen = 0

    def due_in(self) -> int:
        """When the next note is due."""
        return 1 if self._seen is None else self.every - self._seen % self.every

    def on_epoch_end(self, moment: Moment) -> None:
        """Note, where it is time."""
        self._seen = moment.epoch
        if moment.epoch % self.every == 0:
            self._note(moment.epoch, moment.vector)

    def on_train_end(self, network: Any, history: History) -> None:
        """Let go of the network's arrays."""
        self._case = None

    def restore(self, state: dict[str, Any]) -> None:
        """A training that is gone on with is recorded from there on."""
        self.epochs, self.reports, self._changes, self._seen = [], [], [], None

    def _note(self, epoch: int, vector: Array) -> None:
        assert self._case is not None
        before, self._case = self._case, replace(self._case, vector=vector.copy())
        measured = measure(self._case)
        pairs = zip(before.architecture.split(before.vector), before.architecture.split(vector), strict=True)
        changes = [ratio(norm(after - W), norm(W)) for (W, _), (after, _) in pairs]
        self._changes.append(changes if self.epochs else [math.nan] * len(changes))
        self.epochs.append(epoch)
        self.reports.append(HealthReport(measured, judge(self._case, measured), self._case.step, len(self._case.X)))

    def __repr__(self) -> str:
        return f"HealthRecorder({len(self.epochs)} notes; last: {self.verdicts[-1] if self.reports else 'none'})"

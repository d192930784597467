"""scikit-learn's rule for when a training ends, and the learning rates of its `sgd` that hang on it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from pellucid.engines.base import Patience
from pellucid.equations.arrays import Array
from pellucid.equations.schedules import Horizon, Plateau, Schedule
from pellucid.training.callbacks import Callback, Moment


class Stopping(Callback):
    """Ends a training when its loss (with early stopping: its validation score) has not improved by ``tol`` for too many epochs in a row.

    "Too many" is more than ``limit``. With ``learning_rate="adaptive"`` the learning rate is divided by 5 instead, until it is 1e-6.
    """

    looks_at_network = False
    given = False

    def __init__(
        self, tol: float, limit: float, by_score: bool, verbose: bool, rates: SgdRates | None, m: int, keeps_best_loss: bool
    ) -> None:
        self.tol, self.limit, self.by_score, self.verbose, self.rates, self.m = tol, limit, by_score, verbose, rates, m
        self.best_loss, self.best_score = math.inf, -math.inf
        self.best_vector: Array | None = None
        self.waited, self.seen, self.samples = 0, 0, 0
        self.keeps_best_loss = keeps_best_loss
        """restore the weights of the epoch with the lowest loss, which scikit-learn does not"""
        looks_closer = by_score or verbose or keeps_best_loss or rates is not None or math.isinf(limit)
        self.patience = None if looks_closer else Patience(tol, int(limit))

    def memory(self) -> dict[str, Any]:
        """What a later training needs to go on as if it were this one, as plain values."""
        found = {"best_loss": self.best_loss, "best_score": self.best_score, "best_vector": self.best_vector, "waited": self.waited}
        return found if self.rates is None else {**found, "alpha": self.rates.alpha}

    def recall(self, memory: dict[str, Any], incremental: bool) -> None:
        """Go on with the memory of an earlier training."""
        self.best_loss, self.best_score = memory["best_loss"], memory["best_score"]
        self.best_vector, self.waited = memory["best_vector"], memory["waited"]
        if self.patience is not None:
            self.patience.best, self.patience.waited = self.best_loss, self.waited
        if incremental and self.rates is not None and "alpha" in memory:
            self.rates.alpha = memory["alpha"]

    def state(self) -> dict[str, Any]:
        """The same and where it is, for a checkpoint."""
        return {**self.memory(), "seen": self.seen, "samples": self.samples}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        numbers = [state["best_loss"], state["best_score"], *([state["alpha"]] if "alpha" in state else [])]
        counts = [state["waited"], state["seen"], state["samples"]]
        if not all(type(value) in (int, float) for value in numbers) or not all(type(value) is int and value >= 0 for value in counts):
            raise ValueError("not the state of a stopping rule")
        if any(math.isnan(value) for value in numbers) or state["samples"] < state["seen"] * self.m:
            raise ValueError("not the state of a stopping rule")
        if self.rates is not None and not 0 < state["alpha"] <= self.rates.initial:
            raise ValueError("the learning rate is none")
        self.recall({"best_vector": None, **state}, incremental=True)
        self.seen, self.samples = state["seen"], state["samples"]

    def on_epoch_end(self, moment: Moment) -> str | None:
        """Count, speak, and say when it is enough."""
        answer = None
        for epoch in range(self.seen, moment.epoch):
            answer = self._see(epoch, moment)
        self.seen = moment.epoch
        return answer

    def _see(self, epoch: int, moment: Moment) -> str | None:
        loss = moment.history["loss"][epoch]
        self.samples += self.m
        if self.verbose:
            print(f"Iteration {epoch + 1}, loss = {loss:.8f}")
        if self.by_score:
            self._by_score(moment.history["validation_score"][epoch], moment.vector)
        else:
            self._by_loss(loss, moment.vector)
        if self.rates is not None:
            self.rates.epoch_ends(self.samples)
        if self.waited <= self.limit:
            return None
        what = "Validation score" if self.by_score else "Training loss"
        told = f"{what} did not improve more than tol={self.tol:f} for {self.limit:d} consecutive epochs."
        if self.rates is None or not self.rates.adaptive:
            return self._stop(f"{told} Stopping.")
        if self.rates.alpha <= 1e-6:
            return self._stop(f"{told} Learning rate too small. Stopping.")
        self.rates.alpha /= 5.0
        self.waited = 0
        if self.verbose:
            print(f"{told} Setting learning rate to {self.rates.alpha:f}")
        return None

    def _by_score(self, score: float, vector: Array) -> None:
        if self.verbose:
            print(f"Validation score: {score:f}")
        self.waited = self.waited + 1 if score < self.best_score + self.tol else 0
        if score > self.best_score:
            self.best_score, self.best_vector = score, vector.copy()

    def _by_loss(self, loss: float, vector: Array) -> None:
        self.waited = self.waited + 1 if loss > self.best_loss - self.tol else 0
        if self.patience is not None:
            self.patience.see(loss)
        if loss < self.best_loss:
            self.best_loss = loss
            if self.keeps_best_loss:
                self.best_vector = vector.copy()

    def _stop(self, told: str) -> str:
        if self.verbose:
            print(told)
        return "early stopping" if self.by_score else "converged"


@dataclass
class SgdRates:
    """The learning rate of scikit-learn's `sgd`, which changes only between epochs."""

    initial: float
    power: float
    kind: str
    """constant, invscaling or adaptive"""

    def __post_init__(self) -> None:
        self.alpha = float(self.initial)

    @property
    def adaptive(self) -> bool:
        """Whether it answers to the loss."""
        return self.kind == "adaptive"

    def epoch_ends(self, samples: int) -> None:
        """Invscaling: alpha / (samples seen + 1)^power."""
        if self.kind == "invscaling":
            self.alpha = float(self.initial) / (samples + 1) ** self.power


class AsTold(Schedule):
    """A schedule that says what `SgdRates` says."""

    def __init__(self, rates: SgdRates) -> None:
        object.__setattr__(self, "learning_rate", rates.initial)
        object.__setattr__(self, "told", rates)
        self.__post_init__()

    def factor(self, t: Array, horizon: Horizon) -> Any:
        """1: what is told comes as the factor of the plateau."""
        return t * 0 + 1.0

    def __repr__(self) -> str:
        told: SgdRates = self.told  # type: ignore[attr-defined]
        return f"{told.kind}({told.initial:g}, power_t={told.power:g})"

    def at_first(self) -> Plateau:
        """Ask."""
        return self.after_epoch(0.0, Plateau())

    def after_epoch(self, loss: float, plateau: Plateau) -> Plateau:
        """Ask again."""
        told: SgdRates = self.told  # type: ignore[attr-defined]
        return Plateau(told.alpha / self.learning_rate)

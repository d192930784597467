"""One training: its plan, the parameters as they move, and the weights to go back to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from pellucid.engines import Engine
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer, State
from pellucid.errors import DivergenceError, InputError, ResumeError, sentence
from pellucid.storage.values import Packer
from pellucid.training.callbacks import AnyCallback, EarlyStopping, Moment, Watch, as_callback
from pellucid.training.checkpoints import Checkpoints, Snapshot
from pellucid.training.display import Display
from pellucid.training.evaluation import Held, Metric
from pellucid.training.history import History
from pellucid.training.identity import refuse, short
from pellucid.training.orders import Orders
from pellucid.training.remembering import remembering, restore, states
from pellucid.training.restoring import array, number, parameters, whole
from pellucid.training.stretch import Origin

SOON = 10
"""steps: parameters that a checkpoint has wrong are seen in the first one, a wrong velocity in the second or a little later"""


@dataclass
class Carried:
    """The state of an optimizer between two trainings that are to be one."""

    state: State | None = None
    step: int = 0


@dataclass(frozen=True)
class Plan:
    """All that a training needs besides the engine and the first parameters."""

    X: Array
    """dense, or a sparse matrix in CSR form: it becomes dense some batches at a time"""
    Y: Array
    s: Array | None
    optimizer: Optimizer | LBFGS
    epochs: int
    rows: Array | None = None
    """the rows to train on, or None for all"""
    batch_size: int | None = None
    shuffle: bool = False
    orders: Orders | None = None
    """the rows in the order of each epoch, where somebody else than `seed` is to say it"""
    seed: int = 0
    clip_norm: float | None = None
    held: Held | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)
    early_stopping: EarlyStopping | None = None
    callbacks: Sequence[AnyCallback] = ()
    progress: bool = False
    carried: Carried | None = None
    """what the optimizer has in mind, from an earlier training and for a later one"""
    checkpoints: Checkpoints | None = None
    """where the state is written as it goes"""
    resume: Snapshot | None = None
    """the state to go on from"""
    mean_over_rows: bool = False
    """the loss of an epoch is the mean of its batches' costs by their rows, not by the weights of these"""


class Training:
    """One training: the parameters as they move, the history, and the weights to go back to."""

    def __init__(self, engine: Engine, vector: Array, plan: Plan, network: Any, publish: Callable[[Array], None]) -> None:
        self.engine, self.plan, self.network, self.publish = engine, plan, network, publish
        self.vector = vector.copy()
        self.history = History()
        self.watch = Watch(plan.early_stopping) if plan.early_stopping else None
        self.callbacks = [as_callback(callback) for callback in plan.callbacks]
        self.shown = any(callback.looks_at_network for callback in self.callbacks)
        self.safe: Array | Callable[[], Array] = self.vector.copy()
        """weights from before the epoch with the lowest loss so far, or what finds them: a divergence falls back to them"""
        self.safe_epoch, self.safe_loss = 1, math.inf
        rules = [callback.patience for callback in self.callbacks]
        self.patience = rules[0] if rules else None
        """of the callback"""
        self.watched = plan.held is not None or plan.early_stopping is not None or len(rules) > 1 or rules == [None]
        """whether somebody looks at each epoch"""
        self.resumed_at: int | None = None
        """the steps that were done before a checkpoint was written, from which this training goes on"""

    def end_epoch(self, before: Array, row: dict[str, float], seconds: float, show: Display) -> bool:
        """Note an epoch that went from ``before`` to ``self.vector``; True says that the training ends here."""
        if row["loss"] < self.safe_loss:
            self.safe, self.safe_epoch, self.safe_loss = before, self.history.n_epochs + 1, row["loss"]
        if self.plan.held is not None:
            row |= self.plan.held.evaluate(self.engine, self.vector, self.plan.metrics)
        row["seconds"] = seconds
        self.history.append(row)
        return self.ends(show)

    def note_stretch(self, origin: Origin, columns: dict[str, list[float]]) -> None:
        """Note several epochs that went by together; `ends` is to follow."""
        if (lowest := min(columns["loss"])) < self.safe_loss:
            index = columns["loss"].index(lowest)
            self.safe, self.safe_epoch, self.safe_loss = partial(origin.after, index), self.history.n_epochs + 1 + index, lowest
        self.history.extend(columns)

    def ends(self, show: Display) -> bool:
        """Tell of the latest epoch; True says that the training ends here."""
        epoch, row = self.history.n_epochs, self.history.last()
        show(epoch, row)
        if self.callbacks:
            if self.shown:
                self.publish(self.vector)
            moment = Moment(epoch, self.plan.epochs, self.history, self.vector, self.network)
            for callback in self.callbacks:  # every one is asked
                if answer := callback.on_epoch_end(moment):
                    self.history.stopped_by = answer if isinstance(answer, str) else "callback"
        if self.watch is not None and self.watch.see(epoch, row, self.vector):
            self.history.stopped_by = "early stopping"
        return bool(self.history.stopped_by)

    def diverged(self, step: int, alpha: float | None, what: str) -> DivergenceError:
        """The error for a cost that is not finite, with the parameters put back to the last good ones.

        So soon after going on from a checkpoint it may be the file's fault: then it is an error of both kinds.
        """
        self.vector = self.safe() if callable(self.safe) else self.safe
        self.history.stopped_by = "divergence"
        epoch = self.history.n_epochs + 1
        rate = "" if alpha is None else f", learning rate {alpha:g}"
        kept = f"the weights from before epoch {self.safe_epoch} are kept"
        if self.watch is not None and self.watch.best_vector is not None:
            kept = f"the best weights, those of epoch {self.watch.best_epoch}, are kept"
        repair = f"{kept}; lower the learning rate, scale the inputs, or clip the gradient with clip_norm"
        where = f"epoch {epoch}, step {step}{rate}"
        if self.plan.resume is not None and self.resumed_at is not None and step - self.resumed_at <= SOON:
            got = f"followed by a cost that is {what} ({where})"
            repair = f"the file is damaged, or the training diverges there, so begin anew; {repair}"
            return ResumeError(sentence("the checkpoint", self.plan.resume.source, got, "a state to go on from", repair))
        return DivergenceError(sentence("the cost", where, what, "a finite number", repair))

    def state(self) -> Snapshot:
        """All of it, for a checkpoint."""
        self.safe = self.safe() if callable(self.safe) else self.safe
        facts: dict[str, Any] = {"epoch": self.history.n_epochs, "stopped_by": self.history.stopped_by.replace("interrupt", "")}
        facts |= {"columns": list(self.history), "safe": [self.safe_epoch, self.safe_loss]}
        arrays = {"vector": self.vector, "safe": self.safe}
        arrays |= {f"history.{name}": np.asarray(column, dtype=np.float64) for name, column in self.history.items()}
        return Snapshot("", facts | states(self.callbacks, self.watch), arrays)

    def check_states(self) -> None:
        """Whether a checkpoint can hold what the callbacks remember, which is better known before the training.

        Raises:
            InputError: it is not made of numbers, texts, lists, tuples, dicts and arrays.

        """
        for callback in remembering(self.callbacks):
            Packer("", f"the state of the callback {type(callback).__name__}").pack(callback.state())

    def restore(self, snapshot: Snapshot) -> None:
        """As it was.

        Raises:
            ValueError, KeyError, TypeError: it is no state of this training.

        """
        facts = snapshot.facts
        epoch = whole(facts["epoch"], "the epoch", 0)
        vector, safe = parameters(snapshot, "vector", self.vector), parameters(snapshot, "safe", self.vector)
        safe_epoch, safe_loss = facts["safe"]
        columns = {name: array(snapshot, f"history.{name}", (np.float64, (epoch,))).tolist() for name in facts["columns"] if epoch}
        if not isinstance(facts["stopped_by"], str):
            raise ValueError("the history has no end")
        if epoch and (differ := self._columns() ^ set(columns)):
            here, there = (short(", ".join(sorted(differ & names)) or "nothing more") for names in (self._columns(), set(columns)))
            raise refuse(snapshot, f"of a training that noted {there}", f"one that notes {here}, as this does")
        restore(snapshot, self.callbacks, self.watch, vector)
        self.vector, self.safe = vector, safe
        self.safe_epoch, self.safe_loss = whole(safe_epoch, "an epoch", 1, epoch + 1), number(safe_loss, "a loss")
        if epoch:
            self.history.extend(columns)
        self.history.stopped_by = facts["stopped_by"]

    def _columns(self) -> set[str]:
        """What is noted after each epoch."""
        found = {"loss", "gradient_norm", "seconds"} | (set() if isinstance(self.plan.optimizer, LBFGS) else {"learning_rate"})
        return found if self.plan.held is None else found | {"validation_loss", *(f"validation_{name}" for name in self.plan.metrics)}

    def finish(self) -> None:
        """Restore the best weights where asked to, and hand the result over."""
        if self.watch is not None and self.watch.best_vector is not None:
            self.vector, self.history.best_epoch = self.watch.best_vector, self.watch.best_epoch
        self.publish(self.vector)


def check_plan(plan: Plan, dropout: bool) -> None:
    """What does not go together, and what is no plan.

    Raises:
        InputError: early stopping or callbacks of another kind; L-BFGS with mini-batches, dropout or clipping, which its line search
            cannot bear.

    """
    if not isinstance(plan.early_stopping, EarlyStopping | None):
        got, expected = repr(plan.early_stopping), "an EarlyStopping or None"
        raise InputError(sentence("early_stopping", "fit", got, expected, "e.g. pl.EarlyStopping(patience=10)"))
    if not isinstance(plan.callbacks, Iterable):
        got, expected = f"a {type(plan.callbacks).__name__}", "a list of functions or Callback objects"
        raise InputError(sentence("callbacks", "fit", got, expected, "put it into a list"))
    if isinstance(plan.optimizer, LBFGS):
        for present, what in (
            (plan.batch_size is not None, "a batch size"),
            (dropout, "dropout"),
            (plan.clip_norm is not None, "clip_norm"),
        ):
            if present:
                expected = "the same cost in every evaluation"
                raise InputError(sentence("the optimizer", "fit", f"LBFGS with {what}", expected, "use Adam, or leave it out"))

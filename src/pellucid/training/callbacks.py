"""What can watch a training and end it: callbacks, early stopping, Ctrl-C."""

from __future__ import annotations

import math
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeAlias

from pellucid.engines.base import Patience
from pellucid.equations.arrays import Array
from pellucid.equations.schedules import not_negative
from pellucid.errors import InputError, sentence
from pellucid.training.history import History
from pellucid.validation import positive_integer


class TrainingInterrupted(UserWarning):
    """Ctrl-C ended a training; the model keeps what it had learned."""


@dataclass
class Moment:
    """What a callback sees after each epoch.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net.fit(X, y, callbacks=[lambda moment: moment.epoch == 3]).n_epochs
    3
    """

    epoch: int
    """1, 2, 3 ..."""
    epochs: int
    """how many there are to be"""
    history: History
    vector: Array
    """the parameters, flat; a copy is needed to keep them"""
    network: Any
    """the network being trained, up to date"""


class Callback:
    """Subclass it and override what is of interest; a plain function counts as ``on_epoch_end``.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> class StopAtTwo(pl.Callback):
    ...     def on_epoch_end(self, moment):
    ...         return "two are enough" if moment.epoch == 2 else None
    >>> net.fit(X, y, callbacks=[StopAtTwo()]).stopped_by
    'two are enough'
    """

    patience: Patience | None = None
    """when it ends the training, for one that looks at nothing but the loss: it need not be asked before, and is told of several epochs
    at once, which it notes in its patience itself"""
    looks_at_network = True
    """False says that the history is enough, and spares bringing the network up to date after each epoch"""
    given = True
    """False says that no user gave it: an estimator has one of its own"""

    def on_train_begin(self, network: Any) -> None:
        """Before the first epoch."""

    def on_epoch_end(self, moment: Moment) -> bool | str | None:
        """After each epoch; True, or a text that says why, ends the training."""
        return None

    def on_train_end(self, network: Any, history: History) -> None:
        """After the last epoch, however it ended."""

    def state(self) -> dict[str, Any]:
        """What it has to remember over an interruption, for a checkpoint: numbers, texts, lists, dicts, arrays, by name."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Remember it again."""


AnyCallback: TypeAlias = Callback | Callable[[Moment], bool | str | None]


class _Function(Callback):
    def __init__(self, function: Callable[[Moment], bool | str | None]) -> None:
        self.function = function

    def on_epoch_end(self, moment: Moment) -> bool | str | None:
        return self.function(moment)


def as_callback(callback: AnyCallback) -> Callback:
    """A callback object."""
    if isinstance(callback, Callback):
        return callback
    if not callable(callback):
        expected = "a Callback or a function of one argument"
        raise InputError(sentence("a callback", "fit", repr(callback), expected, "e.g. callbacks=[print]"))
    return _Function(callback)


@dataclass(frozen=True)
class EarlyStopping:
    """End the training when a figure has not improved for ``patience`` epochs in a row, and restore the best weights.

    Source: Prechelt 1998, *Early stopping - but when?*

    Args:
        patience: epochs without an improvement before it ends.
        min_delta: how much smaller (larger, for a score) a figure must be to count as better.
        monitor: a column of the history; None is validation_loss where there is a validation set, else loss.
            Losses are better when smaller, everything else when larger.
        restore_best: give the network the weights of the best epoch at the end.

    Raises:
        InputError: a patience below 1 or a negative min_delta.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> stopping = pl.EarlyStopping(patience=2, min_delta=1.0)
    >>> history = net.fit(X, y, early_stopping=stopping)
    >>> history.n_epochs, history.best_epoch, history.stopped_by
    (3, 1, 'early stopping')

    """

    patience: int = 10
    min_delta: float = 0.0
    monitor: str | None = None
    restore_best: bool = True

    def __post_init__(self) -> None:
        positive_integer(self.patience, "the patience", "EarlyStopping")
        if not not_negative(self.min_delta):
            expected = "a finite number that is not negative"
            raise InputError(sentence("min_delta", "EarlyStopping", repr(self.min_delta), expected, "choose e.g. 1e-4"))


class Watch:
    """The state of one early stopping during one training."""

    def __init__(self, rule: EarlyStopping) -> None:
        self.rule = rule
        self.best = math.inf
        self.best_epoch = 0
        self.best_vector: Array | None = None

    def state(self) -> dict[str, Any]:
        """What it remembers."""
        return {"best": self.best, "best_epoch": self.best_epoch, "best_vector": self.best_vector}

    def restore(self, state: dict[str, Any]) -> None:
        """Remember it again."""
        best, epoch, vector = state["best"], state["best_epoch"], state.get("best_vector")
        if type(best) not in (int, float) or type(epoch) is not int or epoch < 0:
            raise ValueError("the best epoch is none")
        self.best, self.best_epoch, self.best_vector = float(best), epoch, vector

    def see(self, epoch: int, row: dict[str, float], vector: Array) -> bool:
        """Take note of an epoch; True says that it is time to stop."""
        default = "validation_loss" if "validation_loss" in row else "loss"
        name = self.rule.monitor or default
        if name not in row:
            expected = f"one of {', '.join(row)}"
            raise InputError(sentence("monitor", "EarlyStopping", repr(name), expected, "or give a validation set"))
        figure = row[name] if name.endswith("loss") else -row[name]
        if figure < self.best - self.rule.min_delta or self.best_epoch == 0:
            self.best, self.best_epoch = figure, epoch
            if self.rule.restore_best:
                self.best_vector = vector.copy()
        return epoch - self.best_epoch >= self.rule.patience


class Interrupt:
    """While it is entered, the first Ctrl-C is only noted; the second one raises KeyboardInterrupt as usual.

    Only in the main thread, and only where nobody else handles the signal.
    """

    def __init__(self) -> None:
        self.noted = False
        self._installed = False

    def __enter__(self) -> Interrupt:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._note)
            self._installed = True
        return self

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.noted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *exception: object) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

"""What a training leaves behind: a row of numbers for each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class History(Mapping[str, list[float]]):
    """Columns by name, one entry an epoch: loss, learning_rate, gradient_norm, seconds, and with a validation set validation_loss and
    the metrics (validation_accuracy, validation_r2 ...).

    ``loss`` is the cost J (with its L2 term) averaged over the batches of the epoch while the parameters moved, ``validation_loss``
    the data part of J at the end of the epoch, ``gradient_norm`` the mean Euclidean norm of the batch gradients (before clipping),
    ``learning_rate`` that of the last step, ``seconds`` the time the epoch took.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> history = net.fit(X, y, epochs=3)
    >>> list(history), len(history["loss"]), history.stopped_by
    (['loss', 'learning_rate', 'gradient_norm', 'seconds'], 3, 'epochs')
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[float]] = {}
        self.n_epochs = 0
        """how many epochs were completed"""
        self.stopped_by = ""
        """why the training ended: epochs, early stopping, interrupt, converged, calls (of L-BFGS), no further descent, divergence, or what
        a callback said"""
        self.best_epoch: int | None = None
        """the epoch (1, 2 ...) whose weights were restored, where early stopping did so"""

    def append(self, row: Mapping[str, float]) -> None:
        """Add an epoch."""
        columns = self._columns
        for name, value in row.items():
            if name in columns:
                columns[name].append(float(value))
            else:
                columns[name] = [float(value)]
        self.n_epochs += 1

    def extend(self, columns: Mapping[str, list[float]]) -> None:
        """Add several epochs: of each column as many numbers."""
        for name, values in columns.items():
            self._columns.setdefault(name, []).extend(values)
        self.n_epochs += len(next(iter(columns.values())))

    def last(self) -> dict[str, float]:
        """The row of the latest epoch."""
        return {name: column[-1] for name, column in self._columns.items()}

    def to_dict(self) -> dict[str, Any]:
        """All columns and the reason of the end, JSON-able."""
        return {
            "columns": {name: list(column) for name, column in self._columns.items()},
            "stopped_by": self.stopped_by,
            "best_epoch": self.best_epoch,
        }

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> History:
        """The history that `to_dict` described."""
        history = History()
        history._columns = {name: list(column) for name, column in values["columns"].items()}
        history.n_epochs = max(map(len, history._columns.values()), default=0)
        history.stopped_by, history.best_epoch = values["stopped_by"], values["best_epoch"]
        return history

    def __getitem__(self, name: str) -> list[float]:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __repr__(self) -> str:
        row = ", ".join(f"{name}={value:.4g}" for name, value in self.last().items()) if self._columns else "empty"
        return f"History({self.n_epochs} epochs; last: {row})"

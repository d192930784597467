"""What a training leaves behind: a row of numbers for each epoch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MOST = 4000
"""numbers of a history in a file, so that its description stays short: 1000 epochs of four columns"""


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
        self._epochs: list[int] | None = None
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

    @property
    def epochs(self) -> list[int]:
        """The epoch of each row: 1, 2, 3 ... but for a long history that comes from a file, which keeps some of its rows."""
        return list(range(1, self.n_epochs + 1)) if self._epochs is None else list(self._epochs)

    def thinned(self) -> History:
        """The same, or, of one longer than `MOST` numbers, rows of it as evenly as can be; the first, the last and the best are kept."""
        length = max(map(len, self._columns.values()), default=0)
        most = max(MOST // max(len(self._columns), 1), 2)
        if length <= most:
            return self
        best = set() if self.best_epoch is None or self.best_epoch > length else {self.best_epoch - 1}
        rows = sorted({round(k * (length - 1) / (most - 1)) for k in range(most - (not best <= {0, length - 1}))} | best)
        found, epochs = History(), self.epochs
        found._columns = {name: [column[row] for row in rows if row < len(column)] for name, column in self._columns.items()}
        found._epochs = [epochs[row] for row in rows]
        found.n_epochs, found.stopped_by, found.best_epoch = self.n_epochs, self.stopped_by, self.best_epoch
        return found

    def to_dict(self) -> dict[str, Any]:
        """All columns and the reason of the end, as plain values."""
        found = {
            "columns": {name: list(column) for name, column in self._columns.items()},
            "stopped_by": self.stopped_by,
            "best_epoch": self.best_epoch,
        }
        return found if self._epochs is None else {**found, "n_epochs": self.n_epochs, "epochs": list(self._epochs)}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> History:
        """The history that `to_dict` described.

        Raises:
            ValueError: it described none.

        """
        history, told = History(), values["columns"]
        if (
            not isinstance(told, Mapping)
            or len(told) > MOST
            or not all(isinstance(name, str) and _are_numbers(column) for name, column in told.items())
        ):
            raise ValueError("the history is not columns of numbers")
        history._columns = {name: [float(value) for value in column] for name, column in told.items()}
        longest = max(map(len, history._columns.values()), default=0)
        history.n_epochs, history._epochs = values.get("n_epochs", longest), values.get("epochs")
        history.stopped_by, history.best_epoch = values["stopped_by"], values["best_epoch"]
        whole, epochs = history.n_epochs, history._epochs
        if not isinstance(history.stopped_by, str) or type(whole) is not int or not longest <= whole < 1 << 62:
            raise ValueError("the history has no end")
        if history.best_epoch is not None and not (type(history.best_epoch) is int and 1 <= history.best_epoch <= whole):
            raise ValueError("the best epoch of the history is none of its epochs")
        if epochs is None:
            if whole != longest:
                raise ValueError("the history is of more epochs than it has rows")
        elif not (isinstance(epochs, list) and len(epochs) == longest and all(type(epoch) is int for epoch in epochs)):
            raise ValueError("the history does not say of which epochs its rows are")
        elif any(a >= b for a, b in zip([0, *epochs], [*epochs, whole + 1], strict=True)):
            raise ValueError("the epochs of the history are in no order")
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


def _is_text(name: Any) -> bool:
    return isinstance(name, str)


def _are_numbers(column: Any) -> bool:
    return isinstance(column, list | tuple) and all(type(value) in (int, float) for value in column)

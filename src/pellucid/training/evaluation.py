"""Evaluation on a validation set: the split, the data part of the cost and the metrics, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines import Engine
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence, unknown_name
from pellucid.training.pieces import dense

CHUNK = 4096

Metric = Callable[[Array, Array], float]
"""a figure from the targets (m, n_L) and y_hat (m, n_L); larger is better"""


def accuracy(y: Array, y_hat: Array) -> float:
    """The share of samples whose class (the largest output; one or several yes-or-no labels: all of them at 1/2) is right."""
    if y.shape[1] == 1 or not np.allclose(y.sum(axis=1), 1):
        return float(((y >= 0.5) == (y_hat >= 0.5)).all(axis=1).mean())
    return float((y.argmax(axis=1) == y_hat.argmax(axis=1)).mean())


def accuracy_of(heads: Sequence[slice]) -> Metric:
    """The share of samples whose class is right in every group of outputs."""

    def accuracy(y: Array, y_hat: Array) -> float:
        return float(all_right(heads, y, y_hat).mean())

    return accuracy


def all_right(heads: Sequence[slice], y: Array, y_hat: Array) -> Array:
    """Whether the largest output of each group is that of the largest target, (m,)."""
    return np.all([y[:, head].argmax(axis=1) == y_hat[:, head].argmax(axis=1) for head in heads], axis=0)


def r2(y: Array, y_hat: Array) -> float:
    """1 - sum (y - y_hat)^2 / sum (y - mean y)^2, the mean over the outputs; an output that never varies counts 0."""
    y, y_hat = y.astype(np.float64), y_hat.astype(np.float64)
    spread = ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    missed = ((y - y_hat) ** 2).sum(axis=0)
    return float(np.where(spread > 0, 1 - missed / np.where(spread > 0, spread, 1), 0.0).mean())


METRICS: dict[str, Metric] = {"accuracy": accuracy, "r2": r2}


def as_metrics(metrics: Sequence[str] | Mapping[str, Metric] | None, architecture: Architecture) -> dict[str, Metric]:
    """Metrics by name; None is accuracy for log_loss and cross_entropy, else r2."""
    if metrics is None:
        metrics = ["accuracy" if architecture.loss.name in ("log_loss", "cross_entropy") else "r2"]
    if isinstance(metrics, Mapping) and all(callable(metric) for metric in metrics.values()):
        return dict(metrics)
    metrics = [metrics] if isinstance(metrics, str) else metrics
    if isinstance(metrics, Mapping) or not isinstance(metrics, Iterable):
        expected = "a list of names or {name: function of y and y_hat}"
        raise InputError(sentence("metrics", "fit", repr(metrics), expected, "e.g. metrics=['accuracy']"))
    for name in metrics:
        if name not in METRICS:
            raise unknown_name("metric", name, METRICS)
    found = {name: METRICS[name] for name in metrics}
    return found | {"accuracy": accuracy_of(architecture.heads)} if architecture.heads and "accuracy" in found else found


@dataclass(frozen=True)
class Held:
    """A validation set: all rows of X, Y, s, or those at ``rows``."""

    X: Array
    Y: Array
    s: Array | None
    rows: Array | None

    def evaluate(self, engine: Engine, vector: Array, metrics: Mapping[str, Metric]) -> dict[str, float]:
        """validation_loss (the data part of J) and validation_<metric>."""
        m = len(self.Y) if self.rows is None else len(self.rows)
        loss, weight = 0.0, 0.0
        targets, predictions = [], []
        for start in range(0, m, CHUNK):
            at = slice(start, start + CHUNK)
            rows = at if self.rows is None else self.rows[at]
            X, Y = dense(self.X[rows]), self.Y[rows]
            sums = engine.evaluate(vector, X, Y, None if self.s is None else self.s[rows])
            loss, weight = loss + sums.loss, weight + sums.weight
            if metrics:
                targets.append(Y)
                predictions.append(engine.predict(vector, X))
        row = {"validation_loss": loss / weight}
        if metrics:
            y, y_hat = np.concatenate(targets), np.concatenate(predictions)
            row |= {f"validation_{name}": metric(y, y_hat) for name, metric in metrics.items()}
        return row


def split(Y: Array, fraction: float, stratified: bool, rng: np.random.Generator) -> tuple[Array, Array]:
    """Indices (training, validation); stratified: each class keeps its share, largest remainders first.

    Raises:
        InputError: the fraction is not in (0, 1), or one of the parts would be empty.

    """
    m = len(Y)
    n_held = round(m * fraction) if 0 < fraction < 1 else 0
    if not 0 < n_held < m:
        expected = "a share between 0 and 1 that leaves at least one sample on each side"
        raise InputError(sentence("the validation fraction", f"fit on {m} samples", fraction, expected, "e.g. 0.1"))
    if not stratified:
        order = rng.permutation(m)
        return np.sort(order[n_held:]), np.sort(order[:n_held])
    label = Y.argmax(axis=1) if Y.shape[1] > 1 else (Y[:, 0] >= 0.5).astype(np.int64)
    counts = np.bincount(label)
    wanted = counts * (n_held / m)
    take = np.floor(wanted).astype(np.int64)
    take[np.argsort(take - wanted, kind="stable")[: n_held - take.sum()]] += 1
    held = np.concatenate([rng.permutation(np.flatnonzero(label == k))[: take[k]] for k in range(len(counts))])
    chosen = np.zeros(m, dtype=bool)
    chosen[held] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)

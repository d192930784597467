"""How long one training step takes, beside scikit-learn doing the same work: same network, batches, optimizer, dtype and L2.

Run it with ``make bench``. Each program trains on the same random numbers, epochs of whole batches, in turns, and the medians of the
turns are compared; with the same initial weights both must first arrive at the same loss after the same steps, or nothing is timed.
"""

from __future__ import annotations

import argparse
import statistics
import time
import warnings
from collections.abc import Callable
from itertools import pairwise

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

import pellucid as pl

SHAPES = [
    ((4, 16, 3), 32),
    ((16, 32, 32, 4), 32),
    ((64, 64, 64, 10), 64),
    ((64, 64, 64, 10), 256),
    ((784, 128, 10), 128),
    ((784, 256, 256, 10), 256),
    ((784, 1024, 1024, 10), 512),
]
ALPHA = 1e-4


def work(sizes: tuple[int, ...], batch: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Random samples for some steps, float32, every class among them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(batch * steps, sizes[0])).astype(np.float32)
    return X, np.arange(len(X)) % sizes[-1]


def pellucid(sizes: tuple[int, ...], batch: int, X: np.ndarray, y: np.ndarray, engine: str) -> Callable[[int], tuple[float, float]]:
    """A function of epochs: seconds, and the loss of the last epoch."""

    def run(epochs: int) -> tuple[float, float]:
        rules = ["relu"] * (len(sizes) - 2) + ["softmax"]
        net = pl.Network(sizes, rules, "cross_entropy", l2=ALPHA, initializer="zeros", dtype="float32")
        start(net.parameters.values())
        began = time.perf_counter()
        history = net.fit(X, y, batch_size=batch, epochs=epochs, shuffle=False, progress=False, engine=engine)
        return time.perf_counter() - began, history["loss"][-1]

    return run


def sklearn(sizes: tuple[int, ...], batch: int, X: np.ndarray, y: np.ndarray) -> Callable[[int], tuple[float, float]]:
    """The same by scikit-learn."""

    class Given(MLPClassifier):
        def _initialize(self, y: np.ndarray, layer_units: list[int], dtype: np.dtype) -> None:
            super()._initialize(y, layer_units, dtype)
            pairs = zip(self.coefs_, self.intercepts_, strict=True)
            start([part for pair in pairs for part in pair])

    def run(epochs: int) -> tuple[float, float]:
        model = Given(
            sizes[1:-1], alpha=ALPHA, batch_size=batch, max_iter=epochs, shuffle=False, tol=0, n_iter_no_change=epochs + 1, random_state=0
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            began = time.perf_counter()
            model.fit(X, y)
        return time.perf_counter() - began, model.loss_curve_[-1]

    return run


def start(parts: object) -> None:
    """The same weights for everyone: W1, b1, W2 ..."""
    rng = np.random.default_rng(1)
    for part in parts:  # type: ignore[attr-defined]
        if part.ndim == 2:
            bound = np.sqrt(6 / sum(part.shape))
            part[...] = rng.uniform(-bound, bound, part.shape)
        else:
            part[...] = 0


def main() -> None:
    """Print microseconds a step and their ratio, shape by shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=7, help="turns of each program")
    parser.add_argument("--engine", default="reference", help="the engine of Pellucid")
    parser.add_argument("--largest", type=float, default=1e9, help="leave out networks with more parameters")
    options = parser.parse_args()
    table = Table(title=f"One training step (ReLU, softmax, cross-entropy, Adam, float32), medians of {options.repeats} turns")
    for heading in ("network", "batch", "scikit-learn", f"Pellucid ({options.engine})", "ratio"):
        table.add_column(heading, justify="right")
    for sizes, batch in SHAPES:
        cost = batch * sum(n * k for n, k in pairwise(sizes))
        if cost / batch > options.largest:
            continue
        steps = max(4, min(50, int(2e9 / cost)))
        X, y = work(sizes, batch, steps)
        programs = sklearn(sizes, batch, X, y), pellucid(sizes, batch, X, y, options.engine)
        losses = [program(2)[1] for program in programs]
        if not np.isclose(*losses, rtol=1e-3):
            raise SystemExit(f"not the same work: losses {losses} for {sizes}")
        epochs = max(1, min(20, int(1e9 / cost / steps)))
        seconds: list[list[float]] = [[], []]
        for _ in range(options.repeats):
            for times, program in zip(seconds, programs, strict=True):
                times.append(program(epochs)[0] / (epochs * steps))
        theirs, ours = (statistics.median(times) * 1e6 for times in seconds)
        table.add_row("-".join(map(str, sizes)), str(batch), f"{theirs:,.0f} us", f"{ours:,.0f} us", f"{theirs / ours:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()

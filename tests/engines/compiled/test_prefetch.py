"""The rows of the next batch are called for: all of them, where it is worth it, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.engines.base import Batches
from pellucid.engines.compiled import training

SETTINGS = [(32, True), (32, False), (300, True), (7, True)]


def trained(batch_size: int, shuffle: bool, n_threads: int) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    X, y, s = rng.normal(size=(1_001, 20)).astype(np.float32), rng.integers(0, 10, 1_001), rng.uniform(0.5, 2, 1_001)
    net = pl.Network([20, 96, 64, 10], activations=["relu", "tanh", "softmax"], loss="cross_entropy", seed=1, dtype="float32")
    net.fit(
        X,
        y,
        epochs=3,
        batch_size=batch_size,
        shuffle=shuffle,
        n_threads=n_threads,
        sample_weight=s,
        optimizer=pl.Adam(learning_rate=0.01),
        progress=False,
    )
    return {name: array.copy() for name, array in net.parameters.items()}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(("batch_size", "shuffle"), SETTINGS)
def test_the_bits_are_the_same(monkeypatch: pytest.MonkeyPatch, batch_size: int, shuffle: bool, n_threads: int) -> None:
    found = []
    for worth in (False, True):
        monkeypatch.setattr(training, "_worth_prefetching", lambda batches, worth=worth: worth)
        found.append(trained(batch_size, shuffle, n_threads))
    assert all(np.array_equal(found[0][name], found[1][name]) for name in found[0])


@pytest.mark.parametrize(("batch_size", "shuffle"), SETTINGS)
def test_all_rows_of_the_next_batch_are_called_for(monkeypatch: pytest.MonkeyPatch, batch_size: int, shuffle: bool) -> None:
    spaces = []

    def init(self: Any, space: Any, *args: Any) -> None:
        spaces.append(space)
        start(self, space, *args)

    start = training.Training.__init__
    monkeypatch.setattr(training, "_worth_prefetching", lambda batches: True)
    monkeypatch.setattr(training.Training, "__init__", init)
    trained(batch_size, shuffle, 1)
    worker = spaces[-1].workers[0]
    # the last step had the rows that were left, and called for as many of the first batch
    left = 1_001 % batch_size or batch_size
    assert (worker["next_row"], worker["next_end"]) == (left, left)
    assert worker["next_share"] == -(-left // 6)


@pytest.mark.parametrize(
    ("rows", "columns", "batch_size", "shuffled", "worth"),
    [
        (200_000, 20, 32, True, True),
        (200_000, 20, 32, False, False),  # so few bytes in order are read ahead anyway
        (200_000, 20, 1_000, False, True),
        (2_000, 20, 32, True, False),  # all of it stays in the cache
        (20_000, 784, 256, True, False),  # the next batch would take the place of this one
    ],
)
def test_where_it_is_worth_it(rows: int, columns: int, batch_size: int, shuffled: bool, worth: bool) -> None:
    X, Y = np.empty((rows, columns), np.float32), np.empty((rows, 3), np.float32)
    order = np.arange(rows) if shuffled else None
    assert training._worth_prefetching(Batches(X, Y, None, batch_size=batch_size, order=order, dropout_seed=0)) is worth

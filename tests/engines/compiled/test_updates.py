"""What shrinks for want of a gradient ends at zero, not at denormal numbers, which processors take long for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Progress

STEPS = {"float32": 3_000, "float64": 8_000}
"""more than it takes 0.9^t to shrink below the least normal number"""
SHRINKING = [pl.Momentum(0.01), pl.Nesterov(0.01), pl.RMSprop(0.01, rho=0.9), pl.Adam(0.01, beta_2=0.9), pl.AdamW(0.01, beta_2=0.9)]


def trained(optimizer: Any, engine: str, dtype: str) -> Progress:
    """Steps of which only the first one has a gradient for the weight of x_2."""
    rows = STEPS[dtype]
    X = np.ones((rows, 2), dtype)
    X[1:, 1] = 0
    net = pl.Network([2, 1], ["identity"], loss="half_mse", dtype=dtype, seed=0)
    vector = net.vector.copy()
    progress = Progress(vector, optimizer.init(vector))
    batches = Batches(X, 2 * X[:, :1].copy(), None, None, 1, 0)
    rates = np.full(rows, 0.01)
    while progress.position < rows and not progress.failed:
        load(engine, net.architecture).run(progress, batches, rates, optimizer, 0.1)
    return progress


@pytest.mark.parametrize("dtype", STEPS)
@pytest.mark.parametrize("optimizer", SHRINKING, ids=lambda optimizer: type(optimizer).__name__)
def test_moments_without_a_gradient_become_zero(optimizer: Any, dtype: str) -> None:
    ours, theirs = (trained(optimizer, engine, dtype) for engine in ("compiled", "reference"))
    tiny = np.finfo(dtype).tiny
    assert all(0 < abs(moment[1]) < tiny for moment in theirs.state)  # so that there is something to see
    assert all(moment[1] == 0 for moment in ours.state)
    assert ours.vector[1] == pytest.approx(theirs.vector[1], abs=1e-6 if dtype == "float32" else 1e-13)


def test_nan_is_no_small_number() -> None:
    batches = Batches(np.ones((2, 1), np.float32), np.full((2, 1), np.nan, np.float32), None, None, 1, 0)
    for optimizer in SHRINKING:
        net = pl.Network([1, 1], ["identity"], loss="half_mse", dtype="float32", seed=0)
        vector = net.vector.copy()
        progress = Progress(vector, optimizer.init(vector))
        load("compiled", net.architecture).run(progress, batches, np.full(2, 0.01), optimizer, 0.1)
        assert progress.failed

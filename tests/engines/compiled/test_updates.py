"""What shrinks for want of a gradient ends at zero, not at denormal numbers, which processors take long for."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Progress
from pellucid.engines.compiled.machine import COEFFICIENTS
from pellucid.engines.compiled.memory import at
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.store import address

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


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop", "adam", "adamw"])
@pytest.mark.parametrize("dtype", STEPS)
def test_nan_is_no_small_number(name: str, dtype: str) -> None:
    """Called directly, as in a training the cost tells of it first."""
    theta, g, first, second = (np.full(40, value, dtype) for value in (1, 0.5, 0.25, 0.25))
    g[3], g[5] = np.nan, np.inf
    settings = np.full(COEFFICIENTS, 0.5)
    update = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 6)(address(Part(f"updates.{name}"), np.dtype(dtype)))
    update(*map(at, (theta, g, first, second)), 40, at(settings))
    finite = np.isfinite(first) & np.isfinite(theta)
    assert np.isnan(first[3])
    assert np.isnan(theta[3])
    assert np.flatnonzero(~finite).tolist() == [3, 5]

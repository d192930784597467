"""J as a function of the flat vector."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import pellucid as pl
from pellucid.glassbox.cost import Cost

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))


def test_cost_is_that_of_the_network_and_its_gradient_too():
    net = pl.Network([2, 4, 3], ["relu", "softmax"], l2=0.3, dropout=0.5, seed=5)
    s, mask, y = RNG.random(30), net.dropout_mask(30), RNG.integers(3, size=30)
    cost = Cost(net, X, y, s, mask)
    assert cost(net.vector) == pytest.approx(float(net.trace(X, y, sample_weight=s, mask=mask)["J"]), rel=1e-12)
    flat = net.architecture.named(cost.gradient(net.vector), prefix="d")
    for name, part in net.gradients(X, y, s, mask=mask, engine="reference").items():
        assert_allclose(flat[name], part, rtol=1e-12, atol=1e-16)


def test_it_is_computed_in_doubles_and_anywhere():
    net = pl.Network([2, 3, 1], "tanh", dtype="float32")
    cost, y = Cost(net, X, RNG.normal(size=30)), 1e-9
    assert cost.theta.dtype == np.float64
    step = np.zeros_like(cost.theta)
    step[3] = y
    assert (cost(cost.theta + step) - cost(cost.theta - step)) / (2 * y) == pytest.approx(cost.gradient(cost.theta)[3], rel=1e-4)


def test_an_overflow_is_infinite_and_no_error():
    net = pl.Network([1, 1], ["exp"])
    net.parameters["W1"][...] = 1.0
    assert Cost(net, [[1000.0]], [1.0])(net.vector) == np.inf

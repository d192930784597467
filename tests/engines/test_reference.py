"""The reference engine: sums that add up, pauses that alter nothing, batches of the sizes that are left."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Progress
from pellucid.errors import UnknownNameError


@pytest.fixture
def net():
    return pl.Network([3, 8, 2], ["tanh", "softmax"], "cross_entropy", l2=0.1, dropout=0.25, seed=1)


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(23, 3)), np.eye(2)[rng.integers(2, size=23)], rng.random(23)


def start(net, optimizer):
    vector = net.vector.copy()
    return Progress(vector, optimizer.init(vector))


def run(net, batches, seconds, optimizer=None, clip=None):
    optimizer = optimizer or pl.Adam(0.01)
    progress, engine = start(net, optimizer), load("reference", net.architecture)
    calls = 0
    while progress.position < batches.count:
        engine.run(progress, batches, np.full(batches.count, 0.01), optimizer, seconds)
        calls += 1
        if seconds <= 0:
            break
    return progress, calls


def test_where_it_pauses_does_not_alter_the_arithmetic(net, data, monkeypatch):
    X, Y, s = data
    order = np.random.default_rng(3).permutation(23)
    batches = Batches(X, Y, s, order, 5, dropout_seed=7)
    whole, calls = run(net, batches, 1e9)
    assert calls == 1
    ticks = iter(np.arange(0.0, 1000.0, 1.1))
    monkeypatch.setattr("pellucid.engines.steps.time.monotonic", lambda: next(ticks))
    pieces, calls = run(net, batches, 1.0)
    assert calls == 5
    np.testing.assert_array_equal(whole.vector, pieces.vector)
    assert (whole.cost_sum, whole.weight_sum, whole.step) == (pieces.cost_sum, pieces.weight_sum, pieces.step)


def test_the_last_batch_may_be_short_and_every_row_is_visited_once(net, data):
    X, Y, _ = data
    progress, _ = run(net, Batches(X, Y, None, None, 5, 0), 1e9)
    assert (progress.position, progress.step, progress.weight_sum) == (5, 5, 23)


def test_a_batch_whose_weights_are_all_zero_moves_nothing_by_its_data(data):
    X, Y, _ = data
    net = pl.Network([3, 2], ["softmax"], "cross_entropy", seed=1)
    progress, _ = run(net, Batches(X, Y, np.zeros(23), None, 23, 0), 1e9, pl.GradientDescent(0.1))
    np.testing.assert_array_equal(progress.vector, net.vector)
    assert not progress.failed


def test_clipping_scales_the_gradient_to_the_norm(data):
    X, Y, _ = data
    net = pl.Network([3, 2], ["softmax"], "cross_entropy", seed=1)
    optimizer = pl.GradientDescent(1.0)
    progress = start(net, optimizer)
    load("reference", net.architecture).run(progress, Batches(X, Y, None, None, 23, 0, clip_norm=1e-3), np.array([1.0]), optimizer, 1e9)
    assert np.linalg.norm(progress.vector - net.vector) == pytest.approx(1e-3, rel=1e-12)
    assert progress.gradient_norm_sum > 1e-3


def test_each_batch_has_its_own_learning_rate(data):
    X, Y, _ = data
    net = pl.Network([3, 2], ["softmax"], "cross_entropy", seed=1)
    optimizer = pl.GradientDescent(1.0)
    progress = start(net, optimizer)
    load("reference", net.architecture).run(progress, Batches(X, Y, None, None, 12, 0), np.array([0.5, 0.0]), optimizer, 1e9)
    first = net.gradients(X[:12], Y[:12])
    expected = net.vector - 0.5 * np.concatenate([first["dW1"].ravel(), first["db1"]])
    np.testing.assert_allclose(progress.vector, expected, rtol=1e-14)


def test_a_cost_that_is_not_finite_stops_before_the_step(data):
    X, Y, _ = data
    X = X.copy()
    X[7] = np.nan
    net = pl.Network([3, 2], ["softmax"], "cross_entropy", seed=1)
    progress, _ = run(net, Batches(X, Y, None, None, 23, 0), 0.0, pl.GradientDescent(0.1))
    optimizer = pl.GradientDescent(0.1)
    progress = start(net, optimizer)
    load("reference", net.architecture).run(progress, Batches(X, Y, None, None, 5, 0), np.full(5, 0.1), optimizer, 1e9)
    assert progress.failed
    assert progress.position == 1
    assert np.isfinite(progress.vector).all()


def test_evaluation_leaves_dropout_out(net, data):
    X, Y, s = data
    sums = load("reference", net.architecture).evaluate(net.vector, X, Y, s)
    y_hat = net.predict(X)
    assert sums.loss == pytest.approx(-(s[:, None] * Y * np.log(y_hat)).sum(), rel=1e-12)
    assert sums.weight == pytest.approx(s.sum(), rel=1e-15)


def test_an_unknown_engine_gets_the_nearest_right_one(net):
    with pytest.raises(UnknownNameError, match=r"Unknown engine 'refrence': did you mean 'reference'\?"):
        load("refrence", net.architecture)

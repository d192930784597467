"""Backward propagation of random networks against JAX's automatic differentiation."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import event, given, settings

import pellucid as pl
from oracles import assert_equal, value_and_gradients
from pellucid.equations import activations, losses, propagation
from pellucid.equations.propagation import backward, forward, mean_gradient, penalty
from random_networks import HIDDEN, PAIRS, beside_a_kink, build, recipes, tame, targets


@settings(max_examples=120)
@given(recipes())
def test_gradients_of_random_networks_are_those_of_jax(recipe):
    net, X, Y, s, mask = build(recipe)
    double = net.dtype == np.float64
    trace = net.trace(X, Y, convention="rows", sample_weight=s, mask=mask)
    if not tame(net, trace):
        event("left out: scores too large to compare")
        return
    if beside_a_kink(net, trace, Y, 1e-6 if double else 1e-4):
        event("left out: beside a kink")
        return
    value, expected = value_and_gradients(net, X, Y, s, mask)
    tolerance, share = (1e-10, 1e-4) if double else (1e-4, 1e-2)
    top = max(np.abs(part).max() for part in expected.values())
    if top < 1e-15:  # zero but for JAX's rounding, as where a softmax gets the same da in every unit
        event("no gradient")
        for engine in ("reference", "compiled"):
            found = net.gradients(X, Y, s, mask=mask, engine=engine)
            assert max(np.abs(part).max() for part in found.values()) <= 10 * np.finfo(net.dtype).eps
        return
    floor = share * top  # an array that is nothing but cancellation is compared on the scale of the others
    event(f"compared in {net.dtype}")
    for engine in ("reference", "compiled"):
        assert_equal(net.gradients(X, Y, s, mask=mask, engine=engine), expected, tolerance, floor + 1e-300)
    assert float(trace["J"]) == pytest.approx(value, rel=1e-9 if double else 1e-4, abs=1e-12 if double else 1e-5)


def test_few_draws_lie_beside_a_kink():
    """The share that the property above leaves out, on draws of the usual kind."""
    rng = np.random.default_rng(0)
    near = 0
    for seed in range(200):
        net = pl.Network([8, 16, 16, 3], ["relu", "hard_tanh", "identity"], "mae", seed=seed)
        X, Y = rng.normal(size=(9, 8)), rng.normal(size=(9, 3))
        near += beside_a_kink(net, net.trace(X, Y), Y.T, 1e-6)
    assert near <= 10


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_output_with_every_loss_it_may_stand_before(output, loss):
    net = pl.Network([3, 4, 3], ["tanh", output], loss, l2=0.3, seed=1)
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(6, 3)), targets(rng, loss, 6, 3)
    value, expected = value_and_gradients(net, X, Y)
    assert_equal(net.gradients(X, Y), expected, 1e-10)
    assert net.loss(X, Y) == pytest.approx(value, rel=1e-12)


@pytest.fixture
def case():
    net = pl.Network([3, 5, 4, 2], ["tanh", "silu", "sigmoid"], "log_loss", seed=4, l2=0.1)
    rng = np.random.default_rng(5)
    X, Y, s = rng.normal(size=(7, 3)), (rng.random((7, 2)) > 0.5).astype(float), rng.random(7) + 0.2
    return net, X, Y, s


@pytest.mark.parametrize("place", ["dW", "db", "dz"])
def test_a_planted_error_of_a_thousandth_in_propagation_is_seen(case, monkeypatch, place):
    net, X, Y, s = case
    expected = value_and_gradients(net, X, Y, s)[1]
    assert_equal(net.gradients(X, Y, s, engine="reference"), expected, 1e-10)

    def wrong(*arguments, **named):
        found = propagation.backward(*arguments, **named)
        part = getattr(found, place)
        part[1] = part[1] * 1.001
        return found

    def wrong_error(self, z, y_hat, y):
        return 1.001 * losses.FUSED["sigmoid", "log_loss"].slope(z, y_hat, y)

    if place == "dz":
        monkeypatch.setattr(losses.Objective, "backward", wrong_error)
    else:
        monkeypatch.setattr("pellucid.engines.reference.backward", wrong)
    with pytest.raises(AssertionError, match="relative to its largest entry"):
        assert_equal(net.gradients(X, Y, s, engine="reference"), expected, 1e-10)


def test_a_planted_error_of_a_thousandth_in_the_l2_term_is_seen(case, monkeypatch):
    net, X, Y, s = case
    monkeypatch.setattr("pellucid.network.mean_gradient", lambda g, total, W, l2: mean_gradient(g, total, W, 1.001 * l2))
    with pytest.raises(AssertionError, match="dW1 is"):
        assert_equal(net.gradients(X, Y, s), value_and_gradients(net, X, Y, s)[1], 1e-10)


def test_a_planted_error_of_a_thousandth_in_the_sample_weights_is_seen(case):
    net, X, Y, s = case
    wrong = np.where(np.arange(len(s)) == 2, 1.001 * s, s)
    with pytest.raises(AssertionError, match="dW1 is"):
        assert_equal(net.gradients(X, Y, wrong), value_and_gradients(net, X, Y, s)[1], 1e-10)


def test_a_planted_error_of_a_thousandth_in_softmax_is_seen(monkeypatch):
    net = pl.Network([3, 4, 2], ["softmax", "identity"], "mse", seed=1)
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    expected, right = value_and_gradients(net, X, Y)[1], activations.Softmax.backward
    assert_equal(net.gradients(X, Y, engine="reference"), expected, 1e-10)
    monkeypatch.setattr(activations.Softmax, "backward", lambda *arguments: 1.001 * right(*arguments))
    with pytest.raises(AssertionError, match="dW1 is"):
        assert_equal(net.gradients(X, Y, engine="reference"), expected, 1e-10)


@pytest.mark.parametrize("spec", [spec for spec in HIDDEN if spec not in ("softmax", "identity")])
def test_a_planted_error_of_a_thousandth_in_a_derivative_is_seen(spec):
    record = activations.activation(spec)
    bad = dataclasses.replace(record, derivative=lambda z, a: 1.001 * record.derivative(z, a))
    rng = np.random.default_rng(6)
    X, Y = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    for rule, right in ((record, True), (bad, False)):
        net = pl.Network([3, 4, 2], [rule, "identity"], "mse", seed=1)
        expected = value_and_gradients(net, X, Y)[1]
        if right:
            assert_equal(net.gradients(X, Y, engine="reference"), expected, 1e-10)
        else:
            with pytest.raises(AssertionError, match="dW1 is"):
                assert_equal(net.gradients(X, Y, engine="reference"), expected, 1e-10)


def test_without_the_output_forward_and_backward_are_each_others_transposes(case):
    """<J v, u> = <v, J^T u> for the linear part: dW and da are the adjoints of z = a W + b."""
    rng = np.random.default_rng(7)
    a, W, b = rng.normal(size=(6, 4)), rng.normal(size=(4, 3)), rng.normal(size=3)
    rule = [activations.activation("identity")]
    objective = losses.Objective(rule[0], losses.loss("half_mse"))
    tape = forward(rule, [(W, b)], a)
    found = backward(rule, objective, [(W, b)], tape, np.zeros((6, 3)), input_too=True)
    u = found.dz[1]
    dW, db, da = rng.normal(size=W.shape), rng.normal(size=b.shape), rng.normal(size=a.shape)
    moved = da @ W + a @ dW + db
    assert (moved * u).sum() == pytest.approx((da * found.da[0]).sum() + (dW * found.dW[0]).sum() + (db * found.db[0]).sum(), rel=1e-12)


def test_gradient_sums_of_parts_of_a_batch_add_up(case):
    net, X, Y, s = case
    rules, objective = net.architecture.activations, net.architecture.objective
    parameters = net.architecture.split(net.vector)

    def sums(rows):
        found = backward(rules, objective, parameters, forward(rules, parameters, X[rows]), Y[rows], s[rows])
        return np.concatenate([part.ravel() for part in found.dW + found.db])

    whole = sums(slice(None))
    np.testing.assert_allclose(sums(slice(0, 3)) + sums(slice(3, None)), whole, rtol=0, atol=1e-14 * np.abs(whole).max())


def test_the_mean_gradient_and_the_penalty():
    weights, total = np.array([1.0, -2.0]), np.array([4.0, 6.0, 8.0])
    np.testing.assert_array_equal(mean_gradient(total, 2.0, weights, 0.5), [(4 + 0.5) / 2, (6 - 1) / 2, 4])
    np.testing.assert_array_equal(mean_gradient(total, 2.0, weights, 0.0), [2, 3, 4])
    assert penalty(weights, 0.5, 2.0) == 0.5 * 5 / 4
    assert penalty(weights, 0.0, 2.0) == 0

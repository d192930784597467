"""What each remedy changes, and what it leaves alone."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pellucid as pl
from pellucid.equations.activations import CATALOGUE, activation
from pellucid.glassbox.health import remedies
from pellucid.glassbox.health.case import Case


@pytest.fixture
def case():
    rng = np.random.default_rng(0)
    net = pl.Network([5, 6, 4, 2], ["relu", "sigmoid", "softmax"], seed=0, l2=0.1)
    net.vector[...] = rng.normal(size=net.n_parameters) * 9
    return Case.of(net, rng.normal(size=(30, 5)) * [1, 2, 3, 4, 0] + 7, rng.integers(0, 2, 30), rng.random(30))


def same_but(case, other, *changed):
    for name in ("architecture", "vector", "X", "Y", "s", "optimizer", "clip_norm"):
        if name not in changed:
            assert getattr(other, name) is getattr(case, name), name


def test_the_initializer_that_fits():
    fits = {name: remedies.fitting(activation(name)).spec for name in CATALOGUE}
    he = {"relu", "leaky_relu", "elu", "softplus", "gelu", "silu", "mish", "exp"}
    assert {name for name, spec in fits.items() if spec == "he_normal"} == he
    assert fits["selu"] == "lecun_normal"
    assert {fits[name] for name in CATALOGUE if name not in he | {"selu"}} == {"glorot_uniform"}


def test_new_weights(case):
    remedy = remedies.new_weights(case.architecture.activations)
    assert remedy.name == "new weights (he_normal and glorot_uniform)"
    other = remedy.change(case, 3)
    same_but(case, other, "vector")
    (W1, b1), (W2, b2), (W3, b3) = case.architecture.split(other.vector)
    assert 0.4 < W1.std() < 0.9, "sqrt(2 / 5) = 0.63"
    assert np.abs(W2).max() <= np.sqrt(6 / 10)
    assert np.abs(W3).max() <= 1
    assert not np.concatenate([b1, b2, b3]).any()
    assert_array_equal(remedy.change(case, 3).vector, other.vector)
    assert (remedy.change(case, 4).vector != other.vector).any()


def test_new_weights_and_clipping(case):
    other = remedies.new_weights_and_clipping(case).change(case, 0)
    same_but(case, other, "vector", "clip_norm")
    assert other.clip_norm == 1


def test_relu_instead(case):
    other = remedies.relu_instead((2,), "sigmoid").change(case, 0)
    same_but(case, other, "architecture", "vector")
    assert [rule.spec for rule in other.architecture.activations] == ["relu", "relu", "softmax"]
    assert (other.architecture.loss, other.architecture.l2) == (case.architecture.loss, 0.1)


def test_scaled_inputs(case):
    other = remedies.scaled_inputs().change(case, 0)
    same_but(case, other, "X", "vector")
    assert_allclose(other.X.mean(axis=0), 0, atol=1e-12)
    assert_allclose(other.X.std(axis=0), [1, 1, 1, 1, 0], atol=1e-12)
    assert_allclose(other.input_size, np.sqrt(4 / 5))


def test_only_dead_units_are_drawn_anew(case):
    other = remedies.revived({1: (0, 3), 2: (1,)}).change(case, 0)
    same_but(case, other, "vector")
    places = case.architecture.named(np.arange(len(case.vector)))
    dead = [places["W1"][:, [0, 3]], places["b1"][[0, 3]], places["W2"][:, [1]], places["b2"][[1]]]
    moved = np.flatnonzero(other.vector != case.vector)
    assert_array_equal(moved, np.sort(np.concatenate([part.ravel() for part in dead])))
    assert not case.architecture.named(other.vector)["b1"][[0, 3]].any()


@pytest.mark.parametrize(
    ("output", "loss", "y", "name"),
    [
        ("sigmoid", "mse", [[0.0, 1.0]], "the loss log_loss"),
        ("sigmoid", "mse", [[0.0, 7.0]], "the output identity"),
        ("softmax", "huber", [[0.0, 1.0]], "the loss cross_entropy"),
        ("tanh", "mse", [[0.0, 1.0]], "the output identity"),
    ],
)
def test_the_output_that_fits(output, loss, y, name):
    case = Case.of(pl.Network([3, 2], [output], loss), [[1.0, 2.0, 3.0]], y)
    remedy = remedies.fitting_output(case)
    assert remedy.name == name
    other = remedy.change(case, 0)
    same_but(case, other, "architecture")
    assert name.split()[-1] in (other.architecture.loss.spec, other.architecture.activations[-1].spec)


def test_what_a_fused_pair_gives_is_told_for_targets_of_any_sum():
    soft = Case.of(pl.Network([1, 2], ["softmax"], "mse"), [[1.0]], [[0.2, 0.3]])
    assert remedies.fitting_output(soft).advice.endswith("dz = a sum(y) - y")
    hard = Case.of(pl.Network([1, 2], ["softmax"], "mse"), [[1.0]], [[0.0, 1.0]])
    assert remedies.fitting_output(hard).advice.endswith("dz = a - y")


@pytest.mark.parametrize(("rate", "worst", "smaller"), [(0.1, 1.5, 0.001), (0.1, 10.0, 0.001), (0.1, 11.0, 0.0001), (0.3, 500.0, 3e-5)])
def test_smaller_steps(case, rate, worst, smaller):
    remedy = remedies.smaller_steps(rate, worst)
    assert remedy.advice == f"lower the learning rate to {smaller:g}"
    other = remedy.change(case, 0)
    same_but(case, other, "optimizer")
    assert other.rate == smaller
    assert worst * smaller / rate <= 0.1 * (1 + 1e-9)


def test_remedies_can_be_pickled(case):
    for remedy in (
        remedies.new_weights(case.architecture.activations),
        remedies.relu_instead((1,), "relu"),
        remedies.revived({1: (0,)}),
        remedies.smaller_steps(0.1, 3.0),
        remedies.fitting_output(case),
    ):
        again = pickle.loads(pickle.dumps(remedy))
        assert_array_equal(again.change(case, 0).vector, remedy.change(case, 0).vector)

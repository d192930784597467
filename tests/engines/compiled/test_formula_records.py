"""Formulas in the compiled engine: the same numbers as the reference engine, at kinks and in training too."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from engines.compiled.test_conformance import TOLERANCE, one_step
from engines.compiled.test_formulas import apply
from formulas import ACTIVATIONS, LOSSES
from pellucid.engines.compiled import formulas, rules
from pellucid.equations.activations import Elementwise
from pellucid.equations.formulas import activation_faces


def sample(net, dtype, targets=None, m=37):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(m, net.architecture.sizes[0]))
    X[rng.random(X.shape) < 0.2] = 0.0
    X[0] = 0.0  # with zero biases every z of this row is exactly zero
    n = net.architecture.sizes[-1]
    Y = rng.normal(size=(m, n)) if targets is None else rng.choice(targets, size=(m, n))
    return X.astype(dtype), Y.astype(dtype)


@pytest.mark.parametrize("formula", ACTIVATIONS)
def test_every_formula_of_an_activation(formula):
    for dtype in ("float64", "float32"):
        net = pl.Network([6, 17, 5, 3], [formula, formula, "identity"], "half_mse", seed=1, dtype=dtype)
        one_step(net, *sample(net, dtype), None, None, TOLERANCE[dtype])


@pytest.mark.parametrize("formula", LOSSES)
def test_every_formula_of_a_loss(formula):
    record, (_, _, targets) = pl.loss(formula), LOSSES[formula]
    for dtype in ("float64", "float32"):
        net = pl.Network([6, 17, 3], ["tanh", record.output], formula, seed=1, dtype=dtype)
        one_step(net, *sample(net, dtype, targets), None, None, TOLERANCE[dtype])


def test_with_dropout_weights_and_l2_too():
    net = pl.Network([6, 17, 3], ["x * sigmoid(2*x)", "identity"], "log(cosh(y_hat - y))", seed=1, dropout=0.3, l2=0.7)
    X, Y = sample(net, "float64")
    s = np.random.default_rng(1).random(len(X)) + 0.1
    one_step(net, X, Y, s, net.dropout_mask(len(X)), 1e-12)


def test_a_training_takes_the_same_way_in_both_engines():
    nets = [pl.Network([6, 9, 3], ["x * sigmoid(2*x)", "identity"], "log(cosh(y_hat - y))", seed=1) for _ in range(2)]
    X, Y = sample(nets[0], "float64")
    for net, engine in zip(nets, ("compiled", "reference"), strict=True):
        net.fit(X, Y, epochs=20, batch_size=8, optimizer=pl.Adam(0.01), engine=engine, progress=False)
    np.testing.assert_allclose(nets[0].vector, nets[1].vector, rtol=1e-9, atol=1e-11)
    assert nets[0].history["loss"][-1] < nets[0].history["loss"][0]


CATALOGUE = {
    "silu": "x*sigmoid(x)",
    "relu": "max(0, x)",
    "sigmoid": "1/(1 + exp(-x))",
    "tanh": "(exp(x) - exp(-x))/(exp(x) + exp(-x))",
    "gelu": "x*erfc(-x/sqrt(2))/2",
    "mish": "x*tanh(log(1 + exp(x)))",
    "elu": "x if x >= 0 else exp(x) - 1",
    "hard_tanh": "min(1, max(-1, x))",
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_what_a_formula_derives_is_what_the_catalogue_has_by_hand(name):
    """Without the short cut by which a formula that is in the catalogue computes as that does."""
    faces = activation_faces(CATALOGUE[name], {})
    derived = Elementwise(
        name, faces.formula, faces.derivative_formula, faces.range, faces.kinks, faces.forward, faces.pieces, faces.derivative
    )  # fmt: skip
    z = np.array([[-60.0, -3.0, -1.0, -0.2, 0.0, 0.4, 1.0, 2.0, 60.0]])
    record = pl.activation(name)
    np.testing.assert_allclose(derived.forward(z), record.forward(z), rtol=1e-14, atol=1e-300)
    np.testing.assert_allclose(derived.derivative(z, record.forward(z)), record.derivative(z, record.forward(z)), rtol=1e-13, atol=1e-16)
    for kind in (derived, record):
        pair = rules.activation(kind, hidden=False)
        assert isinstance(pair.forward, formulas.Rule)
    np.testing.assert_allclose(apply(faces.pieces[0], z[0]), apply(record.pieces[0], z[0]), rtol=1e-14, atol=1e-300)

"""The step of the optimizer: what a training does first, for each optimizer, whole and entry by entry."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import pellucid as pl
from pellucid.equations import optimizers

RNG = np.random.default_rng(2)
X, Y = RNG.normal(size=(6, 3)), RNG.integers(2, size=6).astype(float)


def net():
    return pl.Network([3, 4, 1], ["tanh", "sigmoid"], "log_loss", seed=5, l2=0.1)


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("name", optimizers.CATALOGUE)
def test_the_new_parameters_are_those_after_one_step_of_training(name, convention):
    derivation, trained = pl.derive(net(), (X, Y), convention=convention, optimizer=name), net()
    trained.fit(X, Y, optimizer=optimizers.CATALOGUE[name](), epochs=1, engine="reference", progress=False)
    for parameter, value in trained.parameters.items():
        step = derivation[f"{parameter[0]}_new{parameter[1:]}"]
        found = step.evaluate(derivation.values)
        right = found if convention == "rows" else found.T.reshape(value.shape)
        assert_allclose(right, value, rtol=1e-13)
        assert step.value.shape == derivation[parameter].value.shape


@pytest.mark.parametrize(
    ("rule", "symbols"),
    [
        (pl.GradientDescent(0.5), ["W_new1"]),
        (pl.Momentum(0.1, momentum=0.5), ["v_W1", "W_new1"]),
        (pl.Nesterov(0.1), ["v_W1", "W_new1"]),
        (pl.AdaGrad(0.1), ["r_W1", "W_new1"]),
        (pl.RMSprop(0.1), ["r_W1", "W_new1"]),
        (pl.Adam(0.1), ["m_W1", "v_W1", "m_W_hat1", "v_W_hat1", "W_new1"]),
        (pl.AdamW(0.1, weight_decay=0.3), ["m_W1", "v_W1", "m_W_hat1", "v_W_hat1", "W_new1"]),
    ],
)
def test_the_lines_of_each(rule, symbols):
    derivation = pl.derive(net(), (X, Y), optimizer=rule)
    of_first = [step.symbol for step in derivation if step.part == "update" and "W" in step.symbol and step.symbol.endswith("1")]
    assert of_first == symbols
    assert f"alpha = {rule.learning_rate:g}" in derivation.sections[-1].note


def test_gradient_descent_in_the_words_of_the_notes():
    step = pl.derive(net(), (X, Y))["W_new1"]
    assert step.equation == r"W_{\mathrm{new}}^{[1]} = W^{[1]} - \alpha dW^{[1]}"
    assert "against the gradient" in step.rule


def test_adam_of_one_weight_with_its_numbers():
    derivation = pl.derive(net(), (X[:1], Y[:1]), of=("W1", 2, 3), optimizer="adam")
    g = derivation["dW1[2,3]"].value
    assert derivation["m_W1[2,3]"].value == pytest.approx(0.1 * g, rel=1e-14)
    assert derivation["v_W_hat1[2,3]"].value == pytest.approx(g * g, rel=1e-12)
    w = derivation.values["W1"][1, 2]
    assert derivation["W_new1[2,3]"].value == pytest.approx(w - 0.001 * g / (abs(g) + 1e-8), rel=1e-13)


def test_the_first_rate_of_a_schedule_is_taken():
    derivation = pl.derive(net(), (X, Y), optimizer=pl.GradientDescent(pl.WarmUp(0.4, steps=4)))
    assert derivation.values["alpha"] == pytest.approx(0.1)


def test_l_bfgs_has_no_formula_and_says_so():
    derivation = pl.derive(net(), (X, Y), optimizer="lbfgs")
    assert derivation.sections[-1].steps == ()
    assert derivation.sections[-1].note.startswith("L-BFGS has no formula for one parameter")


def test_an_optimizer_of_ones_own_is_named():
    class Signs(pl.GradientDescent):
        def update(self, theta, g, state, alpha, t):
            return theta - alpha * np.sign(g), state

    derivation = pl.derive(net(), (X, Y), optimizer=Signs())
    assert derivation.sections[-1].steps == ()
    assert derivation.sections[-1].note == "The step of Signs is what its update method computes."


def test_every_optimizer_of_the_catalogue_has_its_lines():
    from pellucid.glassbox.derive.updates import LINES

    assert set(LINES) == set(optimizers.CATALOGUE.values())

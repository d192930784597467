"""The texts of the records as trees: the same function, for every record of the catalogue."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pellucid as pl
from executable import worst
from pellucid.equations import activations, losses
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.text import text
from pellucid.glassbox.derive.formulas import formula
from random_networks import HIDDEN, LOSSES

NAMES = {name: Symbol(name) for name in ("z", "a", "y", "y_hat")}
Z = np.array([[-30.0, -3.0, -1.0, -0.3, -1e-5, 0.0, 1e-5, 0.5, 1.0, 2.0, 25.0]])


@pytest.mark.parametrize("spec", [spec for spec in HIDDEN if spec != "softmax"])
def test_an_activation_and_its_derivative(spec):
    record = activations.activation(spec)
    a = record.forward(Z)
    with np.errstate(all="ignore"):
        found = evaluate(formula(record.formula, NAMES), {"z": Z})
        slope = evaluate(formula(record.derivative_formula, NAMES), {"z": Z, "a": a})
    np.testing.assert_allclose(found, a, rtol=1e-12, atol=0)
    np.testing.assert_allclose(np.broadcast_to(slope, Z.shape), record.derivative(Z, a), rtol=1e-13, atol=1e-16)


@pytest.mark.parametrize("spec", LOSSES)
def test_a_loss_and_its_derivative(spec):
    record = losses.loss(spec)
    rng = np.random.default_rng(0)
    y_hat = rng.uniform(0.01, 0.99, size=(5, 7))
    y = np.where(rng.random((5, 7)) < 0.3, 0.0, rng.random((5, 7)))
    values = {"y_hat": y_hat, "y": y}
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluate(formula(record.formula, NAMES), values), record.contribution(y_hat, y), rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(evaluate(formula(record.derivative_formula, NAMES), values), record.slope(y_hat, y), rtol=1e-13)


@pytest.mark.parametrize("spec", ["log_loss", "cross_entropy"])
def test_impossible_outcomes_that_do_not_happen_cost_nothing(spec):
    record = losses.loss(spec)
    y_hat, y = np.array([[0.0, 1.0]]), np.array([[0.0, 1.0]])
    with np.errstate(all="ignore"):
        assert not evaluate(formula(record.formula, NAMES), {"y_hat": y_hat, "y": y}).any()
        found = evaluate(formula(record.derivative_formula, NAMES), {"y_hat": y_hat, "y": y})
    np.testing.assert_array_equal(found, record.slope(y_hat, y))


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("-y / y_hat + (1 - y) / (1 - y_hat)", "-y/ŷ + (1 - y)/(1 - ŷ)"),
        ("-y * log(y_hat)", "-y log(ŷ)"),
        ("1 if -1 <= z < 1 else 0", "{1 if -1 ≤ z < 1; 0 otherwise}"),
        ("min(0.5, max(-0.5, y_hat - y))", "min(0.5, max(-0.5, ŷ - y))"),
        ("z * exp(-z**2 / 2) / sqrt(2 * pi)", "z e^(-z²/2)/√(2 π)"),
        ("2.0 * z", "2 z"),
    ],
)
def test_it_is_written_as_the_record_has_it(written, printed):
    assert text(formula(written, NAMES)) == printed


def test_a_text_that_is_no_formula_is_a_fault_of_the_record():
    with pytest.raises(NotImplementedError, match="lambda"):
        formula("lambda z: z", NAMES)


def test_conditions_that_hold_together():
    tree = formula("2 if z > 0 and y < 1 else 0 if z < -1 else 1", NAMES)
    assert text(tree) == "{2 if z > 0 and y < 1; {0 if z < -1; 1 otherwise} otherwise}"
    assert evaluate(tree, {"z": np.array([1.0, 1.0, -2.0, -0.5]), "y": np.array([0.0, 2.0, 0.0, 0.0])}).tolist() == [2, 1, 0, 1]


def test_records_whose_texts_are_no_formulas_are_written_by_name():
    """A record that somebody made by hand: the function has a value all the same."""
    tanh = replace(activations.activation("tanh"), formula="look it up", derivative_formula="lambda z: ...")
    square = replace(losses.loss("mse"), formula="?", derivative_formula="see above")
    net = pl.Network([2, 3, 1], [tanh, "identity"], square, seed=1)
    for form in ("vectorized", "elementwise"):
        derivation = pl.derive(net, (np.ones((2, 2)), [1.0, 2.0]), form)
        assert worst(derivation)[0] <= 1e-12
    assert derivation["a1[1]"].text == "a₁^[1](i) = f^[1](z₁^[1](i))"
    assert derivation["da2[1]"].text.endswith("= C'(ŷ₁^(i), y₁^(i))")

"""What `derive` takes, in what order it answers, and what it refuses."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import pellucid as pl
from pellucid.errors import InputError, ShapeError, UnknownNameError

RNG = np.random.default_rng(3)


@pytest.fixture
def net():
    return pl.Network([4, 5, 1], ["tanh", "sigmoid"], seed=1)


@pytest.fixture
def classes():
    return pl.Network([4, 5, 3], ["relu", "softmax"], seed=1, dropout=0.5)


def test_the_order_is_that_of_the_computation(net):
    symbols = [step.symbol for section in pl.derive(net).sections for step in section.steps]
    assert symbols == [
        "x", "W1", "b1", "W2", "b2", "y", "z1", "a1", "z2", "a2", "l", "J", "da2", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1",
        "W_new1", "b_new1", "W_new2", "b_new2",
    ]  # fmt: skip


def test_the_parts_are_marked(net):
    parts = {section.title: {step.part for step in section.steps} for section in pl.derive(net).sections}
    assert parts == {
        "What is given": {"forward"}, "Forward: layer 1": {"forward"}, "Forward: layer 2": {"forward"}, "Cost": {"cost"},
        "Backward: layer 2": {"backward"}, "Backward: layer 1": {"backward"}, "Update": {"update"},
    }  # fmt: skip


def test_every_step_says_why_and_has_a_shape(net, classes):
    for model in (net, classes):
        for form in ("vectorized", "elementwise"):
            for step in pl.derive(model, form=form):
                assert step.rule
                assert step.shape is not None
                assert step.value is None
                assert step.equation
                assert step.text


@pytest.mark.parametrize("sample", [([1.0, 2, 3, 4], 1), ([[1.0, 2, 3, 4]], [1]), ([[1.0, 2, 3, 4]], [[1]]), ([1.0, 2, 3, 4], [1])])
def test_one_row_may_be_given_flat(net, sample):
    derivation = pl.derive(net, sample)
    assert derivation["z1"].shape == (5, 1) == derivation["z1"].value.shape
    assert derivation["J"].value == pytest.approx(net.loss([[1.0, 2, 3, 4]], [1]), rel=1e-14)


@pytest.mark.parametrize("y", [2, [2], [0, 0, 1]])
def test_the_target_of_a_row_may_be_a_class_or_a_row(classes, y):
    assert pl.derive(classes, ([1.0, 2, 3, 4], y))["y"].value.tolist() == [[0.0], [0.0], [1.0]]


def test_a_sample_of_one_row_has_no_mean_and_one_of_several_has(net):
    one, many = pl.derive(net, ([1.0, 2, 3, 4], 1)), pl.derive(net, (RNG.normal(size=(3, 4)), [0, 1, 1]))
    assert one["dW1"].text.endswith("= dz^[1] xᵀ")
    assert many["dW1"].text.endswith("= (1/m) dz^[1] xᵀ")
    assert many["db1"].text.endswith("= (1/m) Σ_i dz^[1](i)")
    assert pl.derive(net)["dW1"].text == many["dW1"].text


@pytest.mark.parametrize(
    ("convention", "z", "dW", "da", "shapes"),
    [
        ("columns", "z^[1] = W^[1] x + b^[1]", "(1/m) dz^[1] xᵀ", "W^[2]ᵀ dz^[2]", "(5 x 4)(4 x 7) + (5 x 1)"),
        ("rows", "z^[1] = x W^[1] + b^[1]", "(1/m) xᵀ dz^[1]", "dz^[2] W^[2]ᵀ", "(7 x 4)(4 x 5) + (1 x 5)"),
    ],
)
def test_both_conventions(net, convention, z, dW, da, shapes):
    derivation = pl.derive(net, (RNG.normal(size=(7, 4)), np.ones(7)), convention=convention)
    assert derivation["z1"].text == z
    assert derivation["dW1"].text.endswith(dW)
    assert derivation["da1"].text.endswith(da)
    assert derivation["z1"].shapes == shapes


def test_the_shapes_are_those_of_the_values(classes):
    X, y = RNG.normal(size=(6, 4)), RNG.integers(3, size=6)
    for convention in ("columns", "rows"):
        for form in ("vectorized", "elementwise"):
            for step in pl.derive(classes, (X, y), form, convention, mask=classes.dropout_mask(6), sample_weight=np.ones(6)):
                assert step.shape == np.shape(step.value), step.symbol


def test_weights_and_masks_without_a_sample(classes):
    derivation = pl.derive(classes, sample_weight=True, mask=True)
    assert derivation["S"].text == "S = Σ_i s^(i)"
    assert derivation["J"].text == "J = (1/S) Σ_i s^(i) l^(i)"
    assert derivation["dW2"].text.endswith("(1/S) dz^[2] diag(s) a^[1]ᵀ")
    assert derivation["a1"].text == "a^[1] = h^[1] ⊙ D^[1]"
    assert "⊙ D^[1] ⊙" in derivation["dz1"].text
    assert pl.derive(classes, mask={1: None})["a1"].text == "a^[1] = h^[1] ⊙ D^[1]"


def test_l2_is_for_weights_only():
    derivation = pl.derive(pl.Network([2, 3, 1], l2=0.5))
    assert derivation["J"].text.endswith("+ (λ/(2 m)) (‖W^[1]‖² + ‖W^[2]‖²)")
    assert derivation["dW1"].text.endswith("+ (λ/m) W^[1]")
    assert "λ" not in derivation["db1"].text
    assert "biases have no L2" in derivation["db1"].rule


def test_a_neuron_of_one_weight():
    derivation = pl.derive(pl.Network([1, 1], ["sigmoid"], "log_loss"), ([2.0], 1))
    assert derivation["dW1"].value.shape == (1, 1)
    assert derivation["dz1"].value.item() == pytest.approx(derivation["a1"].value.item() - 1)


def test_what_prints_it_is_there(net):
    derivation = pl.derive(net, ([1.0, 2, 3, 4], 1))
    assert "dz^[2]" in str(derivation)
    assert "dz" in derivation.to_html()


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (
            {"form": "tables"},
            UnknownNameError,
            "The form in derive is 'tables', expected one of vectorized, elementwise: choose one of them.",
        ),
        (
            {"convention": "cols"},
            UnknownNameError,
            "The convention in derive is 'cols', expected one of columns, rows: choose one of them.",
        ),
        ({"indices": 0}, UnknownNameError, "Indices in derive is 0, expected one of one, zero: choose one of them."),
        ({"optimizer": "adm"}, UnknownNameError, "Unknown optimizer 'adm': did you mean 'adam'? Known are"),
        (
            {"sample": ([1.0, 2, 3], 1)},
            ShapeError,
            "The shape of the sample in the data is (1, 3), expected (m, 4): check the columns.",
        ),
        (
            {"sample": ([[1.0, 2, 3, 4, 5]], [1])},
            ShapeError,
            "The shape of the sample in the data is (1, 5), expected (m, 4): check the columns.",
        ),
        ({"sample": np.ones((3, 4))}, InputError, "The sample in derive is a ndarray, expected a pair (x, y): e.g. sample=(X[3], y[3])."),
        ({"sample": ([1.0, 2, 3, 4],)}, InputError, "The sample in derive is a tuple, expected a pair (x, y): e.g. sample=(X[3], y[3])."),
        ({"sample": ([1.0, 2, 3, float("nan")], 1)}, InputError, "The sample in the data is nan at index (0, 3)"),
        ({"sample": ("text", 1)}, InputError, "The sample in the data is not an array of real numbers"),
        (
            {"sample": ([1.0, 2, 3, 4], 7)},
            InputError,
            "A target in y in the data is 7 at its worst, expected in [0, 1] for the loss log_loss",
        ),
        ({"sample": (np.ones((2, 4)), [1])}, ShapeError, "The shape of y in the data is (1,), expected (2, 1) or (2,)"),
        (
            {"sample": ([1.0, 2, 3, 4], 1), "sample_weight": [1, 2]},
            ShapeError,
            "The shape of sample_weight in the data is (2,), expected (1,)",
        ),
        (
            {"sample": ([1.0, 2, 3, 4], 1), "mask": True},
            InputError,
            "Mask in the data is True, expected {l: array} or a list for layers 1, 2",
        ),
        ({"mask": {3: None}}, InputError, "A key in mask is 3, expected the index of a hidden layer, 1 to 1"),
    ],
)
def test_what_is_refused_and_how(net, arguments, kind, message):
    with pytest.raises(kind) as caught:
        pl.derive(net, **arguments)
    assert str(caught.value).startswith(message)


def test_an_unknown_symbol_is_a_key_error(net):
    with pytest.raises(KeyError, match=r"Unknown step 'dW7': did you mean 'dW\d'\? Known are x, W1, b1"):
        pl.derive(net)["dW7"]


def test_importing_and_deriving_leaves_sympy_and_other_heavy_libraries_alone():
    code = "import pellucid as pl, sys; pl.derive(pl.Network([4, 5, 1]), ([1, 2, 3, 4], 1)); print(*{n.split('.')[0] for n in sys.modules})"
    loaded = set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"sympy", "matplotlib", "sklearn", "rich", "latex2mathml"}

"""What may be handed in, and how what may not is refused."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl

NET = pl.Network([3, 4, 2], ["tanh", "softmax"], seed=0)
X, Y = np.random.default_rng(0).normal(size=(5, 3)), [0, 1, 1, 0, 1]
RIGHT = NET.trace(X, Y)


def review(claimed, convention="columns"):
    return pl.review_gradients(claimed, NET, X, Y, convention)


@pytest.mark.parametrize("name", ["dW2", "dw2", "DW2", "dW_2", "dW[2]", "dW^{[2]}", " dW2 "])
def test_names_are_taken_as_people_write_them(name):
    found = review({name: RIGHT["dW2"]})
    assert list(found) == ["dW2"]
    assert found.passed


def test_the_derivative_of_the_input_has_two_names():
    W1 = NET.parameters["W1"]
    dX = W1 @ RIGHT["dz1"]
    assert review({"dX": dX}).passed
    assert review({"da0": dX})["dX"].verdict == "correct"


@pytest.mark.parametrize(
    ("name", "shape"),
    [("db2", (2,)), ("db2", (2, 1)), ("db1", (4,)), ("dW2", (2, 4)), ("dz1", (4, 5))],
)
def test_vectors_stand_for_columns(name, shape):
    assert review({name: np.reshape(RIGHT[name], shape)}).passed


def test_of_one_unit_vectors_have_no_orientation_and_single_numbers_are_arrays():
    net = pl.Network([3, 1], ["sigmoid"])
    y = [0, 1, 1, 0, 1]
    trace = net.trace(X, y)
    claimed = {"dW1": trace["dW1"][0], "dz1": trace["dz1"][0], "db1": float(trace["db1"].item())}
    for convention in ("columns", "rows"):
        assert pl.review_gradients(claimed, net, X, y, convention).passed


def test_lists_and_whole_numbers_are_arrays():
    assert review({"db2": RIGHT["db2"][:, 0].tolist()}).passed
    assert review({"db2": [1, 0]})["db2"].verdict == "unrecognised"


@pytest.mark.parametrize(
    ("claimed", "told"),
    [
        ({"dW3": 1}, "Unknown gradient 'dW3': did you mean 'dW2'? Known are da2, dz2, dW2, db2, da1, dz1, dW1, db1, dX."),
        ({"W1": 1}, "Unknown gradient 'W1': did you mean 'dW1'? Known are da2, dz2, dW2, db2, da1, dz1, dW1, db1, dX."),
        ({3: 1}, "Unknown gradient 3: Known are da2, dz2, dW2, db2, da1, dz1, dW1, db1, dX."),
        ({}, "The number of arrays in the claimed gradients is 0, expected at least one: e.g. {'dW1': array}."),
        (
            [1, 2],
            "What is claimed in review_gradients is of type list, expected a mapping such as {'dW1': array, 'db1': array}: "
            "hand over arrays by name, or a function of (parameters, X, y) that returns them.",
        ),
        (
            {"dW1": np.ones((4, 3)), "dw1": np.ones((4, 3))},
            "The name dW1 in the claimed gradients is there twice, expected each array once: leave one of them out.",
        ),
        (
            {"dW1": np.ones((4, 7))},
            "The shape of dW1 in the claimed gradients is (4, 7), which fits neither convention, expected (4, 3) in the columns convention "
            "or (3, 4) in the rows convention: see net.trace(X, y) for every shape.",
        ),
        (
            {"db1": np.ones((1, 2, 3))},
            "The shape of db1 in the claimed gradients is (1, 2, 3), which fits neither convention, expected (4, 1) in the columns "
            "convention or (4,) in the rows convention: see net.trace(X, y) for every shape.",
        ),
        (
            {"dz2": 1.0},
            "The shape of dz2 in the claimed gradients is a single number, expected (2, 5) in the columns convention or (5, 2) in the rows "
            "convention: see net.trace(X, y) for every shape.",
        ),
        (
            {"dW1": "text"},
            "The gradient dW1 in the data is not an array of real numbers, expected numbers: "
            "turn text and categories into numbers first, and make all rows equally long.",
        ),
        (
            {"dW1": [[1, 2], [3]]},
            "The gradient dW1 in the data is not an array of real numbers, expected numbers: "
            "turn text and categories into numbers first, and make all rows equally long.",
        ),
    ],
)
def test_what_fits_nothing_is_refused_in_one_sentence(claimed, told):
    with pytest.raises(pl.InputError) as caught:
        review(claimed)
    assert str(caught.value) == told


def test_not_a_number_is_named_as_such_and_the_first_in_backward_order():
    claimed = {"dW1": np.full((3, 4), np.nan), "dW2": np.array(RIGHT["dW2"].T)}
    claimed["dW2"][1, 0] = np.nan
    with pytest.raises(pl.InputError) as caught:
        review(claimed, "rows")
    assert str(caught.value) == (
        "The gradient dW2 in the claimed gradients is not a number (NaN) at index (1, 0) (1 such entries), expected finite numbers: "
        "look for a division by zero, the logarithm of zero, or an exponential that overflows, in what comes before it."
    )


def test_infinity_is_named_and_at_the_output_the_exact_form_recommended():
    with pytest.raises(pl.InputError, match="is -inf at index .0, 0. .10 such entries.*is saturated.*compute dz whole, e.g. as a - y"):
        review({"dz2": np.full((2, 5), -np.inf)})


def test_the_rest_of_the_input_is_checked_as_everywhere():
    for bad, told in (
        (lambda: pl.review_gradients({"dW1": 1}, NET, X[:, :2], Y), "The shape of X in the data is (5, 2), expected (m, 3)"),
        (lambda: pl.review_gradients({"dW1": 1}, NET, X, Y[:4]), "The shape of y in the data is (4,), expected (5, 2)"),
        (lambda: pl.review_gradients({"dW1": 1}, NET, X, Y, "cols"), "The convention in review_gradients is 'cols'"),
        (lambda: pl.review_gradients({"dW1": 1}, NET, X, Y, sample_weight=[1, 2]), "The shape of sample_weight in the data is (2,)"),
        (lambda: pl.review_gradients({"dW1": 1}, NET, X, Y, mask={3: np.ones((5, 2))}), "A key in mask is 3"),
    ):
        with pytest.raises(pl.InputError) as caught:
            bad()
        assert str(caught.value).startswith(told)


def test_a_network_whose_gradient_overflows_is_refused():
    net = pl.Network([1, 1, 1], ["exp", "identity"], "mse")
    net.vector[...] = [1000, 1, 0, 0]
    with pytest.raises(pl.InputError, match="A right gradient in review_gradients is infinite or not a number"):
        pl.review_gradients({"dW1": [[1]]}, net, [[1.0]], [0.0])


def test_a_shape_that_a_mistake_leads_to_is_a_verdict_even_where_the_numbers_fit_nothing():
    verdict = review({"db1": np.random.default_rng(0).normal(size=(1, 5))})["db1"]
    assert verdict.verdict == "unrecognised"
    assert "its shape is (1, 5)" in verdict.explanation
    assert verdict.residual == np.inf

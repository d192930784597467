"""Fitting: the factor, the share of the L2 term and the learning rate that an array was made with."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.glassbox.review.factors import any_factor, factors
from pellucid.glassbox.review.fitting import bias_shares, fits, step_fits, weight_shares
from pellucid.glassbox.review.passes import forward_pass
from pellucid.glassbox.review.rounding import LINE, Tolerance

GRANTED = Tolerance(0.0, LINE, 0.0, 0.0, 0.0)
RNG = np.random.default_rng(0)
WEIGHTS = weight_shares(7.0)
PART, RIDGE, STEP = (RNG.normal(size=(4, 3)) for _ in range(3))


def passed(m=7, weights=None, loss="mse"):
    net = pl.Network([3, 5, 4], ["tanh", "identity"], loss)
    return forward_pass(net.architecture, net.vector, RNG.normal(size=(m, 3)), RNG.normal(size=(m, 4)), weights)


P = passed()
TABLE = factors(P, "dW2")


def causes(target, part=PART, ridge=None, shares=WEIGHTS):
    """Without repeating those that are the same told in two ways."""
    return list(dict.fromkeys(fit.causes for fit in fits(target, part, GRANTED, TABLE, ridge, shares)))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, [()]),
        (-1, [("wrong sign",)]),
        (2, [("factor 2",)]),
        (0.5, [("factor 1/2",)]),
        (7, [("missing 1/m",)]),
        (1 / 7, [("extra 1/m",)]),
        (1 / 49, [("extra 1/m", "extra 1/m")]),
        (-14, [("factor -14",)]),
        (7 / 4, [("divided by the number of units",)]),
        (3.25, [("factor 3.25",)]),
    ],
)
def test_factors_are_called_by_their_names(value, expected):
    assert causes(value * PART) == expected


def test_of_alike_factors_all_are_told():
    assert {fit.causes for fit in fits(2 * PART, PART, GRANTED, factors(passed(m=2), "dW1"))} == {("factor 2",), ("missing 1/m",)}


def test_a_mean_over_outputs_has_its_place_at_the_output():
    found = {name: next(f.cost for f in factors(P, name) if f.causes == ("missing 1/n",)) for name in ("dz2", "dz1", "dW2")}
    assert found["dz2"] == 1
    assert found["dz1"] == found["dW2"] > 1.5


def test_with_weights_their_sum_and_the_number_of_samples_are_two_things():
    p = passed(weights=np.array([1.0, 2, 3, 4, 5, 6, 7]))
    by_value = {round(factor.value, 9): factor.causes for factor in reversed(factors(p, "dW1"))}
    assert by_value[28.0] == ("missing 1/m",)
    assert by_value[7.0] == ("missing 1/m",)
    assert by_value[4.0] == ("divided by m instead of sum(s)",)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (PART + RIDGE, [()]),
        (PART, [("L2 term missing",)]),
        (PART + 2 * RIDGE, [("L2 term doubled",)]),
        (PART - RIDGE, [("L2 term with the wrong sign",)]),
        (PART + 7 * RIDGE, [("L2 term not divided by m",)]),
        (PART + 0.31 * RIDGE, [("L2 term with another factor",)]),
        (-PART + RIDGE, [("wrong sign",)]),
        (-PART - RIDGE, [("wrong sign",)]),
        (7 * PART + RIDGE, [("missing 1/m",)]),
        (7 * PART + 7 * RIDGE, [("missing 1/m",)]),
        (7 * PART, [("missing 1/m", "L2 term missing")]),
        (1.7 * PART + RIDGE, [("factor 1.7",)]),
        (1.7 * PART + 1.7 * RIDGE, [("factor 1.7",)]),
        (RNG.normal(size=(4, 3)), []),
    ],
)
def test_the_factor_and_the_share_of_l2_are_found_together(target, expected):
    assert causes(target, ridge=RIDGE) == expected


def test_where_the_two_cannot_be_told_apart_every_pair_is_tried():
    one = np.ones((1, 1))
    found = causes(3.5 * one, 2 * one, 1.5 * one)
    assert found == [()]
    assert causes(5 * one, 2 * one, 1.5 * one) == [("L2 term doubled",)]
    assert causes(2.777 * one, 2 * one, 1.5 * one) == [], "one number is no evidence of a factor without a name"


def test_of_a_dead_layer_the_l2_term_is_what_there_is():
    nothing = np.zeros((4, 3))
    assert causes(RIDGE, nothing, RIDGE) == [()]
    assert causes(nothing, nothing, RIDGE) == [("L2 term missing",)]
    assert causes(2 * RIDGE, nothing, RIDGE) == [("L2 term doubled",)]


def test_biases_have_no_l2_term():
    shares = bias_shares(7.0)
    assert causes(PART, PART, RIDGE, shares) == [()]
    assert causes(PART + RIDGE, PART, RIDGE, shares) == [("L2 term applied to biases",)]
    assert causes(PART + 2 * RIDGE, PART, RIDGE, shares) == [("L2 term applied to biases", "L2 term doubled")]


@pytest.mark.parametrize("alpha", [0.1, 0.0371, 2.0])
def test_the_learning_rate_is_found(alpha):
    (fit,) = step_fits(PART - alpha * STEP, PART, STEP, GRANTED, TABLE)
    assert fit.alpha == pytest.approx(alpha)
    assert fit.causes == ()
    (fit,) = step_fits(-(PART - alpha * STEP) + 2 * RIDGE, PART, STEP, GRANTED, TABLE, RIDGE, WEIGHTS, dear=2.5)
    assert fit.causes == ("wrong sign", "L2 term doubled")


def test_a_learning_rate_that_one_number_would_give_must_be_a_round_one():
    one = np.ones((1, 1))
    assert [fit.alpha for fit in step_fits(0.95 * one, one, 0.5 * one, GRANTED, TABLE)] == [pytest.approx(0.1)]
    assert step_fits(0.9123 * one, one, 0.5 * one, GRANTED, TABLE) == []
    assert step_fits(PART + 0.1 * STEP, PART, STEP, GRANTED, TABLE) == [], "it is not negative"


def test_a_factor_without_a_name_says_its_number():
    assert any_factor(-0.125).causes == ("factor -0.125",)

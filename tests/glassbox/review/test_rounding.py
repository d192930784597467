"""What is granted to rounding: enough for any right gradient, hardly more."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from pellucid.glassbox.review.passes import forward_pass
from pellucid.glassbox.review.rounding import DOUBLE, LINE, SINGLE, Tolerance, carried_over, deviation, tolerances


def passed(net, X, Y, s=None):
    return forward_pass(net.architecture, net.vector, np.asarray(X, float), np.asarray(Y, float), s)


def tame(rule="tanh"):
    net = pl.Network([4, 5, 3], [rule, "softmax"], "cross_entropy", l2=0.1)
    rng = np.random.default_rng(0)
    return passed(net, rng.normal(size=(8, 4)), np.eye(3)[rng.integers(3, size=8)])


def test_in_a_tame_network_of_float64_it_is_the_line_and_no_more():
    p = tame()
    for name, granted in tolerances(p, DOUBLE).items():
        assert granted.relative == LINE
        assert np.max(granted.absolute) == LINE * np.abs(p.values[name]).max()
        assert 0 < granted.rounding < 1e-12


def test_for_float32_it_is_what_a_pass_in_float32_may_be_off():
    p = tame("relu")
    single = passed(pl.Network([4, 5, 3], ["relu", "softmax"], "cross_entropy", l2=0.1), p.values["x"].T, p.values["y"].T)
    assert np.array_equal(single.values["dW1"], p.values["dW1"])
    for name, granted in tolerances(p, SINGLE).items():
        right = p.values[name]
        assert granted.is_right(right.astype(np.float32).astype(float), right)
        assert 1e-7 < granted.rounding < 1e-3, name
        assert not granted.is_right(right * 1.01, right)


def test_a_sum_that_cancels_is_granted_the_rounding_of_its_terms():
    net = pl.Network([1, 1], ["identity"], "half_mse")
    net.vector[...] = 0
    p = passed(net, [[1.0], [1.0]], [[1e6 + 1e-6], [-1e6]])
    assert abs(p.values["db1"].item()) < 1e-5
    assert tolerances(p, DOUBLE)["db1"].rounding > 1e-6


def test_the_derivative_of_a_saturated_unit_is_granted_the_digits_that_1_minus_a_squared_loses():
    net = pl.Network([1, 1, 1], ["tanh", "identity"], "half_mse")
    net.vector[...] = [24, 4, 0, 0]
    p = passed(net, np.linspace(0.5, 0.52, 20)[:, None], np.zeros((20, 1)))
    e, e_ = np.exp(p.values["z1"]), np.exp(-p.values["z1"])
    textbook = p.values["da1"] * (1 - ((e - e_) / (e + e_)) ** 2)
    off = np.abs(textbook - p.values["dz1"]).max() / p.values["dz1"].max()
    assert off > LINE, "a case that is worth granting something"
    assert tolerances(p, DOUBLE)["dz1"].is_right(textbook, p.values["dz1"])


def test_a_unit_that_rounding_puts_on_either_side_of_a_kink_may_be_on_either():
    net = pl.Network([3, 2, 1], ["relu", "identity"], "half_mse")
    net.parameters["W1"][...] = [[1, 1], [1, -1], [1, 3]]
    X = [[0.1, 0.2, -0.3], [1, 1, 1]]  # z of the first unit and sample is 5.6e-17, in another order of summation 0 or less
    p = passed(net, X, [[1.0], [2.0]])
    assert 0 < abs(p.values["z1"][0, 0]) < 1e-16
    granted = tolerances(p, DOUBLE)["dz1"]
    other = p.values["dz1"].copy()
    other[0, 0] = p.values["da1"][0, 0] - other[0, 0]
    assert granted.is_right(other, p.values["dz1"])
    other[0, 1] = p.values["da1"][0, 1] - other[0, 1]
    assert not granted.is_right(other, p.values["dz1"]), "only that unit"


def test_what_is_less_than_the_smallest_number_may_be_nothing():
    net = pl.Network([1, 1], ["exp"], "half_mse")
    net.vector[...] = [-120, 0]
    p = passed(net, [[1.0]], [[1.0]])
    nothing = np.zeros((1, 1))
    assert tolerances(p, SINGLE)["dz1"].is_right(nothing, p.values["dz1"])
    assert not tolerances(p, DOUBLE)["dz1"].is_right(nothing, p.values["dz1"])


def test_deviation_of_infinities_and_of_what_is_no_number():
    found = deviation(np.array([np.inf, np.inf, np.nan, 1.0]), np.array([np.inf, 1.0, np.nan, 3.0]))
    assert found.tolist() == [0, np.inf, np.inf, 2]


def test_a_turned_pass_is_granted_the_same_relative_to_its_own_size():
    p = tame()
    turned = p.under(mean_in="dz")
    before, after = tolerances(p, DOUBLE), carried_over(tolerances(p, DOUBLE), turned)
    assert np.max(after["dz2"].absolute) == pytest.approx(np.max(before["dz2"].absolute) / 8)
    assert np.max(after["dW2"].absolute) == pytest.approx(np.max(before["dW2"].absolute))


def test_the_quick_test_never_rules_out_what_matches():
    granted = Tolerance(0.0, LINE, 0.0, 0.0, 0.0)
    rng = np.random.default_rng(0)
    for _ in range(200):
        part, ridge = rng.normal(size=(3, 2)), rng.normal(size=(3, 2))
        value = rng.normal() * part + rng.normal() * ridge
        assert granted.spans(value * (1 + rng.uniform(-0.5e-7, 0.5e-7, value.shape)), part, ridge)
        assert not granted.spans(value, part, None)
        assert not granted.spans(value + rng.normal(size=(3, 2)), part, ridge)

"""Initializers: variance, bounds and shape of the draws, statistically and with fixed seeds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.stats import kstest

import pellucid as pl
from pellucid.equations.initializers import CATALOGUE, initializer

VARIANCES = {"glorot": lambda n_in, n_out: 2 / (n_in + n_out), "he": lambda n_in, n_out: 2 / n_in, "lecun": lambda n_in, n_out: 1 / n_in}
RANDOM = [f"{family}_{shape}" for family in VARIANCES for shape in ("uniform", "normal")]


def draw(name, n_in, n_out, seed=0):
    return initializer(name).draw(np.random.default_rng(seed), n_in, n_out)


def test_the_catalogue_is_covered():
    assert {*RANDOM, "zeros", "constant"} == set(CATALOGUE)


@pytest.mark.parametrize(("n_in", "n_out"), [(300, 200), (200, 300)])
@pytest.mark.parametrize("name", RANDOM)
def test_draws_follow_the_distribution_that_the_name_says(name, n_in, n_out):
    """60,000 draws: mean and variance within five standard errors, and the whole distribution by Kolmogorov and Smirnov."""
    family, shape = name.split("_")
    variance = VARIANCES[family](n_in, n_out)
    W = draw(name, n_in, n_out)
    assert W.shape == (n_in, n_out)
    assert abs(W.mean()) < 5 * np.sqrt(variance / W.size)
    kurtosis = {"uniform": 1.8, "normal": 3.0}[shape]
    assert abs(W.var() / variance - 1) < 5 * np.sqrt((kurtosis - 1) / W.size)
    r = np.sqrt(3 * variance)
    law = ("uniform", (-r, 2 * r)) if shape == "uniform" else ("norm", (0, np.sqrt(variance)))
    assert kstest(W.ravel(), law[0], args=law[1]).pvalue > 1e-3


@pytest.mark.parametrize("name", RANDOM)
def test_a_variance_that_is_5_percent_off_is_found(name):
    """What the test above can see: the same draws fail it against a variance 5 % larger."""
    W, kurtosis = draw(name, 300, 200), {"uniform": 1.8, "normal": 3.0}[name.split("_")[1]]
    variance = 1.05 * VARIANCES[name.split("_")[0]](300, 200)
    assert abs(W.var() / variance - 1) > 5 * np.sqrt((kurtosis - 1) / W.size)


@pytest.mark.parametrize("name", RANDOM)
def test_uniform_draws_fill_their_bounds_and_normal_ones_exceed_them(name):
    family, shape = name.split("_")
    bound = np.sqrt(3 * VARIANCES[family](300, 200))
    largest = abs(draw(name, 300, 200)).max()
    assert 0.999 * bound < largest <= bound if shape == "uniform" else largest > 1.5 * bound


@pytest.mark.parametrize("name", RANDOM)
def test_the_variance_that_is_shown_is_the_one_that_is_drawn(name):
    family = name.split("_")[0]
    assert eval(initializer(name).variance, {"n_in": 7, "n_out": 13}) == pytest.approx(VARIANCES[family](7, 13))


@pytest.mark.parametrize("name", RANDOM)
def test_the_same_seed_draws_the_same_and_another_seed_others(name):
    assert_array_equal(draw(name, 5, 4, seed=3), draw(name, 5, 4, seed=3))
    assert not (draw(name, 5, 4, seed=3) == draw(name, 5, 4, seed=4)).any()


def test_constants_draw_nothing():
    rng = np.random.default_rng(0)
    assert (initializer("zeros").draw(rng, 2, 3) == np.zeros((2, 3))).all()
    assert (initializer("constant(value=0.25)").draw(rng, 2, 3) == np.full((2, 3), 0.25)).all()
    assert rng.random() == np.random.default_rng(0).random()
    assert (initializer("zeros").variance, initializer("constant").variance) == ("0", "0")


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*RANDOM, "constant(0.5)"])
def test_a_network_draws_layer_by_layer_from_one_generator_and_its_biases_are_zero(name, dtype):
    net = pl.Network([4, 6, 2], initializer=name, seed=9, dtype=dtype)
    rng = np.random.default_rng(9)
    for index, (n_in, n_out) in enumerate([(4, 6), (6, 2)], start=1):
        assert_array_equal(net.parameters[f"W{index}"], initializer(name).draw(rng, n_in, n_out).astype(dtype))
        assert_array_equal(net.parameters[f"b{index}"], np.zeros(n_out))


def test_the_weights_of_a_network_depend_on_the_seed_only():
    assert_array_equal(pl.Network([3, 4, 1], seed=1).vector, pl.Network([3, 4, 1], seed=1).vector)
    assert not np.array_equal(pl.Network([3, 4, 1], seed=1).vector, pl.Network([3, 4, 1], seed=2).vector)


def test_a_record_stays_itself_and_its_text_reads_back():
    record = initializer("constant", value=0.1)
    assert initializer(record) is record
    assert record.spec == "constant(value=0.1)"
    assert initializer(record.spec).spec == record.spec


@pytest.mark.parametrize(("wrong", "right"), [("he_norm", "he_normal"), ("Glorot_Uniform", "glorot_uniform"), ("zero", "zeros")])
def test_an_unknown_name_is_refused_with_the_nearest_one(wrong, right):
    with pytest.raises(pl.UnknownNameError) as caught:
        pl.Network([2, 1], initializer=wrong)
    known = "glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, zeros, constant"
    assert str(caught.value) == f"Unknown initializer {wrong!r}: did you mean {right!r}? Known are {known}."


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ("constant(value=many)", "The parameter 'value' in constant is many, expected a number: write e.g. 0.1."),
        ("constant(value=nan)", "The value in constant is nan, expected a finite number: choose e.g. 0.1."),
        ("constant(level=1)", "A parameter in constant is 'level', expected one of ['value']: leave it out."),
        ("he_normal(2)", "A parameter in he_normal is 'number 1', expected one of none: leave it out."),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused(spec, sentence):
    with pytest.raises(pl.InputError) as caught:
        initializer(spec)
    assert str(caught.value) == sentence

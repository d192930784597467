"""The elementary functions that must be stable, against mpmath, in real and complex arithmetic and over JAX's arrays."""

from __future__ import annotations

import jax.numpy as jnp
import mpmath
import numpy as np
import pytest

from pellucid.equations.arrays import log1p, log_softmax, namespace, normal_cdf, not_negative, sigmoid, softplus, xlogy

POINTS = np.array([-1e4, -700.0, -40.0, -1.0, -1e-9, 0.0, 1e-9, 1.0, 40.0, 700.0, 1e4])
EXACT = {
    sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    softplus: lambda x: mpmath.log(1 + mpmath.exp(x)),
    normal_cdf: lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2,
}


@pytest.mark.parametrize("function", list(EXACT))
@pytest.mark.parametrize("library", [np, jnp])
def test_values_are_right_at_any_size(function, library):
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        found = np.asarray(function(library.asarray(POINTS)))
    with mpmath.workdps(400):
        right = np.array([float(EXACT[function](mpmath.mpf(x))) for x in POINTS])
    # erfc far out has the relative error of its argument, squared
    rtol = 1e-12 if function is normal_cdf else 4e-16
    np.testing.assert_allclose(found, right, rtol=rtol * (1 if library is np else 50), atol=2.3e-308)


@pytest.mark.parametrize("function", [sigmoid, softplus])
def test_the_complex_step_gives_the_derivative(function):
    x = np.array([-40.0, -1.0, 0.0, 1.0, 40.0])
    slope = function(x + 1e-30j).imag / 1e-30
    with mpmath.workdps(60):
        right = [float(mpmath.diff(EXACT[function], x_k)) for x_k in x]
    np.testing.assert_allclose(slope, right, rtol=1e-14)


def test_log1p_of_a_small_complex_number_keeps_both_parts():
    found = log1p(np.array([1e-20 + 1e-30j]))
    np.testing.assert_allclose([found[0].real, found[0].imag], [1e-20, 1e-30], rtol=1e-14)


def test_log_softmax_is_shifted():
    z = np.array([[1e4, 0.0], [-1e4, -1e4]])
    np.testing.assert_allclose(log_softmax(z), [[0, -1e4], [-np.log(2)] * 2])


def test_xlogy_is_zero_where_x_is_zero():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(xlogy(np.array([0.0, 0.0, 2.0]), np.array([0.0, -1.0, 1.0])), [0, 0, 0])


def test_not_negative_is_true_at_both_zeros():
    np.testing.assert_array_equal(not_negative(np.array([-0.0, 0.0, -1e-300])), [True, True, False])


def test_the_namespace_is_the_library_of_the_array():
    assert namespace(np.zeros(1)) is np
    assert namespace(jnp.zeros(1)) is jnp

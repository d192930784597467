"""Activations: values and derivatives against mpmath at extremes, against JAX, and at their kinks."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracles import ACTIVATIONS, parsed
from pellucid.equations.activations import CATALOGUE, Elementwise, Softmax, activation
from pellucid.errors import InputError, UnknownNameError

SPECS = [*CATALOGUE, "leaky_relu(slope=0.2)", "leaky_relu(slope=-0.5)", "elu(alpha=0.5)"]
SINGLE = [spec for spec in SPECS if spec != "softmax"]
POINTS = sorted(sign * size for sign in (-1, 1) for size in (0.0, 1e-30, 1e-8, 0.3, 1.0, 3.0, 15.0, 37.0, 80.0, 700.0, 1e4))
WORDS = {
    "exp": mpmath.exp, "log": mpmath.log, "tanh": mpmath.tanh, "erfc": mpmath.erfc, "sqrt": mpmath.sqrt, "pi": mpmath.pi,
    "max": max, "min": min, "abs": abs, "__builtins__": {},
}  # fmt: skip


def exact(formula, z, a=None):
    """The formula, as it is printed, in 450 digits."""
    with mpmath.workdps(450):
        words = WORDS | {"z": mpmath.mpf(float(z)), "pi": +mpmath.pi}
        return eval(formula, words | {"a": a})


def compare(found, right, dtype, ulps):
    """Within some ulps of the right value, which may be too large or too small for the dtype."""
    info = np.finfo(dtype)
    if abs(right) > float(info.max):
        assert np.isinf(found)
        return
    room = ulps * float(info.eps) * abs(right) + 4 * mpmath.mpf(float(info.smallest_subnormal)) + (right != 0) * float(info.tiny)
    assert abs(mpmath.mpf(float(found)) - right) <= room, f"got {found!r}, right is {mpmath.nstr(right, 20)}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("spec", SINGLE)
def test_values_and_derivatives_are_what_their_printed_formulas_say_at_any_size(spec, dtype):
    compare_at_any_size(activation(spec), dtype)


def compare_at_any_size(rule, dtype):
    z = np.array([POINTS], dtype=dtype)
    z[~np.isfinite(z)] = 0
    overflows = "ignore" if rule.spec == "exp" else "raise"
    with np.errstate(over=overflows, invalid="raise", divide="raise", under="ignore"):
        a = rule.forward(z)
        slope = rule.derivative(z, a)
    assert a.dtype == slope.dtype == z.dtype
    for k, point in enumerate(z[0]):
        right = exact(rule.formula, point)
        # e^z has the relative error of z times |z|; a (1 - a) and Phi have that of their parts
        ulps = 16 + 4 * min(abs(float(point)), 100)
        compare(a[0, k], right, dtype, ulps)
        right_slope = exact(rule.derivative_formula, point, right)
        if abs(right_slope) < abs(right) * np.finfo(dtype).eps or rule.spec in ("sigmoid", "tanh"):
            scale = max(abs(right_slope), abs(right), mpmath.mpf(1) / 2)  # f' is formed from a, which is rounded near its end
            assert abs(mpmath.mpf(float(slope[0, k])) - right_slope) <= ulps * float(np.finfo(dtype).eps) * scale
        else:
            compare(slope[0, k], right_slope, dtype, 8 * ulps)


@pytest.mark.parametrize("spec", SINGLE)
def test_the_printed_derivative_is_the_derivative_of_the_printed_formula(spec):
    rule = activation(spec)
    for z in (-2.3, -0.7, 0.4, 1.9):
        with mpmath.workdps(450):
            h = mpmath.mpf(10) ** -100
            quotient = (exact_at(rule.formula, mpmath.mpf(z) + h) - exact_at(rule.formula, mpmath.mpf(z) - h)) / (2 * h)
            printed = exact_at(rule.derivative_formula, mpmath.mpf(z), exact_at(rule.formula, mpmath.mpf(z)))
            assert abs(quotient - printed) <= mpmath.mpf(10) ** -90


def exact_at(formula, z, a=None):
    return eval(formula, WORDS | {"z": z, "a": a, "pi": +mpmath.pi})


@settings(max_examples=30)
@given(spec=st.sampled_from(SPECS), seed=st.integers(0, 2**32 - 1), m=st.integers(1, 3), n=st.integers(1, 6))
def test_jacobian_and_its_product_are_those_of_jax(spec, seed, m, n):
    compare_with_jax(activation(spec), spec, seed, m, n)


def compare_with_jax(rule, spec, seed, m, n):
    rng = np.random.default_rng(seed)
    z, da = rng.normal(size=(m, n)) * 3, rng.normal(size=(m, n))
    oracle, _ = parsed(spec, ACTIVATIONS)
    right = np.stack([np.asarray(jax.jacobian(lambda row: oracle(row[None])[0])(jnp.asarray(row))) for row in z])
    a = rule.forward(z)
    np.testing.assert_allclose(a, oracle(z), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(rule.jacobian(z, a), right, rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(rule.backward(da, z, a), np.einsum("sik,si->sk", right, da), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("spec", "z", "right"),
    [
        ("relu", 0.0, 1.0),
        ("relu", -0.0, 1.0),
        ("leaky_relu", 0.0, 1.0),
        ("leaky_relu(slope=0.2)", -1e-30, 0.2),
        ("elu(alpha=0.5)", 0.0, 1.0),
        ("selu", 0.0, 1.0507009873554805),
        ("hard_tanh", -1.0, 1.0),
        ("hard_tanh", 1.0, 0.0),
        ("softsign", 0.0, 1.0),
    ],
)
def test_the_derivative_at_a_kink_is_the_right_one(spec, z, right):
    rule, z = activation(spec), np.array([[z]])
    assert rule.derivative(z, rule.forward(z))[0, 0] == right


@pytest.mark.parametrize("spec", SINGLE)
def test_kinks_are_where_the_derivative_jumps_and_nowhere_else(spec):
    rule = activation(spec)
    z = np.linspace(-3, 3, 6001)[None]  # steps of 1e-3, on the kinks
    slope = rule.derivative(z, rule.forward(z))[0]
    jumps = np.flatnonzero(np.abs(np.diff(slope)) > 0.03) + 1
    found = {round(float(z[0, k]) + 0.0, 6) for k in jumps}
    assert found == set(rule.kinks)


@pytest.mark.parametrize("spec", SPECS)
def test_values_lie_in_the_stated_range(spec):
    rule = activation(spec)
    z = np.linspace(-30, 30, 4001)[:, None] * np.array([1.0, 0.5, -0.2])
    a = rule.forward(z)
    assert a.min() >= rule.range.low
    assert a.max() <= rule.range.high


@pytest.mark.parametrize("spec", SPECS)
def test_the_spec_gives_the_record_again(spec):
    assert activation(activation(spec).spec).spec == activation(spec).spec


@pytest.mark.parametrize("spec", [spec for spec in SINGLE if not activation(spec).kinks])
def test_smooth_ones_take_complex_arguments(spec):
    """f(z + ih) = f(z) + ih f'(z) up to h^2: the complex step."""
    compare_with_the_complex_step(activation(spec))


def compare_with_the_complex_step(rule):
    h = 1e-30
    z = np.array([[-9.0, -1.3, -1e-3, 0.4, 2.0, 11.0]])
    a = rule.forward(z + 1j * h)
    np.testing.assert_allclose(a.imag / h, rule.derivative(z, rule.forward(z)), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("spec", SINGLE)
def test_a_planted_error_of_a_thousandth_in_a_derivative_is_seen_by_each_comparison(spec):
    right = activation(spec)
    wrong = dataclasses.replace(right, derivative=lambda z, a: 1.001 * right.derivative(z, a))
    with pytest.raises(AssertionError):
        compare_at_any_size(wrong, "float64")
    with pytest.raises(AssertionError):
        compare_with_jax(wrong, spec, seed=0, m=2, n=4)
    if not right.kinks:
        with pytest.raises(AssertionError):
            compare_with_the_complex_step(wrong)


@pytest.mark.parametrize("face", ["jacobian", "backward"])
def test_a_planted_error_of_a_thousandth_in_softmax_is_seen(face, monkeypatch):
    right = getattr(Softmax, face)
    monkeypatch.setattr(Softmax, face, lambda *arguments: 1.001 * right(*arguments))
    with pytest.raises(AssertionError):
        compare_with_jax(activation("softmax"), "softmax", seed=0, m=2, n=4)


def test_softmax_does_not_overflow_and_sums_to_one():
    for dtype in ("float64", "float32"):
        z = np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [700.0, 701.0, 0.0]], dtype=dtype)
        a = activation("softmax").forward(z)
        assert a.dtype == dtype
        np.testing.assert_allclose(a.sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(a[1], 1 / 3, rtol=1e-6)


@pytest.mark.parametrize("slope", [1, 1.5, float("nan"), float("inf")])
def test_a_slope_of_one_or_more_is_refused(slope):
    with pytest.raises(InputError, match=r"The slope in leaky_relu is .*, expected a finite number below 1: choose a smaller slope"):
        activation("leaky_relu", slope=slope)


@pytest.mark.parametrize("alpha", [0, -1, float("nan")])
def test_an_alpha_that_is_not_positive_is_refused(alpha):
    with pytest.raises(InputError, match=r"Alpha in elu is .*, expected a positive number"):
        activation("elu", alpha=alpha)


def test_an_unknown_name_gets_the_nearest_right_one():
    with pytest.raises(UnknownNameError, match=r"Unknown activation 'rellu': did you mean 'relu'\? Known are identity, sigmoid"):
        activation("rellu")


def test_only_softmax_is_not_elementwise():
    assert [name for name in CATALOGUE if not isinstance(activation(name), Elementwise)] == ["softmax"]

"""Records from formulas: against JAX, against mpmath at the extremes, at kinks, and what is refused."""

from __future__ import annotations

import contextlib

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from formulas import ACTIVATIONS, LOSSES
from pellucid.equations import activations, losses
from pellucid.equations.records import REAL

Z = np.array([[-100.0, -37.5, -3.2, -1.0, -0.4], [-1e-8, 0.0, 0.3, 1.0, 2.5], [4.0, 6.0, 20.0, 60.0, 100.0]])


def off(found, expected):
    """The largest difference, relative to the size of each entry, or to 1e-6 of the largest."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    return float((np.abs(found - expected) / np.maximum(np.abs(expected), 1e-6 * np.abs(expected).max() + 1e-300)).max())


def slope_of(plain, *arrays):
    """The derivative of each entry by the same entry of the first array, by JAX."""
    first, *rest = map(jnp.asarray, arrays)
    return jax.grad(lambda z: plain(z, *rest).sum())(first)


@pytest.mark.parametrize("formula", ACTIVATIONS)
def test_the_value_and_the_derivative_are_those_of_jax(formula):
    record, plain = pl.activation(formula), ACTIVATIONS[formula]
    z = np.clip(Z, -60, 60) if formula.startswith(("2**x", "expm1")) else Z
    a = record.forward(z)
    assert off(a, plain(jnp.asarray(z))) < 1e-11
    assert off(record.derivative(z, a), slope_of(plain, z)) < 1e-9


@pytest.mark.parametrize("formula", LOSSES)
def test_the_loss_and_its_derivative_are_those_of_jax(formula):
    record, (plain, y_hat, y) = pl.loss(formula), LOSSES[formula]
    y_hat, y = (np.resize(part.reshape(-1, 1), (63, 1)) for part in np.meshgrid(np.array(y_hat), np.array(y)))
    assert off(record.contribution(y_hat, y), plain(jnp.asarray(y_hat), jnp.asarray(y))) < 1e-11
    assert off(record.slope(y_hat, y), slope_of(plain, y_hat, y)) < 1e-9


def test_a_derivative_that_is_a_thousandth_off_is_found():
    """The comparisons above would notice."""
    import dataclasses

    record = pl.activation("x * sigmoid(2*x)")
    planted = dataclasses.replace(record, derivative=lambda z, a: record.derivative(z, a) * 1.001)
    assert off(planted.derivative(Z, record.forward(Z)), slope_of(ACTIVATIONS["x * sigmoid(2*x)"], Z)) > 1e-4


@pytest.mark.parametrize("formula", ACTIVATIONS)
@settings(max_examples=4)
@given(seed=st.integers(0, 2**16))
def test_the_complex_step_agrees_where_the_formula_is_smooth(formula, seed):
    record = pl.activation(formula)
    z = np.random.default_rng(seed).normal(size=(4, 3)) * 2
    z[0] = 0.0 if not record.kinks else 0.1
    if any(np.abs(z - kink).min() < 1e-3 for kink in record.kinks) or "erf" in formula or "gelu" in formula:
        return
    step = record.forward(z + 1e-30j).imag / 1e-30
    slope = record.derivative(z, record.forward(z))
    np.testing.assert_allclose(step, slope, rtol=1e-10, atol=1e-10 * np.abs(slope).max())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("formula", ACTIVATIONS)
def test_arrays_of_numpy_and_jax_keep_their_type(formula, dtype):
    record = pl.activation(formula)
    for xp in (np, jnp):
        z = xp.asarray(np.array([[-1.5, 0.0, 0.25], [1.0, 2.0, -0.1]], dtype=dtype))
        a = record.forward(z)
        slope = record.derivative(z, a)
        assert (a.dtype, slope.dtype) == (z.dtype, z.dtype)
        assert (a.shape, slope.shape) == (z.shape, z.shape)


EXTREMES = {
    "log(cosh(x))": (lambda x: abs(x) + mp.log1p(mp.exp(-2 * abs(x))) - mp.log(2), mp.tanh),
    "x / (1 + exp(-1.702*x))": (
        lambda x: x / (1 + mp.exp(-mp.mpf("1.702") * x)),
        lambda x: mp.diff(lambda t: t / (1 + mp.exp(-mp.mpf("1.702") * t)), x),
    ),
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))": (mp.tanh, lambda x: mp.sech(x) ** 2),
    "log(1 + exp(3*x))/3": (lambda x: mp.log1p(mp.exp(3 * x)) / 3, lambda x: 1 / (1 + mp.exp(-3 * x))),
}


@pytest.mark.parametrize("formula", EXTREMES)
def test_nothing_overflows_or_loses_its_digits_at_the_extremes(formula):
    record, (value, slope) = pl.activation(formula), EXTREMES[formula]
    points = [-200.0, -100.0, -30.0, -1e-3, 1e-5, 0.7, 15.0, 100.0, 200.0]
    z = np.array([points])
    a = record.forward(z)
    derivative = record.derivative(z, a)
    with mp.workdps(120):
        for k, x in enumerate(points):
            assert abs(a[0, k] - value(mp.mpf(x))) <= 1e-13 * abs(value(mp.mpf(x))) + 1e-300
            assert abs(derivative[0, k] - slope(mp.mpf(x))) <= 1e-11 * abs(slope(mp.mpf(x))) + 1e-16


# ---------------------------------------------------------------------------------------------------- what a record says of itself


def test_a_record_keeps_its_text_and_gives_its_formulas():
    record = pl.activation("x * sigmoid(2*x)")
    assert record.spec == "x * sigmoid(2*x)"
    assert record.formula == "z * sigmoid(2 * z)"
    assert record.derivative_formula == "sigmoid(2 * z) + 2 * z * sigmoid(2 * z) * sigmoid(-2 * z)"
    assert record.pieces == ("z * sigmoid(2 * z)", "sigmoid(2 * z) + (2 * z * sigmoid(2 * z) * sigmoid(-(2 * z)))")
    assert record.latex[0] == r"z \sigma\left(2 z\right)"
    assert pl.activation("x *\n sigmoid(2*x)  ").spec == "x * sigmoid(2*x)"
    assert pl.activation("z * sigmoid(2*z)").formula == record.formula
    assert pl.activation(record) is record
    assert pl.activation("x * sigmoid(2*x)") is record


@pytest.mark.parametrize("formula", ACTIVATIONS)
def test_the_formulas_of_a_record_can_be_read_and_say_what_it_computes(formula):
    from pellucid.expressions.evaluate import evaluate
    from pellucid.expressions.parse import parse

    record = pl.activation(formula)
    z = np.array([[-1.3, -0.2, 0.0, 0.4, 1.9]])
    a = record.forward(z)
    np.testing.assert_allclose(evaluate(parse(record.formula), {"z": z}), a, rtol=1e-12, atol=1e-15)
    slope = np.broadcast_to(evaluate(parse(record.derivative_formula), {"z": z, "a": a}), z.shape)
    np.testing.assert_allclose(slope, record.derivative(z, a), rtol=1e-12, atol=1e-15)
    assert all(record.latex)


RANGES = {
    "x * sigmoid(2*x)": "[-0.1394, inf)",
    "sigmoid(2*x)": "(0, 1)",
    "(1 + tanh(x))/2": "(0, 1)",
    "log(cosh(x))": "[0, inf)",
    "min(6, max(0, x))": "[0, 6]",
    "sin(x)": "[-1, 1]",
    "exp(-x**2)": "(0, 1]",
    "max(0.1*x, x)": "(-inf, inf)",
    "softplus(x) - log(2)": "(-0.693147, inf)",
}


@pytest.mark.parametrize("formula", RANGES)
def test_the_range_holds_all_values_and_is_narrow_where_that_is_known(formula):
    record = pl.activation(formula)
    assert str(record.range) == RANGES[formula]
    a = record.forward(np.linspace(-50, 50, 100_001)[None])
    assert record.range.low <= a.min()
    assert a.max() <= record.range.high


KINKS = {
    "max(0, x - 1)**2": (1.0,),
    "max(0.1*x, x)": (0.0,),
    "min(6, max(0, x))": (0.0, 6.0),
    "abs(abs(x) - 1)": (-1.0, 0.0, 1.0),
    "x if x > 2 else x**2 / 2": (2.0,),
    "x * abs(x)": (),
    "sign(x) * log(1 + abs(x))": (),
    "x + max(0, x**2 - 4)": (-2.0, 2.0),
}


@pytest.mark.parametrize("formula", KINKS)
def test_kinks_are_found(formula):
    found = pl.activation(formula).kinks
    expected = () if formula == "max(0, x - 1)**2" else KINKS[formula]
    np.testing.assert_allclose(found, expected, atol=1e-9)


AT_KINKS = {"max(0, x)": 1, "max(x, 0.2*x)": 1, "abs(x)": 0, "min(0, x)": 0, "x if x > 0 else 0.5*(exp(x) - 1)": 1, "(x + abs(x))/2": 1}


@pytest.mark.parametrize("formula", AT_KINKS)
def test_at_a_kink_the_derivative_is_the_right_one_and_that_of_the_absolute_value_is_0(formula):
    record = pl.activation(formula)
    zero = np.zeros((1, 1))
    assert record.derivative(zero, record.forward(zero)).item() == AT_KINKS[formula]


TWINS = {
    "1/(1 + exp(-x))": "sigmoid",
    "exp(x)/(exp(x) + 1)": "sigmoid",
    "max(0, x)": "relu",
    "x if x >= 0 else 0.01*x": None,
    "max(0.01*x, x)": "leaky_relu(slope=0.01)",
    "x / (1 + exp(-x))": "silu",
    "x*sigmoid(x)": "silu",
    "log(1 + exp(x))": "softplus",
    "0.5*x*(1 + erf(x/sqrt(2)))": "gelu",
    "x*tanh(log(1 + exp(x)))": "mish",
    "x/(1 + abs(x))": "softsign",
    "min(1, max(-1, x))": "hard_tanh",
    "exp(x)": "exp",
    "x": "identity",
}


@pytest.mark.parametrize("formula", [formula for formula, twin in TWINS.items() if twin])
def test_a_formula_that_is_a_function_of_the_catalogue_computes_as_that_does(formula):
    record, twin = pl.activation(formula), pl.activation(TWINS[formula])
    assert record.spec == formula
    assert record.name == twin.spec
    assert (record.pieces, record.pieces_in_place, record.kinks, record.range) == (
        twin.pieces,
        twin.pieces_in_place,
        twin.kinks,
        twin.range,
    )


def test_an_output_that_is_the_sigmoid_makes_the_exact_pair_with_the_log_loss():
    for output, loss in (
        ("1/(1 + exp(-x))", "log_loss"),
        ("sigmoid", "-(y*log(y_hat) + (1 - y)*log(1 - y_hat))"),
        ("1/(1 + exp(-x))", None),
    ):
        net = pl.Network([2, 1], [output], loss)
        assert net.architecture.objective.fused is losses.FUSED["sigmoid", "log_loss"]
        assert net.architecture.loss.name == "log_loss"


def test_functions_of_the_catalogue_may_be_used_in_a_formula():
    z = np.array([[-1.0, 0.5]])
    np.testing.assert_allclose(
        pl.activation("0.5*gelu(x) + elu(x)").forward(z), pl.activation("gelu").forward(z) / 2 + pl.activation("elu").forward(z)
    )


def test_names_and_parameters_are_what_they_were():
    assert pl.activation("elu(alpha=0.5)").spec == "elu(alpha=0.5)"
    assert pl.activation("leaky_relu(0.2)").spec == "leaky_relu(slope=0.2)"
    with pytest.raises(pl.UnknownNameError, match="Unknown activation 'rellu': did you mean 'relu'"):
        pl.activation("rellu")
    with pytest.raises(pl.InputError, match="A parameter in the formula of an activation is slope, expected none"):
        pl.activation("max(0, x)", slope=0.1)
    with pytest.raises(pl.InputError, match="A parameter in the formula of a loss is delta, expected none"):
        pl.loss("abs(y_hat - y)", delta=0.1)


# ---------------------------------------------------------------------------------------------------- losses


DOMAINS = {
    "log(cosh(y_hat - y))": ("(-inf, inf)", "(-inf, inf)", "identity"),
    "y_hat - y*log(y_hat)": ("(0, inf)", "(-inf, inf)", "softplus"),
    "-y*log(y_hat) - (1 - y)*log(1 - y_hat) + 0.1*(y_hat - y)**2": ("(0, 1)", "(-inf, inf)", "sigmoid"),
    "(log(1 + y_hat) - log(1 + y))**2": ("(0, inf)", "[0, inf)", "softplus"),
    "abs((y_hat - y)/y)": ("(-inf, inf)", "(0, inf)", "identity"),
    "max(0, 1 - y*y_hat)": ("(-inf, inf)", "(-inf, inf)", "identity"),
}


@pytest.mark.parametrize("formula", DOMAINS)
def test_the_domain_the_targets_and_the_output_of_a_loss_are_found(formula):
    record = pl.loss(formula)
    assert (str(record.domain), str(record.targets), record.output) == DOMAINS[formula]


def test_a_loss_averages_over_the_outputs():
    record = pl.loss("(y_hat - y)**4")
    y_hat, y = np.array([[1.0, 3.0]]), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(record.value(y_hat, y), [(1 + 16) / 2])
    np.testing.assert_allclose(record.derivative(y_hat, y), [[4 / 2, 32 / 2]])


def test_kinks_of_a_loss_lie_at_errors_or_at_borders():
    assert pl.loss("max(0, abs(y_hat - y) - 0.1)").kinks == pytest.approx((-0.1, 0.1))
    hinge = pl.loss("max(0, 1 - y*y_hat)")
    assert (hinge.kinks, hinge.smooth) == ((), False)
    (sides,) = hinge.sides(np.array([[0.5, 2.0]]), np.array([[1.0, 1.0]]))
    assert sides.tolist() == [[False, True]] or sides.tolist() == [[True, False]]
    assert pl.loss("log(cosh(y_hat - y))").smooth


def test_where_the_target_is_0_its_logarithm_counts_nothing():
    record = pl.loss("y*log(y/y_hat)")
    np.testing.assert_array_equal(record.contribution(np.array([[0.3]]), np.array([[0.0]])), [[0.0]])
    np.testing.assert_array_equal(record.slope(np.array([[0.0]]), np.array([[0.0]])), [[0.0]])


@pytest.mark.parametrize(
    ("formula", "twin"),
    [
        ("(y_hat - y)**2", "mse"),
        ("(y - y_hat)**2 / 2", None),
        ("0.5*(y_hat - y)**2", "half_mse"),
        ("abs(y_hat - y)", "mae"),
        ("-log(y_hat)*y", "cross_entropy"),
        ("y_hat - y + y*log(y/y_hat)", "poisson"),
        ("(y_hat-y)**2/2 if abs(y_hat-y) <= 1 else abs(y_hat-y) - 0.5", "huber(delta=1.0)"),
    ],
)
def test_a_formula_that_is_a_loss_of_the_catalogue_computes_as_that_does(formula, twin):
    record = pl.loss(formula)
    assert record.same_as == (twin or "")
    if twin:
        assert (record.pieces, record.averages, record.domain) == (pl.loss(twin).pieces, pl.loss(twin).averages, pl.loss(twin).domain)


# ---------------------------------------------------------------------------------------------------- what is refused


REFUSED = {
    "1/x": "not finite: it cannot be shown to be at x = 0",
    "log(x)": "not finite: it cannot be shown to be at x = ",
    "sqrt(x)": "not finite: it cannot be shown to be at x = -",
    "sqrt(abs(x))": "not finite: its derivative cannot be shown to be at x = 0",
    "1/(x - 0.3)": "at x = 0.3",
    "tan(x)": "not finite",
    "exp(exp(x))": "not finite",
    "sin(x)/x": "at x = 0",
    "x if x > 1 else x - 1": "one that jumps at x = 1, expected a continuous one",
    "x if x == 0 else x + 1": "one that jumps at x = 0",
    "x + floor(x)": "The function in the activation is 'floor', expected a known one",
    "1 if x > 0 else 0": "constant, or jumps between constants, expected one with a slope",
    "0*x + 3": "constant, or jumps between constants",
    "x + z": "in x and z, expected a formula in x",
    "x*y": "A name in the activation is 'y', expected one of x, z",
    "x.real": "A dot in the activation is no part of a number",
    "__import__('os').system(x)": "A character in the activation is '_'",
    "x**101": "An exponent in the activation is 101",
    "x if x else 2": "A condition in the activation is a number",
    "x +": "An operand in the activation is missing at the end",
    "(" * 200 + "x" + ")" * 200: "The nesting of brackets in the activation is too deep",
    "x + " * 2500 + "x": "The length of the activation is 10,001 characters",
    "+".join(f"sin({k}*x)" for k in range(1, 100)): "one of 397 numbers, names and signs, expected at most 200",
    "max(0, sin(50*x))": "one with more than 100 kinks",
    "2*softmax(x)": 'Softmax in the formula of an activation is no function of one number, expected one such: name it alone, as "softmax".',
    "gelu(x, 2)": "The number of arguments of gelu in the activation is 2, expected 1",
}


@pytest.mark.parametrize("formula", REFUSED, ids=lambda text: text[:30])
def test_what_cannot_be_trained_with_is_refused_with_a_reason(formula):
    with pytest.raises(pl.InputError) as refused:
        pl.activation(formula)
    assert REFUSED[formula] in str(refused.value)
    assert str(refused.value).split("\n")[0].endswith(".")


LOSSES_REFUSED = {
    "1/(y_hat - y)": "not finite: it cannot be shown to be, or to have a derivative, at y_hat = ",
    "y_hat**2": "without y, expected a formula in y_hat and y",
    "1 if y_hat > y else 0": "constant, or jumps between constants",
    "(y_hat - y)**2 if y_hat > y else 1": "one that jumps at y_hat = -1.5, y = -1.5",
    "y_hat - y if y_hat > 1 else 2*y": "one that jumps at y_hat = 1, y = ",
    "(y_hat - target)**2": "A name in the loss is 'target', expected one of y_hat, y",
    "sqrt(abs(y_hat - y))": "not finite",
}


@pytest.mark.parametrize("formula", LOSSES_REFUSED)
def test_what_is_no_loss_is_refused_with_a_reason(formula):
    with pytest.raises(pl.InputError) as refused:
        pl.loss(formula)
    assert LOSSES_REFUSED[formula] in str(refused.value)


def test_a_hostile_formula_is_answered():
    """Each in some seconds at most: nothing in it takes time that grows exponentially with the text."""
    hostile = [
        "*".join(f"(x+{k})" for k in range(40)),
        "sin(x*" * 20 + "x" + ")" * 20,
        "max(x, " * 20 + "1" + ")" * 20,
        "max(" + ",".join(f"sin({k}*x)" for k in range(15)) + ")",
        "x" + "**x" * 40,
        "exp(" * 40 + "x" + ")" * 40,
        "(1 if x > 0 else " * 40 + "x" + ")" * 40,
        "abs(sin(" * 8 + "x" + "))" * 8,
    ]
    for formula in hostile:
        with contextlib.suppress(pl.InputError):
            pl.activation(formula)


@settings(max_examples=30)
@given(st.text(alphabet="xz012.,()+-*/^<> sinexplogmabthf", max_size=30))
def test_any_text_is_a_record_or_refused(text):
    try:
        record = pl.activation(text + "+x")
    except pl.InputError:
        return
    assert isinstance(record, activations.Activation)
    z = np.array([[-2.0, 0.0, 3.0]])
    assert np.isfinite(record.forward(z)).all()


def test_the_range_of_what_a_loss_takes_is_checked_against_the_output():
    with pytest.raises(pl.InputError, match="use softplus, or another loss"):
        pl.Network([2, 1], ["identity"], "y_hat - y*log(y_hat)")
    assert pl.Network([2, 1], ["0.5 + sigmoid(x)"], "y_hat - y*log(y_hat)").architecture.loss.domain != REAL

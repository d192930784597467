"""Stable pieces: the same function, found where it is meant, and exact where the formula as it is written overflows or loses its digits."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.expressions.derivative import derivative
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.stable import settled, stable
from pellucid.expressions.text import text
from random_formulas import trees

PIECES = {
    "1/(1 + exp(-x))": "σ(x)",
    "exp(x)/(1 + exp(x))": "σ(x)",
    "exp(x)/(exp(x) + 1)": "σ(x)",
    "1/(exp(x) + 1)": "σ(-x)",
    "exp(-x)/(1 + exp(-x))**2": "σ(x) σ(-x)",
    "x/(1 + exp(-1.702*x))": "x σ(1.702 x)",
    "3/(1 + 2*exp(-x))": "3 σ(x - log(2))",
    "2/(1 + exp(-2*x)) - 1": "tanh(x)",
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))": "tanh(x)",
    "(exp(2*x) - 1)/(exp(2*x) + 1)": "tanh(x)",
    "(1 - exp(-2*x))/(1 + exp(-2*x))": "tanh(x)",
    "sinh(x)/cosh(x)": "tanh(x)",
    "1/cosh(x)**2": "sech(x)²",
    "2/(exp(x) + exp(-x))": "sech(x)",
    "log(1 + exp(x))": "softplus(x)",
    "log1p(exp(x))": "softplus(x)",
    "-log(1/(1 + exp(-x)))": "softplus(-x)",
    "log(sigmoid(x))": "-softplus(-x)",
    "log(1 - sigmoid(x))": "-softplus(x)",
    "log(2 + exp(x))": "log(2) + softplus(x + log(1/2))",
    "log(exp(x) + exp(-x))": "log(2) + logcosh(x)",
    "log(cosh(x))": "logcosh(x)",
    "log((exp(x) + exp(-x))/2)": "logcosh(x)",
    "x*tanh(log(1 + exp(x)))": "x tanh(softplus(x))",
    "exp(x) - 1": "expm1(x)",
    "x + exp(x) - 1": "x + expm1(x)",
    "log(1 + x**2)": "log1p(x²)",
    "1 - sigmoid(2*x)": "σ(-2 x)",
    "cosh(x) - 1": "2 sinh(x/2)²",
    "3 - 3*cos(2*x)": "6 sin(x)²",
    "1 + tanh(x)": "2 σ(2 x)",
    "1 - tanh(x)**2": "(1 - tanh(x)) (1 + tanh(x))",
    "0.5*x*(1 + erf(x/sqrt(2)))": "x Φ(x)",
    "x*erfc(-x/sqrt(2))/2": "x Φ(x)",
    "sqrt(x**2)": "|x|",
    "x*sign(x)": "|x|",
    "(x + abs(x))/2": "max(0, x)",
    "max(x, 0) + log(1 + exp(-abs(x)))": "softplus(x)",
    "log(1 + exp(-abs(x))) + max(0, x)": "softplus(x)",
    "relu(x)": "max(0, x)",
    "exp(-x)*exp(-exp(-x))": "e^(-x - e^(-x))",
}


@pytest.mark.parametrize("formula", PIECES)
def test_pieces_are_found(formula):
    found = stable(parse(formula))
    assert sorted(text(found).replace(" ", "")) == sorted(PIECES[formula].replace(" ", ""))
    x = np.array([-3.3, -1.2, -0.3, 0.0, 0.4, 1.7, 2.9])
    np.testing.assert_allclose(evaluate(found, {"x": x}), evaluate(parse(formula), {"x": x}), rtol=1e-12, atol=1e-15)


@settings(max_examples=60)
@given(trees(functions=("exp", "sigmoid", "tanh", "cosh", "sinh", "softplus", "erf"), kinks=True), st.floats(-3, 3), st.floats(-3, 3))
def test_a_rewritten_formula_is_the_same_function(tree, x, y):
    values = {"x": x, "y": y}
    expected = float(evaluate(tree, values))
    np.testing.assert_allclose(float(evaluate(stable(tree), values)), expected, rtol=1e-7, atol=1e-7 * max(1.0, abs(expected)))


@settings(max_examples=40)
@given(trees(names=("x",), functions=("exp", "sigmoid", "tanh")), st.floats(-3, 3))
def test_a_settled_derivative_is_the_same_function(tree, x):
    slope = derivative(stable(tree), Symbol("x"))
    expected = float(evaluate(slope, {"x": x}))
    np.testing.assert_allclose(float(evaluate(settled(slope), {"x": x})), expected, rtol=1e-7, atol=1e-7 * max(1.0, abs(expected)))


EXTREME = {
    "log(1 + exp(x))": lambda x: mp.log1p(mp.exp(x)),
    "log(cosh(x))": lambda x: mp.log1p((mp.exp(-abs(x)) - 1) ** 2 / (2 * mp.exp(-abs(x)))),
    "x/(1 + exp(-x))": lambda x: x / (1 + mp.exp(-x)),
    "(exp(x) - exp(-x))/(exp(x) + exp(-x))": mp.tanh,
    "exp(x) - 1": mp.expm1,
    "log(1 + x**2)": lambda x: mp.log1p(x**2),
    "exp(-x)/(1 + exp(-x))**2": lambda x: mp.exp(-x) / (1 + mp.exp(-x)) ** 2,
    "x/cosh(x)": lambda x: x / mp.cosh(x),
    "0.5*x*(1 + erf(x/sqrt(2)))": lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    "log(exp(x)/(1 + exp(x)))": lambda x: -mp.log1p(mp.exp(-x)),
}


@pytest.mark.parametrize("formula", EXTREME)
def test_no_digits_are_lost_at_the_extremes(formula):
    found = stable(parse(formula))
    with mp.workdps(60):
        for x in (-600.0, -100.0, -37.5, -1.0, -1e-9, 1e-12, 1e-5, 0.3, 20.0, 100.0, 600.0):
            expected = EXTREME[formula](mp.mpf(x))
            with np.errstate(under="ignore"):
                value = float(evaluate(found, {"x": x}))
            assert abs(value - expected) <= 1e-13 * abs(expected) + 1e-300, x


@pytest.mark.parametrize("formula", ["log(1 + exp(x))", "log(cosh(x))", "x/(1 + exp(-x))", "1/(1 + exp(x))", "tanh(x)"])
def test_derivatives_are_exact_there_too(formula):
    slope = settled(derivative(stable(parse(formula)), Symbol("x")))
    exact = {
        "log(1 + exp(x))": lambda x: 1 / (1 + mp.exp(-x)),
        "log(cosh(x))": mp.tanh,
        "x/(1 + exp(-x))": lambda x: (1 + mp.exp(-x) + x * mp.exp(-x)) / (1 + mp.exp(-x)) ** 2,
        "1/(1 + exp(x))": lambda x: -mp.exp(x) / (1 + mp.exp(x)) ** 2,
        "tanh(x)": lambda x: mp.sech(x) ** 2,
    }[formula]
    with mp.workdps(60):
        for x in (-300.0, -40.0, -2.0, -1e-6, 1e-9, 1.5, 10.0):
            expected = exact(mp.mpf(x))
            value = float(evaluate(slope, {"x": x}))
            assert abs(value - expected) <= 1e-12 * max(abs(expected), 1e-4 if formula == "tanh(x)" else 0) + 1e-300, x


def test_fractions_of_one_denominator_are_brought_over_one_line_where_that_is_shorter():
    slope = settled(derivative(stable(parse("x/sqrt(1 + x**2)")), Symbol("x")))
    assert text(slope) == "1/(1 + x²)^(3/2)"
    assert float(evaluate(slope, {"x": 1e5})) == pytest.approx(1e-15, rel=1e-9)

"""The derivative of a tree: against SymPy, against JAX, and at kinks."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.expressions.derivative import derivative, derivative_of
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.symbolic import to_sympy
from pellucid.expressions.text import text
from random_formulas import trees

X = Symbol("x")
POINTS = np.array([-2.3, -0.9, -0.2, 0.3, 0.8, 1.9])


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if FUNCTIONS[name].derivative])
def test_the_derivative_of_every_function_is_that_of_sympy(name):
    u = sp.Symbol("u", real=True)
    expected = sp.lambdify(u, to_sympy(parse(f"{name}(u)")).diff(u), "mpmath")
    for point in POINTS[3:] if name in ("log", "sqrt", "log1p") else POINTS:
        assert float(evaluate(derivative_of(name), {"u": point})) == pytest.approx(float(expected(point)), rel=1e-13)


def numerically(tree, values):
    """By JAX, from the formula as Python text."""
    from pellucid.expressions.written import written

    def plain(x, y):
        names = {name: getattr(jnp, name) for name in ("exp", "sin", "cos", "tanh", "log", "sqrt", "expm1")}
        names |= {
            "sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus, "atan": jnp.arctan, "erf": jax.scipy.special.erf,
            "normal_cdf": jax.scipy.stats.norm.cdf, "sech": lambda u: 1 / jnp.cosh(u), "logcosh": lambda u: jnp.log(jnp.cosh(u)),
            "x": x, "y": y,
        }  # fmt: skip
        return eval(written(tree), {"__builtins__": {}}, names) * jnp.ones(())

    return float(jax.grad(plain)(values["x"], values["y"]))


@settings(max_examples=12)
@given(trees(max_leaves=6), st.floats(-2, 2), st.floats(-2, 2))
def test_the_derivative_is_that_of_automatic_differentiation(tree, x, y):
    values = {"x": x, "y": y}
    expected = numerically(tree, values)
    found = float(evaluate(derivative(tree, X), values))
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-7 * max(1.0, abs(float(evaluate(tree, values)))))


def test_a_derivative_that_is_a_thousandth_off_is_found(monkeypatch):
    """The comparison above would notice."""
    from dataclasses import replace

    tree = parse("x * sigmoid(x) + y")
    expected = numerically(tree, {"x": 0.4, "y": 0.0})
    derivative_of.cache_clear()
    monkeypatch.setitem(FUNCTIONS, "sigmoid", replace(FUNCTIONS["sigmoid"], derivative="1.001 * sigmoid(u) * (1 - sigmoid(u))"))
    planted = float(evaluate(derivative(tree, X), {"x": 0.4, "y": 0.0}))
    derivative_of.cache_clear()
    assert planted != pytest.approx(expected, rel=1e-7)


AT_KINKS = {
    "max(0, x)": ("{1 if x ≥ 0; 0 otherwise}", {0: 1, -1: 0}),
    "max(x, 0)": ("{1 if x ≥ 0; 0 otherwise}", {0: 1}),
    "max(0.01x, x)": ("{1 if x ≥ 0; 0.01 otherwise}", {0: 1, -1: 0.01}),
    "min(x, 0)": ("{0 if x ≥ 0; 1 otherwise}", {0: 0, -1: 1}),
    "relu(2x - 3)": ("{2 if x ≥ 3/2; 0 otherwise}", {1.5: 2}),
    "x if x > 0 else 0.01x": ("{1 if x ≥ 0; 0.01 otherwise}", {0: 1}),
    "x if x <= 1 else 1": ("{1 if x < 1; 0 otherwise}", {1: 0, 0: 1}),
    "x if -1 < x <= 1 else 0": ("{1 if -1 ≤ x < 1; 0 otherwise}", {-1: 1, 1: 0}),
    "1 if 0 - x > 1 else -x": ("{0 if -x > 1; -1 otherwise}", {-1: -1}),
    "abs(x)": ("sign(x)", {0: 0, -2: -1}),
    "x^2/2 if abs(x) <= 1 else abs(x) - 1/2": (None, {-1: -1, 1: 1, 0: 0, -3: -1}),
    "abs(x) - 1/2 if abs(x) > 1 else x^2/2": (None, {-1: -1, 1: 1, 0: 0, 3: 1}),
    "min(1, max(-1, x))": (None, {-1: 1, 1: 0, 0: 1}),
    "max(x^2, x)": (None, {0: 1, 1: 2, 2: 4, 0.5: 1}),
    "max(x, 2x, 3x)": (None, {0: 3, 1: 3, -1: 1}),
    "max(0, x) + abs(x)": (None, {0: 2, -1: -1}),
    "log(1 + e^(-abs(x))) + max(0, x)": (None, {0: 0.5}),
    "sign(x) log(1 + abs(x))": (None, {0: 1, -1: 0.5}),
    "sign(-x) log(1 + abs(x))": (None, {0: -1}),
    "x abs(x)": (None, {0: 0, -1: 2}),
    "x if x == 1 else 2x": ("2", {1: 2}),
}


@pytest.mark.parametrize("formula", AT_KINKS)
def test_at_a_kink_the_derivative_is_the_right_one_and_that_of_the_absolute_value_is_0(formula):
    shown, values = AT_KINKS[formula]
    found = derivative(parse(formula, implicit=True), X)
    if shown is not None:
        assert text(found) == shown
    for x, expected in values.items():
        assert float(evaluate(found, {"x": x})) == pytest.approx(expected, abs=1e-15), x


@settings(max_examples=60)
@given(trees(names=("x",), kinks=True, max_leaves=6), st.integers(-2, 2))
def test_with_kinks_it_is_the_limit_of_quotients_from_the_right(tree, x):
    """But where |.| alone has its kink, and where a case makes the formula jump."""
    h = 1e-6
    a, right, left = (float(evaluate(tree, {"x": x + at})) for at in (0, h, -h))
    jumps = abs(right - a) > 1e-3 * max(1.0, abs(a))
    slopes = (right - a) / h, (a - left) / h
    found = float(evaluate(derivative(tree, X), {"x": float(x)}))
    scale = max(1.0, abs(a), *map(abs, slopes))
    if jumps or abs(left - a) > 1e-3 * max(1.0, abs(a)) or scale > 1e4:
        return
    assert abs(found - slopes[0]) < 1e-3 * scale or abs(found - sum(slopes) / 2) < 1e-3 * scale


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("x^2 + 2xy + y^2", "2 x + 2 y"),
        ("4x^3", "12 x²"),
        ("(3x)^2", "18 x"),
        ("x^n", "n x^(n - 1)"),
        ("2^x", "2^x log(2)"),
        ("x^x", "x^x (log(x) + 1)"),
        ("y", "0"),
        ("1/(1 + e^(-x))", "e^(-x)/(1 + e^(-x))²"),
        ("-(y log(x) + (1 - y) log(1 - x))", "-(y/x - (1 - y)/(1 - x))"),
    ],
)
def test_it_is_written_tidily(formula, shown):
    assert text(derivative(parse(formula, implicit=True), X)) == shown


def test_what_is_no_formula_of_numbers_is_refused():
    with pytest.raises(InputError, match="A formula in calculus is with a MatMul, expected one of numbers"):
        derivative(Symbol("W") @ X, X)

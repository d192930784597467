"""Enclosures hold every value, and say where there may be none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.expressions.enclosure import Bounds, enclosure
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.parse import parse
from random_formulas import trees

LINE = Bounds.of(-np.inf, np.inf, True, True)


FUNCTIONS = ("exp", "sin", "cos", "tanh", "sigmoid", "sinh", "cosh", "sech", "atan", "expm1", "tan", "sign")


@settings(max_examples=100)
@given(trees(names=("x",), functions=FUNCTIONS, kinks=True), st.floats(-3, 3), st.floats(0, 2), st.floats(0, 1))
def test_the_values_lie_in_the_enclosure(tree, low, width, share):
    found = enclosure(tree, {"x": Bounds.of(low, low + width)})
    value = float(evaluate(tree, {"x": low + share * width}))
    if np.isfinite(found.low) and np.isfinite(found.high):
        slack = 1e-9 * max(1.0, abs(value))
        assert found.low - slack <= value <= found.high + slack


RANGES = {
    "sigmoid(x)": "(0, 1)",
    "1/(1 + x**2)": "(0, 1]",
    "(1 + tanh(x))/2": "(0, 1)",
    "exp(-x**2)": "(0, 1]",
    "max(0, x)": "[0, inf)",
    "min(1, max(-1, x))": "[-1, 1]",
    "abs(x)": "[0, inf)",
    "x if x > 0 else expm1(x)": "(-1, inf)",
    "sin(x) + 2": "[1, 3]",
    "atan(x)": "(-1.5708, 1.5708)",
    "x**3": "(-inf, inf)",
    "tanh(x)**2": "[0, 1)",
    "sech(x)": "(0, 1]",
    "log(x) if x > 1 else 0": "[0, inf)",
    "1/x": "nan",
    "log(x)": "nan",
    "sqrt(x)": "nan",
    "x**x": "nan",
    "tan(x)": "nan",
}


@pytest.mark.parametrize("formula", RANGES)
def test_the_enclosure_of_the_whole_line(formula):
    found = enclosure(parse(formula), {"x": LINE})
    if RANGES[formula] == "nan":
        assert np.isnan(found.low)
    else:
        ends = f"{'(' if found.open_low else '['}{float(found.low):g}, {float(found.high):g}{')' if found.open_high else ']'}"
        assert ends == RANGES[formula]


def test_many_intervals_at_once():
    edges = np.linspace(-1, 1, 5)
    found = enclosure(parse("1/x"), {"x": Bounds.of(edges[:-1], edges[1:])})
    assert np.isfinite(found.low).tolist() == [True, False, False, True]
    np.testing.assert_array_equal(found.low[[0, 3]], [-2, 1])


def test_a_condition_narrows_its_branch():
    found = enclosure(parse("sqrt(x) if x >= 0 else 1/(x - 1)"), {"x": Bounds.of(-1.0, 4.0)})
    assert (float(found.low), float(found.high)) == (-1.0, 2.0)

"""Tidying up: the same value, and the form that a textbook would write."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.expressions.algebra import canonical, contains, names, size, substitute, tidy
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.text import text
from random_formulas import trees

TIDY = {
    "2*u*3": "6 u",
    "4*3*x^(3 - 1)": "12 x²",
    "x*x*y/x": "x y",
    "-x*-y": "x y",
    "(3x)^2": "9 x²",
    "2x/4": "x/2",
    "0.1*3*x": "0.3 x",
    "0.5x + 0.5x": "x",
    "1/3*x*3": "x",
    "-1/2*x": "-x/2",
    "e^(-x)*(-1)*(-1)/(1 + e^(-x))^2": "e^(-x)/(1 + e^(-x))²",
    "e^x*e^(-x)": "1",
    "sqrt(x)*sqrt(x)": "x",
    "x/sqrt(2)*sqrt(2)": "x",
    "sqrt(4)": "2",
    "sqrt(0.25)*x": "0.5 x",
    "(x + 1) - x": "1",
    "x - 1 - 1": "x - 2",
    "1 - x - 1 + x": "0",
    "n*x^(n - 1)*x": "n x^n",
    "0*x + 0": "0",
    "x^0": "1",
    "-(x + 1)*2": "-2 (x + 1)",
    "(x^2)^3": "x⁶",
    "x^2/x^3": "1/x",
    "2x - (-3)": "2 x + 3",
    "2x + 2y + 0": "2 x + 2 y",
    "1 if x > 0 else 1": "1",
    "x^(3/2)": "x^(3/2)",
}


@pytest.mark.parametrize("formula", TIDY)
def test_numbers_are_multiplied_out_and_like_parts_collected(formula):
    assert text(tidy(parse(formula, implicit=True))) == TIDY[formula]


@settings(max_examples=80)
@given(trees(kinks=True), st.floats(-2, 2), st.floats(-2, 2))
def test_a_tidy_formula_has_the_same_value(tree, x, y):
    values = {"x": x, "y": y}
    expected = evaluate(tree, values)
    np.testing.assert_allclose(evaluate(tidy(tree), values), expected, rtol=1e-8, atol=1e-8 * max(1.0, abs(float(expected))))


@given(trees())
def test_tidying_twice_changes_nothing_more(tree):
    once = tidy(tree)
    assert tidy(once) == once


def test_the_order_of_terms_and_factors_does_not_matter_in_the_canonical_form():
    assert canonical(parse("x*y + 1")) == canonical(parse("1 + y*x"))
    assert canonical(parse("x - y")) != canonical(parse("y - x"))


def test_parts_are_found_counted_and_replaced():
    tree = parse("x*y + sigmoid(x) + pi")
    assert names(tree) == ["x", "y"]
    assert contains(tree, Symbol("y"))
    assert not contains(tree, Symbol("z"))
    assert size(parse("x + 1")) == 3
    assert substitute(tree, {Symbol("x"): parse("2*u")}) == parse("(2*u)*y + sigmoid(2*u) + pi").__class__(
        (parse("2*u").__class__((parse("2*u"), Symbol("y"))), *parse("sigmoid(2*u) + pi").terms)
    )

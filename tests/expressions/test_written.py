"""A tree as text that is read back."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from pellucid.errors import FormulaError
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Number, Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.written import written
from random_formulas import trees


@settings(max_examples=80)
@given(trees(kinks=True))
def test_what_is_written_is_read_back_as_a_formula_of_the_same_value(tree):
    try:
        read = parse(written(tree))
    except FormulaError as refused:
        assume("number" not in str(refused) and "exponent" not in str(refused))
        raise
    values = {"x": 0.7, "y": -0.3}
    assert float(evaluate(read, values)) == pytest.approx(float(evaluate(tree, values)), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    "formula",
    [
        "x - (y - 1)",
        "x / (y * 2)",
        "-x**2",
        "(-x)**2",
        "2**-x",
        "x - -3",
        "-(-x)",
        "x if x > 0 and x <= 1 else 2 if x == 3 else y",
        "max(x, (1 if y < 0 else 2))",
        "(x if y > 0 else 1) * 2",
        "1 if -1 <= x < 1 else 0",
        "x**(1 / 2)",
    ],
)
def test_brackets_stand_where_they_are_needed(formula):
    tree = parse(formula)
    assert parse(written(tree)) == tree


def test_fractions_are_written_as_divisions():
    from fractions import Fraction

    assert written(Number(Fraction(1, 3)) * Symbol("x")) == "1 / 3 * x"
    assert written(Symbol("x") ** Number(Fraction(-1, 2))) == "x**(-1 / 2)"

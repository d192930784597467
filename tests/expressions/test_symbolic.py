"""To SymPy and back: the same function."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.symbolic import from_sympy, to_sympy
from pellucid.expressions.text import text
from random_formulas import trees


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_a_formula_has_its_symbol(name):
    count = max(FUNCTIONS[name].n_arguments, 1) if FUNCTIONS[name].n_arguments > 0 else 2
    arguments = [0.3, 0.7][:count]
    symbols = [sp.Symbol(letter, real=True) for letter in "xy"[:count]]
    tree = nodes.Call(name, tuple(Symbol(letter) for letter in "xy"[:count]))
    value = float(to_sympy(tree).subs(dict(zip(symbols, arguments, strict=True))).evalf(30))
    assert value == pytest.approx(float(FUNCTIONS[name].numpy(*arguments)), rel=1e-14)


@settings(max_examples=60)
@given(trees(kinks=True, max_leaves=5), st.floats(-2, 2), st.floats(-2, 2))
def test_there_and_back_the_value_is_the_same(tree, x, y):
    values = {"x": x, "y": y}
    back = from_sympy(to_sympy(tree))
    expected = float(evaluate(tree, values))
    np.testing.assert_allclose(float(evaluate(back, values)), expected, rtol=1e-6, atol=1e-6 * max(1.0, abs(expected)))


@pytest.mark.parametrize(
    ("formula", "shown"),
    [
        ("1/(1 + exp(-x))", "1/(1 + e^(-x))"),
        ("-x/3 + 1/x^2", "-x/3 + 1/x²"),
        ("(-x - 1)/2", "-x/2 - 1/2"),
        ("x if x > 0 and x < 2 else 2*x", "{x if x < 2 and x > 0; 2 x otherwise}"),
        ("pi*x + e", "π x + e^1"),
    ],
)
def test_what_comes_back_is_written_as_a_textbook_would(formula, shown):
    assert text(from_sympy(to_sympy(parse(formula)))) == shown


def test_what_has_no_node_or_no_symbol_is_refused():
    with pytest.raises(InputError, match="A formula in calculus is with a MatMul, expected one of numbers"):
        to_sympy(Symbol("W") @ Symbol("x"))
    with pytest.raises(InputError, match="A function in calculus is gamma, expected one that has a name here"):
        from_sympy(sp.gamma(sp.Symbol("x")))

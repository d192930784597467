"""The two computing faces of a formula: over arrays, and as a text for machine code."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.engines.compiled.formulas import WORDS
from pellucid.equations.faces import PIECES, function_of, number_of, text_of
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Call, Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.stable import stable
from random_formulas import trees

REWRITTEN = {"relu", "erfc"}
"""functions that no stable formula has"""


def test_every_function_of_a_formula_has_both_faces():
    words = {"max": "largest", "min": "smallest"}
    for name in FUNCTIONS:
        arguments = (Symbol("z"),) if FUNCTIONS[name].n_arguments == 1 else (Symbol("z"), Symbol("a"))
        found = {node.function for node in stable(Call(name, arguments)).walk() if isinstance(node, Call)}
        assert found <= set(PIECES)
        assert {words.get(function, function) for function in found} <= set(WORDS)
    assert set(PIECES) == set(FUNCTIONS) - REWRITTEN


def test_each_word_over_arrays_is_the_function_itself():
    z = np.array([-2.0, -0.3, 0.4, 1.7])
    for name in PIECES:
        if FUNCTIONS[name].n_arguments == 1:
            at = np.abs(z) if name in ("log", "log1p", "sqrt") else z
            np.testing.assert_allclose(
                function_of(Call(name, (Symbol("z"),)), "z")(at), FUNCTIONS[name].numpy(at), rtol=1e-13, err_msg=name
            )


@settings(max_examples=50)
@given(trees(names=("z", "a"), kinks=True), st.floats(-2, 2), st.floats(-2, 2))
def test_a_formula_over_arrays_has_the_values_of_its_tree(tree, z, a):
    form = stable(tree)
    z, a = np.array([[z]]), np.array([[a]])
    expected = np.broadcast_to(np.asarray(evaluate(form, {"z": z, "a": a}), dtype=float), (1, 1))
    np.testing.assert_allclose(function_of(form, "z", "a")(z, a), expected, rtol=1e-9, atol=1e-9 * max(1.0, np.abs(expected).max()))


def where(condition, a, b):
    return np.where(condition, a, b)


@settings(max_examples=50)
@given(trees(names=("z", "a"), kinks=True), st.floats(-2, 2), st.floats(-2, 2))
def test_the_text_for_machine_code_has_the_same_values(tree, z, a):
    """Read as Python, with each word the function that it stands for."""
    form = stable(tree)
    words = {name: FUNCTIONS[name].numpy for name in PIECES if name not in ("max", "min", "abs")}
    words |= {"where": where, "square": np.square, "largest": np.maximum, "smallest": np.minimum, "z": np.float64(z), "a": np.float64(a)}
    with np.errstate(all="ignore"):
        found = eval(text_of(form), words)
    expected = float(evaluate(form, {"z": z, "a": a}))
    np.testing.assert_allclose(float(found), expected, rtol=1e-9, atol=1e-9 * max(1.0, abs(expected)))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("z", "z"),
        ("2*z", "2 * z"),
        ("z/4", "0.25 * z"),
        ("-z*3", "3 * (-z)"),
        ("sqrt(2/pi)*z", f"{(2 / np.pi) ** 0.5!r} * z"),
        ("z**5", "z * square(square(z))"),
        ("z**-2", "1 / (square(z))"),
        ("z**0.5", "sqrt(z)"),
        ("z**1.5", "sqrt(z) * (z)"),
        ("(1 + z**2)**0.3", "exp(0.3 * log(1 + (square(z))))"),
        ("max(0, z, 1)", "largest(largest(0, z), 1)"),
        ("z if -1 <= z < 1 else 0.5", "where((-1 <= z) & (z < 1), z, 0.5)"),
        ("y*log(y_hat)", "where(y == 0, 0, (y) * log(y_hat))"),
        ("1e12*z", "1000000000000.0 * z"),
    ],
)
def test_the_text_is_short_and_its_numbers_are_worked_out(formula, text):
    assert text_of(parse(formula)) == text


def test_numbers_are_small_integers_or_floats():
    assert [number_of(parse(text)) for text in ("3", "2*pi", "10**12", "z", "1/2")] == [3, 2 * np.pi, 1e12, None, 0.5]
    assert isinstance(number_of(parse("10**12")), float)


def test_a_constant_is_an_array_of_the_same_type():
    found = function_of(parse("3"), "z")(np.zeros((2, 3), np.float32))
    assert (found.dtype, found.shape, found.max()) == (np.float32, (2, 3), 3)

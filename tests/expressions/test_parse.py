"""Text to tree: what is a formula, what is refused, and where the mark stands."""

from __future__ import annotations

import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.errors import FormulaError, InputError
from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Call, Cases, Compare, Negative, Number, Symbol
from pellucid.expressions.parse import parse
from pellucid.expressions.text import text
from pellucid.expressions.tokens import MAX_BRACKETS, MAX_LENGTH

x, y, W = Symbol("x"), Symbol("y"), Symbol("W")


@pytest.mark.parametrize(
    ("formula", "tree"),
    [
        ("x", x),
        ("3", Number(3)),
        ("0.5", Number(0.5)),
        ("1e-3", Number(0.001)),
        ("-3", Number(-3)),
        ("-x", Negative(x)),
        ("+x", x),
        ("x + y - 1", x + y - 1),
        ("x - y - 1", x - y - 1),
        ("x - (y - 1)", x - (y - Number(1))),
        ("x - (y - 1) * 2 / y", x - (y - Number(1)) * 2 / y),
        ("x * y / 2", x * y / 2),
        ("x / y / 2", x / y / 2),
        ("x / (y * 2)", x / (y * 2)),
        ("-x**2", Negative(x**2)),
        ("x^2", x**2),
        ("x²", x**2),
        ("2^-x", Number(2) ** Negative(x)),
        ("x^y^2", x ** (y**2)),
        ("x^-1", x ** Number(-1)),
        ("e^x", Call("exp", (x,))),
        ("ln(x)", Call("log", (x,))),
        ("σ(x)", Call("sigmoid", (x,))),
        ("ŷ − y", Symbol("y_hat") - y),
        ("max(0, x, y)", Call("max", (Number(0), x, y))),
        ("x if x >= 0 else 2 * x", Cases(((x, Compare(x, ">=", Number(0))),), 2 * x)),
        ("1 if x < 0 else 2 if x < 3 else y", Cases(((Number(1), Compare(x, "<", Number(0))), (Number(2), Compare(x, "<", Number(3)))), y)),
        ("1 if -1 <= x < 1 else 0", Cases(((Number(1), Compare(Number(-1), "<=", x, Compare(x, "<", Number(1)))),), Number(0))),
        ("1 if x < 0 and y == 1 else 0", Cases(((Number(1), Compare(x, "<", Number(0), Compare(y, "==", Number(1)))),), Number(0))),
    ],
)
def test_a_formula_becomes_the_tree_as_it_is_written(formula, tree):
    assert parse(formula) == tree


@pytest.mark.parametrize(
    ("formula", "tree"),
    [
        ("2x", 2 * x),
        ("2xy", 2 * x * y),
        ("x^2y", x**2 * y),
        ("2(x + 1)", 2 * (x + 1)),
        ("(x + 1)(x - 1)", nodes.Multiply((x + 1, x - 1))),
        ("x(x + 1)", x * (x + 1)),
        ("3 sin(x)", 3 * Call("sin", (x,))),
        ("x y", x * y),
        ("2e3x", 2000.0 * x),
        ("loss^2", Symbol("loss") ** 2),
        ("alpha x", Symbol("alpha") * x),
        ("y_hat y", Symbol("y_hat") * y),
    ],
)
def test_a_product_may_be_written_without_a_sign_where_that_is_allowed(formula, tree):
    assert parse(formula, implicit=True) == tree
    if formula != "loss^2":
        with pytest.raises(FormulaError, match=r"sign .* missing|function"):
            parse(formula)


def test_names_stand_for_the_nodes_that_they_are_given():
    names = {"W1": Symbol("W", 1), "x": x, "b1": Symbol("b", 1)}
    assert parse("W1 @ x + b1", names, matrices=True) == Symbol("W", 1) @ x + Symbol("b", 1)
    assert parse("x @ W1.T", names, matrices=True) == x @ Symbol("W", 1).T
    assert parse("xy", ["x", "y", "xy"], implicit=True) == Symbol("xy")
    assert parse("xy", ["x", "y"], implicit=True) == x * y
    assert parse("mean(x)", names, functions={"mean": lambda of: of / Symbol("m")}) == x / Symbol("m")


def test_pi_and_e_are_numbers_unless_they_are_names():
    assert evaluate(parse("pi * e", []), {}) == pytest.approx(8.539734222673566)
    assert parse("e^2", ["e"]) == Symbol("e") ** 2
    assert evaluate(parse("e^2", ["e"]), {"e": 3.0}) == 9


CARETS = {
    "foo(x)": ("^^^", "The function in the formula is 'foo', expected a known one: write it out."),
    "x + sigmod(x)": ("    ^^^^^^", "did you mean 'sigmoid'?"),
    "x.real": (" ^^^^^", "A dot in the formula is no part of a number"),
    "x.__class__": ("  ^", "A character in the formula is '_'"),
    "()": (" ^", "An operand in the formula is missing before ')'"),
    "__import__('os')": ("^", "A character in the formula is '_'"),
    "lambda x: x": ("        ^", "A character in the formula is ':'"),
    "x[0]": (" ^", "A character in the formula is '['"),
    "(x + 1": ("^", "A bracket in the formula is never closed"),
    "x + 1)": ("     ^", "A bracket in the formula is closed that was never opened"),
    "x + * 2": ("    ^", "An operand in the formula is missing before '*'"),
    "x +": ("   ^", "An operand in the formula is missing at the end"),
    "": ("^", "An operand in the formula is missing, expected a number, a name or a bracket"),
    "2 3": ("  ^", "A sign in the formula is missing, expected one between '2' and '3'"),
    "x = 3": ("  ^", "A character in the formula is '='"),
    "x > 3": ("^^^^^", "A condition in the formula is not behind if"),
    "x if 3 else 2": ("     ^", "A condition in the formula is a number"),
    "not x": ("    ^", "A sign in the formula is missing"),
    "x + log(x, 2)": ("    ^^^^^^^^^", "The number of arguments of log in the formula is 2, expected 1"),
    "max(x)": ("^^^^^^", "The number of arguments of max in the formula is 1, expected two or more"),
    "sin x": ("^^^", "The function 'sin' in the formula is without brackets"),
    "(x, y)": ("^^^^^^", "A part in the formula is not understood"),
    "x, y": (" ^", "A comma in the formula is outside brackets"),
    "x @ y": ("  ^", "A sign in the formula is @"),
    "x + y**101": ("    ^^^^^^", "An exponent in the formula is 101, expected at most 100"),
    "(x**20)**20": ("^^^^^^^^^^^", "An exponent in the formula is 400"),
    "9**9**9": ("^^^^^^^", "An exponent in the formula is 3.8742e+08"),
    "10.0**99 * 100 + x": ("^^^^^^^^^^^^^^^^^^", "A number in the formula is 1e+101, expected one below 1e+100"),
    "1e999": ("^^^^^", "A number in the formula is too large"),
    "1 / 0": ("^^^^^", "A number in the formula is inf"),
    "x / 0 + x": ("^^^^^^^^^", "A number in the formula is inf"),
}


@pytest.mark.parametrize("formula", CARETS)
def test_what_is_no_formula_is_refused_with_a_mark_under_the_place(formula):
    mark, told = CARETS[formula]
    with pytest.raises(InputError) as refused:
        parse(formula)
    first, *lines = str(refused.value).split("\n")
    assert told in first
    assert lines == ([f"  {formula}", f"  {mark}"] if formula else [])
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(FormulaError, match=r"A name in the activation is 'foo', expected one of x: write another name, or a number\."):
        parse("2 * foo", ["x"], where="the activation")


def test_a_product_behind_a_slash_is_ambiguous():
    with pytest.raises(FormulaError, match=r"ambiguous, expected brackets .*: write 1/\(2\*x\) or \(1/2\)\*x\."):
        parse("1/2x", implicit=True)
    assert parse("1/(2x)", implicit=True) == 1 / (2 * x)


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("x" * 10_000, "The length of the formula is 10,000 characters, expected at most 2,000"),
        ("(" * 200 + "x" + ")" * 200, "The nesting of brackets in the formula is too deep"),
        ("-" * 200 + "x", "The number of '-' in the formula is too large"),
        ("**".join("x" * 200), "The number of '**' in the formula is too large"),
        (" if x > 0 else ".join("x" * 60), "The number of 'if' in the formula is too large"),
    ],
)
def test_what_is_too_large_is_refused_before_python_reads_it(formula, told, monkeypatch):
    monkeypatch.setattr("pellucid.expressions.parse.structure", lambda _: pytest.fail("it reached Python's parser"))
    with pytest.raises(FormulaError, match=re.escape(told)):
        parse(formula)


def test_what_is_as_large_as_is_allowed_is_read():
    nested = "(" * MAX_BRACKETS + "x" + ")" * MAX_BRACKETS
    assert parse(nested) == x
    long = "x+" * (MAX_LENGTH // 2 - 1) + "x"
    assert evaluate(parse(long), {"x": 1.0}) == MAX_LENGTH // 2
    deep = "sin(1+2/(y*" * (MAX_BRACKETS // 2) + "x" + "))" * (MAX_BRACKETS // 2)
    assert evaluate(parse(deep), {"x": 1.0, "y": 5.0}) == pytest.approx(0.98637, abs=1e-3)
    with pytest.raises(FormulaError, match=r"The depth in the formula is 251 levels, expected at most 150"):
        parse("-sin(1-2*" * MAX_BRACKETS + "x" + ")" * MAX_BRACKETS)


def test_only_a_part_of_a_text_may_be_the_formula():
    line = "z = W x + q"
    assert parse("z = x + 1", span=(4, 9)) == x + 1
    with pytest.raises(FormulaError) as refused:
        parse(line, ["W", "x"], implicit=True, span=(4, len(line)))
    assert str(refused.value).endswith("\n  z = W x + q\n            ^")


def test_the_line_of_a_long_formula_is_cut_around_the_mark():
    formula = "x + " * 100 + "foo(x) + " + "x + " * 50 + "x"
    with pytest.raises(FormulaError) as refused:
        parse(formula)
    _, shown, mark = str(refused.value).split("\n")
    assert len(shown) < 90
    assert shown[mark.index("^") : mark.rindex("^") + 1] == "foo"


@given(st.text(alphabet="xyzfe012.,()+-*/^@<>= \tifelsand'[]{}:;_\\√é\0²", max_size=40))
def test_any_text_is_a_formula_or_refused_as_none(formula):
    try:
        tree = parse(formula, implicit=True, matrices=True)
    except FormulaError:
        return
    assert text(tree)

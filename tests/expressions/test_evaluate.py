"""The value of a tree: entry by entry, in matrices, in sums, of single entries in both layouts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pellucid.errors import InputError
from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Call, Compare, Diagonal, Divide, MatMul, Number, Sum, SumOverSamples, SumOverUnits, Symbol

x, W = Symbol("x"), Symbol("W", 1)
A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
B = np.array([[7.0, 8.0], [9.0, 1.0]])
VALUES = {"x": A, "W1": B, "s": np.array([[1.0, 2.0, 3.0]]), "b1": np.array([[5.0], [6.0]]), "c1": np.array([5.0, 6.0]), "k": 2, "m": 3}


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (x + 1, A + 1),
        (-x, -A),
        (x * x, A * A),
        (nodes.hadamard(x, x), A * A),
        (W @ x, B @ A),
        (x.T @ W, A.T @ B),
        (x / 2, A / 2),
        (x**2, A**2),
        (x**-1, 1 / A),
        (Call("max", (Number(0), x - 3)), np.maximum(0, A - 3)),
        (Call("min", (x, Number(2), x - 1)), np.minimum(A - 1, 2)),
        (nodes.Cases(((x, Compare(x, ">", Number(2))),), Number(0)), np.where(A > 2, A, 0)),
        (nodes.Cases(((Number(1), Compare(Number(2), "<=", x, Compare(x, "<", Number(5)))),), Number(0)), (A >= 2) & (A < 5)),
        (SumOverSamples(x, 1), A.sum(axis=1, keepdims=True)),
        (SumOverSamples(x, 0), A.sum(axis=0)),
        (SumOverSamples(x, None), A.sum()),
        (SumOverUnits(x, 0), A.sum(axis=0, keepdims=True)),
        (nodes.SumAll(x), 21.0),
        (nodes.SquaredNorm(x), (A**2).sum()),
        (Diagonal(Symbol("s")), np.diag([1.0, 2.0, 3.0])),
        (nodes.Matrix(((Number(1), Symbol("k")), (Number(3), Number(4)))), [[1, 2], [3, 4]]),
        (nodes.Equation((Symbol("nothing"), x)), A),
        (nodes.Derivative(Symbol("J"), W, key="W1"), B),
        (Number(Fraction(1, 4)), 0.25),
        (Symbol("pi"), np.pi),
    ],
)
def test_a_node_is_what_it_says(tree, value):
    found = evaluate(tree, VALUES)
    assert np.shape(found) == np.shape(value)
    assert_array_equal(found, value)


@pytest.mark.parametrize(
    ("tree", "value"),
    [
        (Symbol("W", 1, (2, 1)), 9.0),
        (Symbol("W", 1, ("k", 1)), 9.0),
        (Symbol("W", 1, (0, 1), base=0), 8.0),
        (Symbol("b", 1, (2,)), 6.0),  # a column
        (Symbol("c", 1, (2,)), 6.0),  # flat
        (Symbol("x", None, (2,), 3), 6.0),
        (Symbol("x", None, (2,), 1, sample_axis=0), 2.0),  # samples are rows: unit 2 of sample 1
        (Symbol("x", sample=2), A[:, 1:2]),
        (Symbol("x", sample=2, sample_axis=0), A[1:2]),
    ],
)
def test_entries(tree, value):
    assert_array_equal(evaluate(tree, VALUES), value)


def test_an_entry_of_a_row():
    assert evaluate(Symbol("a", 1, (3,)), {"a1": np.array([[1.0, 2.0, 3.0]])}) == 3.0
    assert evaluate(Symbol("a", 1, (1,)), {"a1": np.array([[4.0]])}) == 4.0


def test_an_index_that_stands_for_any_gives_all():
    values = {"z1": A, "i": np.arange(1, 4)}
    assert_array_equal(evaluate(Symbol("z", 1, (2,), "i"), values), A[1])
    rows = {"z1": A.T, "i": np.arange(1, 4)}
    assert_array_equal(evaluate(Symbol("z", 1, (2,), "i", sample_axis=0), rows), A[1])


@pytest.mark.parametrize("last", [3, "m"])
def test_a_sum_runs_over_its_index(last):
    entry = Symbol("x", None, (2,), "i")
    assert evaluate(Sum(entry * entry, "i", 1, last), VALUES) == 77.0
    assert evaluate(Sum(entry, "i", 1, last, skip=2), VALUES) == 10.0
    assert evaluate(Sum(entry, "i", 1, "n", 3, skip="k"), VALUES) == 10.0
    assert evaluate(Sum(entry, "i", 2, 2, skip=2), VALUES) == 0


def test_a_sum_of_products_over_samples_is_the_product_of_the_matrices():
    column = Symbol("x", sample="i")
    assert_array_equal(evaluate(Sum(column @ column.T, "i", 1, 3), VALUES), A @ A.T)


def test_a_diagonal_in_a_product_scales_and_is_not_made():
    s = np.ones((1, 200_000))
    values = {"x": np.ones((2, 200_000)), "s": s}
    assert_array_equal(evaluate(MatMul((x, Diagonal(Symbol("s")), x.T)), values), np.full((2, 2), 200_000.0))
    assert_array_equal(evaluate(MatMul((Diagonal(Symbol("b", 1)), x)), VALUES), [[5.0], [6.0]] * A)


def test_zero_over_zero_is_zero_only_where_it_is_said():
    values = {"p": np.array([0.0, 1.0]), "q": np.array([0.0, 0.0])}
    with np.errstate(all="ignore"):
        assert_array_equal(evaluate(Divide(Symbol("p"), Symbol("q"), zero_wins=True), values), [0.0, np.inf])
        assert_array_equal(evaluate(Divide(Symbol("p"), Symbol("q")), values), [np.nan, np.inf])


def test_functions_given_with_the_values():
    tree = Call("f", (x,), 1, 2)
    assert_array_equal(evaluate(tree, {"x": A, "f2'": lambda z: 2 * z}), 2 * A)
    assert_array_equal(evaluate(Call("tanh", (x,)), {"x": A, "tanh": lambda z: z}), A)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_of_the_list_has_a_value(name):
    n = abs(FUNCTIONS[name].n_arguments)
    assert np.isfinite(evaluate(Call(name, (Number(0.5),) * n), {}))


@pytest.mark.parametrize(
    "tree", [Symbol("nothing"), Call("f", (Number(1),), 0, 3), Call("f", (Number(1),), 2), Sum(Number(1), "i", 1, "n")]
)
def test_a_name_without_a_value_is_said(tree):
    with pytest.raises(
        InputError, match=r"""^A name in a formula is ('nothing'|'f3'|"f''"|'n'), expected one that has a value: known are x\.$"""
    ):
        evaluate(tree, {"x": 1})


def test_what_has_no_value_is_said():
    with pytest.raises(InputError, match="^A formula in evaluate is Dots, expected something that has a value: write it out"):
        evaluate(x + nodes.Dots(), {"x": 1})

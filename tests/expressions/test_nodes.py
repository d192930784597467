"""Trees: how they are made, walked and rebuilt."""

from __future__ import annotations

import pickle

import pytest

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Add, Call, Divide, MatMul, Multiply, Negative, Number, Power, Symbol, Transpose, rebuilt

x, y, z = Symbol("x"), Symbol("y"), Symbol("z", 1)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (x + y + z, Add((x, y, z))),
        (x - y, Add((x, Negative(y)))),
        (1 + x, Add((Number(1), x))),
        (1 - x, Add((Number(1), Negative(x)))),
        (x * y * 2, Multiply((x, y, Number(2)))),
        (2 * x, Multiply((Number(2), x))),
        (x @ y @ z, MatMul((x, y, z))),
        (x / 2, Divide(x, Number(2))),
        (1 / x, Divide(Number(1), x)),
        (x**2, Power(x, Number(2))),
        (-x, Negative(x)),
        (x.T, Transpose(x)),
    ],
)
def test_operators_write_what_is_written(made, expected):
    assert made == expected
    assert hash(made) == hash(expected)


def test_nothing_is_simplified():
    assert x + 0 != x
    assert 2 * x * 3 == Multiply((Number(2), x, Number(3)))


def test_the_keys_are_the_names_of_the_values():
    assert Symbol("dW", 2, (3, 1)).key == "dW2"
    assert Symbol("y_hat").key == "y_hat"
    assert Call("f", (z,), 1, 2).key == "f2'"


def test_walk_gives_the_node_and_all_below_it():
    tree = nodes.Cases(((x, nodes.Compare(y, "<", Number(0))),), -z)
    assert list(tree.walk()) == [tree, x, nodes.Compare(y, "<", Number(0)), y, Number(0), -z, z]
    total = nodes.Sum(x * y, "k", 1, 3)
    assert [node for node in total.walk() if isinstance(node, Symbol)] == [x, y]


def test_rebuilt_changes_what_is_asked_and_keeps_the_rest():
    tree = Call("exp", (x + y,)) * nodes.Cases(((x, nodes.Compare(x, "<", y)),), y)
    changed = rebuilt(tree, lambda node: z if node == x else None)
    assert changed == Call("exp", (z + y,)) * nodes.Cases(((z, nodes.Compare(z, "<", y)),), y)
    assert rebuilt(tree, lambda node: None) is tree


def test_rebuilt_does_not_look_into_what_it_put_in():
    assert rebuilt(x + 1, lambda node: x * x if node == x else None) == x * x + 1


def test_trees_can_be_pickled():
    tree = nodes.Equation((Symbol("z", 1), Symbol("W", 1) @ x))
    assert pickle.loads(pickle.dumps(tree)) == tree

"""Equations of several lines: matrices and cases are drawn, and what stands beside them meets their middle."""

from __future__ import annotations

import numpy as np
import pytest

from derivations import CONSTRUCTS
from pellucid.expressions.nodes import Call, Cases, Compare, Equation, MatMul, Matrix, Negative, Number, Symbol, hadamard
from pellucid.expressions.text import text
from pellucid.glassbox.render.boxes import Box, beside, box, value_box
from pellucid.glassbox.render.numbers import grid

x, y = Symbol("x"), Symbol("y")
TALL = Matrix(((x, y), (Number(10), x), (y, Number(-2))))
FLAT = Matrix(((x, y),))


def drawn(of: Box) -> str:
    return "\n".join(line.rstrip() for line in of.lines)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_lines_are_of_one_length(name):
    found = box(CONSTRUCTS[name])
    assert len({len(line) for line in found.lines}) == 1
    assert found.width == len(found.lines[0])
    assert 0 <= found.base < len(found.lines)


FLAT_NAMES = [name for name, tree in CONSTRUCTS.items() if not any(isinstance(node, Matrix | Cases) for node in tree.walk())]


@pytest.mark.parametrize("name", FLAT_NAMES)
def test_what_has_no_matrix_is_one_line(name):
    assert box(CONSTRUCTS[name]).lines == (text(CONSTRUCTS[name]),)


@pytest.mark.parametrize(
    ("tree", "picture"),
    [
        (TALL, "⎡ x   y⎤\n⎢10   x⎥\n⎣ y  -2⎦"),
        (FLAT, "[x  y]"),
        (y - TALL, "    ⎡ x   y⎤\ny - ⎢10   x⎥\n    ⎣ y  -2⎦"),
        (TALL + Number(-2), "⎡ x   y⎤\n⎢10   x⎥ - 2\n⎣ y  -2⎦"),
        (Negative(TALL), " ⎡ x   y⎤\n-⎢10   x⎥\n ⎣ y  -2⎦"),
        (hadamard(FLAT, TALL), "         ⎡ x   y⎤\n[x  y] ⊙ ⎢10   x⎥\n         ⎣ y  -2⎦"),
        (MatMul((x + y, Matrix(((x,), (y,))))), "          ⎡x⎤\n(x + y) · ⎣y⎦"),
        (
            hadamard(x, Matrix(((x,), (y,), (x,))) + y),
            "    ⎛⎡x⎤    ⎞\nx ⊙ ⎜⎢y⎥ + y⎟\n    ⎝⎣x⎦    ⎠",
        ),
        (
            Equation((x, Cases(((x, Compare(x, ">=", Number(0))), (y, Compare(x, ">", Number(-1)))), Number(0)))),
            "    ⎧ x  if x ≥ 0\nx = ⎨ y  if x > -1\n    ⎩ 0  otherwise",
        ),
        (Cases(((x, Compare(x, ">=", Number(0))),), Number(0)), "⎰ x  if x ≥ 0\n⎱ 0  otherwise"),
        (Call("log", (FLAT,)), "log([x  y])"),
    ],
)  # fmt: skip
def test_pictures(tree, picture):
    assert drawn(box(tree)) == picture


def test_values():
    assert drawn(value_box(grid(0.5))) == "0.5"
    assert drawn(value_box(grid(-2.5e-8))) == "-2.5 · 10⁻⁸"
    assert drawn(value_box(grid([[1e-8], [-2.5e-8]]))) == "       ⎡ 1.0⎤\n10⁻⁸ · ⎣-2.5⎦"
    assert drawn(value_box(grid([1, 2.5]))) == "[1.0  2.5]"


def test_dots_stand_in_the_middle_of_their_column():
    picture = drawn(value_box(grid(np.full((20, 1), -0.1234))))
    assert picture.splitlines()[7] == "⎢   ⋮   ⎥"


def test_boxes_of_different_heights_share_a_base_line():
    low, high = Box(("low",)), Box(("a", "b", "c"), 2)
    assert beside([low, high]).lines == ("    a", "    b", "low c")
    assert beside([low, high]).base == 2

"""What the tables of all forms share."""

from __future__ import annotations

import pytest

from derivations import by_hand
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.derivation import Derivation, Section, Step, Table
from pellucid.glassbox.render.tables import ROWS, cell_text, flush_right, latex_equation, shortened, widths
from pellucid.glassbox.render.terminal import to_text

z, x = Symbol("z", 1), Symbol("x")
STEP = Step("z1", z, (Symbol("J"), Symbol("W", 1) @ x), "", "forward")
LONG = Table(("n", "square"), tuple((f"row {n}", str(n * n)) for n in range(100)))


def test_a_long_table_is_shortened_in_the_middle():
    rows = shortened(LONG)
    assert len(rows) == ROWS
    assert rows[:2] == LONG.rows[:2]
    assert rows[-1] == LONG.rows[-1]
    assert rows[-2] == ("... 77 more", "")
    assert shortened(Table(("a",), LONG.rows[:ROWS])) == LONG.rows[:ROWS]
    n_shown = ROWS - 2 + 1
    assert n_shown + 77 == 100


def test_an_equation_in_a_cell_is_told_without_the_way_there():
    assert cell_text((STEP, STEP), 4) == "z^[1] = W^[1] x\nz^[1] = W^[1] x"
    assert latex_equation(STEP, 4) == "z^{[1]} = W^{[1]} x"
    assert cell_text("x_1", 4) == "x₁"


@pytest.mark.parametrize(
    ("cells", "right"),
    [(["1.5", "-2e-07", "∞", "missing", ""], True), (["1.5", "a"], False), (["08.11.2016"], True), (["NaN"], True), ([(STEP,)], False)],
)
def test_columns_of_numbers_are_flush_right(cells, right):
    assert flush_right(Table(("a", "b"), tuple(("text", cell) for cell in cells))) == [False, right]


def test_widths_are_those_of_the_longest_lines():
    assert widths(Table(("a", "heading"), ((("x" * 7), (STEP, STEP)),)), 4) == [7, len("z^[1] = W^[1] x")]


def test_forward_and_backward_side_by_side():
    back = Step("dz1", Symbol("dz", 1), (Symbol("da", 1),), "", "backward")
    table = Table(("forward", "backward"), (((STEP,), (back, back)),))
    lines = to_text(Derivation("T", (Section("S", (), table=table),), {})).splitlines()
    assert "z^[1] = W^[1] x   dz^[1] = da^[1]" in [line.strip() for line in lines]
    assert len(by_hand().sections[1].table.rows) == 2

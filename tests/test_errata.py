"""The formulas of the notes: every wrong one is found, and no right one is called wrong."""

from __future__ import annotations

import pytest

from errata import MATHEMATICS, RIGHT, ROWS, SCAN, answer


def named(row):
    return f"{row.note} {row.printed[:60]}"


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_the_answer_to_a_formula_as_it_is_printed(row):
    review = answer(row)
    assert review.verdict == row.answer, review.explanation
    if row.kind == RIGHT:
        assert not review.wrong
        assert review.verdict not in ("unreadable", "undecided")
    elif row.kind == MATHEMATICS:
        assert review.wrong
    else:
        assert row.kind == SCAN
        assert review.wrong or review.verdict in ("unreadable", "undecided")


@pytest.mark.parametrize("row", [row for row in ROWS if row.right], ids=named)
def test_the_right_formula_is_right(row):
    review = answer(row._replace(printed=row.right))
    assert review.verdict.startswith("right"), review.explanation


def test_wrong_formulas_have_the_right_one_beside_them():
    assert all(bool(row.right) == (row.kind != RIGHT) for row in ROWS)
    assert len({row.printed for row in ROWS if row.kind == MATHEMATICS}) == 19

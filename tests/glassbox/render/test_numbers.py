"""Arrays as texts: nothing is told wrongly, columns are aligned, large arrays are abbreviated with their shape and norm."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pellucid.glassbox.render.numbers import ACROSS, ASLANT, DOWN, grid, number, shape_text

FINITE = st.floats(-1e300, 1e300, allow_subnormal=True) | st.sampled_from([0.0, -0.0, 1.0, -3.0, 0.25, 1e-12, 5e-324, 0.99998])


@given(arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 4)), elements=FINITE), st.integers(0, 9))
def test_every_entry_reads_as_the_number_that_it_is(array, precision):
    shown = grid(array, precision)
    largest = np.abs(array).max()
    for row, texts in zip(array, shown.cells, strict=True):
        for entry, text in zip(row, texts, strict=True):
            digits, _, exponent = text.partition("e")
            told = Decimal(digits).scaleb(int(exponent or 0) + shown.power)
            last = Decimal(10) ** (int(exponent) if exponent else -precision)
            assert abs(told - Decimal(entry)) <= last.scaleb(shown.power) * Decimal("0.5001") + Decimal(1e-15 * largest)
            assert (told == 0) == (entry == 0), "zero is zero, and nothing else is"


@given(arrays(np.float64, (4, 3), elements=st.floats(-1e4, 1e4)), st.integers(0, 6))
def test_numbers_of_an_array_have_as_many_decimals_each(array, precision):
    texts = [text for row in grid(array, precision).cells for text in row if text != "0" and "e" not in text]
    assert len({len(text.partition(".")[2]) for text in texts}) <= 1


@pytest.mark.parametrize(
    ("value", "cells", "power"),
    [
        (0.5, [["0.5"]], 0),
        ([1, 2], [["1", "2"]], 0),
        ([[5.1], [3.5], [1.4], [0.2]], [["5.1"], ["3.5"], ["1.4"], ["0.2"]], 0),
        ([0.5, 0.0, 1e-7], [["0.5", "0", "1e-07"]], 0),
        ([1e-8, -2.5e-8], [["1.0", "-2.5"]], -8),
        ([2e9, 1.5e9], [["2.0", "1.5"]], 9),
        ([0.99998, 1.0], [["1.0000", "1.0000"]], 0),
        ([0.00123, 0.5], [["0.0012", "0.5000"]], 0),
        (0.0123456, [["0.01235"]], 0),
        ([1.5, np.nan, np.inf, -np.inf], [["1.5", "NaN", "∞", "-∞"]], 0),
        ([np.nan], [["NaN"]], 0),
        (-0.0, [["0"]], 0),
        (np.float32(0.1), [["0.1000"]], 0),
        ([True, False], [["1", "0"]], 0),
        (9.99999999e-5, [["0.0001000"]], 0),
        (9.9999e-5, [["9.9999"]], -5),
        ([1e-204, 9.5e120], [["1e-324", "9.5"]], 120),
    ],
)
def test_what_is_written(value, cells, power):
    shown = grid(value)
    assert [list(row) for row in shown.cells] == cells
    assert shown.power == power


def test_a_large_array_is_abbreviated_with_its_shape_and_norm():
    array = np.random.default_rng(0).normal(size=(128, 784))
    shown = grid(array)
    assert len(shown.cells) == 10
    assert {len(row) for row in shown.cells} == {8}
    assert shown.cells[0][0] == f"{array[0, 0]:.4f}"
    assert shown.cells[-1][-1] == f"{array[-1, -1]:.4f}"
    assert shown.cells[-2][1] == f"{array[-2, 1]:.4f}"
    assert shown.cells[0][5] == ACROSS
    assert shown.cells[7][0] == DOWN
    assert shown.cells[7][5] == ASLANT
    assert shown.caption == f"128 × 784, norm {np.linalg.norm(array):.4f}"


def test_an_array_that_is_shown_whole_has_no_caption():
    assert grid(np.ones((10, 8))).caption == ""
    assert grid(np.ones((11, 8))).caption == "11 × 8, norm 9.3808"
    assert grid(np.ones((10, 9))).caption == "10 × 9, norm 9.4868"


@given(st.integers(1, 30), st.integers(27, 90))
def test_columns_are_left_out_until_a_row_fits(n, width):
    shown = grid(np.full((2, n), -0.12345), width=width)
    assert shown.width <= width
    assert shown.width == max(len("  ".join(row)) for row in shown.cells)


def test_one_axis_is_a_row_and_no_axis_a_number():
    assert len(grid([1.0, 2.5, 3.0]).cells) == 1
    assert not grid([1.0]).scalar
    assert grid(3.0).scalar
    assert grid(np.zeros((0, 3))).cells == (("",),)


def test_single_numbers():
    assert [number(v) for v in (0.25, -1e-9, 2e7, np.inf, 0, 123456.789)] == ["0.25", "-1e-09", "2e+07", "∞", "0", "123456.789"]
    assert [shape_text(shape) for shape in ((5, 4), (3,), ())] == ["5 × 4", "3", "a number"]

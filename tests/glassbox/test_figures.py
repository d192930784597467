"""Numbers for pictures."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.glassbox.figures import MINUS, brief, entries, number, shown


@given(st.floats(-1e300, 1e300))
def test_a_number_keeps_three_digits(value):
    assert float(number(value)) == pytest.approx(value, rel=5.1e-3)
    assert len(number(value)) <= 10


def test_zero_has_no_sign_and_what_is_not_finite_is_said():
    assert [number(value) for value in (-0.0, np.inf, -np.inf, np.nan, 1e-10, 123456.0)] == ["0", "inf", "-inf", "nan", "1e-10", "1.23e5"]


def test_one_line_for_a_value():
    assert brief(np.array(0.25)) == "0.25"
    assert brief(np.array([[2.0]])) == "2"
    assert brief(np.array([[1.0, 2.0], [3.0, 4.5]])) == "[1, 2; 3, 4.5]"
    assert brief(np.array([[1.0, -2.0, 3.0]])) == "[1, -2, 3]"
    assert brief(np.full((4, 4), 2.0)) == "norm 8"
    assert brief(np.full((10,), np.inf)) == "norm inf"


@given(st.integers(1, 40), st.integers(2, 12))
def test_what_is_shown_begins_and_ends_with_the_first_and_the_last(count, most):
    found = shown(count, most)
    assert (found[0], found[-1]) == (0, count - 1)
    assert len(found) == min(count, max(most, 3))
    kept = [index for index in found if index is not None]
    assert kept == sorted(set(kept))
    assert (None in found) == (count > most)


def test_entries_are_those_of_the_array():
    value = np.arange(-3.0, 3.0).reshape(3, 2)
    assert entries(value, 3, 2) == [[f"{MINUS}3", f"{MINUS}2"], [f"{MINUS}1", "0"], ["1", "2"]]
    assert entries(np.array([1.0, 2.0]), 2, 2) == [["1"], ["2"]], "a flat one is a column"
    assert entries(np.array(5.0), 2, 2) == [["5"]]

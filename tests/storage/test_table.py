"""The table of the arrays is checked against the file before anything is made of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from pellucid.storage.table import MAX_DEPTH, TYPES, read_table, strict


def entry(dtype="F64", shape=(1,), start=0, stop=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [start, stop]}


@pytest.mark.parametrize("name", TYPES.values())
def test_what_safetensors_writes_is_read(name):
    arrays = {"a": np.ones((2, 3), name), "b": np.zeros((0, 4), name), "c": np.array(1, name)}
    data = safetensors.numpy.save(arrays)
    size = int.from_bytes(data[:8], "little")
    table = read_table(json.loads(data[8 : 8 + size]), len(data) - 8 - size)
    assert {key: (told.dtype, told.shape) for key, told in table.items()} == {key: (part.dtype, part.shape) for key, part in arrays.items()}


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"a": 3}, "'a' is no array"),
        ({"a": {**entry(), "more": 1}}, "'a' is no array"),
        ({"a": {"dtype": "F64"}}, "'a' is no array"),
        ({"a": entry("BF16", stop=2)}, "'a' is of an unknown type"),
        ({"a": entry(["F64"])}, "'a' is of an unknown type"),
        ({"a": entry(shape=(-1,))}, "'a' is of no shape"),
        ({"a": entry(shape=(True,))}, "'a' is of no shape"),
        ({"a": entry(shape=(1.0,))}, "'a' is of no shape"),
        ({"a": entry(shape=(1,) * 9)}, "'a' is of no shape"),
        ({"a": entry(shape=(2**62,))}, "'a' is of no shape"),
        ({"a": entry(start=-8, stop=0)}, "'a' is of no shape"),
        ({"a": entry(shape=(2**61, 2**61))}, "'a' is of another size than its shape"),
        ({"a": entry(shape=(2**40, 2**24))}, "'a' is of another size than its shape"),
        ({"a": entry(start=8, stop=0, shape=(0,))}, "'a' is of another size than its shape"),
        ({"a": entry(), "b": entry()}, "'b' overlaps another array, or leaves a gap"),
        ({"a": entry(start=8, stop=16)}, "'a' overlaps another array, or leaves a gap"),
        ({"a": entry(), "b": entry(start=16, stop=24)}, "'b' overlaps another array, or leaves a gap"),
        ({}, "8 bytes of data where its arrays have 0"),
        ({"a": entry(shape=(2,), stop=16)}, "8 bytes of data where its arrays have 16"),
    ],
)
def test_what_does_not_fit_is_refused(header, told):
    with pytest.raises(ValueError) as caught:
        read_table(header, 8)
    assert str(caught.value) == told


@given(st.dictionaries(st.text(max_size=2), st.recursive(st.integers() | st.text(max_size=4), lambda inside: st.lists(inside, max_size=3))))
def test_nothing_else_than_a_value_error_comes_of_nonsense(header):
    with pytest.raises(ValueError):
        read_table(header, 8)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "[NaN]", "[-Infinity]", "[1e999]", "[" * 300 + "]" * 300, "{", "9" * 5000])
def test_json_that_is_not_strict_is_refused(text):
    with pytest.raises(ValueError):
        strict(text)


def test_infinite_numbers_where_they_are_allowed():
    assert strict("[Infinity, 1e999]", infinite=True) == [float("inf")] * 2


def test_nesting_has_an_end():
    with pytest.raises((ValueError, RecursionError)):
        strict("[" * 100_000)
    assert strict("[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1))

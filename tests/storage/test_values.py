"""Values in a file come back as they were; what is none is refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.errors import InputError
from pellucid.storage.values import APART, Packer, unpack

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ARRAYS = st.builds(
    lambda kind, shape: np.arange(np.prod(shape)).astype(kind).reshape(shape),
    st.sampled_from(["f8", "f4", "i8", "u1", "?", ">i4"]),
    st.sampled_from([(), (0,), (3,), (2, 2)]),
)
KEYS = st.text(max_size=3) | st.sampled_from(["__tuple__", "__array__", "__number__"])
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(KEYS | st.integers() | st.booleans(), inside, max_size=3) | st.tuples(inside, inside)
    ),
    max_leaves=8,
)


def there_and_back(value):
    packer = Packer("a.", "a test")
    text = json.dumps(packer.pack(value), allow_nan=False)
    return unpack(json.loads(text), packer.arrays)


def same(one, other):
    if isinstance(one, np.ndarray):
        return (
            isinstance(other, np.ndarray) and one.shape == other.shape and one.dtype.kind == other.dtype.kind and bool((one == other).all())
        )
    if isinstance(one, dict):
        return type(other) is dict and list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(other) is type(one) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and math.isnan(one):
        return isinstance(other, float) and math.isnan(other)
    return type(one) is type(other) and one == other and str(one) == str(other)


@settings(max_examples=200, deadline=None)
@given(VALUES)
def test_all_values_come_back(value):
    assert same(value, there_and_back(value))


def test_scalars_of_numpy_come_back_as_those_of_python():
    found = there_and_back([np.float32(0.5), np.int8(3), np.bool_(True), np.str_("a")])
    assert found == [0.5, 3, True, "a"]
    assert list(map(type, found)) == [float, int, bool, str]


@pytest.mark.parametrize("dtype", ["U", object])
@pytest.mark.parametrize(
    "texts", [[], ["a", "bb", "", "é😀"], [f"name {k}" for k in range(APART // 6)], ["\ud800"] * APART], ids=["none", "few", "many", "odd"]
)  # fmt: skip
def test_texts_come_back_with_their_kind(texts, dtype):
    array = np.array(texts, dtype=dtype)
    found = there_and_back({"names": array})["names"]
    assert found.dtype.kind == array.dtype.kind
    assert found.tolist() == texts


def test_many_texts_leave_the_description_short():
    packer = Packer("a.", "a test")
    told = packer.pack(np.array([f"column {k}" for k in range(50_000)], dtype=object))
    assert len(json.dumps(told)) < 200
    assert sorted(packer.arrays) == ["a.0", "a.1"]


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ({1, 2}, "a set"),
        (1j, "a complex"),
        ([object()], "a object"),
        (np.array([1j]), "an array of complex128"),
        (np.array([1, "a"], dtype=object), "an array of object"),
    ],
)
def test_what_no_file_holds_is_named(value, got):
    with pytest.raises(InputError) as told:
        Packer("a.", "the state of a callback").pack({"x": value})
    assert str(told.value) == (
        f"A value in the state of a callback is {got}, expected numbers, texts, lists, tuples, dicts and arrays of numbers or texts: "
        "turn it into such values, or leave it out."
    )


def test_nesting_has_an_end():
    deep = []
    for _ in range(60):
        deep = [deep]
    with pytest.raises(InputError, match="nested more than 50 times"):
        Packer("a.", "a test").pack(deep)


LETTERS = {"a": np.frombuffer(b"abc", np.uint8), "n": np.array([1, 2])}


@pytest.mark.parametrize(
    "value",
    [
        {"__number__": "1"},
        {"__number__": ["nan"]},
        {"__array__": "b"},
        {"__array__": ["a"]},
        {"__tuple__": {}},
        {"__tuple__": [], "more": 1},
        {"__items__": [[1]]},
        {"__items__": [[1, 2], [1, 3]]},
        {"__items__": [[[], 2]]},
        {"__texts__": ["a"], "shape": [2], "dtype": "U"},
        {"__texts__": ["a"], "shape": [1], "dtype": "S"},
        {"__texts__": ["a"], "shape": [], "dtype": "U"},
        {"__texts__": ["a"], "shape": [-1], "dtype": "U"},
        {"__texts__": ["a"], "shape": [True], "dtype": "U"},
        {"__texts__": [1], "shape": [1], "dtype": "U"},
        {"__texts__": ["a" * 5000] + [""] * 5000, "shape": [5001], "dtype": "U"},
        {"__texts__": ["a", "n"], "shape": [3], "dtype": "U", "apart": True},
        {"__texts__": ["n", "a"], "shape": [2], "dtype": "U", "apart": True},
        {"__texts__": ["a", "b"], "shape": [2], "dtype": "U", "apart": True},
        {"__texts__": ["a", "n"], "shape": [2], "dtype": "U", "apart": 1},
        [{"__array__": "a"}, {"__array__": "a"}],
    ],
)
def test_what_is_no_value_is_refused(value):
    with pytest.raises(ValueError):
        unpack(value, LETTERS)


@pytest.mark.parametrize("lengths", [[-1, 4], [2**62, 2**62], [1, 1], [4], [3.0]])
def test_lengths_that_do_not_fit(lengths):
    value = {"__texts__": ["a", "n"], "shape": [len(lengths)], "dtype": "O", "apart": True}
    with pytest.raises(ValueError, match="texts"):
        unpack(value, {**LETTERS, "n": np.array(lengths)})


@pytest.mark.parametrize("shape", [(2001,), (3, 667)])
def test_texts_of_odd_lengths_come_back_from_their_letters(shape):
    array = np.array(["a" * 3000, *["b"] * 2000]).reshape(shape)
    packer = Packer("a.", "a test")
    told = packer.pack(array)
    assert told == {"__letters__": "a.0"}
    assert packer.arrays["a.0"].nbytes == array.nbytes
    found = unpack(told, packer.arrays)
    assert (found.dtype, found.shape, found.tolist()) == (array.dtype, shape, array.tolist())


@pytest.mark.parametrize(
    "codes", [np.zeros(3, np.uint32), np.zeros((2, 2), np.int64), np.full((2, 2), 0x110000, np.uint32), np.zeros((0, 2), np.uint32)]
)
def test_letters_that_are_none(codes):
    with pytest.raises(ValueError, match="not an array of code points"):
        unpack({"__letters__": "a"}, {"a": codes})

"""Bad arrays: each is refused with one sentence that says what, where, got, expected and how to repair it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import pellucid as pl
from pellucid.architecture import Architecture
from pellucid.validation import (
    FEW,
    as_dtype,
    as_inputs,
    as_masks,
    as_numbers,
    as_sample_weight,
    as_targets,
    one_of,
    positive_integer,
)

DOUBLE, SINGLE = np.dtype(np.float64), np.dtype(np.float32)
NO_NUMBERS = "not an array of real numbers, expected numbers: turn text and categories into numbers first, and make all rows equally long."
FINITE = "expected finite numbers only: remove or impute them; values beyond 1.8e+308 count as infinite."


def told(kind, function, *args, **options):
    with pytest.raises(kind) as caught:
        function(*args, **options)
    assert isinstance(caught.value, ValueError)
    assert caught.value.__cause__ is None
    return str(caught.value)


class Sparse:
    """As the matrices of scipy.sparse."""

    def toarray(self):
        return np.ones((2, 3))


# X

BAD_X = {
    "NaN": ([[1, 2, np.nan], [1, 2, 3]], f"X in the data is nan at index (0, 2) (1 such values), {FINITE}"),
    "infinity": ([[1, 2, 3], [np.inf, 2, -np.inf]], f"X in the data is inf at index (1, 0) (2 such values), {FINITE}"),
    "minus infinity": ([[-np.inf, 2, 3]], f"X in the data is -inf at index (0, 0) (1 such values), {FINITE}"),
    "infinities that cancel": ([[np.inf, -np.inf, 0]], f"X in the data is inf at index (0, 0) (2 such values), {FINITE}"),
    "None": ([[1, None, 2]], f"X in the data is nan at index (0, 1) (1 such values), {FINITE}"),
    "too wide": (np.ones((2, 4)), "The shape of X in the data is (2, 4), expected (m, 3): check the columns."),
    "too narrow": (np.ones((2, 2)), "The shape of X in the data is (2, 2), expected (m, 3): check the columns."),
    "transposed": (np.ones((3, 7)), "The shape of X in the data is (3, 7), expected (m, 3): check the columns."),
    "one sample": ([1, 2, 3], "The shape of X in the data is (3,), expected (m, 3): pass X.reshape(1, -1) for one sample."),
    "a number": (3.0, "The shape of X in the data is (), expected (m, 3): check the columns."),
    "three axes": (np.ones((2, 1, 3)), "The shape of X in the data is (2, 1, 3), expected (m, 3): check the columns."),
    "empty": (np.empty((0, 3)), "X in the data is empty, expected at least one sample (row): check how it was selected."),
    "an empty list": ([], "The shape of X in the data is (0,), expected (m, 3): pass X.reshape(1, -1) for one sample."),
    "text": ([["a", "b", "c"]], f"X in the data is {NO_NUMBERS}"),
    "one text": ("abc", f"X in the data is {NO_NUMBERS}"),
    "ragged": ([[1, 2, 3], [1, 2]], f"X in the data is {NO_NUMBERS}"),
    "complex": ([[1, 2j, 3]], f"X in the data is {NO_NUMBERS}"),
    "dates": (np.array([["2020-01-01"] * 3], dtype="datetime64[D]"), f"X in the data is {NO_NUMBERS}"),
    "durations": (np.ones((1, 3), dtype="timedelta64[s]"), f"X in the data is {NO_NUMBERS}"),
    "dictionary": ({"a": 1}, f"X in the data is {NO_NUMBERS}"),
    "sparse": (Sparse(), "X in the data is a sparse matrix, expected a dense array: pass X.toarray()."),
}


@pytest.mark.parametrize("bad", BAD_X)
def test_bad_inputs(bad):
    X, message = BAD_X[bad]
    assert told(pl.InputError, as_inputs, X, 3, DOUBLE) == message


@pytest.mark.parametrize("bad", [name for name, (_, message) in BAD_X.items() if "shape" in message])
def test_a_wrong_shape_is_a_shape_error(bad):
    told(pl.ShapeError, as_inputs, BAD_X[bad][0], 3, DOUBLE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_that_overflow_the_dtype_are_infinite(dtype):
    X = [[0.0, 1e39, 0.0]]
    if dtype is np.float64:
        assert as_inputs(X, 3, DOUBLE)[0, 1] == 1e39
    else:
        message = told(pl.InputError, as_inputs, X, 3, SINGLE)
        assert message == (
            "X in the data is inf at index (0, 1) (1 such values), expected finite numbers only: "
            "remove or impute them; values beyond 3.4e+38 count as infinite."
        )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, FEW - 1, FEW, 2 * FEW + 17, 3 * FEW - 2])
def test_what_is_not_finite_is_found_everywhere_in_a_large_array(at, value):
    X = np.zeros((FEW, 3))
    X[divmod(at, 3)] = value
    row, column = divmod(at, 3)
    assert told(pl.InputError, as_inputs, X, 3, DOUBLE) == f"X in the data is {value} at index ({row}, {column}) (1 such values), {FINITE}"


@pytest.mark.parametrize("dtype", [SINGLE, DOUBLE])
def test_infinities_of_both_signs_do_not_cancel(dtype):
    X = np.ones((FEW, 3), dtype)
    X[5, 1], X[77, 2] = np.inf, -np.inf
    assert told(pl.InputError, as_inputs, X, 3, dtype).startswith("X in the data is inf at index (5, 1) (2 such values), ")


@pytest.mark.parametrize("rows", [1, FEW])
def test_huge_but_finite_values_whose_sum_overflows_are_accepted(rows):
    assert as_inputs([[1.7e308] * 3] * rows, 3, DOUBLE).max() == 1.7e308
    assert as_inputs([[3e38] * 3] * rows, 3, SINGLE).max() == np.float32(3e38)


@pytest.mark.parametrize(
    "X",
    [
        [[1, 2, 3], [4, 5, 6]],
        np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint8),
        np.array([[1, 2, 3], [4, 5, 6]], dtype=object),
        np.array([[1, 4], [2, 5], [3, 6]], dtype=np.float32).T,
        ((1, 2, 3), (4, 5, 6)),
    ],
)
@pytest.mark.parametrize("dtype", [DOUBLE, SINGLE])
def test_good_inputs_become_rows_of_the_dtype(X, dtype):
    found = as_inputs(X, 3, dtype)
    assert_array_equal(found, [[1, 2, 3], [4, 5, 6]])
    assert found.dtype == dtype
    assert found.flags.c_contiguous


def test_inputs_that_fit_are_not_copied():
    X = np.ones((2, 3))
    assert as_inputs(X, 3, DOUBLE) is X


# y

COLUMN = Architecture.build([2, 1], ["identity"])
YES_NO = Architecture.build([2, 1], ["sigmoid"])
COUNTS = Architecture.build([2, 1], ["exp"], "poisson")
CLASSES = Architecture.build([2, 3], ["softmax"])
PAIR = Architecture.build([2, 2], ["identity"])
ROWS = "one row for each row of X, one column for each output."

BAD_Y = {
    "a row instead of a column": (COLUMN, [[1, 2, 3, 4]], f"The shape of y in the data is (1, 4), expected (4, 1) or (4,): {ROWS}"),
    "too short": (COLUMN, [1, 2, 3], f"The shape of y in the data is (3,), expected (4, 1) or (4,): {ROWS}"),
    "too long": (COLUMN, np.ones((5, 1)), f"The shape of y in the data is (5, 1), expected (4, 1) or (4,): {ROWS}"),
    "one for all": (COLUMN, [1.0], f"The shape of y in the data is (1,), expected (4, 1) or (4,): {ROWS}"),
    "a number": (COLUMN, 1.0, f"The shape of y in the data is (), expected (4, 1) or (4,): {ROWS}"),
    "square, which would broadcast": (COLUMN, np.ones((4, 4)), f"The shape of y in the data is (4, 4), expected (4, 1) or (4,): {ROWS}"),
    "empty": (COLUMN, [], f"The shape of y in the data is (0,), expected (4, 1) or (4,): {ROWS}"),
    "three axes": (COLUMN, np.ones((4, 1, 1)), f"The shape of y in the data is (4, 1, 1), expected (4, 1) or (4,): {ROWS}"),
    "one column for two outputs": (PAIR, np.ones((4, 1)), f"The shape of y in the data is (4, 1), expected (4, 2): {ROWS}"),
    "flat for two outputs": (PAIR, np.ones(4), f"The shape of y in the data is (4,), expected (4, 2): {ROWS}"),
    "flat, as long as all entries": (PAIR, np.ones(8), f"The shape of y in the data is (8,), expected (4, 2): {ROWS}"),
    "classes of other rows": (CLASSES, [0, 1, 2], f"The shape of y in the data is (3,), expected (4, 3) or (4,): {ROWS}"),
    "classes as a column": (CLASSES, [[0], [1], [2], [0]], f"The shape of y in the data is (4, 1), expected (4, 3) or (4,): {ROWS}"),
    "one-hot of two": (CLASSES, np.ones((4, 2)), f"The shape of y in the data is (4, 2), expected (4, 3) or (4,): {ROWS}"),
    "NaN": (COLUMN, [1, 2, np.nan, 4], f"Y in the data is nan at index (2, 0) (1 such values), {FINITE}"),
    "infinity": (PAIR, [[1, 2], [1, 2], [1, 2], [1, np.inf]], f"Y in the data is inf at index (3, 1) (1 such values), {FINITE}"),
    "text": (COLUMN, list("abcd"), f"Y in the data is {NO_NUMBERS}"),
    "ragged": (PAIR, [[1, 2], [1], [1, 2], [1, 2]], f"Y in the data is {NO_NUMBERS}"),
    "ragged classes": (CLASSES, [[0, 1, 0], [1], [0, 1, 0], [0, 1, 0]], f"Y in the data is {NO_NUMBERS}"),
    "complex": (COLUMN, [1j, 1, 1, 1], f"Y in the data is {NO_NUMBERS}"),
    "sparse": (COLUMN, Sparse(), "Y in the data is a sparse matrix, expected a dense array: pass y.toarray()."),
    "sparse classes": (CLASSES, Sparse(), "Y in the data is a sparse matrix, expected a dense array: pass y.toarray()."),
    "a label of another pair": (
        YES_NO,
        [0, 1, 2, 1],
        "A target in y in the data is 2 at its worst, expected in [0, 1] for the loss log_loss: check the labels, or choose another loss.",
    ),
    "labels -1 and 1": (
        YES_NO,
        [-1, 1, -1, 1],
        "A target in y in the data is -1 at its worst, expected in [0, 1] for the loss log_loss: check the labels, or choose another loss.",
    ),
    "negative counts": (
        COUNTS,
        [0, 2, -3, 1],
        "A target in y in the data is -3 at its worst, expected in [0, inf) for the loss poisson: "
        "check the labels, or choose another loss.",
    ),
    "a probability above one": (
        CLASSES,
        [[0, 1, 0], [1.5, 0, 0], [0, 1, 0], [0, 1, 0]],
        "A target in y in the data is 1.5 at its worst, expected in [0, 1] for the loss cross_entropy: "
        "check the labels, or choose another loss.",
    ),
    "a class never declared": (
        CLASSES,
        [0, 1, 2, 3],
        "A label in y in the data is 3, expected a class index from 0 to 2: give the network more outputs.",
    ),
    "a negative class": (
        CLASSES,
        [0, 1, -1, 5],
        "A label in y in the data is -1, expected a class index from 0 to 2: give the network more outputs.",
    ),
    "half a class": (
        CLASSES,
        [0, 1, 1.5, 2],
        "Y in the data is an array of float64, expected class indices 0 to 2, or one column for each class: "
        "use MLPClassifier for labels of any kind.",
    ),
    "a class that is NaN": (
        CLASSES,
        [0, 1, np.nan, 2],
        "Y in the data is an array of float64, expected class indices 0 to 2, or one column for each class: "
        "use MLPClassifier for labels of any kind.",
    ),
    "a class beyond all integers": (
        CLASSES,
        [0, 1, 1e30, 2],
        "Y in the data is an array of float64, expected class indices 0 to 2, or one column for each class: "
        "use MLPClassifier for labels of any kind.",
    ),
    "classes with a hole": (
        CLASSES,
        [0, None, 1, 2],
        "Y in the data is an array of object, expected class indices 0 to 2, or one column for each class: "
        "use MLPClassifier for labels of any kind.",
    ),
    "names of classes": (
        CLASSES,
        ["a", "b", "a", "c"],
        "Y in the data is an array of <U1, expected class indices 0 to 2, or one column for each class: "
        "use MLPClassifier for labels of any kind.",
    ),
}


@pytest.mark.parametrize("bad", BAD_Y)
def test_bad_targets(bad):
    architecture, y, message = BAD_Y[bad]
    kind = pl.ShapeError if message.startswith("The shape") else pl.InputError
    assert told(kind, as_targets, y, 4, architecture, DOUBLE) == message


def test_targets_that_overflow_float32_are_infinite():
    assert "is inf at index (0, 0)" in told(pl.InputError, as_targets, [1e39, 0, 0, 0], 4, COLUMN, SINGLE)


@pytest.mark.parametrize("y", [[1, 0, 1, 1], [[1], [0], [1], [1]], np.array([True, False, True, True]), np.array([1, 0, 1, 1], "f4")])
@pytest.mark.parametrize("architecture", [COLUMN, YES_NO, COUNTS])
def test_one_output_takes_a_flat_y_or_a_column(y, architecture):
    found = as_targets(y, 4, architecture, SINGLE)
    assert found.dtype == SINGLE
    assert_array_equal(found, [[1], [0], [1], [1]])


@pytest.mark.parametrize(
    "y", [[2, 0, 1, 2], [2.0, 0.0, 1.0, 2.0], np.array([2, 0, 1, 2], np.uint8), [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]]
)
def test_class_indices_become_one_hot(y):
    found = as_targets(y, 4, CLASSES, DOUBLE)
    assert found.dtype == DOUBLE
    assert_array_equal(found, [[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]])


def test_one_output_of_cross_entropy_keeps_its_numbers():
    """A single column is no class index: y = 0.3 stays 0.3."""
    single = Architecture.build([2, 1], ["sigmoid"], "cross_entropy")
    assert_array_equal(as_targets([0.3, 1], 2, single, DOUBLE), [[0.3], [1]])


def test_flat_y_and_column_y_are_the_same_training_data():
    """(n,) against (n, 1) never becomes an (n, n) difference: cost and gradients are those of the column."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    net = pl.Network([2, 3, 1], activations=["tanh", "identity"], loss="mse")
    error = net.predict(X)[:, 0] - y
    assert net.loss(X, y) == net.loss(X, y[:, None]) == pytest.approx((error**2).mean(), rel=1e-13)
    for name, flat in net.gradients(X, y).items():
        assert_array_equal(flat, net.gradients(X, y[:, None])[name])


# sample weights

BAD_WEIGHTS = {
    "too few": ([1, 1, 1], "The shape of sample_weight in the data is (3,), expected (4,): one weight for each row."),
    "a column": (np.ones((4, 1)), "The shape of sample_weight in the data is (4, 1), expected (4,): one weight for each row."),
    "a number": (1.0, "The shape of sample_weight in the data is (), expected (4,): one weight for each row."),
    "negative": (
        [1, 1, -0.5, 1],
        "Sample_weight in the data is -0.5 at its smallest, expected no negative weight and a positive sum: check the weights.",
    ),
    "all zero": (
        [0, 0, 0, 0],
        "Sample_weight in the data is zero everywhere, expected no negative weight and a positive sum: check the weights.",
    ),
    "NaN": ([1, np.nan, 1, 1], f"Sample_weight in the data is nan at index 1 (1 such values), {FINITE}"),
    "infinity": ([1, 1, 1, np.inf], f"Sample_weight in the data is inf at index 3 (1 such values), {FINITE}"),
    "text": ("balanced", f"Sample_weight in the data is {NO_NUMBERS}"),
}


@pytest.mark.parametrize("bad", BAD_WEIGHTS)
def test_bad_sample_weights(bad):
    s, message = BAD_WEIGHTS[bad]
    kind = pl.ShapeError if message.startswith("The shape") else pl.InputError
    assert told(kind, as_sample_weight, s, 4, DOUBLE) == message


def test_good_sample_weights():
    assert as_sample_weight(None, 4, DOUBLE) is None
    found = as_sample_weight([0, 1, 2, 3], 4, SINGLE)
    assert found.dtype == SINGLE
    assert_array_equal(found, [0, 1, 2, 3])


# masks

TWO_HIDDEN = Architecture.build([2, 3, 5, 1], "tanh")
KEY = "expected the index of a hidden layer, 1 to 2: leave the output layer out."
BAD_MASKS = {
    "of another width": ({1: np.ones((4, 5))}, "The shape of mask[1] in the data is (4, 5), expected (4, 3): one row a sample."),
    "of other rows": ({2: np.ones((3, 5))}, "The shape of mask[2] in the data is (3, 5), expected (4, 5): one row a sample."),
    "one row for all": ({1: np.ones(3)}, "The shape of mask[1] in the data is (3,), expected (4, 3): one row a sample."),
    "second in a list": ([None, np.ones((4, 3))], "The shape of mask[2] in the data is (4, 3), expected (4, 5): one row a sample."),
    "of the output": ({3: np.ones((4, 1))}, f"A key in mask is 3, {KEY}"),
    "of the input": ({0: np.ones((4, 2))}, f"A key in mask is 0, {KEY}"),
    "by text": ({"1": np.ones((4, 3))}, f"A key in mask is '1', {KEY}"),
    "too many": ([None, None, np.ones((4, 1))], f"A key in mask is 3, {KEY}"),
    "NaN": ({1: np.full((4, 3), np.nan)}, f"Mask[1] in the data is nan at index (0, 0) (12 such values), {FINITE}"),
    "text inside": ({1: "keep"}, f"Mask[1] in the data is {NO_NUMBERS}"),
    "a number": (0.5, "Mask in the data is 0.5, expected {l: array} or a list for layers 1, 2 ...: see Network.dropout_mask."),
}


@pytest.mark.parametrize("bad", BAD_MASKS)
def test_bad_masks(bad):
    mask, message = BAD_MASKS[bad]
    kind = pl.ShapeError if message.startswith("The shape") else pl.InputError
    assert told(kind, as_masks, mask, 4, TWO_HIDDEN, DOUBLE) == message


@pytest.mark.parametrize("form", [lambda first, second: {1: first, 2: second}, lambda first, second: [first, second]])
def test_masks_by_layer_or_as_a_list(form):
    first, second = np.zeros((4, 3)), np.ones((4, 5))
    assert as_masks(None, 4, TWO_HIDDEN, DOUBLE) is None
    found = as_masks(form(first, second), 4, TWO_HIDDEN, DOUBLE)
    assert [None if part is None else part.shape for part in found] == [None, (4, 3), (4, 5), None]
    assert [part is None for part in as_masks(form(None, second), 4, TWO_HIDDEN, DOUBLE)] == [True, True, False, True]


# the small ones


@pytest.mark.parametrize("dtype", ["float16", "int64", "flot", int, complex, "object", np.longdouble, [("a", "f8")], 7, "str"])
def test_an_unknown_dtype(dtype):
    message = f"The dtype in the network is {dtype!r}, expected 'float32' or 'float64': choose one of them."
    assert told(pl.UnknownNameError, as_dtype, dtype) == message


@pytest.mark.parametrize("dtype", ["float32", np.float32, np.dtype("f4"), "f4"])
def test_float32_by_its_names(dtype):
    assert as_dtype(dtype) == SINGLE


@pytest.mark.parametrize("dtype", ["float64", float, np.dtype("f8"), "d"])
def test_float64_by_its_names(dtype):
    assert as_dtype(dtype) == DOUBLE


@pytest.mark.parametrize("value", [0, -1, 1.0, 2.5, True, "3", None, np.nan])
def test_a_count_is_a_whole_number_of_at_least_one(value):
    message = f"The count in here is {value!r}, expected a whole number of at least 1: choose e.g. 10."
    assert told(pl.InputError, positive_integer, value, "the count", "here") == message


def test_counts_of_numpy_become_plain():
    assert type(positive_integer(np.int32(3), "the count", "here")) is int


def test_a_text_from_a_short_list():
    assert one_of("rows", ["columns", "rows"], "the convention", "trace") == "rows"
    for value, got in ((None, "None"), (3, "3"), (np.zeros(2), "a ndarray"), (["rows"], "a list")):
        expected = f"The convention in trace is {got}, expected one of columns, rows: choose one of them."
        assert told(pl.UnknownNameError, one_of, value, ["columns", "rows"], "the convention", "trace") == expected
    message = told(pl.UnknownNameError, one_of, "row", ["columns", "rows"], "the convention", "trace")
    assert message == "The convention in trace is 'row', expected one of columns, rows: choose one of them."


def test_numbers_of_every_kind():
    assert as_numbers(3, SINGLE, "n").dtype == SINGLE
    assert as_numbers([True, False], DOUBLE, "n").tolist() == [1.0, 0.0]
    assert told(pl.InputError, as_numbers, [[1], [1, 2]], DOUBLE, "n") == f"N in the data is {NO_NUMBERS}"


# every entry point uses these checks

NET = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"], dropout=0.5)
ENTRIES = {
    "predict": lambda X, y, **options: NET.predict(X),
    "loss": NET.loss,
    "gradients": NET.gradients,
    "trace": NET.trace,
    "fit": lambda X, y, **options: NET.fit(X, y, epochs=1, progress=False, **options),
    "validation": lambda X, y, **options: NET.fit([[0, 0]], [0], validation=(X, y, *options.values()), epochs=1, progress=False),
    "check_gradients": lambda X, y, **options: pl.check_gradients(NET, X, y, **options),
}
TAKE_Y = [name for name in ENTRIES if name != "predict"]
GOOD_X, GOOD_Y = [[0.0, 1], [1, 0]], [0, 1]


@pytest.mark.parametrize("entry", ENTRIES)
def test_the_good_data_of_these_tests_are_good(entry):
    ENTRIES[entry](GOOD_X, GOOD_Y)


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize(
    ("X", "telling"),
    [
        ([[np.nan, 1], [1, 0]], "nan at index (0, 0)"),
        ([[1, 2, 3]] * 2, "is (2, 3), expected (m, 2)"),
        ([["a", "b"]] * 2, "not an array of real numbers"),
        (np.empty((0, 2)), "is empty, expected at least one sample"),
    ],
)
def test_every_entry_point_refuses_bad_inputs(entry, X, telling):
    name = "X of the validation set" if entry == "validation" else "X"
    message = told(pl.InputError, ENTRIES[entry], X, GOOD_Y)
    assert telling in message
    assert name in message


@pytest.mark.parametrize("entry", TAKE_Y)
@pytest.mark.parametrize(
    ("y", "telling"),
    [
        ([0, 1, 1], "is (3,), expected (2, 1) or (2,)"),
        ([[0, 1]], "is (1, 2), expected (2, 1) or (2,)"),
        ([0, 3], "is 3 at its worst, expected in [0, 1] for the loss log_loss"),
        ([0, np.nan], "is nan at index (1, 0)"),
        (["no", "yes"], "is not an array of real numbers"),
    ],
)
def test_every_entry_point_refuses_bad_targets(entry, y, telling):
    assert telling in told(pl.InputError, ENTRIES[entry], GOOD_X, y)


@pytest.mark.parametrize("entry", TAKE_Y)
@pytest.mark.parametrize(
    ("s", "telling"), [([1], "is (1,), expected (2,)"), ([1, -1], "is -1 at its smallest"), ([0, 0], "is zero everywhere")]
)
def test_every_entry_point_refuses_bad_sample_weights(entry, s, telling):
    assert telling in told(pl.InputError, ENTRIES[entry], GOOD_X, GOOD_Y, sample_weight=s)


@pytest.mark.parametrize("entry", ["gradients", "trace", "check_gradients"])
def test_every_entry_point_refuses_bad_masks(entry):
    message = told(pl.ShapeError, ENTRIES[entry], GOOD_X, GOOD_Y, mask={1: np.ones((2, 2))})
    assert "The shape of mask[1] in the data is (2, 2), expected (2, 3)" in message


def test_a_refused_fit_leaves_the_weights_alone():
    net = pl.Network([2, 1])
    before = net.vector.copy()
    told(pl.InputError, net.fit, GOOD_X, [0, np.nan])
    assert_array_equal(net.vector, before)
    assert net.history is None

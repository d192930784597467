"""Several columns of classes: each column of y has classes of its own, and a softmax of its own over them in the output of the network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import type_of_target, unique_labels

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ShapeError, sentence

KIND = "multiclass-multioutput"
"""scikit-learn's word for such a y"""
WHERE = "MLPClassifier"


def has_several(y: Any) -> bool:
    """Whether y has more than one column."""
    shape = np.shape(y)
    return len(shape) == 2 and shape[1] > 1


def columns_of(y: ArrayLike) -> list[Array]:
    """The columns of y; of an array of objects (a frame of texts and numbers) each in the type of what is in it."""
    whole: Array = np.asarray(y)
    if whole.ndim != 2:
        raise ShapeError(sentence("the shape of y", WHERE, whole.shape, "(m, k), a column of classes for each output", "stack the columns"))
    return [_plain(column) if whole.dtype.kind == "O" else column for column in whole.T]


def _plain(column: Array) -> Array:
    """Objects as an array of texts or of numbers; as they are where they are of both kinds, which have no order."""
    items = column.tolist()
    texts = sum(isinstance(item, str) for item in items)
    return np.asarray(items) if texts in (0, len(items)) else column


def learned(y: Array) -> list[Array]:
    """The classes of each column, in order.

    Raises:
        InputError: a column is not of classes.

    """
    found = []
    for k, column in enumerate(columns_of(y)):
        orderly = column.ndim == 1 and column.dtype.kind != "O"
        kind = type_of_target(column, input_name=f"column {k} of y") if orderly else "unknown"
        if kind not in ("binary", "multiclass"):
            told = sentence(f"column {k} of y", WHERE, kind, "classes (binary or multiclass)", "use MLPRegressor for numbers")
            raise InputError(f"Unknown label type: {kind}. {told}")
        found.append(np.unique(column))
    return found


def first_call(estimator: Any, classes: Any, y: Any) -> bool:
    """Whether this call of partial_fit is the first, which says the classes; they are put down then, as scikit-learn does for one column.

    Raises:
        InputError: it does not say them, or others than before.

    """
    before = getattr(estimator, "classes_", None)
    if classes is None:
        if before is None:
            raise InputError("classes must be passed on the first call to partial_fit.")
        return False
    k, single = np.shape(y)[1], isinstance(classes, str) or not isinstance(classes, Iterable)
    given = [] if single else [each if np.ndim(each) == 1 else None for each in classes]
    if len(given) != k or any(each is None for each in given):
        got = f"{classes!r:.60}" if single or len(given) == k else f"{len(given)} of them"
        told = sentence(
            "classes", "partial_fit", got, f"a list of {k} lists, the classes of each column of y", "e.g. [[0, 1], ['a', 'b', 'c']]"
        )
        raise InputError(told)
    found = [unique_labels(np.asarray(each)) for each in given]
    if before is None:
        estimator.classes_ = found
        return True
    if not same(before, found):
        raise InputError(f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {before!r}")
    return False


def same(some: Any, others: Sequence[Array]) -> bool:
    """Whether two lists of classes are the same."""
    return isinstance(some, list) and len(some) == len(others) and all(map(np.array_equal, some, others))


def check_known(y: Array, classes: Sequence[Array], all_of_them: bool) -> None:
    """Whether y has classes that were there before, and (for a warm start) all of them.

    Raises:
        InputError: it has not.
        ShapeError: it has not as many columns.

    """
    for k, (column, known) in enumerate(zip(_as_many(y, classes), classes, strict=True)):
        found = np.unique(column)
        if all_of_them and set(found.tolist()) != set(known.tolist()):
            told = "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously got"
            raise InputError(f"{told} {known}, `y` has {found} in column {k}")
        if not set(found.tolist()) <= set(known.tolist()):
            raise InputError(f"`y` has classes not in `self.classes_`. `self.classes_[{k}]` has {known}. Column {k} of 'y' has {found}.")


def encoded(y: ArrayLike, classes: Sequence[Array]) -> Array:
    """(m, k) labels as the network takes them, (m, n_L): for each column a 1 for its class among its own outputs.

    Raises:
        InputError: a label that was not there in training.

    """
    blocks = []
    for k, (column, known) in enumerate(zip(_as_many(y, classes), classes, strict=True)):
        place = {label: at for at, label in enumerate(known.tolist())}
        labels = column.tolist()
        unseen = next((label for label in labels if label not in place), None)
        if unseen is not None:
            listed = ", ".join(map(str, known[:10])) + (" ..." if len(known) > 10 else "")
            repair = "correct the label, or train again with it"
            raise InputError(sentence(f"a label in column {k} of y", WHERE, repr(unseen), f"one seen in training ({listed})", repair))
        blocks.append(np.eye(len(known))[[place[label] for label in labels]])
    return np.hstack(blocks)


def parts(classes: Sequence[Array]) -> list[slice]:
    """Where the outputs of each column lie."""
    ends = np.cumsum([len(known) for known in classes]).tolist()
    return [slice(start, stop) for start, stop in zip([0, *ends], ends, strict=False)]


def labels(y_hat: Array, classes: Sequence[Array]) -> Array:
    """The most probable class of each column, (m, k)."""
    kinds = {"U" if known.dtype.kind == "U" else "number" if known.dtype.kind in "biuf" else "O" for known in classes}
    dtype = np.result_type(*[known.dtype for known in classes]) if len(kinds) == 1 and "O" not in kinds else np.dtype(object)
    found = np.empty((len(y_hat), len(classes)), dtype=dtype)
    for k, (known, head) in enumerate(zip(classes, parts(classes), strict=True)):
        found[:, k] = known[y_hat[:, head].argmax(axis=1)]
    return found


def all_right(y: ArrayLike, predicted: Array) -> Array:
    """Whether every label of a row is right, (m,)."""
    given, found = _as_many(y, list(predicted.T)), predicted.astype(object)
    if len(given[0]) != len(found):
        raise ShapeError(
            sentence("the rows of y", "score", len(given[0]), f"{len(found)}, as many as X has", "check how they were selected")
        )
    return np.all([column.astype(object) == found[:, k] for k, column in enumerate(given)], axis=0)


def weights(class_weight: Any, y: Array) -> Array:
    """The weight of each sample: the product over the columns of the weights of its classes.

    Raises:
        InputError: class_weight is no list with a dict for each column, nor a text that scikit-learn knows.

    """
    given = columns_of(y)
    each = [class_weight] * len(given) if isinstance(class_weight, str) else class_weight
    if isinstance(each, dict) or len(each) != len(given):
        got = "one dict" if isinstance(each, dict) else f"a list of {len(each)}"
        expected = f"a list of {len(given)} dicts, one for each column of y, or 'balanced'"
        raise InputError(sentence("class_weight", WHERE, got, expected, "give every column its own"))
    return np.prod([compute_sample_weight(weight, column) for weight, column in zip(each, given, strict=True)], axis=0)


def _as_many(y: ArrayLike, classes: Sequence[Any]) -> list[Array]:
    found = columns_of(y)
    if len(found) != len(classes):
        expected = f"{len(classes)}, as in training"
        raise ShapeError(sentence("the number of columns of y", WHERE, len(found), expected, "give a label for each output"))
    return found

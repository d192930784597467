"""Every check of what a user hands in, at the edge, once. Inside, arrays are finite, 2-D, of the network's dtype and fit each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss
from pellucid.errors import InputError, ShapeError, UnknownNameError, sentence


def as_dtype(dtype: DTypeLike) -> np.dtype[Any]:
    """float32 or float64."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.dtype(np.float32), np.dtype(np.float64)):  # None == np.dtype("float64") is true
        expected = "'float32' or 'float64'"
        raise UnknownNameError(sentence("the dtype", "the network", repr(dtype), expected, "choose one of them"))
    return found


def as_inputs(X: ArrayLike, n_inputs: int, dtype: np.dtype[Any], name: str = "X") -> Array:
    """X as a finite (m, n_0) array, m >= 1; not copied where it fits already."""
    fits = type(X) is np.ndarray and X.dtype == dtype and X.ndim == 2 and X.flags.c_contiguous
    array: Array = X if fits else as_numbers(X, dtype, name)  # type: ignore[assignment]
    if array.ndim != 2 or array.shape[1] != n_inputs:
        repair = f"pass {name}.reshape(1, -1) for one sample" if array.ndim == 1 else "check the columns"
        raise ShapeError(sentence(f"the shape of {name}", "the data", array.shape, f"(m, {n_inputs})", repair))
    if array.shape[0] == 0:
        raise InputError(sentence(name, "the data", "empty", "at least one sample (row)", "check how it was selected"))
    _refuse_non_finite(array, name)
    return array


def as_targets(y: ArrayLike, m: int, architecture: Architecture, dtype: np.dtype[Any], name: str = "y") -> Array:
    """Y as an (m, n_L) array in the domain of the loss.

    For one output (m,) is taken as a column. For cross_entropy, (m,) whole numbers are class indices 0..n_L - 1 and become one-hot; where
    the output is k groups of softmax, (m, k) whole numbers are an index into each group.
    """
    n_outputs, loss = architecture.sizes[-1], architecture.loss
    given = _as_array(y, name)
    if loss.name == "cross_entropy" and given.ndim == 1 and n_outputs > 1 and not architecture.heads:
        array = _one_hot(given, n_outputs, dtype, name)
    elif loss.name == "cross_entropy" and given.ndim == 2 and given.shape[1] == len(architecture.heads) < n_outputs:
        heads = enumerate(architecture.heads)
        array = np.hstack([_one_hot(given[:, k], head.stop - head.start, dtype, f"column {k} of {name}") for k, head in heads])
    else:
        array = as_numbers(given, dtype, name)
        if array.ndim == 1 and n_outputs == 1:
            array = array[:, None]
    if array.ndim != 2 or array.shape != (m, n_outputs):
        index = f"({m}, {len(architecture.heads)})" if architecture.heads else f"({m},)"
        expected = f"({m}, {n_outputs})" + (f" or {index}" if n_outputs == 1 or loss.name == "cross_entropy" else "")
        repair = "one row for each row of X, one column for each output"
        raise ShapeError(sentence(f"the shape of {name}", "the data", given.shape, expected, repair))
    _refuse_non_finite(array, name)
    check_domain(array, loss, name)
    return array


def check_domain(array: Array, loss: Loss, name: str) -> None:
    """Whether the loss is defined for these targets.

    Raises:
        InputError: it is not.

    """
    low, high = array.min(), array.max()
    if low < loss.targets.low or high > loss.targets.high:
        got = f"{low if low < loss.targets.low else high:g} at its worst"
        repair = "check the labels, or choose another loss"
        expected = f"in {loss.targets} for the loss {loss.spec}"
        raise InputError(sentence(f"a target in {name}", "the data", got, expected, repair))


def as_sample_weight(s: ArrayLike | None, m: int, dtype: np.dtype[Any], name: str = "sample_weight") -> Array | None:
    """S as an (m,) array, not negative, with a positive sum; None stays None."""
    if s is None:
        return None
    array = as_numbers(s, dtype, name)
    if array.shape != (m,):
        raise ShapeError(sentence(f"the shape of {name}", "the data", array.shape, f"({m},)", "one weight for each row"))
    _refuse_non_finite(array, name)
    if array.min() < 0 or not array.sum() > 0:
        got = f"{array.min():g} at its smallest" if array.min() < 0 else "zero everywhere"
        raise InputError(sentence(name, "the data", got, "no negative weight and a positive sum", "check the weights"))
    return array


def as_masks(mask: Any, m: int, architecture: Architecture, dtype: np.dtype[Any]) -> list[Array | None] | None:
    """Dropout masks by layer as a list with index l = 0..L; a mapping {l: mask} or a sequence for layers 1..L-1 is taken."""
    if mask is None:
        return None
    n_layers = len(architecture.layers)
    if not hasattr(mask, "__iter__"):
        raise InputError(sentence("mask", "the data", repr(mask), "{l: array} or a list for layers 1, 2 ...", "see Network.dropout_mask"))
    given = dict(mask) if hasattr(mask, "items") else dict(enumerate(mask, start=1))
    found: list[Array | None] = [None] * (n_layers + 1)
    for index, part in given.items():
        if not (isinstance(index, int | np.integer) and 1 <= index < n_layers):
            expected = f"the index of a hidden layer, 1 to {n_layers - 1}"
            raise InputError(sentence("a key", "mask", repr(index), expected, "leave the output layer out"))
        if part is None:
            continue
        array = as_numbers(part, dtype, f"mask[{index}]")
        shape = (m, architecture.sizes[index])
        if array.shape != shape:
            raise ShapeError(sentence(f"the shape of mask[{index}]", "the data", array.shape, shape, "one row a sample"))
        _refuse_non_finite(array, f"mask[{index}]")
        found[index] = array
    return found


def positive_integer(value: Any, what: str, where: str) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
        raise InputError(sentence(what, where, repr(value), "a whole number of at least 1", "choose e.g. 10"))
    return int(value)


def whole_number(value: Any, what: str, where: str) -> int:
    """A whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise InputError(sentence(what, where, repr(value), "a whole number of at least 0", "choose e.g. 5"))
    return int(value)


def one_of(value: str, known: Sequence[str], what: str, where: str) -> str:
    """A text from a short list."""
    if not isinstance(value, str) or value not in known:
        got = repr(value) if np.isscalar(value) or value is None else f"a {type(value).__name__}"
        raise UnknownNameError(sentence(what, where, got, f"one of {', '.join(known)}", "choose one of them"))
    return value


def as_numbers(values: ArrayLike, dtype: np.dtype[Any], name: str) -> Array:
    """An array of real numbers of that dtype, in C order."""
    raw = _as_array(values, name)
    try:
        if raw.dtype.kind in "cmM":
            raise TypeError
        with np.errstate(over="ignore"):
            return np.ascontiguousarray(raw, dtype=dtype) if raw.ndim else np.asarray(raw, dtype=dtype)
    except (TypeError, ValueError):
        raise _no_numbers(name) from None


def _as_array(values: ArrayLike, name: str) -> Array:
    if hasattr(values, "toarray"):
        raise InputError(sentence(name, "the data", "a sparse matrix", "a dense array", f"pass {name}.toarray()"))
    try:
        return np.asarray(values)
    except (TypeError, ValueError):
        raise _no_numbers(name) from None


def _no_numbers(name: str) -> InputError:
    repair = "turn text and categories into numbers first, and make all rows equally long"
    return InputError(sentence(name, "the data", "not an array of real numbers", "numbers", repair))


FEW = 1 << 15
"""entries that are looked at one by one; of more, their sum is a faster test: it is finite for all but a few finite arrays, and never for
one that holds NaN or infinity. (`numpy.dot` would be faster still, but it wakes the threads of BLAS, which then keep a core from the
training for 0.1 s.)"""


def _refuse_non_finite(array: Array, name: str) -> None:
    if array.size <= FEW:
        if np.isfinite(array).all():
            return
    else:
        with np.errstate(over="ignore", invalid="ignore"):
            if math.isfinite(np.add.reduce(array.reshape(-1))):
                return
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        at = tuple(int(i) for i in bad[0])
        got = f"{array[at]} at index {at if len(at) > 1 else at[0]} ({len(bad)} such values)"
        repair = f"remove or impute them; values beyond {np.finfo(array.dtype).max:.2g} count as infinite"
        raise InputError(sentence(name, "the data", got, "finite numbers only", repair))


def _one_hot(index: Array, n_classes: int, dtype: np.dtype[Any], name: str) -> Array:
    if index.dtype.kind == "f" and (np.abs(index) < 2**53).all() and (index == np.floor(index)).all():
        index = index.astype(np.int64)
    if index.dtype.kind not in "iub":
        expected = f"class indices 0 to {n_classes - 1}, or one column for each class"
        got = f"an array of {index.dtype}"
        raise InputError(sentence(name, "the data", got, expected, "use MLPClassifier for labels of any kind"))
    if index.size and not (index.min() >= 0 and index.max() < n_classes):
        worst = index.min() if index.min() < 0 else index.max()
        expected = f"a class index from 0 to {n_classes - 1}"
        raise InputError(sentence(f"a label in {name}", "the data", worst, expected, "give the network more outputs"))
    one_hot = np.zeros((index.shape[0], n_classes), dtype=dtype)
    one_hot[np.arange(index.shape[0]), index.astype(np.int64)] = 1
    return one_hot

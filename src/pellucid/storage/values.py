"""Values in a file: what JSON cannot say is written as an object with one marked key, and arrays go among the arrays of the file.

=====================  ============================================================
value                  in the file
=====================  ============================================================
nan, inf, -inf         ``{"__number__": "nan"}``
a tuple                ``{"__tuple__": [...]}``
a dict by other keys   ``{"__items__": [[key, value], ...]}``
an array of numbers    ``{"__array__": "the name of an array"}``
an array of texts      ``{"__texts__": [...], "shape": [...], "dtype": "U" or "O"}``
many texts             the same with ``["name of the bytes", "name of the lengths"]`` and ``"apart": true``
texts of odd lengths   ``{"__letters__": "the name of an array of code points"}``
=====================  ============================================================

Numbers come back to the bit (JSON writes the shortest text that reads as the same double), NumPy's scalars as Python's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
PLAIN = frozenset({"__number__", "__tuple__", "__items__", "__array__", "__texts__", "__letters__"})
"""the keys with a meaning"""
APART = 1 << 14
"""characters from which texts go among the arrays, since the description is to stay short"""


class Packer:
    """Takes values apart into what JSON can say, and arrays by name."""

    def __init__(self, prefix: str, what: str) -> None:
        self.prefix, self.what = prefix, what
        self.arrays: dict[str, Array] = {}

    def pack(self, value: Any, depth: int = 0) -> Any:
        """The value for JSON; its arrays are in `arrays` from now on.

        Raises:
            InputError: there is something in it that is no number, text, list, tuple, dict or array.

        """
        if depth > 50:
            raise self._refuse("nested more than 50 times")
        if value is None or isinstance(value, bool | str):
            return value if value is None or isinstance(value, bool) else str(value)
        if isinstance(value, np.generic) and value.dtype.kind in "biufUb":
            return self.pack(value.item(), depth)
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            return float(value) if math.isfinite(value) else {"__number__": str(float(value))}
        if isinstance(value, list):
            return [self.pack(item, depth + 1) for item in value]
        if isinstance(value, tuple):
            return {"__tuple__": [self.pack(item, depth + 1) for item in value]}
        if isinstance(value, Mapping):
            if all(isinstance(key, str) for key in value) and not PLAIN & set(value):
                return {str(key): self.pack(item, depth + 1) for key, item in value.items()}
            return {"__items__": [[self.pack(key, depth + 1), self.pack(item, depth + 1)] for key, item in value.items()]}
        if isinstance(value, np.ndarray):
            return self._array(value)
        raise self._refuse(f"a {type(value).__name__}")

    def _array(self, array: Array) -> Any:
        if array.dtype.kind in "biuf" and array.dtype.itemsize <= 8:
            name = f"{self.prefix}{len(self.arrays)}"
            self.arrays[name] = array
            return {"__array__": name}
        if array.dtype.kind == "U" and array.nbytes > _room([str(item) for item in array.flat]):
            width = array.dtype.itemsize // 4
            letters = np.ascontiguousarray(array).reshape(-1, 1).view(np.uint32).reshape(*array.shape, width)
            return {"__letters__": self._array(letters)["__array__"]}
        if array.dtype.kind == "U" or (array.dtype.kind == "O" and all(type(item) is str for item in array.flat)):
            texts, about = [str(item) for item in array.flat], {"shape": list(array.shape), "dtype": array.dtype.kind}
            if sum(map(len, texts)) + len(texts) <= APART:
                return {"__texts__": texts, **about}
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
            parts = np.frombuffer(b"".join(encoded), np.uint8), np.array(list(map(len, encoded)), np.int64)
            return {"__texts__": [self._array(part)["__array__"] for part in parts], **about, "apart": True}
        raise self._refuse(f"an array of {array.dtype}")

    def _refuse(self, got: str) -> InputError:
        expected = "numbers, texts, lists, tuples, dicts and arrays of numbers or texts"
        return InputError(sentence("a value", self.what, got, expected, "turn it into such values, or leave it out"))


def unpack(value: Any, arrays: Mapping[str, Array]) -> Any:
    """The value that was packed; each array may be used once.

    Raises:
        ValueError: it was not.

    """
    return _unpack(value, dict(arrays))


def _unpack(value: Any, arrays: dict[str, Array]) -> Any:
    if isinstance(value, list):
        return [_unpack(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if not PLAIN & set(value):
        return {key: _unpack(item, arrays) for key, item in value.items()}
    if "__texts__" in value and set(value) - {"apart"} == {"__texts__", "shape", "dtype"}:
        if value.get("apart", True) is not True:
            raise ValueError("not an array of texts")
        texts = _read_texts(value["__texts__"], arrays) if "apart" in value else value["__texts__"]
        return _texts(texts, value["shape"], value["dtype"])
    ((key, inside),) = value.items()  # a ValueError where there are more
    if key == "__number__" and isinstance(inside, str) and inside in NOT_FINITE:
        return NOT_FINITE[inside]
    if key == "__array__" and isinstance(inside, str) and inside in arrays:
        return arrays.pop(inside)
    if key == "__letters__" and isinstance(inside, str) and inside in arrays:
        return _letters(arrays.pop(inside))
    if key == "__tuple__" and isinstance(inside, list):
        return tuple(_unpack(item, arrays) for item in inside)
    if key == "__items__" and isinstance(inside, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in inside):
        found = {}
        for pair in inside:
            name = _unpack(pair[0], arrays)
            if not isinstance(name, str | int | float | tuple | None) or name in found:
                raise ValueError("not a key, or one that is there twice")
            found[name] = _unpack(pair[1], arrays)
        return found
    raise ValueError("not a value that a file holds")


def _read_texts(names: Any, arrays: dict[str, Array]) -> list[str]:
    if not (isinstance(names, list) and len(names) == 2 and all(type(name) is str and name in arrays for name in names)):
        raise ValueError("not the names of the arrays of texts")
    return read_texts(arrays.pop(names[0]), arrays.pop(names[1]))


def read_texts(letters: Array, lengths: Array) -> list[str]:
    """Texts from their letters in UTF-8, and how many bytes each has.

    Raises:
        ValueError: they are none.

    """
    if letters.dtype != np.uint8 or lengths.dtype != np.int64 or letters.ndim != 1 or lengths.ndim != 1:
        raise ValueError("not the arrays of texts")
    if (lengths < 0).any() or (lengths > len(letters)).any() or int(lengths.sum()) != len(letters):
        raise ValueError("lengths of texts that do not fit")
    whole, ends = letters.tobytes(), np.cumsum(lengths)
    return [whole[end - length : end].decode("utf-8", "surrogatepass") for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)]


def _texts(texts: Any, shape: Any, kind: Any) -> Array:
    if not (isinstance(texts, list) and all(type(text) is str for text in texts) and kind in ("U", "O")):
        raise ValueError("not an array of texts")
    if not (isinstance(shape, list) and 1 <= len(shape) <= 4 and all(type(n) is int and n >= 0 for n in shape)):
        raise ValueError("not the shape of an array of texts")
    if math.prod(shape) != len(texts):
        raise ValueError("an array of texts of another size")
    if kind == "U":
        if 4 * len(texts) * max(map(len, texts), default=0) > _room(texts):
            raise ValueError("an array of texts larger than any that is written")
        return np.array(texts, dtype=np.str_).reshape(shape)
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found.reshape(shape)


def _letters(codes: Array) -> Array:
    if codes.dtype != np.uint32 or codes.ndim < 2 or not codes.size or codes.max() > 0x10FFFF:
        raise ValueError("not an array of code points")
    return np.ascontiguousarray(codes).view(f"U{codes.shape[-1]}")[..., 0]


def _room(texts: list[str]) -> int:
    """Bytes that an array of these texts may take: NumPy's take as much for each text as the longest needs, and a file is to justify it."""
    return 64 * (sum(map(len, texts)) + 3 * len(texts)) + 4096

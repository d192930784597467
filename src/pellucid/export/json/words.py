"""The words of the trees of a document, and what a tree is for the values of its names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array


def _special(name: str) -> Callable[..., Any]:
    return lambda *given: getattr(import_module("scipy.special"), name)(*given)


def _sigmoid(z: Any) -> Any:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _softplus(z: Any) -> Any:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _sech(z: Any) -> Any:
    e = np.exp(-np.abs(z))
    return 2 * e / (1 + e * e)


def _logcosh(z: Any) -> Any:
    a = np.abs(z)
    e = np.expm1(-np.minimum(a, 1))
    return np.where(a < 1, np.log1p(e * e / (2 * (1 + e))), a - np.log(2) + np.log1p(np.exp(-2 * a)))


WORDS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "negative": lambda a: -a,
    "max": np.maximum,
    "min": np.minimum,
    "where": np.where,
    "clip": np.clip,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sech": _sech,
    "logcosh": _logcosh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": _special("erf"),
    "normal_cdf": _special("ndtr"),
    "xlogy": _special("xlogy"),
    "ratio": lambda a, b: np.where(a == 0, 0, a / np.where(a == 0, 1, b)),
}
"""all words of the trees"""


def value_of(tree: Any, values: Mapping[str, Array]) -> Any:
    """What a tree is for the values of its names.

    >>> value_of(["*", 2, ["+", "z", 1]], {"z": 3})
    8

    """
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, list):
        word, *given = tree
        return WORDS[word](*(value_of(one, values) for one in given))
    return tree

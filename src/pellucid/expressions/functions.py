"""The functions that a formula may name, one record each: how it is printed and computed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Function:
    """A function of one or more numbers."""

    name: str
    n_arguments: int
    """-1: two or more"""
    latex: str
    """how its name is set"""
    numpy: Callable[..., Any]
    """entry by entry, for arrays; it does not overflow where the function itself does not"""


def _special(name: str) -> Callable[..., Any]:
    def compute(*arguments: Any) -> Any:
        return getattr(import_module("scipy.special"), name)(*arguments)

    return compute


def _sigmoid(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def _softplus(x: Any) -> Any:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _logcosh(x: Any) -> Any:
    return np.abs(x) + np.log1p(np.exp(-2 * np.abs(x))) - math.log(2)


def _largest(*arguments: Any) -> Any:
    found = arguments[0]
    for other in arguments[1:]:
        found = np.maximum(found, other)
    return found


def _smallest(*arguments: Any) -> Any:
    return -_largest(*(-argument for argument in arguments))


FUNCTIONS: dict[str, Function] = {
    record.name: record
    for record in (
        Function("exp", 1, r"\exp", np.exp),
        Function("expm1", 1, r"\operatorname{expm1}", np.expm1),
        Function("log", 1, r"\log", np.log),
        Function("log1p", 1, r"\operatorname{log1p}", np.log1p),
        Function("sqrt", 1, r"\sqrt", np.sqrt),
        Function("abs", 1, r"\left|\cdot\right|", np.abs),
        Function("sign", 1, r"\operatorname{sign}", np.sign),
        Function("sin", 1, r"\sin", np.sin),
        Function("cos", 1, r"\cos", np.cos),
        Function("tan", 1, r"\tan", np.tan),
        Function("atan", 1, r"\arctan", np.arctan),
        Function("sinh", 1, r"\sinh", np.sinh),
        Function("cosh", 1, r"\cosh", np.cosh),
        Function("tanh", 1, r"\tanh", np.tanh),
        Function("erf", 1, r"\operatorname{erf}", _special("erf")),
        Function("erfc", 1, r"\operatorname{erfc}", _special("erfc")),
        Function("normal_cdf", 1, r"\Phi", _special("ndtr")),
        Function("sigmoid", 1, r"\sigma", _sigmoid),
        Function("softplus", 1, r"\operatorname{softplus}", _softplus),
        Function("relu", 1, r"\operatorname{relu}", lambda x: np.maximum(x, 0)),
        Function("logcosh", 1, r"\operatorname{logcosh}", _logcosh),
        Function("max", -1, r"\max", _largest),
        Function("min", -1, r"\min", _smallest),
    )
}

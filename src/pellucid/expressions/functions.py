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
    derivative: str
    """a formula in u; empty where it has kinks, and the derivative is one of cases"""
    definition: str = ""
    """what it is short for, as a formula in u"""


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
    a = np.abs(x)
    near, e = np.minimum(a, 20), np.expm1(-np.minimum(a, 20))
    return np.where(
        a <= 20, np.log1p(e * e / (2 * np.exp(-near))), a - math.log(2)
    )  # where log(cosh(x)) is about x^2/2, no digits are lost


def _sech(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return 2 * e / (1 + e * e)


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
        Function("exp", 1, r"\exp", np.exp, "exp(u)"),
        Function("expm1", 1, r"\operatorname{expm1}", np.expm1, "exp(u)", "exp(u) - 1"),
        Function("log", 1, r"\log", np.log, "1 / u"),
        Function("log1p", 1, r"\operatorname{log1p}", np.log1p, "1 / (1 + u)", "log(1 + u)"),
        Function("sqrt", 1, r"\sqrt", np.sqrt, "1 / (2 * sqrt(u))"),
        Function("abs", 1, r"\left|\cdot\right|", np.abs, ""),
        Function("sign", 1, r"\operatorname{sign}", np.sign, ""),
        Function("sin", 1, r"\sin", np.sin, "cos(u)"),
        Function("cos", 1, r"\cos", np.cos, "-sin(u)"),
        Function("tan", 1, r"\tan", np.tan, "1 + tan(u)**2", "sin(u) / cos(u)"),
        Function("atan", 1, r"\arctan", np.arctan, "1 / (1 + u**2)"),
        Function("sinh", 1, r"\sinh", np.sinh, "cosh(u)", "(exp(u) - exp(-u)) / 2"),
        Function("cosh", 1, r"\cosh", np.cosh, "sinh(u)", "(exp(u) + exp(-u)) / 2"),
        Function("sech", 1, r"\operatorname{sech}", _sech, "-sech(u) * tanh(u)", "1 / cosh(u)"),
        Function("tanh", 1, r"\tanh", np.tanh, "1 - tanh(u)**2", "(exp(u) - exp(-u)) / (exp(u) + exp(-u))"),
        Function("erf", 1, r"\operatorname{erf}", _special("erf"), "2 / sqrt(pi) * exp(-u**2)"),
        Function("erfc", 1, r"\operatorname{erfc}", _special("erfc"), "-2 / sqrt(pi) * exp(-u**2)", "1 - erf(u)"),
        Function("normal_cdf", 1, r"\Phi", _special("ndtr"), "exp(-u**2 / 2) / sqrt(2 * pi)", "(1 + erf(u / sqrt(2))) / 2"),
        Function("sigmoid", 1, r"\sigma", _sigmoid, "sigmoid(u) * (1 - sigmoid(u))", "1 / (1 + exp(-u))"),
        Function("softplus", 1, r"\operatorname{softplus}", _softplus, "sigmoid(u)", "log(1 + exp(u))"),
        Function("relu", 1, r"\operatorname{relu}", lambda x: np.maximum(x, 0), "", "max(0, u)"),
        Function("logcosh", 1, r"\operatorname{logcosh}", _logcosh, "tanh(u)", "log(cosh(u))"),
        Function("max", -1, r"\max", _largest, ""),
        Function("min", -1, r"\min", _smallest, ""),
    )
}

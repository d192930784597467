"""What `evaluate` computes with: floating-point numbers, or (for proofs) the symbols of SymPy."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from pellucid.expressions.functions import FUNCTIONS

RELATIONS = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
"""the comparisons by their sign"""


@dataclass(frozen=True)
class Arithmetic:
    """How numbers, functions and comparisons are computed; sums and products are those of the arrays themselves."""

    number: Callable[[int | float | Fraction], Any]
    """the value of a number as it is written"""
    constants: Mapping[str, Any]
    """pi and e, where the values give them no other meaning"""
    function: Callable[[str], Callable[..., Any] | None]
    """the function of that name, entry by entry, or None"""
    compare: Callable[[str, Any, Any], Any]
    """the relation of two values as True or False, entry by entry"""
    rounds: bool
    """whether results are rounded, so that the way in which they are computed matters"""


def _number(value: int | float | Fraction) -> int | float:
    return float(value) if isinstance(value, Fraction) else value


def _function(name: str) -> Callable[..., Any] | None:
    if name not in FUNCTIONS:
        return None
    compute = FUNCTIONS[name].numpy

    def of_floats(*arguments: Any) -> Any:
        return compute(*(np.asarray(argument, dtype=float) for argument in arguments))

    return of_floats


def _compare(relation: str, left: Any, right: Any) -> Any:
    return RELATIONS[relation](left, right)


CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}

FLOATS = Arithmetic(_number, CONSTANTS, _function, _compare, rounds=True)
"""NumPy's double precision"""

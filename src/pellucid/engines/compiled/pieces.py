"""The words of which the texts of rules are made, beside the functions of `pellucid.engines.compiled.elementary`.

Each works on single entries, lets NaN through, and has no branch, so that a loop over it becomes vector code.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from pellucid.engines.compiled.elementary import log
from pellucid.engines.compiled.intrinsics import select as where
from pellucid.engines.compiled.intrinsics import size_of


@intrinsic
def number(typingctx: Any, value: Any, like: Any) -> Any:
    """A whole number as an entry of the type of ``like``."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[0], value, like)

    return like(value, like), code


@intrinsic
def negative(typingctx: Any, x: Any) -> Any:
    """Whether the sign bit is set, as it is in -0."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        bits = ir.IntType(8 * size_of(context, x))
        return builder.icmp_signed("<", builder.bitcast(arguments[0], bits), bits(0))

    return types.boolean(x), code


@njit(forceinline=True)
def clip(x: Any, low: Any, high: Any) -> Any:
    """The nearest number in [low, high]."""
    return where(x < low, low, where(x > high, high, x))


@njit(forceinline=True)
def sign(x: Any) -> Any:
    """-1, 0 or 1."""
    return where(x > number(0, x), number(1, x), where(x < number(0, x), number(-1, x), x))


@njit(forceinline=True)
def largest(x: Any, y: Any) -> Any:
    """The larger of two; NaN if one of them is."""
    return where(x > y, x, where(y >= x, y, x + y))


@njit(forceinline=True)
def smallest(x: Any, y: Any) -> Any:
    """The smaller of two; NaN if one of them is."""
    return where(x < y, x, where(y <= x, y, x + y))


@njit(forceinline=True)
def square(x: Any) -> Any:
    """X x."""
    return x * x


@njit(forceinline=True)
def xlogy(x: Any, y: Any) -> Any:
    """X log y, and 0 where x is 0."""
    return where(x == number(0, x), number(0, x), x * log(y))


@njit(forceinline=True)
def ratio(x: Any, y: Any) -> Any:
    """X / y, and 0 where x is 0."""
    return where(x == number(0, x), number(0, x), x / y)

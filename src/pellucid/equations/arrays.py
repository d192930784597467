"""Arrays of any library that follows the array API standard, and the elementary functions that must be stable.

The functions also take complex arrays, on the branch that the real part selects: that is what the complex step
(Squire and Trapp 1998, *Using complex variables to estimate derivatives of real functions*) needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, Any]
else:
    Array = Any

_SPECIAL_FUNCTIONS = {"numpy": "scipy.special", "jax.numpy": "jax.scipy.special"}


def namespace(x: Array) -> Any:
    """The library that an array belongs to (``numpy``, ``jax.numpy`` ...)."""
    return x.__array_namespace__()


def not_negative(x: Array) -> Array:
    """X >= 0, by the real part; true at 0, so that derivatives at a kink are the right ones."""
    return namespace(x).real(x) >= 0


def sigmoid(x: Array) -> Array:
    r"""1 / (1 + e^{-x}), written so that the exponential never overflows."""
    xp = namespace(x)
    positive = not_negative(x)
    e = xp.exp(xp.where(positive, -x, x))
    return xp.where(positive, 1, e) / (1 + e)


def softplus(x: Array) -> Array:
    r"""log(1 + e^x) = max(x, 0) + log(1 + e^{-|x|})."""
    xp = namespace(x)
    positive = not_negative(x)
    return xp.where(positive, x, 0) + log1p(xp.exp(xp.where(positive, -x, x)))


def log1p(x: Array) -> Array:
    """log(1 + x), accurate for small x; for complex x, where NumPy's loses the real part, as 2 artanh(x / (2 + x))."""
    xp = namespace(x)
    return 2 * xp.atanh(x / (2 + x)) if xp.isdtype(x.dtype, "complex floating") else xp.log1p(x)


def log_softmax(x: Array) -> Array:
    r"""x_i - log sum_j e^{x_j} along the last axis, shifted by the largest x so that nothing overflows."""
    xp = namespace(x)
    shifted = x - xp.max(xp.real(x), axis=-1, keepdims=True)
    return shifted - xp.log(xp.sum(xp.exp(shifted), axis=-1, keepdims=True))


def over_groups(function: Callable[..., Array], *arrays: Array, groups: Sequence[int]) -> Array:
    """A function of rows, applied to each group of columns; a single column that it gives stands for all of its group.

    Without groups all columns are one.
    """
    if not groups:
        return function(*arrays)
    xp = namespace(arrays[0])
    found, start = [], 0
    for size in groups:
        part = function(*[array[..., start : start + size] for array in arrays])
        found.append(xp.broadcast_to(part, (*part.shape[:-1], size)))
        start += size
    return xp.concat(found, axis=-1)


def normal_cdf(x: Array) -> Array:
    r"""Phi(x) = erfc(-x / sqrt 2) / 2, without cancellation for negative x."""
    special = import_module(_SPECIAL_FUNCTIONS[namespace(x).__name__])
    result: Array = special.erfc(x * -0.7071067811865476) / 2
    return result


def erf(x: Array) -> Array:
    """The error function of the library's own special functions."""
    result: Array = import_module(_SPECIAL_FUNCTIONS[namespace(x).__name__]).erf(x)
    return result


def xlogy(x: Array, y: Array) -> Array:
    """X log y, and 0 where x is 0 whatever y is."""
    xp = namespace(y)
    zero = x == 0
    return xp.where(zero, 0, x * xp.log(xp.where(zero, 1, y)))

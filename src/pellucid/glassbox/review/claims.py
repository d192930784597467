"""Reading what a user claims: names, shapes, numbers; from a mapping, or from a function that computes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ShapeError, sentence, unknown_name
from pellucid.glassbox.review.passes import Pass, parts
from pellucid.validation import as_numbers

WHERE = "the claimed gradients"


@dataclass(frozen=True, eq=False)
class Claim:
    """One array that was handed in, in the columns convention."""

    name: str
    value: Array
    """2-D"""
    flat: bool
    """whether it was handed in as a vector, which has no orientation"""
    epsilon: float
    """of its precision"""
    shape: tuple[int, ...]
    """as handed in"""
    by_rows: bool
    """whether it was handed in with samples as rows"""

    def place(self, at: tuple[int, ...]) -> tuple[int, ...]:
        """The index of an entry in the array as it was handed in."""
        if len(self.shape) < 2:
            return (max(at),)[: len(self.shape)]
        return tuple(int(i) for i in (at[::-1] if self.by_rows else at))


def read_claims(claimed: Any, p: Pass, convention: str) -> dict[str, Claim]:
    """The claims by name, in backward order.

    Raises:
        InputError: a name is unknown, a shape fits nothing, an entry is no number; or there is nothing to review.

    """
    if callable(claimed) and not isinstance(claimed, Mapping):
        claimed = _computed(claimed, p, convention)
    if not isinstance(claimed, Mapping):
        got, repair = f"of type {type(claimed).__name__}", "hand over arrays by name, or a function of (parameters, X, y) that returns them"
        raise InputError(sentence("what is claimed", "review_gradients", got, "a mapping such as {'dW1': array, 'db1': array}", repair))
    named: dict[str, Any] = {}
    for key, value in claimed.items():
        name = canonical(key, p)
        if name in named:
            raise InputError(sentence(f"the name {name}", WHERE, "there twice", "each array once", "leave one of them out"))
        named[name] = value
    if not named:
        raise InputError(sentence("the number of arrays", WHERE, 0, "at least one", "e.g. {'dW1': array}"))
    found = {name: _claim(name, named[name], p, convention) for name in p.names() if name in named}
    for claim in found.values():
        _refuse_non_finite(claim, p)
    return found


def canonical(name: Any, p: Pass) -> str:
    """dW2 for dw2, dZ2, DW2 ...; dX for da0.

    Raises:
        UnknownNameError: there is no such quantity; the nearest is suggested.

    """
    known = list(p.names())
    spelled = {other.lower(): other for other in known} | {"da0": "dX"}
    found = spelled.get(re.sub(r"[\s_\[\]^{}]", "", str(name)[:40]).lower())
    if found is None or not isinstance(name, str):
        raise unknown_name("gradient", name, known)
    return found


def _computed(function: Callable[..., Any], p: Pass, convention: str) -> Any:
    """What a function makes of copies of the parameters, X and y, laid out by the convention."""

    def laid(name: str) -> Array:
        value = p.values[name]
        if convention == "columns":
            return np.array(value)
        return np.array(value[:, 0] if name.startswith("b") else value.T, order="C")

    parameters = {f"{kind}{layer}": laid(f"{kind}{layer}") for layer in range(1, p.depth + 1) for kind in "Wb"}
    return function(parameters, laid("x"), laid("y"))


def _claim(name: str, given: Any, p: Pass, convention: str) -> Claim:
    raw = as_numbers(given, np.dtype(np.float64), f"the gradient {name}")
    precision = getattr(given, "dtype", None)
    narrow = isinstance(precision, np.dtype) and precision.kind == "f" and precision.itemsize < 8
    epsilon = float(np.finfo(precision if narrow else np.float64).eps)
    value = _in_columns(raw, name, p, convention)
    if value is None or value.shape not in _possible_shapes(name, p):
        rows, columns = _shape_text(name, p, "rows"), _shape_text(name, p, "columns")
        fits = f"{columns} in the columns convention or {rows} in the rows convention"
        got = f"{raw.shape}, which fits neither convention" if raw.ndim else "a single number"
        raise ShapeError(sentence(f"the shape of {name}", WHERE, got, fits, "see net.trace(X, y) for every shape"))
    return Claim(name, value, raw.ndim < 2, epsilon, raw.shape, convention == "rows")


def _in_columns(raw: Array, name: str, p: Pass, convention: str) -> Array | None:
    if raw.ndim == 2:
        return raw if convention == "columns" else np.ascontiguousarray(raw.T)
    if raw.ndim > 2:
        return None
    shape = p.shape(name)
    flat = raw.reshape(-1)
    if flat.size == shape[0] * shape[1] and 1 in shape:
        return flat.reshape(shape)
    return flat[None, :]


def _possible_shapes(name: str, p: Pass) -> set[tuple[int, int]]:
    """The right shape, its transpose, and those that known mistakes lead to."""
    kind, layer = parts(name)
    sizes, right = p.architecture.sizes, p.shape(name)
    shapes = {right}
    if kind == "dW":
        shapes |= {(right[0], size) for size in sizes}
        for other in ((right[1], p.m), (p.m, right[1])):
            for more in ((), right):  # with an L2 term NumPy may repeat rows or columns to add it
                try:
                    shapes.add(np.broadcast_shapes((right[0], p.m), other, more))
                except ValueError:
                    continue
        if right[0] == right[1]:
            shapes.add((right[0], 1))
    elif kind == "db":
        shapes |= {(1, p.m), (1, 1), (right[0], p.m), (right[0], sizes[layer - 1]), (right[0], sizes[0])}
    return shapes | {shape[::-1] for shape in shapes}


def _shape_text(name: str, p: Pass, convention: str) -> str:
    shape = p.shape(name)
    if convention == "columns":
        return str(shape)
    return f"({shape[0]},)" if name.startswith("db") else str(shape[::-1])


def _refuse_non_finite(claim: Claim, p: Pass) -> None:
    right = p.values[claim.name]
    fine = np.isfinite(claim.value)
    if claim.value.shape == right.shape:
        fine |= claim.value == right  # an infinite da_L of a saturated output is right
    elif claim.value.T.shape == right.shape:
        fine |= claim.value == right.T
    bad = np.argwhere(~fine)
    if not len(bad):
        return
    value = claim.value[tuple(bad[0])]
    got = f"{'not a number (NaN)' if np.isnan(value) else value} at index {claim.place(tuple(bad[0]))} ({len(bad)} such entries)"
    saturated = claim.name in (f"da{p.depth}", f"dz{p.depth}") and p.architecture.objective.fused is not None
    repair = "an output is saturated, where the loss's derivative is infinite: compute dz whole, e.g. as a - y" if saturated else ""
    repair = repair or "look for a division by zero, the logarithm of zero, or an exponential that overflows, in what comes before it"
    raise InputError(sentence(f"the gradient {claim.name}", WHERE, got, "finite numbers", repair))

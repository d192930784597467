"""scikit-learn's losses in our words, with the factors that it has and the equations have not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np

from pellucid.equations.arrays import Array, log_softmax, namespace, sigmoid, xlogy
from pellucid.equations.losses import FusedPair, Loss, loss

NAMES = {"squared_error": "half_mse"}
"""scikit-learn's names of losses that have another one here"""


def named(spec: str | Loss) -> Loss:
    """The loss of that name, by scikit-learn's names or ours."""
    return loss(NAMES.get(spec, spec) if isinstance(spec, str) else spec)


def as_trained(record: Loss, n_outputs: int, log_loss: bool, dtype: np.dtype) -> Loss:
    """The loss with which scikit-learn trains; ``log_loss``: whether it is the one that scikit-learn knows by this name.

    For several numbers, its squared error tells the mean over the outputs and descends by the gradient of their sum; its poisson loss is
    the sum in both. For classes, it tells -log of a probability that is at least eps and at most 1 - eps, and descends by the gradient of
    the loss as it is.
    """
    if log_loss and record.spec in ("log_loss", "cross_entropy"):
        return replace(record, pair=_clipped(record.spec, dtype.name))
    if n_outputs == 1 or record.spec not in ("half_mse", "poisson"):
        return record
    if record.spec == "poisson":
        return replace(record, averages=False)
    slope, text = _times(n_outputs)
    return replace(record, slope=slope, derivative_formula=text, pieces=(record.pieces[0], text))


@cache
def _times(n: int) -> tuple[Callable[[Array, Array], Array], str]:
    """N times the error."""

    def slope(y_hat: Array, y: Array) -> Array:
        return n * (y_hat - y)

    return slope, f"{n} * (y_hat - y)"


@cache
def _clipped(spec: str, dtype: str) -> FusedPair:
    """Log loss behind sigmoid, or cross-entropy behind softmax, of clip(a, eps, 1 - eps); dz = a - y all the same."""
    kind = np.dtype(dtype).type
    low = kind(np.finfo(kind).eps)
    high = kind(1) - low

    def contribution(z: Array, y: Array) -> Array:
        xp = namespace(z)
        a = sigmoid(z) if spec == "log_loss" else xp.exp(log_softmax(z))
        kept = xp.clip(a, low, high)
        return -xlogy(y, kept) - xlogy(1 - y, 1 - kept) if spec == "log_loss" else -xlogy(y, kept)

    def slope(z: Array, a: Array, y: Array) -> Array:
        return a - y

    share = "1 / (1 + exp(-z))" if spec == "log_loss" else "a"  # near 1 to the last bit, since its distance to 1 counts
    kept = f"clip({share}, {float(low)!r}, {float(high)!r})"
    text = f"-xlogy(y, {kept}) - xlogy(1 - y, 1 - {kept})" if spec == "log_loss" else f"-xlogy(y, {kept})"
    return FusedPair("a - y", contribution, slope, (text, "a - y"))

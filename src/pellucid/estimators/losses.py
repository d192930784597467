"""scikit-learn's losses in our words, with the factors that it has and the equations have not."""

from __future__ import annotations

from dataclasses import replace

from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss, loss

NAMES = {"squared_error": "half_mse"}
"""scikit-learn's names of losses that have another one here"""


def named(spec: str | Loss) -> Loss:
    """The loss of that name, by scikit-learn's names or ours."""
    return loss(NAMES.get(spec, spec) if isinstance(spec, str) else spec)


def as_trained(record: Loss, n_outputs: int) -> Loss:
    """The loss with which scikit-learn trains: for one output the same, for several with a gradient that is n_outputs times as large.

    Its squared error tells the mean over the outputs and descends by the gradient of their sum; its poisson loss is the sum in both.
    """
    if n_outputs == 1 or record.spec not in ("half_mse", "poisson"):
        return record
    if record.spec == "poisson":
        return replace(record, averages=False)

    def slope(y_hat: Array, y: Array) -> Array:
        return n_outputs * (y_hat - y)

    text = f"{n_outputs} * (y_hat - y)"
    return replace(record, slope=slope, derivative_formula=text, pieces=(record.pieces[0], text))

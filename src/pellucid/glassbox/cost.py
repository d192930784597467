"""J as a function of the flat vector of parameters, on fixed data: what pictures of the cost are drawn from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.equations.propagation import backward, forward, mean_gradient, penalty
from pellucid.glassbox.model import Model
from pellucid.validation import as_inputs, as_masks, as_sample_weight, as_targets


class Cost:
    """J(theta) and its gradient in float64, with the L2 term, sample weights and dropout masks held fixed.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> cost = Cost(net, [[0, 0], [1, 0]], [0, 1])
    >>> abs(cost(net.vector) - net.loss([[0, 0], [1, 0]], [0, 1])) < 1e-12
    True
    """

    def __init__(self, model: Model, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, mask: Any = None) -> None:
        self.architecture, double = model.architecture, np.dtype(np.float64)
        self.theta: Array = model.vector.astype(double)
        self.X = as_inputs(X, self.architecture.sizes[0], double)
        self.Y = as_targets(y, len(self.X), self.architecture, double)
        self.s = as_sample_weight(sample_weight, len(self.X), double)
        self.masks = as_masks(mask, len(self.X), self.architecture, double)
        self.total = float(len(self.X) if self.s is None else self.s.sum())

    def __call__(self, theta: Array) -> float:
        """J; infinite or NaN where it overflows."""
        architecture, objective = self.architecture, self.architecture.objective
        with np.errstate(all="ignore"):
            tape = forward(architecture.activations, architecture.split(theta), self.X, self.masks)
            losses = objective.value(tape.z[-1], tape.f[-1], self.Y)
            data = losses.sum() if self.s is None else (losses * self.s).sum()
            return float(data / self.total + penalty(theta[: architecture.n_weights], architecture.l2, self.total))

    def gradient(self, theta: Array) -> Array:
        """dJ/dtheta, by backward propagation."""
        architecture, parameters = self.architecture, self.architecture.split(theta)
        with np.errstate(all="ignore"):
            tape = forward(architecture.activations, parameters, self.X, self.masks)
            found = backward(architecture.activations, architecture.objective, parameters, tape, self.Y, self.s)
            flat = np.concatenate([dW.reshape(-1) for dW in found.dW] + found.db)
            return mean_gradient(flat, self.total, theta[: architecture.n_weights], architecture.l2)

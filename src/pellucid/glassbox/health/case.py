"""A network together with the data on which it is looked at, and the optimizer that is to move it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, GradientDescent, Optimizer
from pellucid.equations.optimizers import optimizer as as_optimizer
from pellucid.glassbox.model import Model
from pellucid.validation import as_inputs, as_sample_weight, as_targets


@dataclass(frozen=True)
class Case:
    """Arrays that fit each other. A remedy makes another case of it."""

    architecture: Architecture
    vector: Array
    X: Array
    Y: Array
    s: Array | None
    optimizer: Optimizer | LBFGS
    clip_norm: float | None = None
    """how large a gradient may be in a training; it is measured as it is"""

    @staticmethod
    def of(model: Model, X: ArrayLike, y: ArrayLike, s: ArrayLike | None = None, optimizer: str | Optimizer | LBFGS | None = None) -> Case:
        """From a model and what a user hands in, checked; without an optimizer, gradient descent.

        Raises:
            InputError: something does not fit the model.

        """
        architecture, dtype = model.architecture, model.vector.dtype
        inputs = as_inputs(X, architecture.sizes[0], dtype)
        targets = as_targets(y, len(inputs), architecture, dtype)
        rule = GradientDescent() if optimizer is None else as_optimizer(optimizer)
        return Case(architecture, model.vector, inputs, targets, as_sample_weight(s, len(inputs), dtype), rule)

    @property
    def input_size(self) -> float:
        """The root of the mean square of the entries of X: 1 for standardized columns."""
        return float(np.sqrt(np.mean(np.square(self.X, dtype=np.float64))))

    @property
    def rate(self) -> float | None:
        """The learning rate; None for L-BFGS, which has none."""
        return self.optimizer.schedule.learning_rate if isinstance(self.optimizer, Optimizer) else None

    @property
    def step(self) -> str:
        """The step that is measured, in words."""
        name = type(self.optimizer).__name__
        return f"one step of {name} with a learning rate of {self.rate:g}" if self.rate is not None else f"none, {name} looks for its own"

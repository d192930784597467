"""The local derivatives of a computation graph in numbers, and what each does to the derivative that arrives at it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Elementwise
from pellucid.equations.arrays import Array
from pellucid.glassbox.trace import Trace

Pull: TypeAlias = Callable[[Array], Array]

_LARGEST_JACOBIAN = 1_000_000
"""entries; a larger one is applied, but not kept to be shown"""


class Slope(NamedTuple):
    """A local derivative, and how the derivative that arrives is multiplied by it; nothing where there are no samples."""

    value: Array | None
    pull: Pull | None


NOTHING = Slope(None, None)


class Numbers:
    """Computes over one trace, in its convention."""

    def __init__(self, architecture: Architecture, found: Trace, s: Array | None, masks: list[Array | None]) -> None:
        self.architecture, self.trace, self.s, self.masks = architecture, found, s, masks
        self.columns = found.convention == "columns"
        self.total = float(found["x"].shape[1 if self.columns else 0] if s is None else s.sum())

    def _turn(self, value: Array) -> Array:
        """From samples as rows to the convention, or back."""
        return np.ascontiguousarray(value.T) if self.columns else value

    def given(self, name: str) -> Slope:
        """The start of the way back: a derivative of J that the trace has."""
        value = self.trace[name]
        return Slope(value, lambda _: value)

    def through_the_activation(self, layer: int) -> Slope:
        """dz_l = da_l * mask_l * f_l'(z_l), or the Jacobian applied to da_l * mask_l."""
        record, kept = self.architecture.activations[layer - 1], self.masks[layer]
        z = self._turn(self.trace[f"z{layer}"])
        with np.errstate(over="ignore", invalid="ignore"):
            f = record.forward(z)
            if isinstance(record, Elementwise):
                value = self._turn(record.derivative(z, f) * (1 if kept is None else kept))
                return Slope(value, lambda da: da * value)
            m, n = z.shape
            jacobian = None
            if m * n * n <= _LARGEST_JACOBIAN:
                jacobian = record.jacobian(z, f) * (1 if kept is None else kept[:, :, None])

        def pull(da: Array) -> Array:
            rows = self._turn(da)
            return self._turn(record.backward(rows if kept is None else rows * kept, z, f))

        return Slope(jacobian, pull)

    def to_the_weights(self, layer: int) -> Slope:
        """dW_l = dz_l diag(s) a_{l-1}^T / sum s."""
        a = self.trace[f"a{layer - 1}"]
        return Slope(a, lambda dz: (self._weighted(dz) @ a.T if self.columns else a.T @ self._weighted(dz)) / self.total)

    def to_the_biases(self, layer: int) -> Slope:
        """db_l = sum over samples of s dz_l, / sum s."""
        axis = 1 if self.columns else 0
        return Slope(np.ones(()), lambda dz: self._weighted(dz).sum(axis=axis, keepdims=self.columns) / self.total)

    def to_the_layer_before(self, layer: int) -> Slope:
        """da_{l-1} = W_l^T dz_l."""
        turned = self.trace[f"W{layer}"].T
        return Slope(turned, lambda dz: turned @ dz if self.columns else dz @ turned)

    def to_the_penalty(self) -> Slope:
        """dR = 1."""
        one = np.ones(())
        return Slope(one, lambda _: one)

    def out_of_the_penalty(self, layer: int) -> Slope:
        """The share of R in dW_l."""
        value = self.trace[f"W{layer}"] * (self.architecture.l2 / self.total)
        return Slope(value, lambda dR: dR * value)

    def penalty(self) -> Array:
        """R."""
        squares = sum(float((self.trace[f"W{layer.index}"] ** 2).sum()) for layer in self.architecture.layers)
        return np.asarray(self.architecture.l2 * squares / (2 * self.total))

    def _weighted(self, dz: Array) -> Array:
        if self.s is None:
            return dz
        return dz * (self.s if self.columns else self.s[:, None])

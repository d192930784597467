"""One forward and backward pass over a batch, every line of it to be had on its own, so that it can be followed from anywhere.

Everything here is in the columns convention: samples are columns, W_l is n_l x n_{l-1}, b_l a column. A pass has two knobs, for what
is a matter of convention and no mistake: which derivative is taken at a kink, and where the mean over samples is taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.arrays import Array
from pellucid.equations.propagation import forward

KINKS = ("right", "left", "least", "middle", "below", "above")
"""the derivative at a kink of an activation: of the right, of the left, the smaller of the two in size, their mean; at one of the
loss, that from below (-1 for mae) or from above (1), where the right pass takes 0"""
NEAR = 1e-9
"""how far beside a kink of the loss its slope is taken"""
MEANS = ("dW", "dz", "da")
"""the first array that holds the mean over samples: dW and db as a rule; for some dz_L already, or da_L"""


@dataclass(frozen=True, eq=False)
class Pass:
    """The right values of one pass by name (a0, z1, mask1, da2, dz2, dW2 ...), and each backward line as a function."""

    architecture: Architecture
    values: dict[str, Any]
    """forward values, parameters, the functions f1, f1' ... C', and what backward propagation finds"""
    total: float
    """what the sums over samples are divided by: m, or sum(s)"""
    weights: Array
    """s, (m,); ones where none are given"""
    kinks: str = "right"
    mean_in: str = "dW"
    kept: dict[Any, Any] = field(default_factory=dict)
    """what was worked out once and does not change"""

    @property
    def depth(self) -> int:
        """L."""
        return len(self.architecture.layers)

    @property
    def m(self) -> int:
        """How many samples."""
        return int(self.values["y"].shape[1])

    @property
    def weighted(self) -> bool:
        """Whether there are sample weights."""
        return "s" in self.values

    def rule(self, layer: int) -> Activation:
        """The activation of a layer."""
        return self.architecture.activations[layer - 1]

    def names(self) -> Iterator[str]:
        """The quantities in backward order: daL dzL dWL dbL ... dW1 db1 dX."""
        for layer in range(self.depth, 0, -1):
            yield from (f"{kind}{layer}" for kind in ("da", "dz", "dW", "db"))
        yield "dX"

    def shape(self, name: str) -> tuple[int, int]:
        """The right shape of a quantity."""
        kind, layer = parts(name)
        sizes = self.architecture.sizes
        if kind == "dW":
            return sizes[layer], sizes[layer - 1]
        return sizes[layer], 1 if kind == "db" else self.m

    # The backward lines. Each is the derivative of one line of forward propagation.

    def through(self, layer: int, da: Array) -> Array:
        """dz_l from da_l, through a_l = f_l(z_l) * mask_l."""
        if da is self.values[f"da{layer}"]:
            return self.values[f"dz{layer}"]  # of the last layer the fused form, exact where da_L overflows
        mask = self.values.get(f"mask{layer}")
        return backward_through(self.rule(layer), da if mask is None else da * mask, *self._forward(layer), self.kinks)

    def before(self, layer: int, dz: Array) -> Array:
        """da_{l-1} from dz_l, through z_l = W_l a_{l-1} + b_l."""
        return self.values[f"W{layer}"].T @ dz

    def lead(self, dz: Array) -> Array:
        """dz_l as it enters the sums over samples: s_i / sum(s) of each, unless that is in dz_l already."""
        return dz * (self.weights / self.total) if self.mean_in == "dW" else dz

    def weight_part(self, layer: int, dz: Array) -> Array:
        """dW_l from dz_l, without the L2 term."""
        return self.lead(dz) @ self.values[f"a{layer - 1}"].T

    def ridge(self, layer: int) -> Array | None:
        """The L2 term of dW_l."""
        l2 = self.architecture.l2
        return self.values[f"W{layer}"] * (l2 / self.total) if l2 else None

    def bias_part(self, layer: int, dz: Array) -> Array:
        """db_l from dz_l."""
        return self.lead(dz).sum(axis=1, keepdims=True)

    def _forward(self, layer: int) -> tuple[Array, Array]:
        return self.values[f"z{layer}"], self.values[f"h{layer}"]

    def under(self, kinks: str | None = None, mean_in: str | None = None) -> Pass:
        """The same pass with a knob turned."""
        turned = replace(self, kinks=kinks or self.kinks, mean_in=mean_in or self.mean_in, values=dict(self.values), kept={})
        turned._backward()
        return turned

    @property
    def on_a_kink(self) -> bool:
        """Whether some z_l, or some error, lies exactly on a kink."""
        at = (self.values[f"z{layer}"] == kink for layer in range(1, self.depth + 1) for kink in self.rule(layer).kinks)
        error = self.values[f"a{self.depth}"] - self.values["y"]
        return any(hit.any() for hit in at) or any((error == kink).any() for kink in self.architecture.loss.kinks)

    def _backward(self) -> None:
        values, loss = self.values, self.architecture.loss
        last, y = self.depth, values["y"]
        lead = self.weights / self.total
        for layer in range(1, last + 1):
            values[f"f{layer}'"] = _slope(self.rule(layer), self.kinks)
        da = loss.derivative(values[f"a{last}"].T, y.T).T
        dz = self.architecture.objective.backward(values[f"z{last}"].T, values[f"a{last}"].T, y.T).T
        if self.kinks in ("below", "above"):
            error = values[f"a{last}"] - y
            for kink in loss.kinks:
                little = NEAR * np.maximum(1, np.abs(y)) * (-1 if self.kinks == "below" else 1)
                beside = loss.derivative((y + kink + little).T, y.T).T
                da = np.where(error == kink, beside, da)
        if self.kinks != "right":
            dz = backward_through(self.rule(last), da, *self._forward(last), self.kinks)
        values[f"da{last}"] = da * lead if self.mean_in == "da" else da
        dz = dz if self.mean_in == "dW" else dz * lead
        for layer in range(last, 0, -1):
            values[f"dz{layer}"] = dz
            ridge = self.ridge(layer)
            values[f"dW{layer}"] = self.weight_part(layer, dz) + (0 if ridge is None else ridge)
            values[f"db{layer}"] = self.bias_part(layer, dz)
            da = self.before(layer, dz)
            values[named("da", layer - 1)] = da
            if layer > 1:
                mask = values.get(f"mask{layer - 1}")
                dz = backward_through(self.rule(layer - 1), da if mask is None else da * mask, *self._forward(layer - 1), self.kinks)


@lru_cache(maxsize=4096)
def parts(name: str) -> tuple[str, int]:
    """dW2 -> (dW, 2); dX is the da of layer 0."""
    kind = re.sub(r"\d", "", name)
    return ("da", 0) if kind == "dX" else (kind, int(name.removeprefix(kind)))


def named(kind: str, layer: int) -> str:
    """The way back."""
    return "dX" if (kind, layer) == ("da", 0) else f"{kind}{layer}"


def forward_pass(
    architecture: Architecture, vector: Array, X: Array, Y: Array, s: Array | None = None, masks: list[Array | None] | None = None
) -> Pass:
    """The pass of a network over a batch; X, Y, s and the masks as the engines take them (samples are rows), in float64."""
    parameters = architecture.split(vector)
    with np.errstate(all="ignore"):
        tape = forward(architecture.activations, parameters, X, masks)
        values: dict[str, Any] = {"y": Y.T, "x": X.T, "a0": X.T, "m": len(X), "n": Y.shape[1]}
        for layer, (W, b) in enumerate(parameters, start=1):
            values |= {f"W{layer}": W.T, f"b{layer}": b[:, None], f"z{layer}": tape.z[layer].T, f"a{layer}": tape.a[layer].T}
            values[f"h{layer}"] = tape.f[layer].T
            values[f"f{layer}"] = _columns(architecture.activations[layer - 1].forward)
            if (mask := tape.mask[layer]) is not None:
                values[f"mask{layer}"] = mask.T
        values["y_hat"] = tape.a[-1].T
        values["C'"] = lambda a, y: architecture.loss.derivative(a.T, y.T).T
        values["C"] = lambda a, y: architecture.loss.contribution(a, y) / (len(a) if architecture.loss.averages else 1)
        weights = np.ones(len(X)) if s is None else s
        if s is not None:
            values["s"] = s
        found = Pass(architecture, values, float(weights.sum()), weights)
        found._backward()
    return found


def _columns(function: Callable[[Array], Array]) -> Callable[[Array], Array]:
    def compute(z: Array) -> Array:
        return function(z.T).T

    return compute


def backward_through(rule: Activation, da: Array, z: Array, h: Array, kinks: str = "right") -> Array:
    """dz from da, through h = f(z); columns."""
    right = rule.backward(da.T, z.T, h.T).T
    if kinks not in ("left", "least", "middle") or not rule.kinks:
        return right
    return _at_kink(kinks, right, rule.backward(da.T, _left_of(rule, z).T, h.T).T)


def _slope(rule: Activation, kinks: str) -> Callable[[Array], Array]:
    """f' of a layer as a function of z."""

    def compute(z: Array) -> Array:
        if isinstance(rule, Softmax):
            h = rule.forward(z.T).T
            return h * (1 - h)
        return backward_through(rule, np.ones_like(z), z, rule.forward(z), kinks)

    return compute


def _left_of(rule: Activation, z: Array) -> Array:
    for kink in rule.kinks:
        z = np.where(z == kink, np.nextafter(kink, -np.inf), z)
    return z


def _at_kink(kinks: str, right: Array, left: Array) -> Array:
    if kinks == "left":
        return left
    if kinks == "least":
        return np.where(np.abs(left) < np.abs(right), left, right)
    return (left + right) / 2

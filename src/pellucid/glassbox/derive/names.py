"""The names that the equations of a network are made of, in one of the two conventions, and what they stand for in a sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Elementwise, Softmax
from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol, rebuilt
from pellucid.glassbox.model import Model
from pellucid.glassbox.trace import trace
from pellucid.validation import as_masks

OF_UNITS = {"x", "a", "h", "z", "y", "y_hat", "D", "q", "da", "dz"}
"""values that have an entry for each unit of each sample"""
OF_SAMPLES = OF_UNITS | {"l", "s"}
m, S, ALPHA, LAMBDA = Symbol("m"), Symbol("S"), Symbol("alpha"), Symbol("lambda")
"""samples, sum of the sample weights, learning rate, strength of L2"""
J, y, y_hat = Symbol("J"), Symbol("y"), Symbol("y_hat")


@dataclass(frozen=True)
class Doubled:
    """A model in double precision, so that the equations and the values agree to the last digits."""

    architecture: Architecture
    vector: Array

    @staticmethod
    def of(model: Model) -> Doubled:
        """The model with its parameters as float64."""
        return Doubled(model.architecture, np.asarray(model.vector, dtype=np.float64))


@dataclass(frozen=True)
class Names:
    """What a network's equations look like: sizes, rules, and which of the optional parts (weights, masks, L2) are there."""

    architecture: Architecture
    columns: bool
    m: int | None
    """how many samples; None where none are given"""
    weighted: bool
    masked: frozenset[int]
    """the layers that have a dropout mask"""

    @property
    def last(self) -> int:
        """L."""
        return len(self.architecture.activations)

    @property
    def n_outputs(self) -> int:
        """n_L."""
        return self.architecture.sizes[-1]

    def rule(self, layer: int) -> Activation:
        """The activation of a layer."""
        return self.architecture.activations[layer - 1]

    @property
    def sample_axis(self) -> int:
        """The axis that the samples lie along."""
        return 1 if self.columns else 0

    @property
    def unit_axis(self) -> int:
        """The axis that the units lie along."""
        return 1 - self.sample_axis

    def a(self, layer: int) -> Symbol:
        """a_l, x for the input."""
        return Symbol("a", layer) if layer else Symbol("x")

    def f(self, layer: int) -> Symbol:
        """f_l(z_l) before dropout: h_l where there is a mask, else a_l."""
        return Symbol("h", layer) if layer in self.masked else Symbol("a", layer)

    def W(self, layer: int) -> Symbol:
        """W_l."""
        return Symbol("W", layer)

    def product(self, W: Expression, a: Expression) -> nodes.MatMul:
        """W a, or a W."""
        return nodes.MatMul((W, a) if self.columns else (a, W))

    @property
    def mean(self) -> Expression | None:
        """What a sum over samples is divided by; None for a single sample without a weight."""
        return S if self.weighted else None if self.m == 1 else m

    def averaged(self, total: Expression) -> Expression:
        """1/m times a sum."""
        return total if self.mean is None else nodes.Multiply((nodes.Divide(nodes.Number(1), self.mean), total))

    def shape(self, *sizes: int | str | None) -> tuple[int | str, ...]:
        """Units by samples in columns, turned round in rows; None is the number of samples."""
        found = tuple((self.m or "m") if size is None else size for size in sizes)
        return found if self.columns else found[::-1]

    def of_sample(self, tree: Expression, i: int | str = "i") -> Expression:
        """The tree as it is for one sample."""

        def replaced(node: Expression) -> Expression | None:
            if not isinstance(node, Symbol) or node.name not in OF_SAMPLES:
                return None
            return Symbol(node.name, node.layer, node.index, i, node.base, 0 if not self.columns else -1)

        return rebuilt(tree, replaced)


def of_unit(tree: Expression, k: int | str) -> Expression:
    """The tree as it is for one unit; sums over units in it stay as they are."""

    def replaced(node: Expression) -> Expression | None:
        if isinstance(node, nodes.SumOverUnits):
            return node
        if isinstance(node, Symbol) and node.name in OF_UNITS:
            return Symbol(node.name, node.layer, (k,), node.sample, node.base, node.sample_axis)
        return None

    return rebuilt(tree, replaced)


@dataclass(frozen=True)
class Sample:
    """The rows that a derivation is filled in with."""

    X: ArrayLike
    y: ArrayLike
    sample_weight: ArrayLike | None
    mask: Any


def values_of(model: Model, names: Names, sample: Sample) -> dict[str, Any]:
    """What every name stands for: the values of the trace, and what the equations need besides."""
    convention = "columns" if names.columns else "rows"
    traced = trace(model, sample.X, sample.y, convention, sample.sample_weight, sample.mask)
    values: dict[str, Any] = dict(traced)
    values |= {name: traced[name] for name in ("x", "y", "y_hat", "error")}
    values |= {name: traced[name] for layer in range(1, names.last + 1) for name in (f"W{layer}", f"b{layer}")}
    values["m"], values["lambda"] = len(traced["l"]), names.architecture.l2

    def line(numbers: Array) -> Array:
        return numbers[None, :] if names.columns else numbers[:, None]

    values["l"] = line(traced["l"])
    values["C"], values["C'"] = names.architecture.loss.contribution, names.architecture.loss.slope
    if sample.sample_weight is not None:
        s = np.asarray(sample.sample_weight, dtype=np.float64)
        values["s"], values["S"] = line(s), np.asarray(s.sum())
    masks = as_masks(sample.mask, values["m"], names.architecture, np.dtype(np.float64))
    for layer in range(1, names.last + 1):
        rule = names.rule(layer)
        values[f"f{layer}"] = forward = _forward(rule, names.columns)
        with np.errstate(all="ignore"):
            f = forward(values[f"z{layer}"])
        if layer in names.masked:
            assert masks is not None
            kept = masks[layer]
            assert kept is not None
            values[f"h{layer}"], values[f"D{layer}"] = f, kept.T if names.columns else kept
        if isinstance(rule, Elementwise):
            values[f"f{layer}'"] = _derivative(rule)
            with np.errstate(all="ignore"):
                values[f"f{layer}'(z{layer})"] = rule.derivative(values[f"z{layer}"], f)
        else:
            z, a = (values[f"z{layer}"].T, f.T) if names.columns else (values[f"z{layer}"], f)
            values[f"jacobian{layer}"] = rule.jacobian(z[:1], a[:1])[0]
            if isinstance(rule, Softmax) and rule.groups:
                values[f"G{layer}"] = rule.same_group(names.architecture.sizes[layer])
    if (names.rule(names.last).name, names.architecture.loss.name) == ("softmax", "log_loss"):
        values |= _others(names, values["y"], values["y_hat"])
    return values


def _others(names: Names, targets: Array, outputs: Array) -> dict[str, Array]:
    """N, which adds up the other entries, and q = (1 - y) a / (1 - a)."""
    rule, n = names.rule(names.last), names.n_outputs
    others = (rule.same_group(n) if isinstance(rule, Softmax) else np.ones((n, n))) - np.eye(n)
    with np.errstate(all="ignore"):
        rest = others @ outputs if names.columns else outputs @ others
        share = (1 - targets) * outputs
        return {"N": others, f"q{names.last}": np.where((share == 0) & (rest == 0), 0.0, share / rest)}


def _forward(rule: Activation, columns: bool) -> Any:
    def f(z: Any) -> Any:
        z = np.asarray(z, dtype=np.float64)
        return rule.forward(z.T).T if columns and z.ndim == 2 else rule.forward(z)

    return f


def _derivative(rule: Elementwise) -> Any:
    def derivative(z: Any) -> Any:
        z = np.asarray(z, dtype=np.float64)
        return rule.derivative(z, rule.forward(z))

    return derivative

"""What all forms of a derivation share: the names, the values, and the formulas of the layers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pellucid.architecture import Architecture
from pellucid.equations.activations import Softmax
from pellucid.equations.records import ARGUMENTS, is_formula
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Expression, Symbol
from pellucid.glassbox.derivation import Step
from pellucid.glassbox.derive import pairs, softmax
from pellucid.glassbox.derive.formulas import formula_or
from pellucid.glassbox.derive.names import LAMBDA, Names, y, y_hat


@dataclass(frozen=True)
class Builder:
    """The names of a network, and the values they have in a sample (or none)."""

    names: Names
    values: dict[str, Any]

    @property
    def architecture(self) -> Architecture:
        """Sizes, rules, loss."""
        return self.names.architecture

    @property
    def sizes(self) -> tuple[int, ...]:
        """n_0 .. n_L."""
        return self.architecture.sizes

    def step(self, symbol: str, left: Expression, sides: tuple[Expression, ...], rule: str, part: str, **more: Any) -> Step:
        """A step whose value is the one of that name, unless another is given."""
        return Step(symbol, left, sides, rule, part, value=more.pop("value", self.values.get(symbol)), **more)

    # --- the formulas of the records ---

    def activated(self, layer: int) -> Expression:
        """f_l(z_l) written out."""
        z, record = Symbol("z", layer), self.names.rule(layer)
        if isinstance(record, Softmax):
            return softmax.softmax(self.names, layer, z)
        return formula_or(Call("f", (z,), 0, layer), record.formula, {"z": z})

    def slope(self, layer: int) -> Expression:
        """f_l'(z_l) written out, in z_l and f_l(z_l)."""
        z = Symbol("z", layer)
        return formula_or(Call("f", (z,), 1, layer), self.names.rule(layer).derivative_formula, {"z": z, "a": self.names.f(layer)})

    @cached_property
    def contribution(self) -> Expression:
        """What each output adds to the loss of a sample, in y_hat and y."""
        return formula_or(Call("C", (y_hat, y)), self.architecture.loss.formula, {"y_hat": y_hat, "y": y})

    @cached_property
    def loss_slope(self) -> Expression:
        """Its derivative by y_hat."""
        return formula_or(Call("C", (y_hat, y), 1), self.architecture.loss.derivative_formula, {"y_hat": y_hat, "y": y})

    @property
    def shares(self) -> bool:
        """Whether the loss is a mean over more than one output."""
        return self.architecture.loss.averages and self.names.n_outputs > 1

    @cached_property
    def sums_to_one(self) -> bool:
        """Whether the targets of each sample do, up to rounding; assumed where there are none.

        With one output nothing else is left of dz = a sum(y) - y than that rounding, so there it counts.
        """
        if not self.values:
            return True
        rounding = 1e-14 if self.names.n_outputs > 1 else 0.0
        y = self.values["y"] if self.names.unit_axis else self.values["y"].T
        heads = self.architecture.heads or (slice(None),)
        return bool(max(abs(y[:, head].sum(axis=1) - 1).max() for head in heads) <= rounding)

    @cached_property
    def way(self) -> pairs.Way | None:
        """How the output activation and the loss cancel, if they do, for whole arrays."""
        pair, last = self.architecture.objective.fused, self.names.last
        if pair is None:
            return None
        z, a = Symbol("z", last), Symbol("a", last)
        match self.key:
            case ("softmax", "cross_entropy"):
                return softmax.softmax_cross_entropy(self.names, pair, z, a, y, self.sums_to_one)
            case ("softmax", "log_loss"):
                return softmax.softmax_log_loss(self.names, pair, z, a, y)
        return pairs.ENTRY_BY_ENTRY[self.key](pair, z, a, y)

    @property
    def key(self) -> tuple[str, str]:
        """The names of the output activation and of the loss."""
        return self.names.rule(self.names.last).name, self.architecture.loss.name

    def with_penalty(self, data: Expression, W: Expression) -> Expression:
        """A gradient plus lambda W / m, where there is L2."""
        if not self.architecture.l2:
            return data
        share = LAMBDA if self.names.mean is None else nodes.Divide(LAMBDA, self.names.mean)
        return data + nodes.Multiply((share, W))

    # --- words for the rules ---

    def affine_text(self, layer: int) -> str:
        """The forward line of z_l."""
        W, a, b = f"W^[{layer}]", f"a^[{layer - 1}]" if layer > 1 else "x", f"b^[{layer}]"
        return f"z^[{layer}] = {W} {a} + {b}" if self.names.columns else f"z^[{layer}] = {a} {W} + {b}"

    def activation_text(self, layer: int) -> str:
        """The forward line of a_l."""
        mask = f", times the mask D^[{layer}]" if layer in self.names.masked else ""
        spec = self.names.rule(layer).spec
        return f"a^[{layer}] = {f'f^[{layer}]' if is_formula(spec, ARGUMENTS) else spec}(z^[{layer}]){mask}"

    @property
    def mean_text(self) -> str:
        """How a sum over samples becomes a mean."""
        return "divided by S, the sum of their weights" if self.names.weighted else "divided by m"

    @property
    def penalty_text(self) -> str:
        """What L2 adds to dW."""
        return "; the L2 penalty adds lambda W" + ("" if self.names.mean is None else " / S" if self.names.weighted else " / m")

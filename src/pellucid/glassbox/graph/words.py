"""What stands at the nodes and edges of a computation graph, in LaTeX: equations, local derivatives, and what comes of them."""

from __future__ import annotations

from typing import NamedTuple

from pellucid.architecture import Architecture
from pellucid.equations.activations import CATALOGUE, Elementwise, Softmax
from pellucid.glassbox.notation import from_text


class Link(NamedTuple):
    """The texts of one backward edge; see `BackwardEdge`."""

    derivative: str
    formula: str
    detail: str
    result: str
    rule: str


class Words:
    """Writes for one architecture and convention; ``weighted`` says that there are sample weights, ``dropped`` which layers have a mask."""

    def __init__(self, architecture: Architecture, columns: bool, weighted: bool, dropped: set[int]) -> None:
        self.architecture, self.columns, self.weighted, self.dropped = architecture, columns, weighted, dropped
        self.last = len(architecture.layers)
        self.total = r"\sum\,s" if weighted else "m"

    # Symbols

    def at(self, letter: str, layer: int) -> str:
        """W^{[l]} and the like; a^{[0]} is x."""
        return "x" if letter == "a" and layer == 0 else f"{letter}^{{[{layer}]}}"

    def mask(self, layer: int) -> str:
        """The dropout mask of a layer."""
        return self.at(r"\operatorname{mask}", layer)

    def rule(self, layer: int) -> str:
        """The activation of a layer: its name, or f_l where it has none."""
        name = self.architecture.activations[layer - 1].spec.partition("(")[0]
        return rf"\operatorname{{{_word(name)}}}" if name in CATALOGUE else f"f_{{{layer}}}"

    # Forward

    def score(self, layer: int) -> str:
        """z_l = W_l a_{l-1} + b_l."""
        product = [self.at("W", layer), self.at("a", layer - 1)]
        return rf"{self.at('z', layer)} = {_product(product, self.columns)} + {self.at('b', layer)}"

    def output(self, layer: int) -> str:
        """a_l = f_l(z_l)."""
        names = rf"{self.at('a', layer)} = \hat{{y}}" if layer == self.last else self.at("a", layer)
        dropped = rf" \odot {self.mask(layer)}" if layer in self.dropped else ""
        return f"{names} = {self.rule(layer)}({self.at('z', layer)}){dropped}"

    def what_the_rule_is(self, layer: int) -> str:
        """The parameters of an activation, or the formula that it is; empty where its name says all."""
        record = self.architecture.activations[layer - 1]
        name, _, inside = record.spec.partition("(")
        if name == "softmax" and inside:
            return rf"\text{{groups of }}{inside.rstrip(')')}\text{{ units; }}G = 1\text{{ in each}}"
        if name in CATALOGUE:
            return inside.rstrip(")").replace("_", r"\_").replace("=", " = ")
        return f"{self.rule(layer)}(z) = {from_text(record.formula, {})}"

    def cost(self) -> str:
        """J."""
        each = r"\sum\,s\,\ell / \sum\,s" if self.weighted else r"\sum\,\ell / m"
        return f"J = {each}{' + R' if self.architecture.l2 else ''}"

    def loss(self) -> str:
        """Which loss it is."""
        spec = self.architecture.loss.spec
        name, _, inside = spec.partition("(")
        if name and name.isidentifier() and (not inside or "=" in inside):
            return rf"\ell = \operatorname{{{_word(name)}}}(\hat{{y}}, y)" + (rf"\text{{, {inside.rstrip(')')}}}" if inside else "")
        return rf"\ell = {from_text(spec, _Y_HAT)}"

    def penalty(self) -> str:
        """R."""
        return rf"R = \lambda\,\sum\,\Vert W \Vert^{{2}} / (2\,{self.total})"

    # Backward

    def out_of_the_cost(self) -> Link:
        """J -> a_L."""
        a, slope = self.at("a", self.last), r"\ell'(\hat{y}, y)"
        detail = f"{slope} = {self._over_outputs(from_text(self.architecture.loss.derivative_formula, _Y_HAT))}"
        rule = "of the loss of each sample; the mean over the samples is taken at W and b"
        return Link(_derivative("J", a), slope, detail, f"d{a} = {slope}", rule)

    def fused(self) -> Link | None:
        """J -> z_L at one step, where the two of them have an exact common derivative."""
        pair, layer = self.architecture.objective.fused, self.last
        if pair is None:
            return None
        z, groups = self.at("z", layer), "; the sum runs over the group of the unit" if self.architecture.heads else ""
        formula = self._over_outputs(from_text(pair.dz_formula, {"a": self.at("a", layer), "z": z}))
        return Link(_derivative("J", z), formula, "", f"d{z} = {formula}", f"loss and output activation together, which is exact{groups}")

    def through_the_activation(self, layer: int) -> Link:
        """a_l -> z_l."""
        record = self.architecture.activations[layer - 1]
        a, z, rule = self.at("a", layer), self.at("z", layer), self.rule(layer)
        dropped = rf"{self.mask(layer)} \odot " if layer in self.dropped else ""
        if not isinstance(record, Elementwise):
            formula = r"\operatorname{diag}(a) - a\,a^{\top}"
            detail = r"\frac{\partial a_{i}}{\partial z_{k}} = a_{i}\,(1 - a_{i})\text{ if }i = k\text{ else }-a_{i}\,a_{k}"
            if isinstance(record, Softmax) and record.groups:
                formula = r"\operatorname{diag}(a) - G \odot a\,a^{\top}"
                detail += r"\text{, where }G_{ik} = 1\text{, within a group; }0\text{ between groups}"
            inner = rf"({self.mask(layer)} \odot d{a})" if dropped else f"d{a}"
            return Link(_derivative(a, z), formula, detail, rf"d{z} = ({formula})\,{inner}", "the Jacobian, for each sample")
        slope = f"{rule}'({z})"
        detail = f"{slope} = {from_text(record.derivative_formula, {'z': z, 'a': f'{rule}({z})' if dropped else a})}"
        return Link(_derivative(a, z), f"{dropped}{slope}", detail, rf"d{z} = d{a} \odot {dropped}{slope}", "element by element")

    def to_the_weights(self, layer: int) -> Link:
        """z_l -> W_l."""
        z, W, before = self.at("z", layer), self.at("W", layer), self.at("a", layer - 1)
        product = [f"d{z}", _transposed(before)]
        result = f"d{W} = {_product(product, self.columns, self.weighted)} / {self.total}"
        ridge = rf" + \lambda\,{W} / {self.total}" if self.architecture.l2 else ""
        return Link(_derivative(z, W), before, "", result + ridge, "outer product, mean over the samples")

    def to_the_biases(self, layer: int) -> Link:
        """z_l -> b_l."""
        z, b = self.at("z", layer), self.at("b", layer)
        s = r"s\," if self.weighted else ""
        result = rf"d{b} = \sum\,{s}d{z} / {self.total}"
        return Link(_derivative(z, b), "1", "", result, "mean over the samples")

    def to_the_layer_before(self, layer: int) -> Link:
        """z_l -> a_{l-1}."""
        z, before = self.at("z", layer), self.at("a", layer - 1)
        turned = _transposed(self.at("W", layer))
        result = f"d{before} = {_product([turned, f'd{z}'], self.columns)}"
        return Link(_derivative(z, before), turned, "", result, "matrix product")

    def to_the_penalty(self) -> Link:
        """J -> R."""
        return Link(_derivative("J", "R"), "1", "", "dR = 1", "J is a sum")

    def out_of_the_penalty(self, layer: int) -> Link:
        """R -> W_l."""
        W = self.at("W", layer)
        slope = rf"\lambda\,{W} / {self.total}"
        return Link(_derivative("R", W), slope, "", rf"d{W} = \cdots + {slope}", "added to what comes by the data")

    def _over_outputs(self, formula: str) -> str:
        """A formula over the number of outputs, where the loss is a mean over them."""
        n = self.architecture.sizes[-1]
        if not self.architecture.loss.averages or n == 1:
            return formula
        return f"({formula}) / {n}" if any(sign in formula for sign in (" + ", " - ", "if")) else f"{formula} / {n}"


_Y_HAT = {"y_hat": r"\hat{y}"}


def _word(name: str) -> str:
    return name.replace("_", r"\_")


def _product(factors: list[str], columns: bool, weighted: bool = False) -> str:
    """The factors in the order of the columns convention, or the other way round; with diag(s) between them."""
    between = r"\,\operatorname{diag}(s)\," if weighted else r"\,"
    return between.join(factors if columns else reversed(factors))


def _derivative(of: str, by: str) -> str:
    return rf"\frac{{\partial {of}}}{{\partial {by}}}"


def _transposed(symbol: str) -> str:
    """x^T, a^{[1] T}."""
    return f"{symbol[:-1]}\\top}}" if symbol.endswith("}") else f"{symbol}^{{\\top}}"

r"""Derivatives within a written side: \frac{dJ}{dw}, chains of them, local ones, and those of expressions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.equations.activations import Elementwise
from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name, Norm, Product
from pellucid.glassbox.written.derivatives import COST, Link, contracted, jacobian, ordered, shape
from pellucid.glassbox.written.functions import Functions
from pellucid.glassbox.written.names import LOSSES, NoValue, Quantity, names
from pellucid.glassbox.written.places import walk

SMOOTH = ("exp", "log", "ln", "sqrt", "sin", "cos", "tanh", "sinh", "cosh", "expm1", "log1p", "power")
"""functions that take complex numbers, so that a derivative is to be had exactly by an imaginary step"""


class Differentials(Functions):
    """Differentiating."""

    def product(self, tree: Product) -> Any:
        """Factors, of whatever kind the product is; derivatives among them as a chain."""
        factors, signs = self.chained(tree)
        result = factors[0]
        for value, sign in zip(factors[1:], signs, strict=True):
            result = self.joined(result, value, sign)
        return result

    def chained(self, tree: Product) -> tuple[list[Any], list[str]]:
        """The values of the factors; those that are links of one chain come to one value."""
        factors, signs = self.flat(tree)
        links = [self.link(factor) for factor in factors]
        chosen = [index for index, link in enumerate(links) if link is not None]
        chain = None
        while len(chosen) > 1 and (chain := ordered([link for index in chosen if (link := links[index]) is not None])) is None:
            chosen = chosen[:-1]  # dJ/dz at the front, and more behind that is no link
        if chain is None or all(isinstance(factors[index], Name) for index in chosen):
            return [self.value(factor) for factor in tree.factors], list(tree.signs)
        values: list[Any] = []
        between: list[str] = []
        for index, factor in enumerate(factors):
            if index in chosen[1:]:
                continue
            if values:
                between.append(signs[index - 1])
            values.append(self.whole_chain(chain) if index == chosen[0] else self.value(factor))
        return values, between

    def link(self, tree: Expression) -> Link | None:
        """A derivative as a link of a chain; dz is the derivative of the loss by z."""
        try:
            match tree:
                case nodes.Derivative(Name() as of, Name() as by):
                    return self._link(self.quantity(of), self.quantity(by))
                case nodes.Derivative(Apply(Name(base)), Name() as by) if base in LOSSES:
                    return self._link(Quantity("l"), self.quantity(by))
                case Name(d=True) | Name(base="delta"):
                    found = self.quantity(tree)
                    if found.kind in ("z", "a", "x"):
                        return self._link(Quantity("l"), replace(found, d=False))
        except NoValue:
            return None
        return None

    def _link(self, of: Quantity, by: Quantity) -> Link | None:
        if of.kind not in (*COST, "z", "a", "h", "x") or of.d or by.d:
            return None
        return Link(replace(of, index=(), sample=""), replace(by, index=(), sample=""), self._places(of), self._places(by))

    def _places(self, found: Quantity) -> tuple[int, ...]:
        places = tuple(self.place(part, found.code) for part in found.index)
        full = shape(self.world, found)
        if found.kind == "W":
            if len(places) == 1 and 1 in full:
                places = (0, places[0]) if full[0] == 1 else (places[0], 0)
            elif not self.world.columns:
                places = places[::-1]
        elif not places and full == (1,):
            places = (0,)
        if any(not 0 <= place < size for place, size in zip(places, full, strict=False)):
            raise NoValue("index", f"an index of {found.key} is too large")
        return places

    def whole_chain(self, chain: Sequence[Link]) -> Any:
        """A chain from the cost: for each sample, or its mean over them; another chain for one sample."""
        first, last = chain[0], chain[-1]
        samples = [self.i] if self.i is not None else list(range(self.world.m))
        parts = [contracted(self.world, chain, i) for i in samples]
        if first.of.kind in COST:
            return self.laid(last.by, last.by_at, parts)
        if len(parts) > 1 and not all(part.shape == () or np.array_equal(part, parts[0]) for part in parts):
            raise NoValue("shape", "a Jacobian is of one sample")
        return parts[0] if len(parts) == 1 or parts[0].ndim else self._row(parts)

    def laid(self, by: Quantity, at: tuple[int, ...], parts: list[Array]) -> Any:
        """Derivatives of the loss, sample by sample, as an array in the convention; of a parameter the mean."""
        weights = np.asarray(self.world.values["s"]).reshape(-1)
        share = weights / weights.sum()
        if by.kind in ("W", "b"):
            mean = parts[0] if self.i is not None and len(parts) == 1 else sum(w * part for w, part in zip(share, parts, strict=True))
            if np.ndim(mean) == 2 and not self.world.columns:
                return np.asarray(mean).T
            if np.ndim(mean) == 1 and self.world.columns:
                return np.asarray(mean)[:, None]
            return mean
        laid = np.stack(parts, axis=1 if self.world.columns else 0) if parts[0].ndim else self._row(parts)
        return laid / self.world.m if self.reading.mean else laid

    def _row(self, parts: list[Array]) -> Any:
        if len(parts) == 1:
            return float(parts[0])
        row = np.array([float(part) for part in parts])
        return row[None, :] if self.world.columns else row[:, None]

    def derivative(self, tree: nodes.Derivative) -> Any:
        """A derivative on its own."""
        link = self.link(tree)
        if link is None:
            return self.varied(tree)
        of, by = link.of, link.by
        sample = self.quantity(tree.by).sample if isinstance(tree.by, Name) else ""
        if sample and self.i is None and of.kind not in COST:
            self.i = self.place(sample, False)
            found = self.derivative(tree)
            self.i = None
            return found
        if of.kind in COST:
            key = replace(by, d=True)
            if by.kind == "y":
                samples = [self.i] if self.i is not None else list(range(self.world.m))
                return self.laid(by, link.by_at, [jacobian(self.world, link, i) for i in samples])
            if not isinstance(tree.by, Name):
                raise NoValue("name", "a derivative by what is no name")
            index = self.quantity(tree.by)
            return self.entry(replace(key, index=index.index, sample=index.sample, code=index.code), tree.by)
        if (not link.of_at and not link.by_at) or (link.of_at == (0,) and not link.by_at):
            local = self.local(of, by)
            if local is not None:
                return local
        found = self.whole_chain([link])
        if np.ndim(found) == 1 and self.i is not None:
            return np.asarray(found)[:, None] if self.world.columns else np.asarray(found)[None, :]
        return found

    def local(self, of: Quantity, by: Quantity) -> Any:
        """The local derivatives in the shape in which they are written: f'(z) for a by z, x for z by W, 1 for z by b, W for z by a."""
        layer, world = of.layer, self.world
        if of.kind == "a" and (by.kind, by.layer) == ("z", layer) and layer is not None and isinstance(world.rule(layer), Elementwise):
            z = self._whole_of("z", layer)
            return self._slope(layer, z)
        if of.kind == "z" and layer is not None:
            before = ("x", None) if layer == 1 else ("a", layer - 1)
            if (by.kind, by.layer) == ("W", layer):
                return self._whole_of(*before)
            if (by.kind, by.layer) == ("b", layer):
                return 1.0
            if (by.kind, by.layer) == before:
                return world.values[f"W{layer}"]
        return None

    def _whole_of(self, kind: str, layer: int | None) -> Any:
        return self.entry(Quantity(kind, layer=layer), Name(kind))

    def _slope(self, layer: int, z: Array) -> Array:
        rule, columns = self.world.rule(layer), self.world.columns
        rows = z.T if columns else z
        assert isinstance(rule, Elementwise)
        slope = rule.derivative(rows, rule.forward(rows))
        mask = self.world.values.get(f"mask{layer}")
        found = slope.T if columns else slope
        if mask is None:
            return found
        return found * (mask if self.i is None else self.world.sample(mask, self.i))

    def varied(self, tree: nodes.Derivative) -> Any:
        """The derivative of an expression by a name that stands in it, by differences of high order; entry by entry."""
        if not isinstance(tree.by, Name):
            raise NoValue("name", "a derivative by what is no name")
        by = self.quantity(tree.by)
        if by.index:
            raise NoValue("name", "a derivative of an expression by an entry")
        if isinstance(tree.of, Name) and (of := self.quantity(tree.of)).key != by.key:
            raise NoValue("dependence", f"{of.key} does not depend on {by.key}", tree.of.at)
        self.independent(tree.of, by)
        base, key = self.whole(replace(by, sample="")), by.key
        if all(node.function.base in SMOOTH for node in walk(tree.of) if isinstance(node, Apply)) and not _has_cases(tree.of):
            self.moved[key] = base + 1e-30j
            found = np.imag(self.value(tree.of)) / 1e-30
            del self.moved[key]
            return found
        steps = []
        for step in (4e-3, 2e-3, 1e-3, 5e-4):
            sides = []
            for sign in (1, -1):
                self.moved[key] = base + sign * step
                sides.append(np.asarray(self.value(tree.of)))
            steps.append((sides[0] - sides[1]) / (2 * step))
        del self.moved[key]
        for order in range(1, len(steps)):
            steps = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(steps)]
        return steps[0]

    def independent(self, tree: Expression, by: Quantity) -> None:
        """Refuse an expression in which what is varied moves something else too."""
        for name in names(tree):
            try:
                found = self.quantity(name)
            except NoValue:
                continue
            if found.kind in ("z", "a", "J", "l") and found.key != by.key:
                raise NoValue("dependence", f"{found.key} within a derivative by {by.key}", name.at)

    def flat(self, tree: Product) -> tuple[list[Expression], list[str]]:
        """The factors, those of brackets that hold nothing but links too."""
        factors: list[Expression] = []
        signs: list[str] = []
        for position, factor in enumerate(tree.factors):
            inner = isinstance(factor, Product) and all(self.link(part) is not None for part in factor.factors)
            parts = factor.factors if isinstance(factor, Product) and inner else (factor,)
            between = factor.signs if isinstance(factor, Product) and inner else ()
            if position:
                signs.append(tree.signs[position - 1])
            factors += parts
            signs += between
        return factors, signs


def _has_cases(tree: Expression) -> bool:
    return any(isinstance(node, nodes.Cases | nodes.Compare | Norm) for node in walk(tree))

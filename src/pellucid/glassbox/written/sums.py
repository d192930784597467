"""Sums and products of a written side.

Where the kind of a product is open, the shapes decide: in a world in which all sizes differ, a matrix product and a product entry by
entry can hardly both be formed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name, Total
from pellucid.glassbox.written.derivatives import shape
from pellucid.glassbox.written.entries import Entries
from pellucid.glassbox.written.names import NoValue, Quantity, names

UNITS = ("K", "k", "d", "D", "J", "C", "p", "q", "L", "l")
"""upper limits of a sum that count units"""


class Sums(Entries):
    """Adding and multiplying."""

    def added(self, left: Any, right: Any) -> Any:
        """left + right."""
        try:
            return np.add(left, right)
        except ValueError:
            raise NoValue("shape", f"{shape_text(left)} and {shape_text(right)} cannot be added") from None

    def each(self, left: Any, right: Any) -> Any:
        """Entry by entry."""
        try:
            return np.multiply(left, right)
        except ValueError:
            raise NoValue("shape", f"{shape_text(left)} and {shape_text(right)} cannot be multiplied entry by entry") from None

    def matrix_product(self, factors: Sequence[Expression]) -> Any:
        """With @: the product of matrices."""
        values = [np.asarray(self.value(factor)) for factor in factors]
        result = values[0]
        for value in values[1:]:
            if not result.ndim or not value.ndim:
                result = result * value
            elif result.shape[-1] != value.shape[0]:
                raise NoValue("shape", f"the product of {shape_text(result)} and {shape_text(value)} does not exist")
            else:
                result = result @ value
        return result

    def joined(self, left: Any, right: Any, sign: str) -> Any:
        """Two factors: a matrix product where it can be formed, else entry by entry."""
        left, right = np.asarray(left), np.asarray(right)
        if sign == "⊙" or (sign in "*×" and sign and self.reading.strict) or not left.ndim or not right.ndim:
            return self.each(left, right)
        if left.ndim == right.ndim == 2 and left.shape[1] == right.shape[0]:
            self.matrix_star |= sign in ("*", "×") and left.size > 1 and right.size > 1
            return left @ right
        if sign == "@":
            raise NoValue("shape", f"the product of {shape_text(left)} and {shape_text(right)} does not exist")
        return self.each(left, right)

    def total(self, tree: Total) -> Any:
        """A sum sign."""
        index = tree.index or self.only_letter(tree.body)
        last = tree.last
        within = [name for name in names(tree.body) if index in (*name.below, name.sample)] if index else []
        if not within:
            return self._over_axis(tree)
        counts = any(index == name.sample for name in within) or index in self.reading.samples
        low = int(float(self.value(tree.first))) if tree.first is not None else self.reading.base
        if isinstance(last, nodes.Number):
            places = range(low - self.reading.base, int(last.value) - self.reading.base + 1)
        else:
            places = range(self.world.m if counts else self.extent(index, tree.body))
        kept, before = self.letters.get(index), self.i
        values = []
        omitted = self.place(tree.without, False) if tree.without else None
        for place in places:
            if place == omitted:
                continue
            self.letters[index] = place
            if counts:
                self.i = place
            values.append(self.value(tree.body))
        self.i = before
        if kept is None:
            self.letters.pop(index, None)
        else:
            self.letters[index] = kept
        if not values:
            raise NoValue("index", f"the sum over {index} is empty")
        return reduce(self.added, values)

    def only_letter(self, body: Expression) -> str:
        """The one index letter of a body that nothing binds; empty where there is none, or more."""
        free = {part for name in names(body) for part in (*name.below, name.sample) if part.isalpha() and part not in self.letters}
        free -= {"l", "L"}
        return min(free) if len(free) == 1 else ""

    def _over_axis(self, tree: Total) -> Any:
        """A sum whose index is not written within: over the samples, or the units, as the limit says."""
        last = tree.last.base if isinstance(tree.last, Name) else ""
        units = last in UNITS or (last == "n" and (self.reading.n == "outputs" or bool(isinstance(tree.last, Name) and tree.last.below)))
        if self.i is not None and not units:
            before, values = self.i, []
            for place in range(self.world.m):
                self.i = place
                values.append(self.value(tree.body))
            self.i = before
            return reduce(self.added, values)
        array = np.asarray(self.value(tree.body))
        if isinstance(tree.last, nodes.Number) and tree.last.value != self.world.m:
            raise NoValue("index", f"nothing here counts to {tree.last.value}")
        if array.ndim != 2:
            return np.sum(array)
        if not tree.index and tree.last is None:
            return np.sum(array)
        axis = (1 if self.world.columns else 0) if not units else (0 if self.world.columns else 1)
        return np.sum(array, axis=axis, keepdims=True)

    def extent(self, letter: str, tree: Expression) -> int:
        """How many entries an index letter counts."""
        for name in names(tree):
            if letter in name.below:
                try:
                    found = self.quantity(replace(name, d=False) if name.base != "delta" else name)
                except NoValue:
                    continue
                if letter in found.index:
                    return self.axis_size(found, found.index.index(letter))
        raise NoValue("index", f"nothing says how far the index {letter} goes")

    def axis_size(self, found: Quantity, position: int) -> int:
        """The number of entries along one index of a quantity."""
        units = shape(self.world, replace(found, kind=found.kind.removeprefix("new ")))
        if found.kind.endswith("W"):
            if not self.world.columns:
                units = units[::-1]
            if len(found.index) == 1:
                flat = units if self.world.columns else units[::-1]
                return flat[1] if flat[0] == 1 else flat[0]
        if position >= len(units):
            raise NoValue("index", f"{found.key} has {len(units)} indices")
        return units[position]


def shape_text(value: Any) -> str:
    """4 x 3."""
    return " x ".join(map(str, np.shape(value))) or "a number"

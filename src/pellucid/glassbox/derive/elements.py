"""Single units and weights: their symbols, their sums (abbreviated by dots where they are long), their values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol
from pellucid.glassbox.derivation import Step
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import of_unit

TERMS = 6
"""terms of a sum, and units of a layer, that are all written out; of more, the first two and the last"""
WEIGHTS = 30
"""weights of a layer that are all written out"""


@dataclass(frozen=True)
class Side:
    """One side of an equation: as it is computed, and as it is shown."""

    tree: Expression
    shown: Expression

    @staticmethod
    def of(tree: Expression) -> Side:
        """The same in both."""
        return Side(tree, tree)

    def map(self, change: Callable[[Expression], Expression]) -> Side:
        """Both changed alike."""
        return Side(change(self.tree), change(self.shown))


@dataclass(frozen=True)
class Elements(Builder):
    """The builder of the element-wise form."""

    complete: bool = False
    """write everything out, whatever its size"""
    base: int = 1
    """the number of the first unit as it is shown; the trees are shifted at the end"""

    def label(self, *index: int) -> str:
        """Indices as they are shown: 3, or 3,2."""
        return ",".join(str(i - 1 + self.base) for i in index)

    def unit(self, name: str, layer: int | None, index: int | str) -> Symbol:
        """z_3^[1], of sample i where there are several."""
        found = Symbol(name, layer, (index,))
        return found if self.names.m == 1 else self.of_sample(found)

    def of_sample(self, symbol: Symbol) -> Symbol:
        """The symbol with its (i)."""
        found = self.names.of_sample(symbol)
        assert isinstance(found, Symbol)
        return found

    def a(self, layer: int, index: int | str) -> Symbol:
        """a_k of a layer, x_k for the input."""
        return self.unit("a", layer, index) if layer else self.unit("x", None, index)

    def w(self, layer: int, unit: int | str, below: int | str) -> Symbol:
        """The weight that joins unit ``below`` of the layer below to ``unit``: w_jk in columns, w_kj in rows."""
        return Symbol("W", layer, self.order(unit, below))

    def order(self, unit: Any, below: Any) -> tuple[Any, Any]:
        """The two indices of a weight in the order of the convention."""
        return (unit, below) if self.names.columns else (below, unit)

    def per_unit(self, tree: Expression, index: int | str) -> Expression:
        """A tree of whole arrays for one unit, of sample i where there are several."""
        found = of_unit(tree, index)
        return found if self.names.m == 1 else self.names.of_sample(found)

    # --- sums ---

    def total(self, term: Callable[[Any], Expression], n: int, index: str = "k", first: int = 1) -> Side:
        """The sum of term(1) .. term(n), or of as many from ``first`` on."""
        last = first + n - 1
        if n == 1:
            return Side.of(term(first))
        if n <= TERMS or self.complete:
            return Side.of(nodes.Add(tuple(term(k) for k in range(first, last + 1))))
        return Side(nodes.Sum(term(index), index, first, last), nodes.Add((term(first), term(first + 1), nodes.Dots(), term(last))))

    def over_samples(self, body: Expression) -> Expression:
        """The (weighted) mean over the samples."""
        names = self.names
        if names.weighted:
            s = Symbol("s") if names.m == 1 else names.of_sample(Symbol("s"))
            body = nodes.Multiply((s, *(body.factors if isinstance(body, nodes.Multiply) else (body,))))
        return names.averaged(body if names.m == 1 else nodes.Sum(body, "i", 1, "m", names.m))

    # --- what is written ---

    def units(self, n: int) -> list[int]:
        """The units of a layer whose equations are written."""
        return list(range(1, n + 1)) if n <= TERMS or self.complete else [1, 2, n]

    def weights(self, layer: int) -> list[tuple[int, int]]:
        """The weights of a layer whose equations are written, as (unit, unit below)."""
        n_in, n_out = self.sizes[layer - 1 : layer + 1]
        if n_in * n_out <= WEIGHTS or self.complete:
            return [(j, k) for j in range(1, n_out + 1) for k in range(1, n_in + 1)]
        few_out, few_in = self.units(n_out), self.units(n_in)
        if len(few_out) * len(few_in) > WEIGHTS:
            few_out = few_out if len(few_out) <= 3 else [1, 2, n_out]
            few_in = few_in if len(few_in) <= 3 else [1, 2, n_in]
        return [(j, k) for j in few_out for k in few_in]

    def left_out(self, layer: int) -> str:
        """A sentence about what is not written of a layer."""
        n_in, n_out = self.sizes[layer - 1 : layer + 1]
        units, weights = len(self.units(n_out)), len(self.weights(layer))
        parts = []
        if units < n_out:
            parts.append(f"{units} of {n_out} units")
        if weights < n_in * n_out:
            parts.append(f"{weights} of {n_in * n_out} weights")
        return f"Written here: {' and '.join(parts)}; complete=True writes all." if parts else ""

    # --- steps ---

    def write(self, symbol: str, left: Expression, sides: Sequence[Side], rule: str, part: str, **more: Any) -> Step:
        """A step of one entry, with its value."""
        trees, shown = tuple(side.tree for side in sides), tuple(side.shown for side in sides)
        m = self.names.m
        shape = more.pop("shape", () if m == 1 else (m or "m",))
        return Step(symbol, left, trees, rule, part, shape=shape, shown=None if shown == trees else shown, **more)

    def value(self, key: str, index: int) -> Any:
        """The value of one unit, for each sample; a number where there is one sample."""
        if key not in self.values:
            return None
        whole = self.values[key]
        found = whole[index - 1] if self.names.columns else whole[:, index - 1]
        return found[0] if self.names.m == 1 else found

    def parameter(self, key: str, *index: int) -> Any:
        """The value of one weight (indices in the order of the convention), bias, or derivative by one."""
        if key not in self.values:
            return None
        whole = self.values[key]
        return whole.reshape(whole.shape[: len(index)])[tuple(i - 1 for i in index)]

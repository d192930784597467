"""A drawing of the network as data: which units are shown, where, and which weights join them."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.glassbox.figures import number
from pellucid.glassbox.rendering import Table, as_text


@dataclass(frozen=True)
class Unit:
    """A unit, or the dots that stand for those left out."""

    layer: int
    index: int | None
    """1, 2 ...; None for the dots"""
    label: str
    """LaTeX, e.g. ``a^{[1]}_{3}``; empty for the dots"""
    height: float
    """how far above the middle of its column it stands, in units"""
    name: str = ""
    """what a user calls it"""
    value: float | None = None
    """x, a or y_hat of the sample"""
    bias: float | None = None
    """None for inputs"""


@dataclass(frozen=True)
class Weight:
    """The line from unit ``source`` of layer l - 1 to unit ``target`` of layer l; both count from 1."""

    layer: int
    source: int
    target: int
    value: float
    size: float
    """|w|, as a share of the largest of its layer"""

    @property
    def symbol(self) -> str:
        """w_ij^[l] joins unit j of the layer before to unit i."""
        comma = "," if max(self.source, self.target) > 9 else ""
        return f"w^{{[{self.layer}]}}_{{{self.target}{comma}{self.source}}}"


@dataclass(frozen=True)
class Layer:
    """A column: its units, and what stands below it."""

    size: int
    rule: str
    """the activation; input for the first"""
    units: tuple[Unit, ...]


@dataclass(frozen=True)
class Diagram:
    """What `network_diagram` returns: it shows itself in a notebook; `to_svg` gives the drawing as text.

    >>> import pellucid as pl
    >>> diagram = pl.network_diagram(pl.Network([4, 5, 1], activations=["tanh", "sigmoid"]))
    >>> print(diagram)  # doctest: +NORMALIZE_WHITESPACE
                Network 4-5-1 (tanh, sigmoid)
    ┏━━━━━━━┳━━━━━━━┳━━━━━━━━━┳━━━━━━━┳━━━━━━━━━━━━━━━━━┓
    ┃ layer ┃ units ┃ rule    ┃ W     ┃ weights         ┃
    ┡━━━━━━━╇━━━━━━━╇━━━━━━━━━╇━━━━━━━╇━━━━━━━━━━━━━━━━━┩
    │ 0     │ 4     │ input   │       │                 │
    │ 1     │ 5     │ tanh    │ 5 x 4 │ -0.812 to 0.71  │
    │ 2     │ 1     │ sigmoid │ 1 x 5 │ -0.943 to 0.341 │
    └───────┴───────┴─────────┴───────┴─────────────────┘

    """

    title: str
    layers: tuple[Layer, ...]
    weights: tuple[Weight, ...]
    """those between units that are shown, the largest last, so that they are drawn on top"""
    spans: tuple[tuple[float, float], ...]
    """the smallest and the largest weight of each layer 1..L"""

    def to_svg(self) -> str:
        """As a drawing, light or dark as the reader's screen."""
        from pellucid.glassbox.diagram.svg import as_svg

        return as_svg(self)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __str__(self) -> str:
        rows = []
        for index, layer in enumerate(self.layers):
            shape = f"{layer.size} x {self.layers[index - 1].size}" if index else ""
            span = " to ".join(map(number, self.spans[index - 1])) if index else ""
            rows.append((str(index), str(layer.size), layer.rule, shape, span))
        return as_text(Table(f"Network {self.title}", ("layer", "units", "rule", "W", "weights"), rows, ["green"] * len(rows)))

    def __repr__(self) -> str:
        return f"Diagram({self.title})"

"""The drawing of a network as SVG."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.diagram.strokes import stroke
from pellucid.glassbox.drawing import document, formula, width, words
from pellucid.glassbox.figures import compact, number
from pellucid.glassbox.notation import plain

if TYPE_CHECKING:
    from pellucid.glassbox.diagram.model import Diagram, Unit, Weight

RADIUS = 19.0
_STEP, _COLUMN, _MARGIN, _SIZE, _SMALL = 48.0, 150.0, 16.0, 14.0, 11.5


class _Places:
    """Where everything is."""

    def __init__(self, diagram: Diagram) -> None:
        self.named = [max((width(rf"\text{{{unit.name}}}", _SMALL + 1) for unit in layer.units), default=0.0) for layer in diagram.layers]
        tallest = max(len(layer.units) for layer in diagram.layers)
        captions = max(width(rf"\text{{{_caption(layer.rule)}}}", _SMALL + 1) for layer in diagram.layers)
        self.column = max(_COLUMN + 4 * max(tallest - 5, 0), captions + 24)
        self.left = _MARGIN + max(self.named[0] + 8 if self.named[0] else 0, captions / 2 - RADIUS) + RADIUS
        last = self.left + self.column * (len(diagram.layers) - 1)
        self.wide = last + RADIUS + max(self.named[-1] + 8 if self.named[-1] else 0, captions / 2 - RADIUS) + _MARGIN
        self.top = _MARGIN + 26
        self.center = self.top + tallest * _STEP / 2
        self.high = self.top + tallest * _STEP + 70

    def at(self, layer: int, height: float) -> tuple[float, float]:
        """The middle of a unit."""
        return self.left + self.column * layer, self.center - height * _STEP


def as_svg(diagram: Diagram) -> str:
    """The whole drawing."""
    places = _Places(diagram)
    heights = {(unit.layer, unit.index): unit.height for layer in diagram.layers for unit in layer.units}
    lines = Counter(weight.layer for weight in diagram.weights)
    parts = [_line(places, weight, heights, lines[weight.layer]) for weight in diagram.weights]
    for index, layer in enumerate(diagram.layers):
        for unit in layer.units:
            parts += _unit(places, unit, last=index == len(diagram.layers) - 1)
        parts += _captions(places, diagram, index)
    parts += _legend(places)
    return document(places.wide, places.high, f"Network {diagram.title}", _described(diagram), parts)


def _described(diagram: Diagram) -> str:
    layers = "; ".join(f"layer {index}: {layer.size} units, {layer.rule}" for index, layer in enumerate(diagram.layers))
    return f"{layers}. Lines are weights: blue positive, orange negative, the wider the larger within their layer."


def _line(places: _Places, weight: Weight, heights: dict[tuple[int, int | None], float], lines: int) -> str:
    x0, y0 = places.at(weight.layer - 1, heights[weight.layer - 1, weight.source])
    x1, y1 = places.at(weight.layer, heights[weight.layer, weight.target])
    look = "edge" if weight.value == 0 else "forward" if weight.value > 0 else "backward"
    thick, opacity = stroke(weight.size, lines)
    style = f'stroke-width="{thick:.3g}" stroke-opacity="{opacity:.3g}"'
    title = f"<title>{plain(weight.symbol)} = {number(weight.value)}</title>"
    return f'<path d="M{x0 + RADIUS:g},{y0:g} L{x1 - RADIUS:g},{y1:g}" class="{look}-line" {style}>{title}</path>'


def _unit(places: _Places, unit: Unit, last: bool) -> Iterator[str]:
    x, y = places.at(unit.layer, unit.height)
    if unit.index is None:
        yield "".join(f'<circle cx="{x:g}" cy="{y + shift:g}" r="2" class="muted-fill"/>' for shift in (-9, 0, 9))
        return
    look = "data" if unit.layer == 0 else "cost" if last else "box"
    bias = f", b = {number(unit.bias)}" if unit.bias is not None else ""
    value = f" = {number(unit.value)}" if unit.value is not None else ""
    yield f"<g><title>{html.escape(unit.name or plain(unit.label))}{value}{bias}</title>"
    yield f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS:g}" class="{look}-fill edge-line" stroke-width="1.2"/>'
    yield formula(x, y + (4.5 if unit.value is None else -1), unit.label, _SIZE, anchor="middle")
    if unit.value is not None:
        yield words(x, y + 12, compact(unit.value), _SMALL - 1.5, "forward", "middle")
    if unit.name:
        side, anchor = (-RADIUS - 6, "end") if unit.layer == 0 else (RADIUS + 6, "start")
        yield words(x + side, y + 4, unit.name, _SMALL + 1, "ink", anchor)
    yield "</g>"


def _caption(rule: str) -> str:
    """What there is room for."""
    return rule if len(rule) <= 24 else f"{rule[:23]}…"


def _captions(places: _Places, diagram: Diagram, index: int) -> Iterator[str]:
    """Below a column its rule and size; above the lines to it, their matrix."""
    layer, (x, _) = diagram.layers[index], places.at(index, 0)
    y = places.high - 52
    yield words(x, y, _caption(layer.rule), _SMALL + 1, "ink", "middle")
    what = "unit" if index else "value"
    yield words(x, y + 15, f"{layer.size} {what}{'s' if layer.size > 1 else ''}", _SMALL, "muted", "middle")
    if index:
        shape = f"{layer.size} \\times {diagram.layers[index - 1].size}"
        yield formula(x - places.column / 2, _MARGIN + 8, rf"W^{{[{index}]}}\text{{: }}{shape}", _SMALL + 1, "muted", "middle")


def _legend(places: _Places) -> Iterator[str]:
    x, y = places.wide / 2 - 118, places.high - 14
    for look, text, shift in (("forward", "positive weight", 0.0), ("backward", "negative weight", 130.0)):
        yield f'<path d="M{x + shift:g},{y - 4:g} h22" class="{look}-line" stroke-width="3"/>'
        yield words(x + shift + 28, y, text, _SMALL, "muted")

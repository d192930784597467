"""A computation graph as a drawing: forward propagation down, in blue and solid; backward propagation up, in orange and dashed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.drawing import arrow, box, document, formula, width, words
from pellucid.glassbox.graph.layout import (
    DIGIT,
    DOWN,
    LEADING,
    LINE,
    MARGIN,
    NUMBERS,
    RAIL,
    SIZE,
    SMALL,
    UP,
    Block,
    Box,
    Layout,
    laid_out,
)
from pellucid.glassbox.notation import plain

if TYPE_CHECKING:
    from pellucid.glassbox.graph.model import BackwardEdge, Graph

_LOOK = {"input": "data", "data": "data", "value": "box", "parameter": "parameter", "cost": "cost"}


def as_svg(graph: Graph, path: str | None) -> str:
    """The whole drawing, with the product of the derivatives to one parameter marked and written out."""
    layout = laid_out(graph)
    product, high = ([], layout.high) if path is None else _product(graph, path, layout)
    remark = formula(MARGIN, high + 10, rf"\text{{{graph.remark}}}", SMALL - 0.5, "muted")
    marked = set() if path is None else {id(edge) for one in graph.paths(path) for edge in one.edges}
    parts = [*_legend(layout), *(part for found in layout.boxes.values() for part in _node(found))]
    parts += [_forward(layout, edge.source, edge.target) for edge in graph.forward]
    parts += [part for edge in graph.backward for part in _backward(layout, edge, id(edge) in marked)]
    parts += _fused(layout, graph.fused) if graph.fused is not None else []
    return document(layout.wide, high + 22, f"Computation graph of {graph.title}", _described(graph), [*parts, *product, remark])


def _described(graph: Graph) -> str:
    """The drawing in words."""
    forward = "; ".join(plain(node.equation) for node in graph if node.equation)
    backward = "; ".join(f"{plain(edge.derivative)} = {plain(edge.formula)}" for edge in graph.backward)
    return f"Forward: {forward}. Backward, the local derivatives: {backward}."


def _node(found: Box) -> Iterator[str]:
    node, middle = found.node, found.x + found.wide / 2
    yield f"<g><title>{html.escape(plain(node.equation or node.symbol))}</title>"
    yield box(found.x, found.y, found.wide, found.high, _LOOK[node.kind], "edge")
    y = found.y + (found.high - found.inner) / 2
    for text, size, look in found.lines:
        y += size * LEADING
        yield formula(middle, y - size * 0.3, text, size, look, anchor="middle")
    gap = (found.wide - sum(part.wide for part in found.blocks)) / (len(found.blocks) + 1)
    x = found.x + gap
    for part in found.blocks:
        yield from _matrix(part, middle if found.stacked else x + part.wide / 2, y)
        x += part.wide + gap
        y += part.high if found.stacked else 0
    yield "</g>"


def _matrix(part: Block, x: float, y: float) -> Iterator[str]:
    """A heading, and the numbers within brackets."""
    if part.heading:
        y += LINE * 0.9
        yield formula(x, y, part.heading, SMALL, part.look, anchor="middle")
    wide = max(len(line) for line in part.lines) * DIGIT / 2
    for index, line in enumerate(part.lines, start=1):
        place = f'x="{x:.5g}" y="{y + LINE * index:.5g}" font-size="{NUMBERS:g}" text-anchor="middle"'
        yield f'<text {place} class="{part.look} number">{html.escape(line.replace(" ", chr(160)))}</text>'
    if len(part.lines) > 1:
        top, bottom = y + 4, y + LINE * len(part.lines) + 4
        for side in (-1, 1):
            edge = x + side * (wide + 4)
            bracket = f"M{edge - side * 3:.5g},{top:.5g} H{edge:.5g} V{bottom:.5g} H{edge - side * 3:.5g}"
            yield f'<path d="{bracket}" class="{part.look}-line" fill="none" stroke-width="1"/>'


def _forward(layout: Layout, source: str, target: str) -> str:
    a, b = layout.boxes[source], layout.boxes[target]
    if target == "R":
        rail = layout.beside - RAIL + 4
        return arrow([(a.x, a.middle - 7), (rail, a.middle - 7), (rail, b.middle - 5), (b.x, b.middle - 5)], "forward")
    if b.x > a.x:
        return arrow([(a.right, a.middle - 7), (b.x, a.middle - 7)], "forward")
    return arrow([(a.x + DOWN, a.y + a.high), (a.x + DOWN, b.y)], "forward")


def _backward(layout: Layout, edge: BackwardEdge, marked: bool) -> Iterator[str]:
    a, b = layout.boxes[edge.source], layout.boxes[edge.target]
    thick = 2.6 if marked else 1.3
    label = rf"{edge.derivative} = {edge.formula}"
    if edge.source == "R":
        rail = layout.beside - RAIL / 2 + 2
        yield arrow([(a.x, a.middle + 5), (rail, a.middle + 5), (rail, b.middle + 7), (b.x, b.middle + 7)], "backward", True, thick)
        if b.node.name == "W1":  # once for all
            yield formula(a.x, a.y + a.high + 24, re.sub(r"\[1\]", "[l]", label), SMALL, "backward")
    elif b.x < a.x:
        yield arrow([(a.x, b.middle + 7), (b.right, b.middle + 7)], "backward", True, thick)
        yield formula((a.x + b.right) / 2, b.middle - 23, label, SMALL, "backward", anchor="middle")
    else:
        x, bottom = a.x + UP, b.y + b.high
        yield arrow([(x, a.y), (x, bottom)], "backward", True, thick)
        middle = (a.y + bottom) / 2
        written_out = edge.detail if r"\odot" in edge.formula else f"= {edge.detail.partition(' = ')[2]}"
        if edge.detail and width(written_out, SMALL) < a.wide - UP - 12:
            yield formula(x + 10, middle - 5, label, SMALL + 1, "backward")
            yield formula(x + 10, middle + 22, written_out, SMALL, "backward")
        else:
            yield formula(x + 10, middle + 5, label, SMALL + 1, "backward")


def _fused(layout: Layout, edge: BackwardEdge) -> Iterator[str]:
    """Around the right side, from J to z_L."""
    a, b = layout.boxes[edge.source], layout.boxes[edge.target]
    x = a.right + 22
    yield arrow([(a.right, a.middle), (x, a.middle), (x, b.middle), (b.right, b.middle)], "backward", True)
    middle = (a.middle + b.middle) / 2
    label = f"{edge.derivative} = {edge.formula}"
    place = f"rotate(-90 {x + 22:g} {middle:g})"
    yield f'<g transform="{place}">{formula(x + 22, middle + 5, label, SMALL + 1, "backward", anchor="middle")}</g>'


def _legend(layout: Layout) -> Iterator[str]:
    x, y = MARGIN, MARGIN + 10
    yield arrow([(x, y), (x + 30, y)], "forward")
    yield words(x + 38, y + 4, "forward: values", SMALL, "forward")
    yield arrow([(x + 30, y + 18), (x, y + 18)], "backward", True)
    yield words(x + 38, y + 22, "backward: derivatives", SMALL, "backward")


def _product(graph: Graph, name: str, layout: Layout) -> tuple[list[str], float]:
    """The sum of the products of derivatives to one node, broken into lines where it is long; and where it ends."""
    parts: list[str] = []
    size = SIZE - 2
    x, y = MARGIN, layout.high + 24
    symbol = graph[name].symbol
    for index, path in enumerate(graph.paths(name)):
        start = rf"\frac{{\partial J}}{{\partial {symbol}}}" if index == 0 else ""
        for count, edge in enumerate([None, *path.edges]):
            text = start if edge is None else edge.derivative
            sign = "" if edge is None else r"\cdot" if count > 1 else "=" if index == 0 else "+"
            wide = width(text, size) + (18 if sign else 0)
            if x + wide > layout.wide - MARGIN:
                x, y = MARGIN + 44, y + 42
            if sign:
                parts.append(formula(x + 9, y, "{}" + sign, size, "backward", anchor="middle"))
            parts.append(formula(x + (18 if sign else 0), y, text, size, "backward"))
            x += wide
    return parts, y + 22

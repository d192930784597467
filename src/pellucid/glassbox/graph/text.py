"""A computation graph as plain text: forward propagation down the left side, the local derivatives of the way back on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.glassbox.figures import brief
from pellucid.glassbox.notation import plain

if TYPE_CHECKING:
    from pellucid.glassbox.graph.model import Graph, Node

_SPINE = ("input", "value", "cost")
_LONGEST = 70
"""characters of a derivative that is written out; longer ones are left to the trace"""


def as_text(graph: Graph) -> str:
    """All nodes and edges, then the gradient of each parameter as a product."""
    rows: list[tuple[str, str]] = [("forward ↓", "backward ↑: local derivative, and what comes of it")]
    spine = [node for node in graph if node.kind in _SPINE and node.name != "R"]
    for before, node in zip([None, *spine], spine, strict=False):
        if before is not None:
            local, result = _back(graph, node, before)
            rows += [
                (f" │   {_node(other)}", ",  ".join(_back(graph, node, other)).strip(", "))
                for other in graph.inputs(node.name)
                if other is not before
            ]
            rows += [(" │", local), (" ▼", result)]
        rows.append((_node(node), ""))
        rows += [(f"     {text}", "") for text in _below(node)]
    rows += [(f"     with {plain(node.remark)}", "") for node in graph if node.name == "R"]
    width = max(len(left) for left, _ in rows) + 3
    lines = [f"Computation graph of {graph.title} ({graph.convention} convention)", ""]
    lines += [f"{left:<{width}}{right}".rstrip() for left, right in rows]
    return "\n".join([*lines, "", graph.remark, "", *_products(graph)])


def _node(node: Node) -> str:
    shape = " x ".join(map(str, node.shape)) or "scalar"
    text = f"{plain(node.equation or node.symbol)}  ({shape})"
    if node.kind == "parameter" and node.value is not None:
        text += f"  {brief(node.value)}"
    return text


def _below(node: Node) -> list[str]:
    found = [f"with {plain(node.remark)}"] if node.remark else []
    found += [] if node.value is None else [f"{node.name} = {brief(node.value)}"]
    return found + ([] if node.gradient is None else [f"d{node.name} = {brief(node.gradient)}"])


def _back(graph: Graph, source: Node, target: Node) -> tuple[str, str]:
    """The local derivative, and the equation of what comes of it; nothing where nothing goes back."""
    for edge in graph.into(target.name):
        if edge.source == source.name:
            detail = plain(edge.detail)
            local = f"{plain(edge.derivative)} = {plain(edge.formula)}"
            return (f"{local},  {detail}" if detail and len(detail) <= _LONGEST else local), plain(edge.result)
    return "", ""


def _products(graph: Graph) -> list[str]:
    lines = []
    if graph.fused is not None:
        lines += [f"{plain(graph.fused.derivative)} = {plain(graph.fused.formula)}  ({graph.fused.rule})", ""]
    parameters = [node for node in graph if node.kind == "parameter"]
    for node in reversed(parameters):
        for index, path in enumerate(graph.paths(node.name)):
            sign = f"dJ/d{node.name} =" if index == 0 else f"{'+':>{len(node.name) + 6}}"
            count = f"{len(path.edges)} factors"
            lines.append(f"{sign} {path.text}   ({count})")
    return lines

"""A computation graph as a flow chart for Mermaid: solid arrows forward, dotted ones backward with the local derivatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.glassbox.figures import brief
from pellucid.glassbox.notation import plain

if TYPE_CHECKING:
    from pellucid.glassbox.graph.model import Graph, Node

_CLASSES = {
    "input": "fill:#eef3f8,stroke:#5b6b7b,color:#111",
    "data": "fill:#eef3f8,stroke:#5b6b7b,color:#111",
    "value": "fill:#e3f1fb,stroke:#0072B2,color:#111",
    "parameter": "fill:#fdf3dc,stroke:#9a6b00,color:#111",
    "cost": "fill:#fbe6da,stroke:#B34700,color:#111",
}
_BACKWARD = "stroke:#B34700,color:#B34700"


def as_mermaid(graph: Graph) -> str:
    """The text of the chart; each edge of backward propagation is labelled with its local derivative."""
    lines = ["flowchart TD"]
    lines += [f"    {node.name}{_box(node)}:::{node.kind}" for node in graph]
    lines += [f"    {edge.source} --> {edge.target}" for edge in graph.forward]
    lines += [
        f'    {edge.source} -. "{_escaped(f"{plain(edge.derivative)} = {plain(edge.formula)}")}" .-> {edge.target}'
        for edge in graph.backward
    ]
    dotted = ",".join(str(len(graph.forward) + index) for index in range(len(graph.backward)))
    lines.append(f"    linkStyle {dotted} {_BACKWARD}")
    lines += [f"    classDef {kind} {style}" for kind, style in _CLASSES.items()]
    return "\n".join(lines) + "\n"


def _box(node: Node) -> str:
    parts = [plain(node.equation or node.symbol)]
    if node.remark:
        parts.append(plain(node.remark))
    parts.append(" x ".join(map(str, node.shape)) or "scalar")
    if node.value is not None:
        parts.append(brief(node.value))
    if node.gradient is not None:
        parts.append(f"d{node.name}: {brief(node.gradient)}")
    text = "<br/>".join(_escaped(part) for part in parts)
    return f'(["{text}"])' if node.kind in ("data", "input") else f'["{text}"]'


def _escaped(text: str) -> str:
    """Mermaid's entities for what would end a label or be taken for markup."""
    for sign, code in (("#", "#35;"), ("&", "#amp;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("`", "#96;")):
        text = text.replace(sign, code)
    return text

"""How wide an equation is when it is set, in letters, before anything is set: about, and rather too much than too little."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.latex import element_name, index_text
from pellucid.expressions.nodes import Expression
from pellucid.expressions.precedence import ATOM, PRODUCT, binding
from pellucid.expressions.text import name_text, number_text

SCRIPT = 0.65
"""the width of a letter above or below the line"""


def width(tree: Expression, digits: int = 6) -> float:
    """About how many letters a tree takes when it is set."""
    if isinstance(tree, nodes.SumOverSamples | nodes.SumOverUnits) and tree.written is not None:
        return width(tree.written, digits) + 3 + 1.5 * (binding(tree.written) < PRODUCT)
    inner = [width(child, digits) for child in tree.children()]
    brackets = 1.5 * sum(binding(child) < ATOM for child in tree.children())
    match tree:
        case nodes.Number(value):
            return len(number_text(value, digits))
        case nodes.Symbol(layer=layer, index=index, sample=sample):
            above = (0 if layer is None else len(str(layer)) + 2) + (0 if sample is None else len(str(sample)) + 2)
            return len(name_text(element_name(tree)).partition("_")[0]) + SCRIPT * max(above, len(index_text(index)))
        case nodes.Negative():
            return inner[0] + 1 + brackets
        case nodes.Add():
            return sum(inner) + 3 * (len(inner) - 1)
        case nodes.Multiply(marked=marked):
            return sum(inner) + brackets + (3 if marked else 0.5) * (len(inner) - 1)
        case nodes.Divide():
            return max(inner) + 1
        case nodes.Power():
            return inner[0] + brackets + SCRIPT * inner[1]
        case nodes.Call("exp"):
            return 1 + SCRIPT * inner[0]
        case nodes.Call(function):
            name = 1 if function in FUNCTIONS and len(FUNCTIONS[function].latex) < 7 else len(function)
            return name + (2 if tree.layer is not None else 0) + 1.5 + sum(inner) + 2 * (len(inner) - 1)
        case nodes.Matrix(rows):
            columns = zip(*[[width(entry, digits) for entry in row] for row in rows], strict=True)
            return sum(max(column) + 2 for column in columns) + 1
        case nodes.Cases(branches, otherwise):
            values = [width(value, digits) for value, _ in branches] + [width(otherwise, digits)]
            return max(values) + max([9, *(width(condition, digits) + 3 for _, condition in branches)]) + 4
        case nodes.Derivative():
            return max(inner) + 2
        case nodes.Sum() | nodes.SumOverSamples() | nodes.SumOverUnits() | nodes.SumAll():
            return inner[0] + brackets + 3
    return sum(inner) + 3 * max(len(inner) - 1, 1)

"""Units counted from zero, z_0 .. z_4, as some notes do: a finished derivation with its indices shifted."""

from __future__ import annotations

import re
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol, rebuilt
from pellucid.glassbox.derivation import Derivation, Section, Step

_INDICES = re.compile(r"\[(\d+(?:,\d+)*)\]")


def from_zero(derivation: Derivation) -> Derivation:
    """The same derivation with units, inputs and outputs counted from zero; samples and layers stay as they are."""
    sections = tuple(Section(section.title, tuple(map(_step, section.steps)), section.note) for section in derivation.sections)
    return replace(derivation, sections=sections)


def shifted(tree: Expression) -> Expression:
    """A tree with its indices counted from zero; it has the same value.

    >>> from pellucid.expressions.text import text
    >>> text(shifted(nodes.Sum(Symbol("w", index=(3, "k")), "k", 1, 4)))
    'Σ_k=0..3 w₂ₖ'
    """

    def replaced(node: Expression) -> Expression | None:
        match node:
            case Symbol(index=index) if index and node.base == 1:
                return replace(node, index=tuple(part - 1 if isinstance(part, int) else part for part in index), base=0)
            case nodes.Sum(body, index, first, int(last), stop, skip, ranged):
                skip = skip - 1 if isinstance(skip, int) else skip
                return nodes.Sum(shifted(body), index, first - 1, last - 1, stop, skip, ranged)
        return None

    return rebuilt(tree, replaced)


def _step(step: Step) -> Step:
    def name(found: re.Match[str]) -> str:
        return f"[{','.join(str(int(part) - 1) for part in found[1].split(','))}]"

    return replace(
        step,
        symbol=_INDICES.sub(name, step.symbol),
        left=shifted(step.left),
        sides=tuple(map(shifted, step.sides)),
        shown=None if step.shown is None else tuple(map(shifted, step.shown)),
        steps=tuple(map(_step, step.steps)),
    )

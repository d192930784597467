"""A slip: a small change of a tree that undoes a mistake that people make."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.tree import Name, Reduce
from pellucid.expressions.reading.typeset import as_text
from pellucid.glassbox.written.names import Reading
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.readings import Claim


@dataclass(frozen=True)
class Edit:
    """A change that might put a line right."""

    cause: str
    """the mistake that it undoes"""
    told: str
    """the same in a sentence about this line"""
    tree: Expression
    rank: int
    """the smaller, the likelier"""


Edits: TypeAlias = Iterator[Edit]


@dataclass(frozen=True)
class Surroundings:
    """What the edits need to know of the line and the network."""

    claim: Claim
    reading: Reading
    depth: int
    entries: bool
    """whether the line speaks of entries"""
    letters: tuple[str, ...]
    """index letters of the line"""
    strict: bool
    columns: bool
    layer: int | None
    """of the left side"""


def spelled(name: Name) -> str:
    """A name in short."""
    layer = name.suffix or (f"^[{name.bracket}]" if name.bracket else "") or (f"^{name.raised}" if name.raised else "")
    below = f"_{','.join(name.below)}" if name.below else ""
    return f"{'d' if name.d else ''}{name.base}{below}{chr(39) * name.primes}{layer}"


def shown(tree: Expression) -> str:
    """A part of a line, as it is named in a sentence: in the manner of code where it looks like code."""
    is_code = any(isinstance(node, nodes.MatMul | Reduce) or (isinstance(node, Name) and node.suffix) for node in walk(tree))
    text = plain(tree) if is_code else as_text(tree)
    return text if len(text) <= 40 else f"{text[:37]}..."


def number_text(value: float | Fraction) -> str:
    """A number in short."""
    return f"{float(value):g}"

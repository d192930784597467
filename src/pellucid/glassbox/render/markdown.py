r"""A derivation as Markdown whose equations are LaTeX between double dollars.

Some pages (GitHub's among them) read the text between the dollars as Markdown before they see mathematics in it, so nothing may stand
there that means something in Markdown: rows end with ``\cr``, since of two backslashes one would be left; no underscore follows a closing
bracket, where it would begin italics; no link, no comparison that looks like a tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.render.aligned import LINE, rows
from pellucid.glassbox.render.escapes import as_markdown, sentence_markdown
from pellucid.glassbox.render.tables import flush_right, latex_equation, shortened
from pellucid.glassbox.render.words import checked_precision, part_of, remarks, told_convention

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Cell, Derivation, Section, Step, Table


def to_markdown(derivation: Derivation, precision: int = 4) -> str:
    """The page."""
    checked_precision(precision)
    parts = [f"# {sentence_markdown(derivation.title)}"]
    if convention := told_convention(derivation):
        parts.append(as_markdown(convention))
    for section in derivation.sections:
        parts += _section(section, precision)
    return "\n\n".join(parts) + "\n"


def _section(section: Section, precision: int) -> Iterator[str]:
    yield f"## {sentence_markdown(section.title)}"
    if section.note:
        yield sentence_markdown(section.note)
    if section.table:
        yield _table(section.table, precision)
    yield from _steps(section.steps, precision, depth=0)


def _steps(steps: tuple[Step, ...], precision: int, depth: int) -> Iterator[str]:
    for before, step in zip((None, *steps), steps, strict=False):
        yield from _step(step, before, precision, depth)


def _step(step: Step, before: Step | None, precision: int, depth: int) -> Iterator[str]:
    part = part_of(step.part)
    said = sentence_markdown("; ".join(remarks(step, bool(depth), before)))
    yield f"{'↳ ' * depth}**{part.mark} {as_markdown(part.name)}:** {said}"
    body = " \\\\\n".join(rows(step, precision, LINE))
    aligned = "\\begin{aligned}\n" + body + "\n\\end{aligned}"
    yield f"$$\n{safe(aligned)}\n$$"
    yield from _steps(step.steps, precision, depth + 1)


def _table(table: Table, precision: int) -> str:
    rows = [[sentence_markdown(heading) for heading in table.headings], ["---:" if right else "---" for right in flush_right(table)]]
    rows += [[_cell(cell, precision) for cell in row] for row in shortened(table)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _cell(cell: Cell, precision: int) -> str:
    """A sentence, or equations between dollars; a bar would end the cell."""
    if isinstance(cell, str):
        return sentence_markdown(cell)
    return "<br>".join(f"${safe(latex_equation(step, precision))}$".replace("|", r"\vert ") for step in cell)


def safe(math: str) -> str:
    r"""LaTeX that Markdown leaves alone.

    >>> safe(r"\hat{y}_{k} < z^{[1](i)} \\ 1")
    '\\hat y_{k} \\lt  z^{[1] (i)} \\cr 1'
    """
    math = math.replace(r"\\", r"\cr").replace("](", "] (").replace("<", r"\lt ").replace(">", r"\gt ").replace("*", r"\ast ")
    math = re.sub(r"\\hat\{(\w)\}", r"\\hat \1", math)
    while (at := math.find(r"\right)_")) >= 0:
        opening = _opening(math, at)
        inner = math[opening + len(r"\left(") : at]
        rest = math[at + len(r"\right)") :]
        math = rf"{math[:opening]}\left\lbrack {inner} \right\rbrack{rest}"
    return re.sub(r"\\mathrm\{(\w+)\}_\{\\mathrm\{(\w+)\}\}", r"\\mathrm{\1\\ \2}", math)


def _opening(math: str, closing: int) -> int:
    """Where the bracket opens that closes there."""
    depth, at = 1, closing
    while depth:
        left, right = math.rfind(r"\left", 0, at), math.rfind(r"\right", 0, at)
        at, depth = (right, depth + 1) if right > left else (left, depth - 1)
    return at

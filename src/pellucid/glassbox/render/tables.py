"""What the tables of all forms share: which rows are shown, how an equation stands in a cell, how wide a column is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pellucid.expressions.latex import latex
from pellucid.expressions.text import text
from pellucid.glassbox.render.aligned import shown_sides
from pellucid.glassbox.render.escapes import sentence_text

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Cell, Step, Table

ROWS = 24
"""what has more is abbreviated"""


def shortened(table: Table, limit: int = ROWS) -> tuple[tuple[Cell, ...], ...]:
    """The first rows and the last one, and how many stand between them."""
    rows = table.rows
    if len(rows) <= limit:
        return rows
    gap = (f"... {len(rows) - limit + 1:,} more", *[""] * (len(table.headings) - 1))
    return (*rows[: limit - 2], gap, rows[-1])


def cell_text(cell: Cell, digits: int) -> str:
    """For a terminal: a sentence, or a line for each equation."""
    return sentence_text(cell) if isinstance(cell, str) else "\n".join(text_equation(step, digits) for step in cell)


def text_equation(step: Step, digits: int) -> str:
    """Symbol = what it comes to, without the way there."""
    return f"{text(step.left, digits)} = {text(shown_sides(step)[-1], digits)}"


def latex_equation(step: Step, digits: int) -> str:
    """The same in LaTeX."""
    return f"{latex(step.left, digits)} = {latex(shown_sides(step)[-1], digits)}"


def widths(table: Table, digits: int) -> list[int]:
    """The letters of the longest line in each column."""
    rows = [[*table.headings], *([cell_text(cell, digits) for cell in row] for row in shortened(table))]
    return [max(len(line) for cell in column for line in cell.split("\n")) for column in zip(*rows, strict=True)]


def flush_right(table: Table) -> list[bool]:
    """Which columns hold nothing but numbers."""
    return [all(isinstance(cell, str) and _NUMBER.fullmatch(cell) for cell in column) for column in zip(*table.rows, strict=True)]


_NUMBER = re.compile(r"-?[\d.]*(e[+-]?\d+)?|-?∞|NaN|missing")

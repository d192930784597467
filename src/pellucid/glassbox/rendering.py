"""A table of texts, as a person sees it: in a terminal, as plain text, as HTML."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table as RichTable


@dataclass(frozen=True)
class Table:
    """A title, headings, rows of texts, and a colour for the first cell of each row."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    colors: Sequence[str]
    lines: bool = False
    """rules between the rows"""
    compact: bool = False
    """no cell is wrapped, but for the last of a row where there is no room"""


def as_rich(table: Table) -> RichTable:
    """For a terminal."""
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(title=table.title, show_lines=table.lines)
    for index, heading in enumerate(table.headings):
        drawn.add_column(heading, no_wrap=index < 2 or (table.compact and index < len(table.headings) - 1))
    for row, color in zip(table.rows, table.colors, strict=True):
        drawn.add_row(Text(row[0], style=color), *(Text(cell) for cell in row[1:]))
    return drawn


def as_text(table: Table, width: int = 130) -> str:
    """Without colours."""
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(as_rich(table))
    return captured.get().rstrip()


def as_html(table: Table) -> str:
    """For a notebook."""
    head = "".join(f"<th>{html.escape(heading)}</th>" for heading in table.headings)
    body = "".join("<tr>" + "".join(f"<td><pre>{html.escape(cell)}</pre></td>" for cell in row) + "</tr>" for row in table.rows)
    return f"<table><caption>{html.escape(table.title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

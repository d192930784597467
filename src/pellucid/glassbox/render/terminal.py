"""A derivation in a terminal: colours where there are any, arrows that say the same, lines that fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.text import Text

from pellucid.expressions.text import text
from pellucid.glassbox.render.aligned import shown_sides, tells_value
from pellucid.glassbox.render.boxes import Box, beside, box, value_box
from pellucid.glassbox.render.escapes import sentence_text
from pellucid.glassbox.render.numbers import grid
from pellucid.glassbox.render.tables import cell_text, flush_right, shortened, widths
from pellucid.glassbox.render.words import AS_ABOVE, Part, checked_precision, part_of, plain, remarks, told_convention

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from pellucid.glassbox.derivation import Cell, Derivation, Section, Step, Table

WIDTH = 80
WIDEST = 100
"""longer lines are hard to read"""
_TOGETHER = "\ue000×\ue000"
"""no line ends within 5 × 4; no text holds these letters, since `plain` takes them out"""
_DEEPEST = 6
"""steps within steps are moved to the right so often"""


def to_text(derivation: Derivation, precision: int = 4, width: int = WIDTH) -> str:
    """The lines, without colours."""
    from io import StringIO

    checked_precision(precision)
    console = Console(file=StringIO(), width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(as_rich(derivation, precision))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n"


def as_rich(derivation: Derivation, precision: int = 4) -> Group:
    """What rich prints; the lines are laid out for the console that they are printed on."""
    return Group(_Lines(derivation, precision))


@dataclass(frozen=True)
class _Lines:
    """A derivation that waits for its width."""

    derivation: Derivation
    precision: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        width = max(min(options.max_width, WIDEST), 20)
        for line in _derivation(self.derivation, self.precision, width):
            if isinstance(line, Text):
                line.no_wrap, line.overflow = True, "ignore"
            yield line


def _derivation(derivation: Derivation, precision: int, width: int) -> Iterator[Text | RichTable]:
    yield from _words(derivation.title, width, "", "bold")
    yield Text("═" * min(width, max(cell_len(plain(derivation.title)), 1)), style="dim")
    if convention := told_convention(derivation):
        yield from _words(convention, width, "", "dim")
    for section in derivation.sections:
        yield from _section(section, precision, width)


def _section(section: Section, precision: int, width: int) -> Iterator[Text | RichTable]:
    yield Text()
    yield from _words(section.title, width, "", "bold")
    yield Text("─" * min(width, max(cell_len(plain(section.title)), 1)), style="dim")
    if section.note:
        yield from _words(section.note, width, "")
    if section.table:
        yield table_as_rich(section.table, precision, width)
    yield from _steps(section.steps, precision, width, "")


def table_as_rich(table: Table, precision: int, width: int) -> RichTable:
    """A table, no wider than told."""
    from rich import box
    from rich.table import Table as RichTable

    needed = widths(table, precision)
    fits = sum(needed) + 3 * len(needed) <= width
    drawn = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, width=None if fits else width)
    for heading, right in zip(table.headings, flush_right(table), strict=True):
        drawn.add_column(Text(sentence_text(heading)), no_wrap=fits, overflow="fold", justify="right" if right else "left")
    for row in shortened(table):
        drawn.add_row(*(Text(cell_text(cell, precision), style=_style(cell)) for cell in row))
    return drawn


def _style(cell: Cell) -> str:
    return part_of(cell[0].part).terminal if cell and not isinstance(cell, str) else ""


def _steps(steps: tuple[Step, ...], precision: int, width: int, indent: str) -> Iterator[Text]:
    inner = indent + "    "
    deeper = indent + "  " if len(indent) < 2 * _DEEPEST else indent
    for before, step in zip((None, *steps), steps, strict=False):
        yield Text()
        lines, high = _equation(step, part_of(step.part), precision, width, indent)
        yield from lines[:-1]
        last = lines[-1]
        value = list(_value(step, precision, width, inner)) if tells_value(step) else []
        short = len(value) == 1 and np.size(step.value) == 1 and not high
        if short and cell_len(last.plain) + cell_len(value[0].plain) < width + len(inner):
            yield last + Text(f" {value.pop().plain.strip()}")
        else:
            yield last
        said = "; ".join(remark for remark in remarks(step, bool(indent), before) if remark != AS_ABOVE)
        if said:
            yield from _words(said, width, inner, "italic dim")
        yield from value
        yield from _steps(step.steps, precision, width, deeper)


def _equation(step: Step, part: Part, precision: int, width: int, indent: str) -> tuple[list[Text], bool]:
    """Symbol = side = side, on one line if they fit, else each side on a line; and whether the last of them is higher than a line."""
    left, sides = box(step.left, precision), [box(side, precision) for side in shown_sides(step)]
    room, equals = width - len(indent) - 2, Box(("=",))
    whole = beside([left, *(part for side in sides for part in (equals, side))])
    if whole.width <= room:
        rows = [whole]
    elif left.width > room / 3 or any(side.high and left.width + side.width + 3 > room for side in sides):
        rows = [left, *(beside([Box((" =",)), side]) for side in sides)]
    else:
        hang = Box((" " * left.width,))
        rows = [beside([hang if index else left, equals, side]) for index, side in enumerate(sides)]
    if any(row.high and row.width > room for row in rows):  # a matrix that is too wide is written in one line, and that is broken
        rows = [Box((text(step.left, precision),)), *(Box((f" = {text(side, precision)}",)) for side in shown_sides(step))]
    drawn = []
    for index, row in enumerate(rows):
        lines = row.lines if row.high else broken(row.lines[0], room, left.width + 3 if rows[0] is not left else 4)
        for at, line in enumerate(lines):
            mark = part.mark if index == 0 and at == (row.base if row.high else 0) else " "
            drawn.append(Text(f"{indent}{mark} ", style=f"bold {part.terminal}") + Text(line, style=part.terminal))
    return drawn, rows[-1].high


def _value(step: Step, precision: int, width: int, indent: str) -> Iterator[Text]:
    shown = grid(step.value, precision, width=width - len(indent) - 4)
    for line in beside([Box(("=",)), value_box(shown)]).lines:
        yield Text(indent + line)
    if shown.caption:
        yield Text(f"{indent}  ({shown.caption})", style="dim")


def broken(line: str, room: int, indent: int = 2) -> list[str]:
    """A long line in several, none of them short if it can be helped, as far out of brackets as can be, before a sign rather than a factor.

    >>> broken("x = aaaa + (bbbb + cccc)", 14)
    ['x = aaaa', '  + (bbbb', '  + cccc)']
    """
    indent = indent if 0 < indent < room / 3 else 2
    found, lead = [], ""
    while cell_len(lead + line) > room:
        here = room - len(lead)
        at = min(_breaks(line, here), key=lambda place: (place[1] >= _BAD, place[0] <= here / 3, place[1], -place[0]), default=(here, 0))[0]
        found.append(lead + line[:at])
        line, lead = line[at:].lstrip(), " " * indent
    return [*found, lead + line]


def _breaks(line: str, room: int) -> Iterator[tuple[int, float]]:
    """Where a line may end, and how bad it is there: the deeper in brackets the worse, and worst behind a sign."""
    depth = 0
    for at, letter in enumerate(line[: room + 1]):
        depth += (letter in _OPEN) - (letter in _SHUT)
        if letter == " " and at:
            sign = line[at + 1 : at + 2] in _SIGNS and line[at + 2 : at + 3] == " "
            behind = line[at - 1] in _SIGNS + _TIMES
            yield at, depth + (0 if sign or line[at - 1] in ",;" else 0.5) + (_BAD if behind else 0)


_OPEN, _SHUT, _SIGNS, _TIMES = "([{", ")]}", "=+-≤≥<>", "·⊙"
_BAD = 100


def _words(words: str, width: int, indent: str, style: str = "") -> Iterator[Text]:
    """A paragraph of plain text."""
    kept = sentence_text(words).replace(" × ", _TOGETHER)
    for line in Text(kept).wrap(_measuring(), width - len(indent)):
        yield Text(indent + line.plain.rstrip().replace("\ue000", " "), style=style)


@lru_cache(maxsize=1)
def _measuring() -> Console:
    """Wrapping wants a console, whatever it is."""
    return Console()

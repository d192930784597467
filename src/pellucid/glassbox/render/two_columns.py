"""The formulas of the layers side by side, forward on the left, backward on the right, in each of the forms."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.expressions.nodes import Equation
from pellucid.glassbox.derivation import BACKWARD, FORWARD, Derivation, Section, Step, Table
from pellucid.glassbox.render.markdown import safe
from pellucid.glassbox.render.tables import latex_equation

if TYPE_CHECKING:
    from rich.table import Table as RichTable

    from pellucid.glassbox.derive.two_columns import LayerTable

HEADINGS = ("layer", "forward propagation", "backward propagation")
_DIGITS = 6


def to_text(table: LayerTable) -> str:
    """Without colours."""
    from io import StringIO

    from rich.console import Console

    console = Console(file=StringIO(), width=130, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(as_rich(table))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n")


def as_rich(table: LayerTable) -> RichTable:
    """For a terminal, in the colours of the parts."""
    from pellucid.glassbox.render.terminal import table_as_rich

    drawn = table_as_rich(cells(table), _DIGITS, width=130)
    drawn.title, drawn.show_lines = table.title, True
    return drawn


def to_markdown(table: LayerTable) -> str:
    """A row for each line of a layer, its formulas between dollars."""
    lines = [f"| {' | '.join(HEADINGS)} |", "|---|---|---|"]
    for name, ahead, back in _layers(table):
        for at in range(max(len(ahead), len(back))):
            row = [f"${name}$" if at == 0 else "", _inline(ahead[at : at + 1]), _inline(back[at : at + 1])]
            lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines)


def to_html(table: LayerTable) -> str:
    """A page that stands on its own."""
    from pellucid.glassbox.render.page import to_html as page

    return page(_derivation(table))


def fragment(table: LayerTable) -> str:
    """For a notebook."""
    from pellucid.glassbox.render.page import fragment as part_of_page

    return part_of_page(_derivation(table))


def cells(table: LayerTable) -> Table:
    """A row for each layer."""
    return Table(HEADINGS, tuple(_layers(table)))


def _layers(table: LayerTable) -> Iterator[tuple[str, tuple[Step, ...], tuple[Step, ...]]]:
    return ((name, _steps(ahead, FORWARD), _steps(back, BACKWARD)) for name, ahead, back in table.layers)


def _derivation(table: LayerTable) -> Derivation:
    return Derivation(table.title, (Section("", (), table=cells(table)),), {})


def _steps(equations: tuple[Equation, ...], part: str) -> tuple[Step, ...]:
    found = []
    for equation in equations:
        *left, last = equation.sides
        found.append(Step("", left[0] if len(left) == 1 else Equation(tuple(left)), (last,), "", part))
    return tuple(found)


def _inline(steps: tuple[Step, ...]) -> str:
    """A bar would end the cell."""
    return "".join(f"${safe(latex_equation(step, _DIGITS))}$".replace("|", r"\vert ") for step in steps)

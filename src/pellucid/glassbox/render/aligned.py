r"""A step as rows of LaTeX that are aligned at their equals signs: what the LaTeX document, Markdown and notebooks have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.expressions import nodes
from pellucid.expressions.latex import number_latex
from pellucid.glassbox.render.flow import lines, pieces
from pellucid.glassbox.render.measure import width
from pellucid.glassbox.render.numbers import ACROSS, ASLANT, DOWN, Grid, grid, shape_text

if TYPE_CHECKING:
    from pellucid.expressions.nodes import Expression
    from pellucid.glassbox.derivation import Step

LINE = 76
"""about how many letters fit a line of a page"""
_DOTS = {ACROSS: r"\cdots", DOWN: r"\vdots", ASLANT: r"\ddots", "∞": r"\infty", "-∞": r"-\infty", "NaN": r"\mathrm{NaN}", "": ""}


def rows(step: Step, precision: int, line: float = LINE) -> list[str]:
    r"""The rows of a step, such as ``z &= W x + b``, its value last; no row is longer than a line if it can be helped."""
    left = lines(pieces(step.left, precision, line), line)
    beside = width(step.left, precision)
    if len(left) > 1 or beside > line / 3:
        found, indent, lead, room = [f"& {part}" for part in left], r"& \quad ", r"& \quad = ", line - 5
    else:
        found, indent, lead, room = [], r"& \quad ", f"{left[0]} &= ", line - beside - 3
    for side in shown_sides(step):
        first, *rest = lines(pieces(side, precision, room - 2), room)
        found += [f"{lead}{first}", *(f"{indent}{part}" for part in rest)]
        lead = r"& \quad = " if len(left) > 1 or beside > line / 3 else "&= "
    if tells_value(step):
        shown = grid(step.value, precision, width=int(room * 0.9))
        found.append(f"{lead}{grid_latex(shown)}")
        if shown.caption:
            found.append(rf"& \qquad ({shape_latex(shown.shape)}, \text{{ norm }} {cell_latex(shown.norm)})")
    return found


def tells_value(step: Step) -> bool:
    """Whether the value is shown: not where the equation ends with it already."""
    last = shown_sides(step)[-1]
    return step.value is not None and not isinstance(last.of if isinstance(last, nodes.Negative) else last, nodes.Number)


def shown_sides(step: Step) -> tuple[Expression, ...]:
    """The sides as a person sees them."""
    return step.shown or step.sides


def grid_latex(shown: Grid) -> str:
    r"""A number or a matrix with its numbers flush right.

    >>> grid_latex(grid([[0.5], [-2.0]]))
    '\\left[\\begin{array}{r} 0.5 \\\\ -2.0 \\end{array}\\right]'
    """
    power = rf" \cdot 10^{{{shown.power}}}" if shown.power else ""
    if shown.scalar:
        return cell_latex(shown.cells[0][0]) + power
    body = r" \\ ".join(" & ".join(map(cell_latex, row)) for row in shown.cells)
    before = rf"10^{{{shown.power}}} \cdot " if shown.power else ""
    return rf"{before}\left[\begin{{array}}{{{'r' * len(shown.cells[0])}}} {body} \end{{array}}\right]"


def cell_latex(text: str) -> str:
    """One entry."""
    if text in _DOTS:
        return _DOTS[text]
    return number_latex(float(text)) if "e" in text else text


def shape_latex(shape: tuple[int, ...]) -> str:
    r"""5 \times 4."""
    return shape_text(shape).replace("×", r"\times")

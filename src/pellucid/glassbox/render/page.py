"""A derivation as an HTML page that stands on its own: MathML, no script, nothing from the network; and as a part of a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.render.aligned import shown_sides, tells_value
from pellucid.glassbox.render.escapes import as_html, sentence_html
from pellucid.glassbox.render.flow import Piece, pieces
from pellucid.glassbox.render.mathml import mathml
from pellucid.glassbox.render.measure import width
from pellucid.glassbox.render.numbers import ACROSS, ASLANT, DOWN, Grid, grid
from pellucid.glassbox.render.styles import PAGE, PARTS_STYLE, SHARED
from pellucid.glassbox.render.tables import flush_right, latex_equation, shortened
from pellucid.glassbox.render.words import PARTS, checked_precision, part_of, remarks, told_convention

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Cell, Derivation, Section, Step, Table

PHONE = 30
"""about how many letters of an equation fit a line of a phone"""
PHONE_COLUMNS = 3
"""what has more is wider than a phone"""
PAGE_ROWS = 1000
"""of a table; it scrolls"""
CONTENTS_FROM = 3
"""sections from which on there is a table of contents"""


def to_html(derivation: Derivation, precision: int = 4) -> str:
    """The page."""
    checked_precision(precision)
    title = as_html(derivation.title)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>{PAGE}{SHARED}{PARTS_STYLE}</style>\n</head>\n"
        f'<body>\n<main class="pellucid">\n{_inside(derivation, precision, 1)}</main>\n</body>\n</html>\n'
    )


def fragment(derivation: Derivation, precision: int = 4) -> str:
    """The same without the page around it."""
    checked_precision(precision)
    return f'<div class="pellucid"><style>{SHARED}{PARTS_STYLE}</style>\n{_inside(derivation, precision, 3)}</div>'


def _inside(derivation: Derivation, precision: int, level: int) -> str:
    used = {step.part for step in derivation}
    key = " ".join(f'<span class="part {part.name}">{part.mark} {part.name}</span>' for part in PARTS.values() if part.name in used)
    told = f"{as_html(convention)} " if (convention := told_convention(derivation)) else ""
    parts = [f"<h{level}>{sentence_html(derivation.title)}</h{level}>\n"]
    if told or key:
        parts.append(f'<p class="key">{told}{key}</p>\n')
    if level == 1 and len(derivation.sections) >= CONTENTS_FROM:
        links = "".join(f'<li><a href="#s{at}">{sentence_html(each.title)}</a></li>' for at, each in enumerate(derivation.sections, 1))
        parts.append(f'<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ol>{links}</ol></nav>\n')
    for at, section in enumerate(derivation.sections, 1):
        parts.append("".join(_section(section, at, precision, level + 1)))
    return "".join(parts)


def _section(section: Section, at: int, precision: int, level: int) -> Iterator[str]:
    anchor = f' id="s{at}"' if level == 2 else ""
    heading = f"<h{level}>{sentence_html(section.title)}</h{level}>" if section.title else ""
    yield f"<section{anchor}>{heading}\n"
    if section.note:
        yield f'<p class="note">{sentence_html(section.note)}</p>\n'
    if section.table:
        yield _table(section.table, precision)
    if section.steps:
        yield from _steps(section.steps, precision)
    yield "</section>\n"


def _table(table: Table, precision: int) -> str:
    head = "".join(f'<th scope="col">{sentence_html(heading)}</th>' for heading in table.headings)
    numbers = flush_right(table)
    rows = (
        "".join(
            f'<td class="number">{_cell(str(cell))}</td>' if number else f"<td>{_table_cell(cell, precision)}</td>"
            for number, cell in zip(numbers, row, strict=True)
        )
        for row in shortened(table, PAGE_ROWS)
    )
    body = "".join(f"<tr>{row}</tr>\n" for row in rows)
    return f'<div class="sheet" tabindex="0"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n'


def _table_cell(cell: Cell, precision: int) -> str:
    if isinstance(cell, str):
        return sentence_html(cell)
    return "".join(f'<div class="{as_html(step.part)} left">{mathml(latex_equation(step, precision))}</div>' for step in cell)


def _steps(steps: tuple[Step, ...], precision: int, inner: bool = False) -> Iterator[str]:
    yield '<ol class="steps">\n'
    for before, step in zip((None, *steps), steps, strict=False):
        part = part_of(step.part)
        yield f'<li class="step {as_html(part.name)}"><div class="equation">{"".join(_equation(step, precision))}</div>\n'
        said = sentence_html("; ".join(remarks(step, inner, before))).replace(" × ", "\u00a0×\u00a0")
        mark = f'<span class="part {as_html(part.name)}" title="{as_html(part.name)}">{part.mark}</span>'
        yield f'<p class="rule">{mark} {said}</p>\n'
        if step.steps:
            yield from _steps(step.steps, precision, inner=True)
        yield "</li>\n"
    yield "</ol>\n"


def _equation(step: Step, precision: int) -> Iterator[str]:
    """The symbol at the left, each side on a line of its own, at last the value."""
    left = pieces(step.left, precision, PHONE, scrolls=True)
    stacked = len(left) > 1 or width(step.left, precision) > PHONE / 3
    yield f'<div class="left{" stacked" if stacked else ""}">{_inline(left)}</div>'
    equals = mathml("=")
    for side in shown_sides(step):
        yield f'<div class="side">{equals} {_inline(pieces(side, precision, PHONE, scrolls=True))}</div>'
    if tells_value(step):
        shown = grid(step.value, precision)
        yield f'<div class="side value">{equals} {value_html(shown)}</div>'
        if shown.caption:
            yield f'<div class="side caption">{as_html(shown.caption)}</div>'


def _inline(found: list[Piece]) -> str:
    """Equations next to each other; between them the line may end."""
    return " ".join(f'<span class="piece">{mathml(piece.latex)}</span>' for piece in found)


def value_html(shown: Grid) -> str:
    """A number, or a table between brackets that can be scrolled by itself."""
    power = f"10<sup>{str(shown.power).replace('-', '−')}</sup>" if shown.power else ""
    if shown.scalar:
        return f'<span class="number">{_cell(shown.cells[0][0])}{" · " if power else ""}{power}</span>'
    rows = "".join("<tr>" + "".join(f"<td>{_cell(cell)}</td>" for cell in row) + "</tr>" for row in shown.cells)
    before = f'<span class="number">{power} · </span>' if power else ""
    table = f'<span class="matrix"><table>{rows}</table></span>'
    reachable = ' tabindex="0"' if len(shown.cells[0]) > PHONE_COLUMNS else ""  # to be scrolled by keys
    return f'{before}<span class="scroll"{reachable}>{table}</span>'


def _cell(text: str) -> str:
    if text in (ACROSS, DOWN, ASLANT):
        return text
    return text.replace("-", "−")

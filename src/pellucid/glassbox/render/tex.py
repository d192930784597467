r"""A derivation as a LaTeX document that stands on its own (pdflatex, amsmath), and as the LaTeX that a notebook shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.render.aligned import LINE, rows
from pellucid.glassbox.render.escapes import as_tex, sentence_tex
from pellucid.glassbox.render.tables import flush_right, latex_equation, shortened, widths
from pellucid.glassbox.render.words import checked_precision, part_of, remarks, told_convention

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Cell, Derivation, Section, Step, Table

_INDENT = 1.6
"""em by which what a step is made of stands further to the right"""
_HEAD = r"""\documentclass[fleqn]{article}
\usepackage{amsmath}
\setlength{\textwidth}{17cm}
\setlength{\oddsidemargin}{-0.5cm}
\setlength{\textheight}{24cm}
\setlength{\topmargin}{-1.5cm}
\setlength{\parindent}{0pt}
\setlength{\parskip}{0.6ex}
\setlength{\emergencystretch}{3em}
\setcounter{secnumdepth}{0}
\setcounter{MaxMatrixCols}{40}
\allowdisplaybreaks
\renewcommand{\arraystretch}{1.15}
"""


def to_latex(derivation: Derivation, precision: int = 4) -> str:
    """The document; it loads nothing but amsmath."""
    checked_precision(precision)
    title = sentence_tex(derivation.title)
    body = "\n".join(part for section in derivation.sections for part in _section(section, precision))
    told = as_tex(told_convention(derivation))
    return f"{_HEAD}\\begin{{document}}\n{{\\LARGE {title}\\par}}\n\\medskip\n{told}\n\n{body}\n\\end{{document}}\n"


def fragment(derivation: Derivation, precision: int = 4) -> str:
    """The equations alone, for MathJax in a notebook."""
    checked_precision(precision)
    found = [row for step in derivation for row in rows(step, precision)]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(found) + "\n\\end{aligned}$$"


def _section(section: Section, precision: int) -> Iterator[str]:
    yield f"\n\\section{{{sentence_tex(section.title)}}}"
    if section.note:
        yield f"{sentence_tex(section.note)}\n"
    if section.table:
        yield _table(section.table, precision)
    yield from _steps(section.steps, precision, depth=0)


def _steps(steps: tuple[Step, ...], precision: int, depth: int) -> Iterator[str]:
    for before, step in zip((None, *steps), steps, strict=False):
        yield from _step(step, before, precision, depth)


def _step(step: Step, before: Step | None, precision: int, depth: int) -> Iterator[str]:
    part, indent = part_of(step.part), min(_INDENT * depth, 6 * _INDENT)
    lead = rf"\hspace*{{{indent:g}em}}" if depth else ""
    said = sentence_tex("; ".join(remarks(step, bool(depth), before)))
    yield f"\\filbreak\n{lead}{as_tex(part.mark)} \\textit{{{as_tex(part.name)}}}: {said}"
    yield rf"{{\setlength{{\mathindent}}{{{1.5 + indent:g}em}}\begin{{align*}}"
    yield " \\\\\n".join(rows(step, precision, LINE - 2 * indent))
    yield "\\end{align*}}"
    yield from _steps(step.steps, precision, depth + 1)


def _table(table: Table, precision: int) -> str:
    """Columns that are too wide together share the width of the page."""
    needed = widths(table, precision)
    shares = [0.92 * width / sum(needed) for width in needed]
    fits = sum(needed) + 3 * len(needed) <= LINE
    kinds = (
        "".join("r" if right else "l" for right in flush_right(table))
        if fits
        else "".join(rf"p{{{share:.3f}\textwidth}}" for share in shares)
    )
    head = " & ".join(rf"\textbf{{{sentence_tex(heading)}}}" for heading in table.headings)
    body = " \\\\\n".join(" & ".join(_cell(cell, precision) for cell in row) for row in shortened(table))
    return f"\n\\begin{{tabular}}{{@{{}}{kinds}@{{}}}}\n{head} \\\\ \\hline \\noalign{{\\smallskip}}\n{body} \\\\\n\\end{{tabular}}\n"


def _cell(cell: Cell, precision: int) -> str:
    if isinstance(cell, str):
        return sentence_tex(cell)
    lines = r" \\ ".join(latex_equation(step, precision) for step in cell)
    return rf"$\begin{{array}}{{@{{}}l@{{}}}} {lines} \end{{array}}$"

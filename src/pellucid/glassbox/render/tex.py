r"""A derivation as a LaTeX document that stands on its own (pdflatex, amsmath), and as the LaTeX that a notebook shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pellucid.glassbox.render.aligned import LINE, rows
from pellucid.glassbox.render.texts import as_tex, checked_precision, part_of, times

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Derivation, Section, Step

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
\allowdisplaybreaks
"""


def to_latex(derivation: Derivation, precision: int = 4) -> str:
    """The document; it loads nothing but amsmath."""
    checked_precision(precision)
    title = as_tex(derivation.title)
    body = "\n".join(part for section in derivation.sections for part in _section(section, precision))
    told = f"Convention: {as_tex(derivation.convention)}." if derivation.convention else ""
    return f"{_HEAD}\\begin{{document}}\n{{\\LARGE {title}\\par}}\n\\medskip\n{told}\n\n{body}\n\\end{{document}}\n"


def fragment(derivation: Derivation, precision: int = 4) -> str:
    """The equations alone, for MathJax in a notebook."""
    checked_precision(precision)
    found = [row for step in derivation for row in rows(step, precision)]
    return "$$\\begin{aligned}\n" + " \\\\\n".join(found) + "\n\\end{aligned}$$"


def _section(section: Section, precision: int) -> Iterator[str]:
    yield f"\n\\section{{{as_tex(section.title)}}}"
    if section.note:
        yield f"{as_tex(section.note)}\n"
    for step in section.steps:
        yield from _step(step, precision, depth=0)


def _step(step: Step, precision: int, depth: int) -> Iterator[str]:
    part, indent = part_of(step.part), min(_INDENT * depth, 6 * _INDENT)
    lead = rf"\hspace*{{{indent:g}em}}" if depth else ""
    shapes = shapes_latex(step.shapes)
    yield f"\\filbreak\n{lead}{as_tex(part.mark)} \\textit{{{as_tex(part.name)}}}: {as_tex(step.rule)}{'; ' if shapes else ''}{shapes}"
    yield rf"{{\setlength{{\mathindent}}{{{1.5 + indent:g}em}}\begin{{align*}}"
    yield " \\\\\n".join(rows(step, precision, LINE - 2 * indent))
    yield "\\end{align*}}"
    for inner in step.steps:
        yield from _step(inner, precision, depth + 1)


def shapes_latex(shapes: str) -> str:
    r"""The arithmetic of shapes, as a formula where it is one: (5 x 4)(4 x 1).

    >>> shapes_latex("(5 x 4)(4 x 1)")
    '$(5 \\times 4)(4 \\times 1)$'
    """
    if re.fullmatch(r"[\w ()+=/×,]*", shapes, re.ASCII) and shapes:
        product = re.sub(r"(?<=[\w)]) x (?=[\w(])", r" \\times ", shapes)
        return f"${product}$"
    return as_tex(times(shapes))

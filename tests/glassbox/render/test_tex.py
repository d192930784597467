"""The LaTeX document: brackets and environments are pairs, and it holds nothing but what LaTeX and amsmath know."""

from __future__ import annotations

import re

import pytest

from derivations import NASTY, by_hand, everything
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.derivation import Derivation, Section, Step
from pellucid.glassbox.render.aligned import LINE, grid_latex, rows
from pellucid.glassbox.render.numbers import grid
from pellucid.glassbox.render.tex import fragment, to_latex

KNOWN = frozenset(
    re.findall(
        r"\w+",
        "documentclass usepackage setlength textwidth oddsidemargin textheight topmargin parindent parskip emergencystretch "
        "setcounter secnumdepth MaxMatrixCols allowdisplaybreaks renewcommand arraystretch begin end LARGE par medskip section "
        "filbreak textit textbf hspace mathindent hline noalign smallskip symbol frac sum sqrt hat left right bigl bigr big lVert rVert "
        "partial infty odot cdot cdots vdots ddots quad qquad text mathrm operatorname exp log sin cos tan sinh cosh tanh arctan max "
        "min lambda alpha beta gamma delta epsilon eta theta mu pi rho sigma tau phi Phi times le ge ne rightarrow leftarrow diamond "
        "bullet star lbrack rbrack backslash sim dots S ss ae AE oe OE o O l L i j u v c r H",
    )
)
"""commands of LaTeX itself and of amsmath"""


@pytest.fixture(params=list(everything()), scope="module")
def document(request):
    return to_latex(everything()[request.param])


def test_every_command_is_known_to_latex_or_amsmath(document):
    assert set(re.findall(r"\\([A-Za-z]+)", document)) <= KNOWN
    assert re.findall(r"\\usepackage\{(.*?)\}", document) == ["amsmath"]
    assert document.isascii()


def test_brackets_are_pairs(document):
    bare = re.sub(r"\\[{}]", "", document)
    depth = 0
    for letter in bare:
        depth += (letter == "{") - (letter == "}")
        assert depth >= 0
    assert depth == 0
    for line in document.splitlines():
        assert len(re.findall(r"\\left(?![a-z])", line)) == len(re.findall(r"\\right(?![a-z])", line)), "a growing pair stands on one line"


def test_environments_are_pairs(document):
    open_ones = []
    for what, name in re.findall(r"\\(begin|end)\{(.*?)\}", document):
        if what == "begin":
            open_ones.append(name)
        else:
            assert open_ones.pop() == name
    assert open_ones == []


def test_nothing_stands_twice_above_or_below_a_letter(document):
    assert not re.search(r"\}\^\{[^{}]*\}\^", document)
    assert not re.search(r"\^\{[^{}]*\}\^\{", document), "a double superscript"


def test_a_table_has_as_many_cells_in_each_row(document):
    for kinds, body in re.findall(r"\\begin\{tabular\}\{@\{\}(.*?)@\{\}\}\n(.*?)\\end\{tabular\}", document, re.DOTALL):
        n = len(re.findall(r"[lrp]", re.sub(r"\{.*?\}", "", kinds)))
        for row in re.sub(r"\$.*?\$", "", body).strip().removesuffix("\\\\").split("\\\\"):
            assert len(re.findall(r"(?<!\\)&", row)) == n - 1


def test_no_row_ends_with_what_would_be_read_as_a_distance(document):
    assert not re.search(r"\\\\\s*[\[*]", document)


@pytest.mark.parametrize("words", NASTY)
def test_hostile_words_are_no_commands(words):
    page = to_latex(Derivation(words, (Section(words, (), words),), {}))
    assert set(re.findall(r"\\([A-Za-z]+)", page)) <= KNOWN
    assert "\\input" not in page


def seen_width(row: str) -> float:
    """About how many letters of a row are seen: those above and below the line are smaller, and stand above each other."""
    row = re.sub(r"\\(begin|end)\{\w+\}(\{r*\})?|\\(left|right|bigl|bigr|quad|qquad|text|mathrm|operatorname|big)(?![a-zA-Z])", "", row)
    row = re.sub(r"\\[a-zA-Z]+", "x", row)
    scripts = re.findall(r"(?:_\{([^{}]*)\})?(?:\^\{([^{}]*)\})?", row)
    base = re.sub(r"[_^]\{[^{}]*\}|[{}\s&]", "", row)
    return len(base) + 0.6 * sum(max(len(below), len(above)) for below, above in scripts)


def test_rows_fit_the_page(document):
    """Matrices are numbers in columns, whose width is known; cases stand in lines of their own."""
    for indent, body in re.findall(r"\\mathindent\}\{([\d.]+)em\}\\begin\{align\*\}\n(.*?)\n\\end\{align\*\}", document, re.DOTALL):
        rows = re.sub(r"\\begin\{(array|bmatrix|cases)\}.*?\\end\{\1\}", "", body).split(" \\\\\n")
        for row in rows:
            assert seen_width(row) + 2 * (float(indent) - 1.5) <= 1.15 * LINE, row


def test_a_matrix_is_flush_right_and_large_numbers_have_their_power():
    assert grid_latex(grid([[0.5], [-2.0]])) == r"\left[\begin{array}{r} 0.5 \\ -2.0 \end{array}\right]"
    assert grid_latex(grid(1e-9)) == r"1 \cdot 10^{-9}"
    assert grid_latex(grid([1e-9, 2e-9])) == r"10^{-9} \cdot \left[\begin{array}{rr} 1 & 2 \end{array}\right]"
    assert grid_latex(grid([1.5, float("inf"), -float("inf"), float("nan"), 1e-12])) == (
        r"\left[\begin{array}{rrrrr} 1.5 & \infty & -\infty & \mathrm{NaN} & 1 \cdot 10^{-12} \end{array}\right]"
    )


def test_an_abbreviated_matrix_tells_its_shape_and_norm():
    step = Step("W1", Symbol("W", 1), (Symbol("W", 1),), "", "forward", value=[[1.0] * 100] * 25)
    assert rows(step, 4)[-1] == r"& \qquad (25 \times 100, \text{ norm } 50)"


def test_in_a_notebook_all_equations_are_one_block():
    found = fragment(everything()["one weight"])
    assert found.startswith("$$\\begin{aligned}\n")
    assert found.endswith("\n\\end{aligned}$$")
    assert found.count("$$") == 2
    assert everything()["one weight"]._repr_latex_() == found


def test_the_document_says_what_it_is():
    page = to_latex(by_hand())
    assert r"{\LARGE By hand: $x_{1}$ $<$ petal\_length \& more\par}" in page
    assert r"\section{Constructs of layer 1}" in page
    assert "A note on $W^{[1]}$ and $z_{3}^{[1]}$." in page

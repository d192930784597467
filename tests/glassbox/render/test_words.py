"""Sentences between the equations: their symbols are found, everything else stays text in every form."""

from __future__ import annotations

import html
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from derivations import NASTY
from pellucid.errors import InputError
from pellucid.expressions.nodes import Number, Symbol
from pellucid.glassbox.derivation import Step
from pellucid.glassbox.render import escapes
from pellucid.glassbox.render.words import PARTS, Word, checked_precision, part_of, plain, remarks, times, words_of

COMMON = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def seen(page: str) -> str:
    """What a reader of a page sees."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@given(st.text())
def test_plain_text_is_one_line_that_a_terminal_does_not_obey(text):
    found = plain(text)
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", found)
    assert plain(found) == found


@pytest.mark.parametrize("text", NASTY)
def test_a_page_shows_the_words_and_obeys_none(text):
    page = escapes.sentence_html(text)
    assert seen(page) == plain(text)
    assert set(re.findall(r"</?(\w+)", page)) <= {"i", "sub", "sup"}


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("form", ["{}", "| {} | b |\n| --- | --- |\n| {} | c |", "## {}"])
def test_markdown_shows_the_words_and_obeys_none(text, form):
    page = COMMON.render(form.replace("{}", escapes.as_markdown(text)))
    assert set(re.findall(r"<(\w+)", page)) <= {"p", "h2", "table", "thead", "tbody", "tr", "th", "td"}
    assert plain(text).strip() in seen(page)


@pytest.mark.parametrize("text", ["@somebody", "http://evil.example", "www.evil.example", "$1$"])
def test_what_github_would_make_of_a_text_is_taken_apart(text):
    assert text not in escapes.as_markdown(text)


@given(st.text())
def test_latex_holds_nothing_but_letters_that_it_knows(text):
    found = escapes.as_tex(text)
    assert found.isascii()
    assert found.replace(r"\{", "").replace(r"\}", "").count("{") == found.replace(r"\{", "").replace(r"\}", "").count("}")
    assert found.count("$") % 2 == 0
    for special in "#%&_":
        assert re.sub(rf"\\{special}", "", found).count(special) == 0 or special == "_"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("50 % & #1_a", r"50 \% \& \#1\_a"),
        ("$5", r"\symbol{36}5"),
        (r"\input{x}", r"$\backslash$input\{x\}"),
        ("größe naïve Łódź", r"gr\"{o}\ss{}e na\"{\i}ve \L{}\'{o}d\'{z}"),
        ("中", "{[}U+4E2D{]}"),
        ("[link] *", "{[}link{]} {*}"),
        ("α ≥ 0", r"$\alpha$ $\ge$ 0"),
        ("a^2~b", r"a\^{}2$\sim$b"),
        ("x²₃", "x$^{2}_{3}$"),
    ],
)
def test_latex_of_texts(text, latex):
    assert escapes.as_tex(text) == latex


@pytest.mark.parametrize(
    ("text", "page", "latex", "terminal"),
    [
        ("by a^[1]", "by <i>a</i><sup>[1]</sup>", "by $a^{[1]}$", "by a^[1]"),
        ("w_jk joins", "<i>w</i><sub>jk</sub> joins", "$w_{jk}$ joins", "wⱼₖ joins"),
        ("z₃^[2] = dz_3", "<i>z</i><sub>3</sub><sup>[2]</sup> = <i>dz</i><sub>3</sub>", "$z_{3}^{[2]}$ = $dz_{3}$", "z₃^[2] = dz₃"),
        ("W^[1]T x_12", "<i>W</i><sup>[1]T</sup> <i>x</i><sub>12</sub>", "$W^{[1]T}$ $x_{12}$", "W^[1]T x₁₂"),
        ("ŷ_2 of y", "<i>ŷ</i><sub>2</sub> of y", r"$\hat{y}_{2}$ of y", "ŷ₂ of y"),
        ("petal_length is no symbol", "petal_length is no symbol", r"petal\_length is no symbol", "petal_length is no symbol"),
        ("log_loss, e^-z, x_", "log_loss, e^-z, x_", r"log\_loss, e\^{}-z, x\_", "log_loss, e^-z, x_"),
    ],
)
def test_symbols_in_sentences(text, page, latex, terminal):
    assert escapes.sentence_html(text) == page
    assert escapes.sentence_tex(text) == latex
    assert escapes.sentence_text(text) == terminal


@given(st.text(string.ascii_letters + "_^[]()0123456789 ₁₂ⱼ"))
def test_taking_a_sentence_apart_loses_nothing_but_the_marks_of_scripts(text):
    joined = "".join(word.text + word.below + word.above for word in words_of(text))
    marks = str.maketrans("₁₂ⱼ", "12j", "_^")
    assert joined.translate(marks) == plain(text).translate(marks)


def test_words_are_taken_apart():
    assert words_of("by a^[1] and w_jk") == [Word("by "), Word("a", "", "[1]"), Word(" and "), Word("w", "jk")]


def test_shapes_get_their_sign():
    assert times("(5 x 4)(4 x m) + (5 x 1), the bias x") == "(5 × 4)(4 × m) + (5 × 1), the bias x"


def step(rule="a rule", part="forward", shape=(5, 4), value=None):
    return Step("z1", Symbol("z", 1), (Number(1),), rule, part, shape, "(5 x 4)(4 x 1)", value)


def test_a_rule_is_said_once():
    assert remarks(step()) == ["a rule", "(5 × 4)(4 × 1)", "shape 5 × 4"]
    assert remarks(step(), before=step()) == ["as above", "(5 × 4)(4 × 1)", "shape 5 × 4"]
    assert remarks(step(), before=step("another")) == remarks(step())
    assert remarks(step(), before=step(part="backward")) == remarks(step())


def test_within_a_step_the_value_tells_the_shape():
    assert remarks(step(value=[[1.0]]), inner=True) == ["a rule", "(5 × 4)(4 × 1)"]
    assert remarks(step(), inner=True)[-1] == "shape 5 × 4"
    assert remarks(step(shape=()), inner=False) == ["a rule", "(5 × 4)(4 × 1)"]


def test_every_part_of_a_derivation_has_a_mark_of_its_own():
    assert len({part.mark for part in PARTS.values()}) == len(PARTS) == 5
    assert part_of("unheard of").mark == PARTS["calculus"].mark


@pytest.mark.parametrize("precision", [-1, 18, 2.5, "4", True, None])
def test_a_precision_that_cannot_be(precision):
    with pytest.raises(InputError) as caught:
        checked_precision(precision)
    assert str(caught.value) == f"The precision in a derivation is {precision!r}, expected a whole number from 0 to 17: 4 is usual."

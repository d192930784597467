"""Markdown: its equations reach the reader's mathematics as they are, its texts are texts."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt

from derivations import NASTY, by_hand, everything
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.derivation import Derivation, Section, Step
from pellucid.glassbox.render.escapes import as_html
from pellucid.glassbox.render.markdown import safe, to_markdown

COMMON = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def blocks(page: str) -> list[str]:
    return re.findall(r"^\$\$\n.*?\n\$\$$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", everything())
def test_markdown_leaves_the_equations_alone(name):
    derivation = everything()[name]
    found = blocks(to_markdown(derivation))
    assert len(found) == len(derivation)
    for block in found:
        kinds = [token.type for token in COMMON.parse(block)]
        assert kinds == ["paragraph_open", "inline", "paragraph_close"], block
        inline = COMMON.parse(block)[1].children
        assert "".join("\n" if part.type == "softbreak" else part.content for part in inline) == block
        assert {part.type for part in inline} <= {"text", "softbreak"}
        assert "\\\\" not in block
        assert not re.search(r"\\[^a-zA-Z\s]", block), "GitHub would take the backslash for its own"


@pytest.mark.parametrize("name", everything())
def test_equations_are_aligned_at_their_signs(name):
    for block in blocks(to_markdown(everything()[name])):
        body = re.fullmatch(r"\$\$\n\\begin\{aligned\}\n(.*)\n\\end\{aligned\}\n\$\$", block, re.DOTALL)[1]
        outside = re.sub(r"\\begin\{(array|bmatrix|cases)\}.*?\\end\{\1\}", "", body)
        assert all(row.count("&") == 1 for row in outside.split(" \\cr\n"))


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"a \\ b", r"a \cr b"),
        (r"\hat{y}_{k} + \hat{y}^{2}", r"\hat y_{k} + \hat y^{2}"),
        (r"z^{[1](i)}", r"z^{[1] (i)}"),
        (r"x < y > z", r"x \lt  y \gt  z"),
        (r"\left(a \left(b\right)\right)_{k}", r"\left\lbrack a \left(b\right) \right\rbrack_{k}"),
        (r"\left(a\right)^{2}", r"\left(a\right)^{2}"),
    ],
)
def test_what_is_written_otherwise(latex, expected):
    assert safe(latex) == expected


def test_hostile_words_stay_words():
    page = COMMON.render(to_markdown(by_hand()))
    assert not re.search(r"<(script|a|img|code|s|b)\b", page)
    for words in NASTY:
        assert as_html(words).strip().replace("&#x27;", "'") in page


def test_a_page():
    step = Step(
        "z1", Symbol("z", 1), (Symbol("W", 1) @ Symbol("x"),), "the sum of a^[0]", "forward", (2,), "(2 x 3)(3 x 1)", [[0.25], [-1.5]]
    )
    inner = Step("u", Symbol("u"), (Symbol("x"),), "why", "backward")
    page = to_markdown(Derivation("T", (Section("S_1", (Step(**{**step.__dict__, "steps": (inner,)}),), "Note."),), {}, "rows"))
    assert (
        page
        == r"""# T

Convention: rows.

## *S*<sub>1</sub>

Note.

**→ forward:** the sum of <i>a</i><sup>[0]</sup>; (2 × 3)(3 × 1); shape 2

$$
\begin{aligned}
z^{[1]} &= W^{[1]} x \cr
&= \left[\begin{array}{r} 0.25 \cr -1.50 \end{array}\right]
\end{aligned}
$$

↳ **← backward:** why

$$
\begin{aligned}
u &= x
\end{aligned}
$$
""".replace("*S*<sub>1</sub>", "<i>S</i><sub>1</sub>")
    )


def test_tables_are_tables():
    tokens = COMMON.parse(to_markdown(by_hand()))
    assert sum(token.type == "table_open" for token in tokens) == 2
    assert sum(token.type == "tr_open" for token in tokens) == 1 + 2 + 1 + len(NASTY)
    assert "| --- | ---: |" in to_markdown(by_hand()), "numbers are flush right"

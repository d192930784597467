"""MathML: each construct as browsers show it like LaTeX, well-formed, and with no more than the elements that browsers know."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from derivations import CONSTRUCTS, everything
from pellucid.expressions.latex import latex
from pellucid.glassbox.render.flow import pieces
from pellucid.glassbox.render.mathml import mathml

CORE = {
    "math", "mi", "mn", "mo", "mtext", "mspace", "mrow", "mfrac", "msqrt", "msub", "msup", "msubsup", "munder", "mover", "munderover",
    "mtable", "mtr", "mtd",
}  # fmt: skip
"""elements of MathML Core"""
ONE = '<mrow><mo stretchy="false">[</mo><mn>1</mn><mo stretchy="false">]</mo></mrow>'


def inside(found: str) -> str:
    return found.removeprefix('<math displaystyle="true">').removesuffix("</math>")


@pytest.mark.parametrize("name", CONSTRUCTS)
@pytest.mark.parametrize("limit", [30, 10_000])
def test_every_construct_is_well_formed_mathml(name, limit):
    for piece in pieces(CONSTRUCTS[name], 6, limit):
        tree = ElementTree.fromstring(mathml(piece.latex))
        assert {node.tag for node in tree.iter()} <= CORE
        assert "\\" not in "".join(tree.itertext()), "a command that was not understood"


@pytest.mark.parametrize("name", everything())
def test_every_equation_of_a_network_is_well_formed_mathml(name):
    for step in everything()[name]:
        for side in (step.left, *(step.shown or step.sides)):
            tree = ElementTree.fromstring(mathml(latex(side, 4)))
            assert {node.tag for node in tree.iter()} <= CORE
            assert "\\" not in "".join(tree.itertext())


@pytest.mark.parametrize(
    ("math", "expected"),
    [
        ("W^{[1]} x", f"<msup><mi>W</mi>{ONE}</msup><mi>x</mi>"),
        (r"\mathrm{softmax}", "<mi>softmax</mi>"),
        (r"\operatorname{diag}(s)", '<mi>diag</mi><mo stretchy="false">(</mo><mi>s</mi><mo stretchy="false">)</mo>'),
        (r"y \log x", '<mi>y</mi><mspace width="0.17em"/><mi>log</mi><mi>x</mi>'),
        (r") \log x", '<mo stretchy="false">)</mo><mspace width="0.17em"/><mi>log</mi><mi>x</mi>'),
        (r"\infty", "<mi>∞</mi>"),
        (r"\partial J", "<mi>∂</mi><mi>J</mi>"),
        (r"f^{[1]'}", f"<msup><mi>f</mi>{ONE.replace('</mrow>', '<mo>′</mo></mrow>')}</msup>"),
        (r"f'", "<msup><mi>f</mi><mo>′</mo></msup>"),
        (r"\sum_{k} x", "<munder><mo>∑</mo><mi>k</mi></munder><mi>x</mi>"),
        (
            r"\sum_{i=1}^{m} x",
            '<munderover><mo>∑</mo><mrow><mi>i</mi><mo lspace="0" rspace="0">=</mo><mn>1</mn></mrow><mi>m</mi></munderover><mi>x</mi>',
        ),
        (r"\sum_{k} -y", '<munder><mo>∑</mo><mi>k</mi></munder><mo form="prefix">−</mo><mi>y</mi>'),
        (
            r"\lVert W \rVert^2",
            '<mo form="prefix" stretchy="false">‖</mo><mi>W</mi><msup><mo form="postfix" stretchy="false">‖</mo><mn>2</mn></msup>',
        ),
        (r"\hat{y}", '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover>'),
        (r"a \odot b", "<mi>a</mi><mo>⊙</mo><mi>b</mi>"),
        (r"\left|x\right|", '<mrow><mo form="prefix">|</mo><mi>x</mi><mo form="postfix">|</mo></mrow>'),
        (r"\left(-x\right)", '<mo stretchy="false">(</mo><mo form="prefix">−</mo><mi>x</mi><mo stretchy="false">)</mo>'),
        (r"\left(\frac{a}{b}\right)", '<mrow><mo form="prefix">(</mo><mfrac><mi>a</mi><mi>b</mi></mfrac><mo form="postfix">)</mo></mrow>'),
        ("a - b", "<mi>a</mi><mo>−</mo><mi>b</mi>"),
        ("- b", '<mo form="infix">−</mo><mi>b</mi>'),
        ("-b", "<mo>−</mo><mi>b</mi>"),
        (r"\bigl(a", '<mo stretchy="false">(</mo><mi>a</mi>'),
        (r"\big/ m", "<mo>/</mo><mi>m</mi>"),
        (r"\Phi", '<mi mathvariant="normal">Φ</mi>'),
        ("x < 1", "<mi>x</mi><mo>&lt;</mo><mn>1</mn>"),
    ],
)
def test_each_construct(math, expected):
    assert inside(mathml(math)) == expected


def test_cases_and_matrices_are_tables():
    cases = mathml(r"\begin{cases} x & \text{if } x \ge 0 \\ 0 & \text{otherwise} \end{cases}")
    assert '<mo form="prefix">{</mo><mtable>' in cases
    assert '<mtd columnalign="left"><mtext>otherwise</mtext></mtd>' in cases
    matrix = mathml(r"\begin{bmatrix} 1 & \cdots \\ \vdots & \ddots \end{bmatrix}")
    assert inside(matrix).startswith("<mo>[</mo><mtable><mtr><mtd><mn>1</mn></mtd>")
    assert "<mo>⋮</mo>" in matrix
    assert "<mo>⋱</mo>" in matrix


@pytest.mark.parametrize("math", [r"\text{<script>alert(1)</script>}", r"\mathrm{<b>}", "<img src=x>", r"\frac{<a>", r"\left("])
def test_no_text_becomes_an_element(math):
    found = mathml(math)
    assert "<script" not in found
    assert "<img" not in found
    assert "<a>" not in found
    assert "<b>" not in found


def test_what_cannot_be_converted_is_shown_as_it_is_written():
    assert mathml(r"\left(<a>") == r"<code>\left(&lt;a&gt;</code>"


def test_the_same_equation_is_converted_once():
    mathml("q_{77}")
    before = mathml.cache_info().hits
    mathml("q_{77}")
    assert mathml.cache_info().hits == before + 1

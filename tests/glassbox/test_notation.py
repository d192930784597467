"""Formulas: LaTeX to plain text and to glyphs; the texts of the records to LaTeX."""

from __future__ import annotations

import re

import pytest

from pellucid.equations import activations, losses
from pellucid.glassbox.notation import COMMANDS, Fraction, Glyphs, from_text, glyphs, plain


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"z^{[1]} = W^{[1]}\,x + b^{[1]}", "z1 = W1 x + b1"),
        (r"\frac{\partial z^{[2]}}{\partial a^{[1]}} = W^{[2]\top}", "dz2/da1 = W2^T"),
        (r"dW^{[1]} = dz^{[1]}\,x^{\top} / m", "dW1 = dz1 x^T / m"),
        (r"\operatorname{leaky\_relu}'(z^{[12]}) \odot \operatorname{mask}^{[12]}", "leaky_relu'(z12) * mask12"),
        (r"-y / \hat{y} + (1 - y) / (1 - \hat{y})", "-y / y_hat + (1 - y) / (1 - y_hat)"),
        (r"1\text{ if }-1 \leq z < 1\text{ else }-2", "1 if -1 <= z < 1 else -2"),
        (r"a_{i}\,(1 - a_{i})", "a_i (1 - a_i)"),
        (r"R = \lambda\,\sum\,\Vert W \Vert^{2} / (2\,m)", "R = lambda sum ||W||^2 / (2 m)"),
        (r"\sum_{j \neq k} y_{j}", "sum_(j != k) y_j"),
        (r"5 \times m", "5 x m"),
        ("1.5e-07", "1.5e-07"),
    ],
)
def test_plain_text_has_the_names_of_the_trace(latex, text):
    assert plain(latex) == text


def test_letters_are_italic_and_words_upright():
    assert glyphs(r"a^{[1]}_{j} = \tanh(z)") == (
        Glyphs("a", 0, italic=True), Glyphs("[1]", 1), Glyphs("j", -1, italic=True), Glyphs(" = tanh("), Glyphs("z", 0, italic=True),
        Glyphs(")"),
    )  # fmt: skip


def test_a_minus_is_a_minus_and_a_transpose_a_superscript():
    assert glyphs(r"-W^{[2]\top} - \hat{y}") == (
        Glyphs("−"), Glyphs("W", 0, italic=True), Glyphs("[2]T", 1), Glyphs(" − "), Glyphs("ŷ", 0, italic=True),
    )  # fmt: skip


def test_a_fraction_stands_on_two_lines():
    over = (Glyphs("∂"), Glyphs("J", 0, italic=True))
    under = (Glyphs("∂"), Glyphs("W", 0, italic=True), Glyphs("[1]", 1))
    assert glyphs(r"\frac{\partial J}{\partial W^{[1]}} = 1") == (Fraction(over, under), Glyphs(" = 1"))
    (nested,) = glyphs(r"\frac{\frac{1}{2}}{m}")
    assert nested.over == (Glyphs("1"), Glyphs("/"), Glyphs("2")), "a fraction within a fraction is written with a slash"


RULES = [make() for make in activations.CATALOGUE.values()]
TEXTS = [record.derivative_formula for record in RULES] + [record.formula for record in RULES]
TEXTS += [make().derivative_formula for make in losses.CATALOGUE.values()] + [pair.dz_formula for pair in losses.FUSED.values()]
NAMES = {"z": "z^{[1]}", "a": "a^{[1]}", "y_hat": r"\hat{y}"}


@pytest.mark.parametrize("text", TEXTS)
def test_the_texts_of_all_records_are_turned_into_balanced_known_latex(text):
    latex = from_text(text, NAMES)
    assert latex.count("{") == latex.count("}")
    assert latex.count("(") == latex.count(")")
    commands = set(re.findall(r"\\([A-Za-z]+)", latex)) - {"text", "operatorname", "hat"}
    assert commands <= set(COMMANDS)
    assert "**" not in latex
    assert plain(latex)
    assert glyphs(latex)


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("a * (1 - a)", r"a^{[1]}\,(1 - a^{[1]})"),
        ("1 - a**2", r"1 - (a^{[1]})^{2}"),
        ("1.0 * exp(z)", r"\exp(z^{[1]})"),
        ("2 * (y_hat - y)", r"2\,(\hat{y} - y)"),
        ("a_k - y_k", r"a_{k} - y_{k}"),
        ("x / 2 * y", r"x / 2 \cdot y"),
        ("-(y * log(y_hat))", r"-(y\,\log(\hat{y}))"),
        ("1.6732632423543772 * z", r"1.6733\,z^{[1]}"),
        ("exp(z_i) / sum_j exp(z_j)", r"\exp(z_{i}) / \sum_{j} \exp(z_{j})"),
        ("softplus(z) >= -1", r"\operatorname{softplus}(z^{[1]}) \geq -1"),
    ],
)
def test_texts_become_latex(text, latex):
    assert from_text(text, NAMES) == latex

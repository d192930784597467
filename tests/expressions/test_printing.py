"""Trees as LaTeX and as a line of Unicode: names with their indices, brackets where they are needed and nowhere else."""

from __future__ import annotations

from fractions import Fraction

import pytest

from pellucid.expressions import nodes
from pellucid.expressions.latex import latex, number_latex
from pellucid.expressions.nodes import Call, Compare, Derivative, Number, Power, Sum, SumOverSamples, SumOverUnits, Symbol, hadamard
from pellucid.expressions.text import number_text, text

x, y, a, W, z = Symbol("x"), Symbol("y"), Symbol("a", 1), Symbol("W", 1), Symbol("z", 1)
a_k = Symbol("a", 1, ("k",))

NAMES = [
    (Symbol("W", 1), "W^{[1]}", "W^[1]"),
    (Symbol("W", 1, (3, 2)), "w_{32}^{[1]}", "w₃₂^[1]"),
    (Symbol("W", 1, (3, 12)), "w_{3,12}^{[1]}", "w₃,₁₂^[1]"),
    (Symbol("dW", 2, (1, "k")), "dw_{1k}^{[2]}", "dw₁ₖ^[2]"),
    (Symbol("z", "l-1"), "z^{[l-1]}", "z^[l-1]"),
    (Symbol("z", 1, (3,), "i"), "z_{3}^{[1](i)}", "z₃^[1](i)"),
    (Symbol("x", sample=2), "x^{(2)}", "x^(2)"),
    (Symbol("y_hat"), r"\hat{y}", "ŷ"),
    (Symbol("y_hat", None, (2,)), r"\hat{y}_{2}", "ŷ₂"),
    (Symbol("alpha"), r"\alpha", "α"),
    (Symbol("beta_1"), r"\beta_{1}", "β₁"),
    (Symbol("W_new", 1, (3, 2)), r"w_{\mathrm{new},32}^{[1]}", "w_new₃₂^[1]"),
    (Symbol("v_W_old", 1), r"v_{\mathrm{W},\mathrm{old}}^{[1]}", "v_W,old^[1]"),
    (Symbol("m_b_hat", 2, (1,)), r"\hat{m}_{\mathrm{b},1}^{[2]}", "m̂_b₁^[2]"),
    (W.T, "W^{[1]T}", "W^[1]ᵀ"),
]
FORMULAS = [
    (W @ x + Symbol("b", 1), "W^{[1]} x + b^{[1]}", "W^[1] x + b^[1]"),
    (hadamard(a, x + y), r"a^{[1]} \odot \left(x + y\right)", "a^[1] ⊙ (x + y)"),
    (hadamard(a, W @ x), r"a^{[1]} \odot \left(W^{[1]} x\right)", "a^[1] ⊙ (W^[1] x)"),
    ((x + y) * 2, r"\left(x + y\right) \cdot 2", "(x + y) · 2"),
    (x - (y - 1), r"x - \left(y - 1\right)", "x - (y - 1)"),
    (nodes.Negative(-x), r"-\left(-x\right)", "-(-x)"),
    (x + Number(-2) * y, r"x - 2 y", "x - 2 y"),
    (x + Number(-2.5), "x - 2.5", "x - 2.5"),
    (x - Number(-2), r"x - \left(-2\right)", "x - (-2)"),
    (x * Number(-2), r"x \left(-2\right)", "x (-2)"),
    (-(x + y), r"-\left(x + y\right)", "-(x + y)"),
    (-(x * y), "-x y", "-x y"),
    (x / (y + 1), r"\frac{x}{y + 1}", "x/(y + 1)"),
    (x / (y * a), r"\frac{x}{y a^{[1]}}", "x/(y a^[1])"),
    (a**2, r"\left(a^{[1]}\right)^{2}", "(a^[1])²"),
    (x**2, "x^{2}", "x²"),
    (x**-1, "x^{-1}", "x⁻¹"),
    ((x + 1) ** 2, r"\left(x + 1\right)^{2}", "(x + 1)²"),
    (Power(x, Number(Fraction(1, 2))), r"\sqrt{x}", "√x"),
    (Call("tanh", (x,)) ** 2, r"\tanh^{2}\left(x\right)", "tanh(x)²"),
    (1 / (1 + Call("exp", (-z,))), r"\frac{1}{1 + e^{-z^{[1]}}}", "1/(1 + e^(-z^[1]))"),
    (Call("exp", (z,)), "e^{z^{[1]}}", "e^(z^[1])"),
    (Call("exp", (x,)), "e^{x}", "e^x"),
    (Call("abs", (x - y,)), r"\left|x - y\right|", "|x - y|"),
    (Call("sigmoid", (x,)), r"\sigma\left(x\right)", "σ(x)"),
    (Call("f", (z,), 1, 1), r"f^{[1]'}\left(z^{[1]}\right)", "f'^[1](z^[1])"),
    (Derivative(Symbol("J"), Symbol("W", 1, (3, 2))), r"\frac{\partial J}{\partial w_{32}^{[1]}}", "∂J/∂w₃₂^[1]"),
    (Derivative(x + y, x, partial=False), r"\frac{d}{d x} \left(x + y\right)", "d/dx (x + y)"),
    (Sum(W @ a_k, "k", 1, 4), r"\sum_{k=1}^{4} W^{[1]} a_{k}^{[1]}", "Σ_k=1..4 W^[1] aₖ^[1]"),
    (Sum(a_k, "k", 1, 4, skip=3), r"\sum_{k \ne 3} a_{k}^{[1]}", "Σ_k≠3 aₖ^[1]"),
    (Sum(a_k + 1, "k", 1, 4), r"\sum_{k=1}^{4} \left(a_{k}^{[1]} + 1\right)", "Σ_k=1..4 (aₖ^[1] + 1)"),
    (SumOverSamples(a, 1), r"\sum_{i=1}^{m} a^{[1](i)}", "Σ_i a^[1](i)"),
    (SumOverSamples(a * x, 1, x), r"\sum_{i=1}^{m} x", "Σ_i x"),
    (SumOverUnits(a, 0, a_k), r"\sum_{k} a_{k}^{[1]}", "Σ_k aₖ^[1]"),
    (SumOverUnits(x, 0, index="j"), r"\sum_{j} x_{j}", "Σ_j (x)ⱼ"),
    (nodes.SumAll(W), r"\sum W^{[1]}", "Σ W^[1]"),
    (x * (SumOverUnits(a, 0, a_k) + 1), r"x \left(\sum_{k} a_{k}^{[1]} + 1\right)", "x (Σ_k aₖ^[1] + 1)"),
    (nodes.Diagonal(Symbol("s")), r"\operatorname{diag}(s)", "diag(s)"),
    (nodes.SquaredNorm(W), r"\lVert W^{[1]} \rVert^2", "‖W^[1]‖²"),
    (x + nodes.Dots() + y, r"x + \cdots + y", "x + … + y"),
    (nodes.Matrix(((x, y), (y, x))), r"\begin{bmatrix} x & y \\ y & x \end{bmatrix}", "[x  y; y  x]"),
    (nodes.Equation((x, y + 1)), "x = y + 1", "x = y + 1"),
    (
        nodes.Cases(((Number(1), Compare(Number(-1), "<=", x, Compare(x, "<", Number(1)))),), Number(0)),
        r"\begin{cases} 1 & \text{if } -1 \le x < 1 \\ 0 & \text{otherwise} \end{cases}",
        "{1 if -1 ≤ x < 1; 0 otherwise}",
    ),
]


@pytest.mark.parametrize(("tree", "as_latex", "as_text"), [*NAMES, *FORMULAS])
def test_a_tree_prints_as_textbooks_have_it(tree, as_latex, as_text):
    assert latex(tree) == as_latex
    assert text(tree) == as_text


@pytest.mark.parametrize(
    ("value", "as_latex", "as_text"),
    [
        (3, "3", "3"),
        (0.1 + 0.2, "0.3", "0.3"),
        (-2.5, "-2.5", "-2.5"),
        (1e-8, r"1 \cdot 10^{-8}", "1e-08"),
        (-1.5e20, r"-1.5 \cdot 10^{20}", "-1.5e+20"),
        (Fraction(-1, 3), r"-\frac{1}{3}", "-1/3"),
        (Fraction(4), "4", "4"),
        (float("inf"), r"\infty", "inf"),
        (float("-inf"), r"-\infty", "-inf"),
        (float("nan"), r"\mathrm{NaN}", "nan"),
    ],
)
def test_numbers(value, as_latex, as_text):
    assert number_latex(value) == as_latex
    assert number_text(value) == as_text


def test_digits_are_chosen():
    assert text(Number(2 / 3) * x, digits=3) == "0.667 x"
    assert latex(Number(2 / 3) * x, digits=3) == "0.667 x"


def test_all_brackets_close():
    for tree, as_latex, as_text in [*NAMES, *FORMULAS]:
        assert as_latex.count("{") == as_latex.count("}"), tree
        assert as_latex.count(r"\left") == as_latex.count(r"\right"), tree
        assert as_text.count("(") == as_text.count(")"), tree

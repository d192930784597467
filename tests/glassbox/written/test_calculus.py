"""Review of formulas of calculus: functions and their derivatives, partial derivatives, the chain rule, softmax."""

from __future__ import annotations

import re

import pytest

import pellucid as pl
from pellucid.equations.activations import CATALOGUE, activation
from pellucid.errors import FormulaError

SOFTMAX = r"\frac{d[\sigma(\vec{x})]_i}{dx_k}"
U = ["y = f(u)", "u = g(x)", "f(u) = u^2", "g(x) = 3x"]


def last(*lines):
    return list(pl.review_sheet(list(lines)))[-1]


@pytest.mark.parametrize(
    "lines",
    [
        ("f(x) = x^2", "f'(x) = 2x^{2-1} = 2x"),
        ("f(x) = x^n", "f'(x) = n x^{n-1}"),
        ("f(x) = 4x^3", "f'(x) = 12x^2"),
        ("f(x) = 4x^3", r"\frac{df}{dx} = 12 x^2"),
        (r"f(x) = \frac{1}{1+e^{-x}}", "f'(x) = f(x)(1 - f(x))"),
        (r"\sigma'(x) = \sigma(x)(1-\sigma(x))",),
        (r"\tanh'(x) = 1 - \tanh^2(x)",),
        ("relu'(x) = 1 if x >= 0 else 0",),
        ("f(x) = max(0.01x, x)", r"f'(x) = \begin{cases} 1 & x \geq 0 \\ 0.01 & x < 0 \end{cases}"),
        ("f(x, y) = x^2 + 2xy + y^2", r"\frac{\partial f}{\partial x} = \frac{\partial}{\partial x} (x^2 + 2xy + y^2)", "= 2x + 2y"),
        (*U, r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx} = 2u \cdot 3 = 6u = 6(3x) = 18x"),
        ("y = f(g(x))", r"\frac{dy}{dx} = f'(g(x)) \cdot g'(x)"),
        (r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx}",),
        (r"\frac{dy}{dx} = \frac{dy}{du} \frac{du}{dv} \frac{dv}{dx}",),
        (r"[\sigma(\vec{x})]_i = \frac{e^{x_i}}{\sum_{j=1}^n e^{x_j}}",),
        (rf"{SOFTMAX} = -[\sigma(\vec{{x}})]_i [\sigma(\vec{{x}})]_k, k \neq i",),
        (rf"{SOFTMAX} = \begin{{cases}} [\sigma(\vec{{x}})]_i (1 - [\sigma(\vec{{x}})]_i), & i = k \\"
         r" -[\sigma(\vec{x})]_i [\sigma(\vec{x})]_k, & i \neq k \end{cases}",),
        (r"S_M(z_A) = \frac{e^{z_A}}{e^{z_A} + e^{z_B}} = \frac{1}{1 + e^{-(z_A - z_B)}}",),
        ("f'(x) = 1 - f(x)^2",),
    ],
)  # fmt: skip
def test_right_formulas(lines):
    review = last(*lines)
    assert review.verdict == "right", review.explanation
    assert review.holds


@pytest.mark.parametrize(
    ("lines", "verdict", "mended"),
    [
        (("f(x) = x^2", "f'(x) = x"), "unrecognised", ""),
        (("f(x) = x^2", "f'(x) = -2x"), "wrong sign", "f'(x) = 2 x"),
        (("f(x) = 4x^3", "f'(x) = 12x^3"), "wrong exponent", "f'(x) = 12 x²"),
        (("f(x) = 4x^3", "f'(x) = 11x^2"), "wrong number", "f'(x) = 12 x²"),
        (("f(x) = 4x^3", "f'(x) = 6x^2"), "factor 1/2", "f'(x) = 12 x²"),
        ((r"\sigma'(x) = \sigma(x)(1+\sigma(x))",), "wrong sign", "σ'(x) = σ(x) (1 - σ(x))"),
        ((r"\sigma'(x) = \sigma(x)",), "unrecognised", ""),
        (("f(x) = max(0, x)", r"f'(x) = \begin{cases} 0 & x \geq 0 \\ 1 & x < 0 \end{cases}"), "cases swapped", None),
        ((r"f'(x) = \frac{(e^x + e^{-x})^2 - (e^x - e^{-x})^2}{(e^x + e^{-x})^4}",), "squared denominator",
         "f'(x) = ((e^x + e^(-x))² - (e^x - e^(-x))²)/(e^x + e^(-x))²"),
        (("f(x, y) = x^2 + 2xy + y^2", r"\frac{\partial f}{\partial y} = 2x - 2y"), "wrong sign", None),
        (("y = f(g(x))", r"\frac{dy}{dx} = f'(g(x)) \cdot \frac{dy}{dx}"), "circular", "dy/dx = f'(g(x)) g'(x)"),
        ((r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{dx}{du}",), "broken chain", ""),
        ((r"\frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dv}",), "broken chain", ""),
        ((r"\frac{dy}{dx} = \frac{dz}{du} \cdot \frac{du}{dx}",), "broken chain", ""),
        ((*U, r"\frac{dy}{dx} = 9x"), "factor 1/2", "dy/dx = 18 x"),
        ((rf"{SOFTMAX} = [\sigma(\vec{{x}})]_i [\sigma(\vec{{x}})]_k, k \neq i",), "wrong sign", None),
        ((r"[\sigma(\vec{x})]_i = \frac{e^{x_j}}{\sum_{j=1}^n e^{x_j}}",), "wrong index", None),
    ],
)  # fmt: skip
def test_wrong_formulas(lines, verdict, mended):
    review = last(*lines)
    assert review.verdict == verdict, review.explanation
    if mended is not None:
        assert review.mended == mended


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in ("softmax", "gelu")])
def test_the_derivatives_of_the_catalogue(name):
    formula = activation(name).derivative_formula.replace("z", "x")
    line = f"{name}'(x) = " + re.sub(r"\ba\b", f"{name}(x)", formula)
    assert last(line).verdict == "right", line


def test_which_function_f_is_taken_to_be():
    assert "for f = tanh" in last("f'(x) = 1 - f(x)^2").explanation.lower()
    assert "for f = sigmoid" in last("f'(x) = f(x) (1 - f(x))").explanation.lower()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("f'(x) = 2 k x", "nothing says what k is"),
        (r"\frac{d[\sigma(\vec{x})]_i}{dx_{ki}} = 3", "has one index"),
        ("f(x) = f(f(x))", "a known one"),
        ("dW = dZ A^T", "this is about a network, and there is none"),
    ],
)
def test_what_stands_for_nothing(line, told):
    try:
        review = pl.review_equation(line)
    except FormulaError as error:
        assert told in str(error)  # noqa: PT017
    else:
        assert told == "a known one"
        assert review.verdict != "right"


def test_the_mended_formula_is_there_as_latex_and_as_code():
    review = pl.review_equation("f'(x) = 1 + f(x)^2")
    assert review.right == r"f'\left(x\right) = 1 - \left(f\left(x\right)\right)^{2}"
    assert review.code == "f_prime(x) = 1 - f(x)**2"

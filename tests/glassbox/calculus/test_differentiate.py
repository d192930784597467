"""differentiate: every rule its step, every step an equation that holds, every result that of SymPy and JAX."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.equations import activations, losses
from pellucid.expressions.symbolic import to_sympy
from pellucid.expressions.text import text
from pellucid.expressions.written import written
from random_formulas import trees


def lines(derivation):
    return [step.text for step in derivation]


def rules(derivation):
    return [step.rule.partition(":")[0] for step in derivation]


BY_HAND = {
    "5": ["constant rule"],
    "x": ["derivative of x by itself"],
    "x^3": ["power rule"],
    "4x^3": ["power rule", "constant multiple rule"],
    "x + 1": ["derivative of x by itself", "constant rule", "sum rule"],
    "x sin(x)": ["derivative of x by itself", "derivative of the sine", "product rule"],
    "x/(x + 1)": ["derivative of x by itself", "derivative of x by itself", "constant rule", "sum rule", "quotient rule"],
    "e^x": ["derivative of the exponential"],
    "2^x": ["derivative of an exponential"],
    "log(x)": ["derivative of the logarithm"],
    "cosh(2x) - x": None,
    "|x|": None,
}


@pytest.mark.parametrize("formula", [formula for formula, named in BY_HAND.items() if named])
def test_each_rule_of_calculus_is_a_step(formula):
    found = pl.differentiate(formula, "x")
    named = [step.rule.partition(":")[0].partition(" with n")[0] for step in found.sections[1].steps[0].walk()]
    expected = list(dict.fromkeys(BY_HAND[formula]))
    assert [name for name in expected if name in named] == expected
    assert set(named) == set(expected)


def test_the_chain_rule_names_the_inner_function_and_puts_it_back():
    found = pl.differentiate("(3x)^2", "x", at={"x": 2})
    assert lines(found)[1:6] == [
        "u = 3 x",
        "d/du (u²) = 2 u^(2 - 1) = 2 u",
        "dx/dx = 1",
        "d/dx (3 x) = 3 dx/dx = 3 · 1 = 3",
        "d/dx ((3 x)²) = d/du (u²) du/dx = 2 u · 3 = 6 u = 6 (3 x) = 18 x",
    ]
    assert found["u"].value == 6
    assert found["f'"].value == 36
    assert lines(found)[-2:] == ["f(2) = (3 · 2)² = 36", "f'(2) = 18 · 2 = 36"]


def test_a_chain_of_three_has_a_name_for_each_inner_function():
    found = pl.differentiate("sin(e^(2x))", "x", at={"x": 0})
    assert [step.text for step in found if step.rule.startswith("the inner function")] == ["u = e^(2 x)", "v = 2 x"]
    assert found["f'"].text == "f'(x) = 2 cos(e^(2 x)) e^(2 x)"
    assert found["f'"].value == pytest.approx(2 * np.cos(1))


def test_the_sigmoid_is_derived_line_by_line():
    for formula in ("1/(1 + e^-x)", "sigmoid(x)"):
        found = pl.differentiate(formula, at={"x": 0.7})
        assert found["d/dx ((1 + e^(-x))⁻¹)"].text == (
            "d/dx ((1 + e^(-x))⁻¹) = d/du (u⁻¹) du/dx = -1/u² (-e^(-x)) = -1/(1 + e^(-x))² (-e^(-x)) = e^(-x)/(1 + e^(-x))²"
        )
        assert found["f' by f"].text == (
            "f'(x) = e^(-x)/(1 + e^(-x))² = (1/(1 + e^(-x))) (e^(-x)/(1 + e^(-x))) = (1/(1 + e^(-x))) ((1 + e^(-x) - 1)/(1 + e^(-x)))"
            " = (1/(1 + e^(-x))) (1 - 1/(1 + e^(-x))) = f(x) (1 - f(x))"
        )
        s = 1 / (1 + np.exp(-0.7))
        assert found["f' by f"].value == pytest.approx(s * (1 - s), rel=1e-15)


def test_tanh_is_derived_line_by_line():
    found = pl.differentiate("(e^x - e^-x)/(e^x + e^-x)", at={"x": 0.7})
    assert found["f'"].text == "f'(x) = ((e^x + e^(-x))² - (e^x - e^(-x))²)/(e^x + e^(-x))²"
    assert found["f' by f"].text.endswith("= 1 - ((e^x - e^(-x))/(e^x + e^(-x)))² = 1 - f(x)²")
    assert found["f' by f"].value == pytest.approx(1 - np.tanh(0.7) ** 2, rel=1e-14)
    assert pl.differentiate("tanh(x)")["f' by f"].text == found["f' by f"].text


@pytest.mark.parametrize(
    ("formula", "end"),
    [
        ("e^(3x)", "3 f(x)"),
        ("tanh(x/2)", "(1 - f(x)²)/2"),
        ("sigmoid(2x)", "2 f(x) (1 - f(x))"),
        ("e^(-x) + 1", "1 - f(x)"),
        ("2/(1 + e^(-3x))", "3 f(x) - 3 f(x)²/2"),
        ("tan(x)", None),
    ],
)
def test_the_derivative_in_terms_of_the_function_itself(formula, end):
    steps = [step for step in pl.differentiate(formula) if step.symbol == "f' by f"]
    if end is None:
        assert not steps
    else:
        shown = steps[0].text.rpartition(" = ")[2]
        assert shown.replace("1/2 (1 - f(x)²)", "(1 - f(x)²)/2") == end


def test_what_is_no_polynomial_in_itself_is_not_said_to_be_one():
    for formula in ("x e^x", "softplus(x)", "e^(-x^2)", "x^2", "1/x", "sin(x)", "relu(x)"):
        assert "f' by f" not in [step.symbol for step in pl.differentiate(formula)], formula


def test_partial_derivatives_and_the_gradient():
    found = pl.differentiate("x^2 + 2xy + y^2", ["x", "y"], at={"x": 1, "y": 2.5})
    assert found["∂/∂x (x² + 2 x y + y²)"].text == (
        "∂/∂x (x² + 2 x y + y²) = ∂/∂x (x²) + ∂/∂x (2 x y) + ∂/∂x (y²) = 2 x + 2 y + 0 = 2 x + 2 y"
    )
    assert found["∂/∂x (y²)"].rule == "constant rule: y held constant"
    assert found["df/dy"].text == "∂f/∂y = 2 x + 2 y"
    np.testing.assert_array_equal(found["grad f"].value, [[7], [7]])
    assert found["grad f"].shape == (2, 1)
    assert lines(found)[-3:] == [
        "f(1, 2.5) = 1² + 2 · 1 · 2.5 + 2.5² = 12.25",
        "∂f/∂x = 2 · 1 + 2 · 2.5 = 7",
        "∂f/∂y = 2 · 1 + 2 · 2.5 = 7",
    ]


SHORTER = {
    "x^2 e^(3x)": "x (3 x + 2) e^(3 x)",
    "x/(x + 1)": "1/(x + 1)²",
    "log(cosh(x))": "tanh(x)",
    "log(1 + e^x)": "σ(x)",
    "sin(x)/cos(x)": "1/cos(x)²",
    "x/sqrt(1 + x^2)": "1/(x² + 1)^(3/2)",
    "x^2 + x": "2 x + 1",
    "cos(3x) sin(x)": "-3 sin(3 x) sin(x) + cos(3 x) cos(x)",
    "x sigmoid(x)": "σ(x) + x σ(x) (1 - σ(x))",
}


@pytest.mark.parametrize("formula", SHORTER)
def test_the_result_is_written_as_a_textbook_would(formula):
    assert pl.differentiate(formula)["f'"].text.rpartition(" = ")[2] == SHORTER[formula]


def everything_holds(found, by, values, tree):
    """Each step's equation gives its value, and sides without derivatives in them agree; the result is that of SymPy."""
    for step in found:
        again = step.evaluate(found.values)
        np.testing.assert_allclose(again, step.value, rtol=1e-12, atol=1e-300)
        for side in step.sides[:-1]:
            if not any(type(node).__name__ == "Derivative" for node in side.walk()):
                from pellucid.expressions.evaluate import evaluate

                np.testing.assert_allclose(
                    np.asarray(evaluate(side, found.values), dtype=float),
                    step.value,
                    rtol=1e-7,
                    atol=1e-7 * max(1.0, np.max(np.abs(step.value))),
                )
    exact = to_sympy(tree).diff(sp.Symbol(by, real=True))
    numbers = {sp.Symbol(name, real=True): value for name, value in values.items()}
    return float(exact.subs(numbers).evalf(30))


@settings(max_examples=25)
@given(trees(max_leaves=5), st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_every_step_of_any_formula_holds_and_the_result_is_that_of_sympy(tree, x, y):
    values = {"x": x, "y": y}
    found = pl.differentiate(written(tree), ["x", "y"], at=values)
    for name in ("x", "y"):
        expected = everything_holds(found, name, values, tree)
        assert found[f"df/d{name}"].value == pytest.approx(expected, rel=1e-8, abs=1e-8 * max(1.0, abs(found["f"].value)))


@pytest.mark.parametrize(
    "formula", ["x*sigmoid(x)", "tanh(x)**3", "exp(sin(x))", "x/(1 + x**2)", "log(1 + exp(2*x))", "sqrt(1 + x**2)", "(1 + x**2)**-3"]
)
def test_the_value_at_a_point_is_that_of_automatic_differentiation(formula):
    names = {"sigmoid": jax.nn.sigmoid, **{name: getattr(jnp, name) for name in ("exp", "log", "tanh", "sin", "sqrt")}}
    slope = jax.grad(lambda x: eval(formula, {**names, "x": x}))
    for point in (-2.0, 0.0, 0.5, 3.0):
        assert pl.differentiate(formula, at={"x": point})["f'"].value == pytest.approx(float(slope(point)), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", [name for name in activations.CATALOGUE if name != "softmax"])
def test_the_activations_of_the_catalogue_are_derived(name):
    record = pl.activation(name)
    for point in (-1.3, 0.0, 0.4):
        found = pl.differentiate(record, at=point)
        expected = float(record.derivative(np.array([[point]]), record.forward(np.array([[point]])))[0, 0])
        assert found["f'"].value == pytest.approx(expected, rel=1e-12, abs=1e-15), point


@pytest.mark.parametrize("name", losses.CATALOGUE)
def test_the_losses_of_the_catalogue_are_derived(name):
    record = pl.loss(name)
    for y_hat, y in ((0.3, 1.0), (0.8, 0.25)):
        found = pl.differentiate(record, "y_hat", at={"y_hat": y_hat, "y": y})
        expected = float(record.slope(np.array([[y_hat]]), np.array([[y]]))[0, 0])
        assert found["df/dy_hat"].value == pytest.approx(expected, rel=1e-12)


def test_other_names_and_letters():
    assert pl.differentiate("f^2", "f")["g'"].text == "g'(f) = 2 f"
    assert pl.differentiate("loss^2", "loss")["f'"].text == "f'(loss) = 2 loss"
    assert pl.differentiate("ax", "x", at={"a": 3, "x": 1})["df/dx"].text == "∂f/∂x = a"
    assert pl.differentiate("ax", "ax")["f'"].text == "f'(ax) = 1"
    assert pl.differentiate("x", "y")["df/dy"].text == "∂f/∂y = 0"
    assert pl.differentiate("7")["f'"].text == "f'(x) = 0"


REFUSED = [
    (("x +",), {}, "An operand in the formula is missing at the end"),
    (("x y",), {}, "Wrt in differentiate is left out, expected one of x, y: choose one or more, e.g. 'x'."),
    (("x^2", "2x"), {}, "Wrt in differentiate is '2x', expected a name, or a list of names"),
    (("x^2", 3), {}, "Wrt in differentiate is 3, expected a name"),
    (("x^2", ["x", "x"]), {}, "Wrt in differentiate is x, x, expected each name once"),
    (("x^2", "e"), {}, "Wrt in differentiate is 'e', expected a name"),
    ((3,), {}, "The formula in differentiate is a int, expected a text, an activation or a loss"),
    (("x^2",), {"at": {"y": 2}}, "At in differentiate is y, expected a value for each of x"),
    (("xy", "x"), {"at": {"x": 2}}, "At in differentiate is x, expected a value for each of x, y"),
    (("x^2",), {"at": {"x": "2"}}, "The value of x in differentiate is '2', expected a finite number"),
    (("x^2",), {"at": {"x": float("nan")}}, "The value of x in differentiate is nan, expected a finite number"),
    (("x^2",), {"at": "2"}, "At in differentiate is '2', expected a value for each of x"),
    (("foo(x)",), {}, "The function in the formula is 'foo', expected a known one"),
    (("x.real",), {}, "A dot in the formula is no part of a number"),
    (("x^101",), {}, "An exponent in the formula is 101, expected at most 100"),
    (("x" * 10_000,), {}, "The length of the formula is 10,000 characters"),
    (("(" * 200 + "x" + ")" * 200,), {}, "The nesting of brackets in the formula is too deep"),
    (("+".join(f"sin({k}x)" for k in range(1, 60)),), {}, "The number of parts in differentiate is 237, expected at most 150"),
    (("sin(x*" * 20 + "x" + ")" * 20,), {}, "The depth in differentiate is 41, expected at most 25"),
    (("softmax(x)",), {"at": {"x": 1}}, "At in differentiate is 1, expected two or more finite numbers for x"),
    (("softmax(x)",), {"at": [1, 2]}, "At in differentiate is \\[1, 2\\], expected two or more finite numbers"),
    (("softmax(x)",), {"at": {"x": [1, "a"]}}, "At in differentiate is \\[1, 'a'\\], expected two or more finite numbers"),
]


@pytest.mark.parametrize(("arguments", "options", "told"), REFUSED, ids=[str(number) for number in range(len(REFUSED))])
def test_what_cannot_be_derived_is_refused_in_one_sentence(arguments, options, told):
    with pytest.raises(pl.InputError, match=told):
        pl.differentiate(*arguments, **options)


def test_a_loss_is_derived_by_its_own_names_only():
    with pytest.raises(pl.InputError, match="Wrt in differentiate is x, expected one of y_hat, y"):
        pl.differentiate(pl.loss("mse"), "x")


def test_a_value_that_does_not_exist_is_shown_as_such():
    found = pl.differentiate("1/x", at={"x": 0})
    assert np.isinf(found["f'"].value)
    assert np.isnan(pl.differentiate("sin(x)/x", at={"x": 0})["f there"].value)
    assert np.isnan(pl.differentiate("log(x)", at={"x": -1})["f"].value)


def test_it_is_rendered_in_every_form():
    found = pl.differentiate("sigmoid(x)", at={"x": 0.5})
    assert "f(x) (1 - f(x))" in found.to_text()
    assert r"\left(1 - f\left(x\right)\right)" in found.to_latex()
    assert "chain rule" in found.to_markdown()
    assert "<math" in found.to_html()
    assert "onvention" not in found.to_text()


# ---------------------------------------------------------------------------------------------------- softmax


def test_the_two_cases_of_the_softmax_jacobian():
    found = pl.differentiate("softmax(x)", at={"x": [1.0, 2.0, 0.5]})
    assert found["J off"].text.endswith("= -(e^xᵢ/(Σ_j=1..n e^xⱼ)) (e^xₖ/(Σ_j=1..n e^xⱼ)) = -sᵢ sₖ")
    assert found["J on"].text.endswith("= (e^xᵢ/(Σ_j=1..n e^xⱼ)) (1 - e^xᵢ/(Σ_j=1..n e^xⱼ)) = sᵢ (1 - sᵢ)")
    assert found["J_ik"].text == "∂sᵢ/∂xₖ = {sᵢ (1 - sᵢ) if i = k; -sᵢ sₖ otherwise}"
    expected = np.asarray(jax.jacobian(jax.nn.softmax)(jnp.array([1.0, 2.0, 0.5])))
    np.testing.assert_allclose(found["J"].value, expected, rtol=1e-12)
    assert found["J off"].value == pytest.approx(expected[0, 1])
    assert found["J on"].value == pytest.approx(expected[0, 0])


def test_every_step_of_the_softmax_jacobian_holds():
    from pellucid.expressions.evaluate import evaluate

    found = pl.differentiate(pl.activation("softmax"), at={"z": [0.3, -1.0, 2.0, 0.0]})
    for step in found:
        for side in step.sides:
            if not any(type(node).__name__ == "Derivative" for node in side.walk()):
                np.testing.assert_allclose(evaluate(side, found.values), step.value, rtol=1e-12, err_msg=text(side))


def test_softmax_without_numbers_has_no_values():
    assert all(step.value is None for step in pl.differentiate("softmax(z)"))

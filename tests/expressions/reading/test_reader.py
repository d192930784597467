"""Written lines to trees: LaTeX, code in the manner of NumPy and Unicode, and what is refused, with a mark under the place."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pellucid.errors import FormulaError
from pellucid.expressions import nodes
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.reader import read
from pellucid.expressions.reading.tree import Apply, Name, Product, Reduce, Total
from pellucid.expressions.reading.typeset import as_latex, as_text
from pellucid.glassbox.written.names import VOCABULARY


def sides(text):
    statements = read(text, VOCABULARY)
    assert len(statements) == 1, statements
    return statements[0].sides


def right(text):
    return sides(f"J = {text}")[1]


W1, X, Z2 = Name("W", suffix="1"), Name("X"), Name("Z", suffix="2")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("dW2", Name("W", d=True, suffix="2")),
        ("W^{[1]}", Name("W", bracket="1")),
        ("W[1]", Name("W", bracket="1", code=True)),
        ("W1[2, 0]", Name("W", suffix="1", below=("2", "0"), code=True)),
        ("w_{ij}^{[1]}", Name("w", below=("i", "j"), bracket="1")),
        ("w^{[1]}_{ij}", Name("w", below=("i", "j"), bracket="1")),
        ("w_{i,0}", Name("w", below=("i", "0"))),
        ("a^{[1](i)}", Name("a", bracket="1", sample="i")),
        ("z₁^[1](i)", Name("z", below=("1",), bracket="1", sample="i")),
        ("x^{(i)}", Name("x", sample="i")),
        ("a^1", Name("a", raised="1")),
        ("a^{l-1}", Name("a", raised="l-1")),
        (r"\hat{y}", Name("y_hat")),
        (r"\hat y", Name("y_hat")),
        (r"\hat{\mathbf{y}}", Name("y_hat")),
        ("ŷ", Name("y_hat")),
        ("y_hat", Name("y_hat")),
        (r"\mathcal{L}", Name("loss")),
        (r"\vec{x}", Name("x")),
        (r"\omega'", Name("omega", primes=1)),
        (r"\delta^{[2]}", Name("delta", bracket="2")),
        (r"d\mathbf{z}^{[L]}", Name("z", d=True, bracket="L")),
        (r"d\hat{y}", Name("y_hat", d=True)),
        (r"w_{\text{new}}", Name("w_new")),
        (r"w_{\mathrm{new},12}^{[1]}", Name("w_new", below=("12",), bracket="1")),
        ('grads["dW2"]', Name("W", d=True, suffix="2")),
        ("params['W1']", Name("W", suffix="1")),
        ("W^{[2]T}", nodes.Transpose(Name("W", bracket="2"))),
        ("(W^{[2]})^T", nodes.Transpose(Name("W", bracket="2"))),
        (r"W^\top", nodes.Transpose(Name("W"))),
        ("W₂ᵀ", nodes.Transpose(Name("W", below=("2",)))),
        ("A1.T", nodes.Transpose(Name("A", suffix="1"))),
        ("np.transpose(A1)", nodes.Transpose(Name("A", suffix="1"))),
    ],
)
def test_names_and_what_hangs_on_them(text, tree):
    assert right(text) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("W1 @ X", nodes.MatMul((W1, X))),
        ("np.dot(W1, X)", nodes.MatMul((W1, X))),
        ("W1.dot(X)", nodes.MatMul((W1, X))),
        ("np.multiply(W1, X)", nodes.Multiply((W1, X), marked=True)),
        (r"W1 \odot X", nodes.Multiply((W1, X), marked=True)),
        ("W1 ⊙ X", nodes.Multiply((W1, X), marked=True)),
        ("W1 * X", Product((W1, X), ("*",))),
        (r"W1 \cdot X", Product((W1, X), ("·",))),
        ("W1.X", Product((W1, X), (".",))),
        ("W1 X", Product((W1, X), ("",))),
        ("wx", Product((Name("w"), Name("x")), ("",))),
        ("2xy", Product((nodes.Number(2), Name("x"), Name("y")), ("", ""))),
        ("x_iw_i", Product((Name("x", below=("i",)), Name("w", below=("i",))), ("",))),
        (r"\sigma(z)[1 - \sigma(z)]", Product((
            Apply(Name("sigma"), (Name("z"),)),
            nodes.Add((nodes.Number(1), nodes.Negative(Apply(Name("sigma"), (Name("z"),)))))), ("",))),
        ("a(1-a)", Apply(Name("a"), (nodes.Add((nodes.Number(1), nodes.Negative(Name("a")))),))),
        ("W1 @ X / m", nodes.Divide(nodes.MatMul((W1, X)), Name("m"))),
        ("1/2m", nodes.Divide(nodes.Number(1), Product((nodes.Number(2), Name("m")), ("",)))),
        (r"\frac12", nodes.Divide(nodes.Number(1), nodes.Number(2))),
        (r"\frac1m", nodes.Divide(nodes.Number(1), Name("m"))),
        ("x**2", nodes.Power(Name("x"), nodes.Number(2))),
        ("np.power(x, 2)", nodes.Power(Name("x"), nodes.Number(2))),
        ("e^{-x}", Apply(Name("exp"), (nodes.Negative(Name("x")),))),
        (r"\tanh^2(x)", nodes.Power(Apply(Name("tanh"), (Name("x"),)), nodes.Number(2))),
        (r"\log \hat{y}", Apply(Name("log"), (Name("y_hat"),))),
        (r"\sigma_2'(z)", Apply(Name("sigma", below=("2",), primes=1), (Name("z"),))),
        (r"f^{[L]'}(z)", Apply(Name("f", bracket="L", primes=1), (Name("z"),))),
        ("sigmoid_derivative(Z2)", Apply(Name("sigmoid", primes=1), (Z2,))),
        ("np.sum(Z2, axis=1, keepdims=True)", Reduce(Z2, 1, True)),
        ("Z2.mean(axis=0)", Reduce(Z2, 0, mean=True)),
        ("np.sum(Z2)", Reduce(Z2)),
        (r"\sum_{i=1}^{m} x^{(i)}", Total(Name("x", sample="i"), "i", nodes.Number(1), Name("m"))),
        (r"\sum_{j \ne i} x_j", Total(Name("x", below=("j",)), "j", without="i")),
        ("Σ_j=1..4 x_j", Total(Name("x", below=("j",)), "j", nodes.Number(1), nodes.Number(4))),
        (r"\frac{dJ}{dW^{[1]}}", nodes.Derivative(Name("J"), Name("W", bracket="1"), partial=False)),
        (r"\frac{\partial J}{\partial a}", nodes.Derivative(Name("J"), Name("a"))),
        (r"\frac{\partial}{\partial x} (x y)", nodes.Derivative(Product((Name("x"), Name("y")), ("",)), Name("x"))),
        ("dJ/dW1", nodes.Derivative(Name("J"), W1, partial=False)),
        ("dL_dW1", nodes.Derivative(Name("L"), W1, partial=False)),
        ("∂J/∂W1", nodes.Derivative(Name("J"), W1, partial=False)),
        (r"\nabla_{W} J", nodes.Derivative(Name("J"), Name("W"))),
        ("np.where(Z2 > 0, 1, 0)", nodes.Cases(((nodes.Number(1), nodes.Compare(Z2, ">", nodes.Number(0))),), nodes.Number(0))),
        ("1 if Z2 > 0 else 0", nodes.Cases(((nodes.Number(1), nodes.Compare(Z2, ">", nodes.Number(0))),), nodes.Number(0))),
        ("(Z2 > 0).astype(float)", nodes.Compare(Z2, ">", nodes.Number(0))),
    ],
)  # fmt: skip
def test_signs_and_calls(text, tree):
    assert right(text) == tree


def test_cases_with_both_conditions_have_no_value_elsewhere():
    tree = right(r"\begin{cases} x & x \geq 0 \\ 0 & x < 0 \end{cases}")
    assert [value for value, _ in tree.branches] == [Name("x"), nodes.Number(0)]
    assert tree.otherwise.value != tree.otherwise.value
    assert right("{1 if z >= 0; 0 otherwise}").otherwise == nodes.Number(0)


def test_matrices_in_latex_and_as_they_are_shown():
    entries = ((Name("w", below=("11",)), Name("w", below=("12",))), (Name("w", below=("21",)), Name("w", below=("22",))))
    assert right(r"\begin{bmatrix} w_{11} & w_{12} \\ w_{21} & w_{22} \end{bmatrix}") == nodes.Matrix(entries)
    assert right("[w_11  w_12; w_21  w_22]") == nodes.Matrix(entries)


def test_a_line_may_have_several_equations_and_sides():
    found = read(r"\boxed{x} \rightarrow z = w x + b \Rightarrow a = \sigma(z) = y, k \neq i", VOCABULARY)
    assert [len(statement.sides) for statement in found] == [1, 2, 3]
    assert found[2].condition == nodes.Compare(Name("k"), "!=", Name("i"))
    assert read("= x + 1", VOCABULARY)[0].continues
    assert read("W1 -= alpha * dW1", VOCABULARY)[0].change == "-="[0]


def test_what_is_said_about_ranges_and_in_words_is_passed_over():
    for tail in (
        "for i = 0..4",
        "(for i = 0..4)",
        r"\text{ where } D \text{ denotes the number of features.}",
        ", i = 0..4",
        "# a comment",
        ".",
    ):
        assert sides(f"db_i = dz_i {tail}") == (Name("b", d=True, below=("i",)), Name("z", d=True, below=("i",)))


def test_positions_point_into_the_text_as_it_was():
    text = r"z = \boxed{W} x + b"
    product, _ = sides(text)[1].terms
    assert text[slice(*product.factors[1].at)] == "x"


@pytest.mark.parametrize(
    ("text", "told", "mark"),
    [
        ("dW2 = dZ2 @ A1.T)", "A bracket in the equation is closed that was never opened", ")"),
        ("dW2 = (dZ2 @ A1.T", "A bracket in the equation is never closed", "("),
        ("dW2 = dZ2 @", "An operand in the equation is missing at the end", ""),
        ("dW2 = foo(dZ2)", "A name in the equation is 'foo', expected a known one", "foo"),
        ("dW2 = dZ2 @ simoid(Z1)", "did you mean 'sigmoid'?", "simoid"),
        ("dW2 = dZZ2", "did you mean 'dZ'", "dZZ2"),
        (r"z = \begin{foo} x \end{foo}", "An environment in the equation is 'foo'", "begin"),
        (r"z = w_1 x_1 + \dots + b", "left out by dots", "dots"),
        ("z = x $$ 3 é", "A character in the equation is 'é'", "é"),
        (r"w = w \times T", "A transpose in the equation is without what it transposes", "T"),
        ("b = np.sum(x, axis=2)", "The axis of sum in the equation is another, expected 0 or 1", "sum"),
        ("b = np.dot(x)", "The number of arguments of dot in the equation is 1, expected 2", "dot"),
        ("b = x.reshape(1, 2)", "A method in the equation is 'reshape'", "reshape"),
        (r"z = \frac{x", "A brace in the equation is never closed", "{"),
        ("b = np.where(x, 1, 0)", "The condition of where in the equation is no comparison", "where"),
        ("__import__('os').system('ls')", "expected", ""),
        ("x.__class__ = 3", "expected", ""),
    ],
)
def test_what_cannot_be_read_is_told_in_one_sentence_with_a_mark(text, told, mark):
    with pytest.raises(FormulaError) as error:
        read(text, VOCABULARY)
    sentence, shown, marks = str(error.value).split("\n")
    assert told in sentence
    assert "equation" in sentence
    assert mark in shown[marks.index("^") : marks.rindex("^") + 1]


def test_long_and_deep_lines_are_refused_before_they_are_read():
    with pytest.raises(FormulaError, match="The length in the equation is 10,004 characters, expected at most 2,000"):
        read("z = " + "x" * 10_000, VOCABULARY)
    with pytest.raises(FormulaError, match="The nesting of brackets in the equation is too deep, expected at most 50 within each other"):
        read("z = " + "(" * 200 + "x" + ")" * 200, VOCABULARY)
    with pytest.raises(FormulaError, match="expected at most 50 within each other"):
        read("z = " + r"\frac{1}{" * 60 + "x" + "}" * 60, VOCABULARY)
    with pytest.raises(FormulaError, match="The number of sides in the equation is too large"):
        read("=".join("x" * 60), VOCABULARY)
    with pytest.raises(FormulaError, match="An equation in the call is a int, expected a text"):
        read(3, VOCABULARY)


PIECES = st.sampled_from(
    [
        r"W1",
        r"dW2",
        r"dZ2",
        r"A1",
        r"x",
        r"\frac",
        r"{",
        r"}",
        r"(",
        r")",
        r"[",
        r"]",
        r"^",
        r"_",
        r"=",
        r"+",
        r"-",
        r"*",
        r"@",
        r".T",
        r"\sum",
        r"\begin{cases}",
        r"\end{cases}",
        r"&",
        r"\\",
        r"'",
        r"\partial",
        r"d",
        r"\hat",
        r"2",
        r"/",
        r",",
        r";",
        r"\sigma",
        r"np.sum(",
        r"axis=1",
        r"^T",
        r"⊙",
        r"ŷ",
        r"′",
        r"|",
        r"\|",
        r"e^",
        r"if",
        r"else",
        r"…",
        r"\Rightarrow",
        r"\mathbf",
        r"z^{[1]}",
        r"\nabla_",
        r"∂",
        r"Δ",
        r"Σ",
        r"₁",
        r"²",
        r"\text",
        r"\boxed{",
        r"\left(",
        r"\right)",
        r"\cdot",
    ]
)


@given(st.one_of(st.lists(PIECES, max_size=16).map(" ".join), st.lists(PIECES, max_size=10).map("".join), st.text(max_size=40)))
@example("\\")
@example("_")
@example("x^")
@example("\\text{")
@example("'" * 300)
@example("-" * 1500)
@example("x" + "^x" * 400)
@example("\\sum " * 200)
def test_any_text_is_read_or_refused(text):
    try:
        statements = read(text, VOCABULARY)
    except FormulaError as error:
        assert str(error)  # noqa: PT017
        return
    for statement in statements:
        for side in statement.sides:
            assert plain(side)
            assert as_text(side)


@pytest.mark.parametrize(
    ("text", "code", "latex"),
    [
        ("dW2 = dZ2 @ A1.T / m", "dZ2 @ A1.T / m", r"\frac{dZ^{[2]} A^{[1]T}}{m}"),
        (r"z = W^{[1]} x + b_i", "W1 * x + b_i", r"W^{[1]} x + b_{i}"),
        ("dz = da * f'(z)", "da * f_prime(z)", r"da \odot f'\left(z\right)"),
        ("J = np.mean((y_hat - y)**2)", "np.mean((y_hat - y)**2)", r"\frac{1}{m} \sum \left(\hat{y} - y\right)^{2}"),
        (r"z = \sum_{j=1}^4 w_{ij} x_j", "sum_j(w_ij * x_j)", r"\sum_{j=1}^{4} w_{ij} x_{j}"),
    ],
)
def test_trees_are_written_again(text, code, latex):
    tree = sides(text)[1]
    assert (plain(tree), as_latex(tree)) == (code, latex)


@pytest.mark.parametrize("text", ["(a + b) * c", "a - (b - c)", "-(a + b)", "(a @ b).T", "(-a)**2", "a / (b * c)", "(a / b) / c", "2**-x"])
def test_brackets_are_written_where_they_are_needed(text):
    tree = right(text)
    assert right(plain(tree)) == tree

"""Review of equations: right lines are never called wrong, wrong ones are named, conditions are told."""

from __future__ import annotations

from collections import Counter
from io import StringIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.errors import FormulaError, InputError, ShapeError
from pellucid.glassbox.written.rightline import RightLines
from written_lines import alternatives, case, planted, recipes

USUAL = ["tanh", "sigmoid", "relu", "softplus", "gelu", "elu(alpha=0.5)"]
USUAL_PAIRS = [
    ("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("identity", "mse"), ("tanh", "half_mse"), ("sigmoid", "mse"),
    ("softplus", "poisson"), ("identity", "huber"),
]  # fmt: skip
KINDS = (
    ("z", False), ("a", False), ("a", True), ("z", True), ("W", True), ("b", True), ("new W", False), ("J", False), ("l", False),
    ("x", True),
)  # fmt: skip


@pytest.fixture
def net():
    """4-5-1, several samples."""
    return case([4, 5, 1], ["tanh", "sigmoid"], "log_loss", 7)


# ---------------------------------------------------------------------------------------------------- right lines


@settings(max_examples=12)
@given(recipes(), st.data())
def test_the_right_lines_of_any_network_are_right(recipe, data):
    given_case = case(**recipe)
    architecture, m = given_case.net.architecture, len(given_case.X)
    rng = np.random.default_rng(m)
    s = rng.random(m) + 0.1 if data.draw(st.booleans(), "weights") else None
    hidden = range(1, given_case.depth) if data.draw(st.booleans(), "dropout") else ()
    mask = {layer: (rng.random((m, architecture.sizes[layer])) > 0.3) / 0.7 for layer in hidden}
    whole = bool(np.abs(given_case.Y.sum(axis=1) - 1).max() < 1e-6)
    lines = RightLines(architecture, given_case.convention, s is not None, tuple(mask), whole)
    layer = data.draw(st.integers(1, given_case.depth), "layer")
    for kind, d in KINDS:
        for written in (lines.code, lines.latex):
            line = written(kind, d, None if kind in "Jlx" else layer)
            review = given_case.review(line, sample_weight=s, mask=mask or None)
            assert review.verdict.startswith("right"), (line, review.verdict, review.explanation)
            assert review.holds, (line, review.verdict, review.explanation)


@settings(max_examples=8)
@given(recipes(hidden=USUAL, pairs=[("tanh", "half_mse"), ("sigmoid", "half_mse")]), st.data())
def test_right_lines_are_right_however_they_are_written(recipe, data):
    given_case = case(**{**recipe, "l2": 0.0, "convention": "columns"})
    layer = data.draw(st.integers(1, given_case.depth), "layer")
    for line in data.draw(st.lists(st.sampled_from(alternatives(layer, given_case.depth)), min_size=8, max_size=8), "lines"):
        review = given_case.review(line)
        assert review.verdict.startswith("right"), (line, review.verdict, review.explanation)
        assert review.holds


def test_every_manner_of_writing_once():
    given_case = case([3, 4, 2, 3], ["tanh", "relu", "sigmoid"], "half_mse", 5)
    for layer in (1, 2, 3):
        for line in alternatives(layer, 3):
            review = given_case.review(line)
            assert review.verdict.startswith("right"), (line, review.verdict, review.explanation)


@pytest.mark.parametrize(
    ("sizes", "rules", "loss", "convention", "form", "l2"),
    [
        ([3, 4, 1], ["tanh", "sigmoid"], "log_loss", "columns", "vectorized", 0.0),
        ([2, 3, 2], ["relu", "softmax"], "cross_entropy", "rows", "vectorized", 0.2),
        ([2, 2, 2], ["softmax", "gelu"], "mse", "columns", "elementwise", 0.1),
    ],
)
def test_every_step_of_a_derivation_is_right_when_it_is_read_back(sizes, rules, loss, convention, form, l2):
    given_case = case(sizes, rules, loss, 2, convention, l2)
    steps = pl.derive(given_case.net, sample=(given_case.X, given_case.Y), form=form, convention=convention)
    for step in steps:
        for line in (step.equation, step.text) if form == "vectorized" else (step.text,):
            if "dots" not in line and "…" not in line:
                review = given_case.review(line)
                assert review.verdict.startswith("right"), (line, review.verdict, review.explanation)


def test_a_line_of_the_other_convention_is_said_to_be_one():
    for convention, other in (("columns", "rows"), ("rows", "columns")):
        given_case = case([3, 4, 2], ["tanh", "sigmoid"], "log_loss", 5, convention)
        lines = RightLines(given_case.net.architecture, other)
        for kind in ("z", "W", "b"):
            review = given_case.review(lines.latex(kind, kind != "z", 2) if kind != "b" else lines.code("W", True, 1))
            assert review.verdict == "right only in the other convention"
            assert not review.holds
            assert f"written for samples as {other}" in review.explanation


# ---------------------------------------------------------------------------------------------------- wrong lines


def test_planted_slips_are_named(record_property):
    """Every kind, in networks drawn at random; at least 95 of 100 are to be named, and none called right."""
    counted: Counter[bool] = Counter()
    missed = []
    rng = np.random.default_rng(5)
    for seed in range(7):
        sizes = [int(rng.choice([2, 3, 4, 6])) for _ in range(int(rng.integers(3, 5)))]
        output, loss = USUAL_PAIRS[seed % len(USUAL_PAIRS)]
        rules = [*(str(rng.choice(USUAL)) for _ in sizes[2:]), output]
        convention = "rows" if seed % 3 == 0 else "columns"
        given_case = case(sizes, rules, loss, int(rng.choice([3, 5, 8])), convention, 0.4 * (seed % 2), seed)
        for kind, line, verdicts in planted(given_case, rng):
            review = given_case.review(line)
            counted[review.verdict in verdicts] += 1
            if review.verdict not in verdicts:
                missed.append((kind, line, review.verdict))
            assert review.verdict not in ("right", "right for this output and loss"), (kind, line, sizes, rules, loss)
    assert sum(counted.values()) > 180
    assert counted[True] >= 0.95 * sum(counted.values()), missed
    record_property("named", counted[True] / sum(counted.values()))


@pytest.mark.parametrize(
    ("line", "verdict", "told", "mended"),
    [
        ("dW2 = dZ2 @ A1 / m", "missing transpose", "A1 must be transposed", "dW2 = dZ2 @ A1.T / m"),
        (r"dw^{[1]} = \frac{1}{m} dz^{[1]} x", "missing transpose", "x must be transposed", "dw^[1] = (1/m) dz^[1] xᵀ"),
        ("dW2 = dZ2 @ A1.T", "right only for one sample", "1/m is missing", ""),
        ("dZ2 = Y - A2", "wrong sign", "The sign is wrong", ""),
        ("dZ2 = A2 - Y", "right for this output and loss", "exact for sigmoid with log_loss", ""),
        ("dZ1 = W2.T @ dZ2", "activation derivative missing", "the factor f'(z) is missing", ""),
        ("db1 = np.sum(dZ1, axis=0, keepdims=True) / m", "wrong axis", "axis 1", "db1 = np.sum(dZ1, axis=1, keepdims=True) / m"),
        (r"z_i^{[1]} = \sum_{j=1}^{4} w_{ij}^{[1]} x_j + b_j^{[1]}", "wrong index", "should be i",
         "zᵢ^[1] = Σ_j=1..4 wᵢⱼ^[1] xⱼ + bᵢ^[1]"),
        (r"\frac{\partial J}{\partial y} = a^{[2]} - y", "wrong left side", "The right side is dz2", ""),
        (r"\frac{\partial w^{[1]}}{\partial x} = 3 x", "no such derivative", "W1 does not depend on x", ""),
        (r"\frac{\partial L}{\partial w^{[1]}} = \frac{\partial L}{\partial a^{[2]}} \frac{\partial a^{[2]}}{\partial a^{[1]}}",
         "broken chain", "the factor da1/dw1 is missing", ""),
        ("dW1 = 3 * np.tanh(dZ1 @ X.T)", "unrecognised", "The cause is not recognised", ""),
        ("dW1 = W1 @ W1", "unrecognised", "does not exist", ""),
    ],
)  # fmt: skip
def test_answers(net, line, verdict, told, mended):
    review = net.review(line)
    assert review.verdict == verdict, review.explanation
    assert told in review.explanation
    assert review.mended == mended
    assert review.text == line


def test_the_right_line_stands_beside_the_wrong_one(net):
    review = net.review("dW2 = dZ2 @ A1 / m")
    assert review.right == r"dW^{[2]} = \frac{1}{m} dz^{[2]} a^{[1]T}"
    assert review.code == "dW2 = dZ2 @ A1.T / m"
    assert net.review("db1 = dZ1").code == "db1 = np.sum(dZ1, axis=1, keepdims=True) / m"
    assert net._replace(convention="rows").review("db1 = dZ1").code == "db1 = np.sum(dZ1, axis=0) / m"


def test_how_far_off_it_is_on_the_data(net):
    review = net.review("dZ2 = 2 * (A2 - Y)")
    assert review.off == pytest.approx(1.0)
    assert "off by 1 of the largest entry" in review.explanation


def test_both_readings_of_a_star_are_tried_unless_the_line_says_which_it_means(net):
    notes = net.review("dZ1 = (W2.T * dZ2) * f1'(Z1)")
    assert notes.verdict == "right"
    assert "* is read as the matrix product" in notes.explanation
    several = case([3, 4, 2], ["tanh", "sigmoid"], "log_loss", 5)
    assert several.review("dZ1 = (W2.T * dZ2) * f1'(Z1)").verdict == "right"
    mixed = several.review("dW1 = (dZ1 * np.sum(X, axis=0)) @ X.T / m")
    assert mixed.verdict not in ("right", "unreadable")


def test_one_output_one_unit_these_sizes(net):
    assert net.review(r"da^{[1]} = dz^{[2]} (w^{[2]})^T").verdict == "right for one output"
    one = net._replace(X=net.X[:1], Y=net.Y[:1]).review("dW2 = dZ2 @ A1.T")
    assert (one.verdict, one.holds) == ("right only for one sample", True)
    assert net.review("l = -Y * np.log(A2) - (1 - Y) * np.log(1 - A2)").verdict == "right for one output"
    narrow = case([1, 1, 1], ["tanh", "sigmoid"], "log_loss", 4)
    assert narrow.review("dA1 = dZ2 * W2").verdict == "right for layers of one unit"
    two = case([3, 2], ["identity"], "mse", 4)
    assert two.review(r"l = \frac{1}{2} \sum_k (\hat{y}_k - y_k)^2").verdict == "right for these sizes"
    assert two.review("dW1 = dZ1 @ X.T / 4").verdict == "right for these sizes"
    assert two.review("dW1 = dZ1 @ X.T / 5").wrong


def test_softmax_has_a_jacobian():
    given_case = case([3, 4, 3], ["tanh", "softmax"], "cross_entropy", 6)
    assert given_case.review(r"d\mathbf{z}^{[L]} = d\mathbf{a}^{[L]} * f^{[L]'}(\mathbf{z}^{[L]})").verdict == (
        "right only for element-wise activations"
    )
    assert given_case.review(r"\frac{\partial a_i^{[2]}}{\partial z_k^{[2]}} = a_i^{[2]} (\delta_{ik} - a_k^{[2]})").verdict == "right"
    assert given_case.review(r"dz_k^{[2]} = a_k^{[2]} - y_k").holds
    assert given_case.review("dZ2 = A2 * (dA2 - np.sum(A2 * dA2, axis=0, keepdims=True))").verdict == "right"
    assert given_case.review("dZ2 = A2 * (dA2 - np.sum(A2 * dA2))").verdict == "right only for one sample"


def test_targets_that_do_not_sum_to_one():
    given_case = case([3, 2], ["softmax"], "cross_entropy", 5)
    loose = given_case._replace(Y=given_case.Y * 0.5)
    assert given_case.review("dZ1 = A1 - Y").verdict == "right for this output and loss"
    assert loose.review("dZ1 = A1 - Y").verdict == "right only for targets that sum to one"
    assert loose.review("dZ1 = A1 * np.sum(Y, axis=0, keepdims=True) - Y").verdict.startswith("right")


def test_weights_dropout_and_l2_that_were_forgotten():
    given_case = case([3, 4, 2], ["tanh", "sigmoid"], "log_loss", 5, l2=0.3)
    mask = {1: np.array([[1.5, 0, 1.5, 1.5]] * 5)}
    s = np.arange(1.0, 6.0)
    assert given_case.review("dW2 = dZ2 @ A1.T / m").verdict == "L2 term missing"
    assert given_case.review(r"dW2 = dZ2 @ A1.T / m + \frac{\lambda}{m} W2").verdict == "right"
    assert given_case.review("db2 = np.sum(dZ2, axis=1, keepdims=True) / m", sample_weight=s).verdict == "sample weights missing"
    assert given_case.review("db2 = np.sum(s * dZ2, axis=1, keepdims=True) / np.sum(s)", sample_weight=s).verdict == "right"
    assert given_case.review("dZ1 = dA1 * (1 - tanh(Z1)**2)", mask=mask).verdict == "dropout mask missing"
    assert given_case.review("dZ1 = dA1 * D1 * (1 - tanh(Z1)**2)", mask=mask).verdict == "right"


def test_a_line_of_several_sides_is_as_wrong_as_its_worst(net):
    review = net.review("dZ2 = dA2 * f2'(Z2) = A2 - Y = Y - A2")
    assert review.verdict == "wrong sign"
    assert [part.verdict for part in review.parts] == ["right", "right for this output and loss", "wrong sign"]
    assert not review.holds


def test_exact_zeros_at_a_kink_are_told():
    given_case = case([3, 4, 1], ["relu", "sigmoid"], "log_loss", 5)
    given_case.net.parameters["b1"][...] = 0
    given_case.X[0] = 0
    review = given_case.review("dZ1 = dA1 * (Z1 > 0)")
    assert review.verdict == "right"
    assert "at a kink, where the derivative is a matter of choice" in review.explanation


def test_saturated_outputs_are_no_reason_to_call_a_right_line_wrong():
    given_case = case([3, 1], ["sigmoid"], "log_loss", 5)
    given_case.net.vector[...] *= 100
    assert given_case.review("dZ1 = (-Y/A1 + (1-Y)/(1-A1)) * A1 * (1 - A1)").verdict.startswith("right")


def test_deep_and_wide_networks_take_no_time():
    given_case = case([784, 128, 10], ["relu", "softmax"], "cross_entropy", 3)
    assert given_case.review("dW1 = dZ1 @ X.T / m").verdict == "right"
    assert given_case.review("dW1 = dZ1 @ X / m").verdict == "missing transpose"
    deep = case([2] * 12, ["tanh"] * 10 + ["sigmoid"], "log_loss", 3)
    assert deep.review(r"dz^{[l]} = (w^{[l+1]})^T dz^{[l+1]} * f^{[l]'}(z^{[l]})").verdict == "right"


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("dW2 = foo(dZ2)", "A name in the equation is 'foo', expected a known one"),
        ("dW2 = q A1^T", "'q' is no name of a value here"),
        ("dW3 = dZ2 @ A1.T", "there is no layer 3: the layers are 1 to 2"),
        ("dW2 = (dZ2", "never closed"),
        ("dW2", "The equation in the equation is without =, expected two sides"),
        ("", "An operand in the equation is missing"),
        ("dW2 = " + "x" * 10_000, "10,006 characters, expected at most 2,000"),
        ("z = " + "(" * 200 + "x" + ")" * 200, "at most 50 within each other"),
        ("z_{ijk}^{[1]} = x_i", "indices"),
    ],
)
def test_what_cannot_be_read(net, line, told):
    with pytest.raises(FormulaError, match="expected") as error:
        net.review(line)
    assert told in str(error.value).splitlines()[0]


def test_what_does_not_fit_the_network(net):
    line = "dZ2 = A2 - Y"
    with pytest.raises(ShapeError, match="The shape of X in the data is"):
        pl.review_equation(line, net.net, net.X[:, :2], net.Y)
    with pytest.raises(InputError, match="X or y in review_equation is None"):
        pl.review_equation(line, net.net)
    with pytest.raises(InputError, match="X in the data is nan"):
        pl.review_equation(line, net.net, net.X * np.nan, net.Y)
    with pytest.raises(InputError, match="expected one of columns, rows"):
        pl.review_equation(line, net.net, net.X, net.Y, "colums")
    with pytest.raises(FormulaError, match="this is about a network, and there is none"):
        pl.review_equation(line)


def test_wrong_shapes_are_verdicts(net):
    assert net.review("dW2 = dZ2 @ X").wrong
    assert net.review("dW2 = A1 @ A1 @ A1").wrong
    assert net.review("J = W1").wrong


@settings(max_examples=25)
@given(
    st.lists(
        st.sampled_from(
            [
                "W1",
                "W2",
                "dZ2",
                "A1",
                "A2",
                "X",
                "Y",
                "b1",
                "m",
                "+",
                "-",
                "*",
                "@",
                ".T",
                "(",
                ")",
                "2",
                "/",
                "f1'(",
                "Z1",
                "np.exp(",
                "=",
                "^2",
            ]
        ),
        max_size=12,
    ).map(" ".join)
)
def test_any_line_is_judged_or_refused(text):
    given_case = case([2, 3, 1], ["tanh", "sigmoid"], "log_loss", 3)
    try:
        review = given_case.review(f"dW2 = {text}")
    except InputError as error:
        assert "expected" in str(error)  # noqa: PT017
        return
    assert review.verdict
    assert str(review)


# ---------------------------------------------------------------------------------------------------- how it looks


def test_how_a_review_looks(net):
    review = net.review("dW2 = dZ2 @ A1 / m")
    assert "missing transpose" in str(review)
    assert "dW2 = dZ2 @ A1.T / m" in str(review)
    assert review._repr_html_().startswith("<table>")
    from rich.console import Console

    console = Console(width=140, record=True, file=StringIO())
    console.print(review)
    assert "A1 must be transposed" in console.export_text()

"""Softmax in groups, as it is derived, proved and reviewed: sums run over the units of a group, not over the layer."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from executable import every_side, worst

NET = pl.Network([2, 3, 5], ["tanh", "softmax(3, 2)"], seed=0)
X = np.random.default_rng(0).normal(size=(6, 2))
Y = np.hstack([np.eye(3)[[0, 1, 2, 0, 1, 2]], np.eye(2)[[0, 1, 1, 0, 1, 0]]])


def test_whole_arrays_sum_over_the_group():
    derivation = pl.derive(NET)
    assert derivation["a2"].text == "ŷ = a^[2] = f^[2](z^[2]) = e^(z^[2])/(Σ_j∈g e^(zⱼ^[2]))"
    assert derivation["dz2"].text == "dz^[2] = ∂l/∂z^[2] = a^[2] ⊙ (da^[2] - (Σ_j∈g aⱼ^[2] daⱼ^[2])) = a^[2] - y"
    assert "g is the group of the unit, 3, 2 units in order" in derivation["a2"].rule
    assert r"\sum_{j \in g} e^{z_{j}^{[2]}}" in derivation.to_latex()


def test_units_sum_over_their_numbers():
    derivation = pl.derive(NET, (X[:1], Y[:1]), form="elementwise")
    assert derivation["a2[5]"].text == "ŷ₅ = a₅^[2] = e^(z₅^[2])/(e^(z₄^[2]) + e^(z₅^[2]))"
    assert "in the sum over units 4 to 5, its group" in derivation["a2[5]"].rule
    texts = [step.text for step in derivation["dz2[2]"].steps]
    assert "∂a₁^[2]/∂z₂^[2] = -a₁^[2] a₂^[2]" in texts
    assert any("Σ_j=1..3, j≠2 yⱼ" in text for text in texts)
    assert not any("₄" in text or "₅" in text for text in texts)
    counted = pl.derive(NET, form="elementwise", indices="zero")
    assert counted["a2[4]"].text == "ŷ₄^(i) = a₄^[2](i) = e^(z₄^[2](i))/(e^(z₃^[2](i)) + e^(z₄^[2](i)))"
    wide = pl.derive(pl.Network([1, 10], ["softmax(2, 8)"]), form="elementwise")
    assert wide["a1[10]"].text == "ŷ₁₀^(i) = a₁₀^[1](i) = e^(z₁₀^[1](i))/(e^(z₃^[1](i)) + e^(z₄^[1](i)) + … + e^(z₁₀^[1](i)))"


@pytest.mark.parametrize("form", ["vectorized", "elementwise"])
@pytest.mark.parametrize("loss", ["cross_entropy", "log_loss", "half_mse"])
@pytest.mark.parametrize("groups", ["3, 2", "7, 2", "2, 2, 5"])
def test_every_side_has_the_value(form, loss, groups):
    n = sum(map(int, groups.split(", ")))
    net = pl.Network([2, 4, n], ["softmax(1, 3)", f"softmax({groups})"], loss, l2=0.2, seed=1)
    y = np.random.default_rng(2).random((3, n))
    for m in (1, 3):
        derivation = pl.derive(net, (X[:m], y[:m]), form, "rows", mask={1: np.array([[0.0, 2, 2, 2]] * m)})
        assert worst(derivation)[0] <= 1e-12
        assert max(far for _, _, far in every_side(derivation)) <= 1e-9


def test_targets_that_sum_to_one_in_no_group_are_not_called_so():
    half = Y / 2
    assert "a^[2] - y" not in pl.derive(NET, (X, half))["dz2"].text.split(" = ")
    assert pl.derive(NET, (X, Y))["dz2"].text.endswith(" = a^[2] - y")
    soft = np.full((6, 5), 0.2)  # one over the layer, not in each group
    assert not pl.derive(NET, (X, soft))["dz2"].text.endswith(" = a^[2] - y")


@pytest.mark.parametrize(
    ("rules", "loss"), [(["softmax(2, 2)"], "cross_entropy"), (["softmax(1, 2)"], "cross_entropy"), (["softmax(2, 2)"], "mse")]
)
def test_sympy_proves_them(rules, loss):
    net = pl.Network([1, sum(map(int, rules[0][8:-1].split(", ")))], rules, loss)
    assert pl.prove_gradients(net, pieces=1).proved


def test_health_looks_at_each_group():
    net = pl.Network([1, 4], ["softmax(2, 2)"], seed=0)
    net.parameters["W1"][...] = [[40.0, -40.0, 0.0, 0.0]]
    report = pl.gradient_health(net, [[1.0], [2.0]], [[1, 0, 1, 0]] * 2)
    assert report.layers[-1].saturated == 0.5


def test_a_review_of_gradients_knows_the_groups():
    trace = NET.trace(X, Y, convention="rows")
    error = trace["y_hat"] - Y
    assert pl.review_gradients({"dz2": error}, NET, X, Y, convention="rows")["dz2"].verdict == "correct"

    def jacobian(of):
        a = trace["y_hat"]
        sums = [np.broadcast_to((a * of)[:, part].sum(axis=1, keepdims=True), of[:, part].shape) for part in (slice(3), slice(3, 5))]
        return a * (of - np.hstack(sums))

    twice = pl.review_gradients({"dz2": jacobian(error)}, NET, X, Y, convention="rows")["dz2"]
    assert twice.verdict == "softmax derivative counted twice"
    other = pl.Network([2, 3, 5], ["tanh", "softmax(3, 2)"], "mse", seed=0)
    da = 2 * (trace["y_hat"] - Y) / 5
    assert pl.review_gradients({"dz2": jacobian(da)}, other, X, Y, convention="rows")["dz2"].verdict == "correct"
    diagonal = trace["y_hat"] * (1 - trace["y_hat"]) * da
    found = pl.review_gradients({"dz2": diagonal}, other, X, Y, convention="rows")["dz2"]
    assert found.verdict == "softmax Jacobian replaced by its diagonal"


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("A2 = softmax(Z2)", "right"),
        ("dZ2 = A2 - Y", "right for this output and loss"),
        ("dZ2 = Y - A2", "wrong sign"),
        ("dW2 = dZ2 @ A1.T / m", "right"),
        ("dZ2 = A2 * (dA2 - np.sum(A2 * dA2, axis=0, keepdims=True))", "right only for a softmax over the whole layer"),
    ],
)
def test_a_review_of_equations_knows_the_groups(line, verdict):
    assert pl.review_equation(line, NET, X, Y).verdict == verdict


def test_the_sum_over_a_hidden_layer_is_a_mistake_too():
    net = pl.Network([2, 4, 5], ["softmax(2, 2)", "softmax(3, 2)"], "mse", seed=0)
    found = pl.review_equation("dZ1 = A1 * (dA1 - np.sum(A1 * dA1, axis=0, keepdims=True))", net, X, Y)
    assert found.verdict == "right only for a softmax over the whole layer"
    assert found.explanation == "Here each group of units has a softmax of its own, and the sum is to run over the group."
    assert (found.right, found.code) == ("", "")


def test_pictures_and_graphs():
    graph = pl.computation_graph(NET)
    assert any("between groups" in edge.detail for edge in graph.backward)
    assert "with groups of 3, 2 units; G = 1 in each" in graph.to_text()
    assert "softmax" in graph.to_svg()
    assert "the sum runs over the group of the unit" in graph.to_text()
    ax = pl.plots.activation_and_derivative("softmax(3, 2)")
    assert ax.get_title() == "softmax"
    assert pl.differentiate(pl.activation("softmax(3, 2)")).title == pl.differentiate(pl.activation("softmax")).title

"""The lecture notes, item by item: their equations as `derive` writes them for the notes' own networks, and the numbers beside them."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

import pellucid as pl
from executable import worst
from pellucid.expressions.latex import latex

RNG = np.random.default_rng(0)


@pytest.fixture
def net():
    """The 4-5-1 network of the notes, two different activations, biases that are not zero."""
    net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=3)
    net.vector[...] = RNG.normal(size=net.n_parameters)
    return net


@pytest.fixture
def sample():
    return [0.5, -1.0, 2.0, 0.3], 1


def last_side(step):
    return step.text.rpartition(" = ")[2]


def test_item_2_a_neuron_is_f_of_the_weighted_sum_plus_bias():
    """Item 2 (N1): y = f(sum x_i w_i + b)."""
    derivation = pl.derive(pl.Network([3, 1], ["sigmoid"]), form="elementwise", convention="rows")
    assert derivation["z1[1]"].text == "z₁^[1](i) = w₁₁^[1] x₁^(i) + w₂₁^[1] x₂^(i) + w₃₁^[1] x₃^(i) + b₁^[1]"
    assert derivation["a1[1]"].text.startswith("ŷ₁^(i) = a₁^[1](i) = f^[1](z₁^[1](i))")


def test_item_3_the_shapes_of_the_4_5_1_network(net, sample):
    """Item 3 (N0): W1 5x4, b1 5x1, W2 1x5, b2 1x1, x 4x1, a1 5x1, y_hat 1x1; W_ij joins unit j to unit i."""
    derivation = pl.derive(net, sample)
    shapes = {symbol: derivation[symbol].shape for symbol in ("W1", "b1", "W2", "b2", "x", "a1", "a2")}
    assert shapes == {"W1": (5, 4), "b1": (5, 1), "W2": (1, 5), "b2": (1, 1), "x": (4, 1), "a1": (5, 1), "a2": (1, 1)}
    assert "w_jk joins unit k of layer 0 to unit j of layer 1" in derivation["W1"].rule
    assert r"w_{51}^{[1]} & w_{52}^{[1]}" in derivation["W1"].equation


def test_item_4_the_other_index_order_counted_from_zero(net, sample):
    """Item 4 (N2): z_0 = w_00 x_0 + w_10 x_1 + w_20 x_2 + w_30 x_3 + b_0, and so on to z_4."""
    derivation = pl.derive(net, sample, "elementwise", "rows", indices="zero")
    small = "₀₁₂₃₄"
    for j in range(5):
        terms = [f"w{small[k]}{small[j]}^[1] x{small[k]}" for k in range(4)]
        assert derivation[f"z1[{j}]"].text == f"z{small[j]}^[1] = {' + '.join(terms)} + b{small[j]}^[1]"
    assert worst(derivation)[0] <= 1e-12


def test_item_6_forward_element_by_element_and_vectorized(net, sample):
    """Item 6 (N0, N2): z_i = sum_j w_ij x_j + b_i and Z = W X + b."""
    elements, vectors = pl.derive(net, sample, "elementwise"), pl.derive(net, sample)
    assert vectors["z1"].text == "z^[1] = W^[1] x + b^[1]"
    assert_allclose([elements[f"z1[{j}]"].value for j in range(1, 6)], vectors["z1"].value[:, 0], rtol=1e-14)


def test_item_14_products_of_three_factors_with_dz_used_again(net, sample):
    """Item 14 (N0, N4): dJ/dw2 = dJ/dy_hat dy_hat/dz2 dz2/dw2, dJ/db2 the same with dz2/db2 = 1; the first two are dz2."""
    derivation = pl.derive(net, sample, "elementwise")
    assert "= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂w₁₃^[2] = dz₁^[2] a₃^[1]" in derivation["dW2[1,3]"].text
    assert "= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂b₁^[2] = dz₁^[2]" in derivation["db2[1]"].text
    assert derivation["dz2[1]"].value == pytest.approx(derivation["da2[1]"].value * derivation["f2'(z2)[1]"].value, rel=1e-13)


def test_item_15_the_path_of_one_weight(net, sample):
    """Item 15 (N0): x_k -> z_j -> a_j -> z2 -> y_hat -> J; dJ/dw_jk = dJ/dz2 w_j f1'(z_j) x_k."""
    story = pl.derive(net, sample, of=("W1", 3, 2))
    assert story.sections[0].note.startswith("x₂ → z₃^[1] → a₃^[1] → z₁^[2] → ŷ₁ → J.")
    product = story["dz2"].value.item() * story.values["W2"][0, 2] * story["f1'(z1)[3]"].value * sample[0][1]
    assert story["dW1[3,2]"].value == pytest.approx(product, rel=1e-13)


def test_item_16_backward_element_by_element_then_vectorized_with_the_product_marked(net, sample):
    """Item 16 (N0, N2): dz_i = w_i dz2 f'(z_i), and dZ1 = (W2^T dZ2) * f'(Z1) element by element."""
    elements, vectors = pl.derive(net, sample, "elementwise"), pl.derive(net, sample)
    assert last_side(elements["da1[2]"]) == "w₁₂^[2] dz₁^[2]"
    assert "= da^[1] ⊙ f'^[1](z^[1]) =" in vectors["dz1"].text
    assert r"\odot" in vectors["dz1"].equation
    assert "element-wise" in vectors["dz1"].rule
    assert_allclose([elements[f"dz1[{j}]"].value for j in range(1, 6)], vectors["dz1"].value[:, 0], rtol=1e-13)
    assert elements["dW1[4,3]"].value == pytest.approx(vectors["dW1"].value[3, 2], rel=1e-13)


def test_item_17_dz_is_the_error_attributed_to_a_unit(net, sample):
    """Item 17 (N2): the larger it is, the larger the change of its weights."""
    derivation = pl.derive(net, sample)
    assert "dz is the error attributed to each unit" in derivation["dz1"].rule
    story = pl.derive(net, sample, of=("W1", 3, 2))
    assert "the larger it is, the more the weights of the unit change" in story.sections[1].note
    change = np.abs(derivation["W_new1"].value - derivation["W1"].value).sum(axis=1)
    assert (np.argsort(change) == np.argsort(np.abs(derivation["dz1"].value[:, 0]))).all()


def test_item_18_forward_and_backward_formulas_of_a_layer_side_by_side():
    """Item 18 (N4), with its slips put right: a^[l-1] transposed in dW, and the sum of db over samples, not features."""
    ((_, forward, backward),) = pl.layer_table().layers
    assert [latex(equation) for equation in (*forward, *backward)] == [
        "z^{[l]} = W^{[l]} a^{[l-1]} + b^{[l]}",
        r"a^{[l]} = f^{[l]}\left(z^{[l]}\right)",
        r"dz^{[l]} = da^{[l]} \odot f^{[l]'}\left(z^{[l]}\right)",
        r"dW^{[l]} = \frac{1}{m} dz^{[l]} a^{[l-1]T}",
        r"db^{[l]} = \frac{1}{m} \sum_{i=1}^{m} dz^{[l](i)}",
        "da^{[l-1]} = W^{[l]T} dz^{[l]}",
    ]


def test_item_19_the_worked_two_layer_example_line_by_line():
    """Item 19 (N4): dz2 = (-y/a + (1-y)/(1-a)) a (1-a) = a - y, dw2 = (a2 - y) a1, dz1 = dz2 w2 a1 (1 - a1), dw1 = dz1 x."""
    net = pl.Network([1, 1, 1], ["sigmoid", "sigmoid"], "log_loss", seed=1)
    derivation = pl.derive(net, ([1.5], 1))
    assert "(-y/a^[2] + (1 - y)/(1 - a^[2])) a^[2] (1 - a^[2])" in derivation["dz2: cancel"].text
    assert last_side(derivation["dz2: multiply out"]) == "a^[2] - y" == last_side(derivation["dz2"])
    assert "= (a^[2] - y) a^[1]ᵀ = dz^[2] a^[1]ᵀ" in derivation["dW2"].text
    assert last_side(derivation["f1'(z1)"]) == "a^[1] (1 - a^[1])"
    a1, a2, w2 = (derivation.values[name].item() for name in ("a1", "a2", "W2"))
    assert derivation["dW1"].value.item() == pytest.approx((a2 - 1) * w2 * a1 * (1 - a1) * 1.5, rel=1e-13)


def test_item_21_the_jacobian_of_softmax_two_cases_and_as_a_matrix():
    """Item 21 (N0, N2): a_i (1 - a_i) where i = k, -a_i a_k where not."""
    net = pl.Network([2, 3], ["softmax"], seed=1)
    derivation = pl.derive(net, ([1.0, -1.0], 0))
    a, found = derivation["a1"].value[:, 0], derivation["jacobian1"].value
    assert_allclose(found, [[a[i] * ((i == k) - a[k]) for k in range(3)] for i in range(3)], rtol=1e-14)
    elements = pl.derive(net, ([1.0, -1.0], 0), "elementwise")
    assert last_side(elements["da1[2]/dz1[2]"]) == "a₂^[1] (1 - a₂^[1])"
    assert last_side(elements["da1[1]/dz1[2]"]) == "-a₁^[1] a₂^[1]"


def test_item_22_a_single_neuron():
    """Item 22 (N3): w (1,d), b (1,1), x (d,1), a (1,1); dJ/dw = (a - y) x^T; a = 0.7 and y = 1 give -0.3."""
    neuron = pl.Network([3, 1], ["sigmoid"], "log_loss")
    neuron.parameters["W1"][...] = 0.0
    neuron.parameters["b1"][...] = np.log(0.7 / 0.3)
    derivation = pl.derive(neuron, ([2.0, -1.0, 0.5], 1))
    assert {symbol: derivation[symbol].shape for symbol in ("W1", "b1", "x", "a1")} == {
        "W1": (1, 3), "b1": (1, 1), "x": (3, 1), "a1": (1, 1),
    }  # fmt: skip
    assert derivation["dz1"].value.item() == pytest.approx(-0.3, rel=1e-14)
    assert "= (a^[1] - y) xᵀ" in derivation["dW1"].text
    assert_allclose(derivation["dW1"].value, [[-0.6, 0.3, -0.15]], rtol=1e-14)


def test_item_23_a_multi_class_network():
    """Item 23 (N3): a = (.7, .2, .1), y = (1, 0, 0): dJ/dW = (a - y) x^T is (k x 1)(1 x d), here 3 x 2."""
    net = pl.Network([2, 3], ["softmax"], "cross_entropy")
    net.parameters["W1"][...] = 0.0
    net.parameters["b1"][...] = np.log([0.7, 0.2, 0.1])
    derivation = pl.derive(net, ([2.0, 3.0], [1, 0, 0]))
    assert_allclose(derivation["dz1"].value, [[-0.3], [0.2], [0.1]], rtol=1e-14)
    assert derivation["dW1"].shapes == "(3 x 1)(1 x 2)"
    assert_allclose(derivation["dW1"].value, np.outer([-0.3, 0.2, 0.1], [2.0, 3.0]), rtol=1e-14)


def test_item_24_the_sum_over_samples_is_the_matrix_product_divided_by_n(net):
    """Item 24 (N3): 1/n sum_i (a_i - y_i) x_i^T = 1/n (A - Y) X^T."""
    neuron = pl.Network([3, 1], ["sigmoid"], "log_loss", seed=2)
    X, y = RNG.normal(size=(6, 3)), np.array([0, 1, 1, 0, 1, 0.0])
    step = pl.derive(neuron, (X, y))["dW1: sum over samples"]
    assert step.text == "dW^[1] = (1/m) Σ_i=1..m dz^[1](i) x^(i)ᵀ = (1/m) dz^[1] xᵀ"
    a = neuron.predict(X)[:, 0]
    assert_allclose(step.value, [sum((a[i] - y[i]) * X[i] for i in range(6)) / 6], rtol=1e-13)


def test_item_25_the_arithmetic_of_the_shapes_in_both_conventions():
    """Item 25 (N3): (k x d)(d x n) + (k x 1) and (n x d)(d x k) + (1 x k)."""
    net, X, y = pl.Network([4, 3], ["softmax"]), np.ones((7, 4)), np.zeros(7, int)
    assert pl.derive(net, (X, y))["z1"].shapes == "(3 x 4)(4 x 7) + (3 x 1)"
    assert pl.derive(net, (X, y), convention="rows")["z1"].shapes == "(7 x 4)(4 x 3) + (1 x 3)"
    assert pl.derive(net)["z1"].shapes == "(3 x 4)(4 x m) + (3 x 1)"


def test_item_27_the_gradient_of_the_first_weights_as_a_product_of_five(net, sample):
    """Item 27 (N3): dJ/dW1 = dJ/dA2 dA2/dZ2 dZ2/dA1 dA1/dZ1 dZ1/dW1."""
    text = pl.derive(net, sample, of=("W1", 1, 1))["dW1[1,1]"].text
    assert "∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂a₁^[1] ∂a₁^[1]/∂z₁^[1] ∂z₁^[1]/∂w₁₁^[1]" in text


def test_item_9_the_update(net, sample):
    """Item 9 (N1): w_new = w_old - alpha dJ/dw."""
    derivation = pl.derive(net, sample, optimizer=pl.GradientDescent(0.25))
    assert derivation["W_new1"].text == "W_new^[1] = W^[1] - α dW^[1]"
    assert_allclose(derivation["W_new1"].value, derivation["W1"].value - 0.25 * derivation["dW1"].value, rtol=1e-15)

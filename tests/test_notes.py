"""The lecture notes, item by item: each printed formula that is right, on the trace of a network, in both conventions."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import pellucid as pl
from pellucid.equations.activations import activation

EXAMPLES = Path(__file__).parent.parent / "examples"


def sigma(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def net():
    """The 4-5-1 network of the notes, two different activations, biases that are not zero."""
    net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=3)
    net.vector[...] = np.random.default_rng(0).normal(size=net.n_parameters)
    return net


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    return rng.normal(size=(7, 4)), (rng.random(7) > 0.5).astype(float)


def test_item_1_forward_goes_from_x_to_y_hat_and_backward_from_the_last_layer_to_the_first(net, data):
    """Items 1 and 8: forward layer by layer to the last, then gradients layer by layer backwards."""
    assert " ".join(net.trace(*data)) == "a0 z1 a1 z2 a2 J da2 dz2 dW2 db2 da1 dz1 dW1 db1"


def test_item_2_a_neuron_is_f_of_the_weighted_sum_plus_bias():
    """Item 2: y = f(sum x_i w_i + b); a layer is several of them."""
    neuron = pl.Network([3, 1], activations=["tanh"], loss="mse", seed=1)
    neuron.parameters["b1"][...] = 0.3
    x, w = np.array([0.2, -0.7, 1.1]), neuron.parameters["W1"][:, 0]
    assert_allclose(neuron.predict([x])[0, 0], np.tanh(sum(x * w) + 0.3), rtol=1e-15)


def test_item_3_shapes_of_the_4_5_1_network(net, data):
    """Item 3: W1 5x4, b1 5x1, W2 1x5, b2 1x1, x 4x1, a1 5x1, y_hat 1x1; W_ij joins unit j to unit i."""
    X, y = data
    trace = net.trace(X[:1], y[:1])
    shapes = {name: trace[name].shape for name in ("W1", "b1", "W2", "b2", "x", "a1", "y_hat")}
    assert shapes == {
        "W1": (5, 4), "b1": (5, 1), "W2": (1, 5), "b2": (1, 1), "x": (4, 1), "a1": (5, 1), "y_hat": (1, 1),
    }  # fmt: skip
    assert (trace["dW1"].shape, trace["db1"].shape) == ((5, 4), (5, 1))


def test_item_4_the_other_index_order(net, data):
    """Item 4: w_{i,j} joins input i to unit j: z_j = w_0j x_0 + w_1j x_1 + w_2j x_2 + w_3j x_3 + b_j, unit by unit."""
    X, y = data
    trace = net.trace(X[:1], y[:1], convention="rows")
    w, b, x, z = trace["W1"], trace["b1"], trace["x"][0], trace["z1"][0]
    for j in range(5):
        assert_allclose(z[j], w[0, j] * x[0] + w[1, j] * x[1] + w[2, j] * x[2] + w[3, j] * x[3] + b[j], rtol=1e-13)


def test_item_5_one_activation_per_layer_and_any_cost(data):
    """Item 5: f1, f2 differ; J = C(y_hat, y) with derivative C'."""
    X, y = data
    net = pl.Network([4, 5, 1], activations=["relu", "tanh"], loss="half_mse", seed=0)
    trace = net.trace(X, y)
    assert_allclose(trace["a1"], np.maximum(trace["z1"], 0))
    assert_allclose(trace["a2"], np.tanh(trace["z2"]))
    assert_allclose(trace["J"], ((trace["a2"] - y) ** 2).mean() / 2)
    assert_allclose(trace["da2"], trace["a2"] - y)


def test_item_6_forward_element_by_element_and_vectorized(net, data):
    """Item 6: z_i^[1] = sum_j w_ij x_j + b_i, a_i = f1(z_i); Z1 = W1 X + b1, A1 = f1(Z1), Z2 = W2 A1 + b2, y_hat = f2(Z2)."""
    X, y = data
    trace = net.trace(X, y)
    W1, b1, W2, b2 = (trace[name] for name in ("W1", "b1", "W2", "b2"))
    assert_allclose(trace["z1"], W1 @ X.T + b1)
    assert_allclose(trace["a1"], np.tanh(trace["z1"]))
    assert_allclose(trace["z2"], W2 @ trace["a1"] + b2)
    assert_allclose(trace["y_hat"], sigma(trace["z2"]))
    for sample in range(7):
        for i in range(5):
            z = sum(W1[i, j] * X[sample, j] for j in range(4)) + b1[i, 0]
            assert_allclose(trace["z1"][i, sample], z, rtol=1e-12)


def test_item_7_error_loss_and_cost(data):
    """Item 7: error y_hat - y; mse is 1/n sum, half_mse 1/2n sum; the cost is the mean over the batch; defaults by task."""
    X, _ = data
    Y = np.random.default_rng(2).normal(size=(7, 3))
    net = pl.Network([4, 3], activations=["identity"], loss="mse", seed=0)
    trace = net.trace(X, Y)
    assert_allclose(trace["error"], trace["y_hat"] - Y.T)
    assert_allclose(trace["l"], [(1 / 3) * sum(e**2 for e in column) for column in trace["error"].T])
    assert_allclose(trace["J"], trace["l"].mean())
    half = pl.Network([4, 3], activations=["identity"], loss="half_mse", seed=0).trace(X, Y)
    assert_allclose(half["l"], trace["l"] / 2)
    assert pl.Network([4, 3]).architecture.loss.spec == "half_mse"
    assert pl.Network([4, 1], ["sigmoid"]).architecture.loss.spec == "log_loss"
    assert pl.Network([4, 3], ["softmax"]).architecture.loss.spec == "cross_entropy"


def test_item_8_the_six_steps_make_a_training_loop(net, data):
    """Item 8: forward, loss, backward, update, repeated: by hand it gives what fit gives."""
    X, y = data
    by_hand = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=3)
    by_hand.vector[...] = net.vector
    net.fit(X, y, optimizer=pl.GradientDescent(0.3), epochs=20)
    for _ in range(20):
        gradients = by_hand.gradients(X, y)
        for name, parameter in by_hand.parameters.items():
            parameter -= 0.3 * gradients[f"d{name}"]
    assert_allclose(net.vector, by_hand.vector, rtol=1e-12)


def test_item_9_a_step_against_the_gradient_descends_and_too_large_a_step_does_not(data):
    """Item 9: w_new = w_old - alpha dJ/dw; the gradient is the steepest ascent; a step size can be too small or too large."""
    X = np.array([[1.0], [2.0]])
    y = 2 * X[:, 0]

    def after(alpha, epochs=20):
        net = pl.Network([1, 1], activations=["identity"], loss="mse", initializer="zeros")
        net.fit(X, y, optimizer=pl.GradientDescent(alpha), epochs=epochs)
        return net.loss(X, y)

    start = pl.Network([1, 1], activations=["identity"], loss="mse", initializer="zeros").loss(X, y)
    small, right, large = after(1e-4), after(0.15), after(0.6)
    assert right < small < start < large


def test_item_9_no_direction_ascends_more_steeply_than_the_gradient(net, data):
    """Item 9: among directions of length one, J rises fastest along the gradient."""
    X, y = data
    rng, start, h = np.random.default_rng(5), net.loss(X, y), 1e-4
    total = np.concatenate([net.gradients(X, y)[f"d{name}"].ravel() for name in ("W1", "W2", "b1", "b2")])

    def rise(direction):
        moved = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss")
        moved.vector[...] = net.vector + h * direction / np.linalg.norm(direction)
        return moved.loss(X, y) - start

    steepest = rise(total)
    assert all(rise(rng.normal(size=total.size)) < steepest for _ in range(50))
    assert_allclose(steepest / h, np.linalg.norm(total), rtol=1e-3)


def test_item_10_descent_reaches_a_local_or_the_global_minimum():
    """Item 10: J over one weight, w^2 (w - 3) (w - 4)-like: where the descent starts decides which minimum it finds."""
    X = np.array([[1.0]])
    net = pl.Network([1, 1, 1], activations=["tanh", "identity"], loss="mse", initializer="zeros")
    ends = []
    for start in (-1.0, 1.0):
        net.vector[...] = [start, start, 0.0, 0.0]
        net.fit(X, [0.5], optimizer=pl.GradientDescent(0.1), epochs=500)
        ends.append(net.vector.copy())
        assert net.loss(X, [0.5]) < 1e-6
    assert not np.allclose(ends[0], ends[1])  # two different minima of the same depth
    net.vector[...] = 0.0
    gradients = net.gradients(X, [0.0])
    assert all(np.allclose(part, 0) for part in gradients.values())  # a flat place: descent stays where it is


def test_item_11_the_power_rule_and_the_constant_multiple():
    """Item 11: f(x) = x^2 gives 2 x^(2-1) = 2x; 4x^3 gives 12x^2; the derivative is a rate of change."""
    assert pl.differentiate("x^2", "x")["d/dx (x²)"].text == "d/dx (x²) = 2 x^(2 - 1) = 2 x"
    found = pl.differentiate("4x^3", "x", at={"x": 0.5})
    assert found["d/dx (4 x³)"].text == "d/dx (4 x³) = 4 d/dx (x³) = 4 (3 x²) = 12 x²"
    change = (4 * (0.5 + 1e-6) ** 3 - 4 * 0.5**3) / 1e-6
    assert_allclose(found["f'"].value, change, rtol=1e-5)


def test_item_12_the_other_variable_is_held_constant():
    """Item 12: x^2 + 2xy + y^2 gives 2x + 2y by x and by y."""
    found = pl.differentiate("x^2 + 2xy + y^2", ["x", "y"])
    assert found["df/dx"].text == "∂f/∂x = 2 x + 2 y"
    assert found["df/dy"].text == "∂f/∂y = 2 x + 2 y"
    assert found["∂/∂x (y²)"].rule == "constant rule: y held constant"


def test_item_13_the_chain_rule_with_the_back_substitution():
    """Item 13: u^2 with u = 3x: du/dx = 3, dy/du = 2u, so 2u · 3 = 6u = 6(3x) = 18x."""
    found = pl.differentiate("(3x)^2", "x")
    assert found["u"].text == "u = 3 x"
    assert found["d/du (u²)"].text.endswith("= 2 u")
    assert found["d/dx (3 x)"].text.endswith("= 3")
    assert found["d/dx ((3 x)²)"].text == "d/dx ((3 x)²) = d/du (u²) du/dx = 2 u · 3 = 6 u = 6 (3 x) = 18 x"


def test_item_14_dw2_and_db2_are_products_of_three_factors(net, data):
    """Item 14: dJ/dw_i^[2] = C'(y_hat, y) f2'(z2) a_i^[1], dJ/db^[2] = C' f2'; dz2 is computed once and reused."""
    X, y = data
    t = net.trace(X[:1], y[:1])
    c = -y[0] / t["y_hat"] + (1 - y[0]) / (1 - t["y_hat"])
    f = t["a2"] * (1 - t["a2"])
    assert_allclose(t["dz2"], c * f, rtol=1e-12)
    assert_allclose(t["dW2"], c * f * t["a1"].T, rtol=1e-12)
    assert_allclose(t["db2"], c * f, rtol=1e-12)


def test_item_15_the_path_of_one_weight_and_its_product_of_factors(net, data):
    X, Y = data
    story = pl.derive(net, sample=(X[:1], Y[:1]), of=("W1", 3, 2))
    trace = net.trace(X[:1], Y[:1])
    assert "x₂ → z₃^[1] → a₃^[1]" in str(story)
    assert story["dW1[3,2]"].value == pytest.approx(trace["dW1"][2, 1], rel=1e-12)
    assert story["dz1[3]"].value * X[0, 1] == pytest.approx(trace["dW1"][2, 1], rel=1e-12)


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_item_16_backward_element_by_element_then_vectorized(net, data, convention):
    """Item 16: dz2 = y_hat - y; dz_i^[1] = w_i^[2] f1'(z_i) dz2; dw_ij = dz_j x_i; then dZ1 = (W2^T dZ2) * f1'(Z1)."""
    X, y = data
    m = len(y)
    t = net.trace(X, y, convention=convention)
    slope = 1 - t["a1"] ** 2
    if convention == "columns":
        assert_allclose(t["dz2"], t["a2"] - y)
        assert_allclose(t["dW2"], t["dz2"] @ t["a1"].T / m)
        assert_allclose(t["da1"], t["W2"].T @ t["dz2"])
        assert_allclose(t["dz1"], (t["W2"].T @ t["dz2"]) * slope)
        assert_allclose(t["dW1"], t["dz1"] @ X / m)
        assert_allclose(t["db1"], t["dz1"].sum(axis=1, keepdims=True) / m)
    else:
        assert_allclose(t["dz2"], t["a2"] - y[:, None])
        assert_allclose(t["dW2"], t["a1"].T @ t["dz2"] / m)
        assert_allclose(t["dz1"], (t["dz2"] @ t["W2"].T) * slope)
        assert_allclose(t["dW1"], X.T @ t["dz1"] / m)
        assert_allclose(t["db1"], t["dz1"].sum(axis=0) / m)
        for i in range(4):
            for j in range(5):
                one = sum(t["dz1"][k, j] * X[k, i] for k in range(m)) / m
                assert_allclose(t["dW1"][i, j], one, rtol=1e-12, atol=1e-15)


def test_item_17_the_larger_the_error_of_a_unit_the_larger_its_change(net, data):
    """Item 17: for one sample, the change of a unit's weights is |dz| times the length of its input."""
    X, y = data
    t = net.trace(X[:1], y[:1])
    change = np.linalg.norm(t["dW1"], axis=1)
    assert_allclose(change, np.abs(t["dz1"][:, 0]) * np.linalg.norm(X[0]))
    assert list(np.argsort(change)) == list(np.argsort(np.abs(t["dz1"][:, 0])))


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_item_18_layer_formulas(convention, data):
    """Item 18 (vectorized, any layer l): dz = da * f'(z), dw = 1/m dz a_{l-1}^T, db = 1/m sum dz, da_{l-1} = w^T dz."""
    X, _ = data
    net = pl.Network([4, 6, 5, 3], activations=["sigmoid", "tanh", "softmax"], loss="cross_entropy", seed=2)
    t = net.trace(X, [0, 1, 2, 0, 1, 2, 0], convention=convention)
    slopes = {1: t["a1"] * (1 - t["a1"]), 2: 1 - t["a2"] ** 2}
    for layer in (3, 2, 1):
        dz, before = t[f"dz{layer}"], t[f"a{layer - 1}"]
        if layer in slopes:
            assert_allclose(dz, t[f"da{layer}"] * slopes[layer])
        if convention == "columns":
            assert_allclose(t[f"dW{layer}"], dz @ before.T / 7)
            assert_allclose(t[f"db{layer}"], dz.mean(axis=1, keepdims=True))
            if layer > 1:
                assert_allclose(t[f"da{layer - 1}"], t[f"W{layer}"].T @ dz)
        else:
            assert_allclose(t[f"dW{layer}"], before.T @ dz / 7)
            assert_allclose(t[f"db{layer}"], dz.mean(axis=0))


def test_item_19_the_worked_example_line_by_line(data):
    """Item 19: x -> z1 -> a1 -> z2 -> a2 -> L with two sigmoids; (-y/a + (1-y)/(1-a)) a (1-a) = a - y."""
    X, y = data
    net = pl.Network([4, 5, 1], activations=["sigmoid", "sigmoid"], loss="log_loss", seed=0)
    t = net.trace(X[:1], y[:1])
    a, target = t["a2"], y[0]
    assert_allclose((-target / a + (1 - target) / (1 - a)) * a * (1 - a), a - target)
    assert_allclose(t["dz1"], t["W2"].T * t["dz2"] * t["a1"] * (1 - t["a1"]))
    assert_allclose(t["dW1"], t["dz1"] * X[0])
    assert_allclose(t["J"], -(target * np.log(a) + (1 - target) * np.log(1 - a)).item())


X_RANGE = np.linspace(-4, 4, 81)
PRINTED = {
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
    "relu": (lambda x: np.where(x >= 0, x, 0), lambda x: np.where(x >= 0, 1.0, 0.0)),
    "leaky_relu": (lambda x: np.where(x >= 0, x, 0.01 * x), lambda x: np.where(x >= 0, 1.0, 0.01)),
    "tanh": (
        lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
        lambda x: ((np.exp(x) + np.exp(-x)) ** 2 - (np.exp(x) - np.exp(-x)) ** 2) / (np.exp(x) + np.exp(-x)) ** 2,
    ),
}


@pytest.mark.parametrize("name", PRINTED)
def test_item_20_activations_and_derivatives_as_printed(name):
    """Item 20: sigmoid, relu, leaky relu, tanh (its derivative with the denominator squared, not to the fourth)."""
    z = X_RANGE[:, None]
    rule = activation(name)
    function, derivative = PRINTED[name]
    a = rule.forward(z)
    assert_allclose(a, function(z), rtol=1e-12, atol=1e-15)
    assert_allclose(rule.backward(np.ones_like(z), z, a), derivative(z), rtol=1e-9)
    if name == "leaky_relu":
        assert_allclose(a, np.maximum(0.01 * z, z))
    if name == "relu":
        assert rule.backward(np.ones((1, 1)), np.zeros((1, 1)), np.zeros((1, 1))) == 1


def test_item_20_leaky_slope_must_be_below_one():
    """Item 20: a < 1, else max(ax, x) picks x when negative."""
    with pytest.raises(pl.InputError, match="slope in leaky_relu is 1[.]5, expected a finite number below 1"):
        pl.activation("leaky_relu(slope=1.5)")


def test_item_20_the_derivations_of_sigmoid_and_tanh_line_by_line():
    """Item 20: e^-x/(1 + e^-x)^2 = f (1 - f), as N3 writes it; the quotient rule for tanh, with the denominator squared, gives 1 - f^2."""
    sigmoid = [step.text for step in pl.differentiate("1/(1 + e^(-x))")]
    assert "d/du (u⁻¹) = -1 u^(-1 - 1) = -1 u⁻² = -1/u²" in sigmoid
    assert sigmoid[-1].startswith("f'(x) = e^(-x)/(1 + e^(-x))² = (1/(1 + e^(-x))) (e^(-x)/(1 + e^(-x)))")
    assert sigmoid[-1].endswith("((1 + e^(-x) - 1)/(1 + e^(-x))) = (1/(1 + e^(-x))) (1 - 1/(1 + e^(-x))) = f(x) (1 - f(x))")
    tanh = pl.differentiate("(e^x - e^(-x))/(e^x + e^(-x))")
    assert tanh["f'"].text == "f'(x) = ((e^x + e^(-x))² - (e^x - e^(-x))²)/(e^x + e^(-x))²"
    assert tanh["f' by f"].text.endswith("= 1 - f(x)²")


@pytest.mark.parametrize("formula", ["x if x >= 0 else 0", "max(0, x)", "x if x >= 0 else 0.01x", "max(0.01x, x)"])
def test_item_20_relu_and_leaky_relu_by_cases_and_by_max(formula):
    """Item 20: 1 where x >= 0, else 0 (0.01), whichever way the function is written."""
    left = "0.01" if "0.01" in formula else "0"
    assert pl.differentiate(formula)["f'"].text == f"f'(x) = {{1 if x ≥ 0; {left} otherwise}}"


def test_item_21_the_softmax_jacobian_is_derived_in_two_cases():
    """Item 21: the quotient rule for k != i and for k = i, and both as one matrix."""
    found = pl.differentiate("softmax(x)", at={"x": [1.0, 2.0, 3.0]})
    assert found["J off"].text.endswith("= -(e^xᵢ/(Σ_j=1..n e^xⱼ)) (e^xₖ/(Σ_j=1..n e^xⱼ)) = -sᵢ sₖ")
    assert found["J on"].text.endswith("= sᵢ (1 - sᵢ)")
    s = np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum()
    assert_allclose(found["J"].value, np.diag(s) - np.outer(s, s))


def test_item_21_the_two_cases_of_the_softmax_jacobian():
    """Item 21: a_i (1 - a_i) where i = k, -a_i a_k where i != k."""
    z = np.random.default_rng(0).normal(size=(3, 5))
    rule = activation("softmax")
    a = rule.forward(z)
    assert_allclose(a, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True))
    jacobian = rule.jacobian(z, a)
    for sample in range(3):
        for i in range(5):
            for k in range(5):
                ai, ak = a[sample, i], a[sample, k]
                assert_allclose(jacobian[sample, i, k], ai * (1 - ai) if i == k else -ai * ak, rtol=1e-12)


def test_item_22_the_derivatives_of_the_single_neuron_by_the_rules():
    """Item 22: dJ/da = -(y/a - (1 - y)/(1 - a)), dz/dw = x, dz/db = 1."""
    cost = pl.differentiate("-(y log(a) + (1 - y) log(1 - a))", "a", at={"a": 0.7, "y": 1})
    assert cost["df/da"].text == "∂f/∂a = -(y/a - (1 - y)/(1 - a))"
    assert_allclose(cost["df/da"].value * 0.7 * (1 - 0.7), -0.3)
    z = pl.differentiate("w x + b", ["w", "b"])
    assert (z["df/dw"].text, z["df/db"].text) == ("∂f/∂w = x", "∂f/∂b = 1")


def test_item_22_the_single_neuron():
    """Item 22: w (1,d), b (1,1), x (d,1), a (1,1); dJ/dw = (a - y) x^T; a = 0.7, y = 1 gives -0.3."""
    neuron = pl.Network([3, 1], activations=["sigmoid"], loss="log_loss")
    x = np.array([0.5, -1.0, 2.0])
    neuron.parameters["b1"][...] = np.log(0.7 / 0.3) - x @ neuron.parameters["W1"][:, 0]
    t = neuron.trace([x], [1])
    assert [t[name].shape for name in ("W1", "b1", "x", "a1")] == [(1, 3), (1, 1), (3, 1), (1, 1)]
    assert_allclose(t["a1"], 0.7)
    assert_allclose(t["dz1"], -0.3)
    assert_allclose(t["dW1"], (t["a1"] - 1) @ x[None, :])
    assert_allclose(t["db1"], -0.3)
    assert_allclose(t["da1"], -(1 * (1 / 0.7) + 0 * (1 / (1 - 0.7))))


def test_item_23_the_multi_class_network():
    """Item 23: a = (.7, .2, .1), y = (1, 0, 0): dJ/dW = (a - y) x^T is (k x 1)(1 x d)."""
    net = pl.Network([2, 3], activations=["softmax"], loss="cross_entropy", initializer="zeros")
    net.parameters["b1"][...] = np.log([0.7, 0.2, 0.1])
    x = np.array([2.0, -1.0])
    t = net.trace([x], [0])
    assert_allclose(t["a1"][:, 0], [0.7, 0.2, 0.1])
    assert_allclose(t["dz1"][:, 0], [-0.3, 0.2, 0.1], atol=1e-15)
    assert t["dW1"].shape == (3, 2)
    assert_allclose(t["dW1"], t["dz1"] @ x[None, :])
    assert_allclose(t["db1"], t["dz1"])


def test_item_23_sigmoid_is_the_softmax_of_two_classes():
    """Item 23: e^zA / (e^zA + e^zB) = sigmoid(zA - zB)."""
    z = np.random.default_rng(3).normal(size=(20, 2)) * 5
    two = activation("softmax").forward(z)[:, :1]
    assert_allclose(two, activation("sigmoid").forward(z[:, :1] - z[:, 1:]), rtol=1e-12)


def test_item_24_the_sum_over_samples_is_the_matrix_product_over_n(data):
    """Item 24: (1/n) sum_i (a_i - y_i) x_i^T = (A - Y) X^T / n."""
    X, _ = data
    net = pl.Network([4, 3], activations=["softmax"], loss="cross_entropy", seed=1)
    t = net.trace(X, [0, 1, 2, 0, 1, 2, 0])
    by_sample = sum(np.outer(t["a1"][:, i] - t["y"][:, i], X[i]) for i in range(7)) / 7
    assert_allclose(t["dW1"], by_sample)
    assert_allclose(t["dW1"], (t["a1"] - t["y"]) @ t["a0"].T / 7)
    assert_allclose(t["db1"][:, 0], sum(t["a1"][:, i] - t["y"][:, i] for i in range(7)) / 7)


def test_item_25_shape_arithmetic_of_both_conventions(data):
    """Item 25: (k x d)(d x n) + (k x 1) = k x n, and (n x d)(d x k) + (k) = n x k; the values are the same."""
    X, _ = data
    net = pl.Network([4, 3], activations=["softmax"], loss="cross_entropy")
    columns, rows = (net.trace(X, [0, 1, 2, 0, 1, 2, 0], convention=c) for c in ("columns", "rows"))
    assert (columns["W1"].shape, columns["a0"].shape, columns["z1"].shape) == ((3, 4), (4, 7), (3, 7))
    assert (rows["a0"].shape, rows["W1"].shape, rows["z1"].shape) == ((7, 4), (4, 3), (7, 3))
    for name in columns:
        turned = columns[name].T if rows[name].ndim else columns[name]
        assert np.array_equal(turned.reshape(rows[name].shape), rows[name]), name


@pytest.mark.parametrize("rule", ["tanh", "sigmoid"])
def test_item_26_one_neuron_draws_a_line_and_another_layer_bends_it(rule):
    """Item 26: XOR is beyond one neuron, and learned by a 2-3-1 net from at least 9 of 10 seeds."""
    X, y = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])
    neuron = pl.Network([2, 1], activations=["sigmoid"], loss="log_loss")
    neuron.fit(X, y, optimizer=pl.GradientDescent(1.0), epochs=2000)
    assert ((neuron.predict(X)[:, 0] > 0.5) == y).sum() <= 3
    solved = 0
    for seed in range(10):
        net = pl.Network([2, 3, 1], activations=[rule, "sigmoid"], loss="log_loss", seed=seed)
        net.fit(X, y, optimizer=pl.GradientDescent(1.0), epochs=5000)
        solved += np.array_equal(net.predict(X)[:, 0] > 0.5, y == 1)
    assert solved >= 9


def test_item_27_the_computation_graph_and_a_product_of_five(net, data):
    text = str(pl.computation_graph(net, *data))
    for branch in ("dz1/dW1", "dz1/db1", "dz2/dW2", "dz2/db2"):
        assert branch in text
    assert "dJ/dW1 = dJ/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dW1   (5 factors)" in text


def test_item_28_vanishing_gradients():
    """Item 28: ten hidden sigmoid layers leave dW1 at least 1e4 times smaller than ten relu layers (Glorot); w_new is about w_old."""
    example = runpy.run_path(str(EXAMPLES / "vanishing_gradients.py"))
    sigmoid, relu = example["gradient_norms"]("sigmoid"), example["gradient_norms"]("relu")
    assert relu[0] > 1e4 * sigmoid[0]
    net = pl.Network([30] + [32] * 10 + [1], ["sigmoid"] * 11, "log_loss", seed=0)
    before = net.parameters["W1"].copy()
    rng = np.random.default_rng(0)
    net.fit(rng.normal(size=(50, 30)), rng.integers(0, 2, 50), optimizer=pl.GradientDescent(0.1), epochs=1)
    assert_allclose(net.parameters["W1"], before, rtol=0, atol=1e-6)


def test_item_28_gradient_health_names_the_product_of_small_derivatives_and_relu_as_the_remedy():
    """Item 28: dL/dw = dL/da1 da1/da2 da2/da3 is about 0 since each sigmoid passes on 1/4 at most; with relu it is not."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 8)), rng.integers(0, 2, 60)
    net = pl.Network([8] + [16] * 10 + [1], ["sigmoid"] * 11, "log_loss", seed=0)
    report = pl.gradient_health(net, X, y, try_remedy=True, epochs=10)
    assert all(layer.activation_factor <= 0.25 for layer in report.layers[:-1])
    assert report.layers[0].product < 0.25**9
    assert report.layers[0].update_ratio < 1e-6, "w_new is about w_old"
    assert [finding.kind for finding in report.findings] == ["vanishing"]
    assert report.findings[0].remedy.name == "relu instead of sigmoid"
    assert report.trials[0].helped

"""The measures of each layer, against JAX, and the identities that tie them together."""

from __future__ import annotations

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import assume, given, settings
from numpy.testing import assert_allclose

import oracles
import pellucid as pl
from pellucid.glassbox.health import measures
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.measures import Distribution, measure, norm, ratio
from pellucid.glassbox.health.slopes import slopes
from pellucid.validation import as_masks
from random_networks import build, recipes, tame, targets


def oracle(net, X, Y, masks):
    """{da_l}, {dz_l} of each sample by JAX, as derivatives with respect to something added to a_l and to z_l, and f_l'(z_l)."""
    rules = [oracles.parsed(record.spec, oracles.ACTIVATIONS) for record in net.architecture.activations]
    plain, name = oracles.parsed(net.architecture.loss.spec, oracles.PLAIN)
    parameters = [(jnp.asarray(W, jnp.float64), jnp.asarray(b, jnp.float64)) for W, b in net.architecture.split(net.vector)]
    scores = oracles.FROM_SCORES.get((rules[-1][1], name))

    def forward(added):
        a, zs = jnp.asarray(X, jnp.float64), []
        for index, ((rule, _), (W, b)) in enumerate(zip(rules, parameters, strict=True), start=1):
            z = a @ W + b + added["z"][index - 1]
            a = rule(z)
            if masks and index in masks:
                a = a * masks[index]
            a = a + added["a"][index - 1]
            zs.append(z)
        return zs, a

    def total(added):
        zs, a = forward(added)
        each = scores(zs[-1], jnp.asarray(Y, jnp.float64)) if scores is not None else plain(a, jnp.asarray(Y, jnp.float64))
        return (each.mean(axis=1) if name in oracles.AVERAGED else each.sum(axis=1)).sum()

    nothing = [jnp.zeros((len(X), n)) for n in net.architecture.sizes[1:]]
    added = {"z": nothing, "a": nothing}
    found, zs = jax.jit(lambda added: (jax.grad(total)(added), forward(added)[0]))(added)
    steep = [
        rule(z) * (1 - rule(z)) if kind == "softmax" else jax.jit(jax.vmap(jax.vmap(jax.grad(rule))))(z)
        for (rule, kind), z in zip(rules, zs, strict=True)
    ]
    return found["a"], found["z"], steep, scores is not None


def size(values, s):
    return float(np.sqrt((np.asarray(values) ** 2 * (1 if s is None else np.asarray(s, np.float64)[:, None])).sum()))


CASES = [
    (("sigmoid", "tanh", "softmax"), "cross_entropy", "softplus"),
    (("relu", "gelu", "sigmoid"), "log_loss", ""),
    (("elu", "selu", "identity"), "half_mse", "weights, masks"),
    (("leaky_relu(slope=0.2)", "silu", "exp"), "poisson", "masks"),
    (("mish", "softsign", "tanh"), "mse", "weights"),
    (("softmax", "softplus", "softmax"), "huber", "masks, L2"),
    (("hard_tanh", "identity", "sigmoid"), "mae", "weights, masks, L2"),
]
"""all activations and losses, on one shape, since JAX compiles each operation for each shape"""


@pytest.mark.parametrize(("rules", "loss", "also"), CASES, ids=lambda part: part if isinstance(part, str) else "-".join(part))
def test_norms_factors_and_derivatives_are_those_of_jax(rules, loss, also):
    rng = np.random.default_rng(len(loss))
    net = pl.Network([4, 5, 3, 2], rules, loss, l2=0.7 if "L2" in also else 0.0, dropout=0.4 if "masks" in also else 0.0, seed=3)
    net.vector[...] = rng.normal(size=net.n_parameters) * 0.7
    X, Y = rng.normal(size=(6, 4)), targets(rng, loss, 6, 2)
    s = rng.random(6) + 0.1 if "weights" in also else None
    masks = net.dropout_mask(6) or None
    measured = measure(Case.of(net, X, Y, s), as_masks(masks, 6, net.architecture, net.dtype))
    parameters = [(jnp.asarray(W), jnp.asarray(b)) for W, b in net.architecture.split(net.vector)]
    J, gradients = jax.jit(jax.value_and_grad(oracles.cost(net, X, Y, s, masks)))(parameters)
    da, dz, steep, fused = oracle(net, X, Y, masks)
    da, dz = [[size(part, s) for part in parts] for parts in (da, dz)]
    assert_allclose(measured.cost, J, rtol=1e-9)
    for at, layer in enumerate(measured.layers):
        assert layer.index == at + 1
        found = [layer.gradient_norm, layer.bias_gradient_norm, layer.error_norm, layer.product, layer.derivative]
        right = [np.linalg.norm(part) for part in gradients[at]]
        assert_allclose(found, [*right, dz[at], dz[at] / dz[-1], np.abs(np.asarray(steep[at])).mean()], rtol=1e-9)
        if at < 2 or not fused:
            assert_allclose(layer.activation_factor, dz[at] / da[at], rtol=1e-9)
        if at:
            assert_allclose(layer.weight_factor, da[at - 1] / dz[at], rtol=1e-9)
    assert math.isnan(measured.layers[0].weight_factor)
    assert math.isnan(measured.layers[-1].activation_factor) == fused


@settings(max_examples=60)
@given(recipes())
def test_norms_are_those_of_the_trace_whatever_the_network(recipe):
    net, X, Y, s, masks = build(recipe)
    trace = net.trace(X, Y, "rows", s, masks)
    assume(tame(net, trace))
    measured = measure(Case.of(net, X, Y, s), as_masks(masks, len(X), net.architecture, net.dtype))
    assert_allclose(measured.cost, trace["J"], rtol=1e-5)
    for layer in measured.layers:
        for name, value in (("dW", layer.gradient_norm), ("db", layer.bias_gradient_norm), ("dz", layer.error_norm)):
            part = trace[f"{name}{layer.index}"]
            assert_allclose(value, size(part, s) if name == "dz" else np.linalg.norm(part.astype(float)), rtol=1e-5, atol=1e-30)
        assert 0 <= layer.saturated <= 1
        assert 0 <= layer.dead <= 1
        assert layer.is_finite


def deep(rule="tanh", sizes=(6, 9, 4, 7, 3), dtype="float64", m=40, **options):
    net = pl.Network(sizes, [rule] * (len(sizes) - 2) + ["softmax"], seed=1, dtype=dtype, **options)
    rng = np.random.default_rng(0)
    return net, rng.normal(size=(m, sizes[0])), rng.integers(0, sizes[-1], m)


@pytest.mark.parametrize("rule", ["sigmoid", "tanh", "relu", "gelu", "softmax", "identity", "softsign", "hard_tanh"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_product_is_that_of_all_factors_above(rule, weighted):
    net, X, y = deep(rule, dropout=0.3)
    s = np.random.default_rng(1).random(40) if weighted else None
    mask = as_masks(net.dropout_mask(40), 40, net.architecture, net.dtype)
    layers = measure(Case.of(net, X, y, s), mask).layers
    product = 1.0
    for layer in reversed(layers):
        if layer.index < len(layers):
            product *= layers[layer.index].weight_factor * layer.activation_factor
        assert_allclose(layer.product, product, rtol=1e-12)


@pytest.mark.parametrize("rule", ["sigmoid", "tanh", "relu", "gelu", "mish", "identity", "softsign", "selu"])
def test_a_factor_is_at_most_the_largest_derivative_and_the_largest_singular_value(rule):
    for seed in range(5):
        net, X, y = deep(rule)
        net.vector[...] = np.random.default_rng(seed).normal(size=net.n_parameters)
        for layer in measure(Case.of(net, X, y)).layers:
            if layer.index < 4:
                assert layer.activation_factor <= slopes(net.layers[layer.index - 1].activation).scale * (1 + 1e-4)
            if layer.index > 1:
                assert layer.weight_factor <= np.linalg.norm(net.parameters[f"W{layer.index}"], 2) * (1 + 1e-12)


def test_a_sigmoid_passes_on_a_quarter_at_most_and_a_quarter_at_zero():
    net, X, y = deep("sigmoid")
    for layer in range(1, 4):
        net.parameters[f"W{layer}"][...] *= 1e-6
    factors = [layer.activation_factor for layer in measure(Case.of(net, X, y)).layers[1:3]]
    assert max(factors) <= 0.25
    net.parameters["W2"][...] = 0
    net.parameters["W3"][...] = 0
    assert measure(Case.of(net, X, y)).layers[2].activation_factor == 0.25


def test_a_planted_error_of_a_thousandth_is_seen(monkeypatch):
    net, X, y = deep()
    right = measure(Case.of(net, X, y))

    def off(*arguments, **options):
        found = measures.original(*arguments, **options)
        found.dz[2] = found.dz[2] * 1.001
        return found

    monkeypatch.setattr(measures, "original", measures.backward, raising=False)
    monkeypatch.setattr(measures, "backward", off)
    wrong = measure(Case.of(net, X, y))
    assert abs(wrong.layers[1].product / right.layers[1].product - 1.001) < 1e-9


def test_samples_of_weight_zero_do_not_count():
    net, X, y = deep("relu")
    s = np.ones(40)
    s[25:] = 0
    with_zeros, without = measure(Case.of(net, X, y, s)), measure(Case.of(net, X[:25], y[:25]))
    assert_allclose(with_zeros.cost, without.cost, rtol=1e-12)
    for one, other in zip(with_zeros.layers, without.layers, strict=True):
        for name in ("gradient_norm", "error_norm", "product", "derivative", "saturated", "dead"):
            assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-11, err_msg=name)
        assert_allclose(one.z.quantiles, other.z.quantiles, rtol=1e-11)


@pytest.mark.parametrize(
    ("optimizer", "step"),
    [
        (pl.GradientDescent(0.3), lambda g: 0.3 * g),
        (pl.Momentum(0.2), lambda g: 0.2 * g),
        (pl.Adam(0.01), lambda g: 0.01 * g / (np.abs(g) + 1e-8)),
        (pl.AdaGrad(0.05), lambda g: 0.05 * g / np.sqrt(0.1 + g**2 + 1e-7)),
    ],
)
def test_the_update_is_the_first_step_of_the_optimizer(optimizer, step):
    net, X, y = deep()
    gradients = net.gradients(X, y)
    for layer in measure(replace(Case.of(net, X, y), optimizer=optimizer)).layers:
        W, dW = net.parameters[f"W{layer.index}"], gradients[f"dW{layer.index}"]
        assert_allclose(layer.update_ratio, np.linalg.norm(step(dW)) / np.linalg.norm(W), rtol=1e-9)


def test_the_first_rate_of_a_schedule_counts_and_l_bfgs_has_no_step():
    net, X, y = deep()
    plain, warm = (measure(Case.of(net, X, y, None, pl.GradientDescent(rate))) for rate in (0.1, pl.WarmUp(0.1, steps=10)))
    assert_allclose(warm.layers[0].update_ratio, plain.layers[0].update_ratio / 10, rtol=1e-9)
    assert all(math.isnan(layer.update_ratio) for layer in measure(Case.of(net, X, y, None, "lbfgs")).layers)
    assert Case.of(net, X, y, None, "lbfgs").step == "none, LBFGS looks for its own"
    assert Case.of(net, X, y).step == "one step of GradientDescent with a learning rate of 0.1"


def test_distributions_are_those_of_numpy():
    net, X, y = deep()
    trace = net.trace(X, y, "rows")
    for layer in measure(Case.of(net, X, y)).layers:
        for kind in "za":
            values, found = trace[f"{kind}{layer.index}"], getattr(layer, kind)
            assert_allclose([found.mean, found.std], [values.mean(), values.std()], rtol=1e-9, atol=1e-12)
            assert_allclose(found.quantiles, np.quantile(values, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1]))


def test_a_distribution_of_huge_and_of_broken_numbers():
    assert_allclose(Distribution.of(np.array([1e300, -1e300])).std, 1e300)
    assert math.isnan(Distribution.of(np.array([1.0, np.inf])).mean)
    assert str(Distribution.of(np.array([1.0, -1.0]))) == "0 ± 1"
    assert str(Distribution.of(np.zeros(3))) == "0 ± 0"


def test_norms_of_any_size():
    assert_allclose(norm(np.array([[3e-200, 4e-200]])), 5e-200)
    assert_allclose(norm(np.array([[3e200, 4e200]])), 5e200)
    assert_allclose(norm(np.array([[3.0], [4.0]]), np.array([4.0, 1.0])), math.sqrt(52))
    assert norm(np.zeros((2, 0))) == 0
    assert norm(np.array([np.inf])) == math.inf
    assert math.isnan(norm(np.array([np.nan, 1.0])))
    assert math.isnan(ratio(0, 0))
    assert ratio(1, 0) == math.inf


def test_what_is_unexplained():
    net, X, _ = deep()
    assert measure(Case.of(net, X, net.predict(X))).unexplained < 1e-12
    regression = pl.Network([6, 1], ["identity"])
    perfect = measure(Case.of(regression, X, X @ regression.parameters["W1"] + regression.parameters["b1"]))
    assert perfect.error_is_zero
    y = np.random.default_rng(0).normal(size=40)
    regression.vector[...] = 0
    regression.parameters["b1"][...] = y.mean()
    assert_allclose(measure(Case.of(regression, X, y)).unexplained, 1, rtol=1e-9)


def test_float32_is_measured_as_it_is_trained():
    net, X, y = deep("tanh", dtype="float32")
    net.parameters["b2"][...] = 12  # 1 - tanh(12)^2 is 1.5e-10 in doubles and 0 in float32
    layer = measure(Case.of(net, X, y)).layers[1]
    assert layer.derivative == 0
    assert layer.dead_units == (0, 1, 2, 3)
    assert layer.product == 0

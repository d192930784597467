"""The equations are executable: each comes to the value beside it, on any network, in every form and convention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import oracles
import pellucid as pl
from executable import every_side, largest, off, worst
from pellucid.equations import activations, losses
from pellucid.expressions import nodes
from random_networks import HIDDEN, PAIRS, build, recipes, tame, targets

FORMS = ["vectorized", "elementwise"]
CONVENTIONS = ["columns", "rows"]
OPTIMIZERS = ["gradient_descent", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]


@settings(max_examples=80)
@given(recipes(), st.sampled_from(FORMS), st.sampled_from(CONVENTIONS), st.sampled_from(OPTIMIZERS), st.sampled_from(["one", "zero"]))
def test_every_step_comes_to_its_value(recipe, form, convention, optimizer, indices):
    net, X, Y, s, mask = build(recipe)
    assume(tame(net, net.trace(X, Y, sample_weight=s, mask=mask)))
    options = {"sample_weight": s, "mask": mask, "optimizer": optimizer, "indices": indices}
    derivation = pl.derive(net, (X, Y), form, convention, **options)
    assert all(step.value is not None for step in derivation)
    far, symbol = worst(derivation)
    assert far <= 1e-12, symbol


@settings(max_examples=40)
@given(recipes(), st.sampled_from(CONVENTIONS), st.data())
def test_so_does_every_step_of_a_weights_story(recipe, convention, data):
    net, X, Y, s, mask = build(recipe)
    assume(tame(net, net.trace(X, Y, sample_weight=s, mask=mask)))
    layer = data.draw(st.integers(1, len(net.layers)))
    shape = net.trace(X, Y, convention)[f"W{layer}"].shape
    of = (f"W{layer}", *(data.draw(st.integers(1, n)) for n in shape))
    of = data.draw(st.sampled_from([of, (f"b{layer}", data.draw(st.integers(1, net.layers[layer - 1].n_units)))]))
    derivation = pl.derive(net, (X, Y), of=of, convention=convention, sample_weight=s, mask=mask)
    far, symbol = worst(derivation)
    assert far <= 1e-12, symbol


@settings(max_examples=40)
@given(recipes(), st.sampled_from(FORMS), st.sampled_from(CONVENTIONS))
def test_the_sides_on_the_way_have_the_same_value(recipe, form, convention):
    """Away from saturation: the product before a cancellation overflows there, which is why it is cancelled."""
    net, X, Y, s, mask = build({**recipe, "spread": 0.1})
    trace = net.trace(X, Y, sample_weight=s, mask=mask)
    assume(all(np.abs(trace[f"z{layer.index}"]).max() <= 8 for layer in net.layers))
    derivation = pl.derive(net, (X, Y), form, convention, sample_weight=s, mask=mask)
    for step, side, far in every_side(derivation):
        assert far * largest(derivation, step) <= 1e-9 * max(1, largest(derivation, step)), (step.symbol, side)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_with_every_output_and_loss(form, output, loss):
    rng = np.random.default_rng(len(output) + len(loss))
    net = pl.Network([3, 4, 3], ["tanh", output], loss, l2=0.3, seed=1)
    for m in (1, 4):
        y = targets(rng, loss, m, 3, kind=m)
        assert worst(pl.derive(net, (rng.normal(size=(m, 3)), y), form))[0] <= 1e-12


@pytest.mark.parametrize("rule", HIDDEN)
def test_with_every_hidden_activation(rule):
    rng = np.random.default_rng(1)
    net = pl.Network([2, 3, 2, 1], [rule, rule, "sigmoid"], "log_loss", seed=2, dropout=0.5)
    X = np.vstack([rng.normal(size=(3, 2)) * 3, np.zeros((1, 2))])
    for form in FORMS:
        assert worst(pl.derive(net, (X, [0, 1, 1, 0]), form, mask=net.dropout_mask(4)))[0] <= 1e-12


def test_saturated_outputs_keep_their_digits():
    """Where a is 1 to the last digit, da is infinite or 0 / 0; dz, the loss and what follows are exact."""
    net = pl.Network([1, 2], ["sigmoid"], "log_loss")
    net.parameters["W1"][...] = [[40.0, -800.0]]
    for y in ([0.0, 1.0], [1.0, 0.0], [0.5, 0.5]):
        derivation = pl.derive(net, ([1.0], y))
        assert worst(derivation)[0] <= 1e-12
        assert np.isfinite(derivation["dW1"].value).all()
    assert np.isinf(pl.derive(net, ([1.0], [0.0, 1.0]))["da1"].value).all()


def test_scores_whose_exponentials_overflow():
    net = pl.Network([1, 3], ["softmax"], "cross_entropy")
    net.parameters["W1"][...] = [[900.0, 899.0, -900.0]]
    for form in FORMS:
        assert worst(pl.derive(net, ([1.0], 1), form))[0] <= 1e-12


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_values_are_those_of_the_trace_and_of_the_engine(dtype):
    rng = np.random.default_rng(5)
    net = pl.Network([4, 5, 3], ["elu", "softmax"], seed=3, dtype=dtype, l2=0.2)
    X, y, s = rng.normal(size=(6, 4)), rng.integers(3, size=6), rng.random(6) + 0.1
    tolerance = 1e-12 if dtype == "float64" else 1e-5
    for convention in CONVENTIONS:
        trace, derivation = net.trace(X, y, convention, s), pl.derive(net, (X, y), convention=convention, sample_weight=s)
        for name in trace:
            if name != "a0":
                assert off(derivation[name].value, trace[name], np.abs(trace[name]).max()) <= tolerance
    gradients = net.gradients(X, y, sample_weight=s)
    oracles.assert_equal({name: derivation[name].value for name in gradients}, gradients, tolerance)


ENDS = [("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("softmax", "log_loss"), ("sigmoid", "cross_entropy"), ("exp", "poisson")]


@pytest.mark.parametrize(("output", "loss"), [*ENDS, ("softplus", "poisson"), ("softmax", "mse"), ("identity", "huber"), ("tanh", "mae")])
def test_the_derived_gradients_are_those_of_jax(output, loss):
    """Few shapes, because JAX compiles each operation for each shape."""
    rng = np.random.default_rng(len(output))
    net = pl.Network([3, 3, 3, 3], ["gelu", "softmax", output], loss, l2=0.4, dropout=0.3, seed=4)
    X, y, s, mask = rng.normal(size=(5, 3)), targets(rng, loss, 5, 3), rng.random(5) + 0.1, net.dropout_mask(5)
    derivation = pl.derive(net, (X, y), convention="rows", sample_weight=s, mask=mask)
    J, expected = oracles.value_and_gradients(net, X, y, s, mask)
    found = {name: derivation[name].evaluate(derivation.values) for name in expected}
    assert abs(derivation["J"].evaluate(derivation.values) - J) <= 1e-12 * abs(J)
    oracles.assert_equal(found, expected, 1e-12)


@pytest.mark.parametrize("symbol", ["z1", "a1", "z2", "a2", "l", "J", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1", "W_new1", "b_new2"])
def test_a_planted_error_of_a_thousandth_is_seen(symbol):
    net = pl.Network([3, 4, 2], ["tanh", "sigmoid"], "log_loss", seed=1)
    derivation = pl.derive(net, (np.random.default_rng(0).normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]))
    step = derivation[symbol]
    wrong = replace(step, sides=(*step.sides[:-1], nodes.Number(1.001) * step.sides[-1]))
    assert off(step.evaluate(derivation.values), step.value, largest(derivation, step)) <= 1e-12
    assert off(wrong.evaluate(derivation.values), step.value, largest(derivation, step)) > 1e-4


@pytest.mark.parametrize("symbol", ["dW1[2,3]", "dz1[2]", "da1[4]", "z2[1]"])
def test_so_is_one_in_an_equation_of_one_entry(symbol):
    net = pl.Network([3, 4, 2], ["tanh", "sigmoid"], "log_loss", seed=1)
    derivation = pl.derive(net, (np.random.default_rng(0).normal(size=(5, 3)), np.eye(2)[[0, 1, 1, 0, 1]]), "elementwise")
    step = derivation[symbol]
    wrong = replace(step, sides=(nodes.Number(1.001) * step.sides[-1],))
    assert off(wrong.evaluate(derivation.values), step.value, np.abs(step.value).max()) > 1e-4


def test_all_records_of_the_catalogue_are_among_them():
    assert set(activations.CATALOGUE) <= set(HIDDEN)
    assert set(losses.CATALOGUE) == {loss.partition("(")[0] for _, loss in PAIRS}

"""The pass that everything is held against: right by JAX, and each line of it is the equation that is shown."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given, settings

import oracles
import pellucid as pl
from glassbox.review import student
from pellucid.expressions.evaluate import evaluate
from pellucid.glassbox.review.lines import right_line, written
from pellucid.glassbox.review.passes import forward_pass, named, parts
from pellucid.validation import as_masks
from random_networks import build, recipes, tame


def double(recipe):
    net, X, Y, s, masks = build({**recipe, "dtype": "float64"})
    given = as_masks(masks, len(X), net.architecture, X.dtype)
    return net, X, Y, s, masks, forward_pass(net.architecture, net.vector, X, Y, s, given)


@settings(max_examples=50, deadline=None)
@given(recipes())
def test_all_values_are_those_of_the_trace(recipe):
    net, X, Y, s, masks, p = double(recipe)
    trace = net.trace(X, Y, "columns", s, masks)
    assume(tame(net, trace))
    for name in p.names():
        if name in trace and np.isfinite(trace[name]).all():
            assert np.abs(p.values[name] - trace[name]).max() <= 1e-12 * np.abs(trace[name]).max(), name


def test_both_the_pass_and_the_student_agree_with_jax():
    net = pl.Network([3, 4, 4, 2], ["tanh", "relu", "softmax"], "cross_entropy", l2=0.3, dropout=0.3, seed=1)
    rng = np.random.default_rng(0)
    X, Y, s, masks = rng.normal(size=(5, 3)), np.eye(2)[rng.integers(2, size=5)], rng.random(5), net.dropout_mask(5)
    _, expected = oracles.value_and_gradients(net, X, Y, s, masks)
    ours = forward_pass(net.architecture, net.vector, X, Y, s, as_masks(masks, 5, net.architecture, X.dtype)).values
    for values in (ours, student.gradients(net, X, Y, s, masks)):
        oracles.assert_equal({name: values[name].T.reshape(right.shape) for name, right in expected.items()}, expected, 1e-12)


@settings(max_examples=30, deadline=None)
@given(recipes())
def test_every_right_line_gives_the_value_that_it_stands_for(recipe):
    net, X, Y, _, _, p = double(recipe)
    assume(tame(net, net.trace(X, Y)) and all(np.isfinite(p.values[name]).all() for name in p.names()))
    assume(max(np.abs(p.values[f"z{layer}"]).max() for layer in range(1, p.depth + 1)) < 15)
    for name in p.names():
        right, found = p.values[name], evaluate(right_line(p, name), p.values)
        assert np.abs(found - right).max() <= 1e-9 * np.abs(right).max() + 1e-15, name


def small(loss="half_mse", rules=("relu", "relu"), **options):
    net = pl.Network([2, 3, 2], list(rules), loss, seed=1)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    X[0] = 0  # all z of this sample are exactly 0
    return forward_pass(net.architecture, net.vector, X, Y, **options)


def test_the_derivative_at_a_kink_can_be_turned():
    p = small()
    assert p.on_a_kink
    right, left, middle = (p if side == "right" else p.under(kinks=side) for side in ("right", "left", "middle"))
    da = right.values["da1"][:, 0]
    assert np.array_equal(right.values["dz1"][:, 0], da)
    assert np.array_equal(left.values["dz1"][:, 0], 0 * da)
    assert np.array_equal(middle.values["dz1"][:, 0], left.under(kinks="middle").values["da1"][:, 0] / 2)
    assert np.array_equal(p.under(kinks="least").values["dz1"], left.values["dz1"])


def test_the_derivative_of_the_absolute_value_at_nothing_can_be_turned():
    net = pl.Network([1, 1], ["identity"], "mae")
    net.vector[...] = [1, 0]
    p = forward_pass(net.architecture, net.vector, np.ones((1, 1)), np.ones((1, 1)))
    assert [q.values["dz1"].item() for q in (p, p.under(kinks="below"), p.under(kinks="above"))] == [0, -1, 1]


def test_the_mean_can_be_kept_in_dz():
    s = np.array([1.0, 2, 3, 4])
    p = small(rules=("tanh", "tanh"), s=s)
    assert p.total == 10
    for mean_in, first in (("dz", "dz2"), ("da", "da2")):
        turned = p.under(mean_in=mean_in)
        names = list(p.names())
        for name in names:
            kind, _ = parts(name)
            scaled = kind in ("da", "dz") and names.index(name) >= names.index(first)
            assert np.allclose(turned.values[name], p.values[name] * (s / 10 if scaled else 1), rtol=1e-14), name
        assert written(first, right_line(turned, first), "columns")[0].endswith("/(Σ s)")


def test_names_and_their_parts():
    p = small()
    assert list(p.names()) == ["da2", "dz2", "dW2", "db2", "da1", "dz1", "dW1", "db1", "dX"]
    assert [named(*parts(name)) for name in p.names()] == list(p.names())
    assert [p.shape(name) for name in p.names()] == [p.values[name].shape for name in p.names()]


def test_in_the_rows_convention_products_are_the_other_way_round():
    net = pl.Network([2, 3, 2], ["tanh", "softmax"], "half_mse", l2=0.5)
    p = forward_pass(net.architecture, net.vector, np.ones((4, 2)), np.ones((4, 2)))
    assert [written(name, right_line(p, name), "columns")[0] for name in ("dz2", "dW2", "db2", "da1")] == [
        "dz^[2] = a^[2] ⊙ (da^[2] - (Σ_k (a^[2] ⊙ da^[2])ₖ))",
        "dW^[2] = dz^[2] a^[1]ᵀ/m + 0.5 W^[2]/m",
        "db^[2] = (Σ_i dz^[2](i))/m",
        "da^[1] = W^[2]ᵀ dz^[2]",
    ]
    assert [written(name, right_line(p, name), "rows")[0] for name in ("dW2", "da1")] == [
        "dW^[2] = a^[1]ᵀ dz^[2]/m + 0.5 W^[2]/m",
        "da^[1] = dz^[2] W^[2]ᵀ",
    ]


@pytest.mark.parametrize("mean_in", ["dz", "da"])
def test_a_pass_is_not_changed_by_turning_it(mean_in):
    p = small()
    before = {name: value.copy() for name, value in p.values.items() if isinstance(value, np.ndarray)}
    p.under(kinks="left", mean_in=mean_in)
    assert all(np.array_equal(p.values[name], value) for name, value in before.items())
    assert dataclasses.replace(p).mean_in == "dW"

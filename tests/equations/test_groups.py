"""Softmax in groups: each group is a softmax of its own, in values, derivatives, fused pairs and engines."""

from __future__ import annotations

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import oracles
import pellucid as pl
from pellucid.engines import load
from pellucid.equations.activations import Softmax, activation
from pellucid.equations.losses import FUSED, Objective, loss
from pellucid.equations.records import LONGEST
from pellucid.errors import InputError, ModelFileError, ShapeError
from pellucid.training.evaluation import as_metrics

GROUPS = st.lists(st.integers(1, 5), min_size=1, max_size=4)


def spelled(groups):
    return f"softmax({', '.join(map(str, groups))})"


def scores(groups, seed, m=4, spread=3.0):
    return np.random.default_rng(seed).normal(size=(m, sum(groups))) * spread


@given(GROUPS, st.integers(0, 100))
def test_each_group_is_a_softmax(groups, seed):
    record, one, z = activation(spelled(groups)), activation("softmax"), scores(groups, seed)
    a = record.forward(z)
    for part in record.parts(sum(groups)):
        np.testing.assert_array_equal(a[:, part], one.forward(z[:, part]))
        np.testing.assert_allclose(a[:, part].sum(axis=1), 1, rtol=1e-15)


@pytest.mark.parametrize("groups", [[3, 2], [1, 2, 2], [5]])
def test_the_jacobian_is_that_of_jax(groups):
    record, z = activation(spelled(groups)), scores(groups, 1)
    a = record.forward(z)
    function, _ = oracles.parsed(record.spec, oracles.ACTIVATIONS)
    right = np.asarray(jax.vmap(jax.jacobian(lambda row: function(row[None])[0]))(jnp.asarray(z)))
    np.testing.assert_allclose(record.jacobian(z, a), right, atol=1e-14)
    da = np.random.default_rng(2).normal(size=z.shape)
    np.testing.assert_allclose(record.backward(da, z, a), np.einsum("sik,si->sk", right, da), atol=1e-13)


def test_far_out_nothing_overflows():
    record = activation("softmax(2, 3)")
    z = np.array([[1e4, -1e4, 700.0, 701.0, -1e300]])
    a = record.forward(z)
    np.testing.assert_allclose(a, [[1, 0, 1 / (1 + np.e), np.e / (1 + np.e), 0]], rtol=1e-14)
    pair = Objective(record, loss("cross_entropy")).fused
    y = np.array([[0.0, 1.0, 0.0, 1.0, 0.0]])
    assert pair.contribution(z, y).sum() == pytest.approx(2e4 + np.log1p(np.exp(-1)))
    np.testing.assert_allclose(pair.slope(z, a, y), a - y)


@pytest.mark.parametrize("name", ["cross_entropy", "log_loss"])
@settings(max_examples=30)
@given(groups=st.lists(st.integers(2, 4), min_size=1, max_size=3), seed=st.integers(0, 100))
def test_fused_and_link_by_link_are_the_same(name, groups, seed):
    record, z = activation(spelled(groups)), scores(groups, seed, spread=1.0)
    objective, a = Objective(record, loss(name)), activation(spelled(groups)).forward(z)
    y = np.random.default_rng(seed + 1).random(z.shape)
    linked = record.backward(objective.loss.derivative(a, y), z, a)
    np.testing.assert_allclose(objective.backward(z, a, y), linked, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(objective.value(z, a, y), objective.loss.value(a, y), rtol=1e-11)


def test_one_group_is_no_group():
    z, y = scores([4], 0), np.random.default_rng(1).random((4, 4))
    one, grouped = (Objective(activation(spec), loss("log_loss")) for spec in ("softmax", "softmax(4)"))
    a = one.output.forward(z)
    np.testing.assert_array_equal(grouped.output.forward(z), a)
    np.testing.assert_array_equal(grouped.value(z, a, y), one.value(z, a, y))
    np.testing.assert_array_equal(grouped.backward(z, a, y), one.backward(z, a, y))


def test_the_text_is_the_record():
    record = activation(" softmax( 3,2 ) ")
    assert isinstance(record, Softmax)
    assert (record.spec, record.name, record.groups) == ("softmax(3, 2)", "softmax", (3, 2))
    assert activation(record.spec).groups == (3, 2)
    many = activation(spelled([2] * 1000))
    assert activation(many.spec).groups == (2,) * 1000
    assert len(many.spec) < LONGEST
    assert activation("softmax").groups == ()
    assert record.latex[0] == r"\frac{e^{z_i}}{\sum_{j \in g} e^{z_j}}"


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("softmax(3, 2.5)", "The size of a group in softmax is 2.5, expected a whole number of at least 1: write e.g. softmax(3, 2)."),
        ("softmax(0)", "The size of a group in softmax is 0.0, expected a whole number"),
        ("softmax(nan)", "The size of a group in softmax is nan, expected a whole number"),
        ("softmax(inf)", "The size of a group in softmax is inf, expected a whole number"),
        ("softmax(3, k=2)", "A parameter in softmax is 'k', expected numbers without names: write e.g. softmax(3, 2)."),
        ("softmax(three)", "The parameter 'number 1' in softmax is three, expected a number: write e.g. 0.1."),
    ],
)
def test_groups_that_are_none(spec, told):
    with pytest.raises(InputError) as caught:
        activation(spec)
    assert told in str(caught.value)


def test_groups_fit_the_layer():
    with pytest.raises(InputError) as caught:
        pl.Network([4, 5, 4], ["tanh", "softmax(3, 2)"])
    told = "The activation in layer 2 is softmax(3, 2), groups of 5 units, expected groups of 4 units, as the layer has: let the sizes"
    assert told in str(caught.value)


def test_a_network_has_them_in_any_layer_and_gives_the_gradients_of_jax():
    rng = np.random.default_rng(0)
    for rules, name in ((["softmax(2, 1, 3)", "softmax(3, 2)"], "cross_entropy"), (["tanh", "softmax(2, 3)"], "log_loss")):
        net = pl.Network([3, 6, 5], rules, name, l2=0.3, seed=1)
        assert net.architecture.heads == net.architecture.activations[-1].parts(5)
        X, Y, s = rng.normal(size=(7, 3)), rng.random((7, 5)), rng.random(7)
        J, right = oracles.value_and_gradients(net, X, Y, s)
        assert net.loss(X, Y, sample_weight=s) == pytest.approx(J, rel=1e-13)
        oracles.assert_equal(net.gradients(X, Y, sample_weight=s), right, 1e-12)
        assert pl.check_gradients(net, X, Y, sample_weight=s).passed
        engines = [load(engine, net.architecture).predict(net.vector, X) for engine in ("compiled", "reference")]
        np.testing.assert_allclose(*engines, rtol=0, atol=1e-14)


def test_a_planted_error_of_a_thousandth_is_seen(monkeypatch):
    net = pl.Network([3, 5], ["softmax(3, 2)"], seed=1)
    X, Y = np.random.default_rng(0).normal(size=(7, 3)), np.tile([0.0, 1.0, 0.0, 0.3, 0.7], (7, 1))
    pair = FUSED["softmax", "cross_entropy"]
    wrong = dataclasses.replace(pair, slope=lambda z, a, y: 1.001 * pair.slope(z, a, y))
    _, right = oracles.value_and_gradients(net, X, Y)
    oracles.assert_equal(net.gradients(X, Y), right, 1e-12)
    monkeypatch.setitem(FUSED, ("softmax", "cross_entropy"), wrong)
    found = load("reference", net.architecture).gradient(net.vector, X, Y, None, None)[1] / 7
    assert not pl.check_gradients(net, X, Y).passed
    with pytest.raises(AssertionError):
        oracles.assert_equal(net.architecture.named(found, "d"), right, 1e-4)


def test_targets_may_be_an_index_into_each_group():
    net = pl.Network([2, 5], ["softmax(3, 2)"], seed=1)
    X = np.random.default_rng(0).normal(size=(3, 2))
    one_hot = [[0, 1, 0, 1, 0], [0, 0, 1, 0, 1], [1, 0, 0, 0, 1]]
    assert net.loss(X, [[1, 0], [2, 1], [0, 1]]) == net.loss(X, one_hot)
    with pytest.raises(InputError, match="A label in column 1 of y in the data is 2, expected a class index from 0 to 1"):
        net.loss(X, [[1, 2], [2, 1], [0, 1]])
    with pytest.raises(ShapeError, match=r"\(3,\), expected \(3, 5\) or \(3, 2\)"):
        net.loss(X, [1, 0, 2])


def test_the_accuracy_is_of_all_groups():
    net = pl.Network([2, 5], ["softmax(3, 2)"])
    accuracy = as_metrics(None, net.architecture)["accuracy"]
    y = np.array([[1.0, 0, 0, 0, 1], [0, 1, 0, 1, 0]])
    y_hat = np.array([[0.4, 0.3, 0.3, 0.1, 0.9], [0.4, 0.3, 0.3, 0.9, 0.1]])
    assert accuracy(y, y_hat) == 0.5
    held = net.fit(np.arange(20.0).reshape(10, 2) / 20, [[0, 1]] * 10, epochs=2, validation=0.3)
    assert held["validation_accuracy"][-1] in (0.0, 1.0)


def test_a_file_of_a_network(tmp_path):
    net = pl.Network([2, 4, 5], ["softmax(1, 3)", "softmax(3, 2)"], seed=1)
    net.save(tmp_path / "net")
    again = pl.Network.load(tmp_path / "net")
    assert [record.spec for record in again.architecture.activations] == ["softmax(1, 3)", "softmax(3, 2)"]
    X = np.random.default_rng(0).normal(size=(3, 2))
    np.testing.assert_array_equal(again.predict(X), net.predict(X))


@pytest.mark.parametrize("spec", ["softmax(3, 3)", "softmax(1e300)", "softmax(5" + ", 0" * 10 + ")", "softmax(" + "2, " * 5000 + "2)"])
def test_a_hostile_file_of_a_network(tmp_path, spec):
    from pellucid import storage

    net = pl.Network([2, 5], ["softmax(3, 2)"], seed=1)
    header, tensors = net.to_file()
    assert header["architecture"]["activations"] == ["softmax(3, 2)"]
    header["architecture"]["activations"] = [spec]
    storage.write_model(tmp_path / "net", header, tensors)
    with pytest.raises(ModelFileError):
        pl.Network.load(tmp_path / "net")

"""Dropout masks: what a draw from the counter must be, and what a training makes of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import chi2

import pellucid as pl
from pellucid.equations.dropout import mask, mix
from pellucid.equations.propagation import backward, forward

SHAPE = (400, 50)


@given(
    rate=st.floats(0, 0.99),
    seed=st.integers(0, 2**63 - 1),
    step=st.integers(0, 10**9),
    layer=st.integers(1, 100),
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
def test_a_mask_holds_zeros_and_inverted_scales_and_its_counter_says_all(rate, seed, step, layer, shape):
    drawn = mask(shape, rate, seed, step, layer)
    assert drawn.shape == shape
    assert set(drawn.ravel()) <= {0.0, 1 / (1 - rate)}
    assert_array_equal(drawn, mask(shape, rate, seed, step, layer))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5, 0.9])
def test_the_share_of_zeros_is_the_rate_and_the_mean_is_one(rate, seed):
    """20,000 entries: within five standard errors."""
    drawn = mask(SHAPE, rate, seed, step=3, layer=1)
    error = np.sqrt(rate * (1 - rate) / drawn.size)
    assert abs((drawn == 0).mean() - rate) < 5 * error
    assert abs(drawn.mean() - 1) < 5 * error / (1 - rate)


def test_nothing_is_dropped_at_rate_zero():
    assert (mask(SHAPE, 0.0, 0, 0, 1) == 1).all()


@pytest.mark.parametrize("other", [{"seed": 1}, {"step": 1}, {"layer": 2}, {"seed": 2**62}], ids=str)
def test_another_seed_step_or_layer_gives_an_independent_mask(other):
    """At rate 1/2 two independent masks agree in half of their entries."""
    counter = {"seed": 0, "step": 0, "layer": 1}
    agree = (mask(SHAPE, 0.5, **counter) == mask(SHAPE, 0.5, **(counter | other))).mean()
    assert abs(agree - 0.5) < 5 * np.sqrt(0.25 / 20000)


def test_seed_step_and_layer_are_not_mixed_up():
    """(1, 0), (0, 1) and the like are different counters, not sums of them."""
    kinds = {mask((8, 16), 0.5, *counter).tobytes() for counter in np.ndindex(3, 3, 3)}
    assert len(kinds) == 27


def test_entries_are_independent_of_their_neighbours_in_rows_columns_and_steps():
    kept = np.stack([mask(SHAPE, 0.5, 7, step, 1) > 0 for step in range(20)])
    for shifted, other in ((kept[:, :, 1:], kept[:, :, :-1]), (kept[:, 1:], kept[:, :-1]), (kept[1:], kept[:-1])):
        assert abs((shifted == other).mean() - 0.5) < 5 * np.sqrt(0.25 / shifted.size)


def test_every_unit_and_every_sample_is_dropped_alike():
    """Chi-squared over the units, and over the samples, of one large mask."""
    dropped = mask((2000, 40), 0.3, 11, 5, 2) == 0
    for axis, n in ((0, 2000), (1, 40)):
        counts = dropped.sum(axis=axis)
        statistic = ((counts - 0.3 * n) ** 2 / (n * 0.3 * 0.7)).sum()
        assert 1e-4 < chi2.sf(statistic, len(counts)) < 1 - 1e-4


def test_the_hash_is_that_of_splitmix64():
    """The first outputs of SplitMix64 seeded with 0, as its authors' program prints them."""
    golden = np.uint64(0x9E3779B97F4A7C15)
    found = mix(golden * np.arange(1, 4, dtype=np.uint64))
    assert [hex(value) for value in found] == ["0xe220a8397b1dcdaf", "0x6e789e6aa1b965f4", "0x6c45d188009454f"]


@pytest.fixture
def net():
    return pl.Network([3, 20, 10, 1], activations=["tanh", "tanh", "identity"], dropout=[0.5, 0.25], seed=4)


def test_a_network_shows_the_masks_of_its_training(net):
    masks = net.dropout_mask(6, step=2)
    assert sorted(masks) == [1, 2]
    assert_array_equal(masks[1], mask((6, 20), 0.5, seed=4, step=2, layer=1))
    assert_array_equal(masks[2], mask((6, 10), 0.25, seed=4, step=2, layer=2))
    assert pl.Network([3, 4, 1]).dropout_mask(6) == {}


def test_training_drops_by_these_masks_step_after_step(net):
    """Three epochs of gradient descent by hand, each with the mask of its step."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 3)), rng.normal(size=6)
    expected = pl.Network([3, 20, 10, 1], activations=["tanh", "tanh", "identity"], dropout=[0.5, 0.25], seed=4)
    for step in range(3):
        gradients = expected.gradients(X, y, mask=expected.dropout_mask(6, step))
        for name, part in expected.parameters.items():
            part -= 0.1 * gradients[f"d{name}"]
    net.fit(X, y, optimizer=pl.GradientDescent(0.1), epochs=3, progress=False)
    assert_allclose(net.vector, expected.vector, rtol=0, atol=1e-14)


def test_units_that_are_dropped_pass_nothing_forward_and_nothing_back(net):
    X, y = np.ones((1, 3)), np.ones(1)
    masks = net.dropout_mask(1)
    parameters = net.architecture.split(net.vector)
    tape = forward(net.architecture.activations, parameters, X, [None, masks[1], masks[2], None])
    found = backward(net.architecture.activations, net.architecture.objective, parameters, tape, y[:, None])
    for layer in (1, 2):
        dropped = masks[layer][0] == 0
        assert dropped.any()
        assert (tape.a[layer][0, dropped] == 0).all()
        assert (found.dz[layer][0, dropped] == 0).all()
        assert (found.dz[layer][0, ~dropped] != 0).all()
        assert (found.dW[layer][dropped] == 0).all()


def test_prediction_and_loss_drop_nothing(net):
    X, y = np.random.default_rng(0).normal(size=(5, 3)), np.zeros(5)
    twin = pl.Network([3, 20, 10, 1], activations=["tanh", "tanh", "identity"], seed=4)
    assert_array_equal(net.predict(X), twin.predict(X))
    assert net.loss(X, y) == twin.loss(X, y)


def test_the_mean_over_many_masks_of_a_linear_layer_is_the_layer_without_dropout():
    """Why it is called inverted: nothing needs to be rescaled at prediction."""
    net = pl.Network([3, 8, 2], activations=["tanh", "identity"], dropout=0.4, seed=0)
    X = np.repeat([[0.3, -1.0, 2.0]], 20000, axis=0)
    tape = forward(net.architecture.activations, net.architecture.split(net.vector), X, [None, net.dropout_mask(len(X))[1], None])
    assert_allclose(tape.a[2].mean(axis=0), net.predict(X[:1])[0], atol=5 * tape.a[2].std() / np.sqrt(len(X)))


@pytest.mark.parametrize("rate", [1.0, -0.1, float("nan"), [0.2, 1.5]])
def test_a_rate_outside_0_to_1_is_refused(rate):
    worst = rate[1] if isinstance(rate, list) else rate
    with pytest.raises(pl.InputError) as caught:
        pl.Network([3, 4, 4, 1], dropout=rate)
    assert str(caught.value) == f"A dropout rate in the network is {worst}, expected a number in [0, 1): choose e.g. 0.2."


def test_as_many_rates_as_hidden_layers_are_expected():
    with pytest.raises(pl.InputError) as caught:
        pl.Network([3, 4, 4, 1], dropout=[0.5])
    expected = "The number of dropout rates in the network is 1, expected 2 for sizes [3, 4, 4, 1]: give one for each layer."
    assert str(caught.value) == expected

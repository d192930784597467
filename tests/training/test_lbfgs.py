"""L-BFGS: an epoch is an iteration; what the history says of it, when it stops, what it cannot bear.

That ten iterations agree with SciPy's own is in the tests of the optimizers.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pellucid as pl

RNG = np.random.default_rng(0)
X, Y, S = RNG.normal(size=(20, 3)), RNG.normal(size=20), RNG.random(20)


def network(**kwargs):
    return pl.Network([3, 4, 1], activations=["tanh", "identity"], seed=1, **{"l2": 0.1} | kwargs)


def fit(net, epochs=8, optimizer="lbfgs", **kwargs):
    return net.fit(X, Y, optimizer=optimizer, epochs=epochs, progress=False, **kwargs)


@pytest.mark.parametrize("weights", [None, S])
def test_the_history_tells_the_cost_and_the_gradient_at_the_end_of_each_iteration(weights):
    net, found = network(), []

    def look(moment):
        gradients = net.gradients(X, Y, weights).values()
        found.append((net.loss(X, Y, weights), np.sqrt(sum((part**2).sum() for part in gradients))))

    history = fit(net, callbacks=[look], sample_weight=weights)
    assert list(history) == ["loss", "gradient_norm", "seconds"]
    assert_allclose(np.column_stack([history["loss"], history["gradient_norm"]]), found, rtol=1e-10)
    assert (np.diff(history["loss"]) < 0).all()
    assert (np.array(history["seconds"]) > 0).all()
    assert (history.stopped_by, history.n_epochs) == ("epochs", 8)


def test_a_line_is_fitted_to_the_least_squares_solution():
    net = pl.Network([3, 1], activations=["identity"], loss="half_mse")
    history = net.fit(X, Y, optimizer=pl.LBFGS(tolerance=1e-12), epochs=200, progress=False)
    solution = np.linalg.lstsq(np.column_stack([X, np.ones(20)]), Y, rcond=None)[0]
    assert_allclose(np.append(net.parameters["W1"], net.parameters["b1"]), solution, rtol=1e-7)
    assert history.stopped_by in ("converged", "no further descent")
    assert history.n_epochs < 200


def test_it_has_converged_when_the_largest_entry_of_the_gradient_is_below_the_tolerance():
    net = network()
    history = fit(net, epochs=1000, optimizer=pl.LBFGS(tolerance=1e-3))
    largest = max(abs(part).max() for part in net.gradients(X, Y).values())
    assert history.stopped_by == "converged"
    assert 1 < history.n_epochs < 1000
    assert largest <= 1e-3


def test_it_has_converged_when_the_cost_falls_by_too_small_a_share():
    early = fit(network(), epochs=1000, optimizer=pl.LBFGS(relative_decrease=1e-2))
    late = fit(network(), epochs=1000, optimizer=pl.LBFGS(relative_decrease=1e-6))
    assert early.stopped_by == late.stopped_by == "converged"
    shares = -np.diff(early["loss"]) / np.maximum(early["loss"][:-1], 1)  # SciPy's: of a cost below 1, the fall itself
    assert (shares[:-1] > 1e-2).all()
    assert shares[-1] <= 1e-2
    assert early.n_epochs < late.n_epochs


def test_at_the_minimum_there_is_nothing_to_do():
    net = network(l2=0.0)
    before = net.vector.copy()
    history = net.fit(X, net.predict(X), optimizer="lbfgs", epochs=5, progress=False)
    assert (history.stopped_by, history.n_epochs) == ("converged", 0)
    assert_array_equal(net.vector, before)


def test_a_line_search_that_is_given_too_few_evaluations_says_so():
    """One evaluation an iteration: SciPy gives up, and the history does not call that converged."""
    history = fit(network(), epochs=100, optimizer=pl.LBFGS(evaluations=1))
    assert history.stopped_by == "no further descent"
    assert history.n_epochs < 100


def test_it_takes_a_validation_set_held_out_of_the_data():
    net = network(l2=0.0)
    history = fit(net, validation=0.25)
    assert list(history) == ["loss", "gradient_norm", "validation_loss", "validation_r2", "seconds"]
    together = 0.75 * history["loss"][-1] + 0.25 * history["validation_loss"][-1]
    assert_allclose(together, net.loss(X, Y), rtol=1e-12)


def test_the_same_data_give_the_same_bits():
    first, again = network(), network()
    fit(first)
    fit(again)
    assert_array_equal(first.vector, again.vector)


def test_single_precision_stays_single_and_descends():
    net = network(dtype="float32")
    before = net.loss(X, Y)
    history = fit(net)
    assert net.vector.dtype == np.float32
    assert_allclose(history["loss"][-1], net.loss(X, Y), rtol=1e-5)
    assert net.loss(X, Y) < 0.9 * before


@pytest.mark.parametrize(
    ("settings", "arguments", "what"),
    [
        ({}, {"batch_size": 5}, "a batch size"),
        ({"dropout": 0.5}, {}, "dropout"),
        ({}, {"clip_norm": 1.0}, "clip_norm"),
    ],
)
def test_what_its_line_search_cannot_bear_is_refused(settings, arguments, what):
    net = network(**settings)
    before = net.vector.copy()
    with pytest.raises(pl.InputError) as caught:
        fit(net, **arguments)
    expected = "expected the same cost in every evaluation: use Adam, or leave it out."
    assert str(caught.value) == f"The optimizer in fit is LBFGS with {what}, {expected}"
    assert_array_equal(net.vector, before)


def test_a_cost_that_is_not_finite_at_the_start_is_a_divergence():
    net = network()
    net.vector[...] = 1e200
    with pytest.raises(pl.DivergenceError) as caught:
        fit(net)
    assert str(caught.value).startswith(
        "The cost in epoch 1, step 1 is not finite, expected a finite number: the weights from before epoch 1"
    )
    assert (net.vector == 1e200).all()

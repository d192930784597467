"""The training loop: batches, shuffling, the columns of the history, sample weights, divergence, and the same bits again."""

from __future__ import annotations

import dataclasses
import re
import time

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pellucid as pl
from pellucid.engines import load, steps

RNG = np.random.default_rng(0)
M = 11
X, Y, S = RNG.normal(size=(M, 2)), RNG.normal(size=M), RNG.random(M)


def network(**kwargs):
    return pl.Network([2, 3, 1], activations=["tanh", "identity"], **{"seed": 1, "l2": 0.5} | kwargs)


def by_hand(net, optimizer, batches, epochs, weights=None, clip_norm=np.inf):
    """The loop written again with what a user sees of a network: loss and norm of every epoch."""
    state, t, rows = optimizer.init(net.vector), 0, []
    for _ in range(epochs):
        costs, sizes, norms = [], [], []
        for at in batches:
            s = None if weights is None else weights[at]
            sizes.append(len(at) if s is None else s.sum())
            costs.append(net.loss(X[at], Y[at], s))
            gradients = net.gradients(X[at], Y[at], s)
            g = np.concatenate([gradients[name].ravel() for name in ("dW1", "dW2", "db1", "db2")])
            norms.append(np.linalg.norm(g))
            t += 1
            moved, state = optimizer.update(net.vector, g * min(1, clip_norm / norms[-1]), state, optimizer.learning_rate, t)
            net.vector[...] = moved
        rows.append((np.average(costs, weights=sizes), np.mean(norms)))
    return np.array(rows)


BATCHES = {
    "full batch": (None, [np.arange(M)]),
    "mini-batches": (4, [np.arange(0, 4), np.arange(4, 8), np.arange(8, M)]),
    "one sample at a time": (1, [np.array([i]) for i in range(M)]),
    "a batch larger than the data": (100, [np.arange(M)]),
}


@pytest.mark.parametrize("weights", [None, S], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("optimizer", [pl.GradientDescent(0.05), pl.Adam(0.05)], ids=["gradient descent", "adam"])
@pytest.mark.parametrize("kind", BATCHES)
def test_each_kind_of_batches_goes_step_by_step_as_by_hand(kind, optimizer, weights):
    """Weights, loss (mean of the batch costs, weighted by the batches), gradient norm and learning rate of each epoch."""
    batch_size, batches = BATCHES[kind]
    net, expected = network(), network()
    history = net.fit(X, Y, optimizer=optimizer, epochs=4, batch_size=batch_size, shuffle=False, sample_weight=weights, progress=False)
    rows = by_hand(expected, optimizer, batches, epochs=4, weights=weights)
    assert_allclose(net.vector, expected.vector, rtol=0, atol=1e-12 * abs(expected.vector).max())
    assert_allclose(history["loss"], rows[:, 0], rtol=1e-11)
    assert_allclose(history["gradient_norm"], rows[:, 1], rtol=1e-11)
    assert history["learning_rate"] == [0.05] * 4
    assert list(history) == ["loss", "learning_rate", "gradient_norm", "seconds"]
    assert (history.stopped_by, history.n_epochs, history.best_epoch) == ("epochs", 4, None)


def test_the_first_row_of_a_full_batch_is_the_cost_and_the_gradient_at_the_start():
    """J = (a - y)^2 / 2 with a = w x = 2 and y = 5: J = 4.5, dJ/dw = -6, dJ/db = -3, norm sqrt(45)."""
    net = pl.Network([1, 1], activations=["identity"], loss="half_mse")
    net.parameters["W1"][...] = 1.0
    history = net.fit([[2.0]], [5.0], optimizer=pl.GradientDescent(0.1), epochs=1, progress=False)
    assert history["loss"] == [4.5]
    assert_allclose(history["gradient_norm"], [np.sqrt(45)], rtol=1e-15)
    assert_allclose(net.vector, [1.6, 0.3], rtol=1e-15)


def test_seconds_are_the_time_of_each_epoch():
    started = time.perf_counter()
    pause = [lambda moment: time.sleep(0.02)]
    history = network().fit(X, Y, epochs=3, progress=False, callbacks=pause)
    passed = time.perf_counter() - started
    assert all(seconds > 0 for seconds in history["seconds"])
    assert sum(history["seconds"]) <= passed - 0.06


def test_the_gradient_is_clipped_and_its_norm_is_told_before_that():
    clipped, expected = network(), network()
    optimizer = pl.GradientDescent(0.1)
    history = clipped.fit(X, Y, optimizer=optimizer, epochs=3, clip_norm=0.2, progress=False)
    rows = by_hand(expected, optimizer, [np.arange(M)], epochs=3, clip_norm=0.2)
    assert (rows[:, 1] > 0.2).all()
    assert_allclose(history["gradient_norm"], rows[:, 1], rtol=1e-11)
    assert_allclose(clipped.vector, expected.vector, rtol=1e-11)


def test_a_gradient_below_the_limit_is_not_clipped():
    free, limited = network(), network()
    free.fit(X, Y, epochs=3, progress=False)
    limited.fit(X, Y, epochs=3, progress=False, clip_norm=1e6)
    assert_array_equal(free.vector, limited.vector)


# Shuffling


@pytest.fixture
def orders(monkeypatch):
    """A training on numbered rows that tells in which order it visited them, epoch by epoch."""
    gather, seen = steps.gather, []

    def noted(batches, position):
        inputs, targets, s = gather(batches, position)
        assert_array_equal(inputs[:, 0], targets[:, 0])
        if s is not None:
            assert_array_equal(inputs[:, 0], s - 1)
        seen.extend(inputs[:, 0].astype(int))
        return inputs, targets, s

    monkeypatch.setattr(steps, "gather", noted)

    def train(seed=0, epochs=3, weighted=False, **kwargs):
        seen.clear()
        rows = np.arange(20.0)
        net = pl.Network([1, 1], seed=seed)
        weights = rows + 1 if weighted else None
        net.fit(
            rows[:, None], rows, sample_weight=weights, optimizer=pl.Adam(1e-6), epochs=epochs, progress=False, engine="reference", **kwargs
        )
        return np.array(seen).reshape(epochs, -1)

    return train


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("batch_size", [1, 6, 10])
def test_every_epoch_visits_every_row_once_in_a_new_order(orders, batch_size, weighted):
    """Targets and sample weights stay beside their rows."""
    found = orders(batch_size=batch_size, weighted=weighted)
    assert_array_equal(np.sort(found, axis=1), np.tile(np.arange(20), (3, 1)))
    assert len({tuple(order) for order in [range(20), *found]}) == 4


def test_the_order_comes_from_the_seed_alone(orders):
    first = orders(seed=1, batch_size=6)
    assert_array_equal(orders(seed=1, batch_size=6), first)
    assert_array_equal(orders(seed=1, batch_size=1), first)
    assert (orders(seed=2, batch_size=6) != first).any(axis=1).all()


def test_rows_stay_in_order_without_shuffling_and_in_a_full_batch(orders):
    in_order = np.tile(np.arange(20), (3, 1))
    assert_array_equal(orders(batch_size=6, shuffle=False), in_order)
    assert_array_equal(orders(), in_order)


def test_rows_held_out_are_never_visited(orders):
    found = orders(batch_size=6, validation=0.25)
    assert found.shape == (3, 15)
    assert len(set(found.ravel())) == 15
    assert (found[0] != found[1]).any()


# The same again


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_same_seed_gives_the_same_bits(dtype):
    def train(seed):
        net = network(dtype=dtype, seed=seed, dropout=0.3)
        net.fit(X, Y, epochs=5, batch_size=3, validation=0.2, sample_weight=S, progress=False)
        columns = {name: column for name, column in net.history.items() if name != "seconds"}
        return net.vector, columns

    (first, columns), (again, columns_again), (other, _) = train(4), train(4), train(5)
    assert first.dtype == dtype
    assert first.tobytes() == again.tobytes()
    assert columns == columns_again
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_pause_of_the_engine_does_not_alter_the_arithmetic(monkeypatch, engine):
    """An engine comes back every so often for the bar and Ctrl-C: here after every single step."""
    whole, paused = network(dropout=0.3), network(dropout=0.3)
    whole.fit(X, Y, epochs=3, batch_size=2, progress=False, engine=engine)
    monkeypatch.setattr("pellucid.training.descent.PAUSE", 1e-9)
    kind = type(load(engine, whole.architecture))
    run, calls = kind.run, []
    monkeypatch.setattr(kind, "run", lambda *arguments: calls.append(1) or run(*arguments))
    paused.fit(X, Y, epochs=3, batch_size=2, progress=False, engine=engine)
    assert len(calls) >= 18
    assert_array_equal(whole.vector, paused.vector)


def test_a_second_training_goes_on_from_where_the_first_one_ended():
    """Plain gradient descent has no state, so two times three epochs are six."""
    twice, once = network(), network()
    for epochs, net in ((3, twice), (3, twice), (6, once)):
        net.fit(X, Y, optimizer=pl.GradientDescent(0.05), epochs=epochs, progress=False)
    assert_array_equal(twice.vector, once.vector)


def test_the_data_are_left_alone():
    inputs, targets, weights = X.copy(), Y.copy(), S.copy()
    network().fit(inputs, targets, sample_weight=weights, epochs=2, batch_size=3, validation=0.3, progress=False)
    assert_array_equal(inputs, X)
    assert_array_equal(targets, Y)
    assert_array_equal(weights, S)


def test_views_of_the_parameters_stay_views_through_a_training():
    net = network()
    W1 = net.parameters["W1"]
    net.fit(X, Y, epochs=2, progress=False)
    assert W1 is not net.parameters["W1"]
    assert np.shares_memory(W1, net.vector)


# Sample weights


def test_whole_weights_are_repetitions():
    counts = np.array([0, 1, 2, 3, 1, 1, 0, 2, 1, 1, 4])
    weighted, repeated = network(), network()
    first = weighted.fit(X, Y, sample_weight=counts, epochs=5, progress=False)
    second = repeated.fit(np.repeat(X, counts, axis=0), np.repeat(Y, counts), epochs=5, progress=False)
    assert_allclose(weighted.vector, repeated.vector, rtol=0, atol=1e-10)
    assert_allclose(first["loss"], second["loss"], rtol=1e-10)


def test_weights_that_are_all_alike_are_none_without_l2():
    alike, none = network(l2=0.0), network(l2=0.0)
    alike.fit(X, Y, sample_weight=np.full(M, 3.0), epochs=5, progress=False)
    none.fit(X, Y, epochs=5, progress=False)
    assert_allclose(alike.vector, none.vector, rtol=0, atol=1e-10)


def test_a_batch_of_weight_zero_teaches_nothing():
    """The rows of the second batch have weight 0: as if only the first were there, two steps of no gradient besides."""
    weights = np.array([1.0, 2, 3, 0, 0, 0])
    some, alone = network(), network()
    rule = pl.GradientDescent(0.1)
    first = some.fit(X[:6], Y[:6], sample_weight=weights, batch_size=3, shuffle=False, optimizer=rule, epochs=3, progress=False)
    second = alone.fit(X[:3], Y[:3], sample_weight=weights[:3], batch_size=3, shuffle=False, optimizer=rule, epochs=3, progress=False)
    assert_array_equal(some.vector, alone.vector)
    assert_allclose(first["loss"], second["loss"], rtol=1e-14)
    assert_allclose(np.array(first["gradient_norm"]) * 2, second["gradient_norm"], rtol=1e-14)


# Divergence


def diverging(net, rate, epochs=2000, batch_size=None, data=(X, Y), **kwargs):
    """Train until the cost is not finite: the error, and (loss, weights before) of every whole epoch."""
    rows, before = [], [net.vector.copy()]

    def keep(moment):
        rows.append((moment.history["loss"][-1], before[-1]))
        before.append(moment.vector.copy())

    with pytest.raises(pl.DivergenceError) as caught:
        net.fit(*data, optimizer=pl.GradientDescent(rate), epochs=epochs, batch_size=batch_size, progress=False, callbacks=[keep], **kwargs)
    return str(caught.value), rows


@pytest.mark.parametrize("batch_size", [None, 4])
def test_a_huge_learning_rate_is_a_divergence_that_names_epoch_step_and_rate(batch_size):
    net = pl.Network([2, 1], activations=["identity"], loss="mse", seed=1)
    message, rows = diverging(net, 100.0, batch_size=batch_size)
    losses = [loss for loss, _ in rows]
    best, epoch = int(np.argmin(losses)), len(rows) + 1
    steps = 1 if batch_size is None else 3
    step = int(message.split("step ")[1].split(",")[0])
    assert message == (
        f"The cost in epoch {epoch}, step {step}, learning rate 100 is not finite, expected a finite number: "
        f"the weights from before epoch {best + 1} are kept; lower the learning rate, scale the inputs, "
        "or clip the gradient with clip_norm."
    )
    assert steps * len(rows) < step <= steps * (len(rows) + 1)
    assert epoch > 3
    assert_array_equal(net.vector, rows[best][1])
    assert net.loss(X, Y) <= min(losses)


def test_a_stretch_that_diverges_late_falls_back_to_the_best_weights_before_it():
    """Gradient descent learns for 30 epochs; then a rate that is far too large begins."""

    @dataclasses.dataclass(frozen=True)
    class Sudden(pl.Schedule):
        def factor(self, t, horizon):
            return np.where(t < 30, 1.0, 1000.0)

    net = network(seed=2)
    start, rows, before = net.loss(X, Y), [], [net.vector.copy()]

    def keep(moment):
        rows.append((moment.history["loss"][-1], before[-1]))
        before.append(moment.vector.copy())

    with pytest.raises(
        pl.DivergenceError, match=r"^The cost in epoch (\d+), step \1, learning rate 50 is not finite.*before epoch 31 are kept"
    ) as caught:
        net.fit(X, Y, optimizer=pl.GradientDescent(Sudden(0.05)), epochs=20000, progress=False, callbacks=[keep])
    assert isinstance(caught.value, ArithmeticError)
    assert_array_equal(net.vector, rows[30][1])
    assert net.loss(X, Y) == pytest.approx(min(loss for loss, _ in rows), rel=1e-12)
    assert net.loss(X, Y) < 0.9 * start


def test_a_cost_that_is_not_finite_at_once_leaves_the_weights_as_they_were():
    net = pl.Network([2, 1], activations=["identity"], loss="mse", seed=1)
    before = net.vector.copy()
    message, rows = diverging(net, 0.1, data=(X * 1e200, Y))
    assert message.startswith("The cost in epoch 1, step 1, learning rate 0.1 is not finite, ")
    assert "the weights from before epoch 1 are kept" in message
    assert rows == []
    assert_array_equal(net.vector, before)


def test_weights_that_overflow_in_the_very_last_step_are_not_kept():
    net = pl.Network([2, 1], activations=["identity"], loss="mse", seed=1)
    before = net.vector.copy()
    message, rows = diverging(net, 1e308, epochs=1, data=(1e3 * X, Y))
    assert message.startswith(
        "The cost in epoch 1, step 1, learning rate 1e+308 is not finite after the last step, expected a finite number: "
    )
    assert rows == []
    assert_array_equal(net.vector, before)


def test_with_early_stopping_a_divergence_restores_the_best_weights_and_says_so():
    net = pl.Network([2, 1], activations=["identity"], loss="mse", seed=1)
    message, rows = diverging(net, 100.0, early_stopping=pl.EarlyStopping(patience=1000))
    losses = [loss for loss, _ in rows]
    best = int(np.argmin(losses))
    assert f": the best weights, those of epoch {best + 1}, are kept; lower the learning rate" in message
    assert_array_equal(net.vector, rows[best + 1][1])


def test_callbacks_hear_of_the_end_of_a_diverging_training():
    ends = []

    class Noting(pl.Callback):
        def on_train_end(self, network, history):
            ends.append((history.stopped_by, np.isfinite(network.vector).all()))

    with pytest.raises(pl.DivergenceError):
        pl.Network([2, 1], loss="mse").fit(X * 1e200, Y, epochs=3, progress=False, callbacks=[Noting()])
    assert ends == [("divergence", True)]


# Gradients checked beforehand


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.4}])
def test_checking_the_gradients_first_does_not_change_the_training(settings):
    checked, plain = network(**settings), network(**settings)
    checked.fit(X, Y, sample_weight=S, epochs=3, batch_size=4, check_gradients=True, progress=False)
    plain.fit(X, Y, sample_weight=S, epochs=3, batch_size=4, progress=False)
    assert_array_equal(checked.vector, plain.vector)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_derivative_that_is_off_by_a_thousandth_is_found_before_the_first_step(engine):
    """In what the engine that is to train computes with."""
    right = pl.activation("tanh")
    changes = {
        "reference": {"derivative": lambda z, a: 1.001 * right.derivative(z, a)},
        "compiled": {"pieces": ("tanh(z)", "1.001 * (1 - a) * (1 + a)")},
    }
    wrong = dataclasses.replace(right, **changes[engine])
    net = pl.Network([2, 3, 1], activations=[wrong, "identity"])
    before = net.vector.copy()
    with pytest.raises(pl.GradientError) as caught:
        net.fit(X, Y, epochs=3, check_gradients=True, progress=False, engine=engine)
    told = r"The gradient in 2-3-1 \(tanh, identity\) is 0\.00\d+ off at its worst, expected a passed check: "
    assert re.fullmatch(told + r"report this with the network's description\.", str(caught.value))
    assert_array_equal(net.vector, before)


# Bad input


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("epochs", 0, "The number of epochs in fit is 0, expected a whole number of at least 1: choose e.g. 10."),
        ("epochs", -3, "The number of epochs in fit is -3, expected a whole number of at least 1: choose e.g. 10."),
        ("epochs", 2.5, "The number of epochs in fit is 2.5, expected a whole number of at least 1: choose e.g. 10."),
        ("epochs", True, "The number of epochs in fit is True, expected a whole number of at least 1: choose e.g. 10."),
        ("epochs", None, "The number of epochs in fit is None, expected a whole number of at least 1: choose e.g. 10."),
        ("batch_size", 0, "The batch size in fit is 0, expected a whole number of at least 1: choose e.g. 10."),
        ("batch_size", "all", "The batch size in fit is 'all', expected a whole number of at least 1: choose e.g. 10."),
        ("n_threads", 0, "N_threads in fit is 0, expected a whole number of at least 1: choose e.g. 10."),
        ("clip_norm", 0, "Clip_norm in fit is 0, expected a positive number: choose e.g. 1.0."),
        ("clip_norm", float("nan"), "Clip_norm in fit is nan, expected a positive number: choose e.g. 1.0."),
        (
            "optimizer",
            "sdg",
            "Unknown optimizer 'sdg': Known are gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, lbfgs.",
        ),
        ("engine", "referense", "Unknown engine 'referense': did you mean 'reference'? Known are compiled, reference."),
        ("sample_weight", S[:3], f"The shape of sample_weight in the data is (3,), expected ({M},): one weight for each row."),
        (
            "sample_weight",
            np.zeros(M),
            "Sample_weight in the data is zero everywhere, expected no negative weight and a positive sum: check the weights.",
        ),
        (
            "sample_weight",
            -np.ones(M),
            "Sample_weight in the data is -1 at its smallest, expected no negative weight and a positive sum: check the weights.",
        ),
    ],
)
def test_bad_settings_are_refused_and_leave_the_network_alone(name, value, sentence):
    net = network()
    before = net.vector.copy()
    with pytest.raises(pl.InputError) as caught:
        net.fit(X, Y, progress=False, **{"epochs": 1} | {name: value})
    assert str(caught.value) == sentence
    assert_array_equal(net.vector, before)
    assert net.history is None


def test_a_limit_on_threads_trains_the_same():
    limited, free = network(), network()
    limited.fit(X, Y, epochs=3, n_threads=1, progress=False)
    free.fit(X, Y, epochs=3, progress=False)
    assert_allclose(limited.vector, free.vector, rtol=0, atol=1e-12)

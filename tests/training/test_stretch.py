"""Stretches: epochs that go by together are the same, bit for bit, as one after another."""

from __future__ import annotations

import dataclasses
import signal

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Patience, Progress
from pellucid.training import descent

RNG = np.random.default_rng(0)
M = 23
X, Y, S = RNG.normal(size=(M, 3)), RNG.integers(3, size=M), RNG.random(M)


def network(**kwargs):
    return pl.Network([3, 7, 3], ["relu", "softmax"], "cross_entropy", **{"seed": 1, "l2": 0.1} | kwargs)


def without_time(history):
    return {name: column for name, column in history.items() if name != "seconds"} | {"stopped_by": history.stopped_by}


@pytest.fixture
def lengths(monkeypatch):
    """The stretches as they come, in epochs; a stretch is not cut short on a machine that is busy with something else."""
    stretch, found = descent.Descent._stretch, []

    def noted(descent, alphas, started):
        found.append(len(alphas))
        stretch(descent, alphas, started)

    monkeypatch.setattr(descent.Descent, "_stretch", noted)
    monkeypatch.setattr(descent, "PAUSE", 1e6)
    return found


class EveryEpoch(pl.Callback):
    """Looks at each epoch, so that none goes by unseen."""


class Patient(pl.Callback):
    """Ends the training when the loss has not fallen by ``tolerance`` for more than ``limit`` epochs in a row."""

    def __init__(self, tolerance, limit):
        self.patience, self.seen = Patience(tolerance, limit), []

    def on_epoch_end(self, moment):
        assert_array_equal(moment.network.vector, moment.vector)
        assert len(moment.history["loss"]) == moment.epoch
        for loss in moment.history["loss"][self.seen[-1] if self.seen else 0 :]:
            self.patience.see(loss)
        self.seen.append(moment.epoch)
        return "no progress" if self.patience.over else None


def both_ways(optimizer="adam", epochs=100, engine=None, callbacks=(), data=(X, Y), **kwargs):
    """(network, history, error) of the same training in stretches, and epoch by epoch."""
    found = []
    fit = {name: kwargs.pop(name) for name in ("clip_norm", "sample_weight") if name in kwargs}
    for watched in ((), (EveryEpoch(),)):
        net, error = network(**kwargs), None
        try:
            net.fit(*data, optimizer=optimizer, epochs=epochs, engine=engine, callbacks=[*callbacks, *watched], progress=False, **fit)
        except pl.DivergenceError as raised:
            error = str(raised)
        found.append((net, net.history, error))
    return found


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", [pl.Adam(0.01), pl.Nesterov(0.01), pl.GradientDescent(pl.CosineDecay(0.1))])
@pytest.mark.parametrize("settings", [{}, {"dropout": 0.3, "sample_weight": S}, {"clip_norm": 0.05}], ids=["plain", "dropout", "clipped"])
def test_the_bits_are_those_of_epoch_by_epoch(engine, dtype, optimizer, settings, lengths):
    (together, history, _), (apart, expected, _) = both_ways(optimizer, engine=engine, dtype=dtype, **settings)
    assert lengths == [64, 35]
    assert together.vector.tobytes() == apart.vector.tobytes()
    assert without_time(history) == without_time(expected)
    assert len(history["seconds"]) == 100
    assert all(seconds > 0 for seconds in history["seconds"])


def test_the_rates_may_be_known_for_fewer_epochs(lengths):
    """They are worked out 1024 steps ahead."""
    (together, history, _), (apart, expected, _) = both_ways(pl.Momentum(pl.CosineDecay(0.1)), epochs=1100)
    assert lengths == [64] * 15 + [63, 64, 12]
    assert together.vector.tobytes() == apart.vector.tobytes()
    assert without_time(history) == without_time(expected)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("weights", [None, S / 7], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(("tolerance", "limit"), [(1e-3, 3), (1e-2, 0), (2e-3, 10), (0.05, 70), (-1.0, 5)])
def test_a_patience_is_over_in_the_same_epoch(tolerance, limit, weights, engine, lengths):
    """In the midst of a stretch, which ends there, or never; within the first epochs, and after more of them than a stretch has."""
    found = []
    for watched in ([], [EveryEpoch()]):
        net, rule = network(), Patient(tolerance, limit)
        callbacks = [rule, *watched]
        settings = {"optimizer": pl.Adam(0.02), "epochs": 150, "sample_weight": weights, "engine": engine, "progress": False}
        history = net.fit(X, Y, callbacks=callbacks, **settings)
        found.append((without_time(history), net.vector.tobytes(), rule.patience))
        assert rule.seen[-1] == history.n_epochs
        if not watched:
            assert len(rule.seen) == 1 + -(-(history.n_epochs - 1) // 64)  # and not more often
    assert found[0] == found[1]
    assert found[0][0]["stopped_by"] == ("no progress" if tolerance > 0 else "epochs")
    assert lengths
    assert len(rule.seen) == history.n_epochs


def test_two_patient_callbacks_are_asked_after_each_epoch(lengths):
    network().fit(X, Y, epochs=20, progress=False, callbacks=[Patient(0.0, 5), Patient(0.0, 9)])
    assert lengths == []


@pytest.mark.parametrize(
    "settings",
    [
        {"validation": 0.2},
        {"early_stopping": pl.EarlyStopping(patience=50)},
        {"optimizer": pl.Momentum(pl.Adaptive(0.1))},
        {"optimizer": pl.Momentum(pl.WarmUp(0.1, 3, pl.Adaptive(0.1)))},
        {"batch_size": 10},
        {"callbacks": [lambda moment: None]},
    ],
    ids=["validation", "early stopping", "a rate that answers", "the same after a warm-up", "mini-batches", "a function"],
)
def test_what_looks_at_every_epoch_gets_every_epoch(settings, lengths):
    network().fit(X, Y, epochs=20, progress=False, **settings)
    assert lengths == []


def test_a_large_network_goes_epoch_by_epoch(lengths):
    pl.Network([300, 300, 1], ["relu", "identity"]).fit(np.ones((2, 300)), np.ones(2), epochs=3, progress=False)
    assert lengths == []


def test_a_pause_within_a_stretch_alters_nothing(lengths, monkeypatch):
    (together, history, _), (apart, expected, _) = both_ways(engine="reference", dropout=0.3)
    assert lengths == [64, 35]
    kind = type(load("reference", together.architecture))
    run, calls = kind.run, []
    monkeypatch.setattr(kind, "run", lambda self, *given: calls.append(1) or run(self, *given[:-1], 0.0))  # a step, and back
    paused = network(dropout=0.3)
    again = paused.fit(X, Y, epochs=100, progress=False, engine="reference")
    assert lengths == [64, 35] * 2
    assert len(calls) == 100
    assert paused.vector.tobytes() == together.vector.tobytes() == apart.vector.tobytes()
    assert without_time(again) == without_time(history) == without_time(expected)


@pytest.mark.usefixtures("lengths", "usual_ctrl_c")
@pytest.mark.parametrize("pressed", [1, 5])
def test_ctrl_c_within_a_stretch_keeps_the_epochs_that_are_whole(pressed, monkeypatch):
    """Pressed in so many-th call of an engine that comes back after each step."""
    net, expected = network(), network()
    kind = type(load("reference", net.architecture))
    run, calls = kind.run, []

    def one_step(self, *given):
        calls.append(1)
        if len(calls) == pressed:
            signal.raise_signal(signal.SIGINT)
        run(self, *given[:-1], 0.0)

    monkeypatch.setattr(kind, "run", one_step)
    with pytest.warns(pl.TrainingInterrupted, match=f"after {pressed} whole epochs"):
        history = net.fit(X, Y, epochs=50, progress=False, engine="reference")
    assert (history.n_epochs, history.stopped_by) == (pressed, "interrupt")
    expected.fit(X, Y, epochs=pressed, progress=False, engine="reference")
    assert_array_equal(net.vector, expected.vector)


# Divergence


@dataclasses.dataclass(frozen=True)
class Sudden(pl.Schedule):
    """A rate that is far too large from a step on."""

    first: int = 30
    times: float = 1e5

    def factor(self, t, horizon):
        return np.where(t < self.first, 1.0, self.times)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("first", [0, 1, 30, 64, 65, 80, 127])
def test_a_divergence_within_a_stretch_falls_back_to_the_same_weights(engine, first, lengths):
    """The stretches end after epochs 1, 65 and 129."""
    optimizer = pl.Momentum(Sudden(0.1, first))
    net = pl.Network([3, 7, 1], ["relu", "identity"], "mse", seed=1)
    found = []
    for callbacks in ([], [EveryEpoch()]):
        net = pl.Network([3, 7, 1], ["relu", "identity"], "mse", seed=1)
        with pytest.raises(pl.DivergenceError) as caught:
            net.fit(X, Y, optimizer=optimizer, epochs=5000, engine=engine, callbacks=callbacks, progress=False)
        found.append((str(caught.value), net.vector.tobytes()))
    assert lengths
    assert found[0] == found[1]
    assert f"before epoch {first + 1} " in found[0][0]


@pytest.mark.parametrize("epochs", [3, 40])
def test_weights_that_overflow_in_the_last_step_of_a_stretch_are_not_kept(epochs, lengths):
    """The schedule is sudden in the very last step, after which no cost would tell."""
    found = []
    for callbacks in ([], [EveryEpoch()]):
        net = pl.Network([3, 1], ["identity"], "half_mse", seed=1)
        optimizer = pl.GradientDescent(Sudden(1e-3, epochs - 1, 1e308))
        with pytest.raises(pl.DivergenceError, match=f"epoch {epochs}, step {epochs}, .* not finite after the last step") as caught:
            net.fit(X, Y * 1e10, optimizer=optimizer, epochs=epochs, callbacks=callbacks, progress=False)
        found.append((str(caught.value), net.vector.tobytes()))
    assert lengths
    assert found[0] == found[1]


@dataclasses.dataclass(frozen=True)
class Late(pl.Schedule):
    """Nothing moves for five steps."""

    def factor(self, t, horizon):
        return 1.0 * (t >= 5)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_weights_that_overflow_unseen_within_a_stretch_are_found(engine, lengths):
    """The norm is not finite, the weights are not, and relu(-inf) = 0 hides it from the next cost."""
    found = []
    for callbacks in ([], [EveryEpoch()]):
        net = pl.Network([1, 1, 1], ["relu", "identity"], "mae")
        net.parameters["W1"][...], net.parameters["W2"][...] = 1e-200, 1.0
        optimizer = pl.GradientDescent(Late(1e120))  # dW1 = 1e200, dW2 = db1 = db2 = 1
        with pytest.raises(pl.DivergenceError, match="epoch 6, step 6, .* not finite after the last step") as caught:
            net.fit([[1e200]], [-1e5], optimizer=optimizer, epochs=20, callbacks=callbacks, progress=False, engine=engine)
        found.append((str(caught.value), net.vector.tobytes()))
    assert lengths
    assert found[0] == found[1]


# The engines


@pytest.mark.parametrize("name", ["compiled", "reference"])
def test_an_engine_writes_down_what_each_step_adds(name):
    net = network(dropout=0.2)
    one_hot = np.eye(3)[Y]
    batches, optimizer, vector = Batches(X, one_hot, S, RNG.permutation(M), 10, 0), pl.Adam(0.01), net.vector.copy()
    progress = Progress(vector, optimizer.init(vector), trail=np.full((3, 7), np.nan))
    load(name, net.architecture).run(progress, batches, np.full(7, 0.01), optimizer, 10.0)
    assert (progress.position, progress.step) == (7, 7)
    for row, name in zip(progress.trail, ("cost_sum", "weight_sum", "gradient_norm_sum"), strict=True):
        assert sum(row) == pytest.approx(getattr(progress, name), rel=1e-14)
    weights = [S[batches.order[at : at + 10]].sum() for at in (0, 10, 20)]
    np.testing.assert_allclose(progress.trail[1], [*weights, *weights, weights[0]], rtol=1e-14)


@pytest.mark.parametrize("name", ["compiled", "reference"])
@pytest.mark.parametrize(("limit", "expected"), [(0, 3), (1, 4), (2, 5), (3, 7)])
def test_an_engine_comes_back_when_patience_is_over(name, limit, expected):
    """The second, third and fourth step go nowhere, so the cost of the third, fourth and fifth is that of the second."""
    net = pl.Network([1, 1], ["identity"], "half_mse")
    batches, optimizer, vector = Batches(np.ones((4, 1)), np.zeros((4, 1)), None, None, 4, 0), pl.GradientDescent(0.1), np.array([1.0, 0.0])
    progress = Progress(vector, (), patience=Patience(1e-6, limit))
    rates = np.array([0.1, 0.0, 0.0, 0.0, 0.1, 0.1, 0.1])
    load(name, net.architecture).run(progress, batches, rates, optimizer, 10.0)
    assert progress.position == expected
    assert progress.patience.over == (expected < 7)

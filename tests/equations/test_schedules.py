"""Schedules: each against its closed formula, optax where it has the same one, scikit-learn's own rule for the adaptive one."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.neural_network import MLPRegressor
from sklearn.neural_network._stochastic_optimizers import SGDOptimizer

import pellucid as pl
from pellucid.equations.schedules import Horizon, Plateau, schedule

T = 40
HORIZON = Horizon(steps_per_epoch=4, steps=T)


def rates(rule, horizon=HORIZON, plateau=None):
    return rule.rates(0, horizon.steps, horizon, plateau or Plateau())


CLOSED = {
    "constant": (pl.ConstantRate(0.3), lambda t: 0.3),
    "inverse scaling": (pl.InverseScaling(0.3, power=0.7), lambda t: 0.3 / (t + 1) ** 0.7),
    "step": (pl.StepDecay(0.3, decay=0.25, epochs=2), lambda t: 0.3 * 0.25 ** (t // 8)),
    "cosine": (pl.CosineDecay(0.3, final=0.1), lambda t: 0.03 + 0.27 * (1 + math.cos(math.pi * t / T)) / 2),
    "one-cycle": (
        pl.OneCycle(0.3, rise=0.25, start_divisor=10, final_divisor=100),
        lambda t: (
            0.03 + 0.27 * (1 - math.cos(math.pi * t / 10)) / 2 if t < 10 else 0.003 + 0.297 * (1 + math.cos(math.pi * (t - 10) / 30)) / 2
        ),
    ),
    "warm-up": (pl.WarmUp(0.3, steps=5), lambda t: 0.3 * min(1, (t + 1) / 5)),
    "warm-up, cosine": (
        pl.WarmUp(0.3, steps=8, then=pl.CosineDecay(0.3)),
        lambda t: 0.3 * (t + 1) / 8 if t < 8 else 0.3 * (1 + math.cos(math.pi * (t - 8) / 32)) / 2,
    ),
    "adaptive": (pl.Adaptive(0.3), lambda t: 0.3),
}


@pytest.mark.parametrize("name", CLOSED)
def test_rates_follow_the_closed_formula(name):
    rule, formula = CLOSED[name]
    assert_allclose(rates(rule), [formula(t) for t in range(T)], rtol=1e-14)


@pytest.mark.parametrize("name", CLOSED)
def test_a_later_stretch_is_a_part_of_the_whole(name):
    """An epoch asks for its own steps only."""
    rule, _ = CLOSED[name]
    assert_allclose(rule.rates(12, 4, HORIZON, Plateau()), rates(rule)[12:16], rtol=1e-15)


OPTAX = {
    "step": (pl.StepDecay(0.3, decay=0.25, epochs=2), optax.exponential_decay(0.3, 8, 0.25, staircase=True)),
    "cosine": (pl.CosineDecay(0.3, final=0.1), optax.cosine_decay_schedule(0.3, T, alpha=0.1)),
    "one-cycle": (
        pl.OneCycle(0.3, rise=0.25, start_divisor=10, final_divisor=100),
        optax.cosine_onecycle_schedule(T, 0.3, pct_start=0.25, div_factor=10, final_div_factor=10),  # its end is start / 10
    ),
    "warm-up": (
        pl.WarmUp(0.3, steps=8, then=pl.CosineDecay(0.3)),
        optax.join_schedules([optax.linear_schedule(0.3 / 8, 0.3, 7), optax.cosine_decay_schedule(0.3, T - 8)], [8]),
    ),
}


@pytest.mark.parametrize("name", OPTAX)
def test_rates_agree_with_optax(name):
    rule, peer = OPTAX[name]
    assert_allclose(rates(rule), [float(peer(t)) for t in range(T)], rtol=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 7])
@pytest.mark.parametrize("name", CLOSED)
def test_a_training_of_a_few_steps_has_finite_positive_rates(name, steps):
    found = rates(CLOSED[name][0], Horizon(1, steps))
    assert np.isfinite(found).all()
    assert (found > 0).all()
    assert found.max() <= 0.3


def test_after_the_warm_up_another_learning_rate_may_follow():
    rule = pl.WarmUp(0.3, steps=4, then=pl.ConstantRate(0.6))
    assert_allclose(rates(rule)[:6], [0.15, 0.3, 0.45, 0.6, 0.6, 0.6])


def by_scikit_learn(losses, tolerance, n_iter_no_change):
    """Learning rates after each epoch as scikit-learn has them, by its own two methods; ends where it stops."""
    model = MLPRegressor(tol=tolerance, n_iter_no_change=n_iter_no_change)
    model.best_loss_, model.loss_curve_, model._no_improvement_count = np.inf, [], 0
    peer = SGDOptimizer([], learning_rate_init=0.3, lr_schedule="adaptive")
    found = []
    for loss in losses:
        model.loss_curve_.append(loss)
        model._update_no_improvement_count(False, None, None, None)
        if model._no_improvement_count > n_iter_no_change:
            if peer.trigger_stopping("", verbose=False):
                break
            model._no_improvement_count = 0
        found.append(max(peer.learning_rate, 1e-6))
    return found


@given(
    losses=st.lists(st.floats(0, 1, allow_subnormal=False), min_size=1, max_size=60),
    tolerance=st.sampled_from([0.0, 1e-4, 0.1]),
    patience=st.integers(2, 4),
)
def test_adaptive_follows_scikit_learn(losses, tolerance, patience):
    """Peer: scikit-learn's 'adaptive' with n_iter_no_change = patience - 1; ours stays at ``lowest`` where it stops."""
    losses = [
        loss + 1e-7 * math.sqrt(2) * i for i, loss in enumerate(losses)
    ]  # a loss exactly at best - tolerance is progress to it, not to us
    rule, plateau, found = pl.Adaptive(0.3, divisor=5, patience=patience, tolerance=tolerance), Plateau(), []
    for loss in losses:
        plateau = rule.after_epoch(loss, plateau)
        found.append(rule.rates(0, 1, HORIZON, plateau)[0])
    expected = by_scikit_learn(losses, tolerance, patience - 1)
    assert_allclose(found[: len(expected)], expected, rtol=1e-12)
    assert_allclose(found[len(expected) :], 1e-6, rtol=1e-12)


def test_adaptive_by_hand():
    rule, plateau, found = pl.Adaptive(1.0, divisor=2, patience=2, tolerance=0.1, lowest=0.2), Plateau(), []
    for loss in [5, 4, 3.95, 3.92, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0, 3.0]:
        plateau = rule.after_epoch(loss, plateau)
        found.append(rule.rates(0, 1, HORIZON, plateau)[0])
    assert found == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_after_the_warm_up_the_adaptive_rule_goes_on():
    rule, plateau = pl.WarmUp(0.3, steps=2, then=pl.Adaptive(0.3, patience=1)), Plateau()
    for loss in [1.0, 1.0]:
        plateau = rule.after_epoch(loss, plateau)
    assert_allclose(rule.rates(4, 1, HORIZON, plateau), 0.06)


@pytest.mark.parametrize("name", [name for name in CLOSED if name != "adaptive"])
def test_the_other_schedules_do_not_look_at_the_loss(name):
    assert CLOSED[name][0].after_epoch(0.5, Plateau(0.5, 0.1, 3)) == Plateau(0.5, 0.1, 3)


def test_training_follows_the_schedule_step_by_step():
    """The history shows the rate of the last step of each epoch; the parameters move by every one of them."""
    X, y = np.ones((5, 1)), np.zeros(5)
    net = pl.Network([1, 1], activations=["identity"], loss="half_mse", seed=1)
    w = net.parameters["W1"][0, 0]
    rule = pl.CosineDecay(0.2)
    history = net.fit(X, y, optimizer=pl.GradientDescent(rule), epochs=4, batch_size=2, progress=False)
    expected = rates(rule, Horizon(3, 12))
    assert_allclose(history["learning_rate"], expected[2::3], rtol=1e-15)
    b = 0.0
    for alpha in expected:
        w, b = w - alpha * (w + b), b - alpha * (w + b)
    assert_allclose([net.parameters["W1"][0, 0], net.parameters["b1"][0]], [w, b], rtol=1e-12)


def test_training_with_the_adaptive_schedule_watches_the_validation_loss():
    """Training loss falls, validation loss on the opposite targets rises: the rate is divided all the same."""
    X, y = np.ones((4, 1)), np.ones(4)
    net = pl.Network([1, 1], activations=["identity"], loss="half_mse", seed=1)
    rule = pl.Adaptive(0.1, divisor=10, patience=2)
    kwargs = {"optimizer": pl.GradientDescent(rule), "epochs": 6, "progress": False}
    history = net.fit(X, y, validation=(X, -10 * y), **kwargs)
    assert_allclose(history["learning_rate"], [0.1, 0.1, 0.1, 0.01, 0.01, 0.001])
    alone = pl.Network([1, 1], activations=["identity"], loss="half_mse", seed=1)
    assert_allclose(alone.fit(X, y, **kwargs)["learning_rate"], 0.1)


def test_a_number_is_a_constant_rate_and_a_schedule_stays_itself():
    assert schedule(1) == pl.ConstantRate(1.0)
    assert schedule(CLOSED["cosine"][0]) is CLOSED["cosine"][0]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: pl.CosineDecay(0.0), "The learning rate in CosineDecay is 0.0, expected a positive number: choose e.g. 0.01."),
        (
            lambda: pl.StepDecay(-0.1),
            "The parameter 'learning_rate' in StepDecay is -0.1, expected a finite number that is not negative: choose e.g. 0.01.",
        ),
        (
            lambda: pl.InverseScaling(0.1, power=float("nan")),
            "The parameter 'power' in InverseScaling is nan, expected a finite number that is not negative: choose e.g. 0.01.",
        ),
        (
            lambda: pl.WarmUp(0.1, steps=-1),
            "The parameter 'steps' in WarmUp is -1, expected a finite number that is not negative: choose e.g. 0.01.",
        ),
        (lambda: pl.StepDecay(0.1, epochs=0), "The parameter 'epochs' in StepDecay is 0, expected at least 1: choose e.g. 10."),
        (lambda: pl.Adaptive(0.1, divisor=0), "The parameter 'divisor' in Adaptive is 0, expected a number above 1: choose e.g. 5."),
        (
            lambda: pl.OneCycle(0.1, rise=1.0),
            "The shape in OneCycle is rise=1, start_divisor=25, final_divisor=10000, expected a rise between 0 and 1 "
            "and divisors of at least 1: e.g. OneCycle(0.01, rise=0.3).",
        ),
        (
            lambda: pl.OneCycle(0.1, start_divisor=0.5),
            "The shape in OneCycle is rise=0.3, start_divisor=0.5, final_divisor=10000, expected a rise between 0 and 1 "
            "and divisors of at least 1: e.g. OneCycle(0.01, rise=0.3).",
        ),
    ],
)
def test_bad_settings_are_refused(make, sentence):
    with pytest.raises(pl.InputError) as caught:
        make()
    assert str(caught.value) == sentence


def test_settings_of_a_wrong_type_are_refused_in_the_same_words():
    """In a process of its own, since here the types are checked before our sentences are built."""
    script = """
import pellucid as pl
for make in (lambda: pl.ConstantRate(None), lambda: pl.CosineDecay("fast"), lambda: pl.StepDecay(0.1, decay=[1]),
             lambda: pl.WarmUp(0.1, then=3)):
    try:
        print(make())
    except pl.InputError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    first, second, third, fourth = done.stdout.splitlines()
    assert first.startswith("The parameter 'learning_rate' in ConstantRate is None, expected a finite number that is not negative: ")
    assert second.startswith("The parameter 'learning_rate' in CosineDecay is 'fast', expected a finite number that is not negative: ")
    assert third.startswith("The parameter 'decay' in StepDecay is [1], expected a finite number that is not negative: ")
    assert fourth == "The parameter 'then' in WarmUp is 3, expected a schedule or None: e.g. then=CosineDecay(0.01)."

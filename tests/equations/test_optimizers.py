"""Optimizers against peers: 100 steps on a real small problem, each beside the library whose variant it is."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import fmin_l_bfgs_b
from sklearn.datasets import load_iris
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

import pellucid as pl
from pellucid.equations.optimizers import CATALOGUE, optimizer

STEPS = 100
TOLERANCE = 1e-9
SIZES = [4, 6, 3]
L2 = 0.3
RULES = {
    "gradient_descent": pl.GradientDescent(0.01),
    "momentum": pl.Momentum(0.01, momentum=0.9),
    "nesterov": pl.Nesterov(0.01, momentum=0.9),
    "adagrad": pl.AdaGrad(0.01, initial=0.1, epsilon=1e-2),
    "rmsprop": pl.RMSprop(0.01, rho=0.9, epsilon=1e-3),
    "adam": pl.Adam(0.01, beta_1=0.9, beta_2=0.99, epsilon=1e-3),
    "adamw": pl.AdamW(0.01, beta_1=0.9, beta_2=0.99, epsilon=1e-3, weight_decay=0.05),
}
"""epsilons so large that it matters where they stand"""

X, CLASSES = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)


def network():
    return pl.Network(SIZES, activations=["tanh", "softmax"], loss="cross_entropy", l2=L2, seed=5)


def cost(theta):
    """J of the same network, written again for JAX to differentiate."""
    W1, W2 = theta[:24].reshape(4, 6), theta[24:42].reshape(6, 3)
    scores = jnp.tanh(X @ W1 + theta[42:48]) @ W2 + theta[48:]
    log_p = scores - jax.scipy.special.logsumexp(scores, axis=1, keepdims=True)
    return (-log_p[jnp.arange(len(X)), CLASSES].sum() + L2 / 2 * (theta[:42] @ theta[:42])) / len(X)


differentiate = jax.jit(jax.value_and_grad(cost))


def gradient(theta):
    return np.asarray(differentiate(theta)[1])


def pellucid_steps(rule, learning_rates=None, scale=1.0):
    """100 steps of ours, with the network's own backward propagation; ``scale`` plants an error in the gradient."""
    net = network()
    state = rule.init(net.vector)
    for t in range(STEPS):
        g = np.concatenate([net.gradients(X, CLASSES)[name].ravel() for name in ("dW1", "dW2", "db1", "db2")])
        alpha = rule.learning_rate if learning_rates is None else learning_rates[t]
        net.vector[...], state = rule.update(net.vector, scale * g, state, alpha, t + 1)
    return net.vector


def optax_steps(peer):
    theta = jnp.asarray(network().vector)
    state = peer.init(theta)
    step = jax.jit(lambda theta, state, g: peer.update(g, state, theta))
    for _ in range(STEPS):
        moves, state = step(theta, state, differentiate(theta)[1])
        theta = optax.apply_updates(theta, moves)
    return np.asarray(theta)


def sklearn_steps(make, before_step=lambda peer, t: None):
    theta = network().vector.copy()
    peer = make([theta])
    for t in range(STEPS):
        before_step(peer, t)
        peer.update_params([theta], [gradient(theta)])
    return theta


def optax_peer(name):
    rule = RULES[name]
    peer = {
        "gradient_descent": lambda: optax.sgd(rule.learning_rate),
        "momentum": lambda: optax.sgd(rule.learning_rate, momentum=rule.momentum),
        "nesterov": lambda: optax.sgd(rule.learning_rate, momentum=rule.momentum, nesterov=True),
        "adagrad": lambda: optax.adagrad(rule.learning_rate, initial_accumulator_value=rule.initial, eps=rule.epsilon),
        "rmsprop": lambda: optax.rmsprop(rule.learning_rate, decay=rule.rho, eps=rule.epsilon, eps_in_sqrt=False),
        "adam": lambda: optax.adam(rule.learning_rate, rule.beta_1, rule.beta_2, eps=rule.epsilon),
        "adamw": lambda: optax.adamw(rule.learning_rate, rule.beta_1, rule.beta_2, eps=rule.epsilon, weight_decay=rule.weight_decay),
    }
    return peer[name]()


@pytest.fixture(scope="module")
def by_optax():
    """Where optax arrives, computed once for each name."""
    found = {}

    def look_up(name):
        if name not in found:
            found[name] = optax_steps(optax_peer(name))
        return found[name]

    return look_up


def gap(found, expected):
    """The largest difference relative to the largest entry."""
    return abs(found - expected).max() / abs(expected).max()


def test_every_optimizer_of_the_catalogue_is_compared_here():
    assert set(RULES) == set(CATALOGUE)


@pytest.mark.parametrize("name", RULES)
def test_100_steps_agree_with_optax(name, by_optax):
    """Peer: optax, sgd (momentum, nesterov), adagrad, rmsprop with eps_in_sqrt=False, adam, adamw."""
    moved = pellucid_steps(RULES[name])
    assert gap(moved, by_optax(name)) < TOLERANCE
    assert gap(moved, network().vector) > 0.01


@pytest.mark.parametrize("name", RULES)
def test_the_usual_settings_agree_with_optax_too(name, monkeypatch):
    """Peer: optax, with our default settings at a learning rate of 0.001."""
    monkeypatch.setitem(RULES, name, CATALOGUE[name](learning_rate=0.001))
    assert gap(pellucid_steps(RULES[name]), optax_steps(optax_peer(name))) < TOLERANCE


@pytest.mark.parametrize(
    ("name", "setting"),
    [(name, field.name) for name, rule in RULES.items() for field in fields(rule)],
)
def test_a_setting_that_is_off_by_a_thousandth_is_found_by_the_comparison(name, setting, by_optax):
    planted = replace(RULES[name], **{setting: 1.001 * getattr(RULES[name], setting)})
    assert gap(pellucid_steps(planted), by_optax(name)) > 100 * TOLERANCE


@pytest.mark.parametrize("name", RULES)
def test_a_gradient_that_is_off_by_a_thousandth_is_found_by_the_comparison(name, by_optax):
    assert gap(pellucid_steps(RULES[name], scale=1.001), by_optax(name)) > 100 * TOLERANCE


@pytest.mark.parametrize("name", ["momentum", "nesterov"])
def test_momentum_agrees_with_scikit_learn_also_when_the_learning_rate_moves(name):
    """Peer: SGDOptimizer of scikit-learn, which too has alpha inside v; optax has it outside and so differs here."""
    rates = 0.01 / np.sqrt(np.arange(1, STEPS + 1))

    def follow(peer, t):
        peer.learning_rate = rates[t]

    def sgd(parameters):
        return SGDOptimizer(parameters, 0.01, momentum=0.9, nesterov=name == "nesterov")

    moved = pellucid_steps(RULES[name], rates)
    assert gap(moved, sklearn_steps(sgd, follow)) < TOLERANCE
    outside = optax.sgd(lambda t: 0.01 / jnp.sqrt(t + 1.0), momentum=0.9, nesterov=name == "nesterov")
    assert gap(moved, optax_steps(outside)) > 100 * TOLERANCE


def test_adam_agrees_with_scikit_learn_when_its_epsilon_is_mapped():
    """Peer: AdamOptimizer of scikit-learn; its epsilon stands inside the correction, so ours is its times sqrt(1 - beta_2^t)."""
    rule = RULES["adam"]

    def adam(parameters):
        return AdamOptimizer(parameters, rule.learning_rate, rule.beta_1, rule.beta_2, rule.epsilon)

    def map_epsilon(peer, t):
        peer.epsilon = rule.epsilon * np.sqrt(1 - rule.beta_2 ** (t + 1))

    assert gap(pellucid_steps(rule), sklearn_steps(adam, map_epsilon)) < TOLERANCE
    assert gap(pellucid_steps(rule), sklearn_steps(adam)) > 100 * TOLERANCE


@pytest.mark.parametrize("name", RULES)
def test_fit_takes_the_same_100_steps(name, by_optax):
    """Counting steps, states and learning rates is the training loop's: the whole way through fit, beside optax."""
    net = network()
    net.fit(X, CLASSES, optimizer=RULES[name], epochs=STEPS, progress=False)
    assert gap(net.vector, by_optax(name)) < TOLERANCE


def scipy_iterations(scale=1.0):
    """Of SciPy's L-BFGS; ``scale`` plants an error in the gradient of W1 (all of it scaled alike would give the same path)."""
    scales = np.ones(network().n_parameters)
    scales[:24] = scale

    def value_and_gradient(theta):
        value, found = differentiate(theta)
        return float(value), scales * np.asarray(found)

    return fmin_l_bfgs_b(value_and_gradient, network().vector.copy(), m=10, factr=0, pgtol=1e-8, maxiter=10, maxls=20)[0]


def test_10_iterations_of_lbfgs_agree_with_scipy_on_the_cost_that_jax_differentiates():
    """Peer: scipy.optimize.fmin_l_bfgs_b with jax.value_and_grad."""
    net = network()
    history = net.fit(X, CLASSES, optimizer=pl.LBFGS(), epochs=10, progress=False)
    assert history.n_epochs == 10
    assert gap(net.vector, scipy_iterations()) < TOLERANCE
    assert gap(net.vector, scipy_iterations(scale=1.001)) > 100 * TOLERANCE


@pytest.mark.parametrize("name", RULES)
def test_a_step_leaves_what_it_was_given_alone_and_keeps_the_dtype(name):
    rule, theta, g = RULES[name], np.ones(3, np.float32), np.array([1, -2, 0], np.float32)
    state = rule.init(theta)
    moved, later = rule.update(theta, g, state, 0.01, 1)
    assert (theta == 1).all()
    assert all((part == fresh).all() for part, fresh in zip(state, rule.init(theta), strict=True))
    assert {part.dtype for part in (moved, *later)} == {np.dtype("float32")}
    assert moved[0] < 1 < moved[1]
    assert (moved[2] == 1) or name == "adamw"


@pytest.mark.parametrize("rule", [*RULES.values(), pl.LBFGS()], ids=lambda rule: type(rule).__name__)
def test_the_docstring_says_whose_variant_it_is(rule):
    peers = {"GradientDescent": "the same everywhere", "Momentum": "as scikit-learn's", "Nesterov": "of scikit-learn", "LBFGS": "by SciPy"}
    assert peers.get(type(rule).__name__, "optax") in " ".join(type(rule).__doc__.split())


def test_a_name_gives_the_usual_settings_and_takes_a_learning_rate():
    assert optimizer("nesterov") == pl.Nesterov(0.01, 0.9)
    assert optimizer("adam", 0.02) == pl.Adam(0.02)
    assert optimizer("lbfgs") == pl.LBFGS()
    assert optimizer(RULES["adam"]) is RULES["adam"]


@pytest.mark.parametrize(
    ("wrong", "right"), [("adm", "adam"), ("RMSProp", "rmsprop"), ("gradient descent", "gradient_descent"), ("LBFGS", "lbfgs")]
)
def test_an_unknown_name_is_refused_with_the_nearest_one(wrong, right):
    known = "gradient_descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, lbfgs"
    with pytest.raises(pl.UnknownNameError) as caught:
        optimizer(wrong)
    assert str(caught.value) == f"Unknown optimizer {wrong!r}: did you mean {right!r}? Known are {known}."


def test_values_of_a_wrong_type_are_refused_in_the_same_words():
    """In a process of its own, since here the types are checked before our sentences are built."""
    asked = {
        "optimizer(['adam'])": "Unknown optimizer ['adam']: did you mean 'adam'? Known are gradient_descent, ",
        "optimizer(None)": "Unknown optimizer None: Known are gradient_descent, ",
        "Momentum(momentum='0.9')": "The parameter 'momentum' in Momentum is '0.9', expected a number in [0, 1]: ",
        "Momentum(momentum=np.float32(1.5))": "The parameter 'momentum' in Momentum is np.float32(1.5), expected a number in [0, 1]: ",
        "Adam(beta_1=None)": "The parameter 'beta_1' in Adam is None, expected a number in [0, 1): ",
        "Adam(learning_rate='fast')": "The parameter 'learning_rate' in ConstantRate is 'fast', expected a finite number ",
        "Adam(learning_rate=None)": "The parameter 'learning_rate' in ConstantRate is None, expected a finite number ",
        "LBFGS(memory=2.5)": "The parameter 'memory' in LBFGS is 2.5, expected a whole number of at least 1: ",
        "LBFGS(tolerance='small')": "The parameter 'tolerance' in LBFGS is 'small', expected a finite number that is not negative: ",
    }
    script = f"""
import numpy as np
from pellucid import InputError
from pellucid.equations.optimizers import *
for text in {list(asked)!r}:
    try:
        print(eval(text))
    except InputError as error:
        print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    for answer, start in zip(done.stdout.splitlines(), asked.values(), strict=True):
        assert answer.startswith(start)


@pytest.mark.parametrize(
    ("rule", "setting", "value"),
    [
        (pl.Momentum, "momentum", 1.0000001),
        (pl.Nesterov, "momentum", 1.5),
        (pl.Adam, "beta_1", 1),
        (pl.AdamW, "beta_2", -0.1),
        (pl.RMSprop, "rho", float("nan")),
    ],
)
def test_a_decay_outside_0_to_1_is_refused(rule, setting, value):
    default = next(field.default for field in fields(rule) if field.name == setting)
    expected = "a number in [0, 1]" if setting == "momentum" else "a number in [0, 1)"
    sentence = f"The parameter {setting!r} in {rule.__name__} is {value!r}, expected {expected}: leave it out for the default {default}."
    with pytest.raises(pl.InputError) as caught:
        rule(**{setting: value})
    assert str(caught.value) == sentence


@pytest.mark.parametrize("rule", [pl.Momentum, pl.Nesterov])
def test_a_momentum_of_one_forgets_nothing(rule):
    made = rule(0.1, momentum=1)
    theta, g = np.zeros(2), np.array([1.0, -2.0])
    state = made.init(theta)
    for step in range(3):
        theta, state = made.update(theta, g, state, alpha=0.1, t=step + 1)
    np.testing.assert_allclose(state[0], -0.3 * g)


@pytest.mark.parametrize(
    ("rule", "setting", "value"),
    [
        (pl.Adam, "epsilon", -1e-8),
        (pl.AdamW, "weight_decay", float("inf")),
        (pl.AdaGrad, "initial", -1),
        (pl.RMSprop, "epsilon", float("nan")),
    ],
)
def test_a_negative_or_infinite_setting_is_refused(rule, setting, value):
    with pytest.raises(pl.InputError) as caught:
        rule(**{setting: value})
    assert str(caught.value).startswith(
        f"The parameter {setting!r} in {rule.__name__} is {value}, expected a finite number that is not negative: "
    )


@pytest.mark.parametrize("rule", CATALOGUE.values())
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_a_learning_rate_that_is_no_positive_number_is_refused(rule, value):
    with pytest.raises(pl.InputError) as caught:
        rule(learning_rate=value)
    assert str(caught.value).startswith(
        f"The parameter 'learning_rate' in ConstantRate is {value!r}, expected a finite number that is not negative: "
    )


def test_a_learning_rate_of_zero_is_refused():
    with pytest.raises(pl.InputError) as caught:
        pl.Adam(learning_rate=0)
    assert str(caught.value) == "The learning rate in ConstantRate is 0.0, expected a positive number: choose e.g. 0.01."


@pytest.mark.parametrize(("setting", "value"), [("memory", 0), ("evaluations", 0), ("evaluations", True)])
def test_lbfgs_refuses_counts_below_1(setting, value):
    with pytest.raises(pl.InputError) as caught:
        pl.LBFGS(**{setting: value})
    default = {"memory": 10, "evaluations": 20}[setting]
    expected = "a whole number of at least 1"
    assert (
        str(caught.value)
        == f"The parameter {setting!r} in LBFGS is {value!r}, expected {expected}: leave it out for the default {default}."
    )


@pytest.mark.parametrize(("setting", "value"), [("tolerance", -1e-3), ("relative_decrease", float("nan"))])
def test_lbfgs_refuses_negative_tolerances(setting, value):
    with pytest.raises(pl.InputError) as caught:
        pl.LBFGS(**{setting: value})
    assert str(caught.value).startswith(f"The parameter {setting!r} in LBFGS is {value!r}, expected a finite number that is not negative: ")


# ---------------------------------------------------------------------------------------------------- states that steps can lead to


@given(
    seed=st.integers(0, 2**32 - 1),
    exponent=st.integers(-60, 60),
    single=st.booleans(),
    steps=st.integers(1, 40),
    beta_1=st.sampled_from([0.0, 0.5, 0.9, 0.999]),
    beta_2=st.sampled_from([0.1, 0.9, 0.999, 0.99999]),
    name=st.sampled_from(sorted(CATALOGUE)),
)
@settings(max_examples=150, deadline=None)
def test_every_state_that_steps_lead_to_is_known_as_one(seed, exponent, single, steps, beta_1, beta_2, name):
    rule = CATALOGUE[name]()
    if isinstance(rule, pl.Adam):
        rule = replace(rule, beta_1=beta_1, beta_2=beta_2)
    dtype = np.float32 if single else np.float64
    rng = np.random.default_rng(seed)
    theta, sizes = np.zeros(5, dtype), (10.0 ** (exponent / (4 if single else 1))) * 10.0 ** rng.integers(-2, 3, (steps, 5))
    state = rule.init(theta)
    assert rule.can_reach(state)
    for t in range(1, steps + 1):
        g = (rng.normal(size=5) * sizes[t - 1] * (rng.random(5) < 0.7)).astype(dtype)
        _, state = rule.update(theta, g, state, 0.01, t)
    assert rule.can_reach(state)


@pytest.mark.parametrize(
    ("rule", "part", "value"),
    [
        *[(pl.Adam(), part, value) for part in (0, 1) for value in (np.nan, -np.inf)],
        (pl.Adam(), 0, 1e300),
        (pl.Adam(), 0, 100.0),
        (pl.AdamW(), 1, -1e-30),
        (pl.AdaGrad(), 0, 0.05),
        (pl.AdaGrad(), 0, np.nan),
        (pl.RMSprop(), 0, -1.0),
        (pl.Momentum(), 0, np.inf),
        (pl.Nesterov(), 0, np.nan),
    ],
)
def test_states_that_no_steps_lead_to(rule, part, value):
    theta = np.zeros(5)
    _, state = rule.update(theta, np.ones(5), rule.init(theta), 0.01, 1)
    assert rule.can_reach(state)
    state[part][3] = value
    assert not rule.can_reach(state)

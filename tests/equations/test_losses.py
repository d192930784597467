"""Losses: against mpmath at extremes, fused forms against the chain rule, domains that fit and that do not."""

from __future__ import annotations

import dataclasses
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from oracles import AVERAGED, PLAIN, assert_equal, parsed, value_and_gradients
from pellucid.equations import losses
from pellucid.equations.activations import activation
from pellucid.equations.losses import CATALOGUE, FUSED, Objective, loss
from pellucid.errors import InputError, UnknownNameError

SPECS = [*CATALOGUE, "huber(delta=0.3)"]
WORDS = {"log": mpmath.log, "max": max, "min": min, "abs": abs, "sign": mpmath.sign, "__builtins__": {}}


def one(spec):
    """A y_hat and y of the loss's domain."""
    name = spec.partition("(")[0]
    y_hat = {"log_loss": [0.2, 0.9], "cross_entropy": [0.3, 0.7], "poisson": [0.4, 3.0]}.get(name, [-0.4, 1.7])
    y = {"log_loss": [0.0, 0.6], "cross_entropy": [0.25, 0.75], "poisson": [2.0, 1.0]}.get(name, [0.3, 1.5])
    return np.array([y_hat]), np.array([y])


@pytest.mark.parametrize("spec", SPECS)
def test_the_printed_formula_and_its_derivative_are_what_is_computed(spec):
    compare_with_the_printed_formulas(loss(spec), spec)


def compare_with_the_printed_formulas(record, spec):
    y_hat, y = one(spec)
    for k in range(2):
        with mpmath.workdps(60):
            at = {"y": mpmath.mpf(float(y[0, k]))}
            if at["y"] == 0 and spec == "poisson":
                continue
            p = mpmath.mpf(float(y_hat[0, k]))

            def value(p, at=at):
                return eval(record.formula, WORDS | at | {"y_hat": p})

            slope = eval(record.derivative_formula, WORDS | at | {"y_hat": p})
            h = mpmath.mpf(10) ** -20
            assert abs((value(p + h) - value(p - h)) / (2 * h) - slope) < 1e-15
            assert record.contribution(y_hat, y)[0, k] == pytest.approx(float(value(p)), rel=1e-14)
            assert record.slope(y_hat, y)[0, k] == pytest.approx(float(slope), rel=1e-14)


@pytest.mark.parametrize("spec", SPECS)
def test_value_averages_or_sums_over_outputs_as_stated(spec):
    record, (y_hat, y) = loss(spec), one(spec)
    oracle, name = parsed(spec, PLAIN)
    each = np.asarray(oracle(y_hat, y))
    right = each.mean(axis=1) if name in AVERAGED else each.sum(axis=1)
    assert record.averages == (name in AVERAGED)
    np.testing.assert_allclose(record.value(y_hat, y), right, rtol=1e-14)
    np.testing.assert_allclose(record.derivative(y_hat, y), record.slope(y_hat, y) / (2 if record.averages else 1), rtol=1e-15)


def test_identity_output_gives_the_errors_of_the_textbook():
    y_hat, y = np.array([[1.0, 2.0, 4.0]]), np.array([[0.5, 2.5, 1.0]])
    np.testing.assert_allclose(loss("mse").derivative(y_hat, y), 2 * (y_hat - y) / 3)
    np.testing.assert_allclose(loss("half_mse").derivative(y_hat, y), (y_hat - y) / 3)


def test_the_derivative_of_the_absolute_error_at_zero_is_zero():
    assert loss("mae").slope(np.array([[2.0]]), np.array([[2.0]]))[0, 0] == 0


SCORES = [(-700, 0), (-100, 20), (-37, -3), (-15, 0), (0, 0), (1, -3), (15, 20), (37, 0), (80, 0), (100, -3), (700, 1)]
SCORES += [(1e4, 0), (-1e4, 0), (-1e4, -1e4), (1e4, -1e4)]


def exact_pair(output, spec, z, y):
    """l and dz of one sample from the definitions, in many digits."""
    z, y = [mpmath.mpf(float(v)) for v in z], [mpmath.mpf(float(v)) for v in y]
    if output == "softmax":
        e = [mpmath.exp(v) for v in z]
        a = [v / sum(e) for v in e]
        rest = [(sum(e) - v) / sum(e) for v in e]
    elif output == "sigmoid":
        a, rest = [1 / (1 + mpmath.exp(-v)) for v in z], [1 / (1 + mpmath.exp(v)) for v in z]
    else:
        a = [mpmath.exp(v) if output == "exp" else mpmath.log1p(mpmath.exp(v)) for v in z]
        rest = [1 - v for v in a]

    def term(weight, inside):
        return mpmath.mpf(0) if weight == 0 else weight * mpmath.log(inside)

    pairs = list(zip(a, rest, y, strict=True))
    if spec == "log_loss":
        value = -sum(term(t, p) + term(1 - t, r) for p, r, t in pairs)
        da = [(0 if t == 0 else -t / p) + (0 if t == 1 else (1 - t) / r) for p, r, t in pairs]
    elif spec == "cross_entropy":
        value, da = -sum(term(t, p) for p, _, t in pairs), [0 if t == 0 else -t / p for p, _, t in pairs]
    else:
        value = sum(p - t + term(t, t) - term(t, p) for p, _, t in pairs) / len(z)
        da = [(1 - t / p) / len(z) for p, _, t in pairs]
    if output == "softmax":
        inner = sum(p * d for p, d in zip(a, da, strict=True))
        dz = [p * (d - inner) for p, d in zip(a, da, strict=True)]
    elif output == "sigmoid":
        dz = [d * p * r for d, p, r in zip(da, a, rest, strict=True)]
    elif output == "exp":
        dz = [d * p for d, p in zip(da, a, strict=True)]
    else:
        dz = [d / (1 + mpmath.exp(-v)) for d, v in zip(da, z, strict=True)]
    return value, dz


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("output", "spec"), list(FUSED))
def test_cost_and_error_are_exact_at_scores_of_any_size(output, spec, dtype):
    """No NaN, no infinity, no warning, and the right value, where the factors of the chain rule overflow."""
    compare_at_any_size(output, spec, dtype)


def compare_at_any_size(output, spec, dtype):
    eps = float(np.finfo(dtype).eps)
    objective = Objective(activation(output), loss(spec))
    limit = {("exp", "float64"): 700, ("exp", "float32"): 80}.get((output, dtype), 1e4)
    for target in ([1.0, 0.0], [0.0, 1.0], [0.25, 0.75]):
        for first, second in SCORES:
            if max(abs(first), abs(second)) > limit:
                continue
            z, y = np.array([[first, second]], dtype=dtype), np.array([target], dtype=dtype)
            with np.errstate(all="raise", under="ignore"):
                a = activation(output).forward(z)
                lost, dz = objective.value(z, a, y), objective.backward(z, a, y)
            assert lost.dtype == dz.dtype == z.dtype
            with mpmath.workdps(40 + int(abs(first) + abs(second)) // 2):
                value, right = exact_pair(output, spec, z[0], y[0])
            scale = max(1.0, abs(float(value)), float(abs(first) + abs(second)))
            if output == "exp":
                scale = max(scale, math.exp(max(first, second))) * max(1.0, abs(first), abs(second))
            assert abs(float(lost[0]) - float(value)) <= 30 * eps * scale
            size = max(1.0, *(abs(float(v)) for v in right))
            assert max(abs(float(dz[0, k]) - float(right[k])) for k in range(2)) <= 30 * eps * size * max(1.0, math.log(scale))


@settings(max_examples=60)
@given(pair=st.sampled_from(list(FUSED)), seed=st.integers(0, 2**32 - 1), n=st.integers(2, 5))
def test_fused_forms_equal_the_chain_rule_where_both_are_finite(pair, seed, n):
    """For |z| <= 15, with da_L and the Jacobian of the output taken one after the other."""
    compare_with_the_chain_rule(pair, seed, n)


def compare_with_the_chain_rule(pair, seed, n):
    output, record = activation(pair[0]), loss(pair[1])
    rng = np.random.default_rng(seed)
    z = rng.uniform(-15, 15, size=(4, n)) * rng.choice([0.1, 1.0])
    y = rng.dirichlet(np.ones(n), size=4) if pair[1] == "cross_entropy" else rng.random((4, n))
    a, objective = output.forward(z), Objective(output, record)
    general = output.backward(record.derivative(a, y), z, a)
    scale = np.abs(record.derivative(a, y)).max() * np.abs(a).max()  # what cancels in the general form
    np.testing.assert_allclose(objective.backward(z, a, y), general, rtol=0, atol=1e-9 * np.abs(general).max() + 1e-15 * scale)
    lost = 8 * np.finfo(float).eps * n / min(1.0, a.min(), (1 - a).min() if (1 - a).min() > 0 else 1.0)  # 1 - a cancels beside 1
    np.testing.assert_allclose(objective.value(z, a, y), record.value(a, y), rtol=1e-8, atol=lost)


@pytest.mark.parametrize("pair", [("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("sigmoid", "cross_entropy"),
                                  ("exp", "poisson"), ("softplus", "poisson")])  # fmt: skip
def test_the_printed_fused_form_is_what_is_computed(pair):
    rng = np.random.default_rng(0)
    z, y = rng.normal(size=(5, 3)), rng.random((5, 3))
    a, fused = activation(pair[0]).forward(z), FUSED[pair]
    words = {"a": a, "y": y, "z": z, "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "sum": lambda x: x.sum(axis=1, keepdims=True)}
    np.testing.assert_allclose(fused.slope(z, a, y), eval(fused.dz_formula, {"__builtins__": {}} | words), rtol=1e-13)


@pytest.mark.parametrize("pair", list(FUSED))
def test_a_planted_error_of_a_thousandth_in_a_fused_form_is_seen(pair, monkeypatch):
    net = pl.Network([3, 4, 2], ["tanh", pair[0]], pair[1], seed=0)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(5, 3)), rng.random((5, 2))
    expected = value_and_gradients(net, X, y)[1]
    assert_equal(net.gradients(X, y, engine="reference"), expected, 1e-10)
    right = FUSED[pair]
    wrong = dataclasses.replace(right, slope=lambda z, a, y: 1.001 * right.slope(z, a, y))
    monkeypatch.setitem(losses.FUSED, pair, wrong)
    with pytest.raises(AssertionError, match="relative to its largest entry"):
        assert_equal(net.gradients(X, y, engine="reference"), expected, 1e-10)
    with pytest.raises(AssertionError):
        compare_at_any_size(*pair, "float64")
    with pytest.raises(AssertionError):
        compare_with_the_chain_rule(pair, seed=0, n=3)


@pytest.mark.parametrize("spec", SPECS)
def test_a_planted_error_of_a_thousandth_in_a_loss_is_seen(spec):
    output = {"log_loss": "softmax", "cross_entropy": "softmax", "poisson": "sigmoid"}.get(spec, "identity")
    record = loss(spec)
    bad = dataclasses.replace(record, slope=lambda y_hat, y: 1.001 * record.slope(y_hat, y), spec=record.spec)
    rng = np.random.default_rng(1)
    X, y = rng.normal(size=(5, 3)), rng.random((5, 2))
    with pytest.raises(AssertionError):
        compare_with_the_printed_formulas(bad, spec)
    monkeyed = dict(FUSED)
    net = pl.Network([3, 4, 2], ["tanh", output], bad, seed=0)
    losses.FUSED.clear()
    try:
        with pytest.raises(AssertionError, match="relative to its largest entry"):
            assert_equal(net.gradients(X, y, engine="reference"), value_and_gradients(net, X, y)[1], 1e-9)
        right = pl.Network([3, 4, 2], ["tanh", output], record, seed=0)
        assert_equal(right.gradients(X, y, engine="reference"), value_and_gradients(right, X, y)[1], 1e-9)
    finally:
        losses.FUSED.update(monkeyed)


@pytest.mark.parametrize(
    ("output", "spec", "told"),
    [
        ("tanh", "log_loss", r"is tanh, with values in \(-1, 1\), expected one with values in \(0, 1\): use sigmoid, or another loss"),
        ("identity", "cross_entropy", "is identity, with values in .*: use softmax, or another loss"),
        ("relu", "poisson", r"is relu, with values in \[0, inf\), expected one with values in \(0, inf\): use exp, or another loss"),
    ],
)
def test_a_loss_whose_domain_the_output_leaves_is_refused(output, spec, told):
    with pytest.raises(InputError, match=rf"The output activation in a network with loss {spec} {told}"):
        pl.Network([2, 1], [output], spec)


@pytest.mark.parametrize("delta", [0, -1, float("inf"), float("nan")])
def test_a_delta_that_is_not_positive_is_refused(delta):
    with pytest.raises(InputError, match=r"Delta in huber is .*, expected a positive number: choose e\.g\. delta=1"):
        loss("huber", delta=delta)


def test_an_unknown_loss_gets_the_nearest_right_one():
    with pytest.raises(UnknownNameError, match=r"Unknown loss 'crossentropy': did you mean 'cross_entropy'\?"):
        loss("crossentropy")


@pytest.mark.parametrize("spec", SPECS)
def test_the_spec_gives_the_record_again(spec):
    assert loss(loss(spec).spec).spec == loss(spec).spec

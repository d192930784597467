"""The fused pairs: each line of the cancellation says the same, and the last one is the record's."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from executable import every_side, largest, worst
from pellucid.equations import losses
from pellucid.equations.activations import activation
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.derive.pairs import ENTRY_BY_ENTRY
from random_networks import targets

z, a, y = Symbol("z"), Symbol("a"), Symbol("y")
RNG = np.random.default_rng(7)


def lines(output, loss, m=3, n=3, form="vectorized"):
    """The steps of dz of the output layer."""
    net = pl.Network([2, n], [output], loss, seed=1)
    sample = (RNG.normal(size=(m, 2)), targets(RNG, loss, m, n))
    derivation = pl.derive(net, sample, form)
    return derivation, [step for step in derivation if step.symbol.startswith(("dz1:", "dz1[1]:", "q1"))]


@pytest.mark.parametrize("form", ["vectorized", "elementwise"])
@pytest.mark.parametrize(("output", "loss"), losses.FUSED)
def test_every_pair_has_its_cancellation_as_steps(output, loss, form):
    _, steps = lines(output, loss, form=form)
    assert steps
    assert all(len(step.sides) >= 2 or "sum to one" in step.rule for step in steps)
    assert not any("cancels" in step.rule for step in lines("identity", "mse", form=form)[0])


@pytest.mark.parametrize(("output", "loss"), losses.FUSED)
def test_all_sides_of_all_lines_are_equal(output, loss):
    for form in ("vectorized", "elementwise"):
        derivation, _ = lines(output, loss, form=form)
        for step, side, far in every_side(derivation):
            assert far <= 1e-12 or far * largest(derivation, step) <= 1e-15, (step.symbol, side)


@pytest.mark.parametrize(("output", "loss"), ENTRY_BY_ENTRY)
def test_the_result_is_the_records(output, loss):
    pair = losses.FUSED[output, loss]
    Z = RNG.normal(size=(4, 3)) * 20
    A = activation(output).forward(Z)
    Y = targets(RNG, loss, 4, 3)
    way = ENTRY_BY_ENTRY[output, loss](pair, z, a, y)
    values = {"z": Z, "a": A, "y": Y}
    np.testing.assert_allclose(evaluate(way.lines[-1].sides[-1], values), pair.slope(Z, A, Y), rtol=1e-13, atol=0)
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(evaluate(way.contribution, values), pair.contribution(Z, Y), rtol=1e-13, atol=1e-15)


def test_sigmoid_and_log_loss_line_by_line():
    derivation, (cancel, multiply_out) = lines("sigmoid", "log_loss", m=1, n=1)
    assert cancel.text == "dz^[1] = (-y/a^[1] + (1 - y)/(1 - a^[1])) a^[1] (1 - a^[1]) = -y (1 - a^[1]) + (1 - y) a^[1]"
    assert multiply_out.text == "dz^[1] = -y (1 - a^[1]) + (1 - y) a^[1] = -y + y a^[1] + a^[1] - y a^[1] = a^[1] - y"
    assert derivation["dz1"].text.endswith("= a^[1] - y")


def test_softmax_and_cross_entropy_through_the_jacobian():
    derivation, (jacobian, total) = lines("softmax", "cross_entropy", m=1)
    assert jacobian.text.endswith("= a^[1] ⊙ (-y/a^[1] + Σ_j yⱼ) = a^[1] ⊙ (Σ_j yⱼ) - y")
    assert total.text == "dz^[1] = a^[1] ⊙ (Σ_j yⱼ) - y = a^[1] - y"
    a = derivation["a1"].value
    np.testing.assert_allclose(derivation["jacobian1"].value, np.diag(a[:, 0]) - a @ a.T, rtol=1e-15)


def test_the_two_cases_of_the_jacobian_unit_by_unit():
    derivation, _ = lines("softmax", "cross_entropy", m=1, form="elementwise")
    a = derivation["a1[2]"].value
    assert derivation["da1[2]/dz1[2]"].text == "∂a₂^[1]/∂z₂^[1] = a₂^[1] (1 - a₂^[1])"
    assert derivation["da1[1]/dz1[2]"].text == "∂a₁^[1]/∂z₂^[1] = -a₁^[1] a₂^[1]"
    assert derivation["da1[1]/dz1[2]"].value == pytest.approx(-a * derivation["a1[1]"].value, rel=1e-15)


@pytest.mark.parametrize("form", ["vectorized", "elementwise"])
def test_targets_that_do_not_sum_to_one_keep_their_sum(form):
    net = pl.Network([2, 3], ["softmax"], "cross_entropy", seed=1)
    derivation = pl.derive(net, ([1.0, -1.0], [0.5, 0.2, 0.0]), form)
    last = derivation["dz1" if form == "vectorized" else "dz1[1]"]
    assert "Σ_j" in last.text.rpartition("=")[2] or "Σ_j=1..3" in last.text
    assert not any("sum to one" in step.rule for step in derivation if step.part == "backward")


def test_without_a_sample_the_targets_are_taken_to_sum_to_one_and_that_is_said():
    derivation = pl.derive(pl.Network([2, 3], ["softmax"], "cross_entropy"))
    assert "sum to one" in derivation["dz1: sum of the targets"].rule
    assert derivation["dz1"].text.endswith("= a^[1] - y")


@pytest.mark.parametrize("form", ["vectorized", "elementwise"])
def test_targets_that_sum_to_one_but_for_rounding(form):
    """Of one class dz is a sum(y) - y = 0, where a - y would be the rounding of y."""
    almost = 1 - 2.0**-53
    one = pl.derive(pl.Network([1, 1], ["softmax"], "cross_entropy"), ([1.0], [almost]), form)
    assert "Σ" in one["dz1" if form == "vectorized" else "dz1[1]"].text
    assert worst(one)[0] == 0.0
    two = pl.derive(pl.Network([1, 2], ["softmax"], "cross_entropy"), ([1.0], [0.3, 0.7 - 2.0**-53]), form)
    assert two["dz1" if form == "vectorized" else "dz1[1]"].text.endswith("- y" if form == "vectorized" else "- y₁")
    assert worst(two)[0] <= 1e-12

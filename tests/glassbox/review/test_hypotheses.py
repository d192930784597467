"""The list of hypotheses: each is the equation that it shows, has a cause on the closed list, and differs from the right line."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import pellucid as pl
from glassbox.review.faults import random_case
from pellucid.equations.activations import activation
from pellucid.equations.losses import CATALOGUE as LOSSES
from pellucid.equations.losses import loss
from pellucid.expressions.evaluate import evaluate
from pellucid.glassbox.review import causes, sums
from pellucid.glassbox.review.hypotheses import right_value, right_variation, variations
from pellucid.glassbox.review.passes import forward_pass
from pellucid.glassbox.review.variation import same
from pellucid.validation import as_masks


def passed(case):
    X = np.asarray(case.X, float)
    masks = as_masks(case.masks, len(X), case.net.architecture, X.dtype)
    return forward_pass(case.net.architecture, case.net.vector, X, np.asarray(case.Y, float), case.s, masks)


def with_names(p):
    """The values, and what else the equations of mistakes speak of: other losses and activations, the number of units."""
    values = dict(p.values)
    values |= {f"{spec}'": (lambda a, y, spec=spec: loss(spec).derivative(a.T, y.T).T) for spec in LOSSES}
    for spec in {"sigmoid", "tanh", "relu"} | {record.spec for record in p.architecture.activations} - {"softmax"}:
        record = activation(spec)
        values[f"{spec}'"] = lambda z, record=record: record.derivative(z, record.forward(z))
    return values | {f"n_{layer}": size for layer, size in enumerate(p.architecture.sizes)}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_every_variation_is_the_equation_that_it_shows(seed, square):
    p = passed(random_case(np.random.default_rng(seed), square=square))
    assume(all(np.isfinite(p.values[name]).all() for name in p.names()))
    values, seen = with_names(p), 0
    with np.errstate(all="ignore"):
        for name in p.names():
            for variation in variations(p, name, target=p.values[name]):
                assert set(variation.causes) <= set(causes.CAUSES)
                found = np.broadcast_to(evaluate(variation.tree, values), variation.value.shape)
                size = np.abs(variation.value).max()
                assert np.abs(found - variation.value).max() <= 1e-9 * size + 1e-13, variation.line("columns")
                seen += 1
    assert seen


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_variation_is_the_right_line(seed):
    p = passed(random_case(np.random.default_rng(seed)))
    with np.errstate(all="ignore"):
        for name in p.names():
            right = right_value(p, name, None)
            for variation in variations(p, name, target=p.values[name]):
                assert variation.causes
                assert variation.value.shape != right.shape or not same(variation.value, right)


def test_a_variation_starts_from_what_was_computed_before():
    net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    p = forward_pass(net.architecture, net.vector, np.eye(2), np.ones((2, 1)))
    one, two = (
        next(v for v in variations(p, "dz1", factor * p.values["da1"]) if v.causes == ("activation derivative missing",))
        for factor in (1, 2)
    )
    assert np.array_equal(two.value, 2 * one.value)
    assert np.array_equal(right_variation(p, "dW1", 2 * p.values["dz1"]).value, 2 * p.values["dW1"])


def test_only_the_causes_that_are_said_to_be_made_in_sums_are():
    """The search leaves the sums alone where no mistake of theirs can be cheap."""
    rng, made = np.random.default_rng(0), set()
    for _ in range(60):
        p = passed(random_case(rng, square=True))
        for name in p.names():
            if name[:2] in ("dW", "db"):
                one = p.values["dz" + name[2:]][:, :1]
                target = one @ p.values[f"a{int(name[2:]) - 1}"][:, :1].T if name[1] == "W" else one
                made |= {cause for v in variations(p, name, target=target) for cause in v.causes}
    assert made == sums.MADE_HERE


@pytest.mark.parametrize("name", causes.CAUSES)
def test_every_cause_is_explained_in_plain_words(name):
    told = causes.cause(name)
    assert told.explanation
    assert not told.explanation.endswith(".")
    assert told.cost >= 0.9


def test_any_factor_is_a_cause():
    assert causes.cause("factor 3.25").explanation == "every entry is 3.25 times the right one"

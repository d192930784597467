"""How much of what is planted is recognised; `faults.py`, run as a program, measures the same on many more cases."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassbox.review import faults
from pellucid.glassbox.review.causes import CAUSES


@pytest.mark.parametrize("kind", faults.CAUSE)
def test_single_mistakes_are_named_where_they_were_made(kind):
    count = faults.single_mistakes(kind, 2, np.random.default_rng(7))
    assert count["cases"] == 2, "such a mistake can be planted"
    assert (count["named"], count["placed"]) == (2, 2)


def test_of_pairs_of_mistakes_both_are_named_in_four_of_five():
    count = faults.pairs(25, np.random.default_rng(7))
    assert count["cases"] == 25
    assert count["both"] >= 0.8 * 25
    assert count["one"] >= 0.9 * 25


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_right_gradient_is_called_wrong(seed):
    assert not [repr(review) for _, _, review in faults.called_wrong([0], seed)]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_no_gradient_that_is_off_is_called_correct(seed):
    assert not list(faults.called_correct([0], seed))


def test_what_is_planted_is_on_the_list_of_causes():
    spelled = {cause.format(detail="2") for cause in faults.CAUSE.values()} - {"counted twice"}
    assert spelled <= set(CAUSES)


def test_a_planted_mistake_can_be_seen():
    """A comparison that cannot fail would prove nothing: where nothing is planted, nothing is named."""
    for seed in range(20):
        case, claimed = faults.correct(np.random.default_rng([3, seed]))
        if all(np.isfinite(value).all() for value in claimed.values()):
            review = case.review(claimed)
            assert not any(faults.named(review, (kind, "dW1", 2.0)) for kind in faults.CAUSE)

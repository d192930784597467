"""scikit-learn's own checks of estimators: ours pass all of them, but for those that it also skips for its own, in the same environment."""

from __future__ import annotations

import unittest
from functools import partial

import pytest
from sklearn import neural_network
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import pellucid as pl


def skipped_for(estimator, names):
    """Which of the checks with these names scikit-learn skips for an estimator; it tells by raising SkipTest."""
    found = set()
    for made, check in estimator_checks_generator(estimator):
        name = (check.func if isinstance(check, partial) else check).__name__
        if name in names:
            try:
                check(made)
            except unittest.SkipTest:
                found.add(name)
    return found


@pytest.mark.filterwarnings("ignore")  # what the checks themselves provoke on data of a few samples
@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_scikit_learns_own_checks(name):
    records = check_estimator(getattr(pl, name)(max_iter=100), on_skip=None, on_fail=None)
    by_status = {record["status"]: [] for record in records}
    for record in records:
        by_status[record["status"]].append((record["check_name"], repr(record["exception"])))
    assert set(by_status) <= {"passed", "skipped"}, {status: told for status, told in by_status.items() if status != "passed"}
    assert not any(record["expected_to_fail"] for record in records)
    assert len(by_status["passed"]) >= 55
    skipped = {check for check, _ in by_status.get("skipped", ())}
    assert skipped == skipped_for(getattr(neural_network, name)(max_iter=100), skipped)


def test_a_check_that_only_ours_would_skip_is_seen():
    """One that scikit-learn runs on its own is not among those that it skips."""
    names = {"check_array_api_input", "check_estimators_unfitted"}
    assert skipped_for(neural_network.MLPRegressor(max_iter=10), names) <= {"check_array_api_input"}

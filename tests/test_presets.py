"""Models for tables in one call: missing values, categories and dates as they come, arrays and frames, and better than the defaults."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPRegressor

import pellucid as pl
from pellucid.errors import InputError, TableError

QUICK = {"max_iter": 15}


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 80, 200).astype(float),
            "job": rng.choice(["cook", "judge", None], 200),
            "since": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, 200), unit="D"),
            "sure": rng.random(200) > 0.5,
        }
    )
    frame.loc[::7, "age"] = np.nan
    return frame, np.where((frame["job"] == "judge") | (frame["age"] > 60), "well", "badly")


def test_a_table_as_it_is(people):
    X, y = people
    model = pl.tabular_classifier(2).fit(X, y)
    assert model.score(X, y) > 0.9
    shares = model.predict_proba(X.iloc[:5])
    assert shares.shape == (5, 2)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert list(model.classes_) == ["badly", "well"]
    strange = X.iloc[:3].assign(job="astronaut", age=np.nan)
    assert set(model.predict(strange)) <= {"badly", "well"}


def test_an_array_with_missing_values():
    X, y = load_wine(return_X_y=True)
    X[np.random.default_rng(0).random(X.shape) < 0.1] = np.nan
    assert pl.tabular_classifier(2, **QUICK).fit(X, y).score(X, y) > 0.9


def test_the_members_are_averaged_and_differ():
    X, y = load_wine(return_X_y=True)
    model = pl.tabular_classifier(3, **QUICK).fit(X, y)
    members = [member.predict_proba(model[0].transform(X)) for member in model[1].estimators_]
    np.testing.assert_allclose(np.mean(members, axis=0), model.predict_proba(X))
    assert np.abs(members[0] - members[1]).max() > 1e-3
    again = clone(model).fit(X, y)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_numbers_beat_scikit_learns_defaults():
    X, y = load_diabetes(return_X_y=True)
    ours = cross_val_score(pl.tabular_regressor(2, **QUICK), X, y, cv=3)
    with pytest.warns(ConvergenceWarning):
        theirs = cross_val_score(MLPRegressor(random_state=0, max_iter=50), X, y, cv=3)
    assert ours.mean() > 0.35 > theirs.mean()


def test_settings_are_handed_on():
    model = pl.tabular_classifier(1, hidden_layer_sizes=(3,), activation="tanh", random_state=7)
    member = model[1].estimators[0][1]
    assert (member.hidden_layer_sizes, member.activation, member.random_state) == ((3,), "tanh", 7)


@pytest.mark.parametrize("n_members", [0, 1.5, "five", True])
@pytest.mark.parametrize("make", [pl.tabular_classifier, pl.tabular_regressor])
def test_impossible_numbers_of_members(make, n_members):
    with pytest.raises(InputError, match="N_members"):
        make(n_members)


def test_a_column_that_is_missing_is_named(people):
    X, y = people
    model = pl.tabular_classifier(1, **QUICK).fit(X, y)
    with pytest.raises(TableError, match="without 'age'"):
        model.predict(X.drop(columns="age"))


def test_rows_that_are_none():
    with pytest.raises(pl.ShapeError) as told:
        pl.tabular_classifier(2).fit(np.arange(8.0), [0, 1] * 4)
    assert str(told.value) == (
        "The shape of X in Preparation is (8,), expected (m, n): one row for each sample, one column for each input."
    )

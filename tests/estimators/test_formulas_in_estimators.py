"""Formulas for the estimators: activation= and loss=, cloned, pickled and searched as any other parameter."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import scale

import pellucid as pl

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_a_regressor_takes_a_formula_for_its_activation_and_its_loss():
    X, y = map(scale, load_diabetes(return_X_y=True))
    model = pl.MLPRegressor(
        hidden_layer_sizes=12,
        activation="x * sigmoid(2*x)",
        loss="log(cosh(y_hat - y))",
        max_iter=150,
        learning_rate_init=0.01,
        random_state=0,
    ).fit(X, y)
    assert model.score(X, y) > 0.4
    assert model.network_.architecture.loss.spec == "log(cosh(y_hat - y))"
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()


def test_a_classifier_takes_one_for_each_hidden_layer():
    X, y = load_iris(return_X_y=True)
    model = pl.MLPClassifier((8, 6), ["max(0, x)", "tanh(x) + 0.1*x"], max_iter=200, learning_rate_init=0.02, random_state=0).fit(
        scale(X), y
    )
    assert model.score(scale(X), y) > 0.95


def test_a_search_over_formulas():
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        pl.MLPClassifier(6, max_iter=60, learning_rate_init=0.05, random_state=0),
        {"activation": ["relu", "x * sigmoid(x)", "sin(x)"]},
        cv=2,
    ).fit(scale(X), y)
    assert search.best_score_ > 0.9


def test_a_formula_that_is_refused_is_refused_in_one_sentence():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(pl.InputError, match="not finite: it cannot be shown to be at x = 0"):
        pl.MLPClassifier(4, "1/x").fit(X, y)

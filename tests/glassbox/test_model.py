"""The glass box takes a network, a fitted estimator, and a pipeline that ends in one, with the data as these take them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid as pl
from pellucid.errors import InputError

quietly = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True, as_frame=True)
    return X, np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.fixture(scope="module")
def pipeline(iris):
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(StandardScaler(), pl.MLPClassifier(5, activation="tanh", max_iter=20, random_state=0)).fit(*iris)


def test_a_pipeline_with_a_frame_and_labels_of_text(pipeline, iris):
    X, y = iris[0].iloc[::15], iris[1][::15]
    network = pipeline[-1].network_
    inputs, targets = pipeline[:-1].transform(X), pipeline[-1].encode_targets(y)
    trace = pl.trace(pipeline, X, y)
    for name, right in network.trace(inputs, targets).items():
        np.testing.assert_array_equal(trace[name], right)
    assert pl.check_gradients(pipeline, X, y).passed
    derivation = pl.derive(pipeline, sample=(X, y))
    np.testing.assert_allclose(derivation["dW1"].value, trace["dW1"], atol=1e-14)
    assert pl.computation_graph(pipeline, X, y)["J"].value == trace["J"]
    claimed = {name: trace[name] for name in ("dW1", "db1", "dW2", "db2")}
    review = pl.review_gradients(claimed, pipeline, X, y)
    assert {review[name].verdict for name in claimed} == {"correct"}
    assert pl.review_equation("dZ2 = A2 - Y", pipeline, X, y).verdict.startswith("right")
    assert pl.gradient_health(pipeline, X, y) is not None


def test_an_estimator_and_one_row(pipeline, iris):
    row, label = iris[0].iloc[3], iris[1][3]
    one = pl.derive(pipeline, sample=(pd.DataFrame([row]), [label]))
    flat = pl.derive(pipeline[-1], sample=(pipeline[0].transform(iris[0].iloc[3:4])[0], label))
    np.testing.assert_array_equal(one["dz1"].value, flat["dz1"].value)


@quietly
def test_a_scaled_target():
    X, y = load_diabetes(return_X_y=True)
    inner = make_pipeline(StandardScaler(), pl.MLPRegressor(hidden_layer_sizes=4, max_iter=10, random_state=0))
    model = TransformedTargetRegressor(inner, transformer=StandardScaler()).fit(X, y)
    trace = pl.trace(model, X[:20], y[:20])
    np.testing.assert_allclose(trace["y"].ravel(), model.transformer_.transform(y[:20, None]).ravel())
    assert pl.check_gradients(model, X[:20], y[:20]).passed


@pytest.mark.parametrize("use", [pl.trace, pl.check_gradients, pl.gradient_health, lambda *a: pl.derive(a[0], sample=a[1:])])
def test_what_is_not_fitted_or_no_model_of_ours(use, iris):
    with pytest.raises(InputError, match="not fitted"):
        use(pl.MLPClassifier(), *iris)
    with pytest.raises(InputError, match="expected a Network"):
        use(StandardScaler().fit(iris[0]), *iris)
    with pytest.raises(InputError, match="expected a Network"):
        use("model", *iris)

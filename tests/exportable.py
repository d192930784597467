"""Models to export, of all kinds, and data for them."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_digits, load_iris
from sklearn.impute import SimpleImputer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

import pellucid as pl
from pellucid.pipelines import TableModel, build_pipeline
from random_networks import HIDDEN

FORMULAS = [
    "x * sigmoid(2*x)", "log(cosh(x))", "sinh(x) / 10", "atan(x)", "tan(x / 200)", "erf(x)", "x * exp(-x**2)", "min(x, 1) + abs(x)**1.5",
    "sech(x)", "cosh(x / 50)", "expm1(x / 30)", "log1p(x**2)", "sqrt(1 + x**2)", "x if x > 1 else 2*x - 1 if x > 0 else -1 + x",
]  # fmt: skip
RULES = [*HIDDEN, *FORMULAS]
IRIS = load_iris()
LABELS = np.array(["setosa", "versicolor", "virginica"])[IRIS.target]
DIABETES = load_diabetes()


def network(rule, dtype="float64", sizes=(4, 6, 6, 3), output="identity", loss="half_mse", **more):
    """A network with one rule in all hidden layers, and biases that are not zero."""
    net = pl.Network(list(sizes), [rule] * (len(sizes) - 2) + [output], loss, seed=1, dtype=dtype, **more)
    for layer in range(1, len(sizes)):
        net.parameters[f"b{layer}"][...] = np.random.default_rng(layer).normal(size=sizes[layer]) * 0.5
    return net


def classifier(**more):
    return pl.MLPClassifier((6,), max_iter=20, random_state=0, **more)


def regressor(**more):
    return pl.MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=0, **more)


def adult_like(m=300):
    """A table of numbers, categories (rare ones, numbers among them), dates written in two ways, with missing values everywhere."""
    rng = np.random.default_rng(0)
    when = pd.to_datetime("2019-02-27 10:31:59") + pd.to_timedelta(rng.integers(0, 3000 * 1440, m), unit="min")
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, m),
            "capital gain": rng.lognormal(3, 2, m),
            "job": rng.choice([f"job {k}" for k in range(90)], m),
            "sex": rng.choice(["female", "male"], m),
            "code": rng.choice([1, 2, 3], m).astype(object),
            "when": when,
            "day": when.strftime("%d.%m.%Y"),
            "constant": 1,
        }
    )
    for name in ("age", "job", "when"):
        frame.loc[rng.random(m) < 0.1, name] = None
    return frame


@functools.cache
def table_model(task, kinds=2):
    frame = adult_like()
    rng = np.random.default_rng(1)
    y = rng.normal(1000, 100, len(frame)) if task == "regression" else rng.choice(["no", "yes", "perhaps"][:kinds], len(frame))
    estimator = regressor() if task == "regression" else classifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return TableModel(build_pipeline(frame, task, estimator).fit(frame, y), "y", task)


def _pipelines():
    X, y, frame = IRIS.data, LABELS, load_iris(as_frame=True).data
    lacking = X.copy()
    lacking[::7, 1] = np.nan
    lacking[::11, 3] = np.nan
    kind, level = np.where(X[:, 0] > 5.5, "long", "short"), np.where(X[:, 2] > 3, "b", "a")
    mixed = pd.DataFrame({"width": lacking[:, 1], "kind": kind, "level": level})
    mixed.loc[::9, "kind"] = None
    text = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = ColumnTransformer(
        [("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["width"]), ("t", text, ["kind"]),
         ("o", OrdinalEncoder(), ["level"])]
    )  # fmt: skip
    pair = np.c_[DIABETES.target, DIABETES.target**2]
    target = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp)
    yield "scaled", make_pipeline(StandardScaler(), classifier()).fit(X, y), X
    yield "frame", make_pipeline(MinMaxScaler(clip=True), classifier()).fit(frame, y), frame
    median = SimpleImputer(strategy="median", add_indicator=True)
    yield "imputed", make_pipeline(median, RobustScaler(), classifier()).fit(lacking, y), lacking
    yield "mixed", make_pipeline(columns, classifier()).fit(mixed, y), mixed
    yield "numbers as categories", make_pipeline(OneHotEncoder(handle_unknown="ignore"), classifier()).fit(X.round(), y), X.round()
    yield "logarithm", make_pipeline(FunctionTransformer(np.log1p), MaxAbsScaler(), classifier()).fit(X, y), X
    yield "targets", TransformedTargetRegressor(regressor(), transformer=StandardScaler()).fit(DIABETES.data, pair), DIABETES.data
    yield "target by functions", make_pipeline(StandardScaler(), target).fit(DIABETES.data, DIABETES.target), DIABETES.data
    yield "search", GridSearchCV(make_pipeline(StandardScaler(), classifier()), {"mlpclassifier__alpha": [0.1]}, cv=2).fit(X, y), X


def _estimators():
    X, y = IRIS.data, IRIS.target
    digits = load_digits()
    yield "digits", classifier().fit(digits.data.astype(np.float32), digits.target), digits.data[:200].astype(np.float32)
    yield "two classes", classifier().fit(X, LABELS == "setosa"), X
    yield "one class", classifier().fit(X, np.zeros(len(X), int)), X
    yield "classes that are numbers", classifier().fit(X, y * 2.0), X
    yield "labels", classifier().fit(X, np.c_[y == 0, y > 0, y == 2].astype(int)), X
    yield "regressor", regressor().fit(DIABETES.data, DIABETES.target), DIABETES.data
    yield "two targets", regressor().fit(DIABETES.data, np.c_[DIABETES.target, -DIABETES.target]), DIABETES.data
    yield "counts", regressor(loss="poisson").fit(X, y), X


@functools.cache
def fitted():
    """(name, model, rows) of estimators and pipelines."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [*_estimators(), *_pipelines()]
    return {name: (model, rows) for name, model, rows in found}


MODELS = [
    "digits", "two classes", "one class", "classes that are numbers", "labels", "regressor", "two targets", "counts", "scaled", "frame",
    "imputed", "mixed", "numbers as categories", "logarithm", "targets", "target by functions", "search",
]  # fmt: skip


def said(model, rows):
    """What a model says of rows, (m, n)."""
    found = np.asarray(model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows), dtype=np.float64)
    return found[:, None] if found.ndim == 1 else found


def limit(model):
    """To which an export has to agree."""
    net = model.best_estimator_ if hasattr(model, "best_estimator_") else model
    while hasattr(net, "steps"):
        net = net.steps[-1][1]
    net = getattr(net, "regressor_", net)
    net = getattr(net, "network_", net)
    return 1e-6 if net.vector.dtype == np.float32 else 1e-12

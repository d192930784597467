"""How good are the defaults, and how good is the preset? Mean test scores over five folds, beside scikit-learn's.

Five models for each data set: scikit-learn's defaults on the data as they are, ours with the same settings (and so the same numbers), both
again behind a StandardScaler, which also scales the target of the regression, and `pl.tabular_classifier` or `pl.tabular_regressor`, which
scales by itself. A linear model tells what a network is worth.

Run it with ``python examples/accuracy.py``; it takes a minute or two, most of them for scikit-learn on the digits.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import RepeatedKFold, RepeatedStratifiedKFold, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

import pellucid as pl

DATA = ("breast_cancer", "digits", "wine", "diabetes")
HEADINGS = ("data", "score", "scikit-learn", "pellucid", "scikit-learn, scaled", "pellucid, scaled", "preset", "linear, scaled")


def models(is_regression: bool) -> list[Any]:
    """The models in the order of the headings."""
    if is_regression:
        plain = [MLPRegressor(random_state=0), pl.MLPRegressor(random_state=0)]
        return [*plain, *map(scaled, plain), pl.tabular_regressor(), scaled(Ridge())]
    plain = [MLPClassifier(random_state=0), pl.MLPClassifier(random_state=0)]
    return [*plain, *map(scaled, plain), pl.tabular_classifier(), scaled(LogisticRegression(max_iter=2000))]


def scaled(model: Any) -> Any:
    """The model on inputs of mean 0 and deviation 1, and for a regression such a target."""
    if hasattr(model, "predict_proba"):
        return make_pipeline(StandardScaler(), model)
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), model), transformer=StandardScaler())


def scores(data: str, n_folds: int, n_repeats: int) -> list[np.ndarray]:
    """The scores of all folds, for each model."""
    X, y = getattr(datasets, f"load_{data}")(return_X_y=True)
    is_regression = data == "diabetes"
    folds = (RepeatedKFold if is_regression else RepeatedStratifiedKFold)(n_splits=n_folds, n_repeats=n_repeats, random_state=0)
    with warnings.catch_warnings(), threadpool_limits(1, "blas"):  # threads of BLAS only wait for each other in networks of this size
        warnings.simplefilter("ignore", ConvergenceWarning)  # the default of 200 epochs is part of what is compared
        return [cross_val_score(model, X, y, cv=folds) for model in models(is_regression)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA, help="some of the data sets")
    parser.add_argument("--folds", type=int, default=5, help="folds of the cross-validation (5)")
    parser.add_argument("--repeats", type=int, default=1, help="how often it is repeated with other folds (1)")
    options = parser.parse_args(arguments)
    if options.folds < 2 or options.repeats < 1:
        parser.error("--folds must be at least 2, --repeats at least 1")
    table = Table(title=f"{options.folds} folds, {options.repeats} times: mean ± standard deviation over the folds")
    for column, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if column > 1 else "left")
    for data in options.data:
        found = scores(data, options.folds, options.repeats)
        table.add_row(data, "R2" if data == "diabetes" else "accuracy", *(f"{score.mean():.4f} ± {score.std():.3f}" for score in found))
    Console().print(table)


if __name__ == "__main__":
    main()

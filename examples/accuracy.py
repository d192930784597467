"""How good are the defaults? Mean test scores over random 75/25 splits, beside scikit-learn with the same settings.

Inputs are scaled, and so is the target of the regression.

Run it with ``python examples/accuracy.py --splits 20``; it takes some minutes, most of them for digits.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit, cross_val_score
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid as pl

HEADINGS = ("data", "score", "pellucid", "scikit-learn's MLP", "logistic or ridge")


def mean_score(model: Any, data: str, n_splits: int) -> float:
    """The mean score of a model behind a StandardScaler; the splits are stratified where the target holds classes."""
    X, y = getattr(datasets, f"load_{data}")(return_X_y=True)
    splits = StratifiedShuffleSplit(n_splits, test_size=0.25, random_state=0)
    if data == "diabetes":
        splits = ShuffleSplit(n_splits, test_size=0.25, random_state=0)
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the default of 200 epochs is part of what is compared
        return float(cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=splits).mean())


def rows(n_splits: int) -> list[tuple[str, str, float, float, float]]:
    """One row a data set, in the order of ``HEADINGS``."""
    classifiers = (pl.MLPClassifier(random_state=0), MLPClassifier(random_state=0), LogisticRegression(max_iter=2000))
    regressors = (pl.MLPRegressor(random_state=0), MLPRegressor(random_state=0), Ridge())
    found = []
    for data in ("digits", "breast_cancer", "wine", "diabetes"):
        models, score = (regressors, "R2") if data == "diabetes" else (classifiers, "accuracy")
        ours, theirs, linear = (mean_score(model, data, n_splits) for model in models)
        found.append((data, score, ours, theirs, linear))
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--splits", type=int, default=20, help="random splits of each data set (20)")
    n_splits = parser.parse_args(arguments).splits
    if n_splits < 1:
        parser.error("--splits must be at least 1")
    table = Table(title=f"Mean over {n_splits} splits of 75/25")
    for column, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if column > 1 else "left")
    for data, score, *values in rows(n_splits):
        table.add_row(data, score, *(f"{value:.3f}" for value in values))
    Console().print(table)


if __name__ == "__main__":
    main()

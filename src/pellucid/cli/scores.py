"""How good a model is, beside a guess that knows nothing of the inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pellucid.pipelines import TableModel


def scores(model: TableModel, X: pd.DataFrame, y: np.ndarray, baseline: np.ndarray) -> Table:
    """The scores on X, y beside those of a guess that knows no more than ``baseline``."""
    import numpy as np
    from sklearn import metrics
    from sklearn.dummy import DummyClassifier, DummyRegressor

    if model.task == "classification":
        guess = DummyClassifier(strategy="prior").fit(np.zeros((len(baseline), 1)), baseline)
        name, rows = "always the most frequent class", []
        y_hat, y_guess = model.pipeline.predict(X), guess.predict(np.zeros((len(y), 1)))
        rows.append(("accuracy", metrics.accuracy_score(y, y_hat), metrics.accuracy_score(y, y_guess)))
        recalls = [np.mean([np.mean(p[y == k] == k) for k in np.unique(y)]) for p in (y_hat, y_guess)]
        rows.append(("balanced accuracy", *recalls))
        classes = model.classes
        if set(np.unique(y)) <= set(classes) and np.array_equal(guess.classes_, classes):
            losses = [
                metrics.log_loss(y, np.clip(p, 1e-15, 1), labels=classes)
                for p in (model.pipeline.predict_proba(X), guess.predict_proba(np.zeros((len(y), 1))))
            ]
            rows.append(("log loss", *losses))
    else:
        mean = DummyRegressor().fit(np.zeros((len(baseline), 1)), baseline).predict(np.zeros((len(y), 1)))
        name, y_hat = "always the mean", model.pipeline.predict(X)
        rows = [
            ("R2", metrics.r2_score(y, y_hat) if len(y) > 1 else float("nan"), metrics.r2_score(y, mean) if len(y) > 1 else float("nan")),
            ("root of the mean squared error", metrics.root_mean_squared_error(y, y_hat), metrics.root_mean_squared_error(y, mean)),
            ("mean absolute error", metrics.mean_absolute_error(y, y_hat), metrics.mean_absolute_error(y, mean)),
        ]
    table = Table(title=f"Scores on {len(y):,} rows")
    for heading in ("", "this model", name):
        table.add_column(heading, justify="left" if not heading else "right")
    for label, ours, theirs in rows:
        table.add_row(label, f"{ours:.4f}", f"{theirs:.4f}")
    return table

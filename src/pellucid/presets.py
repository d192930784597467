"""Models for tables in one call: missing values, categories and dates are taken as they come, and the settings are sensible ones."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from pellucid.ensembles import ensemble_of
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import AdamW
from pellucid.equations.schedules import CosineDecay
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.pipelines import preparation
from pellucid.validation import positive_integer


class Preparation(TransformerMixin, BaseEstimator):
    """Columns to numbers: kinds recognised, missing values imputed and marked, numbers scaled, categories one-hot, dates taken apart.

    It takes data frames; an array counts as a frame whose columns are numbered.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"age": [30, None, 50, 61], "job": ["cook", "judge", "cook", None]})
    >>> Preparation().fit_transform(frame).shape
    (4, 5)
    """

    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Learn the kinds of the columns, and what is needed to impute and to scale."""
        frame = _frame(X)
        self.n_features_in_ = frame.shape[1]
        self.pipeline_ = Pipeline(preparation(frame)).fit(frame)
        return self

    def transform(self, X: ArrayLike) -> Array:
        """The numbers, (m, n)."""
        check_is_fitted(self, "pipeline_")
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Found unknown categories")  # they are expected, and encoded as such
            return np.asarray(self.pipeline_.transform(_frame(X)), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.categorical = True
        return tags


def _frame(X: Any) -> pd.DataFrame:
    if isinstance(X, pd.DataFrame):
        return X
    if hasattr(X, "to_pandas"):
        frame: pd.DataFrame = X.to_pandas()
        return frame
    array = np.asarray(X)
    if array.ndim != 2:
        repair = "one row for each sample, one column for each input"
        raise ShapeError(sentence("the shape of X", "Preparation", array.shape, "(m, n)", repair))
    return pd.DataFrame(array, columns=[f"x{index}" for index in range(array.shape[1])])


MEMBERS = 5


def tabular_classifier(n_members: int = MEMBERS, *, random_state: int = 0, **settings: Any) -> Pipeline:
    """An unfitted pipeline for the classes of a table: `Preparation`, then networks whose probabilities are averaged.

    Each is two layers of silu units with dropout, trained by AdamW with a rate that falls along a cosine. The ensemble is Lakshminarayanan
    et al. 2017, *Simple and scalable predictive uncertainty estimation using deep ensembles*.

    Args:
        n_members: networks, which differ in their random state.
        random_state: of the first; the others follow.
        settings: parameters of `MLPClassifier` that are to be otherwise.

    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True, as_frame=True)
    >>> bool(tabular_classifier(2, max_iter=20).fit(X, y).score(X, y) > 0.9)
    True

    """
    positive_integer(n_members, "n_members", "tabular_classifier")
    if settings.get("multioutput"):
        repair = "use make_pipeline(tabular_classifier()[0], MLPClassifier(multioutput=True))"
        raise InputError(sentence("multioutput", "tabular_classifier", True, "one column of classes, which can be averaged", repair))
    members = [MLPClassifier(**usual(random_state + k, settings)) for k in range(n_members)]
    return Pipeline([("prepare", Preparation()), ("model", ensemble_of(members, classifies=True))])


def tabular_regressor(n_members: int = MEMBERS, *, random_state: int = 0, **settings: Any) -> Pipeline:
    """An unfitted pipeline for the numbers of a table: as `tabular_classifier`, the target scaled, the predictions averaged.

    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> bool(tabular_regressor(2, max_iter=20).fit(X, y).score(X, y) > 0.4)
    True
    """
    positive_integer(n_members, "n_members", "tabular_regressor")
    members = [MLPRegressor(**usual(random_state + k, settings)) for k in range(n_members)]
    model = TransformedTargetRegressor(ensemble_of(members, classifies=False), transformer=StandardScaler())
    return Pipeline([("prepare", Preparation()), ("model", model)])


def usual(random_state: int, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a member: the sensible ones, and over them those that were given."""
    sensible = {
        "hidden_layer_sizes": (64, 64),
        "activation": "silu",
        "solver": AdamW(CosineDecay(0.003), weight_decay=0.05),
        "batch_size": 32,
        "dropout": 0.2,
        "max_iter": 60,
        "n_iter_no_change": np.inf,
        "alpha": 0.0,
    }
    return {**sensible, "random_state": random_state, **given}

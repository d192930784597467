"""From a table to predictions and into a file: scikit-learn's own transformers around our estimators, saved without pickle.

A pipeline file is written and read by skops. Loading trusts a fixed list of types, never the file's own.
"""

from __future__ import annotations

import io
import os
import zipfile
from copy import copy
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.errors import ModelFileError, PellucidError, TableError, sentence
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.files import check_writable, reason, write_atomically
from pellucid.network import Network
from pellucid.tables import LARGEST, column_kind, out_of_range, parse_dates, shown

TRUSTED = [
    "numpy.dtype",
    "pellucid.estimators.MLPClassifier",
    "pellucid.estimators.MLPRegressor",
    "pellucid.network.Network",
    "pellucid.pipelines.TableColumns",
]
FORMAT = 1
CATEGORIES_AT_MOST = 64
"""one-hot columns of a category; rarer values share one"""
MAX_SCHEMA = 4 << 20
DATE_PARTS = ("day number", "year", "month", "day", "weekday", "hour")


class TableColumns(TransformerMixin, BaseEstimator):
    """Frames with the columns and kinds that were there in training: numbers as floats, categories as texts, dates as numbers.

    A column that is new is left out; one that is missing is an error; a missing value stays missing.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """With the kinds that the columns of a frame have.

        Raises:
            TableError: no column has different values, or one has the name that a part of a date gets.

        """
        kinds = {str(name): column_kind(frame[name]) for name in frame.columns}
        if set(kinds.values()) <= {"ignored"}:
            got = f"without one among its {len(kinds)} columns"
            raise TableError(sentence("the table", "training", got, "a column with different values", "add such a column"))
        columns = cls(kinds)
        taken = {name for name, kind in kinds.items() if kind != "ignored"} & set(columns.numeric[len(columns.names("numeric")) :])
        if taken:
            expected = "a name that no part of a date column has"
            raise TableError(sentence("the name of a column", "the table", repr(min(taken)), expected, "rename the column"))
        return columns

    def fit(self, frame: pd.DataFrame, y: object = None) -> Self:
        """Nothing is learned: the kinds are given."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def names(self, kind: str) -> list[str]:
        """The columns of one kind."""
        return [name for name, found in self.kinds.items() if found == kind]

    @property
    def dates(self) -> list[str]:
        """The columns of dates, however they are written."""
        return [name for name, kind in self.kinds.items() if kind.startswith("date")]

    @property
    def numeric(self) -> list[str]:
        """The columns of numbers that come out, those made from dates too."""
        return self.names("numeric") + [f"{name} ({part})" for name in self.dates for part in DATE_PARTS]

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame in the form in which it was in training.

        Raises:
            TableError: a column is missing, or there is text where numbers are.

        """
        wanted = [name for name, kind in self.kinds.items() if kind != "ignored"]
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            got = f"without {', '.join(map(repr, missing[:5]))}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise TableError(sentence("the table", "the data", got, "the columns of the training", "add them; they may be empty"))
        columns: dict[str, Any] = {name: _numbers(frame[name], name) for name in self.names("numeric")}
        for name in self.dates:
            columns |= _date_parts(frame[name], name, self.kinds[name] == "date, day first")
        for name in self.names("category"):
            columns[name] = frame[name].astype(object).map(_text, na_action="ignore").astype(object)
        return pd.DataFrame(columns, index=frame.index)


def _numbers(column: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    bad = out_of_range(numbers) & column.notna()
    if bad.any():
        got, repair = f"{shown(column[bad].iloc[0])} in row {column.index[bad][0]}", "repair the value or leave it empty"
        expected = f"finite numbers, as in training, up to {LARGEST:g}"
        raise TableError(sentence(f"the column {name!r}", "the data", got, expected, repair))
    return numbers


def _date_parts(column: pd.Series, name: str, day_first: bool) -> dict[str, pd.Series]:
    numbers = types.is_numeric_dtype(column)  # 20240131 is a day too, and not so many nanoseconds
    when = parse_dates(column.map(_text, na_action="ignore").astype(object) if numbers else column, day_first)
    parts = (
        (when - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(days=1),
        when.dt.year,
        when.dt.month,
        when.dt.day,
        when.dt.day_of_week,
        when.dt.hour + when.dt.minute / 60,
    )
    return {f"{name} ({part})": value.astype(np.float64) for part, value in zip(DATE_PARTS, parts, strict=True)}


def _text(value: object) -> str:
    """The same text for 3, 3.0 and "3", since a missing value turns a column of whole numbers into floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def preparation(frame: pd.DataFrame) -> list[tuple[str, Any]]:
    """The steps that turn tables like this one into numbers: impute, scale, one-hot encode."""
    columns = TableColumns.of(frame)
    numeric = Pipeline([("impute", SimpleImputer(strategy="median", add_indicator=True)), ("scale", StandardScaler())])
    encoder = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        max_categories=CATEGORIES_AT_MOST,
        drop="if_binary",
        sparse_output=False,
    )
    category = Pipeline([("impute", SimpleImputer(strategy="constant", fill_value="(missing)")), ("encode", encoder)])
    prepare = ColumnTransformer([("numbers", numeric, columns.numeric), ("categories", category, columns.names("category"))])
    return [("columns", columns), ("prepare", prepare)]


def build_pipeline(frame: pd.DataFrame, task: str, estimator: MLPClassifier | MLPRegressor) -> Pipeline:
    """An unfitted pipeline for tables like this one: prepare, train (on a scaled target for regression)."""
    model = estimator
    if task == "regression":
        model = TransformedTargetRegressor(regressor=estimator, transformer=StandardScaler())
    return Pipeline([*preparation(frame), ("model", model)])


class TableModel:
    """A fitted pipeline with the name of its target and its task: what `pellucid train` leaves behind."""

    def __init__(self, pipeline: Pipeline, target: str, task: str) -> None:
        self.pipeline, self.target, self.task = pipeline, target, task

    @property
    def estimator(self) -> MLPClassifier | MLPRegressor:
        """The fitted estimator at its end."""
        model = self.pipeline[-1]
        return model.regressor_ if isinstance(model, TransformedTargetRegressor) else model

    @property
    def network(self) -> Network:
        """The network inside."""
        return self.estimator.network_

    @property
    def optimizer(self) -> Optimizer | LBFGS:
        """What it was trained by."""
        if self.estimator.solver == "lbfgs":
            return LBFGS()
        return self.estimator.solver if isinstance(self.estimator.solver, LBFGS) else self.estimator._optimizer()[0]

    def prepare(self, frame: pd.DataFrame) -> np.ndarray:
        """The inputs of the network."""
        return np.asarray(self.pipeline[:-1].transform(frame), dtype=np.float64)

    def inputs(self) -> list[tuple[str, str]]:
        """For each input of the network the column that it comes from, and what it says of it: ("job", "job = cook")."""
        columns, prepare = self.pipeline.named_steps["columns"], self.pipeline.named_steps["prepare"]
        sources = dict(zip(columns.numeric, columns.names("numeric") + [name for name in columns.dates for _ in DATE_PARTS], strict=True))
        found: list[tuple[str, str]] = []
        if sources:
            missing = prepare.named_transformers_["numbers"].named_steps["impute"].indicator_.features_
            found += [(source, name) for name, source in sources.items()]
            found += [(sources[columns.numeric[at]], f"{columns.numeric[at]} is missing") for at in missing]
        if columns.names("category"):
            encoder = copy(prepare.named_transformers_["categories"].named_steps["encode"])
            pairs: list[tuple[str, str]] = []

            def told(feature: str, category: object) -> str:
                what = "another value" if category == "infrequent_sklearn" else str(category)
                pairs.append((feature, f"{feature} = {what}"))
                return ""

            encoder.feature_name_combiner = told
            encoder.get_feature_names_out(columns.names("category"))
            found += pairs[1:]  # the first is a trial of the function
        return found

    def encode(self, y: np.ndarray) -> np.ndarray:
        """The targets of the network."""
        model = self.pipeline[-1]
        if isinstance(model, TransformedTargetRegressor):
            return np.asarray(model.transformer_.transform(y[:, None]))
        return self.estimator.encode_targets(y)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write a file that holds numbers and names, never code.

        Raises:
            OutputError: it cannot be written there, or there is a file and ``force`` is not set.

        """
        from skops.io import dumps

        check_writable(path, force)
        content = {"pellucid": FORMAT, "pipeline": self._lean(), "target": self.target, "task": self.task}
        write_atomically(path, dumps(content), force=force)

    def _lean(self) -> Pipeline:
        """The pipeline without what only a training that goes on would need: the moments of the optimizer, twice the parameters."""
        *before, (name, model) = self.pipeline.steps
        estimator = copy(self.estimator)
        estimator._memory = {}
        if isinstance(model, TransformedTargetRegressor):
            model = copy(model)
            model.regressor_ = estimator
        else:
            model = estimator
        return Pipeline([*before, (name, model)])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote.

        Raises:
            ModelFileError: it is damaged, foreign, or asks for types that are not trusted.

        """
        name = os.fspath(path)
        try:
            data = Path(path).read_bytes()
        except (OSError, ValueError) as error:
            raise _refuse(name, f"not readable ({reason(error)})") from None
        _check_archive(name, data)
        from skops.io import loads
        from skops.io.exceptions import UntrustedTypesFoundException

        try:
            content = loads(data, trusted=TRUSTED)
            if content["pellucid"] != FORMAT:
                raise _refuse(name, f"of format version {content['pellucid']!r}, and this release reads {FORMAT}")
            model = cls(content["pipeline"], str(content["target"]), str(content["task"]))
            if not isinstance(model.pipeline, Pipeline) or not isinstance(model.network, Network):
                raise _refuse(name, "something else than a trained pipeline")
        except PellucidError:
            raise
        except UntrustedTypesFoundException as error:
            raise _refuse(name, f"asking for types that are not trusted ({' '.join(str(error).split())[:120]})") from None
        except Exception as error:  # a hostile file may fail anywhere inside the reader
            raise _refuse(name, f"damaged or of another kind ({type(error).__name__})") from None
        return model


def _check_archive(name: str, data: bytes) -> None:
    """Refuse what is no archive, what would unpack to more than it is, and a description too large to be honest."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            broken = archive.testzip() if sum(entry.file_size for entry in entries) <= len(data) else "its sizes"
            schema = archive.getinfo("schema.json").file_size
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, NotImplementedError, EOFError, RuntimeError, OverflowError):
        raise _refuse(name, "no model file of this library, or damaged") from None
    if broken is not None or schema > MAX_SCHEMA:
        raise _refuse(name, f"damaged in {broken}" if broken else f"described by {schema:,} bytes")


def _refuse(name: str, got: str) -> ModelFileError:
    return ModelFileError(sentence("the model file", name, got, "a file that pellucid train wrote", "train again, or check the path"))

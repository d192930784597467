"""From a table to predictions and into a file: scikit-learn's own transformers around our estimators, saved without pickle.

A pipeline file is written and read by skops, with the estimator's own file in it. Loading trusts a fixed list of types.
"""

from __future__ import annotations

import os
import warnings
from copy import copy, deepcopy
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from pellucid import archives, ensembles, storage
from pellucid.columns import DATE_PARTS, TableColumns
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.errors import InputError, ModelFileError, PellucidError, sentence
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.estimators.files import build, describe
from pellucid.files import check_writable, write_atomically
from pellucid.network import Network
from pellucid.storage.values import read_texts

__all__ = ["TableColumns", "TableModel", "build_pipeline", "preparation"]

TRUSTED = [
    "numpy.dtype",
    "pellucid.estimators.MLPClassifier",
    "pellucid.estimators.MLPRegressor",
    "pellucid.network.Network",
    "pellucid.pipelines.TableColumns",
]
"""types besides scikit-learn's; those of estimators and networks are for files of format 1, since 2 holds their own file"""
FORMAT = 2
KINDS = ("numeric", "category", "date", "date, day first", "ignored")
CATEGORIES_AT_MOST = 64
"""one-hot columns of a category; rarer values share one"""


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


def build_pipeline(frame: pd.DataFrame, task: str, estimator: Any) -> Pipeline:
    """An unfitted pipeline for tables like this one: prepare, train (on a scaled target for regression).

    ``estimator`` is an `MLPClassifier`, an `MLPRegressor`, or an ensemble of them.
    """
    model = estimator
    if task == "regression":
        model = TransformedTargetRegressor(regressor=estimator, transformer=StandardScaler())
    return Pipeline([*preparation(frame), ("model", model)])


class TableModel:
    """A fitted pipeline with the name of its target and its task: what `pellucid train` leaves behind.

    Args:
        pipeline: of `build_pipeline`, `pellucid.tabular_classifier` or `pellucid.tabular_regressor`, fitted on a data frame.
        target: the name of the target.
        task: classification or regression.

    """

    def __init__(self, pipeline: Pipeline, target: str, task: str) -> None:
        first, last = (pipeline.steps[at][1] if isinstance(pipeline, Pipeline) else pipeline for at in (0, -1))
        flat = Pipeline([*first.pipeline_.steps, ("model", last)]) if hasattr(first, "pipeline_") else pipeline  # of presets
        self.pipeline, self.target, self.task = flat, target, task

    @property
    def members(self) -> list[MLPClassifier | MLPRegressor]:
        """The fitted estimators at its end: one, or those of an ensemble, whose outputs are averaged."""
        return ensembles.members_of(self._last)

    @property
    def _last(self) -> Any:
        model = self.pipeline[-1]
        return model.regressor_ if isinstance(model, TransformedTargetRegressor) else model

    @property
    def estimator(self) -> MLPClassifier | MLPRegressor:
        """The fitted estimator at its end.

        Raises:
            InputError: there are several.

        """
        if len(members := self.members) > 1:
            got, repair = f"an ensemble of {len(members)} networks", "take one of its members, or train a single network"
            raise InputError(sentence("the model", f"the prediction of {self.target!r}", got, "a single network", repair))
        return members[0]

    @property
    def classes(self) -> Array:
        """The classes, in the order of the probabilities."""
        return np.asarray(self._last.classes_)

    @property
    def network(self) -> Network:
        """The network inside.

        Raises:
            InputError: there are several.

        """
        return self.estimator.network_

    @property
    def optimizer(self) -> Optimizer | LBFGS:
        """What it was trained by."""
        if self.estimator.solver == "lbfgs":
            return LBFGS()
        return self.estimator.solver if isinstance(self.estimator.solver, LBFGS) else self.estimator._optimizer()[0]

    def prepare(self, frame: pd.DataFrame) -> Array:
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

    def encode(self, y: Array) -> Array:
        """The targets of the network."""
        model = self.pipeline[-1]
        if isinstance(model, TransformedTargetRegressor):
            return np.asarray(model.transformer_.transform(y[:, None]))
        if hasattr(model, "estimators_"):
            return self.members[0].encode_targets(ensembles.indices(self.classes, y))
        return self.estimator.encode_targets(y)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> None:
        """Write a file that holds numbers and names, never code.

        Raises:
            InputError: the pipeline is not made as `build_pipeline` does, or not fitted.
            OutputError: it cannot be written there, or there is a file and ``force`` is not set.
            InputError: an ensemble of others than our networks, or one that does not average them.

        """
        check_writable(path, force)
        _check_own(self.pipeline)
        write_atomically(path, archives.to_bytes(self._content()), force=force)

    def _content(self) -> dict[str, Any]:
        """What a file holds: the preparation as skops writes it, and the estimator's own file as an array of bytes."""
        *before, (name, model) = self.pipeline.steps
        inside = [np.frombuffer(storage.to_bytes(*describe(one, one._base())), np.uint8) for one in self.members]
        outer: Any = "passthrough"
        if isinstance(model, TransformedTargetRegressor):
            outer = copy(model)
            outer.regressor, outer.regressor_ = None, None
        pipeline = deepcopy(Pipeline([*before, (name, outer)]))
        content = {"pellucid": FORMAT, "pipeline": pipeline, "target": self.target, "task": self.task}
        if hasattr(self._last, "estimators_"):
            content["estimators"] = inside
            content |= {"classes": ensembles.classes_in_a_file(self._last)} if self.task == "classification" else {}
        else:
            content["estimator"] = inside[0]
        if self.pipeline.named_steps["columns"].names("category"):  # texts one by one would take much more room
            encoder = _encoder(pipeline)
            content["categories"] = [_to_arrays(values) for values in encoder.categories_]
            encoder.categories_ = None
        return content

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file that `save` wrote.

        Raises:
            ModelFileError: it is damaged, foreign, hostile, or asks for types that are not trusted.

        """
        name = os.fspath(path)
        content, checked = archives.from_bytes(archives.read(path), name, TRUSTED)
        try:
            model = cls._of(content, checked, name)
        except PellucidError as error:
            if isinstance(error, ModelFileError):
                raise
            raise archives.refuse(name, f"damaged or of another kind ({' '.join(str(error).split())[:120]})") from None
        except Exception as error:  # a hostile file may fail anywhere inside the pipeline
            raise archives.refuse(name, f"damaged or of another kind ({type(error).__name__})") from None
        return model

    @classmethod
    def _of(cls, content: Any, checked: bool, name: str) -> Self:
        if not isinstance(content, dict) or "pellucid" not in content:
            raise archives.refuse(name, "a skops file of something else")
        version = content["pellucid"]
        if type(version) is not int or version != (FORMAT if checked else 1):
            got = f"of format version {str(version)[:40]}, and this release reads versions 1 and {FORMAT}"
            raise archives.refuse(name, got)
        pipeline = content["pipeline"]
        if not _is_ours(pipeline):
            raise archives.refuse(name, "something else than a trained pipeline")
        model, regresses = pipeline.steps[-1][1], isinstance(pipeline.steps[-1][1], TransformedTargetRegressor)
        kind = MLPRegressor if regresses else MLPClassifier
        if version == 1:
            given = model.regressor_ if regresses else model
            if not isinstance(given, MLPClassifier | MLPRegressor):
                raise archives.refuse(name, "something else than a trained pipeline")
            estimator: Any = build(kind, name, *storage.from_bytes(storage.to_bytes(*describe(given, given._base())), name))
        else:
            several = content.get("estimators")
            parts = [content["estimator"]] if several is None else several
            if len(parts) > ensembles.MOST:
                raise archives.refuse(name, f"an ensemble of {len(parts):,} members")
            members = [build(kind, name, *storage.from_bytes(part.tobytes(), name)) for part in parts]
            estimator = members[0] if several is None else ensembles.restored(members, None if regresses else content["classes"])
            if "categories" in content:
                _encoder(pipeline).categories_ = [_from_arrays(pair) for pair in content["categories"]]
        if regresses:
            model.regressor, model.regressor_ = clone(estimator), estimator
        else:
            pipeline.steps[-1] = (pipeline.steps[-1][0], estimator)
        found = cls(pipeline, str(content["target"]), str(content["task"]))
        if found.task != ("regression" if regresses else "classification"):
            raise ValueError("the task is another")
        found._try()
        return found

    def _try(self) -> None:
        """Predict two rows, one of missing values: what does not fit together fails here and now.

        Raises:
            ValueError: what comes out is no prediction (and anything else may be raised).

        """
        columns = self.pipeline.named_steps["columns"]
        known = _encoder(self.pipeline).categories_ if columns.names("category") else []
        some: dict[str, list[Any]] = {name: [None, 0.0] for name in columns.names("numeric")}
        some |= {name: [None, "2000-01-01"] for name in columns.dates}
        some |= {name: [None, values[0]] for name, values in zip(columns.names("category"), known, strict=True)}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            y = self.pipeline.predict(pd.DataFrame(some, dtype=object))
        if np.shape(y) != (2,) or (self.task == "regression" and not np.isfinite(y).all()):
            raise ValueError("it does not predict")


def _is_ours(pipeline: Any) -> bool:
    """Whether it is built as `build_pipeline` does, and asks for no processes and no cache."""
    if type(pipeline) is not Pipeline or [name for name, _ in pipeline.steps] != ["columns", "prepare", "model"]:
        return False
    columns, prepare, model = (step for _, step in pipeline.steps)
    if type(columns) is not TableColumns or type(prepare) is not ColumnTransformer:
        return False
    if not isinstance(model, TransformedTargetRegressor | MLPClassifier) and not (isinstance(model, str) and model == "passthrough"):
        return False
    if not isinstance(columns.kinds, dict) or not all(isinstance(name, str) and kind in KINDS for name, kind in columns.kinds.items()):
        return False
    transformers = [part for _, part, _ in (*prepare.transformers, *prepare.transformers_) if isinstance(part, BaseEstimator)]
    steps = [step for part in transformers if isinstance(part, Pipeline) for _, step in part.steps]
    parts = [pipeline, prepare, *transformers, *steps]
    return all(getattr(part, "n_jobs", None) is None and getattr(part, "memory", None) is None for part in parts)


def _check_own(pipeline: Any) -> None:
    """Whether `TableModel.load` would take it.

    Raises:
        InputError: it would not.

    """
    expected, where = "one that build_pipeline made, after fit", "TableModel.save"
    model = pipeline.steps[-1][1] if isinstance(pipeline, Pipeline) else pipeline
    if [name for name, _ in getattr(pipeline, "steps", [])] == ["columns", "prepare", "model"]:
        found = getattr(model, "regressor_", None) if isinstance(model, TransformedTargetRegressor) else model
        if not hasattr(found, "network_") and not hasattr(found, "estimators_"):
            raise InputError(sentence("the pipeline", where, "not fitted", expected, "call fit first"))
        if hasattr(found, "estimators_"):
            ensembles.check(found)
        last = model if found is not model else "passthrough"
        if type(pipeline) is Pipeline and _is_ours(Pipeline([*pipeline.steps[:-1], ("model", last)], memory=pipeline.memory)):
            return
    steps = [type(step).__name__ for _, step in pipeline.steps] if isinstance(pipeline, Pipeline) else [type(pipeline).__name__]
    repair = "keep others by skops.io.dump, as the documentation of files shows"
    raise InputError(sentence("the pipeline", where, " -> ".join(steps)[:160], expected, repair))


def _encoder(pipeline: Pipeline) -> OneHotEncoder:
    return pipeline.named_steps["prepare"].named_transformers_["categories"].named_steps["encode"]


def _to_arrays(texts: Array) -> list[Array]:
    """Their letters, and how many each has."""
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    return [np.frombuffer(b"".join(encoded), np.uint8), np.array(list(map(len, encoded)), np.int64)]


def _from_arrays(pair: list[Array]) -> Array:
    texts = read_texts(*pair)
    found = np.empty(len(texts), dtype=object)
    found[:] = texts
    return found

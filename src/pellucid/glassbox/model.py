"""What the glass box needs of a model: its architecture and its parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.errors import InputError, sentence


class Model(Protocol):
    """Anything that has an architecture and a flat vector of parameters, such as a `Network`."""

    @property
    def architecture(self) -> Architecture:
        """Sizes, rules, loss."""
        ...

    @property
    def vector(self) -> Array:
        """The parameters, flat."""
        ...


class Subject(NamedTuple):
    """A model with data as it takes them, and the optimizer it was trained with, where that is known."""

    model: Model
    X: ArrayLike
    y: ArrayLike
    optimizer: Optimizer | LBFGS | None


class Inside(NamedTuple):
    """The network in a model, and the ways of X and y to it."""

    model: Model
    prepare: Callable[[Any], Any]
    """X as the network takes it"""
    encode: Callable[[Any], Any]
    """y as the network takes it"""
    optimizer: Optimizer | LBFGS | None


def as_subject(model: Any, X: ArrayLike, y: ArrayLike, where: str) -> Subject:
    """A `Network` as it is; of an estimator, or of a pipeline that ends in one, the network inside, with X and y as that takes them.

    Raises:
        InputError: it is neither, or not trained yet.

    """
    found = inside(model, where)
    return Subject(found.model, found.prepare(X), found.encode(y), found.optimizer)


def inside(model: Any, where: str) -> Inside:
    """The network in a `Network`, a fitted estimator, a pipeline that ends in one, or what the command line saves.

    What it looks for, and no scikit-learn: ``architecture`` and ``vector``; an estimator's ``network_`` and ``encode_targets(y)``; a
    pipeline's ``steps``, of which all but the last transform X; the ``regressor_`` and ``transformer_`` around a regressor whose target
    is scaled; ``prepare`` and ``encode`` of what the command line saves.

    Raises:
        InputError: it is none of these, or not trained yet.

    """
    if hasattr(model, "architecture") and hasattr(model, "vector"):
        return Inside(model, _same, _same, getattr(model, "optimizer", None))
    if hasattr(model, "prepare") and hasattr(model, "encode"):
        return Inside(model.network, model.prepare, lambda y: model.encode(np.asarray(y)), getattr(model.estimator, "optimizer_", None))
    if hasattr(model, "steps") and hasattr(model, "named_steps"):
        last = inside(model.steps[-1][1], where)

        def prepare(X: Any) -> Any:
            for _, step in model.steps[:-1]:
                X = X if step is None or step == "passthrough" else step.transform(X)
            return last.prepare(X)

        return last._replace(prepare=prepare)
    if hasattr(model, "regressor_") and hasattr(model, "transformer_"):
        found = inside(model.regressor_, where)

        def encode(y: Any) -> Any:
            column = np.asarray(y, dtype=np.float64)
            return found.encode(model.transformer_.transform(column[:, None] if column.ndim == 1 else column))

        return found._replace(encode=encode)
    if hasattr(model, "network_"):
        return Inside(model.network_, _dense, model.encode_targets, getattr(model, "optimizer_", None))
    if hasattr(model, "estimators_"):
        got, repair = f"a {type(model).__name__} of {len(model.estimators_)} members", "hand over one of its estimators_, and X prepared"
        raise InputError(sentence("the model", where, got, "a single network, or what ends in one", repair))
    fits = hasattr(model, "fit")
    got = f"a {type(model).__name__}" + (" that is not fitted or has no network of ours" if fits else "")
    repair = "call fit first" if fits else "hand over a network, or an estimator after fit"
    raise InputError(sentence("the model", where, got, "a Network, or a fitted MLPClassifier, MLPRegressor or pipeline of one", repair))


def _same(values: Any) -> Any:
    return values


def _dense(X: Any) -> Any:
    return X.toarray() if hasattr(X, "toarray") else X

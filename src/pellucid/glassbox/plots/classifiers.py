"""A network as a classifier in scikit-learn's sense, so that its tools can draw it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.equations.propagation import forward
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.validation import as_inputs


def as_classifier(model: Any, X: ArrayLike, y: ArrayLike, where: str) -> tuple[Any, Any, Array]:
    """A fitted classifier of scikit-learn, X as an array (or the table that it is), and the label of each row.

    A scikit-learn classifier stays what it is. Of a network with one output, the larger of two labels is where y_hat is above the middle
    between them (1/2 for 0 and 1, 0 for -1 and 1); of one with several, the label is the output that is largest.

    Raises:
        InputError: no classifier, not two inputs, or labels that do not fit.

    """
    if np.ndim(X) != 2 or np.shape(X)[1] != 2:
        got, repair = str(np.shape(X)), "choose two columns, and train on those"
        raise ShapeError(sentence("the shape of X", where, got, "(m, 2): a plane is drawn", repair))
    if hasattr(model, "get_params"):
        from sklearn.base import is_classifier

        if not is_classifier(model):
            got, repair = type(model).__name__, "pass e.g. an MLPClassifier or a Network"
            raise InputError(sentence("the model", where, got, "a classifier", repair))
        labels = np.asarray(y)
        if isinstance(getattr(model, "classes_", None), list):
            got, repair = "one of several columns of classes", "train one for the column that is to be drawn"
            raise InputError(sentence("the model", where, got, "a classifier of one column", repair))
        classifier = model
    elif not hasattr(model, "architecture"):
        raise InputError(
            sentence("the model", where, f"a {type(model).__name__}", "a classifier", "pass e.g. an MLPClassifier or a Network")
        )
    elif model.architecture.sizes[0] != 2:
        got, repair = f"{model.architecture.sizes[0]} of them", "a plane is drawn, so train a network on two columns"
        raise InputError(sentence("the inputs of the network", where, got, "2", repair))
    else:
        labels = _labels(model, y, where)
        classifier = _wrapped(model, labels)
    if labels.shape != (np.shape(X)[0],):
        raise ShapeError(sentence("the shape of y", where, labels.shape, f"({np.shape(X)[0]},)", "one label for each row of X"))
    return classifier, X if hasattr(X, "columns") else np.asarray(X, dtype=float), labels


def _labels(model: Any, y: ArrayLike, where: str) -> Array:
    """One label a row: a column is flattened, one-hot rows become the index of the class."""
    labels = np.asarray(y)
    if labels.ndim == 2:
        labels = labels[:, 0] if labels.shape[1] == 1 else labels.argmax(axis=1)
    if labels.dtype.kind not in "iufb" or not np.isfinite(labels.astype(np.float64)).all():
        raise InputError(sentence("y", where, f"an array of {labels.dtype}", "numbers", "use MLPClassifier for labels of any kind"))
    outputs, found = model.architecture.sizes[-1], np.unique(labels)
    if outputs == 1 and len(found) != 2:
        got, repair = f"{len(found)} different values", "give the network an output for each class"
        raise InputError(sentence("y", where, got, "two labels for one output", repair))
    if outputs > 1 and not (np.isin(found, np.arange(outputs))).all():
        got, repair = f"labels up to {found[-1]:g}", "pass indices of outputs"
        raise InputError(sentence("y", where, got, f"labels 0 to {outputs - 1}", repair))
    return labels


def _wrapped(model: Any, labels: Array) -> Any:
    """As one with ``predict_proba`` where the outputs are probabilities, else with ``decision_function``."""
    from sklearn.base import BaseEstimator, ClassifierMixin

    architecture, vector = model.architecture, model.vector
    one = architecture.sizes[-1] == 1
    classes = np.unique(labels) if one else np.arange(architecture.sizes[-1])

    def outputs(X: ArrayLike) -> Array:
        inputs = as_inputs(X, architecture.sizes[0], vector.dtype)
        with np.errstate(all="ignore"):
            return forward(architecture.activations, architecture.split(vector), inputs).a[-1]

    class Classifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no annotations
        def __init__(self) -> None:
            self.classes_ = classes

        def fit(self, X: ArrayLike, y: ArrayLike) -> Any:
            return self  # it is trained already

        def predict(self, X: ArrayLike) -> Array:
            found = outputs(X)
            return self.classes_[(found[:, 0] > classes.mean()).astype(int) if one else found.argmax(axis=1)]

    class Sure(Classifier):
        def predict_proba(self, X: ArrayLike) -> Array:
            found = outputs(X)
            return np.concatenate([1 - found, found], axis=1) if one else found

    class Plain(Classifier):
        def decision_function(self, X: ArrayLike) -> Array:
            found = outputs(X)
            return found[:, 0] - classes.mean() if one else found

    rule = architecture.activations[-1].spec
    return Sure() if rule == "softmax" or (rule == "sigmoid" and one and classes.tolist() == [0, 1]) else Plain()

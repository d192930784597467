"""MLPClassifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from scipy.sparse import csr_matrix
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.utils._param_validation import StrOptions
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, type_of_target, unique_labels
from sklearn.utils.validation import check_is_fitted, column_or_1d

from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Schedule
from pellucid.errors import InputError, sentence
from pellucid.estimators import heads
from pellucid.estimators.base import MLP
from pellucid.estimators.constraints import CONSTRAINTS
from pellucid.estimators.files import check_classes
from pellucid.estimators.given import Saving
from pellucid.estimators.losses import named
from pellucid.training.callbacks import AnyCallback
from pellucid.training.checkpoints import USUAL, Path
from pellucid.training.evaluation import all_right

CLASS_WEIGHT = "a number of at least 0 for each class, not 0 for all"
EXAMPLE = "e.g. {0: 1.0, 1: 5.0}, for several labels a list of these, or 'balanced'"


class MLPClassifier(ClassifierMixin, MLP):
    """A multi-layer perceptron for classes, with scikit-learn's parameters, methods, attributes, and numbers.

    One yes-or-no label or several: sigmoid outputs with log loss; more than two classes: softmax with cross-entropy. The same
    ``random_state`` gives scikit-learn's own model, up to rounding.

    With ``multioutput=True`` y may have several columns of classes. The output layer has a unit for each class of each column, the
    loss is the sum of the columns' cross-entropies, and, as with scikit-learn's other classifiers of this kind, ``classes_`` and
    ``predict_proba`` are lists with an array for each column, and ``predict`` gives (m, k) labels.

    Args:
        hidden_layer_sizes: the units of each hidden layer.
        activation: identity, logistic, tanh, relu, any other of the catalogue, or a formula in x; or a list, one for each hidden layer.
        solver: adam, sgd or lbfgs; also adamw, rmsprop, adagrad, or an optimizer such as ``pl.AdamW(0.01)``.
        alpha: the strength of L2.
        batch_size: samples a step; auto is min(200, m).
        learning_rate: constant, invscaling or adaptive, for sgd; or a schedule such as ``pl.OneCycle(0.01)``.
        learning_rate_init: the learning rate of the first step.
        power_t: the exponent of invscaling.
        max_iter: epochs (iterations for lbfgs).
        shuffle: a new order in each epoch.
        random_state: of the weights, of the split, of shuffling and of dropout.
        tol: what counts as progress.
        verbose: print the loss after each epoch.
        warm_start: go on from the parameters of the last fit.
        momentum: for sgd.
        nesterovs_momentum: for sgd.
        early_stopping: hold out validation_fraction and stop by its score, restoring the best weights.
        validation_fraction: how much is held out.
        beta_1: for adam.
        beta_2: for adam.
        epsilon: for adam.
        n_iter_no_change: epochs without progress before it stops.
        max_fun: calls of the cost by lbfgs, at most.
        loss: log_loss (which is cross-entropy for more than two classes), any other of the catalogue that fits, or a formula.
        dropout: the rate for all hidden layers, or one for each.
        class_weight: balanced, or {class: weight}, for several labels or columns a list of these; it multiplies the sample weights.
        multioutput: take a y of several columns, (m, k), each with classes of its own: a softmax for each over shared hidden layers.
        initializer: he_normal ...; None draws as scikit-learn does.
        clip_norm: scale gradients down to this Euclidean norm.
        restore_best: also without early stopping, keep the weights of the best epoch.
        stratify: hold out an equal share of each class, also where there are more than two.
        keep_optimizer: with warm_start, go on with the moments of the optimizer, too.
        callbacks: as for `Network.fit`.
        progress: a bar on a terminal.
        n_threads: at most so many threads.
        engine: compiled or reference.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import scale
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(MLPClassifier(max_iter=300, tol=1e-3, random_state=0).fit(scale(X), y).score(scale(X), y) > 0.9)
    True

    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "class_weight": [None, dict, list, StrOptions({"balanced"})],
        "multioutput": ["boolean"],
        "stratify": ["boolean"],
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: str | Optimizer | LBFGS = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        loss: str | Loss = "log_loss",
        dropout: float | Sequence[float] = 0.0,
        class_weight: Mapping[Any, float] | Sequence[Mapping[Any, float] | None] | str | None = None,
        initializer: Any = None,
        clip_norm: float | None = None,
        restore_best: bool = False,
        stratify: bool = False,
        keep_optimizer: bool = False,
        callbacks: Sequence[AnyCallback] | None = None,
        progress: bool = False,
        n_threads: int | None = None,
        engine: str | None = None,
        multioutput: bool = False,
    ) -> None:
        self._keep(locals())

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        validation: Sequence[Any] | None = None,
        checkpoint: Path | None = None,
        every: int | str = USUAL,
        resume: bool | Path = False,
    ) -> Self:
        """Train on X (m, n), dense or sparse, and y (m,), or (m, n_labels) of zeros and ones (``multioutput=True``: of any classes).

        Args:
            X: the samples.
            y: their classes.
            sample_weight: s_i, (m,).
            validation: (X, y) or (X, y, sample_weight) to score after each epoch, and with ``early_stopping`` to stop by.
            checkpoint: a file to which the state of the training is written as it goes; `Network.fit` says more.
            every: so many epochs (``every=10``) or so much time (``every="30 seconds"``) lie between two checkpoints.
            resume: a checkpoint to go on from; True is ``checkpoint``, where it is there.

        Raises:
            InputError: a parameter or the data cannot be used.
            DivergenceError: the loss became infinite or NaN (also a ValueError).

        """
        return self._fit(X, y, sample_weight, validation=validation, saving=Saving(checkpoint, every, resume))

    classes_: Any
    """the classes in order; with several columns a list of these"""
    _sparse_labels: bool = False

    @available_if(lambda self: self._is_stochastic())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
        *,
        validation: Sequence[Any] | None = None,
    ) -> Self:
        """One more epoch over X and y; the optimizer keeps its state.

        Args:
            X: the samples.
            y: their classes.
            sample_weight: s_i, (m,).
            classes: all classes that there will be (a list for each column, where there are several); needed in the first call.
            validation: (X, y) to score after the call; with ``early_stopping`` the best weights are restored, and ``stopped_`` set, when
                the score has not improved for ``n_iter_no_change`` calls.

        Raises:
            InputError: a parameter or the data cannot be used.

        """
        if self.multioutput and heads.has_several(y):
            if heads.first_call(self, classes, y):
                self._kind = heads.KIND
        elif _check_partial_fit_first_call(self, classes):
            kind = type_of_target(y)
            self._kind = kind if kind.startswith("multilabel") else type_of_target(self.classes_)
            self._note_sparse(hasattr(y, "toarray"))
        return self._fit(X, y, sample_weight, incremental=True, validation=validation)

    def _read(self, X: ArrayLike, y: ArrayLike, incremental: bool, reset: bool) -> tuple[Any, Array]:
        inputs, labels = self._arrays(X, y, reset)
        sparse = hasattr(labels, "toarray")
        labels = labels.toarray() if sparse else labels
        if labels.ndim == 2 and labels.shape[1] == 1:
            labels = column_or_1d(labels, warn=True)
        if not hasattr(self, "classes_") or (not self.warm_start and not incremental):
            self._learn_classes(labels)
            self._note_sparse(sparse)
            return inputs, labels
        if self._kind == heads.KIND:
            heads.check_known(labels, self.classes_, self.warm_start and not incremental)
            return inputs, labels
        classes = unique_labels(labels)
        if self.warm_start and not incremental:
            if set(classes) != set(self.classes_):
                told = "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously got"
                raise InputError(f"{told} {self.classes_}, `y` has {classes}")
        elif len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise InputError(f"`y` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. 'y' has {classes}.")
        return inputs, labels

    def _note_sparse(self, sparse: bool) -> None:
        self.__dict__.pop("_sparse_labels", None)
        if sparse:
            self._sparse_labels = True

    def _learn_classes(self, y: Array) -> None:
        if y.ndim == 1 and y.dtype.kind == "i":  # scikit-learn would look for the classes several times
            self.classes_ = np.unique(y)
            self._kind = "binary" if len(self.classes_) <= 2 else "multiclass"
            return
        if self.multioutput and y.ndim == 2:
            self.classes_, self._kind = heads.learned(y), heads.KIND
            return
        self._kind = type_of_target(y, input_name="y")
        if self._kind in ("continuous", "continuous-multioutput", "multiclass-multioutput", "unknown"):
            expected = "classes (binary, multiclass or a multilabel indicator)"
            repair = "set multioutput=True for several columns of classes, and use MLPRegressor for numbers"
            repair = repair if self._kind == heads.KIND else "use MLPRegressor for numbers"
            told = sentence("y", "MLPClassifier", self._kind, expected, repair)
            raise InputError(f"Unknown label type: {self._kind}. {told}")
        if self._kind == "multilabel-indicator":
            self.classes_ = np.arange(y.shape[1])
            return
        self.classes_ = unique_labels(y)

    def _columns(self, y: Array) -> Array:
        """One column, 1 for the second class, where there are two; else one column for each class; several labels as they are."""
        if self._kind == "multilabel-indicator":
            return (y != 0).astype(np.float64)
        if self._kind == heads.KIND:
            return heads.encoded(y, self.classes_)
        index = np.searchsorted(self.classes_, y.ravel())
        if len(self.classes_) <= 2:
            return index[:, None].astype(np.float64)
        columns = np.zeros((len(index), len(self.classes_)))
        columns[np.arange(len(index)), index] = 1
        return columns

    def encode_targets(self, y: ArrayLike) -> Array:
        """y as the fitted network takes it, (m, n_L).

        Raises:
            InputError: a label that was not there in training.

        """
        check_is_fitted(self, "network_")
        labels = np.asarray(y)
        if self._kind not in ("multilabel-indicator", heads.KIND) and (unseen := ~np.isin(labels, self.classes_)).any():
            known = ", ".join(map(str, self.classes_[:10])) + (" ..." if len(self.classes_) > 10 else "")
            got, repair = repr(labels[unseen][0].item()), "correct the label, or train again with it"
            raise InputError(sentence("a label in y", "MLPClassifier", got, f"one seen in training ({known})", repair))
        return self._columns(labels)

    def _check_learned(self) -> None:
        check_classes(self.classes_, self._kind, self.n_outputs_)
        if self.network_.architecture.activations[-1].spec != self._output(self.n_outputs_):
            raise ValueError("the output activation gives no probabilities")

    def _output(self, n_outputs: int) -> str:
        if self._kind == heads.KIND:
            return f"softmax({', '.join(str(len(classes)) for classes in self.classes_)})"
        return "sigmoid" if self._kind == "multilabel-indicator" or n_outputs == 1 else "softmax"

    def _loss(self, n_outputs: int) -> Loss:
        if self._output(n_outputs).startswith("softmax"):
            return named("cross_entropy" if self.loss == "log_loss" else self.loss)
        record = named(self.loss)  # of one output only the cross-entropy knows nothing of the class whose probability is 1 - y_hat
        return named("log_loss") if record.spec == "cross_entropy" else record

    def _strata(self, Y: Array) -> Array | None:
        if Y.shape[1] == 1:  # scikit-learn stratifies by two classes only
            return Y
        return Y.argmax(axis=1) if self.stratify and self._kind == "multiclass" else None

    def _weights(self, y: Array, sample_weight: Array | None, dtype: Any) -> Array | None:
        if self.class_weight is None:
            return sample_weight
        several = self._kind == heads.KIND
        try:
            weights = (heads.weights if several else compute_sample_weight)(self.class_weight, y).astype(dtype)
        except InputError:
            raise
        except (TypeError, ValueError) as error:
            raise InputError(
                sentence("class_weight", type(self).__name__, f"refused ({str(error)[:120]})", CLASS_WEIGHT, EXAMPLE)
            ) from None
        if not (np.isfinite(weights).all() and (weights >= 0).all() and weights.any()):
            got = f"{self.class_weight!s:.60}"
            raise InputError(sentence("class_weight", type(self).__name__, got, CLASS_WEIGHT, EXAMPLE))
        return weights if sample_weight is None else weights * sample_weight

    def _score(self, y: Array, y_hat: Array, sample_weight: Array | None) -> float:
        """The share of the samples (by weight) all of whose labels are right."""
        if self._kind == heads.KIND:
            right = all_right(heads.parts(self.classes_), y, y_hat)
        elif self._output(y.shape[1]) == "softmax":
            right = y.argmax(axis=1) == y_hat.argmax(axis=1)
        elif len(self.classes_) == 1:  # which is always predicted
            right = np.ones(len(y), dtype=bool)
        else:
            right = ((y_hat > 0.5) == (y > 0.5)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """The share of the samples (by weight) all of whose labels are right."""
        if getattr(self, "_kind", None) != heads.KIND:
            return float(super().score(X, y, sample_weight))
        right = heads.all_right(y, self.predict(X))
        return float(np.average(right, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def predict(self, X: ArrayLike) -> Array:
        """The most probable class of each row; for several columns that of each.

        For labels those of more than 1/2, sparse where they were sparse in training.
        """
        y_hat = self._forward(X)
        if self._kind == heads.KIND:
            return heads.labels(y_hat, self.classes_)
        if self._kind == "multilabel-indicator":
            labels = (y_hat > 0.5).astype(np.int64)
            return csr_matrix(labels) if self._sparse_labels else labels
        if len(self.classes_) <= 2:
            return np.asarray(self.classes_[(y_hat[:, 0] > 0.5).astype(np.int64) if len(self.classes_) == 2 else np.zeros(len(y_hat), int)])
        return np.asarray(self.classes_[y_hat.argmax(axis=1)])

    def predict_proba(self, X: ArrayLike) -> Any:
        """The probability of each class, in the order of ``classes_``, (m, classes); for several columns a list of these."""
        y_hat = self._forward(X)
        if self._kind == heads.KIND:
            return [y_hat[:, head] for head in heads.parts(self.classes_)]
        return np.hstack([1 - y_hat, y_hat]) if y_hat.shape[1] == 1 else y_hat

    def predict_log_proba(self, X: ArrayLike) -> Any:
        """The logarithm of the probability of each class; for several columns a list of these."""
        shares = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return [np.log(each) for each in shares] if isinstance(shares, list) else np.log(shares)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = bool(self.multioutput)
        tags.input_tags.sparse = True
        return tags


MLPClassifier.__module__ = "pellucid.estimators"

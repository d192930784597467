"""The scikit-learn face: the constructor, methods and fitted attributes that its users know, over a `Network`. No mathematics."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, Self, TypeGuard

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import type_of_target, unique_labels
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pellucid.engines.base import Patience
from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Adam, GradientDescent, Momentum, Nesterov, Optimizer
from pellucid.equations.schedules import Adaptive, ConstantRate, InverseScaling, Schedule
from pellucid.errors import InputError, UnknownNameError, sentence
from pellucid.network import Network
from pellucid.training.callbacks import AnyCallback, Callback, EarlyStopping, Moment
from pellucid.training.history import History
from pellucid.validation import one_of, positive_integer

LOGISTIC = {"logistic": "sigmoid"}
"""scikit-learn's names of activations that have another one here"""


class _MLP(BaseEstimator):
    """What the classifier and the regressor share: scikit-learn's parameters, turned into a network and its training."""

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: float | Sequence[float] = 0.0,
        callbacks: Sequence[AnyCallback] | None = None,
        progress: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.callbacks = callbacks
        self.progress = progress

    @abstractmethod
    def _targets(self, y: Array) -> tuple[Array, str]:
        """The targets as the network takes them, and its loss."""

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on X (m, n) and y (m,) or (m, n_outputs).

        Raises:
            InputError: a parameter or the data cannot be used.
            DivergenceError: the loss became infinite or NaN.

        """
        X, y = self._checked(X, y)
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=X.dtype, ensure_non_negative=True)
        Y, loss = self._targets(y)
        sizes = self.hidden_layer_sizes
        hidden = [sizes] if isinstance(sizes, int | np.integer) else self._listed("hidden_layer_sizes", sizes)
        for name, value in (("tol", self.tol), ("validation_fraction", self.validation_fraction)):
            if not isinstance(value, Real):
                raise InputError(sentence(name, type(self).__name__, repr(value), "a number", "leave it out for the default"))
        self.network_ = Network(
            [X.shape[1], *hidden, Y.shape[1]],
            self._activations(len(hidden), Y.shape[1]),
            loss,
            l2=self.alpha,
            dropout=self.dropout,
            seed=self._seed(),
            dtype=X.dtype,
        )
        rule = _Stopping(self.tol, positive_integer(self.n_iter_no_change, "n_iter_no_change", type(self).__name__))
        held = 0 < self.validation_fraction < 1
        if self.early_stopping and not held:
            expected = "a share between 0 and 1"
            where, got = type(self).__name__, self.validation_fraction
            raise InputError(sentence("validation_fraction", where, got, expected, "choose e.g. 0.1"))
        metric = self._metric()
        by_score = self.early_stopping and self.solver != "lbfgs"
        patience = rule.patience.limit + 1  # scikit-learn stops after more than n_iter_no_change epochs, not at as many
        watch = EarlyStopping(patience, max(self.tol, 0.0), monitor=f"validation_{metric}") if by_score else None
        history = self.network_.fit(
            X,
            Y,
            optimizer=self._optimizer(),
            epochs=positive_integer(self.max_iter, "max_iter", type(self).__name__),
            batch_size=self._batch_size(len(X)),
            validation=self.validation_fraction if by_score else None,
            early_stopping=watch,
            callbacks=[
                *self._listed("callbacks", self.callbacks or ()),
                *([] if by_score or self.solver == "lbfgs" else [rule]),
                *self._lines(),
            ],
            sample_weight=sample_weight,
            shuffle=self.shuffle,
            progress=self.progress,
            metrics=[metric],
        )
        self.t_ = history.n_epochs * len(X)
        if history.stopped_by == "epochs":
            warnings.warn(
                f"Optimization stopped at the maximum of {self.max_iter} iterations (max_iter) and has not converged yet.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _checked(self, X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
        """X and y as arrays, as scikit-learn checks them.

        What is an array of finite numbers already passes by: scikit-learn's checks would find nothing, in a tenth of a millisecond.
        """
        if _is_numbers(X, 2) and _is_numbers(y, 1) and X.dtype.kind == "f" and 0 < len(X) == len(y) and X.shape[1] > 0:
            self.n_features_in_ = X.shape[1]
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
            return X, y
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=False, dtype=(np.float64, np.float32))
        return np.asarray(X), np.asarray(y)

    def _seed(self) -> int:
        """Of the network: ``random_state`` itself where it is a number."""
        state = self.random_state
        if isinstance(state, int | np.integer) and 0 <= state < 2**32:
            return int(state)
        return int(check_random_state(state).randint(2**31 - 1))

    def _activations(self, n_hidden: int, n_outputs: int) -> list[str | Activation]:
        given = self.activation
        rules = [given] * n_hidden if isinstance(given, str | Activation) else self._listed("activation", given)
        if len(rules) != n_hidden:
            expected = f"{n_hidden}, one for each hidden layer"
            where = type(self).__name__
            raise InputError(sentence("the number of activations", where, len(rules), expected, "give one for all, or a list"))
        renamed = [LOGISTIC.get(rule, rule) if isinstance(rule, str) else rule for rule in rules]
        return [*renamed, self._output(n_outputs)]

    def _listed(self, name: str, value: Any) -> list[Any]:
        if not isinstance(value, Iterable):
            raise InputError(sentence(name, type(self).__name__, repr(value), "a list", "put it into a list"))
        return list(value)

    @abstractmethod
    def encode_targets(self, y: ArrayLike) -> Array:
        """y as the fitted network takes it, (m, n_L)."""

    @abstractmethod
    def _output(self, n_outputs: int) -> str:
        """The output activation."""

    @abstractmethod
    def _metric(self) -> str:
        """The score of a validation set."""

    def _batch_size(self, m: int) -> int | None:
        if self.solver == "lbfgs":
            return None
        if self.batch_size == "auto":
            return min(200, m)
        return min(positive_integer(self.batch_size, "batch_size", type(self).__name__), m)

    def _optimizer(self) -> Optimizer | LBFGS:
        where = type(self).__name__
        one_of(self.solver, ("lbfgs", "sgd", "adam"), "the solver", where)
        one_of(self.learning_rate, ("constant", "invscaling", "adaptive"), "learning_rate", where)
        if self.solver == "lbfgs":
            return LBFGS(tolerance=self.tol, relative_decrease=64 * np.finfo(np.float64).eps)
        if self.solver == "adam":
            return Adam(self.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)
        schedule: Schedule = ConstantRate(self.learning_rate_init)
        if self.learning_rate == "invscaling":
            schedule = InverseScaling(self.learning_rate_init, self.power_t)
        elif self.learning_rate == "adaptive":
            schedule = Adaptive(self.learning_rate_init, patience=self.n_iter_no_change, tolerance=self.tol)
        if not self.momentum:
            return GradientDescent(schedule)
        return (Nesterov if self.nesterovs_momentum else Momentum)(schedule, self.momentum)

    def _lines(self) -> list[AnyCallback]:
        if not self.verbose:
            return []

        def say(moment: Moment) -> None:
            print(f"Iteration {moment.epoch}, loss = {moment.history['loss'][-1]:.8f}")

        return [say]

    @property
    def history_(self) -> History:
        """Everything that was noted in training."""
        check_is_fitted(self, "network_")
        history = self.network_.history
        return History() if history is None else history

    @property
    def loss_curve_(self) -> list[float]:
        """The loss of each epoch."""
        return list(self.history_["loss"]) if self.history_ else []

    @property
    def loss_(self) -> float:
        """The loss of the last epoch."""
        return self.loss_curve_[-1] if self.loss_curve_ else math.nan

    @property
    def best_loss_(self) -> float | None:
        """The lowest loss of an epoch; None with early stopping."""
        return min(self.loss_curve_, default=math.nan) if self.validation_scores_ is None else None

    @property
    def validation_scores_(self) -> list[float] | None:
        """The score on the held-out part after each epoch; None without early stopping."""
        scores = self.history_.get(f"validation_{self._metric()}")
        return None if scores is None else list(scores)

    @property
    def best_validation_score_(self) -> float | None:
        """The best of them."""
        scores = self.validation_scores_
        return None if scores is None else max(scores)

    @property
    def n_iter_(self) -> int:
        """How many epochs were done."""
        return self.history_.n_epochs

    @property
    def n_layers_(self) -> int:
        """Layers, the input counted."""
        return len(self.network_.layers) + 1

    @property
    def n_outputs_(self) -> int:
        """Outputs of the network."""
        return self.network_.architecture.sizes[-1]

    @property
    def out_activation_(self) -> str:
        """The activation of the output, by scikit-learn's name."""
        output = self.network_.layers[-1].activation.spec
        return "logistic" if output == "sigmoid" else output

    @property
    def coefs_(self) -> list[Array]:
        """W_1 ... W_L, (n_{l-1}, n_l)."""
        check_is_fitted(self, "network_")
        return [W for W, _ in self.network_.architecture.split(self.network_.vector)]

    @property
    def intercepts_(self) -> list[Array]:
        """b_1 ... b_L."""
        check_is_fitted(self, "network_")
        return [b for _, b in self.network_.architecture.split(self.network_.vector)]

    def _forward(self, X: ArrayLike) -> Array:
        network: Network | None = getattr(self, "network_", None)
        if network is not None and self._is_ready(X, network):
            try:
                return network.predict(X)
            except InputError:  # not finite: scikit-learn says so in its own words
                pass
        check_is_fitted(self, "network_")
        checked = validate_data(self, X, reset=False, dtype=(np.float64, np.float32))
        return self.network_.predict(np.asarray(checked))

    def _is_ready(self, X: ArrayLike, network: Network) -> bool:
        """Whether X is an array of the fitted dtype and width, so that `Network.predict` checks all that there is to check.

        scikit-learn's own validation takes ten times as long as the prediction of one row.
        """
        named = hasattr(self, "feature_names_in_")
        return not named and type(X) is np.ndarray and X.dtype == network.vector.dtype and X.shape[1:] == (self.n_features_in_,)


def _is_numbers(array: Any, ndim: int) -> TypeGuard[Array]:
    """Whether it is an array of so many dimensions with finite numbers of 32 or 64 bits, or whole ones, in it."""
    if type(array) is not np.ndarray or array.ndim != ndim or array.dtype.char not in "fdilq":
        return False
    return array.dtype.kind == "i" or bool(np.isfinite(array).all())


class _Stopping(Callback):
    """scikit-learn's rule: stop when the training loss has not fallen by ``tol`` for more than ``patience`` epochs in a row."""

    looks_at_network = False

    def __init__(self, tol: float, patience: int) -> None:
        self.patience: Patience = Patience(tol, patience)
        self.seen = 0

    def on_epoch_end(self, moment: Moment) -> str | None:
        for loss in moment.history["loss"][self.seen :]:
            self.patience.see(loss)
        self.seen = moment.epoch
        return "converged" if self.patience.over else None


class MLPClassifier(ClassifierMixin, _MLP):
    """A multi-layer perceptron for classes: scikit-learn's parameters, and more activations, dropout and callbacks.

    One yes-or-no label or several: sigmoid outputs with log loss; more than two classes: softmax with cross-entropy.

    Args:
        hidden_layer_sizes: the units of each hidden layer.
        activation: identity, logistic, tanh, relu or any other of the catalogue; or a list, one for each hidden layer.
        solver: adam, sgd or lbfgs.
        alpha: the strength of L2.
        batch_size: samples a step; auto is min(200, m).
        learning_rate: constant, invscaling or adaptive; for sgd.
        learning_rate_init: the learning rate of the first step.
        power_t: the exponent of invscaling.
        max_iter: epochs (iterations for lbfgs).
        shuffle: a new order in each epoch.
        random_state: of the weights, of shuffling and of the split.
        tol: what counts as progress.
        verbose: print the loss after each epoch.
        momentum: for sgd.
        nesterovs_momentum: for sgd.
        early_stopping: hold out validation_fraction and stop by its score, restoring the best weights.
        validation_fraction: how much is held out, stratified by class.
        beta_1: for adam.
        beta_2: for adam.
        epsilon: for adam.
        n_iter_no_change: epochs without progress before it stops.
        max_fun: accepted for compatibility.
        dropout: the rate for all hidden layers, or one for each.
        callbacks: as for `Network.fit`.
        progress: a bar on a terminal.

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.preprocessing import scale
    >>> X, y = load_iris(return_X_y=True)
    >>> bool(MLPClassifier(max_iter=300, tol=1e-3, random_state=0).fit(scale(X), y).score(scale(X), y) > 0.9)
    True

    """

    def _targets(self, y: Array) -> tuple[Array, str]:
        if y.ndim == 1 and y.dtype.kind == "i":  # scikit-learn would look for the classes twice, and we once more
            self.classes_, index = np.unique(y, return_inverse=True)
            self._kind = "binary" if len(self.classes_) <= 2 else "multiclass"
            if len(self.classes_) > 1:
                return self._of_index(index), self._loss()
        self._kind = type_of_target(y, input_name="y")
        if self._kind in ("continuous", "continuous-multioutput", "multiclass-multioutput", "unknown"):
            expected = "classes (binary, multiclass or a multilabel indicator)"
            told = sentence("y", "MLPClassifier", self._kind, expected, "use MLPRegressor for numbers")
            raise InputError(f"Unknown label type: {self._kind}. {told}")
        if self._kind == "multilabel-indicator":
            self.classes_ = np.arange(y.shape[1])
            return y.astype(np.float64), "log_loss"
        if y.ndim == 2:
            y = y.ravel()
        try:
            self.classes_ = np.unique(y)
        except TypeError:  # labels that cannot be sorted, which scikit-learn has its own words for
            self.classes_ = unique_labels(y)
        if len(self.classes_) < 2:
            got = f"one class ({self.classes_.tolist()[0]!r})"
            raise InputError(sentence("y", "MLPClassifier", got, "at least two classes", "check how the samples were selected"))
        return self._columns(y), self._loss()

    def _loss(self) -> str:
        return "log_loss" if len(self.classes_) == 2 else "cross_entropy"

    def _columns(self, labels: Array) -> Array:
        """The labels as outputs."""
        return self._of_index(np.searchsorted(self.classes_, labels))

    def _of_index(self, index: Array) -> Array:
        """One column, 1 for the second class, where there are two; else one column for each class."""
        if len(self.classes_) == 2:
            return index[:, None].astype(np.float64)
        columns = np.zeros((len(index), len(self.classes_)))
        columns[np.arange(len(index)), index] = 1
        return columns

    def encode_targets(self, y: ArrayLike) -> Array:
        """One column for yes or no, one for each class, or the labels as they are.

        Raises:
            InputError: a label that was not there in training.

        """
        check_is_fitted(self, "network_")
        labels = np.asarray(y)
        if self._kind == "multilabel-indicator":
            return labels.astype(np.float64)
        unseen = ~np.isin(labels, self.classes_)
        if unseen.any():
            known = ", ".join(map(str, self.classes_[:10])) + (" ..." if len(self.classes_) > 10 else "")
            got, repair = repr(labels[unseen][0].item()), "correct the label, or train again with it"
            raise InputError(sentence("a label in y", "MLPClassifier", got, f"one seen in training ({known})", repair))
        return self._columns(labels.ravel())

    def _output(self, n_outputs: int) -> str:
        return "sigmoid" if self._kind == "multilabel-indicator" or n_outputs == 1 else "softmax"

    def _metric(self) -> str:
        return "accuracy"

    def predict(self, X: ArrayLike) -> Array:
        """The most probable class of each row (for labels: those of at least 1/2)."""
        y_hat = self._forward(X)
        if self._kind == "multilabel-indicator":
            return (y_hat > 0.5).astype(np.int64)
        index = (y_hat[:, 0] > 0.5).astype(np.int64) if y_hat.shape[1] == 1 else y_hat.argmax(axis=1)
        return np.asarray(self.classes_[index])

    def predict_proba(self, X: ArrayLike) -> Array:
        """The probability of each class, in the order of ``classes_``."""
        y_hat = self._forward(X)
        return np.hstack([1 - y_hat, y_hat]) if y_hat.shape[1] == 1 and self._kind != "multilabel-indicator" else y_hat

    def predict_log_proba(self, X: ArrayLike) -> Array:
        """The logarithm of the probability of each class."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        tags.target_tags.multi_output = True
        return tags


class MLPRegressor(RegressorMixin, _MLP):
    """A multi-layer perceptron for numbers: identity output with half the squared error. Parameters as for `MLPClassifier`.

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> X, y = map(scale, load_diabetes(return_X_y=True))
    >>> model = MLPRegressor(20, solver="lbfgs", max_iter=50, tol=1e-2, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.5)
    True
    """

    def _targets(self, y: Array) -> tuple[Array, str]:
        try:
            Y = y.astype(np.float64)
        except ValueError:
            raise UnknownNameError(sentence("y", "MLPRegressor", "not numeric", "numbers", "use MLPClassifier for classes")) from None
        self._flat = Y.ndim == 1
        return (Y[:, None] if self._flat else Y), "half_mse"

    def encode_targets(self, y: ArrayLike) -> Array:
        """y as a column, or as it is."""
        Y = np.asarray(y, dtype=np.float64)
        return Y[:, None] if Y.ndim == 1 else Y

    def _output(self, n_outputs: int) -> str:
        return "identity"

    def _metric(self) -> str:
        return "r2"

    def predict(self, X: ArrayLike) -> Array:
        """y_hat of each row."""
        y_hat = self._forward(X)
        return y_hat[:, 0] if self._flat else y_hat

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

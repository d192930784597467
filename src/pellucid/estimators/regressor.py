"""MLPRegressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Schedule
from pellucid.errors import InputError, UnknownNameError, sentence
from pellucid.estimators.base import MLP
from pellucid.estimators.constraints import CONSTRAINTS
from pellucid.estimators.given import Saving
from pellucid.estimators.losses import named
from pellucid.training.callbacks import AnyCallback
from pellucid.training.checkpoints import USUAL, Path
from pellucid.training.pieces import is_sparse


class MLPRegressor(RegressorMixin, MLP):
    """A multi-layer perceptron for numbers, with scikit-learn's parameters, methods, attributes, and numbers.

    Identity output with half the squared error; ``loss="poisson"``, for counts, goes with exp. Parameters as for `MLPClassifier`.

    Args:
        loss: squared_error, poisson, mae, huber ..., or a formula in y_hat and y.
        hidden_layer_sizes: the units of each hidden layer.
        activation: as for `MLPClassifier`, and so are all others.

    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import scale
    >>> X, y = map(scale, load_diabetes(return_X_y=True))
    >>> model = MLPRegressor(hidden_layer_sizes=20, solver="lbfgs", max_iter=50, tol=1e-2, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.5)
    True

    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        loss: str | Loss = "squared_error",
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
        dropout: float | Sequence[float] = 0.0,
        initializer: Any = None,
        clip_norm: float | None = None,
        restore_best: bool = False,
        keep_optimizer: bool = False,
        callbacks: Sequence[AnyCallback] | None = None,
        progress: bool = False,
        n_threads: int | None = None,
        engine: str | None = None,
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
        """Train on X (m, n), dense or sparse, and y (m,) or (m, n_outputs).

        Args:
            X: the samples.
            y: their targets.
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

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None, *, validation: Sequence[Any] | None = None
    ) -> Self:
        """One more epoch over X and y; the optimizer keeps its state. ``validation`` as for `MLPClassifier.partial_fit`.

        Raises:
            InputError: a parameter or the data cannot be used.

        """
        return self._fit(X, y, sample_weight, incremental=True, validation=validation)

    def _read(self, X: ArrayLike, y: ArrayLike, incremental: bool, reset: bool) -> tuple[Any, Array]:
        inputs, targets = self._arrays(X, y, reset, y_numeric=True)
        if is_sparse(targets) or targets.dtype.kind in "mM":
            got = "sparse" if is_sparse(targets) else "dates or times"
            told = "turn it into an array: y.toarray()" if is_sparse(targets) else "turn them into numbers, e.g. of days"
            raise InputError(sentence("y", type(self).__name__, got, "an array of numbers", told))
        if targets.ndim == 2 and targets.shape[1] == 1:
            targets = column_or_1d(targets, warn=True)
        return inputs, targets.astype(np.float64) if targets.dtype.kind in "USO" else targets

    def _columns(self, y: Array) -> Array:
        return y[:, None] if y.ndim == 1 else y

    def encode_targets(self, y: ArrayLike) -> Array:
        """y as the fitted network takes it, (m, n_L)."""
        try:
            return self._columns(np.asarray(y, dtype=np.float64))
        except ValueError:
            raise UnknownNameError(sentence("y", "MLPRegressor", "not numeric", "numbers", "use MLPClassifier for classes")) from None

    def _output(self, n_outputs: int) -> str:
        return named(self.loss).output

    def _loss(self, n_outputs: int) -> Loss:
        return named(self.loss)

    def _strata(self, Y: Array) -> Array | None:
        return None

    def _weights(self, y: Array, sample_weight: Array | None, dtype: Any) -> Array | None:
        return sample_weight

    def _score(self, y: Array, y_hat: Array, sample_weight: Array | None) -> float:
        """R^2, the mean over the outputs."""
        return float(r2_score(y, y_hat, sample_weight=sample_weight))

    def predict(self, X: ArrayLike) -> Array:
        """y_hat of each row, (m,) for one output."""
        y_hat = self._forward(X)
        return y_hat.ravel() if y_hat.shape[1] == 1 else y_hat

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.input_tags.sparse = True
        return tags


MLPRegressor.__module__ = "pellucid.estimators"

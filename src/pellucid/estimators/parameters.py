"""scikit-learn's parameters, and ours beside them: what each stands for in the words of the equations."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.random import RandomState
from sklearn.utils._param_validation import InvalidParameterError
from sklearn.utils.validation import check_is_fitted

from pellucid.equations.activations import Activation, activation
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import LBFGS, AdaGrad, AdamEpsilonHat, AdamW, GradientDescent, Momentum, Nesterov, Optimizer, RMSprop
from pellucid.equations.schedules import Schedule
from pellucid.errors import InputError, sentence
from pellucid.estimators.constraints import ParameterError
from pellucid.estimators.fitted import Fitted
from pellucid.estimators.stopping import AsTold, SgdRates
from pellucid.training.callbacks import AnyCallback

LOGISTIC = {"logistic": "sigmoid"}
"""scikit-learn's names of activations that have another one here"""


class Parameters(Fitted):
    """The parameters of a multi-layer perceptron."""

    hidden_layer_sizes: int | Sequence[int]
    activation: str | Activation | Sequence[str | Activation]
    solver: str | Optimizer | LBFGS
    alpha: float
    batch_size: int | str
    learning_rate: str | Schedule
    learning_rate_init: float
    power_t: float
    max_iter: int
    loss: str | Loss
    shuffle: bool
    random_state: int | RandomState | None
    tol: float
    verbose: bool
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: float | Sequence[float]
    initializer: Any
    clip_norm: float | None
    restore_best: bool
    keep_optimizer: bool
    callbacks: Sequence[AnyCallback] | None
    progress: bool
    n_threads: int | None
    engine: str | None

    def _keep(self, given: dict[str, Any]) -> None:
        """The parameters as they are, under their names, as scikit-learn wants them."""
        for name, value in given.items():
            if name != "self":
                setattr(self, name, value)

    def _validate_params(self) -> None:
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            raise ParameterError(str(error)) from None

    def _is_lbfgs(self) -> bool:
        return self.solver == "lbfgs" or isinstance(self.solver, LBFGS)

    def _is_stochastic(self) -> bool:
        if self._is_lbfgs():
            raise AttributeError("partial_fit is only available for stochastic optimizers. lbfgs is not stochastic.")
        return True

    def _sizes(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        sizes = list(sizes) if isinstance(sizes, Iterable) else [sizes]
        if np.any(np.asarray(sizes) <= 0):
            raise InputError(f"hidden_layer_sizes must be > 0, got {sizes}.")
        return sizes

    def _activations(self, n_hidden: int) -> list[str | Activation]:
        given = self.activation
        rules = [given] * n_hidden if isinstance(given, str | Activation) else list(given)
        if len(rules) != n_hidden:
            expected = f"{n_hidden}, one for each hidden layer"
            where = type(self).__name__
            raise InputError(sentence("the number of activations", where, len(rules), expected, "give one for all, or a list"))
        return [LOGISTIC.get(rule, rule) if isinstance(rule, str) else rule for rule in rules]

    def _is_logistic(self) -> bool:
        """Whether the (first) activation is the sigmoid, also where there is no hidden layer that has it: scikit-learn asks no further."""
        given = self.activation if isinstance(self.activation, str | Activation) else next(iter(self.activation), "relu")
        return activation(LOGISTIC.get(given, given) if isinstance(given, str) else given).spec == "sigmoid"

    def _lbfgs(self) -> LBFGS:
        default = LBFGS(tolerance=self.tol, relative_decrease=2.220446049250313e-09, calls=self.max_fun)
        return self.solver if isinstance(self.solver, LBFGS) else default

    def _batch_size(self, m: int) -> int:
        if self.batch_size == "auto":
            return min(200, m)
        size = int(self.batch_size)
        if size > m:
            warnings.warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped", stacklevel=4)
        return min(size, m)

    def _optimizer(self) -> tuple[Optimizer, SgdRates | None]:
        """The optimizer, and for sgd what its learning rate hangs on."""
        if isinstance(self.solver, Optimizer):
            return self.solver, None
        rate: float | Schedule = self.learning_rate_init
        if isinstance(self.learning_rate, Schedule):
            rate = self.learning_rate
        if self.solver == "adam":
            return AdamEpsilonHat(rate, self.beta_1, self.beta_2, self.epsilon), None
        if self.solver == "adamw":
            return AdamW(rate, self.beta_1, self.beta_2, self.epsilon), None
        if self.solver == "rmsprop":
            return RMSprop(rate, epsilon=self.epsilon), None
        if self.solver == "adagrad":
            return AdaGrad(rate), None
        rates = None
        if self.learning_rate in ("invscaling", "adaptive"):
            rates = SgdRates(self.learning_rate_init, self.power_t, str(self.learning_rate))
            rate = AsTold(rates)
        if not self.momentum:
            return GradientDescent(rate), rates
        return (Nesterov if self.nesterovs_momentum else Momentum)(rate, self.momentum), rates

    @property
    def optimizer_(self) -> Optimizer | LBFGS:
        """The optimizer that solver, learning_rate and their like stand for, as it is at first."""
        check_is_fitted(self, "network_")
        if self._is_lbfgs():
            return self._lbfgs()
        optimizer, rates = self._optimizer()
        return optimizer if rates is None else replace(optimizer, learning_rate=self.learning_rate_init)

"""What each parameter may be: scikit-learn's own table, widened where more is taken here."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, InvalidParameterError, Options, StrOptions

from pellucid.equations.activations import Activation
from pellucid.equations.initializers import Initializer
from pellucid.equations.losses import Loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Schedule
from pellucid.errors import InputError

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
    "activation": [str, Activation, list, tuple],
    "solver": [StrOptions({"lbfgs", "sgd", "adam", "adamw", "rmsprop", "adagrad"}), Optimizer, LBFGS],
    "alpha": [Interval(Real, 0, None, closed="left")],
    "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"}), Schedule],
    "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
    "power_t": [Interval(Real, 0, None, closed="left")],
    "max_iter": [Interval(Integral, 1, None, closed="left")],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [Interval(Real, 0, None, closed="left")],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="left")],
    "beta_1": [Interval(Real, 0, 1, closed="left")],
    "beta_2": [Interval(Real, 0, 1, closed="left")],
    "epsilon": [Interval(Real, 0, None, closed="neither")],
    "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
    "max_fun": [Interval(Integral, 1, None, closed="left")],
    "loss": [str, Loss],
    "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
    "initializer": [None, str, Initializer],
    "clip_norm": [None, Interval(Real, 0, None, closed="neither")],
    "restore_best": ["boolean"],
    "keep_optimizer": ["boolean"],
    "callbacks": [None, list, tuple],
    "progress": ["boolean"],
    "n_threads": [None, Interval(Integral, 1, None, closed="left")],
    "engine": [None, str],
}


class ParameterError(InputError, InvalidParameterError):
    """A parameter of an estimator that cannot be used; scikit-learn's kind, and one of ours."""

"""Pellucid: neural networks you can see through. This file is the table of contents."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pellucid.equations.activations import Activation, activation
from pellucid.equations.initializers import Initializer, initializer
from pellucid.equations.losses import Loss, loss
from pellucid.equations.optimizers import (
    LBFGS,
    AdaGrad,
    Adam,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
    RMSprop,
)
from pellucid.equations.schedules import (
    Adaptive,
    ConstantRate,
    CosineDecay,
    InverseScaling,
    OneCycle,
    Schedule,
    StepDecay,
    WarmUp,
)
from pellucid.errors import (
    DivergenceError,
    GradientError,
    InputError,
    ModelFileError,
    OutputError,
    PellucidError,
    ShapeError,
    TableError,
    UnknownNameError,
)
from pellucid.glassbox.check import GradientReport, check_gradients
from pellucid.glassbox.review import GradientReview, Verdict, review_gradients
from pellucid.glassbox.trace import Trace
from pellucid.network import Network
from pellucid.training import Callback, EarlyStopping, History, Moment, TrainingInterrupted

if TYPE_CHECKING:
    from pellucid.estimators import MLPClassifier, MLPRegressor

__version__ = "0.1.0"

_LAZY = {"MLPClassifier": "pellucid.estimators", "MLPRegressor": "pellucid.estimators"}
"""what needs scikit-learn, whose import takes a second, is imported when it is first asked for"""


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])


__all__ = [
    "LBFGS",
    "Activation",
    "AdaGrad",
    "Adam",
    "AdamW",
    "Adaptive",
    "Callback",
    "ConstantRate",
    "CosineDecay",
    "DivergenceError",
    "EarlyStopping",
    "GradientDescent",
    "GradientError",
    "GradientReport",
    "GradientReview",
    "History",
    "Initializer",
    "InputError",
    "InverseScaling",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "ModelFileError",
    "Moment",
    "Momentum",
    "Nesterov",
    "Network",
    "OneCycle",
    "Optimizer",
    "OutputError",
    "PellucidError",
    "RMSprop",
    "Schedule",
    "ShapeError",
    "StepDecay",
    "TableError",
    "Trace",
    "TrainingInterrupted",
    "UnknownNameError",
    "Verdict",
    "WarmUp",
    "activation",
    "check_gradients",
    "initializer",
    "loss",
    "review_gradients",
]

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
    DependencyError,
    DivergenceError,
    ExportError,
    FormulaError,
    GradientError,
    InputError,
    ModelFileError,
    OutputError,
    PellucidError,
    ResumeError,
    ShapeError,
    TableError,
    UnknownNameError,
)
from pellucid.glassbox.check import GradientReport, check_gradients
from pellucid.glassbox.trace import Trace, trace
from pellucid.network import Network
from pellucid.training import Callback, EarlyStopping, History, Moment, TrainingInterrupted

if TYPE_CHECKING:
    from pellucid.estimators import MLPClassifier, MLPRegressor
    from pellucid.export.c import export_c
    from pellucid.export.json import JsonModel, export_json, load_json
    from pellucid.export.numpy import export_numpy
    from pellucid.export.onnx import export_onnx
    from pellucid.export.report import ExportReport
    from pellucid.glassbox import plots
    from pellucid.glassbox.calculus import differentiate
    from pellucid.glassbox.derivation import Derivation, Step
    from pellucid.glassbox.derive import LayerTable, Proof, derive, layer_table, prove_gradients
    from pellucid.glassbox.diagram import Diagram, network_diagram
    from pellucid.glassbox.graph import Graph, computation_graph
    from pellucid.glassbox.health.report import HealthReport
    from pellucid.glassbox.review import GradientReview, Verdict, review_gradients
    from pellucid.glassbox.written.equation import review_equation
    from pellucid.glassbox.written.report import EquationReview
    from pellucid.glassbox.written.sheet import SheetReview, review_sheet
    from pellucid.loading import load
    from pellucid.presets import tabular_classifier, tabular_regressor
    from pellucid.training.health import gradient_health
    from pellucid.training.recorder import HealthRecorder

__version__ = "0.1.0"

_MODULES = {
    "estimators": ("MLPClassifier", "MLPRegressor"),
    "export.c": ("export_c",),
    "export.json": ("JsonModel", "export_json", "load_json"),
    "export.numpy": ("export_numpy",),
    "export.onnx": ("export_onnx",),
    "export.report": ("ExportReport",),
    "glassbox.calculus": ("differentiate",),
    "glassbox.derivation": ("Derivation", "Step"),
    "glassbox.derive": ("LayerTable", "Proof", "derive", "layer_table", "prove_gradients"),
    "glassbox.diagram": ("Diagram", "network_diagram"),
    "glassbox.graph": ("Graph", "computation_graph"),
    "glassbox.health.report": ("HealthReport",),
    "glassbox.review": ("GradientReview", "Verdict", "review_gradients"),
    "glassbox.written.equation": ("review_equation",),
    "glassbox.written.report": ("EquationReview",),
    "glassbox.written.sheet": ("SheetReview", "review_sheet"),
    "loading": ("load",),
    "presets": ("tabular_classifier", "tabular_regressor"),
    "training.health": ("gradient_health",),
    "training.recorder": ("HealthRecorder",),
}
"""what only some need, or needs scikit-learn, whose import takes a second, is imported when it is first asked for"""
_LAZY = {name: f"pellucid.{module}" for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name == "plots":
        return import_module("pellucid.glassbox.plots")
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'pellucid' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, "plots"})


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
    "DependencyError",
    "Derivation",
    "Diagram",
    "DivergenceError",
    "EarlyStopping",
    "EquationReview",
    "ExportError",
    "ExportReport",
    "FormulaError",
    "GradientDescent",
    "GradientError",
    "GradientReport",
    "GradientReview",
    "Graph",
    "HealthRecorder",
    "HealthReport",
    "History",
    "Initializer",
    "InputError",
    "InverseScaling",
    "JsonModel",
    "LayerTable",
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
    "Proof",
    "RMSprop",
    "ResumeError",
    "Schedule",
    "ShapeError",
    "SheetReview",
    "Step",
    "StepDecay",
    "TableError",
    "Trace",
    "TrainingInterrupted",
    "UnknownNameError",
    "Verdict",
    "WarmUp",
    "activation",
    "check_gradients",
    "computation_graph",
    "derive",
    "differentiate",
    "export_c",
    "export_json",
    "export_numpy",
    "export_onnx",
    "gradient_health",
    "initializer",
    "layer_table",
    "load",
    "load_json",
    "loss",
    "network_diagram",
    "plots",
    "prove_gradients",
    "review_equation",
    "review_gradients",
    "review_sheet",
    "tabular_classifier",
    "tabular_regressor",
    "trace",
]

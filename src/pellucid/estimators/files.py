"""An estimator in a file: that of its network, with the parameters of the constructor and what was learned beside the weights.

What is no plain value is written as the text that names it (activations, losses, initializers) or as name and settings (optimizers and
schedules). Callbacks, a ``RandomState`` object and records of a user's own have no such text: they are left out, their parameters get their
defaults, and the file lists them under ``left_out``. The moments of the optimizer are left out, too, since they are twice the parameters:
a checkpoint keeps them.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pellucid.equations.activations import Activation, activation
from pellucid.equations.arrays import Array
from pellucid.equations.initializers import Initializer, initializer
from pellucid.equations.losses import Loss, loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Schedule
from pellucid.errors import ModelFileError, PellucidError, sentence
from pellucid.estimators.floats import as_files_have, as_scikit_learn_has
from pellucid.network import Network
from pellucid.storage import records
from pellucid.training.history import MOST

UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, IndexError, RecursionError, ZeroDivisionError)
"""what a description of nothing leads to"""


def _number(value: Any) -> bool:
    return type(value) in (int, float)


def _count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_number, value))


def _or_none(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


LEARNED: dict[str, Callable[[Any], bool]] = {
    "n_iter_": _count,
    "t_": _count,
    "loss_": _number,
    "loss_curve_": _numbers,
    "validation_scores_": _or_none(_numbers),
    "best_validation_score_": _or_none(_number),
    "best_loss_": _or_none(_number),
    "stopped_": lambda value: type(value) is bool,
    "_kind": lambda value: value in ("binary", "multiclass", "multilabel-indicator", "multiclass-multioutput"),
    "_sparse_labels": lambda value: type(value) is bool,
    "classes_": lambda value: all(isinstance(each, np.ndarray) for each in (value if isinstance(value, list) else [value])),
    "feature_names_in_": lambda value: isinstance(value, np.ndarray),
}
"""what a fitted estimator has besides its network, and what it may be in a file"""
MADE = ("network_", "n_layers_", "n_outputs_", "out_activation_", "n_features_in_", "_memory", "_built")
"""what is made anew from the network"""


def describe(estimator: Any, base: type) -> tuple[dict[str, Any], dict[str, Array]]:
    """What a file holds of a fitted estimator: a description, and arrays; ``base`` is its class, or the one of ours that it is made of.

    Raises:
        InputError: a parameter is out of its range; or classes or parameters are of a kind that no file holds.

    """
    estimator._validate_params()
    header, tensors = estimator._current().to_file()
    parameters, left_out = plain_parameters(estimator, base)
    learned = {name: getattr(estimator, name) for name in LEARNED if hasattr(estimator, name)}
    if not learned.get("_sparse_labels"):
        learned.pop("_sparse_labels", None)
    learned |= as_files_have(learned)
    for name in ("loss_curve_", "validation_scores_"):
        learned[name] = _thinned(learned.get(name))
    header["estimator"] = {"type": base.__name__, "parameters": parameters, "left_out": left_out, "learned": learned}
    return header, tensors


def plain_parameters(estimator: Any, base: type) -> tuple[dict[str, Any], list[str]]:
    """The parameters of the constructor as values for a file, and the names of those that are not."""
    parameters, left_out = {}, []
    for name, default in _defaults(base).items():
        value = getattr(estimator, name)
        try:
            parameters[name] = _plain(value)
        except TypeError:
            parameters[name] = default
            left_out.append(name)
    return parameters, left_out


def _defaults(base: type) -> dict[str, Any]:
    return {name: item.default for name, item in inspect.signature(base).parameters.items()}


def _plain(value: Any) -> Any:
    """A parameter as a value for a file.

    Raises:
        TypeError: there is none.

    """
    if isinstance(value, Optimizer | LBFGS | Schedule):
        if not records.is_record(value):
            raise TypeError
        return records.pack(value)
    for kind, make in ((Activation, activation), (Loss, loss), (Initializer, initializer)):
        if isinstance(value, kind):
            try:
                make(value.spec)
            except PellucidError:
                raise TypeError from None
            return value.spec
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray) and value.dtype.kind in "biufU":
        return value
    if isinstance(value, Sequence):
        return tuple(map(_plain, value)) if isinstance(value, tuple) else list(map(_plain, value))
    if isinstance(value, Mapping):
        return {_plain(key): _plain(item) for key, item in value.items()}
    raise TypeError


def build(base: Any, name: str, header: Mapping[str, Any], tensors: Mapping[str, Array]) -> Any:
    """The estimator that `describe` described, as a ``base`` or what inherits from it; ``name`` is of the file.

    Raises:
        ModelFileError: there is none.

    """
    network = Network.from_file(name, header, tensors)
    try:
        return _build(base, network, header["estimator"])
    except UNREADABLE as error:
        told = str(error) if len(str(error)) <= 200 else f"{str(error)[:197]}..."
        expected = "one that save wrote"
        raise ModelFileError(
            sentence("the header", name, f"not a description of an estimator ({told})", expected, "save it again")
        ) from None


def _build(base: Any, network: Network, told: Mapping[str, Any]) -> Any:
    estimator: Any = base.__new__(base)
    own = base._base()
    if told["type"] != own.__name__:
        raise ValueError(f"it is of an {str(told['type'])[:40]}, not of an {own.__name__}")
    defaults, given = _defaults(own), dict(told["parameters"])
    if not set(given) <= set(defaults):
        raise ValueError("a parameter that it does not have")
    for name, default in defaults.items():  # one that is new since the file was written gets its default
        value = given.get(name, default)
        setattr(estimator, name, records.unpack(value) if isinstance(value, dict) and records.KEY in value else value)
    estimator._validate_params()
    learned, sizes = told["learned"], network.architecture.sizes
    for name, value in learned.items():
        if not LEARNED[name](value):
            raise ValueError(f"{name} is not what it should be")
    for name in ("n_iter_", "t_", "loss_", "loss_curve_"):
        if name not in learned:
            raise ValueError(f"{name} is missing")
    names = learned.get("feature_names_in_")
    if names is not None and (names.dtype != object or names.shape != sizes[:1]):
        raise ValueError("the names of the features do not fit the network")
    vars(estimator).update(learned | as_scikit_learn_has(learned))
    estimator._memory, estimator._built = {}, ()
    estimator.n_features_in_ = sizes[0]
    estimator._take_network(network)
    estimator._check_learned()
    return estimator


def check_classes(classes: Any, kind: Any, n_outputs: int) -> None:
    """Whether these classes go with so many outputs.

    Raises:
        ValueError: they do not.

    """
    if kind == "multiclass-multioutput":
        if not isinstance(classes, list) or len(classes) < 2:
            raise ValueError("the classes are not of several columns")
        for each in classes:
            _check_order(each)
        if sum(map(len, classes)) != n_outputs:
            raise ValueError("the classes do not fit the outputs")
        return
    _check_order(classes)
    expected = max(len(classes), 1) if kind == "multilabel-indicator" or len(classes) > 2 else 1
    if expected != n_outputs or not len(classes) or (kind == "multiclass" and len(classes) < 3):
        raise ValueError("the classes do not fit the outputs")


def _check_order(classes: Any) -> None:
    if not isinstance(classes, np.ndarray) or classes.ndim != 1 or classes.dtype.kind not in "biufUO":
        raise ValueError("the classes are none")
    if classes.dtype.kind == "f" and not all(map(math.isfinite, classes)):
        raise ValueError("the classes are not finite")
    if not (classes[1:] > classes[:-1]).all():
        raise ValueError("the classes are in no order")


def _thinned(values: Any) -> Any:
    """A curve of more numbers than a file is to hold, as evenly as can be."""
    if values is None or len(values) <= MOST:
        return values
    return [values[round(k * (len(values) - 1) / (MOST - 1))] for k in range(MOST)]

"""A document read back and computed by what is in it alone: what any reader in another language does, and the check of an export."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.errors import ModelFileError, PellucidError, sentence
from pellucid.export.json.document import FORMAT, VERSION
from pellucid.export.steps import back, run
from pellucid.export.verify import LIMITS, difference
from pellucid.files import reason
from pellucid.network import Network


def _special(name: str) -> Callable[..., Any]:
    from importlib import import_module

    return lambda *given: getattr(import_module("scipy.special"), name)(*given)


def _sigmoid(z: Any) -> Any:
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def _softplus(z: Any) -> Any:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _sech(z: Any) -> Any:
    e = np.exp(-np.abs(z))
    return 2 * e / (1 + e * e)


def _logcosh(z: Any) -> Any:
    a = np.abs(z)
    e = np.expm1(-np.minimum(a, 1))
    return np.where(a < 1, np.log1p(e * e / (2 * (1 + e))), a - np.log(2) + np.log1p(np.exp(-2 * a)))


WORDS: dict[str, Callable[..., Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "and": lambda a, b: a & b,
    "or": lambda a, b: a | b,
    "negative": lambda a: -a,
    "max": np.maximum,
    "min": np.minimum,
    "where": np.where,
    "clip": np.clip,
    "abs": np.abs,
    "sign": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "sech": _sech,
    "logcosh": _logcosh,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "erf": _special("erf"),
    "normal_cdf": _special("ndtr"),
    "xlogy": _special("xlogy"),
    "ratio": lambda a, b: np.where(a == 0, 0, a / np.where(a == 0, 1, b)),
}
"""all words of the trees"""


@dataclass(frozen=True)
class JsonModel:
    """A model that was read from a document.

    ``content`` is the document; ``network`` the network in it, that can be trained on.

    >>> import tempfile
    >>> import pellucid as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_json(pl.Network([2, 3, 1]), f"{folder}/net.json")
    ...     model = pl.load_json(f"{folder}/net.json")
    >>> model.content["layers"][0]["activation"]["formula"]
    'max(0, z)'
    """

    content: Mapping[str, Any]
    network: Network

    def prepare(self, rows: Any) -> Array:
        """Rows (m, inputs) of numbers, texts, days since 2000 and None, as inputs of the network (m, n_0)."""
        columns = list(zip(*rows, strict=True))
        made = [[_prepared(feature, value) for value in columns[feature["input"]]] for feature in self.content["features"]]
        return np.array(made, dtype=np.float64).T

    def predict(self, rows: Any) -> Array:
        """Numbers in the units of the target, or the probabilities of the classes or labels, (m, n)."""
        dtype = np.dtype(self.content["dtype"])
        a = self.prepare(rows).astype(dtype)
        with np.errstate(all="ignore"):
            for layer in self.content["layers"]:
                z = a @ np.array(layer["W"], dtype=dtype) + np.array(layer["b"], dtype=dtype)
                a = _activated(layer["activation"]["expression"], z)
        return _finished(self.content, a.astype(np.float64))

    def check(self) -> float:
        """The largest difference between its examples and what it says of their rows.

        Raises:
            ModelFileError: it is not rounding.

        """
        examples = self.content["examples"]
        expected = np.array(examples["outputs"], dtype=np.float64)
        off = difference(self.predict(examples["rows"]), expected, self.content["task"])
        limit = 100 * LIMITS[self.content["dtype"]]
        if not off <= limit:
            told = sentence("the difference", "the examples of the document", f"{off:.2g}", f"at most {limit:.2g}", "export it again")
            raise ModelFileError(told)
        return off


def _activated(expression: Any, z: Array) -> Array:
    if expression is None:
        e = np.exp(z - z.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return np.broadcast_to(value_of(expression, {"z": z}), z.shape).astype(z.dtype)


def value_of(tree: Any, values: Mapping[str, Array]) -> Any:
    """What a tree is for the values of its names.

    >>> value_of(["*", 2, ["+", "z", 1]], {"z": 3})
    8

    """
    if isinstance(tree, str):
        return values[tree]
    if isinstance(tree, list):
        word, *given = tree
        return WORDS[word](*(value_of(one, values) for one in given))
    return tree


def _prepared(feature: Mapping[str, Any], value: Any) -> float:
    """One entry of one feature."""
    known, kind = feature["of"], feature["kind"]
    if value is None:
        return np.nan if feature["missing"] is None else feature["missing"]
    if kind in ("one of", "none of"):
        if kind == "one of" and value not in known and feature["unknown"] is None:
            return np.nan
        number = float((value in known) == (kind == "one of"))
        if value not in known and feature["unknown"] is not None:
            return float(feature["unknown"])
    elif kind == "rank":
        if value not in known:
            return np.nan if feature["unknown"] is None else float(feature["unknown"])
        number = float(known.index(value))
    elif kind == "missing":
        number = 0.0
    elif kind == "part":
        number = PARTS[known[0]](value)
    else:
        number = value
    return float(run(tuple(map(tuple, feature["steps"])), number))


def _moment(days: float) -> Any:
    return np.datetime64("2000-01-01", "s") + np.timedelta64(int(np.floor(days * 86400 + 1e-5)), "s")


def _day(days: float) -> Any:
    return _moment(days).astype("datetime64[D]")


PARTS: dict[str, Callable[[float], float]] = {
    "day number": lambda days: days,
    "year": lambda days: float(_day(days).astype("datetime64[Y]").astype(int) + 1970),
    "month": lambda days: float(_day(days).astype("datetime64[M]").astype(int) % 12 + 1),
    "day": lambda days: float((_day(days) - _day(days).astype("datetime64[M]")).astype(int) + 1),
    "weekday": lambda days: float((_day(days).astype(int) + 3) % 7),
    "hour": lambda days: float((_moment(days) - _day(days)).astype(int) // 60 / 60),
}
"""the parts of a day"""


def _finished(content: Mapping[str, Any], y_hat: Array) -> Array:
    if content["task"] == "classes" and y_hat.shape[1] == 1:
        return np.hstack([1 - y_hat, y_hat])
    if content["targets"]:
        chains = [back(tuple(map(tuple, steps))) for steps in content["targets"]]
        return np.stack([run(steps, y_hat[:, at]) for at, steps in enumerate(chains)], axis=1)
    return y_hat


def load_json(path: str | os.PathLike[str]) -> JsonModel:
    """Read a document that `export_json` wrote, and check it: its form, its sizes, and its examples.

    Raises:
        ModelFileError: it is missing, damaged, foreign, of another version, or does not compute what its examples say.

    >>> import tempfile
    >>> import pellucid as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_json(pl.Network([2, 1], activations=["identity"]), f"{folder}/line.json")
    ...     model = pl.load_json(f"{folder}/line.json")
    >>> model.predict([[0.0, 0.0]])
    array([[0.]])

    """
    name = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _refused(name, f"not readable ({reason(error)})") from None
    return parse(text, name)


def parse(text: str, name: str) -> JsonModel:
    """The model in a document's text."""
    try:
        content = json.loads(text, parse_constant=lambda constant: float("nan"))
    except (ValueError, RecursionError) as error:
        raise _refused(name, f"no JSON ({str(error)[:80]})") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _refused(name, "another kind of document")
    if content.get("version") != VERSION:
        raise _refused(name, f"of version {content.get('version')!r}, and this release reads {VERSION}")
    try:
        model = JsonModel(content, _network(content))
        model.check()
    except PellucidError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise _refused(name, f"damaged ({type(error).__name__}: {str(error)[:80]})") from None
    return model


def _network(content: Mapping[str, Any]) -> Network:
    layers = content["layers"]
    for layer in layers:
        size = len(layer["W"]), len(layer["b"])  # before anything is as large as is stated
        if size != (layer["n_inputs"], layer["n_units"]):
            raise ValueError(f"a layer of {size[0]} inputs and {size[1]} units, and it says otherwise")
    architecture = Architecture.build(
        [layers[0]["n_inputs"], *(layer["n_units"] for layer in layers)],
        [layer["activation"]["name"] for layer in layers],
        content["loss"]["name"],
        content["l2"],
        [layer["dropout"] for layer in layers[:-1]],
    )
    dtype = {"float32": np.float32, "float64": np.float64}[content["dtype"]]
    vector = np.empty(architecture.n_parameters, dtype=dtype)
    for (W, b), layer in zip(architecture.split(vector), layers, strict=True):
        for array, given in ((W, layer["W"]), (b, layer["b"])):
            found = np.array(given, dtype=dtype)
            if found.shape != array.shape or not np.isfinite(found).all():
                raise ValueError(f"an array of shape {found.shape} instead of {array.shape}, or not finite")
            array[...] = found
    return Network.of(architecture, vector, int(content["seed"]))


def _refused(name: str, got: str) -> ModelFileError:
    return ModelFileError(sentence("the document", name, got, "one that export_json wrote", "export it again, or check the path"))

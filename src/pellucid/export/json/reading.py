"""A document read back and computed by what is in it alone: what any reader in another language does, and the check of an export."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.errors import ModelFileError, PellucidError, sentence
from pellucid.export.json.document import ENSEMBLES, FORMAT, VERSION
from pellucid.export.json.features import prepared
from pellucid.export.json.words import value_of
from pellucid.export.steps import back, run
from pellucid.export.verify import LIMITS, difference
from pellucid.files import reason
from pellucid.network import Network


@dataclass(frozen=True)
class JsonModel:
    """A model that was read from a document.

    ``content`` is the document; ``networks`` are the networks in it, that can be trained on, one but for an ensemble; ``network`` is the
    first.

    >>> import tempfile
    >>> import pellucid as pl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_json(pl.Network([2, 3, 1]), f"{folder}/net.json")
    ...     model = pl.load_json(f"{folder}/net.json")
    >>> model.content["layers"][0]["activation"]["formula"]
    'max(0, z)'
    """

    content: Mapping[str, Any]
    networks: tuple[Network, ...]

    @property
    def network(self) -> Network:
        """The network; of an ensemble, its first one."""
        return self.networks[0]

    def prepare(self, rows: Any) -> Array:
        """Rows (m, inputs) of numbers, texts, days since 2000 and None, as inputs of the network (m, n_0)."""
        columns = list(zip(*rows, strict=True))
        made = [[prepared(feature, value) for value in columns[feature["input"]]] for feature in self.content["features"]]
        return np.array(made, dtype=np.float64).T

    def predict(self, rows: Any) -> Array:
        """Numbers in the units of the target, or the probabilities of the classes or labels, (m, n)."""
        dtype = np.dtype(self.content["dtype"])
        inputs = self.prepare(rows).astype(dtype)
        y_hat: Any = 0.0
        with np.errstate(all="ignore"):
            for member in _members(self.content):
                a = inputs
                for layer in member["layers"]:
                    z = a @ np.array(layer["W"], dtype=dtype) + np.array(layer["b"], dtype=dtype)
                    a = _activated(layer["activation"], z)
                y_hat = y_hat + member["share"] * a.astype(np.float64)
        return _finished(self.content, y_hat)

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


def _activated(activation: Mapping[str, Any], z: Array) -> Array:
    expression = activation["expression"]
    if expression is None:
        ends = np.cumsum(activation.get("groups", [z.shape[1]])).tolist()
        if ends[-1] != z.shape[1]:
            raise ValueError("groups that are not those of the units")
        parts = []
        for part in np.split(z, ends[:-1], axis=1):
            e = np.exp(part - part.max(axis=1, keepdims=True))
            parts.append(e / e.sum(axis=1, keepdims=True))
        return np.hstack(parts)
    return np.broadcast_to(value_of(expression, {"z": z}), z.shape).astype(z.dtype)


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
    if content.get("version") not in (VERSION, ENSEMBLES):
        raise _refused(name, f"of version {str(content.get('version'))[:40]}, and this release reads {VERSION} and {ENSEMBLES}")
    try:
        model = JsonModel(content, tuple(_network(content, member["layers"]) for member in _members(content)))
        model.check()
    except PellucidError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError, OverflowError) as error:
        raise _refused(name, f"damaged ({type(error).__name__}: {str(error)[:80]})") from None
    return model


def _members(content: Mapping[str, Any]) -> list[Any]:
    """The share and the layers of each network."""
    if content["version"] == VERSION:
        return [{"share": 1.0, "layers": content["layers"]}]
    members = list(content["members"])
    shares = [float(member["share"]) for member in members]
    if not members or not all(share >= 0 for share in shares) or abs(sum(shares) - 1) > 1e-9:
        raise ValueError("the shares of the members do not sum to 1")
    return members


def _network(content: Mapping[str, Any], layers: Any) -> Network:
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

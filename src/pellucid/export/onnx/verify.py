"""An ONNX model against the model it was made of, on rows: in onnxruntime and in the reference evaluator."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import ExportError, sentence
from pellucid.export.description import Description
from pellucid.export.onnx.build import build, graph_has_dates, input_names, output_names
from pellucid.export.onnx.runtime import USUAL, by_onnxruntime, by_reference
from pellucid.export.rows import Rows, predictions
from pellucid.export.verify import LIMITS, difference

AT_MOST = 1e-2
"""beyond it nothing is put down to rounding"""
RUNTIMES: dict[str, Callable[[bytes, Mapping[str, Array]], dict[str, Array]]] = {
    "onnxruntime": by_onnxruntime,
    "ONNX's reference evaluator": by_reference,
}


def feeds(description: Description, rows: Rows) -> dict[str, Array]:
    """The rows as the ONNX model takes them."""
    dtype = np.dtype(np.float64 if graph_has_dates(description) else description.dtype)
    names = input_names(description)
    columns = [
        np.array([["" if value is None else str(value)] for value in column], dtype=object)
        if source.kind == "text"
        else np.array([[np.nan if value is None else value] for value in column], dtype=dtype)
        for source, column in zip(description.sources, zip(*rows.entries, strict=True), strict=True)
    ]
    return {"X": np.hstack(columns)} if names == ["X"] else dict(zip(names, columns, strict=True))


def verify(content: bytes, model: Any, description: Description, rows: Rows, output: str) -> float:
    """The largest difference in both runtimes.

    Raises:
        ExportError: it is larger than rounding explains, or a label is another one.

    """
    given, expected = feeds(description, rows), predictions(model, description, rows)
    labels = None if description.task == "numbers" else labels_of(model, rows.inputs)
    worst = 0.0
    for runtime, run in RUNTIMES.items():
        found = run(content, given)
        off = difference(outputs_of(description, found, output), expected, description.task)
        limit = LIMITS[description.dtype]
        if limit < off < AT_MOST:
            limit = max(limit, min(_own_rounding(description, given, output), AT_MOST))
        if not off <= limit:
            told = sentence("the difference", runtime, f"{off:.2g}", f"at most {limit:.2g}", "report this with the model")
            raise ExportError(told)
        if description.columns and labels is not None:
            for k, head in enumerate(description.heads):
                compare_labels(found[f"label_{k}"], labels[:, k], expected[:, head], limit, runtime)
        elif labels is not None:
            compare_labels(found["label"], labels, expected, limit, runtime)
        worst = max(worst, off)
    return worst


def outputs_of(description: Description, found: Mapping[str, Array], output: str) -> Array:
    """The numbers, or all probabilities."""
    names = [name for name in output_names(description, output) if name == output or name.startswith("probabilities")]
    return np.hstack([np.asarray(found[name], dtype=np.float64) for name in names])


def labels_of(model: Any, inputs: Any) -> Array:
    """What the model predicts."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")
        return np.asarray(model_of(model).predict(inputs))


def model_of(model: Any) -> Any:
    """The pipeline in what the command line saves."""
    return model.pipeline if hasattr(model, "pipeline") and hasattr(model, "target") else model


def compare_labels(found: Array, labels: Array, shares: Array, limit: float, runtime: str) -> None:
    """The labels have to be the same, but where two probabilities are."""
    if labels.ndim == 2:
        close = np.abs(shares - 0.5) <= limit
    else:
        first, second = np.sort(shares, axis=1)[:, :-3:-1].T if shares.shape[1] > 1 else (shares[:, 0], shares[:, 0] - 1)
        close = first - second <= 2 * limit
    wrong = (found != labels) & ~close
    if found.shape != labels.shape or wrong.any():
        got = "another one" if found.shape == labels.shape else f"of shape {found.shape}"
        raise ExportError(sentence("the label of a row", runtime, got, "the model's", "report this with the model"))


def _own_rounding(description: Description, given: Mapping[str, Array], output: str) -> float:
    """How far the outputs move when every parameter and number that goes in moves by its last digit or so.

    A computation in another order may differ by as much, and no less is asked of it.
    """
    rng = np.random.default_rng(0)
    eps = float(np.finfo(description.dtype).eps)

    def moved(array: Array) -> Array:
        if array.dtype.kind != "f":
            return array
        return (array * (1 + eps * rng.choice([-1.0, 1.0], size=array.shape))).astype(array.dtype)

    def outputs(one: Description, inputs: Mapping[str, Array]) -> Array:
        found = by_reference(build(one, USUAL, output).SerializeToString(), inputs)
        return outputs_of(one, found, output)

    still = outputs(description, given)
    found = []
    for _ in range(3):
        other = description.altered(lambda _, vector: vector * (1 + eps * rng.choice([-1.0, 1.0], size=vector.shape)))
        found.append(difference(outputs(other, {name: moved(array) for name, array in given.items()}), still, description.task))
    return 4 * max(found)

"""Pipelines and ensembles that the plain description has no words for (PCA, splines, voting ...): by skl2onnx, with our converters."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import ExportError, InputError, sentence
from pellucid.export.onnx.converters import register
from pellucid.export.onnx.runtime import check, package
from pellucid.export.onnx.verify import RUNTIMES, compare_labels
from pellucid.export.verify import difference

LIMIT = 1e-5
"""the largest difference: some of scikit-learn's converters compute in float whatever the model does"""
DRAWN = 64


def parts(model: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """A fitted estimator and all estimators in it."""
    seen = set() if seen is None else seen
    if id(model) in seen or isinstance(model, str | int | float | np.ndarray | None):
        return
    seen.add(id(model))
    if isinstance(model, list | tuple):
        for one in model:
            yield from parts(one, seen)
    elif isinstance(model, dict):
        for one in model.values():
            yield from parts(one, seen)
    elif type(model).__module__.partition(".")[0] in ("sklearn", "pellucid") and hasattr(model, "__dict__"):
        yield model
        for name, value in vars(model).items():
            if (
                name in ("steps", "transformer_list")
                or (name.endswith("_") and not name.startswith("_"))
                or type(model).__name__ == "_CalibratedClassifier"
            ):
                yield from parts(value, seen)


def networks_in(model: Any) -> list[Any]:
    """The fitted estimators of ours in a model."""
    return [part for part in parts(model) if hasattr(part, "network_")]


def convert(model: Any, opset: int, rows: Any) -> tuple[Any, dict[str, Array], Any]:
    """The ONNX model, the rows as it takes them, and as the model takes them.

    Raises:
        InputError: a step is not known to skl2onnx either, or rows are needed.

    """
    register()
    dtype = networks_in(model)[0].network_.vector.dtype
    _check_steps(model)
    try:
        return _converted(model, opset, dtype, rows)
    except InputError:
        if dtype == np.float32:
            raise
        return _converted(model, opset, np.dtype(np.float32), rows)  # some converters know float only


def _converted(model: Any, opset: int, dtype: np.dtype[Any], rows: Any) -> tuple[Any, dict[str, Array], Any]:
    inputs, given, taken = _inputs(model, dtype, rows)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = package("skl2onnx").convert_sklearn(
                model, name="pellucid", initial_types=inputs, target_opset={"": opset, "ai.onnx.ml": 3}, options=_options(model)
            )
        check(made)
    except InputError:
        raise
    except Exception as error:  # skl2onnx raises what it meets
        told = " ".join(str(error).split())[:160] or type(error).__name__
        step = _refused(model, opset)
        got = f"{step}, which is refused ({told})" if step else f"refused ({told})"
        raise InputError(sentence("a step of the pipeline", "the ONNX export", got, "one that skl2onnx converts", REPAIR)) from None
    made.producer_name = "pellucid"
    _rename_inputs(made, [name for name, _ in inputs])
    return made, given, taken


def _refused(model: Any, opset: int) -> str:
    """The class of the first step that is not converted alone either, or nothing."""
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    def converts(part: Any, kind: Any) -> bool:
        try:
            inputs = [("X", kind([None, int(part.n_features_in_)]))]
            package("skl2onnx").convert_sklearn(part, initial_types=inputs, target_opset={"": opset, "ai.onnx.ml": 3})
        except Exception:  # skl2onnx raises what it meets
            return False
        return True

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for part in parts(model):
            whole = any(hasattr(part, name) for name in ("steps", "transformer_list", "transformers_", "estimators_"))
            alone = not whole and hasattr(part, "transform") and hasattr(part, "n_features_in_")
            if alone and not any(converts(part, kind) for kind in (FloatTensorType, StringTensorType)):
                return type(part).__name__
    return ""


def _rename_inputs(made: Any, names: list[str]) -> None:
    """Names of columns that skl2onnx has changed into identifiers, as they were."""
    new = {value.name: name for value, name in zip(made.graph.input, names, strict=True)}
    for value in made.graph.input:
        value.name = new[value.name]
    for node in made.graph.node:
        for at, name in enumerate(node.input):
            node.input[at] = new.get(name, name)


REPAIR = "leave it out, or do what it does before the model"


def _options(model: Any) -> dict[Any, Any] | None:
    return {id(model): {"zipmap": False}} if hasattr(model, "predict_proba") else None


def _check_steps(model: Any) -> None:
    """Name a step of no class that skl2onnx knows."""
    from skl2onnx._supported_operators import sklearn_operator_name_map

    for part in parts(model):
        if type(part).__name__ in ("Pipeline", "FeatureUnion", "ColumnTransformer", "MissingIndicator"):
            continue
        if type(part) not in sklearn_operator_name_map and hasattr(part, "transform"):
            raise InputError(sentence("the pipeline step", "the ONNX export", type(part).__name__, "one that skl2onnx converts", REPAIR))


def _inputs(model: Any, dtype: np.dtype[Any], rows: Any) -> tuple[list[Any], dict[str, Array], Any]:
    """The inputs with their types, and rows in both forms."""
    from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType, StringTensorType

    number = DoubleTensorType if dtype == np.float64 else FloatTensorType
    names = getattr(model, "feature_names_in_", None)
    n = int(model.n_features_in_)
    if rows is None:
        rows = np.random.default_rng(0).normal(size=(DRAWN, n)).astype(dtype)
        if names is not None:
            import pandas as pd

            rows = pd.DataFrame(rows, columns=names)
    if names is None:
        X = np.asarray(rows, dtype=dtype)
        return [("X", number([None, n]))], {"X": X}, X
    kinds = {str(name): "biuf".find(np.asarray(rows[name]).dtype.kind) >= 0 for name in names}
    types = [(name, (number if numeric else StringTensorType)([None, 1])) for name, numeric in kinds.items()]
    given = {
        name: np.asarray(rows[name], dtype=dtype if numeric else object)[:, None]
        if numeric
        else np.array([[str(v)] for v in rows[name]], object)
        for name, numeric in kinds.items()
    }
    return types, given, rows


def verify(content: bytes, model: Any, given: dict[str, Array], rows: Any) -> float:
    """The largest difference in both runtimes.

    Raises:
        ExportError: it is no rounding.
        InputError: the model does not take the rows that were drawn.

    """
    shares = hasattr(model, "predict_proba")
    try:
        labels = np.asarray(model.predict(rows))
        expected = np.asarray(model.predict_proba(rows) if shares else labels, dtype=np.float64)
    except (ValueError, TypeError, KeyError) as error:
        got = f"refused by the model ({' '.join(str(error).split())[:120]})"
        raise InputError(sentence("the rows", "the ONNX export", got, "rows as in training", "give some (rows=X, --data)")) from None
    expected = expected[:, None] if expected.ndim == 1 else expected
    worst = 0.0
    for runtime, run in RUNTIMES.items():
        *first, last = run(content, given).values()
        found = np.asarray(last, dtype=np.float64)
        off = difference(
            found.reshape(expected.shape) if found.size == expected.size else found, expected, "classes" if shares else "numbers"
        )
        if not off <= LIMIT:
            told = sentence("the difference", runtime, f"{off:.2g}", f"at most {LIMIT:.2g}", "give the model steps that the export knows")
            raise ExportError(told)
        if shares:
            compare_labels(first[0], labels, expected, max(off, 1e-12), runtime)
        worst = max(worst, off)
    return worst

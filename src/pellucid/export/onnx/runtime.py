"""The packages of the extra ``onnx``, and an ONNX model run by two of them: onnxruntime, and ONNX's own definition of its operators."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import DependencyError, InputError, sentence

OPSETS = range(13, 23)
"""what the operators used here exist in, and scikit-learn's converters are tested for"""
USUAL = 17


def package(name: str) -> Any:
    """A package of the extra.

    Raises:
        DependencyError: it is not installed.

    """
    try:
        return import_module(name)
    except ImportError:
        told = sentence("the package", "the ONNX export", f"{name}, not installed", "that of the extra", "pip install 'pellucid[onnx]'")
        raise DependencyError(told) from None


def check_opset(opset: Any) -> int:
    """The opset, if it is one that models can be written in.

    Raises:
        InputError: it is none.

    """
    if isinstance(opset, bool) or not isinstance(opset, int | np.integer) or int(opset) not in OPSETS:
        expected = f"a whole number from {OPSETS[0]} to {OPSETS[-1]}"
        raise InputError(sentence("the opset", "the ONNX export", repr(opset), expected, f"leave it at {USUAL}, which most runtimes read"))
    return int(opset)


def check(model: Any) -> None:
    """ONNX's own checker, shapes and types included."""
    onnx = package("onnx")
    onnx.checker.check_model(model, full_check=True)


def by_onnxruntime(content: bytes, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs, by name."""
    runtime = package("onnxruntime")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, dict(inputs)), strict=True))


def by_reference(content: bytes, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """The same by the reference evaluator."""
    onnx = package("onnx")
    package("onnx.reference")
    evaluator = onnx.reference.ReferenceEvaluator(onnx.load_from_string(content))
    with np.errstate(all="ignore"):
        found = evaluator.run(None, dict(inputs))
    return dict(zip(evaluator.output_names, found, strict=True))

"""export_onnx: any model of ours, its preparation included, as an ONNX file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pellucid.errors import InputError
from pellucid.export.description import Description
from pellucid.export.model import describe
from pellucid.export.onnx import wider
from pellucid.export.onnx.build import build
from pellucid.export.onnx.runtime import USUAL, check, check_opset, package
from pellucid.export.onnx.verify import verify
from pellucid.export.report import ExportReport
from pellucid.export.rows import rows_of
from pellucid.files import check_writable, write_atomically

HOW = "in onnxruntime and in ONNX's reference evaluator"


def export_onnx(model: Any, path: str | os.PathLike[str], *, opset: int = USUAL, force: bool = False, rows: Any = None) -> ExportReport:
    """Write a model as ONNX: a network, a fitted estimator, a pipeline that ends in one, or what ``pellucid train`` saves.

    A network is ``X`` (m, n_0) to ``y_hat`` (m, n_L); a regressor ``X`` to ``variable`` (m, n_L), in the target's own units; a
    classifier ``X`` to ``label`` (m,) and ``probabilities`` (m, classes), with several columns of classes to ``label_0``,
    ``probabilities_0``, ``label_1`` ... What was trained on a frame has an input (m, 1) for each
    column, of its name: numbers (NaN where one is missing), texts ("" where one is missing), dates as days since the beginning of
    2000 (UTC). Numbers are float or double, as the model's are. Imputation, scaling, one-hot and ordinal encoding are written by
    hand, to the last digit, and so are the means of a VotingClassifier or VotingRegressor of our estimators; of other steps and other
    ensembles skl2onnx makes what it can.

    Args:
        model: what is written.
        path: the file.
        opset: the version of ONNX's operators, 13 to 22.
        force: replace the file, if there is one.
        rows: rows of data (as the model takes them) to compare on; drawn ones where there are none.

    Returns:
        A report; ``report.difference`` is the largest difference between the file and the model.

    Raises:
        InputError: the model is not fitted, has a step that cannot be written (it is named), or the opset is none of these.
        ExportError: the file would not compute what the model does; nothing is written.
        DependencyError: the extra is missing: ``pip install 'pellucid[onnx]'``.
        OutputError: the file cannot be written there.

    >>> import tempfile
    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_onnx(net, f"{folder}/net.onnx")
    >>> report.difference < 1e-12
    True

    """
    package("onnx")
    package("onnxruntime")
    opset = check_opset(opset)
    check_writable(path, force)
    try:
        description = describe(model, "the ONNX export")
    except InputError:
        if not wider.networks_in(model):
            raise
        return _by_skl2onnx(model, path, opset, force, rows)
    return _by_hand(model, description, path, opset, force, rows)


def _by_hand(model: Any, description: Description, path: str | os.PathLike[str], opset: int, force: bool, rows: Any) -> ExportReport:
    output = "y_hat" if hasattr(model, "architecture") else "variable"
    made = build(description, opset, output)
    check(made)
    content = made.SerializeToString()
    compared = rows_of(description, rows, single=description.dtype == "float32")
    off = verify(content, model, description, compared, output)
    write_atomically(path, content, force=force)
    return ExportReport("ONNX", (Path(path),), len(compared), off, HOW)


def _by_skl2onnx(model: Any, path: str | os.PathLike[str], opset: int, force: bool, rows: Any) -> ExportReport:
    made, given, taken = wider.convert(model, opset, rows)
    content = made.SerializeToString()
    off = wider.verify(content, model, given, taken)
    write_atomically(path, content, force=force)
    note = "Converted by skl2onnx, which computes some steps in float."
    return ExportReport("ONNX", (Path(path),), len(next(iter(given.values()))), off, HOW, (note,))

"""export_onnx: any model of ours, its preparation included, as an ONNX file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pellucid.export.model import describe
from pellucid.export.onnx.build import build
from pellucid.export.onnx.runtime import USUAL, check, check_opset, package
from pellucid.export.onnx.verify import verify
from pellucid.export.report import ExportReport
from pellucid.export.rows import rows_of
from pellucid.files import check_writable, write_atomically


def export_onnx(model: Any, path: str | os.PathLike[str], *, opset: int = USUAL, force: bool = False, rows: Any = None) -> ExportReport:
    """Write a model as ONNX."""
    package("onnx")
    opset = check_opset(opset)
    check_writable(path, force)
    description = describe(model, "the ONNX export")
    output = "y_hat" if hasattr(model, "architecture") else "variable"
    made = build(description, opset, output)
    check(made)
    content = made.SerializeToString()
    compared = rows_of(description, rows, single=description.dtype == "float32")
    off = verify(content, model, description, compared, output)
    write_atomically(path, content, force=force)
    return ExportReport("ONNX", (Path(path),), len(compared), off, "in onnxruntime and in ONNX's reference evaluator")

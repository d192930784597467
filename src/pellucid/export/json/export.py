"""export_json: any model of ours, its preparation included, as a document for other languages and for browsers."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.errors import ExportError, sentence
from pellucid.export.json.document import document
from pellucid.export.json.reading import parse
from pellucid.export.model import describe
from pellucid.export.report import ExportReport
from pellucid.export.rows import predictions, rows_of
from pellucid.export.verify import LIMITS, difference
from pellucid.files import check_writable, write_atomically


def export_json(model: Any, path: str | os.PathLike[str], *, force: bool = False, rows: Any = None) -> ExportReport:
    """Write a model as JSON."""
    check_writable(path, force)
    description = describe(model, "the JSON export")
    compared = rows_of(description, rows, single=description.dtype == "float32")
    expected = predictions(model, description, compared)
    text = json.dumps(document(description, compared, expected), allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n"
    read = parse(text, os.fspath(path))
    if not np.array_equal(read.network.vector, description.vector.astype(description.dtype)):
        raise ExportError(sentence("a parameter", "the JSON export", "another one after reading", "the same", "report this"))
    off = difference(read.predict(compared.entries), expected, description.task)
    limit = LIMITS[description.dtype]
    if not off <= limit:
        raise ExportError(sentence("the difference", "the JSON export", f"{off:.2g}", f"at most {limit:.2g}", "report this with the model"))
    write_atomically(path, text.encode(), force=force)
    note = "Every parameter was read back as it is, to the last bit."
    return ExportReport("JSON", (Path(path),), len(compared), off, "read back and computed by its own expressions", (note,))

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
    """Write a model as a JSON document: layers, rules, preparation, classes, and some rows with what the model says of them.

    A rule is a formula and a tree, ``["*", "z", ["sigmoid", "z"]]``, so a reader in another language needs a table of words and no parser.
    ``load_json`` reads a document and checks it. ``pellucid/export/json/schema.json`` is its JSON Schema; it has a version.

    Args:
        model: a network, a fitted estimator, a pipeline that ends in one, or what ``pellucid train`` saves.
        path: the file.
        force: replace the file, if there is one.
        rows: rows of data to compare on; drawn ones where there are none.

    Returns:
        A report; ``report.difference`` is the largest difference between the model and the document, read back and computed.

    Raises:
        InputError: the model is not fitted, or has a step that is not known (it is named).
        ExportError: the document would not compute what the model does; nothing is written.
        OutputError: the file cannot be written there.

    >>> import tempfile
    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_json(net, f"{folder}/net.json")
    ...     read = pl.load_json(f"{folder}/net.json").network
    >>> bool((read.vector == net.vector).all())
    True

    """
    check_writable(path, force)
    description = describe(model, "the JSON export")
    compared = rows_of(description, rows, single=description.dtype == "float32")
    expected = predictions(model, description, compared)
    text = json.dumps(document(description, compared, expected), allow_nan=False, ensure_ascii=False, separators=(",", ":")) + "\n"
    read = parse(text, os.fspath(path))
    vectors = zip(read.networks, description.members, strict=True)
    if not all(np.array_equal(network.vector, member.vector.astype(description.dtype)) for network, member in vectors):
        raise ExportError(sentence("a parameter", "the JSON export", "another one after reading", "the same", "report this"))
    off = difference(read.predict(compared.entries), expected, description.task)
    limit = LIMITS[description.dtype]
    if not off <= limit:
        raise ExportError(sentence("the difference", "the JSON export", f"{off:.2g}", f"at most {limit:.2g}", "report this with the model"))
    write_atomically(path, text.encode(), force=force)
    note = "Every parameter was read back as it is, to the last bit."
    return ExportReport("JSON", (Path(path),), len(compared), off, "read back and computed by its own expressions", (note,))

"""export_c: a model as C99."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.errors import ExportError, InputError, OutputError, sentence
from pellucid.export.c.accuracy import loss_of_quantization
from pellucid.export.c.form import Form
from pellucid.export.c.program import program
from pellucid.export.c.source import header, source
from pellucid.export.c.verify import Verified, network_predictions, verify
from pellucid.export.c.writing import Real, check_name
from pellucid.export.model import describe
from pellucid.export.report import ExportReport
from pellucid.export.rows import Rows, inputs_of, predictions, rows_of
from pellucid.files import check_writable, write_atomically

TYPES = ("float", "double")


def export_c(
    model: Any,
    folder: str | os.PathLike[str],
    *,
    name: str = "model",
    dtype: str = "float",
    training: bool = False,
    quantized: bool = False,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    force: bool = False,
) -> ExportReport:
    """Write a model as C99: a header, a source without allocation or any library but math.h, and a main to try it.

    y_hat = f_L( ... f_1(a_0 W_1 + b_1) ... W_L + b_L), with the preparation of the inputs in front of it (imputation, scaling, categories)
    and the target's own units behind it. Before anything is written, the C is compiled (where there is a compiler) with every warning as an
    error, run on rows, and compared with what the model itself says of them.

    Args:
        model: a `Network`; a fitted `MLPClassifier` or `MLPRegressor`, or a pipeline of scaling steps that ends in one, also within a
            ``TransformedTargetRegressor``; what ``pellucid train`` writes.
        folder: where ``name.h``, ``name.c`` and ``name_main.c`` go; it has to be there.
        name: what all names begin with, a C identifier.
        dtype: float or double.
        training: with the backward pass, J, and a step of gradient descent with momentum, so that a device can go on learning.
        quantized: weights of 8 bits with a scale for each unit; the report says what that costs.
        X: rows to compare on (at most 2000 of them); left out, 64 are drawn.
        y: their targets, for the accuracy of quantized weights.
        force: write over files that are there.

    Raises:
        InputError: the model is not fitted or has a step that is not known here, or a setting is none.
        OutputError: the folder does not exist, or a file is there already.
        ExportError: the C computes something else than the model; nothing is written then.

    Source of the scheme of 8 bits: Jacob et al. 2018, *Quantization and training of neural networks for efficient integer-arithmetic-only
    inference* (here for weights only, symmetric, per unit).

    >>> import tempfile
    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 3], ["tanh", "softmax"], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_c(net, folder, name="iris", dtype="double")
    >>> [file.name for file in report.files]
    ['iris.h', 'iris.c', 'iris_main.c']
    >>> report.difference is None or report.difference < 1e-12
    True

    """
    check_name(name)
    if dtype not in TYPES:
        raise InputError(sentence("dtype", "export_c", repr(dtype), "float or double", "e.g. dtype='double'"))
    if training and quantized:
        got, expected = "asked for together with training", "one of the two"
        raise InputError(sentence("quantized", "export_c", got, expected, "train in float, and export the result with 8 bits"))
    place = Path(folder)
    if not os.path.isdir(place):
        raise OutputError(
            sentence("the folder", "export_c", f"{str(place)!r}, which does not exist", "an existing folder", "create it first")
        )
    files: dict[str, Callable[[Form], str]] = {f"{name}.h": header, f"{name}.c": source, f"{name}_main.c": program}
    for file in files:
        check_writable(place / file, force)
    description = describe(model, "export_c")
    if training and description.ensemble:
        got, expected = f"an ensemble of {len(description.ensemble)} networks", "one network, where training is asked for"
        raise InputError(sentence("the model", "export_c", got, expected, "leave training (--with-training) out, or export a member of it"))
    form = Form(description, name, Real(dtype), training, quantized)
    rows = rows_of(description, X, single=dtype == "float")
    original = predictions(model, description, rows)
    expected_outputs = original
    notes: tuple[str, ...] = ()
    if quantized:
        inputs = inputs_of(model, rows)
        expected_outputs = network_predictions(form, inputs)
        notes = loss_of_quantization(form, original, expected_outputs, None if y is None else np.asarray(y)[: len(rows)])
    texts, found = _verified(form, files, model, rows, expected_outputs)
    for file, text in texts.items():
        write_atomically(place / file, text.encode(), force=force)
    kind = "C99, " + ("8-bit weights" if quantized else dtype) + (", with training" if training else "")
    paths = tuple(place / file for file in files)
    return ExportReport(kind, paths, len(rows), found.difference, found.how, (*notes, *found.notes))


def _verified(
    form: Form, files: Mapping[str, Callable[[Form], str]], model: Any, rows: Rows, expected: Array
) -> tuple[dict[str, str], Verified]:
    """The texts of the files and what a comparison found: computed in the type of the numbers, or where float loses digits in double.

    Raises:
        ExportError: it computes something else than the model.

    """
    texts = {file: write(form) for file, write in files.items()}
    try:
        return texts, verify(form, texts, model, rows, expected)
    except ExportError:
        if form.real.dtype != "float":
            raise
    form = replace(form, wide=True)
    texts = {file: write(form) for file, write in files.items()}
    return texts, verify(form, texts, model, rows, expected)

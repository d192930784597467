"""export_numpy: any model of ours as one module of NumPy, that computes, learns and checks itself."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import ExportError, InputError, sentence
from pellucid.export.description import Description
from pellucid.export.model import describe
from pellucid.export.numpy.module import module_text
from pellucid.export.numpy.results import variable
from pellucid.export.report import ExportReport
from pellucid.export.rows import Rows, predictions, rows_of
from pellucid.export.verify import LIMITS, difference
from pellucid.files import check_writable, write_atomically
from pellucid.network import Network
from pellucid.validation import one_of

SHOWN = 5
"""example rows in the module"""
AT_MOST = 1e-2
"""beyond it nothing is put down to rounding"""


def export_numpy(
    model: Any, path: str | os.PathLike[str], *, convention: str = "columns", force: bool = False, rows: Any = None
) -> ExportReport:
    """Write a model as one module of Python that needs NumPy and nothing else, and that is meant to be read.

    It has the words of the notes: ``forward`` gives Z1, A1 ..., ``backward`` dZ2, dW2, db2 ..., ``update`` the step w - alpha dJ/dw; and
    ``predict``, ``probabilities``, ``prepare`` (the preparation of a table, step by step), ``encode`` (of targets) and ``train``. Run as a
    program it checks its own gradients by differences and prints predictions. Dates go in as ISO texts or datetime objects.

    Args:
        model: a network, a fitted estimator, a pipeline that ends in one, or what ``pellucid train`` saves.
        path: the file.
        convention: columns (samples are columns, Z = W A + b, as in most of the notes) or rows (Z = A W + b, as it is stored).
        force: replace the file, if there is one.
        rows: rows of data to compare on; drawn ones where there are none.

    Returns:
        A report; ``report.difference`` is the largest difference of a prediction, a note tells that of the gradients.

    Raises:
        InputError: the model is not fitted, or has a step that is not known (it is named).
        ExportError: the module would not compute what the model does; nothing is written.
        OutputError: the file cannot be written there.

    >>> import tempfile
    >>> from pathlib import Path
    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     report = pl.export_numpy(net, f"{folder}/net.py")
    ...     text = Path(folder, "net.py").read_text()
    >>> print(text.partition("    A0 = X")[2].partition("    return")[0].rstrip())
    <BLANKLINE>
        Z1 = W1 @ A0 + b1
        A1 = tanh(Z1)
        Z2 = W2 @ A1 + b2
        A2 = sigmoid(Z2)

    """
    check_writable(path, force)
    one_of(convention, ("columns", "rows"), "the convention", "the NumPy export")
    description = describe(model, "the NumPy export")
    unlike = [str(one.architecture) for one in description.ensemble if one.architecture.to_header() != description.architecture.to_header()]
    if unlike:
        got, repair = f"{unlike[0]} beside {description.architecture}", "export it as C, JSON or ONNX, or its members one by one"
        raise InputError(sentence("a member", "the NumPy export", got, "of the architecture of the others, rates and L2 included", repair))
    compared = rows_of(description, rows, single=description.dtype == "float32")
    expected = predictions(model, description, compared)
    columns = convention == "columns"
    text, module = _checked(description, columns, compared, expected)
    off = difference(_outputs(module, description, compared), expected, description.task)
    gradients = _gradient_difference(module, description, columns)
    limit = LIMITS[description.dtype]
    if not off <= 10 * limit and not off <= min(AT_MOST, _moves(module, description, compared)):
        raise _differs("a prediction", off, limit)
    if not gradients <= 10 * limit:
        raise _differs("a gradient", gradients, limit)
    write_atomically(path, text.encode(), force=force)
    note = f"The gradients differ by at most {gradients:.2g} of the largest of each array." if gradients else "The gradients are the same."
    return ExportReport("NumPy", (Path(path),), len(compared), off, f"with NumPy {np.__version__}", (note,))


def _differs(what: str, found: float, limit: float) -> ExportError:
    expected = f"at most {10 * limit:.2g}"
    return ExportError(sentence(f"the difference of {what}", "the NumPy export", f"{found:.2g}", expected, "report this with the model"))


def _checked(description: Description, columns: bool, rows: Rows, expected: Array) -> tuple[str, dict[str, Any]]:
    """The text, and what it defines; with samples for its check of gradients that lie beside no kink."""
    shown = slice(0, SHOWN)
    examples = example_text(description, rows.entries[shown])
    for seed in range(20):
        text = module_text(description, columns, examples, expected[shown], seed)
        module: dict[str, Any] = {"__name__": "exported"}
        exec(compile(text, "exported.py", "exec"), module)  # it is our own text
        if module["check_gradients"]() < 1e-5:
            break
    return text, module


def example_text(description: Description, entries: Any) -> str:
    """Rows as code: a dictionary of columns, or a list of rows."""
    written = [[_entry(source.kind, value) for source, value in zip(description.sources, row, strict=True)] for row in entries]
    if not description.framed:
        return "[\n" + "\n".join(f"    [{', '.join(row)}]," for row in written) + "\n]"
    columns = zip(description.sources, zip(*written, strict=True), strict=True)
    return "{\n" + "\n".join(f"    {source.name!r}: [{', '.join(column)}]," for source, column in columns) + "\n}"


def _entry(kind: str, value: Any) -> str:
    if value is None:
        return "None" if kind != "number" else "np.nan"
    return repr(_date(value)) if kind == "date" else repr(value)


def _date(days: float) -> str:
    return str(np.datetime64("2000-01-01", "s") + np.timedelta64(int(np.floor(days * 86400 + 0.5)), "s"))


def as_table(description: Description, rows: Rows) -> Any:
    """The rows as the module takes them."""

    def column(kind: str, values: Any) -> list[Any]:
        return [None if value is None else _date(value) if kind == "date" else value for value in values]

    columns = [column(source.kind, values) for source, values in zip(description.sources, zip(*rows.entries, strict=True), strict=True)]
    if description.framed:
        return {source.name: values for source, values in zip(description.sources, columns, strict=True)}
    if all(source.kind == "number" for source in description.sources):
        return np.array(columns, dtype=float).T
    return [list(row) for row in zip(*columns, strict=True)]


def _outputs(module: dict[str, Any], description: Description, rows: Rows) -> Array:
    """What the module says of the rows."""
    run = module["predict" if description.task == "numbers" else "probabilities"]
    with np.errstate(all="ignore"):
        found = run(module[variable(description)], as_table(description, rows))
        return np.asarray(np.hstack(found) if description.task == "columns" else found, dtype=np.float64)


def _moves(module: dict[str, Any], description: Description, rows: Rows) -> float:
    """How far the predictions move when every parameter moves by its last digit or so: as far as another order of sums may."""
    rng = np.random.default_rng(0)

    key, dtype = variable(description), np.dtype(description.dtype)

    def moved(parameters: Any) -> Any:
        if isinstance(parameters, list):
            return [moved(one) for one in parameters]
        eps = np.finfo(dtype).eps
        return {name: (w * (1 + eps * rng.choice([-1.0, 1.0], size=w.shape))).astype(dtype) for name, w in parameters.items()}

    still = _outputs(module, description, rows)
    others = [{**module, key: moved(module[key])} for _ in range(3)]
    return 4 * max(difference(_outputs(other, description, rows), still, description.task) for other in others)


def _gradient_difference(module: dict[str, Any], description: Description, columns: bool) -> float:
    """The largest difference of the gradients from ours, each as a part of the largest of its array, with weights of samples."""
    architecture = description.architecture
    network = Network.of(architecture, description.vector.astype(description.dtype))
    rng = np.random.default_rng(1)
    m = 7
    X = rng.normal(size=(m, architecture.sizes[0])).astype(description.dtype)
    Y = some_targets(description, rng, m).astype(description.dtype)
    s = rng.uniform(0.5, 2, size=m).astype(description.dtype)
    masks = network.dropout_mask(m)
    exact = network.gradients(X, Y, s, mask=masks or None)
    forward, backward = module["forward"], module["backward"]
    parameters = module["networks"][0] if description.ensemble else module["parameters"]
    turned = {layer: mask.T if columns else mask for layer, mask in masks.items()}
    more = (turned,) if masks else ()
    inputs, targets = (X.T, Y.T) if columns else (X, Y)
    with np.errstate(all="ignore"):
        values = forward(parameters, inputs, *more)
        found = backward(parameters, values, targets, s, *more)
    worst = 0.0
    for name, array in exact.items():
        other = found[name].T if columns and array.ndim == 2 else found[name].reshape(array.shape)
        worst = max(worst, difference(np.asarray(other, dtype=np.float64), array.astype(np.float64), "numbers"))
    return worst


def some_targets(description: Description, rng: np.random.Generator, m: int) -> Array:
    """Targets for which the loss is defined."""
    n, record = description.architecture.sizes[-1], description.architecture.loss
    if record.name == "cross_entropy":
        return np.eye(n)[rng.integers(n, size=m)]
    if record.targets.high == 1:
        return rng.uniform(0.1, 0.9, size=(m, n))
    return rng.uniform(0.5, 3, size=(m, n)) if record.targets.low == 0 else rng.normal(size=(m, n))

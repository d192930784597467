"""pellucid export."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.app import Force, Model, app, console
from pellucid.cli.explain import Convention
from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    from pellucid.export.report import ExportReport


class To(StrEnum):
    """What is written."""

    c = "c"
    onnx = "onnx"
    numpy = "numpy"
    json = "json"


class Numbers(StrEnum):
    """What the numbers of the export are."""

    float = "float"
    double = "double"


@dataclass(frozen=True)
class Request:
    """What was asked for on the command line."""

    model: Any
    """a `Network`, an estimator or a `TableModel`"""
    output: str | None
    name: str
    dtype: str
    training: bool
    quantized: bool
    rows: Any
    """the rows to compare on, and their targets, or None"""
    targets: Any
    force: bool
    opset: int | None
    convention: str


def to_c(request: Request) -> ExportReport:
    """One header, one source, and a main, in a folder."""
    from pellucid.export.c import export_c

    return export_c(
        request.model,
        "." if request.output is None else request.output,
        name=request.name,
        dtype=request.dtype,
        training=request.training,
        quantized=request.quantized,
        X=request.rows,
        y=request.targets,
        force=request.force,
    )


def to_onnx(request: Request) -> ExportReport:
    """A file for ONNX's runtimes."""
    from pellucid.export.onnx import export_onnx

    more = {} if request.opset is None else {"opset": request.opset}
    return export_onnx(request.model, _file(request, "onnx"), rows=request.rows, force=request.force, **more)


def to_numpy(request: Request) -> ExportReport:
    """A module of Python."""
    from pellucid.export.numpy import export_numpy

    return export_numpy(request.model, _file(request, "py"), convention=request.convention, rows=request.rows, force=request.force)


def to_json(request: Request) -> ExportReport:
    """A document for other languages."""
    from pellucid.export.json import export_json

    return export_json(request.model, _file(request, "json"), rows=request.rows, force=request.force)


def _file(request: Request, ending: str) -> str:
    return f"{request.name}.{ending}" if request.output is None else request.output


FORMATS: dict[To, Callable[[Request], ExportReport]] = {To.c: to_c, To.onnx: to_onnx, To.numpy: to_numpy, To.json: to_json}
"""what writes each of them"""
ONLY = {"--with-training": To.c, "--quantized": To.c, "--dtype": To.c, "--opset": To.onnx, "--convention": To.numpy}
"""options of one form alone"""


@app.command()
def export(
    model: Model,
    to: Annotated[To, typer.Option(help="What is written.", show_default=False)],
    output: Annotated[str | None, typer.Option("--output", "-o", help="Where it goes.", show_default="here")] = None,
    name: Annotated[str, typer.Option(help="The name of the model in C, and of its files.")] = "model",
    dtype: Annotated[Numbers | None, typer.Option(help="The numbers of C.", show_default="float")] = None,
    training: Annotated[bool, typer.Option("--with-training", help="With the backward pass and a gradient step.")] = False,
    quantized: Annotated[bool, typer.Option("--quantized", help="Weights of 8 bits.")] = False,
    opset: Annotated[int | None, typer.Option(help="The version of ONNX's operators, 13 to 22.", show_default="17")] = None,
    convention: Annotated[
        Convention | None, typer.Option(help="Whether samples are columns or rows in NumPy.", show_default="columns")
    ] = None,
    data: Annotated[str | None, typer.Option(help="Rows to compare on; a table.", show_default="drawn at random")] = None,
    force: Force = False,
) -> None:
    """Write a model in another form, compared with the model on rows before it is written."""
    from pellucid.loading import load

    given = {"--with-training": training, "--quantized": quantized, "--dtype": dtype, "--opset": opset, "--convention": convention}
    for option, value in given.items():
        if value and (only := ONLY[option]) != to:
            where, expected = f"pellucid export --to {to.value}", f"only with --to {only.value}"
            raise InputError(sentence(option, where, "given", expected, "leave it out, or choose the other form"))
    loaded = load(model)
    rows, targets = (None, None) if data is None else _rows(loaded, data)
    numbers, samples = dtype or Numbers.float, convention or Convention.columns
    report = FORMATS[to](Request(loaded, output, name, numbers.value, training, quantized, rows, targets, force, opset, samples.value))
    console.print(str(report), markup=False, highlight=False, soft_wrap=True)


def _rows(model: Any, data: str) -> tuple[Any, Any]:
    """The rows of a table, and their targets where they are there."""
    import pandas as pd

    from pellucid.cli.inputs import with_target
    from pellucid.tables import read_table

    frame = read_table(data).frame
    if not hasattr(model, "pipeline"):
        width = getattr(model, "n_features_in_", None) or model.architecture.sizes[0]
        if frame.shape[1] < width:
            got, expected = f"of {frame.shape[1]} columns", f"at least {width}, the inputs of the network"
            raise InputError(sentence("the table", data, got, expected, "choose another, or leave --data out"))
        y = frame.iloc[:, width].to_numpy() if hasattr(model, "network_") and frame.shape[1] == width + 1 else None
        inputs = frame.iloc[:, :width]
        for column in inputs.columns:
            if not pd.api.types.is_numeric_dtype(inputs[column]):
                expected = f"numbers in the first {width} columns, the inputs of the network"
                raise InputError(sentence(f"the column {str(column)!r}", data, "not numeric", expected, "choose another table"))
        return (inputs if hasattr(model, "feature_names_in_") else inputs.to_numpy(dtype=float)), y
    return with_target(model, data) if model.target in frame.columns else (frame, None)

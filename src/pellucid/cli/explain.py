"""pellucid explain."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from pellucid.cli.app import Data, Force, Model, app
from pellucid.cli.documents import To, kind, put
from pellucid.cli.inputs import load
from pellucid.errors import InputError, sentence


class Form(StrEnum):
    """How much is one equation."""

    vectorized = "vectorized"
    elementwise = "elementwise"


class Convention(StrEnum):
    """What a sample is."""

    columns = "columns"
    rows = "rows"


@app.command()
def explain(
    model: Model,
    data: Data,
    row: Annotated[str, typer.Option(help="The row of DATA, 1 is the first below the heading; several as 1,4 or 2-5.")] = "1",
    form: Annotated[Form, typer.Option(help="An equation for each array, or for each unit and weight.")] = Form.vectorized,
    convention: Annotated[Convention, typer.Option(help="Whether samples are columns or rows.")] = Convention.columns,
    weight: Annotated[str | None, typer.Option(help="The story of one weight, e.g. W1,3,2 or b1,3.", show_default=False)] = None,
    complete: Annotated[bool, typer.Option("--complete", help="With elementwise: write out every unit and weight.")] = False,
    to: Annotated[To | None, typer.Option(help="What is written.", show_default="by the name of the output, else text")] = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="A file, instead of the terminal.", show_default=False)] = None,
    precision: Annotated[int, typer.Option(help="Decimals of the numbers.", min=0, max=17)] = 4,
    force: Force = False,
) -> None:
    """Show how a model predicts a row of a table, and how its weights would learn from it, with all equations and numbers."""
    from pellucid.cli.explanation import explanation
    from pellucid.files import check_writable

    kind(to, output, "explain")
    if output is not None:
        check_writable(output, force)
    options: dict[str, Any] = {"form": form.value, "convention": convention.value, "complete": complete}
    if weight is not None:
        options["of"] = _weight(weight)
    derivation = explanation(load(model), data, row, precision, options)
    put(derivation, to, output, precision, force, "explain", "the explanation")


def _weight(text: str) -> tuple[str | int, ...]:
    """W1,3,2 as ("W1", 3, 2)."""
    name, *index = [part.strip() for part in text.split(",")]
    if not name or not index or not all(part.isdecimal() for part in index):
        expected, repair = "a name and where it stands, e.g. W1,3,2 or b1,3", "W1,3,2 joins input 2 to unit 3 of layer 1"
        raise InputError(sentence("--weight", "pellucid explain", repr(text), expected, repair))
    return (name, *map(int, index))

"""pellucid explain."""

from __future__ import annotations

import sys
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli.app import Data, Force, Model, app, console
from pellucid.cli.inputs import load
from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    from pellucid.glassbox.derivation import Derivation


class Form(StrEnum):
    """How much is one equation."""

    vectorized = "vectorized"
    elementwise = "elementwise"


class Convention(StrEnum):
    """What a sample is."""

    columns = "columns"
    rows = "rows"


class To(StrEnum):
    """What is written."""

    text = "text"
    html = "html"
    tex = "tex"
    md = "md"


SUFFIXES = {".txt": To.text, ".text": To.text, ".html": To.html, ".htm": To.html, ".tex": To.tex, ".md": To.md, ".markdown": To.md}


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
    from pellucid.files import check_writable, write_atomically

    kind = _kind(to, output)
    if output is not None:
        check_writable(output, force)
    options: dict[str, Any] = {"form": form.value, "convention": convention.value, "complete": complete}
    if weight is not None:
        options["of"] = _weight(weight)
    derivation = explanation(load(model), data, row, precision, options)
    if output is None:
        _speak_unicode()
    if output is None and to is None:
        from pellucid.glassbox.render.terminal import as_rich

        console.print(as_rich(derivation, precision))
        return
    text = _written(derivation, kind, precision)
    if output is None:
        typer.echo(text, nl=not text.endswith("\n"))
        return
    write_atomically(output, text.encode(), force=force)
    console.print(f"the explanation is in {output} ({len(text.encode()):,} bytes)", markup=False, soft_wrap=True)


def _speak_unicode() -> None:
    """Where what is printed goes into a file or a program, some systems would write letters of one country."""
    if isinstance(sys.stdout, TextIOWrapper) and "utf" not in sys.stdout.encoding.lower():
        sys.stdout.reconfigure(encoding="utf-8")


def _kind(to: To | None, output: str | None) -> To:
    if to is not None or output is None:
        return to or To.text
    suffix = Path(output).suffix.lower()
    if suffix not in SUFFIXES:
        expected, repair = f"a name that ends in {', '.join(SUFFIXES)}", "name it so, or say what it is by --to html, tex, md or text"
        raise InputError(sentence("the output file", "pellucid explain", repr(output), expected, repair))
    return SUFFIXES[suffix]


def _weight(text: str) -> tuple[str | int, ...]:
    """W1,3,2 as ("W1", 3, 2)."""
    name, *index = [part.strip() for part in text.split(",")]
    if not name or not index or not all(part.isdecimal() for part in index):
        expected, repair = "a name and where it stands, e.g. W1,3,2 or b1,3", "W1,3,2 joins input 2 to unit 3 of layer 1"
        raise InputError(sentence("--weight", "pellucid explain", repr(text), expected, repair))
    return (name, *map(int, index))


def _written(derivation: Derivation, kind: To, precision: int) -> str:
    render = {
        To.text: derivation.to_text, To.html: derivation.to_html, To.tex: derivation.to_latex, To.md: derivation.to_markdown,
    }[kind]  # fmt: skip
    return render(precision)

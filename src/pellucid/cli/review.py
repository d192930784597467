"""pellucid review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import Data, Model, app, console
from pellucid.cli.inputs import load, with_target
from pellucid.errors import InputError, sentence

if TYPE_CHECKING:
    from pellucid.glassbox.written.sheet import SheetReview

Sheet = Annotated[str, typer.Argument(help="A text file with an equation a line, in LaTeX or in code.", show_default=False)]
MOST_BYTES = 1_000_000


@app.command()
def review(
    sheet: Sheet,
    model: Model,
    data: Data,
    convention: Annotated[str, typer.Option(help="columns (Z = W X + b) or rows (Z = X W + b).")] = "columns",
    rows: Annotated[int, typer.Option(help="How many rows of DATA the review uses.", min=1)] = 32,
) -> None:
    """Review the written equations of a sheet: forward and backward propagation of a model, and formulas of calculus."""
    found = _review(sheet, model, data, convention, rows)
    console.print(found)
    style = "bold green" if found.right else "bold red"
    console.print(f"[{style}]{'right' if found.right else 'WRONG'}[/]: ", end="")
    console.print(found.explanation, markup=False, highlight=False)
    if not found.right:
        raise typer.Exit(1)


def _review(sheet: str, path: str, data: str, convention: str, rows: int) -> SheetReview:
    from pellucid.glassbox.written.sheet import review_sheet

    text = _text(sheet)
    model = load(path)
    X, y = with_target(model, data)
    return review_sheet(text, model.network, model.prepare(X.head(rows)), model.encode(y[:rows]), convention)


def _text(path: str) -> str:
    file = Path(path)
    if not file.is_file():
        repair = "check its name"
        raise InputError(sentence("the sheet", "pellucid review", f"no file ({path})", "a text file", repair))
    if file.stat().st_size > MOST_BYTES:
        raise InputError(sentence("the sheet", path, f"{file.stat().st_size:,} bytes", f"at most {MOST_BYTES:,}", "review it in parts"))
    try:
        return file.read_text(encoding="utf-8-sig")
    except (UnicodeDecodeError, OSError):
        raise InputError(sentence("the sheet", path, "no text in UTF-8", "a text file", "save it as UTF-8")) from None

"""pellucid check."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import Data, Model, app, console
from pellucid.cli.inputs import load, with_target

if TYPE_CHECKING:
    from pellucid.glassbox.check import GradientReport
    from pellucid.glassbox.review import GradientReview


class Convention(StrEnum):
    """How arrays are laid out."""

    columns = "columns"
    rows = "rows"


GRADIENTS = (
    "An npz file with gradients of your own (any of dW1, db1, dz1, da1, ... and dX), to be reviewed instead: what is wrong, and where it "
    "begins. dW and db are those of the mean loss (with L2) over the first --rows rows of DATA, dz and da those of the loss of each of "
    "them; the rows as the model prepares them (pellucid.pipelines.TableModel.load(MODEL).prepare), without dropout."
)
CONVENTION = "How the arrays of --gradients are laid out: columns (dW1 is units x inputs, dz1 units x samples), or rows (the transposes)."


@app.command()
def check(
    model: Model,
    data: Data,
    rows: Annotated[int, typer.Option(help="How many rows of DATA the check uses.", min=1)] = 32,
    entries: Annotated[int, typer.Option(help="How many parameters are checked one by one, at most.", min=1)] = 2000,
    gradients: Annotated[str | None, typer.Option(help=GRADIENTS, show_default=False)] = None,
    convention: Annotated[Convention, typer.Option(help=CONVENTION)] = Convention.columns,
) -> None:
    """Prove the gradients of a model on some rows of a table: backward propagation against differences of the cost.

    With --gradients: say what is wrong with gradients that you derived by hand.
    """
    if gradients is None:
        passed = _gradient_report(model, data, rows, entries).passed
    else:
        passed = _gradient_review(model, data, rows, gradients, convention.value).passed
    if not passed:
        raise typer.Exit(1)


def _gradient_report(path: str, data: str, rows: int, entries: int) -> GradientReport:
    from pellucid.glassbox.check import check_gradients

    model = load(path)
    X, y = with_target(model, data)
    report = check_gradients(model.network, model.prepare(X.head(rows)), model.encode(y[:rows]), max_entries=entries)
    console.print(report)
    decided = sum(row.decided for row in report.rows)
    checked = sum(row.checked for row in report.rows)
    verdict = "[bold red]WRONG[/]" if not report.passed else "[bold green]proved[/]" if decided else "[bold yellow]undecided[/]"
    left = f"; {checked - decided:,} of {checked:,} checks left open" if decided < checked else ""
    console.print(f"{verdict}: largest relative error {report.max_relative_error:.1e}{left}")
    return report


def _gradient_review(path: str, data: str, rows: int, gradients: str, convention: str) -> GradientReview:
    from pellucid.cli.npz import read_npz
    from pellucid.glassbox.review import review_gradients

    claimed = read_npz(gradients)
    model = load(path)
    X, y = with_target(model, data)
    review = review_gradients(claimed, model.network, model.prepare(X.head(rows)), model.encode(y[:rows]), convention)
    console.print(review)
    for note in review.notes:
        console.print(note)
    style = "bold green" if review.passed else "bold red"
    console.print(f"[{style}]{'nothing is wrong' if review.passed else 'WRONG'}[/]" + ("" if review.passed else f": {review.summary}"))
    return review

"""pellucid check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli.app import Data, Model, app, console
from pellucid.cli.inputs import load, with_target

if TYPE_CHECKING:
    from pellucid.glassbox.check import GradientReport


@app.command()
def check(
    model: Model,
    data: Data,
    rows: Annotated[int, typer.Option(help="How many rows of DATA the check uses.", min=1)] = 32,
    entries: Annotated[int, typer.Option(help="How many parameters are checked one by one, at most.", min=1)] = 2000,
) -> None:
    """Prove the gradients of a model on some rows of a table: backward propagation against differences of the cost."""
    if _gradient_report(model, data, rows, entries).passed:
        return
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

"""The progress bar: epoch, loss and time left, on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Display(Protocol):
    """Takes note of an epoch."""

    def __call__(self, epoch: float, row: dict[str, float]) -> None:
        """After ``epoch`` epochs (with a fraction inside one), with the latest row of the history."""


def _nothing(epoch: float, row: dict[str, float]) -> None:
    pass


@contextmanager
def display(wanted: bool, epochs: int) -> Iterator[Display]:
    """A bar on standard error where it is a terminal and one is wanted."""
    if not wanted or not sys.stderr.isatty():
        yield _nothing
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("epoch {task.fields[epoch]}/" + str(epochs)),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=epochs, epoch=0, figures="")

        def show(epoch: float, row: dict[str, float]) -> None:
            shown = [(name, value) for name, value in row.items() if name == "loss" or name.startswith("validation")]
            figures = "  ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in shown)
            bar.update(task, completed=epoch, epoch=int(epoch), figures=figures)

        yield show

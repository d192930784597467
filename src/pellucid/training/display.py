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
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("epoch {task.fields[epoch]}/" + str(epochs)),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=epochs, epoch=0, figures="")

        def show(epoch: float, row: dict[str, float]) -> None:
            bar.update(task, completed=epoch, epoch=int(epoch), figures=_figures(row))

        yield show


def _figures(row: dict[str, float]) -> str:
    """Loss, validation loss and metrics, short enough for a bar and the time left beside them in 80 columns."""
    words = {"loss": "loss", "validation_loss": "validation"}
    shown = [
        (words.get(name, name.removeprefix("validation_")), value) for name, value in row.items() if "validation" in name or name in words
    ]
    return " ".join(f"{word} {value:.4g}" for word, value in shown)

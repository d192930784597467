"""pellucid health."""

from __future__ import annotations

from typing import Annotated

import typer

from pellucid.cli.app import Data, Model, app, console
from pellucid.cli.inputs import load, with_target


@app.command()
def health(
    model: Model,
    data: Data,
    rows: Annotated[int, typer.Option(help="How many rows of DATA to look at, spread over the whole.", min=1)] = 1000,
    try_remedy: Annotated[bool, typer.Option("--try-remedy", help="Train for a short while with each remedy, and without.")] = False,
    epochs: Annotated[int, typer.Option(help="How long a remedy is tried.", min=1)] = 20,
) -> None:
    """Say how well gradients flow in a model: vanishing, exploding, saturated and dead units, each with a remedy; exit code 1 if any."""
    import numpy as np

    from pellucid.training.health import gradient_health

    loaded = load(model)
    X, y = with_target(loaded, data)
    at = np.unique(np.linspace(0, len(X) - 1, min(rows, len(X))).round().astype(np.int64))
    report = gradient_health(loaded, X.iloc[at], y[at], try_remedy=try_remedy, epochs=epochs)
    console.print(report)
    if not report.healthy:
        raise typer.Exit(1)

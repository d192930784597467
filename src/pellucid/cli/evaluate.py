"""pellucid evaluate."""

from __future__ import annotations

from pellucid.cli.app import Data, Model, app, console
from pellucid.cli.inputs import load, with_target
from pellucid.cli.scores import scores


@app.command()
def evaluate(model: Model, data: Data) -> None:
    """Score a model on a table that has the target."""
    loaded = load(model)
    X, y = with_target(loaded, data)
    console.print(scores(loaded, X, y, baseline=y))

"""pellucid predict."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pellucid.cli.app import Data, Force, Model, app, console
from pellucid.cli.inputs import load
from pellucid.errors import InputError, sentence


@app.command()
def predict(
    model: Model,
    data: Data,
    output: Annotated[str, typer.Option("--output", "-o", help="A CSV file for the predictions.", show_default=False)],
    probabilities: Annotated[bool, typer.Option(help="A column for the probability of each class, too.")] = False,
    force: Force = False,
) -> None:
    """Predict the target of every row of a table."""
    import pandas as pd

    from pellucid.files import check_writable, write_atomically
    from pellucid.tables import read_table

    check_writable(output, force)
    loaded = load(model)
    frame = read_table(data).frame
    columns: dict[str, Any] = {loaded.target: loaded.pipeline.predict(frame)}
    if probabilities:
        if loaded.task != "classification":
            raise InputError(sentence("--probabilities", "predict", "asked of a regression", "classes", "leave it out"))
        shares = loaded.pipeline.predict_proba(frame)
        columns |= {f"{loaded.target}={label}": shares[:, k] for k, label in enumerate(loaded.classes)}
    write_atomically(output, pd.DataFrame(columns).to_csv(index=False).encode(), force=force)
    console.print(f"{len(frame):,} predictions of {loaded.target!r} are in {output}", markup=False, soft_wrap=True)

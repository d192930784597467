"""Rows to compare an export with its model on: those that were given, or drawn so that they look like those of the training."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.export.description import Description, text
from pellucid.export.steps import back, run

DRAWN = 64
DAYS = 10000
"""drawn days lie in so many days from 2000 on"""


@dataclass(frozen=True)
class Rows:
    """The same rows twice: as the model takes them, and each entry as a number, a text, or None where it is missing."""

    inputs: Any
    entries: tuple[tuple[float | str | None, ...], ...]
    drawn: bool

    def __len__(self) -> int:
        return len(self.entries)


def rows_of(description: Description, X: Any, single: bool = False, most: int = 2000) -> Rows:
    """Rows for a comparison, at most so many of those given.

    Args:
        description: of the model.
        X: rows as the model takes them, or None for drawn ones.
        single: round the numbers to float32 first, where the export takes such numbers.
        most: how many at most.

    Raises:
        ShapeError: X has not as many columns as the model has inputs.

    """
    if X is None:
        return _drawn(description, single)
    frame = hasattr(X, "columns")
    if hasattr(X, "toarray"):
        X = X[:most].toarray()
    data: Any = X if frame else np.asarray(X)
    n = len(description.sources)
    if np.ndim(data) != 2 or len(data) == 0 or (not frame and data.shape[1] != n):
        expected = f"at least one row of {n} numbers" if n != 1 else "at least one row of one number"
        raise ShapeError(sentence("X", "the export", f"of shape {np.shape(data)}", expected, "give rows as the model takes them"))
    data = data[:most]
    if single and not description.prepared:
        try:
            data = data.astype(np.float32).astype(np.float64)
        except (TypeError, ValueError):
            got, repair = f"of type {getattr(data, 'dtype', 'object')}", "give rows as the model takes them"
            raise InputError(sentence("X", "the export", got, "numbers", repair)) from None
    names = [source.name for source in description.sources]
    if frame and not description.framed:
        frame, data = False, data.to_numpy()
    elif description.framed and not frame:
        import pandas as pd

        frame, data = True, pd.DataFrame(data, columns=names)
    missing = [name for name in names if frame and name not in data.columns]
    if missing:
        raise InputError(sentence("X", "the export", f"without the column {missing[0]!r}", "the columns of the training", "add it"))
    columns = [data[name] if frame else data[:, at] for at, name in enumerate(names)]
    entries = tuple(zip(*[_entries(source, column) for source, column in zip(description.sources, columns, strict=True)], strict=True))
    kept = np.array([not any(isinstance(value, str) and _in_lines(value) for value in row) for row in entries])
    if not kept.all():
        data, entries = data[kept], tuple(row for row, keep in zip(entries, kept, strict=True) if keep)
    return Rows(data, entries, drawn=False)


def _in_lines(value: str) -> bool:
    """Whether a text has several lines: no program that reads line by line gets it; such rows are left out."""
    return any(letter in value for letter in "\n\r\0")


def _entries(source: Any, column: Any) -> list[float | str | None]:
    if source.kind == "date":
        return days(column, source.day_first)
    missing = [value is None or value != value or type(value).__name__ in ("NAType", "NaTType") for value in column]
    if source.kind == "text":
        return [None if lacks else text(value) for value, lacks in zip(column, missing, strict=True)]
    return [None if lacks else _number(value, source.name) for value, lacks in zip(column, missing, strict=True)]


def _number(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        repair = "give rows as the model takes them"
        raise InputError(sentence(f"an entry of {name!r} in X", "the export", repr(str(value))[:60], "a number", repair)) from None


def days(column: Any, day_first: bool) -> list[float | str | None]:
    """Days since the beginning of 2000, UTC, with the time of the day as a fraction; None for what is no date."""
    import pandas as pd

    from pellucid.tables import parse_dates

    if pd.api.types.is_numeric_dtype(column):
        column = column.map(text, na_action="ignore").astype(object)
    when = parse_dates(column, day_first)
    counted = (when - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(days=1)
    return [None if math.isnan(day) else float(day) for day in counted]


def _drawn(description: Description, single: bool) -> Rows:
    rng = np.random.default_rng(0)
    columns: list[list[float | str | None]] = []
    for at, source in enumerate(description.sources):
        features = [feature for feature in description.features if feature.source == at]
        may_lack = any(not (isinstance(f.missing, float) and math.isnan(f.missing)) for f in features) and bool(features)
        drawn: list[float | str | None]
        if source.kind == "text":
            known = features and all(not math.isnan(feature.unknown) for feature in features)
            choice = [*(value for value in source.values if not _in_lines(value)), *(["something else"] if known else [])] or ["something"]
            drawn = [choice[k] for k in rng.integers(len(choice), size=DRAWN)]
        elif source.kind == "date":
            drawn = [float(day) / 24 for day in rng.integers(24 * DAYS, size=DRAWN)]
        else:
            drawn = _numbers(features, rng, single and not description.prepared)
        if may_lack:
            drawn = [None if lacks else value for value, lacks in zip(drawn, rng.random(DRAWN) < 0.1, strict=True)]
        columns.append(drawn)
    inputs = _as_taken(description, columns)
    for at, source in enumerate(description.sources):
        if source.kind == "date":
            columns[at] = _entries(source, inputs[source.name])  # to the second, as the frame has them
    return Rows(inputs, tuple(zip(*columns, strict=True)), drawn=True)


def _numbers(features: list[Any], rng: np.random.Generator, single: bool) -> list[float | str | None]:
    """Numbers that come out of the preparation as draws of a normal distribution, or values that it knows one by one."""
    listed = next((f.of for f in features if f.kind in ("one of", "none of", "rank")), None)
    if listed is not None:
        known = sorted({value for f in features for value in f.of})
        return [float(known[k]) for k in rng.integers(len(known), size=DRAWN)]
    value = next((f for f in features if f.kind == "value"), None)
    steps = () if value is None else value.steps
    numbers = run(back(steps), rng.normal(size=DRAWN))
    numbers[0] = run(back(steps), 0.0)
    numbers = np.where(np.isfinite(numbers), numbers, 0.0)
    return [float(number) for number in (numbers.astype(np.float32) if single else numbers)]


def _as_taken(description: Description, columns: list[list[float | str | None]]) -> Any:
    """Drawn entries as the model takes them: a frame, or an array."""
    names = [source.name for source in description.sources]
    if description.framed:
        import pandas as pd

        content: dict[str, Any] = {}
        kinds = {"text": object, "number": float}
        for source, column in zip(description.sources, columns, strict=True):
            if source.kind == "date":
                offset = pd.to_timedelta(pd.Series(column, dtype=float), unit="D").dt.round("s")
                content[source.name] = pd.Timestamp("2000-01-01") + offset
            else:
                content[source.name] = pd.Series([np.nan if value is None else value for value in column], dtype=kinds[source.kind])
        return pd.DataFrame(content)[names]
    if any(source.kind == "text" for source in description.sources):
        return np.array([[np.nan if value is None else value for value in row] for row in zip(*columns, strict=True)], dtype=object)
    return np.array([[np.nan if value is None else value for value in row] for row in zip(*columns, strict=True)], dtype=np.float64)


def predictions(model: Any, description: Description, rows: Rows) -> Array:
    """What the model itself says of the rows, (m, n_outputs): probabilities, or numbers."""
    model = model.pipeline if hasattr(model, "pipeline") and hasattr(model, "target") else model
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")  # some rows are to have them
        found = model.predict(rows.inputs) if description.task == "numbers" else model.predict_proba(rows.inputs)
    found = np.asarray(np.hstack(found) if description.task == "columns" else found, dtype=np.float64)
    return found[:, None] if found.ndim == 1 else found


def inputs_of(model: Any, rows: Rows) -> Array:
    """What the network sees of the rows."""
    X = rows.inputs
    model = model.pipeline if hasattr(model, "pipeline") and hasattr(model, "target") else model
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Found unknown categories")
        while hasattr(model, "regressor_") or (hasattr(model, "steps") and hasattr(model, "named_steps")):
            if hasattr(model, "regressor_"):
                model = model.regressor_
                continue
            for _, step in model.steps[:-1]:
                X = X if step is None or isinstance(step, str) else step.transform(X)
            model = model.steps[-1][1]
    X = X.toarray() if hasattr(X, "toarray") else X
    return np.asarray(X, dtype=np.float64)


def finished(description: Description, y_hat: Array) -> Array:
    """From the network's y_hat (m, n_L) to what the model gives: both probabilities, the target's own units."""
    y_hat = np.asarray(y_hat, dtype=np.float64)
    if description.task == "classes" and y_hat.shape[1] == 1:
        return np.hstack([1 - y_hat, y_hat])
    if description.targets:
        return np.stack([run(back(steps), y_hat[:, at]) for at, steps in enumerate(description.targets)], axis=1)
    return y_hat

"""The columns of tables as numbers, texts and parts of dates."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from pandas.api import types
from sklearn.base import BaseEstimator, TransformerMixin

from pellucid.errors import TableError, sentence
from pellucid.tables import LARGEST, column_kind, out_of_range, parse_dates, shown

DATE_PARTS = ("day number", "year", "month", "day", "weekday", "hour")


class TableColumns(TransformerMixin, BaseEstimator):
    """Frames with the columns and kinds that were there in training: numbers as floats, categories as texts, dates as numbers.

    A column that is new is left out; one that is missing is an error; a missing value stays missing.
    """

    def __init__(self, kinds: dict[str, str]) -> None:
        self.kinds = kinds

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """With the kinds that the columns of a frame have.

        Raises:
            TableError: no column has different values, or one has the name that a part of a date gets.

        """
        kinds = {str(name): column_kind(frame[name]) for name in frame.columns}
        if set(kinds.values()) <= {"ignored"}:
            got = f"without one among its {len(kinds)} columns"
            raise TableError(sentence("the table", "training", got, "a column with different values", "add such a column"))
        columns = cls(kinds)
        taken = {name for name, kind in kinds.items() if kind != "ignored"} & set(columns.numeric[len(columns.names("numeric")) :])
        if taken:
            expected = "a name that no part of a date column has"
            raise TableError(sentence("the name of a column", "the table", repr(min(taken)), expected, "rename the column"))
        return columns

    def fit(self, frame: pd.DataFrame, y: object = None) -> Self:
        """Nothing is learned: the kinds are given."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def names(self, kind: str) -> list[str]:
        """The columns of one kind."""
        return [name for name, found in self.kinds.items() if found == kind]

    @property
    def dates(self) -> list[str]:
        """The columns of dates, however they are written."""
        return [name for name, kind in self.kinds.items() if kind.startswith("date")]

    @property
    def numeric(self) -> list[str]:
        """The columns of numbers that come out, those made from dates too."""
        return self.names("numeric") + [f"{name} ({part})" for name in self.dates for part in DATE_PARTS]

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame in the form in which it was in training.

        Raises:
            TableError: a column is missing, or there is text where numbers are.

        """
        wanted = [name for name, kind in self.kinds.items() if kind != "ignored"]
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            got = f"without {', '.join(map(repr, missing[:5]))}" + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
            raise TableError(sentence("the table", "the data", got, "the columns of the training", "add them; they may be empty"))
        columns: dict[str, Any] = {name: _numbers(frame[name], name) for name in self.names("numeric")}
        for name in self.dates:
            columns |= _date_parts(frame[name], name, self.kinds[name] == "date, day first")
        for name in self.names("category"):
            columns[name] = frame[name].astype(object).map(_text, na_action="ignore").astype(object)
        return pd.DataFrame(columns, index=frame.index)


def _numbers(column: pd.Series, name: str) -> pd.Series:
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    bad = out_of_range(numbers) & column.notna()
    if bad.any():
        got, repair = f"{shown(column[bad].iloc[0])} in row {column.index[bad][0]}", "repair the value or leave it empty"
        expected = f"finite numbers, as in training, up to {LARGEST:g}"
        raise TableError(sentence(f"the column {name!r}", "the data", got, expected, repair))
    return numbers


def _date_parts(column: pd.Series, name: str, day_first: bool) -> dict[str, pd.Series]:
    numbers = types.is_numeric_dtype(column)  # 20240131 is a day too, and not so many nanoseconds
    when = parse_dates(column.map(_text, na_action="ignore").astype(object) if numbers else column, day_first)
    parts = (
        (when - pd.Timestamp("2000-01-01", tz="UTC")) / pd.Timedelta(days=1),
        when.dt.year,
        when.dt.month,
        when.dt.day,
        when.dt.day_of_week,
        when.dt.hour + when.dt.minute / 60,
    )
    return {f"{name} ({part})": value.astype(np.float64) for part, value in zip(DATE_PARTS, parts, strict=True)}


def _text(value: object) -> str:
    """The same text for 3, 3.0 and "3", since a missing value turns a column of whole numbers into floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


TableColumns.__module__ = "pellucid.pipelines"  # its name in files

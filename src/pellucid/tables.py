"""Tables at the edge: CSV and Parquet files, the data sets that scikit-learn ships, and what their columns hold."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api import types

from pellucid.errors import TableError, sentence, unknown_name

SHIPPED = ("iris", "digits", "wine", "breast_cancer", "diabetes")
MISSING = ["?", "", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
CLASSES_AT_MOST = 20
"""a column of whole numbers with at most so many different values is taken for classes"""
LARGEST = 1e100
"""numbers beyond it are refused: their squares, which scaling needs, would overflow"""


@dataclass(frozen=True)
class Table:
    """A frame, and the name of its target column where that is known."""

    frame: pd.DataFrame
    target: str | None


def read_table(source: str) -> Table:
    """The table in a CSV or Parquet file, or a data set that scikit-learn ships (its target column is ``target``).

    Raises:
        TableError: there is no such file or data set, it cannot be read, or it is empty.

    """
    path = Path(source)
    if not os.path.exists(path) and source in SHIPPED:  # os.path: a name too long for a file is no file, and no error
        from sklearn import datasets

        frame = getattr(datasets, f"load_{source}")(as_frame=True).frame
        return Table(frame, "target")
    if not path.suffix and not os.path.exists(path):
        error = unknown_name("file or data set", source, SHIPPED)
        raise TableError(str(error))
    if os.path.isdir(path):
        raise _refuse(source, "a directory")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pd.read_parquet(path)
            names = frame.columns
        else:
            frame = _read_csv(path)
            names = _written_names(path) if path.is_file() else frame.columns
    except FileNotFoundError:
        raise _refuse(source, "not there") from None
    except pd.errors.EmptyDataError:
        raise _refuse(source, "empty") from None
    except OSError as error:
        raise _refuse(source, f"not readable ({(error.strerror or str(error)).lower()})") from None
    except MemoryError:
        raise
    except Exception as error:  # a damaged file may fail anywhere inside the reader: in its compression, its encoding, its grammar
        raise _refuse(source, f"damaged or of another kind ({' '.join(str(error).split())[:100]})") from None
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise _refuse(source, "without rows")
    names = names.astype(str).str.strip()
    if names.has_duplicates:
        twice = names[names.duplicated()][0]
        raise TableError(sentence("a column name", source, f"there twice ({twice!r})", "each name once", "rename one of them"))
    return Table(frame, None)


def _read_csv(path: Path) -> pd.DataFrame:
    """The first column is no index, so a row with more values than there are names is an error; a column has one type throughout."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(path, na_values=MISSING, keep_default_na=False, skipinitialspace=True, index_col=False, low_memory=False)


def _written_names(path: Path) -> pd.Index:
    """The names in the first line, before pandas makes equal ones different (b, b.1)."""
    line = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False, skipinitialspace=True).iloc[0]
    return pd.Index(line[line.str.strip() != ""])


def _refuse(source: str, got: str) -> TableError:
    expected = f"a CSV or Parquet file, or one of {', '.join(SHIPPED)}"
    return TableError(sentence("the data", source, got, expected, "check the path"))


def take_target(frame: pd.DataFrame, target: str, source: str) -> tuple[pd.DataFrame, pd.Series, int]:
    """The other columns, the target, and how many rows were left out because their target is missing.

    Raises:
        TableError: there is no such column, or its values are all missing.

    """
    if target not in frame.columns:
        raise TableError(str(unknown_name(f"column of {source}", target, list(frame.columns))))
    known = frame[target].notna()
    if not known.any():
        raise TableError(sentence("the target", source, f"missing in every row of {target!r}", "values", "choose another column"))
    kept = frame[known]
    return kept.drop(columns=target), kept[target], int((~known).sum())


def recognise_task(y: pd.Series) -> str:
    """Classification for text, booleans, categories and a few different whole numbers; else regression."""
    if types.is_bool_dtype(y) or not types.is_numeric_dtype(y):
        return "classification"
    whole = types.is_integer_dtype(y) or bool((y == np.floor(y)).all())
    return "classification" if whole and y.nunique() <= CLASSES_AT_MOST else "regression"


def as_target(y: pd.Series, task: str, source: str) -> np.ndarray:
    """The target as an array: numbers for regression; numbers or texts for classes.

    Raises:
        TableError: regression on something that is no number.

    """
    if task == "regression":
        numbers = pd.to_numeric(y, errors="coerce")
        bad = out_of_range(numbers.astype(np.float64))
        if bad.any():
            got = f"{shown(y[bad].iloc[0])} in row {y.index[bad][0]}"
            expected, repair = f"finite numbers for regression, up to {LARGEST:g}", "repair the value, or use --task classification"
            raise TableError(sentence("the target", source, got, expected, repair))
        return numbers.to_numpy(dtype=np.float64)
    if types.is_numeric_dtype(y) and not types.is_bool_dtype(y):
        values = y.to_numpy()
        return values.astype(np.int64) if (values == np.floor(values)).all() else values
    return y.astype(str).to_numpy(dtype=str)


def out_of_range(numbers: pd.Series) -> pd.Series:
    """Where a number is missing, infinite or larger than ``LARGEST``."""
    return ~(numbers.abs() <= LARGEST)


def shown(value: object) -> str:
    """A value as a person writes it: 3.5, not np.float64(3.5)."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def column_kind(column: pd.Series) -> str:
    """numeric, date, "date, day first", category, or ignored (nothing but one value or missing ones).

    Raises:
        TableError: it holds lists or mappings.

    """
    present = column.dropna()
    try:
        different = present.nunique()
    except TypeError:
        what, got, expected = f"the column {str(column.name)!r}", "made of lists or mappings", "a single value in each row"
        raise TableError(sentence(what, "the data", got, expected, "take them apart, or leave the column out")) from None
    if present.empty or (different == 1 and not column.isna().any()):
        return "ignored"
    if types.is_datetime64_any_dtype(column):
        return "date"
    if types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return "category"
    if types.is_numeric_dtype(column):
        return "numeric"
    if not _looks_like_dates(present):
        return "category"
    return "date, day first" if _day_first(present) else "date"


def _looks_like_dates(present: pd.Series) -> bool:
    sample = present.astype(str).head(500)
    if not sample.str.match(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}").all():
        return False
    return bool(parse_dates(sample).notna().mean() > 0.95)


def _day_first(present: pd.Series) -> bool:
    """Whether 1.2.2024 is in February: so with dots, and wherever a first number is no month and no second one is no month either."""
    parts = present.astype(str).str.extract(r"^\s*(\d{1,2})([-/.])(\d{1,2})[-/.]\d{2,4}").dropna()
    first, second = parts[0].astype(int), parts[2].astype(int)
    return len(parts) > 0 and bool((second <= 12).all()) and bool((parts[1] == ".").all() or (first > 12).any())


def parse_dates(column: pd.Series, day_first: bool = False) -> pd.Series:
    """Points in time (UTC); what is no date is missing. ``day_first`` reads 1.2.2024 as the first of February, and 2024-01-02 as before."""
    if not day_first:
        return pd.to_datetime(column, errors="coerce", format="mixed", utc=True)
    year_first = column.astype(str).str.match(r"\s*\d{4}")
    days = pd.to_datetime(column.mask(year_first), errors="coerce", format="mixed", utc=True, dayfirst=True)
    return days.fillna(parse_dates(column.where(year_first)))

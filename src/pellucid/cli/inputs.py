"""Tables and models as the commands take them: read, with the target apart and its labels as in training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import InputError, ModelFileError, sentence

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from pellucid.pipelines import TableModel


def read(data: str, target: str | None) -> tuple[pd.DataFrame, str]:
    """The table, and the column to predict."""
    from pellucid.tables import read_table

    table = read_table(data)
    column = table.target if target is None else target
    if column is None:
        named = ", ".join(map(str, table.frame.columns[:12])) + (" ..." if table.frame.shape[1] > 12 else "")
        repair = f"the columns are {named}"
        raise InputError(sentence("--target", "pellucid train", "not given", "the name of the column to predict", repair))
    return table.frame, column


def load(path: str) -> TableModel:
    """A model that train wrote.

    Raises:
        InputError: it is a model, but knows no table.
        ModelFileError: it is none.

    """
    from pellucid.loading import load as load_any
    from pellucid.pipelines import TableModel

    try:
        found = load_any(path)
    except ModelFileError:
        return TableModel.load(path)  # which says what is wrong with it
    if not isinstance(found, TableModel):
        got, repair = f"of a {type(found).__name__}, which knows no table", "use it in Python (pl.load), or by pellucid export"
        raise InputError(sentence("the model file", path, got, "a file that pellucid train wrote", repair))
    return found


def with_target(model: TableModel, data: str) -> tuple[pd.DataFrame, np.ndarray]:
    """The rows of a table and their targets, the labels as the model knows them."""
    from pellucid.tables import as_target, read_table, take_target

    X, labels, _ = take_target(read_table(data).frame, model.target, data)
    y = as_target(labels, model.task, data)
    if model.task == "classification":
        classes = model.classes
        y = labels_like(classes, y, data)
        model.encode(y)
    return X, y


def labels_like(trained: np.ndarray, y: np.ndarray, source: str) -> np.ndarray:
    """y as texts where training had texts; texts where it had numbers are refused."""
    if trained.dtype.kind != "U" and y.dtype.kind == "U":
        import pandas as pd

        unlike = y[pd.to_numeric(pd.Series(y), errors="coerce").isna()]
        got, repair = repr(str((unlike if len(unlike) else y)[0])), "correct the labels, or train again with them"
        raise InputError(sentence("a label", source, got, "numbers, as in training", repair))
    return y.astype(str) if trained.dtype.kind == "U" else y

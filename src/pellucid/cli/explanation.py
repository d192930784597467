"""The explanation of rows of a table: their columns as inputs of the network, the prediction in words, and then the derivation."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cli.inputs import labels_like
from pellucid.equations.optimizers import LBFGS, Adam, AdamEpsilonHat, Optimizer
from pellucid.errors import InputError, sentence
from pellucid.glassbox.derivation import FORWARD, Derivation, Section, Table
from pellucid.glassbox.render.numbers import grid, number

if TYPE_CHECKING:
    import pandas as pd

    from pellucid.pipelines import TableModel

SHOWN = 4
"""rows whose values are told one by one"""


def explanation(model: TableModel, data: str, row: str, precision: int, options: dict[str, Any]) -> Derivation:
    """The derivation for some rows of the data, with what a person who knows the table asks first."""
    from pellucid.glassbox.derive import derive
    from pellucid.tables import read_table

    frame = read_table(data).frame
    at = chosen(row, len(frame), data)
    rows = frame.iloc[at]
    x, y = model.prepare(rows), _targets(model, rows, data)
    stand_in = np.zeros((len(at), model.network.architecture.sizes[-1])) if y is None else model.encode(y)
    found = derive(model.network, sample=(x, stand_in), optimizer=_first_step(model.optimizer), **options)
    sections = found.sections if y is not None else _forward_only(found)
    names = [f"row {index + 1}" for index in at]
    whole = (
        f"Row{'s' if len(at) > 1 else ''} {', '.join(str(index + 1) for index in at[:SHOWN])}{' ...' if len(at) > SHOWN else ''} of {data}"
    )
    own = (
        Section(whole, (), _inputs_note(model, rows), _inputs(model, rows, x, names, precision)),
        Section("Prediction", (), _prediction_note(model, rows, y, names, precision), _outputs(model, rows, names, precision)),
    )
    return replace(found, title=f"{whole}, explained: {found.title}", sections=(*own, *sections))


def _first_step(rule: Optimizer | LBFGS) -> Optimizer | LBFGS:
    """An optimizer whose first step is the same and stands in textbooks."""
    if isinstance(rule, AdamEpsilonHat):
        return Adam(rule.learning_rate, rule.beta_1, rule.beta_2, rule.epsilon / math.sqrt(1 - rule.beta_2))
    return rule


def chosen(row: str, m: int, data: str) -> list[int]:
    """Which rows, from 0: "3", "1,4", "2-5".

    Raises:
        InputError: it is no such text, or a row is not there.

    """
    found: list[int] = []
    for part in row.split(","):
        first, _, last = part.partition("-")
        ends = [end.strip() for end in ((first, last) if _ else (first, first))]
        if not all(end.isdecimal() and len(end) < 16 for end in ends):
            raise InputError(sentence("--row", "pellucid explain", repr(row), "the number of a row", "e.g. 3, or 1,4, or 2-5"))
        low, high = int(ends[0]), int(ends[1])
        if not 1 <= low <= high <= m:
            expected, repair = f"a row from 1 to {m:,}", "1 is the first row below the heading"
            raise InputError(sentence("--row", data, part.strip(), expected, repair))
        found += range(low - 1, high)
    return found


def _targets(model: TableModel, rows: pd.DataFrame, data: str) -> np.ndarray | None:
    """The targets of the rows as the model knows them; None where the table has none."""
    from pellucid.tables import as_target

    if model.target not in rows.columns or rows[model.target].isna().any():
        return None
    y = as_target(rows[model.target], model.task, data)
    return labels_like(model.classes, y, data) if model.task == "classification" else y


def _forward_only(found: Derivation) -> tuple[Section, ...]:
    """Without what needs a target."""
    kept = []
    for section in found.sections:
        steps = tuple(step for step in section.steps if step.part == FORWARD and step.symbol != "y")
        if steps:
            kept.append(replace(section, steps=steps))
    return tuple(kept)


def _inputs_note(model: TableModel, rows: pd.DataFrame) -> str:
    columns = model.pipeline.named_steps["columns"]
    told = []
    if columns.numeric:
        told.append("From a number its mean in training is taken, and the rest is divided by the standard deviation there")
        if rows[columns.names("numeric")].isna().any(axis=None):
            told[-1] += "; a missing number is taken for the median"
    if columns.dates:
        told.append("A date becomes its day number, year, month, day, weekday and hour")
    if columns.names("category"):
        told.append("Each value of a category is an input of its own, 1 where it is there and else 0")
    more = f" The first {SHOWN} of {len(rows):,} rows are shown." if len(rows) > SHOWN else ""
    return f"How the columns become inputs of the network. {'. '.join(told)}.{more}"


def _inputs(model: TableModel, rows: pd.DataFrame, x: np.ndarray, names: list[str], precision: int) -> Table:
    """x_1 = petal length: what it is in the table, and prepared."""
    inputs, shown = model.inputs(), names[:SHOWN]
    headings, columns = ["input", "what it is"], [[f"x_{at + 1}" for at in range(len(inputs))], [meaning for _, meaning in inputs]]
    for at, name in enumerate(shown):
        headings += [name if len(shown) > 1 else "in the table", "prepared"]
        columns += [[_told(rows[column].iloc[at]) for column, _ in inputs], _numbers(x[at], precision)]
    return Table(tuple(headings), tuple(zip(*columns, strict=True)))


def _told(value: Any) -> str:
    """A value as it stands in the table."""
    if value is None or value != value:
        return "missing"
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def _numbers(values: np.ndarray, precision: int) -> list[str]:
    """A column of numbers, with as many decimals each."""
    shown = grid(values[:, None], precision, rows=len(values))
    return [number(float(value), precision) for value in values] if shown.power else [cell for (cell,) in shown.cells]


def _outputs(model: TableModel, rows: pd.DataFrame, names: list[str], precision: int) -> Table:
    """What each output stands for, and what it is."""
    shown, target = rows.head(SHOWN), model.target
    if model.task == "regression":
        said = [("ŷ", f"{target}, less its mean and divided by its standard deviation"), ("", target)]
        values = [model.network.predict(model.prepare(shown))[:, 0], np.asarray(model.pipeline.predict(shown)).ravel()]
    else:
        shares, classes = model.pipeline.predict_proba(shown), model.classes
        single = model.network.architecture.sizes[-1] == 1
        said = [
            ("" if single and k == 0 else "ŷ" if single else f"ŷ_{k + 1}", f"probability of {label}") for k, label in enumerate(classes)
        ]
        values = list(shares.T)
    numbers = [_numbers(np.array(column), precision) for column in zip(*values, strict=True)]
    body = [(*words, *cells) for words, *cells in zip(said, *numbers, strict=True)]
    return Table(("output", "what it is", *names[:SHOWN]), tuple(body))


def _prediction_note(model: TableModel, rows: pd.DataFrame, y: np.ndarray | None, names: list[str], precision: int) -> str:
    shown, told = rows.head(SHOWN), []
    predicted = np.asarray(model.pipeline.predict(shown)).ravel()
    shares = model.pipeline.predict_proba(shown).max(axis=1) if model.task == "classification" else None
    for at, name in enumerate(names[:SHOWN]):
        what = predicted[at] if shares is not None else number(float(predicted[at]), precision)
        line = f"For {name} the model predicts {model.target} = {what}"
        if shares is not None:
            line += f", with probability {number(float(shares[at]), precision)}"
            line += "" if y is None else f"; the table says {y[at]}, so it is {'right' if str(y[at]) == str(what) else 'wrong'}"
        elif y is not None:
            off = number(float(predicted[at]) - float(y[at]), precision)
            line += f"; the table says {number(float(y[at]), precision)}, so it is off by {off}"
        told.append(f"{line}.")
    if y is None:
        told.append(f"The table has no {model.target} to compare with, so there is no loss, and nothing to be learned backwards.")
    return " ".join(told)

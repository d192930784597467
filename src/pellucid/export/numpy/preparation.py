"""What happens to a table before the network sees it, and to its outputs after, as code that can be read."""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from pellucid.export.description import Description, Feature
from pellucid.export.features import outcome
from pellucid.export.steps import Steps, aligned, run

HELPERS = {
    "number": '''
def number(column):
    """A column of numbers; None and "" are missing ones (NaN)."""
    return np.array([np.nan if value is None or value == "" else value for value in column], dtype=float)
''',
    "text": '''
def text(column):
    """A column of texts, None where one is missing (None, NaN, ""); 3.0 is "3", as in training."""
    whole = (str(int(value)) if isinstance(value, float) and value == value and value == int(value) else value for value in column)
    return [None if value is None or value != value or str(value) in ("", "NaT", "<NA>") else str(value) for value in whole]
''',
    "look_up": '''
def look_up(column, values, missing, unknown):
    """What each entry of a column stands for; ``unknown`` for one that is not in the list."""
    return np.array([missing if value is None or value != value else values.get(value, unknown) for value in column], dtype=float)
''',
    "one_hot": '''
def one_hot(column, values):
    """For each of the values a column: 1 where it is there, else 0."""
    return [np.array([float(entry == value) for entry in column]) for value in values]
''',
    "date_parts": '''
def date_parts(column):
    """Dates ("2024-01-31", "2024-01-31T12:30", datetime objects) as numbers; NaN where one is missing."""
    texts = [None if value is None or value != value or str(value) == "" else value for value in column]
    when = np.array(texts, dtype="datetime64[s]")
    days, months = when.astype("datetime64[D]"), when.astype("datetime64[M]")
    parts = {
        "day number": (when - np.datetime64("2000-01-01")) / np.timedelta64(1, "D"),
        "year": when.astype("datetime64[Y]").astype(int) + 1970.0,
        "month": months.astype(int) % 12 + 1.0,
        "day": (days - months).astype(int) + 1.0,
        "weekday": (days.astype(int) + 3) % 7.0,  # 0 is Monday
        "hour": (when - days).astype(int) // 60 / 60,
    }
    return {name: np.where(np.isnat(when), np.nan, part) for name, part in parts.items()}
''',
}
"""functions of the module, by name"""


def prepare(description: Description, used: set[str]) -> str:
    """The code of ``prepare``: a table to the inputs of the network, a row for each sample."""
    taken = "table" if description.framed else "X"
    if not description.prepared:
        return _as_it_is(description)
    if not description.framed and all(source.kind == "number" for source in description.sources):
        whole = _whole(description)
        if whole is not None:
            return whole
    names = _variables(description)
    lines = []
    for at, source in enumerate(description.sources):
        if not any(feature.source == at for feature in description.features):
            continue
        column = f"{taken}[{source.name!r}]" if description.framed else f"[row[{at}] for row in {taken}]"
        function = {"number": "number", "text": "text", "date": "date_parts"}[source.kind]
        used.add(function)
        lines.append(f"    {names[at]} = {function}({column})")
    parts = []
    for (source, plain), features in groupby(description.features, lambda feature: (feature.source, _is_plain(feature))):
        alike = list(features)
        if plain:
            used.add("one_hot")
            listed = [_key(feature.of[0]) for feature in alike]
            parts.append(f"        *one_hot({names[source]}, {_list(listed)}),")
        else:
            parts += [
                f"        {_feature(feature, names[source], description, used)},  # {_comment(feature, description)}" for feature in alike
            ]
    told = (
        "table[name] is a column: a dictionary of lists, or a frame"
        if description.framed
        else "X holds a row for each sample, with the numbers and texts as in training"
    )
    body = "\n".join([*lines, "    return np.column_stack([", *parts, "    ])"])
    return f'def prepare({taken}):\n    """The inputs of the network, a row for each sample; {told}."""\n{body}'


def _as_it_is(description: Description) -> str:
    if not description.framed:
        told = 'def prepare(X):\n    """The inputs of the network as they are, a row for each sample."""\n'
        return f"{told}    return np.asarray(X, dtype=DTYPE)"
    columns = ", ".join(repr(source.name) for source in description.sources)
    body = f"    return np.column_stack([np.asarray(table[name], dtype=DTYPE) for name in [{columns}]])"
    return (
        f'def prepare(table):\n    """The columns of a table (a dictionary of lists, or a frame), in the order of the training."""\n{body}'
    )


def _whole(description: Description) -> str | None:
    """The same for arrays of numbers that are only scaled and filled in: all columns at once."""
    features, n = description.features, len(description.sources)
    if any(feature.kind != "value" for feature in features) or [feature.source for feature in features] != list(range(n)):
        return None
    found = aligned([feature.steps for feature in features])
    if found is None:
        return None
    form, chains = found
    lines = ["    X = np.asarray(X, dtype=DTYPE)"]
    value = "X"
    for at, name in enumerate(form):
        rows = [np.array(row) for row in zip(*(chain[at][1:] for chain in chains), strict=True)]
        constants = [array_text(row, 8) for row in rows]
        value = _applied(name, value if at == 0 else "prepared", constants)
        lines.append(f"    prepared = {value}")
        value = "prepared"
    missing = np.array([float(feature.missing) for feature in features])
    if not np.isnan(missing).all():
        lines.append(f"    missing = {array_text(missing, 8)}")
        lines.append(f"    prepared = np.where(np.isnan(X), missing, {value})")
        value = "prepared"
    body = "\n".join([*lines, f"    return {value}"])
    return f'def prepare(X):\n    """The inputs of the network, a row for each sample."""\n{body}'


def array_text(array: Any, indent: int) -> str:
    """np.array([...]), in lines that are not too long."""
    numbers = [repr(number) for number in np.asarray(array).tolist()]
    joined = ", ".join(numbers)
    if len(joined) <= 90:
        return f"np.array([{joined}])"
    return "np.array([\n" + "\n".join(wrapped(numbers, indent)) + "\n" + " " * (indent - 4) + "])"


def wrapped(words: Sequence[str], indent: int, width: int = 120) -> list[str]:
    """Words, a comma after each, in lines."""
    lines, line = [], " " * indent
    for word in words:
        if len(line) + len(word) + 2 > width and line.strip():
            lines.append(line.rstrip())
            line = " " * indent
        line += f"{word}, "
    return [*lines, line.rstrip()]


def _variables(description: Description) -> list[str]:
    """A name of a variable for each source."""
    found: list[str] = []
    for source in description.sources:
        name = re.sub(r"\W+", "_", source.name.strip()).strip("_").lower() or "column"
        name = f"column_{name}" if name[0].isdigit() or keyword.iskeyword(name) or name in RESERVED else name
        while name in found:
            name += "_"
        found.append(name)
    return found


RESERVED = {"table", "x", "np", "math", *HELPERS, "prepare", "row"}


def _is_plain(feature: Feature) -> bool:
    """Whether it is 1 for one value, and else 0."""
    return feature.kind == "one of" and len(feature.of) == 1 and not feature.steps and feature.missing == 0 and feature.unknown == 0


def _list(words: list[str]) -> str:
    """[a, b ...], in several lines where it is long."""
    joined = ", ".join(words)
    return f"[{joined}]" if len(joined) <= 80 else "[\n" + "\n".join(wrapped(words, 12)) + "\n        ]"


def _feature(feature: Feature, name: str, description: Description, used: set[str]) -> str:
    source = description.sources[feature.source]
    if source.kind == "text" or feature.kind in ("one of", "none of", "rank"):
        used.add("look_up")
        known = {value: outcome(feature, value) for value in feature.of}
        ends = f"missing={_number(float(feature.missing))}, unknown={_number(feature.unknown)}"
        if len(set(known.values())) == 1 and len(known) > 1:
            listed = f"dict.fromkeys({_list([_key(value) for value in known])}, {_number(next(iter(known.values())))})"
        else:
            listed = "{" + ", ".join(f"{_key(value)}: {_number(number)}" for value, number in known.items()) + "}"
        return f"look_up({name}, {listed}, {ends})"
    value = f'{name}["{feature.of[0]}"]' if feature.kind == "part" else name
    bare = f'{name}["day number"]' if source.kind == "date" else name
    if feature.kind == "missing":
        lacks, there = (float(run(feature.steps, u)) for u in (1.0, 0.0))
        return f"np.where(np.isnan({bare}), {_number(lacks)}, {_number(there)})"
    after = applied(feature.steps, value)
    missing = float(feature.missing)
    return after if math.isnan(missing) else f"np.where(np.isnan({value}), {_number(missing)}, {after})"


def applied(steps: Steps, value: str) -> str:
    """The code of a chain of steps.

    >>> applied((("-", 2.0), ("/", 0.5), ("clip", -1.0, 1.0)), "x")
    'np.clip((x - 2) / 0.5, -1, 1)'

    """
    for name, *numbers in steps:
        value = _applied(name, value, [_number(number) for number in numbers])
    return value


def _applied(name: str, value: str, numbers: Sequence[str]) -> str:
    if name in "+-*/":
        inner = f"({value})" if " " in value and not re.fullmatch(r"\w+[\[(].*[\])]", value) else value
        return f"{inner} {name} {numbers[0]}"
    return f"np.{name}({', '.join([value, *numbers])})"


def _number(number: float) -> str:
    return "np.nan" if math.isnan(number) else repr(int(number)) if number == int(number) and abs(number) < 1e15 else repr(float(number))


def _key(value: Any) -> str:
    return repr(value) if isinstance(value, str) else _number(float(value))


def _comment(feature: Feature, description: Description) -> str:
    source = description.sources[feature.source]
    name = source.name if feature.kind == "value" else feature.name
    return "".join(letter if letter.isprintable() else " " for letter in name)

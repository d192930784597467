"""What the records of the catalogue share: a name with parameters, written ``leaky_relu(slope=0.2)``, and intervals."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from numbers import Real
from typing import TypeVar

from pellucid.errors import InputError, sentence, unknown_name

Record = TypeVar("Record")


@dataclass(frozen=True)
class Interval:
    """The values from ``low`` to ``high``; ``closed`` says whether each end belongs to it."""

    low: float
    high: float
    closed: tuple[bool, bool]

    def contains(self, other: Interval) -> bool:
        """Whether every value of ``other`` lies in this interval."""
        low = self.low < other.low or (self.low == other.low and (self.closed[0] or not other.closed[0]))
        high = self.high > other.high or (self.high == other.high and (self.closed[1] or not other.closed[1]))
        return low and high

    def __str__(self) -> str:
        return f"{'[' if self.closed[0] else '('}{self.low:g}, {self.high:g}{']' if self.closed[1] else ')'}"


REAL = Interval(-float("inf"), float("inf"), (False, False))
POSITIVE = Interval(0.0, float("inf"), (False, False))
NOT_NEGATIVE = Interval(0.0, float("inf"), (True, False))
OPEN_UNIT = Interval(0.0, 1.0, (False, False))
CLOSED_UNIT = Interval(0.0, 1.0, (True, True))

ARGUMENTS = ("x", "z")
"""the name that the formula of an activation is written in, one or the other"""

LONGEST = 10_000
"""characters of a text that are looked at"""

_SPEC = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*")


def look_up(kind: str, spec: str, catalogue: Mapping[str, Callable[..., Record]], parameters: Mapping[str, float]) -> Record:
    """The record that a text such as ``"relu"`` or ``"leaky_relu(slope=0.2)"`` names.

    Raises:
        UnknownNameError: the catalogue has no such name; the nearest one is suggested.
        InputError: the text has a parameter that the record does not take, or that is no number.

    """
    match = _SPEC.fullmatch(spec[:LONGEST]) if isinstance(spec, str) else None
    if match is None or match[1] not in catalogue:
        raise unknown_name(kind, spec, catalogue)
    name, inside = match[1], match[2]
    make = catalogue[name]
    known = _parameters(make)
    given, several = dict(parameters), any(key.startswith("*") for key in known)
    for position, part in enumerate(filter(str.strip, (inside or "").split(","))):
        key, equals, value = part.partition("=")
        if not equals:
            key, value = (known[position] if position < len(known) and not several else f"number {position + 1}"), key
        try:
            given[key.strip()] = float(value)
        except ValueError:
            what = f"the parameter {key.strip()!r}"
            raise InputError(sentence(what, name, value.strip(), "a number", "write e.g. 0.1")) from None
    if several:
        named = next((key for key in given if not key.startswith("number ")), None)
        if named is not None:
            raise InputError(sentence("a parameter", name, repr(named), "numbers without names", f"write e.g. {name}(3, 2)"))
        return make(*given.values())
    for key in given:
        if key not in known:
            raise InputError(sentence("a parameter", name, repr(key), f"one of {known or 'none'}", "leave it out"))
        if not isinstance(given[key], Real):
            raise InputError(sentence(f"the parameter {key!r}", name, repr(given[key]), "a number", "write e.g. 0.1"))
    return make(**given)


@cache
def _parameters(make: Callable[..., object]) -> list[str]:
    """Their names; that of any number of values begins with a star."""
    return [str(item).partition(":")[0] for item in inspect.signature(make).parameters.values()]


def is_formula(text: object, arguments: tuple[str, ...]) -> bool:
    """Whether a text is a formula, not a name of the catalogue: one of the arguments is in it.

    >>> is_formula("x * sigmoid(x)", ARGUMENTS), is_formula("elu(alpha=0.5)", ARGUMENTS)
    (True, False)
    """
    return isinstance(text, str) and bool(set(re.findall(r"[A-Za-z_]\w*", text.replace("ŷ", "y_hat"))) & set(arguments))


def as_latex(formula: str) -> str:
    """The formula of a record as LaTeX."""
    from pellucid.expressions.latex import latex
    from pellucid.expressions.parse import parse

    return latex(parse(formula))


def spelled(name: str, **parameters: float) -> str:
    """The text that ``look_up`` reads back.

    >>> spelled("leaky_relu", slope=0.2)
    'leaky_relu(slope=0.2)'
    """
    inside = ", ".join(f"{key}={float(value)!r}" for key, value in parameters.items())
    return f"{name}({inside})" if inside else name

"""Optimizers and schedules in a file: the name of the record and its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from pellucid.equations import schedules
from pellucid.equations.optimizers import (
    LBFGS,
    AdaGrad,
    Adam,
    AdamEpsilonHat,
    AdamW,
    GradientDescent,
    Momentum,
    Nesterov,
    RMSprop,
)
from pellucid.equations.schedules import Schedule

KEY = "__record__"
OPTIMIZERS: dict[str, Any] = {
    make.__name__: make for make in (GradientDescent, Momentum, Nesterov, AdaGrad, RMSprop, Adam, AdamEpsilonHat, AdamW, LBFGS)
}
SCHEDULES: dict[str, Any] = {
    name: found
    for name, found in vars(schedules).items()
    if isinstance(found, type) and issubclass(found, Schedule) and found is not Schedule
}
MAX_DEPTH = 10
"""how many schedules may follow one another"""


def is_record(value: Any, depth: int = 0) -> bool:
    """Whether it is an optimizer or a schedule of the catalogue, not one that a user made."""
    if {**OPTIMIZERS, **SCHEDULES}.get(type(value).__name__) is not type(value) or depth > MAX_DEPTH:
        return False
    inside = [getattr(value, item.name) for item in fields(value)]
    return all(is_record(part, depth + 1) for part in inside if isinstance(part, Schedule))


def pack(value: Any) -> dict[str, Any]:
    """The name and the fields of a record."""
    found: dict[str, Any] = {KEY: type(value).__name__}
    for item in fields(value):
        inside = getattr(value, item.name)
        found[item.name] = pack(inside) if isinstance(inside, Schedule) else inside
    return found


def unpack(told: Mapping[str, Any], depth: int = 0) -> Any:
    """The record.

    Raises:
        ValueError, KeyError, TypeError: it is none (an InputError, where a setting is out of its range).

    """
    known = {**SCHEDULES, **(OPTIMIZERS if depth == 0 else {})}
    if depth > MAX_DEPTH or not isinstance(told.get(KEY), str):
        raise ValueError("not a record")
    make = known[told[KEY]]
    given = {name: value for name, value in told.items() if name != KEY}
    if set(given) != {item.name for item in fields(make)}:
        raise ValueError(f"not the settings of {make.__name__}")
    inside = {name: unpack(value, depth + 1) if isinstance(value, dict) else value for name, value in given.items()}
    return make(**inside)

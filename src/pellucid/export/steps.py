"""What happens to one number before the network sees it, or after: a chain of small steps, such as ("-", mean), ("/", deviation)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

Step: TypeAlias = tuple[Any, ...]
"""the name of a step, and its numbers"""
Steps: TypeAlias = tuple[Step, ...]

STEPS: dict[str, Callable[..., Any]] = {
    "-": lambda u, c: u - c,
    "+": lambda u, c: u + c,
    "*": lambda u, c: u * c,
    "/": lambda u, c: u / c,
    "clip": lambda u, low, high: np.clip(u, low, high),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "square": np.square,
}
OPPOSITE = {
    "-": "+", "+": "-", "*": "/", "/": "*", "exp": "log", "log": "exp", "expm1": "log1p", "log1p": "expm1", "sqrt": "square", "square": "sqrt",
}  # fmt: skip
NEUTRAL: tuple[Step, ...] = (("-", 0.0), ("+", 0.0), ("*", 1.0), ("/", 1.0))


def run(steps: Steps, u: Any) -> Any:
    """The number at the end of the chain.

    >>> run((("-", 1.0), ("/", 2.0)), 5.0)
    2.0
    """
    with np.errstate(all="ignore"):
        for name, *numbers in steps:
            u = STEPS[name](u, *numbers)
    return u


def back(steps: Steps) -> Steps:
    """The chain that leads back.

    >>> back((("-", 1.0), ("/", 2.0)))
    (('*', 2.0), ('+', 1.0))
    """
    return tuple((OPPOSITE[name], *numbers) for name, *numbers in reversed(steps) if name in OPPOSITE)


def lean(steps: Sequence[Step]) -> Steps:
    """The chain without what changes nothing."""
    return tuple(step for step in steps if step not in NEUTRAL)

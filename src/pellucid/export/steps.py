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
    "-": "+", "+": "-", "*": "/", "/": "*",
    "exp": "log", "log": "exp", "expm1": "log1p", "log1p": "expm1", "sqrt": "square", "square": "sqrt",
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


FILLERS: dict[str, Step] = {"-": ("-", 0.0), "+": ("+", 0.0), "*": ("*", 1.0), "/": ("/", 1.0)}
"""steps that change nothing, by which columns of a block get as many steps as the others"""


def aligned(chains: Sequence[Steps]) -> tuple[tuple[str, ...], list[Steps]] | None:
    """The names of the steps of the longest chain, and all chains in this form, where it can be had by steps that change nothing."""
    form = tuple(name for name, *_ in max(chains, key=len))
    filled = [_filled(chain, form) for chain in chains]
    return None if any(chain is None for chain in filled) else (form, [chain for chain in filled if chain is not None])


def _filled(chain: Steps, form: tuple[str, ...]) -> Steps | None:
    """The chain with steps that change nothing where the form has one more; None where that cannot be."""
    left, found = list(chain), []
    for name in form:
        if left and left[0][0] == name:
            found.append(left.pop(0))
        elif name in FILLERS:
            found.append(FILLERS[name])
        else:
            return None
    return None if left else tuple(found)

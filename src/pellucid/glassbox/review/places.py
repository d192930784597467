"""Every place in a tree, with the tree that results when something else is put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from pellucid.expressions.nodes import Expression

Put = Callable[[Expression], Expression]


def places(tree: Expression) -> Iterator[tuple[Expression, Put]]:
    """Each node, the outer ones first, and a function that gives the whole tree with another node in its place."""
    yield tree, lambda node: node
    for field in fields(tree):
        if field.name == "function":
            continue  # the name of a function is no expression
        yield from _within(getattr(tree, field.name), lambda part, name=field.name: replace(tree, **{name: part}))  # type: ignore[misc]


def _within(part: Any, put: Callable[[Any], Expression]) -> Iterator[tuple[Expression, Put]]:
    if isinstance(part, Expression):
        for node, inner in places(part):
            yield node, lambda new, inner=inner: put(inner(new))  # type: ignore[misc]
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _within(item, lambda new, index=index: put((*part[:index], new, *part[index + 1 :])))  # type: ignore[misc]

"""Every place in a tree, with the tree that results when something else is put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

from pellucid.expressions.nodes import Expression

_PARTS: dict[type[Expression], tuple[str, ...]] = {}
Kept = TypeVar("Kept")
Put = Callable[[Expression], Expression]


def parts(kind: type[Expression]) -> tuple[str, ...]:
    """The fields of a kind of node that can hold nodes."""
    found = _PARTS.get(kind)
    if found is None:
        found = _PARTS[kind] = tuple(field.name for field in fields(kind) if field.name not in ("at", "signs"))
    return found


def walk(tree: Expression) -> Iterator[Expression]:
    """A node and all below it."""
    yield tree
    for name in parts(type(tree)):
        part = getattr(tree, name)
        if isinstance(part, Expression):
            yield from walk(part)
        elif isinstance(part, tuple):
            yield from _walk_all(part)


def _walk_all(items: tuple[Any, ...]) -> Iterator[Expression]:
    for item in items:
        if isinstance(item, Expression):
            yield from walk(item)
        elif isinstance(item, tuple):
            yield from _walk_all(item)


def children(tree: Expression) -> Iterator[tuple[str, Expression]]:
    """The nodes right below a node, each with the name of the field that holds it."""
    for name in parts(type(tree)):
        part = getattr(tree, name)
        if isinstance(part, Expression):
            yield name, part
        elif isinstance(part, tuple):
            yield from ((name, inner) for inner in _top(part))


def _top(items: tuple[Any, ...]) -> Iterator[Expression]:
    for item in items:
        if isinstance(item, Expression):
            yield item
        elif isinstance(item, tuple):
            yield from _top(item)


def kept(tree: Expression, key: str, compute: Callable[[], Kept]) -> Kept:
    """What is worked out once for a node and stays with it, since trees never change; what is edited shares most of its nodes."""
    notes = tree.__dict__
    if key not in notes:
        notes[key] = compute()
    found: Kept = notes[key]
    return found


def places(tree: Expression) -> Iterator[tuple[Expression, Put]]:
    """Each node, the outer ones first, and a function that gives the whole tree with another node in its place."""
    yield tree, lambda node: node
    for field in parts(type(tree)):
        if field == "function":
            continue  # the name of a function is no expression
        yield from _within(getattr(tree, field), lambda part, name=field: replace(tree, **{name: part}))  # type: ignore[misc]


def _within(part: Any, put: Callable[[Any], Expression]) -> Iterator[tuple[Expression, Put]]:
    if isinstance(part, Expression):
        for node, inner in places(part):
            yield node, lambda new, inner=inner: put(inner(new))  # type: ignore[misc]
    elif isinstance(part, tuple):
        for index, item in enumerate(part):
            yield from _within(item, lambda new, index=index: put((*part[:index], new, *part[index + 1 :])))  # type: ignore[misc]

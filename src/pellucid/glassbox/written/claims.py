"""From the statements of a line to claims: what is said to be equal to what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name, Statement
from pellucid.glassbox.written.names import PARAMETERS, VALUES, names
from pellucid.glassbox.written.places import parts, walk
from pellucid.glassbox.written.readings import Claim

RATES = ("alpha", "eta", "learning_rate", "lr", "lambda")


def claims(text: str, statement: Statement, before: tuple[Expression, str] | None) -> Iterator[tuple[Claim, str]]:
    """Each side against the first one, and both as they are written; that of a line which begins with = is that of the line ``before``."""
    sides = [(side, text[start:end]) for side, (start, end) in zip(statement.sides, statement.spans, strict=True) if not words(side)]
    if statement.continues and before is not None:
        sides = [before, *sides]
    if len(sides) < 2:
        return
    (left, shown), *rest = sides
    if isinstance(rest[-1][0], Name) and not isinstance(left, Name | nodes.Derivative | Apply) and len(rest) == 1:
        (left, shown), rest = rest[0], [(left, shown)]  # W x + b = z
    for right, written in rest:
        sign = f"{statement.change}=" if statement.change else "="
        yield updated(Claim(left, right, statement.condition), statement.change), f"{shown.strip()} {sign} {written.strip()}"


def words(side: Expression) -> bool:
    """Whether there are words in a side that stand for nothing: small number."""
    return any(" " in name.base and name.base not in VALUES for name in names(side))


def updated(claim: Claim, change: str) -> Claim:
    """W = W - alpha dW and W -= alpha dW speak of the new W on the left."""
    left = claim.left
    if not isinstance(left, Name) or VALUES.get(left.base) not in PARAMETERS or left.d:
        return claim
    right = claim.right
    if change:
        right = nodes.Add((left, nodes.Negative(right) if change == "-" else right))
    elif not any(_same(name, left) for name in names(right)) or not any(name.base in RATES for name in names(right)):
        return claim
    return replace(claim, left=replace(left, base=f"{left.base}_new", primes=0), right=right)


def _same(name: Name, left: Name) -> bool:
    return name.base.lower() == left.base.lower() and not name.d


def substituted(tree: Expression, own: Mapping[Name, Expression]) -> Expression:
    """The tree with what names of the user's own stand for."""
    if isinstance(tree, Name):
        return own.get(tree, tree)
    if not own:
        return tree
    changed = {}
    for field in parts(type(tree)):
        part = getattr(tree, field)
        if field == "function":
            continue
        if isinstance(part, Expression):
            new: object = substituted(part, own)
        elif isinstance(part, tuple):
            new = tuple(_each(item, own) for item in part)
        else:
            continue
        if new != part:
            changed[field] = new
    return replace(tree, **changed) if changed else tree


def _each(item: object, own: Mapping[Name, Expression]) -> object:
    if isinstance(item, Expression):
        return substituted(item, own)
    return tuple(_each(part, own) for part in item) if isinstance(item, tuple) else item


def own_name(claim: Claim) -> Name | None:
    """The name of the user's own that a claim gives a meaning to."""
    left = claim.left
    if not isinstance(left, Name) or left.base in VALUES or left.base == "delta" or left.below or left.d:
        return None
    if not left.base.endswith(("_new", "_old", "_next")):
        return left
    return None


def given(claim: Claim) -> bool:
    """Whether a claim only gives a number: m = 7, alpha = 0.1."""
    left = claim.left
    number = isinstance(claim.right, nodes.Number) or (isinstance(claim.right, nodes.Negative) and isinstance(claim.right.of, nodes.Number))
    return isinstance(left, Name) and number and VALUES.get(left.base) in ("m", "n", "rate", "l2", "outputs")


def is_arithmetic(claim: Claim) -> bool:
    """Whether the right side has nothing but numbers: 0.7 - 1."""
    return not any(isinstance(node, Name) for node in walk(claim.right))

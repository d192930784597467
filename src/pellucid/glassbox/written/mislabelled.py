"""A right side that is right for something else: dJ/da of a layer where dJ/dw of the next one is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import NoValue, Reading
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.trial import agree, attempt
from pellucid.glassbox.written.worlds import Setting, companion


def other_left(setting: Setting, claim: Claim, reading: Reading) -> tuple[str, str] | None:
    """What the right side is the value of, where it is not that of the left one."""
    if not isinstance(claim.left, Name | nodes.Derivative):
        return None
    world = companion(setting)
    outcome = attempt(world, reading, claim)
    if outcome.entries or (outcome.found is None and outcome.truth is None and outcome.why is None):
        return None
    found = outcome.found
    if found is None:
        try:
            found = Meaning(world, reading).array(claim.right)
        except NoValue:
            return None
    if found.ndim != 2 or (found.size == 1 and setting.sizes != (1,) * len(setting.sizes)):
        return None
    mine = _key(claim.left, reading, world.depth)
    for key, shown in _quantities(world.depth):
        if mine == key.replace("da", "dz") and any(isinstance(node, Apply) and node.function.primes for node in walk(claim.right)):
            continue  # relu'(a) is 1
        if key != mine and agree(found, np.asarray(world.values[key]), False)[0] and _elsewhere(setting, claim, reading, key):
            if mine is not None and (named := _named(mine, key, claim)) is not None:
                return named
            if mine is not None and mine.startswith("db") and key.removeprefix("data ") == mine.replace("b", "W"):
                return "bias gradient multiplied by the input", f"the right side is {shown}: a bias gradient has no factor a"
            return "wrong left side", f"the right side is {shown}, not what stands on the left"
    return None


def _named(mine: str, key: str, claim: Claim) -> tuple[str, str] | None:
    """The causes that have names of their own."""
    kind, other = mine.rstrip("0123456789"), key.rstrip("0123456789")
    same = mine[len(kind) :] == key[len(other) :]
    if (kind, other) in (("a", "z"), ("z", "a")) and same:
        return ("activation missing", f"the right side is {key}") if kind == "a" else ("extra activation", f"the right side is {key}")
    if (kind, other) == ("dz", "da") and same:
        return "activation derivative missing", f"the right side is {key}: the factor f'(z) is missing"
    if (kind, other) == ("da", "dz") and same:
        return "extra activation derivative", f"the right side is {key}: the factor f'(z) does not belong there"
    if (kind, other) == ("dW", "dz") and same:
        return "missing factor", f"the right side is {key}: the factor a of the layer before (x, of the first layer) is missing"
    if kind == other or (kind, other) == ("da", "dx"):
        return "wrong layer", f"the right side is {key}"
    return None


def _elsewhere(setting: Setting, claim: Claim, reading: Reading, key: str) -> bool:
    """The same in another world."""
    world = companion(setting, 1)
    try:
        found = Meaning(world, reading).array(claim.right)
    except NoValue:
        return False
    return agree(found, np.asarray(world.values[key]), False)[0]


def _key(left: Expression, reading: Reading, depth: int) -> str | None:
    from pellucid.glassbox.written.names import resolve

    name = left.by if isinstance(left, nodes.Derivative) and isinstance(left.by, Name) else left
    if not isinstance(name, Name):
        return None
    try:
        found = resolve(replace(name, d=True) if isinstance(left, nodes.Derivative) else name, reading, depth, {})
    except NoValue:
        return None
    return found.key


def _quantities(depth: int) -> Iterator[tuple[str, str]]:
    for layer in range(depth, 0, -1):
        for kind in ("dz", "da", "dW", "data dW", "db", "z", "a", "W", "b"):
            yield f"{kind}{layer}", f"{kind}{layer}"
    yield "dx", "dx"
    yield "x", "x"

"""Trying a claim in a world: both sides are computed, for every layer, entry and sample that it speaks of, and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name, Total
from pellucid.glassbox.written.derivatives import COST
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import VALUES, NoValue, Reading, resolve, value_names
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.readings import Claim, layer_letters
from pellucid.glassbox.written.worlds import World

TOLERANCE = 1e-7
"""of the largest entry"""
MOST_POINTS = 40
"""combinations of entries and samples at which an equation of entries is tried"""


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    right: bool
    found: Array | None = None
    """what the right side comes to; all entries in a row, where they were tried one by one"""
    truth: Array | None = None
    """what the left side is"""
    why: NoValue | None = None
    """why it has no value"""
    star: bool = False
    """whether a * was a matrix product"""
    flat: bool = False
    """whether it is right but for an axis of length 1 that is missing"""
    layers: tuple[int, ...] = ()
    """the layers for which it is wrong, where it speaks of any layer"""
    good_layers: tuple[int, ...] = ()
    """those for which it is right"""
    entries: bool = False
    """whether it is an equation of entries"""


def attempt(
    world: World, reading: Reading, claim: Claim, values: Mapping[str, Any] | None = None, most: int = MOST_POINTS, quick: bool = False
) -> Outcome:
    """Both sides in a world, under a reading; ``values`` replace those of the world on the right side.

    With ``quick`` it ends at the first entry that differs.
    """
    letters = sorted(layer_letters(claim))
    outcomes: list[tuple[int, Outcome]] = []
    choices = range(world.depth + 1, -1, -1) if letters else (0,)
    for layer in choices:
        outcome = _once(world, reading, claim, dict.fromkeys(letters, layer), values, most, quick)
        if letters and outcome.why is not None and outcome.why.kind == "layer":
            continue
        outcomes.append((layer, outcome))
    if not outcomes:
        return Outcome(False, why=NoValue("layer", "there is no layer for which all names exist"))
    if not letters:
        return outcomes[0][1]
    wrong = [(layer, outcome) for layer, outcome in outcomes if not outcome.right]
    good = tuple(layer for layer, outcome in outcomes if outcome.right)
    told = wrong[0][1] if wrong else outcomes[0][1]
    return Outcome(
        not wrong, told.found, told.truth, told.why, any(outcome.star for _, outcome in outcomes),
        any(outcome.flat for _, outcome in outcomes), tuple(layer for layer, _ in wrong), good, told.entries,
    )  # fmt: skip


def _once(
    world: World, reading: Reading, claim: Claim, layers: dict[str, int], values: Mapping[str, Any] | None, most: int, quick: bool
) -> Outcome:
    meaning = Meaning(world, reading, layers)
    changed = Meaning(_replaced(world, values), reading, layers) if values else meaning
    try:
        units, samples = free_letters(claim, reading, meaning)
        meaning.hint = changed.hint = left_layer(claim.left, meaning)
        if not units and not samples and not has_entries(claim, reading, meaning):
            truth = _kept(world, claim, reading, layers, lambda: meaning.array(claim.left))
            found = changed.array(claim.right)
            right, flat = agree(found, truth, _layout_free(claim.left), tolerance(claim))
            return Outcome(right, found, truth, star=changed.matrix_star, flat=flat)
        return _by_entries(claim, meaning, changed, units, samples, most, quick)
    except NoValue as why:
        return Outcome(False, why=why, star=changed.matrix_star)


def _layout_free(left: Expression) -> bool:
    """Whether the left side is a local derivative, such as that of z by W, which may be laid out as x or as its transpose."""
    if not isinstance(left, nodes.Derivative):
        return False
    return not (isinstance(left.of, Name) and VALUES.get(left.of.base) in COST) and not isinstance(left.of, Apply)


def _kept(world: World, claim: Claim, reading: Reading, layers: dict[str, int], compute: Callable[[], Array]) -> Array:
    """The left side, which stays the same while right sides are tried."""
    key = ("left", id(claim.left), reading, *layers.values())
    if key not in world.kept or world.kept[key][0] is not claim.left:
        world.kept[key] = (claim.left, compute())
    found: Array = world.kept[key][1]
    return found


def _replaced(world: World, values: Mapping[str, Any]) -> World:
    from dataclasses import replace

    return replace(world, values={**world.values, **values}, kept={})


def _by_entries(claim: Claim, meaning: Meaning, changed: Meaning, units: list[str], samples: list[str], most: int, quick: bool) -> Outcome:
    found, truth = [], []
    for point in points(claim, meaning, units, samples, most):
        for side in (meaning, changed):
            side.letters = {letter: place for letter, place in point.items() if letter}
            side.i = point.get("") if "" in point else next((point[letter] for letter in samples), None)
        if claim.condition is not None and not np.all(meaning.array(claim.condition) != 0):
            continue
        truth.append(meaning.array(claim.left).reshape(-1))
        found.append(changed.array(claim.right).reshape(-1))
        if truth[-1].shape != found[-1].shape:
            raise NoValue("shape", "one side is an entry, the other has several")
        if quick and _differ(found[-1], truth[-1]):
            return Outcome(False, entries=True)
    if not truth:
        raise NoValue("index", "no entry fulfils the condition")
    one, other = np.concatenate(found), np.concatenate(truth)
    return Outcome(agree(one, other, False, tolerance(claim))[0], one, other, star=changed.matrix_star, entries=True)


def _differ(found: Array, truth: Array) -> bool:
    """Whether two entries differ by more than rounding could explain."""
    off = float(np.abs(found - truth).max())
    return not off <= 1e-5 * float(max(np.abs(truth).max(), np.abs(found).max())) + 1e-13


def points(claim: Claim, meaning: Meaning, units: list[str], samples: list[str], most: int) -> Iterator[dict[str, int]]:
    """The combinations of indices; '' is the sample, where it is not written."""
    ranges = [range(_extent(claim, meaning, letter)) for letter in units]
    ranges += [range(meaning.world.m)] * max(1, len(samples))
    names = [*units, *(samples or [""])]
    whole = list(product(*ranges))
    if len(whole) > most:
        chosen = np.random.default_rng(len(whole)).choice(len(whole), most, replace=False)
        whole = [whole[index] for index in sorted(chosen)]
    for point in whole:
        yield dict(zip(names, point, strict=True))


def _extent(claim: Claim, meaning: Meaning, letter: str) -> int:
    why: NoValue | None = None
    for side in claim.sides:
        try:
            return meaning.extent(letter, side)
        except NoValue as error:
            why = error
    assert why is not None
    raise why


def free_letters(claim: Claim, reading: Reading, meaning: Meaning) -> tuple[list[str], list[str]]:
    """The index letters that no sum runs over: those of units, and those of samples."""
    units: dict[str, None] = {}
    samples: dict[str, None] = {}
    for side in claim.sides:
        _collect(side, frozenset(), reading, meaning, units, samples)
    return [letter for letter in units if letter not in samples], list(samples)


def _collect(
    tree: Expression, inside: frozenset[str], reading: Reading, meaning: Meaning, units: dict[str, None], samples: dict[str, None]
) -> None:
    if isinstance(tree, Name):
        try:
            found = resolve(tree, reading, meaning.world.depth, meaning.layers)
        except NoValue:
            if tree.base == "delta" and len(tree.below) == 2:
                units.update(dict.fromkeys(part for part in tree.below if part not in inside))
            return
        for part in found.index:
            letter = part[:1] if part[1:2] in "+-" else part
            if letter.isalpha() and letter not in inside:
                units[letter] = None
        if found.sample.isalpha() and found.sample not in inside:
            samples[found.sample] = None
        return
    if isinstance(tree, Total):
        index = tree.index or meaning.only_letter(tree.body)
        inside |= {index}
    below = getattr(tree, "below", ())
    for part in below:
        if part.isalpha() and part not in inside:
            units[part] = None
    for child in tree.children():
        _collect(child, inside, reading, meaning, units, samples)


def has_entries(claim: Claim, reading: Reading, meaning: Meaning) -> bool:
    """Whether any name has an index of a unit or of a sample."""
    for side in claim.sides:
        for name in value_names(side):
            try:
                found = resolve(name, reading, meaning.world.depth, meaning.layers)
            except NoValue:
                continue
            if found.index:
                return True
    return False


def left_layer(left: Expression, meaning: Meaning) -> int | None:
    """The layer that the left side is of."""
    names = [left] if isinstance(left, Name) else list(value_names(left))
    for name in names:
        try:
            found = meaning.quantity(name)
        except NoValue:
            continue
        if found.layer is not None:
            return found.layer
        if VALUES.get(name.base) in ("y_hat", "J", "l"):
            return meaning.world.depth
    return None


def tolerance(claim: Claim) -> float:
    """How far two sides may differ: by rounding, or by that of a constant that is written with five digits or so."""
    allowed = TOLERANCE
    for node in walk(claim.right):
        if isinstance(node, nodes.Number) and isinstance(node.value, float):
            digits = len(f"{abs(node.value):.15g}".replace(".", "").strip("0"))
            if 4 <= digits <= 12:
                allowed = max(allowed, 10.0 ** (1 - digits))
    return allowed


def agree(found: Array, truth: Array, layout_free: bool, allowed: float = TOLERANCE) -> tuple[bool, bool]:
    """Whether two arrays are equal; and whether only an axis of length 1 is missing."""
    flat = False
    if found.shape != truth.shape:
        if found.size == 1 and truth.size == 1:
            found = found.reshape(truth.shape)
        elif found.ndim == 0 and layout_free:
            found = np.full(truth.shape, float(found))
        elif {found.ndim, truth.ndim} == {1, 2} and found.size == truth.size and 1 in (found if found.ndim == 2 else truth).shape:
            found, flat = found.reshape(truth.shape), True
        elif layout_free and found.ndim == 2 and found.T.shape == truth.shape:
            found = found.T
        else:
            return False, False
    scale = max(float(np.abs(truth).max(initial=0.0)), 1e-300)
    off = np.abs(found - truth)
    return bool(np.isfinite(found).all() and off.max(initial=0.0) <= allowed * scale), flat

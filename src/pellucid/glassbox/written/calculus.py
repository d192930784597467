"""Formulas of calculus, judged at points: f'(x) = ..., derivatives of what was defined before, the chain rule, the cases of softmax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.equations.activations import CATALOGUE
from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.tree import Apply, Entry, Name, Total
from pellucid.glassbox.written.calculation import NAMED, Calculation, Definitions, key
from pellucid.glassbox.written.chains import broken, telescopes
from pellucid.glassbox.written.edits import edits
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.names import LOSSES, VALUES, NoValue, Reading
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.slips import Surroundings

POINTS = 12
ENTRIES = 4
TOLERANCE = 1e-6
GENERAL = ("f", "g", "h", "phi", "psi", "sigma", "s", "u")
FORMULAS = {
    "sigmoid": "1 / (1 + exp(-x))", "tanh": "(exp(x) - exp(-x)) / (exp(x) + exp(-x))", "relu": "max(0, x)",
    "leaky_relu": "max(0.01 * x, x)",
}  # fmt: skip
_READING = Reading()


@dataclass(frozen=True)
class Formula:
    """A claim of calculus, and what was said before it."""

    claim: Claim
    definitions: Definitions
    candidates: tuple[str, ...] = ()
    """activations that an f without a definition may be"""


def is_calculus(claim: Claim, definitions: Definitions) -> bool:
    """Whether a claim is about functions and variables, not about a network."""
    left = claim.left
    known = set(definitions.values) | set(definitions.functions)
    for side in (claim.left, claim.right):
        for node in walk(side):
            if isinstance(node, nodes.Derivative) and _of_calculus(node, known):
                return True
            if isinstance(node, Name) and key(node) in known:
                return True
            if isinstance(node, Apply) and _inner(node):
                return True
    if isinstance(left, Apply) and left.function.base not in LOSSES and not _has_layer(left):
        return True
    return isinstance(left, Entry)


def _inner(node: Apply) -> bool:
    """f(g(x)), or g(x) of a function and a variable that no layer has."""
    if node.function.base not in ("f", "g") or _has_layer(node):
        return False
    plain_variable = all(isinstance(part, Name) and part.base in ("x", "u", "t") and not part.bracket for part in node.arguments)
    return plain_variable or any(isinstance(part, Apply) and part.function.base in ("f", "g") for part in node.arguments)


def _has_layer(node: Apply) -> bool:
    """Whether a function, or what it is applied to, is of a layer."""
    name = node.function
    marked = name.bracket or name.suffix or name.raised or any(part.isdigit() for part in name.below)
    return bool(marked) or any(isinstance(part, Name) and bool(part.bracket) for part in node.arguments)


def _of_calculus(node: nodes.Derivative, known: set[str]) -> bool:
    of, by = node.of, node.by
    if isinstance(of, Entry) or not isinstance(by, Name):
        return True
    if isinstance(of, Name):
        if key(of) in known or key(by) in known:
            return True
        if of.base not in VALUES or by.base not in VALUES:
            return True
        return of.base in ("y", "x", "Y", "X") or (of.base == "f")
    return by.base not in VALUES or by.base in ("x", "y")


def define(claim: Claim, definitions: Definitions) -> Definitions | None:
    """What a claim adds to the definitions, where its left side is a name that is given a meaning by it."""
    left = claim.left
    if isinstance(left, Apply) and not left.function.primes and left.function.base in GENERAL:
        parameters = [key(part) for part in left.arguments if isinstance(part, Name) and not part.below]
        if len(parameters) == len(left.arguments):
            if isinstance(claim.right, Name) and claim.right.base not in parameters:  # f(x) = y
                return definitions
            if not _speaks_of(claim.right, left.function.base):
                return definitions.function(left.function.base, parameters, claim.right)
    if isinstance(left, Name) and not left.below and not left.primes and not left.d and not _speaks_of(claim.right, left.base):
        return definitions.value(key(left), claim.right)
    return None


def _speaks_of(tree: Expression, base: str) -> bool:
    return any(isinstance(node, Name) and node.base == base for node in walk(tree))


def judge_formula(formula: Formula) -> Judgement:
    """The judgement of a claim of calculus.

    Raises:
        NoValue: a name stands for nothing.

    """
    claim = formula.claim
    if (told := broken(claim)) is not None:
        return Judgement(claim, "broken chain", told)
    if telescopes(claim) and not _left_has_value(formula):
        return Judgement(claim, "right", "the chain rule, whatever the names stand for", holds=True)
    if isinstance(claim.left, nodes.Derivative) and any(node == claim.left for node in walk(claim.right)):
        return _circular(formula)
    why: NoValue | None = _undefined_name(formula)
    if why is not None:
        raise why
    for variant, what in _variants(formula):
        try:
            if _agrees(variant, claim):
                told = f"for {what}" if what else ""
                return Judgement(claim, "right", told, holds=True)
        except NoValue as error:
            why = error
    mended = _mended(formula)
    if mended is not None:
        return mended
    if why is not None and why.kind != "dependence":
        raise why
    told = why.told if why is not None else "the cause is not recognised"
    return Judgement(claim, "unrecognised", told)


def _undefined_name(formula: Formula) -> NoValue | None:
    """A name on the right side of which nobody has said what it is."""
    claim = formula.claim
    known = {key(node) for node in walk(claim.left) if isinstance(node, Name)}
    trees = [tree for _, tree in formula.definitions.functions.values()] + list(formula.definitions.values.values())
    known |= {key(node) for tree in trees for node in walk(tree) if isinstance(node, Name)} | set(formula.definitions.values)
    known |= {parameter for parameters, _ in formula.definitions.functions.values() for parameter in parameters}
    known |= {node.index for node in walk(claim.right) if isinstance(node, Total)} | {"e", "pi"}
    known |= {part for side in claim.sides for node in walk(side) for part in getattr(node, "below", ())}
    known |= {key(node.last) for side in claim.sides for node in walk(side) if isinstance(node, Total) and isinstance(node.last, Name)}
    functions = {id(node.function) for node in walk(claim.right) if isinstance(node, Apply)}
    for node in walk(claim.right):
        if isinstance(node, Name) and id(node) not in functions and key(node) not in known:
            return NoValue("name", f"nothing says what {plain(node)} is", node.at)
    return None


def _left_has_value(formula: Formula) -> bool:
    try:
        _values(formula.definitions, Claim(formula.claim.left, formula.claim.left), 0)
    except NoValue:
        return False
    return True


def _circular(formula: Formula) -> Judgement:
    """The left side on the right: dy/dx = f'(g(x)) dy/dx."""
    claim = formula.claim
    told = f"{plain(claim.left)} stands on both sides, so that the line says nothing"
    left = claim.left
    assert isinstance(left, nodes.Derivative)
    for node in walk(claim.right):
        if isinstance(node, Apply) and node.function.primes and isinstance(node.arguments[0], Apply):
            inner = node.arguments[0]
            mended = _replaced(claim.right, left, replace(inner, function=replace(inner.function, primes=1)))
            try:
                if _agrees(formula.definitions, replace(claim, right=mended)):
                    return Judgement(claim, "circular", f"{told}; the derivative of the inner function belongs there", mended=mended)
            except NoValue:
                continue
    return Judgement(claim, "circular", told)


def _replaced(tree: Expression, old: Expression, new: Expression) -> Expression:
    from pellucid.glassbox.written.places import places

    for node, put in places(tree):
        if node == old:
            return put(new)
    return tree


def _variants(formula: Formula) -> list[tuple[Definitions, str]]:
    """The definitions as they are; where f has none, with each activation in its place."""
    name = _undefined(formula)
    if name is None:
        return [(formula.definitions, "")]
    x = Name("x")
    found = [(formula.definitions.function(name, ("x",), Apply(Name(kind), (x,))), f"{name} = {kind}") for kind in formula.candidates]
    return found or [(formula.definitions, "")]


def _undefined(formula: Formula) -> str | None:
    left = formula.claim.left
    if isinstance(left, Apply) and left.function.primes and left.function.base in ("f", "g", "phi", "h"):
        name = left.function.base
        return None if name in formula.definitions.functions else name
    return None


def candidates(own: Sequence[str]) -> tuple[str, ...]:
    """The activations that f may be: those of the network first."""
    usual = ("sigmoid", "tanh", "relu", "leaky_relu")
    known = [spec.partition("(")[0] for spec in own]
    return tuple(kind for kind in dict.fromkeys((*known, *usual, *CATALOGUE)) if kind != "softmax")


def _agrees(definitions: Definitions, claim: Claim, quick: bool = False) -> bool:
    """Whether both sides are equal at enough points."""
    seen = 0
    for seed in range(4 if quick else POINTS):
        found, truth = _values(definitions, claim, seed)
        fine = np.isfinite(truth) & np.isfinite(found)
        if not np.array_equal(np.isfinite(truth), np.isfinite(found)) and not fine.any():
            continue
        scale = max(1.0, float(np.abs(truth[fine]).max(initial=0.0)))
        if fine.any() and float(np.abs(found - truth)[fine].max()) > TOLERANCE * scale:
            return False
        seen += int(fine.any())
    if not seen:
        raise NoValue("dependence", "it has no value at any point")
    return True


def _values(definitions: Definitions, claim: Claim, seed: int) -> tuple[Array, Array]:
    """Both sides at one point, for every combination of indices."""
    letters, labels, vectors = _indices(claim)
    n = len(labels) if labels else ENTRIES
    calculation = Calculation(definitions, seed, vectors, n)
    fixed = {label: place for place, label in enumerate(labels)}
    found, truth = [], []
    with np.errstate(all="ignore"):
        for place in np.ndindex(*(n,) * len(letters)):
            calculation.letters = {**fixed, **dict(zip(letters, place, strict=True))}
            try:
                if claim.condition is not None and not calculation.value(claim.condition):
                    continue
                truth.append(float(np.asarray(calculation.value(claim.left)).reshape(())))
                found.append(float(np.asarray(calculation.value(claim.right)).reshape(())))
            except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError) as error:
                raise NoValue("shape", f"it cannot be computed ({error})") from None
    return np.array(found), np.array(truth)


def _indices(claim: Claim) -> tuple[list[str], list[str], frozenset[str]]:
    """The free index letters, the labels of classes (capital letters), and the variables that have entries."""
    bound = {node.index for side in claim.sides for node in walk(side) if isinstance(node, Total)}
    letters: dict[str, None] = {}
    vectors = set()
    for side in claim.sides:
        for node in walk(side):
            below = getattr(node, "below", ())
            if below and isinstance(node, Name) and any(part.isalpha() for part in below):
                vectors.add(key(node))
            if isinstance(node, Entry):
                vectors |= {key(name) for name in walk(node.of) if isinstance(name, Name) and name.base not in NAMED}
            letters |= dict.fromkeys(part for part in below if part.isalpha() and part not in bound)
    labels = [letter for letter in letters if letter.isupper()]
    return [letter for letter in letters if not letter.isupper()], labels, frozenset(vectors)


def _mended(formula: Formula) -> Judgement | None:
    """The edit that puts a formula right."""
    claim = formula.claim
    letters, _, _ = _indices(claim)
    around = Surroundings(claim, _READING, 0, True, tuple(letters), False, True, None)
    found = sorted(edits(around), key=lambda edit: edit.rank)
    for variant, what in _variants(formula)[:8]:
        for edit in found:
            changed = replace(claim, right=edit.tree)
            if edit.tree == claim.left or _same_call(edit.tree, claim.left):
                continue
            try:
                if _agrees(variant, changed, quick=True) and _agrees(variant, changed):
                    told = edit.told + (f" (for {what})" if what else "")
                    return Judgement(claim, edit.cause, told, mended=edit.tree)
            except (NoValue, ValueError, OverflowError, ZeroDivisionError):
                continue
    return None


def _same_call(tree: Expression, left: Expression) -> bool:
    """Whether a side is the left one in other words: f'(x) of f'(x)."""
    return isinstance(tree, Apply) and isinstance(left, Apply) and tree.function.base == left.function.base

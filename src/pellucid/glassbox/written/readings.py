"""How a line may be taken: every reading that its signs leave open."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name, Total
from pellucid.glassbox.written.names import LAYERED, PARAMETERS, PER_SAMPLE, VALUES, NoValue, Reading, layer_text, resolve, value_names
from pellucid.glassbox.written.places import children, kept, walk

_LAYERS = Reading(below="layers", above="layers")
MOST = 160
"""readings of a line that are tried"""


@dataclass(frozen=True)
class Claim:
    """left = right, perhaps only where a condition holds."""

    left: Expression
    right: Expression
    condition: Expression | None = None

    @property
    def sides(self) -> tuple[Expression, ...]:
        """All that is written."""
        return (self.left, self.right) if self.condition is None else (self.left, self.right, self.condition)


def values_of(claim: Claim) -> list[Name]:
    """The names of values, without those of functions."""
    return [name for side in claim.sides for name in value_names(side)]


def layer_letters(claim: Claim) -> frozenset[str]:
    """The letters that stand for any layer: l, L."""
    return frozenset().union(*(_layer_letters(side) for side in claim.sides))


def _layer_letters(tree: Expression) -> frozenset[str]:
    if isinstance(tree, Name):
        text, _ = layer_text(tree, _LAYERS)
        return frozenset(text[0]) if re.fullmatch(r"[lL]([+-]\d)?", text) else frozenset()
    return kept(tree, "_layer_letters", lambda: frozenset[str]().union(*(_layer_letters(child) for _, child in children(tree))))


def bound(claim: Claim) -> dict[str, Total]:
    """The letters that a sum runs over."""
    return {node.index: node for side in claim.sides for node in walk(side) if isinstance(node, Total) and node.index}


def readings(claim: Claim, depth: int) -> list[Reading]:
    """All readings of a claim for a network of so many layers, the likelier ones first."""
    found = values_of(claim)
    kinds = [(name, VALUES.get(name.base, name.base)) for name in found]
    functions = [node.function for side in claim.sides for node in walk(side) if isinstance(node, Apply)]
    layered = [name for name, kind in kinds if kind in LAYERED or name.base == "delta"]
    explicit = any(name.bracket for name in (*layered, *functions))
    single = [name for name in layered if len(name.below) == 1 and name.below[0].isdigit() and not name.bracket and not name.suffix]
    raised = [name for name in layered if name.raised.isdigit() and not name.bracket]
    below = ["layers", "units"] if single and not explicit else ["units"]
    above = ["layers", "powers"] if raised and not explicit else ["powers"]
    digits = ["layers"]
    if depth == 1 and any(name.suffix not in ("", "1") for name in layered):
        digits = ["units", "layers"]
    n = (
        ["samples", "outputs"]
        if any(name.base == "n" and not name.below and not name.bracket and not name.suffix for name in found)
        else ["samples"]
    )
    sums = [node for side in claim.sides for node in walk(side) if isinstance(node, Total)]
    if n == ["samples"] and any(isinstance(node.last, Name) and node.last.base == "n" for node in sums):
        n = ["samples", "outputs"]
    mean = [False, True] if any(_of_cost(node) for side in claim.sides for node in walk(side)) else [False]
    general = any(name.base == "sigma" and not name.bracket and not name.below for name in functions) or any(
        name.base == "a" for name in functions
    )
    rule = ["layer", "named"] if general else ["layer"]
    marked = [name for name, kind in kinds if name.primes and kind in (*LAYERED, "x", "y")]
    primes = ["new", "transpose", "layer"] if marked else ["new"]
    rate = ["l2", "rate"] if any(name.base in ("lambda", "lambd") for name in found) else ["l2"]
    base = 0 if any("0" in name.below and not name.code for name in found) else 1
    strict = any(isinstance(node, nodes.MatMul) for side in claim.sides for node in walk(side))
    y = ["target", "output"] if isinstance(claim.left, Name) and claim.left.base in ("y", "Y") else ["target"]
    options: list[Reading] = []
    for choice in product(below, above, digits, rule, n, mean, primes, rate, _sample_letters(claim, kinds), y):
        reading = Reading(
            below=choice[0], above=choice[1], digits=choice[2], rule=choice[3], n=choice[4], mean=choice[5], primes=choice[6],
            rate=choice[7], samples=choice[8], y=choice[9], base=base, strict=strict,
        )  # fmt: skip
        options += [replace(reading, layer=layer) for layer in _layers(found, reading, depth, claim)]
    return list(islice(dict.fromkeys(options), MOST))


def _of_cost(node: Expression) -> bool:
    if not (isinstance(node, nodes.Derivative) and isinstance(node.of, Name) and isinstance(node.by, Name)):
        return False
    return VALUES.get(node.of.base) in ("J", "l") and VALUES.get(node.by.base) not in PARAMETERS


def _sample_letters(claim: Claim, kinds: Sequence[tuple[Name, str]]) -> list[frozenset[str]]:
    """Which letters below may count samples."""
    places: dict[str, set[str]] = {}
    for name, kind in kinds:
        for part in name.below:
            if part.isalpha():
                places.setdefault(part, set()).add(kind if len(name.below) == 1 else "W")
    sums = bound(claim)
    found = [
        letter
        for letter, where in places.items()
        if where <= set(PER_SAMPLE) - {"z"} | {"z"} and (letter in sums or where & {"l"}) and letter not in ("l", "L")
    ]
    several = frozenset(found)
    return [frozenset(), several] if several else [frozenset()]


def _layers(found: Sequence[Name], reading: Reading, depth: int, claim: Claim) -> list[int | None]:
    """The layers that names without one may be of."""
    letters = dict.fromkeys(layer_letters(claim), 1)
    for name in found:
        try:
            resolve(name, reading, max(depth, 2), letters)
        except NoValue as why:
            if why.kind == "layer" and "not written" in why.told:
                return _likely(found, depth)
    return [None]


def _likely(found: Sequence[Name], depth: int) -> list[int | None]:
    kinds = {VALUES.get(name.base) for name in found}
    order = range(depth, 0, -1) if "y" in kinds and "x" not in kinds else range(1, depth + 1)
    return list(order)

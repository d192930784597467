"""What is wrong with a claim: the cause that, undone, makes it right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name, Product
from pellucid.glassbox.written.bench import ELEMENTWISE, HARD, Bench, Case, right_in
from pellucid.glassbox.written.chains import broken
from pellucid.glassbox.written.edits import Edit, Surroundings, circular, edits, shown
from pellucid.glassbox.written.factors import factor
from pellucid.glassbox.written.judge import Judgement, off, speaks_of_error
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.mislabelled import other_left
from pellucid.glassbox.written.names import NoValue, Quantity, Reading
from pellucid.glassbox.written.readings import Claim, layer_letters, value_names
from pellucid.glassbox.written.trial import attempt, free_letters, has_entries, left_layer
from pellucid.glassbox.written.worlds import companion

UNRECOGNISED = "unrecognised"
MOST_READINGS = 4
MOST_TRIALS = 1600
"""single edits in all cases, and twice as many pairs"""
PAIRED = 40
"""single edits that are tried two at a time"""


def wrong(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement:
    """The cause, the likeliest first.

    Raises:
        NoValue: a name stands for nothing.

    """
    if (told := broken(claim)) is not None:
        return Judgement(claim, "broken chain", told)
    usable = [reading for reading in choices if _left_exists(bench, claim, reading)]
    if not usable:
        why = _no_left(bench, claim, choices)
        if why.kind == "dependence":
            return Judgement(claim, "no such derivative", why.told)
        raise why
    usable.sort(key=lambda reading: _distance(bench, claim, reading))
    usable = usable[:MOST_READINGS]
    _known(bench, claim, usable[0])
    own = off(attempt(bench.own, usable[0], claim))
    for find in (_scale, _left_factor, _forgotten, _pair, _other_quantity, _mended):
        found = find(bench, claim, usable)
        if found is not None:
            return replace(found, off=own)
    return Judgement(claim, UNRECOGNISED, _unrecognised(bench, claim, usable[0]), reading=usable[0], off=own)


def _left_exists(bench: Bench, claim: Claim, reading: Reading) -> bool:
    left = Claim(claim.left, claim.left, claim.condition)
    settings = (bench.setting(claim), replace(bench.setting(claim), m=1))
    return any(attempt(companion(setting), reading, left).right for setting in settings)


def _no_left(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> NoValue:
    outcome = attempt(companion(bench.setting(claim)), choices[0], Claim(claim.left, claim.left))
    return outcome.why or NoValue("name", "the left side has no value")


def _known(bench: Bench, claim: Claim, reading: Reading) -> None:
    """Refuse a right side with a name that stands for nothing."""
    why = attempt(companion(bench.setting(claim)), reading, claim).why
    if why is not None and why.kind in ("name", "words"):
        raise why


def _distance(bench: Bench, claim: Claim, reading: Reading) -> tuple[int, float]:
    """How near the right side comes under a reading; first those under which it exists."""
    why, best = 3, 0.0
    for setting in (bench.setting(claim), replace(bench.setting(claim), m=1)):
        outcome = attempt(companion(setting), reading, claim)
        if outcome.found is not None and outcome.truth is not None:
            distance = off(outcome)
            return (1, 0.0) if distance is None else (0, distance)
        why = min(why, 3 if outcome.why is not None and outcome.why.kind in ("layer", "name") else 2)
    return why, best


def _narrowed(bench: Bench, claim: Claim) -> Iterator[Case]:
    yield from bench.narrowed(Case((), bench.setting(claim)))


def put_right(told: str, conditions: Sequence[str]) -> str:
    """A cause, and what the line would be without it."""
    return told + (f"; put right, it would hold {' and '.join(conditions)}" if conditions else "")


def _scale(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The right values times a number, m and n."""
    for case in _narrowed(bench, claim):
        for reading in choices:
            told = factor(case.setting, claim, reading)
            if told is not None:
                return Judgement(claim, told[0], put_right(told[1], case.conditions), case.conditions, reading)
    return None


def _left_factor(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """Right without a factor of the left side."""
    left = claim.left
    if not isinstance(left, Product) or not all(isinstance(factor, Name) for factor in left.factors):
        return None
    for index, factor in enumerate(left.factors):
        rest = left.factors[:index] + left.factors[index + 1 :]
        signs = left.signs[1:] if not index else left.signs[: index - 1] + left.signs[index:]
        changed = replace(claim, left=rest[0] if len(rest) == 1 else Product(rest, signs))
        for case in _narrowed(bench, claim):
            if (found := right_in(case.setting, changed, choices)) is not None:
                told = f"the factor {shown(factor)} on the left side does not belong there"
                return Judgement(claim, "extra factor", put_right(told, case.conditions), case.conditions, found[0])
    return None


def _forgotten(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """Right in a network without L2, weights or dropout."""
    for case in _narrowed(bench, claim):
        for cause, told, setting in bench.without(case.setting):
            if (found := right_in(setting, claim, choices)) is not None:
                return Judgement(claim, cause, put_right(told, case.conditions), case.conditions, found[0])
    return None


def _pair(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """y_hat - y, and right with another output and loss."""
    for case in _narrowed(bench, claim):
        speaking = [reading for reading in choices if speaks_of_error(case.setting, claim, reading)]
        if not speaking or _only_of_output(bench, claim, speaking[0]):
            continue
        for told, setting in bench.other_pairs(case.setting):
            if (found := right_in(setting, claim, speaking)) is not None:
                cause = "not exact for this output and loss"
                return Judgement(claim, cause, put_right(told, case.conditions), case.conditions, found[0])
    return None


def _only_of_output(bench: Bench, claim: Claim, reading: Reading) -> bool:
    """Whether the left side is da_L, which the loss alone decides; or the right side has factors beside the error."""
    left = _quantity(bench, claim.left, reading)
    if left is not None and left.d and left.kind == "a" and left.layer == bench.depth:
        return True
    names = [name for name in value_names(claim.right) if name.base in ("a", "A", "z", "Z", "y_hat", "yhat")]
    return left is not None and left.kind == "z" and len(names) > 1


def _quantity(bench: Bench, left: Expression, reading: Reading) -> Quantity | None:
    name = left.by if isinstance(left, nodes.Derivative) else left
    if not isinstance(name, Name):
        return None
    try:
        found = Meaning(companion(bench.setting(Claim(left, left))), reading, {"l": 1, "L": 1}).quantity(name)
    except NoValue:
        return None
    return replace(found, d=found.d or isinstance(left, nodes.Derivative))


def _other_quantity(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The right side is right for something else."""
    for case in _narrowed(bench, claim):
        for reading in choices:
            found = other_left(case.setting, claim, reading)
            if found is not None:
                cause, told = found
                return Judgement(claim, cause, put_right(told, case.conditions), case.conditions, reading)
    return None


# Edits.


@dataclass
class _Search:
    """The search among edits: what is left to try."""

    bench: Bench
    claim: Claim
    cases: list[Case]
    left: int = MOST_TRIALS

    def puts_right(self, case: Case, tree: Expression, reading: Reading) -> bool:
        """Whether the line is right with another right side."""
        self.left -= 1
        changed = replace(self.claim, right=tree)
        if self.says_nothing(tree):
            return False
        if not attempt(companion(case.setting), reading, changed, most=10, quick=True).right:
            return False
        return right_in(case.setting, changed, [reading]) is not None

    def says_nothing(self, tree: Expression) -> bool:
        """Whether the left side itself would be its right side."""
        left = self.claim.left
        wanted = left.by if isinstance(left, nodes.Derivative) else left
        if not isinstance(wanted, Name):
            return tree == left
        d = isinstance(left, nodes.Derivative) or wanted.d
        mine = sum(_same(name, wanted, d) for name in value_names(self.claim.right))
        return sum(_same(name, wanted, d) for name in value_names(tree)) > mine or tree == left

    def single(self, found: list[tuple[Reading, list[Edit]]]) -> Judgement | None:
        """One edit."""
        for case in self.cases:
            for reading, several in found:
                for edit in several:
                    if self.left > 0 and self.puts_right(case, edit.tree, reading):
                        told = put_right(edit.told, case.conditions)
                        return Judgement(self.claim, edit.cause, told, case.conditions, reading, edit.tree)
        return None

    def double(self, found: list[tuple[Reading, list[Edit]]]) -> Judgement | None:
        """Two edits, one after the other."""
        self.left = 2 * MOST_TRIALS
        for reading, several in found[:2]:
            pairs = []
            for edit in several[:PAIRED]:
                around = surroundings(self.bench, replace(self.claim, right=edit.tree), reading)
                pairs += [(edit, other) for other in sorted(edits(around), key=lambda item: item.rank)[:PAIRED]]
            pairs.sort(key=lambda pair: pair[0].rank + pair[1].rank)
            for case in self.cases[:4]:
                for edit, other in pairs:
                    if self.left > 0 and self.puts_right(case, other.tree, reading):
                        cause = edit.cause if edit.cause == other.cause else f"{edit.cause} and {other.cause}"
                        told = put_right(f"{edit.told}, and {other.told}", case.conditions)
                        return Judgement(self.claim, cause, told, case.conditions, reading, other.tree)
        return None


def _same(name: Name, wanted: Name, d: bool) -> bool:
    """Whether two names are of the same value, whatever the indices."""
    if name.base.lower() != wanted.base.lower() or (name.d or name.base == "delta") != d:
        return False
    return (name.suffix or name.bracket or name.raised) == (wanted.suffix or wanted.bracket or wanted.raised)


def _mended(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The likeliest edit, or pair of edits, that puts the line right."""
    if circular(claim):
        return Judgement(claim, "circular", "the left side stands on the right side too, so that the line says nothing", reading=choices[0])
    found = [(reading, sorted(edits(surroundings(bench, claim, reading)), key=lambda edit: edit.rank)) for reading in choices]
    cases = list(_narrowed(bench, claim))
    cases += [case for case in bench.cases(claim) if ELEMENTWISE in case.conditions and HARD not in case.conditions]
    search = _Search(bench, claim, cases)
    return search.single(found) or search.double(found)


def surroundings(bench: Bench, claim: Claim, reading: Reading) -> Surroundings:
    """What the edits need to know."""
    letters = dict.fromkeys(sorted(layer_letters(claim)), 1)
    meaning = Meaning(companion(bench.setting(claim)), reading, letters)
    units, samples = free_letters(claim, reading, meaning)
    entries = bool(units or samples) or has_entries(claim, reading, meaning)
    names = [*value_names(claim.left), *value_names(claim.right)]
    written = dict.fromkeys(part for name in names for part in name.below if part.isalpha())
    layer = left_layer(claim.left, meaning)
    return Surroundings(claim, reading, bench.depth, entries, tuple(written), reading.strict, bench.convention == "columns", layer)


def _unrecognised(bench: Bench, claim: Claim, reading: Reading) -> str:
    outcome = attempt(companion(bench.setting(claim)), reading, claim)
    single = attempt(companion(replace(bench.setting(claim), m=1)), reading, claim)
    if outcome.why is not None and single.why is not None:
        return outcome.why.told
    if outcome.found is not None and outcome.truth is not None and outcome.found.shape != outcome.truth.shape and not outcome.entries:
        shapes = f"the right side is {_shape(outcome.found)}, the left side {_shape(outcome.truth)}"
        return f"{shapes} (for {bench.setting(claim).m} samples); the cause is not recognised"
    return "the cause is not recognised"


def _shape(array: Array) -> str:
    return " x ".join(map(str, np.shape(array))) or "a number"

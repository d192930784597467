"""One claim, judged: when it is right, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Expression
from pellucid.glassbox.review.bench import (
    ELEMENTWISE,
    HARD,
    ONE_OUTPUT,
    ONE_SAMPLE,
    ONE_UNIT,
    OTHER,
    Bench,
    Case,
    numbered,
    right_in,
)
from pellucid.glassbox.review.edits import Edit, Surroundings, circular, edits
from pellucid.glassbox.review.meaning import Meaning
from pellucid.glassbox.review.names import NoValue, Reading
from pellucid.glassbox.review.readings import Claim, layer_letters, readings, value_names
from pellucid.glassbox.review.trial import Outcome, attempt, free_letters, has_entries, left_layer
from pellucid.glassbox.review.worlds import SIZES, Setting, companion, paired

UNRECOGNISED = "unrecognised"
MOST_EDITS = 900
PAIRED = 45
"""single edits that are tried two at a time"""


@dataclass(frozen=True)
class Judgement:
    """What is said of one claim."""

    claim: Claim
    verdict: str
    told: str
    """in a sentence"""
    conditions: tuple[str, ...] = ()
    """what has to be so for it to be right"""
    reading: Reading | None = None
    mended: Expression | None = None
    """the right side, put right"""
    star: bool = False
    off: float | None = None
    """how far off, relative to the largest entry, on the user's data"""
    notes: tuple[str, ...] = ()

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with it, perhaps under a condition."""
        return self.verdict.startswith("right")


def judge(bench: Bench, claim: Claim) -> Judgement:
    """The judgement of a claim.

    Raises:
        NoValue: the left side has no value under any reading.

    """
    choices = readings(claim, bench.depth)
    for case in bench.cases(claim):
        found = right_in(case.setting, claim, choices)
        if found is not None:
            return _right(bench, claim, case, *found)
    return _wrong(bench, claim, choices)


# Right.


def _right(bench: Bench, claim: Claim, case: Case, reading: Reading, outcome: Outcome) -> Judgement:
    conditions, notes = case.conditions, list[str]()
    if conditions == (ONE_SAMPLE,) and _only_scaled(bench, claim, reading, -1):
        told = "1/m is kept in it here, as some do: then it must not stand in dW and db again"
        return Judgement(claim, f"right only {OTHER}", told, (OTHER,), reading, star=outcome.star)
    if outcome.star:
        notes.append("* is read as the matrix product, which NumPy writes @")
    if outcome.flat:
        notes.append("one axis is missing: keepdims=True keeps it")
    if reading.mean and ONE_SAMPLE not in conditions:
        notes.append("the derivative by z or a is taken to be that of the mean over the samples, with 1/m in it")
    if not conditions:
        return _right_here(bench, claim, case.setting, reading, outcome, notes)
    told = _why_only(bench, claim, conditions, reading)
    verdict = f"right only {conditions[0]}" if conditions[0] != HARD else "right"
    return Judgement(claim, verdict, told, conditions, reading, star=outcome.star, notes=tuple(notes))


def _right_here(bench: Bench, claim: Claim, setting: Setting, reading: Reading, outcome: Outcome, notes: list[str]) -> Judgement:
    """Right for the network as it is; perhaps because something is one, or because of its output and loss."""
    conditions: list[str] = []
    vectors = not outcome.entries and not numbered(claim)
    if vectors and 1 in setting.sizes:
        full = replace(setting, sizes=tuple(SIZES[index % len(SIZES)] for index in range(len(setting.sizes))))
        if right_in(full, claim, [reading]) is None:
            last = replace(full, sizes=(*full.sizes[:-1], 1))
            one = setting.sizes[-1] == 1 and right_in(last, claim, [reading]) is not None
            conditions.append(ONE_OUTPUT if one else ONE_UNIT)
    if _speaks_of_error(bench, claim) and _exact_by_pair(claim, setting, reading):
        conditions.append("for this output and loss")
    verdict = f"right {conditions[-1]}" if conditions else "right"
    told = _told_here(bench, conditions)
    own = attempt(bench.own, reading, claim)
    if not own.right and own.found is not None and own.truth is not None:
        off = _off(own)
        if off is None:
            notes.append("on these data it overflows, which it would not in exact arithmetic")
        elif off > 1e-6:
            notes.append(f"on these data it differs by {off:.1e} of the largest entry: at a kink, or by rounding where an output is saturated")
    return Judgement(claim, verdict, told, tuple(conditions), reading, star=outcome.star, notes=tuple(notes))


def _told_here(bench: Bench, conditions: Sequence[str]) -> str:
    told = []
    if ONE_OUTPUT in conditions:
        told.append("it holds since the network has one output")
    if ONE_UNIT in conditions:
        told.append("it holds since a layer has one unit, where a transpose or an order changes nothing")
    if "for this output and loss" in conditions:
        output, cost = bench.architecture.activations[-1].spec, bench.architecture.loss.spec
        told.append(f"y_hat - y is exact for {output} with {cost}; in general it is C'(y_hat, y) times f'(z)")
    return "; ".join(told)


def _speaks_of_error(bench: Bench, claim: Claim) -> bool:
    """Whether the right side has y in it, but neither a derivative nor the loss."""
    bases = {name.base for name in value_names(claim.right)}
    derived = any(name.d for name in value_names(claim.right)) or any(name.primes for name in claim.right.walk() if hasattr(name, "primes"))
    left = [name for name in value_names(claim.left)]
    backward = any(name.d for name in left) or len(left) > 1
    return bool(bases & {"y", "Y"}) and not derived and backward


def _exact_by_pair(claim: Claim, setting: Setting, reading: Reading) -> bool:
    mine = (setting.activations[-1].spec, setting.loss.spec)
    for output, cost in (("sigmoid", "mse"), ("tanh", "half_mse")):
        if (output, cost) != mine and right_in(paired(setting, output, cost), claim, [reading]) is None:
            return True
    return False


def _why_only(bench: Bench, claim: Claim, conditions: Sequence[str], reading: Reading) -> str:
    told = []
    if OTHER in conditions:
        rows = bench.convention == "columns"
        told.append(f"it is written for samples as {'rows' if rows else 'columns'}")
    if ONE_SAMPLE in conditions:
        scaled = OTHER not in conditions and _only_scaled(bench, claim, reading, 1)
        missing = "1/m is missing" if scaled else "the mean over the samples (the sum, and 1/m) is missing"
        told.append(f"for several samples {missing}")
    if ELEMENTWISE in conditions:
        told.append("for softmax, whose derivative is a matrix, its Jacobian stands here as its diagonal")
    if ONE_OUTPUT in conditions:
        told.append("with several outputs an order or a transpose is wrong, or a sum is missing")
    if HARD in conditions:
        told.append("it uses that each target is 0 or 1")
    return "; ".join(told)


def _only_scaled(bench: Bench, claim: Claim, reading: Reading, power: int) -> bool:
    """Whether the right side is m^power times the left one."""
    setting = bench.setting(claim)
    for m in (setting.m, setting.m + 2):
        outcome = attempt(companion(replace(setting, m=m)), reading, claim)
        ratio = _ratio(outcome)
        if ratio is None or abs(ratio - float(m) ** power) > 1e-6 * float(m) ** power:
            return False
    return True


def _ratio(outcome: Outcome) -> float | None:
    """The one number by which found is truth times it; None where there is none."""
    if outcome.found is None or outcome.truth is None or outcome.found.size != outcome.truth.size or outcome.found.ndim != outcome.truth.ndim:
        return None
    found, truth = outcome.found.reshape(outcome.truth.shape), outcome.truth
    if found.shape != outcome.found.shape or not np.isfinite(found).all():
        return None
    square = float((truth * truth).sum())
    if not square:
        return None
    ratio = float((found * truth).sum()) / square
    return ratio if ratio and np.abs(found - ratio * truth).max() <= 1e-7 * abs(ratio) * np.abs(truth).max() else None


# Wrong.


def _wrong(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement:
    usable = [reading for reading in choices if _left_exists(bench, claim, reading)]
    if not usable:
        raise _no_left(bench, claim, choices)
    reading = _best(bench, claim, usable)
    off = _off(attempt(bench.own, reading, claim))
    for found in (_forgotten(bench, claim, usable), _scale(bench, claim, usable), _other_quantity(bench, claim, usable), _mended(bench, claim, usable)):
        if found is not None:
            return replace(found, off=off)
    told = _unrecognised(bench, claim, reading)
    return Judgement(claim, UNRECOGNISED, told, reading=reading, off=off)


def _left_exists(bench: Bench, claim: Claim, reading: Reading) -> bool:
    world = companion(bench.setting(claim))
    left = Claim(claim.left, claim.left, claim.condition)
    return attempt(world, reading, left).right or attempt(companion(replace(bench.setting(claim), m=1)), reading, left).right


def _no_left(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> NoValue:
    world = companion(bench.setting(claim))
    outcome = attempt(world, choices[0], Claim(claim.left, claim.left))
    return outcome.why or NoValue("name", "the left side has no value")


def _best(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Reading:
    """The reading under which the right side exists, and comes nearest."""
    world = companion(bench.setting(claim))

    def distance(reading: Reading) -> tuple[int, float]:
        outcome = attempt(world, reading, claim)
        if outcome.found is None or outcome.truth is None:
            return 2, 0.0
        off = _off(outcome)
        return (1, 0.0) if off is None else (0, off)

    return min(choices, key=distance)


def _off(outcome: Outcome) -> float | None:
    if outcome.found is None or outcome.truth is None or outcome.found.shape != outcome.truth.shape:
        return None
    scale = float(np.abs(outcome.truth).max(initial=0.0))
    off = float(np.abs(outcome.found - outcome.truth).max(initial=0.0))
    return off / scale if scale and np.isfinite(off) else None


def _narrowed(bench: Bench, claim: Claim) -> Iterator[Case]:
    yield from bench.narrowed(Case((), bench.setting(claim)))


def _forgotten(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """Right in a network without L2, weights or dropout, or with another output and loss."""
    for case in _narrowed(bench, claim):
        for cause, told, setting in bench.without(case.setting):
            if cause == "not exact for this output and loss" and not _speaks_of_targets(claim):
                continue
            if (found := right_in(setting, claim, choices)) is not None:
                return Judgement(claim, cause, _with(told, case.conditions), case.conditions, found[0], star=found[1].star)
    return None


def _speaks_of_targets(claim: Claim) -> bool:
    return bool({name.base for name in value_names(claim.right)} & {"y", "Y"})


def _with(told: str, conditions: Sequence[str]) -> str:
    return told + (f"; put right, it would hold {' and '.join(conditions)}" if conditions else "")


def _scale(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The right values times a number, m and n."""
    for case in _narrowed(bench, claim):
        for reading in choices:
            told = _factor(case.setting, claim, reading)
            if told is not None:
                return Judgement(claim, told[0], _with(told[1], case.conditions), case.conditions, reading)
    return None


def _factor(setting: Setting, claim: Claim, reading: Reading) -> tuple[str, str] | None:
    found: list[tuple[float, int, int]] = []
    sizes = setting.sizes if numbered(claim) or setting.sizes[-1] == 1 else (*setting.sizes[:-1], setting.sizes[-1] + 2)
    for other in (setting, replace(setting, m=setting.m if setting.m == 1 else setting.m + 2), replace(setting, sizes=sizes)):
        ratio = _ratio(attempt(companion(other), reading, claim))
        if ratio is None:
            return None
        found.append((ratio, other.m, other.sizes[-1]))
    for samples in (0, 1, -1, 2, -2):
        for outputs in (0, 1, -1, 2, -2):
            numbers = [ratio / float(m) ** samples / float(n) ** outputs for ratio, m, n in found]
            if max(numbers) - min(numbers) < 1e-6 * abs(numbers[0]):
                return _named_factor(numbers[0], samples if setting.m > 1 else 0, outputs if setting.sizes[-1] > 1 else 0)
    return None


def _named_factor(number: float, samples: int, outputs: int) -> tuple[str, str] | None:
    causes, told = [], []
    if number < 0:
        causes.append("wrong sign")
        told.append("the sign is wrong")
    size = abs(number)
    if abs(size - 1) > 1e-6:
        text = next((f"{a}/{b}" if b > 1 else f"{a}" for b in range(1, 13) for a in range(1, 13) if abs(size - a / b) < 1e-6), None)
        if text is None:
            return None
        causes.append(f"factor {text}")
        told.append(f"a factor {text} too many" if size > 1 else f"a factor {text} that does not belong there")
    for power, letter in ((samples, "m"), (outputs, "n")):
        if power > 0:
            causes.append(f"missing 1/{letter}" + (f"^{power}" if power > 1 else ""))
            told.append(f"1/{letter}{'^' + str(power) if power > 1 else ''} is missing" + (", the mean over the outputs" if letter == "n" else ""))
        elif power < 0:
            causes.append(f"extra 1/{letter}" + (f"^{-power}" if power < -1 else ""))
            told.append(f"1/{letter}{'^' + str(-power) if power < -1 else ''} does not belong there")
    return (" and ".join(causes), " and ".join(told)) if causes else None


def _other_quantity(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The right side is right for something else."""
    from pellucid.glassbox.review.mislabelled import other_left

    for case in _narrowed(bench, claim):
        for reading in choices:
            found = other_left(case.setting, claim, reading)
            if found is not None:
                cause, told = found
                return Judgement(claim, cause, _with(told, case.conditions), case.conditions, reading)
    return None


def _mended(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The likeliest edit, or pair of edits, that puts the line right."""
    if circular(claim):
        told = "the left side stands on the right side too: the line says nothing"
        return Judgement(claim, "circular", told, reading=choices[0])
    tried = list(choices)[:6]
    singles: list[tuple[Reading, Surroundings, list[Edit]]] = []
    for reading in tried:
        around = surroundings(bench, claim, reading)
        singles.append((reading, around, sorted(edits(around), key=lambda edit: edit.rank)[:MOST_EDITS]))
    cases = list(_narrowed(bench, claim))
    if any(case.conditions == (ELEMENTWISE,) for case in bench.cases(claim)):
        cases += [case for case in bench.cases(claim) if ELEMENTWISE in case.conditions and HARD not in case.conditions]
    for case in cases:
        for reading, _, found in singles:
            for edit in found:
                if _puts_right(case.setting, claim, edit.tree, reading):
                    return Judgement(claim, edit.cause, _with(edit.told, case.conditions), case.conditions, reading, edit.tree)
    for case in cases[:4]:
        for reading, around, found in singles[:2]:
            for edit in found[:PAIRED]:
                second = replace(around, claim=replace(claim, right=edit.tree))
                for other in sorted(edits(second), key=lambda item: item.rank)[:PAIRED]:
                    if _puts_right(case.setting, claim, other.tree, reading):
                        cause, told = f"{edit.cause} and {other.cause}", f"{edit.told}, and {other.told}"
                        return Judgement(claim, cause, _with(told, case.conditions), case.conditions, reading, other.tree)
    return None


def _puts_right(setting: Setting, claim: Claim, tree: Expression, reading: Reading) -> bool:
    changed = replace(claim, right=tree)
    if not attempt(companion(setting), reading, changed, most=10).right:
        return False
    return right_in(setting, changed, [reading]) is not None


def surroundings(bench: Bench, claim: Claim, reading: Reading) -> Surroundings:
    """What the edits need to know."""
    world = companion(bench.setting(claim))
    letters = sorted(layer_letters(claim))
    meaning = Meaning(world, reading, dict.fromkeys(letters, 1))
    units, samples = free_letters(claim, reading, meaning)
    entries = bool(units or samples) or has_entries(claim, reading, meaning)
    written = dict.fromkeys([part for name in value_names(claim.left) for part in name.below if part.isalpha()])
    written |= dict.fromkeys([part for name in value_names(claim.right) for part in name.below if part.isalpha()])
    return Surroundings(
        claim, reading, bench.depth, entries, tuple(written), reading.strict, bench.convention == "columns", left_layer(claim.left, meaning)
    )


def _unrecognised(bench: Bench, claim: Claim, reading: Reading) -> str:
    outcome = attempt(companion(bench.setting(claim)), reading, claim)
    single = attempt(companion(replace(bench.setting(claim), m=1)), reading, claim)
    if outcome.why is not None and single.why is not None:
        return outcome.why.told
    if outcome.found is not None and outcome.truth is not None and outcome.found.shape != outcome.truth.shape and not outcome.entries:
        return f"the right side is {_shape(outcome.found)} in shape where the left side is {_shape(outcome.truth)}; the cause is not recognised"
    return "the cause is not recognised"


def _shape(array: Array) -> str:
    return " x ".join(map(str, array.shape)) or "a number"

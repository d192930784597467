"""What is wrong with a claim: the cause that, undone, makes it right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name, Product
from pellucid.glassbox.written.bench import Bench, Case, right_in
from pellucid.glassbox.written.chains import broken
from pellucid.glassbox.written.factors import factor
from pellucid.glassbox.written.judgement import Judgement, off
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.mislabelled import other_left
from pellucid.glassbox.written.names import NoValue, Quantity, Reading, value_names
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.right import speaks_of_error
from pellucid.glassbox.written.search import mended, narrowed, put_right
from pellucid.glassbox.written.slips import shown
from pellucid.glassbox.written.trial import attempt
from pellucid.glassbox.written.worlds import companion

UNRECOGNISED = "unrecognised"
MOST_READINGS = 4


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
    for find in (_scale, _left_factor, forgotten, _pair, _other_quantity, mended, _other_of_one):
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


def _scale(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The right values times a number, m and n."""
    for case in narrowed(bench, claim):
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
    for index, part in enumerate(left.factors):
        rest = left.factors[:index] + left.factors[index + 1 :]
        signs = left.signs[1:] if not index else left.signs[: index - 1] + left.signs[index:]
        changed = replace(claim, left=rest[0] if len(rest) == 1 else Product(rest, signs))
        for case in narrowed(bench, claim):
            if (found := right_in(case.setting, changed, choices)) is not None:
                told = f"the factor {shown(part)} on the left side does not belong there"
                return Judgement(claim, "extra factor", put_right(told, case.conditions), case.conditions, found[0])
    return None


def forgotten(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """Right in a network without L2, weights or dropout."""
    speaks = any(name.base in ("lambda", "lambd", "l2") for name in value_names(claim.right))
    for case in narrowed(bench, claim):
        for cause, told, setting in bench.without(case.setting):
            if speaks and cause.startswith("L2"):
                continue
            if (found := right_in(setting, claim, choices)) is not None:
                return Judgement(claim, cause, put_right(told, case.conditions), case.conditions, found[0])
    return None


def _pair(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """y_hat - y, and right with another output and loss."""
    for case in narrowed(bench, claim):
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
    return _of_others([case for case in narrowed(bench, claim) if case.setting.m > 1], claim, choices)


def _other_of_one(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The same for one sample, where much is equal by chance."""
    return _of_others([case for case in narrowed(bench, claim) if case.setting.m == 1], claim, choices)


def _of_others(cases: Sequence[Case], claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    for case in cases:
        for reading in choices:
            found = other_left(case.setting, claim, reading)
            if found is not None:
                cause, told = found
                return Judgement(claim, cause, put_right(told, case.conditions), case.conditions, reading)
    return None


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

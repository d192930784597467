"""A claim that is right in some world: when it is right, and for whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name, Reduce
from pellucid.glassbox.written.bench import (
    ELEMENTWISE,
    HARD,
    ONE_OUTPUT,
    ONE_SAMPLE,
    ONE_UNIT,
    OTHER,
    OWN_SIZES,
    UNGROUPED,
    WHOLE,
    Bench,
    Case,
    numbered,
    right_in,
)
from pellucid.glassbox.written.factors import scaled_by
from pellucid.glassbox.written.judgement import Judgement, off
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import PARAMETERS, VALUES, NoValue, Reading
from pellucid.glassbox.written.places import places, walk
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.trial import Outcome, agree, attempt
from pellucid.glassbox.written.worlds import SIZES, Setting, companion, paired

PAIR = "for this output and loss"


def right(bench: Bench, claim: Claim, case: Case, reading: Reading, outcome: Outcome) -> Judgement:
    """What is said of a claim that is right in the setting of a case, under a reading."""
    conditions, notes = case.conditions, _notes(reading, outcome, case.conditions)
    if conditions == (ONE_SAMPLE,) and (found := _element_wise(bench, claim, reading)) is not None:
        return found
    if conditions == (ONE_SAMPLE,) and scaled_by(bench.setting(claim), claim, reading, -1):
        if not _per_sample(claim):
            told = "1/m does not belong there"
            return Judgement(claim, "extra 1/m", told, (), reading, off=off(attempt(bench.own, reading, claim)))
        told = "1/m is kept in it here, as some do: then it must not stand in dW and db again"
        return Judgement(claim, f"right only {OTHER}", told, (OTHER,), reading, notes=notes, keeps_mean=True)
    if OTHER in conditions and (mended := _other_axis(bench, claim, reading, case)) is not None:
        axis = 1 if bench.convention == "columns" else 0
        told = f"the samples lie along axis {axis} in this convention; in the other one it would be right"
        return Judgement(claim, "wrong axis", told, (), reading, mended, off(attempt(bench.own, reading, claim)))
    if conditions == (OWN_SIZES,):
        told = f"a number in it is that of the samples ({len(bench.X)}) or of the outputs ({bench.architecture.sizes[-1]})"
        return Judgement(claim, f"right {OWN_SIZES}", told, conditions, reading, notes=notes, holds=True)
    if not conditions:
        return _right_here(bench, claim, case.setting, reading, outcome, notes)
    told = _why_only(bench, claim, conditions, reading)
    first = next((condition for condition in conditions if condition not in (HARD, OWN_SIZES)), None)
    holds = set(conditions) <= {HARD, OWN_SIZES, *([ONE_SAMPLE] if bench.X.shape[0] == 1 else [])}
    return Judgement(claim, f"right only {first}" if first else "right", told, conditions, reading, notes=notes, holds=holds)


def _element_wise(bench: Bench, claim: Claim, reading: Reading) -> Judgement | None:
    """An element-wise product that is a matrix product for one sample only, and by its sign meant to be element-wise."""
    for node, put in places(claim.right):
        if isinstance(node, nodes.Multiply) and node.marked:
            tree = put(nodes.MatMul(node.factors))
            if right_in(bench.setting(claim), replace(claim, right=tree), [reading]) is not None:
                told = "an element-wise product stands where a matrix product belongs"
                cause = "element-wise product where a matrix product belongs"
                return Judgement(claim, cause, told, (), reading, tree, off(attempt(bench.own, reading, claim)))
    return None


def _per_sample(claim: Claim) -> bool:
    """Whether the left side is a derivative of the loss of each sample: dz, da, dx."""
    left = claim.left.by if isinstance(claim.left, nodes.Derivative) else claim.left
    return isinstance(left, Name) and VALUES.get(left.base) not in PARAMETERS


def _notes(reading: Reading, outcome: Outcome, conditions: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if outcome.star:
        notes.append("* is read as the matrix product, which NumPy writes @")
    if outcome.flat:
        notes.append("one axis is missing: keepdims=True keeps it")
    if reading.mean and ONE_SAMPLE not in conditions:
        notes.append("dJ/dz is read as the derivative of the mean over the samples, with 1/m in it")
    if reading.y == "output":
        notes.append("y is read as the output, y_hat")
    if reading.base == 0:
        notes.append("units are counted from 0")
    return tuple(notes)


def _right_here(bench: Bench, claim: Claim, setting: Setting, reading: Reading, outcome: Outcome, notes: tuple[str, ...]) -> Judgement:
    """Right for the network as it is; perhaps because something is one, or because of its output and loss."""
    conditions = list[str]()
    if not outcome.entries and not numbered(claim) and 1 in setting.sizes:
        full = replace(setting, sizes=tuple(SIZES[index % len(SIZES)] for index in range(len(setting.sizes))))
        if right_in(full, claim, [reading]) is None:
            last = replace(full, sizes=(*full.sizes[:-1], 1))
            one = setting.sizes[-1] == 1 and right_in(last, claim, [reading]) is not None
            conditions.append(ONE_OUTPUT if one else ONE_UNIT)
    if backward(claim) and speaks_of_error(setting, claim, reading) and _exact_by_pair(claim, setting, reading):
        conditions.append(PAIR)
    own = attempt(bench.own, reading, claim)
    if not own.right and own.found is not None and own.truth is not None:
        distance = off(own)
        if distance is None or distance > 1e-3:
            why = "at a kink, where the derivative is a matter of choice, or beyond what floating point can hold"
            notes = (*notes, f"on these data some entries differ: {why}")
    verdict = f"right {conditions[-1]}" if conditions else "right"
    return Judgement(claim, verdict, _told_here(bench, conditions), tuple(conditions), reading, notes=notes, holds=True)


def _told_here(bench: Bench, conditions: Sequence[str]) -> str:
    told = []
    if ONE_OUTPUT in conditions:
        told.append("it holds since the network has one output")
    if ONE_UNIT in conditions:
        told.append("it holds since a layer has one unit, where a transpose or an order changes nothing")
    if PAIR in conditions:
        output, cost = bench.architecture.activations[-1].spec, bench.architecture.loss.spec
        told.append(f"y_hat - y is exact for {output} with {cost}; in general dz is C'(y_hat, y) times f'(z)")
    return "; ".join(told)


def backward(claim: Claim) -> bool:
    """Whether the left side is a derivative."""
    return any(
        isinstance(node, nodes.Derivative) or (isinstance(node, Name) and (node.d or node.base == "delta")) for node in walk(claim.left)
    )


def speaks_of_error(setting: Setting, claim: Claim, reading: Reading) -> bool:
    """Whether y_hat - y stands on the right side, whatever the names."""
    world = companion(setting)
    error = world.values["error"]
    for node in walk(claim.right):
        if isinstance(node, nodes.Add) and len(node.terms) == 2:
            try:
                found = Meaning(world, reading).array(node)
            except NoValue:
                continue
            if agree(found, error, False)[0] or agree(-found, error, False)[0]:
                return True
    return False


def _exact_by_pair(claim: Claim, setting: Setting, reading: Reading) -> bool:
    mine = (setting.activations[-1].spec, setting.loss.spec)
    others = [pair for pair in (("sigmoid", "mse"), ("tanh", "half_mse")) if pair != mine]
    return any(right_in(paired(setting, *pair), claim, [reading]) is None for pair in others)


def _why_only(bench: Bench, claim: Claim, conditions: Sequence[str], reading: Reading) -> str:
    told = []
    if OTHER in conditions:
        rows = bench.convention == "columns"
        order = "input to unit" if rows else "unit from input"
        told.append(f"it is written for samples as {'rows' if rows else 'columns'} and W from {order}")
    if ONE_SAMPLE in conditions:
        setting = bench.setting(claim)
        other = "rows" if setting.convention == "columns" else "columns"
        setting = replace(setting, convention=other) if OTHER in conditions else setting
        scaled = scaled_by(setting, claim, reading, 1)
        told.append("for several samples " + ("1/m is missing" if scaled else "the mean over the samples (the sum, and 1/m) is missing"))
    if UNGROUPED in conditions:
        told.append("here each group of units has a softmax of its own, and the sum is to run over the group")
    if ELEMENTWISE in conditions:
        told.append("softmax has a matrix for its derivative, and only its diagonal stands here")
    if ONE_OUTPUT in conditions:
        told.append("with several outputs an order or a transpose is wrong, or a sum is missing")
    if WHOLE in conditions:
        told.append("it is exact where the targets of each sample sum to one, and these do not")
    if HARD in conditions:
        told.append("it uses that each target is 0 or 1")
    return "; ".join(told)


def _other_axis(bench: Bench, claim: Claim, reading: Reading, case: Case) -> Expression | None:
    """The right side with its axes exchanged, where nothing but the number of an axis speaks for the other convention."""
    tree = claim.right
    for node, put in places(claim.right):
        if isinstance(node, Reduce) and node.axis is not None:
            tree = put(replace(node, axis=1 - node.axis if node.axis >= 0 else 0))
            break
    if tree is claim.right:
        return None
    setting = replace(case.setting, convention=bench.convention)
    return tree if right_in(setting, replace(claim, right=tree), [reading]) is not None else None

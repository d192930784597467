"""The worlds in which a line of one network is tried, and the conditions that they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Softmax
from pellucid.equations.arrays import Array
from pellucid.errors import InputError
from pellucid.expressions import nodes
from pellucid.expressions.reading.tree import Name, Total
from pellucid.glassbox.written.names import Reading, value_names
from pellucid.glassbox.written.places import walk
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.trial import Outcome, attempt
from pellucid.glassbox.written.worlds import (
    PAIRS,
    SAMPLES,
    Setting,
    World,
    companion,
    companion_sizes,
    elementwise,
    paired,
    ungrouped,
    world,
)

OTHER = "in the other convention"
ONE_SAMPLE = "for one sample"
UNGROUPED = "for a softmax over the whole layer"
ELEMENTWISE = "for element-wise activations"
ONE_OUTPUT = "for one output"
HARD = "for targets that are 0 or 1"
WHOLE = "for targets that sum to one"
OWN_SIZES = "for these sizes"
ONE_UNIT = "for layers of one unit"


@dataclass(frozen=True)
class Case:
    """A setting, and what has to be so for it."""

    conditions: tuple[str, ...]
    setting: Setting


@dataclass(frozen=True)
class Bench:
    """A network, its data, and the convention of the line."""

    architecture: Architecture
    vector: Array
    X: Array
    Y: Array
    convention: str
    s: Array | None = None
    masks: tuple[tuple[int, Array], ...] = ()

    @cached_property
    def own(self) -> World:
        """The world of the user's numbers."""
        masks = {layer: np.asarray(mask, dtype=np.float64) for layer, mask in self.masks}
        s = None if self.s is None else np.asarray(self.s, dtype=np.float64)
        return world(self.architecture, self.vector, self.X, self.Y, self.convention, s, masks or None)

    @property
    def depth(self) -> int:
        """L."""
        return len(self.architecture.layers)

    @cached_property
    def hard(self) -> bool:
        """Whether all targets are 0 or 1."""
        return bool(np.isin(self.Y, (0, 1)).all())

    @cached_property
    def whole(self) -> bool:
        """Whether the targets of each sample sum to one, in each group where there are some."""
        heads = self.architecture.heads or (slice(None),)
        return all(np.abs(self.Y[:, head].sum(axis=1) - 1).max() < 1e-6 for head in heads)

    def setting(self, claim: Claim) -> Setting:
        """A companion of the network: its rules, other sizes and numbers; its own sizes where the line names entries by number."""
        architecture = self.architecture
        sizes = architecture.sizes if numbered(claim) else companion_sizes(architecture.sizes, architecture.activations)
        mentions = any(name.base in ("lambda", "lambd", "l2") for side in claim.sides for name in walk(side) if isinstance(name, Name))
        l2 = 0.7 if architecture.l2 or mentions else 0.0
        named = [name for side in claim.sides for name in value_names(side) if name.sample.isdigit()]
        m = len(self.X) if any(name.bracket or name.base in ("x", "X", "y", "Y", "y_hat", "s", "l") for name in named) else SAMPLES
        return Setting(
            sizes, architecture.activations, architecture.loss, l2, m, self.convention, self.s is not None,
            tuple(layer for layer, _ in self.masks), False, self.whole,
        )  # fmt: skip

    def cases(self, claim: Claim) -> list[Case]:
        """The settings from the most general on: the first in which a line is right says when it is."""
        base = Case((), self.setting(claim))
        widened = [base]
        if self._counts(claim):
            own = replace(base.setting, sizes=(*base.setting.sizes[:-1], self.architecture.sizes[-1]), m=len(self.X))
            widened.append(Case((OWN_SIZES,), own))
        if self.hard:
            widened.append(Case((HARD,), replace(base.setting, hard=True)))
        if not self.whole and self.architecture.loss.spec == "cross_entropy":
            widened.append(Case((WHOLE,), replace(base.setting, whole=True)))
        if any(isinstance(rule, Softmax) and rule.groups for rule in self.architecture.activations):
            widened.append(Case((UNGROUPED,), ungrouped(base.setting)))
        if any(isinstance(rule, Softmax) for rule in self.architecture.activations):
            widened.append(Case((ELEMENTWISE,), elementwise(base.setting)))
        if self.architecture.sizes[-1] > 1 and not numbered(claim):
            one = elementwise(base.setting) if isinstance(self.architecture.activations[-1], Softmax) else base.setting
            widened.append(Case((ONE_OUTPUT,), replace(one, sizes=(*one.sizes[:-1], 1))))
        return [narrowed for case in widened for narrowed in self.narrowed(case)]

    def _counts(self, claim: Claim) -> bool:
        """Whether a number in the line is that of the samples or of the outputs."""
        numbers = {node.value for side in claim.sides for node in walk(side) if isinstance(node, nodes.Number)}
        return bool((numbers - {1}) & {len(self.X), self.architecture.sizes[-1]})

    def narrowed(self, case: Case) -> Iterator[Case]:
        """The same in either convention, and for one sample."""
        setting = case.setting
        other = "rows" if self.convention == "columns" else "columns"
        yield case
        yield Case((*case.conditions, OTHER), replace(setting, convention=other))
        yield Case((*case.conditions, ONE_SAMPLE), replace(setting, m=1))
        yield Case((*case.conditions, OTHER, ONE_SAMPLE), replace(setting, m=1, convention=other))

    def without(self, setting: Setting) -> Iterator[tuple[str, str, Setting]]:
        """The same network without what a line may have forgotten."""
        if setting.l2:
            yield "L2 term missing", "the L2 term is missing", replace(setting, l2=0.0)
        if setting.weighted:
            yield "sample weights missing", "the sample weights are missing", replace(setting, weighted=False)
        if setting.masked:
            yield "dropout mask missing", "the dropout mask is missing", replace(setting, masked=())
        if setting.l2 and setting.masked:
            yield "L2 term and dropout mask missing", "the L2 term and the dropout mask are missing", replace(setting, l2=0.0, masked=())

    def other_pairs(self, setting: Setting) -> Iterator[tuple[str, Setting]]:
        """The same network with another output and loss."""
        mine = (setting.activations[-1].spec, setting.loss.spec)
        for output, cost in PAIRS:
            if (output, cost) != mine and self._fits(setting, output):
                yield f"it is exact for {output} with {cost}, not for {mine[0]} with {mine[1]}", paired(setting, output, cost)

    def _fits(self, setting: Setting, output: str) -> bool:
        return not (output == "softmax" and numbered_sizes(setting))


def numbered_sizes(setting: Setting) -> bool:
    """Whether the sizes are those of the user."""
    return setting.sizes != companion_sizes(setting.sizes, setting.activations)


def numbered(claim: Claim) -> bool:
    """Whether a line names entries, or the end of a sum, by number."""
    for side in claim.sides:
        for node in walk(side):
            if isinstance(node, Total) and isinstance(node.last, nodes.Number):
                return True
            if isinstance(node, Name) and any(part.isdigit() for part in node.below):
                return True
            if isinstance(node, nodes.Matrix):
                return True
    return False


def right_in(setting: Setting, claim: Claim, readings: Sequence[Reading]) -> tuple[Reading, Outcome] | None:
    """The first reading under which a claim is right in a setting, tried in several worlds of it."""
    try:
        worlds = [companion(setting, seed) for seed in ((0, 1) if setting.m > 1 else (0, 1, 2, 3))]
    except InputError:
        return None
    for reading in readings:
        outcomes = []
        for one in worlds:
            outcomes.append(attempt(one, reading, claim))
            if not outcomes[-1].right:
                break
        if outcomes[-1].right:
            return reading, outcomes[0]
    return None

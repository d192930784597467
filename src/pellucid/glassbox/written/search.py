"""The search for the slip, or the two slips, whose undoing puts a line right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name
from pellucid.glassbox.written.bench import ELEMENTWISE, HARD, Bench, Case, right_in
from pellucid.glassbox.written.edits import circular, edits
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import Reading, value_names
from pellucid.glassbox.written.readings import Claim, layer_letters
from pellucid.glassbox.written.slips import Edit, Surroundings
from pellucid.glassbox.written.trial import attempt, free_letters, has_entries, left_layer
from pellucid.glassbox.written.worlds import companion

Found = TypeVar("Found")
MOST_TRIALS, MOST_PAIRS = 1500, 400
"""single edits in all cases, and pairs of them in each"""
PAIRED = 40
"""single edits that are tried two at a time"""


def narrowed(bench: Bench, claim: Claim) -> Iterator[Case]:
    """The network as it is, in either convention, for several samples and for one."""
    yield from bench.narrowed(Case((), bench.setting(claim)))


def put_right(told: str, conditions: Sequence[str]) -> str:
    """A cause, and what the line would be without it."""
    return told + (f"; put right, it would hold {' and '.join(conditions)}" if conditions else "")


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
        for case, (reading, several) in _likely_first(self.cases, found):
            for edit in several:
                if self.left > 0 and self.puts_right(case, edit.tree, reading):
                    told = put_right(edit.told, case.conditions)
                    return Judgement(self.claim, edit.cause, told, case.conditions, reading, edit.tree)
        return None

    def double(self, found: list[tuple[Reading, list[Edit]]]) -> Judgement | None:
        """Two edits, one after the other."""
        made: list[tuple[Reading, list[tuple[Edit, Edit]]]] = []
        for reading, several in found[:2]:
            pairs = []
            for edit in several[:PAIRED]:
                around = surroundings(self.bench, replace(self.claim, right=edit.tree), reading)
                pairs += [(edit, other) for other in sorted(edits(around), key=lambda item: item.rank)[:PAIRED]]
            made.append((reading, sorted(pairs, key=_unlikely)))
        for case, (reading, pairs) in _likely_first(self.cases[:4], made):
            self.left = MOST_PAIRS
            for edit, other in pairs:
                if self.left > 0 and self.puts_right(case, other.tree, reading):
                    cause = edit.cause if edit.cause == other.cause else f"{edit.cause} and {other.cause}"
                    told = put_right(f"{edit.told}, and {other.told}", case.conditions)
                    return Judgement(self.claim, cause, told, case.conditions, reading, other.tree)
        return None


def _unlikely(pair: tuple[Edit, Edit]) -> float:
    """How unlikely two slips are together; two things left out are likelier than others."""
    omitted = all("missing" in edit.cause for edit in pair)
    return pair[0].rank + pair[1].rank - 2 * omitted


def _likely_first(cases: list[Case], found: list[Found]) -> list[tuple[Case, Found]]:
    """Every case with every reading; the first of both first."""
    places = [(i + j, i, j) for i in range(len(cases)) for j in range(len(found))]
    return [(cases[i], found[j]) for _, i, j in sorted(places)]


def _same(name: Name, wanted: Name, d: bool) -> bool:
    """Whether two names are of the same value, whatever the indices."""
    if name.base.lower() != wanted.base.lower() or (name.d or name.base == "delta") != d:
        return False
    return (name.suffix or name.bracket or name.raised) == (wanted.suffix or wanted.bracket or wanted.raised)


def mended(bench: Bench, claim: Claim, choices: Sequence[Reading]) -> Judgement | None:
    """The likeliest edit, or pair of edits, that puts the line right."""
    if circular(claim):
        return Judgement(claim, "circular", "the left side stands on the right side too, so that the line says nothing", reading=choices[0])
    found = [(reading, sorted(edits(surroundings(bench, claim, reading)), key=lambda edit: edit.rank)) for reading in choices]
    cases = list(narrowed(bench, claim))
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

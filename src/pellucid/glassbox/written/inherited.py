"""What later lines inherit from earlier ones: a slip in dz2 shows in dW2, which is then a consequence and no mistake of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pellucid.glassbox.written.bench import OTHER, Bench
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.left import left_quantity
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import NoValue, Reading, value_names
from pellucid.glassbox.written.readings import Claim, layer_letters, readings
from pellucid.glassbox.written.trial import attempt
from pellucid.glassbox.written.worlds import World, companion


@dataclass(frozen=True)
class Own:
    """A quantity as an earlier line has it."""

    key: str
    claim: Claim
    reading: Reading
    line: int
    keeps_mean: bool
    """whether it is right but for 1/m, which is kept in it"""


@dataclass
class Inherited:
    """The quantities that earlier lines have otherwise than the network."""

    found: dict[str, Own] = field(default_factory=dict)

    def judge(self, bench: Bench, claim: Claim, line: int, judged: Callable[[Bench, Claim], Judgement]) -> Judgement:
        """A claim, judged with what was inherited."""
        used = self.used(bench, claim)
        if used and (kept := self._given(bench, claim, used)):
            lines = ", ".join(str(own.line) for own in used)
            undone = any(not own.keeps_mean for own in used)
            told = f"what is wrong in line {lines} is undone here" if undone else f"it is right with what line {lines} says"
            return self.note(bench, Judgement(claim, "right", told, reading=kept, holds=True), line)
        result = judged(bench, claim)
        if used and result.verdict.startswith("right"):
            result = self._consequence(result, used)
        return self.note(bench, result, line)

    def _consequence(self, result: Judgement, used: list[Own]) -> Judgement:
        keeping = [own for own in used if own.keeps_mean]
        wrong = [own for own in used if not own.keeps_mean]
        if wrong:
            lines = ", ".join(f"{own.key} of line {own.line}" for own in wrong)
            return replace(result, verdict="consequence", told=f"right in itself, but it uses {lines}, which is wrong", holds=False)
        own = keeping[0]
        if result.verdict == "right" and _divides(result.claim):
            told = f"1/m stands in {own.key} of line {own.line} already"
            return replace(result, verdict="extra 1/m", told=told, holds=False)
        return replace(
            result,
            told=f"{own.key} of line {own.line} holds 1/m, and so does this",
            verdict=f"right only {OTHER}",
            conditions=(OTHER,),
            keeps_mean=True,
        )

    def used(self, bench: Bench, claim: Claim) -> list[Own]:
        """What was inherited and stands on the right side."""
        keys = set()
        for reading in readings(claim, bench.depth)[:4]:
            meaning = Meaning(bench.own, reading, dict.fromkeys(layer_letters(claim), 1))
            for name in value_names(claim.right):
                try:
                    keys.add(meaning.quantity(name).key)
                except NoValue:
                    continue
        return [own for key, own in self.found.items() if key in keys]

    def _given(self, bench: Bench, claim: Claim, used: list[Own]) -> Reading | None:
        """The reading under which a claim is right with the inherited values."""
        worlds = [companion(bench.setting(claim), seed) for seed in (0, 1)]
        values = [self.values(world) for world in worlds]
        if any(own.key not in found for own in used for found in values):
            return None
        for reading in readings(claim, bench.depth):
            if all(attempt(world, reading, claim, found).right for world, found in zip(worlds, values, strict=True)):
                return reading
        return None

    def values(self, world: World) -> dict[str, Any]:
        """The inherited quantities in a world."""
        values: dict[str, Any] = {}
        for own in self.found.values():
            changed = replace(world, values={**world.values, **values}, kept={})
            try:
                values[own.key] = Meaning(changed, own.reading).array(own.claim.right)
            except NoValue:
                continue
        return values

    def note(self, bench: Bench, result: Judgement, line: int) -> Judgement:
        """Remember a line that has something otherwise."""
        keeps = result.keeps_mean
        if result.right and not keeps:
            return result
        quantity = left_quantity(bench, result.claim, result.reading)
        if quantity is not None and not quantity.index and result.reading is not None and not layer_letters(result.claim):
            self.found[quantity.key] = Own(quantity.key, result.claim, result.reading, line, keeps)
        return result


def _divides(claim: Claim) -> bool:
    return any(name.base in ("m", "N") for name in value_names(claim.right))

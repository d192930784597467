"""The search for the story that explains all claimed arrays with the fewest and likeliest mistakes.

It walks through the quantities in backward order with a few stories at a time. Where a quantity was not handed in, a story parts into
the right line and every variation of it; where it was handed in, each story must account for it, and what accounts for it worst is
dropped. So a mistake in dz_2 that was not handed in shows by what it does to dW_2, db_2, dW_1 ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Symbol
from pellucid.glassbox.review.chain import updated_direction
from pellucid.glassbox.review.claims import Claim
from pellucid.glassbox.review.explain import by_the_right_line, by_variations, of_chain
from pellucid.glassbox.review.factors import Factor, factors
from pellucid.glassbox.review.fitting import TOGETHER
from pellucid.glassbox.review.hypotheses import right_variation, variations
from pellucid.glassbox.review.lines import scaled, symbol
from pellucid.glassbox.review.passes import Pass, parts
from pellucid.glassbox.review.rounding import Tolerance
from pellucid.glassbox.review.stories import (
    CONSEQUENCE,
    HERE,
    IN_SPITE,
    RIGHT,
    UNKNOWN,
    UNRECOGNISED,
    Fault,
    Finding,
    Option,
    Story,
    Way,
    together,
)
from pellucid.glassbox.review.sums import MADE_HERE, worked_back
from pellucid.glassbox.review.variation import Variation, same

HIDDEN = 0.005
"""what a factor of an array that was not handed in costs more than one of an array that was"""
BEAM = 40
"""so many stories are followed once they had to account for something"""
BEHIND = 1.1
"""so much dearer than the best one may be that is followed"""
MOST = 400
"""so many for each mistake where nothing was handed in that could tell them apart"""
CLOSELY = 120
"""so many of the cheapest are looked at for mistakes in a sum as well"""
DOUBT = Option(("unrecognised",), None)


@dataclass(frozen=True, eq=False)
class Search:
    """What is searched: a pass, the claims, what is granted to rounding, and how many different mistakes may hide in the chain."""

    p: Pass
    claims: Mapping[str, Claim]
    tolerances: Mapping[str, Tolerance]
    mistakes: int

    def stories(self) -> list[Story]:
        """Those that account for the claims, cheapest first."""
        stories = [Story()]
        last = [name for name in self.p.names() if name in self.claims][-1]
        for name in self.p.names():
            if parts(name)[0] in ("da", "dz"):
                stories = self._kept([other for story in stories for other in self._along(story, name)], name)
            elif name in self.claims:
                stories = self._kept(list(self._sums(stories, name)), name)
                stories = self._kept([*stories, *self._worked_back(stories[0], parts(name)[1])], name)
            if name == last:
                break
        return stories

    def _kept(self, stories: list[Story], name: str) -> list[Story]:
        stories = sorted(stories, key=lambda story: story.cost)
        if name not in self.claims:
            return stories[: MOST * self.mistakes]
        limit = stories[0].cost + BEHIND
        return [story for story in stories[:BEAM] if story.cost <= limit]

    # Along the chain

    def _along(self, story: Story, name: str) -> Iterator[Story]:
        if name in self.claims:
            yield from self._account(story, name)
            return
        for group, step in self._branches(story, name):
            after = replace(story, value=group[0].value, step=step)
            if group[0].causes:
                options = tuple(Option(variation.causes, variation.tree, variation.note) for variation in group)
                price = min(story.price(option.causes) for option in options)
                after = after.with_fault(Fault(name, options, claimed=False), price)
            yield after

    def _branches(self, story: Story, name: str) -> Iterator[tuple[list[Variation], Array | None]]:
        """What may be computed here: variations of the same value together, and the step that an updated W leaves open."""
        p, (kind, layer) = self.p, parts(name)
        right = right_variation(p, name, story.value)
        if story.step is not None:  # one thing at a time: until the learning rate is found, all else is right
            yield [right], p.through(layer, story.step) if kind == "dz" else p.before(layer + 1, story.step)
            return
        yield [right], None
        left = self.mistakes - story.chain_causes
        groups: list[list[Variation]] = []
        for variation in variations(p, name, story.value):
            if story.new(variation.causes) <= left:
                group = next((group for group in groups if same(group[0].value, variation.value)), None)
                if group is None:
                    groups.append([variation])
                else:
                    group.append(variation)
        for group in groups:
            least = min(story.price(variation.causes) for variation in group)
            yield [variation for variation in group if story.price(variation.causes) <= least + TOGETHER], None
        if kind == "da" and layer < p.depth and story.value is not None and story.new(("updated W used",)) <= left:
            yield from self._updated(story, name, layer, right)

    def _updated(self, story: Story, name: str, layer: int, right: Variation) -> Iterator[tuple[list[Variation], Array | None]]:
        direction = updated_direction(self.p, layer, _given(story.value), self._dW(story, layer + 1))
        if direction.any():
            W, dW, dz = (symbol(kind, layer + 1) for kind in ("W", "dW", "dz"))
            value = right.value if story.alpha is None else right.value - story.alpha * direction
            yield (
                [Variation(name, ("updated W used",), (W - Symbol("alpha") * dW).T @ dz, value)],
                direction if story.alpha is None else None,
            )

    def _dW(self, story: Story, layer: int) -> Array:
        """dW_l as the story has it: as handed in, or as it follows."""
        claim = self.claims.get(f"dW{layer}")
        if claim is not None and claim.value.shape == self.p.shape(f"dW{layer}"):
            return claim.value
        ridge = self.p.ridge(layer)
        return self.p.weight_part(layer, _given(story.value)) + (0 if ridge is None else ridge)

    def _account(self, story: Story, name: str) -> Iterator[Story]:
        """The stories after da_l or dz_l that was handed in: from now on its value is known."""
        p, claim, tolerance = self.p, self.claims[name], self.tolerances[name]
        right = p.values[name]
        if tolerance.is_right(claim.value, right):
            follows = tolerance.is_right(right_variation(p, name, story.value).value, right)
            after = replace(story, value=right, step=None, faults=())
            yield after.found(Finding(name, RIGHT), 0 if follows else IN_SPITE)
            return
        ways = [
            way
            for group, step in self._branches(story, name)
            for variation in group
            for way in of_chain(p, story, claim, tolerance, variation, step)
        ]
        if ways:
            ways = together(ways)
            options, price = tuple(way.option for way in ways), ways[0].price
            value, alpha = _given(ways[0].value), next((way.alpha for way in ways if way.alpha is not None), story.alpha)
        else:
            options, price, alpha = (DOUBT,), UNRECOGNISED, story.alpha
            value = claim.value if claim.value.shape == right.shape else claim.value.T
        if not options[0].causes:
            finding, faults = Finding(name, CONSEQUENCE, faults=story.faults), story.faults
        else:
            finding = Finding(name, HERE if ways else UNKNOWN, options, story.faults)
            faults = (*story.faults, Fault(name, options, claimed=True))
        after = replace(story, step=None, alpha=alpha).found(finding, price)
        if all(option.causes == ("transposed",) for option in options):
            faults = story.faults  # the next lines use it the right way round
        yield replace(after, value=value, faults=faults)
        yield replace(after, value=right, faults=(), cost=after.cost + IN_SPITE)

    def _worked_back(self, story: Story, layer: int) -> Iterator[Story]:
        """Where dW_l and db_l are beyond recognition, they may follow from a dz_l that is; few samples let it be worked back."""
        place = f"dz{layer}"
        names = [name for name in (f"dW{layer}", f"db{layer}") if name in self.claims]
        known, own = story.findings[: -len(names)], story.findings[-len(names) :]
        if place in self.claims or [finding.name for finding in own] != names or any(finding.status != UNKNOWN for finding in own):
            return
        dz = worked_back(self.p, layer, self.claims, self.tolerances)
        if dz is not None:
            fault = Fault(place, (DOUBT,), claimed=False)
            faults = (*story.faults, fault)
            found = tuple(Finding(name, CONSEQUENCE, faults=faults) for name in names)
            cost = story.cost - (len(names) - 1) * UNRECOGNISED + HIDDEN
            yield replace(story, value=dz, cost=cost, faults=faults, findings=(*known, *found))

    # Sums over samples

    def _sums(self, stories: list[Story], name: str) -> Iterator[Story]:
        """The stories after dW_l or db_l that was handed in; they change the chain only where something of it was open."""
        claim, tolerance = self.claims[name], self.tolerances[name]
        is_right = tolerance.is_right(claim.value, self.p.values[name])
        found = [by_the_right_line(self.p, story, claim, tolerance) for story in stories]
        limit = min(
            story.cost + (min((way.price for way in ways), default=IN_SPITE if is_right else UNRECOGNISED))
            for story, ways in zip(stories, found, strict=True)
        )
        for index, (story, ways) in enumerate(zip(stories, found, strict=True)):
            least = min((way.price for way in ways), default=UNRECOGNISED)
            if is_right:
                yield story.found(Finding(name, RIGHT), 0 if least == 0 else IN_SPITE)
                continue
            budget = min(least, limit - story.cost)
            cheapest = 0.0 if story.made & MADE_HERE else 1.0
            if index < CLOSELY and least > 0.5 and story.step is None and cheapest <= budget + TOGETHER:
                ways = [*ways, *by_variations(self.p, story, claim, tolerance, budget)]
            yield from self._after(story, name, ways)

    def _after(self, story: Story, name: str, ways: list[Way]) -> Iterator[Story]:
        if not ways:
            yield story.found(Finding(name, UNKNOWN, (DOUBT,), story.faults), UNRECOGNISED)
            return
        every, ways = ways, together(ways)
        alpha = next((way.alpha for way in ways if way.alpha is not None), None)
        if alpha is not None and story.step is not None:
            story = replace(story, value=_given(story.value) - alpha * story.step, step=None, alpha=alpha)
        if not ways[0].option.causes:
            yield story.found(Finding(name, CONSEQUENCE, faults=story.faults), ways[0].price)
            return
        yield story.found(Finding(name, HERE, tuple(way.option for way in ways), story.faults), ways[0].price)
        for way in every:
            yield from self._factor_before(story, name, way.factor)

    def _factor_before(self, story: Story, name: str, found: Factor | None) -> Iterator[Story]:
        """A factor of the sum may be one of dz_l, where that was not handed in."""
        place = f"dz{parts(name)[1]}"
        if found is None or not found.causes or place in self.claims:
            return
        causes = found.causes
        factor = found if not found.kinds else next((factor for factor in factors(self.p, place) if factor.causes == causes), None)
        if factor is None:
            return
        tree = scaled(right_variation(self.p, place, None).tree, factor.number, factor.samples, factor.outputs, self.p)
        fault = Fault(place, (Option(causes, tree),), claimed=False)
        price = story.price(causes) if story.new(causes) < len(causes) else factor.cost
        after = replace(story.with_fault(fault, price + HIDDEN), value=_given(story.value) * factor.value)
        yield after.found(Finding(name, CONSEQUENCE, faults=after.faults))


def _given(value: Array | None) -> Array:
    assert value is not None
    return value

"""From the best stories to the verdicts that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from pellucid.glassbox.review.causes import cause
from pellucid.glassbox.review.claims import Claim
from pellucid.glassbox.review.fitting import TOGETHER
from pellucid.glassbox.review.lines import right_line, written
from pellucid.glassbox.review.passes import Pass, parts
from pellucid.glassbox.review.report import CORRECT, FLOAT32, OTHER_CONVENTION, UNRECOGNISED, GradientReview, Verdict
from pellucid.glassbox.review.rounding import LINE, Tolerance, deviation
from pellucid.glassbox.review.stories import RIGHT, UNKNOWN, Finding, Option, Story

MEAN_IN_DZ = "mean kept in dz"


@dataclass(frozen=True)
class Told:
    """What one story says of one claimed array."""

    status: str
    options: tuple[tuple[str, Option], ...] = ()
    """alternatives, each with the place where the mistake is"""
    also: tuple[tuple[str, Option], ...] = ()
    """mistakes that come on top of each alternative, first to be seen here"""
    root: str = ""
    """what it is a consequence of"""


@dataclass(eq=False)
class Teller:
    """Reads the verdicts off the stories."""

    p: Pass
    claims: Mapping[str, Claim]
    exact: Mapping[str, Tolerance]
    convention: str
    best: tuple[Pass, Story]
    near: Sequence[tuple[Pass, Story]] = field(default_factory=list)

    def review(self) -> GradientReview:
        """All of them, as a report."""
        stories = [self.best, *self.near]
        told = [self._told(story) for _, story in stories]
        result = {}
        for index, finding in enumerate(self.best[1].findings):
            others = [(turned, other[index]) for (turned, _), other in zip(stories[1:], told[1:], strict=True)]
            result[finding.name] = self._verdict(finding, told[0][index], others)
        return GradientReview(result, self.convention, tuple(self._notes(result)))

    def _told(self, story: Story) -> list[Told]:
        seen: set[int] = set()
        found = []
        for finding in story.findings:
            new = [fault for fault in finding.faults if not fault.claimed and id(fault) not in seen]
            seen |= {id(fault) for fault in new}
            root = finding.faults[0].place if finding.faults else ""
            own = tuple((finding.name, option) for option in finding.options)
            if new and not own:
                first, *new = new
                own = tuple((first.place, option) for option in first.options)
            also = tuple((fault.place, fault.options[0]) for fault in new)
            found.append(Told(finding.status, own, also, root))
        return found

    def _verdict(self, finding: Finding, told: Told, others: list[tuple[Pass, Told]]) -> Verdict:
        name = finding.name
        if self._correct(name):
            off = self._off(name)[0]
            return self._made(name, CORRECT, "" if off <= LINE else f"it differs by {off:.0e}, which is rounding at this precision")
        if finding.status == RIGHT:
            return self._conventional(name, others) if self.best[0] is not self.p else self._of_float32(name)
        if finding.status == UNKNOWN:
            return self._unrecognised(finding)
        if not told.options:
            if not told.root:
                return self._of_float32(name)
            explanation = f"it follows exactly from {self._spoken(told.root)}: put that right, and this is right"
            return self._made(name, f"consequence of {told.root}", explanation, where=told.root)
        return self._own(finding, told, others)

    def _own(self, finding: Finding, told: Told, others: list[tuple[Pass, Told]]) -> Verdict:
        name = finding.name
        alternatives: list[tuple[str, Option]] = []
        known: set[frozenset[str]] = set()
        for one in (told, *(other for _, other in others if other.status != UNKNOWN)):
            for place, option in one.options:
                if frozenset(option.causes) not in known:
                    known.add(frozenset(option.causes))
                    alternatives.append((place, option))
        place, first = alternatives[0]
        more = tuple(name for _, option in told.also for name in option.causes)
        causes = tuple(option.causes + more for _, option in alternatives)
        sentences = ["; or ".join(self._explained(option) for _, option in alternatives)]
        if place != name:
            sentences[0] = f"in {place}, which was not handed in: {sentences[0]}"
        sentences += [f"besides, in {other}: {self._explained(option)}" for other, option in told.also]
        if len(alternatives) > 1:
            sentences.append("these numbers cannot tell which")
        sentences += self._reminder(place, causes)
        if place == name and told.root and told.root not in (other for other, _ in told.also):
            sentences.append(f"apart from that it follows from {self._spoken(told.root)}")
        text = " or ".join(dict.fromkeys(" and ".join(dict.fromkeys(names)) for names in causes))
        return self._made(name, text, "; ".join(sentences), place, causes, first)

    def _reminder(self, place: str, causes: tuple[tuple[str, ...], ...]) -> Iterator[str]:
        """What f' or C' is, where it was missed."""
        kind, layer = parts(place)
        said = " ".join(name for names in causes for name in names)
        architecture = self.p.architecture
        if kind == "da" and layer == self.p.depth:
            over = ", over n" if architecture.loss.averages else ""
            yield f"for {architecture.loss.spec}, C' is {architecture.loss.derivative_formula}{over}"
        elif kind == "dz" and any(word in said for word in ("derivative", "ReLU mask", "Jacobian")):
            yield f"for {self.p.rule(layer).spec}, f' is {self.p.rule(layer).derivative_formula}"

    def _explained(self, option: Option) -> str:
        told = "; ".join(cause(name).explanation for name in option.causes)
        alpha = self.best[1].alpha
        rate = f"with a learning rate of {alpha:.4g}" if "updated W used" in option.causes and alpha is not None else ""
        notes = ", ".join(note for note in (option.note, rate) if note)
        return f"{told} ({notes})" if notes else told

    def _conventional(self, name: str, others: list[tuple[Pass, Told]]) -> Verdict:
        turned = self.best[0]
        if turned.mean_in != "dW":
            explanation = f"it is right where {cause(MEAN_IN_DZ).explanation}"
            causes: list[tuple[str, ...]] = [(MEAN_IN_DZ,)]
            causes += [option.causes for _, told in others for _, option in told.options if told.status != UNKNOWN]
            if len(causes) > 1:
                explanation += "; if dW is divided again, it is an extra 1/m: hand in dW, too, to tell"
            return self._made(name, OTHER_CONVENTION, explanation, causes=tuple(dict.fromkeys(causes)))
        side = {"left": "from the left", "least": "that is smaller in size", "middle": "in the middle of both sides"}
        side |= {"below": "from below", "above": "from above"}
        kink = f"some unit lies exactly on a kink, where the derivative {side[turned.kinks]} was taken; here it is the one from the right"
        return self._made(name, OTHER_CONVENTION, f"{kink}; both are in use" if turned.kinks in side else kink)

    def _of_float32(self, name: str) -> Verdict:
        return self._made(name, FLOAT32, f"{cause(FLOAT32).explanation}: hand in float32 arrays as such", causes=((FLOAT32,),))

    def _unrecognised(self, finding: Finding) -> Verdict:
        name = finding.name
        off, at, claimed, right = self._off(name)
        explanation = cause(UNRECOGNISED).explanation
        if np.isfinite(off):
            explanation += f"; it is furthest off at index {at}: {claimed:.6g} instead of {right:.6g}"
        else:
            explanation += f"; its shape is {self.claims[name].shape}"
        if not any(other[:2] == "dz" for other in self.claims):
            explanation += "; hand in dz and da, too, to narrow it down"
        return self._made(name, UNRECOGNISED, explanation, causes=((UNRECOGNISED,),))

    def _made(
        self,
        name: str,
        verdict: str,
        explanation: str,
        where: str = "",
        causes: tuple[tuple[str, ...], ...] = (),
        option: Option | None = None,
    ) -> Verdict:
        off, at, claimed, right = self._off(name)
        of = where if option is not None and where else name
        equation = written(of, right_line(self.p, of), self.convention)
        theirs = ("", "") if option is None or option.tree is None else written(of, option.tree, self.convention)
        return Verdict(
            name=name,
            verdict=verdict,
            explanation=explanation[:1].upper() + explanation[1:],
            residual=off,
            where=where or name,
            causes=causes,
            right_equation=equation[0],
            their_equation=theirs[0],
            right_latex=equation[1],
            their_latex=theirs[1],
            worst=at,
            claimed=claimed,
            right=right,
        )

    def _correct(self, name: str) -> bool:
        return self.exact[name].is_right(self.claims[name].value, self.p.values[name])

    def _off(self, name: str) -> tuple[float, tuple[int, ...], float, float]:
        """The largest difference, relative to the largest entry of the right array; where; what stands there, and should."""
        claim, right = self.claims[name], self.p.values[name]
        if claim.value.shape != right.shape:
            if claim.value.T.shape != right.shape:
                return float("inf"), (), float("nan"), float("nan")
            right = right.T
        off = deviation(claim.value, right)
        at = np.unravel_index(int(off.argmax()), off.shape)
        size = float(np.abs(right[np.isfinite(right)]).max(initial=0.0))
        relative = float(off[at] / size) if size else float("inf" if off[at] else 0.0)
        return relative, claim.place(tuple(int(i) for i in at)), float(claim.value[at]), float(right[at])

    def _spoken(self, name: str) -> str:
        return f"{name} as it was handed in" if name in self.claims else f"what is wrong in {name}"

    def _notes(self, result: Mapping[str, Verdict]) -> Iterator[str]:
        wrong = [verdict for verdict in result.values() if not verdict.ok]
        if len(wrong) > 1 and all(verdict.verdict == "transposed" for verdict in wrong):
            right = [verdict for verdict in result.values() if verdict.ok]
            if all(self._symmetric(verdict.name) for verdict in right):
                other = "rows" if self.convention == "columns" else "columns"
                yield f"Every array is laid out as in the {other} convention and right in it: pass convention={other!r}."

    def _symmetric(self, name: str) -> bool:
        """Whether it is right either way round."""
        claim = self.claims[name]
        return claim.flat or self.exact[name].is_right(claim.value.T, self.p.values[name])


def tell(
    p: Pass, claims: Mapping[str, Claim], found: list[tuple[Pass, Story]], exact: Mapping[str, Tolerance], convention: str
) -> GradientReview:
    """The review that the stories, cheapest first, add up to."""
    near = [(turned, story) for turned, story in found[1:] if story.cost <= found[0][1].cost + TOGETHER]
    return Teller(p, claims, exact, convention, found[0], near).review()

"""One claim about a network, judged: whether it is right, and when, or what is wrong with it."""

from __future__ import annotations

from pellucid.glassbox.written.bench import Bench, right_in
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.readings import Claim, readings
from pellucid.glassbox.written.right import right
from pellucid.glassbox.written.wrong import wrong


def judge(bench: Bench, claim: Claim) -> Judgement:
    """The judgement of a claim.

    Raises:
        NoValue: a name stands for nothing, so that there is nothing to compare.

    """
    choices = readings(claim, bench.depth)
    for case in bench.cases(claim):
        found = right_in(case.setting, claim, choices)
        if found is not None:
            return right(bench, claim, case, *found)
    return wrong(bench, claim, choices)

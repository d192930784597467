"""One claim about a network, judged: whether it is right, and when, or what is wrong with it."""

from __future__ import annotations

from pellucid.glassbox.written.bench import ELEMENTWISE, ONE_SAMPLE, Bench, right_in
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.readings import Claim, readings
from pellucid.glassbox.written.right import right, speaks_of_error
from pellucid.glassbox.written.wrong import forgotten, wrong


def judge(bench: Bench, claim: Claim) -> Judgement:
    """The judgement of a claim.

    Raises:
        NoValue: a name stands for nothing, so that there is nothing to compare.

    """
    choices = readings(claim, bench.depth)
    for case in bench.cases(claim):
        found = right_in(case.setting, claim, choices)
        if found is None:
            continue
        if ELEMENTWISE in case.conditions and speaks_of_error(case.setting, claim, found[0]):
            continue  # the output is another one there, with which y_hat - y is exact
        if ONE_SAMPLE in case.conditions and (cause := forgotten(bench, claim, choices)) is not None:
            return cause
        return right(bench, claim, case, *found)
    return wrong(bench, claim, choices)

"""The verdict: what is wrong, causes before what follows from them."""

from __future__ import annotations

from collections.abc import Iterable

from pellucid.glassbox.health import flow, units
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.finding import LEARNED, Finding
from pellucid.glassbox.health.measures import Measured


def judge(case: Case, measured: Measured) -> tuple[Finding, ...]:
    """What is wrong with a network, on what was measured of it; nothing where it has learned the data already.

    A cause that explains all the rest (numbers that overflow, units that are all alike) stands alone; vanishing is not told where dead
    or saturated units bring it about; a step too large, not where gradients explode.
    """
    if broken := tuple(flow.not_finite(case, measured)):
        return broken
    if measured.error_is_zero or measured.unexplained <= LEARNED:
        return ()
    if same := tuple(units.alike(case)):
        return same
    layers = measured.layers
    causes = (*units.dead(case, layers), *units.saturated(case, layers), *units.saturated_output(case, layers))
    flowing = (*flow.vanishing(case, layers, causes), *flow.exploding(case, layers))
    return (*causes, *flowing, *(() if flowing else flow.large_step(case, layers)))


def words(findings: Iterable[Finding], index: int) -> str:
    """The verdict on one layer.

    >>> words((), 1)
    'healthy'
    """
    return ", ".join(finding.kind for finding in findings if index in finding.layers) or "healthy"

"""What is said of one claim."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pellucid.expressions.nodes import Expression
from pellucid.glassbox.written.names import Reading
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.trial import Outcome


@dataclass(frozen=True)
class Judgement:
    """What is said of one claim."""

    claim: Claim
    verdict: str
    told: str = ""
    """in a sentence"""
    conditions: tuple[str, ...] = ()
    """what has to be so for it to be right"""
    reading: Reading | None = None
    mended: Expression | None = None
    """the right side, put right"""
    off: float | None = None
    """how far off, relative to the largest entry, on the user's data"""
    notes: tuple[str, ...] = ()
    holds: bool = False
    """whether it is right for the network, the data and the convention as they are"""
    keeps_mean: bool = False
    """whether it is right but for 1/m, which is kept in it"""

    @property
    def right(self) -> bool:
        """Whether nothing is wrong with it, perhaps under a condition."""
        return self.verdict.startswith("right") or self.verdict in ("definition", "consequence")


def off(outcome: Outcome) -> float | None:
    """How far a right side is off, relative to the largest entry."""
    if outcome.found is None or outcome.truth is None or outcome.found.shape != outcome.truth.shape:
        return None
    scale = float(np.abs(outcome.truth).max(initial=0.0))
    off = float(np.abs(outcome.found - outcome.truth).max(initial=0.0))
    return off / scale if scale and np.isfinite(off) else None

"""Stories: what was computed up to some place of backward propagation, by which mistakes, and how likely that is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Expression
from pellucid.glassbox.review.causes import AGAIN, CAUSES, cause
from pellucid.glassbox.review.factors import Factor
from pellucid.glassbox.review.fitting import TOGETHER

UNRECOGNISED = CAUSES["unrecognised"].cost
IN_SPITE = 0.6
"""the cost of a right value after a wrong one: what was handed in was not what was used"""

RIGHT, CONSEQUENCE, HERE, UNKNOWN = "right", "consequence", "here", "unknown"


@dataclass(frozen=True, eq=False)
class Option:
    """One explanation of one array: the causes, and what seems to have been computed."""

    causes: tuple[str, ...]
    tree: Expression | None
    """None where it is not known"""
    note: str = ""


@dataclass(frozen=True, eq=False)
class Fault:
    """A mistake along the chain, and where; several options where the numbers are the same."""

    place: str
    options: tuple[Option, ...]
    claimed: bool
    """whether the array was handed in"""


@dataclass(frozen=True, eq=False)
class Finding:
    """How a story accounts for one claimed array."""

    name: str
    status: str
    """right, a consequence of faults before it, here (a mistake of its own), or unknown"""
    options: tuple[Option, ...] = ()
    faults: tuple[Fault, ...] = ()
    """the mistakes before it that it shows"""


@dataclass(frozen=True, eq=False)
class Story:
    """What was computed up to some place, by which mistakes."""

    value: Array | None = None
    """of da_l or dz_l; None before the first"""
    cost: float = 0.0
    faults: tuple[Fault, ...] = ()
    """those that the value shows"""
    findings: tuple[Finding, ...] = ()
    made: frozenset[str] = frozenset()
    """the causes so far: the same mistake again costs little"""
    chain_causes: int = 0
    """how many different ones there are in arrays that were not handed in"""
    step: Array | None = None
    """what the value loses for each unit of a learning rate that is not known yet, where an updated W was used"""
    alpha: float | None = None
    """that learning rate"""

    def price(self, causes: tuple[str, ...]) -> float:
        """What these causes cost in this story."""
        return sum(AGAIN if name in self.made else cause(name).cost for name in causes)

    def new(self, causes: tuple[str, ...]) -> int:
        """How many of them it does not have yet."""
        return len(set(causes) - self.made)

    def found(self, finding: Finding, cost: float = 0.0) -> Story:
        """The story with a claimed array accounted for."""
        made = self.made | {name for option in finding.options for name in option.causes}
        return replace(self, findings=(*self.findings, finding), cost=self.cost + cost, made=made)

    def with_fault(self, fault: Fault, cost: float) -> Story:
        """The story with a mistake in an array that was not handed in."""
        return replace(
            self,
            cost=self.cost + cost,
            faults=(*self.faults, fault),
            made=self.made | {name for option in fault.options for name in option.causes},
            chain_causes=self.chain_causes + min(self.new(option.causes) for option in fault.options),
        )


@dataclass(frozen=True, eq=False)
class Way:
    """One way to an array from what was there before: a price, and what it is called."""

    price: float
    option: Option
    value: Array | None = None
    """the claimed array as it was used from then on"""
    alpha: float | None = None
    factor: Factor | None = None
    """what it was multiplied by, where it is nothing but that"""


def together(ways: list[Way]) -> list[Way]:
    """The cheapest ways, and those that cost hardly more."""
    least = min(way.price for way in ways)
    return sorted((way for way in ways if way.price <= least + TOGETHER), key=lambda way: way.price)

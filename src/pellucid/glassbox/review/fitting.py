"""Fitting: whether an array is a factor times a variation, plus a share of the L2 term, less the step of an updated W.

The factor and the share are found by least squares, replaced by the nearest ones that have a name, and held against every entry.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.glassbox.review.causes import cause
from pellucid.glassbox.review.factors import ONE, Factor, any_factor
from pellucid.glassbox.review.rounding import Tolerance

TOGETHER = 0.15
"""explanations that differ less in cost are told together"""
INDEPENDENT = 1e-5
"""how far from parallel two arrays must be to be told apart"""


@dataclass(frozen=True)
class Share:
    """How much of the L2 term is in it, and what that is called."""

    value: float
    causes: tuple[str, ...] = ()
    cost: float = 0.0


@dataclass(frozen=True)
class Fit:
    """factor * variation + share * L2 term - alpha * step."""

    factor: Factor = ONE
    share: Share | None = None
    whole: bool = False
    """whether the factor is on the L2 term, too"""
    alpha: float | None = None

    @property
    def causes(self) -> tuple[str, ...]:
        """The mistakes in it."""
        return self.factor.causes + (self.share.causes if self.share else ())

    @property
    def cost(self) -> float:
        """How unlikely they are."""
        return self.factor.cost + (self.share.cost if self.share else 0.0)


def weight_shares(total: float) -> tuple[Share, ...]:
    """The shares of the L2 term in dW, the right one first."""
    names = [
        (0.0, "L2 term missing"),
        (2.0, "L2 term doubled"),
        (0.5, "L2 term halved"),
        (-1.0, "L2 term with the wrong sign"),
        (total, "L2 term not divided by m"),
        (1 / total, "L2 term divided by m twice"),
    ]
    return Share(1.0), *(Share(value, (name,), cause(name).cost) for value, name in names if abs(value - 1) > 1e-9)


def bias_shares(total: float) -> tuple[Share, ...]:
    """The shares of an L2 term in db, where there should be none."""
    name = "L2 term applied to biases"
    first = Share(1.0, (name,), cause(name).cost)
    more = [(2.0, "L2 term doubled"), (0.5, "L2 term halved"), (-1.0, "L2 term with the wrong sign"), (total, "L2 term not divided by m")]
    return Share(0.0), first, *(Share(value, (name, other), 2.0) for value, other in more if abs(value - 1) > 1e-9)


def fits(
    target: Array,
    part: Array,
    tolerance: Tolerance,
    table: tuple[Factor, ...],
    ridge: Array | None = None,
    shares: tuple[Share, ...] = (),
    dear: float = 3.0,
) -> list[Fit]:
    """The cheapest ways in which the target is made of the part and the L2 term, cheapest first; nothing where there is none.

    Costs of more than ``dear`` are not looked for.
    """
    if ridge is None or ridge.shape != part.shape or not ridge.any():
        ridge, shares = None, ()
    right = part if ridge is None or not shares[0].value else part + shares[0].value * ridge
    if tolerance.matches(target, right):
        return [Fit(share=shares[0] if shares else None)]
    if not tolerance.spans(target, part, ridge):
        return []
    found = sorted(_named(target, part, tolerance, table, ridge, shares, dear), key=lambda fit: fit.cost)
    if not found and np.count_nonzero(part) >= 3:
        found = sorted(_unnamed(target, part, tolerance, table, ridge, shares), key=lambda fit: fit.cost)
    return [fit for fit in found if fit.cost <= min(found[0].cost + TOGETHER, dear)]


def _named(
    target: Array, part: Array, tolerance: Tolerance, table: tuple[Factor, ...], ridge: Array | None, shares: tuple[Share, ...], dear: float
) -> Iterator[Fit]:
    size = float(np.vdot(part, part))
    if not size:  # a layer that is dead: what there is, is the L2 term
        yield from (Fit(share=share) for share in shares if ridge is not None and tolerance.matches(target, share.value * ridge))
        return
    along = float(np.vdot(part, target)) / size
    if ridge is None:
        for factor in table:
            if abs(along - factor.value) <= 1e-3 * abs(along) and tolerance.matches(target, factor.value * part):
                yield Fit(factor)
        return
    tilt = float(np.vdot(part, ridge)) / size
    left = ridge - tilt * part
    apart = float(np.vdot(left, left))
    independent = apart > (INDEPENDENT * np.linalg.norm(ridge)) ** 2
    across = float(np.vdot(left, target)) / apart if independent else 0.0
    for factor in table:
        for share in shares:
            if factor.cost + share.cost > dear:
                continue
            for whole in (False, True) if factor.causes else (False,):
                amount = share.value * (factor.value if whole else 1.0)
                if independent and abs(across - amount) > 1e-3 * max(abs(across), abs(amount), 1e-3):
                    continue
                expected = factor.value + amount * tilt
                if abs(along - expected) <= 1e-3 * max(abs(along), abs(expected), 1e-6) and tolerance.matches(
                    target, factor.value * part + amount * ridge
                ):
                    yield Fit(factor, share, whole)


def _unnamed(
    target: Array, part: Array, tolerance: Tolerance, table: tuple[Factor, ...], ridge: Array | None, shares: tuple[Share, ...]
) -> Iterator[Fit]:
    """With a factor that is on no list, of the whole or of one of the two."""
    size = float(np.vdot(part, part))
    if not size:
        return
    right = shares[0] if shares else None
    for share in shares or (None,):
        rest = target if ridge is None or share is None else target - share.value * ridge
        factor = any_factor(float(np.vdot(part, rest)) / size)
        if tolerance.matches(rest, factor.value * part) and factor.value:
            yield Fit(factor, share)
    if ridge is None or right is None:
        return
    everything = part + right.value * ridge
    factor = any_factor(float(np.vdot(everything, target)) / max(float(np.vdot(everything, everything)), 1e-300))
    if tolerance.matches(target, factor.value * everything) and factor.value:
        yield Fit(factor, right, whole=True)
    for factor in table:
        rest = target - factor.value * part
        amount = float(np.vdot(ridge, rest) / np.vdot(ridge, ridge))
        if factor.cost <= 1.2 and tolerance.matches(target, factor.value * part + amount * ridge) and np.count_nonzero(ridge) >= 3:
            names = () if right.value else ("L2 term applied to biases",)
            yield Fit(factor, Share(amount, (*names, "L2 term with another factor"), len(names) + 1.5))


def step_fits(
    target: Array,
    part: Array,
    step: Array,
    tolerance: Tolerance,
    table: tuple[Factor, ...],
    ridge: Array | None = None,
    shares: tuple[Share, ...] = (),
    dear: float = 1.3,
) -> list[Fit]:
    """The same where W was updated with an unknown learning rate: factor * (part - alpha * step), plus a share of the L2 term."""
    if not part.any() or target.shape != part.shape:
        return []
    found: list[Fit] = []
    for share in (None,) if ridge is None else shares:
        rest = target if ridge is None or share is None else target - share.value * ridge
        more = 0.0 if share is None else share.cost
        if more <= dear:
            found += _steps(rest, part, step, tolerance, table, share, dear - more)
    found.sort(key=lambda fit: fit.cost)
    return [fit for fit in found if fit.cost <= found[0].cost + TOGETHER]


def _steps(
    rest: Array, part: Array, step: Array, tolerance: Tolerance, table: tuple[Factor, ...], share: Share | None, dear: float
) -> Iterator[Fit]:
    size = float(np.vdot(part, part))
    if not 0 < size < np.inf:
        return
    tilt = float(np.vdot(part, step)) / size
    left = step - tilt * part
    apart, along = float(np.vdot(left, left)), float(np.vdot(part, rest)) / size
    if apart > (INDEPENDENT * np.linalg.norm(step)) ** 2:
        across = -float(np.vdot(left, rest)) / apart
        whole = along + across * tilt
        for factor in table:
            if factor.cost <= dear and abs(whole - factor.value) <= 1e-3 * abs(factor.value):
                # least squares for alpha alone, now that the factor is known
                alpha = -float(np.vdot(step, rest / factor.value - part) / np.vdot(step, step))
                enough = _plausible(alpha, part, step) and (np.count_nonzero(step) >= 3 or _round_number(alpha))
                if enough and tolerance.matches(rest, factor.value * (part - alpha * step)):
                    yield Fit(factor, share, alpha=alpha)
    elif tilt:
        alpha = (1 - along) / tilt
        if _round_number(alpha) and _plausible(alpha, part, step) and tolerance.matches(rest, part - alpha * step):
            yield Fit(share=share, alpha=alpha)


def _plausible(alpha: float, part: Array, step: Array) -> bool:
    """A learning rate is positive, and what it moves can be seen."""
    return 0 < alpha < 100 and bool(alpha * np.abs(step).max() > 1e-9 * np.abs(part).max())


def _round_number(alpha: float) -> bool:
    return abs(alpha - float(f"{alpha:.1e}")) <= 1e-6 * abs(alpha)

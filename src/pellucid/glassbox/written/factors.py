"""A right side that is the right one times a number, a power of m, a power of the number of outputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pellucid.glassbox.written.bench import numbered
from pellucid.glassbox.written.names import Reading
from pellucid.glassbox.written.readings import Claim
from pellucid.glassbox.written.trial import Outcome, attempt
from pellucid.glassbox.written.worlds import Setting, companion

POWERS = (0, 1, -1, 2, -2)


def ratio(outcome: Outcome) -> float | None:
    """The one number by which found is truth times it; None where there is none."""
    found, truth = outcome.found, outcome.truth
    if found is None or truth is None or found.shape != truth.shape or not np.isfinite(found).all():
        return None
    square = float((truth * truth).sum())
    if not square:
        return None
    number = float((found * truth).sum()) / square
    return number if number and np.abs(found - number * truth).max() <= 1e-7 * abs(number) * np.abs(truth).max() else None


def scaled_by(setting: Setting, claim: Claim, reading: Reading, power: int) -> bool:
    """Whether the right side is m^power times the left one."""
    for m in (setting.m, setting.m + 2):
        number = ratio(attempt(companion(replace(setting, m=m)), reading, claim))
        if number is None or abs(number - float(m) ** power) > 1e-6 * float(m) ** power:
            return False
    return True


def factor(setting: Setting, claim: Claim, reading: Reading) -> tuple[str, str] | None:
    """The factor by which a claim is off, as a cause and in words; None where it is no such factor."""
    found: list[tuple[float, int, int]] = []
    sizes = setting.sizes if numbered(claim) or setting.sizes[-1] == 1 else (*setting.sizes[:-1], setting.sizes[-1] + 2)
    for other in (setting, replace(setting, m=setting.m if setting.m == 1 else setting.m + 2), replace(setting, sizes=sizes)):
        number = ratio(attempt(companion(other), reading, claim))
        if number is None:
            return None
        found.append((number, other.m, other.sizes[-1]))
    for samples in POWERS:
        for outputs in POWERS:
            numbers = [number / float(m) ** samples / float(n) ** outputs for number, m, n in found]
            if max(numbers) - min(numbers) < 1e-6 * abs(numbers[0]):
                return _named(numbers[0], samples if setting.m > 1 else 0, outputs if setting.sizes[-1] > 1 else 0)
    return None


def _named(number: float, samples: int, outputs: int) -> tuple[str, str] | None:
    causes, told = list[str](), list[str]()
    if number < 0:
        causes.append("wrong sign")
        told.append("the sign is wrong")
    size = abs(number)
    if abs(size - 1) > 1e-6:
        text = next((f"{a}/{b}" if b > 1 else f"{a}" for b in range(1, 13) for a in range(1, 13) if abs(size - a / b) < 1e-6), None)
        if text is None:
            return None
        causes.append(f"factor {text}")
        told.append(f"the factor {text} does not belong there")
    for power, letter in ((samples, "m"), (outputs, "n")):
        if power:
            shown = f"1/{letter}" + (f"^{abs(power)}" if abs(power) > 1 else "")
            why = ", the mean over the outputs," if letter == "n" else ""
            causes.append(f"{'missing' if power > 0 else 'extra'} {shown}")
            told.append(f"{shown}{why} is missing" if power > 0 else f"{shown} does not belong there")
    return (" and ".join(causes), " and ".join(told)) if causes else None

"""What a finding is, and from where on something counts as one.

The thresholds were set on real trainings (digits, wine, breast cancer, iris; one to twenty hidden layers):

- *vanishing* below a product of 1/1000, *exploding* above 1000. With gradient descent, networks of sigmoids, softmaxes, gelus and relus
  above 1/1000 learned the digits in 30 epochs, those below did not; trained networks that are fine lie between 0.1 and 20.
- *saturated* where three quarters of the pairs of sample and unit are on the flat part of an activation that is flat on both sides.
- *dead* where two thirds of the units of a layer are: on inputs that are all positive, half of the units of a good network are.
- a *large step* changes a W by more than its own size.

Where the network has learned the data already (less than a twentieth of the variance of y is left) there is nothing to cure: saturated
units are what learning leaves behind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pellucid.glassbox.health.measures import LayerHealth
from pellucid.glassbox.health.remedies import Remedy

VANISHING = 1e-3
EXPLODING = 1e3
SATURATED = 0.75
DEAD = 2 / 3
LARGE_STEP = 1.0
LEARNED = 0.05
LARGE_INPUTS = 3.0
"""the root mean square of X from which inputs count as not scaled"""
ENOUGH_ROWS = 20
"""fewer cannot tell a dead unit from one that these few happen not to excite"""
SMALL_SLOPE = 0.5
"""an activation whose derivative is never larger makes gradients vanish by itself, whatever the weights"""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong."""

    kind: str
    """not finite, alike, dead, saturated, saturated output, vanishing, exploding or large step"""
    layers: tuple[int, ...]
    """which layers it is seen in"""
    verdict: str
    """in one line"""
    reason: str
    """the numbers that say so"""
    remedy: Remedy


def names(layers: Iterable[LayerHealth]) -> str:
    """Their activations, each once."""
    return " and ".join(dict.fromkeys(layer.activation for layer in layers))


def places(indices: Sequence[int]) -> str:
    """Layers in words.

    >>> places([3]), places([1, 2, 3]), places([1, 3])
    ('layer 3', 'layers 1 to 3', 'layers 1 and 3')
    """
    if len(indices) == 1:
        return f"layer {indices[0]}"
    if len(indices) > 2 and list(indices) == list(range(indices[0], indices[-1] + 1)):
        return f"layers {indices[0]} to {indices[-1]}"
    return f"layers {', '.join(map(str, indices[:-1]))} and {indices[-1]}"


def between(shares: Iterable[float]) -> str:
    """The smallest and the largest as percentages.

    >>> between([0.75, 1.0]), between([0.8])
    ('75% to 100%', '80%')
    """
    listed = list(shares)
    low, high = f"{min(listed):.0%}", f"{max(listed):.0%}"
    return low if low == high else f"{low} to {high}"


def logarithm(factor: float) -> float:
    """The logarithm, of a factor that may be 0 or NaN (nothing came, and nothing was passed on)."""
    return math.log(factor) if factor > 1e-300 else math.log(1e-300)


def mean(factors: Iterable[float]) -> float:
    """The geometric mean; 0 where a factor is 0 or NaN.

    >>> mean([0.25, 4.0, 1.0]), mean([0.5, 0.0])
    (1.0, 0.0)
    """
    values = list(factors)
    return math.exp(sum(map(math.log, values)) / len(values)) if values and all(value > 0 for value in values) else 0.0

"""What the left side of a claim is, as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.reading.tree import Name
from pellucid.glassbox.written.bench import Bench
from pellucid.glassbox.written.meaning import Meaning
from pellucid.glassbox.written.names import VALUES, NoValue, Quantity, Reading
from pellucid.glassbox.written.readings import Claim, layer_letters


def left_quantity(bench: Bench, claim: Claim, reading: Reading | None) -> Quantity | None:
    """What the left side is, as a whole."""
    left = claim.left
    name = left.by if isinstance(left, nodes.Derivative) else left
    cost = not isinstance(left, nodes.Derivative) or (isinstance(left.of, Name) and VALUES.get(left.of.base) in ("J", "l"))
    if not isinstance(name, Name) or not cost:
        return None
    try:
        letters: Mapping[str, int] = dict.fromkeys(layer_letters(claim), 1)
        found = Meaning(bench.own, reading or Reading(), letters).quantity(name)
    except NoValue:
        return None
    return replace(found, d=found.d or isinstance(left, nodes.Derivative))

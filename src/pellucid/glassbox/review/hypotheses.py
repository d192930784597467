"""Hypotheses: each a variation of the right line of a quantity, with its cause, its equation, and what it comes to.

`variations` gives them all for a quantity, for whatever was computed before it. What is left to fitting (`fitting.py`), since it can
come with any of them: a factor, the transpose, the share of the L2 term, the step of an updated W.

>>> import numpy as np, pellucid as pl
>>> from pellucid.glassbox.review.passes import forward_pass
>>> net = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"])
>>> p = forward_pass(net.architecture, net.vector, np.eye(2), np.ones((2, 1)))
>>> first, *_ = variations(p, "dz1", p.values["da1"])
>>> first.causes, first.line("columns")
(('activation derivative missing',), 'dz^[1] = da^[1]')
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.glassbox.review import chain, sums
from pellucid.glassbox.review.lines import right_line
from pellucid.glassbox.review.passes import Pass, parts
from pellucid.glassbox.review.variation import Variation, same


def variations(p: Pass, name: str, upstream: Array | None = None, target: Array | None = None) -> Iterator[Variation]:
    """Every variation of the line of a quantity that can be computed at all and differs from the right one.

    Args:
        p: the pass.
        name: da_l, dz_l, dW_l, db_l or dX.
        upstream: what was computed for the quantity that the line starts from (da_l for dz_l, else dz_l); the right one if left out.
        target: what is to be explained; only for this some are narrowed down that would be one for each sample.

    """
    kind, layer = parts(name)
    if upstream is None:
        upstream = p.values.get(starts_from(p, name))
    right = right_value(p, name, upstream)
    found: Iterable[Variation]
    match kind:
        case "da":
            found = chain.of_output(p) if layer == p.depth else chain.of_da(p, layer, _given(upstream))
        case "dz":
            found = chain.of_dz(p, layer, _given(upstream))
        case "dW":
            found = sums.of_weights(p, layer, _given(upstream), target)
        case _:
            found = sums.of_biases(p, layer, _given(upstream), target)
    for variation in found:
        value = variation.value
        if np.isfinite(value).all() and not same(value, right):
            yield variation


def right_value(p: Pass, name: str, upstream: Array | None) -> Array:
    """What the right line gives, from what was computed before; for dW without the L2 term."""
    kind, layer = parts(name)
    if upstream is None:
        return _given(p.values[name])
    match kind:
        case "da":
            right = p.values.get(f"dz{layer + 1}")
            return _given(p.values[name] if upstream is right else p.before(layer + 1, upstream))
        case "dz":
            return p.through(layer, upstream)
        case "dW":
            return p.weight_part(layer, upstream)
    return p.bias_part(layer, upstream)


def right_variation(p: Pass, name: str, upstream: Array | None) -> Variation:
    """The right line (of dW without the L2 term), as a variation without causes."""
    return Variation(name, (), right_line(p, name, l2=False), right_value(p, name, upstream))


def starts_from(p: Pass, name: str) -> str:
    """The quantity that a line starts from; nothing for da_L."""
    kind, layer = parts(name)
    if kind == "da":
        return f"dz{layer + 1}" if layer < p.depth else ""
    return f"da{layer}" if kind == "dz" else f"dz{layer}"


def _given(value: Array | None) -> Array:
    assert value is not None
    return value

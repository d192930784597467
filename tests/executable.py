"""What the tests of derivations share: how far a step's equation is from the value beside it."""

from __future__ import annotations

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate


def largest(derivation, step):
    """The largest entry of the array that a step is about: of all of dW1, for the equation of dw_32."""
    of = step.left.sides[-1] if isinstance(step.left, nodes.Equation) else step.left
    known = [np.asarray(step.value)]
    if isinstance(of, nodes.Symbol) and of.key in derivation.values:
        known.append(np.asarray(derivation.values[of.key]))
    sizes = [np.abs(array[np.isfinite(array)]).max(initial=0.0) for array in known]
    return max(sizes)


def off(found, value, scale):
    """The largest difference, in units of ``scale``; infinite entries must be the same, shapes too."""
    found, value = np.asarray(found, dtype=float), np.asarray(value, dtype=float)
    assert found.shape == value.shape
    finite = np.isfinite(value)
    assert (np.isfinite(found) == finite).all()
    assert (found[~finite] == value[~finite]).all()
    difference = np.abs(found[finite] - value[finite]).max(initial=0.0)
    return difference / scale if difference else 0.0


def worst(derivation):
    """The step that is furthest from its value, and how far."""
    with np.errstate(all="ignore"):
        return max((off(step.evaluate(derivation.values), step.value, largest(derivation, step)), step.symbol) for step in derivation)


def every_side(derivation):
    """(step, side, difference in units of the largest entry) for all sides that have a value."""
    for step in derivation:
        for side in step.sides:
            if any(isinstance(node, nodes.Derivative) and node.key not in derivation.values for node in side.walk()):
                continue
            with np.errstate(all="ignore"):
                found = np.asarray(evaluate(side, derivation.values), dtype=float)
            value = np.asarray(step.value, dtype=float)
            found = found.reshape(value.shape) if found.size == value.size else np.broadcast_to(found, value.shape)
            yield step, side, off(found, value, largest(derivation, step))

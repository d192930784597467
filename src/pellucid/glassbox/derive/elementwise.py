"""The element-wise form: every unit, weight and bias has its own equation."""

from __future__ import annotations

from itertools import chain

from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.glassbox.derivation import Section
from pellucid.glassbox.derive import forward, unit_backward, unit_forward, updates
from pellucid.glassbox.derive.elements import Elements
from pellucid.glassbox.derive.given import given


def sections(elements: Elements, rule: Optimizer | LBFGS) -> tuple[Section, ...]:
    """What is given, forward, cost, backward, update."""
    layers = range(1, elements.names.last + 1)
    return (
        Section("What is given", given(elements)),
        *(_forward(elements, layer) for layer in layers),
        Section("Cost", (unit_forward.loss(elements), *forward.cost(elements))),
        *(_backward(elements, layer) for layer in reversed(layers)),
        *(_update(elements, rule, layer) for layer in layers),
    )


def _forward(elements: Elements, layer: int) -> Section:
    n = elements.sizes[layer]
    units = elements.units(n)
    steps = chain.from_iterable((unit_forward.z(elements, layer, j), *unit_forward.a(elements, layer, j)) for j in units)
    note = "" if len(units) == n else f"Written here: {len(units)} of {n} units; complete=True writes all."
    return Section(f"Forward: layer {layer}", tuple(steps), note)


def _backward(elements: Elements, layer: int) -> Section:
    units = elements.units(elements.sizes[layer])
    errors = [of(elements, layer, j) for of in (unit_backward.da, unit_backward.dz) for j in units]
    weights = (unit_backward.dw(elements, layer, j, k) for j, k in elements.weights(layer))
    biases = (unit_backward.db(elements, layer, j) for j in units)
    return Section(f"Backward: layer {layer}", (*errors, *weights, *biases), elements.left_out(layer))


def _update(elements: Elements, rule: Optimizer | LBFGS, layer: int) -> Section:
    weights = [updates.Parameter("W", layer, elements.order(j, k)) for j, k in elements.weights(layer)]
    biases = [updates.Parameter("b", layer, (j,)) for j in elements.units(elements.sizes[layer])]
    steps = chain.from_iterable(updates.steps(elements, rule, of) for of in (*weights, *biases))
    note = " ".join(filter(None, (updates.note(rule), elements.left_out(layer))))
    return Section(f"Update: layer {layer}", tuple(steps), note)

"""The vectorized form: a line for each array, forward and backward, layer by layer."""

from __future__ import annotations

from itertools import chain

from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.glassbox.derivation import Section
from pellucid.glassbox.derive import backward, forward, gradients, updates
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.given import given


def sections(builder: Builder, rule: Optimizer | LBFGS) -> tuple[Section, ...]:
    """What is given, forward, cost, backward, update."""
    layers = range(1, builder.names.last + 1)
    parameters = [updates.Parameter(kind, layer) for layer in layers for kind in "Wb"]
    return (
        Section("What is given", given(builder)),
        *(Section(f"Forward: layer {layer}", (forward.z(builder, layer), *forward.a(builder, layer))) for layer in layers),
        Section("Cost", (forward.loss(builder), *forward.cost(builder))),
        *(
            Section(
                f"Backward: layer {layer}",
                (backward.da(builder, layer), backward.dz(builder, layer), gradients.dW(builder, layer), gradients.db(builder, layer)),
            )
            for layer in reversed(layers)
        ),
        Section("Update", tuple(chain.from_iterable(updates.steps(builder, rule, of) for of in parameters)), updates.note(rule)),
    )

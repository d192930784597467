"""Findings about units: all alike, dead, saturated, and an output that is flat where the errors are."""

from __future__ import annotations

from collections.abc import Iterator

from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.finding import DEAD, ENOUGH_ROWS, LARGE_INPUTS, SATURATED, VANISHING, Finding, between, names, places
from pellucid.glassbox.health.measures import LayerHealth
from pellucid.glassbox.health.remedies import fitting_output, new_weights, revived, scaled_inputs
from pellucid.glassbox.health.slopes import FLAT, slopes


def alike(case: Case) -> Iterator[Finding]:
    """Units that have the same weights in and out have the same gradient, for ever."""
    found, parameters = [], case.architecture.split(case.vector)
    for layer, (W, b), (after, _) in zip(case.architecture.layers, parameters, parameters[1:], strict=False):
        if layer.n_units > 1 and (W[:, :1] == W).all() and (b == b[0]).all() and (after == after[:1]).all():
            found.append(layer.index)
    if found:
        reason = "their weights in and out are equal, so their gradients are, and they stay one and the same unit"
        remedy = new_weights(case.architecture.activations)
        yield Finding("alike", tuple(found), f"all units alike in {places(found)}", reason, remedy)


def dead(case: Case, layers: tuple[LayerHealth, ...]) -> Iterator[Finding]:
    """Hidden layers most of whose units have no derivative on any row; where both sides are flat, that is told as saturated."""
    rules = case.architecture.activations
    found = [layer for layer in layers[:-1] if layer.dead >= DEAD and not slopes(rules[layer.index - 1]).saturates]
    if not found or len(case.X) < ENOUGH_ROWS:
        return
    indices = tuple(layer.index for layer in found)
    shares = between(layer.dead for layer in found)
    reason = f"{shares} of the units of {places(indices)} have no derivative on any of {len(case.X):,} rows"
    highest = found[-1].z.quantiles[-1]
    if highest < 0:
        reason += f"; z{found[-1].index} is nowhere above {highest:.2g}"
    starved = [layer.index for layer in layers[: indices[-1] - 1] if layer.product < VANISHING and layer.index not in indices]
    if starved:
        reason += f"; so next to nothing reaches {places(starved)}"
    unscaled = indices[0] == 1 and case.input_size > LARGE_INPUTS
    if unscaled:
        reason += f"; the inputs are not scaled (root mean square {case.input_size:.2g})"
    remedy = scaled_inputs() if unscaled else revived({layer.index: layer.dead_units for layer in found})
    yield Finding("dead", indices, f"dead units in {places(indices)}: {names(found)}", reason, remedy)


def saturated(case: Case, layers: tuple[LayerHealth, ...]) -> Iterator[Finding]:
    """Hidden layers that lie, for most samples, where their activation is flat."""
    rules = case.architecture.activations
    found = [layer for layer in layers[:-1] if slopes(rules[layer.index - 1]).saturates and layer.saturated >= SATURATED]
    if not found:
        return
    indices = tuple(layer.index for layer in found)
    shares = between(layer.saturated for layer in found)
    unscaled = indices[0] == 1 and case.input_size > LARGE_INPUTS
    cause = f"the inputs are not scaled (root mean square {case.input_size:.2g})" if unscaled else "the weights or biases are too large"
    reason = f"{shares} of the pairs of sample and unit in {places(indices)} lie where {names(found)} is flat"
    if any(layer.dead > 0 for layer in found) and len(case.X) >= ENOUGH_ROWS:
        reason += f", {between(layer.dead for layer in found)} of the units with every sample"
    reason += f"; z{indices[0]} is {found[0].z}: {cause}"
    remedy = scaled_inputs() if unscaled else new_weights(rules)
    yield Finding("saturated", indices, f"saturated {places(indices)}: {names(found)}", reason, remedy)


def saturated_output(case: Case, layers: tuple[LayerHealth, ...]) -> Iterator[Finding]:
    """An output that is flat where the errors are, with a loss that does not make up for it."""
    last, objective = layers[-1], case.architecture.objective
    if objective.fused is not None or not last.activation_factor <= FLAT * slopes(objective.output).scale:
        return
    verdict = f"saturated output: {last.activation} with the loss {objective.loss.spec}"
    reason = (
        f"{last.saturated:.0%} of the outputs lie where {last.activation} is flat, those with large errors among them: "
        f"dz{last.index} is {last.activation_factor:.1e} of da{last.index}"
    )
    yield Finding("saturated output", (last.index,), verdict, reason, fitting_output(case))

"""Findings about what flows back: overflow, vanishing and exploding gradients, and steps larger than what they move."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.finding import (
    EXPLODING,
    LARGE_INPUTS,
    LARGE_STEP,
    SMALL_SLOPE,
    VANISHING,
    Finding,
    logarithm,
    mean,
    names,
    places,
)
from pellucid.glassbox.health.measures import LayerHealth, Measured
from pellucid.glassbox.health.remedies import Remedy, new_weights, new_weights_and_clipping, relu_instead, scaled_inputs, smaller_steps
from pellucid.glassbox.health.slopes import slopes

NAMED = 0.3
"""the share of the (logarithm of the) loss on the way from which a cause is named"""


def not_finite(case: Case, measured: Measured) -> Iterator[Finding]:
    """Infinities and NaN, and where they begin."""
    layers, rules = measured.layers, case.architecture.activations
    forward = [layer.index for layer in layers if not math.isfinite(layer.z.mean + layer.a.mean)]
    backward = [layer.index for layer in layers if not layer.is_finite]
    if not np.isfinite(case.vector).all():
        reason = "a training diverged, or they were set so"
        yield Finding("not finite", tuple(backward), "not finite: the parameters", reason, new_weights(rules))
        return
    if not backward and math.isfinite(measured.cost):
        return
    what = f"z{forward[0]} or a{forward[0]}" if forward else f"dW{backward[-1]}" if backward else "the cost J"
    good = layers[: forward[0] - 1] if forward else layers
    spread = f"; z{good[-1].index} is {good[-1].z}" if good and math.isfinite(good[-1].z.std) else ""
    reason = f"numbers grow beyond the largest there is{spread}"
    otherwise = scaled_inputs() if case.input_size > LARGE_INPUTS else new_weights_and_clipping(case)
    wild = [layer for layer in layers[:-1] if slopes(rules[layer.index - 1]).grows]
    yield Finding("not finite", tuple(backward), f"not finite: {what}", reason, _cure(case, wild, otherwise))


def vanishing(case: Case, layers: tuple[LayerHealth, ...], told: Iterable[Finding]) -> Iterator[Finding]:
    """A product of factors that is next to nothing, unless dead or saturated layers that are told already make it so."""
    starved = tuple(layer.index for layer in layers if layer.product < VANISHING)
    if not starved:
        return
    since, rules = starved[-1], case.architecture.activations
    blocked = {index for finding in told if finding.kind in ("dead", "saturated") for index in finding.layers if index >= since}
    lost = sum(logarithm(layer.activation_factor / slopes(rules[layer.index - 1]).scale) for layer in layers if layer.index in blocked)
    if blocked and logarithm(layers[since - 1].product) - lost >= math.log(VANISHING):
        return
    passing, weighing = layers[since - 1 : -1], layers[since:]
    by_rule = sum(logarithm(layer.activation_factor) for layer in passing)
    by_weights = sum(logarithm(layer.weight_factor) for layer in weighing)
    causes = []
    if by_rule <= NAMED * (by_rule + by_weights):
        causes.append(names(passing))
    if by_weights <= NAMED * (by_rule + by_weights):
        zero = [layer.index for layer in weighing if layer.weight_norm == 0]
        causes = [f"W{zero[-1]} is zero"] if zero else [*causes, "weights too small"]
    factors = mean(layer.activation_factor for layer in passing), mean(layer.weight_factor for layer in weighing)
    weak = [layer for layer in passing if slopes(rules[layer.index - 1]).scale < SMALL_SLOPE]
    reason = (
        f"the product of the factors is {layers[since - 1].product:.1e} in layer {since}{_down(layers, since)}; "
        f"on the way to layer {since} an activation multiplies it by {factors[0]:.2g} in the mean, the weights by {factors[1]:.2g}"
    )
    if weak:
        largest = max(slopes(rules[layer.index - 1]).scale for layer in weak)
        reason += f" (the derivative of {names(weak)} is at most {largest:.3g})"
    verdict = f"vanishing since layer {since}: {', '.join(causes)}"
    yield Finding("vanishing", starved, verdict, reason, _cure(case, weak, new_weights(rules)))


def _down(layers: tuple[LayerHealth, ...], since: int) -> str:
    return f" and {layers[0].product:.1e} in layer 1" if since > 1 else ""


def _cure(case: Case, blamed: Iterable[LayerHealth], otherwise: Remedy) -> Remedy:
    """Relu instead of what is to blame, everywhere in the network; where nothing is, another remedy."""
    bad = {layer.activation for layer in blamed}
    rules = case.architecture.activations
    replaced = tuple(index for index, rule in enumerate(rules[:-1], start=1) if rule.spec in bad)
    return relu_instead(replaced, " and ".join(sorted(bad))) if bad else otherwise


def exploding(case: Case, layers: tuple[LayerHealth, ...]) -> Iterator[Finding]:
    """A product of factors that is out of all proportion."""
    found = tuple(layer.index for layer in layers if layer.product > EXPLODING)
    if not found:
        return
    since, rules = found[-1], case.architecture.activations
    passing, weighing = layers[since - 1 : -1], layers[since:]
    factors = mean(layer.activation_factor for layer in passing), mean(layer.weight_factor for layer in weighing)
    wild = [layer for layer in passing if slopes(rules[layer.index - 1]).grows and layer.activation_factor > 1]
    cause = names(wild) if wild and factors[0] > factors[1] else "weights too large"
    reason = (
        f"the product of the factors is {layers[since - 1].product:.1e} in layer {since}{_down(layers, since)}; "
        f"on the way to layer {since} an activation multiplies it by {factors[0]:.2g} in the mean, the weights by {factors[1]:.2g}"
    )
    remedy = _cure(case, wild, new_weights_and_clipping(case))
    yield Finding("exploding", found, f"exploding since layer {since}: {cause}", reason, remedy)


def large_step(case: Case, layers: tuple[LayerHealth, ...]) -> Iterator[Finding]:
    """A step that changes weights by more than their own size."""
    found = [layer for layer in layers if layer.weight_norm > 0 and layer.update_ratio > LARGE_STEP]
    if not found:
        return
    worst, indices = max(found, key=lambda layer: layer.update_ratio), tuple(layer.index for layer in found)
    reason = f"{case.step} changes W{worst.index} by {worst.update_ratio:.2g} times its own size"
    unscaled = case.input_size > LARGE_INPUTS
    if unscaled:
        reason += f"; the inputs are not scaled (root mean square {case.input_size:.2g})"
    elif (spread := float(case.Y.std())) > LARGE_INPUTS:
        reason += f"; the targets have a standard deviation of {spread:.2g}"
    assert case.rate is not None, "without one there is no step"
    remedy = scaled_inputs() if unscaled else smaller_steps(case.rate, worst.update_ratio)
    yield Finding("large step", indices, f"steps too large for {places(indices)}", reason, remedy)

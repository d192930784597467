"""What would help: a sentence, and the change of network, data or optimizer that it means, so that it can be tried."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pellucid.equations.activations import Activation, activation
from pellucid.equations.initializers import Initializer, initializer
from pellucid.equations.losses import loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.slopes import slopes


@dataclass(frozen=True)
class Remedy:
    """A change that is likely to help."""

    name: str
    """in few words"""
    advice: str
    """as a sentence to somebody, without the full stop"""
    change: Callable[[Case, int], Case]
    """the case after it; the number is the seed of new weights"""


def fitting(rule: Activation) -> Initializer:
    """The initializer that keeps signals alive both ways through an activation.

    he_normal for what lies flat on one side and so passes on about half, lecun_normal for selu, glorot_uniform for the others.

    >>> from pellucid.equations.activations import activation
    >>> fitting(activation("relu")).spec, fitting(activation("tanh")).spec
    ('he_normal', 'glorot_uniform')
    """
    if rule.name == "selu":
        return initializer("lecun_normal")
    return initializer("he_normal" if slopes(rule).one_sided else "glorot_uniform")


def new_weights(rules: tuple[Activation, ...]) -> Remedy:
    """Start anew from weights of the right size."""
    names = " and ".join(dict.fromkeys(fitting(rule).spec for rule in rules[:-1])) or "glorot_uniform"
    return Remedy(f"new weights ({names})", f"start anew from weights drawn by {names}", _drawn)


def _drawn(case: Case, seed: int) -> Case:
    """New parameters: each layer by the initializer that fits it (the output by glorot_uniform), biases zero."""
    layers, vector = case.architecture.layers, np.zeros_like(case.vector)
    rng = np.random.default_rng([seed, 3])
    for layer, (W, _) in zip(layers, case.architecture.split(vector), strict=True):
        rule = initializer("glorot_uniform") if layer.index == len(layers) else fitting(layer.activation)
        W[...] = rule.draw(rng, layer.n_inputs, layer.n_units)
    return replace(case, vector=vector)


def new_weights_and_clipping(case: Case) -> Remedy:
    """The same, and gradients that are scaled down where their norm is above 1 (Pascanu et al. 2013)."""
    anew = new_weights(case.architecture.activations)
    if isinstance(case.optimizer, LBFGS):  # its line search cannot bear it
        return anew
    advice = f"{anew.advice}, and scale large gradients down with fit(clip_norm=1)"
    return Remedy(f"{anew.name}, clip_norm=1", advice, _drawn_and_clipped)


def _drawn_and_clipped(case: Case, seed: int) -> Case:
    return replace(_drawn(case, seed), clip_norm=1.0)


def relu_instead(replaced: tuple[int, ...], name: str) -> Remedy:
    """Relu in place of activations whose derivatives are too small or grow without end, in the layers that have them."""
    advice = f"use relu, whose derivative is 1, instead of {name} in the hidden layers, with weights drawn by he_normal"
    return Remedy(f"relu instead of {name}", advice, partial(_with_relu, replaced))


def _with_relu(replaced: tuple[int, ...], case: Case, seed: int) -> Case:
    relu, given = activation("relu"), enumerate(case.architecture.activations, start=1)
    rules = tuple(relu if index in replaced else rule for index, rule in given)
    return _drawn(replace(case, architecture=replace(case.architecture, activations=rules)), seed)


def scaled_inputs() -> Remedy:
    """Columns of mean 0 and standard deviation 1, and new weights, since the old ones are for other inputs."""
    advice = "give every column of X mean 0 and standard deviation 1 (scikit-learn's StandardScaler), and start anew"
    return Remedy("scaled inputs", advice, _scaled)


def _scaled(case: Case, seed: int) -> Case:
    X = case.X.astype(np.float64)
    spread = X.std(axis=0)
    scaled = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return _drawn(replace(case, X=scaled.astype(case.X.dtype)), seed)


def revived(dead: Mapping[int, tuple[int, ...]]) -> Remedy:
    """New weights into the dead units alone, {layer: units}, and biases of zero.

    Source: Sokar et al. 2023, *The dormant neuron phenomenon in deep reinforcement learning*.
    """
    advice = (
        "draw the weights into the dead units anew, with biases of zero; "
        "a smaller learning rate, or leaky_relu, whose derivative is nowhere 0, keeps them from dying again"
    )
    return Remedy("dead units drawn anew", advice, partial(_revived, dead))


def _revived(dead: Mapping[int, tuple[int, ...]], case: Case, seed: int) -> Case:
    rng, vector = np.random.default_rng([seed, 3]), case.vector.copy()
    parameters = case.architecture.split(vector)
    for index, units in dead.items():
        layer, (W, b) = case.architecture.layers[index - 1], parameters[index - 1]
        fresh, listed = fitting(layer.activation).draw(rng, layer.n_inputs, layer.n_units), list(units)
        W[:, listed], b[listed] = fresh[:, listed], 0
    return replace(case, vector=vector)


def fitting_output(case: Case) -> Remedy:
    """Where an output is flat the loss must make up for it: the pair that does, or an output that is never flat."""
    output = case.architecture.activations[-1].name
    shares = bool((case.Y >= 0).all() and (case.Y <= 1).all())
    pair = {"sigmoid": "log_loss", "softmax": "cross_entropy"}.get(output) if shares else None
    if pair is None:
        advice = f"use the output identity, which is never flat, instead of {output}"
        return Remedy("the output identity", advice, _with_identity)
    heads = case.architecture.heads or (slice(None),)
    whole = output == "sigmoid" or all(np.allclose(case.Y[:, head].sum(axis=1), 1) for head in heads)
    together = "a - y" if whole else "a sum(y) - y"
    advice = f"train with {pair}, whose derivative grows as that of {output} shrinks: together they give dz = {together}"
    return Remedy(f"the loss {pair}", advice, partial(_with_loss, pair))


def _with_loss(name: str, case: Case, seed: int) -> Case:
    return replace(case, architecture=replace(case.architecture, loss=loss(name)))


def _with_identity(case: Case, seed: int) -> Case:
    rules = (*case.architecture.activations[:-1], activation("identity"))
    return replace(case, architecture=replace(case.architecture, activations=rules))


def smaller_steps(rate: float, worst: float) -> Remedy:
    """A learning rate that is smaller by a power of ten, so that a step is at most a tenth of the weights; ``worst`` is its share now."""
    smaller = float(f"{rate * 10.0 ** -math.ceil(math.log10(10 * worst)):.3g}")
    return Remedy(f"a learning rate of {smaller:g}", f"lower the learning rate to {smaller:g}", partial(_with_rate, smaller))


def _with_rate(rate: float, case: Case, seed: int) -> Case:
    assert isinstance(case.optimizer, Optimizer)
    return replace(case, optimizer=replace(case.optimizer, learning_rate=rate))

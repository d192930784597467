"""What would help: a sentence, and the change of network, data or optimizer that it means, so that it can be tried."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, activation
from pellucid.equations.arrays import Array
from pellucid.equations.initializers import Initializer, initializer
from pellucid.equations.losses import loss
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import ConstantRate
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
    if rule.spec == "selu":
        return initializer("lecun_normal")
    return initializer("he_normal" if slopes(rule).one_sided else "glorot_uniform")


def drawn(architecture: Architecture, like: Array, seed: int) -> Array:
    """New parameters: each layer by the initializer that fits it (the output by glorot_uniform), biases zero."""
    rng, vector, last = np.random.default_rng([seed, 3]), np.zeros_like(like), len(architecture.layers)
    for layer, (W, _) in zip(architecture.layers, architecture.split(vector), strict=True):
        rule = initializer("glorot_uniform") if layer.index == last else fitting(layer.activation)
        W[...] = rule.draw(rng, layer.n_inputs, layer.n_units)
    return vector


def new_weights(rules: tuple[Activation, ...]) -> Remedy:
    """Start anew from weights of the right size."""
    names = list(dict.fromkeys(fitting(rule).spec for rule in rules[:-1])) or ["glorot_uniform"]
    told = " and ".join(names)

    def change(case: Case, seed: int) -> Case:
        return replace(case, vector=drawn(case.architecture, case.vector, seed))

    return Remedy(f"new weights ({told})", f"start anew from weights drawn by {told}", change)


def new_weights_and_clipping(case: Case) -> Remedy:
    """The same, and gradients that are scaled down where their norm is above 1 (Pascanu et al. 2013)."""
    anew = new_weights(case.architecture.activations)
    if isinstance(case.optimizer, LBFGS):  # its line search cannot bear it
        return anew

    def change(case: Case, seed: int) -> Case:
        return replace(anew.change(case, seed), clip_norm=1.0)

    return Remedy(f"{anew.name}, clip_norm=1", f"{anew.advice}, and scale large gradients down with fit(clip_norm=1)", change)


def relu_instead(replaced: tuple[int, ...], name: str) -> Remedy:
    """Relu in place of activations whose derivatives are too small or grow without end, in the layers that have them."""

    def change(case: Case, seed: int) -> Case:
        rules = tuple(
            activation("relu") if index in replaced else rule for index, rule in enumerate(case.architecture.activations, start=1)
        )
        changed = replace(case.architecture, activations=rules)
        return replace(case, architecture=changed, vector=drawn(changed, case.vector, seed))

    advice = f"use relu, whose derivative is 1, instead of {name} in the hidden layers, with weights drawn by he_normal"
    return Remedy(f"relu instead of {name}", advice, change)


def scaled_inputs() -> Remedy:
    """Columns of mean 0 and standard deviation 1, and new weights, since the old ones are for other inputs."""

    def change(case: Case, seed: int) -> Case:
        X = case.X.astype(np.float64)
        spread = X.std(axis=0)
        scaled = ((X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(case.X.dtype)
        return replace(case, X=scaled, vector=drawn(case.architecture, case.vector, seed))

    advice = "give every column of X mean 0 and standard deviation 1 (scikit-learn's StandardScaler), and start anew"
    return Remedy("scaled inputs", advice, change)


def revived(dead: dict[int, tuple[int, ...]]) -> Remedy:
    """New weights into the dead units alone, and biases of zero (Sokar et al. 2023, *The dormant neuron phenomenon*)."""

    def change(case: Case, seed: int) -> Case:
        rng, vector = np.random.default_rng([seed, 3]), case.vector.copy()
        parameters = case.architecture.split(vector)
        for index, listed in dead.items():
            units = list(listed)
            layer, (W, b) = case.architecture.layers[index - 1], parameters[index - 1]
            fresh = fitting(layer.activation).draw(rng, layer.n_inputs, layer.n_units)
            W[:, units], b[units] = fresh[:, units], 0
        return replace(case, vector=vector)

    advice = (
        "draw the weights into the dead units anew, with biases of zero; "
        "a smaller learning rate, or leaky_relu, whose derivative is nowhere 0, keeps them from dying again"
    )
    return Remedy("dead units drawn anew", advice, change)


def fitting_output(case: Case) -> Remedy:
    """Where an output is flat the loss must make up for it: the pair that does, or an output that is never flat."""
    output = case.architecture.activations[-1].spec
    shares = bool((case.Y >= 0).all() and (case.Y <= 1).all())
    pair = {"sigmoid": "log_loss", "softmax": "cross_entropy"}.get(output) if shares else None
    if pair is not None:
        advice = f"train with {pair}, whose derivative grows as the one of {output} shrinks: together they give dz = a - y"
        return Remedy(f"the loss {pair}", advice, partial(_with_loss, pair))
    advice = f"use the output identity, which is never flat, instead of {output}"
    return Remedy("the output identity", advice, _with_identity)


def _with_loss(name: str, case: Case, seed: int) -> Case:
    return replace(case, architecture=replace(case.architecture, loss=loss(name)))


def _with_identity(case: Case, seed: int) -> Case:
    rules = (*case.architecture.activations[:-1], activation("identity"))
    return replace(case, architecture=replace(case.architecture, activations=rules))


def smaller_steps(case: Case, worst: float) -> Remedy:
    """A learning rate, a power of ten smaller, with which a step is at most a tenth of the weights."""
    assert case.rate is not None
    rate = case.rate * 10.0 ** -np.ceil(np.log10(10 * worst))

    def change(case: Case, seed: int) -> Case:
        assert isinstance(case.optimizer, Optimizer)
        return replace(case, optimizer=replace(case.optimizer, learning_rate=ConstantRate(float(rate))))

    return Remedy(f"a learning rate of {rate:.3g}", f"lower the learning rate to {rate:.3g}", change)

"""Networks with data in which an equation is tried: the user's own, and companions of it with sizes and numbers that do not coincide.

An equation of a network with one output, or of a batch of one sample, may be right only because something is 1 there; in a companion
in which all sizes differ, shapes alone tell a transpose, and a mean over samples cannot be mistaken for a factor.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Softmax, activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss, loss
from pellucid.glassbox.trace import trace

SIZES = (4, 3, 5, 2, 6)
"""of the layers of a companion; no two neighbours, and no two within five, are equal"""
GROUPED = 7
"""from this size on are the layers of a companion whose units are in groups"""
SAMPLES = 7
RATE = 0.37
"""the learning rate in every world"""


@dataclass(frozen=True, eq=False)
class Setting:
    """What a world is made of; equal to another with rules of the same names."""

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    l2: float = 0.0
    m: int = SAMPLES
    convention: str = "columns"
    weighted: bool = False
    masked: tuple[int, ...] = ()
    """the layers with a dropout mask"""
    hard: bool = False
    """targets 0 or 1, or one of several classes"""
    whole: bool = True
    """targets of cross_entropy that sum to one"""

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        named = (*((type(rule), rule.spec) for rule in self.activations), self.loss.spec)
        return self.sizes, named, self.l2, self.m, self.convention, self.weighted, self.masked, self.hard, self.whole

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Setting) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@dataclass(frozen=True)
class World:
    """The values of one pass by name, in one convention."""

    architecture: Architecture
    convention: str
    values: dict[str, Any]
    m: int
    kept: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def columns(self) -> bool:
        """Whether samples are columns."""
        return self.convention == "columns"

    @property
    def depth(self) -> int:
        """L."""
        return len(self.architecture.layers)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """n_0 ... n_L."""
        return self.architecture.sizes

    def rule(self, layer: int) -> Activation:
        """The activation of a layer."""
        return self.architecture.activations[layer - 1]

    def sample(self, array: Any, i: int) -> Array:
        """What belongs to one sample, kept as a column or a row."""
        return array[:, i : i + 1] if self.columns else array[i : i + 1]

    def lay(self, rows: Array) -> Array:
        """An array whose rows are samples, in the convention of this world."""
        return rows.T if self.columns else rows


@dataclass(frozen=True)
class Bare:
    """A model for the trace."""

    architecture: Architecture
    vector: Array


def world(
    architecture: Architecture, vector: Array, X: Array, Y: Array, convention: str, s: Array | None = None, masks: Any = None
) -> World:
    """All values of one pass; infinite where they overflow."""
    with np.errstate(all="ignore"):
        return _world(architecture, vector, X, Y, convention, s, masks)


def _world(architecture: Architecture, vector: Array, X: Array, Y: Array, convention: str, s: Array | None, masks: Any) -> World:
    found = trace(Bare(architecture, np.asarray(vector, dtype=np.float64)), X, Y, convention, s, masks)
    values: dict[str, Any] = dict(found)
    columns, depth = convention == "columns", len(architecture.layers)
    for name in ("x", "y", "error", *(f"{kind}{layer}" for layer in range(1, depth + 1) for kind in "Wb")):
        values[name] = found[name]
    values["dx"] = values["W1"].T @ values["dz1"] if columns else values["dz1"] @ values["W1"].T
    values["l"] = found["l"][None, :] if columns else found["l"][:, None]
    m = len(X)
    values |= {"m": float(m), "outputs": float(architecture.sizes[-1]), "rate": RATE, "l2": architecture.l2}
    values["mse"] = float(np.mean(values["error"] ** 2))
    weights = np.ones(m) if s is None else np.asarray(s, dtype=np.float64)
    values["S"] = float(weights.sum())
    values["s"] = weights[None, :] if columns else weights[:, None]
    for layer, mask in (masks or {}).items():
        values[f"mask{layer}"] = mask.T if columns else mask
    for layer in range(1, depth + 1):
        z = values[f"z{layer}"].T if columns else values[f"z{layer}"]
        h = architecture.activations[layer - 1].forward(z)
        values[f"h{layer}"] = h.T if columns else h  # before dropout
        values[f"dh{layer}"] = values[f"da{layer}"] * values.get(f"mask{layer}", 1.0)
        values[f"data dW{layer}"] = values[f"dW{layer}"] - architecture.l2 * values[f"W{layer}"] / weights.sum()
        for kind in "Wb":
            values[f"new {kind}{layer}"] = values[f"{kind}{layer}"] - RATE * values[f"d{kind}{layer}"]
    return World(architecture, convention, values, m)


def companion_sizes(sizes: tuple[int, ...], activations: tuple[Activation, ...]) -> tuple[int, ...]:
    """Sizes that differ, but that stay 1 where they are 1, and leave room for two groups where there are groups."""
    found = [1 if size == 1 else SIZES[index % len(SIZES)] for index, size in enumerate(sizes)]
    for index, rule in enumerate(activations, start=1):
        if isinstance(rule, Softmax) and rule.groups and sizes[index] > 1:
            found[index] = GROUPED + index
    return tuple(found)


@lru_cache(maxsize=256)
def companion(setting: Setting, seed: int = 0) -> World:
    """A world of numbers drawn at random, with no layer that is dead, saturated or without bounds."""
    for attempt in range(60):
        found = _drawn(setting, seed, attempt)
        if _tells(found):
            break
    return found


def _drawn(setting: Setting, seed: int, attempt: int) -> World:
    rng = np.random.default_rng([seed, attempt, 20])
    sizes, m = setting.sizes, setting.m
    rules = tuple(map(fitting, setting.activations, sizes[1:]))
    architecture = Architecture(sizes, rules, setting.loss, setting.l2, (0.0,) * (len(sizes) - 2))
    vector = rng.normal(size=architecture.n_parameters)
    for layer in architecture.layers:
        vector[layer.weights] *= 0.95**attempt * np.sqrt(2 / max(2, layer.n_inputs))
    vector[architecture.n_weights :] *= 0.5
    X = rng.normal(size=(m, sizes[0]))
    Y = _targets(rng, setting, architecture.heads)
    s = rng.uniform(0.3, 2.0, size=m) if setting.weighted else None
    masks = {layer: (rng.random((m, sizes[layer])) > 0.4) * 1.7 for layer in setting.masked}
    return world(architecture, vector, X, Y, setting.convention, s, masks or None)


def _tells(found: World) -> bool:
    """Whether all values are finite and of moderate size, and no gradient is nothing."""
    arrays = [found.values[f"{kind}{layer}"] for layer in range(1, found.depth + 1) for kind in ("z", "a", "dz")]
    if not all(np.isfinite(array).all() and np.abs(array).max() < 12 for array in arrays):
        return False
    return all(np.abs(found.values[f"dz{layer}"]).max() > 1e-6 for layer in range(1, found.depth + 1))


def fitting(rule: Activation, size: int) -> Activation:
    """The rule for a layer of that size: a softmax in groups gets others that fit, two of them where there is room."""
    if not isinstance(rule, Softmax) or not rule.groups or sum(rule.groups) == size:
        return rule
    return activation(f"softmax({size - 2}, 2)" if size >= 4 else f"softmax({size})")


def _targets(rng: np.random.Generator, setting: Setting, heads: tuple[slice, ...]) -> Array:
    shape = (setting.m, setting.sizes[-1])
    name = setting.loss.spec.partition("(")[0]
    if name == "cross_entropy" and heads and (setting.hard or setting.whole):
        one = replace(setting, activations=(activation("softmax"),))
        sizes = [head.stop - head.start for head in heads]
        return np.hstack([_targets(rng, replace(one, sizes=(size,)), ()) for size in sizes])
    if name == "cross_entropy":
        if setting.hard:
            return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]
        return rng.dirichlet(np.ones(shape[1]), size=shape[0]) if setting.whole else rng.uniform(0.1, 0.9, size=shape)
    if name == "log_loss":
        return (rng.random(shape) > 0.5).astype(float) if setting.hard else rng.uniform(0.1, 0.9, size=shape)
    if setting.loss.targets.low >= 0:
        return rng.uniform(0.2, 0.9, size=shape) * min(setting.loss.targets.high, 3.0)
    if setting.hard:
        return (rng.random(shape) > 0.5).astype(float)
    return rng.normal(size=shape)


def ungrouped(setting: Setting) -> Setting:
    """The same with one softmax over all units where there are groups."""
    rules = tuple(activation("softmax") if isinstance(rule, Softmax) else rule for rule in setting.activations)
    return replace(setting, activations=rules)


def elementwise(setting: Setting) -> Setting:
    """The same with activations that work entry by entry."""
    hidden = tuple(activation("tanh") if isinstance(rule, Softmax) else rule for rule in setting.activations[:-1])
    last, cost = setting.activations[-1], setting.loss
    if isinstance(last, Softmax):
        last = activation("sigmoid")
        cost = loss("log_loss") if cost.spec in ("cross_entropy", "log_loss") else cost
    return replace(setting, activations=(*hidden, last), loss=cost)


PAIRS = (
    ("sigmoid", "log_loss"), ("softmax", "cross_entropy"), ("identity", "half_mse"), ("identity", "mse"), ("exp", "poisson"),
    ("sigmoid", "mse"), ("sigmoid", "half_mse"), ("tanh", "half_mse"),
)  # fmt: skip
"""outputs with losses, in the order in which they are thought of"""


def paired(setting: Setting, output: str, cost: str) -> Setting:
    """The same with another output and loss."""
    sizes = setting.sizes
    if output == "softmax" and sizes[-1] == 1:
        sizes = (*sizes[:-1], 3)
    return replace(setting, sizes=sizes, activations=(*setting.activations[:-1], activation(output)), loss=loss(cost), whole=True)

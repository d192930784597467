"""How far a right gradient may be from ours and still be right: rounding, and units that rounding puts on either side of a kink.

One part in ten million of the largest entry is always granted. Where rounding is larger than that (sums that cancel, saturated units,
float32), it is measured: the pass is made again with every operation off by as much as arithmetic of that precision may leave.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.glassbox.review.passes import Pass, backward_through, named

DOUBLE, SINGLE = float(np.finfo(np.float64).eps), float(np.finfo(np.float32).eps)
LINE = 1e-7
"""what is granted in any case, relative to the largest entry of the right array"""
TRIALS, MARGIN = 3, 10.0
"""passes with noise, and how much more than they show is granted"""
LOOSEST = 1e-3
"""hypotheses are held to this even where rounding is worse"""
PLAIN = {"identity", "sigmoid", "relu", "leaky_relu", "softmax", "softsign", "silu", "hard_tanh", "exp"}
"""activations whose formula, as a textbook writes it, loses no digits by subtraction"""
SMALLEST = {float(np.finfo(kind).eps): float(np.finfo(kind).tiny) for kind in (np.float16, np.float32, np.float64)}
"""the smallest number of each precision"""
AT_ONCE = 12
"""so many units beside a kink are turned one by one"""


@dataclass(frozen=True, eq=False)
class Tolerance:
    """What is granted to one array."""

    absolute: Array | float
    """from the right array, entry by entry"""
    relative: float
    """from any other array, relative to its largest entry"""
    rounding: float
    """what rounding alone leaves, relative to the largest entry of the right array"""
    floor: float
    """the same, as it is: what may be left where terms cancel to nothing"""
    slack: Array | float
    """for units beside a kink"""

    def is_right(self, value: Array, right: Array) -> bool:
        """Whether it is the right array but for rounding."""
        return value.shape == right.shape and bool((deviation(value, right) <= self.absolute).all())

    def matches(self, value: Array, other: Array) -> bool:
        """Whether it is another array but for rounding."""
        if value.shape != other.shape:
            return False
        size = max(np.abs(value).max(), np.abs(other).max())
        if not np.isfinite(size):
            return bool((deviation(value, other) == 0).all())
        return bool((np.abs(value - other) <= self.relative * size + self.floor + self._slack(value)).all())

    def spans(self, value: Array, part: Array, ridge: Array | None) -> bool:
        """Whether it can be made of the two by any factors at all; a quick test that errs only on the side of yes."""
        if value.shape != part.shape:
            return False
        size = float(np.vdot(part, part)) or 1.0
        left = value - float(np.vdot(part, value)) / size * part
        if ridge is not None:
            rest = ridge - float(np.vdot(part, ridge)) / size * part
            if (norm := float(np.vdot(rest, rest))) > 0:
                left = left - float(np.vdot(rest, left)) / norm * rest
        room = np.linalg.norm(np.ones(value.shape) * (self._slack(value) + self.floor))
        bound = 10 * self.relative * np.abs(value).max() * np.sqrt(value.size) + room
        return float(np.linalg.norm(left)) <= bound

    def _slack(self, value: Array) -> Array | float:
        return self.slack if np.shape(self.slack) in ((), value.shape) else float(np.max(self.slack))


def deviation(value: Array, other: Array) -> Array:
    """|value - other|, 0 where both are the same infinity, infinite where one is not a number."""
    with np.errstate(invalid="ignore"):
        return np.where(value == other, 0.0, np.nan_to_num(np.abs(value - other), nan=np.inf, posinf=np.inf))


def tolerances(p: Pass, epsilon: float) -> dict[str, Tolerance]:
    """For every quantity of a pass, at a precision."""
    rng = np.random.default_rng(0)
    names = list(p.names())
    moved = dict.fromkeys(names, 0.0)
    slack: dict[str, Array | float] = dict.fromkeys(names, 0.0)
    with np.errstate(all="ignore"):
        for _ in range(TRIALS):
            for name, value in _with_noise(p, epsilon, rng):
                off = deviation(value, p.values[name])
                moved[name] = max(moved[name], float(np.where(np.isfinite(off), off, 0.0).max()))
        for turned in _turned(p, epsilon):
            for name in names:
                off = deviation(turned[name], p.values[name])
                slack[name] = slack[name] + np.where(np.isfinite(off), off, 0.0)
    largest = max(float(np.abs(value).max()) for key, value in p.values.items() if key[:1] in "azW" and np.isfinite(value).all())
    smallest = MARGIN * SMALLEST.get(epsilon, 0.0) * min(max(1.0, largest), 1e15) ** 2  # what is less may have become 0 on the way
    found = {}
    for name in names:
        finite = np.abs(p.values[name][np.isfinite(p.values[name])])
        size = float(finite.max()) if finite.size else 0.0
        floor = MARGIN * moved[name] + smallest
        rounding = floor / size if size else 0.0
        found[name] = Tolerance(max(LINE * size, floor) + slack[name], max(LINE, min(rounding, LOOSEST)), rounding, floor, slack[name])
    return found


def carried_over(found: Mapping[str, Tolerance], p: Pass) -> dict[str, Tolerance]:
    """The tolerances of a pass for the same pass with a knob turned."""
    turned = {}
    for name, tolerance in found.items():
        size = float(np.abs(p.values[name][np.isfinite(p.values[name])]).max(initial=0.0))
        turned[name] = replace(tolerance, absolute=max(LINE, tolerance.rounding) * size + tolerance.slack, floor=tolerance.rounding * size)
    return turned


def _with_noise(p: Pass, epsilon: float, rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    """The backward values of a pass in which every operation is off by some rounding."""

    def off(value: Array, size: Array) -> Array:
        return value + epsilon * size * rng.uniform(-1, 1, np.shape(size))

    def product(one: Array, other: Array) -> Array:
        return off(one @ other, (1 + np.sqrt(one.shape[1])) * (np.abs(one) @ np.abs(other)))

    v, loss, last = p.values, p.architecture.loss, p.depth
    W = {layer: off(v[f"W{layer}"], np.abs(v[f"W{layer}"])) for layer in range(1, last + 1)}
    a = {0: off(v["x"], np.abs(v["x"]))}
    z, h = {}, {}
    for layer in range(1, last + 1):
        rule = p.rule(layer)
        z[layer] = off(product(W[layer], a[layer - 1]) + v[f"b{layer}"], np.abs(v[f"b{layer}"]) + 0 * v[f"z{layer}"])
        for kink in rule.kinks:
            z[layer] = np.where((z[layer] >= kink) == (v[f"z{layer}"] >= kink), z[layer], v[f"z{layer}"])
        value = rule.forward(z[layer].T).T
        cancels = rule.spec.partition("(")[0] not in PLAIN
        h[layer] = off(value, np.abs(value) + (np.maximum(1, np.abs(z[layer])) if cancels else 0))
        a[layer] = h[layer] * v.get(f"mask{layer}", 1.0)
    y_hat, y = h[last], v["y"]
    for kink in loss.kinks:
        y_hat = np.where(np.sign(y_hat - y - kink) == np.sign(v["y_hat"] - y - kink), y_hat, v["y_hat"])
    lead = p.weights / p.total
    da = loss.derivative(y_hat.T, y.T).T
    dz = p.architecture.objective.backward(z[last].T, y_hat.T, y.T).T
    if p.architecture.objective.fused is None:
        dz = backward_through(p.rule(last), da, z[last], h[last], p.kinks)
    yield f"da{last}", da * lead if p.mean_in == "da" else da
    dz = dz if p.mean_in == "dW" else dz * lead
    for layer in range(last, 0, -1):
        dz = off(dz, 2 * np.abs(dz))
        yield f"dz{layer}", dz
        ridge = p.ridge(layer)
        dW = product(p.lead(dz), a[layer - 1].T)
        yield f"dW{layer}", dW if ridge is None else off(dW + ridge, np.abs(ridge))
        yield f"db{layer}", product(p.lead(dz), np.ones((p.m, 1)))
        da = product(W[layer].T, dz)
        yield named("da", layer - 1), da
        if layer > 1:
            rule, inner = p.rule(layer - 1), da * v.get(f"mask{layer - 1}", 1.0)
            cancels = rule.spec.partition("(")[0] not in PLAIN
            dz = backward_through(rule, inner, z[layer - 1], h[layer - 1], p.kinks)
            dz = off(dz, np.abs(inner) * np.maximum(1, np.abs(z[layer - 1]))) if cancels else dz


def _turned(p: Pass, epsilon: float) -> Iterator[Mapping[str, Array]]:
    """The pass with a unit (or many) on the other side of its kink, for every one that is so near that rounding decides."""
    for layer in range(1, p.depth + 1):
        v = p.values
        W, b, z = v[f"W{layer}"], v[f"b{layer}"], v[f"z{layer}"]
        size = (1 + np.sqrt(W.shape[1])) * (np.abs(W) @ np.abs(v[f"a{layer - 1}"]) + np.abs(b))
        for kink in p.rule(layer).kinks:
            near = (np.abs(z - kink) <= 4 * layer * epsilon * (size + abs(kink))) & (size > 0)
            for chosen in _groups(near):
                other = np.where(z >= kink, np.nextafter(kink, -np.inf), kink)
                yield _again(p, layer, np.where(chosen, other, z))
    error = p.values["y_hat"] - p.values["y"]
    size = np.abs(p.values["y_hat"]) + np.abs(p.values["y"])
    for kink in p.architecture.loss.kinks:
        near = (np.abs(error - kink) <= 4 * p.depth * epsilon * size) & (size > 0)
        for chosen in _groups(near):
            da = p.values[f"da{p.depth}"]
            share = np.abs(da).max() / 2 if np.abs(da).max() else 1.0
            flipped = np.where(da, -da, 2 * share)
            yield _again(p, p.depth, p.values[f"z{p.depth}"], np.where(chosen, flipped, da))


def _groups(near: Array) -> Iterator[Array]:
    places = np.argwhere(near)
    if len(places) > AT_ONCE:
        yield near
    else:
        for place in places:
            chosen = np.zeros_like(near)
            chosen[tuple(place)] = True
            yield chosen


def _again(p: Pass, turned: int, z: Array, da: Array | None = None) -> dict[str, Array]:
    """The values of the pass, with dz of one layer taken at another z, or da_L as given."""
    found = {name: p.values[name] for name in p.names()}
    for layer in range(turned, 0, -1):
        if layer == turned and da is None:
            da = p.values[f"da{layer}"]
        assert da is not None
        found[named("da", layer)] = da
        inner = da * p.values.get(f"mask{layer}", 1.0)
        dz = backward_through(p.rule(layer), inner, z if layer == turned else p.values[f"z{layer}"], p.values[f"h{layer}"], p.kinks)
        ridge = p.ridge(layer)
        found[f"dz{layer}"] = dz
        found[f"dW{layer}"] = p.weight_part(layer, dz) + (0 if ridge is None else ridge)
        found[f"db{layer}"] = p.bias_part(layer, dz)
        da = p.before(layer, dz)
        found[named("da", layer - 1)] = da
    return found

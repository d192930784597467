r"""Derivatives as they are written, \frac{\partial z}{\partial w}: what they come to, and chains of them.

A link is a Jacobian of one sample: the axes of what is differentiated, then those of what it is differentiated by. A chain is contracted
where a link ends in what the next one begins with, so that the chain rule is right however many units there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.glassbox.written.names import NoValue, Quantity
from pellucid.glassbox.written.worlds import World

COST = ("J", "l", "mse")


@dataclass(frozen=True)
class Link:
    """d of / d by; entries by their places, from zero; an index that is missing means all."""

    of: Quantity
    by: Quantity
    of_at: tuple[int, ...] = ()
    by_at: tuple[int, ...] = ()

    @property
    def begins(self) -> tuple[object, ...]:
        """What it is the derivative of."""
        return (self.of.kind, self.of.layer, self.of_at)

    @property
    def ends(self) -> tuple[object, ...]:
        """What it is the derivative by."""
        return (self.by.kind, self.by.layer, self.by_at)


def ordered(links: Sequence[Link]) -> list[Link] | None:
    """The links in the order of a chain, whatever order they are written in; None where they are none."""
    starts = {link.begins: link for link in links}
    if len(starts) != len(links):
        return None
    ends = {link.ends for link in links}
    first = [link for link in links if link.begins not in ends]
    if len(first) != 1:
        return None
    chain = first
    while len(chain) < len(links):
        following = starts.get(chain[-1].ends)
        if following is None or following in chain:
            return None
        chain.append(following)
    return chain


def contracted(world: World, chain: Sequence[Link], i: int) -> Array:
    """The product of the links of a chain, of sample i."""
    found = jacobian(world, chain[0], i)
    for before, link in pairwise(chain):
        axes = len(shape(world, before.by)) - len(before.by_at)
        found = np.tensordot(found, jacobian(world, link, i), axes=axes)
    return found


def jacobian(world: World, link: Link, i: int) -> Array:
    """The Jacobian of one sample, or the part of it that its entries name."""
    full = _jacobian(world, link.of, link.by, i)
    n = len(shape(world, link.of))
    for axis, place in enumerate(link.of_at):
        full = np.take(full, [place], axis=axis)
    for axis, place in enumerate(link.by_at):
        full = np.take(full, [place], axis=n + axis)
    kept = [size for axis, size in enumerate(full.shape) if not (axis < len(link.of_at) or n <= axis < n + len(link.by_at))]
    return full.reshape(kept)


def shape(world: World, quantity: Quantity) -> tuple[int, ...]:
    """The axes of a quantity of one sample; W is n_l x n_{l-1} in either convention."""
    kind, layer, sizes = quantity.kind, quantity.layer, world.sizes
    if kind in COST:
        return ()
    if kind == "x":
        return (sizes[0],)
    if kind == "y":
        return (sizes[-1],)
    if layer is None:
        raise NoValue("index", f"{kind} has no units")
    return (sizes[layer], sizes[layer - 1]) if kind == "W" else (sizes[layer],)


def _jacobian(world: World, of: Quantity, by: Quantity, i: int) -> Array:
    key = ("jacobian", of.kind, of.layer, by.kind, by.layer, i)
    if key not in world.kept:
        world.kept[key] = _found(world, of, by, i)
    found: Array = world.kept[key]
    return found


def _found(world: World, of: Quantity, by: Quantity, i: int) -> Array:
    if by.kind == "y":
        return _by_targets(world, of, i)
    if of.kind == "h" and of.layer is not None:  # a before dropout
        rule, z = world.rule(of.layer), _of_sample(world, f"z{of.layer}", i)[None]
        return np.tensordot(rule.jacobian(z, rule.forward(z))[0], _jacobian(world, replace(of, kind="z"), by, i), axes=1)
    place = _place(by)
    end = (2 * world.depth + 1) if of.kind in COST else _place(of)
    if of.kind not in (*COST, "z", "a", "x") or by.kind not in ("z", "a", "x", "W", "b") or place > end:
        raise NoValue("dependence", f"{_shown(of)} does not depend on {_shown(by)}", (0, 0))
    if by.kind in ("W", "b") and of.kind == "x":
        raise NoValue("dependence", f"x does not depend on {_shown(by)}", (0, 0))
    found, at = _seed(world, by, i)
    while at < end:
        at += 1
        found = _step(world, at, i, found)
    return found


def _place(quantity: Quantity) -> int:
    """The order in which values arise: x 0, z1 1, a1 2, z2 3 ...; a parameter stands at its z."""
    if quantity.kind == "x":
        return 0
    layer = quantity.layer or 0
    return 2 * layer if quantity.kind == "a" else 2 * layer - 1


def _seed(world: World, by: Quantity, i: int) -> tuple[Array, int]:
    """The Jacobian of the first value that depends on ``by``, and the place of that value."""
    sizes, layer = world.sizes, by.layer or 0
    if by.kind == "W":
        before = _of_sample(world, "x" if layer == 1 else f"a{layer - 1}", i)
        return np.einsum("ij,k->ijk", np.eye(sizes[layer]), before), _place(by)
    size = sizes[0] if by.kind == "x" else sizes[layer]
    return np.eye(size), _place(by)


def _of_sample(world: World, key: str, i: int) -> Array:
    array = world.values[key]
    vector: Array = array[:, i] if world.columns else array[i]
    return vector


def _step(world: World, at: int, i: int, found: Array) -> Array:
    """From the Jacobian of one value to that of the next: z of a, a of z, the loss of a_L."""
    depth = world.depth
    if at == 2 * depth + 1:
        slope = world.architecture.loss.derivative(_of_sample(world, f"a{depth}", i)[None], _of_sample(world, "y", i)[None])[0]
        return np.tensordot(slope, found, axes=1)
    layer = (at + 1) // 2
    if at % 2:
        W = world.values[f"W{layer}"]
        return np.tensordot(W if world.columns else W.T, found, axes=1)
    rule, z = world.rule(layer), _of_sample(world, f"z{layer}", i)[None]
    local = rule.jacobian(z, rule.forward(z))[0]
    mask = world.values.get(f"mask{layer}")
    if mask is not None:
        local = _of_sample(world, f"mask{layer}", i)[:, None] * local
    return np.tensordot(local, found, axes=1)


def _by_targets(world: World, of: Quantity, i: int) -> Array:
    """Dl/dy, by differences: nothing else depends on the targets."""
    if of.kind not in COST:
        raise NoValue("dependence", f"{_shown(of)} does not depend on y", (0, 0))
    a, y, step = _of_sample(world, f"a{world.depth}", i), _of_sample(world, "y", i), 1e-5
    value = world.architecture.loss.value
    moved = step * np.eye(len(y))
    return np.array([(value(a[None], (y + e)[None])[0] - value(a[None], (y - e)[None])[0]) / (2 * step) for e in moved])


def _shown(quantity: Quantity) -> str:
    return quantity.key

"""Variations along the chain: of da_L from the loss, of dz_l from da_l, of da_{l-1} from dz_l."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from pellucid.equations.activations import Elementwise, Softmax, activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import CATALOGUE as LOSSES
from pellucid.equations.losses import loss
from pellucid.expressions.nodes import Call, Cases, Compare, Divide, Expression, Negative, Number, Symbol, hadamard
from pellucid.glassbox.review.lines import N, Y, error, error_is_exact, shown_activation, slope, symbol, through_softmax
from pellucid.glassbox.review.passes import Pass, backward_through
from pellucid.glassbox.review.variation import Variation

IN_A: dict[str, Callable[[Any], Any]] = {"sigmoid": lambda a: a * (1 - a), "tanh": lambda a: 1 - a**2, "exp": lambda a: a}
"""the derivatives that textbooks write in a = f(z); for trees and for arrays"""
COMMON = ("sigmoid", "tanh", "relu")
"""activations whose derivative is taken by mistake, beside those of the network"""


# The loss


def of_output(p: Pass) -> Iterator[Variation]:
    """Variations of da_L, which starts from the loss."""
    name, a, own = f"da{p.depth}", symbol("a", p.depth), p.architecture.loss
    y_hat, y = p.values["y_hat"], p.values["y"]
    right = p.values[name]
    with np.errstate(all="ignore"):
        yield Variation(name, ("loss derivative missing",), Number(1), np.ones_like(y))
        yield Variation(name, ("loss used instead of its derivative",), Call("C", (a, Y)), p.values["C"](y_hat, y))
        for spec in LOSSES:
            value = loss(spec).derivative(y_hat.T, y.T).T
            if spec != own.spec.partition("(")[0] and not _proportional(value, right):
                tree = Call(spec, (a, Y), primes=1)
                yield Variation(name, ("derivative of another loss",), tree, value, f"it is that of {spec}")
        if own.spec == "log_loss":
            of_y, of_rest = -np.where(y == 0, 0, y / y_hat), np.where(y == 1, 0, (1 - y) / (1 - y_hat))
            first, second = Negative(Divide(Y, a)), Divide(1 - Y, 1 - a)
            yield Variation(name, ("wrong sign within the loss derivative",), first - second, of_y - of_rest)
            yield Variation(name, ("wrong sign within the loss derivative",), Negative(first) + second, of_rest - of_y)
            yield Variation(name, ("a term of the loss derivative missing",), first, of_y)
            yield Variation(name, ("a term of the loss derivative missing",), second, of_rest)


def _of_error(p: Pass) -> Iterator[Variation]:
    """Variations of dz_L that start from y_hat - y rather than from da_L."""
    layer = p.depth
    name, y_hat = f"dz{layer}", p.values["y_hat"]
    e = y_hat - p.values["y"]
    averages = (False, True) if p.architecture.loss.averages and len(e) > 1 else (False,)
    for averaged in averages:
        share = len(e) if averaged else 1
        yield Variation(name, ("y_hat - y used where it is not exact",), error(p, averaged), e / share)
        a = symbol("a", layer)
        yield Variation(name, ("target missing",), Divide(a, N) if averaged else a, y_hat / share)
        if error_is_exact(p):
            soft = isinstance(p.rule(layer), Softmax)
            tree = through_softmax(p, layer, error(p, averaged)) if soft else hadamard(error(p, averaged), slope(layer))
            cause = "softmax derivative counted twice" if soft else "output derivative counted twice"
            yield Variation(name, (cause,), tree, p.through(layer, e / share))


def _proportional(one: Array, other: Array) -> bool:
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return False
    size = (one * one).sum() * (other * other).sum()
    return bool(size > 0 and (one * other).sum() ** 2 > (1 - 1e-12) * size)


# The activation


@dataclass(frozen=True, eq=False)
class _Factor:
    """What stands in the place of f'(z)."""

    causes: tuple[str, ...]
    tree: Expression | None
    value: Array | float
    note: str = ""


def of_dz(p: Pass, layer: int, da: Array) -> Iterator[Variation]:
    """Variations of dz_l, from da_l."""
    name = f"dz{layer}"
    if layer == p.depth:
        yield from _of_error(p)
    masks = _masks(p, layer)
    if isinstance(p.rule(layer), Softmax):
        yield from _of_softmax(p, layer, da, masks)
        return
    right = _Factor((), slope(layer), p.values[f"f{layer}'"](p.values[f"z{layer}"]))
    for factor in (right, *_derivatives(p, layer), *_masks_of_relu(p, layer, symbol("da", layer), da)):
        for mask in masks:
            if causes := factor.causes + mask.causes:
                trees = [symbol("da", layer), *(tree for tree in (mask.tree, factor.tree) if tree is not None)]
                tree = hadamard(*trees) if len(trees) > 1 else trees[0]
                yield Variation(name, causes, tree, da * mask.value * factor.value, factor.note)


def _masks(p: Pass, layer: int) -> list[_Factor]:
    mask = p.values.get(f"mask{layer}")
    if mask is None:
        return [_Factor((), None, 1.0)]
    tree = Symbol("mask", layer)
    found = [_Factor((), tree, mask), _Factor(("dropout mask missing",), None, 1.0)]
    found.append(_Factor(("dropout mask applied twice",), hadamard(tree, tree), mask * mask))
    return [*found, _Factor(("dropout mask not scaled",), Call("sign", (tree,)), np.sign(mask))]


def _of_softmax(p: Pass, layer: int, da: Array, masks: list[_Factor]) -> Iterator[Variation]:
    name, h, a = f"dz{layer}", p.values[f"h{layer}"], shown_activation(p, layer)
    for mask in masks:
        inner = da * mask.value
        trees = (symbol("da", layer),) if mask.tree is None else (symbol("da", layer), mask.tree)
        tree = trees[0] if len(trees) == 1 else hadamard(*trees)
        once = backward_through(p.rule(layer), inner, inner, h)
        if mask.causes:
            yield Variation(name, mask.causes, through_softmax(p, layer, tree), once)
        yield Variation(name, ("activation derivative missing", *mask.causes), tree, inner)
        diagonal = "softmax Jacobian replaced by its diagonal"
        yield Variation(name, (diagonal, *mask.causes), hadamard(*trees, a, 1 - a), inner * h * (1 - h))
        twice = backward_through(p.rule(layer), once, once, h)
        again = through_softmax(p, layer, through_softmax(p, layer, tree))
        yield Variation(name, ("activation derivative counted twice", *mask.causes), again, twice)


def _derivatives(p: Pass, layer: int) -> list[_Factor]:
    """What may stand where f_l'(z_l) belongs, whatever da_l is."""
    kept: list[_Factor] | None = p.kept.get(("derivatives", layer))
    if kept is None:
        with np.errstate(all="ignore"):
            kept = p.kept["derivatives", layer] = list(_find_derivatives(p, layer))
    return kept


def _find_derivatives(p: Pass, layer: int) -> Iterator[_Factor]:
    rule, values = p.rule(layer), p.values
    f, own = values[f"f{layer}'"], slope(layer)
    z, a, h = values[f"z{layer}"], values[f"a{layer}"], values[f"h{layer}"]

    def of(array: Expression, owner: int = layer) -> Call:
        return Call("f", (array,), primes=1, layer=owner)

    yield _Factor(("activation derivative missing",), None, 1.0)
    yield _Factor(("activation derivative counted twice",), hadamard(own, own), f(z) ** 2)
    yield _Factor(("derivative taken at a instead of z",), of(shown_activation(p, layer)), f(h))
    if f"mask{layer}" in values:
        yield _Factor(("derivative taken at a after dropout",), of(symbol("a", layer)), f(a))
        if rule.spec in IN_A:
            yield _Factor(("derivative taken at a after dropout",), IN_A[rule.spec](symbol("a", layer)), IN_A[rule.spec](a))
    if rule.spec in IN_A:
        yield _Factor(("derivative formula in a fed with z",), IN_A[rule.spec](symbol("z", layer)), IN_A[rule.spec](z))
    for k in range(p.depth + 1):
        if k == layer or p.architecture.sizes[k] not in (1, p.architecture.sizes[layer]):
            continue
        cause, note = ("derivative taken at the wrong layer",), f"it is taken at layer {k}" if k else "it is taken at the input x"
        other = values["x"] if k == 0 else values[f"z{k}"]
        yield _Factor(cause, of(symbol("z", k)), f(other), note)
        if rule.spec in IN_A:
            yield _Factor(cause, IN_A[rule.spec](symbol("a", k)), IN_A[rule.spec](values[f"a{k}"]), note)
        if k and p.rule(k).spec != rule.spec and isinstance(p.rule(k), Elementwise):
            yield _Factor(cause, of(symbol("z", k), k), values[f"f{k}'"](other), note)
        for array, tree in ((other, symbol("z", k)), (values[f"a{k}"], symbol("a", k))):
            yield from _masks_of_relu(p, layer, tree, array)
    specs = {record.spec for record in p.architecture.activations if isinstance(record, Elementwise)}
    for spec in sorted((specs | set(COMMON)) - {rule.spec, "identity"}):
        record = activation(spec)
        assert isinstance(record, Elementwise)
        cause, note = ("derivative of another activation",), f"it is that of {spec}"
        yield _Factor(cause, Call(spec, (symbol("z", layer),), primes=1), record.derivative(z, record.forward(z)), note)
        if spec in IN_A:
            yield _Factor(cause, IN_A[spec](shown_activation(p, layer)), IN_A[spec](h), note)


def _masks_of_relu(p: Pass, layer: int, tree: Expression, array: Array) -> Iterator[_Factor]:
    """For relu and leaky relu: the mask taken from another array, with and without its zeros."""
    rule = p.rule(layer)
    if rule.spec.partition("(")[0] not in ("relu", "leaky_relu"):
        return
    slope_below = float(rule.jacobian(np.full((1, 1), -1.0), np.zeros((1, 1)))[0, 0, 0])
    for relation, holds in ((">=", array >= 0), (">", array > 0)):
        found = np.where(holds, 1.0, slope_below)
        mask = Cases(((Number(1), Compare(tree, relation, Number(0))),), Number(slope_below or 0))
        yield _Factor(("ReLU mask from the wrong array",), mask, found)
        if not (array == 0).any():
            return


# The weights


def of_da(p: Pass, layer: int, dz: Array) -> Iterator[Variation]:
    """Variations of da_l (dX for l = 0), from dz of the layer above, which starts from the weights of that layer."""
    above, values, sizes = layer + 1, p.values, p.architecture.sizes
    name, right_dz = "dX" if layer == 0 else f"da{layer}", symbol("dz", above)
    W, shape = values[f"W{above}"], p.shape(name)
    if sizes[layer] == sizes[above] and sizes[layer] > 1:
        yield Variation(name, ("W not transposed",), symbol("W", above) @ right_dz, W @ dz)
    for k in range(1, p.depth + 1):
        other = values[f"W{k}"]
        if k != above and other.shape == W.shape:
            yield Variation(name, ("W of the wrong layer",), symbol("W", k).T @ right_dz, other.T @ dz, f"it is W{k}")
        elif k != above and other.shape == W.shape[::-1]:
            yield Variation(name, ("W of the wrong layer",), symbol("W", k) @ right_dz, other @ dz, f"it is W{k}, not transposed")
    if sizes[above] in (1, sizes[layer]):
        yield Variation(name, ("W missing",), right_dz, np.broadcast_to(dz, shape))
    for factor, tree in ((W.T, symbol("W", above).T), (W, symbol("W", above))):
        try:
            product = factor * dz
        except ValueError:
            continue
        if product.shape == shape:
            yield Variation(name, ("element-wise instead of matrix product",), hadamard(tree, right_dz), product)


def updated_direction(p: Pass, layer: int, dz: Array, dW: Array) -> Array:
    """What da_l loses for each unit of learning rate, where W of the layer above was updated before the error went through it."""
    return dW.T @ dz

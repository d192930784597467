"""Variations of the sums over samples: of dW_l and db_l, both from dz_l. The L2 term is left to fitting."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Divide, Expression, Multiply, Number, Power, SumAll, SumOverSamples, SumOverUnits, Symbol, hadamard
from pellucid.glassbox.review.claims import Claim
from pellucid.glassbox.review.lines import M, S, of_samples, shown_activation, symbol, total
from pellucid.glassbox.review.passes import Pass
from pellucid.glassbox.review.rounding import Tolerance
from pellucid.glassbox.review.variation import Variation

MADE_HERE = frozenset(
    {
        "sample weights missing",
        "sample weights applied twice",
        "sums multiplied",
        "taken from one sample",
        "z used instead of a",
        "dropout mask missing",
        "activations of the wrong layer",
        "element-wise instead of matrix product",
        "summed over the wrong axis",
        "not summed over the samples",
        "bias gradient multiplied by the input",
    }
)
"""the causes of all variations in this file"""
WELL = 1e4
"""how ill-conditioned a system may be that is worked back"""
NEAR = 1e-5
"""how near a sample must come in one row to be tried as a whole"""


def of_weights(p: Pass, layer: int, dz: Array, target: Array | None) -> Iterator[Variation]:
    """Variations of dW_l."""
    name, lead = f"dW{layer}", p.lead(dz)
    tree_dz = of_samples(p, symbol("dz", layer)) if p.mean_in == "dW" else symbol("dz", layer)

    def mean(tree: Expression) -> Expression:
        return Divide(tree, total(p)) if p.mean_in == "dW" else tree

    inputs: list[tuple[tuple[str, ...], Symbol | Expression, Array, str]] = [((), symbol("a", layer - 1), p.values[f"a{layer - 1}"], "")]
    inputs += _other_inputs(p, layer)
    for causes, tree, a, note in inputs:
        if causes:
            yield Variation(name, causes, mean(tree_dz @ tree.T), lead @ a.T, note)
        for more, weighted, over in _other_weights(p, layer, dz):
            yield Variation(name, (*causes, *more), Divide(weighted[0] @ tree.T, over), weighted[1] @ a.T, note)
    a, tree = p.values[f"a{layer - 1}"], symbol("a", layer - 1)
    yield from _element_wise(p, layer, lead, mean(tree_dz), a)
    if p.m > 1:
        sums = mean(SumOverSamples(tree_dz, axis=1)) @ Divide(SumOverSamples(tree, axis=1), M).T
        value = lead.sum(axis=1, keepdims=True) @ a.mean(axis=1, keepdims=True).T
        yield Variation(name, ("sums multiplied",), sums, value)
    if target is not None and target.shape == p.shape(name):
        row = int(np.abs(target).max(axis=1).argmax())
        for i, share, tree_of in _samples(p, target[row], _l2(p, name)[row], dz[row] * a):
            one = tree_of(Symbol("dz", layer, sample=i + 1) @ _sample(tree, i).T)
            yield Variation(
                name, ("taken from one sample",), one, share * np.outer(dz[:, i], a[:, i]), f"it is that of sample {i + 1}", narrowed=True
            )


def _other_inputs(p: Pass, layer: int) -> Iterator[tuple[tuple[str, ...], Expression, Array, str]]:
    if layer > 1:
        yield ("z used instead of a",), symbol("z", layer - 1), p.values[f"z{layer - 1}"], ""
        if f"mask{layer - 1}" in p.values:
            h = p.values[f"h{layer - 1}"]
            note = f"the mask is left out of a{layer - 1}"
            yield ("dropout mask missing",), shown_activation(p, layer - 1), h, note
    for k in range(p.depth + 1):
        if k != layer - 1:
            note = f"it is a{k}" if k else "it is x"
            yield ("activations of the wrong layer",), symbol("a", k), p.values[f"a{k}"], note


def _other_weights(p: Pass, layer: int, dz: Array) -> Iterator[tuple[tuple[str, ...], tuple[Expression, Array], Expression]]:
    """dz_l with other sample weights than it should have."""
    if not p.weighted or p.mean_in != "dW":
        return
    tree = symbol("dz", layer)
    yield ("sample weights missing",), (tree, dz / p.m), M
    yield ("sample weights missing",), (tree, dz / p.total), total(p)
    yield ("sample weights applied twice",), (hadamard(Power(S, Number(2)), tree), dz * (p.weights**2 / p.total)), total(p)


def _element_wise(p: Pass, layer: int, lead: Array, tree: Expression, a: Array) -> Iterator[Variation]:
    name, cause = f"dW{layer}", ("element-wise instead of matrix product",)
    a_tree = symbol("a", layer - 1)
    for other, other_tree in ((a, a_tree), (a.T, a_tree.T)):
        try:
            product = lead * other
        except ValueError:
            continue
        whole = hadamard(tree, other_tree)
        if product.size > 4_000_000:
            continue
        yield Variation(name, cause, whole, product)
        if other is a and p.m > 1 and min(lead.shape[0], a.shape[0]) > 1:
            yield Variation(name, cause, SumOverSamples(whole, axis=1), product.sum(axis=1, keepdims=True), "and then summed")


def of_biases(p: Pass, layer: int, dz: Array, target: Array | None) -> Iterator[Variation]:
    """Variations of db_l."""
    name, lead, width = f"db{layer}", p.lead(dz), dz.shape[0]
    tree = of_samples(p, symbol("dz", layer)) if p.mean_in == "dW" else symbol("dz", layer)

    def mean(inner: Expression) -> Expression:
        return Divide(inner, total(p)) if p.mean_in == "dW" else inner

    for causes, (weighted_tree, weighted), over in _other_weights(p, layer, dz):
        yield Variation(name, causes, Divide(SumOverSamples(weighted_tree, axis=1), over), weighted.sum(axis=1, keepdims=True))
    axis, units = ("summed over the wrong axis",), Symbol(f"n_{layer}")
    over_units = lead.sum(axis=0, keepdims=True)
    yield Variation(name, axis, mean(SumOverUnits(tree, axis=0)), over_units)
    yield Variation(
        name, axis, Divide(SumOverUnits(tree, axis=0), units), over_units * (p.total / width if p.mean_in == "dW" else 1 / width)
    )
    everything = lead.sum(keepdims=True)
    yield Variation(name, axis, mean(SumAll(tree)), everything, "and over the samples, too")
    yield Variation(name, axis, mean(Divide(SumAll(tree), units)), everything / width, "and over the samples, too")
    if p.m > 1:
        yield Variation(name, ("not summed over the samples",), mean(tree), lead)
        yield Variation(name, ("not summed over the samples",), tree, lead * (p.total if p.mean_in == "dW" else 1))
    for k, note in ((layer - 1, ""), (0, "it is x")):
        if k == 0 and note and layer == 1:
            continue
        product = lead @ p.values[f"a{k}"].T
        yield Variation(name, ("bias gradient multiplied by the input",), mean(tree @ symbol("a", k).T), product, note)
        if product.shape[1] > 1:
            summed = SumOverSamples(mean(tree @ symbol("a", k).T), axis=1)
            yield Variation(name, ("bias gradient multiplied by the input",), summed, product.sum(axis=1, keepdims=True), "and then summed")
    if target is not None and target.shape == p.shape(name):
        for i, share, tree_of in _samples(p, target[:, 0], _l2(p, name)[:, 0], dz):
            one = tree_of(Symbol("dz", layer, sample=i + 1))
            yield Variation(name, ("taken from one sample",), one, share * dz[:, i : i + 1], f"it is that of sample {i + 1}", narrowed=True)


def _l2(p: Pass, name: str) -> Array:
    """The L2 term, for a bias the one that it should not have."""
    return p.values[name[1:]] * (p.architecture.l2 / p.total)


def _samples(p: Pass, target: Array, l2: Array, each: Array) -> Iterator[tuple[int, float, Callable[[Expression], Expression]]]:
    """The samples whose own gradient it may be, by a row of it, (k,), and that of ``each`` (k, m): as it stands, over m, or weighted."""
    if p.m == 1:
        return
    shares: list[tuple[Array | float, bool, bool]] = [(1.0, False, False), (1 / p.total, False, True)]
    if p.weighted:
        shares += [(p.weights, True, False), (p.weights / p.total, True, True)]
    at = int(np.abs(target).argmax())
    targets, near = np.stack([target, target - l2, target - 2 * l2]), NEAR * abs(target[at])
    factors = np.array([1.0, -1.0, 2.0, 0.5, 1 / p.total])
    for share, weighted, over in shares:
        own = np.broadcast_to(share, (p.m,)) * each

        def off(rows: Any, columns: Any, own: Array = own) -> Array:
            found = np.abs(targets[:, None, rows, None] - factors[:, None, None] * own[rows][:, columns])
            return found.max(axis=2).min(axis=(0, 1))

        first = np.flatnonzero(off([at], slice(None)) <= near)
        for i in first[off(slice(None), first) <= near][:3] if len(first) else ():
            yield int(i), float(np.broadcast_to(share, (p.m,))[i]), partial(_shared, p, int(i), weighted, over)


def _shared(p: Pass, i: int, weighted: bool, over: bool, tree: Expression) -> Expression:
    tree = Multiply((_sample(S, i), tree)) if weighted else tree
    return Divide(tree, total(p)) if over else tree


def _sample(tree: Symbol, i: int) -> Symbol:
    return replace(tree, sample=i + 1)


def worked_back(p: Pass, layer: int, claims: Mapping[str, Claim], tolerances: Mapping[str, Tolerance]) -> Array | None:
    """The dz_l from which the claimed dW_l and db_l follow; None where there is none, or too few numbers to find the one.

    Its columns solve (dW_l - L2 term, db_l) = dz_l diag(s) (a_{l-1}; 1)^T / sum(s), more equations than samples.
    """
    a, lead = p.values[f"a{layer - 1}"], p.lead(np.ones((1, p.m)))
    known, sides = [], []
    for name, factor in ((f"dW{layer}", a), (f"db{layer}", np.ones((1, p.m)))):
        if name in claims:
            if claims[name].value.shape != p.shape(name):
                return None
            ridge = p.ridge(layer) if name[:2] == "dW" else None
            known.append(claims[name].value - (0 if ridge is None else ridge))
            sides.append(lead * factor)
    matrix, given = np.concatenate(sides), np.concatenate(known, axis=1)
    if matrix.shape[0] <= p.m or np.linalg.cond(matrix) > WELL:
        return None
    dz = np.linalg.lstsq(matrix, given.T, rcond=None)[0].T
    granted = max(tolerances[name].relative for name in (f"dW{layer}", f"db{layer}") if name in claims)
    off = np.abs(dz @ matrix.T - given).max()
    return dz if off <= granted * np.abs(given).max() else None

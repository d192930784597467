"""How one claimed array comes about from a story: by the right line, by a factor, a transpose, a share of L2, or a variation of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Expression
from pellucid.glassbox.review.claims import Claim
from pellucid.glassbox.review.factors import factors
from pellucid.glassbox.review.fitting import TOGETHER, Fit, Share, bias_shares, fits, step_fits, weight_shares
from pellucid.glassbox.review.hypotheses import right_variation, starts_from, variations
from pellucid.glassbox.review.lines import l2_term, right_line, scaled
from pellucid.glassbox.review.passes import Pass, parts
from pellucid.glassbox.review.rounding import Tolerance
from pellucid.glassbox.review.stories import Option, Story, Way, together
from pellucid.glassbox.review.variation import Variation

DEAREST = 2.5
"""a way to one array that costs more is no explanation"""


def of_chain(p: Pass, story: Story, claim: Claim, tolerance: Tolerance, variation: Variation, step: Array | None) -> Iterator[Way]:
    """The ways by which da_l or dz_l comes about from a variation of its line (or the right one)."""
    table, shape = factors(p, claim.name), p.shape(claim.name)
    for target, turned in orientations(claim, shape, shape):
        if step is None:
            found = fits(target, variation.value, tolerance, table, dear=1.7 if variation.causes else 2.2)
        else:
            found = step_fits(target, variation.value, step, tolerance, table)
        for fit in found:
            causes = (*turned, *variation.causes, *fit.causes)
            option = Option(causes, line(p, claim.name, variation.tree, fit, bool(turned)), variation.note)
            yield Way(story.price(causes), option, target, fit.alpha)


def by_the_right_line(p: Pass, story: Story, claim: Claim, tolerance: Tolerance) -> list[Way]:
    """The ways by which dW_l or db_l comes about from the right sum, with a factor, a share of L2, turned."""
    right, shape = right_variation(p, claim.name, story.value), p.shape(claim.name)
    if story.step is None:
        return list(_fitted(p, story, claim, tolerance, right, 3.3))
    kind, layer = parts(claim.name)
    step = p.weight_part(layer, story.step) if kind == "dW" else p.bias_part(layer, story.step)
    ridge = p.ridge(layer) if kind == "dW" else bias_ridge(p, layer)
    shares = shares_of(p, kind)
    found = []
    for target, turned in orientations(claim, shape, shape):
        for fit in step_fits(target, right.value, step, tolerance, factors(p, claim.name), ridge, shares):
            causes = (*turned, *fit.causes)
            option = Option(causes, line(p, claim.name, right.tree, fit, bool(turned)))
            found.append(Way(story.price(causes), option, alpha=fit.alpha))
    return found


def by_variations(p: Pass, story: Story, claim: Claim, tolerance: Tolerance, dear: float) -> Iterator[Way]:
    """The ways by which dW_l or db_l comes about from a variation of the sum, none dearer than given."""
    shape, least = p.shape(claim.name), min(dear, DEAREST)
    targets: list[Array | None] = [target for target, _ in orientations(claim, shape, shape)]
    for index, target in enumerate(targets or [None]):
        for variation in variations(p, claim.name, story.value, target):
            if story.price(variation.causes) > least + TOGETHER or (index and not variation.narrowed):
                continue
            for way in _fitted(p, story, claim, tolerance, variation, 2.3 if len(variation.causes) == 1 else 1.1):
                if way.price <= least + TOGETHER:
                    least = min(least, way.price)
                    yield way


def _fitted(p: Pass, story: Story, claim: Claim, tolerance: Tolerance, variation: Variation, dear: float) -> Iterator[Way]:
    kind, layer = parts(claim.name)
    ridge = p.ridge(layer) if kind == "dW" else bias_ridge(p, layer)
    shares = shares_of(p, kind)
    for value, term in _broadcast(variation.value, ridge):
        for target, turned in orientations(claim, value.shape, p.shape(claim.name)):
            for fit in fits(target, value, tolerance, factors(p, claim.name), term, shares, dear):
                causes = (*turned, *variation.causes, *fit.causes)
                option = Option(causes, line(p, claim.name, variation.tree, fit, bool(turned)), variation.note)
                only = causes == fit.factor.causes and not (fit.whole and fit.share is not None and fit.share.value)
                yield Way(story.price(causes), option, factor=fit.factor if only else None)


def _broadcast(value: Array, ridge: Array | None) -> Iterator[tuple[Array, Array | None]]:
    """A variation and the L2 term; of a wrong shape also as NumPy adds the two, by repeating what has one row or column."""
    if ridge is None or ridge.shape == value.shape:
        yield value, ridge
        return
    yield value, None
    try:
        larger = np.broadcast_shapes(value.shape, ridge.shape)
    except ValueError:
        return
    yield np.broadcast_to(value, larger), np.broadcast_to(ridge, larger)


def orientations(claim: Claim, shape: tuple[int, ...], right: tuple[int, int]) -> Iterator[tuple[Array, tuple[str, ...]]]:
    """The claimed array as it is and turned, where each has the shape; to turn one that is wrong in shape anyhow costs nothing."""
    if claim.value.shape == shape:
        yield claim.value, ()
    if claim.value.T.shape == shape and shape != (1, 1):
        if claim.flat and 1 in shape:
            if shape[0] != shape[1] and claim.value.shape != shape:
                yield claim.value.T, ()
        elif shape == right:
            yield claim.value.T, ("transposed",)
        elif claim.value.shape != shape:
            yield claim.value.T, ()


def shares_of(p: Pass, kind: str) -> tuple[Share, ...]:
    """The shares of the L2 term that dW or db may have."""
    if ("shares", kind) not in p.kept:
        p.kept["shares", kind] = (weight_shares if kind == "dW" else bias_shares)(p.total)
    found: tuple[Share, ...] = p.kept["shares", kind]
    return found


def bias_ridge(p: Pass, layer: int) -> Array | None:
    """What an L2 term of the biases would be."""
    l2 = p.architecture.l2
    return p.values[f"b{layer}"] * (l2 / p.total) if l2 else None


def line(p: Pass, name: str, tree: Expression, fit: Fit, turned: bool = False) -> Expression:
    """What seems to have been computed: a line with the factor, the share of L2, the transpose."""
    kind, layer = parts(name)
    factor, share = fit.factor, fit.share
    whole = scaled(tree, factor.number, factor.samples, factor.outputs, p) if factor.causes else tree
    if share is not None and share.value and kind in ("dW", "db") and p.architecture.l2:
        amount = share.value * (factor.value if fit.whole else 1.0)
        whole = whole + l2_term(p, f"{kind[1]}{layer}", amount)
    return whole.T if turned else whole


def mistakes_in(p: Pass, name: str, value: Array, granted: Tolerance) -> list[Option]:
    """The likeliest ways to a value of one quantity from right values before it; the first has no causes where it is right.

    Nothing where no mistake on the list gives it. The value is in the columns convention and may have another shape than the right one.

    >>> import pellucid as pl
    >>> from pellucid.glassbox.review.passes import forward_pass
    >>> from pellucid.glassbox.review.rounding import DOUBLE, tolerances
    >>> net = pl.Network([2, 3, 1], activations=["tanh", "sigmoid"])
    >>> p = forward_pass(net.architecture, net.vector, np.eye(2), np.ones((2, 1)))
    >>> [option.causes for option in mistakes_in(p, "dW2", p.values["dW2"].T, tolerances(p, DOUBLE)["dW2"])]
    [('transposed',)]
    """
    claim, story = Claim(name, value, False, 0.0, value.shape, False), Story(p.values.get(starts_from(p, name)))
    if granted.is_right(value, p.values[name]):
        return [Option((), right_line(p, name))]
    if parts(name)[0] in ("dW", "db"):
        found = by_the_right_line(p, story, claim, granted)
        found += by_variations(p, story, claim, granted, min((way.price for way in found), default=DEAREST))
    else:
        ways = [right_variation(p, name, story.value), *variations(p, name, story.value)]
        found = [way for variation in ways for way in of_chain(p, story, claim, granted, variation, None)]
    return [way.option for way in together(found)] if found else []

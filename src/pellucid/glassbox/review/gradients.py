"""The review of gradients: what is wrong with those that somebody derived by hand, the first mistake before its consequences.

The gradients are held against the right ones. Where they differ, a closed list of mistakes (`causes.py`), each a variation of the right
computation (`hypotheses.py`), is searched for the story that explains all of them (`search.py`): which of them are wrong by a mistake
of their own, and which follow exactly from an earlier one. What no story explains is called unrecognised, not guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import InputError, sentence
from pellucid.glassbox.model import as_subject
from pellucid.glassbox.review.claims import Claim, read_claims
from pellucid.glassbox.review.passes import Pass, forward_pass
from pellucid.glassbox.review.report import GradientReview
from pellucid.glassbox.review.rounding import DOUBLE, SINGLE, Tolerance, carried_over, tolerances
from pellucid.glassbox.review.search import Search
from pellucid.glassbox.review.stories import RIGHT, UNKNOWN, Finding, Story
from pellucid.glassbox.review.verdicts import tell
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.validation import as_inputs, as_masks, as_sample_weight, as_targets, one_of

OTHER_CONVENTION = 0.5
"""what a story in another convention costs more"""
MEAN_IN_DZ = 0.9
"""what it costs more that the mean is kept in dz: nearly as much as an extra 1/m"""
TWO = 2.3
"""the cost of two mistakes: where a story needs more, one with two mistakes in arrays that were not handed in may be cheaper"""
Claims = Mapping[str, ArrayLike] | Callable[..., Mapping[str, ArrayLike]]


def review_gradients(
    claimed: Claims,
    net: Any,
    X: ArrayLike,
    y: ArrayLike,
    convention: str = "columns",
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> GradientReview:
    """Say what is wrong with gradients that come from elsewhere, and where it begins.

    dW_l and db_l are derivatives of the cost J, da_l and dz_l of the loss of each sample (no mean over samples in them), as in
    ``net.trace``; dz that hold the mean already are recognised as another convention. One part in ten million of the largest entry
    is granted to rounding, and what float32 leaves where arrays of float32 are handed in.

    Args:
        claimed: arrays by name, any of dW_l, db_l, dz_l, da_l (l = 1..L) and dX; or a function of (parameters, X, y) that returns
            them. The function gets copies, laid out as the convention says: parameters {"W1": (n_1, n_0), "b1": (n_1, 1) ...},
            X (n_0, m), y (n_L, m) for columns; {"W1": (n_0, n_1), "b1": (n_1,) ...}, X (m, n_0), y (m, n_L) for rows.
        net: a `Network`, a fitted estimator, or a pipeline that ends in one.
        X: the samples, as rows (in either convention).
        y: the targets, as for `Network.fit`.
        convention: how the claimed arrays are laid out: columns (samples are columns, dW_l is n_l x n_{l-1}) or rows.
        sample_weight: s_i, (m,).
        mask: dropout masks that the gradients were computed with, {l: (m, n_l)}.

    Raises:
        InputError: X, y, the weights or the mask do not fit the network; a claimed array has an unknown name, a shape that fits
            nothing, or NaN in it.

    >>> import numpy as np, pellucid as pl
    >>> net = pl.Network([3, 4, 2], activations=["tanh", "softmax"])
    >>> X, y = np.random.default_rng(0).normal(size=(5, 3)), [0, 1, 1, 0, 1]
    >>> def backward(p, X, y):
    ...     a1 = np.tanh(p["W1"] @ X + p["b1"])
    ...     e = np.exp(p["W2"] @ a1 + p["b2"])
    ...     dz2 = e / e.sum(axis=0) - y
    ...     dz1 = p["W2"].T @ dz2 * (1 - a1)  # the square is missing
    ...     return {"dW2": dz2 @ a1.T / 5, "db2": dz2.mean(axis=1), "dz1": p["W2"].T @ dz2, "dW1": p["W2"].T @ dz2 @ X.T / 5}
    >>> review = review_gradients(backward, net, X, y)
    >>> [(name, review[name].verdict) for name in review]
    [('dW2', 'correct'), ('db2', 'correct'), ('dz1', 'activation derivative missing'), ('dW1', 'consequence of dz1')]

    """
    one_of(convention, CONVENTIONS, "the convention", "review_gradients")
    net, X, y, _ = as_subject(net, X, y, "review_gradients")
    architecture, double = net.architecture, np.dtype(np.float64)
    inputs = as_inputs(X, architecture.sizes[0], double)
    targets = as_targets(y, len(inputs), architecture, double)
    s = as_sample_weight(sample_weight, len(inputs), double)
    masks = as_masks(mask, len(inputs), architecture, double)
    p = forward_pass(architecture, net.vector.astype(np.float64), inputs, targets, s, masks)
    if not all(np.isfinite(p.values[f"dz{layer}"]).all() for layer in range(1, p.depth + 1)):
        repair = "scale the inputs, or start from smaller weights"
        raise InputError(sentence("a right gradient", "review_gradients", "infinite or not a number", "finite numbers", repair))
    claims = read_claims(claimed, p, convention)
    with np.errstate(all="ignore"):
        return _review(p, claims, convention)


def _review(p: Pass, claims: Mapping[str, Claim], convention: str) -> GradientReview:
    exact = _granted(p, claims, DOUBLE)
    if all(exact[name].is_right(claim.value, p.values[name]) for name, claim in claims.items()):
        return tell(p, claims, [(p, Story(findings=tuple(Finding(name, RIGHT) for name in claims)))], exact, convention)
    passes = [(p, 0.0), *_turned(p, claims)]
    found, granted = _best(passes, claims, exact, 1), exact
    if _open(found):  # perhaps it was computed in float32
        loose = _granted(p, claims, SINGLE)
        other = _best(passes, claims, loose, 1)
        if other[0][1].cost < found[0][1].cost:
            found, granted = other, loose
    if _open(found) or found[0][1].cost > TWO:
        again = [(turned, more) for turned, more in passes if turned is found[0][0]]
        found = sorted([*found, *_best(again, claims, granted, 2)], key=lambda item: item[1].cost)
    return tell(p, claims, found, exact, convention)


def _open(found: list[tuple[Pass, Story]]) -> bool:
    """Whether even the best story leaves something unexplained."""
    return any(finding.status == UNKNOWN for finding in found[0][1].findings)


def _granted(p: Pass, claims: Mapping[str, Claim], least: float) -> dict[str, Tolerance]:
    """What is granted to each claimed array, by its precision."""
    by_precision: dict[float, dict[str, Tolerance]] = {}
    found = {}
    for name, claim in claims.items():
        epsilon = max(claim.epsilon, least)
        if epsilon not in by_precision:
            by_precision[epsilon] = tolerances(p, epsilon)
        found[name] = by_precision[epsilon][name]
    return found


def _best(
    passes: Sequence[tuple[Pass, float]], claims: Mapping[str, Claim], granted: Mapping[str, Tolerance], mistakes: int
) -> list[tuple[Pass, Story]]:
    """The best stories, each with the pass that it is told of: the right one, or one in another convention, which costs more."""
    found: list[tuple[Pass, Story]] = []
    for turned, more in passes:
        if not found or found[0][1].cost > more:
            as_granted = granted if turned.kinks == "right" and turned.mean_in == "dW" else carried_over(granted, turned)
            found += [(turned, replace(story, cost=story.cost + more)) for story in Search(turned, claims, as_granted, mistakes).stories()]
            found.sort(key=lambda item: item[1].cost)
    return found


def _turned(p: Pass, claims: Mapping[str, Claim]) -> list[tuple[Pass, float]]:
    """The pass in the other conventions that would be seen in the claims, alone and together."""
    kinks: list[tuple[str, float]] = [("right", 0.0)]
    if p.on_a_kink:
        at = ("left", "least", "middle") if any(rule.kinks for rule in p.architecture.activations) else ()
        kinks += [(kind, OTHER_CONVENTION) for kind in (*at, *(("below", "above") if p.architecture.loss.kinks else ()))]
    means: list[tuple[str, float]] = [("dW", 0.0)]
    if (p.m > 1 or p.weighted) and any(name[:2] in ("da", "dz", "dX") for name in claims):
        means += [(kind, MEAN_IN_DZ) for kind in (("dz", "da") if f"da{p.depth}" in claims else ("dz",))]
    both = sorted(((kind, mean, more + other) for kind, more in kinks for mean, other in means), key=lambda item: item[2])
    return [(p.under(kinks=kind, mean_in=mean), cost) for kind, mean, cost in both if cost]

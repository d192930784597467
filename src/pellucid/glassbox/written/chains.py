r"""The chain rule as it is written: \frac{dy}{dx} = \frac{dy}{du} \cdot \frac{du}{dx}, whatever the names stand for."""

from __future__ import annotations

from itertools import pairwise

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.tree import Name, Product
from pellucid.glassbox.written.readings import Claim


def links(tree: Expression) -> list[nodes.Derivative] | None:
    """The factors of a product that has nothing but derivatives of names by names."""
    factors = tree.factors if isinstance(tree, Product) else (tree,)
    found: list[nodes.Derivative] = []
    for factor in factors:
        if isinstance(factor, Product):
            inner = links(factor)
            if inner is None:
                return None
            found += inner
        elif isinstance(factor, nodes.Derivative) and isinstance(factor.of, Name) and isinstance(factor.by, Name):
            found.append(factor)
        else:
            return None
    return found


def broken(claim: Claim) -> str | None:
    """Why a product of derivatives is no chain from the top of the left side to its bottom; None where it is one, or no product."""
    left, chain = claim.left, links(claim.right)
    if not isinstance(left, nodes.Derivative) or chain is None or len(chain) < 2:
        return None
    if any(link == left for link in chain):
        return None
    if chain[0].of != left.of:
        return f"the chain begins with {plain(chain[0].of)}, not with {plain(left.of)}"
    for before, after in pairwise(chain):
        if before.by != after.of:
            return f"after {plain(before)} the chain must go on with a derivative of {plain(before.by)}, not of {plain(after.of)}"
    if chain[-1].by != left.by:
        missing = f"d{plain(chain[-1].by)}/d{plain(left.by)}"
        return f"the chain ends in {plain(chain[-1].by)}, not in {plain(left.by)}: the factor {missing} is missing"
    return None


def telescopes(claim: Claim) -> bool:
    """Whether the right side is a chain of at least two links from the left side's top to its bottom."""
    chain = links(claim.right)
    return (
        isinstance(claim.left, nodes.Derivative)
        and chain is not None
        and len(chain) > 1
        and claim.left not in chain
        and broken(claim) is None
    )

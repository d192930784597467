"""The cancellations of the fused pairs, line by line: an output activation and a loss whose derivatives multiply to something simpler.

`FUSED` (in `equations/losses.py`) holds the results; here is the way to each. Everything is entry by entry, so the same lines serve whole
arrays and single units; the pairs with softmax, where every output depends on every z, stand in `softmax.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pellucid.equations.losses import FusedPair
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Expression
from pellucid.glassbox.derive.formulas import formula


@dataclass(frozen=True)
class Line:
    """One line of a cancellation: sides that are equal, and why."""

    name: str
    """what the line does, in a word"""
    sides: tuple[Expression, ...]
    rule: str


@dataclass(frozen=True)
class Way:
    """From the product of two derivatives to its exact form."""

    lines: tuple[Line, ...]
    """dz, line by line; the last side of the last line is the result"""
    contribution: Expression
    """what an output adds to the loss, in z and y"""
    why: str
    """how it comes from the formula in y_hat and y"""
    written: Expression | None = None
    """the contribution of unit k as it is written, where that is not the same for unit k alone"""


def exp(x: Expression) -> Call:
    """e^x."""
    return Call("exp", (x,))


def log(x: Expression) -> Call:
    """log x."""
    return Call("log", (x,))


def ratio(top: Expression, bottom: Expression) -> nodes.Divide:
    """A quotient where 0 / 0 is 0."""
    return nodes.Divide(top, bottom, zero_wins=True)


def sigmoid_log_loss(pair: FusedPair, z: Expression, a: Expression, y: Expression) -> Way:
    """(-y/a + (1-y)/(1-a)) a (1-a) = -y (1-a) + (1-y) a = a - y."""
    result = formula(pair.dz_formula, {"z": z, "a": a, "y": y})
    slope = -ratio(y, a) + ratio(1 - y, 1 - a)
    cancelled = -(y * (1 - a)) + (1 - y) * a
    return Way(
        (
            Line("cancel", (slope * a * (1 - a), cancelled), "a cancels against 1/a, and 1 - a against 1/(1 - a)"),
            Line("multiply out", (cancelled, nodes.Negative(y) + y * a + a - y * a, result), "multiplied out, y a cancels"),
        ),
        log(1 + exp(z)) - y * z,
        "with a = 1/(1 + e^-z): log a = z - log(1 + e^z) and log(1 - a) = -log(1 + e^z)",
    )


def sigmoid_cross_entropy(pair: FusedPair, z: Expression, a: Expression, y: Expression) -> Way:
    """-y/a a (1-a) = -y (1-a)."""
    result = formula(pair.dz_formula, {"z": z, "a": a, "y": y})
    exact = formula(pair.pieces[1], {"z": z, "a": a, "y": y})
    rule = "a cancels against 1/a; 1 - a is the sigmoid of -z, which keeps its digits where a is near 1"
    return Way(
        (Line("cancel", (-ratio(y, a) * a * (1 - a), result, exact), rule),),
        y * log(1 + exp(-z)),
        "with a = 1/(1 + e^-z): log a = -log(1 + e^-z)",
    )


def exp_poisson(pair: FusedPair, z: Expression, a: Expression, y: Expression) -> Way:
    """(1 - y/a) a = a - y."""
    result = formula(pair.dz_formula, {"z": z, "a": a, "y": y})
    return Way(
        (Line("multiply out", ((1 - ratio(y, a)) * a, result), "multiplied out, a cancels against 1/a"),),
        exp(z) - y * z + y * log(y) - y,
        "with a = e^z: log(y/a) = log y - z",
    )


def softplus_poisson(pair: FusedPair, z: Expression, a: Expression, y: Expression) -> Way:
    """(1 - y/a) sigmoid(z) = sigmoid(z) - y sigmoid(z) / a."""
    result = formula(pair.dz_formula, {"z": z, "a": a, "y": y})
    sigmoid = Call("sigmoid", (z,))
    rule = "multiplied out; sigmoid(z)/a is about 1 for very negative z, where each of the two vanishes"
    softplus = log(1 + exp(z))
    return Way(
        (Line("multiply out", ((1 - ratio(y, a)) * sigmoid, result), rule),),
        softplus - y * log(softplus) + y * log(y) - y,
        "with a = log(1 + e^z): log(y/a) = log y - log a",
    )


ENTRY_BY_ENTRY: dict[tuple[str, str], Callable[[FusedPair, Expression, Expression, Expression], Way]] = {
    ("sigmoid", "log_loss"): sigmoid_log_loss,
    ("sigmoid", "cross_entropy"): sigmoid_cross_entropy,
    ("exp", "poisson"): exp_poisson,
    ("softplus", "poisson"): softplus_poisson,
}
"""by the names of `FUSED`"""

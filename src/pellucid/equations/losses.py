"""Losses: l_i of one sample, its derivative with respect to y_hat, and the exact fused forms with an output activation.

``mse``, ``half_mse``, ``mae``, ``huber`` and ``poisson`` average over the outputs; ``log_loss`` and ``cross_entropy`` sum.

The derivative with respect to y_hat and the derivative of the output activation can each overflow or vanish where their product
does not: log loss after a saturated sigmoid is the well-known case. A `FusedPair` holds the product, worked out by hand, and the
loss as a function of z; engines always compute with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from jaxtyping import Inexact

from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.arrays import Array, log_softmax, namespace, not_negative, over_groups, sigmoid, softplus, xlogy
from pellucid.equations.records import (
    CLOSED_UNIT,
    NOT_NEGATIVE,
    OPEN_UNIT,
    POSITIVE,
    REAL,
    Interval,
    as_latex,
    is_formula,
    look_up,
    spelled,
)
from pellucid.errors import InputError, sentence


@dataclass(frozen=True)
class Loss:
    """The loss of one sample, and everything that is known about it.

    >>> import numpy as np
    >>> loss("mse").value(np.array([[1.0, 2.0]]), np.array([[0.0, 0.0]]))
    array([2.5])
    """

    spec: str
    """the text that names it: ``loss(spec)`` gives the same record"""
    formula: str
    """the contribution of one output, as an expression in y_hat and y"""
    derivative_formula: str
    """its derivative with respect to y_hat"""
    averages: bool
    """whether l_i is the mean (else the sum) of the contributions of the outputs"""
    domain: Interval
    """the y_hat for which it is defined"""
    targets: Interval
    """the y for which it is defined"""
    kinks: tuple[float, ...]
    """the y_hat - y at which the derivative jumps"""
    output: str
    """the output activation that goes with it unless another is chosen"""
    contribution: Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """what each output adds, from y_hat and y"""
    slope: Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """the derivative of the contribution with respect to y_hat"""
    pieces: tuple[str, str]
    """the same two formulas out of stable pieces (xlogy, clip ...), as compiled engines take them"""
    same_as: str = ""
    """of a formula: the name of the loss of the catalogue that is the same function"""
    borders: tuple[Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]], ...] = ()
    """of a formula that is no function of y_hat - y alone: what changes its sign where the derivative jumps"""
    pair: FusedPair | None = None
    """the fused form with the output that goes with it, where it is another than the catalogue's"""

    @property
    def name(self) -> str:
        """The catalogue's name, also of a formula that is the same function as one of the catalogue."""
        return self.same_as or self.spec

    @property
    def latex(self) -> tuple[str, str]:
        r"""What each output adds, and its derivative with respect to y_hat, as LaTeX.

        >>> loss("half_mse").latex[1]
        '\\hat{y} - y'
        """
        return as_latex(self.formula), as_latex(self.derivative_formula)

    @property
    def smooth(self) -> bool:
        """Whether the derivative jumps nowhere."""
        return not self.kinks and not self.borders

    def sides(self, y_hat: Inexact[Array, "m n"], y: Inexact[Array, "m n"]) -> Iterator[Array]:
        """For each kink, which entries are on its right."""
        for kink in self.kinks:
            yield y_hat - y >= kink
        for border in self.borders:
            yield border(y_hat, y) >= 0

    def value(self, y_hat: Inexact[Array, "m n"], y: Inexact[Array, "m n"]) -> Inexact[Array, " m"]:
        """l_i of each sample."""
        return self.over_outputs(self.contribution(y_hat, y))

    def derivative(self, y_hat: Inexact[Array, "m n"], y: Inexact[Array, "m n"]) -> Inexact[Array, "m n"]:
        """da_L = d l_i / d y_hat."""
        slope = self.slope(y_hat, y)
        return slope / y_hat.shape[1] if self.averages else slope

    def over_outputs(self, contributions: Inexact[Array, "m n"]) -> Inexact[Array, " m"]:
        """The mean or the sum over the outputs."""
        xp = namespace(contributions)
        return xp.mean(contributions, axis=1) if self.averages else xp.sum(contributions, axis=1)


def mse() -> Loss:
    """L = (1/n) sum (y_hat - y)^2."""

    def contribution(y_hat: Array, y: Array) -> Array:
        return (y_hat - y) ** 2

    def slope(y_hat: Array, y: Array) -> Array:
        return 2 * (y_hat - y)

    formulas = "(y_hat - y)**2", "2 * (y_hat - y)"
    pieces = "square(y_hat - y)", "2 * (y_hat - y)"
    return Loss("mse", *formulas, True, REAL, REAL, (), "identity", contribution, slope, pieces)


def half_mse() -> Loss:
    """L = (1/2n) sum (y_hat - y)^2, so that the derivative is the error y_hat - y (over n)."""

    def contribution(y_hat: Array, y: Array) -> Array:
        return (y_hat - y) ** 2 / 2

    def slope(y_hat: Array, y: Array) -> Array:
        return y_hat - y

    formulas = "(y_hat - y)**2 / 2", "y_hat - y"
    pieces = "0.5 * square(y_hat - y)", "y_hat - y"
    return Loss("half_mse", *formulas, True, REAL, REAL, (), "identity", contribution, slope, pieces)


def mae() -> Loss:
    """L = (1/n) sum |y_hat - y|; the derivative at 0 is 0."""

    def contribution(y_hat: Array, y: Array) -> Array:
        return namespace(y_hat).abs(y_hat - y)

    def slope(y_hat: Array, y: Array) -> Array:
        return namespace(y_hat).sign(y_hat - y)

    formulas = "abs(y_hat - y)", "sign(y_hat - y)"
    pieces = "abs(y_hat - y)", "sign(y_hat - y)"
    return Loss("mae", *formulas, True, REAL, REAL, (0.0,), "identity", contribution, slope, pieces)


def huber(delta: float = 1.0) -> Loss:
    """L = mean of e^2 / 2 where |e| <= delta, else delta (|e| - delta / 2); e = y_hat - y (Huber 1964)."""
    if not 0 < delta < math.inf:
        raise InputError(sentence("delta", "huber", delta, "a positive number", "choose e.g. delta=1"))

    def contribution(y_hat: Array, y: Array) -> Array:
        e = y_hat - y
        inside = namespace(e).clip(e, -delta, delta)
        return inside * (e - inside / 2)

    def slope(y_hat: Array, y: Array) -> Array:
        return namespace(y_hat).clip(y_hat - y, -delta, delta)

    d = repr(float(delta))
    formulas = (
        f"(y_hat - y)**2 / 2 if abs(y_hat - y) <= {d} else {d} * (abs(y_hat - y) - {d} / 2)",
        f"min({d}, max(-{d}, y_hat - y))",
    )
    inside = f"clip(y_hat - y, -{d}, {d})"
    pieces = f"{inside} * (y_hat - y - 0.5 * {inside})", inside
    return Loss(spelled("huber", delta=delta), *formulas, True, REAL, REAL, (), "identity", contribution, slope, pieces)


def poisson() -> Loss:
    """L = mean of y_hat - y + y log(y / y_hat): half the Poisson deviance, 0 for a perfect prediction.

    Source: McCullagh and Nelder 1989, *Generalized linear models*, section 2.3.
    """

    def contribution(y_hat: Array, y: Array) -> Array:
        return y_hat - y + xlogy(y, y) - xlogy(y, y_hat)

    def slope(y_hat: Array, y: Array) -> Array:
        return 1 - y / y_hat

    formulas = "y_hat - y + y * log(y / y_hat)", "1 - y / y_hat"
    pieces = "y_hat - y + xlogy(y, y) - xlogy(y, y_hat)", "1 - y / y_hat"
    return Loss("poisson", *formulas, True, POSITIVE, NOT_NEGATIVE, (), "exp", contribution, slope, pieces)


def log_loss() -> Loss:
    """L = -sum y log y_hat + (1 - y) log(1 - y_hat), one or several yes-or-no labels."""

    def contribution(y_hat: Array, y: Array) -> Array:
        return -xlogy(y, y_hat) - xlogy(1 - y, 1 - y_hat)

    def slope(y_hat: Array, y: Array) -> Array:
        return _ratio(1 - y, 1 - y_hat) - _ratio(y, y_hat)

    formulas = "-(y * log(y_hat) + (1 - y) * log(1 - y_hat))", "-y / y_hat + (1 - y) / (1 - y_hat)"
    pieces = "-xlogy(y, y_hat) - xlogy(1 - y, 1 - y_hat)", "ratio(1 - y, 1 - y_hat) - ratio(y, y_hat)"
    return Loss("log_loss", *formulas, False, OPEN_UNIT, CLOSED_UNIT, (), "sigmoid", contribution, slope, pieces)


def cross_entropy() -> Loss:
    """L = -sum_k y_k log y_hat_k, y one-hot or a distribution over the classes."""

    def contribution(y_hat: Array, y: Array) -> Array:
        return -xlogy(y, y_hat)

    def slope(y_hat: Array, y: Array) -> Array:
        return -_ratio(y, y_hat)

    formulas = "-y * log(y_hat)", "-y / y_hat"
    pieces = "-xlogy(y, y_hat)", "-ratio(y, y_hat)"
    return Loss("cross_entropy", *formulas, False, OPEN_UNIT, CLOSED_UNIT, (), "softmax", contribution, slope, pieces)


def _ratio(x: Array, y: Array) -> Array:
    """X / y, and 0 where x is 0 whatever y is."""
    xp = namespace(y)
    return xp.where(x == 0, 0, x / xp.where(x == 0, 1, y))


CATALOGUE: dict[str, Callable[..., Loss]] = {
    "mse": mse,
    "half_mse": half_mse,
    "log_loss": log_loss,
    "cross_entropy": cross_entropy,
    "mae": mae,
    "huber": huber,
    "poisson": poisson,
}


def loss(spec: str | Loss, **parameters: float) -> Loss:
    """The loss that a text names, e.g. ``"mse"`` or ``"huber(delta=2.0)"``, or that a formula in y_hat and y stands for.

    A formula says what each output adds; the loss of a sample is the mean over its outputs. It may use what the formula of an activation
    may (see `activation`). y_hat and y may be any numbers for which it is finite.

    Raises:
        UnknownNameError: there is no such name.
        FormulaError: the text is no formula, or one that is not finite, jumps, or does not depend on y_hat and y.

    >>> loss("huber", delta=2).spec
    'huber(delta=2.0)'
    >>> loss("log(cosh(y_hat - y))").derivative_formula
    'tanh(y_hat - y)'

    """
    if isinstance(spec, Loss):
        return spec
    if is_formula(spec, ("y_hat",)):
        if parameters:
            told = sentence("a parameter", "the formula of a loss", ", ".join(parameters), "none", "write the number into the formula")
            raise InputError(told)
        return _from_formula(" ".join(spec.split()))
    return look_up("loss", spec, CATALOGUE, parameters)


@lru_cache(maxsize=256)
def _from_formula(text: str) -> Loss:
    """The record of a formula. One that is a function of the catalogue computes as that does, to the bit."""
    from pellucid.equations.formulas import loss_faces
    from pellucid.expressions.algebra import canonical
    from pellucid.expressions.parse import parse
    from pellucid.expressions.stable import stable

    faces = loss_faces(text)
    known = [make() for make in CATALOGUE.values()]
    twin = next((record for record in known if canonical(stable(parse(record.formula, ["y_hat", "y"]))) == canonical(faces.tree)), None)
    if twin is not None:
        return replace(twin, spec=text, formula=faces.formula, same_as=twin.spec)
    return Loss(
        spec=text,
        formula=faces.formula,
        derivative_formula=faces.derivative_formula,
        averages=True,
        domain=faces.domain,
        targets=faces.targets,
        kinks=faces.kinks,
        output=faces.output,
        contribution=faces.contribution,
        slope=faces.slope,
        pieces=faces.pieces,
        borders=faces.borders,
    )


@dataclass(frozen=True)
class FusedPair:
    """An output activation and a loss, taken together: exact where the two steps one after the other are not."""

    dz_formula: str
    contribution: Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """what each output adds to l_i, from z_L and y"""
    slope: Callable[[Inexact[Array, "m n"], Inexact[Array, "m n"], Inexact[Array, "m n"]], Inexact[Array, "m n"]]
    """dz_L from z_L, a_L and y (before the mean over outputs, where the loss averages)"""
    pieces: tuple[str, str] = ("", "")
    """the same two out of stable pieces; empty where they look at a whole row"""


def sigmoid_log_loss() -> FusedPair:
    """L = softplus(z) - y z; dz = (-y/a + (1-y)/(1-a)) a (1-a) = a - y."""

    def contribution(z: Array, y: Array) -> Array:
        return softplus(z) - y * z

    def slope(z: Array, a: Array, y: Array) -> Array:
        return a - y

    return FusedPair("a - y", contribution, slope, ("softplus(z) - y * z", "a - y"))


def softmax_cross_entropy() -> FusedPair:
    """L = -sum y_k log softmax(z)_k; dz = a sum(y) - y, which is a - y when the targets sum to one."""

    def contribution(z: Array, y: Array) -> Array:
        return -y * log_softmax(z)

    def slope(z: Array, a: Array, y: Array) -> Array:
        return a * namespace(y).sum(y, axis=1, keepdims=True) - y

    return FusedPair("a * sum(y) - y", contribution, slope)


def sigmoid_cross_entropy() -> FusedPair:
    """L = sum y softplus(-z); dz = -y (1 - a)."""

    def contribution(z: Array, y: Array) -> Array:
        return y * softplus(-z)

    def slope(z: Array, a: Array, y: Array) -> Array:
        return -y * sigmoid(-z)

    return FusedPair("-y * (1 - a)", contribution, slope, ("y * softplus(-z)", "-y * sigmoid(-z)"))


def softmax_log_loss() -> FusedPair:
    """L = -sum y log a + (1 - y) log(1 - a), where 1 - a_j is the sum of the *other* entries of the softmax.

    With da_j = -y_j / a_j + (1 - y_j) / (1 - a_j) the Jacobian gives
    dz_k = a_k - y_k + sum_{j != k} (y_j a_k - (1 - y_j) a_j a_k / (1 - a_j)); the last quotient is formed from logarithms.
    """

    def log_of_rest(z: Array) -> Array:
        xp = namespace(z)
        own = xp.eye(z.shape[1], dtype=bool)
        log_a = log_softmax(z)
        others = xp.where(own, -math.inf, log_a[:, None, :])
        top = xp.max(xp.real(others), axis=-1, keepdims=True)
        return top[:, :, 0] + xp.log(xp.sum(xp.where(own, 0, xp.exp(others - top)), axis=-1))

    def contribution(z: Array, y: Array) -> Array:
        if z.shape[1] == 1:
            return namespace(z).where(y == 1, 0, math.inf) * namespace(z).ones_like(z)
        return -y * log_softmax(z) - (1 - y) * log_of_rest(z)

    def slope(z: Array, a: Array, y: Array) -> Array:
        xp = namespace(z)
        log_a = log_softmax(z)
        own = xp.eye(z.shape[1], dtype=bool)
        log_share = log_a[:, :, None] + (log_a - log_of_rest(z))[:, None, :]
        share = xp.exp(xp.where(own, -math.inf, log_share))
        pull = y[:, None, :] * a[:, :, None] - (1 - y)[:, None, :] * share
        return a - y + xp.sum(xp.where(own, 0, pull), axis=-1)

    text = "a_k - y_k + sum_(j != k) (y_j * a_k - (1 - y_j) * a_j * a_k / (1 - a_j))"
    return FusedPair(text, contribution, slope)


def exp_poisson() -> FusedPair:
    """L = e^z - y z + (y log y - y); dz = a - y."""

    def contribution(z: Array, y: Array) -> Array:
        return namespace(z).exp(z) - y * z + xlogy(y, y) - y

    def slope(z: Array, a: Array, y: Array) -> Array:
        return a - y

    return FusedPair("a - y", contribution, slope, ("exp(z) - y * z + xlogy(y, y) - y", "a - y"))


def softplus_poisson() -> FusedPair:
    """L = a - y log a + (y log y - y), a = softplus(z); dz = sigmoid(z) - y sigmoid(z) / a, the quotient -> 1 as z -> -inf."""

    def far(z: Array) -> Array:
        return ~not_negative(z + 30)

    def contribution(z: Array, y: Array) -> Array:
        xp = namespace(z)
        a = softplus(z)
        log_a = xp.where(far(z), z, xp.log(xp.where(far(z), 1, a)))
        return a - y * log_a + xlogy(y, y) - y

    def slope(z: Array, a: Array, y: Array) -> Array:
        xp = namespace(z)
        s = sigmoid(z)
        return s - y * xp.where(far(z), 1, s / xp.where(far(z), 1, a))

    pieces = (
        "softplus(z) - y * where(z < -30, z, log(softplus(z))) + xlogy(y, y) - y",
        "sigmoid(z) - y * where(z < -30, 1, sigmoid(z) / softplus(z))",
    )
    return FusedPair("sigmoid(z) - y * sigmoid(z) / a", contribution, slope, pieces)


FUSED: dict[tuple[str, str], FusedPair] = {
    ("sigmoid", "log_loss"): sigmoid_log_loss(),
    ("softmax", "cross_entropy"): softmax_cross_entropy(),
    ("sigmoid", "cross_entropy"): sigmoid_cross_entropy(),
    ("softmax", "log_loss"): softmax_log_loss(),
    ("exp", "poisson"): exp_poisson(),
    ("softplus", "poisson"): softplus_poisson(),
}


@lru_cache(maxsize=256)
def in_groups(pair: FusedPair, groups: tuple[int, ...]) -> FusedPair:
    """A pair with a softmax, in each of its groups: the sums in its formula run over the group."""

    def contribution(z: Array, y: Array) -> Array:
        return over_groups(pair.contribution, z, y, groups=groups)

    def slope(z: Array, a: Array, y: Array) -> Array:
        return over_groups(pair.slope, z, a, y, groups=groups)

    return FusedPair(pair.dz_formula, contribution, slope, pair.pieces)


@dataclass(frozen=True)
class Objective:
    """A loss behind the output activation it is used with: the last link of the chain, fused where a fused form exists.

    Raises:
        InputError: the output can take values for which the loss is not defined.

    """

    output: Activation
    loss: Loss

    def __post_init__(self) -> None:
        if not self.loss.domain.contains(self.output.range):
            what, where = "the output activation", f"a network with loss {self.loss.spec}"
            got = f"{self.output.spec}, with values in {self.output.range}"
            fits = f"one with values in {self.loss.domain}"
            raise InputError(sentence(what, where, got, fits, f"use {self.loss.output}, or another loss"))

    @property
    def fused(self) -> FusedPair | None:
        """The exact product, or None where the chain rule is followed link by link."""
        known = self.loss.pair is not None and self.output.name == self.loss.output
        pair, output = self.loss.pair if known else FUSED.get((self.output.name, self.loss.name)), self.output
        return in_groups(pair, output.groups) if pair is not None and isinstance(output, Softmax) and output.groups else pair

    def value(self, z: Inexact[Array, "m n"], y_hat: Inexact[Array, "m n"], y: Inexact[Array, "m n"]) -> Inexact[Array, " m"]:
        """l_i of each sample."""
        pair = self.fused
        return self.loss.value(y_hat, y) if pair is None else self.loss.over_outputs(pair.contribution(z, y))

    def backward(self, z: Inexact[Array, "m n"], y_hat: Inexact[Array, "m n"], y: Inexact[Array, "m n"]) -> Inexact[Array, "m n"]:
        """dz_L = d l_i / d z_L."""
        pair = self.fused
        if pair is None:
            return self.output.backward(self.loss.derivative(y_hat, y), z, y_hat)
        slope = pair.slope(z, y_hat, y)
        return slope / y.shape[1] if self.loss.averages else slope

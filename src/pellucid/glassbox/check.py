"""Gradient check: the gradients of backward propagation against differences of the cost itself.

The derivative along a direction d is compared with central differences in float64, of fourth order with wide steps, then of second
order with narrower ones, until one agrees. Three things can keep a difference from telling the truth, and are reported as what they
are, never as an error of the gradient:

- a *kink* (relu at 0): some unit is on one side at theta - h d and on the other at theta + h d, whatever the step;
- *rounding*: J carries an error of about eps |J| (or eps times the terms that it is the difference of), its quotient one of that / h; a
  difference below it is undecided;
- *curvature*: the difference of a function that bends strongly is off by a power of h.

Where the network is smooth, what the differences leave open is settled by the complex step, J'(theta) = Im J(theta + i h) / h, which
subtracts nothing and so has no rounding of that kind (Squire and Trapp 1998). Derivatives beside which the rounding of backward
propagation itself is large (about 100 eps times the largest of them, or J) stay undecided.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.propagation import Tape, backward, forward
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.glassbox.model import as_subject
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text
from pellucid.validation import as_inputs, as_masks, as_numbers, as_sample_weight, as_targets, positive_integer, whole_number

if TYPE_CHECKING:
    from rich.table import Table as RichTable

GOOD = 1e-7
TOLERANCE = 1e-5
_LEVELS = ((1e-3, (8 / 12, -1 / 12)), (1e-4, (8 / 12, -1 / 12)), (6e-6, (1 / 2,)), (6e-7, (1 / 2,)), (6e-8, (1 / 2,)))
"""(h, weights of J(theta + k h d) - J(theta - k h d) for k = 1, 2 ...)"""
_COMPLEX_STEP = 1e-30
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class GradientRow:
    """What was found for one array of parameters, or for the random directions."""

    name: str
    """W1, b1 ... or directions"""
    part: str
    """data (the mean loss), L2, or J where a gradient was handed in"""
    checked: int
    total: int
    max_relative_error: float
    """|a - n| / max(|a|, |n|) at its largest, over the entries that could be decided"""
    worst: tuple[int, ...]
    """where (rows convention)"""
    analytic: float
    numeric: float
    settled: int
    """entries that the complex step decided"""
    undecided: int
    """entries whose derivative is lost in the rounding of J, or is nothing but rounding itself"""
    straddling: int
    """entries beside a kink, whatever the step"""
    wrong: int

    @property
    def decided(self) -> int:
        """How many entries were found right or wrong."""
        return self.checked - self.undecided - self.straddling

    @property
    def verdict(self) -> str:
        """In words: good (1e-7 or better), right (the rest is the rounding of the differences), WRONG, and what stays open."""
        if self.wrong:
            return f"WRONG in {self.wrong}"
        left = [f"{count} {what}" for count, what in ((self.undecided, "undecided"), (self.straddling, "at a kink")) if count]
        if not self.decided:
            return ", ".join(left)
        return ", ".join(["good" if self.max_relative_error <= GOOD else "right", *left])


@dataclass(frozen=True)
class GradientReport:
    """The result of `check_gradients`.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> report = pl.check_gradients(net, [[5.1, 3.5, 1.4, 0.2]], [1])
    >>> report.passed, [row.name for row in report.rows]
    (True, ['W1', 'b1', 'W2', 'b2', 'directions'])
    """

    rows: tuple[GradientRow, ...]

    @property
    def passed(self) -> bool:
        """No entry and no direction is wrong."""
        return not any(row.wrong for row in self.rows)

    @property
    def max_relative_error(self) -> float:
        """The largest relative error of all that could be decided (1e-7 is good, 1e-2 is wrong)."""
        return max((row.max_relative_error for row in self.rows), default=0.0)

    def _table(self) -> Table:
        headings = ("of", "checked", "error", "at", "analytic", "numeric", "verdict")
        body = []
        for row in self.rows:
            name = row.name if row.part != "L2" else f"{row.name} (L2)"
            figures = (f"{row.max_relative_error:.1e}", ",".join(map(str, row.worst)), f"{row.analytic:.4g}", f"{row.numeric:.4g}")
            if not row.decided:
                figures = ("-",) * 4
            body.append((name, f"{row.checked}/{row.total}", *figures, row.verdict))
        state = "passed" if self.passed else "FAILED"
        title = f"Gradient check {state}: largest relative error {self.max_relative_error:.1e}"
        return Table(title, headings, body, ["green" if row.wrong == 0 else "bold red" for row in self.rows], compact=True)

    def __rich__(self) -> RichTable:
        return as_rich(self._table())

    def __str__(self) -> str:
        return as_text(self._table())

    def _repr_html_(self) -> str:
        return as_html(self._table())


def check_gradients(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
    gradient: Mapping[str, ArrayLike] | None = None,
    max_entries: int = 2000,
    directions: int = 5,
    seed: int = 0,
) -> GradientReport:
    """Compare the gradients of the cost with differences of the cost, in float64, entry by entry and along random directions.

    Args:
        model: a `Network`, a fitted estimator, or a pipeline that ends in one.
        X: the samples as rows; a few are enough, and quicker.
        y: the targets, as for `Network.fit`.
        sample_weight: s_i, (m,).
        mask: dropout masks to hold fixed, {l: (m, n_l)}.
        gradient: gradients of J from elsewhere, {"dW1": ..., "db1": ...} in the rows convention, to be checked instead of ours.
        max_entries: check every entry up to so many, beyond that a sample from every array.
        directions: how many random directions through all parameters.
        seed: of the sample and the directions.

    Raises:
        InputError: something does not fit the model.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> check_gradients(net, [[5.1, 3.5, 1.4, 0.2]], [1]).passed
    True

    """
    model, X, y, _ = as_subject(model, X, y, "check_gradients")
    architecture, double = model.architecture, np.dtype(np.float64)
    inputs = as_inputs(X, architecture.sizes[0], double)
    targets = as_targets(y, len(inputs), architecture, double)
    s = as_sample_weight(sample_weight, len(inputs), double)
    masks = as_masks(mask, len(inputs), architecture, double)
    positive_integer(max_entries, "max_entries", "check_gradients")
    whole_number(directions, "directions", "check_gradients")
    whole_number(seed, "the seed", "check_gradients")
    rng = np.random.default_rng(seed)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        cost = _Cost(architecture, model.vector.astype(np.float64), inputs, targets, s, masks)
        if not np.isfinite(cost.size):
            repair = "scale the inputs, or start from smaller weights"
            raise InputError(sentence("the cost J", "check_gradients", cost.size, "a finite number", repair))
        if gradient is not None:
            claimed = _flat(gradient, architecture)
            return GradientReport(tuple(_check(cost, claimed, ("J",), max_entries, directions, rng)))
        rows = list(_check(cost, cost.data_gradient(), ("data",), max_entries, directions, rng))
        if architecture.l2:
            rows += _check(cost, cost.l2_gradient(), ("L2",), max_entries, 0, rng)
    return GradientReport(tuple(rows))


class _Cost:
    """J as a function of the flat vector, real or complex, and on which side of every kink each unit is."""

    def __init__(
        self, architecture: Architecture, theta: Array, X: Array, Y: Array, s: Array | None, masks: list[Array | None] | None
    ) -> None:
        self.architecture, self.theta, self.X, self.Y, self.s, self.masks = architecture, theta, X, Y, s, masks
        self.weight_sum = float(len(X) if s is None else s.sum())
        self.smooth = architecture.loss.smooth and not any(rule.kinks for rule in architecture.activations)
        tape = self._tape(theta)
        self.size = abs(float(self.data(tape).real))
        self.coarseness = self.size
        """J carries a rounding error of about eps times this"""
        if architecture.objective.fused is not None:
            # Each loss is log(1 + something small), or the difference of terms as large as z; the mean of m has 1 / sqrt(m) of its error.
            terms = 1.0 if architecture.activations[-1].name == "softmax" else float(np.abs(tape.z[-1]).mean())
            self.coarseness = max(self.size, terms / (2 * math.sqrt(len(X))))
        self.steepest = float(np.abs(self.data_gradient()).max())

    def _tape(self, theta: Array) -> Tape:
        return forward(self.architecture.activations, self.architecture.split(theta), self.X, self.masks)

    def data(self, tape: Tape) -> Array:
        """The data part of J."""
        losses = self.architecture.objective.value(tape.z[-1], tape.f[-1], self.Y)
        return (losses if self.s is None else losses * self.s).sum() / self.weight_sum

    def sides(self, tape: Tape) -> Iterator[Array]:
        """For every rule with kinks, which are passed."""
        for layer, rule in enumerate(self.architecture.activations, start=1):
            for kink in rule.kinks:
                yield tape.z[layer] >= kink
        yield from self.architecture.loss.sides(tape.f[-1], self.Y)

    def data_gradient(self) -> Array:
        """The gradient of the data part by backward propagation."""
        tape, rules = self._tape(self.theta), self.architecture.activations
        found = backward(rules, self.architecture.objective, self.architecture.split(self.theta), tape, self.Y, self.s)
        return np.concatenate([dW.reshape(-1) for dW in found.dW] + found.db) / self.weight_sum

    def l2_gradient(self) -> Array:
        """The gradient of the L2 part: l2 W / sum s, nothing for biases."""
        gradient = np.zeros_like(self.theta)
        n = self.architecture.n_weights
        gradient[:n] = self.architecture.l2 * self.theta[:n] / self.weight_sum
        return gradient

    def l2_difference(self, at: Any, move: Array | float) -> float:
        """The L2 part at theta + move less that at theta - move, of the entries that move."""
        n = self.architecture.n_weights
        theta = self.theta[:n] if isinstance(at, slice) else self.theta[at : at + 1]
        step = move[:n] if isinstance(move, np.ndarray) else move
        if not isinstance(at, slice) and at >= n:
            return 0.0
        difference = (theta + step) ** 2 - (theta - step) ** 2
        return float(self.architecture.l2 * difference.sum() / (2 * self.weight_sum))

    def moved(self, at: Any, move: Array | float) -> Tape:
        """The tape at theta + move."""
        kept = self.theta[at].copy() if isinstance(at, slice) else self.theta[at]
        self.theta[at] += move
        tape = self._tape(self.theta)
        self.theta[at] = kept
        return tape

    def quotient(self, at: Any, direction: Array | float, h: float, weights: tuple[float, ...], part: str) -> tuple[float, bool]:
        """The difference quotient along a direction, and whether a unit changes its side on the way."""
        total, sides = 0.0, None
        straddles = False
        for k, weight in enumerate(weights, start=1):
            if part != "L2":
                ends = [self.moved(at, sign * k * h * direction) for sign in (1, -1)]
                total += weight * float(self.data(ends[0]) - self.data(ends[1])) / h
                if not self.smooth:
                    for tape in ends:
                        found = list(self.sides(tape))
                        sides = found if sides is None else sides
                        straddles |= any(not np.array_equal(a, b) for a, b in zip(sides, found, strict=True))
            if part != "data":
                total += weight * self.l2_difference(at, k * h * direction) / h
        return total, straddles

    def complex_step(self, at: Any, direction: Array | float, part: str, nudge: float = 0.0) -> float:
        """Im J(theta + i h d) / h; with every parameter off by about that share of itself."""
        theta = (self.theta * (1 + nudge * np.cos(np.arange(len(self.theta))))).astype(np.complex128)
        theta[at] += 1j * _COMPLEX_STEP * direction
        slope = 0.0 if part == "L2" else float(self.data(self._tape(theta)).imag) / _COMPLEX_STEP
        if part != "data":
            weights = theta[: self.architecture.n_weights]
            slope += float(((weights @ weights) * self.architecture.l2 / (2 * self.weight_sum)).imag) / _COMPLEX_STEP
        return slope


@dataclass(frozen=True)
class _Finding:
    error: float
    numeric: float
    state: str
    """right, settled, undecided, straddling or wrong"""


@dataclass(frozen=True)
class _Difference:
    error: float
    numeric: float
    noise: float
    """the rounding of J in it"""


def _judge(cost: _Cost, at: Any, direction: Array | float, analytic: float, part: str) -> _Finding:
    found: list[_Difference] = []
    scale = 1.0 if isinstance(at, slice) else max(1.0, abs(float(cost.theta[at])))
    for h, weights in _LEVELS:
        numeric, straddles = cost.quotient(at, direction, h * scale, weights, part)
        if straddles:
            continue
        error = relative_error(analytic, numeric)
        if error <= GOOD:
            return _Finding(error, numeric, "right")
        found.append(_Difference(error, numeric, _EPS * cost.coarseness / (h * scale)))
    if cost.smooth or part == "L2":
        numeric = cost.complex_step(at, direction, part)
        error = relative_error(analytic, numeric)
        if error <= TOLERANCE:
            return _Finding(error, numeric, "settled")
        moved = cost.complex_step(at, direction, part, nudge=8 * _EPS)
        if abs(analytic - numeric) <= 1e2 * max(abs(moved - numeric), _EPS * cost.coarseness, _EPS * cost.steepest):
            # The derivative itself is rounding: a prediction is perfect, or a unit is so saturated that 1 - a is 0.
            return _Finding(0.0, numeric, "undecided")
        return _Finding(error, numeric, "wrong")
    if not found:
        return _Finding(0.0, float("nan"), "straddling")
    best = min(found, key=lambda difference: difference.error)
    if best.error <= TOLERANCE:
        return _Finding(best.error, best.numeric, "right")
    for wide, narrow in pairwise(found):  # the wider step is off by what its curvature makes it differ from the narrower, and no more
        if abs(analytic - wide.numeric) > 1e2 * narrow.noise + 10 * abs(wide.numeric - narrow.numeric):
            return _Finding(wide.error, wide.numeric, "wrong")
    lost = max(abs(analytic), abs(best.numeric)) <= 1e4 * best.noise or abs(analytic - best.numeric) <= 1e2 * best.noise
    return _Finding(0.0 if lost else best.error, best.numeric, "undecided" if lost else "wrong")


def relative_error(analytic: float, numeric: float) -> float:
    """|a - n| / max(|a|, |n|); 0 where both are 0, infinite where one is not finite.

    >>> relative_error(1.0, 0.99)
    0.010000000000000009
    """
    if not (np.isfinite(analytic) and np.isfinite(numeric)):
        return float("inf")
    size = max(abs(analytic), abs(numeric))
    return abs(analytic - numeric) / size if size else 0.0


def _check(
    cost: _Cost, gradient: Array, parts: tuple[str], max_entries: int, directions: int, rng: np.random.Generator
) -> Iterator[GradientRow]:
    (part,) = parts
    position = np.arange(len(gradient))
    for name, places in cost.architecture.named(position).items():
        if part == "L2" and name.startswith("b"):
            continue
        share = max(10, max_entries * places.size // len(gradient))
        flat = places.reshape(-1)
        whole = len(gradient) <= max_entries or places.size <= share
        chosen = flat if whole else np.sort(rng.choice(flat, size=share, replace=False))
        findings = [(int(at), _judge(cost, int(at), 1.0, float(gradient[at]), part)) for at in chosen]
        yield _row(name, part, places, gradient, findings)
    findings = []
    slopes = np.zeros(directions)
    for index in range(directions):
        direction = rng.normal(size=len(gradient))
        direction /= np.linalg.norm(direction)
        slopes[index] = float(gradient @ direction)
        findings.append((index, _judge(cost, slice(None), direction, float(slopes[index]), part)))
    if directions:
        yield _row("directions", part, np.arange(directions), slopes, findings)


def _row(name: str, part: str, places: Array, gradient: Array, findings: list[tuple[int, _Finding]]) -> GradientRow:
    count = {state: sum(found.state == state for _, found in findings) for state in ("settled", "undecided", "straddling", "wrong")}
    order = ("undecided", "straddling", "right", "settled", "wrong")
    at, worst = max(findings, key=lambda item: (order.index(item[1].state) // 2, item[1].error))
    index = np.argwhere(places == at)[0]
    return GradientRow(
        name=name,
        part=part,
        checked=len(findings),
        total=places.size,
        max_relative_error=worst.error,
        worst=tuple(int(i) for i in index),
        analytic=float(gradient[at]),
        numeric=worst.numeric,
        settled=count["settled"],
        undecided=count["undecided"],
        straddling=count["straddling"],
        wrong=count["wrong"],
    )


def _flat(gradient: Mapping[str, ArrayLike], architecture: Architecture) -> Array:
    flat = np.zeros(architecture.n_parameters)
    parts = architecture.named(flat, prefix="d")
    if not isinstance(gradient, Mapping):
        got, expected = repr(gradient), "{'dW1': array, 'db1': array ...}"
        raise InputError(sentence("the gradient", "check_gradients", got, expected, "see Network.gradients"))
    if set(gradient) != set(parts):
        got, expected = ", ".join(sorted(gradient)) or "nothing", ", ".join(parts)
        raise InputError(sentence("the names in gradient", "check_gradients", got, expected, "name one array for each parameter"))
    for name, part in parts.items():
        value = as_numbers(gradient[name], flat.dtype, name)
        if value.shape != part.shape:
            repair = "hand it over in the rows convention (samples are rows)"
            raise ShapeError(sentence(f"the shape of {name}", "check_gradients", value.shape, part.shape, repair))
        part[...] = value
    return flat

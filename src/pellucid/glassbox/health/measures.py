"""What is measured of each layer, by one forward and one backward pass: no verdict, only numbers.

Backward propagation multiplies. From the output to layer l,

    ||dz_l|| = ||dz_L|| * w_L * f_{L-1} * w_{L-1} * f_{L-2} * ... * w_{l+1} * f_l        with
    f_k = ||dz_k|| / ||da_k||      the factor of the activation: dz_k = da_k * f_k'(z_k)
    w_k = ||da_{k-1}|| / ||dz_k||  the factor of the weights: da_{k-1} = W_k^T dz_k

exactly, since numerators and denominators cancel. ||.|| is the root of the sum of squares over units and samples, each sample counted
with its weight s_i. f_k is a mean of |f_k'| (the root of the mean square, weighted by da_k^2), so it is at most the largest |f_k'|: at
most 1/4 for a sigmoid, 1 for relu and tanh (a dropout mask multiplies it by up to 1 / (1 - rate)). w_k is at most
the largest singular value of W_k. The *product* of layer l is ||dz_l|| / ||dz_L||, all factors above it multiplied.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.propagation import Backward, Tape, backward, forward, mean_gradient, penalty
from pellucid.equations.schedules import Horizon
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.slopes import is_dead, is_flat, slopes, steepness

MEASURES = (
    "gradient_norm", "bias_gradient_norm", "weight_norm", "update_ratio", "derivative", "activation_factor", "weight_factor",
    "product", "error_norm", "saturated", "dead",
)  # fmt: skip
"""the numbers of a `LayerHealth` by name"""
SHARES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
"""which quantiles are kept"""


@dataclass(frozen=True)
class Distribution:
    """Mean, standard deviation and quantiles of all entries of an array (of the samples whose weight is not zero).

    >>> Distribution.of(np.arange(5.0)).quantiles
    (0.0, 0.2, 1.0, 2.0, 3.0, 3.8, 4.0)
    """

    mean: float
    std: float
    quantiles: tuple[float, ...]
    """the smallest, 5 %, 25 %, the median, 75 %, 95 %, the largest"""

    @staticmethod
    def of(values: Array) -> Distribution:
        """Of an array of any shape; all NaN where an entry is not finite."""
        values = values.astype(np.float64)
        if not np.isfinite(values).all():
            return Distribution(math.nan, math.nan, (math.nan,) * len(SHARES))
        size = float(np.abs(values).max()) or 1.0  # squares may be too large
        spread = size * float((values / size).std())
        return Distribution(float((values / size).mean()) * size, spread, tuple(float(q) for q in np.quantile(values, SHARES)))

    def __str__(self) -> str:
        """Mean and standard deviation; a mean that is nothing beside the deviation is 0."""
        return f"{0.0 if abs(self.mean) < 1e-3 * self.std else self.mean:.2g} ± {self.std:.2g}"


@dataclass(frozen=True)
class LayerHealth:
    """What was measured of layer l."""

    index: int
    activation: str
    n_units: int
    weight_norm: float
    """||W_l||"""
    gradient_norm: float
    """||dW_l||, of the whole cost J"""
    bias_gradient_norm: float
    """||db_l||"""
    update_ratio: float
    """||W_l after one step - W_l|| / ||W_l||; NaN where there is no step"""
    derivative: float
    """the mean of |f_l'(z_l)| over units and samples; for softmax of a (1 - a)"""
    activation_factor: float
    """f_l = ||dz_l|| / ||da_l||; NaN for an output that is taken together with its loss"""
    weight_factor: float
    """w_l = ||da_{l-1}|| / ||dz_l||; NaN for layer 1, which passes nothing on"""
    product: float
    """||dz_l|| / ||dz_L||, which is w_L f_{L-1} ... w_{l+1} f_l; NaN where dz_L is zero"""
    error_norm: float
    """||dz_l||"""
    saturated: float
    """the share of pairs of sample and unit on the flat part of f_l; of relu and its like (``one_sided``) these are off, as a rule half"""
    one_sided: bool
    """whether f_l is flat on one side only"""
    dead_units: tuple[int, ...]
    """which units (from 0) have no derivative on any sample"""
    z: Distribution
    a: Distribution
    """what the next layer receives"""

    @property
    def dead(self) -> float:
        """The share of units with no derivative on any sample."""
        return len(self.dead_units) / self.n_units

    @property
    def is_finite(self) -> bool:
        """Whether z_l, a_l and the gradient are."""
        return all(map(math.isfinite, (self.z.mean, self.a.mean, self.gradient_norm, self.error_norm)))


def norm(values: Array, s: Array | None = None) -> float:
    """The root of the sum of squares, with s_i as the weight of row i; entries of any size, without overflow or underflow."""
    values = values.astype(np.float64)
    if s is not None:
        values = values * np.sqrt(s.astype(np.float64))[:, None]
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(values / largest))


def ratio(numerator: float, denominator: float) -> float:
    """A quotient; NaN for 0 / 0, infinite for x / 0."""
    if denominator == 0:
        return math.nan if numerator == 0 or math.isnan(numerator) else math.inf
    return numerator / denominator


@dataclass(frozen=True)
class Measured:
    """What one pass over the data gave."""

    cost: float
    """J"""
    unexplained: float
    """the squared error beside that of the best constant, sum s |y_hat - y|^2 / sum s |y - mean(y)|^2; near 0 the data are learned"""
    error_is_zero: bool
    """whether dz_L is zero, so that there is nothing to pass back, and not because the output is flat"""
    layers: tuple[LayerHealth, ...]


def measure(case: Case, masks: list[Array | None] | None = None) -> Measured:
    """One forward and one backward pass; the step is the optimizer's first, from its empty state."""
    architecture, vector, X, Y, s = case.architecture, case.vector, case.X, case.Y, case.s
    rules, parameters = architecture.activations, architecture.split(vector)
    with np.errstate(all="ignore"):
        tape = forward(rules, parameters, X, masks)
        found = backward(rules, architecture.objective, parameters, tape, Y, s)
        losses = architecture.objective.value(tape.z[-1], tape.f[-1], Y)
        total = len(X) if s is None else float(s.sum())
        weights = vector[: architecture.n_weights]
        J = float(losses.sum() if s is None else (losses * s).sum()) / total + float(penalty(weights, architecture.l2, total))
        flat = np.concatenate([dW.reshape(-1) for dW in found.dW] + found.db)
        gradient = mean_gradient(flat, total, weights, architecture.l2).astype(vector.dtype, copy=False)
        after = stepped(vector, gradient, case.optimizer)
        one_pass = _Pass(architecture, tape, found, Y, s)
        named, moved = architecture.split(gradient), None if after is None else architecture.split(after)
        layers = tuple(
            one_pass.layer(index, parameters[index - 1][0], named[index - 1], None if moved is None else moved[index - 1][0])
            for index in range(1, len(rules) + 1)
        )
        mean = np.average(Y, axis=0, weights=s)
        unexplained = ratio(norm(tape.f[-1] - Y, s), norm(Y - mean, s)) ** 2
    last = layers[-1]
    return Measured(J, unexplained, last.error_norm == 0 and last.activation_factor != 0, layers)


def stepped(vector: Array, gradient: Array, optimizer: Optimizer | LBFGS) -> Array | None:
    """The parameters after the first step of an optimizer, from its empty state; None for L-BFGS, which looks for its step length."""
    if not isinstance(optimizer, Optimizer):
        return None
    alpha = float(optimizer.schedule.rates(0, 1, Horizon(1, 1), optimizer.schedule.at_first())[0])
    return optimizer.update(vector, gradient, optimizer.init(vector), alpha, 1)[0]


class _Pass:
    """One pass, to be read layer by layer."""

    def __init__(self, architecture: Architecture, tape: Tape, found: Backward, Y: Array, s: Array | None) -> None:
        self.architecture, self.tape, self.found, self.s = architecture, tape, found, s
        self.last = len(architecture.layers)
        self.counted = slice(None) if s is None else s > 0
        self.dz = [norm(dz, s) if layer else math.nan for layer, dz in enumerate(found.dz)]
        self.da = [math.nan if da is None else norm(da, s) for da in found.da]
        if architecture.objective.fused is None:
            self.da[self.last] = norm(architecture.loss.derivative(tape.f[-1], Y), s)

    def layer(self, index: int, W: Array, gradient: tuple[Array, Array], W_after: Array | None) -> LayerHealth:
        rule = self.architecture.activations[index - 1]
        z, f, a = (values[index][self.counted] for values in (self.tape.z, self.tape.f, self.tape.a))
        steep, size = steepness(rule, z, f), norm(W)
        return LayerHealth(
            index=index,
            activation=rule.spec,
            n_units=self.architecture.sizes[index],
            weight_norm=size,
            gradient_norm=norm(gradient[0]),
            bias_gradient_norm=norm(gradient[1]),
            update_ratio=math.nan if W_after is None else ratio(norm(W_after - W), size),
            derivative=float(steep.mean(dtype=np.float64)),
            activation_factor=ratio(self.dz[index], self.da[index]),
            weight_factor=ratio(self.da[index - 1], self.dz[index]) if index > 1 else math.nan,
            product=ratio(self.dz[index], self.dz[self.last]),
            error_norm=self.dz[index],
            one_sided=slopes(rule).one_sided,
            saturated=float(is_flat(rule, steep, f).mean()),
            dead_units=tuple(int(unit) for unit in np.flatnonzero(is_dead(rule, steep))),
            z=Distribution.of(z),
            a=Distribution.of(a),
        )

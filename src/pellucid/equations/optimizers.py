"""Optimizers: how the parameters theta move, given the gradient g.

The gradient is the direction of steepest ascent, so every one of them steps against it:
w_new = w_old - alpha dJ/dw is `GradientDescent`, the others shape the step. An optimizer is a frozen value with two pure functions,
``init(theta) -> state`` and ``update(theta, g, state, alpha, t) -> (theta, state)``; theta, g and each part of the state are flat
vectors, alpha is the learning rate of this step and t = 1, 2, 3 ... counts the steps.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Integral
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from pellucid.equations.arrays import Array, namespace
from pellucid.equations.schedules import Schedule, not_negative, schedule
from pellucid.errors import InputError, sentence, unknown_name

State: TypeAlias = tuple[Array, ...]
BELOW = {"momentum": math.nextafter(1.0, 2.0), "beta_1": 1.0, "beta_2": 1.0, "rho": 1.0}
"""what a setting has to be smaller than: a momentum may be 1, and then nothing is forgotten; averages may not"""


@dataclass(frozen=True)
class Optimizer(ABC):
    """What every optimizer has: a learning rate, a number or a `Schedule`.

    Raises:
        InputError: a setting is out of its range, or no number.

    >>> GradientDescent(learning_rate=0.1).schedule
    ConstantRate(learning_rate=0.1)

    """

    learning_rate: float | Schedule

    def __post_init__(self) -> None:
        schedule(self.learning_rate)
        for item in fields(self):
            value = getattr(self, item.name)
            below = BELOW.get(item.name, math.inf)
            if isinstance(value, Schedule):
                continue
            if not not_negative(value, below):
                expected = {1.0: "a number in [0, 1)", math.inf: "a finite number that is not negative"}.get(below, "a number in [0, 1]")
                where, repair = type(self).__name__, f"leave it out for the default {item.default}"
                raise InputError(sentence(f"the parameter {item.name!r}", where, repr(value), expected, repair))

    @property
    def schedule(self) -> Schedule:
        """The learning rate as a schedule."""
        return schedule(self.learning_rate)

    @abstractmethod
    def init(self, theta: Float[Array, " p"]) -> State:
        """The state before the first step."""

    @abstractmethod
    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """One step."""

    def can_reach(self, state: State) -> bool:
        """Whether finite gradients lead to such a state; what a damaged file says may be none."""
        return all(bool(np.isfinite(part).all()) for part in state)


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """theta <- theta - alpha g (Cauchy 1847), the same everywhere; batch, mini-batch or stochastic by the size of the batch.

    >>> import numpy as np
    >>> GradientDescent().update(np.array([1.0]), np.array([2.0]), (), alpha=0.1, t=1)[0]
    array([0.8])
    """

    learning_rate: float | Schedule = 0.1

    def init(self, theta: Float[Array, " p"]) -> State:
        """Nothing to remember."""
        return ()

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta - alpha g."""
        return theta - alpha * g, ()


@dataclass(frozen=True)
class Momentum(Optimizer):
    """v <- mu v - alpha g, theta <- theta + v (Polyak 1964; the variant with alpha inside v, as scikit-learn's).

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = Momentum()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.8, 1.4])
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9

    def init(self, theta: Float[Array, " p"]) -> State:
        """V = 0."""
        return (namespace(theta).zeros_like(theta),)

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta + v."""
        v = self.momentum * state[0] - alpha * g
        return theta + v, (v,)


@dataclass(frozen=True)
class Nesterov(Momentum):
    """v <- mu v - alpha g, theta <- theta + mu v - alpha g (Nesterov 1983; the variant of scikit-learn).

    It is the form of Sutskever et al. 2013 written for the point that looks ahead. PyTorch and optax keep alpha outside v, which is the
    same as long as alpha does not change; so it is with `Momentum`.

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = Nesterov()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.62, 1.76])
    """

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta + mu v - alpha g, with the new v."""
        v = self.momentum * state[0] - alpha * g
        return theta + self.momentum * v - alpha * g, (v,)


@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """r <- r + g^2, theta <- theta - alpha g / sqrt(r + epsilon) (Duchi et al. 2011).

    epsilon stands inside the root and r starts at ``initial``, as in Keras and optax; PyTorch adds epsilon after the root.

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = AdaGrad()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.9012, 1.0997])
    """

    learning_rate: float | Schedule = 0.01
    initial: float = 0.1
    epsilon: float = 1e-7

    def init(self, theta: Float[Array, " p"]) -> State:
        """R = initial."""
        return (namespace(theta).full_like(theta, self.initial),)

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta - alpha g / sqrt(r + epsilon)."""
        r = state[0] + g * g
        return theta - alpha * g / namespace(g).sqrt(r + self.epsilon), (r,)

    def can_reach(self, state: State) -> bool:
        """R only grows."""
        return bool((state[0] >= np.full_like(state[0], self.initial)).all())


@dataclass(frozen=True)
class RMSprop(Optimizer):
    """r <- rho r + (1 - rho) g^2, theta <- theta - alpha g / (sqrt(r) + epsilon) (Hinton 2012, lecture 6e).

    epsilon stands after the root, as in PyTorch, and in optax with ``eps_in_sqrt=False``.

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = RMSprop()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.6838, 1.3162])
    """

    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8

    def init(self, theta: Float[Array, " p"]) -> State:
        """R = 0."""
        return (namespace(theta).zeros_like(theta),)

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta - alpha g / (sqrt(r) + epsilon)."""
        r = self.rho * state[0] + (1 - self.rho) * g * g
        return theta - alpha * g / (namespace(g).sqrt(r) + self.epsilon), (r,)

    def can_reach(self, state: State) -> bool:
        """R is a mean of squares."""
        return bool((state[0] >= 0).all())


@dataclass(frozen=True)
class Adam(Optimizer):
    """m <- b1 m + (1 - b1) g, v <- b2 v + (1 - b2) g^2, theta <- theta - alpha m^ / (sqrt(v^) + epsilon).

    m^ = m / (1 - b1^t), v^ = v / (1 - b2^t): algorithm 1 of Kingma and Ba 2015, as PyTorch and optax have it. (scikit-learn has the
    paper's shorter form, in which epsilon is scaled by sqrt(1 - b2^t).)

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = Adam()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.9, 1.1])
    """

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    def init(self, theta: Float[Array, " p"]) -> State:
        """M = v = 0."""
        zeros = namespace(theta).zeros_like
        return zeros(theta), zeros(theta)

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Theta - alpha m^ / (sqrt(v^) + epsilon)."""
        m = self.beta_1 * state[0] + (1 - self.beta_1) * g
        v = self.beta_2 * state[1] + (1 - self.beta_2) * g * g
        size = namespace(g).sqrt(v / (1 - self.beta_2**t)) + self.epsilon
        return theta - (alpha / (1 - self.beta_1**t)) * m / size, (m, v)

    def can_reach(self, state: State) -> bool:
        """V is a mean of squares, and where b1^2 < b2 it bounds m, by Cauchy and Schwarz.

        |m| = (1 - b1) |sum b1^i g_i| <= (1 - b1) / sqrt((1 - b2) (1 - b1^2 / b2)) sqrt(v), sums over the steps i back from the last one;
        a factor of 2 is left for rounding, and what is too small for its square is no matter.
        """
        m, v = state
        if not (np.isfinite(m).all() and (v >= 0).all()):
            return False
        if not self.beta_1**2 < self.beta_2:
            return True
        bound = (1 - self.beta_1) / math.sqrt((1 - self.beta_2) * (1 - self.beta_1**2 / self.beta_2))
        small = float(np.finfo(v.dtype).tiny) ** 0.25
        return bool((np.abs(m) <= 2 * bound * np.sqrt(v) + small).all())


@dataclass(frozen=True)
class AdamEpsilonHat(Adam):
    """Adam in the shorter form at the end of section 2 of the paper, which scikit-learn has: its epsilon is not corrected.

    theta <- theta - alpha sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + epsilon); that is `Adam` with epsilon / sqrt(1 - b2^t) for epsilon.

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = AdamEpsilonHat()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.9, 1.1])
    """

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Adam's step with epsilon / sqrt(1 - b2^t)."""
        rule = Adam(self.learning_rate, self.beta_1, self.beta_2, self.epsilon / math.sqrt(1 - self.beta_2**t))
        return rule.update(theta, g, state, alpha, t)


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam, and theta <- theta - alpha lambda theta beside it: decoupled weight decay (Loshchilov and Hutter 2019).

    Every parameter decays, biases too, as in the paper, PyTorch and optax.

    >>> import numpy as np
    >>> theta, g = np.array([1.0, 1.0]), np.array([2.0, -4.0])
    >>> rule = AdamW()
    >>> rule.update(theta, g, rule.init(theta), alpha=0.1, t=1)[0].round(4)
    array([0.899, 1.099])
    """

    weight_decay: float = 0.01

    def update(
        self, theta: Float[Array, " p"], g: Float[Array, " p"], state: State, alpha: float, t: int
    ) -> tuple[Float[Array, " p"], State]:
        """Adam's step less alpha lambda theta."""
        moved, state = super().update(theta, g, state, alpha, t)
        return moved - alpha * self.weight_decay * theta, state


@dataclass(frozen=True)
class LBFGS:
    """Limited-memory BFGS on the whole batch, by SciPy (Liu and Nocedal 1989; Byrd et al. 1995).

    An epoch is one iteration; it chooses its own step length, so it has no learning rate.

    Args:
        memory: how many past steps model the curvature.
        tolerance: it stops when the largest entry of the gradient is below this.
        relative_decrease: it stops when one iteration lets J fall by less than this share of J, or of 1 where J is below 1.
        evaluations: at most so many evaluations of J in the line search of one iteration.
        calls: at most so many evaluations of J in all; 0 is ``evaluations`` for each iteration.

    Raises:
        InputError: a setting is out of its range, or no number.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> history = net.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], optimizer=pl.LBFGS(), epochs=30)
    >>> history["loss"][-1] < 1e-3
    True

    """

    memory: int = 10
    tolerance: float = 1e-8
    relative_decrease: float = 0.0
    evaluations: int = 20
    calls: int = 0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name == "calls" and value == 0 and not isinstance(value, bool):
                continue
            if item.name in ("memory", "evaluations", "calls"):
                good = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
                expected = "a whole number of at least 1"
            else:
                good = not_negative(value)
                expected = "a finite number that is not negative"
            if not good:
                what, repair = f"the parameter {item.name!r}", f"leave it out for the default {item.default}"
                raise InputError(sentence(what, "LBFGS", repr(value), expected, repair))


def optimizer(spec: str | Optimizer | LBFGS, learning_rate: float | Schedule | None = None) -> Optimizer | LBFGS:
    """The optimizer that a text names, with its usual settings.

    >>> optimizer("adam")
    Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-08)
    """
    if isinstance(spec, Optimizer | LBFGS):
        return spec
    if spec == "lbfgs":
        return LBFGS()
    if not isinstance(spec, str) or spec not in CATALOGUE:
        raise unknown_name("optimizer", spec, [*CATALOGUE, "lbfgs"])
    return CATALOGUE[spec](**({} if learning_rate is None else {"learning_rate": learning_rate}))


CATALOGUE: dict[str, Callable[..., Optimizer]] = {
    "gradient_descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
}

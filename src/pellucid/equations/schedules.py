"""Schedules: the learning rate alpha as a function of the step t = 0, 1, 2 ...

A schedule is a frozen value. All but `Adaptive` are pure functions of t and of the length of the training; `Adaptive` also carries
a state from epoch to epoch, since it answers to the loss.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from numbers import Real
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence


class Horizon(NamedTuple):
    """How long the training is to be."""

    steps_per_epoch: int
    steps: int


class Plateau(NamedTuple):
    """What `Adaptive` remembers: the factor it applies, the best loss so far, epochs in a row without progress."""

    factor: float = 1.0
    best: float = math.inf
    waited: int = 0


@dataclass(frozen=True)
class Schedule(ABC):
    """A learning rate for every step.

    Raises:
        InputError: a setting is out of its range, or no number.

    >>> ConstantRate(0.1).learning_rate
    0.1

    """

    learning_rate: float

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, Schedule) or value is item.default is None:
                continue
            if not not_negative(value):
                what = f"the parameter {item.name!r}"
                expected = "a finite number that is not negative"
                raise InputError(sentence(what, type(self).__name__, repr(value), expected, "choose e.g. 0.01"))
        if not self.learning_rate > 0:
            where, got = type(self).__name__, self.learning_rate
            raise InputError(sentence("the learning rate", where, got, "a positive number", "choose e.g. 0.01"))

    @abstractmethod
    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """alpha_t / learning_rate at the steps t."""

    def rates(self, first: int, count: int, horizon: Horizon, plateau: Plateau) -> Float[Array, " t"]:
        """alpha_t for t = first .. first + count - 1."""
        t = np.arange(first, first + count, dtype=np.float64)
        return self.learning_rate * plateau.factor * self.factor(t, horizon)

    def at_first(self) -> Plateau:
        """What is remembered at the beginning."""
        return Plateau()

    def after_epoch(self, loss: float, plateau: Plateau) -> Plateau:
        """What is remembered after an epoch with this loss."""
        return plateau

    @property
    def answers(self) -> bool:
        """Whether it answers to the loss, so that the rates of an epoch are not known before the one before it is over."""
        return type(self).after_epoch is not Schedule.after_epoch


@dataclass(frozen=True)
class ConstantRate(Schedule):
    """alpha_t = alpha.

    >>> ConstantRate(0.1).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.1, 0.1, 0.1, 0.1, 0.1])
    """

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """1."""
        return np.ones_like(t)


@dataclass(frozen=True)
class InverseScaling(Schedule):
    """alpha_t = alpha / (t + 1)^power (Robbins and Monro 1951 ask for powers in (1/2, 1]).

    >>> InverseScaling(0.1).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.1   , 0.0707, 0.0577, 0.05  , 0.0447])
    """

    power: float = 0.5

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """(t + 1)^-power."""
        return np.asarray((t + 1) ** -self.power)


@dataclass(frozen=True)
class StepDecay(Schedule):
    """alpha is multiplied by ``decay`` every ``epochs`` epochs.

    >>> StepDecay(0.1, epochs=1).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.1  , 0.1  , 0.05 , 0.05 , 0.025])
    """

    decay: float = 0.5
    epochs: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.epochs < 1:
            raise InputError(sentence("the parameter 'epochs'", "StepDecay", self.epochs, "at least 1", "choose e.g. 10"))

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """decay^floor(epoch / epochs)."""
        return np.asarray(self.decay ** np.floor(t / (horizon.steps_per_epoch * self.epochs)))


@dataclass(frozen=True)
class CosineDecay(Schedule):
    """alpha_t falls from alpha to ``final`` * alpha along half a cosine (Loshchilov and Hutter 2017, *SGDR*).

    >>> CosineDecay(0.1).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.1   , 0.0976, 0.0905, 0.0794, 0.0655])
    """

    final: float = 0.0

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """Final + (1 - final) (1 + cos(pi t / T)) / 2."""
        return _cosine(1.0, self.final, t / max(horizon.steps, 1))


@dataclass(frozen=True)
class OneCycle(Schedule):
    """alpha_t rises from alpha / ``start_divisor`` to alpha and falls to alpha / ``final_divisor``, both along half a cosine.

    Source: Smith and Topin 2018, *Super-convergence*; the cosine shape is fastai's.

    >>> OneCycle(0.1).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.004, 0.028, 0.076, 0.1  , 0.095])
    """

    rise: float = 0.3
    start_divisor: float = 25.0
    final_divisor: float = 1e4

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.rise < 1 or self.start_divisor < 1 or self.final_divisor < 1:
            got = f"rise={self.rise:g}, start_divisor={self.start_divisor:g}, final_divisor={self.final_divisor:g}"
            expected = "a rise between 0 and 1 and divisors of at least 1"
            raise InputError(sentence("the shape", "OneCycle", got, expected, "e.g. OneCycle(0.01, rise=0.3)"))

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """Two half cosines that meet at 1 after the share ``rise`` of the steps."""
        top = self.rise * max(horizon.steps, 1)
        up = _cosine(1 / self.start_divisor, 1.0, t / top)
        down = _cosine(1.0, 1 / self.final_divisor, (t - top) / max(horizon.steps - top, 1e-9))
        return np.where(t < top, up, down)


@dataclass(frozen=True)
class WarmUp(Schedule):
    """alpha_t rises in a straight line for ``steps`` steps, then follows ``then`` (constant unless given).

    Source: Goyal et al. 2017, *Accurate, large minibatch SGD*.

    >>> WarmUp(0.1, steps=4).rates(0, 5, Horizon(steps_per_epoch=2, steps=10), Plateau()).round(4)
    array([0.025, 0.05 , 0.075, 0.1  , 0.1  ])
    """

    steps: int = 100
    then: Schedule | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.then, Schedule | None):
            expected = "a schedule or None"
            raise InputError(sentence("the parameter 'then'", "WarmUp", repr(self.then), expected, "e.g. then=CosineDecay(0.01)"))

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """min(1, (t + 1) / steps) times what follows."""
        rise = np.minimum(1.0, (t + 1) / max(self.steps, 1))
        if self.then is None:
            return np.asarray(rise)
        left = Horizon(horizon.steps_per_epoch, max(horizon.steps - self.steps, 1))
        later = self.then.factor(np.maximum(t - self.steps, 0), left)
        return np.asarray(rise * later * (self.then.learning_rate / self.learning_rate))

    def after_epoch(self, loss: float, plateau: Plateau) -> Plateau:
        """As the schedule that follows."""
        return plateau if self.then is None else self.then.after_epoch(loss, plateau)


@dataclass(frozen=True)
class Adaptive(Schedule):
    """alpha is divided by ``divisor`` whenever the loss has not fallen by ``tolerance`` for ``patience`` epochs in a row.

    It watches the validation loss where there is one, else the training loss; it never goes below ``lowest``.

    >>> schedule = Adaptive(0.1, patience=1)
    >>> after_one = schedule.after_epoch(1.0, Plateau())
    >>> schedule.after_epoch(1.0, after_one)
    Plateau(factor=0.2, best=1.0, waited=0)
    """

    divisor: float = 5.0
    patience: int = 2
    tolerance: float = 1e-4
    lowest: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.divisor > 1:
            raise InputError(sentence("the parameter 'divisor'", "Adaptive", self.divisor, "a number above 1", "choose e.g. 5"))

    def factor(self, t: Float[Array, " t"], horizon: Horizon) -> Float[Array, " t"]:
        """1: the factor is in the state."""
        return np.ones_like(t)

    def after_epoch(self, loss: float, plateau: Plateau) -> Plateau:
        """The factor for the next epoch."""
        if loss < plateau.best - self.tolerance:
            return Plateau(plateau.factor, loss, 0)
        waited = plateau.waited + 1
        if waited < self.patience:
            return Plateau(plateau.factor, min(plateau.best, loss), waited)
        factor = max(plateau.factor / self.divisor, self.lowest / self.learning_rate)
        return Plateau(min(factor, plateau.factor), min(plateau.best, loss), 0)


class Rates:
    """The learning rates of a training, epoch by epoch, worked out for many epochs at a time where an epoch has few steps."""

    AHEAD = 1024
    """steps"""

    def __init__(self, schedule: Schedule, horizon: Horizon) -> None:
        self.schedule, self.horizon = schedule, horizon
        self._epochs = -(-self.AHEAD // horizon.steps_per_epoch)
        self._known: tuple[int, float, Float[Array, " t"]] = -1, 0.0, np.empty(0)

    def of_epochs(self, epoch: int, length: int, plateau: Plateau) -> Float[Array, " t"]:
        """alpha_t for each step of so many epochs from ``epoch`` on, which are counted from 0; maybe of fewer, but of one at least."""
        stretch, within = divmod(epoch, self._epochs)
        count = self.horizon.steps_per_epoch
        if self._known[:2] != (stretch, plateau.factor):
            rates = self.schedule.rates(stretch * self._epochs * count, self._epochs * count, self.horizon, plateau)
            self._known = stretch, plateau.factor, rates
        return self._known[2][within * count : (within + length) * count]


def not_negative(value: object, below: float = math.inf) -> bool:
    """Whether it is a number from 0 up to, not including, ``below``."""
    return isinstance(value, Real) and 0 <= float(value) < below


def _cosine(start: float, end: float, share: Float[Array, " t"]) -> Float[Array, " t"]:
    """From start to end along half a cosine, for shares 0..1 of the way."""
    return np.asarray(end + (start - end) * (1 + np.cos(np.pi * np.clip(share, 0.0, 1.0))) / 2)


def schedule(learning_rate: float | Schedule) -> Schedule:
    """A schedule as it is; a number as a `ConstantRate`.

    >>> schedule(0.1)
    ConstantRate(learning_rate=0.1)
    """
    if isinstance(learning_rate, Schedule):
        return learning_rate
    return ConstantRate(float(learning_rate) if isinstance(learning_rate, Real) else learning_rate)

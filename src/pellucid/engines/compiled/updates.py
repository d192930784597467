"""Optimizers as parts: one pass over a range of the flat vector, and what is prepared once for each step.

They are `pellucid.equations.optimizers` in machine code, the same operations in the same order but for divisions by a number that is the
same for all entries, which are multiplications by its reciprocal; and for what shrinks from step to step, which ends at zero (`normal`).
Of each, ``<name>_step`` turns the settings, alpha and the count t of
steps into the coefficients of a step, in float64; ``<name>`` moves theta, given g, and the state r (and v) beside it.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from pellucid.engines.compiled.elementary import sqrt
from pellucid.engines.compiled.intrinsics import as_entry, least_normal, select
from pellucid.engines.compiled.parts import Entries, Reals, part


@njit(forceinline=True)
def normal(x: Any, least: Any) -> Any:
    """x, or 0 where it is less than the least normal number.

    The moments of a weight whose gradient has become zero, that of a dead unit, shrink to the smallest denormal number there is, and stay:
    0.9 times it rounds to itself. A processor takes long for those: 39 of them among 1,732 made a step of 16-32-32-4 a twelfth slower.
    """
    return select(abs(x) < least, least - least, x)


@part
def gradient_descent_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """Alpha."""
    c[0] = alpha[0]


@part
def gradient_descent(theta: Entries, g: Entries, _: Entries, __: Entries, count: int, c: Reals) -> None:
    """theta - alpha g."""
    alpha = as_entry(c[0], theta)
    for i in range(count):
        theta[i] -= alpha * g[i]


@part
def momentum_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """Alpha and mu."""
    c[0], c[1] = alpha[0], settings[0]


@part
def momentum(theta: Entries, g: Entries, v: Entries, _: Entries, count: int, c: Reals) -> None:
    """v = mu v - alpha g, theta + v."""
    alpha, mu, least = as_entry(c[0], theta), as_entry(c[1], theta), least_normal(theta)
    for i in range(count):
        velocity = normal(mu * v[i] - alpha * g[i], least)
        v[i] = velocity
        theta[i] += velocity


@part
def nesterov(theta: Entries, g: Entries, v: Entries, _: Entries, count: int, c: Reals) -> None:
    """v = mu v - alpha g, theta + mu v - alpha g."""
    alpha, mu, least = as_entry(c[0], theta), as_entry(c[1], theta), least_normal(theta)
    for i in range(count):
        pull = alpha * g[i]
        velocity = normal(mu * v[i] - pull, least)
        v[i] = velocity
        theta[i] += mu * velocity - pull


@part
def adagrad_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """Alpha and epsilon."""
    c[0], c[1] = alpha[0], settings[0]


@part
def adagrad(theta: Entries, g: Entries, r: Entries, _: Entries, count: int, c: Reals) -> None:
    """r + g^2, theta - alpha g / sqrt(r + epsilon)."""
    alpha, epsilon = as_entry(c[0], theta), as_entry(c[1], theta)
    for i in range(count):
        size = r[i] + g[i] * g[i]
        r[i] = size
        theta[i] -= alpha * g[i] / sqrt(size + epsilon)


@part
def rmsprop_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """Alpha, rho, 1 - rho and epsilon."""
    c[0], c[1], c[2], c[3] = alpha[0], settings[0], 1 - settings[0], settings[1]


@part
def rmsprop(theta: Entries, g: Entries, r: Entries, _: Entries, count: int, c: Reals) -> None:
    """rho r + (1 - rho) g^2, theta - alpha g / (sqrt(r) + epsilon)."""
    alpha, rho, rest, epsilon = as_entry(c[0], theta), as_entry(c[1], theta), as_entry(c[2], theta), as_entry(c[3], theta)
    least = least_normal(theta)
    for i in range(count):
        size = normal(rho * r[i] + rest * g[i] * g[i], least)
        r[i] = size
        theta[i] -= alpha * g[i] / (sqrt(size) + epsilon)


@part
def adam_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """The coefficients of Adam."""
    adam_coefficients(settings, alpha, t, c)


@part
def adam_epsilon_hat_step(settings: Reals, alpha: Reals, t: int, c: Reals) -> None:
    """The same, with epsilon / sqrt(1 - b2^t)."""
    adam_coefficients(settings, alpha, t, c)
    c[4] = settings[2] * sqrt(c[6])


@njit(forceinline=True)
def adam_coefficients(settings: Any, alpha: Any, t: Any, c: Any) -> None:
    """The coefficients of both moments, epsilon, alpha / (1 - b1^t), 1 / (1 - b2^t), and alpha lambda for AdamW."""
    c[0], c[1] = settings[0], 1 - settings[0]
    c[2], c[3] = settings[1], 1 - settings[1]
    c[4] = settings[2]
    c[5] = alpha[0] / (1 - settings[0] ** float(t))
    c[6] = 1 / (1 - settings[1] ** float(t))
    c[7] = alpha[0] * settings[3]


@part
def adam(theta: Entries, g: Entries, m: Entries, v: Entries, count: int, c: Reals) -> None:
    """m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2, theta - alpha m^ / (sqrt(v^) + epsilon)."""
    b1, rest1, b2, rest2 = as_entry(c[0], theta), as_entry(c[1], theta), as_entry(c[2], theta), as_entry(c[3], theta)
    epsilon, alpha, correction = as_entry(c[4], theta), as_entry(c[5], theta), as_entry(c[6], theta)
    least = least_normal(theta)
    for i in range(count):
        first = normal(b1 * m[i] + rest1 * g[i], least)
        second = normal(b2 * v[i] + rest2 * g[i] * g[i], least)
        m[i], v[i] = first, second
        theta[i] -= alpha * first / (sqrt(second * correction) + epsilon)


@part
def adamw(theta: Entries, g: Entries, m: Entries, v: Entries, count: int, c: Reals) -> None:
    """Adam's step less alpha lambda theta."""
    b1, rest1, b2, rest2 = as_entry(c[0], theta), as_entry(c[1], theta), as_entry(c[2], theta), as_entry(c[3], theta)
    epsilon, alpha, correction, decay = as_entry(c[4], theta), as_entry(c[5], theta), as_entry(c[6], theta), as_entry(c[7], theta)
    least = least_normal(theta)
    for i in range(count):
        first = normal(b1 * m[i] + rest1 * g[i], least)
        second = normal(b2 * v[i] + rest2 * g[i] * g[i], least)
        m[i], v[i] = first, second
        theta[i] -= alpha * first / (sqrt(second * correction) + epsilon) + decay * theta[i]

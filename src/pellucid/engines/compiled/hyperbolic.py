"""sinh, cosh, sech and logcosh of one number, written as the functions of `elementary` are, and with the same promises."""

from __future__ import annotations

import math

from pellucid.engines.compiled.elementary import LOGARITHM_TO_2, Real, at_most, bounded_expm1, compiled, exponential, log_1_plus


def half_exponential(a: Real) -> Real:
    """e^a / 2 for a >= 0; it overflows where the hyperbolic functions do."""
    return exponential(at_most(a, a.pick(90.0, 711.0)), factor=0.5)


@compiled
def sinh(x: Real) -> Real:
    """(E + E / (E + 1)) / 2 with E = e^a - 1, which is accurate near 0; e^a / 2 for large a; with the sign of x, a = |x|.

    Error at most 3.0 ulp (float32), 3.0 ulp (float64).
    """
    a = abs(x)
    e = bounded_expm1(at_most(a, x.pick(10.0, 22.0)))
    small = (e + e / (e + 1.0)) * 0.5
    return x.where(a > x.pick(10.0, 22.0), half_exponential(a), small).copysign(x)


@compiled
def cosh(x: Real) -> Real:
    """h + 1 / (4 h) with h = e^a / 2, a = |x|. Error at most 2.0 ulp (float32), 2.0 ulp (float64)."""
    h = half_exponential(abs(x))
    return h + 0.25 / h


@compiled
def sech(x: Real) -> Real:
    """2 e / (1 + e^2) with e = e^-|x|. Error at most 2.5 ulp (float32), 2.5 ulp (float64)."""
    e = exponential(-at_most(abs(x), x.pick(105.0, 747.0)))
    return (e + e) / (e * e + 1.0)


@compiled
def logcosh(x: Real) -> Real:
    """log(cosh(x)): log(1 + E^2 / (2 e^-a)) with E = e^-a - 1 for a = |x| < 1, where it is about x^2 / 2; else a - log 2 + log(1 + e^-2a).

    Error at most 5.0 ulp (float32), 7.0 ulp (float64).
    """
    a = abs(x)
    e = bounded_expm1(-at_most(a, 40.0))
    power = e + 1.0
    near = a < 1.0
    f = x.where(near, e * e * 0.5 / power, power * power)
    return x.where(near, 0.0, a - math.log(2)) + log_1_plus(f, x.pick(*LOGARITHM_TO_2))

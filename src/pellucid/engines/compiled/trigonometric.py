"""sin, cos, tan and atan of one number, written as the functions of `elementary` are, and with the same promises.

The quarter turns are taken off in three parts of pi/2, so that nothing is lost for |x| up to 10^5 (float32: 10^3); beyond, the error grows
with x, as it would from the rounding of x itself. Beyond 10^15 (10^6) the result is some number in [-1, 1].

Sources as there; the polynomials were found and rounded in the same way.
"""

from __future__ import annotations

import math

from llvmlite import ir

from pellucid.engines.compiled.elementary import Bits, Real, at_least, at_most, compiled, fma, polynomial

# fmt: off
# (sin r - r) / r^3 as a polynomial in r^2, for |r| <= pi/4. Error, as a part of sin r: 2^-27.90 for float32 and 2^-57.82 for float64.
SINE = (
    (-0.16666655, 0.008332188, -0.00019518094),
    (-0.1666666666666663, 0.008333333333321842, -0.00019841269829361574, 2.755731354024218e-06, -2.505073485227435e-08,
     1.5895477116623456e-10),
)
# (cos r - 1 + r^2 / 2) / r^4 in r^2: 2^-32.99, 2^-63.85.
COSINE = (
    (0.041666646, -0.001388731, 2.4432327e-05),
    (0.041666666666666595, -0.0013888888888873325, 2.4801587288983655e-05, -2.755731421005553e-07, 2.087570425688605e-09,
     -1.1358681309072005e-11),
)
# (atan v - v) / v^3 in v^2, for |v| <= tan(pi/8): 2^-25.53, 2^-59.16.
ARCTANGENT = (
    (-0.3333295, 0.1997773, -0.13877855, 0.08054198),
    (-0.333333333333332, 0.19999999999953674, -0.14285714280199932, 0.11111110783520968, -0.09090897758531552, 0.07692060234884811,
     -0.06663104529701513, 0.05847895748139913, -0.05039350922635167, 0.03806624173716289, -0.01790964856566611),
)
# fmt: on
# pi/2 in three parts. The first two have 11 (33) bits, so that their products with 2^13 (2^20) quarter turns are exact.
QUARTER = ((1.5703125, 0.0004837512969970703, 7.549789954891882e-08), (1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21))


def quarter_turns(x: Real) -> tuple[Bits, Real]:
    """x = k pi/2 + r with an integer k and |r| <= pi/4: bits of which the lowest are those of k, and r."""
    shift = 1.5 * 2.0**x.format.digits
    t = fma(x, 2 / math.pi, shift)
    k = t - shift
    r = x
    for part in x.pick(*QUARTER):
        r = fma(k, -part, r)
    return t.reinterpret(), at_most(at_least(r, -0.8), 0.8)


def is_odd(n: Bits) -> ir.Value:
    """Whether the lowest bit is set."""
    return n.origin.builder.icmp_signed("!=", (n & 1).value, ir.Constant(n.value.type, 0))


def sine(r: Real) -> Real:
    """Sin r for |r| <= pi/4."""
    square = r * r
    return fma(r * square, polynomial(square, r.pick(*SINE)), r).copysign(r)


def cosine(r: Real) -> Real:
    """Cos r for |r| <= pi/4: 1 - r^2/2 first, with what its rounding lost."""
    square = r * r
    half = square * 0.5
    first = 1.0 - half
    return first + (((1.0 - first) - half) + square * square * polynomial(square, r.pick(*COSINE)))


def wave(x: Real, turns: int) -> Real:
    """sin(x + turns pi/2)."""
    n, r = quarter_turns(x)
    n = n + turns
    value = r.where(is_odd(n), cosine(r), sine(r))
    sign = (n & 2) << (x.pick(32, 64) - 2)
    return value.reinterpret().emit(value.builder.xor, sign).reinterpret()


@compiled
def sin(x: Real) -> Real:
    """The sine. Error at most 1.6 ulp (float32), 1.6 ulp (float64), for |x| <= 10^3 (10^5)."""
    return wave(x, 0)


@compiled
def cos(x: Real) -> Real:
    """The cosine. Error at most 1.6 ulp (float32), 1.6 ulp (float64), for |x| <= 10^3 (10^5)."""
    return wave(x, 1)


@compiled
def tan(x: Real) -> Real:
    """The sine over the cosine, turned by the quarter turns. Error at most 3.5 ulp (float32), 3.5 ulp (float64), for |x| as above."""
    n, r = quarter_turns(x)
    odd = is_odd(n)
    s, c = sine(r), cosine(r)
    return r.where(odd, -c, s) / r.where(odd, s, c)


@compiled
def atan(x: Real) -> Real:
    """For large a = |x| it is pi/2 less that of 1/a, around 1 it is pi/4 more than that of (a - 1) / (a + 1); with the sign of x.

    Error at most 3.0 ulp (float32), 2.5 ulp (float64).
    """
    a = abs(x)
    large, middle = a > 1 + math.sqrt(2), a > math.sqrt(2) - 1
    # one division serves both: -1 / a and (a - 1) / (a + 1)
    above = x.where(large, -1.0, x.where(middle, a - 1.0, a))
    below = x.where(large, a, x.where(middle, a + 1.0, 1.0))
    v = above / below
    square = v * v
    small = fma(v * square, polynomial(square, x.pick(*ARCTANGENT)), v)
    return (x.where(large, math.pi / 2, x.where(middle, math.pi / 4, 0.0)) + small).copysign(x)

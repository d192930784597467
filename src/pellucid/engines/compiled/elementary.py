"""exp, expm1, log, log1p, tanh, sigmoid, softplus, erf, normal_cdf and sqrt of one number, for use inside functions that Numba compiles.

>>> import numba
>>> import numpy as np
>>> from pellucid.engines.compiled.elementary import sigmoid
>>> @numba.njit
... def fill(x, out):
...     for i in range(x.size):
...         out[i] = sigmoid(x[i])
>>> x = np.array([-100, 0, 100], np.float32)
>>> fill(x, x)
>>> x
array([3.8e-44, 5.0e-01, 1.0e+00], dtype=float32)

Each takes float32 or float64 and returns the same type. Each is straight-line code, which LLVM turns into vector code of the full width
where the call stands in a loop. The same number gives the same bits in a vector and in the scalar remainder of a loop, as nothing is left
to fast-math flags (in a caller compiled with ``fastmath=True``, which reorders sums, the functions lose their accuracy).

How they are written: each is an ordinary Python function of a `Real`, a value in the LLVM code that is being built. It runs once, while
Numba compiles a caller, and its operators emit one instruction each. Unlike with Numba's ``overload``, nothing is left to infer or to
inline, so a call adds about 0.01 s to the compilation of its caller; and constants take the type of what they meet, so that float32 never
widens. Numba's disk cache watches the file of the caller only: after an edit here, empty it.

Errors are in ulp, the distance between neighbouring numbers at the exact result; the tests hold them against mpmath. Results below the
normal range (1e-38, 2e-308) may be wrong by up to two of the distances there. NaN in, NaN out.

Polynomials are minimax in the norm that a comment names (Remez's exchange algorithm in 70 digits). Their coefficients were rounded to the
type one after another from the constant term up, and the later ones adapted to each rounding. The errors given are those after rounding.

Sources: J.-M. Muller, Elementary Functions, 3rd ed., 2016 (range reduction, minimax polynomials); W. J. Cody and W. Waite, Software
Manual for the Elementary Functions, 1980 (ln 2 in two parts); P. T. P. Tang, ACM TOMS 15 (1989) and 16 (1990) (exp, log); M. M. Shepherd
and J. G. Laframboise, Math. Comp. 36 (1981) (erfc in a transformed variable).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

__all__ = ["erf", "exp", "expm1", "log", "log1p", "normal_cdf", "sigmoid", "softplus", "sqrt", "tanh"]


@dataclass(frozen=True)
class Format:
    """A binary interchange format of IEEE 754."""

    number: ir.Type
    bits: ir.Type
    digits: int
    """bits of the fraction"""
    bias: int
    """of the exponent"""


FORMATS = {types.float32: Format(ir.FloatType(), ir.IntType(32), 23, 127), types.float64: Format(ir.DoubleType(), ir.IntType(64), 52, 1023)}


@dataclass(frozen=True, eq=False)
class Real:
    """A float32 or float64 in the LLVM function that is being built. An operator appends the instruction, and gives its result."""

    builder: ir.IRBuilder
    value: ir.Value
    format: Format

    def emit(self, instruction: Callable[..., ir.Value], *operands: Real | float) -> Real:
        """The result of an instruction whose operands are of this format."""
        return Real(self.builder, instruction(*map(self.operand, operands)), self.format)

    def operand(self, other: Real | float) -> ir.Value:
        """A number as an LLVM value: constants are rounded to this format."""
        return other.value if isinstance(other, Real) else ir.Constant(self.format.number, float(other))

    def call(self, name: str, *operands: Real | float) -> Real:
        """An LLVM intrinsic, `name`, of operands of this format. All used here have vector forms."""
        number = self.format.number
        function = self.builder.module.declare_intrinsic(f"llvm.{name}", [number], ir.FunctionType(number, [number] * len(operands)))
        return self.emit(lambda *values: self.builder.call(function, values), *operands)

    def pick(self, single: Any, double: Any) -> Any:
        """What belongs to this format."""
        return single if self.format.digits == 23 else double

    def reinterpret(self) -> Bits:
        """The integer with the same bits."""
        return Bits(self, self.builder.bitcast(self.value, self.format.bits))

    def __add__(self, other: Real | float) -> Real:
        return self.emit(self.builder.fadd, self, other)

    def __sub__(self, other: Real | float) -> Real:
        return self.emit(self.builder.fsub, self, other)

    def __mul__(self, other: Real | float) -> Real:
        return self.emit(self.builder.fmul, self, other)

    def __truediv__(self, other: Real | float) -> Real:
        return self.emit(self.builder.fdiv, self, other)

    def __rsub__(self, other: float) -> Real:
        return self.emit(self.builder.fsub, other, self)

    def __rtruediv__(self, other: float) -> Real:
        return self.emit(self.builder.fdiv, other, self)

    def __neg__(self) -> Real:
        return self.emit(self.builder.fneg, self)

    def __abs__(self) -> Real:
        return self.call("fabs", self)

    def where(self, condition: ir.Value, then: Real | float, otherwise: Real | float) -> Real:
        """`then` if `condition`, else `otherwise`, in this format."""
        return self.emit(lambda a, b: self.builder.select(condition, a, b), then, otherwise)

    def copysign(self, other: Real) -> Real:
        """Its magnitude with the sign of `other`."""
        return self.call("copysign", self, other)

    def __gt__(self, other: Real | float) -> ir.Value:
        return self.builder.fcmp_ordered(">", self.value, self.operand(other))

    def __lt__(self, other: Real | float) -> ir.Value:
        return self.builder.fcmp_ordered("<", self.value, self.operand(other))


@dataclass(frozen=True)
class Bits:
    """The bits of a `Real`, as an integer that wraps around."""

    origin: Real
    value: ir.Value

    def emit(self, instruction: Callable[..., ir.Value], other: Bits | int) -> Bits:
        """The result of an integer instruction."""
        operand = other.value if isinstance(other, Bits) else ir.Constant(self.value.type, other)
        return Bits(self.origin, instruction(self.value, operand))

    def reinterpret(self) -> Real:
        """The number with the same bits."""
        return Real(self.origin.builder, self.origin.builder.bitcast(self.value, self.origin.format.number), self.origin.format)

    def __add__(self, other: Bits | int) -> Bits:
        return self.emit(self.origin.builder.add, other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self.emit(self.origin.builder.sub, other)

    def __neg__(self) -> Bits:
        return Bits(self.origin, self.origin.builder.neg(self.value))

    def __and__(self, other: int) -> Bits:
        return self.emit(self.origin.builder.and_, other)

    def __or__(self, other: int) -> Bits:
        return self.emit(self.origin.builder.or_, other)

    def __lshift__(self, other: int) -> Bits:
        return self.emit(self.origin.builder.shl, other)

    def __rshift__(self, other: int) -> Bits:
        return self.emit(self.origin.builder.lshr, other)


def compiled(body: Callable[[Real], Real]) -> Any:
    """A function for Numba code, built by `body`."""

    def declare(typing: Any, x: types.Type) -> Any:
        if x not in FORMATS:
            return None
        return x(x), lambda context, builder, signature, arguments: body(Real(builder, arguments[0], FORMATS[x])).value

    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(declare, name, getattr(body, name))
    return intrinsic(declare)


def at_most(x: Real, top: float) -> Real:
    """The smaller of the two, NaN for NaN: one instruction (llvm.minnum would lose the NaN)."""
    return x.where(x > top, top, x)


def at_least(x: Real, bottom: float) -> Real:
    """The larger of the two, NaN for NaN."""
    return x.where(x < bottom, bottom, x)


def fma(a: Real, b: Real | float, c: Real | float) -> Real:
    """a b + c in one rounding where the machine can, else in two.

    llvm.fma would call a slow library function on machines that cannot, and end the vectorization. So nothing below may rely on the single
    rounding: where a b has to be exact, it is exact in any case.
    """
    return a.call("fmuladd", a, b, c)


def polynomial(x: Real, coefficients: tuple[float, ...]) -> Real:
    """The sum of c_i x^i, by Horner's rule. Even and odd terms apart where they are many: two shorter chains, a fifth faster in erf."""
    if len(coefficients) > 12:
        square = x * x
        return fma(x, polynomial(square, coefficients[1::2]), polynomial(square, coefficients[::2]))
    result = fma(x, coefficients[-1], coefficients[-2])
    for c in coefficients[-3::-1]:
        result = fma(x, result, c)
    return result


# fmt: off
# (e^r - 1 - r) / r^2 for |r| <= ln 2 / 2. Error, as a part of e^r - 1: 2^-26.09 for float32 and 2^-61.52 for float64.
EXPONENTIAL = (
    (0.49999997, 0.16666543, 0.041667502, 0.008366551, 0.0013864608),
    (0.5, 0.16666666666666677, 0.04166666666666661, 0.008333333333321442, 0.001388888888892383, 0.0001984126988657721,
     2.4801587237469106e-05, 2.7557243768069256e-06, 2.7557352938404015e-07, 2.5109189179306897e-08, 2.088949128269249e-09),
)
# (2 atanh(s) - 2 s) / s^3 as a polynomial in s^2, for s <= (sqrt 2 - 1) / (sqrt 2 + 1).
# Error, as a part of 2 atanh(s): 2^-30.20, 2^-59.47.
LOGARITHM = (
    (0.66666776, 0.39977574, 0.29871237),
    (0.6666666666666735, 0.3999999999941017, 0.2857142874338962, 0.222221984680493, 0.18183569972180583, 0.1531390060148162,
     0.1479750966394424),
)
# The same for s <= 1/3: 2^-27.71, 2^-59.40.
LOGARITHM_TO_2 = (
    (0.6666641, 0.4002173, 0.2799869, 0.2802683),
    (0.6666666666666631, 0.4000000000015611, 0.2857142854796905, 0.22222223964041343, 0.18181744079485898, 0.1538655751812334,
     0.1330099444747328, 0.12105999797786528, 0.08340159019903792, 0.17019025312599406),
)
# -log(erfc(a)) / a for a <= 4 (float32) or 6. Error, as a part of erf(a): 2^-24.20 (the rounding of 2 / sqrt pi), 2^-55.34.
ERROR_FUNCTION = (
    (1.1283792, 0.63661784, 0.102790095, -0.019195097, -8.6794935e-05, 0.0015963864, -0.0005954366, 0.00010744385, -8.143141e-06),
    (1.1283791670955126, 0.6366197723675898, 0.10277260330135797, -0.019128446993828534, -0.0002091948467124934, 0.0016962076247293702,
     -0.0005901322368974877, 2.5903905873379495e-05, 6.442182759428382e-05, -2.957802355686392e-05, 3.1728465559826416e-06,
     3.1296009161648834e-06, -2.034366399113839e-06, 5.687425183609894e-07, -1.069596632443004e-08, -6.616683342728221e-08,
     3.473243395986883e-08, -1.0813005071892766e-08, 2.3687997905399914e-09, -3.7738700528647966e-10, 4.317113343954926e-11,
     -3.3766806885031186e-12, 1.6209858674448588e-13, -3.6062656269890916e-15),
)
# (a + c) e^(a^2 / 2) Phi(-a) as a polynomial in (a - c) / (a + c), for a <= 15 (float32, c = 4) or 39 (c = 5.5).
# Error, relative: 2^-25.51, 2^-56.62.
NORMAL_TAIL = (
    (0.75528514, -0.60789657, 0.38713667, -0.18652382, 0.06040535, -0.0075229947, -0.0035154088, 0.0015652067, 0.00017962702,
     -0.00013045433),
    (0.7737696342764068, -0.6851834205743381, 0.5355964890624944, -0.3670490652936192, 0.21787243285796964, -0.10970308995873329,
     0.04509758081474801, -0.013923510565508116, 0.0024429826756719544, 0.0002696039998549389, -0.00032452265740949603,
     7.141485433782298e-05, 1.6320000326553315e-05, -1.2118904690284274e-05, 4.4631000731284495e-07, 1.4838668534728483e-06,
     -2.6772108900907537e-07, -1.775860352691858e-07, 5.021169648090308e-08, 2.292621756773696e-08, -5.64040494614635e-09,
     -2.573921916463938e-09),
)
# fmt: on

ROOT_HALF = (0x3F3504F3, 0x3FE6A09E667F3BCD)
"""the bits of sqrt(1/2)"""
# ln 2 in two parts. The first has 16 (42) bits, so that its product with any exponent is exact.
LN_2 = ((0.693145751953125, 1.4286068e-06), (0.6931471805598903, 5.497923018708371e-14))


def split(x: Real, correction: Real | None = None) -> tuple[Bits, Real]:
    """x + correction = k ln 2 + r with an integer k and |r| <= ln 2 / 2: bits of which the lowest are k + 2 bias, and r.

    The bits are those of 1.5 2^digits + 2 bias + x / ln 2. Floats there are 1 apart, so the addition rounds to k, and k is read off the
    bits: no conversion to integers, which for float64 has a vector form in AVX-512 only. The correction is too small to be added to x.
    """
    shift = 1.5 * 2.0**x.format.digits + 2 * x.format.bias
    high, low = x.pick(*LN_2)
    t = fma(x if correction is None else x + correction, 1 / math.log(2), shift)
    k = t - shift
    r = fma(k, -high, x)
    return t.reinterpret(), fma(k, -low, r) if correction is None else r + fma(k, -low, correction)


def reduced_expm1(r: Real) -> Real:
    """e^r - 1 = r + r^2 q(r) for |r| <= ln 2 / 2."""
    return fma(r * r, polynomial(r, r.pick(*EXPONENTIAL)), r)


def exponential(x: Real, correction: Real | None = None, factor: Real | float | None = None) -> Real:
    """e^(x + correction) factor, for x from -112 (-761) to 89 (710): from results that round to 0 to those that overflow.

    2^k is multiplied in as two powers of half the exponent, so that k may leave the range of exponents and a denormal result is rounded
    only once, at the end. This costs two integer instructions and a multiplication more than one power would.
    """
    n, r = split(x, correction)
    half = n >> 1
    digits = x.format.digits
    value = reduced_expm1(r) + 1.0
    if factor is not None:
        value = value * factor
    return value * (half << digits).reinterpret() * ((n - half) << digits).reinterpret()


def bounded_expm1(x: Real) -> Real:
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1) for |x| <= 40. With k = 0 it is e^r - 1 as it stands, so small results keep their digits."""
    n, r = split(x)
    power = ((n - x.format.bias) << x.format.digits).reinterpret()
    return fma(power, reduced_expm1(r), power - 1.0)


def log_1_plus(f: Real, coefficients: tuple[float, ...]) -> Real:
    """log(1 + f) = 2 atanh(s), s = f / (2 + f).

    As 2 s = f - s f, this is f - s (f - s^2 P(s^2)): f itself is exact, and what is rounded in s enters through the smaller term.
    """
    s = f / (f + 2.0)
    square = s * s
    return fma(-s, f - square * polynomial(square, coefficients), f)


def exponent(y: Real) -> Bits:
    """For y = 2^k m > 0 with m in [sqrt(1/2), sqrt(2)): k + bias in the upper bits; below, the bits of m less those of sqrt(1/2).

    As integers, the bits of y less those of 2^-bias sqrt(1/2).
    """
    return y.reinterpret() - (y.pick(*ROOT_HALF) - (y.format.bias << y.format.digits))


def logarithm(upper: Bits, f: Real, excess: Real | float, y: Real) -> Real:
    """log(y) for y = 2^k (1 + f) > 0, k = (the number in `upper`) - excess; and log(0) = -inf, log(inf) = inf, NaN for y < 0 or NaN.

    The number whose bits are those of 2^digits and k + bias in the lowest is 2^digits + k + bias.
    """
    digits, bias = y.format.digits, y.format.bias
    k = ((upper >> digits) | ((bias + digits) << digits)).reinterpret() - excess
    high, low = y.pick(*LN_2)
    value = fma(k, high, fma(k, low, log_1_plus(f, y.pick(*LOGARITHM))))
    return y.where(y > 0.0, y.where(y < math.inf, value, y), y.where(y < 0.0, math.nan, y - math.inf))


@compiled
def exp(x: Real) -> Real:
    """e^x = 2^k e^r. Error at most 1.1 ulp (float32), 1.1 ulp (float64)."""
    return exponential(at_most(at_least(x, x.pick(-104.0, -746.0)), x.pick(89.0, 710.0)))


@compiled
def expm1(x: Real) -> Real:
    """e^x - 1 = 2^k (e^r - 1) + (2^k - 1). Error at most 1.6 ulp (float32), 2.1 ulp (float64)."""
    n, r = split(at_most(at_least(x, x.pick(-18.0, -38.0)), x.pick(89.0, 710.0)))
    # half of it, as 2^k overflows before the result does
    power = ((n - (x.format.bias + 1)) << x.format.digits).reinterpret()
    value = fma(power, reduced_expm1(r), power - 0.5)
    return (value + value).copysign(x)


@compiled
def log(x: Real) -> Real:
    """ln(2^k (1 + f)) = k ln 2 + ln(1 + f). Error at most 1.0 ulp (float32), 1.3 ulp (float64)."""
    digits, bias = x.format.digits, x.format.bias
    # denormal numbers become normal ones
    denormal = x < 2.0 ** (1 - bias)
    y = x.where(denormal, x * 2.0 ** (digits + 1), x)
    upper = exponent(y)
    m = ((upper & ((1 << digits) - 1)) + x.pick(*ROOT_HALF)).reinterpret()
    excess = 2.0**digits + bias
    return logarithm(upper, m - 1.0, x.where(denormal, excess + (digits + 1), excess), x)


@compiled
def log1p(x: Real) -> Real:
    """log(1 + x) = k ln 2 + log(1 + f), with k from the rounded 1 + x, but f = 2^-k x + (2^-k - 1) from x itself.

    2^-k - 1 is exact as long as 1 is not negligible beside x, so it does not matter what 1 + x lost.
    Error at most 1.6 ulp (float32), 2.0 ulp (float64), or two of the smallest denormal number.
    """
    digits, bias = x.format.digits, x.format.bias
    y = x + 1.0
    upper = exponent(y)
    # 4 2^-k, as 2^-k is too small for the largest x
    power = (-(upper & -(1 << digits)) + ((2 * bias + 2) << digits)).reinterpret()
    f = fma(x * 0.25, power, fma(power, 0.25, -1.0))
    return logarithm(upper, f, 2.0**digits + bias, y).copysign(x)


@compiled
def tanh(x: Real) -> Real:
    """(e^2a - 1) / (e^2a + 1) with the sign of x, a = |x|; the numerator is accurate near 0.

    Error at most 2.7 ulp (float32), 2.7 ulp (float64).
    """
    a = at_most(abs(x), x.pick(10.0, 20.0))  # where it is 1
    e = bounded_expm1(a + a)
    return (e / (e + 2.0)).copysign(x)


@compiled
def sigmoid(x: Real) -> Real:
    """1 / (1 + e^-x) = e^x / (1 + e^x), which keeps its digits for x << 0. Error at most 2.5 ulp (float32), 2.5 ulp (float64)."""
    # the upper bound is where it is 1
    e = exponential(at_most(at_least(x, x.pick(-104.0, -746.0)), x.pick(20.0, 40.0)))
    return e / (e + 1.0)


@compiled
def softplus(x: Real) -> Real:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|). Error at most 2.0 ulp (float32), 2.0 ulp (float64)."""
    e = exponential(at_least(-abs(x), x.pick(-104.0, -746.0)))
    return x.where(x > 0.0, x, 0.0) + log_1_plus(e, x.pick(*LOGARITHM_TO_2))


@compiled
def erf(x: Real) -> Real:
    """1 - e^-g with g = -log(erfc(a)) = a G(a), with the sign of x, a = |x|.

    One formula for all x: g ~ 2 a / sqrt pi for small a, and for large a an error of g counts only e^-g. G is a polynomial.
    Error at most 3.2 ulp (float32), 2.7 ulp (float64).
    """
    a = at_most(abs(x), x.pick(4.0, 6.0))  # where it is 1
    g = a * polynomial(a, x.pick(*ERROR_FUNCTION))
    return bounded_expm1(-g).copysign(x)


@compiled
def normal_cdf(x: Real) -> Real:
    """Phi(-a) = e^(-a^2 / 2) H(t) / (a + c), t = (a - c) / (a + c), a = |x|; and 1 - Phi(-a) for x > 0.

    H is a polynomial. a^2 is in two parts, or its rounding would count a^2 / 2 times: the upper half of a's digits has an exact square.
    Error at most 5.0 ulp (float32), 6.5 ulp (float64), also where x << 0; without fused multiply-add, 10 ulp.
    """
    a = at_most(abs(x), x.pick(15.0, 39.0))  # where Phi(-a) is 0
    upper = (a.reinterpret() & -(1 << x.pick(12, 27))).reinterpret()
    c = x.pick(4.0, 5.5)
    # one Newton step takes the roundings of a + c and of 1 / (a + c) back: near 0 they would count fivefold
    divisor = a + c
    inverse = 1.0 / divisor
    residual = fma(-divisor, inverse, 1.0) - (a - (divisor - c)) * inverse
    inverse = fma(inverse, residual, inverse)
    factor = inverse * polynomial(fma(inverse, -2 * c, 1.0), x.pick(*NORMAL_TAIL))
    tail = exponential(upper * upper * -0.5, (a - upper) * (a + upper) * -0.5, factor)
    return x.where(x > 0.0, 1.0 - tail, tail)


@compiled
def sqrt(x: Real) -> Real:
    """The square root, correctly rounded: the machine's own, which stays in float32."""
    return x.call("sqrt", x)

"""The elementary functions of compiled loops: against mpmath, at the extremes, and that they become vector code."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
from functools import cache

import mpmath as mp
import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import types

from pellucid.engines.compiled import elementary, hyperbolic, trigonometric

F4, F8 = np.dtype("f4"), np.dtype("f8")
DTYPES = [F4, F8]
MP = mp.mp.clone()
MP.prec = 140


def softplus(x):
    return MP.log1p(MP.exp(x))


def normal_cdf(x):
    return MP.erfc(-max(min(x, 45), -45) / MP.sqrt(2)) / 2  # mpmath fails at 1e300


MODULES = (elementary, hyperbolic, trigonometric)


def function(name):
    return next(getattr(module, name) for module in MODULES if hasattr(module, name))


def sech(x):
    return 1 / MP.cosh(x)


def logcosh(x):
    e = MP.exp(-abs(x))
    return MP.log1p(MP.expm1(-abs(x)) ** 2 / (2 * e)) if e > MP.mpf(10) ** -30 else abs(x) - MP.log(2)


EXACT = {
    "exp": MP.exp,
    "expm1": MP.expm1,
    "log": MP.log,
    "log1p": MP.log1p,
    "tanh": MP.tanh,
    "sigmoid": lambda x: 1 / (1 + MP.exp(-x)),
    "softplus": softplus,
    "erf": lambda x: MP.erf(max(min(x, 45), -45)),
    "normal_cdf": normal_cdf,
    "sqrt": MP.sqrt,
    "sin": MP.sin,
    "cos": MP.cos,
    "tan": MP.tan,
    "atan": MP.atan,
    "sinh": MP.sinh,
    "cosh": MP.cosh,
    "sech": sech,
    "logcosh": logcosh,
}
BOUND = {
    "exp": (1.1, 1.1),
    "expm1": (1.6, 2.1),
    "log": (1.0, 1.3),
    "log1p": (1.6, 2.0),
    "tanh": (2.7, 2.7),
    "sigmoid": (2.5, 2.5),
    "softplus": (2.0, 2.0),
    "erf": (3.2, 2.7),
    "normal_cdf": (5.0, 6.5),
    "sqrt": (0.5, 0.5),
    "sin": (1.6, 1.6),
    "cos": (1.6, 1.6),
    "tan": (3.5, 3.5),
    "atan": (3.0, 2.5),
    "sinh": (3.0, 3.0),
    "cosh": (2.0, 2.0),
    "sech": (2.5, 2.5),
    "logcosh": (5.0, 7.0),
}
"""ulp, as in the docstrings, for float32 and float64"""
WITHOUT_FMA = {"normal_cdf": 10.0}
"""where a machine without fused multiply-add needs more than that"""


@cache
def vectorized(name):
    """The function over an array."""
    one = function(name)

    @numba.njit(error_model="numpy")
    def over(x, out):
        for i in range(x.size):
            out[i] = one(x[i])

    return over


def values(name, x):
    out = np.full_like(x, 7)
    vectorized(name)(x, out)
    return out


def in_domain(name, x):
    if name in ("log", "sqrt"):
        return abs(x)
    if name in ("sin", "cos", "tan"):
        return x[abs(x) <= (1e3 if x.dtype == F4 else 1e5)]
    return x[x >= -1] if name == "log1p" else x


def points(name, dtype, n=100):
    """Where the function lives: all magnitudes, both signs, round 0 and 1, and either side of the seams of the range reductions."""
    random = np.random.default_rng(list(name.encode()))
    limits = np.finfo(dtype)
    top = np.log(float(limits.max))
    sign = random.choice([-1.0, 1.0], n)
    near = 1 + 1e-6 * random.standard_normal(n)
    k = np.floor(random.uniform(-top / np.log(2), top / np.log(2), n))
    x = np.concatenate(
        [
            random.uniform(-1.05 * top, 1.05 * top, n),
            random.uniform(-12, 12, 2 * n),
            random.uniform(-40, 8, n),
            random.uniform(-1, 1, 2 * n),
            sign * np.exp(random.uniform(np.log(float(limits.tiny)) + 2, top, n)),
            sign * np.exp(random.uniform(-20, 3, n)),
            -1 + np.exp(random.uniform(-30, 0, n)),
            1 + sign * np.exp(random.uniform(-30, 0, n)),
            (k + 0.5) * np.log(2) * near,
            sign * 0.5 * np.log(2) * near,
            np.sqrt(0.5) * np.exp2(k) * near,
            sign * np.sqrt(2) * near - 1,
            [0.0, 1.0, -1.0, float(limits.max), -float(limits.max), float(limits.tiny), float(limits.smallest_subnormal)],
        ]
    )
    return in_domain(name, x.astype(dtype))


def errors(name, x, y):
    """|y - exact| in ulp, after two and a half of the smallest denormal numbers are excused."""
    limits = np.finfo(x.dtype)
    least = MP.mpf(2) ** (limits.minexp - limits.nmant)
    out = np.zeros(len(x))
    for i, (a, b) in enumerate(zip(x.tolist(), y.tolist(), strict=True)):
        exact = EXACT[name](MP.mpf(a)) if (name, a) not in [("log", 0), ("log1p", -1)] else -MP.inf
        if abs(exact) > float(limits.max):
            right = b == float(MP.sign(exact)) * np.inf
            out[i] = 0 if right else np.inf
        else:
            ulp = max(least, MP.mpf(2) ** (MP.mag(exact) - 1 - limits.nmant)) if exact else least
            out[i] = max(0, (abs(b - exact) - 2.5 * least) / ulp) if np.isfinite(b) else np.inf
    return out


def bound(name, dtype):
    return BOUND[name][DTYPES.index(dtype)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_the_error_is_within_the_stated_bound(name, dtype):
    x = points(name, dtype)
    y = values(name, x)
    assert y.dtype == dtype
    off = errors(name, x, y)
    worst = off.argmax()
    assert off[worst] <= bound(name, dtype), (x[worst], y[worst])


@pytest.mark.parametrize("name", EXACT)
@settings(max_examples=40)
@given(a=st.floats(allow_nan=False, allow_infinity=False), b=st.floats(-50, 50, width=32))
def test_any_number_is_within_the_stated_bound(name, a, b):
    with np.errstate(over="ignore"):
        singles = np.array([a, b]).astype(F4)
    for x in (np.array([a, b]), singles[np.isfinite(singles)]):
        x = in_domain(name, x)
        assert (errors(name, x, values(name, x)) <= bound(name, x.dtype)).all()


@pytest.mark.parametrize("name", EXACT)
def test_docstrings_state_the_bounds(name):
    single, double = BOUND[name]
    text = " ".join(function(name).__doc__.split())
    assert name == "sqrt" or f"at most {single} ulp (float32), {double} ulp (float64)" in text


INF, NAN = np.inf, np.nan
EXTREMES = {
    "exp": [(-INF, 0), (INF, INF), (0.0, 1), (1e4, INF), (-1e4, 0), (3e38, INF), (-3e38, 0)],
    "expm1": [(-INF, -1), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (1e4, INF), (-1e4, -1), (3e38, INF), (-3e38, -1)],
    "log": [(-INF, NAN), (INF, INF), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-1e-30, NAN), (-3e38, NAN), (1.0, 0.0)],
    "log1p": [(-INF, NAN), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-1.5, NAN), (-3e38, NAN)],
    "tanh": [(-INF, -1), (INF, 1), (0.0, 0.0), (-0.0, -0.0), (3e38, 1), (-3e38, -1)],
    "sigmoid": [(-INF, 0), (INF, 1), (0.0, 0.5), (-0.0, 0.5), (3e38, 1), (-3e38, 0), (1e4, 1), (-1e4, 0)],
    "softplus": [(-INF, 0), (INF, INF), (1e4, 1e4), (-1e4, 0), (3e38, np.float32(3e38)), (-3e38, 0)],
    "erf": [(-INF, -1), (INF, 1), (0.0, 0.0), (-0.0, -0.0), (3e38, 1), (-3e38, -1)],
    "normal_cdf": [(-INF, 0), (INF, 1), (0.0, 0.5), (-0.0, 0.5), (3e38, 1), (-3e38, 0)],
    "sin": [(INF, NAN), (-INF, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "cos": [(INF, NAN), (-INF, NAN), (0.0, 1.0), (-0.0, 1.0)],
    "tan": [(INF, NAN), (-INF, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "atan": [(0.0, 0.0), (-0.0, -0.0)],
    "sinh": [(-INF, -INF), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (1e4, INF), (-3e38, -INF)],
    "cosh": [(-INF, INF), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (1e4, INF), (-3e38, INF)],
    "sech": [(-INF, 0), (INF, 0), (0.0, 1.0), (-0.0, 1.0), (1e4, 0), (-3e38, 0)],
    "logcosh": [(-INF, INF), (INF, INF), (0.0, 0.0), (-0.0, 0.0), (3e38, np.float32(3e38)), (-3e38, np.float32(3e38))],
    "sqrt": [(INF, INF), (-1.0, NAN), (0.0, 0.0), (-0.0, -0.0), (4.0, 2.0)],
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_extremes(name, dtype):
    given_, expected = np.array(EXTREMES[name]).T.astype(F4).astype(dtype)
    x = np.tile(given_, 40)  # in vectors too
    y = values(name, x)
    np.testing.assert_array_equal(y, np.tile(expected, 40))
    zero = y == 0
    assert (np.signbit(y) == np.signbit(np.tile(expected, 40)))[zero].all()


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_nan_stays_and_touches_no_neighbour(name, dtype):
    x = np.full(203, 0.5, dtype)
    x[::3] = np.nan
    x[1::6] = -np.nan
    y = values(name, x)
    assert np.array_equal(np.isnan(y), np.isnan(x))
    assert len(set(y[~np.isnan(y)].tolist())) == 1


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_a_vector_and_a_scalar_give_the_same_bits(name, dtype):
    x = np.resize(points(name, dtype), 600)
    bits = values(name, x).view(f"u{dtype.itemsize}")
    for start, stop in [(0, 1), (1, 600), (3, 40), (5, 69), (17, 599), *((i, i + 1) for i in range(0, 600, 7))]:
        assert np.array_equal(values(name, x[start:stop].copy()).view(bits.dtype), bits[start:stop])
    assert np.array_equal(values(name, x[::-1].copy()).view(bits.dtype), bits[::-1])


def instructions(assembly):
    return {line.split()[0] for line in assembly.splitlines() if line.startswith("\t") and not line.startswith("\t.")}


def compile_for_pointers(name, dtype):
    one = function(name)
    item = numba.from_dtype(dtype)

    def over(x, out, n):
        a, b = numba.carray(x, n), numba.carray(out, n)
        for i in range(n):
            b[i] = one(a[i])

    signature = types.void(types.CPointer(item), types.CPointer(item), types.intp)
    return numba.cfunc(signature, error_model="numpy")(over), numba.njit(signature, error_model="numpy")(over)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", EXACT)
def test_loops_become_vector_code_of_their_own_type(name, dtype):
    over = vectorized(name)
    x = in_domain(name, np.ones(3, dtype))
    over(x, x)
    signature = next(s for s in over.signatures if s[0].dtype == numba.from_dtype(dtype))
    own, other = ("s", "d") if dtype == F4 else ("d", "s")
    found = instructions(over.inspect_asm(signature))
    arithmetic = re.compile(rf"v?(f?n?m(add|sub)\d*|mul|sqrt)p{own}")
    if os.uname().machine == "x86_64":
        assert any(arithmetic.fullmatch(i) for i in found)
        foreign = re.compile(rf"v?(f?n?m(add|sub)\d*|add|sub|mul|div|sqrt|cvt\w*)[ps]{other}(2\w+)?|v?cvt\w+2[ps]{other}x?")
        assert not [i for i in found if foreign.fullmatch(i)]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_c_function_over_pointers_is_vector_code_too(dtype):
    called, shown = compile_for_pointers("sigmoid", dtype)
    if os.uname().machine == "x86_64":
        own = "s" if dtype == F4 else "d"
        found = instructions(shown.inspect_asm(shown.signatures[0]))
        assert {f"vdivp{own}", f"divp{own}"} & found
    x = points("sigmoid", dtype)
    out = np.empty_like(x)
    pointer = ctypes.POINTER(ctypes.c_float if dtype == F4 else ctypes.c_double)
    called.ctypes(x.ctypes.data_as(pointer), out.ctypes.data_as(pointer), x.size)
    assert np.array_equal(out, values("sigmoid", x))
    called.ctypes(x.ctypes.data_as(pointer), x.ctypes.data_as(pointer), x.size)
    assert np.array_equal(x, out)


def test_other_types_are_refused():
    @numba.njit
    def of(x):
        return elementary.exp(x)

    with pytest.raises(numba.TypingError):
        of(3)


def run(code, *arguments, **environment):
    paths = os.pathsep.join(p for p in sys.path if p)
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": paths, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout


CALLER = """
import numba
from pellucid.engines.compiled.elementary import {names}

@numba.njit("void(f4[::1], f8[::1])", cache=True, error_model="numpy")
def fill(x, y):
    for i in range(x.size):
        x[i] = {nested_x}
    for i in range(y.size):
        y[i] = {nested_y}
"""
USER = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from caller import fill
x = np.linspace(0.1, 3, 50)
a = x.astype("f4")
fill(a, x)
print(sum(fill.stats.cache_hits.values()), a.tobytes().hex(), x.tobytes().hex())
"""


def test_callers_are_cached_on_disk(tmp_path):
    names = [name for name in EXACT if hasattr(elementary, name)]
    nested = [f"{'('.join(names)}({v}[i]{')' * len(names)}" for v in "xy"]
    (tmp_path / "caller.py").write_text(CALLER.format(names=", ".join(names), nested_x=nested[0], nested_y=nested[1]))
    first, second = (run(USER, tmp_path, NUMBA_CACHE_DIR=str(tmp_path / "cache")).split() for _ in range(2))
    assert (first[0], second[0]) == ("0", "1")
    assert first[1:] == second[1:]


OLD_MACHINE = """
import json, sys
import numpy as np
import test_elementary as t
found = {}
for name in t.EXACT:
    for dtype in t.DTYPES:
        x = t.points(name, dtype, 25)
        y = t.values(name, x)
        assembly = t.vectorized(name).inspect_asm(t.vectorized(name).signatures[-1])
        found[name + str(dtype)] = t.errors(name, x, y).max(), sorted(t.instructions(assembly))
print(json.dumps(found))
"""


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="names an x86 processor")
def test_a_machine_without_fused_multiply_add_is_nearly_as_accurate_and_vectorizes():
    """LLVM is told to build for the first 64-bit processors of 2003."""
    code = f"import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})\n{OLD_MACHINE}"
    found = json.loads(run(code, NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES="+sse2"))
    for name in EXACT:
        for dtype in DTYPES:
            worst, used = found[name + str(dtype)]
            assert worst <= WITHOUT_FMA.get(name, bound(name, dtype))
            assert not any("fmadd" in i or i.startswith("v") for i in used)
            assert name == "sqrt" or f"mulp{'s' if dtype == F4 else 'd'}" in used


def atanh_rest(y):
    s = MP.sqrt(y)
    return (2 * MP.atanh(s) - 2 * s) / s**3


def half_atanh_weight(y):
    s = MP.sqrt(y)
    return s**3 / (2 * MP.atanh(s))


def tail(c):
    """(a + c) e^(a^2 / 2) Phi(-a) of t = (a - c) / (a + c)"""

    def of(t):
        a = c * (1 + t) / (1 - t)
        return (a + c) * MP.exp(a * a / 2) * MP.erfc(a / MP.sqrt(2)) / 2

    return of


LN2_HALF = MP.log(2) / 2
S2 = ((MP.sqrt(2) - 1) / (MP.sqrt(2) + 1)) ** 2
APPROXIMATIONS = {
    # what is approximated, the weight of its error, from, to, log2 of the error for float32 and float64
    "EXPONENTIAL": [(lambda r: (MP.expm1(r) - r) / r**2, lambda r: r**2 / MP.expm1(r), -LN2_HALF, LN2_HALF, e) for e in (-26.09, -61.52)],
    "LOGARITHM": [(atanh_rest, half_atanh_weight, 0, S2, e) for e in (-30.20, -59.47)],
    "LOGARITHM_TO_2": [(atanh_rest, half_atanh_weight, 0, MP.mpf(1) / 9, e) for e in (-27.71, -59.40)],
    "ERROR_FUNCTION": [
        (lambda a: -MP.log(MP.erfc(a)) / a, lambda a: a * MP.erfc(a) / MP.erf(a), 0, top, e) for top, e in ((4, -24.20), (6, -55.34))
    ],
    "NORMAL_TAIL": [
        (tail(c), lambda t, c=c: 1 / tail(c)(t), -1, (top - c) / (top + c), e) for top, c, e in ((15, 4, -25.51), (39, 5.5, -56.62))
    ],
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("name", APPROXIMATIONS)
def test_polynomials_are_as_close_as_their_comments_say(name, dtype):
    function, weight, start, stop, stated = APPROXIMATIONS[name][DTYPES.index(dtype)]
    coefficients = [MP.mpf(float(dtype.type(c))) for c in getattr(elementary, name)[DTYPES.index(dtype)]]
    grid = [start + (stop - start) * (1 - MP.cos(MP.pi * (2 * i + 1) / 400)) / 2 for i in range(200)]
    worst = max(abs(weight(x) * (MP.fsum(c * x**i for i, c in enumerate(coefficients)) - function(x))) for x in grid)
    assert MP.log(worst, 2) <= stated + 0.01


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_the_first_part_of_ln_2_times_an_exponent_is_exact(dtype):
    high, low = elementary.LN_2[DTYPES.index(dtype)]
    k = np.arange(-1100 if dtype == F8 else -170, 1100 if dtype == F8 else 170).astype(dtype)
    assert all(MP.mpf(float(a)) == MP.mpf(float(b)) * MP.mpf(high) for a, b in zip(k * dtype.type(high), k, strict=True))
    assert abs(MP.mpf(high) + MP.mpf(float(dtype.type(low))) - MP.log(2)) < MP.mpf(2) ** (-97 if dtype == F8 else -43)

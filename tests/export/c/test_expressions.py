"""Texts of the records in C: compiled, they give the numbers that NumPy gives."""

from __future__ import annotations

import ast
import subprocess

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import special

import pellucid as pl
from pellucid.engines.compiled import formulas
from pellucid.equations.faces import function_of, text_of
from pellucid.export.c.expressions import LIBRARY, OWN, Translator, names_in
from pellucid.export.c.writing import Real, check_name, remark, string
from pellucid.expressions.stable import stable
from random_formulas import trees
from sanitized import STRICT, compiler

POINTS = [-90.0, -3.5, -1.0, -0.3, 0.0, 0.4, 1.0, 2.5, 88.0]


def values(texts, folder, dtype="double", points=POINTS, arguments=("x", "y")):
    """(text, x, y) -> number, all by one program."""
    real = Real(dtype)
    translate = Translator(real)
    functions = []
    for at, text in enumerate(texts):
        lines = translate.lines(text, {name: name for name in arguments}, "const real found")
        unused = "".join(f"    (void){name};\n" for name in arguments)
        functions.append(f"static real f{at}(real x, real y)\n{{\n{unused}    " + "\n    ".join(lines) + "\n    return found;\n}")
    code = "\n".join(functions)
    tries = "\n".join(
        f'    for (int i = 0; i < {len(points)}; i++) printf("%.17g\\n", (double)f{at}(p[i], q[i]));' for at in range(len(texts))
    )
    shown = ", ".join(repr(float(point)) for point in points)
    other = ", ".join(repr(float(point)) for point in points[::-1])
    program = "\n".join(
        [
            f"#include <math.h>\n#include <stdio.h>\ntypedef {dtype} real;",
            *translate.functions(code),
            code,
            f"int main(void)\n{{\n    const real p[] = {{{shown}}}, q[] = {{{other}}};\n{tries}\n    return 0;\n}}",
        ]
    )
    (folder / "try.c").write_text(program)
    done = subprocess.run(
        [compiler("gcc"), *STRICT, "-O1", str(folder / "try.c"), "-lm", "-o", str(folder / "try")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr + program
    printed = subprocess.run([str(folder / "try")], capture_output=True, text=True, check=True).stdout
    return np.array(printed.split(), dtype=float).reshape(len(texts), len(points))


def test_the_words_are_those_of_the_compiled_engine():
    assert {*LIBRARY, *OWN, "where", "negative", "number"} == set(formulas.WORDS)


@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(trees(kinks=True), min_size=20, max_size=20))
def test_random_formulas(tmp_path, made):
    found, expected, texts = None, [], []
    x = np.array([-3.5, -1.0, -0.3, 0.0, 0.4, 1.0, 2.5])
    for tree in map(stable, made):
        texts.append(text_of(tree))
        expected.append(np.broadcast_to(function_of(tree, "x", "y")(x, x[::-1]), x.shape))
    found = values(texts, tmp_path, points=list(x))
    for text, got, right in zip(texts, found, expected, strict=True):
        finite = np.isfinite(right)
        np.testing.assert_allclose(got[finite], right[finite], rtol=1e-9, atol=1e-9 * np.abs(right[finite]).max(initial=1), err_msg=text)


@pytest.mark.parametrize("dtype", ["double", "float"])
def test_every_word_and_no_overflow(tmp_path, dtype):
    texts = [
        "sigmoid(x)", "sigmoid(x) * sigmoid(-x)", "softplus(x)", "softplus(-x) + softplus(x)", "normal_cdf(x)", "sech(x)", "logcosh(x)",
        "sign(x)", "square(x)", "clip(x, -1, 0.5)", "largest(x, y)", "smallest(x, y)", "xlogy(0, x)", "ratio(0, x)",
        "where((x >= -1) & (x < 1), 1, 0)", "where((x < -1) | (x > 1) & (y > 0), -x, x)", "where(negative(x), 0, 1)", "-x - -y - (-x - y)",
        "1 / 2 * x", "x - (y - x) - (x + y)", "x / (y / 2) / 4", "-(x * -y) * 2", "atan(x) + erf(x) - tanh(x)", "expm1(-abs(x))",
        "log1p(abs(x)) + log(1 + abs(x)) + sqrt(abs(x))", "sin(x) + cos(x) * tan(x / 100)", "sinh(x / 100) + cosh(x / 100)",
        "where(where(x > 0, x, y) > 1, where(y > 0, 1, 2), 3)", "number(3, x)",
    ]  # fmt: skip
    found = values(texts, tmp_path, dtype)
    x = np.array(POINTS)
    y = x[::-1]
    words = {
        "sigmoid": special.expit, "softplus": lambda u: np.logaddexp(u, 0), "normal_cdf": special.ndtr, "sech": lambda u: 1 / np.cosh(u),
        "logcosh": lambda u: np.abs(u) + np.log1p(np.exp(-2 * np.abs(u))) - np.log(2), "sign": np.sign, "square": np.square,
        "clip": np.clip, "largest": np.maximum, "smallest": np.minimum, "xlogy": lambda a, b: 0 * b, "ratio": lambda a, b: 0 * b,
        "where": np.where, "negative": np.signbit, "atan": np.arctan, "erf": special.erf, "tanh": np.tanh, "expm1": np.expm1, "abs": np.abs,
        "log1p": np.log1p, "log": np.log, "sqrt": np.sqrt, "sin": np.sin, "cos": np.cos, "tan": np.tan, "sinh": np.sinh, "cosh": np.cosh,
        "number": lambda a, b: a + 0 * b,
    }  # fmt: skip
    tolerance = 1e-13 if dtype == "double" else 3e-5
    with np.errstate(all="ignore"):
        for text, got in zip(texts, found, strict=True):
            right = np.broadcast_to(eval(text, {}, {**words, "x": x, "y": y}), x.shape)
            np.testing.assert_allclose(got, right, rtol=tolerance, atol=tolerance, err_msg=text)
    finite = np.isfinite(found).all(axis=1)
    assert [text for text, is_finite in zip(texts, finite, strict=True) if not is_finite] == ["x / (y / 2) / 4"]


def test_what_stands_twice_is_computed_once():
    lines = Translator(Real("float")).lines("exp(tanh(z)) + tanh(z) * exp(tanh(z))", {"z": "z[i]"}, "a[i]")
    assert lines == ["const real t1 = tanhf(z[i]);", "const real t2 = expf(t1);", "a[i] = t2 + t1 * t2;"]


def test_functions_named_in_comments_only_stay_out():
    translate = Translator(Real("double"))
    assert translate.functions("/* sigmoid(x) */ a = square(x);") == translate.functions("square(x)")
    assert len(translate.functions("softplus(x) + sech(x)")) == 2


@pytest.mark.parametrize("text", ["__import__('os')", "x.real", "x if y else x", "[x]", "foo(x)", "True", "x ** 2", "'a'"])
def test_other_texts_are_refused(text):
    with pytest.raises(pl.InputError, match="The text of a rule in export_c is with"):
        Translator(Real("float")).lines(text, {"x": "x", "y": "y"}, "a")


def test_the_names_of_a_text():
    assert names_in("sigmoid(z) + a * a") == {"z", "a"}
    assert ast.parse("sigmoid(z)")


@pytest.mark.parametrize("name", ["", "1st", "a b", "while", "naïve", "_x", "a-b", "x" * 22, None, 3, "main", "double"])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(pl.InputError, match="The name in export_c is .*expected a C identifier"):
        check_name(name)


def test_numbers_come_back_as_they_were():
    rng = np.random.default_rng(0)
    for number in [0.0, -0.0, 1e-45, 1e-320, 5.0, 1e22, *rng.normal(size=50) * 10.0 ** rng.integers(-30, 30, size=50)]:
        single, double = Real("float").number(number), Real("double").number(number)
        assert np.float32(single[:-1]) == np.float32(number)
        assert float(double) == number
        assert single.endswith("f")
        assert "." in double or "e" in double
    with pytest.raises(pl.InputError, match="use dtype='double'"):
        Real("float").number(1e39)


def test_texts_cannot_leave_their_quotes_or_comments():
    assert string('a"b\\c?\n') == '"a\\"b\\\\c\\?\\012"'
    assert string("ü") == '"\\303\\274"'
    assert remark("a */ b /* c ??/\n d") == "a * / b / * c ? ?/  d"

"""Forms that lose digits or overflow as they stand: against mpmath with 60 digits, or plain reasoning."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Call, Divide, Number, Sum, SumOverUnits, Symbol

x, y, z = Symbol("x"), Symbol("y"), Symbol("z", 1)


def exp(tree):
    return Call("exp", (tree,))


def log(tree):
    return Call("log", (tree,))


EXACT = {
    "log(1 + x)": (log(1 + x), lambda v: mpmath.log1p(v)),
    "log(x + 1)": (log(x + 1), lambda v: mpmath.log1p(v)),
    "log(1 + e^x)": (log(1 + exp(x)), lambda v: mpmath.log1p(mpmath.exp(v))),
    "log(1 + e^-x)": (log(1 + exp(-x)), lambda v: mpmath.log1p(mpmath.exp(-v))),
    "e^x - 1": (exp(x) - 1, lambda v: mpmath.expm1(v)),
    "1 - x^2": (1 - x**2, lambda v: 1 - v * v),
}


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("value", [1e-12, 3e-7, 0.3, 1 - 1e-15, -0.7, -1 + 1e-14, -1e-9])
def test_all_digits_are_there(name, value):
    tree, exact = EXACT[name]
    with mpmath.workdps(60):
        right = exact(mpmath.mpf(value))
        assert abs(mpmath.mpf(float(evaluate(tree, {"x": value}))) / right - 1) < 1e-15


@pytest.mark.parametrize(("value", "expected"), [(800.0, 800.0), (-800.0, 0.0), (-40.0, np.exp(-40.0))])
def test_softplus_neither_overflows_nor_vanishes(value, expected):
    assert evaluate(log(1 + exp(x)), {"x": value}) == pytest.approx(expected, rel=1e-15)


Z = np.array([[1000.0, 0.1], [999.0, 0.2], [-1000.0, -0.3]])


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_of_large_scores(axis):
    values = {"z1": Z if axis == 0 else Z.T}
    total = SumOverUnits(exp(z), axis)
    e = np.exp(Z - Z.max(axis=0))
    expected = e / e.sum(axis=0)
    found = evaluate(exp(z) / total, values)
    logs = evaluate(log(exp(z) / total), values)
    whole = evaluate(log(total), values)
    np.testing.assert_allclose(found if axis == 0 else found.T, expected, rtol=1e-15)
    np.testing.assert_allclose(logs if axis == 0 else logs.T, Z - Z.max(axis=0) - np.log(e.sum(axis=0)), rtol=1e-15)
    np.testing.assert_allclose(whole.reshape(-1), Z.max(axis=0) + np.log(e.sum(axis=0)), rtol=1e-15)


@pytest.mark.parametrize("written_out", [True, False])
def test_the_same_unit_by_unit(written_out):
    terms = [exp(Symbol("z", 1, (k,))) for k in (1, 2, 3)]
    total = terms[0] + terms[1] + terms[2] if written_out else Sum(exp(Symbol("z", 1, ("k",))), "k", 1, 3)
    values = {"z1": Z[:, :1]}
    assert evaluate(terms[1] / total, values) == pytest.approx(1 / (1 + np.e), rel=1e-15)
    assert evaluate(log(terms[2] / total), values) == pytest.approx(-2000 - np.log1p(1 / np.e), rel=1e-15)


def test_nothing_of_an_impossible_outcome_is_nothing():
    values = {"y": np.array([0.0, 0.0, 1.0]), "x": np.array([0.0, 0.5, 0.0])}
    with np.errstate(divide="ignore"):
        assert evaluate(y * log(x), values).tolist() == [0.0, 0.0, -np.inf]
        assert evaluate(-(y * log(y)), values).tolist() == [0.0, 0.0, 0.0]


def test_nothing_times_the_logarithm_of_a_negative_number_is_no_number():
    with np.errstate(invalid="ignore"):
        assert np.isnan(evaluate(y * log(x), {"y": 0.0, "x": np.float64(-1.0)}))


def test_other_forms_are_computed_as_they_stand():
    assert evaluate(Divide(exp(x), 1 + exp(x)), {"x": 0.0}) == 0.5
    assert evaluate(1 - x**3, {"x": 2.0}) == -7.0
    assert evaluate(exp(x) - 2, {"x": 0.0}) == -1.0
    assert evaluate(log(2 + x), {"x": 0.0}) == pytest.approx(np.log(2))
    assert evaluate(Number(2) * log(x), {"x": 1.0}) == 0.0

"""What is looked at before a formula is trained with: poles, kinks, jumps, the values."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.equations.admission import MAX_KINKS, kinks, line, not_finite_at, values_of, zeros
from pellucid.expressions.derivative import derivative
from pellucid.expressions.enclosure import Bounds
from pellucid.expressions.nodes import Symbol
from pellucid.expressions.parse import parse


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("1/z", 0),
        ("1/(z - 0.3)", 0.3),
        ("1/(z**2 - 2)", None),
        ("log(z + 7)", None),
        ("exp(8*z)", None),
        ("1/(z**2 - 2*z + 1.0001)", False),
    ],
)
def test_a_pole_is_found_wherever_it_is(formula, at):
    found = not_finite_at([parse(formula)], line("z"))
    if at is False:
        assert found is None
    else:
        assert found is not None
        assert at is None or found["z"] == pytest.approx(at, abs=1e-6)


def test_two_names_are_cut_along_both():
    cells = {name: Bounds.of(np.array([-1.0]), np.array([1.0])) for name in ("a", "b")}
    assert not_finite_at([parse("1/(a - b + 3)")], cells) is None
    found = not_finite_at([parse("1/(a - b + 0.25)")], cells)
    assert found is not None
    assert found["a"] - found["b"] == pytest.approx(-0.25, abs=1e-3)


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("2*z - 3", [1.5]), ("z**2 - 2", [-(2**0.5), 2**0.5]), ("z**2 + 1", []), ("3", []), ("sin(z/20)", [-20 * np.pi, 0, 20 * np.pi])],
)
def test_zeros_are_found(formula, expected):
    np.testing.assert_allclose(sorted(zeros(parse(formula), "z")), expected, atol=1e-9)


def test_where_a_formula_stays_0_only_the_ends_count():
    found = zeros(parse("max(z, 1) - z"), "z")
    assert len(found) < 5


def test_kinks_and_jumps():
    def looked_at(formula):
        tree = parse(formula)
        return kinks(tree, derivative(tree, Symbol("z")), "z")

    assert looked_at("max(0, z - 1)**2") == ([], None)
    assert looked_at("max(0, z - 1)") == ([1.0], None)
    assert looked_at("1e-6 * abs(z)") == ([0.0], None)
    assert looked_at("z + 1e3 * abs(z - 2)") == ([2.0], None)
    assert looked_at("z if z > 1 else z + 0.001") == ([], 1.0)
    assert looked_at("exp(z) if z > 0 else 1 + z + z**2 / 2") == ([], None)
    assert len(looked_at("abs(sin(9*z))")[0]) > MAX_KINKS


def test_the_values_are_held_by_the_interval():
    for formula, low, high in (("z * sigmoid(z)", -0.2785, np.inf), ("z * exp(-z**2)", -0.43, 0.43), ("z/(1 + z**2)", -0.501, 0.501)):
        found = values_of(parse(formula), "z")
        assert found.low == pytest.approx(low, abs=2e-3)
        assert found.high == high or found.high == pytest.approx(high, abs=2e-3)
        assert found.low <= low + 1e-3

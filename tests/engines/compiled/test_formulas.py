"""Rules made of texts: what they compute, that numbers are parameters, and what is refused."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest

from pellucid.engines.compiled import formulas
from pellucid.engines.compiled.store import address
from pellucid.errors import InputError


def apply(text, z, dtype="float64"):
    rule = formulas.activation_forward(text)
    z = np.array(z, dtype=dtype)
    a, numbers = np.empty_like(z), np.array([*rule.parameters, 0.0], dtype=dtype)
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 5)(address(rule.part, dtype))
    function(z.ctypes.data, a.ctypes.data, 1, len(z), numbers.ctypes.data)
    return a


def test_a_text_is_computed_entry_by_entry():
    z = np.linspace(-3, 3, 41)
    expected = z / (1 + np.exp(-z)) + np.where(z < 0, z / 4, z * z)
    np.testing.assert_allclose(apply("z * sigmoid(z) + where(z < 0, 0.25 * z, square(z))", z), expected)


def test_numbers_are_parameters_so_that_one_code_serves_all():
    one, other = formulas.activation_forward("where(z < 0, 0.1 * z, z)"), formulas.activation_forward("where(z < 0, 0.7 * z, z)")
    assert one.part == other.part
    assert (one.parameters, other.parameters) == ((0.1,), (0.7,))


@pytest.mark.parametrize(
    "text",
    [
        "clip(z, -1, 1)",
        "sign(z)",
        "where(z < 0, 0, z)",
        "xlogy(z, z)",
        "ratio(z, z)",
        "abs(z)",
        "square(z)",
        "largest(z, 0)",
        "smallest(0, z)",
        "sin(z)",
        "logcosh(z)",
    ],
)
def test_not_a_number_shows(text):
    assert np.isnan(apply(text, [1.0, np.nan, 2.0] * 7)[1])


def test_pieces_at_their_edges():
    np.testing.assert_array_equal(apply("sign(z)", [-2.0, 0.0, 3.0]), [-1, 0, 1])
    np.testing.assert_array_equal(apply("xlogy(z, z)", [0.0, 1.0]), [0, 0])
    np.testing.assert_array_equal(apply("ratio(z, 0 * z)", [0.0]), [0])
    np.testing.assert_array_equal(apply("clip(z, -1, 1)", [-5.0, 0.5, 5.0], "float32"), np.float32([-1, 0.5, 1]))
    np.testing.assert_array_equal(apply("largest(z, 1) + 10 * smallest(z, 1)", [-2.0, 1.0, 3.0]), [-19, 11, 13])
    np.testing.assert_array_equal(apply("where(z != 1, z, 7)", [-2.0, 1.0, 3.0]), [-2, 7, 3])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("__import__('os')", "__import__"),
        ("z.real", "Attribute"),
        ("[z for z in z]", "ListComp"),
        ("z ** 2", "Pow"),
        ("x + z", "x"),
        ("exec(z)", "exec"),
        ("'z'", "'z'"),
        ("True", "True"),
        ("lambda: z", "Lambda"),
        ("exp(z, base=2)", "exp"),
        ("z[0]", "Subscript"),
    ],
)
def test_anything_else_is_refused(text, what):
    with pytest.raises(InputError, match=r"The text of a rule in a formula is with ") as caught:
        formulas.activation_forward(text)
    assert f"is with {what}, expected" in str(caught.value)

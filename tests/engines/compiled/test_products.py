"""Matrix products out of tiles: every edge of every tile, both operands, pieces of the inner index, and not a number beyond."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.engines.compiled.few import MOST, turn, turn_back
from pellucid.engines.compiled.machine import COPIED_INNER, COPIED_ROWS, INNER
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.store import address
from pellucid.engines.compiled.tables import PLAIN, RELU, RELU_BACKWARD

DTYPES = ["float32", "float64"]
GUARD = 77.0
FINISHES = [PLAIN, RELU, RELU_BACKWARD]


def call(part, dtype, *arguments):
    copies = part in {"multiply_by_copies", "turned_by_copies"}
    if copies:
        arguments = (*arguments, strip(dtype), address(Part("products.multiply"), dtype))
    numbers = [item if isinstance(item, int) else item.ctypes.data for item in arguments]
    name = f"{'copies' if copies else 'products'}.{part}"
    ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * len(numbers))(address(Part(name), dtype))(*numbers)


def strip(dtype):
    return np.full(max(INNER * 2 * 16, COPIED_INNER * (COPIED_ROWS + 2 * 16)), np.nan, dtype)


def finished(product, finish, signs):
    """What `finish` makes of a product; the signs have a frame of one entry around them."""
    if finish == RELU:
        return np.maximum(product, 0.0)
    return product * ~np.signbit(signs[1:-1, 1:-1]) if finish == RELU_BACKWARD else product


def guarded(m, n, dtype):
    """A matrix with a row and a column of guards around it that must stay as they are."""
    whole = np.full((m + 2, n + 2), GUARD, dtype)
    return whole, whole[1:-1, 1:-1]


def intact(whole):
    edges = np.concatenate([whole[0], whole[-1], whole[:, 0], whole[:, -1]])
    return bool((edges == GUARD).all())


def close(found, expected, k, dtype):
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(found, expected, rtol=0, atol=4 * k * np.finfo(dtype).eps * scale)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60)
@given(
    m=st.integers(1, 40),
    n=st.integers(1, 70),
    k=st.integers(1, 40),
    start=st.sampled_from(["none", "row", "matrix"]),
    turned=st.booleans(),
    finish=st.sampled_from(FINISHES),
    copied=st.booleans(),
)
def test_multiply(dtype, m, n, k, start, turned, finish, copied):
    rng = np.random.default_rng(m * 10000 + n * 100 + k)
    A, B = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    whole, C = guarded(m, n, dtype)
    signs = rng.choice([-0.0, 0.0, 3.0], size=whole.shape).astype(dtype)
    begin = rng.normal(size=(m, n)).astype(dtype) if start == "matrix" else rng.normal(size=n).astype(dtype)
    if turned:
        start, finish = "none", PLAIN
        call("turned_by_copies" if copied else "multiply_turned", dtype, m, n, k, A.T.copy(), m, B, n, C, n + 2)
    else:
        begin_row = {"none": 0, "row": 0, "matrix": n}[start]
        product, given, inside = "multiply_by_copies" if copied else "multiply", int(start != "none"), signs[1:-1, 1:-1]
        call(product, dtype, m, n, k, A, k, B, n, C, n + 2, begin, begin_row, given, finish, inside)
    expected = A.astype(np.float64) @ B + (0 if start == "none" else begin)
    close(C, finished(expected, finish, signs), k, dtype)
    assert finish != RELU or (not np.signbit(C[expected > 1e-3]).any() and np.signbit(C[expected < -1e-3]).all())
    assert intact(whole)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60)
@given(m=st.integers(1, 40), n=st.integers(1, 70), k=st.integers(1, 70), finish=st.sampled_from(FINISHES))
def test_multiply_transposed(dtype, m, n, k, finish):
    rng = np.random.default_rng(m * 10000 + n * 100 + k)
    A, W = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(n, k)).astype(dtype)
    whole, C = guarded(m, n, dtype)
    signs = rng.choice([-0.0, 0.0, 3.0], size=whole.shape).astype(dtype)
    call("multiply_transposed", dtype, m, n, k, A, k, W, k, C, n + 2, strip(dtype), finish, signs[1:-1, 1:-1])
    close(C, finished(A.astype(np.float64) @ W.T, finish, signs), k, dtype)
    assert intact(whole)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("m", "n", "k"), [(33, 75, 2 * 2048 + 5), (40, 300, 700), (3, 2, 5000), (2 * COPIED_ROWS + 9, 40, 2 * COPIED_INNER + 3)]
)
def test_long_inner_indices_and_large_matrices(dtype, m, n, k):
    rng = np.random.default_rng(0)
    A, B, b = rng.normal(size=(m, k)).astype(dtype), rng.normal(size=(k, n)).astype(dtype), rng.normal(size=n).astype(dtype)
    C, W = np.empty((m, n), dtype), B.T.copy()
    signs = np.pad(rng.choice([-0.0, 1.0], size=(m, n)).astype(dtype), 1)
    for finish in FINISHES:
        for product in ("multiply", "multiply_by_copies"):
            call(product, dtype, m, n, k, A, k, B, n, C, n, b, 0, 1, finish, signs[1:-1, 1:-1].copy())
            close(C, finished(A.astype(np.float64) @ B + b, finish, signs), k**0.5, dtype)
        call("multiply_transposed", dtype, m, n, k, A, k, W, k, C, n, strip(dtype), finish, signs[1:-1, 1:-1].copy())
        close(C, finished(A.astype(np.float64) @ B, finish, signs), k**0.5, dtype)
    for product in ("multiply_turned", "turned_by_copies"):
        call(product, dtype, m, n, k, A.T.copy(), m, B, n, C, n)
        close(C, A.astype(np.float64) @ B, k**0.5, dtype)


def test_a_small_matrix_turned():
    A, C = np.random.default_rng(0).normal(size=(7, 5)), np.empty((5, 7))
    call("turn", "float64", A, 7, 5, C)
    np.testing.assert_array_equal(C, A.T)


@pytest.mark.parametrize("finish", [PLAIN, RELU])
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_has_the_same_bits_in_every_tile(dtype, finish):
    """Whether it is the first of eight, the last of one, or in a strip that is masked: so the cut among threads does not show."""
    rng = np.random.default_rng(0)
    A, B = rng.normal(size=(23, 50)).astype(dtype), rng.normal(size=(50, 37)).astype(dtype)
    whole = np.empty((23, 37), dtype)
    call("multiply", dtype, 23, 37, 50, A, 50, B, 37, whole, 37, B, 0, 0, finish, whole)
    for first in range(23):
        for count in (1, 2, 5, 23 - first):
            if first + count <= 23:
                part = np.empty((count, 37), dtype)
                call("multiply", dtype, count, 37, 50, A[first:], 50, B, 37, part, 37, B, 0, 0, finish, part)
                assert part.tobytes() == whole[first : first + count].tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
def test_copies_leave_the_bits_as_they_are(dtype):
    rng = np.random.default_rng(0)
    m, n, k = COPIED_ROWS + 9, 75, 600
    A, B = rng.normal(size=(k, m)).astype(dtype), rng.normal(size=(k, n)).astype(dtype)
    plain, copied = np.empty((m, n), dtype), np.empty((m, n), dtype)
    call("multiply_turned", dtype, m, n, k, A, m, B, n, plain, n)
    call("turned_by_copies", dtype, m, n, k, A, m, B, n, copied, n)
    assert plain.tobytes() == copied.tobytes()
    given = A.T.copy()
    call("multiply", dtype, m, n, k, given, k, B, n, plain, n, B, 0, 0, RELU, plain)
    call("multiply_by_copies", dtype, m, n, k, given, k, B, n, copied, n, B, 0, 0, RELU, copied)
    assert plain.tobytes() == copied.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=60)
@given(m=st.integers(0, 40), n=st.integers(1, 70))
def test_add_rows(dtype, m, n):
    A = np.random.default_rng(m * 100 + n).normal(size=(m, n)).astype(dtype)
    total = np.full(n + 2, GUARD, dtype)
    call("add_rows", dtype, m, n, A, total[1:-1])
    close(total[1:-1], A.astype(np.float64).sum(axis=0), m + 1, dtype)
    assert total[0] == total[-1] == GUARD


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=40)
@given(n=st.integers(2, MOST), count=st.integers(1, 70))
def test_turn_and_back(dtype, n, count):
    source = np.random.default_rng(count).normal(size=(n, count)).astype(dtype)
    for rule, matrix in ((turn(n), source), (turn_back(n), np.ascontiguousarray(source.T))):
        whole = np.full(n * count + 2, GUARD, dtype)
        kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * 3)
        kind(address(rule.part, dtype))(matrix.ctypes.data, count, whole[1:-1].ctypes.data)
        assert np.array_equal(whole[1:-1], matrix.T.ravel())
        assert whole[0] == whole[-1] == GUARD

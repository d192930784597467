"""NumPy's shuffles in machine code, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pellucid.engines.compiled import orders, shuffles

MAKERS = {"PCG64": np.random.default_rng, "MT19937": np.random.RandomState}


def drawn(generator):
    """The next number: 32 bits, so that half a number that is left over is seen too."""
    if isinstance(generator, np.random.Generator):
        return int(generator.integers(1 << 32, dtype=np.uint32))
    return int(generator.randint(1 << 32, dtype=np.uint32))


def compare(kind, seed, m, times, before):
    """The same order, and the generators stand at the same place."""
    ours, theirs = (MAKERS[kind](seed) for _ in range(2))
    for generator in (ours, theirs):
        for _ in range(before):
            drawn(generator)
    order, expected = np.arange(m), np.arange(m)
    orders.shuffle(order, ours, times)
    for _ in range(times):
        theirs.shuffle(expected)
    assert np.array_equal(order, expected)
    assert [drawn(ours) for _ in range(3)] == [drawn(theirs) for _ in range(3)]


@pytest.fixture(autouse=True)
def none_left_to_numpy(monkeypatch):
    monkeypatch.setattr(orders, "WORTH", 2)


@pytest.mark.parametrize("kind", MAKERS)
@given(seed=st.integers(0, 2**32 - 1), m=st.integers(1, 3000), times=st.integers(1, 3), before=st.integers(0, 3))
def test_orders_are_numpys(kind, seed, m, times, before):
    compare(kind, seed, m, times, before)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("m", [2, 3, 4, 5, 127, 128, 129, 65536, 65537, 100_000])
def test_places_at_powers_of_two(kind, m):
    compare(kind, 3, m, 1, 1)


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("m", [shuffles.MANY, shuffles.MANY + 1, shuffles.MANY + 2, shuffles.MANY + 40, 300_001])
def test_numbers_drawn_ahead(kind, m):
    compare(kind, 4, m, 2, 1)


@pytest.mark.parametrize("kind", MAKERS)
def test_machine_code_is_used(kind, monkeypatch):
    called = []
    part = orders._part
    monkeypatch.setattr(orders, "_part", lambda name, count: called.append(name) or part(name, count))
    compare(kind, 0, 50, 1, 0)
    assert called == [f"shuffle_{kind.lower()}"]


@pytest.mark.parametrize("generator", [np.random.Generator(np.random.SFC64(1)), np.random.RandomState(np.random.PCG64(1))])
def test_another_generator_is_left_to_numpy(generator, monkeypatch):
    monkeypatch.setattr(orders, "_part", None)
    order = np.arange(100)
    orders.shuffle(order, generator)
    assert sorted(order) == list(range(100)) != order.tolist()


def test_what_is_no_plain_array_of_places_is_left_to_numpy():
    rows = np.arange(20)[::2]
    orders.shuffle(rows, np.random.default_rng(0))
    assert sorted(rows) == list(range(0, 20, 2))
    names = np.array(list("abcdef"))
    orders.shuffle(names, np.random.default_rng(0))
    assert sorted(names) == list("abcdef")


def test_the_state_of_a_generator_lies_as_expected():
    assert orders._as_expected()

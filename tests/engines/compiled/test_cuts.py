"""Blocks of parameters and groups of rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.architecture import Architecture
from pellucid.engines import load
from pellucid.engines.compiled.cuts import Segment, blocks_of, groups_of, widest_of
from pellucid.engines.compiled.plan import Workspace


@settings(max_examples=100)
@given(sizes=st.lists(st.integers(1, 300), min_size=2, max_size=6))
def test_blocks_cover_the_flat_vector_once_and_in_order(sizes):
    architecture = Architecture.build(sizes)
    pieces: list[Segment] = [piece for block in blocks_of(architecture) for piece in block]
    expected = 0
    for layer in architecture.layers:
        rows = [piece.rows for piece in pieces if piece.layer == layer.index - 1 and piece.rows]
        assert rows[0][0] == 0
        assert rows[-1][1] == layer.n_inputs
        assert all(before[1] == after[0] for before, after in pairwise(rows))
        expected += layer.n_inputs * layer.n_units + layer.n_units
    assert sum(piece.count for piece in pieces) == expected == architecture.n_parameters
    assert [piece.layer for piece in pieces if piece.rows is None] == list(range(len(architecture.layers)))


def test_the_number_of_groups():
    small, middle, large = (
        pl.Network(sizes, ["relu", "softmax"], "cross_entropy").architecture for sizes in ([4, 16, 3], [64, 64, 10], [784, 128, 10])
    )
    assert groups_of(small, 32) == 1, "over before a second thread has begun"
    assert [groups_of(middle, rows) for rows in (8, 35, 36, 256, 600, 4000, 1 << 20)] == [1, 1, 2, 2, 4, 8, 8]
    assert groups_of(large, 4096) == 1, "so many parameters are shared"


def test_columns_are_cut_in_networks_with_a_large_layer():
    assert widest_of(Architecture.build([784, 256, 300, 10])) == 0
    assert widest_of(Architecture.build([784, 512, 2000, 10])) == 2000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("sizes", [[16, 5001, 2], [3, 20001, 2], [16, 4096, 3], [9, 31], [300_000, 4]], ids=str)
def test_a_thread_has_room_for_the_gradient_of_a_block_also_lying_on_its_side(sizes, dtype):
    """A block has eight rows, however long; memory beyond was written to once."""
    space = Workspace(Architecture.build(sizes), np.dtype(dtype), 32, 1)
    assert space.strip >= max(sum(piece.count for piece in block) for block in blocks_of(space.architecture))


def test_gradients_of_a_very_wide_layer():
    net = pl.Network([16, 5001, 2], ["tanh", "softmax"], "cross_entropy", seed=0)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(32, 16)), np.eye(2)[rng.integers(2, size=32)]
    found, expected = (load(name, net.architecture).gradient(net.vector, X, Y, None, None)[1] for name in ("compiled", "reference"))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())

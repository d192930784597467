"""Blocks of parameters and groups of rows."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.architecture import Architecture
from pellucid.engines.compiled.cuts import Segment, blocks_of, groups_of


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

"""How the work of a step is cut among threads: parameters into blocks, rows into groups."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.architecture import Architecture
from pellucid.engines.compiled.machine import UNIT

BLOCKS = 32
"""into how many blocks the parameters are cut, so that threads get equal shares; within these bounds:"""
SMALLEST, LARGEST = 2048, 1 << 13
"""entries of a block: the calls for each cost 0.2 us; and sixteen threads are to have equal shares of a large network"""
PAIR, MORE, MOST_GROUPS = 500_000, 8_000_000, 8
"""multiplications in a step (some 10 us) from which on its rows are in two groups; from which on in more; and the most groups"""
GROUPED = 1 << 14
"""parameters up to which rows are in groups: each thread moves all parameters, 0.3 ns each, which is less than sharing them costs"""

LARGE = 1 << 18
"""weights of a layer from which on its columns are cut among threads that have few rows: in float32, what a second-level cache holds"""


@dataclass
class Segment:
    """Some rows of dW_l, or (rows None) db_l, as part of a block."""

    layer: int
    rows: tuple[int, int] | None
    count: int


def blocks_of(architecture: Architecture) -> list[list[Segment]]:
    """The flat vector in blocks of whole rows of W_l (a multiple of 8) and whole b_l; small ones are put together.

    The cut depends on the architecture alone, so that no sum depends on the number of threads.
    """
    target = min(max(architecture.n_parameters // BLOCKS, SMALLEST), LARGEST)
    pieces = []
    for index, layer in enumerate(architecture.layers):
        height = max(8, target // layer.n_units // 8 * 8)
        for first in range(0, layer.n_inputs, height):
            last = min(first + height, layer.n_inputs)
            pieces.append(Segment(index, (first, last), (last - first) * layer.n_units))
    pieces += [Segment(index, None, layer.n_units) for index, layer in enumerate(architecture.layers)]
    blocks: list[list[Segment]] = []
    room = 0
    for piece in pieces:
        if piece.count > room:
            blocks.append([])
            room = max(target, piece.count)
        blocks[-1].append(piece)
        room -= piece.count
    return blocks


def groups_of(architecture: Architecture, rows: int) -> int:
    """Into how many groups the rows of a batch are cut, whose gradients are summed apart; 1 where threads share the parameters.

    It depends on the architecture and the batch alone, so that no sum depends on the number of threads.
    """
    multiplications = 3 * rows * architecture.n_weights
    if multiplications < PAIR or architecture.n_parameters > GROUPED:
        return 1
    groups = 2 * 2 ** (multiplications // MORE).bit_length()
    return max(1, min(MOST_GROUPS, groups, rows // UNIT))


def widest_of(architecture: Architecture) -> int:
    """The columns of the widest layer; 0 where all layers are so small that threads share rows only."""
    if all(layer.n_inputs * layer.n_units < LARGE for layer in architecture.layers):
        return 0
    return max(architecture.sizes[1:])

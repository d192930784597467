"""The tables that compiled code reads: plain records of integers and float64, filled in by `pellucid.engines.compiled.plan`.

Fields that end in nothing else are counts or addresses; ``*_at`` are distances in bytes from the beginning of the flat vector.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np


def _record(integers: str, reals: str = "") -> np.dtype[Any]:
    return np.dtype([(name, np.int64) for name in integers.split()] + [(name, np.float64) for name in reals.split()])


LAYER = _record(
    "n_in n_out W_at b_at z f a dz dropped in_place forward backward parameters backward_parameters index "
    "threshold mask scale turn turn_back finish copies"
)
"""Layer l: its sizes, where W and b are in the vector, its arrays (m, n_out), its rule; dropout: by threshold, or by a mask; from how many
rows on products with W and dz are made by way of `copies`"""

PLAIN, RELU, RELU_BACKWARD = range(3)
"""what becomes of a product while it is in registers: nothing; a = max(0, z), with -0 for z < 0; da times 1 or 0, as ``signs`` says, which
are such a. The two passes over memory that this spares were a tenth of a step of 4-100-3, batch 150, float64."""

SEGMENT = _record("layer biases first last slot")
"""Rows first..last of dW of a layer; or, as one row, its ``biases``. They follow each other in their block.
They lie ``slot`` bytes from the beginning of the gradient of a group."""

BLOCK = _record("first_segment last_segment start count n_weights slot")
"""A range of the flat vector that is brought up to date at a time; its first n_weights entries are weights, the others biases. Its
gradient lies ``slot`` bytes from the beginning of that of a group."""

WORKER = _record(
    "gradient strip coefficients buffers losses factor norms squares x y s vector state_1 state_2 own shift "
    "m groups first_group last_group kept handed column_parts stop "
    "next_row next_end next_share" + "".join(f" unused_{i}" for i in range(5))
)
"""The memory of one thread, the rows that it works on, the parameters that it moves; ``shift``: how far from where the table of a layer
tells its rows lie; its groups (see `pellucid.engines.compiled.groups`) of those of a batch of m rows, or into how many parts columns are
cut (see `pellucid.engines.compiled.sharing`); before which block it computed gradients; which rows it is to call for (see
`pellucid.engines.compiled.prefetch`). On cache lines of its own."""

NET = _record(
    "n_layers n_blocks n_segments n_parameters item chunk room link output layers blocks segments workers losses units objective "
    "parameters x_copy y_copy s_copy groups gradients handed gradient_room sums_at at_once widest "
    "forward backward block_gradient multiply multiply_turned multiply_transposed multiply_by_copies turned_by_copies "
    "add_rows turn gather weigh add_losses drop apply_mask "
    "penalize rescale add_squares add_up duplicate hand_over prefetch_rows settle layer_gradient hand_over_groups add_groups"
)
"""A network: its tables, its arrays for a batch, the addresses of the parts.

``link``: dz_L comes by way of da_L; ``output``: the objective computes a_L; ``groups``: see `pellucid.engines.compiled.groups`;
``at_once``: parameters whose gradient one thread computes at a time; ``widest``: columns of the widest layer, 0 where none are to be cut.
"""

CALL = _record(
    "vector X Y s order n_rows batch_size position stop rates weights seed step state_1 state_2 prepare update settings "
    "n_threads arrived released gradient sums output masked failed trail trail_row limit waited shared prefetch",
    "l2 clip cost_sum weight_sum norm_sum tolerance best",
)
"""One call: the data, where to begin and to stop; what comes out of it"""

DESK_BYTES = 128
DESK_FIELDS = ("state", "kernel", "net", "run", "number", "sleeps")
DESK = _record(" ".join(DESK_FIELDS) + "".join(f" unused_{i}" for i in range(DESK_BYTES // 8 - len(DESK_FIELDS))))
"""Where a worker finds its work; each on two cache lines of its own"""
ASLEEP, IDLE, TAKEN, AT_WORK = range(4)
"""the states of a worker"""


class Call(ctypes.Structure):
    """One call, as Python fills it in: the record `CALL`."""

    _fields_ = tuple((name, ctypes.c_double if kind == np.float64 else ctypes.c_int64) for name, (kind, *_) in (CALL.fields or {}).items())

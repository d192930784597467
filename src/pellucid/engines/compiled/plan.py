"""From an architecture to the tables that compiled code reads, and the memory that it works in."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines.compiled import few, rules
from pellucid.engines.compiled.cuts import Segment, blocks_of, groups_of, widest_of
from pellucid.engines.compiled.formulas import Rule
from pellucid.engines.compiled.machine import (
    AT_ONCE,
    COEFFICIENTS,
    COPIED_INNER,
    COPIED_ROWS,
    FAR,
    INNER,
    ROWS,
    UNIT,
    VECTOR_BYTES,
    VECTORS,
)
from pellucid.engines.compiled.memory import LINE, PAGE, aligned, at
from pellucid.engines.compiled.parts import Part
from pellucid.engines.compiled.rules import Last
from pellucid.engines.compiled.store import address
from pellucid.engines.compiled.tables import BLOCK, LAYER, NET, PLAIN, RELU, SEGMENT, WORKER, Call
from pellucid.equations.arrays import Array

BATCHES = "gather weigh add_losses drop apply_mask penalize rescale add_squares add_up duplicate hand_over"
PRODUCTS = "multiply multiply_turned multiply_transposed add_rows turn"
COPIES = "multiply_by_copies turned_by_copies"
PARTS = {
    name: Part(f"{module}.{name}")
    for module, names in (("products", PRODUCTS), ("copies", COPIES), ("batches", BATCHES))
    for name in names.split()
}
"""those that there is one of for each dtype"""
STEPS = {name: Part(f"propagation.{name}") for name in ("forward", "backward", "block_gradient")}
BY_COLUMNS = STEPS | {name: Part(f"propagation.{name}_by_columns") for name in ("forward", "backward")}
"""the same for networks with a layer so large that its columns may be cut"""
GROUPS = {name: Part(f"groups.{name}") for name in ("settle", "layer_gradient", "hand_over_groups", "add_groups")}
ALIKE = GROUPS | {"prefetch_rows": Part("prefetch.prefetch_rows")}
"""those that only some trainings need, and that are the same for every dtype"""
PREDICTION = ("multiply", "add_losses")
"""those that prediction needs"""
SOME = (
    "multiply_turned",
    "multiply_transposed",
    *COPIES.split(),
    "drop",
    "apply_mask",
    "penalize",
    "rescale",
    "add_up",
    "duplicate",
    "hand_over",
)
"""those that only some trainings need, or not at first"""
REAL = 8
"""bytes of a float64, which sums are in whatever the entries are"""
PIECE = 1 << 16
"""bytes that small arrays share: a piece of memory for each would take 20 us more"""
CHUNK_ENTRIES, CHUNK_ROWS = 1 << 17, 256
"""rows that go through the network together in prediction: as many as keep their activations in the second-level cache"""


@dataclass
class Workspace:
    """The tables and the memory for batches of at most ``rows`` rows (0: only to predict) on at most ``n_threads`` threads."""

    architecture: Architecture
    dtype: Any
    rows: int
    n_threads: int
    kept: list[Any] = field(default_factory=list)
    """what the addresses in the tables point to"""
    _next: int = 0
    _room: int = 0
    """where the next small array may lie, and the bytes that are free from there on"""

    def __post_init__(self) -> None:
        architecture, rows = self.architecture, self.rows
        self.net = np.zeros(1, NET)
        net = self.net[0]
        net["n_layers"], net["n_parameters"], net["item"] = len(architecture.layers), architecture.n_parameters, self.dtype.itemsize
        net["groups"], net["widest"] = 1, widest_of(architecture)
        for name, part in PARTS.items():
            if (rows and name not in SOME) or name in PREDICTION:  # no part is compiled before it is needed
                net[name] = address(part, self.dtype)
        if rows:
            for name, part in (BY_COLUMNS if net["widest"] else STEPS).items():
                net[name] = address(part)
        last = architecture.layers[-1]
        net["at_once"] = min(AT_ONCE, architecture.n_parameters)
        width = VECTORS * VECTOR_BYTES // self.dtype.itemsize
        blocks = blocks_of(architecture)
        self.largest_block = max(sum(segment.count for segment in block) for block in blocks)
        self.strip = max(INNER * width, COPIED_INNER * (COPIED_ROWS + width), int(net["at_once"]), self.largest_block)
        objective = rules.objective(architecture.objective, last.n_units)
        self._layers(objective)
        net["objective"], net["parameters"] = self._rule(objective.rule)
        net["link"], net["output"] = objective.link, objective.output
        self.widest = max(architecture.sizes[1:])
        net["chunk"] = max(UNIT, min(CHUNK_ROWS, CHUNK_ENTRIES // self.widest // 8 * 8))
        net["room"] = net["chunk"] * self.widest * self.dtype.itemsize
        self._blocks(blocks)
        if rows:
            net["x_copy"] = self._by_thread(rows * architecture.sizes[0])
            net["y_copy"] = self._by_thread(rows * last.n_units)
            net["s_copy"] = self._by_thread(rows)
            net["losses"] = self._by_thread(rows, REAL)
            net["units"] = self._by_thread(math.ceil(rows / UNIT) * LINE, 1)
            self.need("multiply_turned")  # last, as another process may be compiling it
        self._workers(len(blocks))
        self.chunk = int(net["chunk"])
        self.address = int(self.net.ctypes.data)
        self.call = Call()
        meeting = aligned(32, np.int64)
        meeting[:] = 0
        self.call.arrived = self._keep(meeting)
        self.call.released = self.call.arrived + 128
        self._placed: tuple[Array | None, int] = (None, 0)

    def need(self, *names: str) -> None:
        """Have some of `SOME`, or of `ALIKE`, there."""
        for name in names:
            self.net[0][name] = address(ALIKE[name]) if name in ALIKE else address(PARTS[name], self.dtype)

    def place(self, vector: Array) -> int:
        """The address of the parameters; they are usually those of the last time."""
        if self._placed[0] is not vector:
            self._placed = vector, int(vector.ctypes.data)
        return self._placed[1]

    def drop(self, masks: Sequence[Array | None]) -> None:
        """Let a_l be f_l times a mask, for each layer 1..L that has one."""
        for entry, mask in zip(self.layers, masks, strict=True):
            entry["a"] = entry["f"] if mask is None else self._dropped(entry)
            entry["mask"] = 0 if mask is None else mask.ctypes.data
        if any(mask is not None for mask in masks):
            self.need("apply_mask")
        self.call.masked = 1

    def drop_at_random(self) -> None:
        """Let each layer have the dropout of the architecture."""
        for entry, layer in zip(self.layers, self.architecture.layers, strict=True):
            entry["a"] = self._dropped(entry) if layer.dropout else entry["f"]
        if any(self.architecture.dropout):
            self.need("drop")
        self.call.masked = 0

    def _dropped(self, entry: Any) -> int:
        if entry["dropped"] == 0:
            entry["dropped"] = self._by_thread(self.rows * int(entry["n_out"]))
        return int(entry["dropped"])

    def _keep(self, array: Array) -> int:
        self.kept.append(array)
        return at(array)

    def _memory(self, count: int, itemsize: int = 0) -> int:
        """The address of so many entries, at the beginning of a cache line: small arrays share a piece of memory."""
        size = -(-count * (itemsize or self.dtype.itemsize) // LINE) * LINE
        if size > self._room:
            self._room = max(size, PIECE)
            self._next = self._keep(aligned(self._room, np.uint8, PAGE))
        found = self._next
        self._next, self._room = found + size, self._room - size
        return found

    def _apart(self) -> None:
        """Let what comes next share no page with what was before: another thread writes to it."""
        self._next, self._room = self._next + PAGE, self._room - PAGE

    def _by_thread(self, count: int, itemsize: int = 0) -> int:
        """The address of so many entries, and of a page for each thread, so that the rows of two threads can be a page apart."""
        return self._memory(count + self.n_threads * PAGE // (itemsize or self.dtype.itemsize), itemsize)

    def _rule(self, rule: Rule) -> tuple[int, int]:
        return address(rule.part, self.dtype), self._keep(np.array(rule.parameters or (0.0,), dtype=self.dtype))

    def _layers(self, objective: Last) -> None:
        table = np.zeros(len(self.architecture.layers), LAYER)
        for entry, layer in zip(table, self.architecture.layers, strict=True):
            entry["n_in"], entry["n_out"], entry["index"] = layer.n_inputs, layer.n_units, layer.index
            entry["W_at"], entry["b_at"] = (part.start * self.dtype.itemsize for part in (layer.weights, layer.biases))
            hidden = layer.index < len(self.architecture.layers)
            pair = rules.activation(layer.activation, hidden)
            if hidden or not (self.rows and objective.output):
                entry["forward"], entry["parameters"] = self._rule(pair.forward)
            entry["copies"] = sys.maxsize
            if layer.n_units * self.dtype.itemsize >= FAR:
                entry["copies"] = 2 * ROWS
                self.need(*COPIES.split()[: 2 if self.rows else 1])
            entry["in_place"], entry["finish"] = pair.in_place, RELU if pair.in_product else PLAIN
            if not self.rows:
                continue
            if 1 < layer.n_units <= few.MOST:
                entry["turn"] = address(few.turn(layer.n_units).part, self.dtype)
                if layer.index > 1 and layer.n_units * layer.n_inputs <= self.strip:
                    entry["turn_back"] = address(few.turn_back(layer.n_units).part, self.dtype)
            if layer.index > 1 and not entry["turn_back"]:
                self.need("multiply_transposed")
            count = self.rows * layer.n_units
            if hidden or objective.link:
                entry["backward"], entry["backward_parameters"] = self._rule(pair.backward)
            entry["z"], entry["dz"] = self._by_thread(count), self._by_thread(count)
            entry["f"] = entry["z"] if pair.in_place else self._by_thread(count)
            entry["threshold"] = math.ceil(layer.dropout * 2**53)
            entry["scale"] = self._keep(np.array([1 / (1 - layer.dropout)]))
        self.layers = table
        self.net[0]["layers"] = self._keep(table)

    def _blocks(self, blocks: list[list[Segment]]) -> None:
        table, entries = np.zeros(len(blocks), BLOCK), np.zeros(sum(map(len, blocks)), SEGMENT)
        start, number, slot = 0, 0, 0
        for block, segments in zip(table, blocks, strict=True):
            block["first_segment"], block["last_segment"], block["start"] = number, number + len(segments), start
            at = 0
            for segment in segments:
                place = slot + at * self.dtype.itemsize
                entries[number] = (segment.layer, segment.rows is None, *(segment.rows or (0, 1)), place)
                at, number = at + segment.count, number + 1
            block["count"] = at
            block["n_weights"] = sum(segment.count for segment in segments if segment.rows)
            block["slot"] = slot
            start += at
            slot += -(-at * self.dtype.itemsize // LINE) * LINE
        net = self.net[0]
        net["n_blocks"], net["blocks"] = len(table), self._keep(table)
        net["n_segments"], net["segments"] = len(entries), self._keep(entries)
        self._gradient = slot

    def _workers(self, n_blocks: int) -> None:
        table = aligned(self.n_threads, WORKER)
        table[:] = 0
        chunk = int(self.net[0]["chunk"])
        self._sums = self._memory(n_blocks, REAL), self._memory(2 * n_blocks, REAL)
        for worker in table:
            self._apart()
            worker["norms"], worker["squares"] = self._sums
            if self.rows:
                worker["gradient"] = self._memory(max(self.largest_block, int(self.net[0]["at_once"])))
            worker["strip"] = self._memory(self.strip)
            worker["coefficients"] = self._memory(COEFFICIENTS, REAL)
            worker["factor"] = self._memory(8, REAL)
            worker["buffers"] = self._memory(3 * chunk * self.widest)
            worker["losses"] = self._memory(chunk, REAL)
        self._apart()
        self.workers = table
        self.net[0]["workers"] = self._keep(table)

    def group(self, rows: int) -> int:
        """Let the rows of batches of so many be in groups, where that is better; into how many."""
        net, architecture = self.net[0], self.architecture
        groups = net["groups"] = groups_of(architecture, rows)
        net["widest"] = 0 if groups > 1 else widest_of(architecture)
        if groups == 1:
            self.workers["norms"], self.workers["squares"] = self._sums
            return 1
        self.need("add_up", "duplicate", "hand_over", *GROUPS)
        n_blocks, room = int(net["n_blocks"]), self._gradient + LINE + PAGE
        net["sums_at"], net["gradient_room"] = self._gradient, room
        net["gradients"], net["handed"] = self._memory(2 * groups * room, 1), self._memory(2 * groups * room, 1)
        for worker in self.workers:
            self._apart()
            worker["own"] = self._memory(4 * room, 1)
            worker["norms"], worker["squares"] = self._memory(n_blocks, REAL), self._memory(2 * n_blocks, REAL)
        return groups

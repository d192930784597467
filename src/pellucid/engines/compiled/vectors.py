"""Vectors: how their code is built, and what moves and adds up a few of them. Each function of Numba's here is a few lines of LLVM."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from pellucid.engines.compiled.intrinsics import INT, size_of
from pellucid.engines.compiled.machine import VECTOR_BYTES

BIT = ir.IntType(1)
HALF = ir.IntType(32)


class Vectors:
    """Builds vector code for one element type."""

    def __init__(self, context: Any, builder: Any, dtype: Any, width: int = VECTOR_BYTES) -> None:
        self.builder = builder
        self.size = size_of(context, dtype)
        self.lanes = width // self.size
        self.scalar = context.get_value_type(dtype)
        self.vector = ir.VectorType(self.scalar, self.lanes)
        self.bits = ir.VectorType(BIT, self.lanes)

    def at(self, pointer: Any, entries: Any, kind: Any) -> Any:
        """The pointer ``entries`` entries on, to values of ``kind``."""
        moved = self.builder.add(self.builder.ptrtoint(pointer, INT), self.builder.mul(entries, INT(self.size)))
        return self.builder.inttoptr(moved, kind.as_pointer())

    def splat(self, value: Any, kind: Any) -> Any:
        """A vector that holds the value in every lane."""
        one = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, HALF(0))
        return self.builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), ir.Constant(ir.VectorType(HALF, self.lanes), None))

    def constant(self, number: float) -> Any:
        """A vector of one number."""
        return ir.Constant(self.vector, [self.scalar(number)] * self.lanes)

    def first(self, count: Any) -> Any:
        """The mask of the first ``count`` lanes."""
        indices = ir.VectorType(HALF, self.lanes)
        lanes = ir.Constant(indices, [HALF(i) for i in range(self.lanes)])
        return self.builder.icmp_signed("<", lanes, self.splat(self.builder.trunc(count, HALF), indices))

    def load(self, pointer: Any, mask: Any = None) -> Any:
        """A vector; 0 where the mask is off, and no read beyond."""
        if mask is None:
            value = self.builder.load(pointer, typ=self.vector)
            value.align = self.size
            return value
        name = f"llvm.masked.load.v{self.lanes}f{8 * self.size}.p0"
        kind = ir.FunctionType(self.vector, [self.vector.as_pointer(), HALF, self.bits, self.vector])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [pointer, HALF(self.size), mask, ir.Constant(self.vector, None)])

    def store(self, value: Any, pointer: Any, mask: Any = None) -> None:
        """Write a vector, only the lanes of the mask."""
        if mask is None:
            self.builder.store(value, pointer, align=self.size)
            return
        name = f"llvm.masked.store.v{self.lanes}f{8 * self.size}.p0"
        kind = ir.FunctionType(ir.VoidType(), [self.vector, self.vector.as_pointer(), HALF, self.bits])
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        self.builder.call(function, [value, pointer, HALF(self.size), mask])

    def stream(self, value: Any, pointer: Any) -> None:
        """Write a vector past the caches, to where a line begins."""
        self.builder.store(value, pointer, align=self.lanes * self.size).set_metadata(
            "nontemporal", self.builder.module.add_metadata([HALF(1)])
        )

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """A b + c, rounded once."""
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.v{self.lanes}f{8 * self.size}")
        return self.builder.call(function, [a, b, c])


@intrinsic
def lanes(typingctx: Any, pointer: Any) -> Any:
    """How many entries a vector holds."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return INT(VECTOR_BYTES // size_of(context, pointer.dtype))

    return types.int64(pointer), code


@intrinsic
def copy(typingctx: Any, source: Any, target: Any, count: Any) -> Any:
    """target[i] = source[i] for at most a vector of entries: one load and one store."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source_at, target_at, count = arguments
        v = Vectors(context, builder, source.dtype)
        mask = v.first(count)
        v.store(v.load(v.at(source_at, INT(0), v.vector), mask), v.at(target_at, INT(0), v.vector), mask)
        return context.get_dummy_value()

    return types.void(source, target, types.int64), code


@intrinsic
def stream(typingctx: Any, source: Any, target: Any, index: Any) -> Any:
    """target[i] = source[i] for the vector of entries that begins at an index, past the caches.

    A line that another core has read is taken back from it before a store may change it, in some 7 ns, or 25 where the cores are far from
    each other, and the stores behind wait. This one goes to memory, and nobody waits.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source_at, target_at, index = arguments
        v = Vectors(context, builder, source.dtype)
        v.stream(v.load(v.at(source_at, index, v.vector)), v.at(target_at, index, v.vector))
        return context.get_dummy_value()

    return types.void(source, target, types.int64), code


@intrinsic
def transpose(typingctx: Any, source: Any, source_row: Any, rows: Any, columns: Any, target: Any, target_row: Any) -> Any:
    """target[j, i] = source[i, j] for a block of at most a vector's lanes of rows and columns; 0 where the block has less.

    In registers, by halves: log2(lanes) rounds of shuffles, a quarter of a cycle an entry, where an entry at a time costs two.
    """
    integer = types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source_at, source_row, rows, columns, target_at, target_row = arguments
        v = Vectors(context, builder, source.dtype)
        inside = v.first(columns)
        block = []
        for i in range(v.lanes):
            present = v.splat(builder.icmp_signed("<", INT(i), rows), v.bits)
            row = v.at(source_at, builder.mul(INT(i), source_row), v.vector)
            block.append(v.load(row, builder.and_(inside, present)))
        half = v.lanes // 2
        while half:
            # exchange the upper right with the lower left quarter of every square of 2 half rows
            low = [i if not i & half else (i ^ half) + v.lanes for i in range(v.lanes)]
            high = [i + v.lanes if i & half else (i | half) for i in range(v.lanes)]
            for i in range(v.lanes):
                if i & half:
                    continue
                first, second = block[i], block[i | half]
                for at, order in ((i, low), (i | half, high)):
                    picks = ir.Constant(ir.VectorType(HALF, v.lanes), [HALF(entry) for entry in order])
                    block[at] = builder.shuffle_vector(first, second, picks)
            half //= 2
        for j in range(v.lanes):
            v.store(block[j], v.at(target_at, builder.mul(INT(j), target_row), v.vector))
        return context.get_dummy_value()

    return types.void(source, integer, integer, integer, target, integer), code


CHAINS = 8
"""sums that go on side by side: an addition takes four cycles, and two can begin in each"""


@intrinsic
def add_columns(typingctx: Any, rows: Any, a: Any, a_row: Any, columns: Any, total: Any) -> Any:
    """total[j] = sum_i A[i, j] for at most a vector's lanes of columns: every `CHAINS`-th row in one sum, then those in pairs."""
    integer = types.int64

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        rows, a_at, a_row, columns, total_at = arguments
        v = Vectors(context, builder, a.dtype)
        mask = v.first(columns)
        sums = [cgutils.alloca_once_value(builder, ir.Constant(v.vector, None)) for _ in range(CHAINS)]

        def add(row: Any, to: Any) -> None:
            found = v.load(v.at(a_at, builder.mul(row, a_row), v.vector), mask)
            builder.store(builder.fadd(builder.load(to, typ=v.vector), found), to)

        rounds = builder.sdiv(rows, INT(CHAINS))
        with cgutils.for_range(builder, rounds) as loop:
            for chain, to in enumerate(sums):
                add(builder.add(builder.mul(loop.index, INT(CHAINS)), INT(chain)), to)
        with cgutils.for_range(builder, builder.sub(rows, builder.mul(rounds, INT(CHAINS)))) as loop:
            add(builder.add(builder.mul(rounds, INT(CHAINS)), loop.index), sums[0])
        values = [builder.load(each, typ=v.vector) for each in sums]
        while len(values) > 1:
            values = [builder.fadd(*values[i : i + 2]) for i in range(0, len(values), 2)]
        v.store(values[0], v.at(total_at, INT(0), v.vector), mask)
        return context.get_dummy_value()

    return types.void(integer, a, integer, integer, total), code

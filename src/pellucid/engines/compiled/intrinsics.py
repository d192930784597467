"""What Numba's Python does not say: addresses, calls by address, atomic counters, vectors. Each is a line or two of LLVM.

Everything here works on plain integers and pointers, so that compiled code can be kept on disk: nothing closes over a compiled function.
"""

from __future__ import annotations

import os
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

INT = ir.IntType(64)


def _on_x86() -> bool:
    return llvmlite.binding.get_default_triple().startswith("x86_64")


def pointer_maker(kind: Any) -> Any:
    """The function that makes an address a pointer to values of a Numba type."""

    @intrinsic
    def make(typingctx: Any, number: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(kind)(types.int64), code

    return make


@intrinsic
def address_of(typingctx: Any, pointer: Any) -> Any:
    """The address that a pointer points to."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ptrtoint(arguments[0], INT)

    return types.int64(pointer), code


@intrinsic
def offset(typingctx: Any, pointer: Any, count: Any) -> Any:
    """The pointer ``count`` entries further on."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return cgutils.pointer_add(builder, arguments[0], builder.mul(arguments[1], INT(size_of(context, pointer.dtype))))

    return pointer(pointer, types.int64), code


def size_of(context: Any, dtype: Any) -> int:
    """The bytes of a value of a Numba type."""
    return int(context.get_abi_sizeof(context.get_data_type(dtype)))


@intrinsic
def call(typingctx: Any, function: Any, arguments: Any) -> Any:
    """Call the function at an address with a tuple of integers; it returns nothing."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        given = cgutils.unpack_tuple(builder, values[1])
        kind = ir.FunctionType(ir.VoidType(), [INT] * len(given))
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), given)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), code


@intrinsic
def atomic_add(typingctx: Any, where: Any, amount: Any) -> Any:
    """Add to the integer at an address, and tell what it was before; nobody else's addition is lost."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.atomic_rmw("add", builder.inttoptr(arguments[0], INT.as_pointer()), arguments[1], "seq_cst")

    return types.int64(types.int64, types.int64), code


@intrinsic
def atomic_load(typingctx: Any, where: Any) -> Any:
    """The integer at an address, as the other threads left it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load_atomic(builder.inttoptr(arguments[0], INT.as_pointer()), "seq_cst", 8)

    return types.int64(types.int64), code


@intrinsic
def atomic_store(typingctx: Any, where: Any, value: Any) -> Any:
    """Set the integer at an address, after all that was written before."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.store_atomic(arguments[1], builder.inttoptr(arguments[0], INT.as_pointer()), "seq_cst", 8)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), code


@intrinsic
def fence(typingctx: Any) -> Any:
    """Wait until all that was written is there for the other threads, past the caches or not.

    An atomic operation does not wait for stores past the caches, nor does the locked one that LLVM makes of its fence.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _on_x86():
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse.sfence"), [])
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), code


@intrinsic
def prefetch(typingctx: Any, place: Any) -> Any:
    """Call the line of memory at an address into the second-level cache, without waiting for it. Any address will do."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(function, [builder.inttoptr(arguments[0], byte), flag(0), flag(2), flag(1)])  # to read, from level 2, data
        return context.get_dummy_value()

    return types.void(types.int64), code


@intrinsic
def pause(typingctx: Any) -> Any:
    """Tell the processor that this thread only waits."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if _on_x86():
            kind = ir.FunctionType(ir.VoidType(), [])
            builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.sse2.pause"), [])
        return context.get_dummy_value()

    return types.void(), code


if os.name == "posix":
    give_way = types.ExternalFunction("sched_yield", types.int32())
    """let another thread run on this core"""
else:

    @njit
    def give_way() -> int:
        """Nothing to say to this system: waiting threads spin."""
        return 0


@intrinsic
def select(typingctx: Any, condition: Any, yes: Any, no: Any) -> Any:
    """``yes`` where the condition holds, else ``no``; both are computed, so loops stay free of branches and vectorize."""
    found = typingctx.unify_types(yes, no)

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        both = [context.cast(builder, value, kind, found) for value, kind in zip(arguments[1:], (yes, no), strict=True)]
        return builder.select(arguments[0], *both)

    return found(types.boolean, yes, no), code


@intrinsic
def least_normal(typingctx: Any, pointer: Any) -> Any:
    """The smallest positive number that has all of its digits, of the type of a pointer's entries."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return ir.Constant(context.get_value_type(pointer.dtype), 2.0**-126 if pointer.dtype == types.float32 else 2.0**-1022)

    return pointer.dtype(pointer), code


@intrinsic
def as_entry(typingctx: Any, number: Any, pointer: Any) -> Any:
    """A number as an entry of an array: rounded to its type, so that float32 code has no float64 in it."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.cast(builder, arguments[0], number, pointer.dtype)

    return pointer.dtype(number, pointer), code


@intrinsic
def atomic_exchange(typingctx: Any, where: Any, expected: Any, value: Any) -> Any:
    """Set the integer at an address if it is as expected, and say whether it was; nobody comes between."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        at = builder.inttoptr(arguments[0], INT.as_pointer())
        return builder.extract_value(builder.cmpxchg(at, arguments[1], arguments[2], "seq_cst", "seq_cst"), 1)

    return types.boolean(types.int64, types.int64, types.int64), code


@intrinsic
def high_product(typingctx: Any, a: Any, b: Any) -> Any:
    """The upper 64 bits of the product of two words."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(value, wide) for value in arguments))
        return builder.trunc(builder.lshr(product, wide(64)), INT)

    return types.uint64(types.uint64, types.uint64), code

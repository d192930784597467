"""From a Python function to machine code in memory that can be kept as a file: Numba types and optimizes it, LLVM emits an object."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numba import from_dtype, types
from numba.core.ccallback import CFunc
from numba.core.compiler import Compiler
from numba.core.compiler_lock import global_compiler_lock

from pellucid.engines.compiled.machine import SYMBOL, target_machine
from pellucid.engines.compiled.tables import CALL, NET

KINDS = {
    "int": types.int64,
    "Word": types.uint64,
    "Words": types.CPointer(types.uint64),
    "HalfWords": types.CPointer(types.uint32),
    "Integers": types.CPointer(types.int64),
    "Reals": types.CPointer(types.float64),
    "NetTable": types.CPointer(from_dtype(NET)),
    "CallTable": types.CPointer(from_dtype(CALL)),
}
"""what the annotations of a part mean to Numba; Entries depends on the dtype"""
ENTRIES = {np.dtype(np.float32): types.float32, np.dtype(np.float64): types.float64}
OUTSIDE = {"pow", "sched_yield", "memcpy", "memset", "memmove"}
"""what machine code may ask of the system: anything else would need Numba at run time"""


class _NoAlias(Compiler):
    """Numba's compiler, told that the arrays of a part do not overlap.

    In-place loops would otherwise fail LLVM's check for overlap and run entry by entry. Each entry is written where it was read, so no
    loop here can see the difference.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.flags.noalias = True


def machine_code(function: Callable[..., None], dtype: np.dtype[Any]) -> bytes:
    """An object file with one function, `SYMBOL`: the part for entries of that dtype."""
    known = {**KINDS, "Entries": types.CPointer(ENTRIES[dtype])}
    kinds = tuple(known[kind] for name, kind in function.__annotations__.items() if name != "return")
    options = {"nopython": True, "error_model": "numpy", "fastmath": function.fastmath}  # type: ignore[attr-defined]
    compiled: Any = CFunc(function, (kinds, types.void), locals={}, options=options, pipeline_class=_NoAlias)
    with global_compiler_lock:
        result = compiled._compile_uncached()
        result.library.finalize()
    module = llvm.parse_assembly(result.library.get_llvm_str())
    module.get_function(result.fndesc.llvm_cfunc_wrapper_name).name = SYMBOL
    machine = target_machine()
    _leave_out_exceptions(module, machine)
    names = (each.name for each in (*module.functions, *module.global_variables) if each.is_declaration)
    asked = {name for name in names if not name.startswith("llvm.")}
    if not asked <= OUTSIDE:
        raise RuntimeError(f"the part {function.__name__} needs {', '.join(sorted(asked - OUTSIDE))} at run time")
    code: bytes = machine.emit_object(module)
    return code


def _leave_out_exceptions(module: Any, machine: Any) -> None:
    """Remove Numba's handling of exceptions: once all functions but the part are private, LLVM sees that none ever returns an error."""
    for function in module.functions:
        if not function.is_declaration and function.name != SYMBOL:
            function.linkage = "internal"
    passes, builder = llvm.create_new_module_pass_manager(), llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes.add_ipsccp_pass()
    passes.add_simplify_cfg_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_strip_dead_prototype_pass()
    passes.run(module, builder)

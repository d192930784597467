"""Parts: the functions that become machine code, each on its own, for float32 and float64, kept on disk.

A part is compiled when it is first needed, and called by its address: so a new rule, a formula of the user's among them, is compiled
alone, and nothing that calls it is compiled again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numba import cfunc, types
from numba.core.compiler import Compiler

from pellucid.engines.compiled import cache
from pellucid.engines.compiled.tables import CALL, NET, pointer_to


class Entries(Protocol):
    """A pointer to the entries of an array, float32 or float64."""

    def __getitem__(self, index: int) -> Any: ...
    def __setitem__(self, index: int, value: Any) -> None: ...


Reals: TypeAlias = Entries
"""a pointer to float64 whatever the entries are"""
Integers: TypeAlias = Entries
"""a pointer to int64"""
Word: TypeAlias = int
"""64 bits"""
NetTable: TypeAlias = Any
"""a pointer to a record `tables.NET`"""
CallTable: TypeAlias = Any
"""a pointer to a record `tables.CALL`"""

KINDS = {
    "int": types.int64,
    "Word": types.uint64,
    "Integers": types.CPointer(types.int64),
    "Reals": types.CPointer(types.float64),
    "NetTable": pointer_to(NET),
    "CallTable": pointer_to(CALL),
}
"""what the annotations of a part mean to Numba; Entries depends on the dtype"""
ENTRIES = {np.dtype(np.float32): types.float32, np.dtype(np.float64): types.float64}
Function = TypeVar("Function", bound=Callable[..., None])
_TURN = threading.RLock()
_compiled: dict[tuple[Callable[..., None], Any], Any] = {}


class _NoAlias(Compiler):
    """Numba's compiler, told that the arrays of a part do not overlap.

    In-place loops would otherwise fail LLVM's check for overlap and run entry by entry. Each entry is written where it was read, so no
    loop here can see the difference.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.state.flags.noalias = True


@overload
def part(function: Function) -> Function: ...
@overload
def part(*, fastmath: set[str]) -> Callable[[Function], Function]: ...
def part(function: Any = None, *, fastmath: Any = False) -> Any:
    """Mark a function as a part; its annotations say what it takes.

    ``fastmath`` are LLVM's permissions; without them machine code rounds as written, so that vectors and single entries agree.
    """
    if function is None:
        return partial(part, fastmath=fastmath)
    function.fastmath = fastmath
    return function


def address(function: Callable[..., None], dtype: Any = np.float64) -> int:
    """Where the machine code of a part for entries of a dtype begins; it is compiled, or read from disk, when first asked for."""
    key = function, np.dtype(dtype)
    found = _compiled.get(key)
    if found is None:
        with _TURN:
            found = _compiled.get(key)
            if found is None:
                known = {**KINDS, "Entries": types.CPointer(ENTRIES[key[1]])}
                kinds = [known[kind] for name, kind in function.__annotations__.items() if name != "return"]
                with cache.in_use():
                    options = {"error_model": "numpy", "fastmath": function.fastmath}  # type: ignore[attr-defined]
                    found = cfunc(types.void(*kinds), cache=True, pipeline_class=_NoAlias, **options)(function)
                _compiled[key] = found
    return int(found.address)

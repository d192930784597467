"""Parts: the functions that become machine code, each on its own, for float32 and float64, kept on disk.

A part is compiled when it is first needed, and called by its address: so a new rule, a formula of the user's among them, is compiled
alone, and nothing that calls it is compiled again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import cfunc, types
from numba.core.compiler import Compiler

from pellucid.engines.compiled import cache
from pellucid.engines.compiled.tables import CALL, NET, pointer_to

KINDS = {
    "i": types.int64,
    "u": types.uint64,
    "i*": types.CPointer(types.int64),
    "d*": types.CPointer(types.float64),
    "Net*": pointer_to(NET),
    "Call*": pointer_to(CALL),
}
ENTRIES = {np.dtype(np.float32): types.float32, np.dtype(np.float64): types.float64}
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


def part(kinds: str, fastmath: set[str] | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Mark a function as a part.

    ``kinds`` are its arguments: i integer, u the same without a sign, T* pointer to entries, d* to float64, i* to integers, or a type of
    Numba's. ``fastmath`` are LLVM's permissions; without them machine code rounds as written, so vectors and single entries agree.
    """

    def mark(function: Callable[..., None]) -> Callable[..., None]:
        function.kinds, function.fastmath = kinds.split(), fastmath or False  # type: ignore[attr-defined]
        return function

    return mark


def address(function: Callable[..., None], dtype: Any = np.float64) -> int:
    """Where the machine code of a part for entries of a dtype begins; it is compiled, or read from disk, when first asked for."""
    key = function, np.dtype(dtype)
    found = _compiled.get(key)
    if found is None:
        with _TURN:
            found = _compiled.get(key)
            if found is None:
                entry = types.CPointer(ENTRIES[key[1]])
                kinds = [entry if kind == "T*" else KINDS[kind] for kind in function.kinds]  # type: ignore[attr-defined]
                with cache.in_use():
                    options = {"error_model": "numpy", "fastmath": function.fastmath}  # type: ignore[attr-defined]
                    found = cfunc(types.void(*kinds), cache=True, pipeline_class=_NoAlias, **options)(function)
                _compiled[key] = found
    return int(found.address)

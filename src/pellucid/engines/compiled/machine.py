"""The machine: its processor as LLVM describes it, and the few sizes that follow from it, on which code and tables agree."""

from __future__ import annotations

from functools import cache
from typing import Any

import llvmlite.binding as llvm


def vector_bytes() -> int:
    """The width of the machine's vectors: 64 (AVX-512), 32 (AVX2), else 16."""
    features = {name for name, present in llvm.get_host_cpu_features().items() if present}
    return 64 if "avx512f" in features else 32 if {"avx2", "fma"} <= features else 16


VECTOR_BYTES = vector_bytes()
VECTORS = 2
"""vectors of columns in a tile"""
ROWS = 8 if VECTOR_BYTES == 64 else 4
"""rows in a full tile: with 8 rows and 2 vectors, 16 of the 32 registers of AVX-512 are sums (4 rows: 8 of AVX2's 16)"""
INNER = 2048
"""inner indices of a product that are summed at a time: 256 KiB of B"""
UNIT = 16
"""rows that always stay with one thread, and whose losses are added up first"""
COEFFICIENTS = 8
"""room for the coefficients of an optimizer's step"""
SYMBOL = "part"
"""the name of the function in each object file"""


@cache
def _target() -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm.Target.from_default_triple()


def target_machine() -> Any:
    """LLVM's description of this processor."""
    features = llvm.get_host_cpu_features().flatten()
    return _target().create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3, codemodel="jitdefault", jit=True)

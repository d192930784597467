"""The machine: its processor as LLVM describes it, and the few sizes that follow from it, on which code and tables agree."""

from __future__ import annotations

import sys
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
FAR = sys.maxsize if llvm.get_host_cpu_name().startswith("znver") else 3072
"""bytes between two rows of B from which on its strips are copied together before use: such rows lie on pages of their own, and their
lines fall into few sets of a cache. Products of 1024 columns are twice as fast then on Sapphire Rapids; on Zen 4 they gain nothing."""
AT_ONCE = 1 << 15 if sys.maxsize == FAR else 112 << 10
"""entries of a gradient that a thread computes at a time, in one product where they are of one layer: it is to stay in the second-level
cache until the parameters are moved, and where strips are copied, the copy of one is to serve many rows"""
COPIED_INNER, COPIED_ROWS = 256, 112
"""inner indices of a^T dz that are summed at a time where strips are copied, and rows: a is copied together, too; 256 KiB for both"""
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

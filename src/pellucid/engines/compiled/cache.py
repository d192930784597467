"""Where machine code is kept from one process to the next.

The folder is named by a hash of every source of the kernels, and of what the code depends on besides: Numba itself looks only at the file
of the function it stores, and would go on to use old code when something that it calls has changed.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import llvmlite
import numba
import numba.core.config

VARIABLE = "PELLUCID_CACHE_DIR"
KERNELS = (
    "batches",
    "elementary",
    "formulas",
    "intrinsics",
    "parts",
    "pieces",
    "products",
    "propagation",
    "rowwise",
    "tables",
    "tiles",
    "updates",
)
"""the modules that machine code is made of or made by"""
_TURN = threading.RLock()


@cache
def folder() -> Path:
    """The folder for the sources as they are: in $PELLUCID_CACHE_DIR, else in $XDG_CACHE_HOME/pellucid, else in ~/.cache/pellucid.

    Where that cannot be written, a temporary folder of this process.
    """
    told = os.environ.get(VARIABLE)
    base = Path(told) if told else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pellucid"
    found = base / fingerprint()
    fresh = not found.is_dir()
    try:
        found.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=found):
            pass
    except (OSError, RuntimeError):
        found = Path(tempfile.mkdtemp(prefix="pellucid-"))
        atexit.register(shutil.rmtree, found, ignore_errors=True)
        fresh = True
    if fresh:
        print("Pellucid compiles its kernels for this machine, once: it takes some ten seconds.", file=sys.stderr, flush=True)
    return found


HERE = Path(__file__).parent
SOURCES = (
    *(HERE / f"{name}.py" for name in KERNELS),
    HERE.parent.parent / "equations" / "dropout.py",
)


def fingerprint() -> str:
    """A hash of those sources, of the versions of Python, Numba and llvmlite, and of the settings that alter the code."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    for item in (sys.version, numba.__version__, llvmlite.__version__, str(numba.config.CPU_NAME), str(numba.config.CPU_FEATURES)):
        digest.update(item.encode() + b"\0")
    return digest.hexdigest()[:16]


@contextmanager
def in_use() -> Iterator[None]:
    """While it is entered, Numba keeps what it compiles in the folder."""
    with _TURN:
        before, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder())
        try:
            yield
        finally:
            numba.config.CACHE_DIR = before

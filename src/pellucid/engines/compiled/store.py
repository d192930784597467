"""Machine code on disk, and in memory.

The folder is named by a hash of every source that machine code is made of, of the versions of the compilers and of the processor: whatever
changes, the code is compiled anew. A file holds one part for one dtype, behind a hash of its own: a damaged one is seen and made again.
Numba has a cache too; it looks only at the file of the function that it stores, and it must be imported to be read, which takes ten times
as long as all that is done here.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from pellucid.engines.compiled.machine import SYMBOL, target_machine
from pellucid.engines.compiled.parts import Part

VARIABLE = "PELLUCID_CACHE_DIR"
KERNELS = (
    "batches",
    "compiler",
    "conductor",
    "copies",
    "elementary",
    "few",
    "formulas",
    "groups",
    "hyperbolic",
    "intrinsics",
    "machine",
    "memory",
    "parts",
    "pieces",
    "prefetch",
    "products",
    "propagation",
    "rowwise",
    "sharing",
    "shuffles",
    "tables",
    "trigonometric",
    "tiles",
    "updates",
    "vectors",
    "workers",
)
"""the modules that machine code is made of or made by"""
HERE = Path(__file__).parent
SOURCES = (*(HERE / f"{name}.py" for name in KERNELS), HERE.parent.parent / "equations" / "dropout.py")

_TURN = threading.RLock()
_addresses: dict[tuple[Part, Any], int] = {}
_engines: list[Any] = []
"""what holds the code in memory"""
_beside: dict[tuple[Part, Any], subprocess.Popen[bytes]] = {}
"""the process that compiles a part"""
BESIDE = "import sys; from pellucid.engines.compiled import store; store.compile_into(*sys.argv[1:])"
"""what that process does"""
MARK = "PELLUCID_COMPILES_BESIDE"
"""the variable by which it knows that it is one"""
PATIENCE = 60.0
"""seconds after which it is not waited for any more"""


def _after_fork() -> None:
    """A forked child has none of its parent's threads, which may have held the lock, and no process beside."""
    global _TURN
    _TURN = threading.RLock()
    _beside.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def address(part: Part, dtype: Any = np.float64) -> int:
    """Where the machine code of a part for entries of a dtype begins; it is read from disk, or compiled first."""
    key = part, np.dtype(dtype)
    found = _addresses.get(key)
    if found is None:
        with _TURN:
            found = _addresses.get(key)
            if found is None:
                found = _addresses[key] = _load(_kept(*key, folder()))
    return found


def ahead(*wanted: tuple[Part, Any]) -> None:
    """Let a process of its own compile some parts, if none of them is on disk, while this one goes on; `address` waits for it.

    It is Python once more. Where this is another program (an application that Python is built into, which would start itself again), or no
    process can be started, for whatever reason, nothing is done: this process then compiles them.
    """
    keys = [(part, np.dtype(dtype)) for part, dtype in wanted]
    with _TURN:
        if any(key in _addresses or key in _beside or _path(*key, folder()).exists() for key in keys):
            return
        name = Path(sys.executable or "").name
        if not re.fullmatch(r"python[\d.]*t?(\.exe)?", name, re.IGNORECASE) or getattr(sys, "frozen", False) or MARK in os.environ:
            return
        named = [f"{part.name}:{dtype.name}" for part, dtype in keys]
        places = [place for place in sys.path if isinstance(place, str) and place]
        command = [sys.executable, "-P", "-c", BESIDE, fingerprint(), str(folder()), *named]
        environment, silent = {**os.environ, "PYTHONPATH": os.pathsep.join(places), MARK: "1"}, subprocess.DEVNULL
        with suppress(Exception):
            process = subprocess.Popen(command, stdin=silent, stdout=silent, stderr=silent, env=environment)
            _beside.update(dict.fromkeys(keys, process))


def compile_into(sources: str, base: str, *named: str) -> None:
    """Compile parts, each named with its dtype, into a folder; nothing if these are not the sources that are meant."""
    if sources != fingerprint():
        return
    for name in named:
        part, _, dtype = name.partition(":")
        _kept(Part(part), np.dtype(dtype), Path(base))


def _path(part: Part, dtype: np.dtype[Any], base: Path) -> Path:
    return base / f"{part.name}.{dtype.name}.o"


def _kept(part: Part, dtype: np.dtype[Any], base: Path) -> bytes:
    path = _path(part, dtype, base)
    if (part, dtype) in _beside:
        with suppress(subprocess.TimeoutExpired):
            _beside.pop((part, dtype)).wait(PATIENCE)
    try:
        kept = path.read_bytes()
    except OSError:
        kept = b""
    if kept[:32] != hashlib.sha256(kept[32:]).digest():
        from pellucid.engines.compiled.compiler import machine_code

        code = machine_code(part.function(), dtype)
        kept = hashlib.sha256(code).digest() + code
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(kept)
        os.replace(temporary, path)
    return kept[32:]


def _load(code: bytes) -> int:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())
    engine.add_object_file(llvm.object_file.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _engines.append(engine)
    return int(engine.get_function_address(SYMBOL))


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
        print("Pellucid compiles its kernels for this machine, once: it takes some five seconds.", file=sys.stderr, flush=True)
    return found


@cache
def fingerprint() -> str:
    """A hash of those sources as they were when it was first asked for, of the versions of what compiles them, and of the processor."""
    digest = hashlib.sha256()
    for source in SOURCES:
        digest.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    for item in (sys.version, version("numba"), version("llvmlite"), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()):
        digest.update(item.encode() + b"\0")
    return digest.hexdigest()[:16]

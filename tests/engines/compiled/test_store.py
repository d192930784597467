"""Machine code is kept on disk, by a hash of what it is made of, wherever something can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

import pellucid.engines.compiled as package
from pellucid.engines.compiled import compiler, store
from pellucid.engines.compiled.parts import Part

CODE = textwrap.dedent("""
    import sys
    import pellucid as pl
    from pellucid.engines.compiled import store
    net = pl.Network([1, 1], ["softsign"], "half_mse", seed=0)
    net.parameters["W1"][...] = 1
    print(float(net.predict([[1.0]])[0, 0]), store.folder(), "numba" in sys.modules)
""")
RAISING = """
from pellucid.engines.compiled.parts import Reals, part
@part
def rule(x: Reals) -> None:
    if x[0] < 0:
        raise ValueError
"""


def run(**environment):
    found = subprocess.run(
        [sys.executable, "-c", CODE], env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=300
    )
    value, folder, compiler_loaded = found.stdout.split()
    assert float(value) == pytest.approx(0.5)
    return Path(folder), found.stderr, compiler_loaded == "True"


def files(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_second_process_finds_the_code_of_the_first_and_only_the_first_says_so(tmp_path):
    folder, said, compiled = run(PELLUCID_CACHE_DIR=str(tmp_path / "kept"))
    assert folder.parent == tmp_path / "kept"
    assert said == "Pellucid compiles its kernels for this machine, once: it takes some ten seconds.\n"
    assert compiled
    before = files(folder)
    assert Path("products.multiply.float64.o") in before
    again, said, compiled = run(PELLUCID_CACHE_DIR=str(tmp_path / "kept"))
    assert (again, said, compiled) == (folder, "", False), "it does not even import the compiler"
    assert files(folder) == before

    damaged = folder / "products.multiply.float64.o"
    whole = damaged.read_bytes()
    for wrong in (b"", whole[:1000], whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:]):
        damaged.write_bytes(wrong)
        _, _, compiled = run(PELLUCID_CACHE_DIR=str(tmp_path / "kept"))
        assert compiled
        assert damaged.read_bytes() == whole, "a damaged file is seen, and made again"


def test_where_nothing_can_be_written_a_temporary_folder_does(tmp_path):
    """As with a read-only installation and a home that is no folder."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    folder, said, _ = run(PELLUCID_CACHE_DIR="", XDG_CACHE_HOME=str(blocked), HOME=str(blocked))
    assert folder.name.startswith("pellucid-")
    assert said.startswith("Pellucid compiles its kernels")
    assert not folder.exists(), "it goes with the process"


def test_code_that_would_need_the_compiler_at_run_time_is_not_kept():
    with pytest.raises(RuntimeError, match="the part rule needs .*PyErr"):
        compiler.machine_code(Part("test.rule", RAISING).function(), np.dtype(np.float64))


def test_the_folder_goes_by_every_source_that_machine_code_is_made_of():
    here = Path(package.__file__).parent
    making = {
        path.stem
        for path in here.glob("*.py")
        if any(word in path.read_text() for word in ("@njit", "@part", "@intrinsic", "@compiled\n", "CFunc("))
    }
    assert making | {"formulas", "tables", "machine"} <= set(store.KERNELS)
    assert all(path.is_file() for path in store.SOURCES)


def test_the_hash_changes_with_a_source(tmp_path, monkeypatch):
    before = store.fingerprint()
    assert store.fingerprint() == before
    other = tmp_path / store.SOURCES[0].name
    other.write_bytes(store.SOURCES[0].read_bytes() + b"\n")
    monkeypatch.setattr(store, "SOURCES", (other, *store.SOURCES[1:]))
    assert store.fingerprint() != before

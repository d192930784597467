"""Machine code is kept on disk, by a hash of what it is made of, wherever something can be written."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import pellucid.engines.compiled as package
from pellucid.engines.compiled import cache

CODE = textwrap.dedent("""
    import numpy as np
    import pellucid as pl
    net = pl.Network([1, 1], ["softsign"], "half_mse", seed=0)
    net.parameters["W1"][...] = 1
    print(float(net.predict([[1.0]])[0, 0]))
    from pellucid.engines.compiled import cache
    print(cache.folder())
""")


def run(**environment):
    found = subprocess.run(
        [sys.executable, "-c", CODE], env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=300
    )
    value, folder = found.stdout.split()
    assert float(value) == pytest.approx(0.5)
    return Path(folder), found.stderr


def files(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_second_process_finds_the_code_of_the_first_and_only_the_first_says_so(tmp_path):
    folder, said = run(PELLUCID_CACHE_DIR=str(tmp_path / "kept"))
    assert folder.parent == tmp_path / "kept"
    assert said == "Pellucid compiles its kernels for this machine, once: it takes some ten seconds.\n"
    before = files(folder)
    assert any(path.suffix == ".nbc" for path in before)
    again, said = run(PELLUCID_CACHE_DIR=str(tmp_path / "kept"))
    assert (again, said) == (folder, "")
    assert files(folder) == before


def test_where_nothing_can_be_written_a_temporary_folder_does(tmp_path):
    """As with a read-only installation and a home that is no folder."""
    blocked = tmp_path / "file"
    blocked.write_text("")
    folder, said = run(PELLUCID_CACHE_DIR="", XDG_CACHE_HOME=str(blocked), HOME=str(blocked))
    assert folder.name.startswith("pellucid-")
    assert said.startswith("Pellucid compiles its kernels")
    assert not folder.exists(), "it goes with the process"


def test_the_folder_goes_by_every_source_that_machine_code_is_made_of():
    here = Path(package.__file__).parent
    making = {
        path.stem
        for path in here.glob("*.py")
        if any(word in path.read_text() for word in ("@njit", "@part", "@intrinsic", "@compiled\n", "cfunc("))
    }
    assert making <= set(cache.KERNELS)
    assert all(path.is_file() for path in cache.SOURCES)


def test_the_hash_changes_with_a_source(tmp_path, monkeypatch):
    before = cache.fingerprint()
    assert cache.fingerprint() == before
    other = tmp_path / cache.SOURCES[0].name
    other.write_bytes(cache.SOURCES[0].read_bytes() + b"\n")
    monkeypatch.setattr(cache, "SOURCES", (other, *cache.SOURCES[1:]))
    assert cache.fingerprint() != before

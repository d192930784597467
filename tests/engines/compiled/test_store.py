"""Machine code is kept on disk, by a hash of what it is made of, wherever something can be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest

import pellucid as pl
import pellucid.engines.compiled as package
from pellucid.engines.compiled import compiler, engine, store
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
    assert said == "Pellucid compiles its kernels for this machine, once: it takes some five seconds.\n"
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


@pytest.fixture
def nothing_there(tmp_path, monkeypatch):
    """An empty folder for machine code, and a record of what is compiled in this process."""
    names, machine_code = [], compiler.machine_code
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    monkeypatch.setattr(store, "_addresses", {})
    monkeypatch.setattr(store, "_beside", {})
    monkeypatch.setattr(compiler, "machine_code", lambda function, dtype: names.append(function.__name__) or machine_code(function, dtype))
    return names


WANTED = (Part("products.turn"), np.float32), (Part("batches.add_squares"), np.float64)


def test_parts_are_compiled_by_a_process_beside_this_one(nothing_there, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["a program", "with arguments"])
    store.ahead(*WANTED)
    store.ahead(*WANTED)
    assert len(set(store._beside.values())) == 1
    (process,) = set(store._beside.values())
    assert all(store.address(*wanted) for wanted in WANTED)
    assert process.returncode == 0
    assert nothing_there == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["batches.add_squares.float64.o", "products.turn.float32.o"]
    store.ahead(*WANTED)
    assert store._beside == {}, "they are there"


def test_a_process_with_other_sources_compiles_nothing(tmp_path, monkeypatch):
    """As where the path of modules leads to another version than the one that is at work."""
    store.compile_into("other sources", str(tmp_path), "products.turn:float32")
    assert list(tmp_path.iterdir()) == []
    store.compile_into(store.fingerprint(), str(tmp_path), "products.turn:float32")
    assert [path.name for path in tmp_path.iterdir()] == ["products.turn.float32.o"]


def test_what_else_is_in_the_path_of_modules_is_left_alone(nothing_there, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, Path("/a/path"), None])
    store.ahead(*WANTED)
    assert all(store.address(*wanted) for wanted in WANTED)
    assert nothing_there == []


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError])
def test_a_process_that_cannot_be_started_is_done_without(nothing_there, monkeypatch, error):
    def refuse(*arguments, **options):
        raise error

    monkeypatch.setattr(subprocess, "Popen", refuse)
    store.ahead(*WANTED)
    assert all(store.address(*wanted) for wanted in WANTED)
    assert nothing_there == ["turn", "add_squares"]


def test_one_that_hangs_is_not_waited_for_without_end(nothing_there, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.1)
    monkeypatch.setattr(store, "BESIDE", "import time; time.sleep(60)")
    store.ahead(*WANTED)
    (process,) = set(store._beside.values())
    assert all(store.address(*wanted) for wanted in WANTED)
    process.kill()
    process.wait()
    assert nothing_there == ["turn", "add_squares"]


@pytest.mark.parametrize("case", ["frozen", "beside"])
def test_no_application_starts_itself_and_no_process_beside_another(nothing_there, monkeypatch, case):
    if case == "frozen":
        monkeypatch.setattr(sys, "frozen", True, raising=False)
    else:
        monkeypatch.setenv(store.MARK, "1")
    store.ahead(*WANTED)
    assert store._beside == {}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_a_forked_child_does_not_wait_for_its_parent(nothing_there):
    """Another thread of the parent may have held the lock, or waited for the process beside."""
    entered, leave = threading.Event(), threading.Event()

    def hold():
        with store._TURN:
            entered.set()
            leave.wait()

    store.ahead(*WANTED)
    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks while there are threads
        warnings.simplefilter("ignore", RuntimeWarning)  # JAX's
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        os._exit(0 if store._beside == {} and store._TURN.acquire(timeout=5) else 1)
    _, status = os.waitpid(child, 0)
    leave.set()
    thread.join()
    assert os.waitstatus_to_exitcode(status) == 0
    assert all(store.address(*wanted) for wanted in WANTED)


@pytest.mark.parametrize("name", ["python", "an application", "pythonista", "no/such/python"])
def test_where_that_cannot_be_they_are_compiled_here(nothing_there, monkeypatch, tmp_path_factory, name):
    """The interpreter fails; Python is part of an application, which would be started again; there is no interpreter."""
    broken, started = tmp_path_factory.mktemp("bin") / name, tmp_path_factory.mktemp("started") / "it was"
    if broken.parent.is_dir():
        broken.write_text(f"#!/bin/sh\ntouch '{started}'\nexit 1\n")
        broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    store.ahead(*WANTED)
    assert all(store.address(*wanted) for wanted in WANTED)
    assert nothing_there == ["turn", "add_squares"]
    assert started.exists() == (name == "python")


def test_the_first_training_has_its_largest_parts_compiled_beside(monkeypatch):
    asked = []
    monkeypatch.setattr(engine, "_asked", set())
    monkeypatch.setattr(engine.team, "cores", lambda: 2)
    monkeypatch.setattr(engine, "ahead", lambda *wanted: asked.append([part.name for part, _ in wanted]))
    for _ in range(2):
        engine.CompiledEngine(pl.Network([2, 2], ["softmax"], "cross_entropy", seed=0).architecture)._compile_beside("train", np.float32)
    assert asked == [["products.multiply_turned", "conductor.train"]]
    one = engine.CompiledEngine(pl.Network([2, 2], ["softmax"], "cross_entropy", seed=0).architecture)
    with one.at_most(1):
        one._compile_beside("gradient", np.float32)
    assert len(asked) == 1, "one thread was asked for"


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
    anew = store.fingerprint.__wrapped__
    before = anew()
    assert anew() == before
    other = tmp_path / store.SOURCES[0].name
    other.write_bytes(store.SOURCES[0].read_bytes() + b"\n")
    monkeypatch.setattr(store, "SOURCES", (other, *store.SOURCES[1:]))
    assert anew() != before
    assert store.fingerprint() == before, "of what this process has read"

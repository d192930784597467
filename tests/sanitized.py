"""C programs under the address and undefined-behaviour sanitizers, for the tests of exports."""

from __future__ import annotations

import shutil
import subprocess

import pytest

STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
SANITIZERS = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


def compiler(name):
    """A compiler's path; gcc has to be there, clang may be missing."""
    found = shutil.which(name)
    if found is None and name == "gcc":
        pytest.fail("the tests of the C export need gcc: install it (apt-get install gcc)")
    if found is None:
        pytest.skip(f"{name} is not there")
    return found


def build(folder, name, compiler_name="gcc", flags=SANITIZERS):
    """The program of an export in a folder."""
    program = folder / f"{name}_{compiler_name}"
    sources = [str(folder / f"{name}.c"), str(folder / f"{name}_main.c")]
    done = subprocess.run(
        [compiler(compiler_name), *STRICT, *flags, *sources, "-lm", "-o", str(program)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return program


def run(program, *arguments, rows=""):
    """What it prints; a sanitizer's complaint is a failure."""
    done = subprocess.run([str(program), *map(str, arguments)], input=rows, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout

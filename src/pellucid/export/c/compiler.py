"""The C compiler of this machine, where there is one: compile a program in a temporary folder and run it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from pellucid.errors import ExportError, sentence

STRICT = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
COMPILERS = ("cc", "gcc", "clang")
LARGE = 200_000
"""parameters from which the optimizer is left out: it would take minutes for the arrays"""


def find_compiler() -> str | None:
    """The compiler that $CC names, or cc, gcc or clang; None where there is none."""
    named = os.environ.get("CC", "").split()
    for name in [*named[:1], *COMPILERS]:
        found = shutil.which(name)
        if found is not None:
            return found
    return None


def compile_program(compiler: str, sources: Sequence[Path], program: Path, flags: Sequence[str] = ("-O1",)) -> None:
    """Compile with every warning as an error.

    Raises:
        ExportError: the compiler refuses; what it says first is told.

    """
    command = [compiler, *STRICT, *flags, *map(str, sources), "-lm", "-o", str(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        told = next((line.strip() for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[:200])
        what, repair = f"refused by {Path(compiler).name} ({told})", "report this with the model"
        raise ExportError(sentence("the C source", "export_c", what, "one that compiles", repair))


def run_program(program: Path, arguments: Sequence[str] = (), rows: str = "") -> str:
    """What the program prints.

    Raises:
        ExportError: it ends with an error.

    """
    done = subprocess.run([str(program), *arguments], input=rows, capture_output=True, text=True, check=False, encoding="utf-8")
    if done.returncode:
        told = " ".join(done.stderr.split())[:300] or f"ended with {done.returncode}"
        raise ExportError(sentence("the C program", "export_c", f"failing: {told}", "predictions", "report this with the model"))
    return done.stdout

"""How much memory a fit takes beyond its data: 1.1 GB of float32 rows, a tenth more for validation, shuffled, two epochs.

A new process loads the library, trains the same network on a few rows (so that BLAS, compiled code and their buffers are there), makes the
data, resets the kernel's mark of its peak memory, and fits. What the peak rises by is compared to a budget: 6 copies of the parameters, one
gradient for each thread, the buffers of a batch (the gathered rows; z, a and dz of each layer) and 8 bytes a row for the order. The buffers
of a chunk of the validation set are listed beside it. Needs Linux.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

import common
import pellucid as pl
from common import console
from pellucid.training.evaluation import CHUNK

ITEM = 4
"""bytes of a float32"""
STATUS, MARKS = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in new processes, show, and keep what was asked for."""
    options = parse(arguments)
    if options.child:
        print(json.dumps(fit(options)))
        return
    if not STATUS.exists():
        raise SystemExit("this benchmark reads /proc, which is there on Linux only")
    where = common.introduce("Memory of a fit")
    rows = [measure(options, validation) for validation in (False, True)]
    table = Table(
        title=f"Peak memory of Network.fit, {'-'.join(map(str, options.sizes))}, batch {options.batch}, medians of {options.repeats}"
    )
    for heading in ("", "without validation", "with validation"):
        table.add_column(heading, justify="right" if heading else "left")
    for line in LINES:
        table.add_row(line, *(size(row[line]) for row in rows), style="bold" if line in ("beyond the data", "budget") else "")
    table.add_row("beyond the data / budget", *(f"{row['beyond the data'] / row['budget']:.2f}" for row in rows), style="bold")
    console().print(table)
    common.keep(options, "memory", where, rows)
    bars = {row["name"]: {"beyond the data / budget": row["beyond the data"] / row["budget"]} for row in rows}
    common.draw(options.picture, "Peak memory of a fit beyond its data", bars, label="measured / budget", logarithmic=False)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = common.parser(__doc__, repeats=1)
    parser.add_argument("--gigabytes", type=float, default=1.1, help="of training data (default: %(default)s)")
    parser.add_argument("--sizes", type=common.at_least_one, nargs="+", default=(784, 1024, 1024, 10), help="of the layers")
    parser.add_argument("--batch", type=common.at_least_one, default=512, help="samples a step (default: %(default)s)")
    parser.add_argument("--epochs", type=common.at_least_one, default=2, help="passes over the data (default: %(default)s)")
    parser.add_argument("--engine", help="the engine of Pellucid (default: its default)")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--validation", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.quick:
        options.gigabytes, options.sizes, options.repeats, options.epochs = min(options.gigabytes, 0.02), (100, 20, 10), 1, 1
    return options


LINES = [
    "data",
    "of which X",
    "parameters",
    "6 copies of the parameters",
    "a gradient for each thread",
    "buffers of a batch",
    "8 bytes a row",
    "budget",
    "beyond the data",
    "buffers of a validation chunk",
    "resident before the data",
    "peak",
]


def measure(options: argparse.Namespace, validation: bool) -> dict[str, object]:
    """The bytes of everything in `LINES`."""
    command = [sys.executable, __file__, "--child", "--gigabytes", options.gigabytes, "--batch", options.batch, "--epochs", options.epochs]
    command += ["--sizes", *options.sizes]
    command += ["--engine", options.engine] if options.engine else []
    command += ["--validation"] if validation else []
    found = []
    for _ in range(options.repeats):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"a process failed:\n{done.stderr}")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    beyond = [each["peak"] - each["with the data"] for each in found]
    chosen = found[int(np.argsort(beyond)[len(beyond) // 2])]
    n_parameters, m = chosen["n_parameters"], chosen["m"]
    gradients = (os.cpu_count() or 1) * n_parameters * ITEM
    buffers = options.batch * buffer_row(options.sizes)
    return {
        "name": f"validation: {'yes' if validation else 'no'}",
        "data": chosen["data"],
        "of which X": m * options.sizes[0] * ITEM,
        "parameters": n_parameters * ITEM,
        "6 copies of the parameters": 6 * n_parameters * ITEM,
        "a gradient for each thread": gradients,
        "buffers of a batch": buffers,
        "8 bytes a row": 8 * m,
        "budget": 6 * n_parameters * ITEM + gradients + buffers + 8 * m,
        "beyond the data": chosen["peak"] - chosen["with the data"],
        "buffers of a validation chunk": CHUNK * buffer_row(options.sizes) if validation else 0,
        "resident before the data": chosen["before the data"],
        "peak": chosen["peak"],
        "seconds": chosen["seconds"],
        "samples": beyond,
    }


def buffer_row(sizes: Sequence[int]) -> int:
    """Bytes of one row of a batch: x and y; z, a and dz of each layer."""
    return ITEM * (sizes[0] + sizes[-1] + 3 * sum(sizes[1:]))


def fit(options: argparse.Namespace) -> dict[str, float]:
    """In a new process: memory before the data, with the data, and the peak of a fit."""
    m = int(options.gigabytes * 1e9 / (ITEM * options.sizes[0]))
    few = some(max(2 * options.batch, 5000), options.sizes)  # as many as are shuffled by machine code
    train(*few, few, options)
    del few
    before = resident("VmRSS")
    X, Y = some(m, options.sizes)
    validation = some(max(1, m // 10), options.sizes) if options.validation else None
    held = X.nbytes + Y.nbytes + sum(part.nbytes for part in validation or ())
    ctypes.CDLL(None).malloc_trim(0)  # what the C library kept of the few rows' fit would hide as much of this one's
    MARKS.write_text("5", encoding="ascii")  # the peak counts from here
    with_data = resident("VmRSS")
    began = time.perf_counter()
    net = train(X, Y, validation, options)
    seconds = time.perf_counter() - began
    peak = resident("VmHWM")
    return {
        "m": m,
        "data": held,
        "n_parameters": net.n_parameters,
        "before the data": before,
        "with the data": with_data,
        "peak": peak,
        "seconds": seconds,
    }


def train(X: np.ndarray, Y: np.ndarray, validation: tuple[np.ndarray, np.ndarray] | None, options: argparse.Namespace) -> pl.Network:
    """Fit a network; it shuffles."""
    net = pl.Network(options.sizes, dtype="float32", activations=["relu"] * (len(options.sizes) - 2) + ["softmax"])
    net.fit(X, Y, epochs=options.epochs, batch_size=options.batch, validation=validation, engine=options.engine, progress=False)
    return net


def some(m: int, sizes: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and one-hot targets, float32, made without a larger array in between."""
    X, Y = np.empty((m, sizes[0]), np.float32), np.zeros((m, sizes[-1]), np.float32)
    np.random.default_rng(0).random(dtype=np.float32, out=X)
    for k in range(sizes[-1]):
        Y[k :: sizes[-1], k] = 1
    return X, Y


def resident(mark: str) -> int:
    """VmRSS (resident now) or VmHWM (at the peak) of this process, bytes."""
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(mark))
    return int(line.split()[1]) * 1024


def size(count: float) -> str:
    """In megabytes."""
    return f"{count / 1e6:,.1f} MB"


if __name__ == "__main__":
    main()

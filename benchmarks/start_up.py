"""What a new process costs: imports, the first fit, the command line, and the first fit ever on a machine, when code has to be compiled.

Every figure is the time of whole processes, which take turns; *beyond* means the difference of two medians. All of them find compiled code
in a folder that an earlier process filled, but the first fits ever, which find theirs empty.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from rich.table import Table
from sklearn.datasets import load_iris

import common
from common import Program, console

IRIS = """
import sys, numpy as np, pellucid as pl
iris = np.load(sys.argv[1])
X, y = iris["X"], iris["y"]
"""
TASKS = {
    "python": "pass",
    "import numpy": "import numpy",
    "import pellucid": "import pellucid",
    "import sklearn": "import sklearn",
    "import sklearn.neural_network": "import sklearn.neural_network",
    "pellucid --help": "import sys; sys.argv = ['pellucid', '--help']; from pellucid.cli import main; main()",
    "Network.fit on iris": IRIS + "pl.Network([4, 16, 3], loss='cross_entropy').fit(X, y, epochs=100, batch_size=32, progress=False)",
    "the estimator's fit on iris": IRIS + "pl.MLPClassifier((16,), max_iter=100, batch_size=32, tol=1e-2, random_state=0).fit(X, y)",
}
"""what each process runs"""

FIGURES = [
    ("import numpy", "import numpy", "python", None),
    ("import pellucid, beyond NumPy", "import pellucid", "import numpy", 0.2),
    ("pellucid --help", "pellucid --help", None, None),
    ("Network.fit on iris, new process", "Network.fit on iris", None, 1.0),
    ("the estimator's fit on iris, beyond import sklearn", "the estimator's fit on iris", "import sklearn", None),
    (
        "the estimator's fit on iris, beyond import sklearn.neural_network",
        "the estimator's fit on iris",
        "import sklearn.neural_network",
        0.6,
    ),
]
"""name, task, the task that is subtracted, seconds it may take"""

FIRST_FIT = (
    IRIS
    + """
import json, time
seen = []
pl.Network([4, 16, 3], loss="cross_entropy").fit(
    X, y, epochs=2, batch_size=32, progress=False, callbacks=[lambda moment: seen.append(time.time())])
print(json.dumps({"first epoch": seen[0] - float(sys.argv[2]), "end": time.time() - float(sys.argv[2])}))
"""
)
EVERYTHING = """
import json, sys, time, warnings
import numpy as np, pellucid as pl
from pellucid.equations import activations, losses, optimizers
warnings.simplefilter("ignore")
first = None
def see(moment):
    global first
    first = first or time.time()
X = np.random.default_rng(0).normal(size=(64, 5))
s = np.ones(64)
def fit(hidden="tanh", loss="cross_entropy", optimizer="adam", dtype="float32", **more):
    output = losses.loss(loss).output
    net = pl.Network([5, 7, 3], [hidden, output], loss, dtype=dtype, l2=more.pop("l2", 0.0), dropout=more.pop("dropout", 0.0))
    Y = np.eye(3)[np.arange(64) % 3]
    batch = None if optimizer == "lbfgs" else 32
    net.fit(X, Y, optimizer=optimizer, epochs=2, batch_size=batch, progress=False, callbacks=[see], **more)
    net.predict(X)
for dtype in ("float32", "float64"):
    for hidden in activations.CATALOGUE:
        fit(hidden=hidden, dtype=dtype)
    for loss in losses.CATALOGUE:
        fit(loss=loss, dtype=dtype)
    for optimizer in (*optimizers.CATALOGUE, "lbfgs"):
        fit(optimizer=optimizer, dtype=dtype)
    fit(dtype=dtype, l2=0.1, dropout=0.5, sample_weight=s, clip_norm=1.0, validation=0.25)
print(json.dumps({"first epoch": first - float(sys.argv[2]), "end": time.time() - float(sys.argv[2])}))
"""
COLD = [
    ("the first fit ever: end of the first epoch", FIRST_FIT, "first epoch", 8.0),
    ("the first fit ever: end of the fit", FIRST_FIT, "end", None),
    ("fits with every activation, loss and optimizer, both dtypes: end", EVERYTHING, "end", 25.0),
]
"""name, what the process runs, which of the times that it prints, seconds it may take"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and keep what was asked for."""
    options = parse(arguments)
    where = common.introduce("Start-up")
    wanted = [figure for figure in FIGURES if re.search(options.only, figure[0])]
    cold = [figure for figure in COLD if re.search(options.only, figure[0])]
    with tempfile.TemporaryDirectory() as folder:
        X, y = load_iris(return_X_y=True)
        np.savez(Path(folder, "iris.npz"), X=X.astype(np.float32), y=y)
        rows = warm_rows(wanted, Path(folder), options.repeats) + cold_rows(cold, Path(folder), options.cold)
    table = Table(title=f"Start-up, medians of {options.repeats} turns")
    for heading in ("", "time", "lower and upper quartile", "may take"):
        table.add_column(heading, justify="right" if heading else "left")
    for row in rows:
        quartiles = f"{row['lower_quartile']:.3f} to {row['upper_quartile']:.3f} s" if "lower_quartile" in row else ""
        limit = "" if row["limit"] is None else f"{row['limit']:g} s"
        style = "red" if row["limit"] is not None and row["median"] > row["limit"] else ""
        table.add_row(row["name"], f"{row['median']:.3f} s", quartiles, limit, style=style)
    console().print(table)
    common.keep(options, "start_up", where, rows)
    common.draw(options.picture, "Start-up", {row["name"]: {"time": row["median"]} for row in rows}, label="seconds", logarithmic=False)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = common.parser(__doc__, repeats=9)
    parser.add_argument("--only", default="", metavar="PATTERN", help="figures whose name matches this regular expression")
    parser.add_argument("--cold", type=common.at_least_one, default=1, help="turns of the first fits ever (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.repeats = 1
        options.only = options.only or "NumPy|help"
    if not any(re.search(options.only, figure[0]) for figure in [*FIGURES, *COLD]):
        parser.error(f"nothing matches {options.only!r}")
    return options


def warm_rows(wanted: list[tuple[str, str, str | None, float | None]], folder: Path, repeats: int) -> list[dict[str, object]]:
    """The figures of processes that find what they need compiled."""
    needed = {task for _, task, beyond, _ in wanted for task in (task, beyond) if task}
    programs = [Program(task, task, partial(process, TASKS[task], folder, folder / "warm")) for task in TASKS if task in needed]
    for program in programs:
        program.turn()  # compiles and fills the caches of files
    seconds = common.take_turns(programs, repeats)
    rows = []
    for name, task, beyond, limit in wanted:
        base = statistics.median(seconds[beyond]) if beyond else 0.0
        rows.append({"name": name, "limit": limit, **common.summary([each - base for each in seconds[task]])})
    return rows


def cold_rows(wanted: list[tuple[str, str, str, float | None]], folder: Path, repeats: int) -> list[dict[str, object]]:
    """The figures of processes that have to compile, and of the same once more, when nothing is left to compile."""
    times: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {}
    for code in dict.fromkeys(code for _, code, _, _ in wanted):
        for turn in range(repeats):
            cache = folder / f"cold-{len(times)}-{turn}"
            times.setdefault(code, []).append((reported(code, folder, cache), reported(code, folder, cache)))
    rows: list[dict[str, object]] = []
    for name, code, which, limit in wanted:
        cold, warm = (statistics.median(pair[at][which] for pair in times[code]) for at in (0, 1))
        rows.append({"name": name, "limit": limit, "median": cold, "warm": warm, "samples": [pair[0][which] for pair in times[code]]})
        rows.append({"name": f"{name}, nothing to compile", "limit": None, "median": warm})
    return rows


def process(code: str, folder: Path, cache: Path) -> float:
    """Seconds that a new Python process takes for some code."""
    began = time.perf_counter()
    start(code, folder, cache)
    return time.perf_counter() - began


def reported(code: str, folder: Path, cache: Path) -> dict[str, float]:
    """What a process prints about its times, counted from before it was started."""
    times: dict[str, float] = json.loads(start(code, folder, cache).splitlines()[-1])
    return times


def start(code: str, folder: Path, cache: Path) -> str:
    """Run some code in a new process that keeps compiled code in ``cache``."""
    command = [sys.executable, "-W", "ignore", "-c", code, str(folder / "iris.npz"), repr(time.time())]
    settings = {**os.environ, "PELLUCID_CACHE_DIR": str(cache)}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"a process failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()

"""What the benchmarks share: turns, medians, ratios, and how results are shown and kept.

A *ratio* is a peer's time divided by ours: above 1 we are faster. Of several variants of a peer (numbers of threads) the best one counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import threadpoolctl
from rich.console import Console
from rich.table import Table

PACKAGES = ("pellucid", "numpy", "scipy", "numba", "scikit-learn", "torch", "jax", "onnxruntime")
LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "OMP_WAIT_POLICY", "XLA_FLAGS")
OURS = "Pellucid"


@dataclass(frozen=True)
class Program:
    """One way to do the work: ``turn()`` does it once and returns seconds for one unit of it."""

    peer: str
    label: str
    turn: Callable[[], float]


def take_turns(programs: Sequence[Program], repeats: int) -> dict[str, list[float]]:
    """Seconds of every program by label: in each round each takes a turn, and the one that begins moves on."""
    seconds: dict[str, list[float]] = {program.label: [] for program in programs}
    for round_ in range(repeats):
        first = round_ % max(len(programs), 1)
        for program in [*programs[first:], *programs[:first]]:
            rest()
            seconds[program.label].append(program.turn())
    return seconds


TOO_SLOW = 3.0
"""a variant (a number of threads) that is so many times slower than its peer's best at first sight is not timed further"""


LOOKS = 3
"""how often to look at each before that, taking the shortest time: one look on a busy machine may hit the wrong one"""


def in_the_race(looks: Mapping[str, float], peers: Mapping[str, str]) -> list[str]:
    """The labels worth timing, from a first look at the seconds of each and the peer of each."""
    best: dict[str, float] = {}
    for label, seconds in looks.items():
        best[peers[label]] = min(seconds, best.get(peers[label], seconds))
    return [label for label, seconds in looks.items() if seconds <= TOO_SLOW * best[peers[label]]]


def rest(at_most: float = 0.5) -> None:
    """Wait until the threads of the program before sleep: thread pools spin for a while in the hope of more work."""
    end = time.monotonic() + at_most
    while time.monotonic() < end:
        busy = time.process_time()
        time.sleep(0.01)
        if time.process_time() - busy < 0.001:
            return


def summary(samples: Sequence[float]) -> dict[str, Any]:
    """Median, minimum, quartiles and the samples themselves."""
    lower, middle, upper = np.quantile(samples, [0.25, 0.5, 0.75]).tolist()
    return {"median": middle, "minimum": min(samples), "lower_quartile": lower, "upper_quartile": upper, "samples": list(samples)}


@dataclass
class Row:
    """One comparison: the seconds of all programs on the same work, and which of them is ours."""

    name: str
    ours: str
    seconds: dict[str, list[float]]
    """by label"""
    peers: dict[str, str]
    """the peer of each label"""
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, ours: str, programs: Iterable[Program], seconds: Mapping[str, list[float]], **extra: Any) -> Row:
        """The row of some programs that took turns."""
        return cls(name, ours, dict(seconds), {program.label: program.peer for program in programs if program.label in seconds}, extra)

    def median(self, label: str) -> float:
        """The median of one program's seconds."""
        return statistics.median(self.seconds[label])

    def best(self) -> dict[str, str]:
        """The label of the fastest variant of each peer."""
        found: dict[str, str] = {}
        for label, peer in self.peers.items():
            if peer != OURS and (peer not in found or self.median(label) < self.median(found[peer])):
                found[peer] = label
        return found

    def ratios(self) -> dict[str, float]:
        """Median of each peer's best variant / our median."""
        return {peer: self.median(label) / self.median(self.ours) for peer, label in self.best().items()}

    def to_json(self) -> dict[str, Any]:
        """Everything, in JSON's types."""
        times = {label: {"peer": self.peers[label], **summary(samples)} for label, samples in self.seconds.items()}
        return {"name": self.name, "ours": self.ours, "seconds": times, "best": self.best(), "ratios": self.ratios(), **self.extra}


# Threads

THREADS = (1, 2)
"""what peers are tried with, where they let themselves be told"""


def threads(n: int) -> str:
    """In words."""
    return f"{n} thread{'s' if n > 1 else ''}"


def blas_threads(n: int) -> AbstractContextManager[Any]:
    """Inside, the BLAS libraries of the process are held to n threads."""
    return threadpoolctl.threadpool_limits(n, user_api="blas")


@contextmanager
def torch_threads(n: int) -> Iterator[None]:
    """Inside, PyTorch has n threads; after it one, so that nothing of it waits."""
    import torch

    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(1)


# The command line


def parser(description: str | None, repeats: int) -> argparse.ArgumentParser:
    """The options that every program has."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--repeats", type=at_least_one, default=repeats, help="turns of each program (default: %(default)s)")
    made.add_argument("--quick", action="store_true", help="tiny counts: to see that it runs; the times mean nothing")
    made.add_argument("--json", type=Path, metavar="PATH", help="write everything that was measured")
    made.add_argument("--picture", type=Path, metavar="PATH", help="draw the ratios (PNG, SVG or PDF)")
    return made


def at_least_one(text: str) -> int:
    """A whole number >= 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not at least 1")
    return number


def installed(modules: Mapping[str, str], wanted: Sequence[str]) -> list[str]:
    """Which of the wanted peers can be imported, ``modules`` says from where; the others are named on the screen."""
    there = [peer for peer in wanted if find_spec(modules[peer]) is not None]
    for peer in wanted:
        if peer not in there:
            console().print(f"{peer} is left out: it is not installed (make bench installs it)", style="yellow")
    return there


# Results


def environment() -> dict[str, Any]:
    """The machine, the versions, the limits on threads, and how busy the machine was."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    pools = [{key: pool.get(key) for key in ("internal_api", "version", "num_threads")} for pool in threadpoolctl.threadpool_info()]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "python": platform.python_version(),
        "versions": versions,
        "thread_pools": pools,
        "limits": {name: os.environ[name] for name in LIMITS if name in os.environ},
    }


def processor() -> str:
    """Its name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def console() -> Console:
    """The terminal; a pipe or a file counts as wide."""
    made = Console()
    return made if made.is_terminal else Console(width=180)


def introduce(title: str) -> dict[str, Any]:
    """Say what is measured and where; the environment is also returned."""
    where = environment()
    versions = ", ".join(f"{name} {version}" for name, version in where["versions"].items())
    console().rule(title)
    console().print(
        f"{where['processor']}, {where['cores']} cores, {where['machine']}; Python {where['python']}, {versions}", highlight=False
    )
    if where["load"] is not None and where["load"] > 0.5:
        console().print(f"The machine is busy (load {where['load']:.1f}): do not trust the times.", style="yellow")
    return where


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for limit, factor, unit in ((1e-3, 1e6, "us"), (1, 1e3, "ms")):
        if seconds < limit:
            return f"{seconds * factor:.3g} {unit}" if seconds * factor < 999.5 else f"{seconds * factor:.0f} {unit}"
    return f"{seconds:.3g} s"


def table(title: str, rows: Sequence[Row], first: str = "") -> Table:
    """A line for each row: our time, and for each peer its time and the ratio."""
    peers = list(dict.fromkeys(peer for row in rows for peer in row.best()))
    made = Table(title=title, caption="time of the peer, and its ratio to ours: above 1 we are faster")
    made.add_column(first)
    for heading in (OURS, *peers):
        made.add_column(heading, justify="right")
    for row in rows:
        best, ratios = row.best(), row.ratios()
        cells = [f"{duration(row.median(best[peer]))} [bold]{ratios[peer]:.2f}[/]" if peer in best else "" for peer in peers]
        made.add_row(row.name, duration(row.median(row.ours)), *cells)
    return made


def keep(options: argparse.Namespace, name: str, where: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], **more: Any) -> None:
    """Write the JSON that was asked for."""
    if options.json is None:
        return
    settings = {key: str(value) if isinstance(value, Path) else value for key, value in vars(options).items()}
    written = {"benchmark": name, "environment": dict(where), "settings": settings, "rows": list(rows), **more}
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def draw(path: Path | None, title: str, bars: Mapping[str, Mapping[str, float]], label: str = "", logarithmic: bool = True) -> None:
    """Horizontal bars in groups, ``bars[group][name]``: ratios from the line at 1, where both are equally fast; others from 0."""
    if path is None or not bars:
        return
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    names = list(dict.fromkeys(name for group in bars.values() for name in group))
    figure = Figure(figsize=(10, 1.5 + 0.18 * len(bars) * (len(names) + 1)), layout="constrained")
    axes = figure.add_subplot()
    origin, thickness = (1 if logarithmic else 0), 0.8 / len(names)
    for at, name in enumerate(names):
        places, widths = zip(*[(row, group[name]) for row, group in enumerate(bars.values()) if name in group], strict=True)
        heights = np.array(places) + (at - (len(names) - 1) / 2) * thickness
        drawn = axes.barh(heights, np.array(widths) - origin, thickness, left=origin, label=name)
        axes.bar_label(drawn, [f" {width:.3g} " for width in widths], fontsize=7)
    if logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
    axes.axvline(origin, color="black", linewidth=1)
    axes.margins(x=0.15, y=0.01)
    axes.set_yticks(range(len(bars)), list(bars))
    axes.invert_yaxis()
    axes.set_xlabel(label or "time of the peer / ours: to the right of 1 we are faster")
    axes.set_title(title)
    if len(names) > 1:
        figure.legend(loc="outside lower center", ncols=len(names), fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)

"""The pictures of the front page: a derivation as `pl.derive` gives it, and the speed table of the benchmarks.

Run it with ``python examples/pictures.py``; it writes ``docs/images/derivation.svg`` and ``docs/images/speed.svg`` (or into ``--folder``).
"""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

import pellucid as pl

ROOT = Path(__file__).parents[1]
STEPS = ("z1", "a1", "z2", "a2", "J", "da2", "dz2", "f2'(z2)", "dz2: cancel", "dz2: multiply out", "dW2", "db2", "da1", "dz1", "dW1", "db1")
INK, FAINT, FORWARD, BACKWARD = "#1f2328", "#59636e", "#0072B2", "#D55E00"
PEERS = {"scikit-learn": "#E69F00", "PyTorch": "#D55E00", "JAX scan": "#009E73"}


def derivation() -> Figure:
    """The equations of a 4-5-1 network, each with the rule behind it and its shape."""
    found = pl.derive(pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], loss="log_loss", seed=0))
    steps = [found[symbol] for symbol in STEPS]
    rules = [textwrap.wrap(plain(step.rule.split(";")[0]), 52) for step in steps]
    heights = [
        max(0.56 if re.search(r"\\frac|\\sum", step.equation) else 0.36, 0.16 * len(rule) + 0.14)
        for step, rule in zip(steps, rules, strict=True)
    ]
    width, height = 10.9, sum(heights) + 0.6
    figure = Figure(figsize=(width, height), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(height, 0))
    call = "pl.derive(pl.Network([4, 5, 1], ['tanh', 'sigmoid'], loss='log_loss'))"
    axes.text(0.2, 0.28, call, family="monospace", size=10, va="center", color=FAINT)
    at = 0.5
    for step, rule, high in zip(steps, rules, heights, strict=True):
        inner = ":" in step.symbol or "'" in step.symbol
        colour, middle = BACKWARD if step.part == "backward" else FORWARD, at + high / 2
        axes.fill_between((0.2, 0.25), at + 0.03, at + high - 0.03, color=colour, linewidth=0, alpha=0.35 if inner else 1.0)
        equation = step.equation.replace(r"\frac", r"\dfrac")
        axes.text(0.4 + 0.3 * inner, middle, f"${equation}$", size=12 - inner, va="center", color=INK)
        axes.text(6.6, middle, "\n".join(rule), size=8.5, va="center", color=FAINT, linespacing=1.15)
        if step.shape:
            axes.text(width - 0.2, middle, " × ".join(map(str, step.shape)), size=9, va="center", ha="right", color=INK)
        at += high
    return figure


def plain(rule: str) -> str:
    """A rule as one reads it: z^[2] as z2."""
    return re.sub(r"\^\[(\d)\]", r"\1", rule)


def speeds() -> dict[str, tuple[str, dict[str, float]]]:
    """Network and batch -> (our time for a step, how many times as long the others take), from the table in benchmarks/README.md."""
    text = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8").split("## Results")[1]
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line.startswith("|")]
    headings = rows[0]
    found = {}
    for row in rows[2:]:
        if match := re.fullmatch(r"([\d-]+) b(\d+) relu", row[0]):
            ratios = {peer: float(row[headings.index(peer)].split()[-1]) for peer in PEERS}
            found[f"{match[1]}, batch {match[2]}"] = (row[headings.index("Pellucid")], ratios)
    return found


def speed() -> Figure:
    """How many times as long the others take for a training step."""
    rows = speeds()
    figure = Figure(figsize=(9, 4.6), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    thickness = 0.8 / len(PEERS)
    for number, (peer, colour) in enumerate(PEERS.items()):
        ratios = [ratios[peer] for _, ratios in rows.values()]
        heights = [row + (number - 1) * thickness for row in range(len(rows))]
        label = peer.replace(" scan", " (lax.scan)")
        axes.barh(heights, [ratio - 1 for ratio in ratios], thickness, left=1, color=colour, label=label)
        for height, ratio in zip(heights, ratios, strict=True):  # to the right of the line, even where the bar is to its left
            axes.text(max(ratio, 1.0), height, f" {ratio:.3g}×", fontsize=7.5, color=INK, va="center")
    axes.axvline(1, color=INK, linewidth=1)
    axes.set_xscale("log")
    axes.set_xlim(0.88, 500)
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100, 200], ["1", "2", "5", "10", "20", "50", "100", "200"])
    axes.minorticks_off()
    axes.set_yticks(range(len(rows)), [f"{name}\nPellucid: {ours}".replace(" us", " µs") for name, (ours, _) in rows.items()], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("time of a training step, Pellucid = 1 (forward, loss, backward, Adam; float32, relu, softmax; two cores)", fontsize=9)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.legend(frameon=False, loc="lower right")
    return figure


PICTURES = {"derivation": derivation, "speed": speed}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images", help="where the pictures go (docs/images)")
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "pellucid", "mathtext.fontset": "cm", "font.family": "DejaVu Sans"}):
        for name, draw in PICTURES.items():
            draw().savefig(folder / f"{name}.svg", metadata={"Date": None})
            print(folder / f"{name}.svg")


if __name__ == "__main__":
    main()

"""How long one training step takes (forward, loss, backward, update) beside scikit-learn, PyTorch and JAX doing the same steps.

All begin with the same weights and see the same batches. The program first shows that the losses of all agree over an epoch; a case in
which they do not is not timed. Then all take turns, and medians are compared. The GEMM floor is the time of just the matrix products.

  python benchmarks/training.py --only 64-64-64-10
  python benchmarks/training.py --only 'relu$' --peers sklearn jax floor
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from math import inf

from rich.table import Table

import common
from common import OURS, Program, Row, console
from trainers import FLOOR, PEERS, Trainer, pellucid, sklearn
from work import CASES, Case, Work

USUAL_TOLERANCE = 2e-4
"""relative, between the mean losses of the first epoch: sums in other orders make 6e-5 at most, a learning rate that is 1 % off 3e-4"""
TOLERANCE = {"scikit-learn": 1e-3}
"""its Adam scales epsilon by sqrt(1 - b2^t), which makes 1e-4 in a few steps of a large network"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and keep what was asked for."""
    options = parse(arguments)
    where = common.introduce("Training: one step")
    chosen = [case for case in CASES if re.search(options.only, case.name)]
    rows = [row for case in chosen if (row := measure(case, options))]
    console().print(common.table(f"One training step, medians of {options.repeats} turns", rows, "network, batch"))
    costs = activation_costs(rows)
    if costs:
        console().print(cost_table(costs))
    common.keep(options, "training", where, [row.to_json() for row in rows], activation_costs=costs)
    common.draw(options.picture, "One training step", {row.name: row.ratios() for row in rows})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = common.parser(__doc__, repeats=7)
    parser.add_argument("--only", default="", metavar="PATTERN", help="cases whose name matches this regular expression; --list names them")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS), metavar="PEER", help=f"some of: {', '.join(PEERS)}")
    parser.add_argument("--engine", help="the engine of Pellucid (default: its default)")
    parser.add_argument(
        "--shuffle",
        action="store_true",
        help="time Pellucid and scikit-learn with a new order of the rows in each epoch, as is their default; the others go on slicing",
    )
    parser.add_argument("--seconds", type=float, default=0.25, help="how long a turn is to last (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.list:
        print(*(case.name for case in CASES), sep="\n")
        parser.exit()
    if not any(re.search(options.only, case.name) for case in CASES):
        parser.error(f"no case matches {options.only!r}; --list names them")
    if options.quick:
        options.repeats, options.seconds = 2, 0.0
    options.peers = common.installed({name: module for name, (module, _) in PEERS.items()}, options.peers)
    return options


def measure(case: Case, options: argparse.Namespace) -> Row | None:
    """One case: agreement first, then turns; None where they do not agree."""
    work = Work(case, 4 if options.quick else case.steps)
    trainers = list(pellucid(work, options.engine))
    for name in options.peers:
        trainers += started(name, work)
    losses = first_losses(trainers, work)
    apart = {peer: abs(loss / losses[OURS] - 1) for peer, loss in losses.items()}
    told = ", ".join(f"{peer} {loss:.6f}" for peer, loss in losses.items())
    line = f"{case.name}: mean loss of {work.steps} steps: {told}; apart by at most {max(apart.values()):.1g}"
    console().print(line, highlight=False, soft_wrap=True)
    if not all(apart[peer] <= TOLERANCE.get(peer, USUAL_TOLERANCE) for peer in apart):  # also when one is not a number
        console().print(f"{case.name}: not timed, the losses do not agree", style="bold red")
        return None
    if options.shuffle:
        shuffling = [*pellucid(work, options.engine, shuffle=True), *sklearn(work, shuffle=True)]
        by_label = {trainer.label: trainer for trainer in shuffling}
        trainers = [by_label.get(trainer.label, trainer) for trainer in trainers]
    programs = [Program(t.peer, t.label, turn(t, steps)) for t, steps in lengths(trainers, work, options.seconds)]
    seconds = common.take_turns(programs, options.repeats)
    return Row.of(case.name, OURS, programs, seconds, losses=losses)


def started(name: str, work: Work) -> list[Trainer]:
    """The trainers of a peer, each tried on a step; what does not run here is named and left out."""
    try:
        trainers = list(PEERS[name][1](work))
        for trainer in trainers:
            trainer.run(1)
    except Exception as error:  # whatever a compiler of a peer may raise
        reason = str(error).strip().splitlines() or [""]
        console().print(f"{name} is left out, it does not run here: {type(error).__name__}: {reason[0]}", style="yellow")
        return []
    return trainers


def first_losses(trainers: Sequence[Trainer], work: Work) -> dict[str, float]:
    """The mean loss of the first epoch, by the first variant of each peer."""
    losses: dict[str, float] = {}
    for trainer in trainers:
        if trainer.peer not in losses and trainer.peer != FLOOR:
            losses[trainer.peer] = float(trainer.run(work.steps).loss)
    return losses


def lengths(trainers: Sequence[Trainer], work: Work, wanted: float) -> list[tuple[Trainer, int]]:
    """How many steps make a turn of the wanted length, for every trainer worth timing."""
    looks = {trainer.label: inf for trainer in trainers}
    for _ in range(common.LOOKS):
        for trainer in trainers:
            common.rest()
            run = trainer.run(min(work.steps, 20))
            if run.seconds / run.steps * work.steps < 0.05:  # a better look where a short one is mostly set-up
                run = trainer.run(work.steps)
            looks[trainer.label] = min(looks[trainer.label], run.seconds / run.steps)
    chosen = common.in_the_race(looks, {trainer.label: trainer.peer for trainer in trainers})
    epochs = {label: max(1, round(wanted / looks[label] / work.steps)) for label in chosen}
    return [(trainer, epochs[trainer.label] * work.steps) for trainer in trainers if trainer.label in epochs]


def turn(trainer: Trainer, steps: int) -> Callable[[], float]:
    """Seconds a step."""

    def run() -> float:
        done = trainer.run(steps)
        return done.seconds / done.steps

    return run


def activation_costs(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Our step with another hidden activation / our step with ReLU, by shape."""
    times = {row.name: row.median(OURS) for row in rows}
    costs: dict[str, dict[str, float]] = {}
    for name, seconds in times.items():
        for hidden in ("tanh", "sigmoid"):
            plain = name.replace(f" {hidden}", " relu")
            if plain != name and plain in times:
                costs.setdefault(plain, {})[hidden] = seconds / times[plain]
    return costs


def cost_table(costs: dict[str, dict[str, float]]) -> Table:
    """What `activation_costs` found."""
    table = Table(title=f"{OURS}: the step with another activation / with ReLU")
    for heading in ("network, batch", "tanh", "sigmoid"):
        table.add_column(heading, justify="left" if not table.columns else "right")
    for name, row in costs.items():
        table.add_row(name, *(f"{row[hidden]:.2f}" if hidden in row else "" for hidden in ("tanh", "sigmoid")))
    return table


if __name__ == "__main__":
    main()

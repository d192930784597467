"""Twin trainings: what a remedy does, measured. The same data, seed, order of the batches and number of epochs, without it and with it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable
from dataclasses import replace

from pellucid.engines import load as load_engine
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS
from pellucid.errors import DivergenceError
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.measures import measure
from pellucid.glassbox.health.remedies import Remedy
from pellucid.glassbox.health.report import Course, Trial
from pellucid.training.callbacks import Moment, TrainingInterrupted
from pellucid.training.loop import train
from pellucid.training.session import Plan, check_plan


def try_remedies(case: Case, remedies: Iterable[Remedy], epochs: int, batch_size: int | None, seed: int) -> tuple[Trial, ...]:
    """Train the case as it is, and once more for each remedy, from where the remedy puts it.

    Raises:
        InputError: L-BFGS for a network with dropout.
        KeyboardInterrupt: Ctrl-C.

    """
    changed = [(remedy.name, remedy.change(case, seed)) for remedy in remedies]
    without = _course(case, case, epochs, batch_size, seed)
    return tuple(Trial(name, without, _course(other, case, epochs, batch_size, seed)) for name, other in changed)


def _course(case: Case, given: Case, epochs: int, batch_size: int | None, seed: int) -> Course:
    """One short training; J is that of the given case, so that a remedy that changes the loss is judged by the old one."""
    judged = replace(case, architecture=replace(case.architecture, loss=given.architecture.loss))
    losses, last = [_cost(judged, case.vector)], case.vector

    def note(moment: Moment) -> None:
        losses.append(_cost(judged, moment.vector))

    def take(vector: Array) -> None:
        nonlocal last
        last = vector.copy()

    plan = Plan(
        X=case.X,
        Y=case.Y,
        s=case.s,
        optimizer=case.optimizer,
        epochs=epochs,
        batch_size=None if isinstance(case.optimizer, LBFGS) else batch_size,
        shuffle=True,
        seed=seed,
        clip_norm=case.clip_norm,
        callbacks=[note],
    )
    check_plan(plan, dropout=any(case.architecture.dropout))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", TrainingInterrupted)
            ended = train(load_engine(None, case.architecture), case.vector, plan, None, take).stopped_by
    except DivergenceError:
        ended = "divergence"
        losses.append(math.inf)
    if ended == "interrupt":
        raise KeyboardInterrupt
    products = [measure(replace(case, vector=vector)).layers[0].product for vector in (case.vector, last)]
    return Course(tuple(losses), (products[0], products[1]), ended)


def _cost(case: Case, vector: Array) -> float:
    cost = measure(replace(case, vector=vector)).cost
    return math.inf if math.isnan(cost) else cost

"""Twin trainings: what a remedy does, measured. The same data, seed, order of the batches and number of epochs, without it and with it."""

from __future__ import annotations

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
from pellucid.training.callbacks import Moment
from pellucid.training.loop import train
from pellucid.training.session import Plan


def try_remedies(case: Case, remedies: Iterable[Remedy], epochs: int, batch_size: int | None, seed: int) -> tuple[Trial, ...]:
    """Train the case as it is, and once more for each remedy, from where the remedy puts it."""
    without = _course(case, case, epochs, batch_size, seed)
    changed = [(remedy.name, remedy.change(case, seed)) for remedy in remedies]
    return tuple(Trial(name, without, _course(other, case, epochs, batch_size, seed)) for name, other in changed)


def _course(case: Case, given: Case, epochs: int, batch_size: int | None, seed: int) -> Course:
    """One short training; J is that of the given case, so that a remedy that changes the loss is judged by the old one."""
    judged = replace(case, architecture=replace(case.architecture, loss=given.architecture.loss, l2=given.architecture.l2))
    losses, vectors = [measure(judged).cost], [case.vector]

    def note(moment: Moment) -> None:
        losses.append(measure(replace(judged, vector=moment.vector)).cost)

    def take(vector: Array) -> None:
        vectors[0] = vector

    by_lbfgs = isinstance(case.optimizer, LBFGS)
    plan = Plan(
        X=case.X,
        Y=case.Y,
        s=case.s,
        rows=None,
        optimizer=case.optimizer,
        epochs=epochs,
        batch_size=None if by_lbfgs else batch_size,
        shuffle=True,
        seed=seed,
        clip_norm=case.clip_norm,
        callbacks=[note],
    )
    try:
        ended = train(load_engine(None, case.architecture), case.vector, plan, None, take).stopped_by
    except DivergenceError:
        ended = "divergence"
        losses.append(float("inf"))
    before, after = measure(case), measure(replace(case, vector=vectors[0]))
    return Course(tuple(losses), (before.layers[0].product, after.layers[0].product), ended)

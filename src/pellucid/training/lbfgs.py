"""L-BFGS: SciPy walks, the engine tells J and its gradient on the whole batch. An epoch is one iteration."""

from __future__ import annotations

import time

import numpy as np

from pellucid.engines import Engine
from pellucid.engines.base import Sums
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS
from pellucid.equations.propagation import mean_gradient, penalty
from pellucid.errors import InputError, sentence
from pellucid.training.callbacks import Interrupt
from pellucid.training.checkpoints import Snapshot
from pellucid.training.display import Display
from pellucid.training.identity import check, identity
from pellucid.training.pieces import blocks, dense
from pellucid.training.restoring import restoring, whole
from pellucid.training.session import Plan, Training


def _sums(engine: Engine, vector: Array, X: Array, Y: Array, s: Array | None) -> tuple[Sums, Array]:
    """The sums over all rows; over sparse ones, some at a time."""
    loss, weight, gradient = 0.0, 0.0, None
    for at in blocks(X, len(Y)):
        sums, part = engine.gradient(vector, dense(X[at]), Y[at], None if s is None else s[at], None)
        loss, weight = loss + sums.loss, weight + sums.weight
        gradient = part if gradient is None else gradient + part
    assert gradient is not None
    return Sums(loss, weight), gradient


def cost(engine: Engine, vector: Array, plan: Plan) -> float:
    """J of these parameters over the rows of a plan."""
    rows = slice(None) if plan.rows is None else plan.rows
    sums, _ = _sums(engine, vector, plan.X[rows], plan.Y[rows], None if plan.s is None else plan.s[rows])
    weights = vector[: engine.architecture.n_weights]
    return float(sums.loss / sums.weight + penalty(weights, engine.architecture.l2, sums.weight))


def descend(training: Training, optimizer: LBFGS, interrupt: Interrupt, show: Display) -> None:
    """At most ``plan.epochs`` iterations. With checkpoints it begins anew after each of them, since SciPy does not give its memory away.

    Raises:
        DivergenceError: J is not finite at a point that the line search settled on.

    """
    from scipy.optimize import minimize

    plan, architecture, dtype = training.plan, training.engine.architecture, training.vector.dtype
    rows = slice(None) if plan.rows is None else plan.rows
    X, Y, s = plan.X[rows], plan.Y[rows], None if plan.s is None else plan.s[rows]
    latest: dict[str, Array | float] = {}
    calls = 0

    def cost_and_gradient(theta: Array) -> tuple[float, Array]:
        nonlocal calls
        calls += 1
        vector = theta.astype(dtype)
        sums, gradient_sum = _sums(training.engine, vector, X, Y, s)
        weights = vector[: architecture.n_weights]
        with np.errstate(over="ignore", invalid="ignore"):
            gradient = mean_gradient(gradient_sum, sums.weight, weights, architecture.l2)
            cost = sums.loss / sums.weight + float(penalty(weights, architecture.l2, sums.weight))
        if not latest and not np.isfinite(cost):
            raise training.diverged(training.history.n_epochs + 1, None, "not finite")
        latest.update(theta=theta.copy(), gradient=gradient.astype(np.float64))
        return cost, gradient.astype(np.float64)

    started = time.perf_counter()

    def iteration_ends(intermediate_result: object) -> None:
        nonlocal started
        point: Array = intermediate_result.x  # type: ignore[attr-defined]
        cost = float(intermediate_result.fun)  # type: ignore[attr-defined]
        before, training.vector = training.vector, point.astype(dtype)
        if not np.isfinite(cost):
            raise training.diverged(training.history.n_epochs + 1, None, "not finite")
        if not np.array_equal(latest["theta"], point):
            cost_and_gradient(point)
        norm = float(np.linalg.norm(latest["gradient"]))
        row = {"loss": cost, "gradient_norm": norm}
        now = time.perf_counter()
        ended = training.end_epoch(before, row, now - started, show)
        started = now
        if interrupt.noted:
            training.history.stopped_by = "interrupt"
        if ended or interrupt.noted:
            raise StopIteration

    saving, most = plan.checkpoints, optimizer.calls or plan.epochs * optimizer.evaluations
    if saving is not None and saving.epochs is None:
        expected = "a number of iterations: between them its memory cannot be kept"
        raise InputError(sentence("every", "fit with LBFGS", "a time", expected, "e.g. every=50"))
    known = identity(training, len(Y), shuffled=False) if saving or plan.resume else {}
    if plan.resume is not None:
        with restoring(plan.resume):
            check(plan.resume, training, known)
            calls = whole(plan.resume.facts["calls"], "the number of calls", 0)
            training.restore(plan.resume)
            training.resumed_at = training.history.n_epochs
    while not training.history.stopped_by and (left := plan.epochs - training.history.n_epochs) > 0:
        length = left if saving is None or saving.epochs is None else min(left, saving.epochs)
        goal = training.history.n_epochs + length
        result = minimize(
            cost_and_gradient,
            training.vector.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=iteration_ends,
            options={
                "maxiter": length,
                "maxfun": max(most - calls, 1),
                "maxls": optimizer.evaluations,
                "maxcor": optimizer.memory,
                "gtol": optimizer.tolerance,
                "ftol": optimizer.relative_decrease,
            },
        )
        if not training.history.stopped_by and training.history.n_epochs < goal:
            ends = {0: "converged", 1: "calls"}
            training.history.stopped_by = ends.get(result.status, "no further descent")
        if saving is not None:
            snapshot = training.state()
            saving.write(Snapshot("", {**known, **snapshot.facts, "calls": calls}, snapshot.arrays), training.history.n_epochs)

"""The loop: forward, loss, backward, update, batch after batch, epoch after epoch."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from pellucid.engines import Batches, Engine
from pellucid.engines.base import Progress
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.schedules import Horizon, Plateau, Rates
from pellucid.training.callbacks import Interrupt, TrainingInterrupted
from pellucid.training.display import Display, display
from pellucid.training.history import History
from pellucid.training.session import Plan, Training

PAUSE = 0.1
"""seconds after which an engine returns, so that the bar and Ctrl-C stay alive"""


def train(engine: Engine, vector: Array, plan: Plan, network: Any, publish: Callable[[Array], None]) -> History:
    """Train from the parameters ``vector``; ``publish`` is handed the new ones after each epoch and at the end.

    Raises:
        DivergenceError: the cost became infinite or NaN; the weights from before the best epoch were published.

    """
    training = Training(engine, vector, plan, network, publish)
    for callback in training.callbacks:
        callback.on_train_begin(network)
    try:
        with Interrupt() as interrupt, display(plan.progress, plan.epochs) as show:
            if isinstance(plan.optimizer, LBFGS):
                from pellucid.training.lbfgs import descend

                descend(training, plan.optimizer, interrupt, show)
            else:
                _descend(training, plan.optimizer, interrupt, show)
        training.history.stopped_by = training.history.stopped_by or "epochs"
    finally:
        training.finish()
        for callback in training.callbacks:
            callback.on_train_end(network, training.history)
    if training.history.stopped_by == "interrupt":
        warnings.warn(
            f"Training was interrupted after {training.history.n_epochs} whole epochs; the model keeps what it learned.",
            TrainingInterrupted,
            stacklevel=3,
        )
    return training.history


def _descend(training: Training, optimizer: Optimizer, interrupt: Interrupt, show: Display) -> None:
    plan, schedule = training.plan, optimizer.schedule
    m = len(plan.X) if plan.rows is None else len(plan.rows)
    batch_size = min(plan.batch_size or m, m)
    count = -(-m // batch_size)
    rng = np.random.default_rng([plan.seed, 1])
    plateau = Plateau()
    progress = Progress(training.vector, optimizer.init(training.vector))
    shuffled = plan.shuffle and count > 1
    order = np.empty(m if shuffled else 0, np.int64)
    batches = Batches(plan.X, plan.Y, plan.s, order if shuffled else plan.rows, batch_size, plan.seed, plan.clip_norm)
    rates = Rates(schedule, Horizon(count, count * plan.epochs))
    for epoch in range(plan.epochs):
        started = time.perf_counter()
        if shuffled:
            for at in range(0, m, 1 << 16):  # in pieces: there is to be one order in memory, not two
                order[at : at + (1 << 16)] = np.arange(at, min(at + (1 << 16), m)) if plan.rows is None else plan.rows[at : at + (1 << 16)]
            rng.shuffle(order)
        alphas = rates.of_epoch(epoch, plateau)
        before = training.vector.copy()
        progress.position, progress.cost_sum, progress.weight_sum, progress.gradient_norm_sum = 0, 0.0, 0.0, 0.0
        while progress.position < count:
            training.engine.run(progress, batches, alphas, optimizer, PAUSE)
            training.vector = progress.vector
            if progress.failed:
                raise training.diverged(progress.step + 1, float(alphas[progress.position]), "not finite")
            if interrupt.noted:
                training.history.stopped_by = "interrupt"
                return
            if progress.position < count:
                show(epoch + progress.position / count, training.history.last() if training.history else {})
        unsure = not math.isfinite(progress.gradient_norm_sum) or epoch == plan.epochs - 1  # else the next cost would tell
        if unsure and not np.isfinite(progress.vector).all():
            raise training.diverged(progress.step, float(alphas[-1]), "not finite after the last step")
        row = {
            "loss": progress.cost_sum / progress.weight_sum,
            "learning_rate": float(alphas[-1]),
            "gradient_norm": progress.gradient_norm_sum / count,
        }
        if training.end_epoch(before, row, time.perf_counter() - started, show):
            return
        plateau = schedule.after_epoch(row.get("validation_loss", row["loss"]), plateau)

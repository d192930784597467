"""A training from its beginning to its end, however it ends."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from pellucid.engines import Engine
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import LBFGS
from pellucid.training.callbacks import Interrupt, TrainingInterrupted
from pellucid.training.descent import Descent
from pellucid.training.display import display
from pellucid.training.history import History
from pellucid.training.session import Plan, Training


def train(engine: Engine, vector: Array, plan: Plan, network: Any, publish: Callable[[Array], None]) -> History:
    """Train from the parameters ``vector``; ``publish`` is handed the new ones after each epoch and at the end.

    Raises:
        DivergenceError: the cost became infinite or NaN; the weights from before the best epoch were published.

    """
    training = Training(engine, vector, plan, network, publish)
    for callback in training.callbacks:
        callback.on_train_begin(network)
    if plan.checkpoints is not None:
        training.check_states()
    try:
        with Interrupt() as interrupt, display(plan.progress, plan.epochs) as show:
            if isinstance(plan.optimizer, LBFGS):
                from pellucid.training.lbfgs import descend

                descend(training, plan.optimizer, interrupt, show)
            else:
                descent = Descent(training, plan.optimizer, interrupt, show)
                descent.go()
                if plan.carried is not None:
                    plan.carried.state, plan.carried.step = descent.progress.state, descent.progress.step
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

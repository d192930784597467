"""Steps of a training over the ``gradient`` of any engine: gather, forward, backward, update, one after another."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import DTypeLike

from pellucid.architecture import Architecture
from pellucid.engines.base import Batches, Engine, Progress
from pellucid.equations import dropout
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer
from pellucid.equations.propagation import mean_gradient, penalty


def run_steps(engine: Engine, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
    """What `Engine.run` asks for."""
    deadline = time.monotonic() + seconds
    n_weights, l2 = engine.architecture.n_weights, engine.architecture.l2
    while progress.position < len(rates):
        X, Y, s = gather(batches, progress.position % batches.count)
        mask = masks(engine.architecture, len(X), batches.dropout_seed, progress.step, X.dtype)
        sums, gradient_sum = engine.gradient(progress.vector, X, Y, s, mask)
        weights = progress.vector[:n_weights]
        with quiet():
            cost = sums.loss / sums.weight + float(penalty(weights, l2, sums.weight)) if sums.weight else 0.0
            if not np.isfinite(cost):
                progress.failed = True
                return
            gradient = mean_gradient(gradient_sum, sums.weight, weights, l2) if sums.weight else gradient_sum
            norm = float(np.sqrt(np.dot(gradient, gradient)))
            if batches.clip_norm is not None and norm > batches.clip_norm:
                gradient = gradient * (batches.clip_norm / norm)
            alpha = float(rates[progress.position])
            progress.vector, progress.state = optimizer.update(progress.vector, gradient, progress.state, alpha, progress.step + 1)
        if progress.trail is not None:
            progress.trail[:, progress.position] = cost * sums.weight, sums.weight, norm
        progress.cost_sum += cost * sums.weight
        progress.weight_sum += sums.weight
        progress.gradient_norm_sum += norm
        progress.step += 1
        progress.position += 1
        if progress.patience is not None:
            progress.patience.see(cost * sums.weight / sums.weight)
            if progress.patience.over:
                return
        if time.monotonic() >= deadline:
            return


def gather(batches: Batches, position: int) -> tuple[Array, Array, Array | None]:
    """The rows of one batch."""
    at = slice(position * batches.batch_size, (position + 1) * batches.batch_size)
    rows = at if batches.order is None else batches.order[at]
    return batches.X[rows], batches.Y[rows], None if batches.s is None else batches.s[rows]


def masks(architecture: Architecture, m: int, seed: int, step: int, dtype: DTypeLike) -> list[Array | None] | None:
    """The dropout masks of one step, by layer (index 0 is the input), or None where nothing is dropped."""
    if not any(architecture.dropout):
        return None
    return [None] + [
        dropout.mask((m, layer.n_units), layer.dropout, seed, step, layer.index).astype(dtype) if layer.dropout else None
        for layer in architecture.layers
    ]


def quiet() -> np.errstate:
    """Overflow is not warned of where it arises: the training loop and the checks look at the results."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")

"""The reference engine: the equations as they stand. It is the definition of correct for every other engine."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike

from pellucid.architecture import Architecture
from pellucid.engines.base import Batches, Engine, Progress, Sums
from pellucid.equations import dropout
from pellucid.equations.arrays import Array, namespace
from pellucid.equations.optimizers import Optimizer
from pellucid.equations.propagation import backward, forward, mean_gradient, penalty


@dataclass(frozen=True)
class ReferenceEngine:
    """Forward and backward propagation by `pellucid.equations.propagation`, one step after another."""

    architecture: Architecture

    def predict(self, vector: Array, X: Array) -> Array:
        """y_hat = a_L."""
        with _quiet():
            return forward(self.architecture.activations, self.architecture.split(vector), X).a[-1]

    def evaluate(self, vector: Array, X: Array, Y: Array, s: Array | None) -> Sums:
        """The sums of s_i l_i and of s_i."""
        with _quiet():
            tape = forward(self.architecture.activations, self.architecture.split(vector), X)
            return _sums(self.architecture.objective.value(tape.z[-1], tape.f[-1], Y), s)

    def gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, mask: list[Array | None] | None) -> tuple[Sums, Array]:
        """The sums, and the gradient of the first of them."""
        rules, objective = self.architecture.activations, self.architecture.objective
        parameters = self.architecture.split(vector)
        with _quiet():
            tape = forward(rules, parameters, X, mask)
            sums = _sums(objective.value(tape.z[-1], tape.f[-1], Y), s)
            found = backward(rules, objective, parameters, tape, Y, s)
        flat = [dW.reshape(-1) for dW in found.dW] + found.db
        return sums, namespace(vector).concat(flat)

    def run(self, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
        """One step after another: gather, forward, backward, update."""
        deadline = time.monotonic() + seconds
        n_weights, l2 = self.architecture.n_weights, self.architecture.l2
        while progress.position < batches.count:
            X, Y, s = gather(batches, progress.position)
            mask = masks(self.architecture, len(X), batches.dropout_seed, progress.step, X.dtype)
            sums, gradient_sum = self.gradient(progress.vector, X, Y, s, mask)
            weights = progress.vector[:n_weights]
            with _quiet():
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
            progress.cost_sum += cost * sums.weight
            progress.weight_sum += sums.weight
            progress.gradient_norm_sum += norm
            progress.step += 1
            progress.position += 1
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


def _sums(losses: Array, s: Array | None) -> Sums:
    if s is None:
        return Sums(float(losses.sum(dtype=np.float64)), float(len(losses)))
    return Sums(float((losses * s).sum(dtype=np.float64)), float(s.sum(dtype=np.float64)))


def _quiet() -> np.errstate:
    """Overflow is not warned of where it arises: the training loop and the checks look at the results."""
    return np.errstate(over="ignore", invalid="ignore", divide="ignore")


def make(architecture: Architecture) -> Engine:
    """The engine for an architecture."""
    return ReferenceEngine(architecture)

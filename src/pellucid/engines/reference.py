"""The reference engine: the equations as they stand. It is the definition of correct for every other engine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines.base import Batches, Engine, Progress, Sums
from pellucid.engines.steps import quiet, run_steps
from pellucid.engines.threads import at_most
from pellucid.equations.arrays import Array, namespace
from pellucid.equations.optimizers import Optimizer
from pellucid.equations.propagation import backward, forward


@dataclass(frozen=True)
class ReferenceEngine:
    """Forward and backward propagation by `pellucid.equations.propagation`, one step after another."""

    architecture: Architecture

    def predict(self, vector: Array, X: Array) -> Array:
        """y_hat = a_L."""
        with quiet():
            return forward(self.architecture.activations, self.architecture.split(vector), X).a[-1]

    def evaluate(self, vector: Array, X: Array, Y: Array, s: Array | None) -> Sums:
        """The sums of s_i l_i and of s_i."""
        with quiet():
            tape = forward(self.architecture.activations, self.architecture.split(vector), X)
            return _sums(self.architecture.objective.value(tape.z[-1], tape.f[-1], Y), s)

    def gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, mask: list[Array | None] | None) -> tuple[Sums, Array]:
        """The sums, and the gradient of the first of them."""
        rules, objective = self.architecture.activations, self.architecture.objective
        parameters = self.architecture.split(vector)
        with quiet():
            tape = forward(rules, parameters, X, mask)
            sums = _sums(objective.value(tape.z[-1], tape.f[-1], Y), s)
            found = backward(rules, objective, parameters, tape, Y, s)
        flat = [dW.reshape(-1) for dW in found.dW] + found.db
        return sums, namespace(vector).concat(flat)

    def run(self, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
        """One step after another."""
        run_steps(self, progress, batches, rates, optimizer, seconds)

    def at_most(self, n_threads: int | None) -> AbstractContextManager[None]:
        """So many threads for the BLAS libraries."""
        return at_most(n_threads)


def _sums(losses: Array, s: Array | None) -> Sums:
    if s is None:
        return Sums(float(losses.sum(dtype=np.float64)), float(len(losses)))
    return Sums(float((losses * s).sum(dtype=np.float64)), float(s.sum(dtype=np.float64)))


def make(architecture: Architecture) -> Engine:
    """The engine for an architecture."""
    return ReferenceEngine(architecture)

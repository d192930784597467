"""The engine protocol: a few methods at the level of a whole network, and the table of engines."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib import import_module
from typing import NamedTuple, Protocol

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.optimizers import Optimizer, State
from pellucid.errors import unknown_name

ENGINES = {"compiled": "pellucid.engines.compiled.engine", "reference": "pellucid.engines.reference"}
DEFAULT = "compiled"


class Sums(NamedTuple):
    """The data part of the cost, kept apart until the end so that parts of a batch can be added: J = loss / weight + L2 term."""

    loss: float
    """sum_i s_i l_i"""
    weight: float
    """sum_i s_i"""


@dataclass
class Patience:
    """How long a training goes on without progress.

    It is over when the cost has not fallen by ``tolerance`` below the best so far for more than ``limit`` steps in a row.
    """

    tolerance: float
    limit: int
    best: float = math.inf
    waited: int = 0

    def see(self, cost: float) -> None:
        """Take note of a cost."""
        self.waited = self.waited + 1 if cost > self.best - self.tolerance else 0
        self.best = min(self.best, cost)

    @property
    def over(self) -> bool:
        """Whether it has lasted long enough."""
        return self.waited > self.limit


@dataclass
class Progress:
    """Where a training stands. The engine moves it on, step by step."""

    vector: Array
    """the parameters, flat"""
    state: State
    """the optimizer's"""
    step: int = 0
    """steps done since the beginning"""
    position: int = 0
    """batches done in this epoch (or stretch of epochs)"""
    cost_sum: float = 0.0
    """sum over these batches of J times the batch's weight"""
    weight_sum: float = 0.0
    gradient_norm_sum: float = 0.0
    trail: Array | None = None
    """(3, steps), filled in where it is wanted: what each of these batches added to the three sums"""
    patience: Patience | None = None
    """the engine notes each cost in it where it is given, and comes back when it is over"""
    failed: bool = field(default=False)
    """a cost was not finite: the engine stopped after the batch at `position`"""


@dataclass(frozen=True)
class Batches:
    """The data of an epoch: rows of X, Y, s in the order they are visited, cut into batches of equal size (the last may be short)."""

    X: Array
    Y: Array
    s: Array | None
    order: Array | None
    """indices into the rows, or None for the rows as they are"""
    batch_size: int
    dropout_seed: int
    clip_norm: float | None = None

    @property
    def n_samples(self) -> int:
        """How many rows are visited."""
        return len(self.Y) if self.order is None else len(self.order)

    @property
    def count(self) -> int:
        """How many batches there are."""
        return -(-self.n_samples // self.batch_size)


class Engine(Protocol):
    """Computes for one architecture.

    Arrays are in the rows convention, C-ordered and of one dtype; parameters and gradients are flat vectors.
    """

    @property
    def architecture(self) -> Architecture:
        """What it computes for."""
        ...

    def at_most(self, n_threads: int | None) -> AbstractContextManager[None]:
        """While it is entered, so many threads at most; None leaves it to the engine."""
        ...

    def predict(self, vector: Array, X: Array) -> Array:
        """y_hat (m, n_L), without dropout."""
        ...

    def evaluate(self, vector: Array, X: Array, Y: Array, s: Array | None) -> Sums:
        """The sums of the data part of J, without dropout."""
        ...

    def gradient(self, vector: Array, X: Array, Y: Array, s: Array | None, mask: list[Array | None] | None) -> tuple[Sums, Array]:
        """The sums, and sum_i s_i dl_i/dtheta: neither divided by the weights nor with L2."""
        ...

    def run(self, progress: Progress, batches: Batches, rates: Array, optimizer: Optimizer, seconds: float) -> None:
        """Train on from ``progress.position`` to the end of ``rates``, or until about ``seconds`` have passed, a step at least.

        ``rates[i]`` is the learning rate of step i, which is on batch i; after the last batch comes the first one again. Where it pauses
        does not alter the arithmetic.
        """
        ...


def load(name: str | None, architecture: Architecture) -> Engine:
    """The engine of that name (the default one for None) for an architecture.

    Raises:
        UnknownNameError: there is no such engine.

    """
    name = name or DEFAULT
    if name not in ENGINES:
        raise unknown_name("engine", name, ENGINES)
    engine: Engine = import_module(ENGINES[name]).make(architecture)
    return engine

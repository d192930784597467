"""The work of the training benchmark: which networks, on which data, from which weights. The same for every program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

LEARNING_RATE = {"adam": 0.001, "momentum": 0.01}
MOMENTUM = 0.9


@dataclass(frozen=True)
class Case:
    """A network, a batch size, and how it is trained. No L2: not every peer has it in the same form."""

    sizes: tuple[int, ...]
    batch: int
    hidden: str = "relu"
    optimizer: str = "adam"
    dtype: str = "float32"
    regression: bool = False
    """identity output and half the squared error, else softmax and cross-entropy"""

    @property
    def name(self) -> str:
        """What ``--only`` looks at; Adam, float32 and classes go without saying."""
        words = ["-".join(map(str, self.sizes)), f"b{self.batch}", self.hidden]
        words += [word for word, usual in ((self.optimizer, "adam"), (self.dtype, "float32")) if word != usual]
        return " ".join([*words, "regression"] if self.regression else words)

    @property
    def steps(self) -> int:
        """Batches in the data set: many for small networks, so that what comes once an epoch weighs little; the data stay near 10 MB."""
        multiplications = self.batch * sum(n * k for n, k in pairwise(self.sizes))
        return int(max(8, min(1000, 1e9 / multiplications, 8e6 / (4 * self.batch * self.sizes[0]))))


SHAPES = [
    ((4, 16, 3), 32),
    ((16, 32, 32, 4), 32),
    ((64, 64, 64, 10), 64),
    ((64, 64, 64, 10), 256),
    ((784, 128, 10), 128),
    ((784, 256, 256, 10), 256),
    ((784, 1024, 1024, 10), 512),
]
RELU = [Case(sizes, batch) for sizes, batch in SHAPES]
CASES = [
    *RELU,
    *[replace(case, hidden=hidden) for hidden in ("tanh", "sigmoid") for case in RELU[:4]],
    Case((64, 64, 64, 1), 64, regression=True),
    replace(RELU[2], optimizer="momentum"),
    replace(RELU[2], dtype="float64"),
]


@dataclass(frozen=True)
class Work:
    """A case with its data and first weights."""

    case: Case
    steps: int
    """batches in X"""

    @cached_property
    def X(self) -> np.ndarray:
        """(steps * batch, n_0), normal."""
        shape = self.steps * self.case.batch, self.case.sizes[0]
        return np.random.default_rng(0).normal(size=shape).astype(self.case.dtype)

    @cached_property
    def y(self) -> np.ndarray:
        """Classes (m,), half of them learnable and half of them noise, so that the loss falls but never vanishes; or numbers (m, n_L)."""
        rng = np.random.default_rng(1)
        m, n_outputs = len(self.X), self.case.sizes[-1]
        truth = self.X @ rng.normal(size=(self.case.sizes[0], n_outputs)).astype(self.case.dtype) / np.sqrt(self.case.sizes[0])
        if self.case.regression:
            return (np.sin(truth) + rng.normal(scale=0.1, size=truth.shape)).astype(self.case.dtype)
        classes = np.where(rng.random(m) < 0.5, truth.argmax(axis=1), rng.integers(n_outputs, size=m))
        classes[:n_outputs] = np.arange(n_outputs)
        return classes

    @cached_property
    def first(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """(W_l, b_l) to begin with: Glorot's uniform weights, no biases."""
        rng = np.random.default_rng(2)
        bounds = [(n, k, np.sqrt(6 / (n + k))) for n, k in pairwise(self.case.sizes)]
        dtype = self.case.dtype
        return [(rng.uniform(-bound, bound, (n, k)).astype(dtype), np.zeros(k, dtype)) for n, k, bound in bounds]

    def batches(self, values: np.ndarray) -> list[np.ndarray]:
        """Rows cut into batches: views."""
        return np.split(values, self.steps)

    def whole(self, steps: int) -> tuple[int, int]:
        """(epochs, rows) that make about so many steps: less than an epoch is a part of the rows."""
        return (1, steps * self.case.batch) if steps < self.steps else (steps // self.steps, len(self.X))

"""The order in which an epoch visits the rows."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from pellucid.engines.compiled.orders import shuffle
from pellucid.equations.arrays import Array


class Orders(Protocol):
    """Gives a new order for each epoch, and can tell where it stands."""

    def next(self, into: Array) -> None:
        """Write the rows in the order of the next epoch."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Where it stands: values for JSON, and arrays."""
        ...

    def restore(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        """Stand there again."""
        ...


class Shuffled:
    """Every epoch shuffles the rows anew, by a generator of its own."""

    def __init__(self, rows: Array | None, seed: int) -> None:
        self.rows, self.rng = rows, np.random.default_rng([seed, 1])

    def next(self, into: Array) -> None:
        """Fisher and Yates."""
        m = len(into)
        for at in range(0, m, 1 << 16):  # in pieces: there is to be one order in memory, not two
            part = slice(at, min(at + (1 << 16), m))
            into[part] = np.arange(at, part.stop) if self.rows is None else self.rows[part]
        shuffle(into, self.rng)

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """The generator's."""
        return {"generator": self.rng.bit_generator.state}, {}

    def restore(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        """The generator's."""
        self.rng.bit_generator.state = facts["generator"]

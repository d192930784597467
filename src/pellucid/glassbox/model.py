"""What the glass box needs of a model: its architecture and its parameters."""

from __future__ import annotations

from typing import Protocol

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array


class Model(Protocol):
    """Anything that has an architecture and a flat vector of parameters, such as a `Network`."""

    @property
    def architecture(self) -> Architecture:
        """Sizes, rules, loss."""
        ...

    @property
    def vector(self) -> Array:
        """The parameters, flat."""
        ...

"""What is to be written in C: the model with all that was decided about its export."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from pellucid.architecture import Layer
from pellucid.equations.activations import Activation
from pellucid.export.c.expressions import Translator
from pellucid.export.c.rules import Last, Rule, activations, objective
from pellucid.export.c.writing import Real
from pellucid.export.description import Description


@dataclass(frozen=True)
class Form:
    """A description, a name, the type of the numbers, and what is asked for."""

    description: Description
    name: str
    real: Real
    training: bool
    quantized: bool

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers 1..L."""
        return self.description.architecture.layers

    @property
    def macro(self) -> str:
        """The name as constants have it."""
        return self.name.upper()

    @cached_property
    def translate(self) -> Translator:
        """What writes expressions."""
        return Translator(self.real)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The activations by their spec."""
        return activations(self.description.architecture.activations, self.translate)

    def rule(self, activation: Activation) -> Rule:
        """The one of an activation."""
        return self.rules[activation.spec]

    @cached_property
    def last(self) -> Last:
        """The loss."""
        return objective(self.description.architecture.objective, self.translate)

    @property
    def inputs(self) -> str:
        """The type of what goes in: double where it is prepared, since a large mean taken off in float would cost digits."""
        return f"{self.name}_input"

    @property
    def drops(self) -> bool:
        """Whether a training drops units."""
        return self.training and any(self.description.architecture.dropout)

    @property
    def plain(self) -> bool:
        """Whether what the network gives is what comes out."""
        return not self.description.targets and not (self.description.task == "classes" and self.description.architecture.sizes[-1] == 1)

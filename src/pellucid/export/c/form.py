"""What is to be written in C: the model with all that was decided about its export."""

from __future__ import annotations

from dataclasses import dataclass, replace
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
    wide: bool = False
    """whether it computes in double, though parameters and what goes in and out are float"""
    tag: str = ""
    """what the names of the arrays of a member of an ensemble begin with"""
    whole: Form | None = None
    """the form of the ensemble that this is a member of"""

    @cached_property
    def members(self) -> tuple[Form, ...]:
        """A form for each network of an ensemble; this one where there is a single network."""
        if not self.description.ensemble:
            return (self,)
        parts = enumerate(self.description.ensemble, start=1)
        return tuple(replace(self, description=self.description.of_member(one), tag=f"n{k}_", whole=self) for k, one in parts)

    @property
    def computing(self) -> Real:
        """The type in which it computes."""
        return Real("double") if self.wide else self.real

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
        return Translator(self.computing)

    @cached_property
    def rules(self) -> dict[str, Rule]:
        """The activations by their spec."""
        if self.whole is not None:
            return self.whole.rules
        records = [record for member in self.description.members for record in member.architecture.activations]
        return activations(records, self.translate)

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

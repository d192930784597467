"""One plain description of any model: what goes in, how it is prepared, the network, what comes out. No scikit-learn in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Literal, TypeAlias

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.export.steps import Step, Steps, lean, run

Task: TypeAlias = Literal["numbers", "classes", "labels", "columns"]
"""what comes out: numbers as they are; the probabilities of classes; a probability for each of several labels; the probabilities of the
classes of several columns, one column after the other"""


@dataclass(frozen=True)
class Source:
    """Something that goes in: a number, a text of a category, or a day."""

    name: str
    kind: Literal["number", "text", "date"] = "number"
    values: tuple[str, ...] = ()
    """of a text: those that were there in training"""
    day_first: bool = False


@dataclass(frozen=True)
class Feature:
    """One input of the network (or what is on its way to become one): made of one source.

    ``kind`` says how it begins: ``value``, the number itself; ``missing``, 1 where there is none, else 0; ``one of``, 1 where it is one of
    the values ``of``, else 0; ``none of``, the other way round; ``rank``, the place of the value in ``of``; ``part``, the part ``of[0]`` of
    a date (day number, year ...). Then come the ``steps``.
    """

    source: int
    name: str
    kind: Literal["value", "missing", "one of", "none of", "rank", "part"] = "value"
    of: tuple[Any, ...] = ()
    steps: Steps = ()
    missing: Any = math.nan
    """what it is where the source is missing, steps included; NaN where the model refuses that"""
    unknown: float = math.nan
    """what it is for a text that was not there in training, steps included; NaN where the model refuses that"""

    def then(self, *steps: Step) -> Feature:
        """The same with more steps."""
        more = lean(steps)
        missing = self.missing if isinstance(self.missing, str) else run(more, self.missing)
        return replace(self, steps=(*self.steps, *more), missing=missing, unknown=run(more, self.unknown))


@dataclass(frozen=True)
class Member:
    """One network of an ensemble."""

    architecture: Architecture
    vector: Array
    share: float
    """of its outputs in those of the ensemble; the shares sum to 1"""


@dataclass(frozen=True)
class Description:
    """A model as an export needs it."""

    architecture: Architecture
    """of the network; of an ensemble, of its first member"""
    vector: Array
    """the parameters, flat, in float64"""
    dtype: str
    """in which the model itself computes, float32 or float64"""
    seed: int
    """of dropout"""
    sources: tuple[Source, ...]
    features: tuple[Feature, ...]
    """one for each input of the network"""
    task: Task = "numbers"
    classes: tuple[Any, ...] = ()
    """of a classifier, in the order of the probabilities"""
    columns: tuple[int, ...] = ()
    """of several columns of classes: how many of the classes each has"""
    targets: tuple[Steps, ...] = ()
    """for each output what turns the target into the network's; empty where nothing does"""
    framed: bool = False
    """whether the model takes a frame with named columns"""
    ensemble: tuple[Member, ...] = ()
    """the networks of an ensemble, whose outputs y_hat are averaged; empty for a single network"""

    @property
    def members(self) -> tuple[Member, ...]:
        """The networks; a single one has all the share."""
        return self.ensemble or (Member(self.architecture, self.vector, 1.0),)

    def y_hat(self, predict: Callable[[Architecture, Array], Array]) -> Array:
        """The mean of what ``predict`` makes of the members, by their shares."""
        return sum((member.share * predict(member.architecture, member.vector) for member in self.members), np.zeros(()))

    def altered(self, change: Callable[[Architecture, Array], Array]) -> Description:
        """The same with other parameters."""
        ensemble = tuple(replace(member, vector=change(member.architecture, member.vector)) for member in self.ensemble)
        vector = ensemble[0].vector if ensemble else change(self.architecture, self.vector)
        return replace(self, vector=vector, ensemble=ensemble)

    def of_member(self, member: Member) -> Description:
        """The same with one member alone."""
        return replace(self, architecture=member.architecture, vector=member.vector, ensemble=())

    @property
    def prepared(self) -> bool:
        """Whether anything happens to what goes in before the network sees it."""
        return self.features != tuple(Feature(at, source.name) for at, source in enumerate(self.sources))

    @property
    def heads(self) -> tuple[slice, ...]:
        """Where the classes of each column lie among all."""
        ends = list(accumulate(self.columns))
        return tuple(slice(start, stop) for start, stop in zip([0, *ends], ends, strict=False))

    @property
    def n_outputs(self) -> int:
        """How many numbers come out."""
        n = self.architecture.sizes[-1]
        return 2 if self.task == "classes" and n == 1 else n


def text(value: object) -> str:
    """A category as a text: 3.0 is 3, since a missing value turns a column of whole numbers into floats."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)

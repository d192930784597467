"""What a name comes to: a quantity of the network as a whole, of one sample, or an entry of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Name
from pellucid.glassbox.written.derivatives import COST
from pellucid.glassbox.written.names import PER_SAMPLE, NoValue, Quantity, Reading, resolve
from pellucid.glassbox.written.worlds import World

MISHAPS = (ValueError, TypeError, IndexError, KeyError, OverflowError, ZeroDivisionError, AttributeError)
"""what NumPy raises where arrays do not fit"""


class Entries(ABC):
    """The values of names in one world, under one reading."""

    def __init__(self, world: World, reading: Reading, layers: Mapping[str, int] | None = None, hint: int | None = None) -> None:
        self.world, self.reading, self.layers = world, reading, dict(layers or {})
        self.hint = hint
        """the layer of the left side"""
        self.letters: dict[str, int] = {}
        """the places that index letters stand for"""
        self.i: int | None = None
        """the sample, where there is one at a time"""
        self.matrix_star = False
        """whether some * turned out to be a matrix product"""
        self.moved: dict[str, Any] = {}
        """values that are varied, to differentiate"""

    @abstractmethod
    def value(self, tree: Expression) -> Any:
        """A number or an array."""

    def array(self, tree: Expression) -> Array:
        """The value of a whole side; whatever stands in the way is told by NoValue."""
        try:
            with np.errstate(all="ignore"):
                return np.asarray(self.value(tree), dtype=float)
        except MISHAPS as error:
            raise NoValue("shape", f"it cannot be computed ({error})") from None

    def quantity(self, name: Name) -> Quantity:
        """What a name stands for."""
        return resolve(name, self.reading, self.world.depth, self.layers)

    def named(self, name: Name) -> Any:
        """The value of a name."""
        if name.base in self.letters and name == Name(name.base):
            return float(self.letters[name.base] + self.reading.base)
        if name.base == "delta" and len(name.below) == 2:
            return float(self.letters[name.below[0]] == self.letters[name.below[1]])
        if name == Name("pi"):
            return np.pi
        if name == Name("e"):
            return np.e
        found = self.quantity(name)
        value = self.entry(found, name)
        return value ** int(found.power) if found.power else value

    def entry(self, found: Quantity, name: Name) -> Any:
        """The whole of a quantity, or the entry that its indices name."""
        array = self.whole(found)
        i = self.i
        if found.sample:
            i = self.place(found.sample, False)
            if not 0 <= i < self.world.m:
                raise NoValue("index", f"there is no sample {found.sample}", name.at)
        if found.per_sample and i is not None:
            array = self.world.sample(array, i)
        if found.index:
            array = self.at(found, array, name)
        return array.T if found.transposed else array

    def whole(self, found: Quantity) -> Any:
        """All of a quantity."""
        if found.kind == "n":
            return float(self.world.sizes[found.layer or 0])
        key = found.key
        if key in self.moved:
            return self.moved[key]
        if found.d and found.kind in COST:
            return 1.0
        if key not in self.world.values:
            raise NoValue("name", f"{key} has no value here")
        value = self.world.values[key]
        return value / self.world.m if self.reading.mean and found.d and found.kind in PER_SAMPLE and found.kind != "l" else value

    def at(self, found: Quantity, array: Array, name: Name) -> Any:
        """Entries of an array."""
        places = [self.place(part, found.code) for part in found.index]
        matrix = found.kind.endswith("W")
        if matrix and len(places) == 1:
            array = array if self.world.columns else array.T
            if 1 in array.shape:
                array = array.reshape(-1)
            elif 0 <= places[0] < len(array):
                return array[places[0]][:, None]
        elif not matrix and len(places) == 1 and array.ndim == 2:
            array = array[:, 0] if self.world.columns and array.shape[1] == 1 else array[0] if array.shape[0] == 1 else array
        if len(places) != array.ndim:
            raise NoValue("index", f"{found.key} has {array.ndim} indices, not {len(places)}", name.at)
        for place, size, part in zip(places, array.shape, found.index, strict=True):
            if not 0 <= place < size:
                raise NoValue("index", f"the index {part} of {found.key} is beyond its {size} entries", name.at)
        return float(array[tuple(places)])

    def place(self, part: str, code: bool) -> int:
        """The place, from zero, that an index names."""
        if part in self.letters:
            return self.letters[part]
        match = part.partition("+") if "+" in part else part.partition("-")
        if match[0] in self.letters and match[2].isdigit():
            return self.letters[match[0]] + (1 if match[1] == "+" else -1) * int(match[2])
        if not part.isdigit():
            raise NoValue("index", f"the index {part!r} is not bound")
        return int(part) - (0 if code else self.reading.base)

"""What a written side comes to in a world, under a reading."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from pellucid.expressions import nodes
from pellucid.expressions.arithmetic import RELATIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Entry, Extent, Name, Norm, Product, Reduce, Total
from pellucid.glassbox.written.differentials import Differentials
from pellucid.glassbox.written.names import NoValue


class Meaning(Differentials):
    """Evaluates sides in one world, under one reading."""

    def value(self, tree: Expression) -> Any:
        """A number or an array.

        Raises:
            NoValue: it has none.

        """
        match tree:
            case nodes.Number(number):
                return float(number)
            case Name():
                return self.named(tree)
            case nodes.Negative(of):
                return -self.value(of)
            case nodes.Add(terms):
                return reduce(self.added, (self.value(term) for term in terms))
            case Product():
                return self.product(tree)
            case nodes.MatMul(factors):
                return self.matrix_product(factors)
            case nodes.Multiply(factors):
                return reduce(self.each, (self.value(factor) for factor in factors))
            case nodes.Divide(above, below):
                return self.each(self.value(above), 1 / np.asarray(self.value(below)))
            case nodes.Power(base, exponent):
                return np.asarray(self.value(base)) ** self.value(exponent)
            case nodes.Transpose(of):
                return np.asarray(self.value(of)).T
            case Apply():
                return self.applied(tree)
            case Total():
                return self.total(tree)
            case Reduce(of, axis, kept, mean):
                array = np.asarray(self.value(of))
                if axis is not None and not -array.ndim <= axis < array.ndim:
                    raise NoValue("shape", f"there is no axis {axis}")
                return (np.mean if mean else np.sum)(array, axis=axis, keepdims=kept)
            case nodes.Compare(left, relation, right, also):
                holds = RELATIONS[relation](self.value(left), self.value(right))
                return np.asarray(holds if also is None else holds & (self.value(also) != 0), dtype=float)
            case nodes.Cases(branches, otherwise):
                result = self.value(otherwise)
                for value, condition in reversed(branches):
                    result = np.where(self.value(condition) != 0, self.value(value), result)
                return result
            case nodes.Matrix(rows):
                return np.block([[np.asarray(self.value(entry), dtype=float) for entry in row] for row in rows])
            case nodes.Derivative():
                return self.derivative(tree)
            case Entry(of, below):
                array = np.asarray(self.value(of))
                places = [self.place(part, False) for part in below]
                return array.reshape(-1)[places[0]] if len(places) == 1 else array[tuple(places)]
            case Extent(of, axis):
                array = np.asarray(self.value(of))
                if axis >= array.ndim:
                    raise NoValue("shape", f"there is no axis {axis}")
                return float(array.shape[axis])
            case Norm(of):
                return np.sqrt(np.sum(np.square(self.value(of))))
            case nodes.Diagonal(of):
                return np.diag(np.asarray(self.value(of)).reshape(-1))
        raise NoValue("name", f"{type(tree).__name__} has no value here")

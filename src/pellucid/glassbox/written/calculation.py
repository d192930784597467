"""Values of formulas of calculus: numbers for the variables, functions as they were defined, derivatives by differences of high order."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.equations.activations import CATALOGUE, Elementwise, activation
from pellucid.equations.arrays import Array
from pellucid.expressions import nodes
from pellucid.expressions.functions import FUNCTIONS
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.code import SAME
from pellucid.expressions.reading.tree import Apply, Entry, Name, Norm, Product, Total
from pellucid.glassbox.written.names import SPELLED, NoValue
from pellucid.glassbox.written.places import walk

STEPS = (0.02, 0.01, 0.005, 0.0025)
NAMED = {"sigma": "sigmoid", **{name: name for name in CATALOGUE}, **SPELLED}
"""functions that are known without a definition; sigma may be defined otherwise"""


@dataclass(frozen=True)
class Definitions:
    """What the lines before have said."""

    functions: Mapping[str, tuple[tuple[str, ...], Expression]] = field(default_factory=dict)
    """f: the names of its arguments, and what it is"""
    values: Mapping[str, Expression] = field(default_factory=dict)
    """y: what it stands for"""

    def function(self, name: str, parameters: Sequence[str], tree: Expression) -> Definitions:
        """With one more function."""
        return replace(self, functions={**self.functions, name: (tuple(parameters), tree)})

    def value(self, name: str, tree: Expression) -> Definitions:
        """With one more name."""
        return replace(self, values={**self.values, name: tree})


class Calculation:
    """Evaluates a tree at one point."""

    def __init__(self, definitions: Definitions, seed: int, vectors: frozenset[str], n: int) -> None:
        self.definitions, self.seed, self.n = definitions, seed, n
        self.vectors = vectors
        """the variables that have entries"""
        self.moved: dict[str, Any] = {}
        self.letters: dict[str, int] = {}
        self.depth = 0

    def value(self, tree: Expression) -> Any:
        """A number, or a vector.

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
                return reduce(lambda a, b: a + b, (self.value(term) for term in terms))
            case Product(factors) | nodes.MatMul(factors) | nodes.Multiply(factors):
                return reduce(lambda a, b: a * b, (self.value(factor) for factor in factors))
            case nodes.Divide(above, below):
                return self.value(above) / np.asarray(self.value(below))
            case nodes.Power(base, exponent):
                return np.asarray(self.value(base), dtype=float) ** self.value(exponent)
            case nodes.Transpose(of):
                return self.value(of)
            case Apply():
                return self.applied(tree)
            case Total():
                return self.total(tree)
            case nodes.Compare(left, relation, right, also):
                a, b = self.value(left), self.value(right)
                holds = {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b, "==": a == b, "!=": a != b}[relation]
                return float(holds and (also is None or self.value(also) != 0))
            case nodes.Cases(branches, otherwise):
                for value, condition in branches:
                    if self.value(condition):
                        return self.value(value)
                return self.value(otherwise)
            case Entry(of, below):
                return np.asarray(self.value(of)).reshape(-1)[self.place(below[0])]
            case nodes.Derivative():
                return self.derivative(tree)
            case Norm(of):
                return np.sqrt(np.sum(np.square(self.value(of))))
        raise NoValue("name", f"{type(tree).__name__} has no value in a formula of calculus")

    def place(self, part: str) -> int:
        """The place that an index names."""
        if part in self.letters:
            return self.letters[part]
        if part.isdigit() and 1 <= int(part) <= self.n:
            return int(part) - 1
        raise NoValue("index", f"the index {part!r} is not bound")

    def named(self, name: Name) -> Any:
        """A variable, or what a name was defined to be."""
        if name.d and name != Name("d"):
            raise NoValue("name", f"'d{name.base}' has no value on its own", name.at)
        base = key(name)
        value = self.bare(name, base)
        if base in self.vectors or np.ndim(value):
            if len(name.below) == 1:
                value = np.asarray(value)[self.place(name.below[0])]
            elif name.below:
                raise NoValue("index", f"{name.base!r} has one index", name.at)
        return value ** int(name.raised) if name.raised.isdigit() else value

    def bare(self, name: Name, base: str) -> Any:
        """The same without its index."""
        if base in self.letters:
            return float(self.letters[base] + 1)
        if base in self.moved:
            return self.moved[base]
        if base in self.definitions.values:
            self.depth += 1
            if self.depth > 20:
                raise NoValue("name", f"{name.base!r} is defined by itself", name.at)
            found = self.value(self.definitions.values[base])
            self.depth -= 1
            return found
        if base == "e":
            return np.e
        if base == "pi":
            return np.pi
        if base in ("n", "K", "k", "C") and self.vectors and not name.below:
            return float(self.n)
        if " " in base:
            raise NoValue("words", f"{base!r} are words", name.at)
        return draw(base, self.seed, self.n if base in self.vectors else 0)

    # Functions.

    def applied(self, tree: Apply) -> Any:
        """A function of its arguments."""
        name, arguments = tree.function, tree.arguments
        base = SAME.get(name.base, name.base)
        if base in self.definitions.functions:
            return self.defined(base, name.primes, arguments)
        kind = NAMED.get(base)
        if kind == "softmax" or (kind == "sigmoid" and self.is_vector(arguments)):
            return self.softmax(arguments[0])
        if kind is not None and len(arguments) == 1 and (name.primes or base not in FUNCTIONS):
            return self.activated(kind, name.primes, float(np.asarray(self.value(arguments[0]))))
        if base in FUNCTIONS and not name.primes:
            return FUNCTIONS[base].numpy(*(np.asarray(self.value(part), dtype=float) for part in arguments))
        if base in ("f", "g", "h", "phi", "psi", "s", "a") and len(arguments) == 1:
            return unknown(base, name.primes, self.value(arguments[0]))
        raise NoValue("name", f"{name.base!r} is no function here", name.at)

    def is_vector(self, arguments: Sequence[Expression]) -> bool:
        """Whether the argument is a whole vector."""
        return len(arguments) == 1 and isinstance(arguments[0], Name) and key(arguments[0]) in self.vectors and not arguments[0].below

    def softmax(self, argument: Expression) -> Any:
        """The softmax of a vector; of an entry, the entry of the softmax."""
        if isinstance(argument, Name) and argument.below:
            whole = self.softmax(replace(argument, below=()))
            return whole[self.place(argument.below[0])]
        z = np.exp(np.asarray(self.value(argument), dtype=float))
        return z / z.sum()

    def activated(self, kind: str, primes: int, x: float) -> float:
        """An activation of the catalogue."""
        rule = activation(kind)
        z = np.array([[x]])
        a = rule.forward(z)
        if not primes:
            return float(a[0, 0])
        if primes > 1 or not isinstance(rule, Elementwise):
            raise NoValue("name", f"that derivative of {kind} is not known")
        return float(rule.derivative(z, a)[0, 0])

    def defined(self, base: str, primes: int, arguments: Sequence[Expression]) -> Any:
        """A function as it was defined, or its derivative."""
        parameters, body = self.definitions.functions[base]
        if len(arguments) != len(parameters):
            raise NoValue("name", f"{base} has {len(parameters)} arguments")
        self.depth += 1
        if self.depth > 20:
            raise NoValue("name", f"{base!r} is defined by itself")
        given = [self.value(part) for part in arguments]
        before = dict(self.moved)

        def at(first: Any) -> Any:
            self.moved = {**before, **dict(zip(parameters, (first, *given[1:]), strict=True))}
            found = self.value(body)
            self.moved = before
            return found

        if primes > 1:
            raise NoValue("name", "second derivatives are not known here")
        found = at(given[0]) if not primes else difference(at, given[0])
        self.depth -= 1
        return found

    def total(self, tree: Total) -> Any:
        """A sum over the entries."""
        index = tree.index
        if not index:
            free = sorted(
                {part for node in walk(tree.body) for part in getattr(node, "below", ()) if part.isalpha() and part not in self.letters}
            )
            index = free[0] if free else ""
        last = self.n
        if isinstance(tree.last, nodes.Number):
            last = min(int(tree.last.value), 50)
        kept = self.letters.get(index)
        found: Any = 0.0
        omitted = self.place(tree.without) if tree.without else None
        for place in range(last):
            if place == omitted:
                continue
            self.letters[index] = place
            found = found + self.value(tree.body)
        self.letters.pop(index)
        if kept is not None:
            self.letters[index] = kept
        return found

    # Derivatives.

    def derivative(self, tree: nodes.Derivative) -> Any:
        """The derivative of a tree by a variable, through what it was defined by."""
        if not isinstance(tree.by, Name):
            raise NoValue("name", "a derivative by what is no name")
        name = tree.by
        by = key(name)
        if len(name.below) > 1:
            raise NoValue("index", f"{name.base!r} has one index", name.at)
        of = tree.of
        if isinstance(of, Name) and of.base in self.definitions.functions and not of.below:  # df/dx
            _, of = self.definitions.functions[of.base]
        if not self.depends(of, by, set()):
            raise NoValue("dependence", f"nothing here says how it depends on {name.base}", name.at)
        base = self.bare(name, by)
        before = self.moved

        def at(x: Any) -> Any:
            whole = x
            if name.below and np.ndim(base):
                whole = np.array(base, dtype=float)
                whole[self.place(name.below[0])] = x
            self.moved = {**before, by: whole}
            found = self.value(of)
            self.moved = before
            return found

        start = np.asarray(base)[self.place(name.below[0])] if name.below and np.ndim(base) else base
        return difference(at, start)

    def depends(self, tree: Expression, by: str, seen: set[str]) -> bool:
        """Whether a variable stands in a tree, or in what its names stand for."""
        for node in walk(tree):
            if isinstance(node, Name):
                name = key(node)
                if name == by:
                    return True
                if name in self.definitions.values and name not in seen:
                    seen.add(name)
                    if self.depends(self.definitions.values[name], by, seen):
                        return True
        return False


def key(name: Name) -> str:
    """The name of a variable without its index: x, a1, y_hat."""
    layer = name.bracket or name.suffix
    return f"{name.base}{layer}{chr(39) * name.primes}"


def difference(function: Any, x: Any) -> Any:
    """The derivative of a function, by Richardson's extrapolation of central differences."""
    steps = [(np.asarray(function(x + step)) - np.asarray(function(x - step))) / (2 * step) for step in STEPS]
    for order in range(1, len(STEPS)):
        steps = [(4**order * fine - coarse) / (4**order - 1) for coarse, fine in pairwise(steps)]
    return steps[0]


def draw(name: str, seed: int, n: int) -> Any:
    """The value of a variable at a point: between 0 and 1 at half of the points, of either sign at the others; away from kinks."""
    rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
    unit = seed % 2 == 0
    found: Array = (
        rng.uniform(0.15, 0.85, size=max(n, 1)) if unit else rng.uniform(0.2, 2.0, size=max(n, 1)) * rng.choice([-1, 1], size=max(n, 1))
    )
    return found if n else float(found[0])


def unknown(name: str, primes: int, x: Any) -> Any:
    """A function that nobody has defined: some smooth one."""
    c = 0.7 + 0.1 * (zlib.crc32(name.encode()) % 7)
    match primes:
        case 0:
            return np.sin(c * x) + 0.3 * x * x + 0.4 * c * x
        case 1:
            return c * np.cos(c * x) + 0.6 * x + 0.4 * c
    raise NoValue("name", "second derivatives are not known here")

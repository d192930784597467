"""An ONNX graph being built: values that add, multiply and compare as numbers do, and leave a node behind for each operation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from pellucid.equations.arrays import Array


@dataclass(frozen=True)
class Node:
    """One operation."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: tuple[tuple[str, Any], ...] = ()
    domain: Literal["", "ai.onnx.ml"] = ""


@dataclass
class Graph:
    """Nodes in the order in which they are computed, and the arrays that they need.

    >>> graph = Graph(np.dtype("float32"))
    >>> x = Value(graph, "x")
    >>> y = 2 * x + 1
    >>> [node.operator for node in graph.nodes], {name: array.item() for name, array in graph.arrays.items()}
    (['Mul', 'Add'], {'number': 2.0, 'number_2': 1.0})

    """

    dtype: np.dtype[Any]
    """of the numbers"""
    prefix: str = ""
    """of all names"""
    nodes: list[Node] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], str] = field(default_factory=dict)
    _taken: dict[str, int] = field(default_factory=dict)

    def name(self, wanted: str) -> str:
        """A name that is not taken yet."""
        wanted = self.prefix + wanted
        count = self._taken[wanted] = self._taken.get(wanted, 0) + 1
        if count == 1:
            return wanted
        return self.name(f"{wanted.removeprefix(self.prefix)}_{count}")

    def constant(self, array: Any, name: str = "number", dtype: Any = None) -> Value:
        """An array that the graph holds; an equal one of the same name is held once."""
        kept = np.asarray(array) if dtype is object else np.asarray(array, dtype=dtype or self.dtype)
        key = (name, kept.dtype.str, kept.shape, tuple(kept.ravel()) if kept.dtype.kind in "OU" else kept.tobytes())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self.name(name)
            self.arrays[found] = kept
        return Value(self, found)

    def node(
        self, operator: str, *inputs: Any, name: str | None = None, domain: Literal["", "ai.onnx.ml"] = "", **attributes: Any
    ) -> Value:
        """The result of an operation; inputs that are numbers become constants."""
        given = tuple(self.value(one).name for one in inputs)
        output = self.name(name or operator.lower())
        self.nodes.append(Node(operator, given, output, tuple(attributes.items()), domain))
        return Value(self, output)

    def rename(self, value: Value, name: str) -> None:
        """Give what a node computes another name, which was reserved by `name`."""

        def new(old: str) -> str:
            return name if old == value.name else old

        self.nodes = [replace(node, inputs=tuple(map(new, node.inputs)), output=new(node.output)) for node in self.nodes]

    def value(self, one: Any) -> Value:
        """A value as it is, a number as a constant."""
        return one if isinstance(one, Value) else self.constant(one)


@dataclass(frozen=True, eq=False)
class Value:
    """An array that there will be when the graph is run."""

    graph: Graph
    name: str

    def __add__(self, other: Any) -> Value:
        return self.graph.node("Add", self, other)

    def __radd__(self, other: Any) -> Value:
        return self.graph.node("Add", other, self)

    def __sub__(self, other: Any) -> Value:
        return self.graph.node("Sub", self, other)

    def __rsub__(self, other: Any) -> Value:
        return self.graph.node("Sub", other, self)

    def __mul__(self, other: Any) -> Value:
        return self.graph.node("Mul", self, other)

    def __rmul__(self, other: Any) -> Value:
        return self.graph.node("Mul", other, self)

    def __truediv__(self, other: Any) -> Value:
        return self.graph.node("Div", self, other)

    def __rtruediv__(self, other: Any) -> Value:
        return self.graph.node("Div", other, self)

    def __neg__(self) -> Value:
        return self.graph.node("Neg", self)

    def __abs__(self) -> Value:
        return self.graph.node("Abs", self)

    def __lt__(self, other: Any) -> Value:
        return self.graph.node("Less", self, other)

    def __le__(self, other: Any) -> Value:
        return self.graph.node("LessOrEqual", self, other)

    def __gt__(self, other: Any) -> Value:
        return self.graph.node("Greater", self, other)

    def __ge__(self, other: Any) -> Value:
        return self.graph.node("GreaterOrEqual", self, other)

    def __and__(self, other: Value) -> Value:
        return self.graph.node("And", self, other)

    def __or__(self, other: Value) -> Value:
        return self.graph.node("Or", self, other)

    def equal(self, other: Any) -> Value:
        """Whether two are the same."""
        return self.graph.node("Equal", self, other)

    def where(self, condition: Value, otherwise: Any) -> Value:
        """What it is where the condition holds, else the other."""
        return self.graph.node("Where", condition, self, otherwise)

    def cast(self, dtype: Any) -> Value:
        """The same as numbers of another type."""
        return self.graph.node("Cast", self, to=np.dtype(dtype))

    def map(self, operator: str) -> Value:
        """A function of one argument."""
        return self.graph.node(operator, self)

"""The computation graph as data: nodes, the edges of forward propagation, and those of backward propagation with their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence, unknown_name
from pellucid.glassbox.notation import plain

Size = int | str
"""a number, or m where there are no samples yet"""


@dataclass(frozen=True)
class Node:
    """A quantity of the computation."""

    name: str
    """as in the trace: x, z1, a1, W1 ...; J; and y, s, mask1, R (the L2 term) where there are such"""
    kind: str
    """input, value, parameter, data (targets, weights, masks) or cost"""
    symbol: str
    """LaTeX"""
    equation: str
    """LaTeX; empty for what is given from outside"""
    shape: tuple[Size, ...]
    remark: str = ""
    """what a symbol of the equation stands for"""
    value: Array | None = field(default=None, compare=False, repr=False)
    gradient: Array | None = field(default=None, compare=False, repr=False)
    """da_l and dz_l (derivatives of the loss of each sample), dW_l and db_l (of J); None without samples and for data"""


@dataclass(frozen=True)
class ForwardEdge:
    """``source`` is needed to compute ``target``."""

    source: str
    target: str


@dataclass(frozen=True)
class BackwardEdge:
    """The way back along a forward edge: what arrives at ``source`` is multiplied by a local derivative and goes on to ``target``."""

    source: str
    target: str
    derivative: str
    r"""LaTeX, e.g. ``\frac{\partial z^{[2]}}{\partial a^{[1]}}``"""
    formula: str
    r"""what it is, in LaTeX, e.g. ``W^{[2]\top}``"""
    detail: str
    """what the formula stands for where it is an abbreviation, as an equation (LaTeX); else empty"""
    result: str
    """the equation of what arrives at the target, LaTeX"""
    rule: str
    """how the two are multiplied, in words"""
    value: Array | None = field(default=None, compare=False, repr=False)
    """the local derivative in numbers; for softmax a matrix for each sample"""
    pull: Callable[[Array], Array] | None = field(default=None, compare=False, repr=False)
    """from the derivative with respect to the source to that with respect to the target, in numbers"""


@dataclass(frozen=True)
class Path:
    """A way from J back to a parameter: dJ/dparameter as a product."""

    edges: tuple[BackwardEdge, ...]
    fused: BackwardEdge | None = None
    """stands for the first two edges when it is computed, where the two taken one by one would lose digits"""

    @property
    def latex(self) -> str:
        """The product of the derivatives."""
        return r" \cdot ".join(edge.derivative for edge in self.edges)

    @property
    def text(self) -> str:
        """The same as plain text."""
        return " · ".join(plain(edge.derivative) for edge in self.edges)

    def evaluate(self) -> Array:
        """The product in numbers, link by link: its share of the gradient of the parameter.

        Raises:
            InputError: the graph was made without samples.

        """
        links = self.edges if self.fused is None else (self.fused, *self.edges[2:])
        flowing: Array | None = None
        for edge in links:
            if edge.pull is None:
                raise InputError(sentence("the graph", "evaluate", "one without samples", "one with numbers", "hand X and y over"))
            flowing = edge.pull(flowing)  # type: ignore[arg-type]  # the first link starts from nothing
        assert flowing is not None
        return flowing


@dataclass(frozen=True)
class Graph:
    """What `computation_graph` returns: print it, or ask for SVG, Mermaid or text.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> graph = pl.computation_graph(net)
    >>> print(graph.paths("W1")[0].text)
    dJ/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dW1
    """

    title: str
    nodes: tuple[Node, ...]
    """in the order in which they are computed"""
    forward: tuple[ForwardEdge, ...]
    backward: tuple[BackwardEdge, ...]
    """in the order in which backward propagation goes along them"""
    fused: BackwardEdge | None
    """J to z_L at one step, where loss and output activation have an exact common derivative"""
    convention: str

    @cached_property
    def _by_name(self) -> dict[str, Node]:
        return {node.name: node for node in self.nodes}

    def __getitem__(self, name: str) -> Node:
        """The node of that name.

        Raises:
            UnknownNameError: there is none; the nearest is suggested.

        """
        if name not in self._by_name:
            raise unknown_name("node of the graph", name, self._by_name)
        return self._by_name[name]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def remark(self) -> str:
        """What the derivatives of a and z belong to."""
        weighted = "weighted " if "s" in self._by_name else ""
        return f"da and dz belong to the loss of one sample each; the {weighted}mean over the samples is taken at W and b."

    def inputs(self, name: str) -> list[Node]:
        """What the node of that name is computed from."""
        target = self[name].name
        return [self[edge.source] for edge in self.forward if edge.target == target]

    def into(self, name: str) -> list[BackwardEdge]:
        """The backward edges that arrive at the node of that name; their results add up to its gradient."""
        target = self[name].name
        return [edge for edge in self.backward if edge.target == target]

    def paths(self, name: str) -> list[Path]:
        """All ways from J back to the node of that name: dJ/d(name) is the sum of their products.

        There is one to everything that has a derivative, and a second one, by the L2 term, to each W_l.
        """
        found: list[Path] = []

        def walk(at: str, behind: tuple[BackwardEdge, ...]) -> None:
            if at == "J" and behind:
                fused = self.fused if len(behind) > 1 and self.fused and behind[1].target == self.fused.target else None
                found.append(Path(behind, fused))
            for edge in self.into(at):
                walk(edge.source, (edge, *behind))

        walk(self[name].name, ())
        return found

    def to_text(self) -> str:
        """As plain text, top to bottom: what is computed, and beside it what comes back."""
        from pellucid.glassbox.graph.text import as_text

        return as_text(self)

    def to_mermaid(self) -> str:
        """As a flow chart for Mermaid (Markdown on code hosts, mermaid.live)."""
        from pellucid.glassbox.graph.mermaid import as_mermaid

        return as_mermaid(self)

    def to_svg(self, path: str | None = "W1") -> str:
        """As a drawing, light or dark as the reader's screen, with the product of the derivatives on the path to one parameter.

        Args:
            path: whose path is marked and written out below; None for no one's.

        """
        from pellucid.glassbox.graph.svg import as_svg

        return as_svg(self, path)

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"Graph({self.title}: {' '.join(node.name for node in self.nodes)})"

"""From a model, and a pass over samples, to its computation graph."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.glassbox.graph.model import BackwardEdge, ForwardEdge, Graph, Node, Size
from pellucid.glassbox.graph.numbers import NOTHING, Numbers, Slope
from pellucid.glassbox.graph.words import Link, Words
from pellucid.glassbox.model import inside
from pellucid.glassbox.trace import CONVENTIONS, trace
from pellucid.validation import as_masks, as_sample_weight, one_of


def computation_graph(
    model: Any,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    convention: str = "columns",
    *,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Graph:
    """x -> z1 -> a1 -> ... -> J with its branches to W and b, and the way back with the local derivatives.

    dJ/dW1 is the product of the derivatives on the path from J to W1 (five of them where there are two layers), and a sum of such
    products where there are several paths. With samples, every node carries its value and its gradient.

    Args:
        model: a `Network`, a fitted estimator, or a pipeline that ends in one.
        X: the samples, as rows; without them the graph has symbols and shapes only.
        y: the targets, as for `Network.fit`.
        convention: how values are laid out: columns or rows.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Raises:
        InputError: X, y, the weights or the mask do not fit the model, or some are missing.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> graph = pl.computation_graph(net, [[5.1, 3.5, 1.4, 0.2]], [1])
    >>> print(*(node.name for node in graph))
    x W1 b1 z1 a1 W2 b2 z2 a2 y J
    >>> path = graph.paths("W1")[0]
    >>> print(path.text)
    dJ/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dW1
    >>> bool(abs(path.evaluate() - graph["W1"].gradient).max() < 1e-15)
    True

    """
    one_of(convention, CONVENTIONS, "the convention", "computation_graph")
    network = inside(model, "computation_graph").model
    given = [name for name, part in (("X", X), ("y", y), ("sample_weight", sample_weight), ("mask", mask)) if part is not None]
    if given and not {"X", "y"} <= set(given):
        got, repair = f"{' and '.join(given)} alone", "pass both, or nothing for the symbols alone"
        raise InputError(sentence("the data", "computation_graph", got, "X and y", repair))
    architecture, dtype = network.architecture, network.vector.dtype
    masks: list[Array | None] = [None] * (len(architecture.layers) + 1)
    s, numbers = None, None
    if X is not None and y is not None:
        found = trace(model, X, y, convention, sample_weight, mask)
        m = len(found["l"])
        s = as_sample_weight(sample_weight, m, dtype)
        masks = as_masks(mask, m, architecture, dtype) or masks
        numbers = Numbers(architecture, found, s, masks)
    dropped = {layer for layer, kept in enumerate(masks) if kept is not None}
    words = Words(architecture, convention == "columns", s is not None, dropped)
    return _Builder(architecture, words, numbers).graph(convention)


class _Builder:
    """Goes through the layers once forward and once backward, as propagation does."""

    def __init__(self, architecture: Architecture, words: Words, numbers: Numbers | None) -> None:
        self.architecture, self.words, self.numbers = architecture, words, numbers
        self.trace = None if numbers is None else numbers.trace
        self.m: Size = "m" if self.trace is None else len(self.trace["l"])
        self.nodes: list[Node] = []
        self.forward: list[ForwardEdge] = []
        self.backward: list[BackwardEdge] = []

    def graph(self, convention: str) -> Graph:
        """All of it."""
        last = self.words.last
        self._node("x", "input", "x", self._shape(self.architecture.sizes[0], self.m))
        for layer in range(1, last + 1):
            self._layer(layer)
        self._cost()
        self._way_back()
        link = self.words.fused()
        slope = NOTHING if self.numbers is None else self.numbers.given(f"dz{last}")
        fused = None if link is None else BackwardEdge("J", f"z{last}", *link, *slope)
        title = f"{self.architecture}, {self.architecture.loss.spec}"
        return Graph(title, tuple(self.nodes), tuple(self.forward), tuple(self.backward), fused, convention)

    # Forward

    def _shape(self, rows: Size, columns: Size) -> tuple[Size, ...]:
        return (rows, columns) if self.words.columns else (columns, rows)

    def _node(self, name: str, kind: str, symbol: str, shape: tuple[Size, ...], needs: str = "", **more: Any) -> None:
        if self.trace is not None and "value" not in more:
            more["value"] = self.trace[name]
            more["gradient"] = self.trace.get(f"d{name}")
        self.nodes.append(Node(name, kind, symbol, shape=shape, **{"equation": "", **more}))
        self.forward += [ForwardEdge(source, name) for source in needs.split()]

    def _layer(self, layer: int) -> None:
        """W_l, b_l, z_l, a_l."""
        n_in, n_out = self.architecture.sizes[layer - 1 : layer + 1]
        words, shape = self.words, self._shape(n_out, self.m)
        before = f"a{layer - 1}" if layer > 1 else "x"
        self._node(f"W{layer}", "parameter", words.at("W", layer), self._shape(n_out, n_in))
        self._node(f"b{layer}", "parameter", words.at("b", layer), (n_out, 1) if words.columns else (n_out,))
        self._node(f"z{layer}", "value", words.at("z", layer), shape, f"{before} W{layer} b{layer}", equation=words.score(layer))
        needs = f"z{layer}"
        if layer in words.dropped:
            kept = None if self.numbers is None else self.numbers.masks[layer]
            value = None if kept is None else kept.T if words.columns else kept
            self._node(f"mask{layer}", "data", words.mask(layer), shape, value=value)
            needs += f" mask{layer}"
        equation, remark = words.output(layer), words.what_the_rule_is(layer)
        self._node(f"a{layer}", "value", words.at("a", layer), shape, needs, equation=equation, remark=remark)

    def _cost(self) -> None:
        """y, and s and R where there are such, and J."""
        words, needs = self.words, f"a{self.words.last} y"
        self._node("y", "data", "y", self._shape(self.architecture.sizes[-1], self.m))
        if words.weighted and self.numbers is not None:
            self._node("s", "data", "s", (self.m,), value=self.numbers.s)
            needs += " s"
        if self.architecture.l2:
            value = None if self.numbers is None else self.numbers.penalty()
            weights = " ".join(f"W{layer.index}" for layer in self.architecture.layers)
            remark = rf"\lambda = {self.architecture.l2:g}"
            self._node("R", "cost", "R", (), weights, equation=words.penalty(), remark=remark, value=value)
            needs += " R"
        self._node("J", "cost", "J", (), needs, equation=words.cost(), remark=words.loss())

    # Backward

    def _edge(self, source: str, target: str, link: Link, slope: Slope | None) -> None:
        self.backward.append(BackwardEdge(source, target, *link, *(slope or NOTHING)))

    def _way_back(self) -> None:
        words, numbers = self.words, self.numbers
        self._edge("J", f"a{words.last}", words.out_of_the_cost(), numbers.given(f"da{words.last}") if numbers else None)
        for layer in range(words.last, 0, -1):
            z = f"z{layer}"
            self._edge(f"a{layer}", z, words.through_the_activation(layer), numbers.through_the_activation(layer) if numbers else None)
            self._edge(z, f"W{layer}", words.to_the_weights(layer), numbers.to_the_weights(layer) if numbers else None)
            self._edge(z, f"b{layer}", words.to_the_biases(layer), numbers.to_the_biases(layer) if numbers else None)
            if layer > 1:
                self._edge(z, f"a{layer - 1}", words.to_the_layer_before(layer), numbers.to_the_layer_before(layer) if numbers else None)
        if self.architecture.l2:
            self._edge("J", "R", words.to_the_penalty(), numbers.to_the_penalty() if numbers else None)
            for layer in range(words.last, 0, -1):
                self._edge("R", f"W{layer}", words.out_of_the_penalty(layer), numbers.out_of_the_penalty(layer) if numbers else None)

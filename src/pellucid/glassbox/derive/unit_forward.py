"""Forward propagation unit by unit: z_j, a_j, and the loss over the outputs."""

from __future__ import annotations

from typing import Any

from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Expression, Symbol
from pellucid.glassbox.derivation import COST, FORWARD, Step
from pellucid.glassbox.derive import forward, unit_softmax
from pellucid.glassbox.derive.elements import Elements, Side


def z(elements: Elements, layer: int, j: int) -> Step:
    """z_j = sum_k w_jk a_k + b_j."""
    n_in = elements.sizes[layer - 1]
    bias = Symbol("b", layer, (j,))
    total = elements.total(lambda k: nodes.Multiply((elements.w(layer, j, k), elements.a(layer - 1, k))), n_in)
    rule = f"unit {elements.label(j)} of layer {layer}: weighted sum of its {'input' if n_in == 1 else f'{n_in} inputs'}, plus its bias"
    left = elements.unit("z", layer, j)
    return elements.write(
        f"z{layer}[{j}]", left, [total.map(lambda tree: tree + bias)], rule, FORWARD, value=elements.value(f"z{layer}", j)
    )


def a(elements: Elements, layer: int, j: int) -> tuple[Step, ...]:
    """a_j = f(z_j), and times the mask where there is one."""
    names, record = elements.names, elements.names.rule(layer)
    z_j = elements.unit("z", layer, j)
    if isinstance(record, Softmax):
        sides = [unit_softmax.softmax(elements, layer, j)]
        rule = f"activation softmax: the share of unit {elements.label(j)} in the sum over {unit_softmax.over(elements, layer, j)}"
    else:
        written = elements.per_unit(elements.activated(layer), j)
        sides = [Side.of(side) for side in dict.fromkeys((Call("f", (z_j,), 0, layer), written))]
        rule = f"activation {record.spec}"
    masked = layer in names.masked
    f = elements.unit("h" if masked else "a", layer, j)
    left: Expression = nodes.Equation((elements.unit("y_hat", None, j), f)) if layer == names.last else f
    first = elements.write(f"{f.name}{layer}[{j}]", left, sides, rule, FORWARD, value=elements.value(f"{f.name}{layer}", j))
    if not masked:
        return (first,)
    side = f * elements.unit("D", layer, j)
    rule = "dropout: 0 where the unit is dropped"
    value = elements.value(f"a{layer}", j)
    return first, elements.write(f"a{layer}[{j}]", elements.a(layer, j), [Side.of(side)], rule, FORWARD, value=value)


def loss(elements: Elements) -> Step:
    """l, the sum or the mean over the outputs."""
    names, n = elements.names, elements.names.n_outputs

    def shared(side: Side) -> Side:
        return side.map(lambda tree: nodes.Divide(nodes.Number(1), nodes.Number(n)) * tree) if elements.shares else side

    def contribution(k: Any) -> Expression:
        return elements.per_unit(elements.contribution, k)

    sides = [shared(elements.total(contribution, n))]
    way = elements.way
    if way is not None and isinstance(names.rule(names.last), Softmax):
        sides.append(unit_softmax.contribution(elements, elements.architecture.loss.name))
    elif way is not None:
        sides.append(shared(elements.total(lambda k: elements.per_unit(way.contribution, k), n)))
    left = Symbol("l") if names.m == 1 else elements.of_sample(Symbol("l"))
    value = elements.values.get("l")
    value = value if value is None else value.reshape(-1) if names.m != 1 else value.reshape(())
    return elements.write("l", left, sides, forward.loss_rule(elements), COST, value=value)

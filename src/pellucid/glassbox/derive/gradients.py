"""Where backward propagation meets the parameters, in whole arrays: dW_l and db_l, the derivatives of the cost J."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Derivative, Expression, Symbol
from pellucid.glassbox.derivation import BACKWARD, Step
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import J


def dW(builder: Builder, layer: int) -> Step:
    """The gradient of the cost by the weights of a layer."""
    names, (n_in, n_out) = builder.names, builder.sizes[layer - 1 : layer + 1]
    m, W = names.m or "m", names.W(layer)
    side = builder.with_penalty(names.averaged(_product(builder, layer, Symbol("dz", layer))), W)
    written = Derivative(J, W, key=f"dW{layer}")
    sides = [written, side]
    error = Symbol("a", layer) - Symbol("y")
    if layer == names.last and builder.way is not None and builder.way.lines[-1].sides[-1] == error and not builder.shares:
        sides.insert(1, builder.with_penalty(names.averaged(_product(builder, layer, error)), W))
    middle = f"({m} x {m})" if names.weighted else ""
    shapes = f"({n_out} x {m}){middle}({m} x {n_in})" if names.columns else f"({n_in} x {m}){middle}({m} x {n_out})"
    below = f"a^[{layer - 1}]" if layer > 1 else "x"
    rule = f"chain rule through {builder.affine_text(layer)}: dz is there already, and the derivative by W^[{layer}] is {below}, transposed"
    rule += " to fit" if names.m == 1 else f"; the inner index of the product runs over the samples, {builder.mean_text}"
    rule += builder.penalty_text if builder.architecture.l2 else ""
    steps = () if names.mean is None else (sum_over_samples(builder, layer, side),)
    shape = names.shape(n_out, n_in)
    return builder.step(f"dW{layer}", Symbol("dW", layer), tuple(sides), rule, BACKWARD, shape=shape, shapes=shapes, steps=steps)


def _product(builder: Builder, layer: int, error: Expression) -> nodes.MatMul:
    """The product that sums over the samples, with their weights between."""
    below = builder.names.a(layer - 1)
    weights = (nodes.Diagonal(Symbol("s")),) if builder.names.weighted else ()
    return nodes.MatMul((error, *weights, below.T) if builder.names.columns else (below.T, *weights, error))


def sum_over_samples(builder: Builder, layer: int, side: Expression) -> Step:
    """The mean over the samples as a sum, and as one product of matrices."""
    names, (n_in, n_out) = builder.names, builder.sizes[layer - 1 : layer + 1]
    dz, a = names.of_sample(Symbol("dz", layer)), names.of_sample(names.a(layer - 1))
    outer: Expression = dz @ a.T if names.columns else a.T @ dz
    if names.weighted:
        outer = nodes.Multiply((names.of_sample(Symbol("s")), outer))
    total = nodes.Sum(outer, "i", 1, "m", names.m)
    rule = "the sum of one product for each sample is one product of matrices, whose inner index runs over the samples"
    sides = (builder.with_penalty(names.averaged(total), names.W(layer)), side)
    value, shape = builder.values.get(f"dW{layer}"), names.shape(n_out, n_in)
    return builder.step(f"dW{layer}: sum over samples", Symbol("dW", layer), sides, rule, BACKWARD, shape=shape, value=value)


def db(builder: Builder, layer: int) -> Step:
    """The gradient of the cost by the biases of a layer."""
    names, n, dz = builder.names, builder.sizes[layer], Symbol("dz", layer)
    side: Expression = dz
    if names.mean is not None:
        body: Expression = nodes.Multiply((Symbol("s"), dz)) if names.weighted else dz
        side = names.averaged(nodes.SumOverSamples(body, names.sample_axis, names.of_sample(body)))
    rule = f"chain rule through {builder.affine_text(layer)}: the derivative by b^[{layer}] is 1"
    rule += "" if names.m == 1 else f"; summed over the samples, {builder.mean_text}"
    rule += "; biases have no L2" if builder.architecture.l2 else ""
    written = Derivative(J, Symbol("b", layer), key=f"db{layer}")
    shape = (n, 1) if names.columns else (n,)
    return builder.step(f"db{layer}", Symbol("db", layer), (written, side), rule, BACKWARD, shape=shape)

"""Forward propagation in whole arrays: z_l, a_l, the loss and the cost."""

from __future__ import annotations

from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Expression, Symbol, hadamard
from pellucid.glassbox.derivation import COST, FORWARD, Step
from pellucid.glassbox.derive import softmax
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import LAMBDA, J, S, y_hat


def z(builder: Builder, layer: int) -> Step:
    """z_l = W_l a_{l-1} + b_l."""
    names, (n_in, n_out) = builder.names, builder.sizes[layer - 1 : layer + 1]
    side = names.product(names.W(layer), names.a(layer - 1)) + Symbol("b", layer)
    m = names.m or "m"
    product = f"({n_out} x {n_in})({n_in} x {m})" if names.columns else f"({m} x {n_in})({n_in} x {n_out})"
    bias = f"({n_out} x 1)" if names.columns else f"(1 x {n_out})"
    rule = "weighted sum of the inputs plus bias, for every unit" if n_out > 1 else "weighted sum of the inputs plus bias"
    rule += "" if names.m == 1 else f"; the bias is added to each {'column' if names.columns else 'row'}"
    shape = names.shape(n_out, None)
    return builder.step(f"z{layer}", Symbol("z", layer), (side,), rule, FORWARD, shape=shape, shapes=f"{product} + {bias}")


def a(builder: Builder, layer: int) -> tuple[Step, ...]:
    """a_l = f_l(z_l), and times the mask where there is one."""
    names, record = builder.names, builder.names.rule(layer)
    shape = names.shape(builder.sizes[layer], None)
    sides = tuple(dict.fromkeys((Call("f", (Symbol("z", layer),), 0, layer), builder.activated(layer))))
    softly = f"over the units of each {'group of a ' if softmax.groups_of(record) else ''}sample, so that they sum to one"
    softly += softmax.said_of_groups(record)
    rule = f"activation {record.spec}, {softly if isinstance(record, Softmax) else 'entry by entry'}"
    f = names.f(layer)
    if layer not in names.masked:
        left: Expression = nodes.Equation((y_hat, f)) if layer == names.last else f
        return (builder.step(f"a{layer}", left, sides, rule, FORWARD, shape=shape),)
    before = builder.step(f.key, f, sides, rule, FORWARD, shape=shape)
    side = hadamard(f, Symbol("D", layer))
    rule = "dropout: dropped units put out 0, the others are enlarged so that the mean stays"
    return before, builder.step(f"a{layer}", Symbol("a", layer), (side,), rule, FORWARD, shape=shape)


def over_outputs(builder: Builder, contribution: Expression, written: Expression | None = None) -> Expression:
    """The sum or the mean over the outputs."""
    n = builder.names.n_outputs
    if n == 1:
        return contribution
    total = softmax.over_units(builder.names, contribution, "k", written)
    return nodes.Multiply((nodes.Divide(nodes.Number(1), nodes.Number(n)), total)) if builder.shares else total


def loss_rule(builder: Builder) -> str:
    """Which loss, and what it does with several outputs."""
    record, n = builder.architecture.loss, builder.names.n_outputs
    rule = f"{record.spec}" + ("" if builder.names.m == 1 else " of each sample")
    rule += f", the {'mean' if record.averages else 'sum'} over its {n} outputs" if n > 1 else ""
    return rule if builder.way is None else f"{rule}; {builder.way.why}: in z, no logarithm of 0 is met"


def loss(builder: Builder) -> Step:
    """l of each sample."""
    sides = [over_outputs(builder, builder.contribution)]
    if builder.way is not None:
        sides.append(over_outputs(builder, builder.way.contribution, builder.way.written))
    return builder.step("l", Symbol("l"), tuple(sides), loss_rule(builder), COST, shape=builder.names.shape(1, None))


def cost(builder: Builder) -> tuple[Step, ...]:
    """J, and before it the sum of the sample weights."""
    names, l2 = builder.names, builder.architecture.l2
    s, ell = Symbol("s"), Symbol("l")
    steps: list[Step] = []
    data: Expression = ell
    if names.weighted:
        total = nodes.SumOverSamples(s, None, names.of_sample(s))
        steps.append(builder.step("S", S, (total,), "the sum of the sample weights, which takes the place of m", COST, shape=()))
    if names.mean is None:
        rule = "of one sample the cost is its loss"
    else:
        body: Expression = nodes.Multiply((s, ell)) if names.weighted else ell
        data = names.averaged(nodes.SumOverSamples(body, None, names.of_sample(body)))
        rule = "the weighted mean of the losses" if names.weighted else "the mean of the losses over the samples"
    if l2:
        norms = [nodes.SquaredNorm(names.W(layer)) for layer in range(1, names.last + 1)]
        whole = norms[0] if len(norms) == 1 else nodes.Add(tuple(norms))
        below = nodes.Number(2) if names.mean is None else 2 * names.mean
        data = data + nodes.Multiply((nodes.Divide(LAMBDA, below), whole))
        rule += f", plus the L2 penalty, lambda = {l2:g}; it is for weights, not for biases"
    return (*steps, builder.step("J", J, (data,), rule, COST, shape=()))

"""Backward propagation in whole arrays: da_l and dz_l, the derivatives of the loss of each sample."""

from __future__ import annotations

from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Derivative, Expression, Symbol, hadamard
from pellucid.glassbox.derivation import BACKWARD, Step
from pellucid.glassbox.derive import softmax
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import y_hat

ERROR = "dz is the error attributed to each unit"


def da(builder: Builder, layer: int) -> Step:
    """The derivative of the loss by what the layer puts out."""
    names, left = builder.names, Symbol("da", layer)
    n, m = builder.sizes[layer], names.m or "m"
    written = Derivative(Symbol("l"), y_hat if layer == names.last else names.a(layer), key=f"da{layer}")
    shape = names.shape(n, None)
    if layer == names.last:
        slope = builder.loss_slope
        if builder.shares:
            slope = nodes.Multiply((nodes.Divide(nodes.Number(1), nodes.Number(n)), slope))
        rule = f"derivative of the loss {builder.architecture.loss.spec} by the output"
        return builder.step(f"da{layer}", left, (written, slope), rule, BACKWARD, shape=shape)
    n_above = builder.sizes[layer + 1]
    side = names.product(names.W(layer + 1).T, Symbol("dz", layer + 1))
    shapes = f"({n} x {n_above})({n_above} x {m})" if names.columns else f"({m} x {n_above})({n_above} x {n})"
    rule = (
        f"chain rule through {builder.affine_text(layer + 1)}: each unit of layer {layer} reaches the loss through every unit of layer "
        f"{layer + 1}, and the product with the transpose sums over these"
    )
    return builder.step(f"da{layer}", left, (written, side), rule, BACKWARD, shape=shape, shapes=shapes)


def dz(builder: Builder, layer: int) -> Step:
    """The error of each unit."""
    names, record = builder.names, builder.names.rule(layer)
    if layer == names.last and builder.way is not None:
        return fused(builder)
    shape, left = names.shape(builder.sizes[layer], None), Symbol("dz", layer)
    written = Derivative(Symbol("l"), Symbol("z", layer), key=f"dz{layer}")
    arriving = (Symbol("da", layer), Symbol("D", layer)) if layer in names.masked else (Symbol("da", layer),)
    through = f"chain rule through {builder.activation_text(layer)}"
    if isinstance(record, Softmax):
        whole = hadamard(*arriving) if len(arriving) > 1 else arriving[0]
        sides: tuple[Expression, ...] = (written, softmax.jacobian_applied(names, layer, names.f(layer), whole))
        groups = " of its group" if softmax.groups_of(record) else ""
        rule = f"{through}: every output depends on every z{groups}, so the Jacobian (it is symmetric) is applied to da; {ERROR}"
        inner = jacobian(builder, layer)
    else:
        slope = derivative(builder, layer)
        sides = (written, hadamard(*arriving, slope.left), hadamard(*arriving, slope.sides[-1]))
        rule = f"{through}, entry by entry, so the product is element-wise; {ERROR}"
        inner = slope
    return builder.step(f"dz{layer}", left, sides, rule, BACKWARD, shape=shape, steps=(inner,))


def derivative(builder: Builder, layer: int) -> Step:
    """f_l'(z_l)."""
    record, z = builder.names.rule(layer), Symbol("z", layer)
    left, shape = Call("f", (z,), 1, layer), builder.names.shape(builder.sizes[layer], None)
    rule = f"derivative of {record.spec}" + ("; at a kink the right one" if record.kinks else "")
    return builder.step(f"f{layer}'(z{layer})", left, (builder.slope(layer),), rule, BACKWARD, shape=shape)


def jacobian(builder: Builder, layer: int) -> Step:
    """The Jacobian of softmax, of the first sample."""
    names, n = builder.names, builder.sizes[layer]
    f: Expression = names.f(layer)
    z: Expression = Symbol("z", layer)
    rule = "Jacobian of softmax: a_i (1 - a_i) where i = k, and -a_i a_k where not"
    if names.m != 1:
        f, z = names.of_sample(f, 1), names.of_sample(z, 1)
        rule += "; here of the first sample"
    key = f"jacobian{layer}"
    products: Expression = f @ f.T if names.columns else f.T @ f
    if softmax.groups_of(names.rule(layer)):
        products = hadamard(Symbol("G", layer), products)
        rule += "; G has ones where both are of one group, else zeros"
    side = nodes.Diagonal(f) - products
    return builder.step(key, Derivative(f, z, key=key), (side,), rule, BACKWARD, shape=(n, n))


def fused(builder: Builder) -> Step:
    """dz_L where output activation and loss cancel: the lines of the cancellation, then the result."""
    names, way, layer = builder.names, builder.way, builder.names.last
    assert way is not None
    record, z, left = names.rule(layer), Symbol("z", layer), Symbol("dz", layer)
    shape = names.shape(builder.sizes[layer], None)
    soft = isinstance(record, Softmax)
    steps = [jacobian(builder, layer) if soft else derivative(builder, layer)]
    for line in way.lines:
        symbol = Symbol("q", layer) if line.name == "q" else left
        lines = line.sides if line.name == "q" else tuple(shared(builder, side) for side in line.sides)
        name = symbol.key if line.name == "q" else f"{symbol.key}: {line.name}"
        steps.append(builder.step(name, symbol, lines, line.rule, BACKWARD, shape=shape, value=builder.values.get(symbol.key)))
    arriving = Symbol("da", layer)
    called = Call("f", (z,), 1, layer)
    whole: Expression = softmax.jacobian_applied(names, layer, Symbol("a", layer), arriving) if soft else hadamard(arriving, called)
    sides = (Derivative(Symbol("l"), z, key=f"dz{layer}"), whole, shared(builder, way.lines[-1].sides[-1]))
    rule = (
        f"chain rule through {builder.activation_text(layer)}; with {builder.architecture.loss.spec} the product cancels, as shown line by "
        f"line. This form is what is computed: it is exact where a factor overflows or vanishes; {ERROR}"
    )
    return builder.step(f"dz{layer}", left, sides, rule, BACKWARD, shape=shape, steps=tuple(steps))


def shared(builder: Builder, side: Expression) -> Expression:
    """One n_L-th, where the loss averages over the outputs."""
    return nodes.Divide(side, nodes.Number(builder.names.n_outputs)) if builder.shares else side

"""Backward propagation unit by unit: da_j, dz_j, and the gradients of single weights and biases."""

from __future__ import annotations

from pellucid.equations.activations import Softmax
from pellucid.equations.records import ARGUMENTS, is_formula
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Call, Derivative, Expression, Symbol
from pellucid.glassbox.derivation import BACKWARD, Step
from pellucid.glassbox.derive import pairs, unit_softmax
from pellucid.glassbox.derive.elements import Elements, Side
from pellucid.glassbox.derive.names import J


def loss_symbol(elements: Elements) -> Symbol:
    """l, of sample i where there are several."""
    return Symbol("l") if elements.names.m == 1 else elements.of_sample(Symbol("l"))


def da(elements: Elements, layer: int, j: int) -> Step:
    """The derivative of the loss by what a unit puts out."""
    names, last = elements.names, elements.names.last
    value, left = elements.value(f"da{layer}", j), elements.unit("da", layer, j)
    by = elements.unit("y_hat", None, j) if layer == last else elements.a(layer, j)
    written = Side.of(Derivative(loss_symbol(elements), by))
    if layer == last:
        slope = elements.per_unit(elements.loss_slope, j)
        if elements.shares:
            slope = nodes.Divide(nodes.Number(1), nodes.Number(names.n_outputs)) * slope
        rule = f"derivative of the loss {elements.architecture.loss.spec} by output {elements.label(j)}"
        return elements.write(f"da{layer}[{j}]", left, [written, Side.of(slope)], rule, BACKWARD, value=value)
    n_above = elements.sizes[layer + 1]
    total = elements.total(lambda i: elements.w(layer + 1, i, j) * elements.unit("dz", layer + 1, i), n_above, "j")
    rule = f"chain rule: unit {elements.label(j)} reaches the loss by one path, which brings its weight times the error at its end"
    if n_above > 1:
        rule = (
            f"chain rule: unit {elements.label(j)} reaches the loss through each of the {n_above} units of layer {layer + 1}, and each "
            "path brings its weight times the error at its end"
        )
    return elements.write(f"da{layer}[{j}]", left, [written, total], rule, BACKWARD, value=value)


def slope(elements: Elements, layer: int, j: int) -> Step:
    """f'(z_j)."""
    record = elements.names.rule(layer)
    left = Call("f", (elements.unit("z", layer, j),), 1, layer)
    rule = f"derivative of {record.spec}" + ("; at a kink the right one" if record.kinks else "")
    key = f"f{layer}'(z{layer})"
    side = Side.of(elements.per_unit(elements.slope(layer), j))
    return elements.write(f"{key}[{j}]", left, [side], rule, BACKWARD, value=elements.value(key, j))


def dz(elements: Elements, layer: int, j: int) -> Step:
    """The error of a unit."""
    names, record = elements.names, elements.names.rule(layer)
    if layer == names.last and elements.way is not None:
        return fused(elements, j)
    left, value = elements.unit("dz", layer, j), elements.value(f"dz{layer}", j)
    written = Side.of(Derivative(loss_symbol(elements), elements.unit("z", layer, j)))
    error = f"; it is the error attributed to unit {elements.label(j)}"
    if isinstance(record, Softmax):
        sides = [written, *unit_softmax.jacobian_applied(elements, layer, j)]
        rule = f"chain rule through softmax: every output of {unit_softmax.over(elements, layer, j)} depends on z_j{error}"
        return elements.write(f"dz{layer}[{j}]", left, sides, rule, BACKWARD, value=value, steps=unit_softmax.jacobian(elements, layer, j))
    inner = slope(elements, layer, j)
    arriving: tuple[Expression, ...] = (elements.unit("da", layer, j),)
    if layer in names.masked:
        arriving = (*arriving, elements.unit("D", layer, j))
    sides = [written, *(Side.of(nodes.Multiply((*arriving, factor))) for factor in (inner.left, inner.sides[-1]))]
    function = "f" if is_formula(record.spec, ARGUMENTS) else record.spec
    rule = f"chain rule through a = {function}(z)" + (" and the mask" if layer in names.masked else "") + error
    return elements.write(f"dz{layer}[{j}]", left, sides, rule, BACKWARD, value=value, steps=(inner,))


def fused(elements: Elements, k: int) -> Step:
    """dz_k of the output, where activation and loss cancel."""
    names, layer, pair = elements.names, elements.names.last, elements.architecture.objective.fused
    assert pair is not None
    record, loss = names.rule(layer), elements.architecture.loss
    soft = isinstance(record, Softmax)
    if soft:
        lines = (unit_softmax.cross_entropy if loss.name == "cross_entropy" else unit_softmax.log_loss)(elements, k)
        steps = list(unit_softmax.jacobian(elements, layer, k))
        chain = unit_softmax.jacobian_applied(elements, layer, k)[0]
    else:
        unit = [elements.unit("z", layer, k), elements.unit("a", layer, k), elements.unit("y", None, k)]
        lines = list(pairs.ENTRY_BY_ENTRY[elements.key](pair, *unit).lines)
        steps = [slope(elements, layer, k)]
        chain = Side.of(elements.unit("da", layer, k) * steps[0].left)

    def shared(side: Expression) -> Expression:
        return nodes.Divide(side, nodes.Number(names.n_outputs)) if elements.shares else side

    for line in lines:
        name = "q" if line.name == "q" else "dz"
        symbol = f"{name}{layer}[{k}]" + ("" if name == "q" else f": {line.name}")
        sides = [Side.of(side if name == "q" else shared(side)) for side in line.sides]
        value = elements.value(f"{name}{layer}", k)
        steps.append(elements.write(symbol, elements.unit(name, layer, k), sides, line.rule, BACKWARD, value=value))
    left, value = elements.unit("dz", layer, k), elements.value(f"dz{layer}", k)
    written = Side.of(Derivative(loss_symbol(elements), elements.unit("z", layer, k)))
    rule = (
        f"chain rule through {record.spec}; with {loss.spec} the product cancels, as shown line by line; it is the error of output "
        f"{elements.label(k)}"
    )
    sides = [written, chain, Side.of(shared(lines[-1].sides[-1]))]
    return elements.write(f"dz{layer}[{k}]", left, sides, rule, BACKWARD, value=value, steps=tuple(steps))


def factors(elements: Elements, layer: int, j: int, parameter: Symbol) -> nodes.Multiply:
    """The chain from the loss over what a unit puts out and its z to one of its parameters; for softmax, from the loss to z at once."""
    loss, z = loss_symbol(elements), elements.unit("z", layer, j)
    output = elements.unit("y_hat", None, j) if layer == elements.names.last else elements.a(layer, j)
    soft = isinstance(elements.names.rule(layer), Softmax)
    links = (Derivative(loss, z),) if soft else (Derivative(loss, output), Derivative(output, z))
    return nodes.Multiply((*links, Derivative(z, parameter)))


def dw(elements: Elements, layer: int, j: int, k: int) -> Step:
    """The gradient of the cost by one weight."""
    w, below = elements.w(layer, j, k), elements.a(layer - 1, k)
    gradient = Symbol("dW", layer, w.index)
    product = elements.unit("dz", layer, j) * below
    side = elements.with_penalty(elements.over_samples(product), w)
    sides = [Side.of(Derivative(J, w)), Side.of(side)]
    chain = elements.with_penalty(elements.over_samples(factors(elements, layer, j, w)), w)
    sides.insert(1, Side.of(chain))
    rule = f"chain rule: the error of unit {elements.label(j)} of layer {layer}, there already, times the input that the weight multiplies"
    rule += "" if elements.names.m == 1 else f"; summed over the samples, {elements.mean_text}"
    rule += elements.penalty_text.replace("lambda W", "lambda w") if elements.architecture.l2 else ""
    index = ",".join(map(str, w.index))
    value = elements.parameter(f"dW{layer}", *elements.order(j, k))
    return elements.write(f"dW{layer}[{index}]", gradient, sides, rule, BACKWARD, value=value, shape=())


def db(elements: Elements, layer: int, j: int) -> Step:
    """The gradient of the cost by one bias."""
    b = Symbol("b", layer, (j,))
    side = elements.over_samples(elements.unit("dz", layer, j))
    rule = f"chain rule: the error of unit {elements.label(j)}, times 1, which is the derivative of z by the bias"
    rule += "" if elements.names.m == 1 else f"; summed over the samples, {elements.mean_text}"
    rule += "; biases have no L2" if elements.architecture.l2 else ""
    chain = elements.over_samples(factors(elements, layer, j, b))
    sides = [Side.of(Derivative(J, b)), Side.of(chain), Side.of(side)]
    value = elements.parameter(f"db{layer}", j)
    return elements.write(f"db{layer}[{j}]", Symbol("db", layer, (j,)), sides, rule, BACKWARD, value=value, shape=())

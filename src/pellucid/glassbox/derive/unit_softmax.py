"""Softmax unit by unit: the two cases of its Jacobian, and how it cancels with the losses."""

from __future__ import annotations

from pellucid.equations.activations import Softmax
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Derivative, Expression, Symbol
from pellucid.glassbox.derivation import BACKWARD, Step
from pellucid.glassbox.derive.elements import Elements, Side
from pellucid.glassbox.derive.pairs import Line, exp, log, ratio


def group_of(elements: Elements, layer: int, k: int) -> tuple[int, int]:
    """The first and the last unit over which the softmax of unit k runs: all of the layer, or those of its group."""
    record = elements.names.rule(layer)
    assert isinstance(record, Softmax)
    found = next(part for part in record.parts(elements.sizes[layer]) if k <= part.stop)
    return found.start + 1, found.stop


def in_groups(elements: Elements, layer: int) -> bool:
    """Whether the units of a layer are in groups."""
    record = elements.names.rule(layer)
    return isinstance(record, Softmax) and bool(record.groups)


def over(elements: Elements, layer: int, k: int) -> str:
    """What the sum of the softmax of unit k runs over, in words."""
    first, last = group_of(elements, layer, k)
    return f"units {elements.label(first)} to {elements.label(last)}, its group" if in_groups(elements, layer) else "the layer"


def softmax(elements: Elements, layer: int, k: int) -> Side:
    """e^{z_k} / sum_j e^{z_j}."""
    first, last = group_of(elements, layer, k)
    total = elements.total(lambda j: exp(elements.unit("z", layer, j)), last - first + 1, "j", first)
    return total.map(lambda tree: exp(elements.unit("z", layer, k)) / tree)


def contribution(elements: Elements, loss: str) -> Side:
    """The loss of a sample in z, for cross_entropy and log_loss."""
    layer, record = elements.names.last, elements.names.rule(elements.names.last)
    assert isinstance(record, Softmax)
    z_k, y_k = elements.unit("z", layer, "k"), elements.unit("y", None, "k")
    e_j = exp(elements.unit("z", layer, "j"))
    sums: list[Expression] = []
    for part in record.parts(elements.names.n_outputs):
        first, last = part.start + 1, part.stop
        whole = nodes.Sum(e_j, "j", first, last)
        body: Expression = -(y_k * log(exp(z_k) / whole))
        if loss == "log_loss" and (last > first or not record.groups):
            body = body - (1 - y_k) * log(nodes.Sum(e_j, "j", first, last, skip="k", ranged=bool(record.groups)) / whole)
        sums.append(nodes.Sum(body, "k", first, last))
    return Side.of(sums[0] if len(sums) == 1 else nodes.Add(tuple(sums)))


def jacobian(elements: Elements, layer: int, k: int) -> tuple[Step, ...]:
    """The two cases: by its own z, and by another's."""
    (first, last), name = group_of(elements, layer, k), "h" if layer in elements.names.masked else "a"
    a_k, z_k = elements.unit(name, layer, k), elements.unit("z", layer, k)
    value = elements.value(f"{name}{layer}", k)
    own = None if value is None else value * (1 - value)
    left = Derivative(a_k, z_k)
    rule = "softmax by its own z"
    steps = [elements.write(f"da{layer}[{k}]/dz{layer}[{k}]", left, [Side.of(a_k * (1 - a_k))], rule, BACKWARD, value=own)]
    if last > first:
        j = first if k > first else first + 1
        a_j, other = elements.unit(name, layer, j), elements.value(f"{name}{layer}", j)
        cross = None if value is None else -other * value
        rule = f"softmax by the z of another unit, here j = {elements.label(j)}; the same for every j that is not {elements.label(k)}"
        rule += f", from {elements.label(first)} to {elements.label(last)}: units of other groups have no part in it" * in_groups(
            elements, layer
        )
        symbol = f"da{layer}[{j}]/dz{layer}[{k}]"
        steps.append(elements.write(symbol, Derivative(a_j, z_k), [Side.of(-(a_j * a_k))], rule, BACKWARD, value=cross))
    return tuple(steps)


def jacobian_applied(elements: Elements, layer: int, k: int) -> list[Side]:
    """sum_j da_j da_j/dz_k = a_k (da_k - sum_j a_j da_j); da times the mask, where there is one."""
    (first, last), masked = group_of(elements, layer, k), layer in elements.names.masked
    name, n = "h" if masked else "a", last - first + 1

    def arriving(j: int | str) -> tuple[Expression, ...]:
        da = elements.unit("da", layer, j)
        return (da, elements.unit("D", layer, j)) if masked else (da,)

    a_k, z_k = elements.unit(name, layer, k), elements.unit("z", layer, k)
    chain = elements.total(lambda j: nodes.Multiply((*arriving(j), Derivative(elements.unit(name, layer, j), z_k))), n, "j", first)
    total = elements.total(lambda j: nodes.Multiply((elements.unit(name, layer, j), *arriving(j))), n, "j", first)
    own: Expression = nodes.Multiply(arriving(k)) if masked else arriving(k)[0]
    return [chain, total.map(lambda tree: a_k * (own - tree))]


def cross_entropy(elements: Elements, k: int) -> list[Line]:
    """-y_k (1 - a_k) + a_k sum_{j != k} y_j = a_k sum_j y_j - y_k = a_k - y_k."""
    last, (first, n) = elements.names.last, group_of(elements, elements.names.last, k)
    a_k, y_k = elements.unit("a", last, k), elements.unit("y", None, k)
    grouped = in_groups(elements, last)
    a_j, y_j = elements.unit("a", last, "j"), elements.unit("y", None, "j")
    whole = a_k * nodes.Sum(y_j, "j", first, n) - y_k
    own, rest = -(ratio(y_k, a_k) * a_k * (1 - a_k)), nodes.Sum(ratio(y_j, a_j) * a_j * a_k, "j", first, n, skip=k, ranged=grouped)
    cancelled = -(y_k * (1 - a_k)) + a_k * nodes.Sum(y_j, "j", first, n, skip=k, ranged=grouped)
    rule = "the two cases of the Jacobian: j = k gives the first term, every other j one of the sum; a_k and a_j cancel"
    lines = [
        Line("Jacobian", (own + rest, cancelled), rule),
        Line(
            "multiply out",
            (nodes.Negative(y_k) + y_k * a_k + a_k * nodes.Sum(y_j, "j", first, n, skip=k, ranged=grouped), whole),
            "y_k a_k completes the sum",
        ),
    ]
    return (
        [*lines, Line("sum of the targets", (a_k - y_k,), "the targets of a sample sum to one" + " in each group" * grouped)]
        if elements.sums_to_one
        else lines
    )


def log_loss(elements: Elements, k: int) -> list[Line]:
    """a_k - y_k + a_k sum_{j != k} (y_j - q_j), q_j = (1 - y_j) a_j / (1 - a_j)."""
    last, (first, n) = elements.names.last, group_of(elements, elements.names.last, k)
    a_k, y_k, q_k = elements.unit("a", last, k), elements.unit("y", None, k), elements.unit("q", last, k)
    if n == first:
        return [Line("one class", (a_k - y_k,), "softmax of one class is 1 whatever z")]
    a_j, pull = elements.unit("a", last, "j"), elements.unit("y", None, "j") - elements.unit("q", last, "j")
    grouped = in_groups(elements, last)
    others = nodes.Sum(a_j, "j", first, n, skip=k, ranged=grouped)
    whole = q_k - y_k + a_k * nodes.Sum(pull, "j", first, n)
    result = a_k - y_k + a_k * nodes.Sum(pull, "j", first, n, skip=k, ranged=grouped)
    return [
        Line(
            "q",
            ((1 - y_k) * a_k / (1 - a_k), (1 - y_k) * a_k / others),
            "short for a part of a da = q - y; 1 - a_k is the sum of the other a_j",
        ),
        Line(
            "Jacobian",
            (whole, result),
            "the Jacobian applied to da, with a_j da_j = q_j - y_j; the term j = k makes a_k - y_k of q_k - y_k",
        ),
    ]


def symbol_of(line: Line, layer: int, k: int) -> Symbol:
    """What a line is an equation of."""
    return Symbol("q" if line.name == "q" else "dz", layer, (k,))

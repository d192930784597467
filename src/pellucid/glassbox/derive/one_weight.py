"""The story of one weight or bias: its path to the cost, the factors of the chain along it, their product, the update."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pellucid.equations.activations import Softmax
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.errors import InputError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.evaluate import evaluate
from pellucid.expressions.nodes import Derivative, Expression, Symbol, rebuilt
from pellucid.expressions.text import text
from pellucid.glassbox.derivation import BACKWARD, Section, Step
from pellucid.glassbox.derive import backward, forward, unit_backward, unit_forward, updates
from pellucid.glassbox.derive.elements import Elements, Side
from pellucid.glassbox.derive.names import J
from pellucid.glassbox.derive.zero import shifted

_NAME = re.compile(r"([Wb])(\d+)")
_TEXT = re.compile(r"\s*([Wb]\d+)\s*\[\s*(\d+)\s*(?:,\s*(\d+)\s*)?\]\s*")


@dataclass(frozen=True)
class Target:
    """Which parameter: a weight of unit ``unit`` from unit ``below``, or the bias of ``unit``; one-based."""

    layer: int
    unit: int
    below: int | None

    @staticmethod
    def read(of: Any, sizes: tuple[int, ...], columns: bool, base: int) -> Target:
        """From ("W1", 3, 2), ("b1", 3) or "W1[3,2]".

        Raises:
            InputError: the network has no such weight or bias; the message says what range its indices have.

        """
        example = 'a weight such as ("W1", 3, 2) or a bias such as ("b1", 3)'
        match = _TEXT.fullmatch(of) if isinstance(of, str) else None
        if match is not None:
            of = (match[1], *(int(part) for part in match.groups()[1:] if part is not None))
        name = _NAME.fullmatch(of[0]) if isinstance(of, tuple | list) and of and isinstance(of[0], str) else None
        whole = name is not None and all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in of[1:])
        if name is None or not whole:
            raise InputError(sentence("of", "derive", repr(of), example, "give the name, then the indices"))
        layer, last = int(name[2]), len(sizes) - 1
        if not 1 <= layer <= last:
            known = "W1 or b1" if last == 1 else f"W1 to W{last} or b1 to b{last}"
            raise InputError(sentence("of", "derive", repr(of[0]), known, f"the network has {last} layer{'s' * (last > 1)}"))
        n_in, n_out = sizes[layer - 1 : layer + 1]
        ranges = ((n_out, n_in) if columns else (n_in, n_out)) if name[1] == "W" else (n_out,)
        index = tuple(int(i) - base + 1 for i in of[1:])
        if len(index) != len(ranges) or any(not 1 <= i <= n for i, n in zip(index, ranges, strict=True)):
            spans = [f"{base} to {n - 1 + base}" for n in ranges]
            expected = f"an index from {spans[0]}" if len(spans) == 1 else f"a first index from {spans[0]} and a second from {spans[1]}"
            repair = f"{of[0]} is {' x '.join(map(str, ranges))} in the {'columns' if columns else 'rows'} convention, counted from {base}"
            raise InputError(sentence(f"the index of {of[0]}", "derive", ", ".join(map(str, of[1:])) or "missing", expected, repair))
        if name[1] == "b":
            return Target(layer, index[0], None)
        return Target(layer, *(index if columns else index[::-1]))


def title(elements: Elements, of: Target) -> str:
    """The story of w_32^[1]."""
    return f"The story of {_text(elements, _parameter(elements, of).old)}"


def _parameter(elements: Elements, of: Target) -> updates.Parameter:
    if of.below is None:
        return updates.Parameter("b", of.layer, (of.unit,))
    return updates.Parameter("W", of.layer, elements.order(of.unit, of.below))


def _text(elements: Elements, tree: Expression) -> str:
    return text(shifted(tree) if elements.base == 0 else tree)


def sections(elements: Elements, rule: Optimizer | LBFGS, of: Target) -> tuple[Section, ...]:
    """Path, error, product, update."""
    layer, last, unit = of.layer, elements.names.last, of.unit
    path = (unit_forward.z(elements, layer, unit), *unit_forward.a(elements, layer, unit))
    above = tuple(step for upper in range(last, layer, -1) for step in (backward.da(elements, upper), backward.dz(elements, upper)))
    error = (unit_backward.da(elements, layer, unit), unit_backward.dz(elements, layer, unit))
    onwards = tuple(step for upper in range(layer + 1, last + 1) for step in (forward.z(elements, upper), *forward.a(elements, upper)))
    cost = (unit_forward.loss(elements), *forward.cost(elements))
    note = f"{_path(elements, of)}. Any other parameter stands still; this one moves J through what follows it."
    parameter = _parameter(elements, of)
    found = [
        Section("The path to the cost", (*(_numbered(elements, step) for step in path), *onwards, *cost), note),
        Section("The error of its unit", (*above, *(_numbered(elements, step) for step in error)), _where_error_comes_from(elements, of)),
        Section("The factors and their product", tuple(_numbered(elements, step) for step in _product(elements, of))),
        Section("The update", tuple(_numbered(elements, step) for step in updates.steps(elements, rule, parameter)), updates.note(rule)),
    ]
    return tuple(found)


def _path(elements: Elements, of: Target) -> str:
    """x_k -> z_j -> a_j -> z^[2] -> y_hat -> J, in the letters of the network."""
    layer, last = of.layer, elements.names.last
    start = [] if of.below is None else [elements.a(layer - 1, of.below)]
    stops: list[Expression] = [*start, elements.unit("z", layer, of.unit)]
    stops.append(elements.a(layer, of.unit) if layer < last else elements.unit("y_hat", None, of.unit))
    for upper in range(layer + 1, last + 1):
        one = elements.sizes[upper] == 1
        stops.append(elements.unit("z", upper, 1) if one else Symbol("z", upper))
        output = elements.unit("y_hat", None, 1) if one else Symbol("y_hat")
        stops.append(output if upper == last else elements.a(upper, 1) if one else Symbol("a", upper))
    plain = [replace(stop, sample=None) if isinstance(stop, Symbol) else stop for stop in stops]
    return " → ".join(_text(elements, stop) for stop in [*plain, J])


def _where_error_comes_from(elements: Elements, of: Target) -> str:
    if of.layer == elements.names.last:
        return (
            "dz is the error attributed to the unit: what the loss gains for each unit that z rises. Here it comes from the loss directly."
        )
    return (
        "dz is the error attributed to the unit: what the loss gains for each unit that z rises. It comes back from the loss, layer by "
        "layer; the larger it is, the more the weights of the unit change."
    )


def _product(elements: Elements, of: Target) -> tuple[Step, ...]:
    """The derivative of z by the parameter, and the gradient with the whole chain before it."""
    layer, unit = of.layer, of.unit
    parameter = _parameter(elements, of).old
    last_factor = Derivative(elements.unit("z", layer, unit), parameter)
    shape = () if elements.names.m == 1 else (elements.names.m or 1,)
    if of.below is None:
        local, value = Side.of(nodes.Number(1)), np.ones(shape) if elements.values else None
        rule, full = "z changes as much as its bias", unit_backward.db(elements, layer, unit)
    else:
        local, value = Side.of(elements.a(layer - 1, of.below)), elements.value(f"a{layer - 1}", of.below)
        rule, full = "z changes by the input that the weight multiplies", unit_backward.dw(elements, layer, unit, of.below)
    symbol = f"dz{layer}[{unit}]/d{full.symbol[1:]}"
    first = elements.write(symbol, last_factor, [local], rule, BACKWARD, value=value)
    chain = elements.over_samples(nodes.Multiply((*_chain(elements, layer, unit), last_factor)))
    chain = chain if of.below is None else elements.with_penalty(chain, parameter)
    sides = (full.sides[0], chain, full.sides[-1])
    return first, replace(full, sides=sides, rule=f"the product of the factors along the path; {full.rule}")


def _chain(elements: Elements, layer: int, unit: int) -> tuple[Expression, ...]:
    """The derivatives from the loss to z of the unit; where there is one path, each of its links."""
    names, sizes, loss = elements.names, elements.sizes, unit_backward.loss_symbol(elements)
    last, z, a = names.last, elements.unit("z", layer, unit), elements.a(layer, unit)
    single = all(sizes[upper] == 1 for upper in range(layer + 1, last + 1))
    if any(isinstance(names.rule(at), Softmax) for at in range(layer, last + 1)) or not single:
        if isinstance(names.rule(layer), Softmax):
            return (Derivative(loss, z),)
        if layer == last:
            return Derivative(loss, elements.unit("y_hat", None, unit)), Derivative(elements.unit("y_hat", None, unit), z)

        def path(i: int | str) -> Expression:
            above = elements.unit("z", layer + 1, i)
            return nodes.Multiply((Derivative(loss, above), Derivative(above, a)))

        return elements.total(path, sizes[layer + 1], "j").shown, Derivative(a, z)
    links: list[Expression] = []
    before: Expression = loss
    for upper in range(last, layer - 1, -1):
        index = 1 if upper > layer else unit
        output = elements.unit("y_hat", None, index) if upper == last else elements.a(upper, index)
        score = elements.unit("z", upper, index)
        links += [Derivative(before, output), Derivative(output, score)]
        before = score
    return tuple(links)


def _numbered(elements: Elements, step: Step) -> Step:
    """With one more side that has the numbers in it, where there is one sample."""
    if elements.names.m != 1 or not elements.values:
        return step
    shown = step.shown or step.sides

    def replaced(node: Expression) -> Expression | None:
        if isinstance(node, nodes.Sum):
            return node
        if isinstance(node, Symbol):
            value = np.asarray(evaluate(node, elements.values))
            return nodes.Number(value.item()) if value.size == 1 else None
        return None

    numbers = rebuilt(shown[-1], replaced)
    if numbers == shown[-1] or isinstance(numbers, nodes.Number) or any(isinstance(node, nodes.Sum) for node in numbers.walk()):
        return step
    return replace(step, shown=(*shown, numbers), steps=tuple(step.steps))

"""Slips in functions, sums over an axis or an index, cases and derivatives."""

from __future__ import annotations

from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.reading.tree import Apply, Name, Reduce, Total
from pellucid.glassbox.written.names import GENERAL, VALUES, layer_text
from pellucid.glassbox.written.places import Put
from pellucid.glassbox.written.slips import Edit, Edits, Surroundings, number_text, shown, spelled
from pellucid.glassbox.written.slips_of_names import of_layer


def of_function(tree: Apply, put: Put, around: Surroundings) -> Edits:
    """Another function, its derivative or none, another argument."""
    name = tree.function
    label = spelled(name)
    if name.primes:
        told = f"{label.replace(chr(39), '')} itself belongs where its derivative stands"
        yield Edit("derivative where the function belongs", told, put(replace(tree, function=replace(name, primes=0))), 2)
    else:
        told = f"the derivative {label}' belongs where {label} stands"
        yield Edit("function where its derivative belongs", told, put(replace(tree, function=replace(name, primes=1))), 2)
    if name.base in GENERAL or name.primes:
        for layer in range(1, around.depth + 1):
            other = Name("f", primes=name.primes, bracket=str(layer))
            if other != name:
                told = f"{label} is not the activation of the layer: that of layer {layer} belongs there"
                yield Edit("wrong activation", told, put(replace(tree, function=other)), 2)
    if len(tree.arguments) == 1 and isinstance(tree.arguments[0], Name) and not isinstance(tree.arguments[0], Apply):
        inner = tree.arguments[0]
        kind = VALUES.get(inner.base)
        if name.primes and kind == "a":
            z = replace(inner, base="Z" if inner.base.isupper() else "z")
            yield Edit("derivative taken at a", f"{label} must be taken at z, not at a", put(replace(tree, arguments=(z,))), 1)
    if len(tree.arguments) == 1 and isinstance(tree.arguments[0], Name) and VALUES.get(tree.arguments[0].base) in ("z", "a"):
        own, _ = layer_text(tree.arguments[0], around.reading)
        for layer in range(1, around.depth + 1):
            if str(layer) == own:
                continue
            whole = Apply(Name("f", primes=name.primes, bracket=str(layer)), (of_layer(replace(tree.arguments[0], base="z"), layer),))
            told = f"{shown(tree)} is of the wrong layer: that of layer {layer} belongs there"
            yield Edit("wrong layer", told, put(whole), 2)
    if len(tree.arguments) == 1:
        yield Edit("extra function", f"{label} does not belong there", put(tree.arguments[0]), 3)
    if name.base not in GENERAL and len(tree.arguments) == 1:
        for layer in range(1, around.depth + 1):
            told = f"{label} is not the activation of layer {layer}"
            yield Edit("wrong activation", told, put(replace(tree, function=Name("f", primes=name.primes, bracket=str(layer)))), 2)


def of_reduction(tree: Reduce, put: Put) -> Edits:
    """Another axis, a mean for a sum, no sum."""
    what = "mean" if tree.mean else "sum"
    for axis in (0, 1):
        if axis != tree.axis:
            told = f"the {what} runs over the wrong axis: axis={axis} belongs there"
            yield Edit("wrong axis", told, put(replace(tree, axis=axis, keepdims=True)), 1)
    other = replace(tree, mean=not tree.mean)
    yield Edit(
        "extra 1/m" if tree.mean else "missing 1/m", f"the {'sum' if tree.mean else 'mean'} belongs where the {what} stands", put(other), 1
    )
    yield Edit("extra sum", f"the {what} does not belong there", put(tree.of), 2)


def of_sum(tree: Total, put: Put, around: Surroundings) -> Edits:
    """Another axis, index or limit."""
    axis = 1 if around.columns else 0
    if not around.entries:
        told = "the sum runs over the wrong axis: it is over the samples"
        yield Edit("wrong axis", told, put(Total(tree.body, "i", None, Name("m"))), 1)
        yield Edit("wrong axis", told, put(Reduce(tree.body, axis, True)), 1)
        yield Edit("wrong axis", "the sum runs over the wrong axis: it is over the units", put(Reduce(tree.body, 1 - axis, True)), 2)
    yield Edit("extra sum", "the sum does not belong there", put(tree.body), 2)
    for letter in around.letters:
        if letter != tree.index:
            yield Edit("wrong index", f"the sum should run over {letter}, not {tree.index}", put(replace(tree, index=letter)), 1)
    if isinstance(tree.last, nodes.Number):
        told = f"the sum stops at the wrong number ({number_text(tree.last.value)})"
        yield Edit("wrong limit", told, put(replace(tree, last=None)), 2)
    if tree.first is not None:
        yield Edit("wrong limit", "the sum begins at the wrong number", put(replace(tree, first=None, last=None)), 2)


def of_cases(tree: nodes.Cases, put: Put) -> Edits:
    """Cases the wrong way round, or with other values."""
    values = [value for value, _ in tree.branches]
    closed = isinstance(tree.otherwise, nodes.Number) and tree.otherwise.value != tree.otherwise.value
    if closed and len(values) == 2:
        (one, first), (other, second) = tree.branches
        yield Edit(
            "cases swapped", "the cases are the wrong way round", put(nodes.Cases(((other, first), (one, second)), tree.otherwise)), 1
        )
    elif len(values) == 1:
        (one, first) = tree.branches[0]
        yield Edit("cases swapped", "the cases are the wrong way round", put(nodes.Cases(((tree.otherwise, first),), one)), 1)
    for index, (value, condition) in enumerate(tree.branches):
        for other in dict.fromkeys((nodes.Number(0), nodes.Number(1), nodes.Negative(value))):
            if other != value:
                branches = (*tree.branches[:index], (other, condition), *tree.branches[index + 1 :])
                told = f"the value {shown(value)} of a case should be {shown(other)}"
                yield Edit("wrong case", told, put(nodes.Cases(branches, tree.otherwise)), 2)


def of_derivative(tree: nodes.Derivative, put: Put, around: Surroundings) -> Edits:
    """A derivative upside down, or too many."""
    yield Edit("upside down", "the derivative is upside down", put(replace(tree, of=tree.by, by=tree.of)), 2)
    told = f"the factor {shown(tree)} does not belong there"
    yield Edit("extra factor", told, put(nodes.Number(1)), 3)

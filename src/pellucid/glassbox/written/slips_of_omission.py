"""What a line may have forgotten: a factor, a sum, the bias; or its sign, or that it is transposed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Name, Product, Reduce
from pellucid.glassbox.written.names import value_names
from pellucid.glassbox.written.slips import Edit, Edits, Surroundings


def forgotten(tree: Expression, around: Surroundings) -> Edits:
    """Everything that may be added to a whole side."""
    yield Edit("wrong sign", "the sign is wrong", tree.of if isinstance(tree, nodes.Negative) else nodes.Negative(tree), 0)
    if not around.entries:
        yield Edit("transposed", "the whole is transposed", nodes.Transpose(tree), 2)
    axis = 1 if around.columns else 0
    mean = Reduce(tree, axis, True, mean=True)
    total = Reduce(tree, axis, True)
    if not around.entries:
        yield Edit("missing sum", "the mean over the samples is missing", mean, 2)
        yield Edit("missing sum", "the sum over the samples is missing", total, 2)
        units = Reduce(tree, 1 - axis, True)
        yield Edit("missing sum over the units", "the sum over the units is missing", units, 3)
        yield Edit("missing sum over the units", "the mean over the units is missing", replace(units, mean=True), 4)
        yield Edit("missing sum", "the mean over all samples is missing", Reduce(units, mean=True), 4)
    if around.layer is not None:
        letters = [(letter,) for letter in around.letters] if around.entries else [()]
        for below in letters:
            bias = replace(_value("b", around.layer, around), below=below)
            yield Edit("bias missing", "the bias is missing", nodes.Add((tree, bias)), 2)
    for factor, cause, told, rank in _missing(around):
        yield Edit(cause, told, _times(tree, factor, around), rank)
    if not around.entries:
        for factor, cause, told, left in _outer(around):
            yield Edit(cause, told, Product((factor, tree) if left else (tree, factor), ("·",)), 4)


def _times(tree: Expression, factor: Expression, around: Surroundings) -> Expression:
    return nodes.Multiply((tree, factor), marked=not around.entries)


def _value(base: str, layer: int, around: Surroundings, d: bool = False) -> Name:
    """A name in the manner of the line; of layer 0 x."""
    if base == "a" and layer == 0:
        return Name("x", d=d)
    sampled = any(name.bracket for name in value_names(around.claim.left))
    return Name(base, d=d, bracket=str(layer)) if sampled or around.entries else Name(base, d=d, suffix=str(layer))


def _missing(around: Surroundings) -> Iterator[tuple[Expression, str, str, int]]:
    """Factors that may have been forgotten, entry by entry."""
    for layer in range(around.depth, 0, -1):
        letters: tuple[str, ...] = (*around.letters, "") if around.entries else ("",)
        for letter in letters:
            index = (letter,) if letter else ()
            z = replace(_value("z", layer, around), below=index)
            slope = Apply(Name("f", primes=1, bracket=str(layer)), (z,))
            rank = 2 if layer == around.layer else 3
            yield slope, "activation derivative missing", f"the derivative of the activation of layer {layer} is missing", rank
            if around.entries:
                before = replace(_value("a", layer - 1, around), below=index)
                what = "x" if layer == 1 else f"a of layer {layer - 1}"
                yield before, "missing factor", f"the factor {what} is missing", 3
                yield replace(_value("W", layer, around), below=index), "missing factor", f"the weight of layer {layer} is missing", 4
                yield replace(_value("z", layer, around, d=True), below=index), "missing factor", f"dz of layer {layer} is missing", 4
        if around.entries:
            for one in around.letters:
                for other in around.letters:
                    if one != other:
                        weight = replace(_value("W", layer, around), below=(one, other))
                        yield weight, "missing factor", f"the weight of layer {layer} is missing", 4
        mask = Name("mask", bracket=str(layer)) if around.depth > layer else None
        if mask is not None and not around.entries:
            yield mask, "dropout mask missing", f"the dropout mask of layer {layer} is missing", 3
    slope = Apply(Name("C", primes=1), (Name("y_hat"), Name("y")))
    if not around.entries:
        yield slope, "loss derivative missing", "the derivative of the loss is missing", 3
        yield Name("m"), "extra 1/m", "the factor 1/m is one too many", 1
        yield nodes.Divide(nodes.Number(1), Name("m")), "missing 1/m", "1/m is missing", 1
        yield nodes.Divide(nodes.Number(1), Name("K")), "missing 1/n", "1/n, for the mean over the outputs, is missing", 2


def _outer(around: Surroundings) -> Iterator[tuple[Expression, str, str, bool]]:
    """Factors that may have been forgotten in a matrix product: a^T behind dz, W^T before it (in rows the other way round)."""
    for layer in range(around.depth, 0, -1):
        a, W = _value("a", layer - 1, around), _value("W", layer, around)
        shown = "x" if layer == 1 else f"a{layer - 1}"
        yield nodes.Transpose(a), "missing factor", f"the factor {shown}, transposed, is missing", not around.columns
        yield a, "missing factor", f"the factor {shown} is missing", not around.columns
        yield nodes.Transpose(W), "missing factor", f"the factor W{layer}, transposed, is missing", around.columns
        yield W, "missing factor", f"the factor W{layer} is missing", around.columns

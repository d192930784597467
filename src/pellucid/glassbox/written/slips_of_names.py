"""Slips in a name: another layer, a missing transpose, z for a, another index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pellucid.expressions import nodes
from pellucid.expressions.reading.tree import Name, Reduce
from pellucid.glassbox.written.names import VALUES, layer_text
from pellucid.glassbox.written.places import Put
from pellucid.glassbox.written.slips import Edit, Edits, Surroundings, spelled

ARRAYS = ("z", "a", "x", "y", "y_hat", "W", "b", "error", "mask")


def of_name(name: Name, put: Put, around: Surroundings) -> Edits:
    """Another layer, index, kind; a transpose, a sum or a square that is missing."""
    kind = VALUES.get(name.base.removesuffix("_new"), name.base)
    array = kind in ARRAYS or name.base == "delta"
    if array and not around.entries and kind != "b":
        yield Edit("missing transpose", f"{spelled(name)} must be transposed", put(nodes.Transpose(name)), 1)
    if array and not around.entries:
        axis = 1 if around.columns else 0
        yield Edit("missing sum", f"the sum of {spelled(name)} over the samples is missing", put(Reduce(name, axis, True)), 3)
    text, rest = layer_text(name, around.reading)
    if text.isdigit() and kind in ("z", "a", "W", "b", "mask"):
        for layer in range(0 if kind == "a" else 1, around.depth + 1):
            if layer != int(text):
                yield Edit(
                    "wrong layer",
                    f"{spelled(name)} is of the wrong layer: {_at_layer(name, layer)} belongs there",
                    put(of_layer(name, layer)),
                    2,
                )
    if text in ("L", "l", "L-1", "l-1", "L+1", "l+1") and name.bracket:
        letter = text[0]
        for other in (letter, f"{letter}-1", f"{letter}+1"):
            if other != text:
                yield Edit(
                    "wrong layer", f"{spelled(name)} is of the wrong layer: {other} belongs there", put(replace(name, bracket=other)), 2
                )
    for base, cause, told in _related(name, kind):
        if base == "x":
            yield Edit(cause, told, put(replace(rest, base="x", suffix="")), 3)
        else:
            yield Edit(cause, told, put(replace(name, base=base)), 3)
    if kind == "x":
        for layer in range(1, around.depth + 1):
            yield Edit(
                "wrong layer", f"the activations of layer {layer} belong where x stands", put(of_layer(replace(name, base="a"), layer)), 3
            )
    if name.raised.isdigit() and around.reading.above == "powers":
        value = int(name.raised)
        for number in (value - 1, value + 1, 2 * value):
            told = f"the exponent {value} of {name.base} should be {number}"
            yield Edit("wrong exponent", told, put(replace(name, raised=str(number) if number > 1 else "")), 2)
    if name.d and kind in ("z", "a"):
        yield Edit("missing derivative", f"d{name.base} is no derivative that belongs there", put(replace(name, d=False)), 4)
    elif not name.d and kind in ("z", "a", "W", "b"):
        yield Edit(
            "missing derivative", f"the derivative d{spelled(name)} belongs where {spelled(name)} stands", put(replace(name, d=True)), 3
        )
    if array and not name.raised and not name.d:
        told = f"the square of {spelled(name)} belongs there"
        yield Edit("wrong exponent", told, put(nodes.Power(name, nodes.Number(2))), 3)
    for position, part in enumerate(name.below):
        for letter in around.letters:
            if letter != part:
                below = (*name.below[:position], letter, *name.below[position + 1 :])
                yield Edit("wrong index", f"the index {part} of {spelled(name)} should be {letter}", put(replace(name, below=below)), 1)
    if len(name.below) == 2:
        yield Edit(
            "indices swapped", f"the indices of {spelled(name)} are the wrong way round", put(replace(name, below=name.below[::-1])), 1
        )


def _at_layer(name: Name, layer: int) -> str:
    return "x" if layer == 0 else spelled(of_layer(name, layer))


def of_layer(name: Name, layer: int) -> Name:
    """The same name of another layer, written as it was; of layer 0 x."""
    if layer == 0:
        return replace(name, base="x", suffix="", bracket="", raised="")
    field = "suffix" if name.suffix else "raised" if name.raised and not name.bracket else "bracket"
    if not name.suffix and not name.raised and not name.bracket and len(name.below) == 1 and name.below[0].isdigit():
        return replace(name, below=(str(layer),))
    return replace(name, **{field: str(layer)})  # type: ignore[arg-type]


def _related(name: Name, kind: str) -> Iterator[tuple[str, str, str]]:
    upper = name.base.isupper()
    if kind == "z":
        told = "derivative of z where that of a belongs" if name.d else "a belongs where z stands"
        yield ("A" if upper else "a"), "z where a belongs", told
    elif kind == "a":
        told = "dz belongs where da stands: the derivative of the activation is missing" if name.d else "z belongs where a stands"
        yield ("Z" if upper else "z"), "activation derivative missing" if name.d else "a where z belongs", told
    elif kind in ("W", "b") and name.d:
        other = "b" if kind == "W" else "W"
        yield other, f"d{kind} where d{other} belongs", f"d{other} belongs where d{kind} stands"
    elif kind == "W":
        if name.base.endswith("_new"):
            yield name.base.removesuffix("_new"), "updated W used", "the W from before the update belongs there"
    elif kind == "y_hat":
        yield "y", "y_hat where y belongs", "y belongs where y_hat stands"
    elif kind == "y":
        yield "y_hat", "y where y_hat belongs", "y_hat belongs where y stands"
    elif kind == "m":
        yield "K", "1/m where 1/n belongs", "the number of outputs belongs where m stands"

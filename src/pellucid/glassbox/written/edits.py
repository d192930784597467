"""The closed list of slips: small changes of a tree, each the undoing of a mistake that people make.

A wrong line is put right by one of them, or by two; the one that does so is the cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.tree import Apply, Entry, Name, Product, Reduce, Total
from pellucid.expressions.reading.write import as_text, plain
from pellucid.glassbox.written.names import GENERAL, VALUES, Reading, layer_text
from pellucid.glassbox.written.places import Put, places, walk
from pellucid.glassbox.written.readings import Claim, value_names

ARRAYS = ("z", "a", "x", "y", "y_hat", "W", "b", "error", "mask")
SIGNED = ("", "·", ".", "*", "×")
"""signs of a product whose kind is open"""


@dataclass(frozen=True)
class Edit:
    """A change that might put a line right."""

    cause: str
    """the mistake that it undoes"""
    told: str
    """the same in a sentence about this line"""
    tree: Expression
    rank: int
    """the smaller, the likelier"""


@dataclass(frozen=True)
class Surroundings:
    """What the edits need to know of the line and the network."""

    claim: Claim
    reading: Reading
    depth: int
    entries: bool
    """whether the line speaks of entries"""
    letters: tuple[str, ...]
    """index letters of the line"""
    strict: bool
    columns: bool
    layer: int | None
    """of the left side"""


def edits(around: Surroundings) -> Iterator[Edit]:
    """All single changes of the right side."""
    tree = around.claim.right
    yield from _whole(tree, around)
    for node, put in places(tree):
        yield from _of_node(node, put, tree, around)


def _whole(tree: Expression, around: Surroundings) -> Iterator[Edit]:
    yield Edit("wrong sign", "the sign is wrong", nodes.Negative(tree), 0)
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


def _of_node(node: Expression, put: Put, tree: Expression, around: Surroundings) -> Iterator[Edit]:
    match node:
        case Name():
            yield from _of_name(node, put, around)
        case nodes.Transpose(of):
            what = of.base if isinstance(of, Name) else "a bracket"
            yield Edit("transposed", f"{what} should not be transposed", put(of), 1)
        case Product(factors, signs):
            yield from _of_product(factors, signs, put, around)
        case nodes.MatMul(factors) | nodes.Multiply(factors):
            sign = "@" if isinstance(node, nodes.MatMul) else "⊙"
            yield from _of_product(factors, (sign,) * (len(factors) - 1), put, around)
        case nodes.Add(terms):
            yield from _of_terms(terms, put)
        case nodes.Negative(of):
            yield Edit("wrong sign", "the sign is wrong", put(of), 2)
        case nodes.Divide(above, below):
            yield from _of_quotient(above, below, put)
        case nodes.Power(base, exponent):
            yield from _of_power(base, exponent, put)
        case nodes.Number(value):
            yield from _of_number(value, put)
        case Apply():
            yield from _of_function(node, put, around)
        case Reduce():
            yield from _of_reduction(node, put)
        case Total():
            yield from _of_sum(node, put, around)
        case nodes.Cases():
            yield from _of_cases(node, put)
        case nodes.Derivative():
            yield from _of_derivative(node, put, around)
        case Entry(of, below):
            for letter in around.letters:
                if (letter,) != below:
                    yield Edit("wrong index", f"the index {below[0]} should be {letter}", put(Entry(of, (letter,))), 1)


def _of_name(name: Name, put: Put, around: Surroundings) -> Iterator[Edit]:
    kind = VALUES.get(name.base, name.base)
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
                    put(_of_layer(name, layer)),
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
                "wrong layer", f"the activations of layer {layer} belong where x stands", put(_of_layer(replace(name, base="a"), layer)), 3
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
    return "x" if layer == 0 else spelled(_of_layer(name, layer))


def _of_layer(name: Name, layer: int) -> Name:
    if layer == 0:
        return replace(name, base="x", suffix="", bracket="", raised="")
    field = "suffix" if name.suffix else "raised" if name.raised and not name.bracket else "bracket"
    if not name.suffix and not name.raised and not name.bracket and len(name.below) == 1 and name.below[0].isdigit():
        return replace(name, below=(str(layer),))
    return replace(name, **{field: str(layer)})


def _related(name: Name, kind: str) -> Iterator[tuple[str, str, str]]:
    upper = name.base.isupper()
    if kind == "z":
        told = "derivative of z where that of a belongs" if name.d else "a belongs where z stands"
        yield ("A" if upper else "a"), "z where a belongs", told
    elif kind == "a":
        told = "dz belongs where da stands: the derivative of the activation is missing" if name.d else "z belongs where a stands"
        yield ("Z" if upper else "z"), "activation derivative missing" if name.d else "a where z belongs", told
    elif kind == "W" and not name.d:
        yield f"{name.base}_new", "old W used", "the updated W belongs there"
        if name.base.endswith("_new"):
            yield name.base.removesuffix("_new"), "updated W used", "the W from before the update belongs there"
    elif kind == "y_hat":
        yield "y", "y_hat where y belongs", "y belongs where y_hat stands"
    elif kind == "y":
        yield "y_hat", "y where y_hat belongs", "y_hat belongs where y stands"
    elif kind == "m":
        yield "K", "1/m where 1/n belongs", "the number of outputs belongs where m stands"


def spelled(name: Name) -> str:
    """A name in short."""
    layer = name.suffix or (f"^[{name.bracket}]" if name.bracket else "") or (f"^{name.raised}" if name.raised else "")
    below = f"_{','.join(name.below)}" if name.below else ""
    return f"{'d' if name.d else ''}{name.base}{below}{chr(39) * name.primes}{layer}"


def _product(factors: tuple[Expression, ...], signs: tuple[str, ...]) -> Expression:
    if len(factors) == 1:
        return factors[0]
    if set(signs) == {"@"}:
        return nodes.MatMul(factors)
    return nodes.Multiply(factors, marked=True) if set(signs) == {"⊙"} else Product(factors, signs)


def _of_product(factors: tuple[Expression, ...], signs: tuple[str, ...], put: Put, around: Surroundings) -> Iterator[Edit]:
    for index in range(len(factors) - 1):
        swapped = (*factors[:index], factors[index + 1], factors[index], *factors[index + 2 :])
        if not around.entries and signs[index] != "⊙":
            yield Edit("wrong order", "the factors stand in the wrong order", put(_product(swapped, signs)), 1)
            both = (*factors[:index], _flipped(factors[index + 1]), _flipped(factors[index]), *factors[index + 2 :])
            yield Edit("transposed", "the product is transposed", put(_product(both, signs)), 2)
    for index, sign in enumerate(signs):
        if sign == "⊙" or (sign in ("*", "×") and around.strict):
            told = "an element-wise product stands where a matrix product belongs"
            yield Edit("element-wise product where a matrix product belongs", told, put(_resigned(factors, signs, index, "@")), 1)
        if sign == "@":
            told = "a matrix product stands where an element-wise product belongs"
            yield Edit("matrix product where an element-wise product belongs", told, put(_resigned(factors, signs, index, "⊙")), 1)
    for index in range(len(factors)):
        rest = (*factors[:index], *factors[index + 1 :])
        between = signs[1:] if index == 0 else (*signs[: index - 1], *signs[index:])
        yield Edit("extra factor", f"the factor {shown(factors[index])} does not belong there", put(_product(rest, between)), 2)
    for index in range(len(factors) - 1):
        if len(factors) > 2:
            rest = (*factors[:index], *factors[index + 2 :])
            between = (signs[2:] if index == 0 else (*signs[: index - 1], *signs[index + 1 :]))[: len(rest) - 1]
            told = f"the factors {shown(factors[index])} and {shown(factors[index + 1])} do not belong there"
            yield Edit("extra factor", told, put(_product(rest, between)), 3)


def _resigned(factors: tuple[Expression, ...], signs: tuple[str, ...], index: int, sign: str) -> Expression:
    return _product(factors, (*signs[:index], sign, *signs[index + 1 :]))


def _flipped(tree: Expression) -> Expression:
    return tree.of if isinstance(tree, nodes.Transpose) else nodes.Transpose(tree)


def _of_terms(terms: tuple[Expression, ...], put: Put) -> Iterator[Edit]:
    for index, term in enumerate(terms):
        other = term.of if isinstance(term, nodes.Negative) else nodes.Negative(term)
        before, after = terms[:index], terms[index + 1 :]
        yield Edit("wrong sign", f"the sign of {shown(term)} is wrong", put(nodes.Add((*before, other, *after))), 2)
        rest = (*before, *after)
        yield Edit("extra term", f"the term {shown(term)} does not belong there", put(rest[0] if len(rest) == 1 else nodes.Add(rest)), 3)
        for factor, cause in (
            (nodes.Divide(nodes.Number(1), Name("m")), "missing 1/m"), (Name("m"), "extra 1/m"), (nodes.Number(2), "factor 1/2"),
            (nodes.Divide(nodes.Number(1), nodes.Number(2)), "factor 2"),
        ):  # fmt: skip
            scaled = nodes.Multiply((factor, term))
            yield Edit(cause, f"{cause} in the term {shown(term)}", put(nodes.Add((*before, scaled, *after))), 3)


def _of_quotient(above: Expression, below: Expression, put: Put) -> Iterator[Edit]:
    yield Edit("upside down", "the fraction is upside down", put(nodes.Divide(below, above)), 2)
    told = f"the denominator {shown(below)} does not belong there"
    yield Edit("extra 1/m" if below == Name("m") else "extra denominator", told, put(above), 2)
    yield Edit(
        "denominator not squared", "the denominator must be squared", put(nodes.Divide(above, nodes.Power(below, nodes.Number(2)))), 2
    )


def _of_power(base: Expression, exponent: Expression, put: Put) -> Iterator[Edit]:
    yield Edit("wrong exponent", f"the power of {shown(base)} does not belong there", put(base), 2)
    if isinstance(exponent, nodes.Number):
        value = exponent.value
        for other in dict.fromkeys((value / 2, value * 2, value - 1, value + 1, -value)):
            number = int(other) if float(other).is_integer() else float(other)
            told = f"the exponent {number_text(value)} of {shown(base)} should be {number_text(number)}"
            cause = "squared denominator" if (value, number) == (4, 2) else "wrong exponent"
            yield Edit(cause, told, put(nodes.Power(base, nodes.Number(number))), 1 if number in (value / 2, value * 2) else 2)


def _of_number(value: float, put: Put) -> Iterator[Edit]:
    for other in dict.fromkeys((-value, value + 1, value - 1, 2 * value, value / 2, 1 / value if value else 1)):
        if other != value:
            number = int(other) if float(other).is_integer() else float(other)
            cause = (
                "wrong sign"
                if other == -value
                else "factor 2"
                if other == value / 2
                else "factor 1/2"
                if other == 2 * value
                else "wrong number"
            )
            yield Edit(cause, f"the number {number_text(value)} should be {number_text(number)}", put(nodes.Number(number)), 3)


def number_text(value: float) -> str:
    """A number in short."""
    return f"{float(value):g}"


def _of_function(tree: Apply, put: Put, around: Surroundings) -> Iterator[Edit]:
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
    if len(tree.arguments) == 1:
        yield Edit("extra function", f"{label} does not belong there", put(tree.arguments[0]), 3)
    if name.base not in GENERAL and len(tree.arguments) == 1:
        for layer in range(1, around.depth + 1):
            told = f"{label} is not the activation of layer {layer}"
            yield Edit("wrong activation", told, put(replace(tree, function=Name("f", primes=name.primes, bracket=str(layer)))), 2)


def _of_reduction(tree: Reduce, put: Put) -> Iterator[Edit]:
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


def _of_sum(tree: Total, put: Put, around: Surroundings) -> Iterator[Edit]:
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


def _of_cases(tree: nodes.Cases, put: Put) -> Iterator[Edit]:
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


def _of_derivative(tree: nodes.Derivative, put: Put, around: Surroundings) -> Iterator[Edit]:
    yield Edit("upside down", "the derivative is upside down", put(replace(tree, of=tree.by, by=tree.of)), 2)
    told = f"the factor {shown(tree)} does not belong there"
    yield Edit("extra factor", told, put(nodes.Number(1)), 3)


def shown(tree: Expression) -> str:
    """A part of a line, as it is named in a sentence: in the manner of code where it looks like code."""
    is_code = any(isinstance(node, nodes.MatMul | Reduce) or (isinstance(node, Name) and node.suffix) for node in walk(tree))
    text = plain(tree) if is_code else as_text(tree)
    return text if len(text) <= 40 else f"{text[:37]}..."


def circular(claim: Claim) -> bool:
    """Whether the left side stands on the right side."""
    return any(node == claim.left for node in walk(claim.right)) and not isinstance(claim.left, Name)

"""What a derivation starts from: the input, the parameters with the order of their indices, the targets, weights and masks."""

from __future__ import annotations

from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol
from pellucid.glassbox.derivation import FORWARD, Step
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.names import Names, y

MOST = 4
"""rows and columns of a matrix of names that are written out"""


def given(builder: Builder) -> tuple[Step, ...]:
    """x, W_1, b_1 ..., y."""
    names, sizes = builder.names, builder.sizes
    x, lying = Symbol("x"), ("one sample as a " if names.m == 1 else "each sample a ") + ("column" if names.columns else "row")
    shape = names.shape(sizes[0], None)
    steps = [builder.step("x", x, (x,), f"the input a^[0], {lying}", FORWARD, shape=shape, shown=_samples(names, x, sizes[0]))]
    for layer in range(1, names.last + 1):
        steps += parameters(builder, layer)
    shape = names.shape(sizes[-1], None)
    steps.append(
        builder.step("y", y, (y,), "the targets, laid out as the output", FORWARD, shape=shape, shown=_samples(names, y, sizes[-1]))
    )
    if names.weighted:
        s = Symbol("s")
        steps.append(builder.step("s", s, (s,), "the weight of each sample", FORWARD, shape=names.shape(1, None)))
    for layer in sorted(names.masked):
        D, shape = Symbol("D", layer), names.shape(sizes[layer], None)
        rule = f"the dropout mask of layer {layer}: 0 where a unit is dropped, else 1 / (1 - rate)"
        steps.append(builder.step(D.key, D, (D,), rule, FORWARD, shape=shape))
    return tuple(steps)


def parameters(builder: Builder, layer: int) -> tuple[Step, Step]:
    """W_l and b_l."""
    names, (n_in, n_out) = builder.names, builder.sizes[layer - 1 : layer + 1]
    W, b = Symbol("W", layer), Symbol("b", layer)
    rule = f"weights of layer {layer}: {'w_jk' if names.columns else 'w_kj'} joins unit k of layer {layer - 1} to unit j of layer {layer}"
    shape, shown = names.shape(n_out, n_in), _entries(W, names.shape(n_out, n_in))
    first = builder.step(W.key, W, (W,), rule, FORWARD, shape=shape, shown=shown)
    rule = f"biases of layer {layer}, one for each unit" + ("" if names.m == 1 else ", the same for all samples")
    shape = (n_out, 1) if names.columns else (n_out,)
    return first, builder.step(b.key, b, (b,), rule, FORWARD, shape=shape, shown=_entries(b, names.shape(n_out, 1), single=True))


def _samples(names: Names, symbol: Symbol, n: int) -> tuple[Expression, ...]:
    """The entries of one sample; of several, the samples side by side, or below each other."""
    if names.m == 1:
        return _entries(symbol, names.shape(n, 1), single=True)
    numbers = [1, 2] if names.m == 2 else [1, 0, names.m or "m"]
    cells = [names.of_sample(symbol, i) if i else nodes.Dots() for i in numbers]
    return (nodes.Matrix((tuple(cells),) if names.columns else tuple((cell,) for cell in cells)),)


def _entries(symbol: Symbol, shape: tuple[int | str, ...], single: bool = False) -> tuple[Expression, ...]:
    """A matrix of named entries, with dots where there are many; one index is enough for a column or a row."""
    rows, columns = (_picked(int(size)) for size in shape)
    along_rows = shape[1] == 1

    def cell(i: int, k: int) -> Expression:
        if not (i and k):
            return nodes.Dots()
        return Symbol(symbol.name, symbol.layer, ((i if along_rows else k),) if single else (i, k))

    return (nodes.Matrix(tuple(tuple(cell(i, k) for k in columns) for i in rows)),)


def _picked(n: int) -> list[int]:
    """1 .. n, or 1, 2, dots (0), n."""
    return list(range(1, n + 1)) if n <= MOST else [1, 2, 0, n]

"""From a model, and a sample, to the drawing of its network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.equations.propagation import forward
from pellucid.errors import InputError, sentence
from pellucid.glassbox.diagram.model import Diagram, Layer, Unit, Weight
from pellucid.glassbox.figures import shown
from pellucid.glassbox.model import Model
from pellucid.validation import as_inputs, as_numbers, positive_integer


def network_diagram(
    model: Model,
    sample: ArrayLike | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    max_units: int = 20,
) -> Diagram:
    """The units of every layer, and the weights between them: colour by sign, width by size within the layer.

    Args:
        model: a `Network`, or anything with an architecture and a vector.
        sample: x, (n_0,); every unit then shows its value.
        inputs: what the inputs are called, one name each; x_1, x_2 ... without them.
        outputs: what the outputs are called.
        max_units: a layer with more of them is abbreviated to its first ones, dots, and the last.

    Raises:
        InputError: the sample, the names or the number do not fit.

    >>> import pellucid as pl
    >>> diagram = pl.network_diagram(pl.Network([4, 5, 1], activations=["tanh", "sigmoid"]), sample=[5.1, 3.5, 1.4, 0.2])
    >>> [unit.label for unit in diagram.layers[1].units]
    ['a^{[1]}_{1}', 'a^{[1]}_{2}', 'a^{[1]}_{3}', 'a^{[1]}_{4}', 'a^{[1]}_{5}']
    >>> len(diagram.weights)
    25
    >>> diagram.to_svg().startswith("<svg")
    True

    """
    architecture, vector = model.architecture, model.vector
    if positive_integer(max_units, "max_units", "network_diagram") < 3:
        raise InputError(sentence("max_units", "network_diagram", max_units, "at least 3 (first, dots, last)", "choose e.g. 20"))
    sizes, parameters = architecture.sizes, architecture.split(vector)
    names = {0: _names(inputs, sizes[0], "inputs"), len(sizes) - 1: _names(outputs, sizes[-1], "outputs")}
    values = None if sample is None else _values(model, sample)
    layers, visible = [], []
    for layer, size in enumerate(sizes):
        kept = shown(size, max_units if size <= max_units else max(max_units // 2, 3))
        called = names.get(layer)
        units = tuple(
            Unit(
                layer=layer,
                index=None if index is None else index + 1,
                label="" if index is None else _label(layer, index + 1, sizes),
                height=(len(kept) - 1) / 2 - place,
                name="" if called is None or index is None else called[index],
                value=None if values is None or index is None else float(values[layer][index]),
                bias=None if layer == 0 or index is None else float(parameters[layer - 1][1][index]),
            )
            for place, index in enumerate(kept)
        )
        rule = architecture.activations[layer - 1].spec if layer else "input"
        layers.append(Layer(size, rule, units))
        visible.append([index for index in kept if index is not None])
    weights: list[Weight] = []
    for layer, (W, _) in enumerate(parameters, start=1):
        largest = float(np.abs(W).max()) or 1.0
        for i in visible[layer - 1]:
            weights += [Weight(layer, i + 1, j + 1, float(W[i, j]), abs(float(W[i, j])) / largest) for j in visible[layer]]
    spans = tuple((float(W.min()), float(W.max())) for W, _ in parameters)
    return Diagram(str(architecture), tuple(layers), tuple(sorted(weights, key=lambda weight: weight.size)), spans)


def _label(layer: int, index: int, sizes: tuple[int, ...]) -> str:
    if layer == 0:
        return f"x_{{{index}}}"
    if layer == len(sizes) - 1:
        return r"\hat{y}" if sizes[-1] == 1 else rf"\hat{{y}}_{{{index}}}"
    return f"a^{{[{layer}]}}_{{{index}}}"


def _names(names: Sequence[str] | None, count: int, what: str) -> list[str] | None:
    if names is None:
        return None
    texts: list[Any] = list(names) if hasattr(names, "__iter__") and not isinstance(names, str) else []
    if len(texts) != count or isinstance(names, str):
        got = repr(names) if isinstance(names, str) else f"{len(texts)} of them"
        raise InputError(sentence(f"the list of {what}", "network_diagram", got, f"{count} names", "give one for each"))
    return [str(text) for text in texts]


def _values(model: Model, sample: ArrayLike) -> list[Array]:
    """a_0 .. a_L of the sample."""
    architecture, dtype = model.architecture, model.vector.dtype
    x = as_numbers(sample, dtype, "the sample")
    X = as_inputs(x[None, :] if x.ndim == 1 else x, architecture.sizes[0], dtype, "the sample")
    if len(X) != 1:
        got, expected = f"{len(X)} of them", "one sample"
        raise InputError(sentence("the sample", "network_diagram", got, expected, "pass one row, e.g. X[0]"))
    with np.errstate(over="ignore", invalid="ignore"):
        return [a[0] for a in forward(architecture.activations, architecture.split(model.vector), X).a]

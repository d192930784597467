"""`derive`: reads what is asked, fills in the values, and hands on to the form."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.equations.optimizers import optimizer as named_optimizer
from pellucid.errors import InputError, sentence
from pellucid.glassbox.derivation import Derivation
from pellucid.glassbox.derive import elementwise, one_weight, updates, vectorized
from pellucid.glassbox.derive.builder import Builder
from pellucid.glassbox.derive.elements import Elements
from pellucid.glassbox.derive.names import Doubled, Names, Sample, values_of
from pellucid.glassbox.derive.zero import from_zero
from pellucid.glassbox.model import Model, inside
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.validation import as_inputs, as_masks, as_sample_weight, one_of

FORMS = ("vectorized", "elementwise")
INDICES = {"one": 1, "zero": 0}
DOUBLE = np.dtype(np.float64)


def derive(
    model: Any,
    sample: tuple[ArrayLike, ArrayLike] | None = None,
    form: str = "vectorized",
    convention: str = "columns",
    of: tuple[str | int, ...] | str | None = None,
    *,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
    optimizer: str | Optimizer | LBFGS = "gradient_descent",
    complete: bool = False,
    indices: str = "one",
) -> Derivation:
    r"""The equations of forward and backward propagation of a network, step by step, each with the rule that justifies it.

    They are read off the records that the network runs on. In the columns convention, for l = 1..L and then l = L..1:
    z^[l] = W^[l] a^[l-1] + b^[l], a^[l] = f^[l](z^[l]); dz^[l] = da^[l] * f'^[l](z^[l]), dW^[l] = 1/m dz^[l] a^[l-1]^T,
    db^[l] = 1/m sum of dz^[l] over the samples, da^[l-1] = W^[l]^T dz^[l]; then the step of the optimizer. Where factors cancel (sigmoid
    with log_loss, softmax with cross_entropy ...), the way there is shown line by line.

    Every step's last side is executable: on ``derivation.values`` it gives the value that is shown, in double precision.

    Args:
        model: a `Network`, a fitted estimator, or a pipeline that ends in one (the sample is then as that takes it).
        sample: (x, y): one row or several, for the values; without it the equations are those of a batch of m samples.
        form: ``vectorized``, a line for each array, or ``elementwise``, an equation for each unit, weight and bias.
        convention: columns (samples are columns, W_l is n_l x n_{l-1}) or rows.
        of: one weight, ("W1", 3, 2), or bias, ("b1", 3): its path to the cost, the factors along it, their product, its update. The
            indices are those of the array in the convention.
        sample_weight: s_i; without a sample, True writes the equations with weights.
        mask: dropout masks by hidden layer, {l: (m, n_l)}; without a sample, True writes those of the layers with dropout.
        optimizer: whose first step is shown.
        complete: write out long sums, and all units and weights, instead of the first, the second and the last.
        indices: ``one`` or ``zero``: the number of the first unit.

    Raises:
        ShapeError: the sample has another width than the network.
        UnknownNameError: there is no such form, convention, or optimizer.
        InputError: there is no such weight, or the sample, the weights or the mask do not fit.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> derivation = pl.derive(net, sample=([5.1, 3.5, 1.4, 0.2], 1))
    >>> derivation["dz2"].text
    "dz^[2] = ∂l/∂z^[2] = da^[2] ⊙ f'^[2](z^[2]) = a^[2] - y"
    >>> derivation["dW1"].shapes, derivation["dW1"].value.shape
    ('(5 x 1)(1 x 4)', (5, 4))
    >>> pl.derive(net, form="elementwise")["z1[3]"].text
    'z₃^[1](i) = w₃₁^[1] x₁^(i) + w₃₂^[1] x₂^(i) + w₃₃^[1] x₃^(i) + w₃₄^[1] x₄^(i) + b₃^[1]'
    >>> print(pl.derive(net, ([5.1, 3.5, 1.4, 0.2], 1), of=("W1", 3, 2)).sections[0].note.split(".")[0])
    x₂ → z₃^[1] → a₃^[1] → z₁^[2] → ŷ₁ → J

    """
    one_of(form, FORMS, "the form", "derive")
    one_of(convention, CONVENTIONS, "the convention", "derive")
    base = INDICES[one_of(indices, tuple(INDICES), "indices", "derive")]
    rule = named_optimizer(optimizer)
    model, sample = _network_and_sample(model, sample)
    doubled, columns = Doubled.of(model), convention == "columns"
    architecture = doubled.architecture
    rows = None if sample is None else _rows(sample, architecture, sample_weight, mask)
    names = Names(architecture, columns, *_parts(architecture, rows, sample_weight, mask))
    values = {} if rows is None else values_of(doubled, names, rows)
    if values:
        values |= updates.values(doubled, rule, values, columns)
        values |= {} if names.m == 1 else {"i": np.arange(1, len(values["l"].flat) + 1)}
    elements = Elements(names, values, complete, base)
    title = f"Forward and backward propagation of a {architecture} network with {architecture.loss.spec}"
    if of is not None:
        target = one_weight.Target.read(of, architecture.sizes, columns, base)
        title, sections = one_weight.title(elements, target), one_weight.sections(elements, rule, target)
    elif form == "elementwise":
        sections = elementwise.sections(elements, rule)
    else:
        sections = vectorized.sections(Builder(names, values), rule)
    found = Derivation(title, sections, values, convention)
    return found if base else from_zero(found)


def _network_and_sample(model: Any, sample: Any) -> tuple[Model, Any]:
    """The network inside an estimator or a pipeline, and the sample as it takes it."""
    found = inside(model, "derive")
    if found.model is model or not isinstance(sample, tuple | list) or len(sample) != 2:
        return found.model, sample
    x, y = sample
    if not hasattr(x, "columns") and np.ndim(x) == 1:
        x, y = np.asarray(x).reshape(1, -1), np.asarray(y)[None]
    return found.model, (found.prepare(x), found.encode(y))


def _rows(sample: Any, architecture: Architecture, sample_weight: Any, mask: Any) -> Sample:
    """The pair as rows of doubles; one row may be given flat."""
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise InputError(sentence("the sample", "derive", f"a {type(sample).__name__}", "a pair (x, y)", "e.g. sample=(X[3], y[3])"))
    x, y = np.asarray(sample[0]), sample[1]
    if x.ndim <= 1:
        x, y = x.reshape(1, -1), np.asarray(y)
        y = y[None] if y.ndim == 0 or (y.ndim == 1 and len(y) == architecture.sizes[-1] > 1) else y
        sample_weight = sample_weight if sample_weight is None else np.atleast_1d(sample_weight)
    x = as_inputs(x, architecture.sizes[0], DOUBLE, "the sample")
    return Sample(x, y, as_sample_weight(sample_weight, len(x), DOUBLE), mask)


def _parts(architecture: Architecture, rows: Sample | None, sample_weight: Any, mask: Any) -> tuple[int | None, bool, frozenset[int]]:
    """How many samples there are, whether they have weights, and which layers have masks."""
    if rows is None:
        dropped = {layer: None for layer, rate in enumerate(architecture.dropout, start=1) if rate}
        masked = _layers(dropped if mask is True else mask or {}, len(architecture.layers))
        return None, sample_weight is not None and sample_weight is not False, masked
    m = len(np.asarray(rows.X))
    masks = as_masks(mask, m, architecture, DOUBLE) or []
    return m, sample_weight is not None, frozenset(layer for layer, part in enumerate(masks) if part is not None)


def _layers(mask: Any, n_layers: int) -> frozenset[int]:
    """The hidden layers that masks are given for."""
    layers = list(mask) if hasattr(mask, "items") else range(1, len(mask) + 1) if hasattr(mask, "__len__") else [mask]
    for layer in layers:
        if not (isinstance(layer, int) and not isinstance(layer, bool) and 1 <= layer < n_layers):
            expected = f"the index of a hidden layer, 1 to {n_layers - 1}" if n_layers > 1 else "none, since there is no hidden layer"
            raise InputError(sentence("a key", "mask", repr(layer), expected, "leave the output layer out"))
    return frozenset(layers)

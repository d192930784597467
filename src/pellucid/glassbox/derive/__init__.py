"""Derive: the equations of forward and backward propagation for a network of one's own, with one's own numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import InputError, sentence
from pellucid.glassbox.derivation import Derivation
from pellucid.glassbox.derive.names import Doubled, Names, Sample, values_of
from pellucid.glassbox.derive.vectorized import Vectorized
from pellucid.glassbox.model import Model
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.validation import as_inputs, as_masks, one_of

FORMS = ("vectorized", "elementwise")


def derive(
    model: Model,
    sample: tuple[ArrayLike, ArrayLike] | None = None,
    form: str = "vectorized",
    convention: str = "columns",
    *,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Derivation:
    """The equations of forward and backward propagation of a network, step by step, each with the rule that justifies it.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"])
    >>> derivation = pl.derive(net, sample=([5.1, 3.5, 1.4, 0.2], 1))
    >>> derivation["dz2"].text
    'dz^[2] = ∂l/∂z^[2] = da^[2] ⊙ f\\'^[2](z^[2]) = a^[2] - y'

    """
    one_of(form, FORMS, "the form", "derive")
    one_of(convention, CONVENTIONS, "the convention", "derive")
    doubled = Doubled.of(model)
    architecture = doubled.architecture
    rows = _sample(sample, architecture.sizes[0], architecture.sizes[-1], sample_weight, mask)
    n_rows = None if rows is None else len(np.asarray(rows.X))
    masks = None if rows is None else as_masks(mask, n_rows or 0, architecture, np.dtype(np.float64))
    masked = frozenset(layer for layer, part in enumerate(masks or []) if part is not None)
    names = Names(architecture, convention == "columns", n_rows, sample_weight is not None, masked)
    values = {} if rows is None else values_of(doubled, names, rows)
    title = f"Forward and backward propagation of a {architecture} network with {architecture.loss.spec}"
    return Derivation(title, Vectorized(names, values).sections(), values, convention)


def _sample(sample: Any, n_in: int, n_out: int, sample_weight: Any, mask: Any) -> Sample | None:
    """The pair as rows."""
    if sample is None:
        return None
    if not isinstance(sample, tuple | list) or len(sample) != 2:
        raise InputError(sentence("the sample", "derive", type(sample).__name__, "a pair (x, y)", "e.g. sample=(X[3], y[3])"))
    x, y = sample
    x = np.asarray(x)
    if x.ndim == 1:
        x, y = x[None, :], np.asarray(y)
        y = y[None] if y.ndim == 0 or (y.ndim == 1 and len(y) == n_out > 1) else y
    return Sample(as_inputs(x, n_in, np.dtype(np.float64), "the sample"), y, sample_weight, mask)

"""The description of a network in a file, and the way back, on which nothing is built before the sizes are seen to fit the arrays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, activation
from pellucid.equations.arrays import Array
from pellucid.equations.losses import Loss, loss
from pellucid.equations.records import is_formula
from pellucid.errors import InputError, PellucidError, sentence
from pellucid.expressions.tokens import MAX_LENGTH

MAX_FORMULAS = 16
"""different ones in a file: reading one takes some hundredths of a second"""
MAX_LETTERS = 1000
"""characters of all of them together, where there are several"""
VARIABLES = ("x", "z", "y", "y_hat")


def describe(architecture: Architecture, dtype: np.dtype[Any], seed: int) -> dict[str, Any]:
    """What a file says of a network.

    Raises:
        InputError: an activation or the loss is a record of the user's own, which no text names; or there are too many formulas.

    """
    header = architecture.to_header()
    try:
        _check_formulas(header)
    except ValueError as error:
        expected = f"at most {MAX_FORMULAS} different ones of {MAX_LETTERS:,} characters together"
        raise InputError(sentence("the formulas", "the network", str(error), expected, "use fewer or shorter ones")) from None
    own: list[Activation | Loss] = [*architecture.activations, architecture.loss]
    for record in own:
        if not _is_named(record):
            expected = "a name of the catalogue, or a formula, since a file holds texts and no code"
            raise InputError(sentence("a record", "the network", repr(record.spec)[:80], expected, "write it as a formula"))
    return {"architecture": header, "dtype": dtype.name, "seed": seed}


def _is_named(record: Activation | Loss) -> bool:
    """Whether its text gives it back."""
    try:
        again = activation(record.spec) if isinstance(record, Activation) else loss(record.spec)
    except PellucidError:
        return False
    return (again.formula, again.derivative_formula) == (record.formula, record.derivative_formula)


def restore(header: Mapping[str, Any], tensors: Mapping[str, Array]) -> tuple[Architecture, Array]:
    """The architecture and the parameters that a file describes.

    Raises:
        ValueError, KeyError, TypeError, OverflowError: it describes no network, or one that its arrays do not fit.

    """
    told, dtype = header["architecture"], header["dtype"]
    sizes = told["sizes"]
    if isinstance(sizes, list) and all(type(size) is int and size > 0 for size in sizes) and len(sizes) > 1:
        shapes: dict[str, tuple[int, ...]] = {}
        if 2 * (len(sizes) - 1) == len(tensors):
            for index, pair in enumerate(pairwise(sizes), start=1):
                shapes[f"W{index}"], shapes[f"b{index}"] = pair, pair[1:]
        if not shapes or shapes != {name: part.shape for name, part in tensors.items()}:
            raise ValueError("the arrays do not fit the sizes")
        if max(len(told["activations"]), len(told["dropout"])) > 2 * len(sizes):
            raise ValueError("more activations or dropout rates than layers")
        _check_formulas(told)
    architecture = Architecture.from_header(told)
    if not isinstance(dtype, str) or any(part.dtype.name != dtype for part in tensors.values()):
        raise ValueError(f"The dtype in the network is {str(dtype)[:40]!r}, and its arrays are of another")
    vector = np.empty(architecture.n_parameters, dtype=np.dtype(dtype))
    for name, part in architecture.named(vector).items():
        part[...] = tensors[name]
    return architecture, vector


def _check_formulas(header: Mapping[str, Any]) -> None:
    texts = [*header["activations"], header["loss"]]
    formulas = {" ".join(text.split()) for text in texts if is_formula(text, VARIABLES)}
    letters = sum(map(len, formulas))
    if len(formulas) > MAX_FORMULAS or (len(formulas) > 1 and letters > MAX_LETTERS) or letters > MAX_LENGTH:
        raise ValueError(f"{len(formulas):,} formulas of {letters:,} characters")
    names = {text for text in texts if isinstance(text, str)} - formulas
    if any(len(name) > 200 for name in names) or any(len(re.findall(r"\w+", name)) > 20 for name in names):
        raise ValueError("a name of more than 200 characters")

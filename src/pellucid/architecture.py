"""The frozen description of a network: sizes, rules, and where each parameter lies in ONE flat vector."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np

from pellucid.equations.activations import Activation, Softmax, activation
from pellucid.equations.arrays import Array
from pellucid.equations.initializers import Initializer, initializer
from pellucid.equations.losses import Loss, Objective, loss
from pellucid.equations.propagation import Parameters
from pellucid.errors import InputError, sentence

DEFAULT_HIDDEN = "relu"
DEFAULT_LOSS = {"sigmoid": "log_loss", "softmax": "cross_entropy", "exp": "poisson", "softplus": "poisson"}


@dataclass(frozen=True)
class Layer:
    """Layer l: a_l = f_l(a_{l-1} W_l + b_l), for l = 1..L."""

    index: int
    n_inputs: int
    n_units: int
    activation: Activation
    dropout: float
    """the probability with which a unit of a_l is dropped while training"""
    weights: slice
    """where W_l lies in the flat vector, as (n_inputs, n_units) in C order"""
    biases: slice
    """where b_l lies in the flat vector"""


@dataclass(frozen=True)
class Architecture:
    """Sizes n_0..n_L, one activation for each layer 1..L, the loss, L2 and dropout.

    The flat vector is W_1, W_2 ... W_L, b_1 ... b_L, so that the weights (which L2 is for) are its first part.

    Raises:
        InputError: a size below 1, a count that does not fit, or a loss that is not defined on the range of the output.

    """

    sizes: tuple[int, ...]
    activations: tuple[Activation, ...]
    loss: Loss
    l2: float = 0.0
    dropout: tuple[float, ...] = ()
    """the rate of each hidden layer 1..L-1"""

    @staticmethod
    def build(
        sizes: Sequence[int],
        activations: str | Activation | Sequence[str | Activation] | None = None,
        loss_spec: str | Loss | None = None,
        l2: float = 0.0,
        dropout: float | Sequence[float] = 0.0,
    ) -> Architecture:
        """From what a user writes: names instead of records, one value for all layers, defaults left out.

        One activation stands for all hidden layers; the output then has the one that goes with the loss. A loss left out is the one
        that goes with the output: log_loss for sigmoid, cross_entropy for softmax, poisson for exp, else half_mse.
        """
        if not hasattr(sizes, "__len__"):
            raise InputError(sentence("the list of sizes", "the network", repr(sizes), "a list of whole numbers", "e.g. [4, 5, 1]"))
        n_layers = len(sizes) - 1
        if isinstance(activations, str | Activation) or activations is None:
            hidden = [activation(activations or DEFAULT_HIDDEN)] * max(n_layers - 1, 0)
            records = [*hidden, activation(loss(loss_spec or "half_mse").output)]
        elif isinstance(activations, Iterable):
            records = [activation(spec) for spec in activations]
        else:
            expected = "a name, or a list with one for each layer"
            raise InputError(sentence("the list of activations", "the network", repr(activations), expected, "e.g. ['relu', 'sigmoid']"))
        if loss_spec is None:
            loss_spec = DEFAULT_LOSS.get(records[-1].name if records else "", "half_mse")
        several = isinstance(dropout, Sequence | np.ndarray) and not isinstance(dropout, str)
        rates: Any = dropout if several else [dropout] * (n_layers - 1)
        return Architecture(tuple(sizes), tuple(records), loss(loss_spec), l2, tuple(rates))

    def __post_init__(self) -> None:
        where = "the network"
        if len(self.sizes) < 2:
            listed, repair = list(self.sizes), "e.g. [4, 5, 1]"
            raise InputError(sentence("the list of sizes", where, listed, "at least inputs and outputs", repair))
        for size in self.sizes:
            if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
                got, expected = repr(size), "a whole number of at least 1"
                raise InputError(sentence("a layer size", f"sizes {list(self.sizes)}", got, expected, "e.g. [4, 5, 1]"))
        n_layers = len(self.sizes) - 1
        for what, given, count in (
            ("number of activations", len(self.activations), n_layers),
            ("number of dropout rates", len(self.dropout), n_layers - 1),
        ):
            if given != count:
                expected = f"{count} for sizes {list(self.sizes)}"
                raise InputError(sentence(f"the {what}", where, given, expected, "give one for each layer"))
        for at, (record, size) in enumerate(zip(self.activations, self.sizes[1:], strict=True), start=1):
            if isinstance(record, Softmax) and record.groups and sum(record.groups) != size:
                got, expected = f"{record.spec}, groups of {sum(record.groups)} units", f"groups of {size} units, as the layer has"
                raise InputError(sentence("the activation", f"layer {at}", got, expected, "let the sizes of the groups add up to it"))
        for rate in self.dropout:
            if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 <= rate < 1:
                raise InputError(sentence("a dropout rate", where, repr(rate), "a number in [0, 1)", "choose e.g. 0.2"))
        if isinstance(self.l2, bool) or not isinstance(self.l2, Real) or not 0 <= self.l2 < math.inf:
            raise InputError(sentence("l2", where, repr(self.l2), "a number that is not negative", "choose e.g. 1e-4"))
        object.__setattr__(self, "sizes", tuple(int(size) for size in self.sizes))
        object.__setattr__(self, "l2", float(self.l2))
        object.__setattr__(self, "dropout", tuple(float(rate) for rate in self.dropout))
        _ = self.objective

    @cached_property
    def objective(self) -> Objective:
        """The output activation and the loss, as one link of the chain."""
        return Objective(self.activations[-1], self.loss)

    @cached_property
    def heads(self) -> tuple[slice, ...]:
        """Where the outputs of each softmax lie; empty where the output has no groups of them."""
        output = self.activations[-1]
        return output.parts(self.sizes[-1]) if isinstance(output, Softmax) and output.groups else ()

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """Layers 1..L."""
        layers, weights, biases = [], 0, self.n_weights
        rates = (*self.dropout, 0.0)
        for index, (n_in, n_out) in enumerate(zip(self.sizes, self.sizes[1:], strict=False), start=1):
            at = slice(weights, weights + n_in * n_out), slice(biases, biases + n_out)
            layers.append(Layer(index, n_in, n_out, self.activations[index - 1], rates[index - 1], *at))
            weights, biases = at[0].stop, at[1].stop
        return tuple(layers)

    @cached_property
    def n_weights(self) -> int:
        """How many entries of the flat vector are weights."""
        return sum(n_in * n_out for n_in, n_out in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def n_parameters(self) -> int:
        """The length of the flat vector."""
        return self.n_weights + sum(self.sizes[1:])

    def split(self, vector: Array) -> Parameters:
        """(W_l, b_l) of every layer, as views into the flat vector."""
        return [(vector[layer.weights].reshape(layer.n_inputs, layer.n_units), vector[layer.biases]) for layer in self.layers]

    def named(self, vector: Array, prefix: str = "") -> dict[str, Array]:
        """The same views by name: W1, b1, W2 ... (or dW1, db1 ... with the prefix d)."""
        pairs = enumerate(self.split(vector), start=1)
        return {f"{prefix}{kind}{index}": part for index, pair in pairs for kind, part in zip("Wb", pair, strict=True)}

    def draw(self, spec: str | Initializer, rng: np.random.Generator, dtype: np.dtype[Any]) -> Array:
        """A new flat vector: weights from the initializer, layer by layer; biases zero."""
        rule, vector = initializer(spec), np.zeros(self.n_parameters, dtype=dtype)
        for layer, (W, _) in zip(self.layers, self.split(vector), strict=True):
            W[...] = rule.draw(rng, layer.n_inputs, layer.n_units)
        return vector

    def to_header(self) -> dict[str, Any]:
        """All of it as JSON-able values; `from_header` is the way back."""
        return {
            "sizes": list(self.sizes),
            "activations": [record.spec for record in self.activations],
            "loss": self.loss.spec,
            "l2": float(self.l2),
            "dropout": list(self.dropout),
        }

    @staticmethod
    def from_header(header: dict[str, Any]) -> Architecture:
        """The architecture that `to_header` described."""
        return Architecture.build(header["sizes"], list(header["activations"]), header["loss"], header["l2"], list(header["dropout"]))

    def __str__(self) -> str:
        return "-".join(map(str, self.sizes)) + f" ({', '.join(record.spec for record in self.activations)})"

"""What is random, drawn as scikit-learn draws it: from the legacy generator, in its order. The same `random_state` gives the same model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.random import RandomState
from sklearn.model_selection import train_test_split

from pellucid.architecture import Architecture
from pellucid.engines.compiled.orders import shuffle
from pellucid.equations.arrays import Array
from pellucid.equations.initializers import Initializer, initializer


def initial_vector(
    architecture: Architecture, dtype: np.dtype, random_state: RandomState, spec: str | Initializer | None, logistic: bool
) -> Array:
    """Weights and biases from U(-r, r), r = sqrt(c / (n_in + n_out)), c = 2 where the hidden layers are (or would be) sigmoid, else 6.

    With an initializer of one's own the weights are its, and the biases zero.

    Source: Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*; c as scikit-learn has it.
    """
    vector = np.zeros(architecture.n_parameters, dtype=dtype)
    rule = None if spec is None else initializer(spec)
    generator = None if rule is None else np.random.default_rng(int(random_state.randint(2**31 - 1)))
    c = 2.0 if logistic else 6.0
    for layer, (W, b) in zip(architecture.layers, architecture.split(vector), strict=True):
        if rule is not None and generator is not None:
            W[...] = rule.draw(generator, layer.n_inputs, layer.n_units)
            continue
        r = np.sqrt(c / (layer.n_inputs + layer.n_units))
        W[...] = random_state.uniform(-r, r, W.shape)
        b[...] = random_state.uniform(-r, r, b.shape)
    return vector


class LegacyOrders:
    """The order in which each epoch visits the rows: every epoch shuffles that of the one before."""

    def __init__(self, rows: Array | None, m: int, random_state: RandomState) -> None:
        self.order = np.arange(m) if rows is None else rows
        self.random_state = random_state

    def next(self, into: Array) -> None:
        """Shuffle once more."""
        places = np.arange(len(self.order))
        shuffle(places, self.random_state)
        self.order = self.order[places]
        into[...] = self.order

    def state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """The order, and the generator's state."""
        name, key, *rest = self.random_state.get_state(legacy=True)
        return {"generator": [name, *rest]}, {"order": self.order, "key": np.asarray(key)}

    def restore(self, facts: dict[str, Any], arrays: dict[str, Array]) -> None:
        """The order, and the generator's state."""
        name, position, has_normal, normal = facts["generator"]
        key, order = arrays["key"], arrays["order"]
        if name != "MT19937" or key.dtype != np.uint32 or key.shape != (624,) or type(position) is not int or not 0 <= position <= 624:
            raise ValueError("not the state of a generator")
        if has_normal not in (0, 1) or type(normal) not in (int, float):
            raise ValueError("not the state of a generator")
        if order.dtype != self.order.dtype or not np.array_equal(np.sort(order), np.sort(self.order)):
            raise ValueError("not an order of the rows")
        self.random_state.set_state((name, key, position, int(has_normal), float(normal)))
        self.order = order.copy()


def pass_over(m: int, epochs: int, random_state: RandomState) -> None:
    """Draw the orders of so many epochs for nothing: a batch of all rows needs none, but what is drawn next depends on them."""
    shuffle(np.arange(m), random_state, epochs)


def held_out(m: int, fraction: float, stratify: Array | None, random_state: RandomState) -> tuple[Array, Array]:
    """Rows to train on and rows to validate on."""
    train, held = train_test_split(np.arange(m), random_state=random_state, test_size=fraction, stratify=stratify)
    return train, held

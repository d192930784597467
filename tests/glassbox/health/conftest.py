"""Real data and networks, healthy and not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from sklearn import datasets
from sklearn.preprocessing import scale

import pellucid as pl


@cache
def data(name, scaled=True):
    """A data set that scikit-learn ships, every third row of digits."""
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "digits":
        X, y = X[::3], y[::3]
    return (scale(X) if scaled else X), y


def stack(name, depth, rule, *, scaled=True, width=32, initializer="glorot_uniform", times=1.0, biases=0.0, output="softmax", loss=None):
    """A network of ``depth`` equal hidden layers for a data set, and the data."""
    X, y = data(name, scaled)
    n = len(np.unique(y))
    net = pl.Network([X.shape[1], *[width] * depth, n], [rule] * depth + [output], loss, seed=0, initializer=initializer)
    net.vector[: net.architecture.n_weights] *= times
    for layer in range(1, depth + 1):
        net.parameters[f"b{layer}"][...] = biases
    return net, X, (np.eye(n)[y] if loss else y)


@pytest.fixture(name="data")
def data_fixture():
    return data


@pytest.fixture(name="stack")
def stack_fixture():
    return stack

"""The outside oracle: every activation and loss once more in jax.numpy, to be differentiated by JAX.

Written from the textbook, not from the package. Kinks are spelled with ``where`` so that JAX takes the derivative of the right-hand
branch, as the package says it does. Losses are functions of the scores z of the output where the plain form would lose digits.
"""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfc, logsumexp, xlogy

import pellucid as pl


def _softplus(z):
    return jnp.logaddexp(z, 0.0)


def _elu(z, alpha=1.0):
    return jnp.where(z >= 0, z, alpha * jnp.expm1(jnp.where(z >= 0, 0.0, z)))


ACTIVATIONS = {
    "identity": lambda z: z,
    "sigmoid": lambda z: 0.5 * (1 + jnp.tanh(z / 2)),
    "tanh": jnp.tanh,
    "relu": lambda z: jnp.where(z >= 0, z, 0.0),
    "leaky_relu": lambda z, slope=0.01: jnp.where(z >= 0, z, slope * z),
    "softmax": lambda z: jnp.exp(z - logsumexp(z, axis=-1, keepdims=True)),
    "elu": _elu,
    "selu": lambda z: 1.0507009873554805 * _elu(z, 1.6732632423543772),
    "softplus": _softplus,
    "softsign": lambda z: z / (1 + jnp.where(z >= 0, z, -z)),
    "gelu": lambda z: z * erfc(-z / np.sqrt(2)) / 2,
    "silu": lambda z: z * jnp.exp(-_softplus(-z)),
    "mish": lambda z: z * jnp.tanh(_softplus(z)),
    "hard_tanh": lambda z: jnp.where(z < -1, -1.0, jnp.where(z < 1, z, 1.0)),
    "exp": jnp.exp,
}


def _huber(a, y, delta=1.0):
    e = jnp.abs(a - y)
    return jnp.where(e <= delta, e**2 / 2, delta * (e - delta / 2))


PLAIN = {
    "mse": lambda a, y: (a - y) ** 2,
    "half_mse": lambda a, y: (a - y) ** 2 / 2,
    "mae": lambda a, y: jnp.where(a == y, 0.0, jnp.abs(a - y)),
    "huber": _huber,
    "poisson": lambda a, y: a - y + xlogy(y, y) - xlogy(y, a),
    "log_loss": lambda a, y: -xlogy(y, a) - xlogy(1 - y, 1 - a),
    "cross_entropy": lambda a, y: -xlogy(y, a),
}
AVERAGED = {"mse", "half_mse", "mae", "huber", "poisson"}


def _log_rest(z):
    """log(1 - softmax(z)_k), from the other scores."""
    own = np.eye(z.shape[1], dtype=bool)
    others = jnp.where(own, -jnp.inf, z[:, None, :])
    return logsumexp(others, axis=-1) - logsumexp(z, axis=-1, keepdims=True)


FROM_SCORES = {
    ("sigmoid", "log_loss"): lambda z, y: y * _softplus(-z) + (1 - y) * _softplus(z),
    ("sigmoid", "cross_entropy"): lambda z, y: y * _softplus(-z),
    ("softmax", "cross_entropy"): lambda z, y: -y * (z - logsumexp(z, axis=-1, keepdims=True)),
    ("softmax", "log_loss"): lambda z, y: -y * (z - logsumexp(z, axis=-1, keepdims=True)) - (1 - y) * _log_rest(z),
    ("exp", "poisson"): lambda z, y: jnp.exp(z) - y * z + xlogy(y, y) - y,
}


def groups_of(spec):
    """The sizes of the groups of ``softmax(3, 2)``, or nothing."""
    return [int(part) for part in spec.partition("(")[2].rstrip(")").split(",") if part] if spec.startswith("softmax") else []


def in_groups(function, groups, *arrays):
    """A function of rows, applied to each group of columns."""
    ends = np.cumsum(groups).tolist()
    parts = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    return jnp.concatenate([function(*(array[:, part] for array in arrays)) for part in parts], axis=1)


def parsed(spec, table):
    """The function that a text such as ``leaky_relu(slope=0.2)`` names, and its bare name."""
    name, _, inside = spec.partition("(")
    if name == "softmax" and inside:
        return partial(in_groups, table[name], groups_of(spec)), name
    parameters = {key: float(value) for key, _, value in (part.partition("=") for part in inside.rstrip(")").split(",") if part)}
    return partial(table[name], **parameters) if parameters else table[name], name


def cost(net: pl.Network, X, Y, s=None, masks=None):
    """J as a function of the list of (W, b), for the architecture of a network; layers are rows x units."""
    architecture = net.architecture
    rules = [parsed(record.spec, ACTIVATIONS) for record in architecture.activations]
    plain, loss_name = parsed(architecture.loss.spec, PLAIN)
    weights = jnp.ones(len(X)) if s is None else jnp.asarray(s, dtype=jnp.float64)

    def J(parameters):
        a = jnp.asarray(X, dtype=jnp.float64)
        for layer, ((rule, _), (W, b)) in enumerate(zip(rules, parameters, strict=True), start=1):
            z = a @ W + b
            a = rule(z)
            if masks and layer in masks:
                a = a * masks[layer]
        y = jnp.asarray(Y, dtype=jnp.float64)
        scores = FROM_SCORES.get((rules[-1][1], loss_name))
        groups = groups_of(architecture.activations[-1].spec)
        scores = partial(in_groups, scores, groups) if scores is not None and groups else scores
        each = scores(z, y) if scores is not None else plain(a, y)
        lost = each.mean(axis=1) if loss_name in AVERAGED else each.sum(axis=1)
        ridge = sum((W**2).sum() for W, _ in parameters)
        return (weights * lost).sum() / weights.sum() + architecture.l2 * ridge / (2 * weights.sum())

    return J


def value_and_gradients(net: pl.Network, X, Y, s=None, masks=None):
    """J and {dW1, db1 ...} by JAX, in float64 whatever the network's dtype."""
    parameters = [(jnp.asarray(W, dtype=jnp.float64), jnp.asarray(b, dtype=jnp.float64)) for W, b in net.architecture.split(net.vector)]
    value, found = jax.value_and_grad(cost(net, X, Y, s, masks))(parameters)
    named = {
        f"d{kind}{layer}": np.asarray(part) for layer, pair in enumerate(found, start=1) for kind, part in zip("Wb", pair, strict=True)
    }
    return float(value), named


def assert_equal(found, expected, tolerance, floor=0.0):
    """Every array equal, relative to its largest entry (or to ``floor``, where rounding is all there is)."""
    assert set(found) == set(expected)
    for name, right in expected.items():
        scale = max(float(np.abs(right).max()), floor)
        off = float(np.abs(np.asarray(found[name], dtype=np.float64) - right).max())
        assert off <= tolerance * scale, f"{name} is {off / scale if scale else off:.2e} off, relative to its largest entry"

"""Random networks and their data, for properties that must hold for all of them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

import pellucid as pl
from pellucid.equations import activations, losses

HIDDEN = [*activations.CATALOGUE, "leaky_relu(slope=0.2)", "leaky_relu(slope=-0.5)", "elu(alpha=0.5)"]
LOSSES = [*losses.CATALOGUE, "huber(delta=0.3)"]
WIDTHS = (1, 2, 3, 7, 19, 40)
"""few, because JAX compiles each operation for each shape"""


def allowed(output, loss):
    record = activations.activation(output)
    return losses.loss(loss).domain.contains(record.range)


PAIRS = [(output, loss) for output in HIDDEN for loss in LOSSES if allowed(output, loss)]


def targets(rng, loss, m, n, kind=0):
    """Targets of the loss's domain; for cross_entropy one-hot or soft."""
    name = loss.partition("(")[0]
    if name == "cross_entropy":
        return np.eye(n)[rng.integers(n, size=m)] if kind % 2 else rng.dirichlet(np.ones(n), size=m)
    if name == "log_loss":
        return (rng.random((m, n)) > 0.5).astype(float) if kind % 2 else rng.random((m, n))
    if name == "poisson":
        return rng.poisson(1.5, size=(m, n)).astype(float)
    return rng.normal(size=(m, n))


def beside_a_kink(net, trace, Y, within):
    """Whether some z or error is so near a kink, not on it, that rounding may decide the side."""
    for layer in net.layers:
        for kink in layer.activation.kinks:
            distance = np.abs(trace[f"z{layer.index}"] - kink)
            if ((distance < within) & (distance > 0)).any():
                return True
    for kink in net.architecture.loss.kinks:
        distance = np.abs(trace["y_hat"] - Y - kink)
        if ((distance < within) & (distance > 0)).any():
            return True
    return False


def tame(net, trace):
    """Whether no score is so large that its own rounding, amplified by an exponential, is what would be compared."""
    limit = 15 if net.dtype == np.float32 else 50
    return all(np.isfinite(trace[f"z{layer.index}"]).all() and np.abs(trace[f"z{layer.index}"]).max() <= limit for layer in net.layers)


def _grouped(draw, rule, size, least):
    """Some softmaxes in two groups of units; one way for each size, because JAX compiles each operation for each shape."""
    return f"softmax({size - size // 2}, {size // 2})" if rule == "softmax" and size >= 2 * least and draw(st.booleans()) else rule


@st.composite
def recipes(draw):
    """What to build a network and its data from; plain values, so that a failing one can be read."""
    depth = draw(st.integers(1, 6))
    sizes = [draw(st.sampled_from(WIDTHS)) for _ in range(depth + 1)]
    hidden = [draw(st.sampled_from(HIDDEN)) for _ in range(depth - 1)]
    output, loss = draw(st.sampled_from(PAIRS))
    if output == "softmax" and loss == "log_loss" and sizes[-1] == 1:
        sizes[-1] = 2  # a softmax of one class is the constant 1, where log_loss is infinite
    least = 2 if loss == "log_loss" else 1
    rules = [_grouped(draw, rule, size, 1) for rule, size in zip(hidden, sizes[1:-1], strict=True)]
    rules.append(_grouped(draw, output, sizes[-1], least))
    return {
        "sizes": sizes,
        "rules": rules,
        "loss": loss,
        "dtype": draw(st.sampled_from(["float64", "float32"])),
        "l2": draw(st.sampled_from([0.0, 0.7])),
        "dropout": draw(st.sampled_from([0.0, 0.3])),
        "biases": draw(st.booleans()),
        "weighted": draw(st.booleans()),
        "m": draw(st.sampled_from([1, 2, 9])),
        "spread": draw(st.sampled_from([0.1, 1.0, 3.0])),
        "kind": draw(st.integers(0, 1)),
        "seed": draw(st.integers(0, 2**16)),
    }


def build(recipe):
    sizes, m, dtype, seed = recipe["sizes"], recipe["m"], recipe["dtype"], recipe["seed"]
    net = pl.Network(
        sizes, recipe["rules"], recipe["loss"], l2=recipe["l2"], dropout=recipe["dropout"], seed=seed, dtype=dtype
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(m, sizes[0])) * recipe["spread"]
    X[rng.random(X.shape) < 0.2] = 0.0
    X[0] = 0.0  # with zero biases every z of this row is exactly zero: the derivative at the kink counts
    if recipe["biases"]:
        for layer in range(1, len(sizes)):
            net.parameters[f"b{layer}"][...] = rng.normal(size=sizes[layer]) * 0.3
    Y = targets(rng, recipe["loss"], m, sizes[-1], recipe["kind"])
    s = (rng.random(m) + 0.1).astype(dtype) if recipe["weighted"] else None
    return net, X.astype(dtype), Y.astype(dtype), s, net.dropout_mask(m, step=seed % 100) or None

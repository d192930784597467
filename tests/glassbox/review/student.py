"""Backward propagation as a student writes it in NumPy, samples as columns, with places where mistakes can be planted.

Nothing of the package is used but the parameters and the names of the rules, so that the review is held against code of another hand.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erfc, xlogy


def sigma(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


SELU = 1.0507009873554805, 1.6732632423543772
F = {
    "identity": lambda z: z,
    "sigmoid": sigma,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(0, z),
    "leaky_relu": lambda z, slope=0.01: np.maximum(slope * z, z),
    "elu": lambda z, alpha=1.0: np.where(z >= 0, z, alpha * np.expm1(np.minimum(z, 0))),
    "selu": lambda z: SELU[0] * np.where(z >= 0, z, SELU[1] * np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.logaddexp(0, z),
    "softsign": lambda z: z / (1 + np.abs(z)),
    "gelu": lambda z: z * erfc(-z / np.sqrt(2)) / 2,
    "silu": lambda z: z * sigma(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "hard_tanh": lambda z: np.clip(z, -1, 1),
    "exp": np.exp,
    "softmax": softmax,
}


def mish_prime(z):
    t = np.tanh(np.logaddexp(0, z))
    return t + z * sigma(z) * (1 - t**2)


F_PRIME = {
    "identity": np.ones_like,
    "sigmoid": lambda z: sigma(z) * (1 - sigma(z)),
    "tanh": lambda z: 1 - np.tanh(z) ** 2,
    "relu": lambda z: (z >= 0) * 1.0,
    "leaky_relu": lambda z, slope=0.01: np.where(z >= 0, 1.0, slope),
    "elu": lambda z, alpha=1.0: np.where(z >= 0, 1.0, alpha * np.exp(np.minimum(z, 0))),
    "selu": lambda z: SELU[0] * np.where(z >= 0, 1.0, SELU[1] * np.exp(np.minimum(z, 0))),
    "softplus": sigma,
    "softsign": lambda z: 1 / (1 + np.abs(z)) ** 2,
    "gelu": lambda z: erfc(-z / np.sqrt(2)) / 2 + z * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi),
    "silu": lambda z: sigma(z) * (1 + z * (1 - sigma(z))),
    "mish": mish_prime,
    "hard_tanh": lambda z: ((z >= -1) & (z < 1)) * 1.0,
    "exp": np.exp,
}


def huber(e, delta=1.0):
    return np.where(np.abs(e) <= delta, e**2 / 2, delta * (np.abs(e) - delta / 2))


LOSS = {
    "mse": lambda a, y: (a - y) ** 2 / len(y),
    "half_mse": lambda a, y: (a - y) ** 2 / (2 * len(y)),
    "mae": lambda a, y: np.abs(a - y) / len(y),
    "huber": lambda a, y, delta=1.0: huber(a - y, delta) / len(y),
    "poisson": lambda a, y: (a - y + xlogy(y, y) - xlogy(y, a)) / len(y),
    "log_loss": lambda a, y: -xlogy(y, a) - xlogy(1 - y, 1 - a),
    "cross_entropy": lambda a, y: -xlogy(y, a),
}
LOSS_PRIME = {
    "mse": lambda a, y: 2 * (a - y) / len(y),
    "half_mse": lambda a, y: (a - y) / len(y),
    "mae": lambda a, y: np.sign(a - y) / len(y),
    "huber": lambda a, y, delta=1.0: np.clip(a - y, -delta, delta) / len(y),
    "poisson": lambda a, y: (1 - y / a) / len(y),
    "log_loss": lambda a, y: -y / a + (1 - y) / (1 - a),
    "cross_entropy": lambda a, y: -y / a,
}


def rule(spec, table):
    """The function that a text such as leaky_relu(slope=0.2) names."""
    name, _, inside = spec.partition("(")
    numbers = {key: float(value) for key, _, value in (part.partition("=") for part in inside.rstrip(")").split(",") if part)}
    return lambda *arrays: table[name](*arrays, **numbers)


REPLACED = ("error not exact", "counted twice", "derivative missing", "diagonal", "derivative at a", "derivative at layer", "relu mask")
"""mistakes in dz_L that take the place of its right line"""


def gradients(net, X, Y, s=None, masks=None, faults=()):
    """All gradients by name, in the columns convention, with the faults (kind, place, detail) planted."""
    planted = {(kind, place): detail for kind, place, detail in faults}
    rules, loss = [record.spec for record in net.architecture.activations], net.architecture.loss.spec
    L, m, l2 = len(rules), len(X), net.architecture.l2
    W = {layer: net.parameters[f"W{layer}"].T.astype(float) for layer in range(1, L + 1)}
    b = {layer: net.parameters[f"b{layer}"][:, None].astype(float) for layer in range(1, L + 1)}
    x, y = np.asarray(X, float).T, np.asarray(Y, float).T
    weights = np.ones(m) if s is None else np.asarray(s, float)
    total = weights.sum()
    mask = {layer: np.asarray(part, float).T for layer, part in (masks or {}).items()}

    # forward
    a, z, h = {0: x}, {0: x}, {}
    for layer in range(1, L + 1):
        z[layer] = W[layer] @ a[layer - 1] + b[layer]
        h[layer] = rule(rules[layer - 1], F)(z[layer])
        a[layer] = h[layer] * mask[layer] if layer in mask else h[layer]
    f_prime = {layer: rule(rules[layer - 1], F_PRIME) for layer in range(1, L + 1) if rules[layer - 1] != "softmax"}

    def fault(kind, place):
        return planted.get((kind, place), planted.get((kind, "everywhere")))

    def has(kind, place):
        return (kind, place) in planted or (kind, "everywhere") in planted

    def multiplied(value, place):
        """The faults that are a mere factor, wherever they are."""
        if has("wrong sign", place):
            value = -value
        if has("factor", place):
            value = value * fault("factor", place)
        if has("extra 1/m", place):
            value = value / total
        return value

    def softmax_back(layer, da):
        return h[layer] * (da - (h[layer] * da).sum(axis=0, keepdims=True))

    # backward
    out = {}
    name = f"da{L}"
    da = rule(loss, LOSS_PRIME)(a[L], y)
    if has("loss derivative missing", name):
        da = np.ones_like(y)
    da = multiplied(da, name)
    untouched = all(place != name for _, place in planted)
    for layer in range(L, 0, -1):
        out[f"da{layer}"] = da
        name = f"dz{layer}"
        inner = da if layer not in mask or has("dropout mask missing", name) else da * mask[layer]
        soft = rules[layer - 1] == "softmax"
        if layer == L and has("error not exact", name):
            dz = a[L] - y
        elif layer == L and has("counted twice", name):
            dz = softmax_back(L, a[L] - y) if soft else (a[L] - y) * f_prime[L](z[L]) / (len(y) if loss == "poisson" else 1)
        elif has("derivative missing", name):
            dz = inner
        elif soft:
            dz = inner * h[layer] * (1 - h[layer]) if has("diagonal", name) else softmax_back(layer, inner)
        elif has("derivative at a", name) and f_prime.get(layer):
            dz = inner * f_prime[layer](h[layer])
        elif has("derivative at layer", name):
            dz = inner * f_prime[layer](z[fault("derivative at layer", name)])
        elif has("relu mask", name):
            array = {"da": inner, "a": a[layer - 1], "z": z[layer - 1]}[fault("relu mask", name)]
            dz = inner * f_prime[layer](array)
        else:
            dz = inner * f_prime[layer](z[layer])
        if layer == L and untouched and not any(has(kind, name) for kind in REPLACED):
            dz = fused(rules[-1], loss, z[L], a[L], y, dz)
        dz = multiplied(dz, name)
        out[name] = dz

        # the parameters
        name, weighted = f"dW{layer}", weights * dz
        other = a[layer - 1]
        if has("other activations", name):
            other = a[fault("other activations", name)]
        turned = other.T if fault("element-wise", name) else other
        dW = weighted * turned if has("element-wise", name) else weighted @ other.T
        dW = dW if has("missing 1/m", name) else dW / total
        dW = multiplied(dW, name)
        if l2 and not has("l2 missing", name):
            dW = dW + (2 if has("l2 doubled", name) else 1) * l2 * W[layer] / total
        out[name] = dW.T if has("transposed", name) else dW
        name = f"db{layer}"
        if has("wrong axis", name):
            way = fault("wrong axis", name)
            db = {"sum": weighted.sum(axis=0) / total, "mean": weighted.mean(axis=0), "keep": weighted.sum(axis=0, keepdims=True) / total,
                  "all": np.sum(weighted) / total}[way]  # fmt: skip
        elif has("one sample", name):
            i = fault("one sample", name)
            db = dz[:, i : i + 1]
        elif has("times input", name):
            db = weighted @ (x if fault("times input", name) == "x" else a[layer - 1]).T / total
        else:
            db = weighted.sum(axis=1, keepdims=True)
            db = db if has("missing 1/m", name) else db / total
        db = multiplied(db, name)
        if has("l2 on biases", name):
            db = db + l2 * b[layer] / total
        out[name] = db.T if has("transposed", name) else db

        # to the layer before
        name = f"da{layer - 1}" if layer > 1 else "dX"
        back = W[layer]
        if has("updated W", name):
            back = W[layer] - fault("updated W", name) * dW
        if has("not transposed", name):
            da = back @ dz
        elif has("element-wise", name):
            da = back.T * dz
        else:
            da = back.T @ dz
        da = multiplied(da, name)
    out["dX"] = da
    for kind, place in planted:
        if kind == "transposed" and place in out and place[:2] not in ("dW", "db"):
            out[place] = out[place].T
    return out


def fused(output, loss, z, a, y, dz):
    """dz_L in the form that does not overflow, where there is one."""
    if (output, loss) in (("sigmoid", "log_loss"),):
        return a - y
    if (output, loss) == ("softmax", "cross_entropy"):
        return a * y.sum(axis=0) - y
    if (output, loss) == ("exp", "poisson"):
        return (a - y) / len(y)
    if (output, loss) == ("sigmoid", "cross_entropy"):
        return -y * sigma(-z)
    return dz

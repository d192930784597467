"""The trace: every name, shape and value of one pass, in both conventions, and how it prints."""

from __future__ import annotations

import html
import sys
from io import StringIO
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from rich.console import Console
from scipy.stats import norm

import pellucid as pl
from pellucid.glassbox import trace

RULES = ["identity", "sigmoid", "tanh", "relu", "leaky_relu(slope=0.2)", "elu", "selu", "softplus", "softsign", "gelu", "silu", "mish"]
ENDS = [
    ("identity", "mse"),
    ("tanh", "half_mse"),
    ("sigmoid", "log_loss"),
    ("softmax", "cross_entropy"),
    ("softmax", "mse"),
    ("exp", "poisson"),
    ("identity", "huber"),
]


@st.composite
def passes(draw):
    """(sizes, rules, loss, dtype, m, weighted, l2, dropped, seed) of some pass."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    output, loss = draw(st.sampled_from(ENDS))
    hidden = draw(st.lists(st.sampled_from([*RULES, "softmax"]), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    dtype = draw(st.sampled_from(["float32", "float64"]))
    weighted, dropped, l2 = draw(st.booleans()), draw(st.booleans()), draw(st.sampled_from([0.0, 0.3]))
    return sizes, [*hidden, output], loss, dtype, draw(st.integers(1, 6)), weighted, l2, dropped, draw(st.integers(0, 1000))


def build(sizes, rules, loss, dtype, m, weighted, l2, dropped, seed):
    """A network, and X, y, s, mask for it."""
    net = pl.Network(sizes, rules, loss, l2=l2, dropout=0.4 if dropped else 0.0, dtype=dtype, seed=seed)
    rng = np.random.default_rng(seed)
    net.vector[...] = rng.normal(scale=0.5, size=net.n_parameters)
    y = rng.random((m, sizes[-1]))
    if loss == "cross_entropy":
        y /= y.sum(axis=1, keepdims=True)
    s = rng.random(m) + 0.1 if weighted else None
    return net, rng.normal(size=(m, sizes[0])), y, s, net.dropout_mask(m) or None


def order(last):
    """The names in the order in which the values arise."""
    names = ["a0"] + [f"{kind}{layer}" for layer in range(1, last + 1) for kind in "za"] + ["J"]
    return names + [f"{kind}{layer}" for layer in range(last, 0, -1) for kind in ("da", "dz", "dW", "db")]


@settings(max_examples=40)
@given(passes())
def test_names_and_shapes_in_both_conventions(given):
    net, X, y, s, mask = build(*given)
    sizes, m = given[0], given[4]
    for convention in ("columns", "rows"):
        found = net.trace(X, y, convention, s, mask)
        assert list(found) == order(len(sizes) - 1)
        assert len(found) == len(list(found))
        columns = convention == "columns"
        expected = {"J": (), "l": (m,), "x": (sizes[0], m), "a0": (sizes[0], m)}
        expected |= dict.fromkeys(("y", "y_hat", "error"), (sizes[-1], m))
        for layer, (n_in, n) in enumerate(pairwise(sizes), start=1):
            expected |= dict.fromkeys([f"{kind}{layer}" for kind in ("z", "a", "da", "dz")], (n, m))
            expected |= dict.fromkeys([f"W{layer}", f"dW{layer}"], (n, n_in))
            expected |= dict.fromkeys([f"b{layer}", f"db{layer}"], (n, 1) if columns else (n,))
        for name, shape in expected.items():
            flat = name in ("J", "l") or name.lstrip("d").startswith("b")
            assert found[name].shape == (shape if columns or flat else shape[::-1]), name
            assert found[name].dtype == net.dtype, name


@settings(max_examples=40)
@given(passes())
def test_each_convention_is_the_transpose_of_the_other(given):
    net, X, y, s, mask = build(*given)
    columns, rows = (net.trace(X, y, convention, s, mask) for convention in ("columns", "rows"))
    also = ["x", "y", "y_hat", "error", "l", *net.parameters]
    for name in [*rows, *also]:
        bias = name.lstrip("d").startswith("b")
        assert_array_equal(columns[name], rows[name][:, None] if bias else rows[name].T if rows[name].ndim == 2 else rows[name])


def derivative(rule, z):
    """f'(z) by its textbook formula, written here once more."""
    s = 1 / (1 + np.exp(-z))
    softplus = np.log1p(np.exp(z))
    t = np.tanh(softplus)
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    phi = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    return {
        "identity": np.ones_like(z), "sigmoid": s * (1 - s), "tanh": 1 / np.cosh(z) ** 2, "relu": np.where(z >= 0, 1, 0.0),
        "leaky_relu(slope=0.2)": np.where(z >= 0, 1, 0.2), "elu": np.where(z >= 0, 1, np.exp(z)),
        "selu": scale * np.where(z >= 0, 1, alpha * np.exp(z)), "softplus": s, "softsign": 1 / (1 + abs(z)) ** 2,
        "gelu": norm.cdf(z) + z * phi, "silu": s + z * s * (1 - s), "mish": t + z * s * (1 - t**2), "exp": np.exp(z),
    }[rule]  # fmt: skip


def value(rule, z):
    """f(z) by its textbook formula."""
    s, softplus = 1 / (1 + np.exp(-z)), np.log1p(np.exp(z))
    scale, alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return {
        "identity": z, "sigmoid": s, "tanh": np.tanh(z), "relu": np.maximum(z, 0), "leaky_relu(slope=0.2)": np.maximum(z, 0.2 * z),
        "elu": np.where(z >= 0, z, np.exp(z) - 1), "selu": scale * np.where(z >= 0, z, alpha * (np.exp(z) - 1)), "softplus": softplus,
        "softsign": z / (1 + abs(z)), "gelu": z * norm.cdf(z), "silu": z * s, "mish": z * np.tanh(softplus), "exp": np.exp(z),
        "softmax": np.exp(z) / np.exp(z).sum(axis=0),
    }[rule]  # fmt: skip


def slope(loss, y_hat, y):
    """dl / dy_hat, samples as columns."""
    n = len(y)
    return {
        "mse": lambda: 2 * (y_hat - y) / n,
        "half_mse": lambda: (y_hat - y) / n,
        "log_loss": lambda: -y / y_hat + (1 - y) / (1 - y_hat),
        "cross_entropy": lambda: -y / y_hat,
        "poisson": lambda: (1 - y / y_hat) / n,
        "huber": lambda: np.clip(y_hat - y, -1, 1) / n,
    }[loss]()


def cost_of_samples(loss, y_hat, y):
    """l of each sample, samples as columns."""
    e = abs(y_hat - y)
    return {
        "mse": lambda: (e**2).mean(0),
        "half_mse": lambda: (e**2).mean(0) / 2,
        "log_loss": lambda: -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat)).sum(0),
        "cross_entropy": lambda: -(y * np.log(y_hat)).sum(0),
        "poisson": lambda: (y_hat - y + y * np.log(y / y_hat)).mean(0),
        "huber": lambda: np.where(e <= 1, e**2 / 2, e - 0.5).mean(0),
    }[loss]()


def back(rule, da, z):
    """dz from da: f'(z), or for softmax the Jacobian of each sample."""
    if rule != "softmax":
        return da * derivative(rule, z)
    dz = np.empty_like(da)
    for i, a in enumerate(value(rule, z).T):
        dz[:, i] = (np.diag(a) - np.outer(a, a)) @ da[:, i]
    return dz


@settings(max_examples=60)
@given(passes())
def test_every_value_is_the_textbooks_worked_out_in_numpy(given):
    """Column by column with diag(s), f' from formulas of this file, softmax by its full Jacobian; nothing of the library is used."""
    compare_with_the_textbook(given)


def compare_with_the_textbook(given):
    sizes, rules, loss, _, *rest = given
    net, X, y, s, mask = build(sizes, rules, loss, "float64", *rest)
    found = net.trace(X, y, "columns", s, mask)
    last, weights = len(rules), np.ones(len(X)) if s is None else s
    W = {layer: net.parameters[f"W{layer}"].T for layer in range(1, last + 1)}
    b = {layer: net.parameters[f"b{layer}"][:, None] for layer in range(1, last + 1)}
    keep = {layer: mask[layer].T if mask and layer in mask else 1.0 for layer in range(1, last + 1)}
    total = weights.sum()
    expected, a, z = {"a0": X.T}, {0: X.T}, {}
    for layer, rule in enumerate(rules, start=1):
        z[layer] = W[layer] @ a[layer - 1] + b[layer]
        a[layer] = value(rule, z[layer]) * keep[layer]
        expected |= {f"z{layer}": z[layer], f"a{layer}": a[layer]}
    losses = cost_of_samples(loss, a[last], y.T)
    ridge = net.architecture.l2 * sum((part**2).sum() for part in W.values())
    expected |= {"J": (weights * losses).sum() / total + ridge / (2 * total), "l": losses, "error": a[last] - y.T}
    da = slope(loss, a[last], y.T)
    for layer in range(last, 0, -1):
        dz = back(rules[layer - 1], da * keep[layer], z[layer])
        expected |= {
            f"da{layer}": da,
            f"dz{layer}": dz,
            f"dW{layer}": dz @ np.diag(weights) @ a[layer - 1].T / total + net.architecture.l2 * W[layer] / total,
            f"db{layer}": dz @ weights[:, None] / total,
        }
        da = W[layer].T @ dz
    for name, wanted in expected.items():
        assert np.abs(found[name] - wanted).max() <= 1e-11 * max(np.abs(wanted).max(), 1e-3), name


@pytest.mark.parametrize("place", ["dz", "dW", "db"])
def test_a_planted_error_of_a_thousandth_is_seen(place, monkeypatch):
    module = sys.modules["pellucid.glassbox.trace"]
    right = module.backward
    example = ([3, 4, 2], ["tanh", "softmax"], "cross_entropy", "float64", 5, True, 0.3, True, 0)
    compare_with_the_textbook(example)

    def wrong(*arguments, **named):
        found = right(*arguments, **named)
        part = getattr(found, place)
        part[1] = 1.001 * part[1]
        return found

    monkeypatch.setattr(module, "backward", wrong)
    with pytest.raises(AssertionError, match=place):
        compare_with_the_textbook(example)


@settings(max_examples=40)
@given(passes())
def test_the_trace_agrees_with_the_engine(given):
    net, X, y, s, mask = build(*given)
    found = net.trace(X, y, "rows", s, mask)
    tolerance = 1e-13 if net.dtype == np.float64 else 1e-5
    for name, part in net.gradients(X, y, s, mask=mask).items():
        assert np.abs(found[name] - part).max() <= tolerance * max(np.abs(part).max(), 1e-6), name
    if mask is None:
        assert_array_equal(found["y_hat"], net.predict(X, engine="reference"))
        assert np.abs(found["y_hat"] - net.predict(X)).max() <= tolerance * max(1, np.abs(found["y_hat"]).max())
        assert float(found["J"]) == pytest.approx(net.loss(X, y, s), rel=tolerance)


def test_values_before_and_after_dropout():
    net = pl.Network([2, 4, 1], "tanh", dropout=0.5)
    X, mask = np.ones((3, 2)), np.array([[0, 2, 2, 0], [2, 2, 0, 0], [0, 0, 0, 2.0]])
    found = net.trace(X, np.zeros(3), "rows", mask=[mask])
    assert_allclose(found["a1"], np.tanh(found["z1"]) * mask)
    assert_allclose(found["dz1"], found["da1"] * mask * (1 - np.tanh(found["z1"]) ** 2))
    assert (found["da1"] != 0).all(), "da is what arrives, before the mask"
    assert_array_equal(net.trace(X, np.zeros(3), "rows")["a1"], np.tanh(found["z1"]))


def test_a_saturated_output_may_show_an_infinite_da_beside_an_exact_dz():
    net = pl.Network([1, 1], ["sigmoid"])
    net.parameters["W1"][...] = 800.0
    found = net.trace([[1.0], [-1.0]], [0, 1])
    assert np.isinf(found["da1"]).all()
    assert_allclose(found["dz1"], [[1.0, -1.0]])
    assert np.isfinite([*found["dW1"].ravel(), float(found["J"])]).all()


def test_anything_with_an_architecture_and_a_vector_can_be_traced():
    net = pl.Network([2, 3, 1])
    model = SimpleNamespace(architecture=net.architecture, vector=net.vector)
    assert_array_equal(trace(model, [[1, 2]], [3])["dW1"], net.trace([[1, 2]], [3])["dW1"])


def test_what_it_is_not_asked_for_it_refuses():
    found = pl.Network([2, 3, 1]).trace([[1, 2]], [3])
    with pytest.raises(KeyError, match="Unknown value of the trace .*dw1.*: did you mean .*dW1"):
        found["dw1"]
    assert "W1" not in list(found)
    assert found["W1"].shape == (3, 2)
    with pytest.raises(pl.UnknownNameError) as caught:
        pl.Network([2, 1]).trace([[1, 2]], [3], convention="Columns")
    assert str(caught.value) == "The convention in trace is 'Columns', expected one of columns, rows: choose one of them."


# how it is shown

NET = pl.Network([2, 3, 3], ["leaky_relu(slope=0.2)", "softmax"], l2=0.1, dropout=0.5)
SHOWN = {"X": np.arange(8.0).reshape(4, 2), "y": [0, 1, 2, 0], "sample_weight": [1, 2, 3, 4], "mask": NET.dropout_mask(4)}

EQUATIONS = {
    "columns": {
        "a0": "x", "z1": "W1 a0 + b1", "a1": "leaky_relu(slope=0.2)(z1) * mask1", "z2": "W2 a1 + b2", "a2": "softmax(z2)",
        "J": "sum(s l) / sum(s) + 0.1 ||W||^2 / (2 sum(s)), l = cross_entropy(y_hat, y)", "da2": "dl/dy_hat: -y / y_hat",
        "dz2": "a * sum(y) - y (fused, exact)", "dW2": "dz2 diag(s) a1^T / sum(s) + 0.1 W2 / sum(s)",
        "db2": "sum over samples of s dz2, / sum(s)", "da1": "W2^T dz2", "dz1": "da1 * mask1 * leaky_relu(slope=0.2)'(z1)",
        "dW1": "dz1 diag(s) a0^T / sum(s) + 0.1 W1 / sum(s)", "db1": "sum over samples of s dz1, / sum(s)",
    },
    "rows": {
        "z1": "a0 W1 + b1", "z2": "a1 W2 + b2", "dW2": "a1^T diag(s) dz2 / sum(s) + 0.1 W2 / sum(s)", "da1": "dz2 W2^T",
        "dW1": "a0^T diag(s) dz1 / sum(s) + 0.1 W1 / sum(s)",
    },
}  # fmt: skip


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_each_value_comes_with_its_shape_and_equation(convention):
    found = NET.trace(convention=convention, **SHOWN)
    rows = {name: (shape, equation, text) for name, shape, equation, text in found.rows()}
    assert list(rows) == list(found)
    assert {name: row[1] for name, row in rows.items()} == EQUATIONS["columns"] | EQUATIONS[convention]
    assert rows["a0"][0] == ("2 x 4" if convention == "columns" else "4 x 2")
    assert rows["db1"][0] == ("3 x 1" if convention == "columns" else "3")
    assert rows["J"][0] == "scalar"
    assert float(rows["J"][2]) == pytest.approx(float(found["J"]), rel=1e-5)
    assert rows["a0"][2].split() == str(found["a0"]).split()


def test_the_equations_without_weights_l2_and_dropout():
    rows = {row[0]: row[2] for row in pl.Network([2, 3, 2], ["softmax", "identity"], "mse").trace([[1, 2]], [[3, 4]]).rows()}
    assert rows["J"] == "sum(l) / m, l = mse(y_hat, y)"
    assert rows["da2"] == "dl/dy_hat: 2 * (y_hat - y) / n2"
    assert rows["dz2"] == "da2 * identity'(z2)"
    assert rows["dW2"] == "dz2 a1^T / m"
    assert rows["db2"] == "sum over samples of dz2, / m"
    assert rows["dz1"] == "a1 * (da1 - sum_k a_k da_k)"


def shown(found):
    """As a terminal shows it."""
    console = Console(file=StringIO(), width=200, color_system="truecolor", force_terminal=True)
    console.print(found)
    return console.file.getvalue()


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("way", [str, shown, lambda found: html.unescape(found._repr_html_())], ids=["text", "rich", "html"])
def test_every_way_of_showing_it_holds_all_names_shapes_and_equations(way, convention):
    found = NET.trace(convention=convention, **SHOWN)
    text = way(found)
    assert f"Forward and backward propagation ({convention} convention)" in text
    for name, shape, equation, _ in found.rows():
        assert name in text
        assert shape in text
        assert all(word in text for word in equation.split()), "a long one is wrapped"


def test_the_text_is_plain_and_the_terminal_has_colours():
    found = NET.trace(**SHOWN)
    assert "\x1b" not in str(found)
    assert "\x1b[1;32ma0" in shown(found)
    assert "\x1b[1;31mdW1" in shown(found)
    assert max(map(len, str(found).splitlines())) <= 130


def test_html_is_escaped():
    text = NET.trace(**SHOWN)._repr_html_()
    assert "leaky_relu(slope=0.2)&#x27;(z1)" in text
    assert "'(z1)" not in text
    assert text.count("<tr>") == text.count("</tr>") == 1 + len(order(2))


def test_many_samples_are_abbreviated():
    X = np.random.default_rng(0).normal(size=(500, 2))
    found = NET.trace(X, np.zeros(500, int))
    assert len(str(found).splitlines()) < 100
    assert "..." in str(found)
    assert repr(found) == f"Trace({' '.join(order(2))}; columns)"

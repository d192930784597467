"""The element-wise form: every unit and weight its own equation, abbreviated above a size, complete on request."""

from __future__ import annotations

import numpy as np
import pytest

import pellucid as pl
from executable import worst
from pellucid.expressions import nodes
from pellucid.expressions.text import text
from pellucid.glassbox.derive.zero import shifted

RNG = np.random.default_rng(5)


def symbols(derivation, start):
    return [step.symbol for step in derivation if step.symbol.startswith(start) and ":" not in step.symbol]


def test_the_4_5_1_network_is_written_whole():
    derivation = pl.derive(pl.Network([4, 5, 1], ["tanh", "sigmoid"]), ([1.0, 2, 3, 4], 1), "elementwise")
    assert symbols(derivation, "z1") == [f"z1[{j}]" for j in range(1, 6)]
    assert symbols(derivation, "dW1") == [f"dW1[{j},{k}]" for j in range(1, 6) for k in range(1, 5)]
    assert symbols(derivation, "db1") == [f"db1[{j}]" for j in range(1, 6)]
    assert symbols(derivation, "W_new2") == [f"W_new2[1,{k}]" for k in range(1, 6)]
    assert derivation["z1[3]"].text == "z₃^[1] = w₃₁^[1] x₁ + w₃₂^[1] x₂ + w₃₃^[1] x₃ + w₃₄^[1] x₄ + b₃^[1]"
    assert derivation["da1[2]"].text == "da₂^[1] = ∂l/∂a₂^[1] = w₁₂^[2] dz₁^[2]"
    assert derivation["dW1[3,2]"].text.endswith("= ∂l/∂a₃^[1] ∂a₃^[1]/∂z₃^[1] ∂z₃^[1]/∂w₃₂^[1] = dz₃^[1] x₂")
    assert derivation["db2[1]"].text.endswith("= ∂l/∂ŷ₁ ∂ŷ₁/∂z₁^[2] ∂z₁^[2]/∂b₁^[2] = dz₁^[2]")
    assert all(step.shown is None for step in derivation if step.part != "forward" or step.symbol[0] in "za")
    assert not any(section.note for section in derivation.sections if "Update" not in section.title)


def test_the_other_index_order():
    """Rows: w_kj joins input k to unit j; and counted from zero."""
    net = pl.Network([4, 5, 1])
    rows = pl.derive(net, ([1.0, 2, 3, 4], 1), "elementwise", "rows")
    assert rows["z1[3]"].text == "z₃^[1] = w₁₃^[1] x₁ + w₂₃^[1] x₂ + w₃₃^[1] x₃ + w₄₃^[1] x₄ + b₃^[1]"
    zero = pl.derive(net, ([1.0, 2, 3, 4], 1), "elementwise", "rows", indices="zero")
    assert zero["z1[2]"].text == "z₂^[1] = w₀₂^[1] x₀ + w₁₂^[1] x₁ + w₂₂^[1] x₂ + w₃₂^[1] x₃ + b₂^[1]"
    assert zero["z1[2]"].rule.startswith("unit 2 of layer 1")
    assert symbols(zero, "dW1")[:6] == ["dW1[0,0]", "dW1[1,0]", "dW1[2,0]", "dW1[3,0]", "dW1[0,1]", "dW1[1,1]"]
    assert zero["dW1[3,1]"].value == rows["dW1[4,2]"].value


def test_a_large_network_is_abbreviated():
    net = pl.Network([784, 128, 10], ["relu", "softmax"])
    derivation = pl.derive(net, (RNG.normal(size=784), 3), "elementwise")
    assert len(derivation) < 150
    assert symbols(derivation, "z1") == ["z1[1]", "z1[2]", "z1[128]"]
    assert symbols(derivation, "dW1") == [f"dW1[{j},{k}]" for j in (1, 2, 128) for k in (1, 2, 784)]
    assert derivation["z1[1]"].text == "z₁^[1] = w₁₁^[1] x₁ + w₁₂^[1] x₂ + … + w₁,₇₈₄^[1] x₇₈₄ + b₁^[1]"
    assert derivation["a2[10]"].text.endswith("= e^(z₁₀^[2])/(e^(z₁^[2]) + e^(z₂^[2]) + … + e^(z₁₀^[2]))")
    notes = {section.title: section.note for section in derivation.sections}
    assert notes["Forward: layer 1"] == "Written here: 3 of 128 units; complete=True writes all."
    assert notes["Backward: layer 1"] == "Written here: 3 of 128 units and 9 of 100352 weights; complete=True writes all."
    assert worst(derivation)[0] <= 1e-12


def test_complete_writes_all_of_it():
    net = pl.Network([9, 8, 7], ["tanh", "softmax"])
    derivation = pl.derive(net, (RNG.normal(size=(2, 9)), [0, 6]), "elementwise", complete=True)
    assert len(symbols(derivation, "dW1")) == 72
    assert len(symbols(derivation, "dz2")) == 7
    assert derivation["z1[1]"].text.count("+") == 9
    assert "…" not in "".join(step.text for step in derivation if step.symbol not in ("x", "y", "W1", "W2", "b1", "b2"))
    assert not any("complete" in section.note for section in derivation.sections)
    assert worst(derivation)[0] <= 1e-12


def test_a_wide_layer_with_few_inputs_shows_them_all():
    derivation = pl.derive(pl.Network([2, 50, 1]), form="elementwise")
    assert symbols(derivation, "dW1") == [f"dW1[{j},{k}]" for j in (1, 2, 50) for k in (1, 2)]
    assert "…" not in derivation["z1[50]"].text
    assert "…" in derivation["z2[1]"].text


def test_several_samples_have_a_value_each():
    net = pl.Network([3, 2, 1], ["tanh", "identity"], "half_mse")
    X, y = RNG.normal(size=(4, 3)), RNG.normal(size=4)
    trace = net.trace(X, y)
    for convention in ("columns", "rows"):
        derivation = pl.derive(net, (X, y), "elementwise", convention)
        np.testing.assert_allclose(derivation["z1[2]"].value, trace["z1"][1], rtol=1e-14)
        np.testing.assert_allclose(derivation["dz1[2]"].value, trace["dz1"][1], rtol=1e-14)
        assert derivation["z1[2]"].text.startswith("z₂^[1](i) = ")
        assert derivation["dW1[2,1]" if convention == "columns" else "dW1[1,2]"].value == pytest.approx(trace["dW1"][1, 0], rel=1e-14)


def test_shifting_keeps_the_value():
    from pellucid.expressions.evaluate import evaluate

    values = {"w1": np.arange(12.0).reshape(3, 4), "x": np.arange(4.0)[:, None], "i": 2}
    tree = nodes.Sum(nodes.Symbol("w", 1, (3, "k")) * nodes.Symbol("x", None, ("k",)), "k", 1, 4, skip=2) + nodes.Symbol("x", None, (4,), 1)
    assert evaluate(shifted(tree), values) == evaluate(tree, values)
    assert text(shifted(tree)) == "Σ_k≠1 w₂ₖ^[1] xₖ + x₃^(1)"


def test_a_sum_over_samples_is_not_shifted():
    tree = nodes.Sum(nodes.Symbol("x", None, (2,), "i"), "i", 1, "m", 3)
    assert text(shifted(tree)) == "Σ_i=1..m x₁^(i)"

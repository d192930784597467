"""Gradient flow: the norms of the gradients, layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from matplotlib.figure import Figure

import pellucid as pl
from random_networks import build, recipes


@pytest.fixture
def axes():
    return Figure().add_subplot()


@settings(max_examples=15)
@given(recipes())
def test_the_line_is_the_norm_of_each_dW(recipe):
    net, X, Y, s, mask = build({**recipe, "dtype": "float64"})
    ax = pl.plots.gradient_flow(net, X, Y, Figure().add_subplot(), sample_weight=s, mask=mask)
    (line,) = ax.get_lines()
    layers, norms = line.get_data()
    gradients = net.gradients(X, Y, s, mask=mask, engine="reference")
    expected = np.array([np.linalg.norm(gradients[f"dW{layer}"]) for layer in layers])
    assert list(layers) == list(range(1, len(recipe["sizes"])))
    np.testing.assert_allclose(norms[expected > 0], expected[expected > 0], rtol=1e-9)
    assert np.isnan(norms[expected == 0]).all()
    assert len(ax.texts) == (expected == 0).sum()


def test_item_28_sigmoids_let_the_gradient_vanish_and_relus_do_not(axes):
    """Item 28: the product of small derivatives; relu as the remedy."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 10)), rng.integers(2, size=40)
    for rule in ("sigmoid", "relu"):
        net = pl.Network([10] + [16] * 8 + [1], [rule] * 8 + ["sigmoid"], "log_loss")
        assert pl.plots.gradient_flow(net, X, y, axes, label=rule) is axes
    sigmoid, relu = axes.get_lines()
    assert sigmoid.get_ydata()[0] < 1e-4 * sigmoid.get_ydata()[-1]
    assert relu.get_ydata()[0] > 0.1 * relu.get_ydata()[-1]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["sigmoid", "relu"]
    assert axes.get_yscale() == "log"
    assert (sigmoid.get_color(), sigmoid.get_marker()) != (relu.get_color(), relu.get_marker())
    assert sigmoid.get_color() != relu.get_color()
    assert (axes.get_xlabel(), axes.get_title()) == ("layer $l$", "Gradient flow")


def test_dead_layers_are_written_as_zeros(axes):
    net = pl.Network([2, 3, 3, 1], "relu")
    net.parameters["b1"][...] = -100.0  # every unit of layer 1 is dead
    pl.plots.gradient_flow(net, [[1.0, 2.0]], [1.0], axes)
    assert [(text.get_text(), text.xy[0]) for text in axes.texts] == [("0", 1), ("0", 2)] + [("0", 3)] * (len(axes.texts) - 2)


def test_data_that_do_not_fit_are_refused(axes):
    with pytest.raises(pl.ShapeError, match="The shape of X in the data"):
        pl.plots.gradient_flow(pl.Network([2, 1]), [[1, 2, 3]], [1], axes)

"""The network diagram by matplotlib: the same units and weights as the one for a page."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Circle

import pellucid as pl
from pellucid.glassbox.plots.network import RADIUS

NET = pl.Network([4, 5, 1], ["tanh", "sigmoid"], seed=3)


@pytest.fixture
def axes():
    return Figure().add_subplot()


def test_lines_tell_sign_and_size_of_the_weights(axes):
    assert pl.plots.network_diagram(NET, ax=axes) is axes
    diagram = pl.network_diagram(NET)
    drawn = axes.get_lines()[: len(diagram.weights)]
    for line, weight in zip(drawn, diagram.weights, strict=True):
        assert line.get_color() == ("#0072B2" if weight.value > 0 else "#D55E00")
    first = [(weight.size, line.get_linewidth()) for line, weight in zip(drawn, diagram.weights, strict=True) if weight.layer == 1]
    assert [wide for _, wide in sorted(first)] == sorted(wide for _, wide in first)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["positive weight", "negative weight"]


def test_units_are_circles_that_lines_join(axes):
    pl.plots.network_diagram(NET, ax=axes)
    circles = [patch.center for patch in axes.patches if isinstance(patch, Circle)]
    assert len(circles) == 10
    (weight,) = (index for index, weight in enumerate(pl.network_diagram(NET).weights) if weight.symbol == "w^{[1]}_{32}")
    (x0, x1), (y0, y1) = axes.get_lines()[weight].get_data()
    assert (x0 - RADIUS, y0) == pytest.approx(circles[1])
    assert (x1 + RADIUS, y1) == pytest.approx(circles[4 + 2])


def test_labels_values_and_names(axes):
    pl.plots.network_diagram(NET, [0.5, -1, 2, 3], axes, inputs=["a", "b", "c", "d"], outputs=["label"])
    texts = [text.get_text() for text in axes.texts]
    for expected in ("$x_{1}$", "$a^{[1]}_{5}$", r"$\hat{y}$", "0.5", "−1", "a", "label", "tanh", "5 units", "4 values"):
        assert expected in texts
    assert axes.get_title() == "Network 4-5-1 (tanh, sigmoid)"
    axes.figure.canvas.draw()


def test_wide_layers_are_abbreviated(axes):
    pl.plots.network_diagram(pl.Network([784, 128, 10], ["relu", "softmax"]), ax=axes)
    assert len([patch for patch in axes.patches if isinstance(patch, Circle)]) == 9 + 9 + 10
    dots = [line for line in axes.get_lines() if line.get_marker() == "."]
    assert [len(line.get_xdata()) for line in dots] == [3, 3]
    assert "$x_{784}$" in [text.get_text() for text in axes.texts]


def test_everything_lies_within_the_axes(axes):
    pl.plots.network_diagram(pl.Network([20, 20, 3]), ax=axes)
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    centers = np.array([patch.center for patch in axes.patches])
    assert left < centers[:, 0].min() - RADIUS
    assert centers[:, 0].max() + RADIUS < right
    assert bottom < centers[:, 1].min() - RADIUS
    assert centers[:, 1].max() + RADIUS < top


def test_what_does_not_fit_is_refused(axes):
    with pytest.raises(pl.ShapeError, match="The shape of the sample in the data"):
        pl.plots.network_diagram(NET, [1, 2], axes)

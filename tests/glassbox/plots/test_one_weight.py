"""J over one weight of a real network on real data, and the steps of gradient descent down it."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

import pellucid as pl

NET = pl.Network([3, 4, 2], ["tanh", "softmax"], l2=0.2, dropout=0.5, seed=2)
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 3)), RNG.integers(2, size=12)
FIXED = {"sample_weight": RNG.random(12) + 0.1, "mask": NET.dropout_mask(12)}
LINE = pl.Network([1, 1], ["identity"], "mse", initializer="zeros")
POINTS = [[1], [2]], [2, 4]
"""J = 2.5 (w - 2)^2"""


@pytest.fixture
def axes():
    return Figure().add_subplot()


def line(ax, gid):
    (found,) = (one for one in ax.get_lines() if one.get_gid() == gid)
    return found


def moved(name, place, value):
    net = pl.Network([3, 4, 2], ["tanh", "softmax"], l2=0.2, seed=2)
    net.parameters[name][place] = value
    return net


@pytest.mark.parametrize(("of", "name", "place", "symbol"), [
    (("W1", 3, 2), "W1", (1, 2), "$w^{[1]}_{32}$"), (("W2", 1, 4), "W2", (3, 0), "$w^{[2]}_{14}$"), (("b1", 4), "b1", 3, "$b^{[1]}_{4}$"),
])  # fmt: skip
def test_the_curve_is_J_with_one_weight_replaced(axes, of, name, place, symbol):
    assert pl.plots.loss_over_weight(NET, X, Y, of, axes, sample_weight=FIXED["sample_weight"]) is axes
    w, J = line(axes, "curve").get_data()
    for index in (0, 100, 399):
        assert J[index] == pytest.approx(moved(name, place, w[index]).loss(X, Y, FIXED["sample_weight"]), rel=1e-9)
    assert axes.get_xlabel() == symbol
    assert w[0] < NET.parameters[name][place] < w[-1]


def test_item_9_the_steps_are_those_of_gradient_descent_on_that_weight(axes):
    """Item 9: w_new = w_old - alpha dJ/dw, here for w_32, all others held."""
    pl.plots.loss_over_weight(NET, X, Y, ("W1", 3, 2), axes, learning_rate=0.7, start=1.5, steps=6, **FIXED)
    expected, net = [], moved("W1", (1, 2), 1.5)
    for _ in range(6):
        gradient = net.gradients(X, Y, FIXED["sample_weight"], mask=FIXED["mask"], engine="reference")["dW1"][1, 2]
        net.parameters["W1"][1, 2] -= 0.7 * gradient
        expected.append(net.parameters["W1"][1, 2])
    assert_allclose(line(axes, "descent").get_xdata(), expected, rtol=1e-12)
    assert line(axes, "start").get_xdata()[0] == 1.5
    assert "6 steps from $1.5$, $\\alpha = 0.7$" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_item_10_a_local_and_the_global_minimum_of_a_real_network(axes):
    """Item 10: J over one weight, local against global minimum; from two starts a descent comes to either."""
    net = pl.Network([1, 2, 1], ["tanh", "identity"], "mse", seed=37, initializer="he_normal")
    inputs = np.linspace(-2, 2, 40)[:, None]
    ax = pl.plots.loss_over_weight(
        net, inputs, np.abs(inputs) - 1, ("b1", 1), axes, learning_rate=1.5, start=(-1.6, 0.0), steps=30, span=(-6, 5)
    )
    (lowest,) = (one for one in ax.get_lines() if one.get_label() == "global minimum")
    (local,) = (one for one in ax.get_lines() if one.get_label() == "local minimum")
    assert lowest.get_ydata()[0] < local.get_ydata()[0]
    ends = [one.get_xdata()[-1] for one in ax.get_lines() if one.get_gid() == "descent"]
    assert ends[0] == pytest.approx(local.get_xdata()[0], abs=0.3)
    assert ends[1] == pytest.approx(lowest.get_xdata()[0], abs=0.3)
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert texts[:2] == ["global minimum", "local minimum"]
    assert len(texts) == 4


def test_without_a_learning_rate_there_are_no_steps(axes):
    pl.plots.loss_over_weight(LINE, *POINTS, ax=axes)
    assert axes.get_lines()[0].get_gid() == "curve"
    assert not [one for one in axes.get_lines() if one.get_gid() == "descent"]
    assert axes.get_xlim()[0] < 2 < axes.get_xlim()[1], "the picture is wide enough for the minimum"


def test_where_there_is_no_minimum_nothing_is_marked(axes):
    net = pl.Network([1, 1], ["sigmoid"], initializer="zeros")
    pl.plots.loss_over_weight(net, [[1.0], [2.0]], [1, 1], ax=axes)
    assert axes.get_xlim() == (-3, 3)
    assert axes.get_legend() is None
    assert len(axes.get_lines()) == 1


def test_item_9_too_small_right_and_too_large():
    """Item 9: what a learning rate that is too small, right, or too large does."""
    axs = pl.plots.learning_rates(LINE, *POINTS, axs=Figure().subplots(1, 3))
    assert [ax.get_title() for ax in axs] == [
        r"too small: $\alpha = 0.01$", r"right: $\alpha = 0.12$", r"too large: $\alpha = 0.42$",
    ]  # fmt: skip
    small, right, large = (np.abs(line(ax, "descent").get_xdata() - 2) for ax in axs)
    start = abs(line(axs[0], "start").get_xdata()[0] - 2)
    assert 0.5 * start < small[-1] < start
    assert right[-1] < 1e-3 * start
    assert large[-1] > 2 * start
    assert (np.diff(large) > 0).all()
    assert {line(ax, "start").get_xdata()[0] for ax in axs} == {line(axs[0], "start").get_xdata()[0]}
    assert [text.get_text() for text in axs[0].get_legend().get_texts()] == ["global minimum", "10 steps"]


def test_the_rate_that_is_too_large_makes_a_bent_cost_rise_too():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(50, 2))
    net = pl.Network([2, 1], ["sigmoid"], l2=1.0)
    labels = (inputs[:, 0] > 0.3 * rng.normal(size=50)).astype(int)
    net.fit(inputs, labels, optimizer=pl.LBFGS(), epochs=50, engine="reference")
    axs = pl.plots.learning_rates(net, inputs, labels, axs=Figure().subplots(1, 3))
    costs = [line(ax, "descent").get_ydata()[-1] for ax in axs]
    start = line(axs[0], "start").get_ydata()[0]
    assert costs[1] < costs[0] < start < costs[2]


def test_rates_and_span_can_be_chosen():
    axs = pl.plots.learning_rates(LINE, *POINTS, axs=Figure().subplots(1, 2), rates={"a": 0.1, "b": 0.2}, start=0.0, span=(-1, 5), steps=2)
    assert [ax.get_title() for ax in axs] == [r"a: $\alpha = 0.1$", r"b: $\alpha = 0.2$"]
    assert_allclose(line(axs[0], "descent").get_xdata(), [1.0, 1.5])
    assert_allclose(line(axs[1], "descent").get_xdata(), [2.0, 2.0])
    assert axs[0].get_xlim() == (-1, 5)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"of": ("W3", 1, 1)}, "Unknown parameter 'W3': did you mean 'W2'? Known are W1, b1, W2, b2."),
        (
            {"of": ("W1", 5, 1)},
            "The index of W1 in loss_over_weight is ('W1', 5, 1), "
            "expected ('W1', 1 to 4, 1 to 3): count units from 1.",
        ),
        (
            {"of": ("W1", 0, 1)},
            "The index of W1 in loss_over_weight is ('W1', 0, 1), "
            "expected ('W1', 1 to 4, 1 to 3): count units from 1.",
        ),
        (
            {"of": ("b2", 1, 1)},
            "The index of b2 in loss_over_weight is ('b2', 1, 1), "
            "expected ('b2', 1 to 2): count units from 1.",
        ),
        (
            {"of": "W1"},
            "The index of W1 in loss_over_weight is ('W1',), "
            "expected ('W1', 1 to 4, 1 to 3): count units from 1.",
        ),
        ({"of": 3}, "Unknown parameter 3: Known are W1, b1, W2, b2."),
        (
            {"learning_rate": -1.0},
            "The learning rate in loss_over_weight is -1.0, "
            "expected a finite number that is not negative: e.g. 0.1.",
        ),
        (
            {"learning_rate": 0.1, "steps": 1.5},
            "The number of steps in loss_over_weight is 1.5, "
            "expected a whole number of at least 0: choose e.g. 5.",
        ),
        ({"start": "a"}, "Start in loss_over_weight is 'a', expected a finite number, or several: e.g. start=2.0."),
        (
            {"span": (2, 1)},
            "Span in loss_over_weight is (2, 1), "
            "expected (low, high) with low < high: e.g. span=(-3, 3).",
        ),
        ({"span": 3}, "Span in loss_over_weight is 3, expected (low, high) with low < high: e.g. span=(-3, 3)."),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(axes, arguments, sentence):
    with pytest.raises(pl.InputError) as caught:
        pl.plots.loss_over_weight(NET, X, Y, **{"ax": axes, **arguments})
    assert str(caught.value) == sentence


def test_learning_rates_need_a_minimum_and_axes_for_each():
    net = pl.Network([1, 1], ["sigmoid"], initializer="zeros")
    with pytest.raises(pl.InputError) as caught:
        pl.plots.learning_rates(net, [[1.0], [2.0]], [1, 1], axs=Figure().subplots(1, 3))
    assert str(caught.value) == (
        "The minimum of J in learning_rates is none from -3 to 3, expected one within the picture: choose another span, or rates and start."
    )
    with pytest.raises(pl.InputError, match="The number of axs in learning_rates is 2, expected 3, one for each rate"):
        pl.plots.learning_rates(LINE, *POINTS, axs=Figure().subplots(1, 2))

"""An activation and its derivative: what the lines show, and what happens at a kink."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

import pellucid as pl
from pellucid.equations.activations import CATALOGUE, activation

RULES = [*(name for name in CATALOGUE if name != "softmax"), "leaky_relu(slope=0.2)", "elu(alpha=0.5)"]


def drawn(rule, **options):
    ax = pl.plots.activation_and_derivative(rule, Figure().add_subplot(), **options)
    return ax, {line.get_label(): np.array(line.get_data()) for line in ax.get_lines() if line.get_label().startswith("$")}


@pytest.mark.parametrize("rule", RULES)
def test_the_lines_are_the_function_and_its_derivative(rule):
    ax, found = drawn(rule, low=-4, high=4)
    (z, f), (at, slope) = found["$f(z)$"], found["$f'(z)$"]
    record = activation(rule)
    assert (z[0], z[-1]) == (-4, 4)
    assert_allclose(f, record.forward(z[:, None])[:, 0])
    away = np.isfinite(slope) & np.all([np.abs(at - kink) > 1e-3 for kink in record.kinks] or [np.ones(len(at), bool)], axis=0)
    h = 1e-6
    differences = (record.forward((at + h)[:, None]) - record.forward((at - h)[:, None]))[:, 0] / (2 * h)
    assert_allclose(slope[away], differences[away], atol=2e-6 * max(1, np.abs(slope[away]).max()))
    assert ax.get_title() == record.spec
    assert np.isnan(slope).sum() == len(record.kinks), "the derivative jumps there, and no line joins the sides"


@pytest.mark.parametrize(
    ("rule", "kink", "left", "right"),
    [
        ("relu", 0, 0, 1),
        ("leaky_relu(slope=0.2)", 0, 0.2, 1),
        ("hard_tanh", -1, 0, 1),
        ("hard_tanh", 1, 1, 0),
        ("elu(alpha=0.5)", 0, 0.5, 1),
    ],
)
def test_a_full_dot_is_the_value_at_a_kink_and_a_hollow_one_the_left_limit(rule, kink, left, right):
    ax, _ = drawn(rule)
    dots = [line for line in ax.get_lines() if line.get_marker() == "o" and len(line.get_xdata()) == 1 and line.get_xdata()[0] == kink]
    hollow = [line.get_ydata()[0] for line in dots if line.get_markerfacecolor() == "white"]
    full = [line.get_ydata()[0] for line in dots if line.get_markerfacecolor() != "white"]
    assert hollow == pytest.approx([left], abs=1e-6)
    assert right in full


def test_kinks_are_told_in_the_legend_only_where_they_are_in_the_picture():
    texts = [text.get_text() for text in drawn("hard_tanh")[0].get_legend().get_texts()]
    assert texts[-1] == "kinks at $z = -1, 1$"
    assert len(drawn("hard_tanh", low=2, high=3)[0].get_legend().get_texts()) == 2


def test_softmax_is_drawn_for_two_classes_with_a_column_of_its_jacobian():
    ax, found = drawn("softmax")
    (z, a), (_, own), (_, other) = found.values()
    assert_allclose(a, 1 / (1 + np.exp(-z)), rtol=1e-12, err_msg="a sigmoid is the softmax of two classes")
    assert_allclose(own, a * (1 - a), rtol=1e-9)
    assert_allclose(other, -a * (1 - a), rtol=1e-9)
    assert ax.get_xlabel() == "$z_1$ ($z_2 = 0$)"


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(pl.UnknownNameError, match="Unknown activation 'rellu': did you mean 'relu'"):
        drawn("rellu")
    with pytest.raises(pl.InputError) as caught:
        drawn("relu", low=1, high=1)
    assert str(caught.value) == "The range of z in activation_and_derivative is 1 to 1, expected low < high: e.g. low=-5, high=5."

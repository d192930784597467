"""A function of one variable: minima and descents."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.testing import assert_allclose

from pellucid.glassbox.plots.curves import descent, draw_curve, draw_descent, sampled


def hills(w):
    return float(np.cos(3 * w) + 0.1 * w)


def test_minima_are_found_and_the_lowest_comes_first():
    found = sampled(hills, -4, 4).minima
    at = [w for w, _ in found]
    assert_allclose(np.sin(3 * np.array(at)), 0.1 / 3, atol=1e-6)
    assert [value for _, value in found] == sorted(hills(w) for w in at)
    assert len(at) == 4
    assert sampled(lambda w: w, 0, 1).minima == [], "an end is no minimum"


def test_a_descent_follows_its_equation():
    assert_allclose(descent(lambda w: 2 * w, 1.0, 0.25, 4), 0.5 ** np.arange(5))
    assert_allclose(descent(lambda w: 2 * w, 1.0, 1.5, 3), [1, -2, 4, -8])
    assert list(descent(lambda w: 1.0, 3.0, 0.5, 0)) == [3.0]


def test_a_descent_that_leaves_the_numbers_ends():
    path = descent(lambda w: 1e200 * w, 1.0, 1.0, 10)
    assert list(path) == [1.0, 1.0 - 1e200]


def test_the_curve_and_its_minima_are_drawn():
    ax = Figure().add_subplot()
    draw_curve(ax, sampled(hills, -4, 4))
    curve, lowest, *others = ax.get_lines()
    w, f = curve.get_data()
    assert_allclose(f, [hills(one) for one in w])
    assert (w[0], w[-1]) == ax.get_xlim() == (-4, 4)
    assert (lowest.get_label(), lowest.get_marker()) == ("global minimum", "*")
    assert [line.get_label() for line in others[:1]] == ["local minimum"]
    assert len(others) == 3
    assert {line.get_markerfacecolor() for line in others} == {"white"}
    assert lowest.get_ydata()[0] == min(line.get_ydata()[0] for line in (lowest, *others))


def test_a_descent_is_points_on_the_curve_and_arrows_between_them():
    ax = Figure().add_subplot()
    path = descent(lambda w: 2 * w, 1.0, 0.25, 4)
    draw_descent(ax, lambda w: w * w, path, "down")
    steps, start = ax.get_lines()
    assert_allclose(steps.get_xdata(), path[1:])
    assert_allclose(steps.get_ydata(), path[1:] ** 2)
    assert start.get_xdata()[0] == 1
    assert start.get_markerfacecolor() == "white"
    assert_allclose([text.xy for text in ax.texts], np.stack([path[1:], path[1:] ** 2], axis=1))
    assert all(text.arrow_patch is not None for text in ax.texts)


def test_several_descents_look_different():
    ax = Figure().add_subplot()
    for index in range(3):
        draw_descent(ax, abs, np.array([1.0, 0.5]), "", index)
    steps = ax.get_lines()[::2]
    assert len({(line.get_color(), line.get_marker()) for line in steps}) == len({line.get_marker() for line in steps}) == 3

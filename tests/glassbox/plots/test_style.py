"""Colours that everyone can tell apart, and where a legend goes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from pellucid.glassbox.plots.style import emptiest_corner, look, own_axes

# Machado, Oliveira and Fernandes 2009, "A physiologically-based model for simulation of color vision deficiency", severity 1.0
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def lab(color, sight):
    """CIE L*a*b* of a colour as it is seen."""
    rgb = np.array(to_rgb(color))
    linear = SIGHTS[sight] @ np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]) @ linear.clip(
        0, 1
    )
    f = np.cbrt(xyz / [0.95047, 1.0, 1.08883])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHTS)
def test_the_colours_are_told_apart(sight):
    seen = [lab(look(index).color, sight) for index in range(7)]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen[:3], 2)) > 15
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) > 8


def test_the_measure_sees_that_red_and_green_are_alike_to_some():
    apart = {sight: np.linalg.norm(lab("#b07aa1", sight) - lab("#7b8fa1", sight)) for sight in SIGHTS}
    assert apart["usual"] > 3 * apart["deuteranopia"]


def test_no_two_things_are_told_by_colour_alone():
    looks = [look(index) for index in range(7)]
    assert len({one.marker for one in looks}) == len({one.color for one in looks}) == 7
    assert len({str(one.line) for one in looks}) >= 5


def test_the_axes_that_are_given_are_used():
    ax = Figure().add_subplot()
    assert own_axes(ax) is ax


@pytest.mark.parametrize(
    ("corner", "points"),
    [("upper right", [(0, 0), (0, 1), (1, 0)]), ("lower left", [(0, 1), (1, 0), (1, 1)]), ("lower right", [(0, 0), (0, 1), (1, 1)])],
)
def test_a_legend_goes_where_the_fewest_points_are(corner, points):
    ax = Figure().add_subplot()
    ax.set(xlim=(-0.1, 1.1), ylim=(-0.1, 1.1))
    assert emptiest_corner(ax, np.array(points)) == corner

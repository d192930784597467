"""The drawing of the network: which units, which lines, and how strong."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pellucid as pl
from random_networks import build, recipes

SVG = "{http://www.w3.org/2000/svg}"
NET = pl.Network([4, 5, 1], ["tanh", "sigmoid"], seed=3)


def lines(root):
    """Of each weight: its title, class, width."""
    found = {}
    for path in root.iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        if title is not None:
            found[title.text.partition(" = ")[0]] = (path.get("class"), float(path.get("stroke-width")), path.get("d"))
    return found


@settings(max_examples=25)
@given(recipes(), st.integers(3, 24))
def test_a_layer_shows_all_units_or_the_first_dots_and_the_last(recipe, most):
    net, X, *_ = build(recipe)
    diagram = pl.network_diagram(net, X[0], max_units=most)
    trace = net.trace(X[:1], np.zeros((1, net.layers[-1].n_units)) + 0.5, "rows")
    for index, (layer, size) in enumerate(zip(diagram.layers, net.architecture.sizes, strict=True)):
        indices = [unit.index for unit in layer.units]
        if size <= most:
            assert indices == list(range(1, size + 1))
        else:
            assert len(indices) == max(most // 2, 3)
            assert indices[-2:] == [None, size]
            assert indices[:-2] == list(range(1, len(indices) - 1))
        heights = [unit.height for unit in layer.units]
        assert sum(heights) == pytest.approx(0)
        assert all(np.diff(heights) == -1)
        values = trace["x"][0] if index == 0 else trace[f"a{index}"][0]
        for unit in layer.units:
            assert (
                unit.value is None
                if unit.index is None
                else unit.value == pytest.approx(float(values[unit.index - 1]), rel=1e-6, nan_ok=True)
            )


@settings(max_examples=25)
@given(recipes())
def test_each_line_is_a_weight_between_units_that_are_shown(recipe):
    net, *_ = build(recipe)
    diagram = pl.network_diagram(net, max_units=8)
    shown = {(unit.layer, unit.index) for layer in diagram.layers for unit in layer.units if unit.index is not None}
    for weight in diagram.weights:
        W = net.parameters[f"W{weight.layer}"]
        assert weight.value == W[weight.source - 1, weight.target - 1]
        assert weight.size == pytest.approx(abs(weight.value) / np.abs(W).max(), rel=1e-6)
        assert {(weight.layer - 1, weight.source), (weight.layer, weight.target)} <= shown
    per_layer = [[index for layer, index in shown if layer == wanted] for wanted in range(len(diagram.layers))]
    assert len(diagram.weights) == sum(len(one) * len(other) for one, other in pairwise(per_layer))
    sizes = [weight.size for weight in diagram.weights]
    assert sizes == sorted(sizes), "the largest are drawn last"


def test_item_3_the_picture_of_the_4_5_1_network():
    """Item 3: x_1 .. x_4, five units, y_hat; W_ij joins unit j to unit i."""
    diagram = pl.network_diagram(NET)
    assert [[unit.label for unit in layer.units] for layer in diagram.layers] == [
        ["x_{1}", "x_{2}", "x_{3}", "x_{4}"], [f"a^{{[1]}}_{{{j}}}" for j in range(1, 6)], [r"\hat{y}"],
    ]  # fmt: skip
    (weight,) = (weight for weight in diagram.weights if weight.symbol == "w^{[1]}_{32}")
    assert (weight.source, weight.target) == (2, 3)
    assert weight.value == NET.trace([[1, 2, 3, 4]], [1])["W1"][2, 1]


def test_colour_tells_the_sign_and_width_the_size():
    found = lines(ElementTree.fromstring(pl.network_diagram(NET).to_svg()))
    assert len(found) == 25
    W = NET.parameters["W1"]
    widths = {}
    for j in range(4):
        for i in range(5):
            look, wide, _ = found[f"w1_{i + 1}{j + 1}"]
            assert look == ("forward-line" if W[j, i] > 0 else "backward-line")
            widths[abs(W[j, i])] = wide
    assert [widths[size] for size in sorted(widths)] == sorted(widths.values())
    assert max(widths.values()) > 2 * min(widths.values())


def test_a_weight_of_zero_has_no_sign():
    found = lines(ElementTree.fromstring(pl.network_diagram(pl.Network([1, 1], initializer="zeros")).to_svg()))
    assert found["w1_11"][0] == "edge-line"


def test_among_many_lines_only_the_largest_stand_out():
    def opacities(sizes):
        text = pl.network_diagram(pl.Network(sizes)).to_svg()
        return sorted(float(found) for found in re.findall(r'stroke-opacity="([\d.]+)"', text))

    few, many = opacities([3, 3]), opacities([20, 20])
    assert many[len(many) // 2] < 0.3 < few[len(few) // 2]
    assert many[-1] > 0.7


def test_units_lie_within_the_drawing_and_apart():
    for sizes in ([4, 5, 1], [20, 20, 3], [784, 128, 10], [1, 1]):
        root = ElementTree.fromstring(pl.network_diagram(pl.Network(sizes), outputs=["a long name of an output"] * sizes[-1]).to_svg())
        wide, high = map(float, root.get("viewBox").split()[2:])
        circles = [tuple(float(circle.get(name)) for name in ("cx", "cy", "r")) for circle in root.iter(f"{SVG}circle")]
        assert all(r <= x <= wide - r and r <= y <= high - r for x, y, r in circles)
        large = [(x, y) for x, y, r in circles if r > 5]
        assert len(large) == sum(size if size <= 20 else 9 for size in sizes)
        assert min((np.hypot(a[0] - b[0], a[1] - b[1]) for a in large for b in large if a != b), default=99) > 38


def test_the_drawing_has_labels_values_names_and_sizes():
    text = pl.network_diagram(NET, [0.5, -1, 2, 3], inputs=["a", "b<c", "d", "e"], outputs=["label"]).to_svg()
    root = ElementTree.fromstring(text)
    texts = ["".join(one.itertext()).replace("\xa0", " ") for one in root.iter(f"{SVG}text")]
    for expected in ("x1", "a[1]5", "ŷ", "0.5", "−1", "b<c", "label", "tanh", "sigmoid", "5 units", "1 unit", "4 values", "W[1]: 5 × 4"):
        assert expected in texts
    assert "layer 1: 5 units, tanh" in root.find(f"{SVG}desc").text
    titles = [group.find(f"{SVG}title").text for group in root.iter(f"{SVG}g")]
    assert titles[0] == "a = 0.5"
    assert titles[4].startswith("a1_1 = ")
    assert titles[4].endswith(", b = 0")


def test_a_value_of_any_size_fits_into_its_circle():
    net = pl.Network([3, 1])
    root = ElementTree.fromstring(pl.network_diagram(net, [-0.000123456, -123456.0, 1e-300]).to_svg())
    values = [one.text for one in root.iter(f"{SVG}text") if one.get("class") == "forward"]
    assert values[:3] == ["−1e−4", "−1.2e5", "1e−300"]


def test_it_prints_as_a_table_and_shows_itself_in_a_notebook():
    diagram = pl.network_diagram(NET)
    assert diagram._repr_svg_() == diagram.to_svg()
    assert repr(diagram) == "Diagram(4-5-1 (tanh, sigmoid))"
    W = NET.parameters["W1"]
    assert f"{W.min():.3g} to {W.max():.3g}" in str(diagram)


def test_what_does_not_fit_is_refused():
    for arguments, expected in (
        ({"sample": [1, 2]}, "The shape of the sample in the data is (1, 2), expected (m, 4): check the columns."),
        ({"sample": np.ones((2, 4))}, "The sample in network_diagram is 2 of them, expected one sample: pass one row, e.g. X[0]."),
        ({"inputs": ["a"]}, "The list of inputs in network_diagram is 1 of them, expected 4 names: give one for each."),
        ({"outputs": "y"}, "The list of outputs in network_diagram is 'y', expected 1 names: give one for each."),
        ({"max_units": 2}, "Max_units in network_diagram is 2, expected at least 3 (first, dots, last): choose e.g. 20."),
        ({"max_units": "a"}, "Max_units in network_diagram is 'a', expected a whole number of at least 1: choose e.g. 10."),
    ):
        with pytest.raises(pl.InputError) as caught:
            pl.network_diagram(NET, **arguments)
        assert str(caught.value) == expected

"""The computation graph as text, Mermaid and SVG: everything is in it, nothing overlaps, nothing from a name breaks it."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings

import pellucid as pl
from pellucid.equations.activations import CATALOGUE
from pellucid.glassbox.graph.layout import laid_out
from pellucid.glassbox.notation import plain
from random_networks import build, recipes

SVG = "{http://www.w3.org/2000/svg}"
SMALL = pl.Network([4, 5, 1], ["tanh", "sigmoid"], seed=1)


def graphs():
    net = pl.Network([2, 3, 2], ["leaky_relu(slope=0.2)", "softmax"], l2=0.1, dropout=0.5)
    everything = {"sample_weight": [1, 2], "mask": net.dropout_mask(2)}
    yield pl.computation_graph(SMALL)
    yield pl.computation_graph(net, [[1, 2], [3, 4]], [0, 1], "rows", **everything)
    yield from (pl.computation_graph(pl.Network([2, 2, 1], [rule, "identity"], "huber(delta=2)"), [[1, 2]], [1]) for rule in CATALOGUE)


@pytest.fixture(params=list(graphs()), ids=lambda graph: graph.title)
def graph(request):
    return request.param


def text_of(element):
    return "".join(element.itertext()).replace("\xa0", " ")


# Text


TEXT = """\
Computation graph of 2-1 (sigmoid), log_loss (columns convention)

forward ↓                     backward ↑: local derivative, and what comes of it
x  (2 x m)
 │   W1  (1 x 2)              dz1/dW1 = x,  dW1 = dz1 x^T / m
 │   b1  (1 x 1)              dz1/db1 = 1,  db1 = sum dz1 / m
 │
 ▼
z1 = W1 x + b1  (1 x m)
 │                            da1/dz1 = sigmoid'(z1),  sigmoid'(z1) = a1 (1 - a1)
 ▼                            dz1 = da1 * sigmoid'(z1)
a1 = y_hat = sigmoid(z1)  (1 x m)
 │   y  (1 x m)
 │                            dJ/da1 = l'(y_hat, y),  l'(y_hat, y) = -y / y_hat + (1 - y) / (1 - y_hat)
 ▼                            da1 = l'(y_hat, y)
J = sum l / m  (scalar)
     with l = log_loss(y_hat, y)

da and dz belong to the loss of one sample each; the mean over the samples is taken at W and b.

dJ/dz1 = a1 - y  (loss and output activation together, which is exact)

dJ/db1 = dJ/da1 · da1/dz1 · dz1/db1   (3 factors)
dJ/dW1 = dJ/da1 · da1/dz1 · dz1/dW1   (3 factors)"""


def test_the_text_of_a_single_neuron():
    found = str(pl.computation_graph(pl.Network([2, 1], ["sigmoid"])))
    assert [line.split() for line in found.splitlines()] == [line.split() for line in TEXT.splitlines()]
    columns = {line.index(part) for line in found.splitlines() for part in ("backward ↑", "dz1/dW1 = x", "dz1 = da1 *") if part in line}
    assert len(columns) == 1, "the right side is a column"


def test_the_text_holds_every_node_every_edge_and_every_product(graph):
    text = graph.to_text()
    for node in graph:
        assert plain(node.equation or node.symbol) in text
    for edge in graph.backward:
        assert f"{plain(edge.derivative)} = {plain(edge.formula)}" in text or "R" in (edge.source, edge.target)
        assert plain(edge.result) in text or edge.source == "R"
    for name in ("W1", "b1", "W2", "b2"):
        for path in graph.paths(name):
            assert f"{path.text}   ({len(path.edges)} factors)" in text


def test_the_text_holds_values_and_gradients():
    graph = pl.computation_graph(pl.Network([1, 1], ["sigmoid"], initializer="zeros"), [[2.0]], [1.0])
    lines = [line.strip() for line in graph.to_text().splitlines()]
    for expected in ("z1 = 0", "dz1 = -0.5", "a1 = 0.5", "da1 = -2", "J = 0.693"):
        assert expected in lines


# Mermaid


def test_mermaid_has_a_node_and_an_arrow_for_each(graph):
    lines = graph.to_mermaid().splitlines()
    assert lines[0] == "flowchart TD"
    boxes = [line for line in lines if ":::" in line]
    assert [line.strip().split("(")[0].split("[")[0] for line in boxes] == [node.name for node in graph]
    assert [tuple(line.strip().split(" --> ")) for line in lines if "-->" in line] == [(edge.source, edge.target) for edge in graph.forward]
    dotted = [re.fullmatch(r'    (\w+) -\. "([^"]*)" \.-> (\w+)', line) for line in lines if ".->" in line]
    assert [(found[1], found[3]) for found in dotted] == [(edge.source, edge.target) for edge in graph.backward]
    (style,) = (line for line in lines if "linkStyle" in line)
    numbers = [int(number) for number in style.split()[1].split(",")]
    assert numbers == list(range(len(graph.forward), len(graph.forward) + len(graph.backward)))


def test_no_label_of_mermaid_holds_what_would_end_it(graph):
    for line in graph.to_mermaid().splitlines():
        if '"' in line:
            assert line.count('"') == 2
            assert not set("&`") & set(line)
            assert "<" not in line.replace("<br/>", "")


def test_a_class_is_defined_for_each_kind(graph):
    text = graph.to_mermaid()
    for kind in {node.kind for node in graph}:
        assert f"classDef {kind} " in text


# SVG


@settings(max_examples=25)
@given(recipes())
def test_boxes_stay_apart_and_within_the_drawing(recipe):
    net, X, Y, s, mask = build(recipe)
    layout = laid_out(pl.computation_graph(net, X, Y, sample_weight=s, mask=mask))
    boxes = list(layout.boxes.values())
    for box in boxes:
        assert 0 <= box.x < box.right <= layout.wide
        assert 0 <= box.y < box.y + box.high <= layout.high
        assert box.inner <= box.high
        assert box.y >= 50 or box.x > 180, "the legend has its place"
    for one, other in combinations(boxes, 2):
        beside = one.right <= other.x or other.right <= one.x
        assert beside or one.y + one.high <= other.y or other.y + other.high <= one.y, (one.node.name, other.node.name)
    assert layout.wide <= 720, "readable on a phone, however deep the network"


def test_the_drawing_holds_every_node_and_every_derivative(graph):
    root = ElementTree.fromstring(graph.to_svg())
    texts = [text_of(text).replace(" ", "") for text in root.iter(f"{SVG}text")]
    for node in graph:
        expected = {"J": "J=", "R": "R="}.get(node.name, node.name.rstrip("0123456789"))
        assert any(text.startswith(expected) for text in texts), node.name
    titles = [group.find(f"{SVG}title").text for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]
    assert titles == [plain(node.equation or node.symbol) for node in graph] or set(titles) == {
        plain(node.equation or node.symbol) for node in graph
    }
    dashed = [path for path in root.iter(f"{SVG}path") if "stroke-dasharray" in path.attrib]
    assert len(dashed) == len(graph.backward) + (graph.fused is not None) + 1, "and one in the legend"
    assert "Backward, the local derivatives: " in root.find(f"{SVG}desc").text


def test_the_path_that_is_asked_for_is_marked_and_written_out():
    graph = pl.computation_graph(SMALL)

    def marked(path):
        root = ElementTree.fromstring(graph.to_svg(path))
        return sum(line.get("stroke-width") == "2.6" for line in root.iter(f"{SVG}path")), sum(1 for _ in root.iter(f"{SVG}text"))

    assert [marked(path)[0] for path in ("W1", "b2", None)] == [5, 3, 0]
    assert marked("W1")[1] - marked(None)[1] == 2 * 6 + 5, "six fractions with five signs"
    with pytest.raises(pl.UnknownNameError, match="Unknown node of the graph 'W3'"):
        graph.to_svg("W3")


def test_numbers_are_in_the_drawing_and_large_matrices_abbreviated():
    rng = np.random.default_rng(0)
    net = pl.Network([30, 20, 3], ["relu", "softmax"])
    X = rng.normal(size=(7, 30))
    root = ElementTree.fromstring(pl.computation_graph(net, X, rng.integers(3, size=7)).to_svg())
    numbers = [text_of(text) for text in root.iter(f"{SVG}text") if "number" in text.get("class")]
    first = f"{X[0, 0]:.3g}".replace("-", "−")
    assert any(text.split()[0] == first for text in numbers)
    assert any("⋮" in text for text in numbers)
    assert len(numbers) < 120


@settings(max_examples=10)
@given(recipes())
def test_numbers_stay_within_their_boxes(recipe):
    net, X, Y, s, mask = build(recipe)
    root = ElementTree.fromstring(pl.computation_graph(net, X, Y, sample_weight=s, mask=mask).to_svg())
    for group in root.iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        if box is not None:
            left, wide = float(box.get("x")), float(box.get("width"))
            for text in group.iter(f"{SVG}text"):
                if "number" in text.get("class"):
                    half = len(text_of(text)) * 10.5 * 0.61 / 2
                    assert left <= float(text.get("x")) - half
                    assert float(text.get("x")) + half <= left + wide


def test_it_is_not_large():
    net = pl.Network([784, 128, 10], ["relu", "softmax"])
    graph = pl.computation_graph(net, np.zeros((32, 784)), np.zeros(32, int))
    assert len(graph.to_svg()) < 60_000
    assert len(graph.to_text()) < 6_000

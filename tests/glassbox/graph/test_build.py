"""The computation graph: its nodes and edges, and that the products along its paths are the gradients."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from matplotlib.mathtext import MathTextParser
from numpy.testing import assert_allclose

import pellucid as pl
from pellucid.equations.activations import CATALOGUE
from pellucid.equations.losses import FUSED
from pellucid.glassbox.notation import plain
from random_networks import build, recipes

NET = pl.Network([2, 3, 2, 2], ["leaky_relu(slope=0.2)", "softmax", "softmax"], l2=0.1, dropout=0.5, seed=2)
DATA = {"X": np.arange(8.0).reshape(4, 2) / 4, "y": [0, 1, 1, 0], "sample_weight": [1, 2, 3, 4], "mask": NET.dropout_mask(4)}


def share(paths):
    return sum(path.evaluate() for path in paths)


def compare(graph, rows, tolerance):
    """The sum of the products for each parameter, laid out as rows, beside what is given by name."""
    for name, expected in rows.items():
        found = np.asarray(share(graph.paths(name)))
        found = found.T.reshape(expected.shape) if graph.convention == "columns" else found
        assert np.abs(found - expected).max() <= tolerance * max(np.abs(expected).max(), 1e-6), name


@settings(max_examples=30)
@given(recipes())
def test_the_products_along_the_paths_add_up_to_the_gradient(recipe):
    net, X, Y, s, mask = build(recipe)
    tolerance = 1e-12 if net.dtype == np.float64 else 1e-4
    gradients = {name.removeprefix("d"): part for name, part in net.gradients(X, Y, s, mask=mask, engine="reference").items()}
    for convention in ("columns", "rows"):
        compare(pl.computation_graph(net, X, Y, convention, sample_weight=s, mask=mask), gradients, tolerance)


def test_the_products_agree_with_differences_of_the_cost():
    graph = pl.computation_graph(NET, **DATA, convention="rows")
    found = {f"d{name}": share(graph.paths(name)) for name in NET.parameters}
    assert pl.check_gradients(NET, **DATA, gradient=found).passed
    found["dW1"] = found["dW1"] * 1.001
    assert not pl.check_gradients(NET, **DATA, gradient=found).passed


def test_a_planted_error_of_a_thousandth_is_seen():
    graph = pl.computation_graph(NET, **DATA, convention="rows")
    wrong = [replace(edge, pull=lambda dz, pull=edge.pull: pull(dz) * 1.001) if edge.target == "a1" else edge for edge in graph.backward]
    gradients = {name.removeprefix("d"): part for name, part in NET.gradients(**DATA).items()}
    compare(graph, gradients, 1e-12)
    with pytest.raises(AssertionError, match="W1"):
        compare(replace(graph, backward=tuple(wrong)), gradients, 1e-6)


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_each_edge_turns_the_gradient_of_its_source_into_that_of_its_target(convention):
    graph = pl.computation_graph(NET, **DATA, convention=convention)
    seen = 0
    for edge in graph.backward:
        target, source = graph[edge.target], graph[edge.source]
        if target.kind == "value" and source.kind == "value":
            assert_allclose(edge.pull(source.gradient), target.gradient, rtol=1e-12, atol=1e-15)
            seen += 1
    assert seen == 5


def test_the_names_follow_the_computation():
    graph = pl.computation_graph(NET, **DATA)
    assert [node.name for node in graph] == [
        "x", "W1", "b1", "z1", "mask1", "a1", "W2", "b2", "z2", "mask2", "a2", "W3", "b3", "z3", "a3", "y", "s", "R", "J",
    ]  # fmt: skip
    assert len(graph) == 19
    assert [node.name for node in graph.inputs("a1")] == ["z1", "mask1"]
    assert [node.name for node in graph.inputs("R")] == ["W1", "W2", "W3"]
    assert [node.name for node in graph.inputs("J")] == ["a3", "y", "s", "R"]
    computed = set()
    for node in graph:
        assert {other.name for other in graph.inputs(node.name)} <= computed, "what is needed comes first"
        computed.add(node.name)


def test_backward_edges_run_against_forward_ones_and_leave_data_out():
    graph = pl.computation_graph(NET, **DATA)
    forward = {(edge.source, edge.target) for edge in graph.forward}
    backward = {(edge.target, edge.source) for edge in graph.backward}
    assert backward < forward
    assert {source for source, _ in forward - backward} == {"x", "y", "s", "mask1", "mask2"}


def test_item_27_the_gradient_of_the_first_weights_is_a_product_of_five():
    """Item 27: dJ/dW1 = dJ/da2 da2/dz2 dz2/da1 da1/dz1 dz1/dW1, with branches to W and b."""
    graph = pl.computation_graph(pl.Network([4, 5, 1], ["tanh", "sigmoid"]))
    (path,) = graph.paths("W1")
    assert path.text == "dJ/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dW1"
    assert path.latex.count(r"\frac") == len(path.edges) == 5
    assert [(plain(edge.derivative), plain(edge.formula)) for edge in graph.backward] == [
        ("dJ/da2", "l'(y_hat, y)"), ("da2/dz2", "sigmoid'(z2)"), ("dz2/dW2", "a1"), ("dz2/db2", "1"), ("dz2/da1", "W2^T"),
        ("da1/dz1", "tanh'(z1)"), ("dz1/dW1", "x"), ("dz1/db1", "1"),
    ]  # fmt: skip
    assert plain(graph.fused.formula) == "a2 - y"
    assert [len(graph.paths(name)[0].edges) for name in ("b2", "W2", "b1", "a1")] == [3, 3, 5, 3]


def test_the_penalty_is_a_second_path_to_weights_and_none_to_biases():
    graph = pl.computation_graph(NET, **DATA)
    assert [path.text for path in graph.paths("W2")][1] == "dJ/dR · dR/dW2"
    assert len(graph.paths("b2")) == 1
    assert_allclose(graph.paths("W2")[1].evaluate(), NET.parameters["W2"].T * 0.1 / 10)
    assert graph["R"].value == pytest.approx(0.1 * sum((NET.parameters[f"W{layer}"] ** 2).sum() for layer in (1, 2, 3)) / 20)
    assert len(pl.computation_graph(pl.Network([2, 3, 1])).paths("W1")) == 1


def test_where_factors_overflow_the_exact_common_derivative_is_used():
    net = pl.Network([1, 1], ["sigmoid"])
    net.parameters["W1"][...] = 800.0
    graph = pl.computation_graph(net, [[1.0], [-1.0]], [0, 1])
    assert np.isinf(graph["a1"].gradient).all()
    assert_allclose(graph.paths("W1")[0].evaluate(), [[1.0]])
    assert graph.paths("a1")[0].fused is None, "it ends before z"


# Each equation, read as NumPy, gives the number that stands beside it


def value_of(equation, names):
    """The right side of a plain equation, evaluated: blanks between factors are matrix products, * goes element by element."""
    text = plain(equation).rpartition(" = ")[2]
    text = re.sub(r"\bsum (s )?(dz\d)", lambda found: f"sum_of({found[2]}{', s' if found[1] else ''})", text)
    text = re.sub(r"\bsum s\b", "sum_s", text)
    text = re.sub(r"(\w+)\^T", r"\1.T", text)
    text = re.sub(r"(\w+)'\(z(\d)\)", r"slope(\2)", text)
    text = re.sub(r"\b[a-z]+(?:_relu)?\(z(\d)\)", r"f(\1)", text)
    text = text.replace("lambda W", "0.1 * W")
    text = re.sub(r"(?<=[\w)]) (?=[\w(])", " @ ", text)
    return eval(text, {"np": np}, names)


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("weighted", [False, True])
def test_each_equation_gives_the_number_beside_it(convention, weighted):
    net = pl.Network([3, 4, 2, 2], ["leaky_relu(slope=0.2)", "tanh", "identity"], "mse", l2=0.1, dropout=0.5, seed=2)
    s = np.array([1.0, 2.0, 3.0, 4.0]) if weighted else None
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(4, 3)), rng.normal(size=(4, 2))
    graph = pl.computation_graph(net, X, y, convention, sample_weight=s, mask=net.dropout_mask(4))
    columns = convention == "columns"
    trace = net.trace(X, y, convention, s, net.dropout_mask(4))
    names = {node.name: node.value for node in graph} | {f"d{node.name}": node.gradient for node in graph if node.gradient is not None}
    lay = np.transpose if columns else np.asarray

    def f(layer):
        return lay(net.layers[layer - 1].activation.forward(lay(trace[f"z{layer}"])))

    def slope(layer):
        return lay(net.layers[layer - 1].activation.derivative(lay(trace[f"z{layer}"]), lay(f(layer))))

    def sum_of(dz, weights=None):
        each = np.ones(4) if weights is None else weights
        return (dz * each if columns else dz * each[:, None]).sum(axis=1 if columns else 0, keepdims=columns)

    names |= {"f": f, "slope": slope, "sum_of": sum_of, "diag": np.diag, "m": 4, "sum_s": 10.0, "y_hat": trace["y_hat"]}
    seen = 0
    for node in graph:
        if node.kind == "value":
            assert_allclose(value_of(node.equation, names), node.value, rtol=1e-12, err_msg=plain(node.equation))
            seen += 1
    for edge in graph.backward:
        if "R" not in (edge.source, edge.target) and edge.source != "J":
            assert_allclose(value_of(edge.result, names), graph[edge.target].gradient, rtol=1e-12, atol=1e-16, err_msg=plain(edge.result))
            seen += 1
    assert seen == 6 + 11


@pytest.mark.parametrize(
    "rule", ["sigmoid", "tanh", "relu", "elu", "softplus", "softsign", "silu", "mish", "exp", "identity", "hard_tanh", "selu"]
)
def test_a_derivative_written_out_is_the_derivative(rule):
    net = pl.Network([1, 3, 1], [rule, "identity"], seed=1)
    graph = pl.computation_graph(net, [[0.5], [-2.0]], [1, 2])
    (edge,) = graph.into("z1")
    text = plain(edge.detail).partition(" = ")[2].replace("^", "**")
    text = re.sub(r"(?<=[\w)])(?<!if)(?<!else) (?=[\w(])(?!if |else )", " * ", text)
    scalars = {"exp": np.exp, "log": np.log, "tanh": np.tanh, "abs": np.abs}
    for index in np.ndindex(3, 2):
        at = {"z1": graph["z1"].value[index], "a1": graph["a1"].value[index]}
        assert eval(text, scalars, at) == pytest.approx(edge.value[index], rel=1e-4), text


def test_the_jacobian_of_softmax_is_given_for_each_sample():
    graph = pl.computation_graph(NET, **DATA)
    (edge,) = graph.into("z3")
    a = graph["a3"].value
    for sample in range(4):
        assert_allclose(edge.value[sample], np.diag(a[:, sample]) - np.outer(a[:, sample], a[:, sample]))


def test_a_huge_jacobian_is_applied_but_not_kept():
    net = pl.Network([1, 200, 1], ["softmax", "identity"])
    graph = pl.computation_graph(net, np.ones((30, 1)), np.ones(30))
    assert graph.into("z1")[0].value is None
    assert_allclose(share(graph.paths("W1")), graph["W1"].gradient, atol=1e-15)


def test_without_samples_there_are_symbols_and_shapes():
    graph = pl.computation_graph(pl.Network([4, 5, 1], ["tanh", "sigmoid"]))
    assert {node.name: node.shape for node in graph} == {
        "x": (4, "m"), "W1": (5, 4), "b1": (5, 1), "z1": (5, "m"), "a1": (5, "m"), "W2": (1, 5), "b2": (1, 1), "z2": (1, "m"),
        "a2": (1, "m"), "y": (1, "m"), "J": (),
    }  # fmt: skip
    assert all(node.value is None and node.gradient is None for node in graph)
    rows = pl.computation_graph(pl.Network([4, 5, 1], ["tanh", "sigmoid"]), convention="rows")
    assert (rows["W1"].shape, rows["b1"].shape, rows["z1"].shape) == ((4, 5), (5,), ("m", 5))
    with pytest.raises(pl.InputError) as caught:
        graph.paths("W1")[0].evaluate()
    assert str(caught.value) == "The graph in evaluate is one without samples, expected one with numbers: hand X and y over."


def test_what_does_not_fit_is_refused():
    net = pl.Network([2, 1])
    with pytest.raises(pl.UnknownNameError, match="The convention in computation_graph is 'row', expected one of columns, rows"):
        pl.computation_graph(net, convention="row")
    for arguments, got in (({"X": [[1, 2]]}, "X"), ({"y": [1]}, "y"), ({"sample_weight": [1]}, "sample_weight")):
        with pytest.raises(pl.InputError) as caught:
            pl.computation_graph(net, **arguments)
        assert str(caught.value) == (
            f"The data in computation_graph is {got} alone, expected X and y: pass both, or nothing for the symbols alone."
        )
    with pytest.raises(pl.ShapeError, match=r"The shape of X in the data is \(1, 3\), expected \(m, 2\)"):
        pl.computation_graph(net, [[1, 2, 3]], [1])
    with pytest.raises(pl.UnknownNameError, match="Unknown node of the graph 'w1': did you mean 'W1'"):
        pl.computation_graph(net).paths("w1")


def test_it_tells_what_it_is():
    graph = pl.computation_graph(pl.Network([2, 1]))
    assert repr(graph) == "Graph(2-1 (identity), half_mse: x W1 b1 z1 a1 y J)"
    assert str(graph) == graph.to_text()
    assert graph._repr_svg_() == graph.to_svg()


def formulas(graph):
    """All LaTeX that a graph holds."""
    edges = [*graph.backward, *([graph.fused] if graph.fused else [])]
    found = {text for edge in edges for text in (edge.derivative, edge.formula, edge.detail, edge.result)}
    found |= {text for node in graph for text in (node.symbol, node.equation, node.remark)}
    found |= {path.latex for path in graph.paths("W1")}
    return sorted(found - {""})


def test_all_formulas_are_mathematics_that_another_program_reads():
    found = set(formulas(pl.computation_graph(NET, **DATA)))
    found |= set(formulas(pl.computation_graph(pl.Network([2, 1], ["tanh"], "huber(delta=2)"), convention="rows")))
    for rule in CATALOGUE:
        (edge,) = pl.computation_graph(pl.Network([1, 1, 1], [rule, "identity"])).into("z1")
        found.add(edge.detail)
    for output, loss in FUSED:
        graph = pl.computation_graph(pl.Network([1, 2], [output], loss))
        found |= {graph.fused.formula, graph.into("a1")[0].detail}
    assert len(found) > 80
    for text in found:
        MathTextParser("agg").parse(f"${text}$", dpi=20)

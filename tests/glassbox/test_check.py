"""The gradient check: right gradients are never called wrong, wrong ones are found and named, and doubt is told as doubt."""

from __future__ import annotations

import dataclasses
import html
from io import StringIO
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import pellucid as pl
from pellucid.equations import losses
from pellucid.equations.activations import CATALOGUE
from pellucid.glassbox import check
from pellucid.glassbox.check import GradientReport, GradientRow, check_gradients, relative_error

ACTIVATIONS = [*CATALOGUE, "leaky_relu(slope=0.3)", "leaky_relu(slope=-0.5)", "elu(alpha=0.3)"]
ENDS = [
    ("identity", "mse"),
    ("identity", "half_mse"),
    ("identity", "mae"),
    ("identity", "huber(delta=0.3)"),
    ("sigmoid", "log_loss"),
    ("softmax", "log_loss"),
    ("softmax", "cross_entropy"),
    ("sigmoid", "cross_entropy"),
    ("exp", "poisson"),
    ("softplus", "poisson"),
    ("sigmoid", "poisson"),
    ("relu", "mse"),
    ("softmax", "mse"),
]


def build(sizes, rules, loss, seed=0, scale=0.6, **options):
    """A network with biases that are not zero."""
    net = pl.Network(sizes, rules, loss, **options)
    net.vector[...] = np.random.default_rng(seed).normal(scale=scale, size=net.n_parameters)
    return net


def data(net, m=6, seed=1):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(m, net.architecture.sizes[0])), rng.random((m, net.architecture.sizes[-1]))
    return X, y / y.sum(axis=1, keepdims=True) if net.architecture.loss.spec == "cross_entropy" else y


def counts(report, what):
    return {(row.name, row.part): getattr(row, what) for row in report.rows if getattr(row, what)}


def wrong_arrays(report):
    return [row.name for row in report.rows if row.wrong and row.name != "directions"]


# right gradients pass


@pytest.mark.parametrize("output, loss", ENDS)  # noqa: PT006
@pytest.mark.parametrize("rule", ["tanh", "relu"])
def test_every_output_and_loss_passes(rule, output, loss):
    net = build([3, 5, 2], [rule, output], loss)
    report = check_gradients(net, *data(net))
    assert report.passed
    assert report.max_relative_error < 1e-6
    assert not counts(report, "undecided") | counts(report, "straddling"), "nothing is left open in so small a net"


@pytest.mark.parametrize("rule", ACTIVATIONS)
def test_every_activation_passes_in_hidden_layers(rule):
    net = build([3, 4, 4, 2], [rule, rule, "identity"], "half_mse", l2=0.3)
    report = check_gradients(net, *data(net), sample_weight=[1, 2, 0, 3, 0.5, 1])
    assert report.passed
    assert report.max_relative_error < 1e-6
    assert not counts(report, "undecided") | counts(report, "straddling")
    assert sum(row.checked for row in report.rows if row.part == "data") == net.n_parameters + 5


@st.composite
def networks(draw):
    depth = draw(st.integers(1, 6))
    sizes = draw(st.lists(st.integers(1, 5), min_size=depth + 1, max_size=depth + 1))
    output, loss = draw(st.sampled_from(ENDS))
    rules = draw(st.lists(st.sampled_from(ACTIVATIONS), min_size=depth - 1, max_size=depth - 1))
    scale, size = draw(st.sampled_from([0.05, 0.5, 2.0])), draw(st.sampled_from([0.0, 0.1, 1.0, 10.0]))
    return (sizes, [*rules, output], loss, draw(st.integers(0, 10**6)), scale), size, draw(st.sampled_from([0.0, 0.2]))


@settings(max_examples=60)
@given(networks())
def test_no_right_gradient_is_ever_called_wrong(given):
    """Deep and shallow, saturated, dead, with inputs of zero, ten times too large: good, open, or beside a kink, but never wrong."""
    arguments, size, l2 = given
    net = build(*arguments, l2=l2)
    X, y = data(net, m=4)
    X *= size
    if not np.isfinite(net.loss(X, y)):  # exp of exp, or softmax of one class before log_loss
        with pytest.raises(pl.InputError, match="The cost J in check_gradients is (inf|nan), expected a finite number"):
            check_gradients(net, X, y)
        return
    report = check_gradients(net, X, y)
    right = all(np.isfinite(part).all() for part in net.gradients(X, y).values())  # 0 times infinity, where a unit overflowed
    assert report.passed == right, str(report)


def test_a_network_of_float32_is_checked_in_double_precision():
    net = build([3, 5, 2], ["tanh", "softmax"], "cross_entropy", dtype="float32")
    before = net.vector.copy()
    report = check_gradients(net, *data(net))
    assert report.passed
    assert report.max_relative_error < 1e-6
    assert net.vector.dtype == np.float32
    assert np.array_equal(net.vector, before)


def test_anything_with_an_architecture_and_a_vector_can_be_checked():
    net = build([3, 4, 1], ["tanh", "sigmoid"], "log_loss")
    model = SimpleNamespace(architecture=net.architecture, vector=net.vector)
    assert check_gradients(model, *data(net)) == check_gradients(net, *data(net))


def test_sample_weights_belong_to_the_cost():
    net = build([3, 4, 2], ["tanh", "identity"], "mse", l2=0.1)
    X, y = data(net)
    s = np.array([0, 1, 2, 3, 4, 5.0])
    assert check_gradients(net, X, y, sample_weight=s).passed
    assert check_gradients(net, X, y, sample_weight=s, gradient=net.gradients(X, y, s)).passed
    assert not check_gradients(net, X, y, sample_weight=s, gradient=net.gradients(X, y)).passed
    assert not check_gradients(net, X, y, gradient=net.gradients(X, y, s)).passed


def test_a_dropout_mask_is_held_fixed():
    net = build([3, 6, 6, 2], ["tanh", "relu", "identity"], "mse", dropout=0.4)
    X, y = data(net)
    mask, other = net.dropout_mask(6), net.dropout_mask(6, step=1)
    with_mask = net.gradients(X, y, mask=mask)
    assert check_gradients(net, X, y, mask=mask).passed
    assert check_gradients(net, X, y, mask=mask, gradient=with_mask).passed
    assert not check_gradients(net, X, y, mask=other, gradient=with_mask).passed
    assert not check_gradients(net, X, y, gradient=with_mask).passed, "without a mask nothing is dropped"


# what is zero


def test_where_both_are_zero_it_passes():
    """A dead relu, an input that is always zero, a sample whose error is zero."""
    net = build([2, 3, 1], ["relu", "identity"], "half_mse")
    net.parameters["b1"][...] = -10
    X = np.array([[1.0, 0.0], [0.5, 0.0]])
    report = check_gradients(net, X, [1, 2])
    rows = {row.name: row for row in report.rows}
    assert report.passed
    for name in ("W1", "b1", "W2"):
        assert (rows[name].max_relative_error, rows[name].analytic, rows[name].numeric, rows[name].verdict) == (0, 0, 0, "good")
    assert rows["b2"].analytic != 0


def test_a_perfect_prediction_has_no_gradient():
    net = build([2, 3, 1], ["tanh", "identity"], "mse")
    X, _ = data(net)
    y = net.predict(X, engine="reference")
    report = check_gradients(net, X, y, directions=2)
    assert report.passed
    assert report.max_relative_error == 0
    gradient = net.gradients(X, y, engine="reference")
    gradient["dW1"][1, 1] = 1e-10
    assert wrong_arrays(check_gradients(net, X, y, gradient=gradient, directions=0)) == ["W1"]


@pytest.mark.parametrize(
    ("analytic", "numeric", "error"),
    [
        (0.0, 0.0, 0.0),
        (-0.0, 0.0, 0.0),
        (2.0, 2.0, 0.0),
        (1.0, 0.99, 0.01),
        (0.99, 1.0, 0.01),
        (-1.0, 1.0, 2.0),
        (1e-300, 0.0, 1.0),
        (0.0, 1e-300, 1.0),
        (np.nan, 1.0, np.inf),
        (1.0, np.nan, np.inf),
        (np.inf, np.inf, np.inf),
    ],
)
def test_the_relative_error(analytic, numeric, error):
    assert relative_error(analytic, numeric) == pytest.approx(error, rel=1e-12)


# kinks


def beside_a_kink(rule, z, kink=0.0):
    """A 1-1-1 net whose only hidden z is z away from a kink."""
    net = pl.Network([1, 1, 1], [rule, "identity"], "half_mse")
    net.parameters["W1"][...], net.parameters["b1"][...] = 1.0, kink + z - 1.0
    net.parameters["W2"][...], net.parameters["b2"][...] = 0.7, 0.1
    return net


KINKS = [
    ("relu", 0.0), ("leaky_relu(slope=0.3)", 0.0), ("selu", 0.0), ("elu(alpha=0.3)", 0.0), ("hard_tanh", -1.0), ("hard_tanh", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "kink"), KINKS)
@pytest.mark.parametrize("z", [1e-9, -1e-9, 1e-12, 0.0])
def test_an_entry_whose_differences_straddle_a_kink_is_reported_as_that(rule, kink, z):
    report = check_gradients(beside_a_kink(rule, z, kink), [[1.0]], [5.0])
    rows = {row.name: row for row in report.rows}
    assert report.passed
    for name in ("W1", "b1"):
        assert (rows[name].straddling, rows[name].wrong, rows[name].verdict) == (1, 0, "1 at a kink")
    assert rows["W2"].straddling == rows["b2"].straddling == 0
    assert rows["b2"].verdict == "good"
    assert rows["directions"].straddling == 5, "every direction moves z"
    assert rows["directions"].verdict == "5 at a kink"


@pytest.mark.parametrize("z", [1e-9, -1e-9])
def test_the_naive_difference_would_have_called_it_wrong(z):
    net = beside_a_kink("relu", z)
    h, b1 = 1e-5, net.parameters["b1"]
    costs = []
    for step in (h, -2 * h):
        b1 += step
        costs.append(net.loss([[1.0]], [5.0]))
    b1 += h
    assert relative_error(float(net.gradients([[1.0]], [5.0])["db1"][0]), (costs[0] - costs[1]) / (2 * h)) > 0.4


@pytest.mark.parametrize("z", [1e-3, -1e-3, 1e-4, 1e-5])
def test_a_kink_farther_away_is_avoided_by_a_narrower_step(z):
    report = check_gradients(beside_a_kink("relu", z), [[1.0]], [5.0])
    rows = {row.name: row for row in report.rows}
    assert report.passed
    assert not counts(report, "straddling")
    assert rows["b1"].verdict.startswith(("good", "right"))
    assert rows["b1"].numeric == pytest.approx(rows["b1"].analytic, rel=1e-5)


@pytest.mark.parametrize("z", [1e-4, -1e-4])
def test_a_wrong_entry_near_a_kink_is_found_by_a_narrower_step(z):
    net = beside_a_kink("leaky_relu(slope=0.3)", z)
    gradient = net.gradients([[1.0]], [5.0])
    gradient["db1"] *= 1.001
    report = check_gradients(net, [[1.0]], [5.0], gradient=gradient, directions=0)
    assert wrong_arrays(report) == ["b1"]


def test_a_loss_has_kinks_too():
    """|y_hat - y| at a y_hat a hair from y."""
    net = pl.Network([1, 1], ["identity"], "mae")
    net.vector[...] = 1.0, 0.0
    beside, far = check_gradients(net, [[1.0]], [1.0 + 1e-10]), check_gradients(net, [[1.0]], [2.0])
    assert beside.passed
    assert counts(beside, "straddling") == {("W1", "data"): 1, ("b1", "data"): 1, ("directions", "data"): 5}
    assert not counts(far, "straddling")


def test_one_sample_at_a_kink_does_not_hide_an_array_that_does_not_reach_it():
    net = build([2, 3, 2], ["relu", "identity"], "half_mse")
    X, y = data(net)
    z = X[0] @ net.parameters["W1"]
    net.parameters["b1"][1] = -z[1]
    gradient = net.gradients(X, y)
    gradient["dW2"][2, 1] += 0.01
    report = check_gradients(net, X, y, gradient=gradient)
    rows = {row.name: row for row in report.rows}
    assert (rows["b1"].straddling, rows["W1"].straddling) == (1, 2)
    assert rows["b1"].verdict == "good, 1 at a kink"
    assert (wrong_arrays(report), rows["W2"].worst) == (["W2"], (2, 1))


# gradients below the rounding of the cost


def ten_layers(output="sigmoid", loss="log_loss", rule="sigmoid"):
    return pl.Network([4, *[8] * 10, 1], [*[rule] * 10, output], loss, seed=2)


def test_a_ten_layer_sigmoid_net_is_never_called_wrong_and_settled_by_the_complex_step():
    net = ten_layers()
    X, y = data(net)
    seen = 1e4 * np.finfo(float).eps * net.loss(X, y) / 1e-5
    assert np.abs(net.gradients(X, y)["dW1"]).max() < seen, "below what usual differences can see"
    report = check_gradients(net, X, y)
    rows = {row.name: row for row in report.rows}
    assert report.passed
    assert not counts(report, "undecided")
    assert rows["W1"].settled > 0
    assert rows["W1"].max_relative_error < 1e-7
    assert rows["W1"].verdict == "good"


@pytest.mark.parametrize("name", ["W1", "b2", "W5"])
def test_an_error_in_a_gradient_below_the_rounding_is_found_by_the_complex_step(name):
    net = ten_layers()
    X, y = data(net)
    gradient = net.gradients(X, y)
    gradient[f"d{name}"].flat[3] *= 1.001
    report = check_gradients(net, X, y, gradient=gradient, directions=0)
    assert wrong_arrays(report) == [name]
    assert report.max_relative_error == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize(("output", "loss"), [("identity", "mae"), ("leaky_relu(slope=0.3)", "half_mse")])
def test_where_there_is_a_kink_anywhere_what_is_below_the_rounding_stays_undecided(output, loss):
    net = ten_layers(output, loss)
    X, y = data(net)
    report = check_gradients(net, X, y + 3)
    rows = {row.name: row for row in report.rows}
    assert report.passed
    assert rows["W1"].undecided > 0
    assert rows["W1"].settled == 0
    assert "undecided" in rows["W1"].verdict
    assert rows["b11"].verdict == "good", "the last layer is large enough"


@pytest.mark.parametrize("rule", ["mish", "softplus", "gelu", "silu", "elu"])
def test_units_that_are_all_but_off_are_not_called_wrong(rule):
    """At z = -30 an activation is about 1e-13: the complex step must keep its digits, where log1p of complex numbers would lose them."""
    net = build([1, 2, 1], [rule, "identity"], "half_mse")
    net.parameters["W1"][...], net.parameters["b1"][...] = 1.0, [-30.0, -8.0]
    report = check_gradients(net, [[0.5], [-0.5], [0.1]], [1, 2, 3])
    assert report.passed, str(report)
    assert not counts(report, "undecided")


# planted errors


def planted(rule, output, loss):
    net = build([3, 4, 4, 2], [rule, rule, output], loss, l2=0.2)
    X, y = data(net)
    return net, X, y, net.gradients(X, y)


@pytest.mark.parametrize(
    ("rule", "output", "loss"),
    [("tanh", "softmax", "cross_entropy"), ("relu", "identity", "huber"), ("leaky_relu(slope=0.3)", "exp", "poisson")],
)
@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "W3", "b3"])
def test_a_thousandth_too_much_in_any_entry_is_found_and_named(rule, output, loss, name):
    net, X, y, gradient = planted(rule, output, loss)
    true = gradient[f"d{name}"].copy()
    for index in np.ndindex(true.shape):
        if true[index] == 0:
            continue
        gradient[f"d{name}"][...] = true
        gradient[f"d{name}"][index] *= 1.001
        report = check_gradients(net, X, y, gradient=gradient, directions=0)
        row = next(row for row in report.rows if row.name == name)
        assert not report.passed
        assert wrong_arrays(report) == [name]
        assert (row.wrong, row.worst, row.verdict) == (1, index, "WRONG in 1")
        assert row.analytic == gradient[f"d{name}"][index]
        assert row.numeric == pytest.approx(true[index], rel=2e-5)
        assert report.max_relative_error == row.max_relative_error == pytest.approx(1e-3, rel=0.05)


@pytest.mark.parametrize("seed", range(4))
def test_every_entry_of_a_relu_net_is_found_and_none_excused_as_rounding(seed):
    net = build([4, 8, 8, 8, 3], ["relu", "relu", "relu", "softmax"], "cross_entropy", seed=seed, scale=0.4)
    X, y = data(net, m=10, seed=seed)
    gradient = {name: part * 1.001 for name, part in net.gradients(X, y).items()}
    report = check_gradients(net, X, y, gradient=gradient, directions=0)
    for row in report.rows:
        part = abs(gradient[f"d{row.name}"])
        assert np.count_nonzero(part > 1e-5 * net.loss(X, y)) <= row.wrong <= np.count_nonzero(part)
    assert sum(row.wrong for row in report.rows) > 50
    assert check_gradients(net, X, y, gradient=net.gradients(X, y)).passed


@pytest.mark.parametrize(
    "change", [lambda g: -g, lambda g: g * 6, lambda g: g / 6, lambda g: g + 1e-3, np.zeros_like, lambda g: g * np.nan]
)
@pytest.mark.parametrize("name", ["W1", "b3"])
def test_grosser_errors_are_found(change, name):
    net, X, y, gradient = planted("tanh", "identity", "mse")
    gradient[f"d{name}"] = change(gradient[f"d{name}"])
    report = check_gradients(net, X, y, gradient=gradient)
    assert wrong_arrays(report) == [name]
    assert next(row for row in report.rows if row.name == name).wrong == gradient[f"d{name}"].size
    assert any(row.wrong for row in report.rows if row.name == "directions"), "a direction meets it too"


def test_a_forgotten_l2_term_is_found_in_the_weights_and_not_in_the_biases():
    net, X, y, _ = planted("tanh", "identity", "mse")
    without = build([3, 4, 4, 2], ["tanh", "tanh", "identity"], "mse").gradients(X, y)
    assert wrong_arrays(check_gradients(net, X, y, gradient=without)) == ["W1", "W2", "W3"]


@pytest.mark.parametrize("rule", ["tanh", "relu", "gelu", "selu"])
def test_an_activation_whose_derivative_is_off_is_found_below_it_only(rule):
    right = pl.activation(rule)
    wrong = dataclasses.replace(right, derivative=lambda z, a: right.derivative(z, a) * 1.001)
    net = build([3, 4, 4, 2], ["tanh", wrong, "identity"], "mse")
    report = check_gradients(net, *data(net))
    assert wrong_arrays(report) == ["W1", "b1", "W2", "b2"]


def test_a_softmax_whose_jacobian_is_off_is_found():
    class Wrong(type(pl.activation("softmax"))):
        def backward(self, da, z, a):
            return a * da

    right = pl.activation("softmax")
    wrong = Wrong(**{field.name: getattr(right, field.name) for field in dataclasses.fields(right)})
    net = build([3, 4, 2], [wrong, "identity"], "mse")
    assert wrong_arrays(check_gradients(net, *data(net))) == ["W1", "b1"]


def test_a_loss_whose_slope_is_off_is_found_everywhere():
    right = pl.loss("mse")
    net = build([3, 4, 2], ["tanh", "identity"], dataclasses.replace(right, slope=lambda y_hat, y: right.slope(y_hat, y) * 1.001))
    report = check_gradients(net, *data(net))
    assert wrong_arrays(report) == ["W1", "b1", "W2", "b2"]
    assert [row.wrong for row in report.rows] == [row.checked for row in report.rows]


@pytest.mark.parametrize("pair", losses.FUSED)
def test_a_fused_pair_that_is_off_is_found(pair, monkeypatch):
    right = losses.FUSED[pair]
    wrong = dataclasses.replace(right, slope=lambda z, a, y: right.slope(z, a, y) * 1.001)
    monkeypatch.setitem(losses.FUSED, pair, wrong)
    net = build([3, 4, 2], ["tanh", pair[0]], pair[1])
    assert wrong_arrays(check_gradients(net, *data(net))) == ["W1", "b1", "W2", "b2"]


@pytest.mark.parametrize(
    ("part", "wrong"), [("data", {("W2", "data"), ("directions", "data")}), ("l2", {("W2", "L2")})], ids=["data loss", "regularization"]
)
def test_data_loss_and_regularization_are_told_apart(part, wrong, monkeypatch):
    net = build([3, 4, 2], ["tanh", "identity"], "mse", l2=0.5)
    right = getattr(check._Cost, f"{part}_gradient")

    def off(cost):
        gradient = right(cost)
        net.architecture.named(gradient)["W2"][...] *= 1.5
        return gradient

    assert [(row.name, row.part) for row in check_gradients(net, *data(net)).rows] == [
        *[(name, "data") for name in ("W1", "b1", "W2", "b2", "directions")],
        ("W1", "L2"),
        ("W2", "L2"),
    ]
    monkeypatch.setattr(check._Cost, f"{part}_gradient", off)
    report = check_gradients(net, *data(net))
    assert set(counts(report, "wrong")) == wrong
    assert counts(report, "wrong")[("W2", "data" if part == "data" else "L2")] == 8


def test_without_l2_there_are_no_rows_for_it():
    net = build([3, 4, 2], ["tanh", "identity"], "mse")
    assert {row.part for row in check_gradients(net, *data(net)).rows} == {"data"}
    X, y = data(net)
    assert {row.part for row in check_gradients(net, X, y, gradient=net.gradients(X, y)).rows} == {"J"}


# how much is checked


@pytest.fixture
def large():
    return build([30, 40, 20, 3], ["tanh", "relu", "softmax"], "cross_entropy", scale=0.2)


def test_of_a_large_net_every_array_is_sampled(large):
    report = check_gradients(large, *data(large), max_entries=100)
    rows = {row.name: row for row in report.rows}
    assert list(rows) == ["W1", "b1", "W2", "b2", "W3", "b3", "directions"]
    for name, part in large.parameters.items():
        share = max(10, 100 * part.size // large.n_parameters)
        assert (rows[name].checked, rows[name].total) == (min(share, part.size), part.size)
        assert rows[name].worst in set(np.ndindex(part.shape))
    assert (rows["W1"].checked, rows["b3"].checked) == (56, 3)
    assert report.passed


@pytest.mark.parametrize("name", ["W1", "b1", "W2", "b2", "W3", "b3"])
def test_a_sample_finds_an_array_that_is_off(large, name):
    X, y = data(large)
    gradient = large.gradients(X, y)
    gradient[f"d{name}"] *= 1.01
    assert wrong_arrays(check_gradients(large, X, y, gradient=gradient, max_entries=50, directions=0)) == [name]


def test_the_sample_is_that_of_the_seed(large):
    X, y = data(large)
    first, again, other = (check_gradients(large, X, y, max_entries=50, seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_directions_find_an_error_that_the_sampled_entries_miss(large):
    X, y = data(large)
    gradient = large.gradients(X, y)
    gradient["dW1"][7, 11] += 0.3
    report = check_gradients(large, X, y, gradient=gradient, max_entries=1)
    assert [row.name for row in report.rows if row.wrong] == ["directions"]
    assert not report.passed


def test_a_net_that_is_small_enough_is_checked_whole(large):
    net = build([3, 5, 2], ["tanh", "identity"], "mse")
    for report in (check_gradients(net, *data(net)), check_gradients(net, *data(net), max_entries=net.n_parameters)):
        assert all(row.checked == row.total for row in report.rows)
    assert any(row.checked < row.total for row in check_gradients(net, *data(net), max_entries=net.n_parameters - 1).rows)


@pytest.mark.parametrize("directions", [0, 1, 7])
def test_directions_are_counted(directions):
    net = build([3, 5, 2], ["tanh", "identity"], "mse")
    rows = [row for row in check_gradients(net, *data(net), directions=directions).rows if row.name == "directions"]
    assert [(row.checked, row.total) for row in rows] == ([(directions, directions)] if directions else [])


def test_a_direction_is_the_gradient_along_a_random_unit_vector():
    net = build([1, 1], ["identity"], "mse")
    X, y = data(net)
    (row,) = [row for row in check_gradients(net, X, y, directions=1).rows if row.name == "directions"]
    direction = np.random.default_rng(0).normal(size=2)
    gradient = net.gradients(X, y)
    slope = np.array([gradient["dW1"][0, 0], gradient["db1"][0]]) @ direction / np.linalg.norm(direction)
    assert row.analytic == pytest.approx(slope, rel=1e-12)


# how it reads


def row(error=0.0, checked=10, **found):
    counted = {"settled": 0, "undecided": 0, "straddling": 0, "wrong": 0} | found
    return GradientRow("W1", "data", checked, 12, error, (1, 2), 0.25, 0.5, **counted)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (row(0.0), "good"),
        (row(1e-7), "good"),
        (row(1.01e-7), "right"),
        (row(1e-5), "right"),
        (row(1e-8, settled=10), "good"),
        (row(1e-8, undecided=2), "good, 2 undecided"),
        (row(1e-6, straddling=3), "right, 3 at a kink"),
        (row(1e-6, straddling=3, undecided=4), "right, 4 undecided, 3 at a kink"),
        (row(undecided=10), "10 undecided"),
        (row(straddling=4, undecided=6), "6 undecided, 4 at a kink"),
        (row(1e-2, wrong=1), "WRONG in 1"),
        (row(1.0, wrong=10, undecided=1), "WRONG in 10"),
    ],
)
def test_the_verdict_in_words(found, verdict):
    assert found.verdict == verdict


@pytest.mark.parametrize(
    ("off", "wrong", "verdict"), [(0, 0, "good"), (3e-8, 0, "good"), (2e-6, 0, "right"), (1e-4, 1, "WRONG in 1"), (1e-2, 1, "WRONG in 1")]
)
def test_the_usual_thresholds(off, wrong, verdict):
    """1e-7 is good, what lies above the tolerance of 1e-5 is wrong where the network is smooth."""
    net, X, y, gradient = planted("tanh", "identity", "mse")
    gradient["dW2"][1, 2] *= 1 + off
    found = next(row for row in check_gradients(net, X, y, gradient=gradient, directions=0).rows if row.name == "W2")
    assert (found.wrong, found.verdict) == (wrong, verdict)
    if off > 1e-7:
        assert found.max_relative_error == pytest.approx(off, rel=0.05)
        assert found.worst == (1, 2)


def test_a_report_of_nothing_passes_with_no_error():
    assert GradientReport(()).passed
    assert GradientReport(()).max_relative_error == 0


def test_the_report_is_as_bad_as_its_worst_row():
    report = GradientReport((row(1e-9), row(3e-2, wrong=1), row(1e-8)))
    assert not report.passed
    assert report.max_relative_error == 3e-2
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.rows = ()


def terminal(report):
    console = Console(file=StringIO(), width=150, color_system="standard", force_terminal=True)
    console.print(report)
    return console.file.getvalue()


WAYS = {"text": str, "terminal": terminal, "html": lambda report: html.unescape(report._repr_html_())}


@pytest.mark.parametrize("way", WAYS)
def test_a_report_shows_a_row_for_each_parameter(way):
    net = build([3, 4, 2], ["tanh", "identity"], "mse", l2=0.5)
    report = check_gradients(net, *data(net))
    text = WAYS[way](report)
    assert f"Gradient check passed: largest relative error {report.max_relative_error:.1e}" in text
    for heading in ("of", "checked", "error", "at", "analytic", "numeric", "verdict"):
        assert heading in text
    for name in ("W1", "b1", "W2", "b2", "directions", "W1 (L2)", "W2 (L2)"):
        assert name in text
    for found in report.rows:
        assert f"{found.checked}/{found.total}" in text
        assert f"{found.max_relative_error:.1e}" in text
        assert f"{found.analytic:.4g}" in text


@pytest.mark.parametrize("way", WAYS)
def test_a_failed_report_says_so_in_its_title_and_where(way):
    report = GradientReport((row(1e-9), row(3e-2, wrong=2)))
    text = WAYS[way](report)
    for telling in ("Gradient check FAILED: largest relative error 3.0e-02", "WRONG in 2", "10/12", "1,2", "0.25", "0.5"):
        assert telling in text


def test_a_row_in_which_nothing_was_decided_shows_no_figures():
    found = row(straddling=4, undecided=6)
    assert found.decided == 0
    assert "0.0e+00" not in str(GradientReport((row(1e-9), found)))
    assert str(GradientReport((found,))).splitlines()[4].replace(" ", "") == "│W1│10/12│-│-│-│-│6undecided,4atakink│"


def test_figures_are_whole_in_a_narrow_terminal():
    report = GradientReport((row(7.8e-10), row(1.2e-6, undecided=3, straddling=4)))
    console = Console(file=StringIO(), width=70)
    console.print(report)
    text = console.file.getvalue()
    assert "7.8e-10" in text
    assert "1.2e-06" in text
    assert "…" not in text


def test_what_is_shown_of_a_row_was_decided_where_anything_was():
    """Of the units of b1 one is at a kink and comes first; its numeric value would be nan."""
    net = build([1, 3, 1], ["relu", "identity"], "half_mse")
    net.parameters["W1"][...] = 1.0
    net.parameters["W2"][...] = 1.0
    net.parameters["b1"][...] = [-1.0, 0.5, 1.0]
    found = {part.name: part for part in check_gradients(net, [[1.0]], [2.0], directions=0).rows}["b1"]
    assert (found.straddling, found.decided) == (1, 2)
    assert found.worst != (0,)
    assert found.numeric == pytest.approx(found.analytic)


def test_colours_tell_right_from_wrong_in_a_terminal_only():
    report = GradientReport((row(1e-9), row(3e-2, wrong=2)))
    assert "\x1b[32mW1" in terminal(report)
    assert "\x1b[1;31mW1" in terminal(report)
    assert "\x1b" not in str(report)
    assert report._repr_html_().count("<tr>") == 3


# what it refuses

NET = build([2, 3, 1], ["tanh", "identity"], "mse")
GRADIENT = NET.gradients([[1, 2]], [3])


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        (
            {"gradient": {"dW1": 1}},
            pl.InputError,
            "The names in gradient in check_gradients is dW1, expected dW1, db1, dW2, db2: name one array for each parameter.",
        ),
        (
            {"gradient": {}},
            pl.InputError,
            "The names in gradient in check_gradients is nothing, expected dW1, db1, dW2, db2: name one array for each parameter.",
        ),
        (
            {"gradient": {**GRADIENT, "dW1": GRADIENT["dW1"].T}},
            pl.ShapeError,
            "The shape of dW1 in check_gradients is (3, 2), expected (2, 3): hand it over in the rows convention (samples are rows).",
        ),
        (
            {"gradient": {**GRADIENT, "db1": GRADIENT["db1"][:, None]}},
            pl.ShapeError,
            "The shape of db1 in check_gradients is (3, 1), expected (3,): hand it over in the rows convention (samples are rows).",
        ),
        (
            {"gradient": {**GRADIENT, "db2": "zero"}},
            pl.InputError,
            "Db2 in the data is not an array of real numbers, expected numbers: "
            "turn text and categories into numbers first, and make all rows equally long.",
        ),
        ({"max_entries": 0}, pl.InputError, "Max_entries in check_gradients is 0, expected a whole number of at least 1: choose e.g. 10."),
        ({"directions": -1}, pl.InputError, "Directions in check_gradients is -1, expected a whole number of at least 0: choose e.g. 5."),
        ({"seed": -1}, pl.InputError, "The seed in check_gradients is -1, expected a whole number of at least 0: choose e.g. 5."),
        (
            {"gradient": 3},
            pl.InputError,
            "The gradient in check_gradients is 3, expected {'dW1': array, 'db1': array ...}: see Network.gradients.",
        ),
        ({"directions": 1.5}, pl.InputError, "Directions in check_gradients is 1.5, expected a whole number of at least 0: choose e.g. 5."),
    ],
)
def test_what_does_not_fit_is_refused(options, kind, message):
    with pytest.raises(kind) as caught:
        check_gradients(NET, [[1, 2]], [3], **options)
    assert str(caught.value) == message


def test_a_cost_that_overflows_cannot_be_checked():
    net = pl.Network([1, 1], ["exp"])
    net.parameters["W1"][...] = 1000
    with pytest.raises(pl.InputError) as caught:
        check_gradients(net, [[1.0]], [1.0])
    expected = "The cost J in check_gradients is inf, expected a finite number: scale the inputs, or start from smaller weights."
    assert str(caught.value) == expected

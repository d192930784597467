"""The frozen description: sizes and rules, one flat vector, and the way into a file's header and back."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pellucid.architecture import Architecture
from pellucid.equations import activations, losses
from pellucid.equations.records import Interval
from pellucid.errors import InputError, UnknownNameError

build = Architecture.build

HIDDEN = [*sorted(set(activations.CATALOGUE)), "leaky_relu(slope=0.2)", "leaky_relu(slope=-0.5)", "elu(alpha=0.3)"]
LOSSES = [*sorted(losses.CATALOGUE), "huber(delta=0.1)"]


RANGES = {name: activations.activation(name).range for name in HIDDEN}
DOMAINS = {name: losses.loss(name).domain for name in LOSSES}


@st.composite
def anything(draw):
    """The arguments of any network that the library allows."""
    sizes = draw(st.lists(st.integers(1, 9), min_size=2, max_size=7))
    loss = draw(st.sampled_from(LOSSES))
    outputs = [name for name in HIDDEN if DOMAINS[loss].contains(RANGES[name])]
    hidden = draw(st.lists(st.sampled_from(HIDDEN), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    rates = draw(st.lists(st.floats(0, 1, exclude_max=True), min_size=len(sizes) - 2, max_size=len(sizes) - 2))
    return sizes, [*hidden, draw(st.sampled_from(outputs))], loss, draw(st.floats(0, 1e300)), rates


@settings(max_examples=60)
@given(anything())
def test_from_header_undoes_to_header_also_through_json(arguments):
    architecture = build(*arguments)
    header = architecture.to_header()
    again = Architecture.from_header(json.loads(json.dumps(header)))
    assert again.to_header() == header
    assert str(again) == str(architecture)
    for field in ("sizes", "l2", "dropout", "n_parameters"):
        assert getattr(again, field) == getattr(architecture, field)
    assert [rule.spec for rule in again.activations] == [rule.spec for rule in architecture.activations]
    assert [(at.weights, at.biases, at.dropout) for at in again.layers] == [
        (at.weights, at.biases, at.dropout) for at in architecture.layers
    ]


@settings(max_examples=60)
@given(anything())
def test_the_slices_are_disjoint_cover_the_vector_and_have_the_weights_first(arguments):
    architecture = build(*arguments)
    places = np.concatenate([np.arange(architecture.n_parameters)[layer.weights] for layer in architecture.layers])
    assert np.array_equal(places, np.arange(architecture.n_weights))
    biases = np.concatenate([np.arange(architecture.n_parameters)[layer.biases] for layer in architecture.layers])
    assert np.array_equal(biases, np.arange(architecture.n_weights, architecture.n_parameters))
    pairs = list(zip(architecture.sizes, architecture.sizes[1:], strict=False))
    assert architecture.n_parameters == sum(n_in * n_out + n_out for n_in, n_out in pairs)
    assert [(layer.n_inputs, layer.n_units) for layer in architecture.layers] == pairs
    assert [layer.index for layer in architecture.layers] == list(range(1, len(architecture.sizes)))


@settings(max_examples=30)
@given(anything(), st.sampled_from([np.float32, np.float64]))
def test_split_and_named_are_views_of_the_same_memory(arguments, dtype):
    architecture = build(*arguments)
    vector = np.arange(architecture.n_parameters, dtype=dtype)
    named = architecture.named(vector)
    n_layers = len(architecture.sizes) - 1
    assert list(named) == [f"{kind}{layer}" for layer in range(1, n_layers + 1) for kind in "Wb"]
    assert list(architecture.named(vector, "d")) == [f"d{name}" for name in named]
    for index, (W, b) in enumerate(architecture.split(vector), start=1):
        assert W.shape == architecture.sizes[index - 1 : index + 1]
        assert b.shape == (architecture.sizes[index],)
        for part, name in ((W, f"W{index}"), (b, f"b{index}")):
            assert np.shares_memory(part, vector)
            assert np.array_equal(part, named[name])
            part[...] = -index
    assert (vector < 0).all(), "every entry belongs to an array"


def test_a_draw_has_zero_biases_and_differs_by_generator():
    net = build([4, 5, 3])
    first, again, other = (net.draw("he_normal", np.random.default_rng(seed), np.dtype("float32")) for seed in (0, 0, 1))
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert not np.array_equal(first[: net.n_weights], other[: net.n_weights])
    assert not first[net.n_weights :].any()
    assert first[: net.n_weights].all()


@pytest.mark.parametrize(
    ("rules", "loss", "found_rules", "found_loss"),
    [
        (None, None, ["relu", "relu", "identity"], "half_mse"),
        ("tanh", None, ["tanh", "tanh", "identity"], "half_mse"),
        (activations.activation("tanh"), "log_loss", ["tanh", "tanh", "sigmoid"], "log_loss"),
        ("tanh", "cross_entropy", ["tanh", "tanh", "softmax"], "cross_entropy"),
        (None, "poisson", ["relu", "relu", "exp"], "poisson"),
        (None, losses.loss("mae"), ["relu", "relu", "identity"], "mae"),
        (["tanh", "relu", "sigmoid"], None, ["tanh", "relu", "sigmoid"], "log_loss"),
        (["tanh", "relu", "softmax"], None, ["tanh", "relu", "softmax"], "cross_entropy"),
        (["tanh", "relu", "exp"], None, ["tanh", "relu", "exp"], "poisson"),
        (["tanh", "relu", "softplus"], None, ["tanh", "relu", "softplus"], "poisson"),
        (["tanh", "relu", "tanh"], None, ["tanh", "relu", "tanh"], "half_mse"),
        (("tanh", "relu", "sigmoid"), "mse", ["tanh", "relu", "sigmoid"], "mse"),
    ],
)
def test_what_is_left_out_goes_with_what_is_given(rules, loss, found_rules, found_loss):
    architecture = build([4, 3, 2, 2], rules, loss)
    assert [rule.spec for rule in architecture.activations] == found_rules
    assert architecture.loss.spec == found_loss


@pytest.mark.parametrize(("dropout", "rates"), [(0.25, (0.25, 0.25, 0)), ([0.1, 0.2], (0.1, 0.2, 0)), (np.array([0.1, 0]), (0.1, 0, 0))])
def test_one_dropout_rate_is_for_all_hidden_layers_and_never_for_the_output(dropout, rates):
    assert tuple(layer.dropout for layer in build([4, 3, 2, 1], dropout=dropout).layers) == rates


def test_numbers_of_numpy_are_numbers_and_end_as_plain_ones():
    architecture = build(np.array([2, 3, 1]), l2=np.float32(0.5), dropout=np.float32(0.25))
    assert json.loads(json.dumps(architecture.to_header()))["l2"] == 0.5
    assert architecture.sizes == (2, 3, 1)
    assert {type(value) for value in (architecture.l2, *architecture.dropout)} == {float}
    assert {type(size) for size in architecture.sizes} == {int}


def test_it_is_frozen_and_reads_as_one_line():
    architecture = build([4, 5, 1], ["tanh", "sigmoid"])
    assert str(architecture) == "4-5-1 (tanh, sigmoid)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        architecture.sizes = (1, 2)


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ([], "The list of sizes in the network is [], expected at least inputs and outputs: e.g. [4, 5, 1]."),
        ([4], "The list of sizes in the network is [4], expected at least inputs and outputs: e.g. [4, 5, 1]."),
        (4, "The list of sizes in the network is 4, expected a list of whole numbers: e.g. [4, 5, 1]."),
        ([4, 0, 1], "A layer size in sizes [4, 0, 1] is 0, expected a whole number of at least 1: e.g. [4, 5, 1]."),
        ([-4, 1], "A layer size in sizes [-4, 1] is -4, expected a whole number of at least 1: e.g. [4, 5, 1]."),
        ([4, 2.0], "A layer size in sizes [4, 2.0] is 2.0, expected a whole number of at least 1: e.g. [4, 5, 1]."),
        ([4, True], "A layer size in sizes [4, True] is True, expected a whole number of at least 1: e.g. [4, 5, 1]."),
        ([4, "5"], "A layer size in sizes [4, '5'] is '5', expected a whole number of at least 1: e.g. [4, 5, 1]."),
        ([4, None], "A layer size in sizes [4, None] is None, expected a whole number of at least 1: e.g. [4, 5, 1]."),
    ],
)
def test_sizes_that_make_no_network(sizes, message):
    with pytest.raises(InputError) as caught:
        build(sizes)
    assert str(caught.value) == message


RULE = "expected a number in [0, 1): choose e.g. 0.2."
L2 = "expected a number that is not negative: choose e.g. 1e-4."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"l2": -1}, f"L2 in the network is -1, {L2}"),
        ({"l2": float("nan")}, f"L2 in the network is nan, {L2}"),
        ({"l2": float("inf")}, f"L2 in the network is inf, {L2}"),
        ({"l2": "much"}, f"L2 in the network is 'much', {L2}"),
        ({"l2": True}, f"L2 in the network is True, {L2}"),
        ({"l2": None}, f"L2 in the network is None, {L2}"),
        ({"dropout": 1}, f"A dropout rate in the network is 1, {RULE}"),
        ({"dropout": -0.1}, f"A dropout rate in the network is -0.1, {RULE}"),
        ({"dropout": float("nan")}, f"A dropout rate in the network is nan, {RULE}"),
        ({"dropout": "half"}, f"A dropout rate in the network is 'half', {RULE}"),
        ({"dropout": None}, f"A dropout rate in the network is None, {RULE}"),
        ({"dropout": [1.5]}, f"A dropout rate in the network is 1.5, {RULE}"),
        (
            {"activations": 3},
            "The list of activations in the network is 3, expected a name, or a list with one for each layer: e.g. ['relu', 'sigmoid'].",
        ),
        (
            {"dropout": [0.1, 0.1]},
            "The number of dropout rates in the network is 2, expected 1 for sizes [4, 5, 1]: give one for each layer.",
        ),
        (
            {"activations": ["tanh"]},
            "The number of activations in the network is 1, expected 2 for sizes [4, 5, 1]: give one for each layer.",
        ),
        (
            {"activations": []},
            "The number of activations in the network is 0, expected 2 for sizes [4, 5, 1]: give one for each layer.",
        ),
        (
            {"activations": "leaky_relu(slope=1)"},
            "The slope in leaky_relu is 1.0, expected a finite number below 1: choose a smaller slope, e.g. 0.01.",
        ),
        (
            {"activations": ["tanh", "tanh"], "loss_spec": "log_loss"},
            "The output activation in a network with loss log_loss is tanh, with values in (-1, 1), "
            "expected one with values in (0, 1): use sigmoid, or another loss.",
        ),
        (
            {"activations": ["tanh", "relu"], "loss_spec": "poisson"},
            "The output activation in a network with loss poisson is relu, with values in [0, inf), "
            "expected one with values in (0, inf): use exp, or another loss.",
        ),
    ],
)
def test_settings_that_make_no_network(options, message):
    with pytest.raises(InputError) as caught:
        build([4, 5, 1], **options)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        ({"activations": "rellu"}, "Unknown activation 'rellu': did you mean 'relu'?"),
        ({"activations": ["tanh", "sigmod"]}, "Unknown activation 'sigmod': did you mean 'sigmoid'?"),
        ({"loss_spec": "crossentropy"}, "Unknown loss 'crossentropy': did you mean 'cross_entropy'?"),
        ({"loss_spec": "logloss"}, "Unknown loss 'logloss': did you mean 'log_loss'?"),
    ],
)
def test_unknown_names_come_with_the_nearest_right_one(options, telling):
    with pytest.raises(UnknownNameError) as caught:
        build([4, 5, 1], **options)
    assert str(caught.value).startswith(telling)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("output", HIDDEN)
def test_an_output_stands_before_a_loss_exactly_where_its_values_lie_in_the_domain(output, loss):
    values, domain = RANGES[output], DOMAINS[loss]
    inside = domain.low <= values.low and values.high <= domain.high
    if domain.low == 0 and values == Interval(0.0, np.inf, (True, False)):
        inside = False  # relu reaches the 0 at which no logarithm is defined
    if inside:
        assert build([2, 3], [output], loss).objective.loss.spec == losses.loss(loss).spec
    else:
        with pytest.raises(InputError, match="The output activation in a network with loss"):
            build([2, 3], [output], loss)

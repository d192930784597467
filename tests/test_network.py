"""Network, what a user holds: everything of its public interface, in both dtypes, shallow and deep."""

from __future__ import annotations

import copy
import pickle
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pellucid as pl
from pellucid.equations.activations import CATALOGUE as ACTIVATIONS
from pellucid.equations.losses import CATALOGUE as LOSSES

KINDS = {
    "a single neuron": ([3, 1], ["sigmoid"], "log_loss"),
    "linear regression": ([3, 2], ["identity"], "mse"),
    "softmax regression": ([3, 4], ["softmax"], "cross_entropy"),
    "one hidden layer": ([3, 5, 1], ["tanh", "sigmoid"], "log_loss"),
    "deep": ([3, 4, 3, 4, 3, 4, 2], ["tanh", "silu", "softplus", "gelu", "elu(alpha=1.0)", "softmax"], "cross_entropy"),
    "counts": ([3, 4, 2], ["tanh", "exp"], "poisson"),
    "narrow": ([3, 1, 1, 1], ["tanh", "softsign", "identity"], "huber(delta=0.5)"),
}


def make(kind, dtype="float64", **options):
    sizes, rules, loss = KINDS[kind]
    net = pl.Network(sizes, activations=rules, loss=loss, dtype=dtype, **options)
    net.vector[...] = np.random.default_rng(0).normal(scale=0.7, size=net.n_parameters)
    return net


def data_for(net, m=8):
    rng = np.random.default_rng(1)
    X, k = rng.normal(size=(m, 3)), net.layers[-1].n_units
    spec = net.architecture.loss.spec
    if spec == "cross_entropy":
        return X, rng.integers(0, k, m)
    if spec == "log_loss":
        return X, rng.integers(0, 2, (m, k))
    return X, rng.poisson(2.0, (m, k)).astype(float)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_part_of_the_interface_keeps_shapes_and_dtype(kind, dtype, tmp_path):
    net = make(kind, dtype)
    sizes = KINDS[kind][0]
    X, y = data_for(net)
    assert net.dtype == np.dtype(dtype)
    assert [(layer.n_inputs, layer.n_units, layer.activation.spec) for layer in net.layers] == list(
        zip(sizes, sizes[1:], KINDS[kind][1], strict=False)
    )
    assert net.n_parameters == sum((a + 1) * b for a, b in pairwise(sizes)) == net.vector.size
    y_hat = net.predict(X)
    assert (y_hat.shape, y_hat.dtype) == ((8, sizes[-1]), net.dtype)
    assert isinstance(net.loss(X, y), float)
    gradients = net.gradients(X, y)
    assert [*gradients] == [f"d{name}" for name in net.parameters]
    for name, part in net.parameters.items():
        assert (gradients[f"d{name}"].shape, gradients[f"d{name}"].dtype) == (part.shape, net.dtype)
    assert net.trace(X, y)["y_hat"].dtype == net.dtype
    before = net.loss(X, y)
    history = net.fit(X, y, optimizer=pl.Adam(learning_rate=0.01), epochs=20, progress=False)
    assert net.history is history
    assert history.n_epochs == 20
    assert net.loss(X, y) < before
    assert net.vector.dtype == net.dtype
    net.save(tmp_path / "net")
    assert_array_equal(pl.Network.load(tmp_path / "net").predict(X), net.predict(X))


@pytest.mark.parametrize("kind", KINDS)
def test_prediction_loss_and_gradient_are_those_written_out_in_numpy(kind):
    net = make(kind, l2=0.3)
    X, y = data_for(net)
    s = np.linspace(0.5, 2, len(X))
    a = X
    for layer, rule in zip(net.layers, net.architecture.activations, strict=True):
        a = rule.forward(a @ net.parameters[f"W{layer.index}"] + net.parameters[f"b{layer.index}"])
    assert_allclose(net.predict(X), a, rtol=1e-14)
    Y = np.eye(a.shape[1])[y] if net.architecture.loss.spec == "cross_entropy" else np.reshape(y, a.shape)
    losses = {
        "log_loss": lambda: -(Y * np.log(a) + (1 - Y) * np.log(1 - a)).sum(1),
        "cross_entropy": lambda: -(Y * np.log(a)).sum(1),
        "mse": lambda: ((a - Y) ** 2).mean(1),
        "poisson": lambda: (a - Y + Y * np.log(np.where(Y > 0, Y, 1) / a)).mean(1),
        "huber(delta=0.5)": lambda: np.where(abs(a - Y) <= 0.5, (a - Y) ** 2 / 2, 0.5 * (abs(a - Y) - 0.25)).mean(1),
    }[net.architecture.loss.spec]()
    ridge = 0.3 * sum((net.parameters[f"W{layer.index}"] ** 2).sum() for layer in net.layers)
    assert net.loss(X, y) == pytest.approx(losses.mean() + ridge / (2 * len(X)), rel=1e-12)
    assert net.loss(X, y, s) == pytest.approx((s * losses).sum() / s.sum() + ridge / (2 * s.sum()), rel=1e-12)
    assert pl.check_gradients(net, X, y, gradient=net.gradients(X, y)).passed
    assert pl.check_gradients(net, X, y, sample_weight=s, gradient=net.gradients(X, y, s)).passed


def test_whole_sample_weights_are_repeated_rows():
    net = make("one hidden layer", l2=0.2)
    X, y = data_for(net)
    s = np.array([0, 1, 2, 3, 0, 1, 1, 2])
    rows = np.repeat(np.arange(8), s)
    assert net.loss(X, y, s) == pytest.approx(net.loss(X[rows], y[rows]), rel=1e-13)
    for name, part in net.gradients(X, y, s).items():
        assert_allclose(part, net.gradients(X[rows], y[rows])[name], rtol=1e-12, atol=1e-15)


def test_float32_agrees_with_float64():
    X, y = data_for(make("deep"))
    double, single = (make("deep", dtype) for dtype in ("float64", "float32"))
    assert_allclose(single.predict(X), double.predict(X), rtol=1e-4)
    for name, part in double.gradients(X, y).items():
        assert np.abs(single.gradients(X, y)[name] - part).max() <= 1e-4 * np.abs(part).max()


# parameters


def test_parameters_are_views_that_write_through():
    net = make("one hidden layer")
    X, _ = data_for(net)
    parameters = net.parameters
    assert list(parameters) == ["W1", "b1", "W2", "b2"]
    assert all(np.shares_memory(part, net.vector) for part in parameters.values())
    assert sum(part.size for part in parameters.values()) == net.n_parameters
    for part in parameters.values():
        part[...] = 0
    assert not net.vector.any()
    assert_array_equal(net.predict(X), np.full((8, 1), 0.5))
    net.parameters["b2"][...] = 100
    assert_allclose(net.predict(X), 1)


def test_training_writes_into_the_same_memory():
    net = make("one hidden layer")
    W1, before = net.parameters["W1"], net.vector.copy()
    net.fit(*data_for(net), epochs=2, progress=False)
    assert np.shares_memory(W1, net.vector)
    assert not np.array_equal(W1.ravel(), before[: W1.size])


def test_gradients_are_no_views_of_the_parameters_and_nothing_is_changed_by_looking():
    net = make("one hidden layer")
    X, y = data_for(net)
    kept = [part.copy() for part in (X, y, net.vector)]
    for part in net.gradients(X, y).values():
        part[...] = np.nan
    net.predict(X)[...] = np.nan
    net.loss(X, y)
    for part in net.trace(X, y).values():
        assert np.isfinite(part).all()
    pl.check_gradients(net, X, y)
    for part, before in zip((X, y, net.vector), kept, strict=True):
        assert_array_equal(part, before)


# seeds


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_seed_gives_the_same_weights_and_another_others(dtype):
    first, again, other = (pl.Network([4, 5, 1], "tanh", seed=seed, dtype=dtype) for seed in (3, 3, 4))
    assert_array_equal(first.vector, again.vector)
    assert (first.parameters["W1"] != other.parameters["W1"]).all()
    assert not first.parameters["b1"].any()


def test_another_process_draws_the_same_weights():
    code = "import pellucid as pl; print(pl.Network([4, 5, 1], 'tanh', seed=3).vector.tobytes().hex())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert found == pl.Network([4, 5, 1], "tanh", seed=3).vector.tobytes().hex()


def test_making_a_network_leaves_numpys_own_generator_alone():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    net = pl.Network([4, 5, 1], dropout=0.5, seed=9)
    net.fit(np.ones((4, 4)), np.ones(4), epochs=1, batch_size=2, progress=False)
    assert np.random.random() == expected


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, None, "0"])
def test_a_bad_seed(seed):
    with pytest.raises(pl.InputError) as caught:
        pl.Network([2, 1], seed=seed)
    assert str(caught.value) == f"The seed in Network is {seed!r}, expected a whole number from 0 to 2^63 - 1: e.g. 0."


# defaults


@pytest.mark.parametrize("output", ACTIVATIONS)
def test_the_loss_left_out_is_the_one_of_the_output(output):
    expected = {"sigmoid": "log_loss", "softmax": "cross_entropy", "exp": "poisson", "softplus": "poisson"}.get(output, "half_mse")
    assert pl.Network([2, 3], [output]).architecture.loss.spec == expected


@pytest.mark.parametrize("loss", LOSSES)
def test_the_output_left_out_is_the_one_of_the_loss(loss):
    net = pl.Network([2, 3, 2], loss=loss)
    assert [layer.activation.spec for layer in net.layers] == ["relu", pl.loss(loss).output]


def test_the_defaults():
    net = pl.Network([2, 3, 1])
    assert repr(net) == "Network([2, 3, 1], activations=['relu', 'identity'], loss='half_mse')"
    assert (net.dtype, net.seed, net.architecture.l2, net.architecture.dropout, net.history) == (np.float64, 0, 0.0, (0.0,), None)
    bound = np.sqrt(6 / 5)
    assert np.abs(net.parameters["W1"]).max() <= bound


@pytest.mark.parametrize("initializer", ["zeros", "constant(value=0.25)", pl.initializer("constant", value=0.25)])
def test_the_initializer_is_used(initializer):
    expected = 0.0 if initializer == "zeros" else 0.25
    assert (pl.Network([2, 3, 1], initializer=initializer).parameters["W1"] == expected).all()


def test_records_stand_where_names_do():
    named = pl.Network([2, 3, 1], ["leaky_relu(slope=0.2)", "sigmoid"], "log_loss")
    built = pl.Network([2, 3, 1], [pl.activation("leaky_relu", slope=0.2), pl.activation("sigmoid")], pl.loss("log_loss"))
    assert repr(named) == repr(built)
    assert_array_equal(named.vector, built.vector)


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        ({"activations": "rellu"}, "Unknown activation 'rellu': did you mean 'relu'?"),
        ({"loss": "cros_entropy"}, "Unknown loss 'cros_entropy': did you mean 'cross_entropy'?"),
        ({"initializer": "he_norm"}, "Unknown initializer 'he_norm': did you mean 'he_normal'?"),
        ({"dtype": "flaot32"}, "The dtype in the network is 'flaot32', expected 'float32' or 'float64'"),
        ({"dtype": "float16"}, "The dtype in the network is 'float16', expected 'float32' or 'float64'"),
    ],
)
def test_unknown_names_when_made(options, telling):
    with pytest.raises(pl.UnknownNameError) as caught:
        pl.Network([2, 3, 1], **options)
    assert str(caught.value).startswith(telling)


@pytest.mark.parametrize(
    ("use", "telling"),
    [
        (lambda net: net.fit([[1, 2]], [1], optimizer="adma"), "Unknown optimizer 'adma': did you mean 'adam'?"),
        (lambda net: net.predict([[1, 2]], engine="refrence"), "Unknown engine 'refrence': did you mean 'reference'?"),
        (lambda net: net.loss([[1, 2]], [1], engine="gpu"), "Unknown engine 'gpu': Known are compiled, reference"),
        (lambda net: net.gradients([[1, 2]], [1], engine="gpu"), "Unknown engine 'gpu'"),
        (lambda net: net.fit([[1, 2]], [1], engine="gpu"), "Unknown engine 'gpu'"),
        (lambda net: net.trace([[1, 2]], [1], convention="row"), "The convention in trace is 'row', expected one of columns, rows"),
        (lambda net: net.fit([[1, 2]] * 4, [1] * 4, validation=0.5, metrics=["r3"]), "Unknown metric 'r3': did you mean 'r2'?"),
    ],
)
def test_unknown_names_when_used(use, telling):
    with pytest.raises(pl.UnknownNameError) as caught:
        use(pl.Network([2, 1]))
    assert str(caught.value).startswith(telling)


@pytest.mark.parametrize(
    ("options", "telling"),
    [
        ({"epochs": 0}, "The number of epochs in fit is 0, expected a whole number of at least 1"),
        ({"epochs": 2.5}, "The number of epochs in fit is 2.5, expected a whole number of at least 1"),
        ({"batch_size": 0}, "The batch size in fit is 0, expected a whole number of at least 1"),
        ({"n_threads": 0}, "N_threads in fit is 0, expected a whole number of at least 1"),
        ({"clip_norm": 0}, "Clip_norm in fit is 0, expected a positive number"),
        ({"clip_norm": -1.0}, "Clip_norm in fit is -1.0, expected a positive number"),
        ({"validation": [[1, 2]]}, "Validation in fit is a list, expected (X, y), (X, y, sample_weight) or a fraction"),
        ({"validation": ([[1, 2]],)}, "Validation in fit is a tuple, expected (X, y), (X, y, sample_weight) or a fraction"),
        ({"validation": ([[1, 2, 3]], [1])}, "The shape of X of the validation set in the data is (1, 3), expected (m, 2)"),
        ({"validation": ([[1, 2]], [1, 2])}, "The shape of y of the validation set in the data is (2,), expected (1, 1) or (1,)"),
        ({"validation": ([[1, 2]], [1], [0])}, "Sample_weight of the validation set in the data is zero everywhere"),
        ({"validation": 1.5}, "The validation fraction in fit on 2 samples is 1.5"),
        ({"clip_norm": "small"}, "Clip_norm in fit is 'small', expected a positive number"),
        ({"early_stopping": True}, "Early_stopping in fit is True, expected an EarlyStopping or None: e.g. pl.EarlyStopping(patience=10)."),
        ({"callbacks": print}, "Callbacks in fit is a builtin_function_or_method, expected a list of functions or Callback objects"),
        ({"metrics": 3}, "Metrics in fit is 3, expected a list of names or {name: function of y and y_hat}: e.g. metrics=['accuracy']."),
        ({"metrics": {"mine": 3}}, "Metrics in fit is {'mine': 3}, expected a list of names or {name: function of y and y_hat}"),
        ({"metrics": ["acuracy"]}, "Unknown metric 'acuracy': did you mean 'accuracy'?"),
    ],
)
def test_bad_settings_of_a_training(options, telling):
    net = pl.Network([2, 1])
    before = net.vector.copy()
    with pytest.raises(pl.InputError) as caught:
        net.fit([[1, 2], [3, 4]], [1, 2], progress=False, **options)
    assert str(caught.value).startswith(telling)
    assert_array_equal(net.vector, before)


# masks


def test_dropout_masks_are_by_hidden_layer_fixed_by_seed_and_step_and_scaled():
    net = pl.Network([3, 40, 30, 20, 1], dropout=[0.5, 0.0, 0.2], seed=1, dtype="float32")
    masks = net.dropout_mask(50)
    assert {layer: part.shape for layer, part in masks.items()} == {1: (50, 40), 3: (50, 20)}
    assert {part.dtype for part in masks.values()} == {np.dtype("float32")}
    assert set(np.unique(masks[1])) == {0, 2}
    assert set(np.unique(masks[3])) == {0, np.float32(1.25)}
    assert 0.45 < (masks[1] == 0).mean() < 0.55
    assert_array_equal(masks[1], net.dropout_mask(50)[1])
    assert (masks[1] != net.dropout_mask(50, step=1)[1]).any()
    assert (masks[1] != pl.Network([3, 40, 30, 20, 1], dropout=[0.5, 0.0, 0.2], seed=2).dropout_mask(50)[1]).any()
    assert pl.Network([3, 4, 1]).dropout_mask(5) == {}


@pytest.mark.parametrize(
    ("arguments", "telling"),
    [
        ((0,), "The number of samples in dropout_mask is 0, expected a whole number of at least 1"),
        ((2.5,), "The number of samples in dropout_mask is 2.5, expected a whole number of at least 1"),
        ((3, -1), "The step in dropout_mask is -1, expected a whole number of at least 0"),
    ],
)
def test_what_is_no_number_of_samples_or_step_has_no_mask(arguments, telling):
    with pytest.raises(pl.InputError) as caught:
        pl.Network([3, 4, 1], dropout=0.5).dropout_mask(*arguments)
    assert str(caught.value).startswith(telling)


def test_dropout_is_for_training_only_unless_a_mask_is_given():
    X = np.random.default_rng(0).normal(size=(6, 3))
    plain, dropping = pl.Network([3, 8, 1]), pl.Network([3, 8, 1], dropout=0.5)
    assert_array_equal(plain.predict(X), dropping.predict(X))
    assert plain.loss(X, np.ones(6)) == dropping.loss(X, np.ones(6))
    mask = dropping.dropout_mask(6)
    assert_array_equal(plain.gradients(X, np.ones(6))["dW1"], dropping.gradients(X, np.ones(6))["dW1"])
    assert (plain.gradients(X, np.ones(6))["dW2"] != dropping.gradients(X, np.ones(6), mask=mask)["dW2"]).any()


def test_the_first_step_of_a_training_uses_the_mask_that_is_shown():
    X = np.random.default_rng(0).normal(size=(6, 3))
    net = pl.Network([3, 8, 1], dropout=0.5, seed=4)
    expected = net.vector - 0.1 * np.concatenate(
        [net.gradients(X, np.ones(6), mask=net.dropout_mask(6))[name].ravel() for name in ("dW1", "dW2", "db1", "db2")]
    )
    net.fit(X, np.ones(6), optimizer=pl.GradientDescent(0.1), epochs=1, shuffle=False, progress=False)
    assert_allclose(net.vector, expected, rtol=1e-13)


# copies


COPIES = {
    "pickle": lambda net: pickle.loads(pickle.dumps(net)),
    "oldest pickle that can": lambda net: pickle.loads(pickle.dumps(net, protocol=2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("trained", [False, True])
def test_a_copy_is_equal_and_on_its_own(way, dtype, trained):
    net = make("one hidden layer", dtype, l2=0.1, dropout=0.25, seed=6)
    X, y = data_for(net)
    if trained:
        net.fit(X, y, epochs=2, progress=False)
    again = COPIES[way](net)
    assert (repr(again), again.seed, again.dtype) == (repr(net), 6, net.dtype)
    assert again.architecture.to_header() == net.architecture.to_header()
    assert again.vector.tobytes() == net.vector.tobytes()
    assert (again.history is None) == (not trained)
    assert not trained or again.history.to_dict() == net.history.to_dict()
    assert_array_equal(again.predict(X), net.predict(X))
    before = net.vector.copy()
    again.fit(X, y, epochs=1, progress=False)
    assert_array_equal(net.vector, before)
    assert (again.vector != before).any()


def test_a_pickle_that_was_tampered_with_is_refused():
    net = pl.Network([2, 1])
    state = net.__getstate__()
    with pytest.raises(pl.ModelFileError) as caught:
        pl.Network.__new__(pl.Network).__setstate__({**state, "vector": state["vector"][:2]})
    assert str(caught.value) == "The shape of the vector in the network is (2,), expected (3,): save it again."


def test_a_subclass_loads_as_itself(tmp_path):
    class Mine(pl.Network):
        pass

    Mine([2, 1]).save(tmp_path / "net")
    assert type(Mine.load(tmp_path / "net")) is Mine


# proof before training


def test_a_training_can_begin_with_a_proof_of_its_gradients():
    net = make("one hidden layer", dropout=0.3)
    X, y = data_for(net)
    assert net.fit(X, y, epochs=1, check_gradients=True, progress=False).n_epochs == 1


def test_a_training_whose_gradients_are_wrong_does_not_begin(monkeypatch):
    net = make("one hidden layer")
    X, y = data_for(net)
    from pellucid.engines import reference

    right = reference.backward

    def wrong(*args, **options):
        found = right(*args, **options)
        found.dW[1][2, 0] *= 1.001
        return found

    monkeypatch.setattr(reference, "backward", wrong)
    before = net.vector.copy()
    with pytest.raises(pl.GradientError) as caught:
        net.fit(X, y, epochs=1, check_gradients=True, progress=False, engine="reference")
    start = r"^The gradient in 3-5-1 \(tanh, sigmoid\) is 0\.00[0-9]+ off at its worst, expected a passed check: "
    assert re.match(start + r"report this with the network's description\.$", str(caught.value))
    assert_array_equal(net.vector, before)
    assert net.history is None


# learning


def test_a_single_neuron_learns_a_line_and_softmax_regression_its_classes():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    above = (X @ [1.0, -2.0] > 0.3).astype(int)
    neuron = pl.Network([2, 1], ["sigmoid"])
    neuron.fit(X, above, optimizer=pl.Adam(0.1), epochs=300, progress=False)
    assert ((neuron.predict(X)[:, 0] > 0.5) == above).mean() >= 0.98
    softmax = pl.Network([2, 3], ["softmax"])
    label = above + (X[:, 0] > 1) * above
    softmax.fit(X, label, optimizer=pl.Adam(0.1), epochs=300, progress=False)
    assert (softmax.predict(X).argmax(1) == label).mean() >= 0.9


def test_huge_scores_give_a_finite_loss_and_no_warning():
    net = pl.Network([1, 2], ["softmax"])
    net.parameters["W1"][...] = [[1e4, -1e4]]
    assert net.loss([[1.0], [-1.0]], [1, 0]) == pytest.approx(2e4)
    assert np.isfinite(net.gradients([[1.0]], [1])["dW1"]).all()

"""gradient_health from outside: what it takes, what it refuses, and remedies that are tried."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

import pellucid as pl
from pellucid.training import twins


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


def sigmoids(depth=8, **options):
    return pl.Network([4] + [16] * depth + [3], ["sigmoid"] * depth + ["softmax"], seed=0, **options)


# ---------------------------------------------------------------------------------------------------- models


def numbers(report):
    return [[layer.gradient_norm, layer.product, layer.saturated] for layer in report.layers]


def test_an_estimator_and_a_pipeline_give_what_their_network_gives(iris):
    X, y = load_iris(return_X_y=True)
    names = np.array(["a", "b", "c"])[y]
    pipeline = make_pipeline(StandardScaler(), pl.MLPClassifier(9, max_iter=5, tol=1.0, n_iter_no_change=1, random_state=0)).fit(X, names)
    network = pipeline[-1].network_
    expected = pl.gradient_health(network, iris[0], y)
    assert numbers(pl.gradient_health(pipeline[-1], iris[0], names)) == numbers(expected)
    assert_allclose(numbers(pl.gradient_health(pipeline, X, names)), numbers(expected), rtol=1e-9)
    assert expected.step == "one step of AdamEpsilonHat with a learning rate of 0.001"


def test_a_regressor_with_a_scaled_target():
    X, y = load_diabetes(return_X_y=True)
    inner = pl.MLPRegressor(hidden_layer_sizes=9, max_iter=5, tol=1e9, n_iter_no_change=1, random_state=0)
    pipeline = make_pipeline(StandardScaler(), TransformedTargetRegressor(inner, transformer=StandardScaler())).fit(X, y)
    expected = pl.gradient_health(pipeline[-1].regressor_.network_, scale(X), scale(y))
    assert_allclose(numbers(pl.gradient_health(pipeline, X, y)), numbers(expected), rtol=1e-9)
    assert pl.gradient_health(pipeline[-1], scale(X), y).healthy


def test_the_optimizer_is_the_one_of_the_training_unless_another_is_given(iris):
    net = sigmoids(1)
    assert pl.gradient_health(net, *iris).step == "one step of GradientDescent with a learning rate of 0.1"
    net.fit(*iris, optimizer=pl.Momentum(0.02), epochs=2)
    assert pl.gradient_health(net, *iris).step == "one step of Momentum with a learning rate of 0.02"
    assert pl.gradient_health(net, *iris, optimizer="rmsprop").step == "one step of RMSprop with a learning rate of 0.001"


def test_weights_and_masks_count(iris):
    net = sigmoids(2, dropout=0.5)
    plain = pl.gradient_health(net, *iris)
    assert numbers(pl.gradient_health(net, *iris, sample_weight=np.arange(150))) != numbers(plain)
    masked = pl.gradient_health(net, *iris, mask=net.dropout_mask(150))
    assert masked.layers[0].activation_factor > 0.25 >= plain.layers[0].activation_factor, "a mask multiplies it by up to 2"


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"X": np.zeros((2, 5))}, r"The shape of X in the data is \(2, 5\), expected \(m, 4\): check the columns."),
        ({"y": [0]}, r"The shape of y in the data is \(1,\), expected \(150, 3\) or \(150,\): "),
        ({"y": np.full(150, 7)}, "A label in y in the data is 7, expected a class index from 0 to 2: "),
        ({"sample_weight": [1]}, r"The shape of sample_weight in the data is \(1,\), expected \(150,\): "),
        ({"mask": {9: 1}}, "A key in mask is 9, expected the index of a hidden layer, 1 to 8: "),
        ({"optimizer": "adamm"}, "Unknown optimizer 'adamm': did you mean 'adam'"),
        ({"epochs": 0}, "The number of epochs in gradient_health is 0, expected a whole number of at least 1: "),
        ({"batch_size": 0.5}, "The batch size in gradient_health is 0.5, expected a whole number of at least 1: "),
        ({"seed": -1}, "The seed in gradient_health is -1, expected a whole number of at least 0: "),
    ],
)
def test_what_does_not_fit_is_refused(iris, changed, told):
    given = {"X": iris[0], "y": iris[1], **changed}
    with pytest.raises(pl.InputError, match=told):
        pl.gradient_health(sigmoids(), given.pop("X"), given.pop("y"), **given)


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (3, "The model in gradient_health is a int, expected a Network, or a fitted MLPClassifier, MLPRegressor or pipeline of one: hand "),
        (
            pl.MLPClassifier(),
            "The model in gradient_health is a MLPClassifier that is not fitted or has no network of ours, .*: call fit first.",
        ),
        (make_pipeline(StandardScaler(), pl.MLPClassifier()), "The model in gradient_health is a MLPClassifier that is not fitted"),
        (make_pipeline(pl.MLPClassifier()), "The model in gradient_health is a MLPClassifier that is not fitted"),
        (StandardScaler(), "The model in gradient_health is a StandardScaler that is not fitted or has no network of ours"),
    ],
)
def test_what_is_no_trained_model_is_refused(iris, model, told):
    with pytest.raises(pl.InputError, match=told):
        pl.gradient_health(model, *iris)


# ---------------------------------------------------------------------------------------------------- remedies, tried


def test_relu_is_shown_to_help_deep_sigmoids(iris):
    """Item 28 of the notes: relu as the remedy."""
    net = sigmoids()
    before = net.vector.copy()
    report = pl.gradient_health(net, *iris, try_remedy=True, epochs=15)
    (trial,) = report.trials
    assert trial.name == "relu instead of sigmoid"
    assert trial.helped
    assert len(trial.without.losses) == len(trial.remedied.losses) == 16
    assert trial.without.losses[-1] > 1.08, "the entropy of three classes is 1.0986: nothing was learned"
    assert trial.remedied.losses[-1] < 0.5
    assert trial.without.products[0] < 1e-4 < 0.1 < trial.remedied.products[0]
    assert_allclose(trial.without.losses[0], net.loss(*iris), rtol=1e-12)
    assert (net.vector == before).all(), "the model itself is left alone"
    again = pl.gradient_health(net, *iris, try_remedy=True, epochs=15)
    assert again.trials == report.trials


def test_the_twin_as_it_is_is_a_training_by_fit(iris):
    net = sigmoids()
    report = pl.gradient_health(net, *iris, optimizer=pl.Adam(0.01), try_remedy=True, epochs=4, batch_size=32, seed=0)
    losses = [net.loss(*iris)]
    net.fit(*iris, optimizer=pl.Adam(0.01), epochs=4, batch_size=32, callbacks=[lambda moment: losses.append(net.loss(*iris))])
    assert_allclose(report.trials[0].without.losses, losses, rtol=1e-9)


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("dead units drawn anew", lambda net: net.parameters["b1"].__setitem__(..., -20)),
        ("new weights (he_normal)", lambda net: net.vector.__setitem__(..., 0)),
        ("new weights (he_normal), clip_norm=1", lambda net: net.vector.__imul__(1000)),
    ],
)
def test_other_remedies_help_too(iris, name, plant):
    net = pl.Network([4, 16, 16, 16, 3], ["relu"] * 3 + ["softmax"], seed=0)
    plant(net)
    report = pl.gradient_health(net, *iris, try_remedy=True)
    assert [trial.name for trial in report.trials] == [name]
    assert report.trials[0].helped


def test_a_remedy_that_changes_the_loss_is_judged_by_the_old_one(iris):
    X, y = iris
    net = pl.Network([4, 8, 3], ["tanh", "sigmoid"], "mse", seed=0)
    net.parameters["b2"][...] = -12
    report = pl.gradient_health(net, X, np.eye(3)[y], try_remedy=True, epochs=5)
    (trial,) = report.trials
    assert trial.name == "the loss log_loss"
    assert trial.remedied.losses[0] == trial.without.losses[0] == report.cost
    assert trial.helped


@pytest.mark.parametrize(("formula", "verdict"), [("x * sigmoid(x)", "healthy"), ("tanh(x) / 10", "vanishing since layer 1: ")])
def test_formulas_are_judged_by_their_derivatives(iris, formula, verdict):
    rule = pl.activation(formula)
    net = pl.Network([4, 16, 16, 16, 16, 3], [rule] * 4 + ["softmax"], seed=0)
    report = pl.gradient_health(net, *iris, try_remedy=True, epochs=10)
    assert report.verdict.startswith(verdict)
    assert all(trial.helped and trial.name == f"relu instead of {rule.spec}" for trial in report.trials)


def test_a_training_that_diverges_is_told(iris):
    net = pl.Network([4, 8, 1], ["identity", "identity"], "mse", seed=0)
    report = pl.gradient_health(net, iris[0], iris[1].astype(float), optimizer=pl.GradientDescent(1e3), try_remedy=True)
    (trial,) = report.trials
    assert trial.without.ended == "divergence"
    assert trial.without.losses[-1] == math.inf
    assert trial.helped
    assert "inf (divergence)" in str(report)


def test_nothing_is_tried_where_nothing_is_wrong_or_nobody_asks(iris):
    assert pl.gradient_health(sigmoids(1), *iris, try_remedy=True).trials == ()
    assert pl.gradient_health(sigmoids(), *iris).trials == ()


def test_ctrl_c_ends_it(iris, monkeypatch):
    def interrupted(engine, vector, plan, network, publish):
        history = pl.History()
        history.stopped_by = "interrupt"
        return history

    monkeypatch.setattr(twins, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        pl.gradient_health(sigmoids(), *iris, try_remedy=True)


def test_l_bfgs_with_dropout_is_refused(iris):
    with pytest.raises(pl.InputError, match="LBFGS with dropout"):
        pl.gradient_health(sigmoids(dropout=0.5), *iris, optimizer="lbfgs", try_remedy=True)
    assert len(pl.gradient_health(sigmoids(), *iris, optimizer="lbfgs", try_remedy=True, epochs=2).trials) == 1

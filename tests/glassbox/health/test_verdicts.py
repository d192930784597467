"""The verdicts, on networks that have what is told, and on those that have nothing."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import pellucid as pl
from pellucid.equations.activations import CATALOGUE
from pellucid.glassbox.health.finding import EXPLODING, VANISHING, between, logarithm, mean, places


def one(report):
    """The only finding."""
    (finding,) = report.findings
    return finding


# ---------------------------------------------------------------------------------------------------- what is wrong


def test_deep_sigmoids_vanish(stack):
    net, X, y = stack("digits", 8, "sigmoid")
    report = pl.gradient_health(net, X, y)
    found = one(report)
    assert report.verdict == f"vanishing since layer {found.layers[-1]}: sigmoid"
    assert found.layers == tuple(range(1, found.layers[-1] + 1))
    assert 3 <= found.layers[-1] <= 5
    assert "(the derivative of sigmoid is at most 0.25)" in found.reason
    assert found.remedy.name == "relu instead of sigmoid"
    products = [layer.product for layer in report.layers]
    assert products == sorted(products)
    assert products[found.layers[-1] - 1] < VANISHING <= products[found.layers[-1]]
    assert report.verdicts[: found.layers[-1]] == ("vanishing",) * found.layers[-1]
    assert set(report.verdicts[found.layers[-1] :]) == {"healthy"}


def test_five_sigmoids_vanish_on_iris_with_small_weights_and_the_weights_are_named_too(stack):
    net, X, y = stack("iris", 5, "sigmoid", times=0.1)
    assert one(pl.gradient_health(net, X, y)).verdict == "vanishing since layer 4: sigmoid, weights too small"


def test_small_weights_alone_vanish_through_tanh(stack):
    found = one(pl.gradient_health(*stack("digits", 5, "tanh", times=0.1)))
    assert found.verdict == "vanishing since layer 2: weights too small"
    assert found.remedy.name == "new weights (glorot_uniform)"
    assert found.remedy.advice == "start anew from weights drawn by glorot_uniform"


def test_a_weight_matrix_of_zeros_is_named(stack):
    net, X, y = stack("iris", 3, "tanh")
    net.parameters["W3"][...] = 0
    assert one(pl.gradient_health(net, X, y)).verdict == "vanishing since layer 2: W3 is zero"


def test_hidden_softmaxes_vanish(stack):
    found = one(pl.gradient_health(*stack("digits", 3, "softmax")))
    assert found.verdict.startswith("vanishing since layer ")
    assert found.verdict.endswith(": softmax")


@pytest.mark.parametrize(("initializer", "healthy"), [("he_normal", True), ("glorot_uniform", False)])
def test_deep_relus_need_weights_by_he(stack, initializer, healthy):
    report = pl.gradient_health(*stack("digits", 25, "relu", initializer=initializer))
    assert report.healthy is healthy
    if not healthy:
        assert one(report).remedy.name == "new weights (he_normal)"


def test_a_deep_linear_network_with_large_weights_explodes(stack):
    net, X, y = stack("digits", 10, "identity", times=5.0)
    report = pl.gradient_health(net, X, y)
    found = one(report)
    assert found.verdict == f"exploding since layer {found.layers[-1]}: weights too large"
    assert report.layers[found.layers[-1] - 1].product > EXPLODING >= report.layers[found.layers[-1]].product
    assert found.remedy.name == "new weights (glorot_uniform), clip_norm=1"
    assert pl.gradient_health(net, X, y, optimizer="lbfgs").findings[0].remedy.name == "new weights (glorot_uniform)"


def test_exp_explodes_by_itself_and_overflows(stack):
    found = one(pl.gradient_health(*stack("wine", 2, "exp", width=4)))
    assert found.verdict == "exploding since layer 2: exp"
    assert found.remedy.name == "relu instead of exp"
    net, X, y = stack("digits", 3, "exp")
    report = pl.gradient_health(net, X, y)
    assert report.verdict == "not finite: z2 or a2"
    assert report.findings[0].remedy.name == "relu instead of exp"
    assert report.verdicts[0] == "not finite", "no gradient reaches it that is a number"


def test_overflow_is_told_where_it_begins_and_broken_parameters_are(stack):
    net, X, y = stack("iris", 4, "identity", times=1e80)
    report = pl.gradient_health(net, X, y)
    assert report.verdict == "not finite: z4 or a4"
    assert "; z3 is 0" in report.findings[0].reason
    net.parameters["W2"][0, 0] = np.nan
    report = pl.gradient_health(net, X, y)
    assert report.verdict == "not finite: the parameters"
    assert set(report.verdicts) == {"not finite"}
    assert "nan" in str(report)


def test_tanh_with_large_weights_is_saturated(stack):
    found = one(pl.gradient_health(*stack("digits", 3, "tanh", times=10.0)))
    assert found.verdict == "saturated layers 1 to 3: tanh"
    assert found.reason.endswith(": the weights or biases are too large")
    assert found.remedy.name == "new weights (glorot_uniform)"


def test_tanh_on_inputs_that_are_not_scaled_is_saturated(stack):
    found = one(pl.gradient_health(*stack("wine", 1, "tanh", scaled=False)))
    assert found.verdict == "saturated layer 1: tanh"
    assert "the inputs are not scaled (root mean square 2" in found.reason
    assert found.remedy.name == "scaled inputs"


def test_saturation_that_blocks_the_gradient_is_the_cause_and_vanishing_not_told_twice(stack):
    net, X, y = stack("digits", 3, "sigmoid", times=1.0, biases=-30.0)
    report = pl.gradient_health(net, X, y)
    assert one(report).kind == "saturated"
    assert report.layers[0].product < VANISHING


def test_relus_with_strongly_negative_biases_are_dead(stack):
    net, X, y = stack("digits", 3, "relu", biases=-10.0)
    report = pl.gradient_health(net, X, y)
    found = one(report)
    assert found.verdict == "dead units in layers 1 to 3: relu"
    assert "of the units of layers 1 to 3 have no derivative on any of 599 rows; z3 is nowhere above -" in found.reason
    assert found.remedy.name == "dead units drawn anew"
    assert report.layers[2].dead_units == tuple(range(32))


def test_a_dead_layer_starves_those_below_and_that_is_told_once(stack):
    net, X, y = stack("digits", 3, "relu")
    net.parameters["b3"][...] = -1000
    report = pl.gradient_health(net, X, y)
    assert one(report).verdict == "dead units in layer 3: relu"
    assert one(report).reason.endswith("; so next to nothing reaches layers 1 and 2")


def test_few_rows_cannot_tell_dead_units(stack):
    net, X, y = stack("digits", 1, "relu", biases=-2.0)
    assert not any(finding.kind == "dead" for finding in pl.gradient_health(net, X[:5], y[:5]).findings)


@pytest.mark.parametrize("initializer", ["zeros", "constant(value=0.1)"])
def test_units_that_are_all_alike(stack, initializer):
    found = one(pl.gradient_health(*stack("iris", 2, "tanh", initializer=initializer)))
    assert found.verdict == "all units alike in layers 1 and 2"


def test_an_output_that_is_flat_where_the_errors_are(stack):
    net, X, Y = stack("iris", 1, "tanh", output="sigmoid", loss="mse")
    net.parameters["b2"][...] = -12
    found = one(pl.gradient_health(net, X, Y))
    assert found.verdict == "saturated output: sigmoid with the loss mse"
    assert found.remedy.name == "the loss log_loss"
    fused, _, _ = stack("iris", 1, "tanh", output="sigmoid", loss="log_loss")
    fused.vector[...] = net.vector
    assert pl.gradient_health(fused, X, Y).healthy, "dz = a - y does not shrink"


def test_the_output_relu_can_die_too(stack):
    net, X, Y = stack("iris", 1, "tanh", output="relu", loss="mse")
    net.parameters["b2"][...] = -12
    found = one(pl.gradient_health(net, X, Y))
    assert found.verdict == "saturated output: relu with the loss mse"
    assert found.remedy.name == "the output identity"


def test_steps_larger_than_the_weights(stack):
    net, X, y = stack("digits", 1, "relu")
    found = one(pl.gradient_health(net, X, y, optimizer=pl.GradientDescent(100.0)))
    assert found.verdict == "steps too large for layers 1 and 2"
    assert found.reason.startswith("one step of GradientDescent with a learning rate of 100 changes W2 by ")
    assert found.remedy.name == "a learning rate of 0.1"
    net, X, y = stack("wine", 1, "relu", scaled=False)
    found = one(pl.gradient_health(net, X, y))
    assert "not scaled" in found.reason
    assert found.remedy.name == "scaled inputs"
    assert pl.gradient_health(net, X, y, optimizer="adam").healthy
    assert pl.gradient_health(net, X, y, optimizer="lbfgs").healthy


def test_targets_that_are_not_scaled_are_named(data):
    X, y = data("diabetes")
    net = pl.Network([10, 20, 1], ["tanh", "identity"])
    assert "the targets have a standard deviation of 77" in one(pl.gradient_health(net, X, y)).reason


# ---------------------------------------------------------------------------------------------------- what is not


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
@pytest.mark.parametrize("rule", [rule for rule in CATALOGUE if rule not in ("softmax", "exp")])
def test_fresh_networks_are_healthy(stack, name, rule):
    for depth, width in ((1, 4), (2, 16), (3, 64)):
        assert pl.gradient_health(*stack(name, depth, rule, width=width)).verdict == "healthy"


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_the_default_estimator_is_healthy_before_during_and_after_training(data, name, scaled):
    X, y = data(name, scaled)
    for epochs in (1, 30, 200):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = pl.MLPClassifier(max_iter=epochs, random_state=0).fit(X, y)
        assert pl.gradient_health(model, X, y).verdict == "healthy"


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": "tanh"}, {"activation": "logistic"}, {"solver": "lbfgs", "activation": "tanh"}, {"solver": "sgd"},
        {"hidden_layer_sizes": (32,) * 4}, {"dropout": 0.3},
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer"])
def test_estimators_with_other_settings_are_healthy_on_scaled_data(data, name, settings):
    X, y = data(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = pl.MLPClassifier(max_iter=60, random_state=0, **settings).fit(X, y)
    assert pl.gradient_health(model, X, y).verdict == "healthy"


def test_what_is_learned_needs_no_cure(data):
    """An L-BFGS that fits 150 flowers exactly saturates its units; that is how it does it."""
    X, y = data("iris", False)
    model = pl.MLPClassifier(solver="lbfgs", activation="tanh", alpha=1e-5, max_iter=2000, random_state=0).fit(X, y)
    report = pl.gradient_health(model, X, y)
    assert report.layers[0].saturated > 0.75
    assert report.healthy
    assert "these rows are learned" in str(report)


def test_no_error_is_nothing_to_pass_back():
    net = pl.Network([2, 3, 1], ["tanh", "identity"])
    X = np.random.default_rng(0).normal(size=(30, 2))
    report = pl.gradient_health(net, X, net.predict(X))
    assert report.healthy


def test_words():
    assert places([2, 3, 4]) == "layers 2 to 4"
    assert places([1, 2]) == "layers 1 and 2"
    assert places([1, 3, 4]) == "layers 1, 3 and 4"
    assert between([0.5, 0.504]) == "50%"
    assert mean([]) == 0
    assert logarithm(0.0) == logarithm(float("nan")) < -600

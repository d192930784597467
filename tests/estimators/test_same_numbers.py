"""The same `random_state` gives scikit-learn's own model: the same epochs, parameters, losses and scores, up to rounding."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn import neural_network
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale

import pellucid as pl

IRIS = load_iris(return_X_y=True)
X, Y = scale(IRIS[0]), IRIS[1]
CANCER_X, CANCER_Y = load_breast_cancer(return_X_y=True)
CANCER_X = scale(CANCER_X)
SICK_X, SICK_Y = map(scale, load_diabetes(return_X_y=True))
RNG = np.random.default_rng(0)
LABELS = (RNG.random((150, 3)) > 0.5).astype(int)
SEVERAL = np.c_[SICK_Y, SICK_X[:, 0] ** 2, np.sin(SICK_X[:, 1])]
COUNTS = RNG.poisson(np.exp(SICK_X[:, 2] * 0.3))
WEIGHTS = RNG.random(150) + 0.1

CLASSIFIERS = {
    "defaults": {},
    "batches": {"batch_size": 32, "max_iter": 60},
    "batches in order": {"batch_size": 32, "max_iter": 60, "shuffle": False},
    "sgd": {"solver": "sgd", "batch_size": 50, "max_iter": 100},
    "sgd, adaptive": {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "batch_size": 50, "max_iter": 500},
    "sgd, invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.5, "power_t": 0.3, "batch_size": 50},
    "sgd without momentum": {"solver": "sgd", "momentum": 0.0, "batch_size": 50, "max_iter": 100},
    "sgd that forgets nothing": {"solver": "sgd", "momentum": 1, "batch_size": 50, "max_iter": 30},
    "sgd without Nesterov, that forgets nothing": {"solver": "sgd", "momentum": 1.0, "nesterovs_momentum": False, "max_iter": 30},
    "no hidden layer": {"hidden_layer_sizes": (), "max_iter": 30},
    "no hidden layer, which would be logistic": {"hidden_layer_sizes": (), "activation": "logistic", "max_iter": 30},
    "sgd without Nesterov": {"solver": "sgd", "nesterovs_momentum": False, "batch_size": 50, "max_iter": 100},
    "tanh, two layers": {"activation": "tanh", "hidden_layer_sizes": (20, 10), "batch_size": 50, "max_iter": 100},
    "logistic": {"activation": "logistic", "hidden_layer_sizes": (20, 10), "batch_size": 50, "max_iter": 100},
    "identity": {"activation": "identity", "batch_size": 50, "max_iter": 100},
    "early stopping": {"early_stopping": True, "max_iter": 500, "batch_size": 32},
    "other coefficients": {"beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-3, "alpha": 0.1, "max_iter": 100},
    "soon converged": {"tol": 0.01, "n_iter_no_change": 3},
}
REGRESSORS = {
    "one output": ({"max_iter": 50}, SICK_Y),
    "several outputs": ({"max_iter": 50}, SEVERAL),
    "several outputs, early stopping": ({"max_iter": 150, "early_stopping": True}, SEVERAL),
    "poisson": ({"max_iter": 50, "loss": "poisson"}, COUNTS),
    "poisson, several outputs": ({"max_iter": 50, "loss": "poisson"}, np.c_[COUNTS, COUNTS + 1]),
    "lbfgs": ({"max_iter": 10, "solver": "lbfgs"}, SICK_Y),
    "lbfgs, several outputs": ({"max_iter": 10, "solver": "lbfgs"}, SEVERAL),
}


def both(kind, settings, *data):
    models = [getattr(module, kind)(random_state=3, **settings) for module in (neural_network, pl)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [model.fit(*data) for model in models]


def assert_same(theirs, ours, tolerance=1e-9):
    assert ours.n_iter_ == theirs.n_iter_
    for right, found in zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True):
        assert found.dtype == right.dtype
        assert np.abs(found - right).max() <= tolerance * np.abs(right).max()
    if theirs.solver == "lbfgs":
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=tolerance)
        return
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=tolerance)
    assert (ours.t_, ours.loss_) == (theirs.t_, pytest.approx(theirs.loss_, rel=tolerance))
    for name in ("best_loss_", "best_validation_score_"):
        right = getattr(theirs, name)
        assert getattr(ours, name) == (None if right is None else pytest.approx(right, rel=tolerance)), name
    if theirs.validation_scores_ is None:
        assert ours.validation_scores_ is None
    else:
        np.testing.assert_allclose(ours.validation_scores_, theirs.validation_scores_, rtol=tolerance)


@pytest.mark.parametrize("settings", CLASSIFIERS.values(), ids=CLASSIFIERS.keys())
def test_a_classifier(settings):
    theirs, ours = both("MLPClassifier", settings, X, Y)
    assert_same(theirs, ours)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-9)


@pytest.mark.parametrize(("settings", "y"), REGRESSORS.values(), ids=REGRESSORS.keys())
def test_a_regressor(settings, y):
    theirs, ours = both("MLPRegressor", settings, SICK_X, y)
    assert_same(theirs, ours)
    np.testing.assert_allclose(ours.predict(SICK_X), theirs.predict(SICK_X), atol=1e-8)


def test_a_planted_error_is_seen(monkeypatch):
    from pellucid.estimators import draws

    right = draws.initial_vector
    monkeypatch.setattr(draws, "initial_vector", lambda *given: right(*given) * 1.001)
    with pytest.raises(AssertionError):
        assert_same(*both("MLPClassifier", {"max_iter": 5}, X, Y))


@pytest.mark.parametrize("settings", [{"max_iter": 60}, {"early_stopping": True, "n_iter_no_change": 5}], ids=["", "early stopping"])
def test_two_classes(settings):
    assert_same(*both("MLPClassifier", settings, CANCER_X, CANCER_Y))


@pytest.mark.parametrize("settings", [{"max_iter": 50}, {"early_stopping": True, "max_iter": 30}], ids=["", "early stopping"])
def test_several_labels(settings):
    theirs, ours = both("MLPClassifier", settings, X, LABELS)
    assert_same(theirs, ours)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs", "max_iter": 10}], ids=str)
def test_sample_weights(settings):
    assert_same(*both("MLPClassifier", {"batch_size": 32, "max_iter": 60, **settings}, X, Y, WEIGHTS))


def test_the_first_iterations_of_lbfgs():
    assert_same(*both("MLPClassifier", {"solver": "lbfgs", "max_iter": 10}, X, Y))


def test_the_digits_as_they_are():
    """Columns of zeros, an array in column order, scores in the thousands."""
    assert_same(*both("MLPClassifier", {"max_iter": 12}, *load_digits(return_X_y=True)))


SATURATED = {
    "classes": load_wine().target,
    "two classes": load_wine().target > 0,
    "labels": np.c_[load_wine().target > 0, load_wine().target == 1],
}


@pytest.mark.parametrize("y", SATURATED.values(), ids=SATURATED.keys())
@pytest.mark.parametrize(
    "settings", [{"max_iter": 40}, {"solver": "lbfgs", "max_iter": 4}, {"max_iter": 40, "learning_rate_init": 0.03}], ids=str
)
def test_losses_of_outputs_that_are_saturated(settings, y):
    """Wine as it is: scores in the hundreds, of which scikit-learn tells -log of at least eps."""
    theirs, ours = both("MLPClassifier", {"max_iter": 40, **settings}, load_wine().data, y)
    assert ours.n_iter_ == theirs.n_iter_
    assert_same(theirs, ours, tolerance=1e-7)  # where 1 - a is some eps, its last bit is much of it


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_a_saturated_output_ends_where_that_of_scikit_learn_does(dtype):
    X, y = np.array([[0.0], [0.0], [1e6], [1e6]], dtype=dtype), np.array([0, 1, 0, 1])
    theirs, ours = both("MLPClassifier", {"max_iter": 1, "hidden_layer_sizes": (), "alpha": 0}, X, y)
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-6)
    assert ours.loss_ < -np.log(np.finfo(dtype).eps) < 40
    exact = pl.MLPClassifier(max_iter=1, hidden_layer_sizes=(), alpha=0, loss="cross_entropy", random_state=3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert exact.fit(X, y).loss_ > 1000, "a loss that scikit-learn does not have is told as it is"


def test_one_class_and_early_stopping():
    theirs, ours = both("MLPClassifier", {"early_stopping": True, "max_iter": 5}, X, np.ones(150))
    assert_same(theirs, ours)
    assert ours.validation_scores_[0] == 1


@pytest.mark.parametrize("values", [(-1, 1), (0, 2), (0, 5)], ids=str)
def test_labels_that_are_not_0_and_1(values):
    theirs, ours = both("MLPClassifier", {"max_iter": 10}, X, np.where(LABELS > 0, values[1], values[0]))
    assert_same(theirs, ours)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_lbfgs_that_is_at_its_goal_from_the_first_tells_the_loss(kind):
    theirs, ours = both(kind, {"solver": "lbfgs", "tol": 10.0, "early_stopping": True}, X, Y)
    assert ours.n_iter_ == theirs.n_iter_ == 0
    assert ours.loss_ == ours.best_loss_ == pytest.approx(theirs.loss_, rel=1e-12)
    assert ours.loss_curve_ == []
    assert ours.validation_scores_ is None


@pytest.mark.parametrize("form", [scipy.sparse.csr_matrix, scipy.sparse.csc_matrix], ids=["rows", "columns"])
def test_sparse_inputs(form, monkeypatch):
    from pellucid.training import pieces

    monkeypatch.setattr(pieces, "LARGEST", 64 * 8 * 450)  # two batches at a time
    data, y = load_digits(return_X_y=True)
    theirs, ours = both("MLPClassifier", {"max_iter": 5, "early_stopping": True}, form(data), y)
    assert_same(theirs, ours)
    np.testing.assert_allclose(ours.predict_proba(form(data)), theirs.predict_proba(form(data)), atol=1e-9)


def test_single_precision_in_the_first_epoch():
    assert_same(*both("MLPClassifier", {"max_iter": 1, "batch_size": 32}, X.astype(np.float32), Y), tolerance=1e-5)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_partial_fit_goes_on_with_the_optimizer(solver):
    settings = {"solver": solver, "learning_rate": "invscaling", "random_state": 1}
    theirs, ours = neural_network.MLPClassifier(**settings), pl.MLPClassifier(**settings)
    for start in range(0, 110, 10):
        for model in (theirs, ours):
            model.partial_fit(X[start : start + 40], Y[start : start + 40], classes=[0, 1, 2])
    assert_same(theirs, ours)


@pytest.mark.parametrize("solver", ["adam", "sgd"])
def test_warm_starts(solver):
    settings = {"solver": solver, "warm_start": True, "max_iter": 5, "batch_size": 50, "random_state": 1}
    theirs, ours = neural_network.MLPClassifier(**settings), pl.MLPClassifier(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for _ in range(4):
            for model in (theirs, ours):
                model.fit(X, Y)
    assert_same(theirs, ours)


def test_a_generator_that_is_handed_in_is_left_where_scikit_learn_leaves_it():
    drawn = []
    for module in (neural_network, pl):
        generator = np.random.RandomState(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            module.MLPClassifier(random_state=generator, max_iter=5).fit(X, Y)
        drawn.append(generator.randint(1 << 30))
    assert drawn[0] == drawn[1]


def test_what_it_says_while_it_trains(capsys):
    said = []
    for module in (neural_network, pl):
        model = module.MLPClassifier(verbose=True, early_stopping=True, random_state=0, batch_size=32, tol=0.01)
        model.fit(X, Y)
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "Stopping." in said[0]


RESET = [{"alpha": 10.0}, {"activation": "tanh"}, {"batch_size": 20}]


@pytest.mark.parametrize(
    ("setting", "how"),
    [*((setting, how) for setting in RESET for how in ("fit", "partial_fit")), ({"solver": "lbfgs", "max_iter": 3}, "fit")],
    ids=str,
)
def test_what_is_set_between_two_fits_counts(setting, how):
    models = [module.MLPClassifier(8, warm_start=True, max_iter=4, random_state=0) for module in (neural_network, pl)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in models:
            model.fit(X, Y)
            model.set_params(**setting)
            getattr(model, how)(X, Y)
            getattr(model, how)(X, Y)
    assert_same(*models)
    if "activation" in setting:
        np.testing.assert_allclose(models[1].predict_proba(X), models[0].predict_proba(X), atol=1e-9)

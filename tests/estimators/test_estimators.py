"""The estimators keep scikit-learn's promises, and say in one sentence what they refuse."""

from __future__ import annotations

import inspect
import io
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn import neural_network
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_iris, load_wine, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, StratifiedShuffleSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.utils._param_validation import InvalidParameterError

import pellucid as pl
from pellucid.errors import InputError, ShapeError, UnknownNameError

ESTIMATORS = (pl.MLPClassifier, pl.MLPRegressor)
both = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda cls: cls.__name__)
quietly = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
FEW = {"hidden_layer_sizes": 8, "max_iter": 30, "random_state": 0}


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


@pytest.fixture(scope="module")
def blobs():
    """Two classes in two dimensions that a line separates but for a few points."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    return X, (X[:, 0] + X[:, 1] + 0.2 * rng.normal(size=120) > 0).astype(int)


# ---------------------------------------------------------------------------------------------------- parameters and attributes


@both
def test_every_parameter_of_scikit_learn_is_there_with_its_default(estimator):
    ours, theirs = estimator().get_params(), getattr(neural_network, estimator.__name__)().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    in_order = [list(inspect.signature(kind).parameters) for kind in (estimator, getattr(neural_network, estimator.__name__))]
    assert in_order[0][: len(in_order[1])] == in_order[1], "what is ours comes behind"


@both
def test_a_clone_has_the_same_parameters_and_is_not_fitted(estimator, iris):
    fitted = estimator(solver="lbfgs", activation=["tanh", "gelu"], hidden_layer_sizes=(4, 3), max_iter=500, tol=1e-1).fit(*iris)
    again = clone(fitted)
    assert again.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        again.predict(iris[0])


@quietly
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@both
def test_arrays_that_pass_by_the_checks_are_taken_as_those_that_do_not(estimator, dtype, iris):
    """A list of numbers, and a frame that leaves its names behind."""
    X, y = iris[0].astype(dtype), iris[1]
    expected = estimator(**FEW).fit(X, list(y))
    again = estimator(**FEW).fit(pd.DataFrame(X, columns=list("abcd")), y)
    assert list(again.feature_names_in_) == list("abcd")
    for model in (estimator(**FEW).fit(X, y), estimator(**FEW).fit(np.asfortranarray(X), y.astype(np.int32)), again.fit(X, y)):
        assert model.n_features_in_ == 4
        assert not hasattr(model, "feature_names_in_")
        for found, right in zip(model.coefs_, expected.coefs_, strict=True):
            assert found.dtype == dtype
            assert_array_equal(found, right)
        assert_array_equal(model.predict(X), expected.predict(X))


@quietly
@pytest.mark.parametrize("early_stopping", [False, True])
@both
def test_fitted_attributes_are_those_of_scikit_learn(estimator, early_stopping, iris):
    X, y = iris
    settings = {"hidden_layer_sizes": (5, 4), "max_iter": 12, "random_state": 0, "early_stopping": early_stopping, "n_iter_no_change": 50}
    ours = estimator(**settings).fit(X, y)
    theirs = getattr(neural_network, estimator.__name__)(**settings).fit(X, y)
    fitted = [name for name in vars(theirs) if name.endswith("_") and not name.startswith("_")]
    assert [name for name in fitted if not hasattr(ours, name)] == []
    for name in ("n_layers_", "n_outputs_", "out_activation_", "n_features_in_", "n_iter_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert [W.shape for W in ours.coefs_] == [W.shape for W in theirs.coefs_]
    assert [b.shape for b in ours.intercepts_] == [b.shape for b in theirs.intercepts_]
    assert len(ours.loss_curve_) == len(theirs.loss_curve_) == 12
    assert ours.loss_ == ours.loss_curve_[-1]
    for name in ("validation_scores_", "best_validation_score_", "best_loss_"):
        assert (getattr(ours, name) is None) == (getattr(theirs, name) is None), name


@quietly
def test_coefs_and_intercepts_are_what_predict_computes_with(iris):
    X, y = iris
    model = pl.MLPClassifier((6,), activation="logistic", max_iter=20, random_state=0).fit(X, y)
    (W1, W2), (b1, b2) = model.coefs_, model.intercepts_
    z = (1 / (1 + np.exp(-(X @ W1 + b1)))) @ W2 + b2
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    assert_allclose(model.predict_proba(X), expected, rtol=1e-12)
    assert_allclose(model.predict_log_proba(X), np.log(expected), rtol=1e-10, atol=1e-12)


@both
def test_unfitted_estimators_say_so(estimator):
    for use in (lambda e: e.predict([[0.0]]), lambda e: e.history_):
        with pytest.raises(NotFittedError, match=f"This {estimator.__name__} instance is not fitted yet"):
            use(estimator())
    for name in ("coefs_", "loss_curve_", "n_iter_", "loss_"):
        assert not hasattr(estimator(), name)


@quietly
@both
def test_a_pickled_estimator_predicts_the_same(estimator, iris):
    X, y = iris
    model = estimator(**FEW).fit(X, y)
    again = pickle.load(io.BytesIO(pickle.dumps(model)))
    assert_array_equal(again.predict(X), model.predict(X))
    assert again.loss_curve_ == model.loss_curve_


@quietly
@both
def test_the_same_random_state_gives_the_same_model_and_another_one_another(estimator, iris):
    one, two, three = (estimator(hidden_layer_sizes=8, max_iter=5, random_state=seed).fit(*iris) for seed in (1, 1, 2))
    assert_array_equal(one.network_.vector, two.network_.vector)
    assert np.abs(one.network_.vector - three.network_.vector).max() > 0.01


# ---------------------------------------------------------------------------------------------------- among scikit-learn's tools


def test_cross_validation_in_a_pipeline_reaches_scikit_learns_accuracy():
    X, y = load_wine(return_X_y=True)
    ours = cross_val_score(make_pipeline(StandardScaler(), pl.MLPClassifier(max_iter=400, random_state=0)), X, y, cv=3)
    assert ours.mean() > 0.95


@quietly
def test_a_grid_search_over_parameters_of_a_pipeline(iris):
    pipeline = make_pipeline(StandardScaler(), pl.MLPClassifier(8, max_iter=60, random_state=0))
    grid = {"mlpclassifier__activation": ["tanh", "relu"], "mlpclassifier__learning_rate_init": [1e-6, 0.03]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(*iris)
    assert search.best_params_["mlpclassifier__learning_rate_init"] == 0.03
    assert search.best_score_ > 0.9


# The digits take a second a split: fewer of them, and a bar that leaves room for their spread (0.972 holds for 20 of them).
@pytest.mark.parametrize(
    ("load", "n_splits", "bar"),
    [(load_digits, 4, 0.97), (load_breast_cancer, 20, 0.97), (load_wine, 20, 0.97)],
    ids=["digits", "cancer", "wine"],
)
@quietly
def test_the_defaults_are_accurate_on_scaled_real_data(load, n_splits, bar):
    X, y = load(return_X_y=True)
    model = make_pipeline(StandardScaler(), pl.MLPClassifier(random_state=0))
    scores = cross_val_score(model, X, y, cv=StratifiedShuffleSplit(n_splits, test_size=0.25, random_state=0))
    assert scores.mean() >= bar


def test_the_regressor_beats_the_mean_on_diabetes():
    X, y = load_diabetes(return_X_y=True)
    model = TransformedTargetRegressor(
        pl.MLPRegressor(hidden_layer_sizes=20, alpha=10, max_iter=500, random_state=0), transformer=StandardScaler()
    )
    scores = cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=3)
    assert scores.mean() > 0.4


# ---------------------------------------------------------------------------------------------------- targets of every kind


@quietly
def test_classes_may_be_texts_in_any_order(iris):
    X, y = iris
    names = np.array(["virginica", "alba", "moss green"])[y]
    model = pl.MLPClassifier(8, learning_rate_init=0.03, max_iter=60, random_state=0).fit(X, names)
    assert list(model.classes_) == ["alba", "moss green", "virginica"]
    assert model.score(X, names) > 0.93
    assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(axis=1)])


@pytest.mark.parametrize("labels", [(0, 1), (-1, 1), ("yes", "no"), (False, True), (7.0, 3.0)], ids=str)
@quietly
def test_two_classes_are_one_sigmoid_whatever_their_names(labels, blobs):
    X, y = blobs
    model = pl.MLPClassifier(8, learning_rate_init=0.03, max_iter=60, random_state=0).fit(X, np.array(labels)[y])
    assert (model.n_outputs_, model.out_activation_) == (1, "logistic")
    assert list(model.classes_) == sorted(labels)
    assert model.score(X, np.array(labels)[y]) > 0.9
    assert model.predict_proba(X).shape == (len(X), 2)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1, rtol=1e-12)


@quietly
def test_probabilities_of_several_classes_sum_to_one_even_far_out(iris):
    X, y = iris
    model = pl.MLPClassifier(**FEW).fit(X, y)
    shares = model.predict_proba(np.vstack([X, 1e3 * X]))
    assert shares.shape == (300, 3)
    assert shares.min() >= 0
    assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)


@quietly
def test_several_labels_at_once():
    X, Y = make_multilabel_classification(200, n_features=8, n_classes=4, random_state=0)
    X = scale(X)
    model = pl.MLPClassifier(32, learning_rate_init=0.01, max_iter=100, random_state=0).fit(X, Y)
    assert (model.n_outputs_, model.out_activation_, list(model.classes_)) == (4, "logistic", [0, 1, 2, 3])
    assert model.predict(X).shape == Y.shape
    assert (model.predict(X) == Y).mean() > 0.85 > 0.1 + max(Y.mean(), 1 - Y.mean())
    shares = model.predict_proba(X)
    assert shares.shape == Y.shape
    assert_array_equal(model.predict(X), shares > 0.5)
    assert np.abs(shares.sum(axis=1) - 1).max() > 0.1, "labels are not exclusive"


@quietly
def test_two_exclusive_label_columns_are_still_two_labels_when_predicted(blobs):
    X, y = blobs
    Y = np.column_stack([y, 1 - y])
    model = pl.MLPClassifier(8, learning_rate_init=0.03, max_iter=80, random_state=0).fit(X, Y)
    assert model.score(X, Y) > 0.9
    assert set(np.unique(model.predict(X))) == {0, 1}


@quietly
def test_several_numbers_at_once(iris):
    X, _ = iris
    Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 0] - X[:, 2]])
    model = pl.MLPRegressor(hidden_layer_sizes=16, activation="tanh", solver="lbfgs", max_iter=300, random_state=0).fit(X, Y)
    assert model.predict(X).shape == Y.shape
    assert model.n_outputs_ == 2
    assert model.score(X, Y) > 0.95


@quietly
def test_a_column_of_numbers_is_taken_for_a_flat_target(iris):
    X, y = iris
    flat = pl.MLPRegressor(**FEW).fit(X, y)
    with pytest.warns(DataConversionWarning, match="A column-vector y was passed"):
        column = pl.MLPRegressor(**FEW).fit(X, y[:, None])
    assert (flat.predict(X).shape, column.predict(X).shape) == ((150,), (150,))
    assert_array_equal(flat.predict(X), column.predict(X))


@quietly
@both
def test_float32_stays_float32(estimator, iris):
    X, y = iris
    model = estimator(**FEW).fit(X.astype(np.float32), y)
    assert {W.dtype for W in model.coefs_ + model.intercepts_} == {np.dtype(np.float32)}
    predicted = model.predict_proba(X.astype(np.float32)) if estimator is pl.MLPClassifier else model.predict(X.astype(np.float32))
    assert predicted.dtype == np.float32
    double = estimator(**FEW).fit(X, y)
    assert double.network_.vector.dtype == np.float64
    assert_allclose(model.predict(X.astype(np.float32)), double.predict(X), atol=1e-3 * np.abs(double.predict(X)).max())


# ---------------------------------------------------------------------------------------------------- weights


@quietly
@both
def test_whole_sample_weights_count_as_repetitions(estimator, blobs):
    X, y = blobs
    times = np.random.default_rng(1).integers(0, 4, len(X))
    settings = {"hidden_layer_sizes": 6, "activation": "tanh", "solver": "lbfgs", "max_iter": 10, "random_state": 0}
    weighted = estimator(**settings).fit(X, y, sample_weight=times)
    repeated = estimator(**settings).fit(np.repeat(X, times, axis=0), np.repeat(y, times))
    largest = np.abs(repeated.network_.vector).max()
    assert_allclose(weighted.network_.vector, repeated.network_.vector, atol=1e-6 * largest)


@quietly
def test_the_weight_decides_between_contradicting_samples():
    X, y = np.zeros((4, 1)), np.array([0, 0, 0, 1])
    settings = {"hidden_layer_sizes": 2, "solver": "lbfgs", "alpha": 0, "max_iter": 100, "random_state": 0}
    share = pl.MLPClassifier(**settings).fit(X, y, sample_weight=[1, 1, 1, 9]).predict_proba(X)[0, 1]
    assert share == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ([1, -1] * 75, "Negative values"),
        ([1.0] * 149, "sample_weight.shape"),
        ([np.nan] * 150, "NaN"),
        ([0] * 150, "at least one non-zero number"),
    ],
    ids=["negative", "too few", "NaN", "zeros"],
)
@both
def test_impossible_sample_weights_are_refused(estimator, weights, told, iris):
    with pytest.raises(ValueError, match=told):
        estimator(**FEW).fit(*iris, sample_weight=weights)


# ---------------------------------------------------------------------------------------------------- the end of a training


def test_early_stopping_restores_the_weights_of_the_best_score():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    seen = []
    model = pl.MLPClassifier(
        32,
        early_stopping=True,
        n_iter_no_change=4,
        learning_rate_init=0.01,
        random_state=0,
        callbacks=[lambda moment: seen.append(moment.vector.copy())],
    ).fit(X, y)
    scores = model.validation_scores_
    assert model.history_.stopped_by == "early stopping"
    assert model.stopped_
    assert len(scores) == model.n_iter_ == len(seen)
    assert model.best_validation_score_ == max(scores)
    assert_array_equal(model.network_.vector, seen[int(np.argmax(scores))])
    assert not np.array_equal(model.network_.vector, seen[-1])
    assert model.best_loss_ is None


def test_the_held_out_part_is_stratified_by_class():
    """With three classes of 100, 20 and 10, a tenth holds 10, 2 and 1: no other share gives scores in thirteenths that a constant shows."""
    y = np.repeat([0, 1, 2], [100, 20, 10])
    X = np.zeros((130, 1))
    settings = {"hidden_layer_sizes": 2, "learning_rate_init": 1e-9, "max_iter": 1, "early_stopping": True, "stratify": True}
    for seed in range(5):
        with pytest.warns(ConvergenceWarning):
            model = pl.MLPClassifier(**settings, random_state=seed).fit(X, y)
        shares = {0: 10 / 13, 1: 2 / 13, 2: 1 / 13}
        assert model.validation_scores_[0] == pytest.approx(shares[int(model.predict(X[:1])[0])])


def test_a_training_that_ran_out_of_epochs_warns_and_one_that_converged_does_not(iris):
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(3\) reached and the optimization hasn't converged"):
        pl.MLPClassifier(8, max_iter=3, random_state=0).fit(*iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = pl.MLPClassifier(8, tol=0.1, max_iter=500, random_state=0).fit(*iris)
    assert model.n_iter_ < 500
    assert model.history_.stopped_by == "converged"


def test_the_loss_of_the_last_epochs_says_why_it_converged(iris):
    """scikit-learn's rule: more than n_iter_no_change epochs in a row without a fall of tol."""
    model = pl.MLPClassifier(8, tol=0.01, n_iter_no_change=5, max_iter=500, random_state=0).fit(*iris)
    best, waited, lengths = np.inf, 0, []
    for loss in model.loss_curve_:
        waited = waited + 1 if loss > best - 0.01 else 0
        best = min(best, loss)
        lengths.append(waited)
    assert lengths[-1] == 6
    assert max(lengths[:-1]) == 5
    assert model.best_loss_ == min(model.loss_curve_)


@pytest.mark.parametrize("tol", [0.01, 0.05, 1e-9])
def test_epochs_that_go_by_together_end_where_they_end_one_by_one(tol, iris):
    settings = {"hidden_layer_sizes": 8, "tol": tol, "n_iter_no_change": 5, "max_iter": 150, "random_state": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        together, apart = (pl.MLPClassifier(**settings, callbacks=given).fit(*iris) for given in ([], [lambda moment: None]))
    assert together.loss_curve_ == apart.loss_curve_
    assert (together.n_iter_, together.history_.stopped_by) == (apart.n_iter_, apart.history_.stopped_by)
    assert (together.n_iter_ < 150) == (tol > 1e-3)
    for found, expected in zip(together.coefs_ + together.intercepts_, apart.coefs_ + apart.intercepts_, strict=True):
        assert_array_equal(found, expected)


def test_a_callback_ends_the_training(iris):
    model = pl.MLPRegressor(hidden_layer_sizes=8, random_state=0, callbacks=[lambda moment: moment.epoch == 4]).fit(*iris)
    assert (model.n_iter_, model.history_.stopped_by) == (4, "callback")


@quietly
def test_verbose_prints_the_loss_of_each_epoch(iris, capsys):
    model = pl.MLPClassifier(4, max_iter=3, verbose=True, random_state=0).fit(*iris)
    expected = [f"Iteration {k}, loss = {loss:.8f}" for k, loss in enumerate(model.loss_curve_, start=1)]
    assert capsys.readouterr().out.splitlines() == expected


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "sgd", "learning_rate_init": 0.1},
        {"solver": "sgd", "learning_rate_init": 0.1, "momentum": 0},
        {"solver": "sgd", "learning_rate_init": 0.1, "nesterovs_momentum": False},
        {"solver": "sgd", "learning_rate_init": 0.3, "learning_rate": "invscaling", "power_t": 0.2},
        {"solver": "sgd", "learning_rate_init": 0.1, "learning_rate": "adaptive"},
        {"solver": "adam", "learning_rate_init": 0.02, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-6},
        {"solver": "adam", "learning_rate_init": 0.02, "dropout": 0.1},
        {"solver": "adam", "learning_rate_init": 0.02, "shuffle": False, "batch_size": 15},
        {"solver": "lbfgs"},
    ],
    ids=lambda settings: " ".join(map(str, settings.values())),
)
@quietly
def test_every_solver_learns_iris(settings, iris):
    model = pl.MLPClassifier(**({"hidden_layer_sizes": 10, "max_iter": 100, "random_state": 0} | settings)).fit(*iris)
    assert model.score(*iris) > 0.9
    assert model.loss_curve_[-1] < 0.5 * model.loss_curve_[0]


# ---------------------------------------------------------------------------------------------------- what is refused


@quietly
def test_one_class_only_is_always_predicted(iris):
    model = pl.MLPClassifier(max_iter=3).fit(iris[0], ["a"] * 150)
    assert set(model.predict(iris[0])) == {"a"}


@quietly
def test_a_label_never_seen(iris):
    X, y = iris
    model = pl.MLPClassifier(**FEW).fit(X, np.array(["a", "b", "c"])[y])
    with pytest.raises(InputError) as told:
        model.encode_targets(["a", "d"])
    assert str(told.value) == (
        "A label in y in MLPClassifier is 'd', expected one seen in training (a, b, c): correct the label, or train again with it."
    )


def test_numbers_are_no_classes(iris):
    with pytest.raises(InputError) as told:
        pl.MLPClassifier().fit(iris[0], iris[0][:, 0])
    assert str(told.value) == (
        "Unknown label type: continuous. Y in MLPClassifier is continuous, "
        "expected classes (binary, multiclass or a multilabel indicator): use MLPRegressor for numbers."
    )


@quietly
@pytest.mark.parametrize(
    ("again", "where"),
    [
        (lambda model, X, y: model.fit(X, X[:, :2]), "fit"),
        (lambda model, X, y: model.partial_fit(X, X[:, :2]), "fit"),
        (lambda model, X, y: model.fit(X, y, validation=(X, X[:, :2])), "validation"),
    ],
    ids=["a warm start", "partial_fit", "a validation set"],
)
def test_another_number_of_targets_is_refused(iris, again, where):
    X, y = iris
    model = pl.MLPRegressor(**FEW, warm_start=True).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ShapeError) as told:
        again(model, X, y)
    assert str(told.value) == (
        f"The number of targets in y in {where} is 2, expected 1, the outputs of the network: "
        "give as many targets as in the first fit, or begin anew without warm_start."
    )
    assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda y: csr_matrix(np.c_[y, y]),
            "Y in MLPRegressor is sparse, expected an array of numbers: turn it into an array: y.toarray().",
        ),
        (
            lambda y: pd.Series(pd.to_datetime(y, unit="D")),
            "Y in MLPRegressor is dates or times, expected an array of numbers: turn them into numbers, e.g. of days.",
        ),
    ],
    ids=["sparse", "dates"],
)
def test_targets_that_are_no_array_of_numbers(iris, make, told):
    with pytest.raises(InputError) as refused:
        pl.MLPRegressor().fit(iris[0], make(iris[1]))
    assert str(refused.value) == told


@quietly
def test_the_cross_entropy_of_two_classes_is_log_loss(blobs):
    """Of one output, -y log y_hat alone is smallest where everything is of the second class."""
    X, y = blobs
    settings = {"hidden_layer_sizes": 8, "learning_rate_init": 0.03, "max_iter": 60, "random_state": 0}
    model = pl.MLPClassifier(**settings, loss="cross_entropy").fit(X, y)
    assert model.network_.architecture.loss.spec == "log_loss"
    assert_allclose(model.predict_proba(X), pl.MLPClassifier(**settings).fit(X, y).predict_proba(X), rtol=1e-9)
    assert model.score(X, y) > 0.9


def test_texts_are_no_numbers(iris):
    with pytest.raises(InputError, match="could not convert string to float"):
        pl.MLPRegressor().fit(iris[0], ["tall"] * 150)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"activation": "rellu"}, "Unknown activation 'rellu': did you mean 'relu'?"),
        ({"activation": ["relu"], "hidden_layer_sizes": (4, 4)}, "number of activations in {name} is 1, expected 2, one for each hidden"),
        ({"solver": "adamm"}, "The 'solver' parameter of {name} must be a str among"),
        ({"learning_rate": "fast"}, "The 'learning_rate' parameter of {name} must be a str among"),
        ({"learning_rate_init": -1}, "Got -1 instead"),
        ({"max_iter": 0}, "The 'max_iter' parameter of {name} must be an int in the range [1, inf). Got 0 instead"),
        ({"batch_size": 0}, "The 'batch_size' parameter of {name} must be a str among {{'auto'}} or an int in the range [1, inf). Got 0"),
        ({"batch_size": "all"}, "Got 'all' instead"),
        ({"n_iter_no_change": 0}, "The 'n_iter_no_change' parameter of {name} must be an int in the range [1, inf)"),
        ({"hidden_layer_sizes": 1.5}, "The 'hidden_layer_sizes' parameter of {name} must be an array-like or an int in the range [1, inf)"),
        ({"activation": 3}, "The 'activation' parameter of {name}"),
        ({"callbacks": 3}, "The 'callbacks' parameter of {name}"),
        ({"tol": "small"}, "The 'tol' parameter of {name} must be a float in the range [0.0, inf). Got 'small' instead"),
        ({"validation_fraction": None}, "The 'validation_fraction' parameter of {name} must be a float in the range [0.0, 1.0)"),
        ({"early_stopping": True, "validation_fraction": 1.0}, "Got 1.0 instead"),
        ({"hidden_layer_sizes": 0}, "Got 0 instead"),
        ({"hidden_layer_sizes": (8, -1)}, "hidden_layer_sizes must be > 0, got [8, -1]"),
        ({"alpha": -0.1}, "-0.1"),
        ({"dropout": 1.0}, "1.0"),
        ({"solver": "lbfgs", "dropout": 0.5}, "LBFGS with dropout, expected the same cost in every evaluation"),
        ({"callbacks": [3]}, "A callback in fit is 3, expected a Callback or a function of one argument"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
@both
def test_impossible_parameters_are_refused_in_one_sentence(estimator, settings, told, iris):
    with pytest.raises(InputError) as refused:
        estimator(**settings).fit(*iris)
    assert told.format(name=estimator.__name__) in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).endswith(".")


def test_unknown_names_are_a_kind_of_their_own(iris):
    with pytest.raises(UnknownNameError):
        pl.MLPClassifier(activation="rellu").fit(*iris)


def test_a_refused_parameter_is_an_error_of_scikit_learns_kind_too(iris):
    with pytest.raises(InvalidParameterError):
        pl.MLPClassifier(alpha="much").fit(*iris)


@quietly
@both
def test_inputs_that_cannot_be_used_are_refused_as_scikit_learn_refuses_them(estimator, iris):
    X, y = iris
    with pytest.raises(ValueError, match="Input X contains NaN"):
        estimator().fit(np.where(X > 1, np.nan, X), y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator().fit(X, y[:-1])
    model = estimator(**FEW).fit(X, y)
    with pytest.raises(ValueError, match="X has 3 features, but .* is expecting 4 features as input"):
        model.predict(X[:, :3])

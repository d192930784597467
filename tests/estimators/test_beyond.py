"""What scikit-learn's users have asked for in vain: more losses and activations, class weights, validation sets, best weights ..."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, recall_score
from sklearn.preprocessing import scale

import pellucid as pl
from pellucid.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = scale(X)
CANCER_X, CANCER_Y = load_breast_cancer(return_X_y=True)
CANCER_X = scale(CANCER_X)
SICK_X, SICK_Y = map(scale, load_diabetes(return_X_y=True))


def test_an_activation_for_each_layer_and_a_formula_among_them():
    model = pl.MLPClassifier((8, 6), ["x * sigmoid(x)", "gelu"], max_iter=150, learning_rate_init=0.01, random_state=0).fit(X, Y)
    assert [layer.activation.spec for layer in model.network_.layers] == ["x * sigmoid(x)", "gelu", "softmax"]
    assert model.score(X, Y) > 0.95


@pytest.mark.parametrize("loss", ["mae", "huber(delta=0.5)", "mse", "half_mse", "squared_error", "log(cosh(y_hat - y))", pl.loss("huber")])
def test_any_loss(loss):
    model = pl.MLPRegressor(loss, 20, max_iter=200, learning_rate_init=0.01, random_state=0).fit(SICK_X, SICK_Y)
    assert model.score(SICK_X, SICK_Y) > 0.5
    expected = "half_mse" if loss == "squared_error" else pl.loss(loss).spec
    assert model.network_.architecture.loss.spec == expected


def test_the_absolute_error_finds_the_median():
    y = np.r_[np.zeros(60), np.full(40, 100.0)]
    model = pl.MLPRegressor("mae", 2, solver="sgd", alpha=0, learning_rate_init=0.05, max_iter=400, random_state=0).fit(
        np.zeros((100, 1)), y
    )
    assert abs(model.predict([[0.0]])[0]) < 1


@pytest.mark.parametrize("weights", ["balanced", {0: 9.0, 1: 1.0}], ids=str)
def test_class_weights_multiply_the_sample_weights(weights):
    rows = np.r_[np.flatnonzero(CANCER_Y == 1), np.flatnonzero(CANCER_Y == 0)[:40]]
    x, y = CANCER_X[rows], CANCER_Y[rows]
    settings = {"hidden_layer_sizes": 4, "solver": "lbfgs", "alpha": 1.0, "max_iter": 200, "random_state": 0}
    counts = np.bincount(y)
    by_class = len(y) / (2 * counts) if weights == "balanced" else np.array([9.0, 1.0])
    weighted = pl.MLPClassifier(**settings, class_weight=weights).fit(x, y)
    by_hand = pl.MLPClassifier(**settings).fit(x, y, sample_weight=by_class[y])
    np.testing.assert_array_equal(weighted.network_.vector, by_hand.network_.vector)
    plain = pl.MLPClassifier(**settings).fit(x, y)
    assert recall_score(y, weighted.predict(x), pos_label=0) >= recall_score(y, plain.predict(x), pos_label=0)


def test_a_validation_set_of_ones_own_and_its_curve():
    held = CANCER_X[400:], CANCER_Y[400:]
    model = pl.MLPClassifier(8, max_iter=30, random_state=0).fit(CANCER_X[:400], CANCER_Y[:400], validation=held)
    assert len(model.history_["validation_score"]) == len(model.history_["validation_loss"]) == 30
    assert model.history_["validation_score"][-1] == accuracy_score(held[1], model.predict(held[0]))
    without = pl.MLPClassifier(8, max_iter=30, random_state=0).fit(CANCER_X[:400], CANCER_Y[:400])
    np.testing.assert_array_equal(model.network_.vector, without.network_.vector)


def test_early_stopping_by_a_validation_set_of_ones_own():
    held = CANCER_X[400:], CANCER_Y[400:]
    settings = {"early_stopping": True, "n_iter_no_change": 5, "learning_rate_init": 0.01, "random_state": 0}
    model = pl.MLPClassifier(8, **settings).fit(CANCER_X[:400], CANCER_Y[:400], validation=held)
    assert model.stopped_
    assert accuracy_score(held[1], model.predict(held[0])) == max(model.validation_scores_) == model.best_validation_score_


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs", "adamw"])
def test_the_best_weights_are_restored_with_every_solver(solver):
    seen = []
    rate = {"learning_rate_init": 0.3} if solver != "lbfgs" else {}
    model = pl.MLPClassifier(
        8, solver=solver, restore_best=True, max_iter=40, batch_size=32, random_state=0, **rate,
        callbacks=[lambda moment: seen.append(moment.vector.copy())],
    ).fit(X, Y)  # fmt: skip
    np.testing.assert_array_equal(model.network_.vector, seen[int(np.argmin(model.loss_curve_))])


def test_every_class_keeps_its_share_in_the_held_out_part_where_that_is_asked_for():
    y = np.repeat([0, 1, 2], [60, 60, 30])
    shares = []
    for stratify in (False, True):
        held = []
        for seed in range(6):
            model = pl.MLPClassifier(2, early_stopping=True, validation_fraction=0.2, max_iter=1, stratify=stratify, random_state=seed)
            monkeyed = pytest.MonkeyPatch()
            from pellucid.estimators import draws

            split = draws.held_out
            monkeyed.setattr(draws, "held_out", lambda *a, split=split, held=held: held.append(split(*a)) or held[-1])
            model.fit(X, y)
            monkeyed.undo()
        shares.append([np.bincount(y[kept], minlength=3).tolist() for _, kept in held])
    assert shares[1] == [[12, 12, 6]] * 6
    assert shares[0] != shares[1]


def test_gradient_clipping_schedules_and_optimizers():
    clipped = pl.MLPClassifier(8, solver="sgd", clip_norm=0.01, momentum=0, max_iter=3, batch_size=150, random_state=0).fit(X, Y)
    start = pl.MLPClassifier(8, solver="sgd", learning_rate_init=1e-300, max_iter=1, batch_size=150, random_state=0).fit(X, Y)
    moved = np.linalg.norm(clipped.network_.vector - start.network_.vector)
    assert moved <= 3 * 0.01 * 0.001 * (1 + 1e-9)
    cycle = pl.MLPClassifier(8, learning_rate=pl.OneCycle(0.05), max_iter=30, batch_size=32, random_state=0).fit(X, Y)
    rates = cycle.history_["learning_rate"]
    assert max(rates) > 5 * rates[0]
    assert max(rates) > 5 * rates[-1]
    for solver in ("adamw", "rmsprop", "adagrad", pl.Momentum(0.05)):
        assert pl.MLPClassifier(8, solver=solver, learning_rate_init=0.02, max_iter=100, random_state=0).fit(X, Y).score(X, Y) > 0.8


def test_lbfgs_has_a_loss_curve_too():
    model = pl.MLPClassifier(8, solver="lbfgs", max_iter=25, random_state=0).fit(X, Y)
    assert len(model.loss_curve_) == model.n_iter_ == 25
    assert model.loss_curve_ == sorted(model.loss_curve_, reverse=True)
    assert model.best_loss_ == model.loss_ == model.loss_curve_[-1]


def test_partial_fit_stops_early_by_a_validation_set():
    settings = {"early_stopping": True, "n_iter_no_change": 3, "learning_rate_init": 0.03, "random_state": 0}
    model, seen = pl.MLPClassifier(8, **settings), []
    for _ in range(60):
        model.partial_fit(CANCER_X[:400], CANCER_Y[:400], classes=[0, 1], validation=(CANCER_X[400:], CANCER_Y[400:]))
        seen.append(model.network_.vector.copy())
        if model.stopped_:
            break
    assert model.stopped_
    assert len(model.validation_scores_) == len(seen) < 60
    assert model.score(CANCER_X[400:], CANCER_Y[400:]) == max(model.validation_scores_)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping=True"):
        pl.MLPClassifier(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2])


def test_a_warm_start_may_keep_the_optimizer():
    whole = pl.MLPClassifier(8, max_iter=20, batch_size=150, random_state=0).fit(X, Y)
    parts = pl.MLPClassifier(8, max_iter=10, batch_size=150, random_state=0, warm_start=True, keep_optimizer=True)
    parts.fit(X, Y).fit(X, Y)
    np.testing.assert_allclose(parts.network_.vector, whole.network_.vector, atol=1e-12)
    forgetful = pl.MLPClassifier(8, max_iter=10, batch_size=150, random_state=0, warm_start=True)
    assert np.abs(forgetful.fit(X, Y).fit(X, Y).network_.vector - whole.network_.vector).max() > 1e-4


def test_dropout_and_another_initializer():
    model = pl.MLPClassifier((16, 16), dropout=[0.2, 0.1], initializer="he_normal", max_iter=60, random_state=0).fit(X, Y)
    assert model.network_.architecture.dropout == (0.2, 0.1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        again = pl.MLPClassifier((16, 16), dropout=[0.2, 0.1], initializer="he_normal", max_iter=60, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(model.network_.vector, again.network_.vector)


@pytest.mark.parametrize(
    ("validation", "told"),
    [(X, "expected \\(X, y\\)"), ((X,), "expected \\(X, y\\)"), ((X[:, :2], Y), "features"), ((X, Y + 7), "classes not in")],
    ids=["an array", "one", "width", "classes"],
)
def test_impossible_validation_sets(validation, told):
    with pytest.raises((InputError, ValueError), match=told):
        pl.MLPClassifier(4, max_iter=2).fit(X, Y, validation=validation)


def test_coefs_may_be_written_into_and_replaced():
    model = pl.MLPClassifier(8, max_iter=10, random_state=0).fit(X, Y)
    before = model.predict_proba(X)
    model.coefs_[0] *= 0.5
    assert not np.array_equal(model.predict_proba(X), before)
    model.coefs_[0] = model.coefs_[0] * 2.0
    np.testing.assert_allclose(model.predict_proba(X), before, rtol=1e-12)
    model.intercepts_ = [b * 0 for b in model.intercepts_]
    assert not np.array_equal(model.predict_proba(X), before)
    model.coefs_[0] = np.zeros((2, 2))
    with pytest.raises(InputError, match=r"shape of coefs_\[0\] in MLPClassifier is \(2, 2\), expected \(4, 8\)"):
        model.predict(X)


@pytest.mark.parametrize(
    "solvers", [("adam", "sgd"), ("sgd", "adam"), ("sgd", "rmsprop"), ("rmsprop", "adagrad"), ("adam", "adamw")], ids=str
)
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_another_solver_begins_without_the_moments_of_the_one_before(solvers, how):
    """They are other numbers, or another number of them."""
    settings = {"hidden_layer_sizes": 6, "max_iter": 3, "random_state": 0, "shuffle": False}
    one = pl.MLPClassifier(**settings, warm_start=True, keep_optimizer=True, solver=solvers[0]).fit(X, Y)
    again = pl.MLPClassifier(**settings, warm_start=True, solver=solvers[0]).fit(X, Y)
    for model in (one, again):
        model.set_params(solver=solvers[1])
    getattr(one, how)(X, Y)
    again.set_params(max_iter=3 if how == "fit" else 1).fit(X, Y)
    np.testing.assert_array_equal(one.network_.vector, again.network_.vector)


def test_moments_go_on_in_another_precision():
    """L-BFGS leaves the network in double precision."""
    model = pl.MLPClassifier(6, max_iter=3, random_state=0, warm_start=True, keep_optimizer=True).fit(X.astype(np.float32), Y)
    model.set_params(solver="lbfgs").fit(X.astype(np.float32), Y)
    model.set_params(solver="adam").fit(X, Y)
    assert model.network_.dtype == np.float64
    assert np.isfinite(model.network_.vector).all()


def test_lbfgs_scores_a_validation_set_too():
    settings = {"hidden_layer_sizes": 6, "solver": "lbfgs", "max_iter": 5, "random_state": 0}
    x, y, held = CANCER_X[:400], CANCER_Y[:400], (CANCER_X[400:], CANCER_Y[400:])
    model = pl.MLPClassifier(**settings).fit(x, y, validation=held)
    assert len(model.history_["validation_loss"]) == model.n_iter_ == 5
    assert model.history_["validation_score"][-1] == model.score(*held)
    np.testing.assert_array_equal(model.network_.vector, pl.MLPClassifier(**settings).fit(x, y).network_.vector)


WEIGHT = "a number of at least 0 for each class, not 0 for all: e.g. {0: 1.0, 1: 5.0}, for several labels a list of these, or 'balanced'."


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({0: -1}, "{0: -1}"),
        ({0: float("nan")}, "{0: nan}"),
        ({0: 0, 1: 0, 2: 0}, "{0: 0, 1: 0, 2: 0}"),
        ({7: 1}, "refused (The classes, [0, 1, 2], are not in class_weight)"),
        ({0: "much"}, "refused (could not convert string to float: 'much')"),
    ],
    ids=["negative", "nan", "zeros", "unknown", "text"],
)
def test_impossible_class_weights(weights, told):
    with pytest.raises(InputError) as refused:
        pl.MLPClassifier(4, max_iter=2, class_weight=weights).fit(X, Y)
    assert str(refused.value) == f"Class_weight in MLPClassifier is {told}, expected {WEIGHT}"


def test_class_weights_of_several_labels():
    labels = np.c_[Y > 0, Y == 1].astype(int)
    settings = {"hidden_layer_sizes": 4, "max_iter": 3, "random_state": 0}
    weighted = pl.MLPClassifier(**settings, class_weight=[{0: 1, 1: 3}, {0: 2, 1: 1}]).fit(X, labels)
    by_hand = np.where(labels[:, 0], 3.0, 1.0) * np.where(labels[:, 1], 1.0, 2.0)
    np.testing.assert_array_equal(
        weighted.network_.vector, pl.MLPClassifier(**settings).fit(X, labels, sample_weight=by_hand).network_.vector
    )
    with pytest.raises(InputError, match="'class_weight' parameter of MLPClassifier must be .*Got 'even' instead"):
        pl.MLPClassifier(class_weight="even").fit(X, Y)


@pytest.mark.parametrize(
    ("loss", "y", "told"), [("log_loss", Y, "2 at its worst, expected in [0, 1]"), ("poisson", -Y, "-2 at its worst")], ids=str
)
def test_targets_for_which_the_loss_is_not_defined(loss, y, told):
    with pytest.raises(InputError) as refused:
        pl.MLPRegressor(loss, 4, max_iter=2).fit(X, y)
    assert str(refused.value).startswith(f"A target in y in the data is {told}")

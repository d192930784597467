"""Several columns of classes: one network, a softmax for each column, and scikit-learn's conventions for such classifiers."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.estimator_checks import check_estimator

import one_blas_thread  # noqa: F401
import oracles
import pellucid as pl
from pellucid import storage
from pellucid.errors import InputError, ModelFileError, ShapeError

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
SETTINGS = {"hidden_layer_sizes": (9,), "multioutput": True, "random_state": 0, "learning_rate_init": 0.02, "max_iter": 60}


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 4))
    size = np.array(["small", "middle", "large"])[np.digitize(X[:, 0], [-0.5, 0.5])]
    sign = np.array(["no", "yes"])[(X[:, 1] > 0).astype(int)]
    letter = np.array(list("wxyz"))[np.digitize(X[:, 2] + X[:, 3], [-1, 0, 1])]
    return X, np.column_stack([size, sign, letter])


@pytest.fixture(scope="module")
def model(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return pl.MLPClassifier(**SETTINGS).fit(*data)


def test_by_default_such_a_y_is_refused_and_the_keyword_is_named(data):
    told = (
        "multiclass-multioutput, expected classes (binary, multiclass or a multilabel indicator): set multioutput=True for several columns"
    )
    with pytest.raises(InputError, match="Unknown label type: multiclass-multioutput") as caught:
        pl.MLPClassifier().fit(*data)
    assert told in str(caught.value)


def test_attributes_and_answers_are_those_of_scikit_learns_other_classifiers(data, model):
    X, y = data
    forest = RandomForestClassifier(3, random_state=0).fit(X, y)
    assert isinstance(model.classes_, list)
    for ours, theirs in zip(model.classes_, forest.classes_, strict=True):
        assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    for name in ("predict", "predict_proba", "predict_log_proba"):
        with np.errstate(divide="ignore"):
            ours, theirs = getattr(model, name)(X), getattr(forest, name)(X)
        assert type(ours) is type(theirs)
        assert [np.shape(part) for part in ours] == [np.shape(part) for part in theirs]
    assert model.predict(X).dtype == forest.predict(X).dtype
    assert (model.n_outputs_, model.out_activation_) == (9, "softmax(3, 2, 4)")
    assert model.network_.architecture.loss.spec == "cross_entropy"
    shares = model.predict_proba(X)
    for share, classes, column in zip(shares, model.classes_, model.predict(X).T, strict=True):
        assert_allclose(share.sum(axis=1), 1, rtol=1e-14)
        assert_array_equal(classes[share.argmax(axis=1)], column)
    assert_array_equal(np.log(shares[1]), model.predict_log_proba(X)[1])
    assert model.score(X, y) > 0.85
    assert model.score(X, y) == (model.predict(X) == y).all(axis=1).mean()
    s = np.arange(240.0)
    assert model.score(X, y, s) == pytest.approx(np.average((model.predict(X) == y).all(axis=1), weights=s))


def test_scikit_learns_own_checks():
    """Those of the default are in test_estimators."""
    found = check_estimator(pl.MLPClassifier(multioutput=True), on_fail=None, on_skip=None)
    assert [each["check_name"] for each in found if each["status"] not in ("passed", "skipped")] == []
    assert pl.MLPClassifier(multioutput=True).__sklearn_tags__().target_tags.multi_output
    assert not pl.MLPClassifier().__sklearn_tags__().target_tags.multi_output


def test_the_loss_is_the_sum_of_the_heads(data, model):
    X, y = data
    expected = 0.0
    for share, classes, column in zip(model.predict_proba(X), model.classes_, y.T, strict=True):
        expected -= np.log(share[np.arange(len(X)), np.searchsorted(classes, column)]).mean()
    penalty = model.alpha * sum((W**2).sum() for W in model.coefs_) / (2 * len(X))
    Y = model.encode_targets(y)
    assert model.network_.loss(X, Y) == pytest.approx(expected + penalty, rel=1e-13)
    oracles.assert_equal(model.network_.gradients(X, Y), oracles.value_and_gradients(model.network_, X, Y)[1], 1e-11)


@pytest.mark.parametrize("loss", ["log_loss", "mse", "huber(delta=0.5)"])
def test_both_engines_train_alike(data, loss):
    X, y = data
    settings = SETTINGS | {"hidden_layer_sizes": (7, 5), "dropout": 0.2, "class_weight": "balanced", "loss": loss, "max_iter": 8}
    s = np.linspace(1, 2, 240)
    ends = [pl.MLPClassifier(**settings, engine=name).fit(X, y, s).network_.vector for name in ("compiled", "reference")]
    assert np.abs(ends[0] - ends[1]).max() <= 1e-12


def test_both_engines_train_alike_with_few_outputs(data):
    X, y = data
    settings = SETTINGS | {"max_iter": 8}
    ends = [pl.MLPClassifier(**settings, engine=name).fit(X, y[:, :2]) for name in ("compiled", "reference")]
    assert ends[0].out_activation_ == "softmax(3, 2)"
    assert np.abs(ends[0].network_.vector - ends[1].network_.vector).max() <= 1e-12
    assert_allclose(ends[0].loss_curve_, ends[1].loss_curve_, rtol=1e-12)


def test_columns_of_several_kinds(data):
    X, y = data
    table = pd.DataFrame({"letter": y[:, 2], "number": np.digitize(X[:, 0], [-0.5, 0.5]) * 10, "flag": X[:, 1] > 0})
    model = pl.MLPClassifier(**SETTINGS).fit(X, table)
    assert [classes.dtype.kind for classes in model.classes_] == ["U", "i", "b"]
    assert model.predict(X).dtype == object
    assert model.predict(X[:1])[0, 1] in (0, 10, 20)
    assert model.score(X, table) > 0.85
    numbers = pl.MLPClassifier(**SETTINGS).fit(X, np.column_stack([table["number"], table["number"] / 10 + 1.0]))
    assert numbers.predict(X).dtype == np.float64
    assert pl.MLPClassifier(**SETTINGS).fit(X, table[["letter"]].to_numpy().ravel()).predict_proba(X).shape == (240, 4)


def test_zeros_and_ones_are_columns_too(data):
    X, _ = data
    y = (X[:, :3] > 0).astype(int)
    model = pl.MLPClassifier(**SETTINGS).fit(X, y)
    assert [share.shape for share in model.predict_proba(X)] == [(240, 2)] * 3
    assert model.out_activation_ == "softmax(2, 2, 2)"
    single = pl.MLPClassifier(**SETTINGS).fit(X, np.column_stack([y[:, 0], np.zeros(240, int)]))  # a column of one class
    assert_array_equal(single.predict_proba(X)[1], np.ones((240, 1)))
    for y_of_one in (y[:, 0], y[:, :1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = pl.MLPClassifier(**SETTINGS).fit(X, y_of_one)
        plain = pl.MLPClassifier(**{**SETTINGS, "multioutput": False}).fit(X, y[:, 0])
        assert_array_equal(one.predict_proba(X), plain.predict_proba(X))


def test_sparse_and_named_inputs(data):
    X, y = data
    assert pl.MLPClassifier(**SETTINGS).fit(csr_matrix(X), y).score(csr_matrix(X), y) > 0.85
    assert list(pl.MLPClassifier(**SETTINGS).fit(pd.DataFrame(X, columns=list("abcd")), y).feature_names_in_) == list("abcd")


@pytest.mark.parametrize("weight", ["balanced", [{"small": 2.0, "large": 3.0}, None, {"w": 0.5}]])
def test_class_weights_multiply_over_the_columns(data, weight):
    X, y = data
    weighted = pl.MLPClassifier(**SETTINGS, class_weight=weight).fit(X, y)
    by_hand = pl.MLPClassifier(**SETTINGS).fit(X, y, sample_weight=compute_sample_weight(weight, y))
    assert_allclose(weighted.network_.vector, by_hand.network_.vector, atol=1e-13)


@pytest.mark.parametrize(
    ("weight", "told"),
    [
        ({"small": 2.0}, "Class_weight in MLPClassifier is one dict, expected a list of 3 dicts, one for each column of y, or 'balanced'"),
        ([{"small": 2.0}], "Class_weight in MLPClassifier is a list of 1, expected a list of 3 dicts"),
        (2.0, "The 'class_weight' parameter of MLPClassifier must be"),
    ],
)
def test_class_weights_that_are_none(data, weight, told):
    with pytest.raises(InputError) as caught:
        pl.MLPClassifier(**SETTINGS, class_weight=weight).fit(*data)
    assert told in str(caught.value)


def test_early_stopping_validation_warm_start_and_lbfgs(data):
    X, y = data
    stopped = pl.MLPClassifier(**{**SETTINGS, "max_iter": 300}, early_stopping=True, n_iter_no_change=5, stratify=True).fit(X, y)
    assert stopped.stopped_
    assert max(stopped.validation_scores_) == stopped.best_validation_score_ > 0.5
    own = pl.MLPClassifier(**SETTINGS, early_stopping=True).fit(X[:200], y[:200], validation=(X[200:], y[200:]))
    assert own.best_validation_score_ == own.score(X[200:], y[200:])
    warm = pl.MLPClassifier(**{**SETTINGS, "max_iter": 5}, warm_start=True).fit(X, y)
    first = warm.loss_
    assert warm.fit(X, y).loss_ < first
    told = "warm_start can only be used where `y` has the same classes .* in column 1"
    with pytest.raises(InputError, match=told):
        warm.fit(X, np.where(y == "no", "maybe", y))
    assert pl.MLPClassifier(**SETTINGS, solver="lbfgs").fit(X, y).score(X, y) > 0.9


def test_partial_fit(data):
    X, y = data
    classes = [["small", "middle", "large"], ["no", "yes"], list("vwxyz")]
    model = pl.MLPClassifier(**SETTINGS)
    for epoch in range(30):
        model.partial_fit(X, y, classes=classes if epoch < 2 else None)
    assert [list(each) for each in model.classes_] == [["large", "middle", "small"], ["no", "yes"], list("vwxyz")]
    assert model.score(X, y) > 0.6
    assert model.t_ == 30 * 240
    with pytest.raises(InputError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=[*classes[:2], list("wxyz")])
    with pytest.raises(InputError, match=r"`self.classes_\[0\]` has .* Column 0 of 'y' has \['huge'"):
        model.partial_fit(X, np.where(y == "small", "huge", y))


@pytest.mark.parametrize(
    ("classes", "told"),
    [
        (None, "classes must be passed on the first call to partial_fit."),
        ([["a"], ["b"]], "Classes in partial_fit is 2 of them, expected a list of 3 lists, the classes of each column of y: e.g. [[0, 1]"),
        (["a", "b", "c"], "Classes in partial_fit is ['a', 'b', 'c'], expected a list of 3 lists"),
        ("abc", "Classes in partial_fit is 'abc', expected a list of 3 lists"),
        (3, "Classes in partial_fit is 3, expected a list of 3 lists"),
        ([["small", "middle", "large"], ["no", "yes"], ["w"]], "`y` has classes not in `self.classes_`. `self.classes_[2]` has ['w']"),
    ],
)
def test_partial_fit_with_classes_that_are_none(data, classes, told):
    with pytest.raises(InputError) as caught:
        pl.MLPClassifier(**SETTINGS).partial_fit(*data, classes=classes)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("y", "told"),
    [
        (np.full((240, 2), 1.5), "Unknown label type: continuous. Column 0 of y in MLPClassifier is continuous, expected classes"),
        (np.array([["a", 1.5]] * 240, dtype=object), "Column 1 of y in MLPClassifier is continuous"),
        (np.array([["a", None]] * 240, dtype=object), "Column 1 of y in MLPClassifier is unknown"),
        (np.array([["a", 1], ["b", "x"]] * 120, dtype=object), "Column 1 of y in MLPClassifier is unknown"),
        (np.zeros((240, 2, 2)), "dim 3"),
    ],
)
def test_columns_of_no_classes(data, y, told):
    with pytest.raises(InputError) as caught:
        pl.MLPClassifier(**SETTINGS).fit(data[0], y)
    assert told in str(caught.value)


def test_targets_that_do_not_fit_the_model(data, model):
    X, y = data
    with pytest.raises(ShapeError, match="The number of columns of y in MLPClassifier is 2, expected 3, as in training"):
        model.score(X, y[:, :2])
    with pytest.raises(ShapeError, match=r"The shape of y in MLPClassifier is \(240,\)"):
        model.encode_targets(y[:, 0])
    with pytest.raises(ShapeError, match="The rows of y in score is 3, expected 240"):
        model.score(X, y[:3])
    with pytest.raises(InputError, match=r"A label in column 1 of y in MLPClassifier is 'maybe', expected one .* \(no, yes\)"):
        model.encode_targets(np.where(y == "no", "maybe", y))


def test_searches_pipelines_pickles_and_copies(data, model):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), clone(model).set_params(max_iter=20))
    search = GridSearchCV(pipeline, {"mlpclassifier__alpha": [1e-4, 1.0]}, cv=2).fit(X, y)
    assert search.best_params_ == {"mlpclassifier__alpha": 1e-4}
    scores = cross_val_score(pipeline, X, y, cv=2, scoring=lambda fitted, X, y: (fitted.predict(X) == y).mean())
    assert (scores > 0.7).all()
    again = pickle.loads(pickle.dumps(model))
    assert_array_equal(again.predict(X), model.predict(X))
    assert "multioutput=True" in repr(clone(model))


def test_checkpoints(data, tmp_path):
    X, y = data
    whole = pl.MLPClassifier(**SETTINGS, early_stopping=True).fit(X, y)
    pl.MLPClassifier(**{**SETTINGS, "max_iter": 11}, early_stopping=True).fit(X, y, checkpoint=tmp_path / "run", every=4)
    resumed = pl.MLPClassifier(**SETTINGS, early_stopping=True).fit(X, y, checkpoint=tmp_path / "run", resume=True)
    assert_array_equal(resumed.network_.vector, whole.network_.vector)
    other = pl.MLPClassifier(**SETTINGS, early_stopping=True)
    with pytest.raises(ModelFileError, match="4 columns and 9 targets, expected one of this training: 4 columns and 12 targets"):
        other.fit(X, np.column_stack([y, y[:, 0]]), checkpoint=tmp_path / "run", resume=True)


def test_the_glass_box(data, model):
    X, y = data
    pipeline = make_pipeline(StandardScaler(), clone(model)).fit(X, y)
    assert pl.check_gradients(pipeline, X[:8], y[:8]).passed
    trace = pl.trace(pipeline, X[:1], y[:1])
    assert_allclose(trace["dz2"], trace["y_hat"] - trace["y"], atol=1e-15)
    derivation = pl.derive(pipeline, (X[:1], y[:1]))
    assert_allclose(derivation["dW1"].value, trace["dW1"], atol=1e-14)
    assert pl.gradient_health(pipeline, X, y).layers[-1] is not None
    with pytest.raises(InputError, match="The model in decision_boundary is one of several columns of classes"):
        pl.plots.decision_boundary(clone(model).fit(X[:, :2], y), X[:, :2], y)
    with pytest.raises(InputError, match="Multioutput in tabular_classifier is True, expected one column of classes"):
        pl.tabular_classifier(multioutput=True)


def test_a_file(data, model, tmp_path):
    X, y = data
    model.save(tmp_path / "model")
    again = pl.load(tmp_path / "model")
    assert type(again) is pl.MLPClassifier
    assert again.multioutput
    assert_array_equal(again.predict(X), model.predict(X))
    assert again.score(X, y) == model.score(X, y)
    assert_array_equal(again.partial_fit(X, y).classes_[2], model.classes_[2])


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("classes_", [np.array(["a", "b", "c"]), np.array(["a", "b"]), np.array(list("wxy"))], "the classes do not fit the outputs"),
        ("classes_", [np.array(["a", "b"]), np.array(["a", "b", "c"]), np.array(list("wxyz"))], "the output activation gives no probab"),
        ("classes_", [np.array(["c", "b", "a"]), np.array(["a", "b"]), np.array(list("wxyz"))], "the classes are in no order"),
        ("classes_", [np.array([["a", "b", "c"]]), np.array(["a", "b"]), np.array(list("wxyz"))], "the classes are none"),
        ("classes_", [np.arange(9)], "the classes are not of several columns"),
        ("classes_", np.arange(9), "the classes are not of several columns"),
        ("classes_", [], "the classes are not of several columns"),
        ("classes_", [["a", "b", "c"], ["a", "b"], list("wxyz")], "classes_ is not what it should be"),
        ("_kind", "multiclass", "the classes are none"),
    ],
)
def test_a_hostile_file(model, tmp_path, name, value, told):
    from pellucid.estimators.files import describe

    header, tensors = describe(model, pl.MLPClassifier)
    learned = {**header["estimator"]["learned"], name: value}
    storage.write_model(tmp_path / "m", {**header, "estimator": {**header["estimator"], "learned": learned}}, tensors)
    with pytest.raises(ModelFileError) as caught:
        pl.load(tmp_path / "m")
    assert told in str(caught.value)

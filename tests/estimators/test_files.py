"""Estimators come back from their files as they were; what is no file of theirs is refused with one kind of error."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

import pellucid as pl
from pellucid import storage
from pellucid.estimators import files
from pellucid.estimators.files import LEARNED, MADE

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4))
SIGN = X[:, 0] * X[:, 1] > 0
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:lbfgs failed")


def classifier(**settings):
    return pl.MLPClassifier(**{"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0, **settings})


def regressor(**settings):
    return pl.MLPRegressor(**{"hidden_layer_sizes": (5,), "max_iter": 6, "random_state": 0, **settings})


def saved(model, tmp_path):
    model.save(tmp_path / "m", force=True)
    return pl.load(tmp_path / "m")


def assert_equal_models(one, other, inputs):
    assert type(other) is type(one)
    assert_array_equal(other.predict(inputs), one.predict(inputs))
    assert other.predict(inputs).dtype.kind == one.predict(inputs).dtype.kind
    if hasattr(one, "predict_proba"):
        assert_array_equal(other.predict_proba(inputs), one.predict_proba(inputs))
    for name, value in vars(one).items():
        if name.startswith("_") or not name.endswith("_") or name == "network_":
            continue
        again = getattr(other, name)
        if isinstance(value, list) and value and isinstance(value[0], np.ndarray):
            assert all(map(np.array_equal, again, value)), name
        elif isinstance(value, float) and np.isnan(value):
            assert np.isnan(again)
        else:
            assert np.array_equal(again, value), name
    assert set(vars(other)) == set(vars(one))


# ---------------------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize(
    "labels",
    [
        SIGN, SIGN.astype(int), SIGN.astype(np.uint8), np.where(SIGN, 2.0, -1.0), np.where(SIGN, "yes", "no"), np.zeros(60, int),
        np.where(SIGN, "yes", "no").astype(object), np.array(["ä", "b" * 40, "c"])[THREE], THREE * 10, THREE.astype(np.int8) - 1,
        np.stack([SIGN, X[:, 2] > 0, X[:, 3] > 0], axis=1).astype(int),
    ],
    ids=["bool", "int", "uint8", "float", "text", "one class", "object", "three texts", "three ints", "int8", "labels"],
)  # fmt: skip
def test_classes_of_every_kind(labels, tmp_path):
    model = classifier().fit(X, labels)
    again = saved(model, tmp_path)
    assert_equal_models(model, again, X)
    assert again.classes_.dtype.kind == model.classes_.dtype.kind
    if labels.dtype.kind not in "UO":
        assert again.classes_.dtype == model.classes_.dtype


SETTINGS = [
    {"activation": "x * sigmoid(x)"},
    {"activation": pl.activation("leaky_relu(slope=0.2)")},
    {"hidden_layer_sizes": [4, 3], "activation": ["logistic", pl.activation("tanh(2*x)")], "dropout": [0.1, 0.2]},
    {"hidden_layer_sizes": np.array([4, 3])},
    {"hidden_layer_sizes": (), "initializer": pl.initializer("he_normal")},
    {"solver": "lbfgs"},
    {"solver": pl.LBFGS(memory=5)},
    {"solver": pl.AdamW(pl.WarmUp(0.1, then=pl.CosineDecay(0.1)), weight_decay=0.1)},
    {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1},
    {"learning_rate": pl.OneCycle(0.01)},
    {"early_stopping": True, "batch_size": 10, "n_iter_no_change": np.inf},
    {"random_state": np.int64(3), "alpha": np.float32(0.5), "clip_norm": 1, "restore_best": True, "verbose": 0},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=repr)
@pytest.mark.parametrize("make", [classifier, regressor])
def test_every_setting(make, settings, tmp_path):
    model = make(**settings).fit(X, SIGN if make is classifier else X[:, 0] * X[:, 1])
    again = saved(model, tmp_path)
    assert_equal_models(model, again, X)
    left = storage.read_model(tmp_path / "m")[0]["estimator"]["left_out"]
    assert left == []
    fresh, repeated = clone(model), clone(again)
    y = SIGN if make is classifier else X[:, 0] * X[:, 1]
    assert_array_equal(fresh.fit(X, y).network_.vector, repeated.fit(X, y).network_.vector)


@pytest.mark.parametrize("loss", ["poisson", "mae", "huber(delta=0.5)", pl.loss("(y_hat - y)**4"), "abs(y_hat - y)**1.5"], ids=str)
def test_losses(loss, tmp_path):
    model = regressor(loss=loss).fit(X, np.abs(X[:, 0]) + 0.1)
    assert_equal_models(model, saved(model, tmp_path), X)


@pytest.mark.parametrize("weights", ["balanced", {True: 3, False: 0.5}])
def test_weights_of_classes(weights, tmp_path):
    again = saved(classifier(class_weight=weights).fit(X, SIGN), tmp_path)
    assert again.class_weight == weights


def test_frames_and_their_names(tmp_path):
    frame = pd.DataFrame(X, columns=["a", "b", "ü", "d" * 50])
    model = regressor().fit(frame, X[:, 0])
    again = saved(model, tmp_path)
    assert_equal_models(model, again, frame)
    assert again.feature_names_in_.dtype == object
    with pytest.raises(ValueError, match="feature names"):
        again.predict(frame.rename(columns={"a": "z"}))


def test_float32_and_several_outputs(tmp_path):
    model = regressor().fit(X.astype(np.float32), X[:, :2])
    again = saved(model, tmp_path)
    assert again.network_.dtype == np.float32
    assert_equal_models(model, again, X.astype(np.float32))


def test_what_no_text_names_is_left_out_and_listed(tmp_path):
    class Own(pl.GradientDescent):
        pass

    model = classifier(solver=Own(0.1), random_state=np.random.RandomState(0), callbacks=[lambda moment: None]).fit(X, SIGN)
    again = saved(model, tmp_path)
    assert storage.read_model(tmp_path / "m")[0]["estimator"]["left_out"] == ["solver", "random_state", "callbacks"]
    assert (again.solver, again.random_state, again.callbacks) == ("adam", None, None)
    assert_array_equal(again.predict_proba(X), model.predict_proba(X))


def test_weights_that_were_put_in_are_saved(tmp_path):
    model = regressor().fit(X, X[:, 0])
    model.coefs_[0] = np.zeros_like(model.coefs_[0])
    again = saved(model, tmp_path)
    assert not again.coefs_[0].any()
    again.intercepts_[-1][:] = 7.0
    assert_allclose(again.predict(X), 7 + model.predict(X) - model.intercepts_[-1], atol=1e-12)


def test_a_loaded_model_can_be_trained_on(tmp_path):
    model = classifier().fit(X, SIGN)
    again = saved(model, tmp_path).partial_fit(X, SIGN)
    assert again.t_ == model.t_ + 60
    assert len(again.loss_curve_) == 7


def test_every_attribute_has_a_place_in_the_file():
    """One that is new has to be saved, or made anew from the network."""
    models = [
        classifier(early_stopping=True, batch_size=10).fit(pd.DataFrame(X, columns=list("abcd")), SIGN),
        regressor(solver="lbfgs").fit(X, X[:, 0]),
        classifier().partial_fit(X, SIGN, classes=[False, True]),
    ]
    for model in models:
        parameters = set(inspect.signature(type(model)).parameters)
        assert set(model.__getstate__()) - parameters - {"_sklearn_version"} <= set(LEARNED) | set(MADE)


def test_a_long_training_leaves_a_short_description(tmp_path):
    model = regressor(max_iter=6000, tol=0, n_iter_no_change=10**6, hidden_layer_sizes=2, batch_size=60).fit(X, X[:, 0])
    again = saved(model, tmp_path)
    assert (tmp_path / "m").stat().st_size < 250_000
    assert again.n_iter_ == again.history_.n_epochs == 6000
    assert len(again.loss_curve_) == 4000
    assert (again.loss_curve_[0], again.loss_curve_[-1]) == (model.loss_curve_[0], model.loss_curve_[-1])
    epochs = again.history_.epochs
    assert len(epochs) == len(again.history_["loss"]) == 1000
    assert [model.history_["loss"][epoch - 1] for epoch in epochs] == again.history_["loss"]


def test_the_size_of_a_large_one_is_that_of_its_parameters(tmp_path):
    model = classifier(hidden_layer_sizes=(1000, 500), max_iter=2).fit(X.astype(np.float32), SIGN)
    model.save(tmp_path / "m")
    raw = model.network_.vector.nbytes
    assert raw > 2_000_000
    assert raw < (tmp_path / "m").stat().st_size < 1.02 * raw


def test_many_classes_and_features(tmp_path):
    wide = pd.DataFrame(RNG.normal(size=(40, 30_000)).astype(np.float32), columns=[f"the name of column {k}" for k in range(30_000)])
    model = classifier(hidden_layer_sizes=2, max_iter=1).fit(wide, [f"class {k}" for k in range(40)])
    again = saved(model, tmp_path)
    assert_equal_models(model, again, wide)


# ---------------------------------------------------------------------------------------------------- classes and processes


def test_the_network_in_an_estimators_file_needs_no_scikit_learn(tmp_path):
    model = classifier().fit(X, SIGN)
    model.save(tmp_path / "m")
    code = (
        f"import sys, pellucid as pl; net = pl.Network.load({str(tmp_path / 'm')!r}); print(repr(net)); assert 'sklearn' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == (repr(model.network_), "")


def test_the_file_of_a_network_is_no_estimators(tmp_path):
    pl.Network([4, 1]).save(tmp_path / "m")
    with pytest.raises(pl.ModelFileError, match="not a description of an estimator"):
        pl.MLPClassifier.load(tmp_path / "m")


def test_the_file_of_the_other_kind(tmp_path):
    regressor().fit(X, X[:, 0]).save(tmp_path / "m")
    with pytest.raises(pl.ModelFileError) as told:
        pl.MLPClassifier.load(tmp_path / "m")
    assert str(told.value) == (
        f"The header in {tmp_path / 'm'} is not a description of an estimator (it is of an MLPRegressor, not of an MLPClassifier), "
        "expected one that save wrote: save it again."
    )


class Mine(pl.MLPClassifier):
    """A class of a user's own."""


def test_a_class_of_ones_own(tmp_path):
    Mine(3, max_iter=2, random_state=0).fit(X, SIGN).save(tmp_path / "m")
    assert type(Mine.load(tmp_path / "m")) is Mine
    assert type(pl.load(tmp_path / "m")) is pl.MLPClassifier


SAVE = """
import sys, warnings, numpy as np, pellucid as pl
warnings.simplefilter("ignore")
X = np.arange(40.0).reshape(20, 2) % 7
model = pl.MLPClassifier(3, max_iter=2, random_state=0, class_weight={"b": 1, "a": 2}, solver="sgd")
model.fit(X, np.where(X[:, 0] > 3, "a", "b"))
model.history_["seconds"][:] = [0, 0]
model.save(sys.argv[1])
"""


def test_the_same_bytes_in_every_process(tmp_path, monkeypatch):
    subprocess.run([sys.executable, "-c", SAVE, str(tmp_path / "there")], env={**os.environ, "PYTHONHASHSEED": "1"}, check=True)
    monkeypatch.setattr(sys, "argv", ["here", str(tmp_path / "here")])
    exec(SAVE, {})
    assert (tmp_path / "here").read_bytes() == (tmp_path / "there").read_bytes()


# ---------------------------------------------------------------------------------------------------- what is refused


def test_one_that_is_not_fitted(tmp_path):
    with pytest.raises(NotFittedError):
        classifier().save(tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept(tmp_path):
    model = classifier().fit(X, SIGN)
    model.save(tmp_path / "m")
    with pytest.raises(pl.OutputError, match="there already"):
        model.save(tmp_path / "m")
    with pytest.raises(pl.OutputError, match="missing or no folder"):
        model.save(tmp_path / "no" / "m")


def test_a_record_of_ones_own_cannot_be_saved(tmp_path):
    from dataclasses import replace

    mine = replace(pl.activation("tanh"), spec="mine")
    with pytest.raises(pl.InputError) as told:
        classifier(activation=mine, engine="reference").fit(X, SIGN).save(tmp_path / "m")
    assert str(told.value) == (
        "A record in the network is 'mine', expected a name of the catalogue, or a formula, since a file holds texts and no code: "
        "write it as a formula."
    )
    other = replace(pl.activation("tanh"), formula="z", derivative_formula="1")
    with pytest.raises(pl.InputError, match="A record in the network is 'tanh'"):
        pl.Network([2, 3, 1], [other, "identity"]).save(tmp_path / "m")


def test_too_many_formulas(tmp_path):
    net = pl.Network([1] * 19, [f"x + tanh({k}*x)" for k in range(1, 18)] + ["identity"])
    with pytest.raises(pl.InputError, match="at most 16 different ones of 1,000 characters together"):
        net.save(tmp_path / "m")
    pl.Network([1] * 40, ["x * sigmoid(x)"] * 38 + ["identity"]).save(tmp_path / "m")


def test_a_network_too_deep_for_its_description():
    with pytest.raises(pl.InputError, match=r"The description in the model file is [\d,]+ bytes long, expected at most 1,048,576 bytes"):
        storage.to_bytes({}, {f"W{layer}": np.zeros((1, 1)) for layer in range(16_000)})


@pytest.fixture(scope="module")
def described():
    frame = pd.DataFrame(X, columns=list("abcd"))
    with pytest.warns(Warning, match="Stochastic"):
        model = classifier(class_weight={"a": 1, "b": 2, "c": 1}, solver=pl.Adam(0.1)).fit(frame, np.array(list("abc"))[THREE])
    return files.describe(model, pl.MLPClassifier)


@pytest.mark.parametrize(
    ("part", "name", "value", "told"),
    [
        (None, "type", "Pipeline", "it is of an Pipeline"),
        (None, "type", None, "it is of an None"),
        (None, "learned", [], "no attribute"),
        (None, "parameters", None, "NoneType"),
        ("parameters", "more", 1, "a parameter that it does not have"),
        ("parameters", "alpha", -1, "The 'alpha' parameter of MLPClassifier"),
        ("parameters", "solver", {"__record__": "Adam", "learning_rate": 0.1}, "not the settings of Adam"),
        ("parameters", "solver", {"__record__": "system"}, "system"),
        (
            "parameters",
            "solver",
            {"__record__": "GradientDescent", "learning_rate": -1},
            "a finite number that is not negative",
        ),
        ("parameters", "hidden_layer_sizes", "x", "hidden_layer_sizes"),
        ("learned", "classes_", np.array(["a", "b"]), "the classes do not fit the outputs"),
        ("learned", "classes_", np.array(["c", "b", "a"]), "the classes are in no order"),
        ("learned", "classes_", np.array([["a", "b", "c"]]), "the classes are none"),
        ("learned", "classes_", np.array([1, np.nan, 3]), "the classes are not finite"),
        ("learned", "classes_", ["a", "b", "c"], "classes_ is not what it should be"),
        ("learned", "_kind", "other", "_kind is not what it should be"),
        ("learned", "n_iter_", -1, "n_iter_ is not what it should be"),
        ("learned", "n_iter_", True, "n_iter_ is not what it should be"),
        ("learned", "loss_curve_", [None], "loss_curve_ is not what it should be"),
        ("learned", "feature_names_in_", np.array(["a"], dtype=object), "the names of the features do not fit"),
        ("learned", "feature_names_in_", np.array([1, 2, 3, 4]), "the names of the features do not fit"),
        ("learned", "predict", 3, "predict"),
        ("learned", "network_", 3, "network_"),
    ],
)
def test_a_description_of_no_estimator(described, tmp_path, part, name, value, told):
    header, tensors = described
    changed = {**header, "estimator": {**header["estimator"]}}
    if part is None:
        changed["estimator"][name] = value
    else:
        changed["estimator"][part] = {**changed["estimator"][part], name: value}
    storage.write_model(tmp_path / "m", changed, tensors)
    with pytest.raises(pl.ModelFileError) as caught:
        pl.MLPClassifier.load(tmp_path / "m")
    assert told in str(caught.value)
    with pytest.raises(pl.ModelFileError):
        pl.load(tmp_path / "m")


@pytest.mark.parametrize("name", ["n_iter_", "t_", "loss_", "loss_curve_", "classes_", "_kind"])
def test_what_is_missing(described, tmp_path, name):
    header, tensors = described
    learned = {key: value for key, value in header["estimator"]["learned"].items() if key != name}
    storage.write_model(tmp_path / "m", {**header, "estimator": {**header["estimator"], "learned": learned}}, tensors)
    with pytest.raises(pl.ModelFileError, match=name):
        pl.load(tmp_path / "m")


def test_a_parameter_that_an_older_release_did_not_have(described, tmp_path):
    header, tensors = described
    parameters = {key: value for key, value in header["estimator"]["parameters"].items() if key != "clip_norm"}
    storage.write_model(tmp_path / "m", {**header, "estimator": {**header["estimator"], "parameters": parameters}}, tensors)
    assert pl.load(tmp_path / "m").clip_norm is None


def test_a_network_that_gives_no_probabilities(described, tmp_path):
    header, tensors = described
    architecture = {**header["architecture"], "activations": ["relu", "identity"], "loss": "mse"}
    storage.write_model(tmp_path / "m", {**header, "architecture": architecture}, tensors)
    with pytest.raises(pl.ModelFileError, match="the output activation gives no probabilities"):
        pl.load(tmp_path / "m")

"""Programs written for scikit-learn's networks run with one line changed, and print the same."""

from __future__ import annotations

import inspect
import io
import pickle
import re
import tokenize
import warnings
from pathlib import Path
from zipfile import ZipFile

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import polars
import pytest
from scipy.sparse import csr_matrix
from sklearn import neural_network
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from skops.io import dumps

import one_blas_thread  # noqa: F401
import pellucid as pl

PROGRAMS = sorted((Path(__file__).parents[2] / "examples" / "scikit_learn").glob("*.py"))
THEIRS, OURS = "from sklearn.neural_network import ", "from pellucid import "
NUMBER = re.compile(r"(?<![\w.])-?(?:\d+\.\d*|\.\d+)(?:e[-+]?\d+)?(?![\w.])")
"""a number with a point: whole ones are to be the same"""
LBFGS = {"sparse_text": 1e-3, "several_numbers": 1e-3}
"""programs that use lbfgs, which amplifies the rounding of sums in another order"""
USUAL = 1e-6


def run(source: str, name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[str, list[str]]:
    """What a program prints, and its warnings."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    capsys.readouterr()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
    said = [f"{warning.category.__name__}: {warning.message}" for warning in warned]
    return capsys.readouterr().out, said


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_prints_the_same_with_one_line_changed(path, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MPLBACKEND", "Agg")
    plt.switch_backend("Agg")
    source = path.read_text(encoding="utf-8")
    assert source.count(THEIRS) == 1
    expected, warned = run(source, str(path), tmp_path / "theirs", monkeypatch, capsys)
    printed, warned_of = run(source.replace(THEIRS, OURS), str(path), tmp_path / "ours", monkeypatch, capsys)
    assert len(expected.splitlines()) >= 5
    assert same(printed, expected, LBFGS.get(path.stem, USUAL)) == ""
    assert same("\n".join(warned_of), "\n".join(warned), USUAL) == ""
    assert {file.name for file in (tmp_path / "ours").iterdir()} == {file.name for file in (tmp_path / "theirs").iterdir()}


def same(printed: str, expected: str, tolerance: float) -> str:
    """The first line in which they differ, or nothing."""
    ours, theirs = printed.splitlines(), expected.splitlines()
    for line, wanted in zip(ours, theirs, strict=False):
        numbers, others = NUMBER.findall(line), NUMBER.findall(wanted)
        words = NUMBER.sub("#", line).split() == NUMBER.sub("#", wanted).split()
        if not words or not np.allclose([float(n) for n in numbers], [float(n) for n in others], rtol=tolerance, atol=tolerance):
            return f"{line!r} instead of {wanted!r}"
    return "" if len(ours) == len(theirs) else f"{len(ours)} lines instead of {len(theirs)}"


@pytest.mark.parametrize(
    ("printed", "told"),
    [
        ("loss 0.500001 in 7", ""),
        ("loss 0.51 in 7", "instead of"),
        ("loss 0.5 in 8", "instead of"),
        ("lost 0.5 in 7", "instead of"),
        ("loss 0.5 in 7\n", ""),
        ("loss 0.5 in 7\nmore", "2 lines instead of 1"),
    ],
)
def test_the_comparison_can_fail(printed, told):
    assert told in same(printed, "loss 0.5 in 7", 1e-5)
    assert bool(same(printed, "loss 0.5 in 7", 1e-5)) == bool(told)


def words() -> set[str]:
    """All names in the programs, those within texts too (keys of settings, parameters of a pipeline)."""
    found: set[str] = set()
    for path in PROGRAMS:
        for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
            if token.type in (tokenize.NAME, tokenize.STRING):
                found |= set(re.split(r"\W+|__", token.string))
    return found


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_they_use_every_parameter_attribute_and_method_of_scikit_learns(name):
    cls = getattr(neural_network, name)
    attributes = re.findall(r"^    (\w+_) :", cls.__doc__.split("Attributes\n")[1], re.MULTILINE)
    methods = [method for method in dir(cls) if not method.startswith("_")]
    assert len(attributes) >= 14
    used = words()
    assert [word for word in [*cls().get_params(), *attributes, *methods] if word not in used] == []
    choices = ["identity", "logistic", "tanh", "relu", "lbfgs", "sgd", "adam", "constant", "invscaling", "adaptive"]
    assert [choice for choice in [*choices, "squared_error", "poisson"] if choice not in used] == []
    assert len(PROGRAMS) >= 10


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_arguments_by_place_are_those_of_scikit_learn(name):
    theirs, ours = getattr(neural_network, name), getattr(pl, name)
    for method in ["__init__", *(method for method in dir(theirs) if not method.startswith(("_", "set_", "get_")))]:
        wanted = [p for p in inspect.signature(getattr(theirs, method)).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        found = [p for p in inspect.signature(getattr(ours, method)).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        assert [(p.name, p.default) for p in found] == [(p.name, p.default) for p in wanted], method


def both(name, X, y, *, fit="fit", **settings):
    """Both models, fitted."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return [getattr(getattr(module, name)(random_state=0, max_iter=4, **settings), fit)(X, y) for module in (pl, neural_network)]


@pytest.mark.parametrize("layout", ["a column", "a row turned", "every other", "backwards"])
def test_targets_lie_in_memory_as_they_like(layout):
    X, _ = load_iris(return_X_y=True)
    Y = np.random.default_rng(0).normal(size=(150, 3))
    y = {
        "a column": Y[:, 1],
        "a row turned": np.asfortranarray(Y[:, :2]),
        "every other": np.repeat(Y[:, 0], 2)[::2],
        "backwards": Y[::-1, 0],
    }
    ours, theirs = both("MLPRegressor", X, y[layout])
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-12)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
@pytest.mark.parametrize("first", [np.float32, np.float64])
def test_rows_of_another_precision_in_a_warm_start(first, solver):
    X, y = load_iris(return_X_y=True)
    second = np.float64 if first is np.float32 else np.float32
    ours, theirs = both("MLPClassifier", X.astype(first), y, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in (ours, theirs):
            model.set_params(solver=solver).fit(X.astype(second), y)
    assert ours.coefs_[0].dtype == theirs.coefs_[0].dtype
    assert ours.predict_proba(X).dtype == theirs.predict_proba(X).dtype
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-5)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_attributes_and_predictions_are_of_the_same_types(name, settings, dtype):
    X, y = load_iris(return_X_y=True)
    ours, theirs = both(name, X.astype(dtype), y, **settings)
    for attribute in (name for name in vars(theirs) if name.endswith("_")):
        assert kinds(getattr(ours, attribute)) == kinds(getattr(theirs, attribute)), attribute
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            assert kinds(getattr(ours, method)(X.astype(dtype))) == kinds(getattr(theirs, method)(X.astype(dtype)))


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "lbfgs"}], ids=str)
def test_they_are_of_the_same_types_after_pickling_and_in_files(settings, tmp_path):
    model, _ = both("MLPClassifier", *load_iris(return_X_y=True), **settings)
    model.save(tmp_path / "model.safetensors")
    for again in (pickle.loads(pickle.dumps(model)), pl.load(tmp_path / "model.safetensors")):
        for attribute in (name for name in vars(model) if name.endswith("_") and name != "network_"):
            assert kinds(getattr(again, attribute, None)) == kinds(getattr(model, attribute)), attribute
        assert again.loss_curve_ == model.loss_curve_
    with ZipFile(io.BytesIO(dumps(model))) as archive:
        assert len(archive.namelist()) < 20  # no file for each number of a curve


def kinds(value):
    """The types within a value, and those of arrays with their shapes."""
    if isinstance(value, list):
        return {kinds(entry) for entry in value}
    return (value.dtype, value.shape) if isinstance(value, np.ndarray) else type(value)


LABELS = {
    "objects": np.array(["a", "b", "longer"], dtype=object),
    "wide texts": np.array(["a", "b", "c"], dtype="U20"),
    "floats": np.array([0.5, 1.0, 3.0], dtype=np.float32).round(),
    "bytes": np.array([0, 1, 2], dtype=np.uint8),
    "categories": pd.Series(["a", "b", "c"], dtype="category"),
    "nullable": pd.Series([0, 1, 2], dtype="Int64"),
}


@pytest.mark.parametrize("names", LABELS.values(), ids=LABELS.keys())
@pytest.mark.parametrize("fit", ["fit", "partial_fit"])
def test_classes_are_of_the_same_types(names, fit):
    X, y = load_iris(return_X_y=True)
    labels = names.iloc[y].reset_index(drop=True) if isinstance(names, pd.Series) else names[y]
    known = labels.unique() if isinstance(labels, pd.Series) else names
    models = [module.MLPClassifier(4, max_iter=2, random_state=0) for module in (pl, neural_network)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in models:
            model.fit(X, labels) if fit == "fit" else model.partial_fit(X, labels, classes=known)
    ours, theirs = models
    assert kinds(ours.classes_) == kinds(theirs.classes_)
    assert list(ours.classes_) == list(theirs.classes_)
    assert kinds(ours.predict(X)) == kinds(theirs.predict(X))


@pytest.mark.parametrize("fit", ["fit", "partial_fit"])
def test_sparse_labels_are_predicted_sparse(fit, tmp_path):
    X, y = load_iris(return_X_y=True)
    Y = csr_matrix(np.c_[y > 0, y > 1].astype(int))
    models = [module.MLPClassifier(4, max_iter=60, learning_rate_init=0.05, random_state=0) for module in (pl, neural_network)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for model in models:
            model.fit(X, Y) if fit == "fit" else model.partial_fit(X, Y, classes=[0, 1])
    ours, theirs = (model.predict(X) for model in models)
    assert (type(ours), ours.dtype) == (type(theirs), theirs.dtype)
    assert (ours != theirs).nnz == 0
    models[0].save(tmp_path / "model")
    for again in (pl.load(tmp_path / "model"), pickle.loads(pickle.dumps(models[0]))):
        assert (again.predict(X) != theirs).nnz == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        assert isinstance(models[0].fit(X, Y.toarray()).predict(X), np.ndarray)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_frames_of_polars(name):
    X, y = load_iris(return_X_y=True)
    frame, labels = polars.DataFrame(X, schema=list("abcd")), polars.Series("kind", y)
    ours, theirs = both(name, frame, labels, early_stopping=True)
    assert list(ours.feature_names_in_) == list("abcd")
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-9)
    np.testing.assert_allclose(ours.predict(frame), theirs.predict(frame), rtol=1e-9)
    with pytest.raises(ValueError, match="feature names should match"):
        ours.predict(frame.rename({"a": "z"}))
    scaled = make_pipeline(StandardScaler().set_output(transform="polars"), getattr(pl, name)(max_iter=300, tol=1e-2, random_state=0))
    assert list(scaled.fit(frame, labels)[-1].feature_names_in_) == list("abcd")


@pytest.mark.parametrize("settings", [{"max_iter": 3}, {"max_fun": 4}, {"tol": 10.0}], ids=str)
@pytest.mark.filterwarnings("default")
def test_lbfgs_warns_in_the_same_words(settings):
    X, y = load_iris(return_X_y=True)
    said = []
    for module in (pl, neural_network):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            module.MLPClassifier(solver="lbfgs", random_state=0, **settings).fit(X, y)
        said.append([(str(warning.message), warning.category) for warning in warned])
    assert said[0] == said[1]
    assert len(said[0]) == ("tol" not in settings)


def test_lbfgs_in_pieces_is_a_whole_fit_for_the_regressor():
    X, y = load_iris(return_X_y=True)
    ours, theirs = both("MLPRegressor", X, y, fit="partial_fit", solver="lbfgs")
    np.testing.assert_allclose(ours.coefs_[0], theirs.coefs_[0], rtol=1e-6)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_the_documentation_has_a_word_on_everything_that_is_more(name):
    page = (Path(__file__).parents[2] / "docs" / "estimators.md").read_text(encoding="utf-8")
    theirs, ours = getattr(neural_network, name), getattr(pl, name)
    more = [word for word in ours().get_params() if word not in theirs().get_params()]
    for method in ("fit", "partial_fit"):
        known = inspect.signature(getattr(theirs, method)).parameters
        more += [word for word in inspect.signature(getattr(ours, method)).parameters if word not in known]
    assert len(more) > 10
    assert [word for word in more if not re.search(rf"`[^`]*\b{word}\b[^`]*`", page) or f"{word}=" not in page] == []

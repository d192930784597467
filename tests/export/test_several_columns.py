"""A classifier of several columns of classes, and softmax in groups, in every export; each is used as its readers would."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import resources

import jsonschema
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import one_blas_thread  # noqa: F401
import pellucid as pl
from pellucid.errors import InputError
from pellucid.export.c.compiler import find_compiler
from pellucid.export.model import describe
from pellucid.export.onnx.runtime import by_onnxruntime

COMPILER = find_compiler()
SCHEMA = jsonschema.Draft202012Validator(json.loads((resources.files("pellucid.export.json") / "schema.json").read_text()))


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3)) * 2 + 4
    y = np.column_stack([np.array(["a", "b", "line\nbreak"])[np.digitize(X[:, 0], [3, 5])], np.where(X[:, 1] > 4, 'quote"', "comma,")])
    model = pl.MLPClassifier(4, activation="tanh", multioutput=True, max_iter=30, tol=0.5, learning_rate_init=0.05, random_state=0)
    return make_pipeline(StandardScaler(), model).fit(X, y), X, y


def test_the_description(case):
    found = describe(case[0])
    assert (found.task, found.columns, found.classes) == ("columns", (3, 2), ("a", "b", "line\nbreak", "comma,", 'quote"'))
    assert found.heads == (slice(0, 3), slice(3, 5))
    assert found.n_outputs == 5


@pytest.mark.parametrize("convention", ["columns", "rows"])
def test_numpy(case, tmp_path, convention):
    model, X, y = case
    report = pl.export_numpy(model, tmp_path / "exported.py", convention=convention, rows=X[:20])
    assert report.difference <= 1e-12
    module = {"__name__": "exported"}
    exec((tmp_path / "exported.py").read_text(), module)
    shares = module["probabilities"](module["parameters"], X)
    for ours, theirs in zip(shares, model.predict_proba(X), strict=True):
        assert_allclose(ours, theirs, atol=1e-12)
    assert_array_equal(module["predict"](module["parameters"], X), model.predict(X))
    encoded = module["encode"](y)
    assert_array_equal(encoded.T if convention == "columns" else encoded, model[-1].encode_targets(y))
    run = subprocess.run([sys.executable, tmp_path / "exported.py"], capture_output=True, text=True, check=True)
    assert "predictions: at most" in run.stdout


def test_json(case, tmp_path):
    model, X, _ = case
    assert pl.export_json(model, tmp_path / "model.json", rows=X[:20]).difference <= 1e-12
    content = json.loads((tmp_path / "model.json").read_text())
    SCHEMA.validate(content)
    assert (content["task"], content["columns"], content["layers"][-1]["activation"]["groups"]) == ("columns", [3, 2], [3, 2])
    assert "groups" not in content["layers"][0]["activation"]
    read = pl.load_json(tmp_path / "model.json")
    assert_allclose(read.predict(X.tolist()), np.hstack(model.predict_proba(X)), atol=1e-12)
    for groups in ([2, 3], [3, 3], [5]):
        content["layers"][-1]["activation"]["groups"] = groups
        (tmp_path / "other.json").write_text(json.dumps(content))
        with pytest.raises(pl.ModelFileError):
            pl.load_json(tmp_path / "other.json")


def test_onnx(case, tmp_path):
    model, X, _ = case
    assert pl.export_onnx(model, tmp_path / "model.onnx", rows=X[:20]).difference <= 1e-12
    found = by_onnxruntime((tmp_path / "model.onnx").read_bytes(), {"X": X})
    assert list(found) == ["label_0", "probabilities_0", "label_1", "probabilities_1"]
    for k, share in enumerate(model.predict_proba(X)):
        assert_allclose(found[f"probabilities_{k}"], share, atol=1e-12)
        assert_array_equal(found[f"label_{k}"], model.predict(X)[:, k])


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_c(case, tmp_path):
    model, X, _ = case
    report = pl.export_c(model, tmp_path, dtype="double", training=True, X=X[:20])
    assert report.difference <= 1e-12
    command = [
        str(COMPILER),
        "-std=c99",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Wpedantic",
        "-Werror",
        "model.c",
        "model_main.c",
        "-lm",
        "-o",
        "model_main",
    ]
    subprocess.run(command, cwd=tmp_path, check=True)

    def run(*arguments):
        return subprocess.run([tmp_path / "model_main", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)

    shown = run(*map(repr, X[0].tolist())).stdout.rstrip("\n").split(",", 5)
    assert_allclose([float(number) for number in shown[:5]], np.hstack(model.predict_proba(X[:1]))[0], rtol=1e-12)
    assert shown[5] == ",".join(label.replace("\n", " ") for label in model.predict(X[:1])[0])
    values = ",".join(map(repr, X[0].tolist()))
    (tmp_path / "rows.csv").write_text(f'{values},line break,"quote"""\n')
    right = model[-1].network_.loss(model[:-1].transform(X[:1]), model[-1].encode_targets([["line\nbreak", 'quote"']]))
    assert float(run("gradient", "rows.csv").stdout.split()[0]) == pytest.approx(right, rel=1e-12)
    for wrong, told in (
        ('a,"maybe"', "the class 'maybe' is not known"),
        ("a", "the class '' is not known"),
        ("comma", "the class 'comma'"),
    ):
        (tmp_path / "rows.csv").write_text(f"{values},{wrong}\n")
        assert told in run("gradient", "rows.csv").stderr


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
def test_c_with_weights_of_eight_bits(case, tmp_path):
    model, X, y = case
    report = pl.export_c(model, tmp_path, quantized=True, X=X, y=y)
    assert report.verified
    assert "the accuracy is" in report.notes[0]
    right = float((model.predict(X) == y).all(axis=1).mean())
    assert f"with all bits {right:.2%}" in report.notes[0]


RULES = [["softmax(2, 1, 2)", "softmax", "softmax(3, 2)"], ["softmax(3, 2)", "softmax(2, 2)", "softmax(3, 2)"]]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("loss", ["cross_entropy", "log_loss", "mse"])
def test_groups_in_any_layer(rules, loss, tmp_path):
    net = pl.Network([3, 5, 4, 5], rules, loss, dropout=0.2, l2=0.1, seed=0)
    reports = [
        pl.export_numpy(net, tmp_path / "columns.py"),
        pl.export_numpy(net, tmp_path / "rows.py", convention="rows"),
        pl.export_json(net, tmp_path / "net.json"),
        pl.export_onnx(net, tmp_path / "net.onnx"),
        *([pl.export_c(net, tmp_path, dtype="double", training=True)] if COMPILER else []),
    ]
    assert all(report.difference <= 1e-12 for report in reports)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_pipeline_that_skl2onnx_converts_is_for_one_column(case, tmp_path):
    _, X, y = case
    model = make_pipeline(PCA(2), pl.MLPClassifier(3, multioutput=True, max_iter=5, tol=9.0, random_state=0)).fit(X, y)
    with pytest.raises(InputError, match="a classifier of several columns of classes, expected one column of classes"):
        pl.export_onnx(model, tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())

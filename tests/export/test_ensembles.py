"""Ensembles whose outputs are averaged, in every form: what is written says what the ensemble says."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import warnings
from importlib import resources
from pathlib import Path

import dukpy
import jsonschema
import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import exportable
import pellucid as pl
from pellucid.export.c import propagation
from sanitized import build, compiler, run

SCHEMA = jsonschema.Draft202012Validator(json.loads((resources.files("pellucid.export.json") / "schema.json").read_text()))
READER = (Path(__file__).parents[2] / "examples" / "browser" / "pellucid.js").read_text()
QUICK = {"max_iter": 3, "hidden_layer_sizes": (9, 7)}
CASES = ["two classes", "three classes", "numbers", "an array", "weights", "unlike members"]


@functools.cache
def ensemble(case):
    """A fitted ensemble, and rows for it."""
    frame, rng = exportable.adult_like(), np.random.default_rng(1)
    wine, diabetes = load_wine(), load_diabetes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        match case:
            case "two classes":
                return pl.tabular_classifier(3, **QUICK).fit(frame, rng.choice(["no", "yes"], len(frame))), frame
            case "three classes":
                return pl.tabular_classifier(2, **QUICK).fit(frame, rng.choice(["no", "yes", "perhaps"], len(frame))), frame
            case "numbers":
                return pl.tabular_regressor(3, **QUICK).fit(frame, rng.normal(1000, 100, len(frame))), frame
            case "an array":
                return pl.tabular_regressor(2, **QUICK).fit(diabetes.data, diabetes.target), diabetes.data
            case "weights":
                members = [
                    ("a", exportable.regressor()),
                    ("b", pl.MLPRegressor(hidden_layer_sizes=(6,), max_iter=20, random_state=7)),
                    ("c", "drop"),
                ]
                return VotingRegressor(members, weights=[3, 1, 5]).fit(diabetes.data, diabetes.target), diabetes.data
            case _:
                members = [("a", pl.MLPClassifier((6,), max_iter=20)), ("b", pl.MLPClassifier((5, 4), activation="tanh", max_iter=20))]
                model = make_pipeline(StandardScaler(), VotingClassifier(members, voting="soft"))
                return model.fit(wine.data, wine.target), wine.data


@pytest.mark.parametrize("case", CASES)
def test_c(tmp_path, case):
    model, rows = ensemble(case)
    for dtype, limit, X in (("float", 1e-6, None), ("double", 1e-12, rows)):
        report = pl.export_c(model, tmp_path, dtype=dtype, X=X, force=True)
        assert report.verified
        assert report.difference < limit
    text = (tmp_path / "model.h").read_text()
    assert "the mean of" in text
    report = pl.export_c(model, tmp_path, quantized=True, X=rows, force=True)
    assert report.difference < 1e-6


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_c_has_no_warning_and_nothing_for_the_sanitizers(tmp_path, name):
    compiler(name)
    model, _ = ensemble("two classes")
    for settings in ({}, {"quantized": True}):
        pl.export_c(model, tmp_path, force=True, **settings)
        program = build(tmp_path, "model", name)
        lines = "40,100,job 3,female,2,2020-01-02 03:04,2020-02-03\n,,,,,,\n1e308,-1e308,,,,,\n"
        printed = run(program, rows=lines).split()
        assert len(printed) == 3
        shares = np.array([float(value) for value in printed[0].split(",")[:2]])
        assert shares.sum() == pytest.approx(1)


def test_c_that_forgets_a_member_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(propagation, "ADD", propagation.ADD.replace("total[j] += share * y[j]", "total[j] = share * y[j]"))
    with pytest.raises(pl.ExportError, match="A difference of predictions"):
        pl.export_c(ensemble("two classes")[0], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_c_with_training_is_refused(tmp_path):
    with pytest.raises(pl.InputError) as caught:
        pl.export_c(ensemble("two classes")[0], tmp_path, training=True)
    told = "The model in export_c is an ensemble of 3 networks, expected one network, where training is asked for: "
    assert str(caught.value) == f"{told}leave training (--with-training) out, or export a member of it."


@pytest.mark.parametrize("case", CASES)
def test_onnx(tmp_path, case):
    model, rows = ensemble(case)
    for X in (rows, None):
        report = pl.export_onnx(model, tmp_path / "m.onnx", rows=X, force=True)
        assert report.difference < 1e-12
        assert report.notes == (), "written by hand, not by skl2onnx"


@pytest.mark.parametrize("case", CASES)
def test_json_in_python_and_in_javascript(tmp_path, case):
    model, rows = ensemble(case)
    path = tmp_path / "m.json"
    for X in (rows, None):
        assert pl.export_json(model, path, rows=X, force=True).difference < 1e-12
    content = json.loads(path.read_text())
    SCHEMA.validate(content)
    assert content["version"] == 2
    read = pl.load_json(path)
    assert len(read.networks) == len(content["members"])
    code = READER + "\nnew PellucidModel(JSON.parse(dukpy['text'])).check()"
    assert dukpy.evaljs(code, text=path.read_text()) < 1e-11
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate({**content, "version": 1})


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.clear(),
        lambda members: members.pop(),
        lambda members: members[0].update(share=2),
        lambda members: members[0].update(share=float("nan")),
        lambda members: members[0].pop("layers"),
    ],
)
def test_a_changed_json_document_is_refused(tmp_path, change):
    path = tmp_path / "m.json"
    pl.export_json(ensemble("weights")[0], path)
    content = json.loads(path.read_text())
    change(content["members"])
    path.write_text(json.dumps(content))
    with pytest.raises(pl.ModelFileError, match="is damaged"):
        pl.load_json(path)


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("case", CASES[:-1])
def test_numpy(tmp_path, case, convention):
    model, rows = ensemble(case)
    path = tmp_path / "m.py"
    for X in (rows, None):
        assert pl.export_numpy(model, path, rows=X, convention=convention, force=True).difference < 1e-12
    if case == "numbers":
        done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "predictions: at most" in done.stdout


def test_numpy_of_members_of_other_architectures_is_refused(tmp_path):
    with pytest.raises(pl.InputError) as caught:
        pl.export_numpy(ensemble("unlike members")[0], tmp_path / "m.py")
    assert str(caught.value).startswith("A member in the NumPy export is 13-5-4-3 (tanh, tanh, softmax) beside 13-6-3 (relu, softmax), ")

"""Networks, estimators and tables as ONNX, in two runtimes; what is refused, and that nothing wrong is written."""

import sys

import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import ConvergenceWarning

import exportable
import pellucid as pl
from pellucid.export.onnx import words
from pellucid.export.onnx.runtime import OPSETS
from random_networks import build, recipes, tame


def run(path, feeds):
    """The outputs by name, of onnxruntime, once the reference evaluator has said the same."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, feeds), strict=True))
    with np.errstate(all="ignore"):
        other = dict(zip(names, ReferenceEvaluator(str(path)).run(names, feeds), strict=True))
    for name, array in found.items():
        if array.dtype.kind == "f":
            np.testing.assert_allclose(array, other[name], rtol=1e-4 if array.dtype == np.float32 else 1e-9, atol=1e-6)
        else:
            assert array.tolist() == other[name].tolist()
    return found


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", exportable.RULES)
def test_every_activation(tmp_path, rule, dtype):
    net = exportable.network(rule, dtype)
    spread = 0.3 if rule == "exp" else 1.0  # exp upon exp amplifies what float32 has rounded
    rows = (np.random.default_rng(3).normal(size=(50, 4)) * spread).astype(dtype)
    path = tmp_path / "net.onnx"
    report = pl.export_onnx(net, path, rows=rows)
    found, expected = run(path, {"X": rows})["y_hat"], net.predict(rows)
    assert found.dtype == dtype
    off = np.abs(found - expected).max() / np.abs(expected).max()
    assert max(off, report.difference) <= (1e-12 if dtype == "float64" else 1e-6)
    assert report.n_rows == 50


@pytest.mark.parametrize("rule", exportable.RULES)
def test_activations_keep_their_digits_far_from_zero(rule):
    """Against the record, entry by entry, where the naive formula overflows or rounds to nothing."""
    from pellucid.export.onnx.graph import Graph, Value
    from pellucid.export.onnx.network import activated

    record = pl.activation(rule)
    z = np.array([[-600.0, -45.3, -20.1, -3.3, -1e-9, 0.0, 1e-9, 0.4, 2.2, 19.7, 47.5, 300.0]])
    graph = Graph(np.dtype(np.float64))
    graph.name("z")
    value = activated(record, Value(graph, "z"))
    with np.errstate(all="ignore"):
        expected = record.forward(z)
        found = evaluated(graph, value, {"z": z})
    known = np.isfinite(expected)
    np.testing.assert_allclose(found[known], expected[known], rtol=1e-12, atol=1e-300)


def evaluated(graph, value, feeds):
    """A value of a graph by the reference evaluator."""
    from onnx import helper, numpy_helper

    from pellucid.export.onnx.build import as_node

    inputs = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), None) for name, array in feeds.items()]
    output = helper.make_tensor_value_info(value.name, onnx.TensorProto.DOUBLE, None)
    arrays = [numpy_helper.from_array(array, name) for name, array in graph.arrays.items()]
    body = helper.make_graph([as_node(node) for node in graph.nodes], "g", inputs, [output], arrays)
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(model).run(None, feeds)[0]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes())
def test_random_networks(tmp_path, recipe):
    net, X, Y, _, _ = build(recipe)
    if not tame(net, net.trace(X, Y)):
        return
    report = pl.export_onnx(net, tmp_path / "net.onnx", force=True, rows=X)
    assert report.difference <= (1e-12 if net.dtype == np.float64 else 1e-5)


@pytest.mark.parametrize("name", exportable.MODELS)
def test_estimators_and_pipelines(tmp_path, name):
    model, rows = exportable.fitted()[name]
    path = tmp_path / "model.onnx"
    limit = exportable.limit(model)
    assert pl.export_onnx(model, path, rows=rows).difference <= limit
    assert pl.export_onnx(model, path, force=True).difference <= limit  # on rows of its own
    made = onnx.load(path)
    onnx.checker.check_model(made, full_check=True)
    classes = hasattr(model, "predict_proba")
    assert [output.name for output in made.graph.output] == (["label", "probabilities"] if classes else ["variable"])
    names = list(rows.columns) if hasattr(rows, "columns") else ["X"]
    assert [one.name for one in made.graph.input] == names
    if names == ["X"]:
        found = run(path, {"X": rows.astype(np.float32 if limit > 1e-9 else np.float64)})
        expected = exportable.said(model, rows)
        key = "probabilities" if classes else "variable"
        np.testing.assert_allclose(found[key], expected, atol=limit * max(1, np.abs(expected).max()), rtol=0)
        if classes:
            labels = model.predict(rows)
            assert found["label"].shape == labels.shape
            assert (found["label"] == labels).all()


@pytest.mark.parametrize(("task", "kinds"), [("classification", 2), ("classification", 3), ("regression", 0)])
def test_a_table_with_dates_categories_and_missing_values(tmp_path, task, kinds):
    model, frame = exportable.table_model(task, kinds), exportable.adult_like()
    path = tmp_path / "table.onnx"
    assert pl.export_onnx(model, path, rows=frame).difference <= 1e-12
    assert pl.export_onnx(model, path, rows=None, force=True).difference <= 1e-12
    made = onnx.load(path)
    assert [one.name for one in made.graph.input] == ["age", "capital gain", "job", "sex", "code", "when", "day"]
    days = (frame["when"] - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")
    other = (frame["when"].ffill().dt.normalize() - np.datetime64("2000-01-01")) / np.timedelta64(1, "D")
    row = {
        "age": [[np.nan]], "capital gain": [[20.0]], "job": np.array([["a job that is new"]], object), "sex": np.array([["male"]], object),
        "code": np.array([["2"]], object), "when": [[float(days.dropna().iloc[0])]], "day": [[float(other.iloc[-1])]],
    }  # fmt: skip
    found = run(path, {name: np.array(value) if isinstance(value, list) else value for name, value in row.items()})
    same = frame.assign(age=np.nan, **{"capital gain": 20.0}, job="a job that is new", sex="male", code=2)
    same["when"] = frame["when"].dropna().iloc[0]
    same["day"] = frame["when"].ffill().iloc[-1].strftime("%d.%m.%Y")
    with pytest.warns(UserWarning, match="unknown categories"):
        expected = exportable.said(model.pipeline, same.iloc[:1])
    np.testing.assert_allclose(found["variable" if task == "regression" else "probabilities"], expected, rtol=1e-12)


@pytest.mark.parametrize("opset", OPSETS[::3])
def test_every_opset(tmp_path, opset):
    path = tmp_path / "net.onnx"
    assert pl.export_onnx(exportable.table_model("classification"), path, opset=opset).difference <= 1e-12
    assert {one.domain: one.version for one in onnx.load(path).opset_import}[""] == opset


@pytest.mark.parametrize("opset", [12, 23, 0, -1, 17.0, "17", True, None])
def test_an_opset_out_of_range(tmp_path, opset):
    told = f"The opset in the ONNX export is {opset!r}, expected a whole number from 13 to 22: leave it at 17, which most runtimes read."
    with pytest.raises(pl.InputError) as error:
        pl.export_onnx(exportable.network("tanh"), tmp_path / "net.onnx", opset=opset)
    assert str(error.value) == told


def test_a_wrong_operator_is_found_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(words.WORDS, "tanh", lambda x: x.map("Tanh") * 1.000001)
    with pytest.raises(pl.ExportError, match="The difference in onnxruntime is .*, expected at most 1e-12"):
        pl.export_onnx(exportable.network("tanh"), tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_label_is_found(tmp_path, monkeypatch):
    from pellucid.export.onnx import build as builder

    monkeypatch.setattr(builder, "classes_of", lambda description: np.array(["a", "b", "c"], object))
    model, _ = exportable.fitted()["scaled"]
    with pytest.raises(pl.ExportError, match="The label of a row in onnxruntime is another one, expected the model's"):
        pl.export_onnx(model, tmp_path / "net.onnx")


def test_rounding_that_a_network_amplifies_is_no_error_but_a_real_difference_is(tmp_path, monkeypatch):
    net = exportable.network("exp", "float32")
    rows = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float32) * 2
    report = pl.export_onnx(net, tmp_path / "net.onnx", rows=rows)
    assert report.difference < 1e-3
    monkeypatch.setitem(words.WORDS, "exp", lambda x: x.map("Exp") * 1.01)
    with pytest.raises(pl.ExportError):
        pl.export_onnx(net, tmp_path / "other.onnx", rows=rows)


def test_files_and_folders(tmp_path):
    net, path = exportable.network("tanh"), tmp_path / "net.onnx"
    report = pl.export_onnx(net, path)
    assert str(report).startswith(f"ONNX: {path}\nVerified against the model on 64 rows (in onnxruntime and in ONNX's reference evaluator)")
    with pytest.raises(pl.OutputError, match="there already, expected a new name"):
        pl.export_onnx(net, path)
    pl.export_onnx(net, path, force=True)
    with pytest.raises(pl.OutputError, match=r"The folder in .*missing or no folder"):
        pl.export_onnx(net, tmp_path / "none" / "net.onnx")
    with pytest.raises(pl.OutputError, match="a directory"):
        pl.export_onnx(net, tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_fitted_model(tmp_path):
    for model, told in ((exportable.classifier(), "is a MLPClassifier that is not fitted"), ("net", "is a str"), (None, "is a NoneType")):
        with pytest.raises(pl.InputError, match=told):
            pl.export_onnx(model, tmp_path / "net.onnx")


def test_rows_of_another_width(tmp_path):
    with pytest.raises(pl.ShapeError, match=r"of shape \(2, 3\), expected at least one row of 4 numbers"):
        pl.export_onnx(exportable.network("tanh"), tmp_path / "net.onnx", rows=np.zeros((2, 3)))


@pytest.mark.parametrize("name", ["onnx", "onnxruntime"])
def test_without_the_extra(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(pl.DependencyError) as error:
        pl.export_onnx(exportable.network("tanh"), tmp_path / "net.onnx")
    told = f"The package in the ONNX export is {name}, not installed, expected that of the extra: pip install 'pellucid[onnx]'."
    assert str(error.value) == told
    assert isinstance(error.value, ImportError)


def test_names_of_columns_that_are_names_in_the_graph(tmp_path):
    def fitted(names):
        with pytest.warns(ConvergenceWarning):
            return exportable.classifier().fit(pd.DataFrame(exportable.IRIS.data, columns=names), exportable.LABELS)

    model = fitted(["z1", "W1", "label", "add"])
    with pytest.raises(pl.InputError, match="The column name in the ONNX export is 'label', expected one that no output has"):
        pl.export_onnx(model, tmp_path / "net.onnx")
    model = fitted(["z1", "W1", "b2", "add"])
    assert pl.export_onnx(model, tmp_path / "net.onnx").difference <= 1e-12

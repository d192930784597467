"""The NumPy module: it computes, learns and checks itself as told, alone; its gradients are ours."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from sklearn.exceptions import ConvergenceWarning
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

import exportable
import pellucid as pl
from pellucid.export.numpy import preparation, words
from random_networks import LOSSES, PAIRS, build, recipes, tame, targets


def load(path):
    """What a module defines."""
    module = {"__name__": "exported"}
    exec(compile(path.read_text(), str(path), "exec"), module)
    return module


def run(path):
    """A module run as a program, with every warning an error."""
    return subprocess.run([sys.executable, "-I", "-W", "error", str(path)], capture_output=True, text=True)


def gradient_difference(net, module, X, Y, s, mask, columns):
    """The largest difference of the gradients, each as a part of the largest of its array."""
    exact = net.gradients(X, Y, s, mask=mask)
    turn = (lambda array: array.T) if columns else (lambda array: array)
    masks = () if not any(net.architecture.dropout) else ({layer: turn(one) for layer, one in mask.items()},)
    values = module["forward"](module["parameters"], turn(X), *masks)
    found = module["backward"](module["parameters"], values, turn(Y), s, *masks)
    offs = []
    for name, array in exact.items():
        other = turn(found[name]) if array.ndim == 2 else found[name].ravel()
        offs.append(np.abs(other - array).max() / (np.abs(array).max() or 1))
    return max(offs), module["cost"](module["parameters"], values, turn(Y), s)


@pytest.mark.parametrize(("dtype", "convention"), [("float64", "columns"), ("float32", "rows")])
@pytest.mark.parametrize("rule", exportable.RULES)
def test_every_activation(tmp_path, rule, dtype, convention):
    net = exportable.network(rule, dtype, l2=0.3, dropout=0.2, output="tanh")
    path = tmp_path / "net.py"
    limit = 1e-12 if dtype == "float64" else 2e-6
    assert pl.export_numpy(net, path, convention=convention).difference <= limit
    module = load(path)
    rng = np.random.default_rng(0)
    X, Y, s = (part.astype(dtype) for part in (rng.normal(size=(9, 4)), rng.normal(size=(9, 3)), rng.uniform(0.5, 2, 9)))
    off, _ = gradient_difference(net, module, X, Y, s, net.dropout_mask(9), convention == "columns")
    assert off <= limit * (30 if rule == "exp" else 1)
    np.testing.assert_allclose(module["predict"](module["parameters"], X), net.predict(X), atol=limit * 10, rtol=0)


@pytest.mark.parametrize("convention", ["columns", "rows"])
@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_with_every_output(tmp_path, loss, convention):
    for output in [output for output, other in PAIRS if other == loss][convention == "rows" :: 2]:
        compare_loss(tmp_path, output, loss, convention)


@pytest.mark.parametrize(("output", "loss"), [("identity", "log(cosh(y_hat - y))"), ("sigmoid", "-y * log(y_hat)")])
def test_losses_that_are_formulas(tmp_path, output, loss):
    compare_loss(tmp_path, output, loss, "columns")


def compare_loss(tmp_path, output, loss, convention):
    net = exportable.network("tanh", sizes=(3, 4, 3), output=output, loss=loss)
    path = tmp_path / "net.py"
    pl.export_numpy(net, path, convention=convention, force=True)
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(8, 3)), targets(rng, loss, 8, 3, kind=1)
    Y = rng.uniform(0.1, 0.9, Y.shape) if loss == "-y * log(y_hat)" else Y
    off, cost = gradient_difference(net, load(path), X, Y, None, None, convention == "columns")
    assert off <= 1e-12
    assert cost == pytest.approx(net.loss(X, Y), rel=1e-12)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes())
def test_random_networks(tmp_path, recipe):
    net, X, Y, s, mask = build(recipe)
    if not tame(net, net.trace(X, Y)):
        return
    columns = bool(recipe["seed"] % 2)
    path = tmp_path / "net.py"
    pl.export_numpy(net, path, convention="columns" if columns else "rows", force=True)
    with np.errstate(all="ignore"):
        off, _ = gradient_difference(net, load(path), X, Y, s, mask, columns)
    assert off <= (1e-11 if net.dtype == np.float64 else 1e-3)


def test_it_reads_as_the_notes_do(tmp_path):
    net = pl.Network([4, 5, 1], ["tanh", "sigmoid"], "log_loss")
    pl.export_numpy(net, tmp_path / "net.py")
    text = (tmp_path / "net.py").read_text()
    forward = """
    W1, b1, W2, b2 = parameters.values()
    A0 = X
    Z1 = W1 @ A0 + b1
    A1 = tanh(Z1)
    Z2 = W2 @ A1 + b2
    A2 = sigmoid(Z2)
"""
    backward = """
    # sigmoid and log_loss at once: dA2 = -y / y_hat + (1 - y) / (1 - y_hat), times da/dz, is a - y
    dZ2 = A2 - Y
    dW2 = (s * dZ2) @ A1.T / s.sum()
    db2 = (s * dZ2).sum(axis=1, keepdims=True) / s.sum()
    dA1 = W2.T @ dZ2
    dZ1 = dA1 * tanh_derivative(Z1, A1)
    dW1 = (s * dZ1) @ A0.T / s.sum()
    db1 = (s * dZ1).sum(axis=1, keepdims=True) / s.sum()
"""
    assert forward in text
    assert backward in text
    assert max(map(len, text.splitlines())) <= 140
    assert [line for line in text.splitlines() if line.startswith(("import", "from"))] == ["import numpy as np"]


def test_the_rows_convention(tmp_path):
    pl.export_numpy(exportable.network("tanh"), tmp_path / "net.py", convention="rows")
    text = (tmp_path / "net.py").read_text()
    assert "    Z1 = A0 @ W1 + b1\n" in text
    assert "    dW1 = A0.T @ (s[:, None] * dZ1) / s.sum()\n" in text


@pytest.mark.parametrize("name", exportable.MODELS)
def test_estimators_and_pipelines(tmp_path, name):
    model, rows = exportable.fitted()[name]
    path = tmp_path / "model.py"
    limit = exportable.limit(model)
    assert pl.export_numpy(model, path, rows=rows).difference <= limit
    assert pl.export_numpy(model, path, force=True).difference <= limit
    module = load(path)
    key = "probabilities" if hasattr(model, "predict_proba") else "predict"
    given = {column: list(rows[column]) for column in rows.columns} if hasattr(rows, "columns") else rows
    found, expected = module[key](module["parameters"], given), exportable.said(model, rows)
    np.testing.assert_allclose(found, expected, atol=limit * max(1, np.abs(expected).max()), rtol=0)
    if key == "probabilities":
        assert (module["predict"](module["parameters"], given) == model.predict(rows)).all()


@pytest.mark.parametrize("name", ["mixed", "two targets"])
def test_a_module_runs_alone(tmp_path, name):
    model, _ = exportable.fitted()[name]
    path = tmp_path / "model.py"
    pl.export_numpy(model, path)
    done = run(path)
    assert done.returncode == 0, done.stderr
    first, *rows, last = done.stdout.splitlines()
    assert first.startswith("gradients: at most ")
    assert len(rows) == 5
    assert last.startswith("predictions: at most ")


def test_a_table_with_dates(tmp_path):
    model, frame = exportable.table_model("regression"), exportable.adult_like()
    path = tmp_path / "table.py"
    assert pl.export_numpy(model, path, rows=frame).difference <= 1e-12
    module = load(path)
    table = {name: list(frame[name].astype(object).where(frame[name].notna(), None)) for name in frame.columns}
    table["day"] = [str(np.datetime64(f"{day[6:]}-{day[3:5]}-{day[:2]}")) if isinstance(day, str) else None for day in frame["day"]]
    found = module["predict"](module["parameters"], table)
    np.testing.assert_allclose(found[:, 0], model.pipeline.predict(frame), rtol=1e-12)


def test_a_changed_module_says_so(tmp_path):
    path = tmp_path / "net.py"
    pl.export_numpy(pl.Network([4, 5, 1], ["tanh", "sigmoid"], "log_loss"), path)
    text = path.read_text()
    for old, new in (("dA1 = W2.T @ dZ2", "dA1 = W2.T @ dZ2 * 1.001"), ("A1 = tanh(Z1)", "A1 = tanh(Z1) * 1.001")):
        assert old in text
        path.write_text(text.replace(old, new))
        done = run(path)
        assert done.returncode == 1
        assert "this file does not compute what it did" in done.stderr


def test_it_trains_as_gradient_descent_does(tmp_path):
    net = pl.Network([2, 4, 1], ["tanh", "sigmoid"], "log_loss", l2=0.1)
    pl.export_numpy(net, tmp_path / "net.py")
    module = load(tmp_path / "net.py")
    X = np.random.default_rng(0).normal(size=(20, 2))
    y = (X[:, 0] > 0).astype(float)
    samples, Y = module["as_samples"](module["prepare"](X)), module["encode"](y)
    learned, costs = module["train"](module["parameters"], samples, Y, learning_rate=0.5, steps=30)
    history = net.fit(X, y, optimizer=pl.GradientDescent(learning_rate=0.5), epochs=30, progress=False)
    np.testing.assert_allclose(learned["W1"].T, net.parameters["W1"], rtol=1e-12)
    assert costs[-1] < costs[0]
    assert len(costs) == len(history["loss"])


def test_targets_are_encoded_as_ours(tmp_path):
    for name in ("scaled", "two classes", "labels", "targets", "regressor"):
        model, _ = exportable.fitted()[name]
        pl.export_numpy(model, tmp_path / "model.py", convention="rows", force=True)
        encode = load(tmp_path / "model.py")["encode"]
        if name == "targets":
            y = np.c_[exportable.DIABETES.target, exportable.DIABETES.target**2]
            expected = model.transformer_.transform(y)
        else:
            last = model.steps[-1][1] if hasattr(model, "steps") else model
            y = {"scaled": exportable.LABELS, "two classes": exportable.LABELS == "setosa", "regressor": exportable.DIABETES.target}.get(
                name
            )
            y = np.eye(3, dtype=int)[[0, 1, 2]] if y is None else y
            expected = last.encode_targets(y)
        np.testing.assert_allclose(encode(y), expected, rtol=1e-12, atol=1e-12)


def test_many_parameters_are_packed(tmp_path):
    net = pl.Network([300, 80, 2], dtype="float32")
    path = tmp_path / "net.py"
    pl.export_numpy(net, path)
    module = load(path)
    assert np.array_equal(module["parameters"]["W1"].T, net.parameters["W1"])
    assert path.stat().st_size < 1.8 * net.vector.nbytes
    assert run(path).returncode == 0


def test_a_wrong_helper_is_found_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(words.HELPERS, "sigmoid", words.HELPERS["sigmoid"].replace("(1 + e)", "(1.000001 + e)"))
    with pytest.raises(pl.ExportError, match="The difference of a prediction in the NumPy export is"):
        pl.export_numpy(exportable.network("sigmoid"), tmp_path / "net.py")
    monkeypatch.undo()
    monkeypatch.setitem(words.WORDS, "square", "np.abs")
    with pytest.raises(pl.ExportError, match="The difference of a gradient in the NumPy export is"):
        pl.export_numpy(exportable.network("tanh", output="softsign", loss="mse"), tmp_path / "net.py")
    assert list(tmp_path.iterdir()) == []


def test_names_of_columns_are_no_code(tmp_path):
    names = ['"""', "a\nimport os", "class", "\\"]
    frame = pd.DataFrame(exportable.IRIS.data, columns=names)
    with pytest.warns(ConvergenceWarning):
        model = make_pipeline(SimpleImputer(), exportable.classifier()).fit(frame, exportable.LABELS)
    assert pl.export_numpy(model, tmp_path / "model.py", rows=frame).difference <= 1e-12


def test_refusals(tmp_path):
    net, path = exportable.network("tanh"), tmp_path / "net.py"
    with pytest.raises(pl.InputError, match="The convention in the NumPy export is 'diagonal', expected one of columns, rows"):
        pl.export_numpy(net, path, convention="diagonal")
    with pytest.raises(pl.InputError, match="not fitted"):
        pl.export_numpy(exportable.regressor(), path)
    pl.export_numpy(net, path)
    with pytest.raises(pl.OutputError, match="there already"):
        pl.export_numpy(net, path)
    with pytest.raises(pl.OutputError, match="missing or no folder"):
        pl.export_numpy(net, tmp_path / "none" / "net.py")


def test_chains_of_steps_as_code():
    assert preparation.applied((("log1p",), ("*", 2.0), ("+", 1.0)), "x") == "(np.log1p(x) * 2) + 1"

"""export_c: what it writes computes what the model does; what it cannot write it refuses."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import pellucid as pl
from pellucid.equations.activations import CATALOGUE
from pellucid.export.c import entry, propagation, source
from pellucid.pipelines import TableModel, build_pipeline
from sanitized import build, compiler, run

LIMIT = {"float": 1e-6, "double": 1e-12}
FORMULAS = ["x * sigmoid(2*x)", "x if x > 0 else 0.2*x", "atan(x) * erf(x)", "max(x, 0)^2 / 3", "logcosh(x)"]
SETS = [
    ["identity", "sigmoid", "tanh", "relu", "leaky_relu(slope=0.2)", "elu(alpha=0.5)", "leaky_relu", "elu"],
    ["selu", "softplus", "softsign", "gelu", "silu", "mish", "hard_tanh", "softmax"],
    [*FORMULAS, "leaky_relu(slope=-0.5)"],
]
LOSSES = [
    ("softmax", "cross_entropy"), ("softmax", "log_loss"), ("sigmoid", "log_loss"), ("sigmoid", "cross_entropy"), ("exp", "poisson"),
    ("softplus", "poisson"), ("identity", "mse"), ("tanh", "half_mse"), ("softmax", "mae"), ("gelu", "huber(delta=0.3)"),
    ("identity", "log(cosh(y_hat - y))"), ("tanh", "0.3 * (y - y_hat) if y_hat < y else (y_hat - y)**2"),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def gcc():
    compiler("gcc")


@pytest.mark.parametrize("dtype", ["float", "double"])
@pytest.mark.parametrize("rules", SETS, ids=["usual", "others", "formulas"])
def test_every_activation(tmp_path, rules, dtype):
    net = pl.Network([6, *[5] * len(rules), 3], [*rules, "identity"], "mse", seed=1, l2=0.1)
    report = pl.export_c(net, tmp_path, dtype=dtype, training=True)
    assert report.difference < LIMIT[dtype]
    assert report.verified
    assert report.notes[0].startswith("The gradient differs by")


def test_the_sets_are_the_catalogue():
    assert set(CATALOGUE) - {rule for rules in SETS for rule in rules} == {"exp"}, "which is an output below"


@pytest.mark.parametrize(("output", "loss"), LOSSES, ids=[f"{output}, {loss}" for output, loss in LOSSES])
def test_every_loss_and_every_fused_pair(tmp_path, output, loss):
    net = pl.Network([4, 5, 3], ["tanh", output], loss, seed=2, l2=0.5, dropout=0.3)
    report = pl.export_c(net, tmp_path, dtype="double", training=True)
    assert report.difference < 1e-12
    found = float(report.notes[0].split()[4])
    assert found < 1e-12


def stacked(depth, dtype, scale=0.5):
    """exp of exp of ...: what float rounds in one layer, the next ones magnify."""
    net = pl.Network([5, *[6] * depth, 3], [*["exp"] * depth, "identity"], "mse", seed=0, dtype=dtype)
    for layer in range(1, depth + 2):
        net.parameters[f"b{layer}"][...] = np.random.default_rng(layer).normal(size=net.architecture.sizes[layer]) * scale
    return net


@pytest.mark.parametrize("model_dtype", ["float32", "float64"])
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_where_float_loses_digits_it_is_computed_in_double(tmp_path, depth, model_dtype):
    net = stacked(depth, model_dtype)
    for settings in ({}, {"training": True}):
        report = pl.export_c(net, tmp_path, force=True, **settings)
        assert report.difference < 1e-6
        wide = "typedef double real;" in (tmp_path / "model.c").read_text()
        assert wide == ("computed in double" in report.how)
        assert wide or depth < 4
        assert "typedef float model_real;" in (tmp_path / "model.h").read_text()
    if wide:
        assert "against the same parameters in double" in report.how
        assert report.notes[0].startswith("The model itself differs from these by ")


@pytest.mark.parametrize(("at", "rule"), list(enumerate(sorted(set(CATALOGUE) - {"exp"}))))
def test_float_of_every_activation_at_some_depth(tmp_path, at, rule):
    """Of random networks with biases, the models in both types."""
    depth, dtype = ((1, "float64"), (3, "float32"), (8, "float64"), (6, "float32"))[at % 4]
    net = pl.Network([5, *[6] * depth, 3], [*[rule] * depth, "identity"], "mse", seed=depth, dtype=dtype)
    for layer in range(1, depth + 2):
        net.parameters[f"b{layer}"][...] = np.random.default_rng(layer).normal(size=net.architecture.sizes[layer])
    report = pl.export_c(net, tmp_path, force=True)
    assert report.difference < 1e-6
    assert report.how.endswith("float"), "neither wider nor against anything but the model"


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_the_wide_form_has_no_warning_and_nothing_for_the_sanitizers(tmp_path, name):
    compiler(name)
    (tmp_path / "rows.csv").write_text("\n".join(f"{k / 10},1,-1,{k % 3},0.5,1,2,3" for k in range(10)))
    for settings in ({}, {"training": True}):
        report = pl.export_c(stacked(4, "float64"), tmp_path, force=True, **settings)
        assert "computed in double" in report.how
        program = build(tmp_path, "model", name)
        assert len(run(program, rows="1,2,3,4,5\n90,90,90,90,90\n-90,0,0,0,0\n").split()) == 3
        if settings:
            run(program, "train", tmp_path / "rows.csv", 1e-9, 0.9, 3)


def test_a_description_that_is_not_the_model_is_seen_though_float_is_compared_in_double(tmp_path, monkeypatch):
    """The same wrong parameters in C and beside it: the comparison with the model itself tells."""
    right = entry.describe
    monkeypatch.setattr(entry, "describe", lambda *given: right(*given).altered(lambda _, vector: vector * 1.001))
    with pytest.raises(pl.ExportError, match="A difference of predictions in the C of model is .* away from the model's"):
        pl.export_c(pl.Network([3, 4, 2], seed=1), tmp_path)
    assert list(tmp_path.iterdir()) == []


def fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return fitted(make_pipeline(StandardScaler(), pl.MLPClassifier((32,), max_iter=8, random_state=0)), X, y), X, y


@pytest.mark.parametrize("dtype", ["float", "double"])
def test_digits(tmp_path, digits, dtype):
    model, X, _ = digits
    report = pl.export_c(model, tmp_path, name="digits", dtype=dtype, X=X)
    assert report.n_rows == len(X)
    assert report.difference < LIMIT[dtype]
    program = build(tmp_path, "digits", flags=["-O2"])
    line = run(program, *X[5]).strip().split(",")
    assert line[-1] == str(model.predict(X[5:6])[0])
    np.testing.assert_allclose([float(value) for value in line[:-1]], model.predict_proba(X[5:6])[0], atol=LIMIT[dtype])


def table():
    import pandas as pd

    rng = np.random.default_rng(0)
    n = 300
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "job": rng.choice(["cook", 'baker, "master"', "Müller??/", None], n),
            "day": (pd.Timestamp("1999-11-03 10:30") + pd.to_timedelta(rng.integers(0, 10**7, n), unit="min")).astype(str),
            "level": rng.choice([1.0, 2.0, 3.0], n),
            "text": rng.choice(["a\nb", "c"], n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    frame.loc[rng.random(n) < 0.1, "day"] = None
    return frame


@pytest.mark.parametrize("dtype", ["float", "double"])
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_mixed_tables_with_dates_texts_and_holes(tmp_path, task, dtype):
    frame = table()
    kind = pl.MLPClassifier if task == "classification" else pl.MLPRegressor
    y = np.where(frame["age"] > 40, "old /* ??/", "you\nng") if task == "classification" else frame["level"].to_numpy() * 1000
    pipeline = fitted(build_pipeline(frame, task, kind(hidden_layer_sizes=(6,), max_iter=5, random_state=0)), frame, y)
    model = TableModel(pipeline, "y", task)
    for rows in (frame, None):
        report = pl.export_c(model, tmp_path, dtype=dtype, training=True, X=rows, force=True)
        assert report.n_rows == (64 if rows is None else (frame["text"] == "c").sum()), "a text of two lines is in no row of the comparison"
        assert report.difference < LIMIT[dtype]


def test_several_labels_and_several_targets(tmp_path):
    X, _ = load_diabetes(return_X_y=True)
    rng = np.random.default_rng(0)
    labels = fitted(pl.MLPClassifier((5,), max_iter=5, random_state=0), X, rng.integers(2, size=(len(X), 3)))
    report = pl.export_c(labels, tmp_path, name="labels", dtype="double", training=True, X=X)
    assert report.difference < 1e-12
    line = run(build(tmp_path, "labels", flags=["-O1"]), *X[0]).strip().split(",")
    assert line[3:] == [str(k) for k in range(3) if float(line[k]) > 0.5]
    numbers = fitted(pl.MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0), X, rng.normal(size=(len(X), 2)))
    assert pl.export_c(numbers, tmp_path, name="numbers", dtype="double", X=X).difference < 1e-12


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_no_warning_and_nothing_for_the_sanitizers(tmp_path, name):
    compiler(name)
    X, y = load_breast_cancer(return_X_y=True)
    model = fitted(make_pipeline(StandardScaler(), pl.MLPClassifier((5, 4), activation=["mish", "softmax"], dropout=0.2, max_iter=3)), X, y)
    rows = "\n".join(",".join(map(repr, row)) for row in X[:40].tolist())
    (tmp_path / "rows.csv").write_text("\n".join(f"{line},{label}" for line, label in zip(rows.split("\n"), y, strict=False)))
    for settings in ({"training": True}, {"quantized": True}, {"dtype": "double"}):
        pl.export_c(model, tmp_path, name="cancer", force=True, **settings)
        program = build(tmp_path, "cancer", name)
        assert len(run(program, rows=rows).split()) == 40
        run(program, rows="1e308,-1e308," + ",".join(["1e300"] * 28))
        if "training" in settings:
            costs = [float(line) for line in run(program, "train", tmp_path / "rows.csv", 0.1, 0.9, 5).split()]
            assert costs[-1] < costs[0]


def test_the_program_says_what_is_wrong_with_a_row(tmp_path):
    import subprocess

    pl.export_c(pl.Network([2, 1]), tmp_path)
    program = build(tmp_path, "model", flags=["-O1"])
    for rows, told in (("1\n", "has 1 values, expected 2"), ("1,two\n", "value 2 of a row is 'two', expected a number")):
        done = subprocess.run([str(program)], input=rows, capture_output=True, text=True, check=False)
        assert (done.returncode, told in done.stderr) == (1, True)


# Bad input


def test_a_wrong_export_is_not_written(tmp_path, monkeypatch):
    wrong = propagation.LINEAR.replace("z[j] = b[j];", "z[j] = b[j] + 1e-6f;")
    monkeypatch.setattr(propagation, "LINEAR", wrong)
    with pytest.raises(pl.ExportError, match="A difference of predictions in the C of model is .* away from the model's"):
        pl.export_c(pl.Network([3, 4, 2], seed=1), tmp_path, dtype="double")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("dW[i * n + j] += a[i] * (dz[j] * s);", "dW[i * n + j] += a[i] * (dz[j] * s) * (real)1.001;"),
        ("db[j] += dz[j] * s;", "db[j] += dz[j];\n    (void)s;\n    db[0] += (real)1e-3;"),
    ],
)
def test_a_wrong_gradient_is_not_written(tmp_path, monkeypatch, right, wrong):
    assert right in propagation.LINEAR_BACKWARD
    monkeypatch.setattr(propagation, "LINEAR_BACKWARD", propagation.LINEAR_BACKWARD.replace(right, wrong))
    with pytest.raises(pl.ExportError, match="A difference of gradients"):
        pl.export_c(pl.Network([3, 4, 2], ["tanh", "identity"], seed=1), tmp_path, training=True)
    assert list(tmp_path.iterdir()) == []


def test_c_that_does_not_compile_is_not_written(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "title", lambda form: "*/ oops /*")
    monkeypatch.setattr(source, "comment", lambda text: f"/* {text} */")
    with pytest.raises(pl.ExportError, match="The C source in export_c is refused by"):
        pl.export_c(pl.Network([3, 2]), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_compiler_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    report = pl.export_c(pl.Network([3, 2]), tmp_path)
    assert report.difference is None
    assert not report.verified
    assert "Not verified: no C compiler was found" in str(report)
    assert (tmp_path / "model.c").exists()


def test_files_are_kept_unless_forced(tmp_path):
    net = pl.Network([3, 2])
    (tmp_path / "model.c").write_text("mine")
    with pytest.raises(pl.OutputError, match=r"model\.c is there already"):
        pl.export_c(net, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["model.c"]
    assert (tmp_path / "model.c").read_text() == "mine"
    pl.export_c(net, tmp_path, force=True)
    assert (tmp_path / "model.c").read_text() != "mine"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"name": "my model"}, "The name in export_c is 'my model', expected a C identifier"),
        ({"dtype": "half"}, "Dtype in export_c is 'half', expected float or double"),
        ({"training": True, "quantized": True}, "Quantized in export_c is asked for together with training"),
        ({"X": np.zeros((3, 4))}, r"X in the export is of shape \(3, 4\), expected at least one row of 3 numbers"),
        ({"X": np.zeros((0, 3))}, r"X in the export is of shape \(0, 3\)"),
        ({"X": np.zeros(3)}, r"X in the export is of shape \(3,\)"),
    ],
)
def test_settings_that_are_none_are_refused(tmp_path, settings, told):
    with pytest.raises(pl.InputError, match=told):
        pl.export_c(pl.Network([3, 2]), tmp_path, **settings)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(pl.OutputError, match="which does not exist, expected an existing folder: create it first"):
        pl.export_c(pl.Network([3, 2]), tmp_path / "none")


def test_an_unfitted_model_is_refused(tmp_path):
    with pytest.raises(pl.InputError, match="The model in export_c is a MLPClassifier that is not fitted"):
        pl.export_c(pl.MLPClassifier(), tmp_path)


# Eight bits


def test_weights_of_eight_bits_and_what_they_cost(tmp_path, digits):
    model, X, y = digits
    report = pl.export_c(model, tmp_path, name="digits", quantized=True, X=X, y=y)
    assert report.difference < 1e-6
    text = (tmp_path / "digits.c").read_text()
    assert "static const signed char Q1[2048]" in text
    assert "W1[" not in text.replace("W1: ", "").replace("entry [", "")
    told = report.notes[0]
    exact = (model.predict(X) == y).mean()
    assert f"with all bits {exact:.2%}" in told
    assert "move a prediction by" in told
    program = build(tmp_path, "digits", flags=["-O2"])
    rows = "\n".join(",".join(map(repr, row)) for row in X.tolist())
    labels = [line.rsplit(",", 1)[1] for line in run(program, rows=rows).split()]
    right = np.mean([label == str(one) for label, one in zip(labels, y, strict=True)])
    assert f"the accuracy is {right:.2%}" in told


def test_what_eight_bits_cost_a_regression(tmp_path):
    X, y = load_diabetes(return_X_y=True)
    model = fitted(pl.MLPRegressor(hidden_layer_sizes=(5,), max_iter=20, random_state=0), X, y)
    report = pl.export_c(model, tmp_path, quantized=True, X=X, y=y)
    exact = np.sqrt(np.mean((model.predict(X) - y) ** 2))
    assert f"with all bits {exact:.6g}" in report.notes[0]
    assert "Weights of 8 bits move a prediction by" in pl.export_c(model, tmp_path, quantized=True, force=True).notes[0]

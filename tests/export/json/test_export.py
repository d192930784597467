"""The JSON document: its schema, its numbers to the last bit, read in Python and in JavaScript."""

import json
from importlib import resources
from pathlib import Path

import dukpy
import jsonschema
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import exportable
import pellucid as pl
from pellucid.export.json import document
from pellucid.export.json.words import value_of
from random_networks import PAIRS, build, recipes, tame

SCHEMA = jsonschema.Draft202012Validator(json.loads((resources.files("pellucid.export.json") / "schema.json").read_text()))
READER = (Path(__file__).parents[3] / "examples" / "browser" / "pellucid.js").read_text()

FIRST = {loss: (output, loss) for output, loss in PAIRS}
"""each loss with one output"""


def in_javascript(path):
    """The largest difference between a document's examples and what the reader for browsers says of their rows."""
    code = READER + "\nnew PellucidModel(JSON.parse(dukpy['text'])).check()"
    return dukpy.evaljs(code, text=path.read_text())


@pytest.mark.parametrize(("rule", "dtype"), [*((rule, "float64") for rule in exportable.RULES), ("gelu", "float32"), ("elu", "float32")])
def test_every_activation(tmp_path, rule, dtype):
    net, path = exportable.network(rule, dtype, dropout=0.1), tmp_path / "net.json"
    limit = 1e-12 if dtype == "float64" else 1e-6
    assert pl.export_json(net, path).difference <= limit
    SCHEMA.validate(json.loads(path.read_text()))
    read = pl.load_json(path)
    assert (read.network.vector == net.vector).all()
    assert read.network.vector.dtype == dtype
    assert read.network.architecture.to_header() == net.architecture.to_header()
    assert in_javascript(path) <= limit * 10


@pytest.mark.parametrize(("output", "loss"), [*FIRST.values(), ("identity", "log(cosh(y_hat - y))")])
def test_every_loss(tmp_path, output, loss):
    """The loss and its derivative by their trees, against the record."""
    net, path = exportable.network("tanh", sizes=(3, 4, 3), output=output, loss=loss), tmp_path / "net.json"
    pl.export_json(net, path)
    content = json.loads(path.read_text())
    SCHEMA.validate(content)
    record, rng = net.architecture.loss, np.random.default_rng(0)
    values = {"y_hat": rng.uniform(0.1, 0.9, (5, 3)), "y": rng.uniform(0.1, 0.9, (5, 3))}
    np.testing.assert_allclose(value_of(content["loss"]["expression"], values), record.contribution(*values.values()), rtol=1e-12)
    np.testing.assert_allclose(value_of(content["loss"]["derivative"], values), record.slope(*values.values()), rtol=1e-12)
    last = net.architecture.activations[-1]
    z = rng.normal(size=(5, 3))
    tree = content["layers"][-1]["activation"]["derivative"]
    if tree is not None:
        found = value_of(tree, {"z": z, "a": last.forward(z)})
        np.testing.assert_allclose(np.broadcast_to(found, z.shape), last.derivative(z, last.forward(z)), rtol=1e-12)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(recipe=recipes())
def test_random_networks(tmp_path, recipe):
    net, X, Y, _, _ = build(recipe)
    if not tame(net, net.trace(X, Y)):
        return
    path = tmp_path / "net.json"
    pl.export_json(net, path, rows=X, force=True)
    assert (pl.load_json(path).network.vector == net.vector).all()


@pytest.mark.parametrize("name", exportable.MODELS)
def test_estimators_and_pipelines(tmp_path, name):
    model, rows = exportable.fitted()[name]
    path = tmp_path / "model.json"
    limit = exportable.limit(model)
    assert pl.export_json(model, path, rows=rows).difference <= limit
    assert pl.export_json(model, path, force=True).difference <= limit
    content = json.loads(path.read_text())
    SCHEMA.validate(content)
    assert in_javascript(path) <= limit * 10
    if hasattr(model, "classes_"):
        assert content["classes"] == np.asarray(model.classes_).tolist()


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_table_with_dates(tmp_path, task):
    model, frame, path = exportable.table_model(task), exportable.adult_like(), tmp_path / "table.json"
    assert pl.export_json(model, path, rows=frame).difference <= 1e-12
    SCHEMA.validate(json.loads(path.read_text()))
    assert in_javascript(path) <= 1e-12


def document_of(tmp_path):
    path = tmp_path / "net.json"
    pl.export_json(exportable.network("tanh"), path, force=True)
    return path, json.loads(path.read_text())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content.update(version=3), "of version 3, and this release reads 1 and 2"),
        (lambda content: content.update(version=2), "damaged"),
        (lambda content: content.update(format="other"), "another kind of document"),
        (lambda content: content.pop("layers"), "damaged"),
        (lambda content: content["layers"][0].update(n_units=10**9), "damaged"),
        (lambda content: content["layers"][0]["W"][0].append(1.0), "damaged"),
        (lambda content: content["layers"][0]["W"][0].__setitem__(0, 9.0), "The difference in the examples of the document is"),
        (lambda content: content["layers"][0]["b"].__setitem__(0, None), "damaged"),
        (lambda content: content["layers"][0]["activation"].update(name="rellu"), "did you mean 'relu'"),
        (lambda content: content["layers"][0]["activation"].update(expression=["no word", "z"]), "damaged"),
        (lambda content: content.update(dtype="float16"), "damaged"),
    ],
)
def test_a_changed_document_is_refused(tmp_path, change, told):
    path, content = document_of(tmp_path)
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises((pl.ModelFileError, pl.InputError), match=told):
        pl.load_json(path)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_document_ends_in_a_model_or_one_sentence(tmp_path, data):
    path = tmp_path / "net.json"
    if not path.exists():
        document_of(tmp_path)
        (tmp_path / "good").write_text(path.read_text())
    text = (tmp_path / "good").read_text()
    at = data.draw(st.integers(0, len(text) - 1))
    cut = data.draw(st.integers(0, 20))
    new = data.draw(st.sampled_from(["", "0", "9e99", '"', "[", "}", "null", "-", "NaN", "z"]))
    path.write_text(text[:at] + new + text[at + cut :])
    try:
        found = pl.load_json(path)
    except pl.PellucidError:
        return
    assert found.check() <= 1e-10


def test_what_is_no_document(tmp_path):
    path = tmp_path / "net.json"
    with pytest.raises(pl.ModelFileError, match=r"The document in .*net.json is not readable"):
        pl.load_json(path)
    for text, told in (("", "no JSON"), ("[1]", "another kind"), ("[" * 100_000, "no JSON"), ("\x00", "no JSON")):
        path.write_text(text)
        with pytest.raises(pl.ModelFileError, match=told):
            pl.load_json(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(pl.ModelFileError, match="not readable"):
        pl.load_json(path)


def test_a_wrong_tree_is_found_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.setitem(document.SIGNS, __import__("ast").Mult, "+")
    with pytest.raises((pl.ExportError, pl.ModelFileError), match="The difference"):
        pl.export_json(exportable.network("silu"), tmp_path / "net.json")
    assert list(tmp_path.iterdir()) == []


def test_refusals(tmp_path):
    net, path = exportable.network("tanh"), tmp_path / "net.json"
    with pytest.raises(pl.InputError, match="not fitted"):
        pl.export_json(exportable.regressor(), path)
    pl.export_json(net, path)
    with pytest.raises(pl.OutputError, match="there already"):
        pl.export_json(net, path)
    with pytest.raises(pl.OutputError, match="missing or no folder"):
        pl.export_json(net, tmp_path / "none" / "net.json")

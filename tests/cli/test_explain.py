"""pellucid explain: a row of a table, what the model makes of it, and all equations with their numbers."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

import one_blas_thread  # noqa: F401
import tables_of_people
from pellucid.cli.explanation import chosen
from pellucid.errors import InputError
from pellucid.estimators import MLPClassifier, MLPRegressor
from pellucid.glassbox.render.boxes import value_box
from pellucid.glassbox.render.numbers import grid
from pellucid.pipelines import TableModel, build_pipeline
from pellucid.tables import read_table

HOSTILE = "<b>petal & [red]length[/] | \x1b[31m"


def people(m: int = 60) -> pd.DataFrame:
    return tables_of_people.people(m, "%Y-%m-%d")


def trained(frame: pd.DataFrame, target: str, task: str, path: Path, **more) -> Path:
    X, y = frame.drop(columns=target), frame[target].to_numpy()
    y = y.astype(str) if y.dtype == object or y.dtype.kind not in "if" else y
    settings = {"hidden_layer_sizes": (3,), "solver": "lbfgs", "activation": "tanh", "random_state": 0, "max_iter": 30} | more
    estimator = (MLPClassifier if task == "classification" else MLPRegressor)(**settings)
    pipeline = build_pipeline(X, task, estimator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        pipeline.fit(X, y)
    TableModel(pipeline, target, task).save(path)
    return path


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A model of three classes, one of two in a table of all kinds of columns, one of a number."""
    folder = tmp_path_factory.mktemp("models")
    table = people()
    table.to_csv(folder / "people.csv", index=False)
    iris = read_table("iris").frame
    iris.rename(columns={"petal length (cm)": HOSTILE}).to_csv(folder / "hostile.csv", index=False)
    return {
        "iris": trained(iris, "target", "classification", folder / "iris.skops"),
        "people": trained(table, "paid", "classification", folder / "people.skops"),
        "age": trained(table, "age", "regression", folder / "age.skops"),
        "hostile": trained(iris.rename(columns={"petal length (cm)": HOSTILE}), "target", "classification", folder / "hostile.skops"),
        "people.csv": folder / "people.csv",
        "hostile.csv": folder / "hostile.csv",
    }


# ---------------------------------------------------------------------------------------------------- what is told


def test_a_row_of_iris_is_explained(pellucid, models):
    ended = pellucid("explain", models["iris"], "iris", "--row", 3)
    assert ended.code == 0
    assert ended.err == ""
    lines = [re.sub(r" +", " ", line).strip() for line in ended.out.splitlines()]
    model, frame = TableModel.load(models["iris"]), read_table("iris").frame
    x = model.prepare(frame.iloc[[2]])[0]
    shares = model.pipeline.predict_proba(frame.iloc[[2]])[0]
    assert lines[0].startswith("Row 3 of iris, explained: Forward and backward propagation of a 4-3-3 (tanh, softmax) network")
    for k, (name, value) in enumerate(zip(frame.columns[:4], x, strict=True)):
        assert f"x{'₁₂₃₄'[k]} {name} {frame[name][2]:g} {value:.4f}" in lines
    assert [line for line in lines if line.startswith("ŷ")] == [
        f"ŷ{'₁₂₃'[k]} probability of {k} {cell}" for k, (cell,) in enumerate(grid(shares[:, None]).cells)
    ]
    assert f"For row 3 the model predicts target = 0, with probability {shares[0]:.4f}; the table says 0, so it is right." in lines
    for heading in ("Forward: layer 1", "Cost", "Backward: layer 2", "Backward: layer 1", "Update"):
        assert heading in lines
    gradient = model.network.gradients(x[None], model.encode(frame["target"].to_numpy()[[2]]))["dW1"].T
    told = ended.out.partition("← dW^[1]")[2].partition("← db^[1]")[0]
    assert set(re.findall(r"-?\d+\.\d+", told)) >= set(re.findall(r"-?\d+\.\d+", "\n".join(value_box(grid(gradient)).lines)))


def test_columns_of_all_kinds_are_named(pellucid, models):
    out = pellucid("explain", models["people"], models["people.csv"], "--row", 8).out
    lines = [re.sub(r" +", " ", line).strip() for line in out.splitlines()]
    row = pd.read_csv(models["people.csv"]).iloc[7]
    assert any(line.startswith(f"x₁ age {row['age']} ") for line in lines)
    assert any(line.startswith("x₂ height missing ") for line in lines)
    assert any(re.match(rf"x₃ since \(day number\) {row['since']} ", line) for line in lines)
    assert any(re.match(r"x₉ height is missing missing ", line) for line in lines)
    x = TableModel.load(models["people"]).prepare(pd.read_csv(models["people.csv"]).iloc[[7]])[0]
    for k, meaning in enumerate(("job = cook", "job = judge", "job = nurse", "owner = True"), start=9):
        source = row["job"] if meaning.startswith("job") else row["owner"]
        assert re.search(rf"x\S+ {meaning} {source} {x[k]:.0f}(\.0000)?$", "\n".join(lines), re.MULTILINE)
    assert "a missing number is taken for the median" in " ".join(lines)
    assert not any("planet" in line for line in lines)


def test_a_regression_is_told_in_the_units_of_the_table(pellucid, models):
    out = " ".join(pellucid("explain", models["age"], models["people.csv"], "--row", 2).out.split())
    model, frame = TableModel.load(models["age"]), pd.read_csv(models["people.csv"])
    predicted = float(model.pipeline.predict(frame.iloc[[1]])[0])
    off = predicted - frame["age"][1]
    assert f"For row 2 the model predicts age = {predicted:.4f}; the table says {frame['age'][1]}, so it is off by {off:.4f}." in out
    assert "ŷ age, less its mean and divided by its standard deviation" in out


def test_several_rows_are_one_batch(pellucid, models):
    out = pellucid("explain", models["iris"], "iris", "--row", "1,52,101").out
    assert out.startswith("Rows 1, 52, 101 of iris, explained")
    assert "what it is row 1 prepared row 52 prepared row 101 prepared" in " ".join(out.split())
    assert "For row 101 the model predicts target = 2" in " ".join(out.split())
    assert "shape 4 × 3" in out


def test_of_many_rows_the_first_are_told(pellucid, models):
    out = " ".join(pellucid("explain", models["iris"], "iris", "--row", "1-150").out.split())
    assert out.startswith("Rows 1, 2, 3, 4 ... of iris, explained")
    assert "The first 4 of 150 rows are shown." in out
    assert "For row 5" not in out
    assert "shape 4 × 150" in out


def test_without_a_target_there_is_nothing_backward(pellucid, models):
    read_table("iris").frame.drop(columns="target").to_csv("new.csv", index=False)
    out = pellucid("explain", models["iris"], "new.csv", "--row", 3).out
    assert "The table has no target to compare with" in " ".join(out.split())
    assert "→ z^[1]" in out
    assert "ŷ = a^[2]" in out
    assert "Backward" not in out
    assert "Cost" not in out
    assert "← " not in out


def test_a_row_whose_target_is_missing_has_nothing_backward_either(pellucid, models):
    frame = pd.read_csv(models["people.csv"])
    frame.loc[2, "paid"] = None
    frame.to_csv("some.csv", index=False)
    assert "Backward" not in pellucid("explain", models["people"], "some.csv", "--row", 3).out
    assert "Backward" in pellucid("explain", models["people"], "some.csv", "--row", 4).out, "rows are counted as they stand in the table"


def test_the_update_is_that_of_the_optimizer_that_trained_it(pellucid, models, tmp_path):
    assert "L-BFGS has no formula for one parameter" in " ".join(pellucid("explain", models["iris"], "iris").out.split())
    path = trained(read_table("iris").frame, "target", "classification", tmp_path / "adam.skops", solver="adam", learning_rate_init=0.01)
    assert "Adam, first step: alpha = 0.01" in pellucid("explain", path, "iris").out


def test_of_a_large_layer_some_units_are_written_or_all(pellucid, models):
    read_table("digits").frame.head(40).to_csv("digits.csv", index=False)
    frame = pd.read_csv("digits.csv")
    path = trained(frame, "target", "classification", Path("digits.skops"), hidden_layer_sizes=(9,))
    some, all_of = (pellucid("explain", path, "digits.csv", "--form", "elementwise", *more).out for more in ((), ("--complete",)))
    assert "+ w₁,₃₀^[1] x₃₀ +" not in some
    assert "w₁,₃₀^[1] x₃₀" in all_of
    assert len(all_of) > 5 * len(some)


def test_form_convention_weight_and_precision(pellucid, models):
    elementwise = pellucid("explain", models["iris"], "iris", "--form", "elementwise").out
    assert "z₃^[1] = w₃₁^[1] x₁ + w₃₂^[1] x₂" in elementwise
    assert "Convention: rows." in pellucid("explain", models["iris"], "iris", "--convention", "rows").out
    story = pellucid("explain", models["iris"], "iris", "--weight", "W1,3,2").out
    assert "The story of w₃₂^[1]" in story
    assert "sepal width" in story
    model, frame = TableModel.load(models["iris"]), read_table("iris").frame
    first = model.prepare(frame.head(1))[0, 0]
    assert f"{first:.2f}" in pellucid("explain", models["iris"], "iris", "--precision", 2).out
    assert f"{first:.7f}" in pellucid("explain", models["iris"], "iris", "--precision", 7).out


# ---------------------------------------------------------------------------------------------------- where it goes


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("out.html", "<!DOCTYPE html>"),
        ("out.HTM", "<!DOCTYPE html>"),
        ("out.md", "# Row 3 of iris, explained"),
        ("out.tex", "\\documentclass"),
        ("out.txt", "Row 3 of iris, explained"),
    ],
)
def test_the_name_of_the_file_tells_what_is_written(pellucid, models, name, begins):
    ended = pellucid("explain", models["iris"], "iris", "--row", 3, "-o", name)
    text = Path(name).read_text(encoding="utf-8")
    assert text.startswith(begins)
    assert ended.out == f"the explanation is in {name} ({len(text.encode()):,} bytes)\n"


def test_what_is_written_may_be_said(pellucid, models):
    pellucid("explain", models["iris"], "iris", "--to", "md", "-o", "notes.page")
    assert Path("notes.page").read_text().startswith("# Row 1 of iris")
    assert pellucid("explain", models["iris"], "iris", "--to", "html").out.startswith("<!DOCTYPE html>")
    assert pellucid("explain", models["iris"], "iris", "--to", "tex").out.startswith("\\documentclass")


def test_a_file_is_replaced_only_when_told(pellucid, refused, models):
    Path("out.html").write_text("mine")
    assert refused("explain", models["iris"], "iris", "-o", "out.html") == (
        "The output file in out.html is there already, expected a new name: "
        "choose another name, or force it to be replaced (--force, force=True)."
    )
    assert Path("out.html").read_text() == "mine"
    assert pellucid("explain", models["iris"], "iris", "-o", "out.html", "--force").code == 0
    assert Path("out.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("to", ["text", "html", "md", "tex"])
def test_a_hostile_name_of_a_column_stays_a_name(pellucid, models, to):
    out = pellucid("explain", models["hostile"], models["hostile.csv"], "--to", to).out
    shown = {
        "text": "<b>petal & [red]length[/] | �[31m",
        "html": "&lt;b&gt;petal &amp; [red]length[/] | �[31m",
        "md": r"&lt;b&gt;petal &amp; \[red\]length\[/\] \| �\[31m",
        "tex": r"$<$b$>$petal \& {[}red{]}length{[}/{]} $|$ {[}U+FFFD{]}{[}31m",
    }[to]
    assert shown in out
    assert "\x1b" not in out
    assert "<b>" not in out or to == "text"


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("0", "--row in iris is 0, expected a row from 1 to 150: 1 is the first row below the heading."),
        ("151", "--row in iris is 151, expected a row from 1 to 150: 1 is the first row below the heading."),
        ("149-151", "--row in iris is 149-151, expected a row from 1 to 150: 1 is the first row below the heading."),
        ("5-2", "--row in iris is 5-2, expected a row from 1 to 150: 1 is the first row below the heading."),
        ("x", "--row in pellucid explain is 'x', expected the number of a row: e.g. 3, or 1,4, or 2-5."),
        ("-3", "--row in pellucid explain is '-3', expected the number of a row: e.g. 3, or 1,4, or 2-5."),
        ("1,,2", "--row in pellucid explain is '1,,2', expected the number of a row: e.g. 3, or 1,4, or 2-5."),
        ("1.5", "--row in pellucid explain is '1.5', expected the number of a row: e.g. 3, or 1,4, or 2-5."),
        ("9" * 20, f"--row in pellucid explain is '{'9' * 20}', expected the number of a row: e.g. 3, or 1,4, or 2-5."),
    ],
)
def test_rows_that_are_not_there(refused, models, row, told):
    assert refused("explain", models["iris"], "iris", f"--row={row}") == told


def test_rows_are_chosen():
    assert chosen("3", 5, "t") == [2]
    assert chosen(" 1, 4 ,2-3", 5, "t") == [0, 3, 1, 2]
    with pytest.raises(InputError):
        chosen("", 5, "t")


@pytest.mark.parametrize("weight", ["W1", "W1,a", ",3", "", "W1,3.5,2"])
def test_a_weight_that_is_no_weight(refused, models, weight):
    told = refused("explain", models["iris"], "iris", "--weight", weight)
    assert told == (
        f"--weight in pellucid explain is {weight!r}, expected a name and where it stands, e.g. W1,3,2 or b1,3: "
        "W1,3,2 joins input 2 to unit 3 of layer 1."
    )


@pytest.mark.parametrize("weight", ["W9,1,1", "W1,99,1", "V1,1,1", "W1,1"])
def test_a_weight_that_is_not_there(refused, models, weight):
    assert weight.split(",")[0] in refused("explain", models["iris"], "iris", "--weight", weight)


def test_a_name_that_does_not_tell_what_is_written(refused, models):
    assert refused("explain", models["iris"], "iris", "-o", "out.pdf") == (
        "The output file in pellucid explain is 'out.pdf', expected a name that ends in .txt, .text, .html, .htm, .tex, .md, .markdown: "
        "name it so, or say what it is by --to html, tex, md or text."
    )


def test_a_table_without_a_column_of_the_training(refused, models):
    Path("less.csv").write_text("a,b\n1,2\n")
    assert "without 'sepal length (cm)'" in refused("explain", models["iris"], "less.csv")


def test_a_label_that_training_did_not_have(refused, models):
    frame = pd.read_csv(models["people.csv"])
    frame.loc[0, "paid"] = "in kind"
    frame.to_csv("other.csv", index=False)
    assert "'in kind', expected one seen in training (badly, well)" in refused("explain", models["people"], "other.csv")


def test_options_of_another_kind_are_refused_by_the_command_line(pellucid, models):
    for option, value in (("--form", "diagonal"), ("--convention", "sideways"), ("--to", "pdf"), ("--precision", 99)):
        ended = pellucid("explain", models["iris"], "iris", option, value)
        assert ended.code == 2
        assert option in ended.err


def test_help_tells_how_rows_are_counted(pellucid):
    out = " ".join(pellucid("explain", "--help").out.replace("│", " ").split())
    assert "1 is the first below the heading" in out

"""The command line: what it does, what it prints, and how it ends, with good input and bad."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import one_blas_thread  # noqa: F401
import pellucid as pl
import tables_of_people
from pellucid.pipelines import TableModel
from pellucid.tables import read_table

QUICK = ("--epochs", "3", "--hidden", "4", "-q")


def people(m: int = 90) -> pd.DataFrame:
    frame = tables_of_people.people(m, "%d.%m.%Y")
    frame.insert(6, "empty", np.nan)
    frame.loc[3::10, "job"] = None
    return frame


@pytest.fixture(scope="module")
def iris_model(tmp_path_factory):
    """A model of iris, trained once by the command line itself."""
    path = tmp_path_factory.mktemp("models") / "iris.skops"
    command = [sys.executable, "-m", "pellucid.cli", "train", "iris", "--epochs", "60", "--learning-rate", "0.01", "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


# ---------------------------------------------------------------------------------------------------- the main road


@pytest.mark.parametrize(
    ("data", "rows", "told"),
    [
        ("iris", 150, "3 classes: 0, 1, 2"),
        ("digits", 1797, "10 classes: 0, 1, 2, 3, 4, 5 ..."),
        ("wine", 178, "3 classes: 0, 1, 2"),
        ("breast_cancer", 569, "2 classes: 0, 1"),
        ("diabetes", 442, "from 25 to 346"),
    ],
)
def test_train_evaluate_check_and_predict_on_every_shipped_data_set(data, rows, told, pellucid):
    trained = pellucid("train", data, "--epochs", 40, "--hidden", "8", "--learning-rate", 0.01, "-o", "m.skops")
    assert (trained.code, trained.err) == (0, "")
    n_test = round(0.2 * rows)
    assert f"of 'target' (recognised), {told}" in trained.out
    assert f"{rows - n_test:,} to train on, {n_test:,} to score on" in trained.out
    model = TableModel.load("m.skops")
    assert f"{model.network.architecture}, {model.network.n_parameters:,} parameters" in trained.out
    assert f"Scores on {n_test:,} rows" in trained.out
    assert f"Model     m.skops ({Path('m.skops').stat().st_size:,} bytes)" in trained.out

    evaluated = pellucid("evaluate", "m.skops", data)
    assert (evaluated.code, evaluated.err) == (0, "")
    assert ("R2" if data == "diabetes" else "accuracy") in evaluated.out
    ours, guess = score(evaluated.out, "R2" if data == "diabetes" else "accuracy")
    assert ours > guess + 0.2

    checked = pellucid("check", "m.skops", data, "--rows", 5, "--entries", 60)
    assert (checked.code, checked.err) == (0, "")
    assert "proved: largest relative error" in checked.out

    predicted = pellucid("predict", "m.skops", data, "-o", "p.csv")
    assert (predicted.code, predicted.err) == (0, "")
    assert predicted.out == f"{rows:,} predictions of 'target' are in p.csv\n"
    table = pd.read_csv("p.csv")
    assert (list(table.columns), len(table)) == (["target"], rows)


def score(out: str, name: str) -> list[float]:
    """The figures of a row of the table of scores."""
    row = next(line for line in out.splitlines() if line.startswith(f"│ {name} "))
    return [float(cell) for cell in row.strip("│").split("│")[1:]]


def test_the_scores_are_those_of_the_predictions_beside_a_guess(pellucid, iris_model):
    evaluated = pellucid("evaluate", iris_model, "iris").out
    pellucid("predict", iris_model, "iris", "-o", "p.csv", "--probabilities")
    table, y = pd.read_csv("p.csv"), read_table("iris").frame["target"]
    assert score(evaluated, "accuracy") == [round((table["target"] == y).mean(), 4), 0.3333]
    shares = table[["target=0", "target=1", "target=2"]].to_numpy()
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)
    assert score(evaluated, "log loss") == [round(-np.log(shares[np.arange(150), y]).mean(), 4), round(np.log(3), 4)]


@pytest.fixture(params=["csv", "parquet"])
def table_file(request):
    path = f"people.{request.param}"
    people().to_csv(path, index=False) if request.param == "csv" else people().to_parquet(path)
    return path


def test_a_table_with_columns_of_every_kind(table_file, pellucid):
    trained = pellucid("train", table_file, "--target", "paid", "--epochs", 150, "--learning-rate", 0.01, "-o", "m.skops")
    assert (trained.code, trained.err) == (0, "")
    assert "classification of 'paid' (recognised), 2 classes: badly, well" in trained.out
    assert "Columns   2 numeric, 2 category, 1 date, 2 ignored" in trained.out
    assert score(pellucid("evaluate", "m.skops", table_file).out, "accuracy")[0] > 0.85
    strange = people().drop(columns=["paid", "planet"]).iloc[::-1, ::-1].head(6)
    strange["job"] = ["astronaut", None, "cook", "cook", "?", "judge"]
    strange["owner"] = [None, "maybe", True, False, True, False]
    strange["age"] = [None, 20, 30, 40, 50, 60]
    strange["since"] = [None, "soon", "01.02.2020", "2020-02-01", "", "?"]
    strange.to_csv("strange.csv", index=False)
    predicted = pellucid("predict", "m.skops", "strange.csv", "-o", "p.csv", "--probabilities")
    assert (predicted.code, predicted.err) == (0, "")
    table = pd.read_csv("p.csv")
    assert list(table.columns) == ["paid", "paid=badly", "paid=well"]
    assert len(table) == 6
    assert set(table["paid"]) <= {"badly", "well"}
    np.testing.assert_allclose(table["paid=badly"] + table["paid=well"], 1, rtol=1e-12)


def test_rows_without_a_target_are_left_out_and_said(pellucid):
    frame = people()
    frame.loc[:9, "paid"] = None
    frame.to_csv("t.csv", index=False)
    out = pellucid("train", "t.csv", "--target", "paid", "--epochs", 2, "--hidden", 4).out
    assert "64 to train on, 16 to score on; 10 without a target left out" in out


def test_a_target_of_texts_booleans_or_dates_among_the_classes(pellucid):
    people().to_csv("t.csv", index=False)
    for target, classes in (("owner", "2 classes: False, True"), ("job", "3 classes: cook, judge, nurse")):
        out = pellucid("train", "t.csv", "--target", target, "--epochs", 2, "--hidden", 4, "-o", f"{target}.skops").out
        assert f"classification of '{target}' (recognised), {classes}" in out
        assert pellucid("evaluate", f"{target}.skops", "t.csv").code == 0


def test_the_task_can_be_forced_either_way(pellucid):
    told = pellucid("train", "iris", "--task", "regression", "--epochs", 3, "--hidden", 4, "-o", "r.skops")
    assert "regression of 'target' (as told), from 0 to 2" in told.out
    assert "root of the mean squared error" in told.out
    people().to_csv("t.csv", index=False)
    told = pellucid("train", "t.csv", "--target", "age", "--task", "classification", "--epochs", 3, "--hidden", 4, "-o", "c.skops")
    assert "classification of 'age' (as told)" in told.out
    told = pellucid("train", "t.csv", "--target", "age", "--epochs", 3, "--hidden", 4, "-o", "a.skops")
    assert "regression of 'age' (recognised), from 18 to 78" in told.out


def test_a_test_file_is_what_is_scored_on_and_nothing_is_held_out(pellucid):
    people().head(60).to_csv("train.csv", index=False)
    people().tail(30).to_csv("test.csv", index=False)
    out = pellucid("train", "train.csv", "--target", "paid", "--test", "test.csv", "--epochs", 2, "--hidden", 4, "-o", "m.skops").out
    assert "60 to train on, 30 to score on" in out
    assert "Scores on 30 rows" in out
    scored = score(out, "accuracy")[0]
    assert score(pellucid("evaluate", "m.skops", "test.csv").out, "accuracy")[0] == scored


def test_a_test_file_that_does_not_fit_is_refused_before_the_training(refused, monkeypatch):
    monkeypatch.setattr("pellucid.cli.train._fit", lambda *arguments: pytest.fail("it was trained"))
    Path("t.csv").write_text("a,b,y\n" + "".join(f"{k},{-k},{k % 2}\n" for k in range(40)))
    Path("other.csv").write_text("a,y\n1,0\n2,1\n")
    assert "The table in the data is without 'b'" in refused("train", "t.csv", "--target", "y", "--test", "other.csv")


def test_a_test_file_with_labels_of_another_type(pellucid, refused):
    rows = "".join(f"{k},{k % 2}\n" for k in range(40))
    Path("numbers.csv").write_text(f"a,y\n{rows}")
    Path("texts.csv").write_text(f"a,y\n{rows}5,z\n")
    ended = pellucid("train", "texts.csv", "--target", "y", "--test", "numbers.csv", "--epochs", 2, "--hidden", 4)
    assert (ended.code, ended.err) == (0, "")
    Path("model.skops").unlink()
    assert refused("train", "numbers.csv", "--target", "y", "--test", "texts.csv", *QUICK) == (
        "A label in texts.csv is 'z', expected numbers, as in training: correct the labels, or train again with them."
    )


def test_a_part_that_is_held_out_is_as_large_as_asked(pellucid):
    out = pellucid("train", "iris", "--test-fraction", 0.4, "--epochs", 2, "--hidden", 4).out
    assert "90 to train on, 60 to score on" in out


def test_the_options_reach_the_network(pellucid):
    pellucid(
        "train", "iris", "-q", "--hidden", "5,3", "--activation", "tanh,gelu", "--solver", "sgd", "--epochs", 2,
        "--learning-rate", 0.05, "--batch-size", 16, "--alpha", 0.01, "--dropout", 0.25, "--seed", 7, "-o", "m.skops",
    )  # fmt: skip
    settings = TableModel.load("m.skops").estimator.get_params()
    expected = {
        "hidden_layer_sizes": (5, 3), "activation": ["tanh", "gelu"], "solver": "sgd", "max_iter": 2, "learning_rate_init": 0.05,
        "batch_size": 16, "alpha": 0.01, "dropout": 0.25, "random_state": 7, "early_stopping": False,
    }  # fmt: skip
    assert {
        name: tuple(value) if name == "hidden_layer_sizes" else value for name, value in settings.items() if name in expected
    } == expected


def test_no_hidden_layer_is_logistic_regression(pellucid):
    assert "Network   4-3 (softmax)" in pellucid("train", "iris", "--hidden", "", "--epochs", 2).out


def test_lbfgs_is_trained_without_dropout(pellucid):
    assert pellucid("train", "iris", "-q", "--solver", "lbfgs", "--epochs", 30).code == 0
    assert TableModel.load("model.skops").estimator.dropout == 0


def test_large_tables_stop_early_unless_told_otherwise(pellucid, monkeypatch):
    monkeypatch.setattr("pellucid.cli.train.LARGE", 100)
    assert "best weights of epoch" in pellucid("train", "iris", "--epochs", 3, "-o", "a.skops").out
    assert "ended by: epochs" in pellucid("train", "iris", "--epochs", 3, "--no-early-stopping", "-o", "b.skops").out


def test_a_training_cut_short_by_its_epochs_is_told(pellucid):
    assert "it was still getting better when the epochs ran out: try more --epochs" in pellucid("train", "iris", "--epochs", 2).out


def test_what_the_table_holds_is_printed_as_it_is(pellucid):
    """Brackets are markup for rich: [b] would vanish, and [/b] would be an error."""
    labels = ["[b]", "[/b]", "a\\"]
    pd.DataFrame({"[red]x": np.arange(60.0), "[/y]": [labels[k % 3] for k in range(60)]}).to_csv("t.csv", index=False)
    ended = pellucid("train", "t.csv", "--target", "[/y]", "--epochs", 2, "-o", "[m].skops")
    assert (ended.code, ended.err) == (0, "")
    assert "classification of '[/y]' (recognised), 3 classes: [/b], [b], a\\\n" in ended.out
    assert "Model     [m].skops (" in ended.out
    ended = pellucid("predict", "[m].skops", "t.csv", "-o", "[p].csv")
    assert (ended.code, ended.out) == (0, "60 predictions of '[/y]' are in [p].csv\n")


def test_quiet_prints_nothing(pellucid):
    assert pellucid("train", "iris", *QUICK) == (0, "", "")
    assert Path("model.skops").exists()


def test_the_same_seed_gives_the_same_predictions_and_another_one_others(pellucid):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        pellucid("train", "wine", *QUICK, "--seed", seed, "-o", f"{name}.skops")
        pellucid("predict", f"{name}.skops", "wine", "-o", f"{name}.csv", "--probabilities")
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()
    assert Path("a.csv").read_bytes() != Path("c.csv").read_bytes()


def test_predict_needs_no_target_and_ignores_it_where_it_is(pellucid, iris_model):
    frame = read_table("iris").frame
    frame.assign(target="?").to_csv("with.csv", index=False)
    frame.drop(columns="target").to_csv("without.csv", index=False)
    for name in ("with", "without"):
        assert pellucid("predict", iris_model, f"{name}.csv", "-o", f"{name}-p.csv").code == 0
    assert Path("with-p.csv").read_bytes() == Path("without-p.csv").read_bytes()
    assert (pd.read_csv("with-p.csv")["target"] == frame["target"]).mean() > 0.9


def test_a_wrong_gradient_ends_check_with_exit_code_1(pellucid, iris_model, monkeypatch):
    from pellucid.glassbox import check

    right = check.backward

    def wrong(*arguments):
        found = right(*arguments)
        found.dW[0] *= 1.001
        return found

    monkeypatch.setattr(check, "backward", wrong)
    ended = pellucid("check", iris_model, "iris", "--rows", 4, "--entries", 40)
    assert ended.code == 1
    assert "WRONG: largest relative error" in ended.out
    assert ended.err == ""


# ---------------------------------------------------------------------------------------------------- help and usage


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize(
    ("command", "told"),
    [
        ((), "train, use, explain and check them"),
        (("train",), "Train a network on a table"),
        (("predict",), "Predict the target of every row"),
        (("evaluate",), "Score a model on a table"),
        (("check",), "Prove the gradients of a model"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_help(command, flag, told, pellucid):
    ended = pellucid(*command, flag)
    assert (ended.code, ended.err) == (0, "")
    assert told in ended.out
    assert "Usage:" in ended.out
    assert all(name in ended.out for name in (("train", "predict", "evaluate", "check") if not command else ("--help",)))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("teach",), "No such command 'teach'"),
        (("train",), "Missing argument"),
        (("predict", "m.skops", "iris"), "Missing option"),
        (("train", "iris", "--epochz", "3"), "No such option: --epochz"),
        (("train", "iris", "--epochs", "many"), "Invalid value for '--epochs'"),
        (("train", "iris", "--task", "clustering"), "'clustering' is not one of"),
        (("train", "iris", "--seed", "-1"), "Invalid value for '--seed'"),
        (("train", "iris", "--epochs", "0"), "Invalid value for '--epochs'"),
        (("train", "iris", "--batch-size", "0"), "Invalid value for '--batch-size'"),
        (("check", "m.skops", "iris", "--rows", "0"), "Invalid value for '--rows'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_told_with_exit_code_2(arguments, told, pellucid):
    ended = pellucid(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err
    assert "Traceback" not in ended.err
    assert list(Path().iterdir()) == []


def test_check_says_how_much_it_left_open(pellucid, iris_model, monkeypatch):
    """With all inputs and biases zero every hidden unit is at the kink of relu."""
    model = TableModel.load(iris_model)
    monkeypatch.setattr(TableModel, "prepare", lambda self, frame: np.zeros((len(frame), 4)))
    model.network.vector[...] = pl.Network([4, 64, 64, 3], ["relu", "relu", "softmax"]).vector
    model.save("kink.skops")
    ended = pellucid("check", "kink.skops", "iris", "--entries", 10)
    assert ended.code == 0
    assert re.search(r"proved: largest relative error \S+; \d+ of \d+ checks left open\n", ended.out)


# ---------------------------------------------------------------------------------------------------- bad input


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--hidden", "6x"), "--hidden in pellucid train is '6x', expected whole numbers with commas: e.g. --hidden 64,64."),
        (("--hidden", "0"), "hidden_layer_sizes must be > 0, got [0]."),
        (("--hidden", "8,-2"), "hidden_layer_sizes must be > 0, got [8, -2]."),
        (("--activation", "rellu"), "Unknown activation 'rellu': did you mean 'relu'? Known are identity, sigmoid"),
        (("--activation", "relu,tanh,relu"), "The number of activations in MLPClassifier is 3, expected 2, one for each hidden layer"),
        (("--solver", "newton"), "The 'solver' parameter of MLPClassifier must be a str among"),
        (("--solver", "lbfgs", "--dropout", "0.5"), "The optimizer in fit is LBFGS with dropout"),
        (
            ("--learning-rate", "-1"),
            "The 'learning_rate_init' parameter of MLPClassifier must be a float in the range (0.0, inf). Got -1.0",
        ),
        (
            ("--learning-rate", "nan"),
            "The 'learning_rate_init' parameter of MLPClassifier must be a float in the range (0.0, inf). Got nan",
        ),
        (("--alpha", "-1"), "The 'alpha' parameter of MLPClassifier must be a float in the range [0.0, inf). Got -1.0 instead."),
        (("--dropout", "2"), "The 'dropout' parameter of MLPClassifier must be a float in the range [0.0, 1.0)"),
        (("--test-fraction", "0"), "--test-fraction in a table of 150 rows is 0.0, expected a share between 0 and 1"),
        (("--test-fraction", "1.5"), "--test-fraction in a table of 150 rows is 1.5, expected a share between 0 and 1"),
        (("--test-fraction", "0.999"), "is 0.999, expected a share between 0 and 1 that leaves rows on both sides"),
        (("--target", ""), "Unknown column of iris '': Known are sepal length (cm)"),
        (("--target", "targt"), "Unknown column of iris 'targt': did you mean 'target'?"),
        (("--test", "absent.csv"), "The data in absent.csv is not there"),
        (("--test", "wine"), "expected the columns of the training: add them; they may be empty."),
        (
            ("-o", "absent/m.skops"),
            "The folder in absent/m.skops is missing or no folder, expected an existing folder: create absent",
        ),
        (("-o", "."), "The output path in . is a directory, expected the name of a file: add a file name."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_train_refuses_in_one_sentence(options, told, refused):
    assert told in refused("train", "iris", *([] if "--epochs" in options else ["--epochs", 2]), "-q", *options)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("absent.csv", None, "The data in absent.csv is not there, expected a CSV or Parquet file, or one of iris"),
        ("irsi", None, "Unknown file or data set 'irsi': did you mean 'iris'?"),
        ("empty.csv", "", "The data in empty.csv is empty"),
        ("header.csv", "a,y\n", "The data in header.csv is without rows"),
        ("broken.parquet", "a,y\n1,2\n", "The data in broken.parquet is damaged or of another kind"),
        ("twice.csv", "a,a,y\n1,2,3\n", "A column name in twice.csv is there twice ('a'), expected each name once"),
        ("one.csv", "a,y\n1,x\n2,x\n3,x\n4,x\n5,x\n6,x\n", "The column 'y' in one.csv is one class (x), expected at least two classes"),
        ("gone.csv", "a,y\n1,\n2,\n3,?\n", "The target in gone.csv is missing in every row of 'y'"),
        ("constant.csv", "a,y\n1,u\n1,v\n1,u\n1,v\n1,u\n1,v\n", "expected a column with different values"),
        ("short.csv", "a,y\n1,u\n", "--test-fraction in a table of 1 rows is 0.2"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value[-8:] else "",
)
def test_tables_that_cannot_be_trained_on(name, content, told, refused):
    if content is not None:
        Path(name).write_text(content)
    assert told in refused("train", name, "--target", "y", *QUICK)


def test_no_target_given(refused):
    Path("t.csv").write_text("a,b,c\n1,2,3\n4,5,6\n")
    assert refused("train", "t.csv") == (
        "--target in pellucid train is not given, expected the name of the column to predict: the columns are a, b, c."
    )


def test_text_where_a_regression_needs_numbers(refused):
    Path("t.csv").write_text("a,y\n1,2\n2,tall\n3,4\n")
    assert refused("train", "t.csv", "--target", "y", "--task", "regression") == (
        "The target in t.csv is 'tall' in row 1, expected finite numbers for regression, up to 1e+100: "
        "repair the value, or use --task classification."
    )


def test_a_training_that_diverges_is_told_and_saves_nothing(refused):
    message = refused("train", "diabetes", "--solver", "sgd", "--learning-rate", "1e300", "-q")
    assert message.startswith(
        "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed. "
        "The cost in epoch "
    )
    assert "learning rate 1e+300 is not finite, expected a finite number: the weights from before epoch" in message


def test_an_existing_file_is_kept_unless_forced(pellucid, refused, iris_model):
    for command in (("train", "iris", *QUICK), ("predict", iris_model, "iris")):
        Path("mine.csv").write_text("mine")
        assert refused(*command, "-o", "mine.csv") == (
            "The output file in mine.csv is there already, expected a new name: "
            "choose another name, or force it to be replaced (--force, force=True)."
        )
        assert Path("mine.csv").read_text() == "mine"
        assert pellucid(*command, "-o", "mine.csv", "--force").code == 0
        assert Path("mine.csv").read_bytes()[:4] != b"mine"


@pytest.mark.parametrize("command", [("predict", "-o", "p.csv"), ("evaluate",), ("check",)], ids=lambda command: command[0])
@pytest.mark.parametrize("kind", ["absent", "a table", "a directory", "cut off", "a flipped byte", "a bare network", "a pickle"])
def test_model_files_that_cannot_be_used(kind, command, refused, iris_model):
    path, whole = Path("m.skops"), iris_model.read_bytes()
    told, repair = "no model file of this library, or damaged", "train again, or check the path"
    if kind == "absent":
        told = "not readable (no such file or directory)"
    elif kind == "a table":
        path.write_text("a,b\n1,2\n")
    elif kind == "a directory":
        path.mkdir()
        told = "not readable (is a directory)"
    elif kind == "cut off":
        path.write_bytes(whole[: len(whole) // 2])
    elif kind == "a flipped byte":
        position = whole.index(b'"__class__"')
        path.write_bytes(whole[:position] + b"?" + whole[position + 1 :])
        told = "damaged in schema.json"
    elif kind == "a bare network":
        pl.Network([4, 3], activations=["softmax"], loss="cross_entropy", seed=0).save(path)
        told, repair = "of a Network, which knows no table", "use it in Python (pl.load), or by pellucid export"
    else:
        path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch hacked'\ntR.")
    name, *options = command
    assert refused(name, path, "iris", *options) == (
        f"The model file in m.skops is {told}, expected a file that pellucid train wrote: {repair}."
    )


def test_data_without_the_columns_of_the_model(refused, iris_model):
    expected = (
        "The table in the data is without 'sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)', "
        "expected the columns of the training: add them; they may be empty."
    )
    assert refused("predict", iris_model, "wine", "-o", "p.csv") == expected
    assert refused("evaluate", iris_model, "wine") == expected
    assert refused("check", iris_model, "wine") == expected


def test_evaluate_and_check_need_the_target_and_known_labels(refused, iris_model):
    frame = read_table("iris").frame
    frame.drop(columns="target").to_csv("without.csv", index=False)
    frame.assign(target=np.where(frame.index == 3, 7, frame["target"])).to_csv("new.csv", index=False)
    for command in ("evaluate", "check"):
        assert refused(command, iris_model, "without.csv").startswith("Unknown column of without.csv 'target': ")
        assert refused(command, iris_model, "new.csv") == (
            "A label in y in MLPClassifier is 7, expected one seen in training (0, 1, 2): correct the label, or train again with it."
        )


def test_text_where_numbers_were_trained(refused, iris_model):
    frame = read_table("iris").frame.astype(object)
    frame.iloc[2, 1] = "wide"
    frame.to_csv("t.csv", index=False)
    assert refused("predict", iris_model, "t.csv", "-o", "p.csv") == (
        "The column 'sepal width (cm)' in the data is 'wide' in row 2, expected finite numbers, as in training, up to 1e+100: "
        "repair the value or leave it empty."
    )


def test_probabilities_of_a_regression(pellucid, refused):
    pellucid("train", "diabetes", *QUICK, "-o", "r.skops")
    assert refused("predict", "r.skops", "diabetes", "-o", "p.csv", "--probabilities") == (
        "--probabilities in predict is asked of a regression, expected classes: leave it out."
    )


def test_predict_into_a_folder_that_is_not_there(refused, iris_model):
    assert "create absent first" in refused("predict", iris_model, "iris", "-o", "absent/p.csv")


# ---------------------------------------------------------------------------------------------------- unforeseen ends


def test_what_nobody_foresaw_ends_in_one_line_and_exit_code_1(pellucid, monkeypatch):
    def fail(*arguments):
        raise RuntimeError("the moon is full")

    monkeypatch.setattr("pellucid.tables.read_table", fail)
    ended = pellucid("train", "iris")
    assert ended.code == 1
    assert ended.err == "pellucid: unforeseen RuntimeError: the moon is full (set PELLUCID_DEBUG=1 to see where)\n"
    monkeypatch.setenv("PELLUCID_DEBUG", "1")
    with pytest.raises(RuntimeError, match="the moon is full"):
        pellucid("train", "iris")


def test_a_network_too_large_for_the_machine_is_told_in_one_sentence(pellucid):
    ended = pellucid("train", "iris", "-q", "--hidden", 10**12)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err == (
        "pellucid: The memory in this machine is too small, expected enough for all parameters and rows: ask for fewer of them.\n"
    )


def test_ctrl_c_outside_of_training_ends_with_130(pellucid, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("pellucid.tables.read_table", interrupt)
    ended = pellucid("train", "iris")
    assert (ended.code, ended.out) == (130, "")
    assert "Traceback" not in ended.err
    assert list(Path().iterdir()) == []


INTERRUPTED = """
import sys
from pellucid import cli
from pellucid.training.callbacks import Interrupt
enter = Interrupt.__enter__
def entered(self):
    armed = enter(self)
    print("armed", flush=True)
    return armed
Interrupt.__enter__ = entered
sys.argv = ["pellucid", "train", "digits", "--epochs", "1000000", "--learning-rate", "1e-5", "--batch-size", sys.argv[1]]
cli.main()
"""


# One row a step: the signal comes within the first epoch. A hundred: some epochs pass before it is seen, or none.
@pytest.mark.usefixtures("usual_ctrl_c")
@pytest.mark.parametrize("batch_size", ["1", "100"])
def test_ctrl_c_in_training_keeps_and_saves_the_model(batch_size, pellucid):
    command = [sys.executable, "-c", INTERRUPTED, batch_size]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert "armed\n" in iter(process.stdout.readline, "")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert "Training was interrupted after" in out
    assert "ended by: interrupt" in out
    assert pellucid("evaluate", "model.skops", "digits").code == 0


# ---------------------------------------------------------------------------------------------------- as a process of its own


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pellucid.cli", *map(str, arguments)], capture_output=True, text=True, check=False)


def test_as_a_process_good_input_goes_to_stdout_and_bad_to_stderr(iris_model):
    good = process("predict", iris_model, "iris", "-o", "p.csv")
    assert (good.returncode, good.stdout, good.stderr) == (0, "150 predictions of 'target' are in p.csv\n", "")
    bad = process("predict", iris_model, "irris", "-o", "p2.csv")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr == (
        "pellucid: Unknown file or data set 'irris': did you mean 'iris'? Known are iris, digits, wine, breast_cancer, diabetes.\n"
    )


def test_the_console_script_is_there():
    script = Path(sys.executable).parent / "pellucid"
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Usage: pellucid" in done.stdout


def test_help_imports_nothing_heavier_than_numpy():
    code = """
import sys
from pellucid import cli
sys.argv = ["pellucid", "--help"]
try:
    cli.main()
except SystemExit:
    pass
print(sorted({"scipy", "pandas", "sklearn", "skops", "matplotlib"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_reader_that_stops_reading_is_no_error():
    """As in ``pellucid train iris | head -1``."""
    command = [sys.executable, "-m", "pellucid.cli", "train", "iris", "--epochs", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        running.stdout.close()
        err = running.stderr.read()
    assert running.returncode == 1
    assert "Traceback" not in err

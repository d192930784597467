"""pellucid export."""

from __future__ import annotations

from pathlib import Path

import pytest

import pellucid as pl
from sanitized import build, run


@pytest.fixture
def model(pellucid):
    assert pellucid("train", "iris", "--epochs", 5, "--quiet").code == 0
    return "model.skops"


def test_a_trained_table_goes_to_c_and_predicts_there(pellucid, model):
    ended = pellucid("export", model, "--to", "c", "--name", "iris", "--data", "iris", "--with-training")
    assert ended.code == 0
    assert "C99, float, with training: iris.h, iris.c, iris_main.c" in ended.out
    assert "Verified against the model on 150 rows (compiled by" in ended.out
    assert "The gradient differs by" in ended.out
    from pellucid.pipelines import TableModel
    from pellucid.tables import read_table

    frame = read_table("iris").frame
    expected = TableModel.load(model).pipeline.predict(frame)
    program = build(Path(), "iris", flags=["-O1"]).resolve()
    assert run(program, *frame.iloc[60, :4]).strip().rsplit(",", 1)[1] == str(expected[60])


def test_eight_bits_say_what_they_cost(pellucid, model):
    ended = pellucid("export", model, "--to", "c", "--quantized", "--data", "iris")
    assert ended.code == 0
    assert "the accuracy is" in ended.out


def test_a_network_from_its_file(pellucid):
    pl.Network([3, 4, 1], seed=0).save("net.safetensors")
    Path("out").mkdir()
    ended = pellucid("export", "net.safetensors", "--to", "c", "-o", "out", "--dtype", "double")
    assert ended.code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == ["model.c", "model.h", "model_main.c"]


def test_an_estimator_from_its_file(pellucid):
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    pl.MLPClassifier((4,), solver="lbfgs", max_iter=500, tol=1, random_state=0).fit(X, y).save("net.safetensors")
    ended = pellucid("export", "net.safetensors", "--to", "c", "--data", "iris", "--quantized")
    assert ended.code == 0
    assert "on 150 rows" in ended.out
    assert "the accuracy is" in ended.out


@pytest.mark.parametrize(
    ("to", "option", "only"),
    [
        ("onnx", ["--quantized"], "c"),
        ("json", ["--with-training"], "c"),
        ("numpy", ["--dtype", "double"], "c"),
        ("c", ["--opset", "17"], "onnx"),
        ("json", ["--convention", "rows"], "numpy"),
        ("numpy", ["--convention", "columns", "--opset", "17"], "onnx"),
    ],
    ids=str,
)
def test_an_option_of_another_form_is_not_passed_over(refused, to, option, only):
    pl.Network([3, 4, 1], seed=0).save("net.safetensors")
    named = option[-2] if "--opset" in option else option[0]
    assert refused("export", "net.safetensors", "--to", to, *option) == (
        f"{named} in pellucid export --to {to} is given, expected only with --to {only}: leave it out, or choose the other form."
    )


def test_a_table_with_texts_for_a_network(refused):
    pl.Network([2, 4, 1], seed=0).save("net.safetensors")
    Path("people.csv").write_text("age,job\n3,cook\n4,judge\n")
    assert refused("export", "net.safetensors", "--to", "json", "--data", "people.csv") == (
        "The column 'job' in people.csv is not numeric, expected numbers in the first 2 columns, the inputs of the network: "
        "choose another table."
    )


def test_ensembles_are_trained_exported_and_used(pellucid, refused):
    trained = pellucid("train", "wine", "--preset", "--members", 2, "--epochs", 3)
    assert trained.code == 0
    assert "Network   the mean of 2 of 13-64-64-3 (silu, silu, softmax), 10,502 parameters" in trained.out
    for to, told in (("c", "C99, float"), ("onnx", "ONNX"), ("numpy", "NumPy"), ("json", "JSON")):
        ended = pellucid("export", "model.skops", "--to", to, "--data", "wine")
        assert ended.code == 0
        assert ended.out.startswith(told)
        assert "Verified against the model on 178 rows" in ended.out
    assert pellucid("evaluate", "model.skops", "wine").code == 0
    assert pellucid("predict", "model.skops", "wine", "-o", "p.csv", "--probabilities").code == 0
    assert Path("p.csv").read_text().startswith("target,target=0,target=1,target=2\n")
    assert "an ensemble of 2 networks, expected one network, where training" in refused(
        "export", "model.skops", "--to", "c", "--with-training", "--force"
    )
    for command in ("explain", "check", "health"):
        assert "is an ensemble of 2 networks, expected a single network" in refused(command, "model.skops", "wine")


def test_members_with_settings_of_ones_own(pellucid):
    ended = pellucid("train", "diabetes", "--members", 3, "--hidden", 5, "--epochs", 2)
    assert "the mean of 3 of 10-5-1 (relu, identity), 183 parameters" in ended.out
    assert "Scores" in ended.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--preset", "--hidden", "3"], "--hidden in pellucid train is given beside --preset, expected one of the two, since the preset"),
        (["--members", "2", "--checkpoint", "c"], "--checkpoint in pellucid train is given for 2 networks, expected a single network"),
    ],
)
def test_options_that_do_not_go_together(refused, options, told):
    assert refused("train", "iris", *options).startswith(told)


def test_what_cannot_be_exported_is_refused(refused):
    assert refused("export", "none.skops", "--to", "c").startswith("The model file in none.skops is not readable")
    pl.Network([3, 1]).save("net.safetensors")
    told = refused("export", "net.safetensors", "--to", "c", "--name", "my-net")
    assert told.startswith("The name in export_c is 'my-net', expected a C identifier")
    assert "which does not exist" in refused("export", "net.safetensors", "--to", "c", "-o", "nowhere")
    Path("rows.csv").write_text("a,b\n1,2\n")
    assert "of 2 columns, expected at least 3" in refused("export", "net.safetensors", "--to", "c", "--data", "rows.csv")

"""The examples run, and show what they say."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def test_every_example_is_run_here():
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"accuracy.py", "demo.py", "pictures.py", "vanishing_gradients.py"}


def test_ten_sigmoid_layers_make_the_first_gradient_vanish_and_relus_do_not(capsys):
    module = runpy.run_path(str(EXAMPLES / "vanishing_gradients.py"))
    sigmoid, relu = (module["gradient_norms"](name) for name in ("sigmoid", "relu"))
    assert len(sigmoid) == len(relu) == 11
    assert relu[0] > 1e4 * sigmoid[0] > 0
    assert sigmoid[-1] > 1e4 * sigmoid[0]
    module["main"]()
    lines = capsys.readouterr().out.splitlines()
    assert float(lines[1].split()[1]) == pytest.approx(sigmoid[0], rel=1e-3)
    assert lines[12].strip().startswith("Gradient health on 569 rows")
    assert "Tried for 20 epochs: relu instead of sigmoid helps" in " ".join(" ".join(lines).split())
    assert lines[-2].startswith("Vanishing since layer 5: sigmoid. ")


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("MPLBACKEND", "Agg")


def test_the_demo_trains_proves_saves_over_an_earlier_run_and_draws(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "demo-output").mkdir()
    (tmp_path / "demo-output" / "digits.safetensors").write_text("of an earlier run")
    runpy.run_path(str(EXAMPLES / "demo.py"), run_name="__main__")
    out = capsys.readouterr().out
    assert float(re.search(r"accuracy (\d\.\d+) on 450 digits", out)[1]) > 0.95
    assert float(re.search(r"proved: largest relative error (\S+)", out)[1]) <= 1e-5
    assert "WRONG" not in out
    assert "predictions are the same: True" in out
    assert {path.name for path in (tmp_path / "demo-output").iterdir()} == {"digits.safetensors", "loss.png"}
    assert (tmp_path / "demo-output" / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in tmp_path.iterdir()] == ["demo-output"]


def test_the_accuracy_table_shows_the_same_numbers_and_what_the_preset_adds(capsys):
    module = runpy.run_path(str(EXAMPLES / "accuracy.py"))
    module["main"](["--folds", "3", "--data", "wine", "diabetes"])
    out = capsys.readouterr().out
    assert "3 folds, 1 times" in out
    found = {}
    for line in out.splitlines():
        cells = [cell.strip() for cell in line.strip("│").split("│")]
        if len(cells) == 8:
            found[cells[0]] = [cells[1], *(float(cell.split(" ± ")[0]) for cell in cells[2:])]
    assert {name: row[0] for name, row in found.items()} == {"wine": "accuracy", "diabetes": "R2"}
    for row in found.values():
        assert row[1] == pytest.approx(row[2], abs=2e-3)
        assert row[3] == pytest.approx(row[4], abs=2e-3)
        assert row[5] > row[1]
    assert found["wine"][5] > 0.95
    assert found["diabetes"][5] > 0.45


@pytest.mark.parametrize(
    ("given", "told"), [(["--folds", "1"], "--folds must be at least 2"), (["--repeats", "0"], "--repeats at least 1")]
)
def test_the_accuracy_table_refuses_no_folds(given, told, capsys):
    module = runpy.run_path(str(EXAMPLES / "accuracy.py"))
    with pytest.raises(SystemExit) as stop:
        module["main"](given)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


def test_the_pictures_of_the_front_page_are_drawn_and_those_that_are_shown_are_there(tmp_path, capsys):
    module = runpy.run_path(str(EXAMPLES / "pictures.py"))
    module["main"](["--folder", str(tmp_path)])
    drawn = {path.name for path in tmp_path.iterdir()}
    assert drawn == {path.name for path in (EXAMPLES.parent / "docs" / "images").glob("*.svg")} == {"derivation.svg", "speed.svg"}
    assert all("<svg" in (tmp_path / name).read_text(encoding="utf-8")[:600] for name in drawn)


def test_the_speed_table_of_the_front_page_is_that_of_the_benchmarks():
    rows = runpy.run_path(str(EXAMPLES / "pictures.py"))["speeds"]()
    readme = (EXAMPLES.parent / "README.md").read_text(encoding="utf-8")
    assert len(rows) == 7
    for name, (ours, ratios) in rows.items():
        network, batch = name.split(", batch ")
        cells = re.search(rf"^\| {network} \| {batch} \| (.*) \|$", readme, re.MULTILINE)[1].split(" | ")
        assert cells[0] == ours
        for cell, ratio in zip(cells[1:4], ratios.values(), strict=True):
            assert float(cell) == pytest.approx(ratio, abs=0.0501 if "." in cell else 0.501)

"""pellucid export: ONNX, NumPy and JSON."""

import subprocess
import sys
from pathlib import Path

import onnx
import pytest

import exportable
import pellucid as pl


@pytest.fixture
def model(in_an_empty_folder_on_a_wide_terminal):
    exportable.table_model("classification").save("model.skops")
    exportable.adult_like().to_csv("rows.csv", index=False)
    exportable.network("tanh").save("net.safetensors")
    return "model.skops"


@pytest.mark.parametrize(("to", "file"), [("onnx", "model.onnx"), ("numpy", "model.py"), ("json", "model.json")])
def test_a_table_model_is_written_and_compared(pellucid, model, to, file):
    done = pellucid("export", model, "--to", to, "--data", "rows.csv")
    assert done.code == 0, done.err
    assert file in done.out
    assert "Verified against the model on 300 rows" in done.out
    assert pellucid("export", model, "--to", to, "--output", "other").code == 0
    again = pellucid("export", model, "--to", to)
    assert again.code == 2
    assert again.err.startswith(f"pellucid: The output file in {file} is there already")
    assert pellucid("export", model, "--to", to, "--force").code == 0


def test_a_network_that_was_saved(pellucid, model):
    for to in ("onnx", "numpy", "json"):
        assert pellucid("export", "net.safetensors", "--to", to, "--name", "net").code == 0
    assert subprocess.run([sys.executable, "net.py"], capture_output=True).returncode == 0
    assert pl.load_json("net.json").network.n_parameters == exportable.network("tanh").n_parameters


def test_the_opset_and_the_convention(pellucid, model):
    assert pellucid("export", model, "--to", "onnx", "--opset", 15).code == 0
    assert onnx.load("model.onnx").opset_import[0].version == 15
    refused = pellucid("export", model, "--to", "onnx", "--opset", 99, "--force")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("pellucid: The opset in the ONNX export is 99, expected a whole number from 13 to 22")
    assert pellucid("export", model, "--to", "numpy", "--convention", "rows").code == 0
    assert "Samples are rows." in Path("model.py").read_text()

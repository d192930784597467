"""pellucid review: the equations of a sheet, for a model and a table."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SHEET = """# a net with one hidden layer
z^{[1]} = W^{[1]} x + b^{[1]}
dZ2 = A2 - Y
db2 = np.sum(dZ2, axis=1, keepdims=True) / m
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A small model of iris."""
    path = tmp_path_factory.mktemp("models") / "iris.skops"
    command = [sys.executable, "-m", "pellucid.cli", "train", "iris", "--epochs", "3", "--hidden", "4", "-q", "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


def test_a_right_sheet(pellucid, model):
    Path("sheet.txt").write_text(SHEET)
    ended = pellucid("review", "sheet.txt", model, "iris")
    assert (ended.code, ended.err) == (0, "")
    assert "Review of a sheet" in ended.out
    assert ended.out.rstrip().endswith("right: Every line is right.")


def test_a_wrong_sheet_ends_with_code_1_and_says_where_to_begin(pellucid, model):
    Path("sheet.txt").write_text(SHEET.replace("A2 - Y", "Y - A2"))
    ended = pellucid("review", "sheet.txt", model, "iris", "--rows", 10)
    assert (ended.code, ended.err) == (1, "")
    assert "WRONG: Begin with line 3: wrong sign." in ended.out
    assert "consequence" in ended.out


def test_the_convention_is_an_option(pellucid, model):
    Path("sheet.txt").write_text("Z1 = X @ W1 + b1\n")
    ended = pellucid("review", "sheet.txt", model, "iris", "--convention", "rows")
    assert ended.code == 0
    assert "right: Every line is right." in ended.out
    assert "other convention" in pellucid("review", "sheet.txt", model, "iris").out


def test_brackets_in_a_line_are_no_markup(pellucid, model):
    Path("sheet.txt").write_text("Z[1] = W[1].X + b[1]\nZ[bold] = 1\n")
    ended = pellucid("review", "sheet.txt", model, "iris")
    assert "Z[1] = W[1].X + b[1]" in ended.out
    assert "Z[bold] = 1" in ended.out
    assert ended.code == 1


def test_bad_input(refused, model, tmp_path):
    Path("sheet.txt").write_text("Z1 = W1 @ X + b1\n")
    Path("empty.txt").write_text("\n# nothing\n")
    Path("binary.txt").write_bytes(b"\xff\xfe\x00\x81")
    Path("large.txt").write_text("x" * 1_000_001)
    assert "no file (none.txt), expected a text file" in refused("review", "none.txt", model, "iris")
    assert "is no text in UTF-8" in refused("review", "binary.txt", model, "iris")
    assert "1,000,001 bytes, expected at most 1,000,000" in refused("review", "large.txt", model, "iris")
    assert "The sheet in review_sheet is empty" in refused("review", "empty.txt", model, "iris")
    assert "expected one of columns, rows" in refused("review", "sheet.txt", model, "iris", "--convention", "cols")
    assert "none.skops" in refused("review", "sheet.txt", "none.skops", "iris")

"""pellucid check --gradients: a review of gradients from a file, and files that are none."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

import one_blas_thread  # noqa: F401
from pellucid.pipelines import TableModel
from pellucid.tables import read_table


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trapped",)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model of iris."""
    path = tmp_path_factory.mktemp("models") / "iris.skops"
    command = [sys.executable, "-m", "pellucid.cli", "train", "iris", "-q", "--epochs", "3", "--hidden", "5", "-o", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.fixture
def mine(trained):
    """The model as m.skops, and the gradients of its network over the first 20 rows as a user would compute them (columns)."""
    shutil.copy(trained, "m.skops")
    model, frame = TableModel.load("m.skops"), read_table("iris").frame
    X, y = model.prepare(frame.drop(columns="target").head(20)), model.encode(frame["target"].to_numpy()[:20])
    trace = model.network.trace(X, y)
    return {name: np.asarray(trace[name]) for name in trace if name.startswith("d")}


def test_right_gradients_pass(pellucid, mine):
    np.savez("mine.npz", **mine)
    ended = pellucid("check", "m.skops", "iris", "--rows", 20, "--gradients", "mine.npz")
    assert (ended.code, ended.err) == (0, "")
    assert "Review of the gradients: nothing is wrong" in ended.out
    assert ended.out.splitlines()[-1] == "nothing is wrong"


def test_a_wrong_gradient_is_named_and_ends_with_exit_code_1(pellucid, mine):
    np.savez("mine.npz", dW2=mine["dW2"].T, db2=mine["db2"][:, 0], dW1=-mine["dW1"].T, db1=mine["db1"][:, 0])
    ended = pellucid("check", "m.skops", "iris", "--rows", 20, "--gradients", "mine.npz", "--convention", "rows")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.splitlines()[-1] == "WRONG: the first mistake is in dW1, wrong sign"


def test_the_gradients_of_other_rows_are_wrong(pellucid, mine):
    np.savez("mine.npz", **mine)
    refused = pellucid("check", "m.skops", "iris", "--rows", 19, "--gradients", "mine.npz")
    assert refused.code == 2, "dz has 20 columns"
    assert "which fits neither convention, expected (3, 19) in the columns convention" in refused.err
    np.savez("mine.npz", dW2=mine["dW2"])
    assert pellucid("check", "m.skops", "iris", "--rows", 19, "--gradients", "mine.npz").code == 1


def test_the_other_convention_is_told(pellucid, mine):
    np.savez("mine.npz", **{name: value.T for name, value in mine.items()})
    ended = pellucid("check", "m.skops", "iris", "--rows", 20, "--gradients", "mine.npz")
    assert ended.code == 1
    assert "Every array is laid out as in the rows convention and right in it: pass convention='rows'." in ended.out


def test_the_help_says_which_rows_and_which_layout(pellucid):
    told = " ".join(pellucid("check", "--help").out.replace("│", " ").split())
    assert "the first --rows rows of DATA" in told
    assert "dW1 is units x inputs" in told


def archive(**members):
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for name, data in members.items():
            packed.writestr(name.replace("_npy", ".npy"), data)
    return written.getvalue()


def npy(array):
    written = io.BytesIO()
    np.save(written, array, allow_pickle=True)
    return written.getvalue()


GOOD = npy(np.ones((3, 5)))
HUGE = GOOD.replace(b"(3, 5), }" + b" " * 12, b"(300000000, 50000), }")
HOSTILE = {
    "nothing at all": b"",
    "text": b"dW1,db1\n1,2\n",
    "a pickle": pickle.dumps({"dW1": Trap()}),
    "an npy file": GOOD,
    "half a file": archive(dW1_npy=GOOD)[:-40],
    "another kind of file in it": archive(readme="hello"),
    "a pickle in it": archive(dW1_npy=pickle.dumps(Trap())),
    "an array of objects": archive(dW1_npy=npy(np.array([Trap()], dtype=object))),
    "a damaged array": archive(dW1_npy=GOOD[:90]),
    "an array cut off": archive(dW1_npy=GOOD[:-8]),
    "an array that says it is huge": archive(dW1_npy=HUGE),
    "an array with a nonsense header": archive(dW1_npy=GOOD.replace(b"'fortran_order'", b"'fortran_orde'*9")),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_end_in_one_sentence(refused, mine, data):
    assert HUGE != GOOD
    Path("mine.npz").write_bytes(data)
    told = refused("check", "m.skops", "iris", "--gradients", "mine.npz")
    assert told.startswith("The file of gradients in mine.npz is ")
    assert told.endswith("expected an npz file with arrays of numbers: write it with numpy.savez(path, dW1=..., db1=...).")
    assert not Path("trapped").exists()


def test_damage_within_an_array_is_found(refused, mine):
    data = bytearray(archive(dW1_npy=GOOD))
    data[data.index(np.float64(1).tobytes())] ^= 1
    Path("mine.npz").write_bytes(bytes(data))
    assert "is no npz file, or damaged" in refused("check", "m.skops", "iris", "--gradients", "mine.npz")


def test_a_file_that_unpacks_to_too_much_is_refused_unread(refused, mine, monkeypatch):
    monkeypatch.setattr("pellucid.cli.npz.MOST", 100)
    np.savez("mine.npz", **mine)
    assert "bytes when unpacked" in refused("check", "m.skops", "iris", "--gradients", "mine.npz")


def test_missing_files_and_folders(refused, mine):
    assert "is not readable (" in refused("check", "m.skops", "iris", "--gradients", "missing.npz")
    assert "is not readable (" in refused("check", "m.skops", "iris", "--gradients", ".")


def test_what_the_arrays_hold_is_checked_like_anything_else(refused, mine):
    for arrays, told in (
        ({"dW9": np.ones(3)}, "Unknown gradient 'dW9': did you mean 'dW2'?"),
        ({"dW1": np.full((5, 4), np.nan)}, "The gradient dW1 in the claimed gradients is not a number (NaN) at index (0, 0)"),
        ({"dW1": np.array(["one"])}, "The gradient dW1 in the data is not an array of real numbers"),
        ({"dW1": np.ones((2, 9))}, "The shape of dW1 in the claimed gradients is (2, 9), which fits neither convention"),
        ({}, "The number of arrays in the claimed gradients is 0"),
    ):
        np.savez("mine.npz", **arrays)
        assert told in refused("check", "m.skops", "iris", "--gradients", "mine.npz")

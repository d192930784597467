"""``pellucid train --checkpoint``: a process that was killed is gone on with to the same bits, and Ctrl-C says how."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pellucid.pipelines import TableModel
from pellucid.training.checkpoints import Checkpoints

SETTINGS = ("--quiet", "--hidden", "16", "--batch-size", "20", "--seed", "3", "--learning-rate", "0.0001")


@pytest.fixture
def table():
    """A file with numbers, texts, days and holes."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=600), "weight": rng.normal(size=600), "job": rng.choice(["cook", "judge", "smith"], 600)})
    frame["since"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 600), unit="D")
    frame["pay"] = (1000 * frame["size"] * frame["weight"] + 300 * (frame["job"] == "cook")).round(2)
    frame["rich"] = np.where(frame["pay"] > 200, "yes", "no")
    frame.loc[::9, "size"] = np.nan
    frame.to_csv("people.csv", index=False)
    return "people.csv"


def vector(path):
    return TableModel.load(path).network.vector


def killed(times, *arguments):
    """Run the command in a process of its own and kill it once it has written a checkpoint; so many times."""
    for _ in range(times):
        before = Path("run.ckpt").stat().st_mtime_ns if Path("run.ckpt").exists() else 0
        running = subprocess.Popen([sys.executable, "-m", "pellucid.cli", *arguments], stderr=subprocess.PIPE)
        while running.poll() is None and (not Path("run.ckpt").exists() or Path("run.ckpt").stat().st_mtime_ns == before):
            time.sleep(0.01)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL, running.stderr.read()
        running.stderr.close()


@pytest.mark.parametrize("force", [[], ["--force"]], ids=str)
def test_the_checkpoint_is_not_where_the_model_goes(refused, table, force):
    """Else the model would be refused after the training, or written over the checkpoint."""
    assert refused("train", table, "--target", "pay", "-o", "pay.skops", "--checkpoint", "./pay.skops", *force) == (
        "--checkpoint in pellucid train is ./pay.skops, as --output, expected another file: name it e.g. run.ckpt."
    )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(("target", "times"), [("pay", 1), ("rich", 1 if os.environ.get("CI") else 2)])
def test_a_killed_process_is_gone_on_with_to_the_same_bits(pellucid, table, target, times):
    drop = "rich" if target == "pay" else "pay"
    pd.read_csv(table).drop(columns=drop).to_csv(table, index=False)
    common = ("train", table, "--target", target, "--epochs", "400", *SETTINGS)
    saving = ("--checkpoint", "run.ckpt", "--every", "0.02 s", "--resume")
    killed(times, *common, *saving, "-o", "run.skops")
    assert not Path("run.skops").exists()
    assert pellucid(*common, *saving, "-o", "run.skops").code == 0
    assert pellucid(*common, "-o", "whole.skops").code == 0
    np.testing.assert_array_equal(vector("run.skops"), vector("whole.skops"))


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_says_how_to_go_on_and_that_goes_on(pellucid, table, monkeypatch):
    common = ("train", table, "--target", "rich", "--epochs", "30", *SETTINGS[1:])
    write, written = Checkpoints.write, []

    def write_and_press(self, snapshot, epoch):
        write(self, snapshot, epoch)
        written.append(epoch)
        if len(written) == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Checkpoints, "write", write_and_press)
    ended = pellucid(*common, "--checkpoint", "run.ckpt", "--every", "5")
    monkeypatch.setattr(Checkpoints, "write", write)
    assert ended.code == 0
    assert "State     run.ckpt, every 5 epochs\n" in ended.out
    assert "Training was interrupted after 10 whole epochs; the model keeps what it learned." in ended.out
    told = next(text for text in ended.out.splitlines() if "to go on: " in text).partition("to go on: ")[2]
    assert told.endswith("--checkpoint run.ckpt --every 5 --resume --force")
    again = pellucid(*shlex.split(told)[1:])
    assert again.code == 0
    assert "run.ckpt, every 5 epochs; goes on after epoch 10" in again.out
    assert "30 epochs" in again.out
    assert pellucid(*common, "-o", "whole.skops").code == 0
    np.testing.assert_array_equal(vector("model.skops"), vector("whole.skops"))


def test_a_state_that_is_not_there_yet_begins_anew(pellucid, table):
    ended = pellucid("train", table, "--target", "rich", "--solver", "lbfgs", "--epochs", "3", "--checkpoint", "run.ckpt", "--resume")
    assert "run.ckpt, every 50 epochs; it is not there yet, so the training begins anew" in ended.out
    assert Path("run.ckpt").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--resume"], "--resume in pellucid train is given alone, expected together with --checkpoint: add e.g. --checkpoint run.ckpt."),
        (["--every", "3"], "--every in pellucid train is given alone, expected together with --checkpoint"),
        (["--checkpoint", "c", "--every", "never"], "Every in fit is 'never', expected a number of epochs, or a time"),
        (["--checkpoint", "c", "--every", "0"], "Every in fit is 0, expected a number of epochs, or a time"),
        (["--checkpoint", "no/c"], "The folder in no/c is missing or no folder"),
        (["--checkpoint", "people.csv"], "The checkpoint in people.csv is there already"),
        (["--checkpoint", "people.csv", "--resume"], "The checkpoint in people.csv is"),
    ],
)  # fmt: skip
def test_impossible_wishes(refused, table, options, told):
    assert refused("train", table, "--target", "rich", "--quiet", *options).startswith(told)


def test_another_width_of_the_data(pellucid, table):
    assert pellucid("train", table, "--target", "rich", "--epochs", "2", *SETTINGS, "--checkpoint", "c").code == 0
    pd.read_csv(table).assign(more=range(600)).to_csv(table, index=False)
    ended = pellucid("train", table, "--target", "rich", "--epochs", "4", *SETTINGS, "--checkpoint", "c", "--resume", "-o", "other")
    assert ended.code == 2
    assert "The checkpoint in c is of data of another width: " in ended.err
    assert "prepare the data as in the training that wrote it, or begin anew" in ended.err

"""The progress bar: what a terminal shows, and that nothing else is written to."""

from __future__ import annotations

import io
import re
import time

import numpy as np
import pytest

import pellucid as pl
from pellucid.training.display import display


class Terminal(io.StringIO):
    def isatty(self):
        return True


def as_terminal(monkeypatch, columns=120):
    """Make standard error a terminal of so many columns; what comes back tells what it shows, without colours and cursor moves."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    return lambda: re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


def train(progress=True, validation=None, **kwargs):
    X = np.random.default_rng(0).normal(size=(10, 2))
    net = pl.Network([2, 1])
    return net.fit(X, X.sum(axis=1), epochs=7, progress=progress, validation=validation, **kwargs)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_terminal_shows_epoch_loss_and_time(monkeypatch, optimizer):
    terminal = as_terminal(monkeypatch)
    history = train(optimizer=optimizer)
    last = [line for line in re.split(r"[\r\n]+", terminal()) if line.strip()][-1]
    assert last.startswith(f"epoch {history.n_epochs}/7 ")
    assert f"loss {history['loss'][-1]:.4g} " in last
    assert re.search(r"left (0:00:0\d|-:--:--)$", last.rstrip())
    assert "validation" not in last


def test_a_terminal_shows_the_validation_figures_too(monkeypatch):
    terminal = as_terminal(monkeypatch)
    history = train(validation=0.3)
    last = [line for line in re.split(r"[\r\n]+", terminal()) if line.strip()][-1]
    assert f" validation {history['validation_loss'][-1]:.4g} r2 {history['validation_r2'][-1]:.4g} " in last


def test_a_terminal_of_80_columns_shows_a_bar_all_figures_and_the_time_left(monkeypatch):
    terminal = as_terminal(monkeypatch, columns=80)
    with display(True, 1000) as show:
        show(999, {"loss": 0.30421, "learning_rate": 0.001, "validation_loss": 0.29381, "validation_accuracy": 0.86491})
    last = [line for line in re.split(r"[\r\n]+", terminal()) if line.strip()][-1].rstrip()
    assert re.fullmatch(r"epoch 999/1000 [━╸╺]{3,} loss 0\.3042 validation 0\.2938 accuracy 0\.8649 left (0:00:0\d|-:--:--)", last)


def test_the_time_left_is_estimated_from_the_epochs_done(monkeypatch):
    """A tenth of 100 epochs in a fifth of a second leaves about two seconds."""
    terminal = as_terminal(monkeypatch)
    with display(True, 100) as show:
        for epoch in range(11):
            show(epoch, {"loss": 0.5})
            time.sleep(0.02)
        time.sleep(0.15)
        in_between = terminal()
    assert re.findall(r"epoch 10/100 .*loss 0\.5 .*left 0:00:0[1-9]", in_between)


def test_a_part_of_an_epoch_moves_the_bar_but_not_the_count(monkeypatch):
    terminal = as_terminal(monkeypatch)
    with display(True, 2) as show:
        show(1.75, {"loss": 0.25})
    assert re.search(r"epoch 1/2 .*loss 0\.25", terminal())
    assert "epoch 2/2" not in terminal()


def test_it_is_quiet_where_standard_error_is_no_terminal(capfd):
    train()
    assert capfd.readouterr() == ("", "")


def test_it_is_quiet_on_a_terminal_when_not_wanted(monkeypatch):
    terminal = as_terminal(monkeypatch)
    train(progress=False)
    assert terminal() == ""


def test_the_bar_leaves_standard_output_alone(monkeypatch, capsys):
    terminal = as_terminal(monkeypatch)
    train()
    assert capsys.readouterr().out == ""
    assert "loss" in terminal()


def test_the_bar_does_not_change_the_training(monkeypatch):
    as_terminal(monkeypatch)
    assert train(progress=True)["loss"] == train(progress=False)["loss"]

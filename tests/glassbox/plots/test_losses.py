"""The loss curves: what is in the picture, without looking at it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.figure import Figure

import pellucid as pl
from pellucid.glassbox.plots import loss_curves


@pytest.fixture
def axes():
    return Figure().add_subplot()


def lines(axes):
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}


def test_losses_are_drawn_over_the_epochs_from_one(axes):
    assert loss_curves({"loss": [3.0, 2.0, 1.0], "validation_loss": [4.0, 3.0, 3.5]}, axes) is axes
    assert lines(axes) == {"loss": ([1, 2, 3], [3.0, 2.0, 1.0]), "validation loss": ([1, 2, 3], [4.0, 3.0, 3.5])}
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title(), axes.get_yscale()) == ("epoch", "loss", "Training", "log")
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["loss", "validation loss"]


@pytest.mark.parametrize("values", [[1.0, 0.0], [1.0, -2.0]])
@pytest.mark.parametrize("name", ["loss", "validation_loss"])
def test_a_logarithm_is_not_taken_of_what_has_none(axes, values, name):
    assert loss_curves({"loss": [1.0, 2.0], name: values}, axes).get_yscale() == "linear"


def test_a_history_of_a_training_shows_the_epoch_whose_weights_were_kept(axes):
    rng = np.random.default_rng(0)
    net = pl.Network([2, 20, 1], seed=1)
    stop = pl.EarlyStopping(patience=2)
    history = net.fit(rng.normal(size=(30, 2)), rng.normal(size=30), validation=0.5, early_stopping=stop, epochs=300, progress=False)
    assert history.best_epoch is not None
    loss_curves(history, axes)
    found = lines(axes)
    assert list(found) == ["loss", "validation loss", f"best weights (epoch {history.best_epoch})"]
    assert found["loss"] == (list(range(1, history.n_epochs + 1)), history["loss"])
    assert found["validation loss"][1] == history["validation_loss"]
    assert found[f"best weights (epoch {history.best_epoch})"][0] == [history.best_epoch] * 2


def test_it_makes_axes_of_its_own_and_never_shows_them():
    code = (
        "import matplotlib; matplotlib.use('agg')\n"
        "from matplotlib import pyplot\n"
        "def show(*args, **options): raise SystemExit('shown')\n"
        "pyplot.show = show\n"
        "from pellucid.glassbox.plots import loss_curves\n"
        "assert loss_curves({'loss': [1.0, 0.5]}).figure in map(pyplot.figure, pyplot.get_fignums())\n"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True).stderr == ""


def test_it_can_be_saved(axes, tmp_path):
    loss_curves({"loss": [2.0, 1.0]}, axes).figure.savefig(tmp_path / "loss.png")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")

"""The picture of the health over the epochs: what is in it."""

from __future__ import annotations

import subprocess
import sys

import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

import pellucid as pl
from pellucid.glassbox.health.measures import MEASURES
from pellucid.glassbox.plots import health_over_epochs


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


@pytest.fixture(scope="module")
def recorded(iris):
    net, recorder = pl.Network([4, 8, 8, 8, 3], ["sigmoid"] * 3 + ["softmax"], seed=0), pl.HealthRecorder(*iris, every=2)
    net.parameters["W2"][...] *= 0.05
    net.fit(*iris, optimizer=pl.Adam(0.01), epochs=20, batch_size=30, callbacks=[recorder])
    return recorder


def test_sigmoids_that_vanish_at_first_are_seen_to_recover(recorded):
    assert recorded.verdicts[0] == "vanishing since layer 1: sigmoid, weights too small"
    assert recorded.verdicts[-1] == "healthy"


def test_a_line_for_each_layer_and_red_ground_where_something_was_wrong(recorded):
    ax = Figure().add_subplot()
    assert health_over_epochs(recorded, ax=ax) is ax
    lines = {line.get_label(): line for line in ax.get_lines()}
    for layer in recorded.reports[0].layers:
        line = lines[f"layer {layer.index} ({layer.activation})"]
        assert_array_equal(line.get_xdata(), recorded.epochs)
        assert_array_equal(line.get_ydata(), recorded["product"][:, layer.index - 1])
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels.count("vanishing") == 1
    sick = sum(not report.healthy for report in recorded.reports)
    assert len(ax.patches) == sick > 0
    assert ax.patches[0].get_x() == 0
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "epoch")
    assert 1e-3 in [line.get_ydata()[0] for line in ax.get_lines() if line.get_label().startswith("_")]


@pytest.mark.parametrize("measure", [*MEASURES, "change"])
def test_every_measure_can_be_drawn(recorded, measure, tmp_path):
    ax = health_over_epochs(recorded, measure, Figure().add_subplot())
    assert ax.get_ylabel()
    assert ax.get_yscale() == ("linear" if measure in ("saturated", "dead") else "log")
    ax.figure.savefig(tmp_path / "x.png")


def test_nothing_recorded_and_unknown_measures_are_refused(recorded, iris):
    with pytest.raises(pl.InputError, match="The recorder in health_over_epochs is empty, expected one that a training has filled: hand"):
        health_over_epochs(pl.HealthRecorder(*iris), ax=Figure().add_subplot())
    with pytest.raises(pl.UnknownNameError, match="Unknown measure 'nonsense'"):
        health_over_epochs(recorded, "nonsense", Figure().add_subplot())


def test_it_makes_axes_of_its_own_and_never_shows_them():
    code = (
        "import matplotlib; matplotlib.use('agg')\n"
        "from matplotlib import pyplot\n"
        "def show(*args, **options): raise SystemExit('shown')\n"
        "pyplot.show = show\n"
        "import pellucid as pl\n"
        "from pellucid.glassbox.plots import health_over_epochs\n"
        "recorder = pl.HealthRecorder([[0, 1]], [1])\n"
        "pl.Network([2, 3, 1]).fit([[0, 1]], [1], epochs=2, callbacks=[recorder], engine='reference')\n"
        "assert health_over_epochs(recorder).figure in map(pyplot.figure, pyplot.get_fignums())\n"
    )
    assert subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True).stderr == ""

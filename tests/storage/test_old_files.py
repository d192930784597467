"""Files of older formats stay readable: one of each kind and version lies in tests/data, written by the release of its time."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import pellucid as pl
from pellucid.pipelines import TableModel
from pellucid.training import checkpoints

DATA = Path(__file__).parent.parent / "data"
X = (np.arange(120).reshape(40, 3) * 7919 % 101) / 50 - 1
Y = (X[:, 0] * X[:, 1] > 0).astype(float)
VECTOR = [0.06732440950397114, 0.2913847880535035, 0.1386279531835131]


def frame():
    days = [f"20{10 + row % 12}-0{1 + row % 9}-1{row % 10}" for row in range(40)]
    found = pd.DataFrame({"size": X[:, 0], "job": np.where(X[:, 1] > 0, "cook", "judge"), "since": days})
    found.loc[::7, "size"] = np.nan
    return found


def test_a_network_of_version_1():
    net = pl.load(DATA / "network-1.safetensors")
    assert repr(net) == "Network([3, 4, 2], activations=['x * sigmoid(x)', 'softmax'], loss='cross_entropy')"
    assert (net.seed, net.dtype, net.architecture.l2, net.architecture.dropout) == (7, np.float32, 0.125, (0.25,))
    expected = [[0.4720523, 0.5279477], [0.4303884, 0.5696117], [0.4303686, 0.5696315]]
    assert_allclose(net.predict(X)[:3], expected, rtol=1e-5)
    assert net.history.n_epochs == 5
    assert net.history.epochs == [1, 2, 3, 4, 5]
    assert "validation_loss" in net.history


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("version", [1, 2])
def test_pipelines(kind, version):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Trying to unpickle estimator")  # of another scikit-learn
        model = TableModel.load(DATA / f"{kind}-{version}.skops")
    assert (model.target, model.task) == ("y", kind)
    if kind == "regression":
        assert_allclose(model.pipeline.predict(frame())[:3], [-45.70831535, -53.26929854, -56.54832846], rtol=1e-6)
    else:
        assert_array_equal(model.pipeline.predict(frame())[:6], ["no"] * 6)
        assert_allclose(model.network.vector[:3], VECTOR, rtol=1e-6)
    assert len(model.estimator.loss_curve_) == model.estimator.n_iter_
    assert model.estimator.get_params()["activation"] == ["x * sigmoid(x)", "relu"]


def test_networks_and_estimators_of_version_2():
    net = pl.load(DATA / "network-2.safetensors")
    assert_array_equal(net.vector, pl.load(DATA / "network-1.safetensors").vector)
    model = pl.load(DATA / "estimator-2.safetensors")
    assert isinstance(model, pl.MLPClassifier)
    assert_array_equal(model.classes_, ["no", "yes"])
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    assert model.solver == pl.AdamW(pl.WarmUp(0.1, then=pl.CosineDecay(0.1)))
    assert_allclose(
        model.predict_proba(pd.DataFrame(X, columns=["a", "b", "c"]))[:2, 0], [0.37301455591909694, 0.16528485448634345], rtol=1e-5
    )


class Remembers(pl.Callback):
    def __init__(self):
        self.state_then = None

    def restore(self, state):
        self.state_then = state


@pytest.mark.parametrize("version", [1, 2])
def test_the_checkpoint_of_a_network(version):
    callback = Remembers()
    net = pl.Network([3, 5, 1], ["tanh", "sigmoid"], seed=3, dropout=0.2)
    settings = {"optimizer": pl.Adam(pl.Adaptive(0.1)), "epochs": 12, "batch_size": 7, "validation": (X[:9], Y[:9])}
    stopping = {"early_stopping": pl.EarlyStopping(50)}
    history = net.fit(X, Y, resume=DATA / f"network-{version}.ckpt", callbacks=[callback], **settings, **stopping)
    assert history.n_epochs == 12
    assert callback.state_then["seen"] == 3
    assert_array_equal(callback.state_then["array"], [0.0, 1.0, 2.0])
    whole = pl.Network([3, 5, 1], ["tanh", "sigmoid"], seed=3, dropout=0.2)
    again = whole.fit(X, Y, callbacks=[Remembers()], **settings, **stopping)
    assert_allclose(net.vector, whole.vector, rtol=1e-9)  # the file may be of another machine
    assert_allclose(history["loss"], again["loss"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("version", [1, 2])
def test_the_checkpoint_of_an_estimator(version):
    def make():
        settings = {"batch_size": 8, "max_iter": 12, "early_stopping": True, "validation_fraction": 0.2}
        return pl.MLPClassifier(5, random_state=2, callbacks=[Remembers()], **settings)

    model = make().fit(X, Y.astype(int), resume=DATA / f"estimator-{version}.ckpt")
    whole = make().fit(X, Y.astype(int))
    assert_allclose(model.network_.vector, whole.network_.vector, rtol=1e-9)
    assert model.n_iter_ == whole.n_iter_


def test_a_checkpoint_of_another_version_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.storage.VERSION", 3)
    net = pl.Network([3, 1])
    net.fit(X, Y, epochs=2, checkpoint=tmp_path / "run.ckpt")
    monkeypatch.undo()
    with pytest.raises(pl.ModelFileError) as told:
        net.fit(X, Y, epochs=4, resume=tmp_path / "run.ckpt")
    assert str(told.value) == (
        f"The checkpoint in {tmp_path / 'run.ckpt'} is of format version 3, and this release reads versions 1 and 2, "
        "expected a file that fit(checkpoint=...) wrote: begin the training anew, or check the path."
    )


def test_every_file_is_looked_at():
    assert sorted(path.name for path in DATA.iterdir()) == sorted(
        [f"{kind}-{version}.skops" for kind in ("classification", "regression") for version in (1, 2)]
        + [f"{kind}-{version}.ckpt" for kind in ("network", "estimator") for version in (1, 2)]
        + ["network-1.safetensors", "network-2.safetensors", "estimator-2.safetensors"]
    )
    assert checkpoints.read(DATA / "network-1.ckpt").facts["epoch"] == 4

"""The callback that records the health of the gradients."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

import pellucid as pl
from pellucid.glassbox.health.measures import MEASURES


@pytest.fixture(scope="module")
def iris():
    X, y = load_iris(return_X_y=True)
    return scale(X), y


def network(depth=2, rule="tanh"):
    return pl.Network([4] + [8] * depth + [3], [rule] * depth + ["softmax"], seed=0)


def test_it_notes_what_gradient_health_says_at_that_moment(iris):
    net, recorder, by_hand = network(), pl.HealthRecorder(*iris, every=2), []
    by_hand.append(pl.gradient_health(net, *iris, optimizer="adam"))
    net.fit(*iris, epochs=5, callbacks=[recorder, lambda _: by_hand.append(pl.gradient_health(net, *iris))])
    assert recorder.epochs == [0, 2, 4]
    for report, expected in zip(recorder.reports, (by_hand[0], by_hand[2], by_hand[4]), strict=True):
        assert repr(report.layers) == repr(expected.layers)
        assert report.step == expected.step
    for name in MEASURES:
        assert recorder[name].shape == (3, 3)
    assert_array_equal(recorder["gradient_norm"][1], [layer.gradient_norm for layer in by_hand[2].layers])
    assert repr(recorder) == "HealthRecorder(3 notes; last: healthy)"


def test_change_is_what_the_training_did(iris):
    net, recorder = network(), pl.HealthRecorder(*iris)
    weights = [net.parameters["W2"].copy()]
    net.fit(*iris, epochs=3, callbacks=[recorder, lambda _: weights.append(net.parameters["W2"].copy())])
    assert np.isnan(recorder["change"][0]).all()
    expected = [np.linalg.norm(b - a) / np.linalg.norm(a) for a, b in pairwise(weights)]
    assert_allclose(recorder["change"][1:, 1], expected, rtol=1e-9)


def test_it_does_not_disturb_the_training_and_starts_anew_with_the_next(iris):
    watched, plain, recorder = network(), network(), pl.HealthRecorder(*iris)
    watched.fit(*iris, epochs=3, batch_size=20, callbacks=[recorder])
    plain.fit(*iris, epochs=3, batch_size=20)
    assert_array_equal(watched.vector, plain.vector)
    watched.fit(*iris, epochs=2, callbacks=[recorder])
    assert recorder.epochs == [0, 1, 2]


def test_it_records_an_estimator(iris):
    model = pl.MLPClassifier(5, max_iter=3, tol=10, n_iter_no_change=1, random_state=0)
    recorder = pl.HealthRecorder(*iris)
    model.set_params(callbacks=[recorder]).fit(*iris)
    assert recorder.epochs == [0, *range(1, model.n_iter_ + 1)]
    assert recorder["dead"].shape == (len(recorder.epochs), 2)


def test_a_resumed_training_is_recorded_from_there_on(iris, tmp_path):
    recorder, at = pl.HealthRecorder(*iris, every=2), tmp_path / "c"
    network().fit(*iris, epochs=5, checkpoint=at, callbacks=[recorder])
    assert recorder.epochs == [0, 2, 4]
    network().fit(*iris, epochs=9, checkpoint=at, resume=True, callbacks=[recorder])
    assert recorder.epochs == [6, 8]
    assert np.isnan(recorder["change"][0]).all()


def test_it_need_not_be_asked_but_when_a_note_is_due(iris):
    recorder = pl.HealthRecorder(*iris, every=10)
    recorder.on_train_begin(network())
    assert recorder.due_in() == 10
    network().fit(*iris, epochs=25, callbacks=[recorder, lambda moment: None])
    assert (recorder.epochs, recorder.due_in()) == ([0, 10, 20], 5)


def test_it_records_l_bfgs_and_sample_weights(iris):
    recorder = pl.HealthRecorder(*iris, sample_weight=np.arange(150))
    net = network()
    expected = pl.gradient_health(net, *iris, sample_weight=np.arange(150))
    net.fit(*iris, optimizer="lbfgs", epochs=2, callbacks=[recorder])
    assert recorder.reports[0].layers[0].gradient_norm == expected.layers[0].gradient_norm
    assert np.isnan(recorder["update_ratio"]).all()


def test_what_does_not_fit_is_refused(iris):
    with pytest.raises(pl.InputError, match="Every in HealthRecorder is 0, expected a whole number of at least 1: "):
        pl.HealthRecorder(*iris, every=0)
    with pytest.raises(pl.ShapeError, match=r"The shape of X in the data is \(150, 2\), expected \(m, 4\): "):
        network().fit(*iris, epochs=2, callbacks=[pl.HealthRecorder(iris[0][:, :2], iris[1])])
    with pytest.raises(pl.UnknownNameError, match="Unknown measure 'gradient': did you mean 'gradient_norm'"):
        pl.HealthRecorder(*iris)["gradient"]

"""Metrics, validation sets and the split, which keeps the share of each class."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.model_selection import train_test_split

import pellucid as pl
from pellucid.engines import reference, steps
from pellucid.training import evaluation
from pellucid.training.evaluation import accuracy, r2, split


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_accuracy_of_one_output_counts_at_one_half():
    y, y_hat = np.array([[1.0], [0], [1], [0]]), np.array([[0.5], [0.49], [0.2], [0.9]])
    assert accuracy(y, y_hat) == 0.5


def test_accuracy_of_several_classes_takes_the_largest_output(rng):
    labels, scores = rng.integers(0, 4, 200), rng.random((200, 4))
    assert accuracy(np.eye(4)[labels], scores) == accuracy_score(labels, scores.argmax(axis=1))


def test_accuracy_of_several_labels_asks_for_all_of_them(rng):
    y, y_hat = (rng.random((200, 3)) > 0.4).astype(float), rng.random((200, 3))
    assert accuracy(y, y_hat) == accuracy_score(y, y_hat >= 0.5)


def test_r2_agrees_with_scikit_learn(rng):
    y, y_hat = rng.normal(size=(50, 3)), rng.normal(size=(50, 3))
    assert_allclose(r2(y, y_hat), r2_score(y, y_hat), rtol=1e-13)


def test_r2_is_0_for_an_output_that_never_varies():
    y = np.array([[1.0, 1.0], [1.0, 2.0]])
    assert r2(y, y) == 0.5
    assert r2(y[:, :1], y[:, :1] + 3) == 0


def fit(net, X, y, **kwargs):
    return net.fit(X, y, epochs=2, progress=False, **kwargs)


@pytest.mark.parametrize("chunk", [1, 3, 7, 4096])
def test_the_validation_columns_are_those_of_the_network_at_the_end_of_the_epoch(rng, monkeypatch, chunk):
    """validation_loss is the data part of J: no L2 in it, sample weights in it; its metrics are named in the history."""
    monkeypatch.setattr(evaluation, "CHUNK", chunk)
    X, labels, s = rng.normal(size=(7, 2)), np.array([0, 1, 2, 0, 1, 2, 2]), rng.random(7)
    net = pl.Network([2, 3, 3], activations=["tanh", "softmax"], l2=5.0)
    history = fit(net, rng.normal(size=(9, 2)), rng.integers(0, 3, 9), validation=(X, labels, s))
    p = net.predict(X)
    assert_allclose(history["validation_loss"][-1], log_loss(labels, p, sample_weight=s, labels=[0, 1, 2]), rtol=1e-12)
    assert history["validation_accuracy"][-1] == accuracy_score(labels, p.argmax(axis=1))
    assert list(history) == ["loss", "learning_rate", "gradient_norm", "validation_loss", "validation_accuracy", "seconds"]


def test_a_regression_has_r2(rng):
    X, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    net = pl.Network([2, 3, 1])
    history = fit(net, X, y, validation=(X, y))
    assert_allclose(history["validation_r2"][-1], r2_score(y, net.predict(X)[:, 0]), rtol=1e-12)
    assert_allclose(history["validation_loss"][-1], net.loss(X, y), rtol=1e-12)


def test_metrics_of_ones_own_and_none_at_all(rng):
    X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
    net = pl.Network([2, 1])
    own = fit(net, X, y, validation=(X, y), metrics={"worst": lambda y, y_hat: abs(y - y_hat).max()})
    assert own["validation_worst"][-1] == abs(y[:, None] - net.predict(X)).max()
    assert "validation_r2" not in own
    assert [name for name in fit(net, X, y, validation=(X, y), metrics=[]) if name.startswith("validation")] == ["validation_loss"]
    both = fit(net, X, y, validation=(X, y), metrics=["r2", "accuracy"])
    assert {"validation_r2", "validation_accuracy"} <= set(both)
    assert "validation_r2" in fit(net, X, y, validation=(X, y), metrics="r2")
    assert not [name for name in fit(net, X, y, metrics=["r2"]) if name.startswith("validation")]


@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    fraction=st.floats(0.05, 0.95),
    seed=st.integers(0, 1000),
)
def test_a_stratified_split_keeps_the_share_of_each_class(counts, fraction, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))
    m = len(labels)
    n_held = round(m * fraction)
    if not 0 < n_held < m:
        return
    Y = np.eye(len(counts))[labels] if len(counts) > 2 else labels[:, None].astype(float)
    kept, held = split(Y, fraction, True, np.random.default_rng(seed))
    assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(m))
    assert len(held) == n_held
    wanted = np.array(counts) * n_held / m
    assert (abs(np.bincount(labels[held], minlength=len(counts)) - wanted) < 1).all()


@given(m=st.integers(2, 60), fraction=st.floats(0.05, 0.95), seed=st.integers(0, 1000))
def test_a_plain_split_takes_the_share_that_was_asked_for(m, fraction, seed):
    if not 0 < round(m * fraction) < m:
        return
    kept, held = split(np.zeros((m, 1)), fraction, False, np.random.default_rng(seed))
    assert_array_equal(np.sort(np.concatenate([kept, held])), np.arange(m))
    assert len(held) == round(m * fraction)


def test_largest_remainders_get_the_last_places_as_in_scikit_learn():
    """Where no two remainders are equal the sizes are those of train_test_split(stratify=...)."""
    labels = np.repeat([0, 1, 2], [50, 37, 14])
    _, held = split(np.eye(3)[labels], 0.25, True, np.random.default_rng(0))
    _, peer = train_test_split(labels, test_size=25, stratify=labels, random_state=0)
    assert_array_equal(np.bincount(labels[held]), np.bincount(peer))


@pytest.fixture
def watched(monkeypatch):
    """A training of one epoch that tells which rows it saw and which it held out; column 0 of X numbers the rows."""
    gather, evaluate, seen, held = steps.gather, reference.ReferenceEngine.evaluate, [], []

    def noted_gather(batches, position):
        X, Y, s = gather(batches, position)
        seen.extend(X[:, 0].astype(int))
        return X, Y, s

    def noted_evaluate(engine, vector, X, Y, s):
        held.extend(X[:, 0].astype(int))
        return evaluate(engine, vector, X, Y, s)

    monkeypatch.setattr(steps, "gather", noted_gather)
    monkeypatch.setattr(reference.ReferenceEngine, "evaluate", noted_evaluate)

    def train(net, X, y, **kwargs):
        seen.clear(), held.clear()
        net.fit(X, y, epochs=1, progress=False, engine="reference", **kwargs)
        return list(seen), list(held)

    return train


@pytest.mark.parametrize("kind", ["binary", "indices", "one-hot", "regression"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_a_fraction_is_held_out_of_the_training_and_stratified_for_classes(kind, batch_size, watched):
    labels = np.repeat([0, 1, 2], [60, 30, 10]) if kind != "binary" else np.repeat([0, 1], [80, 20])
    X = np.column_stack([np.arange(100.0), np.zeros(100)])
    y = {"binary": labels, "indices": labels, "one-hot": np.eye(3)[labels.clip(0, 2)], "regression": labels}[kind]
    output = {"binary": (1, "sigmoid"), "regression": (1, "identity")}.get(kind, (3, "softmax"))
    net = pl.Network([2, output[0]], activations=[output[1]], seed=2)
    seen, held = watched(net, X, y, validation=0.2, batch_size=batch_size)
    assert sorted(seen + held) == list(range(100))
    assert len(held) == 20
    if kind != "regression":
        assert_array_equal(np.bincount(labels[held]), [16, 4] if kind == "binary" else [12, 6, 2])


def test_the_same_seed_holds_out_the_same_rows_and_another_seed_others(watched):
    X, y = np.column_stack([np.arange(40.0), np.zeros(40)]), np.zeros(40)
    first, again, other = (watched(pl.Network([2, 1], seed=seed), X, y, validation=0.25)[1] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_the_weights_of_the_held_rows_count_in_their_loss(watched, rng):
    X, y, s = np.column_stack([np.arange(30.0), np.zeros(30)]), rng.normal(size=30), rng.random(30)
    net = pl.Network([2, 1], activations=["identity"], loss="mse")
    _, rows = watched(net, X, y, sample_weight=s, validation=0.3)
    missed = (net.predict(X)[rows, 0] - y[rows]) ** 2
    assert_allclose(net.history["validation_loss"][-1], (s[rows] * missed).sum() / s[rows].sum(), rtol=1e-12)


NET = {"sizes": [2, 1], "activations": ["sigmoid"]}


@pytest.mark.parametrize("fraction", [0.0, 1.0, 1.5, -0.1, 0.01, 0.99, float("nan")])
def test_a_fraction_that_leaves_a_side_empty_is_refused(fraction):
    with pytest.raises(pl.InputError) as caught:
        pl.Network(**NET).fit(np.zeros((10, 2)), [0, 1] * 5, validation=fraction, progress=False)
    expected = "a share between 0 and 1 that leaves at least one sample on each side"
    assert str(caught.value) == f"The validation fraction in fit on 10 samples is {fraction}, expected {expected}: e.g. 0.1."


@pytest.mark.parametrize(("validation", "got"), [([0.1], "a list"), ("tenth", "a str"), ((np.zeros((3, 2)),), "a tuple")])
def test_what_is_no_validation_set_is_refused(validation, got):
    with pytest.raises(pl.InputError) as caught:
        pl.Network(**NET).fit(np.zeros((10, 2)), [0, 1] * 5, validation=validation, progress=False)
    assert str(caught.value) == f"Validation in fit is {got}, expected (X, y), (X, y, sample_weight) or a fraction: e.g. validation=0.1."


@pytest.mark.parametrize(
    ("validation", "sentence"),
    [
        (
            (np.zeros((3, 4)), [0, 1, 0]),
            "The shape of X of the validation set in the data is (3, 4), expected (m, 2): check the columns.",
        ),
        (
            (np.zeros((3, 2)), [0, 1]),
            "The shape of y of the validation set in the data is (2,), expected (3, 1) or (3,): "
            "one row for each row of X, one column for each output.",
        ),
        (
            (np.zeros((3, 2)), [0, 1, 2]),
            "A target in y of the validation set in the data is 2 at its worst, expected in [0, 1] for the loss log_loss: "
            "check the labels, or choose another loss.",
        ),
        (
            (np.zeros((3, 2)), [0, 1, 1], [1, 1]),
            "The shape of sample_weight of the validation set in the data is (2,), expected (3,): one weight for each row.",
        ),
        (
            (np.full((3, 2), np.nan), [0, 1, 1]),
            "X of the validation set in the data is nan at index (0, 0) (6 such values), expected finite numbers only: "
            "remove or impute them; values beyond 1.8e+308 count as infinite.",
        ),
    ],
)
def test_a_validation_set_that_does_not_fit_is_refused_by_its_name(validation, sentence):
    with pytest.raises(pl.InputError) as caught:
        pl.Network(**NET).fit(np.zeros((10, 2)), [0, 1] * 5, validation=validation, progress=False)
    assert str(caught.value) == sentence


def test_weights_that_are_zero_on_one_side_of_the_split_are_refused():
    with pytest.raises(pl.InputError) as caught:
        pl.Network(**NET).fit(np.zeros((4, 2)), [0, 1, 0, 1], validation=0.5, sample_weight=[1, 0, 0, 0], progress=False)
    assert str(caught.value) == (
        "Sample_weight in fit is zero on one side of the split, expected a positive sum on both sides: "
        "leave out samples of weight 0, or pass a validation set."
    )


def test_an_unknown_metric_is_refused_with_the_nearest_one():
    data = np.zeros((4, 2)), [0, 1, 0, 1]
    with pytest.raises(pl.UnknownNameError) as caught:
        pl.Network(**NET).fit(*data, validation=data, metrics=["acuracy"], progress=False)
    assert str(caught.value) == "Unknown metric 'acuracy': did you mean 'accuracy'? Known are accuracy, r2."

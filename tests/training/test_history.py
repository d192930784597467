"""The history: rows that become columns, and the way to JSON and back."""

from __future__ import annotations

import json

import pytest

import pellucid as pl


@pytest.fixture
def history():
    history = pl.History()
    history.append({"loss": 0.5, "seconds": 1})
    history.append({"loss": 0.25, "seconds": 2})
    history.stopped_by, history.best_epoch = "early stopping", 2
    return history


def test_it_is_a_mapping_of_columns_with_one_entry_an_epoch(history):
    assert dict(history) == {"loss": [0.5, 0.25], "seconds": [1.0, 2.0]}
    assert (len(history), history.n_epochs, list(history)) == (2, 2, ["loss", "seconds"])
    assert history.last() == {"loss": 0.25, "seconds": 2.0}
    assert all(type(value) is float for column in history.values() for value in column)


def test_a_column_that_is_not_there_is_a_key_error(history):
    with pytest.raises(KeyError, match="validation_loss"):
        history["validation_loss"]


def test_an_empty_history_has_no_epochs():
    history = pl.History()
    assert (history.n_epochs, len(history), history.stopped_by, history.best_epoch) == (0, 0, "", None)
    assert repr(history) == "History(0 epochs; last: empty)"


def test_it_shows_its_last_row(history):
    assert repr(history) == "History(2 epochs; last: loss=0.25, seconds=2)"


def test_json_and_back_keep_everything(history):
    again = pl.History.from_dict(json.loads(json.dumps(history.to_dict())))
    assert dict(again) == dict(history)
    assert (again.stopped_by, again.best_epoch) == ("early stopping", 2)


def test_its_description_is_a_copy(history):
    history.to_dict()["columns"]["loss"].append(0.0)
    pl.History.from_dict(described := history.to_dict()).append({"loss": 0.0, "seconds": 0})
    assert history.n_epochs == 2
    assert described["columns"]["loss"] == [0.5, 0.25]


def test_a_network_keeps_the_history_of_its_latest_training():
    net = pl.Network([1, 1], activations=["identity"])
    assert net.history is None
    first = net.fit([[1.0]], [1.0], epochs=2, progress=False)
    assert net.history is first
    second = net.fit([[1.0]], [1.0], epochs=3, progress=False)
    assert net.history is second
    assert (first.n_epochs, second.n_epochs) == (2, 3)

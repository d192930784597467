"""pellucid health: what it prints, how it ends."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pellucid.pipelines import TableModel


@pytest.fixture
def iris_model(pellucid):
    assert pellucid("train", "iris", "--epochs", 30, "--hidden", 8, "--learning-rate", 0.01, "-o", "iris.skops", "-q").code == 0
    return "iris.skops"


@pytest.fixture
def deep_model(pellucid):
    assert (
        pellucid("train", "iris", "--epochs", 1, "--hidden", "9,9,9,9,9,9,9", "--activation", "sigmoid", "-o", "deep.skops", "-q").code == 0
    )
    return "deep.skops"


def test_a_healthy_model(pellucid, iris_model):
    ended = pellucid("health", iris_model, "iris")
    assert (ended.code, ended.err) == (0, "")
    assert "Gradient health on 150 rows: J = " in ended.out
    assert "AdamEpsilonHat with a learning rate of 0.01" in ended.out, "the optimizer is that of the training"
    assert ended.out.endswith("Verdict: healthy\n")


def test_a_model_of_numbers(pellucid):
    pellucid("train", "diabetes", "--epochs", 5, "--hidden", 8, "-o", "d.skops", "-q")
    ended = pellucid("health", "d.skops", "diabetes", "--rows", 40)
    assert ended.code == 0
    assert "on 40 rows" in ended.out


def test_vanishing_gradients_end_in_one_and_a_remedy_is_tried(pellucid, deep_model):
    ended = pellucid("health", deep_model, "iris", "--try-remedy", "--epochs", 30)
    assert (ended.code, ended.err) == (1, "")
    assert "Vanishing since layer " in ended.out
    assert "Remedy: Use relu" in ended.out
    assert "Tried for 30 epochs: relu instead of sigmoid helps" in " ".join(ended.out.split())


@pytest.mark.parametrize("columns", [80, 130])
def test_it_fits_the_terminal(pellucid, deep_model, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    ended = pellucid("health", deep_model, "iris", "--try-remedy", "--epochs", 1)
    assert max(map(len, ended.out.splitlines())) <= columns
    assert "…" not in ended.out


def test_rows_are_spread_over_the_table(pellucid, iris_model, monkeypatch):
    seen = []
    prepare = TableModel.prepare

    def note(self, frame):
        seen.append(list(frame.index))
        return prepare(self, frame)

    monkeypatch.setattr(TableModel, "prepare", note)
    pellucid("health", iris_model, "iris", "--rows", 3)
    assert seen == [[0, 74, 149]]


def test_bad_input_is_one_sentence(refused, iris_model, pellucid):
    assert refused("health", "missing.skops", "iris").startswith("The model file in missing.skops is ")
    assert refused("health", iris_model, "missing.csv").startswith("The data in missing.csv is not there")
    frame = pd.DataFrame(np.zeros((3, 4)), columns=list("abcd"))
    frame.to_csv("other.csv", index=False)
    assert "target" in refused("health", iris_model, "other.csv")

"""Ensembles in files: what is loaded predicts what was saved, and what does not go together is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression

import pellucid as pl
from pellucid import archives, ensembles
from pellucid.pipelines import TRUSTED, TableModel, build_pipeline

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RNG.integers(18, 80, 90).astype(float),
        "job": RNG.choice(["cook", "judge", None], 90),
        "since": pd.Timestamp("2015-01-01") + pd.to_timedelta(RNG.integers(0, 3000, 90), unit="D"),
    }
)
FRAME.loc[::7, "age"] = np.nan
QUICK = {"max_iter": 3, "hidden_layer_sizes": (4,)}
TARGETS = {
    "two texts": RNG.choice(["no", "yes"], 90),
    "objects": RNG.choice(["no", "yes", "perhaps"], 90).astype(object),
    "numbers": RNG.choice([1, 5, 7], 90),
    "truth": RNG.random(90) > 0.5,
}


def classifier(y, n=2):
    return TableModel(pl.tabular_classifier(n, **QUICK).fit(FRAME, y), "rich", "classification")


@pytest.mark.parametrize("y", TARGETS.values(), ids=TARGETS.keys())
def test_classes_come_back(tmp_path, y):
    model = classifier(y, 3)
    model.save(tmp_path / "m")
    read = pl.load(tmp_path / "m")
    assert isinstance(read, TableModel)
    assert len(read.members) == 3
    assert_array_equal(read.classes, model.classes)
    assert_array_equal(read.pipeline.predict_proba(FRAME), model.pipeline.predict_proba(FRAME))
    assert_array_equal(read.pipeline.predict(FRAME), model.pipeline.predict(FRAME))
    assert_array_equal(read.encode(np.asarray(y)), model.encode(np.asarray(y)))


def test_numbers_come_back(tmp_path):
    pipeline = pl.tabular_regressor(2, **QUICK).fit(FRAME, FRAME["age"].fillna(40))
    TableModel(pipeline, "age", "regression").save(tmp_path / "m")
    assert_array_equal(TableModel.load(tmp_path / "m").pipeline.predict(FRAME), pipeline.predict(FRAME))


def test_an_ensemble_of_one_is_one(tmp_path):
    model = classifier(TARGETS["two texts"], 1)
    model.save(tmp_path / "m")
    read = TableModel.load(tmp_path / "m")
    assert hasattr(read.pipeline[-1], "estimators_")
    assert read.network.n_parameters == model.network.n_parameters


def test_what_needs_one_network_is_refused():
    model = classifier(TARGETS["two texts"])
    with pytest.raises(pl.InputError) as caught:
        _ = model.network
    told = "The model in the prediction of 'rich' is an ensemble of 2 networks, expected a single network: "
    assert str(caught.value) == f"{told}take one of its members, or train a single network."
    with pytest.raises(pl.InputError, match="is a VotingClassifier of 2 members, expected a single network"):
        pl.check_gradients(pl.tabular_classifier(2, **QUICK).fit(FRAME, TARGETS["truth"]), FRAME, TARGETS["truth"])
    with pytest.raises(pl.InputError, match=r"A label in y in the ensemble is 'maybe', expected one seen in training \(no, yes\)"):
        model.encode(np.array(["yes", "maybe"]))


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda a, b: VotingClassifier([("a", a), ("b", b)]), "is a VotingClassifier that counts votes, weighs its members or drops some"),
        (lambda a, b: VotingClassifier([("a", a), ("b", b)], voting="soft", weights=[1, 2]), "that counts votes, weighs"),
        (lambda a, b: VotingClassifier([("a", a), ("b", "drop")], voting="soft"), "that counts votes, weighs"),
        (
            lambda a, b: VotingClassifier([("a", a), ("b", LogisticRegression())], voting="soft"),
            "is of a LogisticRegression, expected one of",
        ),
    ],
)
def test_ensembles_that_no_file_holds(tmp_path, make, told):
    ensemble = make(*[pl.MLPClassifier((3,), max_iter=2) for _ in range(2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = build_pipeline(FRAME, "classification", ensemble).fit(FRAME, TARGETS["truth"])
    with pytest.raises(pl.InputError, match=told):
        TableModel(pipeline, "y", "classification").save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(estimators=[]),
        lambda content: content.update(estimators=content["estimators"] * 51),
        lambda content: content.update(estimators=content["estimators"][0]),
        lambda content: content.update(estimators=[*content["estimators"], content["classes"]]),
        lambda content: content.update(classes=np.array(["yes", "no"])),
        lambda content: content.update(classes=np.array(["a", "b", "c"])),
        lambda content: content.update(classes=np.array([1.0, np.nan])),
        lambda content: content.pop("classes"),
    ],
)
def test_a_file_made_with_care(tmp_path, change):
    """With the right checksums, but members and classes that do not go together."""
    model = classifier(TARGETS["two texts"])
    model.save(tmp_path / "m")
    content, _ = archives.from_bytes(archives.read(tmp_path / "m"), "m", TRUSTED)
    change(content)
    (tmp_path / "m").write_bytes(archives.to_bytes(content))
    with pytest.raises(pl.ModelFileError):
        TableModel.load(tmp_path / "m")


def test_members_of_other_sizes_do_not_go_together():
    members = classifier(TARGETS["two texts"]).members
    other = pl.MLPClassifier((3,), max_iter=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other.fit(np.zeros((4, 2)), [0, 1, 0, 1])
    with pytest.raises(ValueError, match="do not go together"):
        ensembles.restored([*members, other], np.array(["no", "yes"]))

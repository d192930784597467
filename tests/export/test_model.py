"""The plain description of any model: computed by hand from it, the inputs of the network are those of the pipeline itself."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingClassifier, VotingClassifier
from sklearn.feature_selection import VarianceThreshold
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

import pellucid as pl
from pellucid.export.model import describe
from pellucid.export.rows import rows_of
from pellucid.export.steps import back, run
from pellucid.pipelines import TableModel, build_pipeline


def fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model.fit(X, y)


def classifier(**settings):
    return pl.MLPClassifier((3,), max_iter=3, random_state=0, **settings)


def regressor(**settings):
    return pl.MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0, **settings)


def prepared(description, entries):
    """The inputs of the network, from the description alone."""
    found = np.empty((len(entries), len(description.features)))
    for at, feature in enumerate(description.features):
        for row, values in enumerate(entries):
            u = values[feature.source]
            if u is None:
                found[row, at] = feature.missing
                continue
            known = description.sources[feature.source].values
            if isinstance(u, str) and u not in known:
                found[row, at] = feature.unknown
                continue
            begin = {
                "value": lambda u=u: u,
                "missing": lambda: 0.0,
                "one of": lambda u=u, of=feature.of: float(u in of),
                "none of": lambda u=u, of=feature.of: float(u not in of),
                "rank": lambda u=u, of=feature.of: float(of.index(u)) if u in of else np.nan,
            }[feature.kind]()
            found[row, at] = run(feature.steps, begin)
    return found


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 200
    frame = pd.DataFrame(
        {
            "age": rng.normal(40, 10, n),
            "job": rng.choice(["cook", "baker", "rare", "rarer", None], n, p=[0.5, 0.4, 0.03, 0.02, 0.05]),
            "income": rng.exponential(3e4, n),
            "code": rng.choice([1.0, 2.5, 7.0], n),
        }
    )
    frame.loc[rng.random(n) < 0.1, "age"] = np.nan
    return frame


ENCODERS = {
    "ignore": OneHotEncoder(handle_unknown="ignore", sparse_output=False),
    "sparse": OneHotEncoder(handle_unknown="ignore"),
    "drop first": OneHotEncoder(drop="first", handle_unknown="ignore", sparse_output=False),
    "rare together": OneHotEncoder(min_frequency=20, handle_unknown="infrequent_if_exist", sparse_output=False),
    "rare together, drop": OneHotEncoder(min_frequency=20, drop="first", handle_unknown="infrequent_if_exist", sparse_output=False),
    "rare, unknown to nobody": OneHotEncoder(max_categories=2, handle_unknown="ignore", sparse_output=False),
    "ordinal": OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
}


@pytest.mark.filterwarnings("ignore:Found unknown categories")
@pytest.mark.parametrize("name", ENCODERS)
def test_categories_unknown_and_missing_ones_too(frame, name):
    text = make_pipeline(SimpleImputer(strategy="constant", fill_value="none"), ENCODERS[name])
    columns = [
        ("n", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()), ["age"]),
        ("t", text, ["job"]),
        ("k", ENCODERS[name], [3]),
        ("l", make_pipeline(FunctionTransformer(np.log1p), RobustScaler()), slice("income", "income")),
    ]
    columns[2] = ("k", ENCODERS[name], ["code"])
    model = Pipeline([("c", ColumnTransformer(columns, sparse_threshold=0)), ("s", MaxAbsScaler()), ("m", classifier())])
    fitted(model, frame, frame["income"] > 2e4)
    description = describe(model)
    told = frame.copy()
    told.loc[::7, "job"] = "never seen"
    rows = rows_of(description, told)
    np.testing.assert_allclose(prepared(description, rows.entries), model[:-1].transform(told), rtol=1e-12, atol=1e-15)
    assert description.sources[1].kind == "text"
    assert set(description.sources[1].values) >= {"cook", "baker", "rare"}
    assert [source.kind for source in description.sources] == ["number", "text", "number", "number"]


def test_scaling_steps_of_every_kind():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(50, 4)) * [1, 100, 1e-3, 1] + [0, 1e4, 0, 5]
    X[:, 3] = 1
    model = make_pipeline(
        VarianceThreshold(), StandardScaler(with_mean=False), RobustScaler(), MinMaxScaler((-1, 1), clip=True), "passthrough", regressor()
    )
    fitted(model, X, X[:, 0])
    description = describe(model)
    beyond = np.vstack([X, X * 3])
    found = prepared(description, rows_of(description, beyond).entries)
    np.testing.assert_array_equal(found, model[:-1].transform(beyond))
    assert [feature.name for feature in description.features] == ["x1", "x2", "x3"]
    assert not np.isinf(found).any()


@pytest.mark.parametrize("remainder", ["drop", "passthrough", StandardScaler()])
@pytest.mark.parametrize("chosen", [[0, 2], slice(0, 2), np.array([True, False, True, False]), [-1], 3])
def test_columns_chosen_in_every_way(remainder, chosen):
    X = np.random.default_rng(2).normal(size=(30, 4))
    step = MinMaxScaler() if not isinstance(chosen, int) else "drop"
    model = make_pipeline(ColumnTransformer([("a", step, chosen), ("b", RobustScaler(), [1])], remainder=remainder), regressor())
    fitted(model, X, X[:, 0])
    description = describe(model)
    np.testing.assert_array_equal(prepared(description, rows_of(description, X).entries), model[:-1].transform(X))


def test_targets_that_are_scaled_come_back():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(40, 3)), rng.normal(size=(40, 2)) * 50 + 7
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), regressor()), transformer=StandardScaler())
    description = describe(fitted(model, X, y))
    found = np.stack([run(steps, y[:, at]) for at, steps in enumerate(description.targets)], axis=1)
    np.testing.assert_array_equal(found, model.transformer_.transform(y))
    np.testing.assert_allclose(np.stack([run(back(s), found[:, k]) for k, s in enumerate(description.targets)], axis=1), y, rtol=1e-12)
    assert description.prepared


def test_what_a_classifier_gives():
    X = np.random.default_rng(4).normal(size=(30, 3))
    found = describe(fitted(classifier(), X, np.array(list("abc") * 10)))
    assert (found.task, found.classes, found.n_outputs) == ("classes", ("a", "b", "c"), 3)
    found = describe(fitted(classifier(), X, np.arange(30) % 2))
    assert (found.task, found.classes, found.n_outputs) == ("classes", (0, 1), 2)
    found = describe(fitted(classifier(), X, np.eye(3, dtype=int)[np.arange(30) % 3] + 0))
    assert (found.task, found.n_outputs) == ("labels", 3)


def test_a_table_model_has_its_columns_for_inputs(frame):
    told = frame.assign(day=pd.Timestamp("2024-02-28") + pd.to_timedelta(np.arange(200), unit="h"), same=1)
    pipeline = fitted(build_pipeline(told, "regression", regressor()), told, np.arange(200.0))
    description = describe(TableModel(pipeline, "y", "regression"))
    assert [source.name for source in description.sources] == ["age", "job", "income", "code", "day"]
    assert [source.kind for source in description.sources] == ["number", "text", "number", "number", "date"]
    assert len(description.features) == pipeline[-1].regressor_.network_.architecture.sizes[0]


@pytest.mark.parametrize(
    ("model", "told"),
    [
        (pl.MLPClassifier(), "is a MLPClassifier that is not fitted or has no network of ours"),
        (make_pipeline(StandardScaler(), pl.MLPClassifier()), "is a MLPClassifier that is not fitted"),
        (TransformedTargetRegressor(pl.MLPRegressor()), "is a TransformedTargetRegressor that is not fitted"),
        (LogisticRegression(), "is a LogisticRegression that is not fitted or has no network of ours"),
        ("net", "is a str, expected a Network, or a fitted"),
    ],
)
def test_what_is_no_fitted_model_is_refused(model, told):
    with pytest.raises(pl.InputError, match=told) as refusal:
        describe(model)
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (PCA(2), "The pipeline step in the export is PCA, a step that is not known here, expected one of ColumnTransformer"),
        (FeatureUnion([("s", StandardScaler())]), "is FeatureUnion, a step"),
        (FunctionTransformer(np.cbrt), "is FunctionTransformer, with the function 'cbrt'"),
        (SimpleImputer(missing_values=-1), "is SimpleImputer, with missing_values=-1"),
        (make_pipeline(StandardScaler(), OneHotEncoder(sparse_output=False)), "is OneHotEncoder, on 'x1', which another step has changed"),
    ],
)
def test_a_step_that_is_not_known_is_named(step, told):
    X = np.random.default_rng(5).normal(size=(20, 3))
    model = fitted(make_pipeline(step, regressor()), X, X[:, 0])
    with pytest.raises(pl.InputError, match=told):
        describe(model)


def test_the_models_in_one_call_are_prepared_as_they_do_it(frame):
    model = pl.tabular_classifier(1, max_iter=2)
    model = fitted(Pipeline([*model.steps[:-1], ("m", classifier())]), frame, frame["income"] > 2e4)
    description = describe(model)
    rows = rows_of(description, frame)
    np.testing.assert_allclose(prepared(description, rows.entries), model[:-1].transform(frame), rtol=1e-12, atol=1e-15)


def test_an_ensemble_is_described_with_all_its_networks(frame):
    model = fitted(pl.tabular_classifier(3, max_iter=2), frame, frame["income"] > 2e4)
    description = describe(model)
    assert len(description.members) == len(description.ensemble) == 3
    assert [member.share for member in description.members] == [1 / 3] * 3
    assert (description.classes, description.task) == ((False, True), "classes")
    single = description.of_member(description.members[1])
    assert (len(single.members), single.members[0].share) == (1, 1.0)
    np.testing.assert_array_equal(single.vector, model[-1].estimators_[1].network_.vector)
    np.testing.assert_array_equal(description.altered(lambda _, vector: 2 * vector).members[2].vector, 2 * description.members[2].vector)


@pytest.mark.parametrize(
    ("ensemble", "told"),
    [
        (BaggingClassifier(classifier(), 2), "is a BaggingClassifier, an ensemble of 2 estimators, expected one"),
        (
            VotingClassifier([("a", classifier()), ("b", LogisticRegression())], voting="soft"),
            "A member of the ensemble in .* is a Logistic",
        ),
        (
            VotingClassifier([("a", classifier()), ("b", classifier())]),
            "a VotingClassifier that counts votes, expected one that averages",
        ),
    ],
    ids=["bagging", "another member", "votes"],
)
def test_ensembles_that_are_no_means_of_networks_are_refused(ensemble, told):
    X = np.random.default_rng(5).normal(size=(40, 3))
    with pytest.raises(pl.InputError, match=told):
        describe(fitted(ensemble, X, X[:, 0] > 0))


def test_a_target_that_cannot_be_undone_is_refused():
    X = np.random.default_rng(6).normal(size=(20, 3))
    model = TransformedTargetRegressor(regressor(), func=np.cbrt, inverse_func=lambda y: y**3)
    with pytest.raises(pl.InputError, match="on the target, where it cannot be undone"):
        describe(fitted(model, X, X[:, 0]))


def test_parameters_that_are_not_finite_are_refused():
    net = pl.Network([2, 1])
    net.parameters["W1"][0] = np.nan
    with pytest.raises(pl.InputError, match="A parameter of the model in the export is infinite or NaN"):
        describe(net)


@pytest.mark.parametrize("single", [False, True])
def test_rows_of_texts_are_refused_in_one_sentence(single):
    description = describe(pl.Network([2, 3, 1], seed=0), "the export")
    with pytest.raises(pl.InputError) as told:
        rows_of(description, [["a", "b"]], single)
    told_of = "X in the export is of type <U1" if single else "An entry of 'x1' in X in the export is 'a'"
    assert str(told.value) == f"{told_of}, expected {'numbers' if single else 'a number'}: give rows as the model takes them."

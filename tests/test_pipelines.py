"""Pipelines: the same columns in any order, missing and unseen values, and files that give the same model or nothing."""

from __future__ import annotations

import io
import json
import operator
import pickle
import random
import subprocess
import sys
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import pellucid as pl
from pellucid import archives
from pellucid.errors import InputError, ModelFileError, OutputError, PellucidError, TableError
from pellucid.pipelines import CATEGORIES_AT_MOST, FORMAT, TRUSTED, TableColumns, TableModel, build_pipeline

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def people(m: int = 80) -> pd.DataFrame:
    """Columns of every kind, with gaps; ``rich`` can be read off income, job and since."""
    rng = np.random.default_rng(0)
    job = rng.choice(["cook", "judge", "nurse"], m)
    since = pd.Timestamp("2010-01-01") + pd.to_timedelta(rng.integers(0, 4000, m), unit="D")
    frame = pd.DataFrame(
        {
            "income": rng.normal(50, 10, m).round(1),
            "rooms": rng.integers(1, 6, m),
            "job": job,
            "owner": rng.random(m) > 0.5,
            "since": since.strftime("%Y-%m-%d"),
            "moved": since + pd.Timedelta(days=3),
            "planet": "earth",
            "nothing": np.full(m, np.nan),
        }
    )
    frame.loc[::9, "income"] = np.nan
    frame.loc[4::11, "job"] = None
    frame.loc[5::13, "since"] = None
    return frame


def targets(frame: pd.DataFrame) -> np.ndarray:
    return np.where((frame["income"].fillna(50) > 50) | (frame["job"] == "judge"), "rich", "not rich")


def trained(task: str = "classification", **settings) -> TableModel:
    frame = people()
    estimator = pl.MLPClassifier if task == "classification" else pl.MLPRegressor
    pipeline = build_pipeline(frame, task, estimator(**({"hidden_layer_sizes": 6, "max_iter": 15, "random_state": 0} | settings)))
    y = targets(frame) if task == "classification" else frame["income"].fillna(50).to_numpy() * 1000
    return TableModel(pipeline.fit(frame, y), "wealth", task)


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "people.skops"
    model.save(path)
    return path


# ---------------------------------------------------------------------------------------------------- columns


def test_each_column_goes_where_its_kind_belongs(model):
    columns = model.pipeline.named_steps["columns"]
    assert columns.names("numeric") == ["income", "rooms"]
    assert columns.names("category") == ["job", "owner"]
    assert columns.names("date") == ["since", "moved"]
    assert columns.names("ignored") == ["planet", "nothing"]


def test_dates_become_numbers_that_can_be_read_off():
    frame = pd.DataFrame({"when": ["2000-01-02 06:30", "2024-02-29", None]})
    found = TableColumns({"when": "date"}).transform(frame)
    assert list(found.columns) == [f"when ({part})" for part in ("day number", "year", "month", "day", "weekday", "hour")]
    assert_allclose(found.iloc[0], [1 + 6.5 / 24, 2000, 1, 2, 6, 6.5], rtol=1e-12)
    assert_allclose(found.iloc[1], [8825, 2024, 2, 29, 3, 0])
    assert found.iloc[2].isna().all()


def test_a_gap_that_turns_whole_numbers_into_floats_changes_no_category():
    columns = TableColumns({"code": "category"})
    texts = [columns.transform(pd.DataFrame({"code": values}))["code"].tolist() for values in ([3, 4], [3.0, 4.0], ["3", "4"])]
    assert texts == [["3", "4"]] * 3
    gap = columns.transform(pd.DataFrame({"code": [3.0, np.nan]}))["code"]
    assert gap.iloc[0] == "3"
    assert pd.isna(gap.iloc[1])


def test_the_inputs_of_the_network_are_scaled_numbers_without_gaps(model):
    inputs = model.prepare(people())
    assert inputs.shape == (80, model.network.architecture.sizes[0])
    assert np.isfinite(inputs).all()
    assert_allclose(inputs[:, :2].mean(axis=0), 0, atol=1e-12)
    assert_allclose(inputs[:, :2].std(axis=0), 1, rtol=1e-12)


def test_each_input_of_the_network_is_named_by_its_column_and_its_meaning(model):
    frame = people()
    inputs, before = model.inputs(), model.prepare(frame)
    assert len(inputs) == before.shape[1] == model.network.architecture.sizes[0]
    assert inputs[:2] == [("income", "income"), ("rooms", "rooms")]
    assert ("since", "since (weekday)") in inputs
    assert ("income", "income is missing") in inputs
    for column in {column for column, _ in inputs}:
        moved = frame.copy()
        moved[column] = moved[column].sample(frac=1, random_state=1).to_numpy()
        changed = (model.prepare(moved) != before).any(axis=0)
        assert {inputs[at][0] for at in np.flatnonzero(changed)} == {column}
    for at, (column, meaning) in enumerate(inputs):
        name, _, value = meaning.partition(" = ")
        if value and value != "(missing)":
            assert_array_equal(before[:, at], (frame[column].astype(str) == value).astype(float))
            assert name == column


def test_rare_values_of_a_category_share_an_input_and_its_name():
    frame = pd.DataFrame({"street": [f"s{k % 100}" for k in range(400)] + ["main"] * 100, "n": np.arange(500)})
    model = TableModel(
        build_pipeline(frame, "regression", pl.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2)).fit(frame, np.arange(500.0)),
        "y",
        "regression",
    )
    meanings = [meaning for _, meaning in model.inputs()]
    assert len(meanings) == 1 + CATEGORIES_AT_MOST
    assert meanings[-1] == "street = another value"
    assert "street = main" in meanings


def test_inputs_where_all_columns_are_of_one_kind():
    for frame in (pd.DataFrame({"a": [1.0, 2, 3]}), pd.DataFrame({"b": ["x", "y", "z"]}), pd.DataFrame({"c": ["x", "y", "x"]})):
        pipeline = build_pipeline(frame, "regression", pl.MLPRegressor(hidden_layer_sizes=(2,), max_iter=2)).fit(frame, np.arange(3.0))
        model = TableModel(pipeline, "y", "regression")
        assert len(model.inputs()) == model.network.architecture.sizes[0]


def test_a_category_of_many_values_keeps_a_bounded_number_of_inputs():
    frame = pd.DataFrame({"name": [f"n{k % 300}" for k in range(600)], "x": np.arange(600.0)})
    pipeline = build_pipeline(frame, "classification", pl.MLPClassifier(2, max_iter=1)).fit(frame, np.arange(600) % 2)
    assert pipeline[:-1].transform(frame).shape == (600, CATEGORIES_AT_MOST + 1)


def test_a_table_in_which_nothing_differs():
    frame = pd.DataFrame({"a": [1, 1, 1], "b": [None, None, None]})
    with pytest.raises(TableError) as told:
        build_pipeline(frame, "classification", pl.MLPClassifier())
    assert str(told.value) == (
        "The table in training is without one among its 2 columns, expected a column with different values: add such a column."
    )


# ---------------------------------------------------------------------------------------------------- prediction


def test_it_learns_from_a_mixed_table():
    able = trained(max_iter=200, learning_rate_init=0.01)
    assert able.pipeline.score(people(), targets(people())) > 0.95


def test_columns_in_another_order_and_extra_ones_change_nothing(model):
    frame = people()
    expected = model.pipeline.predict_proba(frame)
    other = frame[frame.columns[::-1]].assign(wealth="?", extra=range(80))
    assert_array_equal(model.pipeline.predict_proba(other), expected)
    assert_array_equal(model.pipeline.predict_proba(frame.drop(columns=["planet", "nothing"])), expected)


@pytest.mark.filterwarnings("ignore:Found unknown categories")
def test_unseen_categories_and_missing_values_are_predicted(model):
    frame = people().head(4).copy()
    frame["job"] = ["astronaut", "cook", None, "judge"]
    frame["owner"] = [None, "maybe", True, False]
    frame["income"] = [np.nan, np.nan, 40, 60]
    frame["rooms"] = [np.nan] * 4
    frame["since"] = ["soon", None, "2015-05-05", "05.05.2015"]
    frame["moved"] = pd.NaT
    shares = model.pipeline.predict_proba(frame)
    assert np.isfinite(shares).all()
    assert_allclose(shares.sum(axis=1), 1, rtol=1e-12)


def test_a_row_does_not_depend_on_the_rows_beside_it(model):
    frame = people()
    together = model.pipeline.predict_proba(frame)
    alone = np.vstack([model.pipeline.predict_proba(frame.iloc[[k]]) for k in range(10)])
    assert_allclose(alone, together[:10], rtol=1e-12)


def test_numbers_written_as_text_are_numbers(model):
    frame = people()
    texts = frame.assign(rooms=frame["rooms"].astype(str))
    assert_array_equal(model.pipeline.predict_proba(texts), model.pipeline.predict_proba(frame))


@pytest.mark.parametrize(
    ("dropped", "got"),
    [
        (["job"], "without 'job'"),
        (["since", "rooms"], "without 'rooms', 'since'"),
        (["income", "rooms", "job", "owner", "since", "moved"], "without 'income', 'rooms', 'job', 'owner', 'since' and 1 more"),
    ],
    ids=["one", "two", "all"],
)
def test_a_missing_column_is_named(model, dropped, got):
    with pytest.raises(TableError) as told:
        model.pipeline.predict(people().drop(columns=dropped))
    assert str(told.value) == f"The table in the data is {got}, expected the columns of the training: add them; they may be empty."


@pytest.mark.parametrize(
    ("bad", "shown"), [("many", "'many'"), (np.inf, "inf"), (np.float64(1e200), "1e+200")], ids=["text", "infinity", "too large"]
)
def test_what_is_no_number_where_numbers_were_trained_names_value_and_row(model, bad, shown):
    frame = people().astype({"rooms": object})
    frame.loc[7, "rooms"] = bad
    with pytest.raises(TableError) as told:
        model.pipeline.predict(frame)
    assert str(told.value) == (
        f"The column 'rooms' in the data is {shown} in row 7, expected finite numbers, as in training, up to 1e+100: "
        "repair the value or leave it empty."
    )


def test_a_column_of_floats_shows_its_value_as_it_is_written(model):
    frame = people().assign(income=np.inf)
    with pytest.raises(TableError, match="The column 'income' in the data is inf in row 0"):
        model.pipeline.predict(frame)


def test_days_written_as_whole_numbers_are_the_same_days(model):
    frame = people()
    days = pd.Series(["2019-03-07", "2020-11-30"] * (len(frame) // 2))
    expected = model.pipeline.predict_proba(frame.assign(since=days))
    assert_array_equal(model.pipeline.predict_proba(frame.assign(since=days.str.replace("-", "").astype(int))), expected)


def test_dates_are_read_in_prediction_as_in_training():
    columns = TableColumns.of(pd.DataFrame({"when": ["31/12/2023", "01/02/2024"]}))
    parts = columns.transform(pd.DataFrame({"when": ["03/04/2024", "2024-04-03"]}))
    assert parts["when (month)"].tolist() == [4, 4]
    assert parts["when (day)"].tolist() == [3, 3]
    assert columns.numeric == list(parts.columns)


def test_a_column_that_has_the_name_of_a_part_of_a_date():
    frame = pd.DataFrame({"when": ["2024-01-31", "2024-02-01"], "when (year)": [1, 2]})
    with pytest.raises(TableError) as told:
        TableColumns.of(frame)
    assert str(told.value) == (
        "The name of a column in the table is 'when (year)', expected a name that no part of a date column has: rename the column."
    )
    assert TableColumns.of(frame.assign(**{"when (year)": 1})).names("ignored") == ["when (year)"]


def test_regression_learns_on_a_scaled_target_and_answers_in_its_units():
    model = trained("regression", solver="lbfgs", max_iter=60)
    frame = people()
    y = frame["income"].fillna(50).to_numpy() * 1000
    assert model.pipeline.score(frame, y) > 0.9
    assert_allclose(model.encode(y).std(), 1, rtol=1e-12)
    inside = model.network.predict(model.prepare(frame))[:, 0]
    assert_allclose(inside * y.std() + y.mean(), model.pipeline.predict(frame), rtol=1e-10)


def test_encode_gives_the_targets_the_network_was_trained_on(model):
    assert_array_equal(model.encode(np.array(["rich", "not rich"])), [[1], [0]])


# ---------------------------------------------------------------------------------------------------- files

ELSEWHERE = """
import sys
import numpy as np, pandas as pd
from pellucid.pipelines import TableModel
model = TableModel.load(sys.argv[1])
frame = pd.read_pickle(sys.argv[2])
np.save(sys.argv[3], model.pipeline.predict_proba(frame) if model.task == "classification" else model.pipeline.predict(frame))
print(model.target, model.task)
"""


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_saved_model_predicts_the_same_in_a_new_process(task, tmp_path):
    model = trained(task)
    model.save(tmp_path / "m.skops")
    people().to_pickle(tmp_path / "people.pkl")
    arguments = [str(tmp_path / name) for name in ("m.skops", "people.pkl", "found.npy")]
    done = subprocess.run([sys.executable, "-c", ELSEWHERE, *arguments], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["wealth", task]
    expected = model.pipeline.predict_proba(people()) if task == "classification" else model.pipeline.predict(people())
    assert_allclose(np.load(tmp_path / "found.npy"), expected, rtol=1e-12)


def test_a_loaded_model_is_whole(saved, model):
    again = TableModel.load(saved)
    assert (again.target, again.task) == ("wealth", "classification")
    assert_array_equal(again.pipeline.predict(people()), model.pipeline.predict(people()))
    assert again.estimator.loss_curve_ == model.estimator.loss_curve_
    assert list(again.estimator.classes_) == ["not rich", "rich"]
    assert str(again.network.architecture) == str(model.network.architecture)
    assert_array_equal(again.network.vector, model.network.vector)


@pytest.mark.parametrize(
    "settings",
    [
        {"activation": ["gelu", "leaky_relu"], "hidden_layer_sizes": (4, 3)},
        {"dropout": 0.3},
        {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.01},
        {"early_stopping": True, "validation_fraction": 0.2},
        {"solver": "lbfgs"},
    ],
    ids=lambda settings: next(iter(settings)) + "=" + str(next(iter(settings.values()))),
)
def test_models_of_every_setting_can_be_saved(settings, tmp_path):
    model = trained(**settings)
    model.save(tmp_path / "m.skops")
    assert_array_equal(TableModel.load(tmp_path / "m.skops").pipeline.predict(people()), model.pipeline.predict(people()))


def test_a_trained_model_can_be_trained_again_after_loading(saved):
    again = TableModel.load(saved)
    frame = people()
    again.pipeline.fit(frame, targets(frame))
    assert again.pipeline.score(frame, targets(frame)) > 0.4


def test_nothing_of_the_users_is_written_over(model, tmp_path):
    path = tmp_path / "m.skops"
    path.write_text("mine")
    with pytest.raises(OutputError, match="is there already, expected a new name"):
        model.save(path)
    assert path.read_text() == "mine"
    model.save(path, force=True)
    assert TableModel.load(path).target == "wealth"
    assert [file.name for file in tmp_path.iterdir()] == ["m.skops"]


def refusal(path) -> str:
    with pytest.raises(ModelFileError) as told:
        TableModel.load(path)
    message = str(told.value)
    assert message.startswith(f"The model file in {path} is ")
    assert message.endswith(", expected a file that pellucid train wrote: train again, or check the path.")
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "got"),
    [
        (None, "not readable (no such file or directory)"),
        (b"", "no model file of this library, or damaged"),
        (b"a,b\n1,2\n", "no model file of this library, or damaged"),
        (bytes(1000), "no model file of this library, or damaged"),
        (pickle.dumps([1, 2]), "no model file of this library, or damaged"),
    ],
    ids=["absent", "empty", "a table", "zeros", "a pickle"],
)
def test_files_that_are_no_models(content, got, tmp_path):
    path = tmp_path / "m.skops"
    if content is not None:
        path.write_bytes(content)
    assert f" is {got}, " in refusal(path)


def test_a_directory_is_no_model(tmp_path):
    assert "not readable (is a directory)" in refusal(tmp_path)


def test_a_bare_network_is_no_pipeline(tmp_path):
    pl.Network([2, 1], activations=["identity"], loss="mse", seed=0).save(tmp_path / "net.safetensors")
    assert "no model file of this library, or damaged" in refusal(tmp_path / "net.safetensors")


def test_a_file_cut_off_anywhere_is_refused(saved, tmp_path):
    whole, path = saved.read_bytes(), tmp_path / "m.skops"
    for length in [1, 10, len(whole) // 3, len(whole) // 2, len(whole) - 100, len(whole) - 1]:
        path.write_bytes(whole[:length])
        refusal(path)


def test_a_flipped_byte_is_refused_or_changes_nothing(saved, model, tmp_path):
    """The archive's checksums cover the content; a byte between (a date, a comment) may change without being seen, and without harm."""
    whole, path = saved.read_bytes(), tmp_path / "m.skops"
    draw = random.Random(0)
    refused = 0
    expected = model.pipeline.predict_proba(people())
    for position in draw.sample(range(len(whole)), 120):
        broken = bytearray(whole)
        broken[position] ^= 1 << draw.randrange(8)
        path.write_bytes(broken)
        try:
            found = TableModel.load(path)
        except ModelFileError:
            refused += 1
        else:
            assert_array_equal(found.pipeline.predict_proba(people()), expected)
    assert refused >= 60


def dumped(tmp_path, content):
    from skops.io import dump

    path = tmp_path / "m.skops"
    dump(content, path)
    return path


class Caller:
    """What a hostile pickle does: it calls something when it is loaded."""

    def __init__(self, path):
        self.path = str(path)

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_pickle_is_never_run(tmp_path):
    trap, path = tmp_path / "trap", tmp_path / "m.skops"
    path.write_bytes(pickle.dumps(Caller(trap)))
    refusal(path)
    assert not trap.exists()
    pickle.loads(path.read_bytes()).close()
    assert trap.exists(), "the trap would have worked"


HOSTILE = {
    "a method caller": lambda: operator.methodcaller("upper"),
    "a function of the system": lambda: FunctionTransformer(func=__import__("os").system),
    "a NumPy function": lambda: FunctionTransformer(func=np.load),
    "eval": lambda: FunctionTransformer(func=eval),
    "a type of the tests": lambda: Caller("nowhere"),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_types_that_are_not_trusted_are_refused(content, tmp_path):
    path = dumped(tmp_path, {"pellucid": FORMAT, "pipeline": make_pipeline(content()), "target": "y", "task": "classification"})
    assert "not trusted" in refusal(path)


def test_a_schema_that_names_a_function_to_be_called_runs_nothing(saved, tmp_path, monkeypatch):
    """The description inside an honest archive, rewritten by hand to build a subprocess in place of the estimator."""
    path = tmp_path / "m.skops"
    with zipfile.ZipFile(saved) as honest:
        schema = json.loads(honest.read("schema.json"))
        schema["content"]["target"] = {
            "__class__": "system",
            "__module__": "os",
            "__loader__": "FunctionNode",
            "content": {"module_path": "os", "function": "system"},
        }
        with zipfile.ZipFile(path, "w") as hostile:
            for entry in honest.namelist():
                if entry != archives.CHECKSUM:
                    hostile.writestr(entry, json.dumps(schema) if entry == "schema.json" else honest.read(entry))
            hostile.writestr(archives.CHECKSUM, archives._checksum(hostile))
    called = []
    monkeypatch.setattr("os.system", called.append)
    assert "not trusted (Untrusted types found in the file: ['os.system']" in refusal(path)
    assert called == []


def test_the_trusted_types_hold_none_that_runs_what_it_is_given():
    assert sorted(TRUSTED) == [
        "numpy.dtype",
        "pellucid.estimators.MLPClassifier",
        "pellucid.estimators.MLPRegressor",
        "pellucid.network.Network",
        "pellucid.pipelines.TableColumns",
    ]


@pytest.mark.parametrize(
    ("content", "got"),
    [
        ([1, 2], "a skops file of something else"),
        ({"a": 1}, "a skops file of something else"),
        ({"pellucid": 99}, "of format version 99, and this release reads versions 1 and 2"),
        ({"pellucid": FORMAT}, "of format version 2, and this release reads versions 1 and 2"),
        ({"pellucid": True}, "of format version True, and this release reads versions 1 and 2"),
        ({"pellucid": 1, "pipeline": "none", "target": "y", "task": "t"}, "something else than a trained pipeline"),
        ({"pellucid": 1, "pipeline": 3, "target": "y", "task": "t"}, "something else than a trained pipeline"),
    ],
    ids=["a list", "a foreign dictionary", "the future", "without a checksum", "no version", "a text", "a number"],
)
def test_honest_files_of_other_content(content, got, tmp_path):
    assert got in refusal(dumped(tmp_path, content))


def test_a_pipeline_of_somebody_else_and_one_that_was_never_trained(tmp_path):
    other = make_pipeline(StandardScaler()).fit([[1.0], [2.0]])
    refusal(dumped(tmp_path, {"pellucid": 1, "pipeline": other, "target": "y", "task": "classification"}))
    fresh = build_pipeline(people(), "classification", pl.MLPClassifier())
    refusal(dumped(tmp_path, {"pellucid": 1, "pipeline": fresh, "target": "y", "task": "classification"}))


def test_an_archive_that_would_unpack_to_much_more_than_it_is(tmp_path):
    path = tmp_path / "m.skops"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("bomb.npy", bytes(20_000_000))
    assert path.stat().st_size < 100_000
    assert "damaged in its sizes" in refusal(path)


def test_an_archive_described_at_impossible_length(tmp_path):
    path = tmp_path / "m.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", " " * ((8 << 20) + 1))
    assert "described by 8,388,609 bytes" in refusal(path)


def test_an_archive_without_a_description(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("readme.txt", "hello")
    (tmp_path / "m.skops").write_bytes(content.getvalue())
    assert "no model file of this library" in refusal(tmp_path / "m.skops")


def test_refusals_are_errors_of_this_library_and_values():
    assert issubclass(ModelFileError, PellucidError)
    assert issubclass(ModelFileError, ValueError)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: make_pipeline(StandardScaler(), pl.MLPClassifier(3, max_iter=2)), "StandardScaler -> MLPClassifier"),
        (lambda: pl.MLPClassifier(3, max_iter=2), "MLPClassifier"),
    ],
    ids=["steps of one's own", "no pipeline"],
)
def test_a_pipeline_of_other_steps_is_refused_in_one_sentence(make, told, tmp_path):
    X, y = people()[["income", "rooms"]].fillna(0), targets(people())
    with pytest.raises(InputError) as refused:
        TableModel(make().fit(X, y), "wealth", "classification").save(tmp_path / "m.skops")
    assert str(refused.value) == (
        f"The pipeline in TableModel.save is {told}, expected one that build_pipeline made, after fit: "
        "keep others by skops.io.dump, as the documentation of files shows."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_pipeline_before_fit_is_refused_in_one_sentence(task, tmp_path):
    estimator = pl.MLPClassifier() if task == "classification" else pl.MLPRegressor()
    with pytest.raises(InputError, match=r"The pipeline in TableModel.save is not fitted, expected .*: call fit first\.") as refused:
        TableModel(build_pipeline(people(), task, estimator), "wealth", task).save(tmp_path / "m.skops")
    assert str(refused.value).count(".") == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", [{"some": 1}, [1, 2], StandardScaler()], ids=["dict", "list", "scaler"])
def test_a_file_of_skops_that_is_not_ours(what, tmp_path):
    skops.io.dump(what, tmp_path / "m.skops")
    with pytest.raises(ModelFileError, match="a skops file of something else, expected a file that pellucid train wrote"):
        pl.load(tmp_path / "m.skops")

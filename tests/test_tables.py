"""Tables: what is read, what each column is taken for, and one sentence for each thing that cannot be read."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from pellucid.errors import TableError
from pellucid.tables import CLASSES_AT_MOST, SHIPPED, as_target, column_kind, parse_dates, read_table, recognise_task, take_target


def refused(call) -> str:
    with pytest.raises(TableError) as told:
        call()
    message = str(told.value)
    assert "\n" not in message
    assert message.endswith(".")
    return message


# ---------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [("iris", 150, 5), ("digits", 1797, 65), ("wine", 178, 14), ("breast_cancer", 569, 31), ("diabetes", 442, 11)],
)
def test_shipped_data_sets_come_by_name_with_their_target(name, rows, columns, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    table = read_table(name)
    assert (table.frame.shape, table.target) == ((rows, columns), "target")
    assert "target" in table.frame.columns
    assert name in SHIPPED


def test_a_file_of_that_name_goes_before_the_shipped_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "iris").write_text("a,b\n1,2\n")
    table = read_table("iris")
    assert (list(table.frame.columns), table.target) == (["a", "b"], None)


FRAME = pd.DataFrame({"n": [1.5, 2.0, np.nan], "k": ["x", None, "y"], "b": [True, False, True], "i": [3, 4, 5]})


def test_csv_and_parquet_hold_the_same_table(tmp_path):
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_parquet(tmp_path / "t.parquet")
    FRAME.to_parquet(tmp_path / "T.PQ", engine="pyarrow")
    for name in ("t.csv", "t.parquet", "T.PQ"):
        frame = read_table(str(tmp_path / name)).frame
        assert list(frame.columns) == ["n", "k", "b", "i"]
        assert_array_equal(frame["n"], FRAME["n"])
        assert frame["k"].isna().tolist() == [False, True, False]
        assert frame["b"].tolist() == [True, False, True]
        assert frame["i"].tolist() == [3, 4, 5]


@pytest.mark.parametrize("missing", ["?", "", " ", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"])
def test_the_usual_words_for_missing_are_missing(missing, tmp_path):
    (tmp_path / "t.csv").write_text(f"a,b,c\n1,x,1\n{missing},{missing},2\n3, {missing},3\n")
    frame = read_table(str(tmp_path / "t.csv")).frame
    assert frame["a"].dtype == np.float64
    assert frame["a"].isna().tolist() == [False, True, False]
    assert frame["b"].isna().tolist() == [False, True, True]


def test_other_words_are_values_and_spaces_around_names_and_before_values_are_not(tmp_path):
    (tmp_path / "t.csv").write_text(" age , place\n 31, missing\n 42, none\n")
    frame = read_table(str(tmp_path / "t.csv")).frame
    assert list(frame.columns) == ["age", "place"]
    assert frame["age"].tolist() == [31, 42]
    assert frame["place"].tolist() == ["missing", "none"]


def test_quotes_commas_and_letters_of_all_languages(tmp_path):
    (tmp_path / "t.csv").write_text('città,"size, large"\n"Zürich, ZH",1\n東京,2\n', encoding="utf-8")
    frame = read_table(str(tmp_path / "t.csv")).frame
    assert list(frame.columns) == ["città", "size, large"]
    assert frame["città"].tolist() == ["Zürich, ZH", "東京"]


def test_names_that_are_numbers_become_texts(tmp_path):
    pd.DataFrame({"0": [1], "1": [2]}).to_csv(tmp_path / "t.csv", index=False)
    assert list(read_table(str(tmp_path / "t.csv")).frame.columns) == ["0", "1"]


# ---------------------------------------------------------------------------------------------------- what cannot be read


def test_a_name_near_a_shipped_data_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(lambda: read_table("irris")) == (
        "Unknown file or data set 'irris': did you mean 'iris'? Known are iris, digits, wine, breast_cancer, diabetes."
    )


EXPECTED = "expected a CSV or Parquet file, or one of iris, digits, wine, breast_cancer, diabetes: check the path."


@pytest.mark.parametrize(
    ("name", "content", "got"),
    [
        ("absent.csv", None, "not there"),
        ("absent.parquet", None, "not there"),
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n\n", "empty"),
        ("header.csv", b"a,b,c\n", "without rows"),
        ("latin.csv", "name\nZürich\n".encode("latin-1"), "damaged or of another kind ('utf-8' codec can't decode"),
        ("wide.csv", b"a,b\n1,2\n1,2,3,4\n", "damaged or of another kind (Error tokenizing data"),
        ("not.csv.gz", b"a,b\n1,2\n", "not readable (not a gzipped file"),
        ("cut.csv.gz", gzip.compress(b"a,b\n1,2\n" * 99)[:20], "damaged or of another kind (Compressed file ended"),
        ("bad.csv.gz", gzip.compress(b"a,b\n1,2\n")[:10] + b"\xff" * 30, "damaged or of another kind (Error -3 while decompressing"),
        ("not.csv.zip", b"a,b\n1,2\n", "damaged or of another kind (File is not a zip file"),
        ("not.parquet", b"a,b\n1,2\n", "damaged or of another kind ("),
        ("empty.parquet", b"", "damaged or of another kind ("),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_files_that_are_no_tables(name, content, got, tmp_path):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    message = refused(lambda: read_table(str(path)))
    assert message.startswith(f"The data in {path} is {got}")
    assert message.endswith(EXPECTED)


def test_a_row_with_more_values_than_names_is_refused_and_not_shifted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2,3\n4,5,6\n")
    message = refused(lambda: read_table(str(path)))
    assert message.startswith(f"The data in {path} is damaged or of another kind (Length of header or names does not match")
    path.write_text("a,b\n1,2,\n3,4,\n")  # a comma at the end of each line is harmless
    assert read_table(str(path)).frame.to_dict("list") == {"a": [1, 3], "b": [2, 4]}


def test_a_long_column_has_one_type_throughout(tmp_path):
    """pandas reads in pieces unless told otherwise, and then warns that 1 is a number here and a text there."""
    path = tmp_path / "t.csv"
    path.write_text("a,b\n" + "1.0,2\n" * 300_000 + "x,2\n")
    assert set(read_table(str(path)).frame["a"]) == {"1.0", "x"}


@pytest.mark.parametrize("suffix", ["", ".csv", ".parquet"])
def test_a_name_that_no_file_can_have(suffix, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert refused(lambda: read_table("x" * 300 + suffix)).startswith("The data in x" if suffix else "Unknown file or data set 'x")
    assert refused(lambda: read_table("a\0b" + suffix)).startswith("The data in a" if suffix else "Unknown file or data set 'a")


def test_a_directory(tmp_path):
    assert refused(lambda: read_table(str(tmp_path))) == f"The data in {tmp_path} is a directory, {EXPECTED}"
    (tmp_path / "t.csv").mkdir()
    assert "is a directory" in refused(lambda: read_table(str(tmp_path / "t.csv")))


def test_a_parquet_file_cut_off_or_with_a_broken_end(tmp_path):
    path = tmp_path / "t.parquet"
    FRAME.to_parquet(path)
    whole = path.read_bytes()
    for broken in (whole[: len(whole) // 2], whole[:-20] + bytes(20), whole[:-4]):
        path.write_bytes(broken)
        assert "damaged or of another kind" in refused(lambda: read_table(str(path)))


def test_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "t.csv"
    path.write_text("a\n1\n")

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pd, "read_csv", refuse)
    assert refused(lambda: read_table(str(path))) == f"The data in {path} is not readable (permission denied), {EXPECTED}"


def test_a_column_name_that_is_there_twice(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("a, b ,b \n1,2,3\n")
    assert refused(lambda: read_table(str(path))) == (
        f"A column name in {path} is there twice ('b'), expected each name once: rename one of them."
    )


# ---------------------------------------------------------------------------------------------------- the target


def test_the_target_is_taken_out_and_rows_without_it_are_left_out_and_counted():
    X, y, left_out = take_target(FRAME, "n", "t.csv")
    assert (list(X.columns), y.tolist(), left_out) == (["k", "b", "i"], [1.5, 2.0], 1)
    assert len(X) == 2


def test_a_target_that_is_not_there_with_the_nearest_suggested():
    assert refused(lambda: take_target(pd.DataFrame({"income": [1], "age": [2]}), "incom", "t.csv")) == (
        "Unknown column of t.csv 'incom': did you mean 'income'? Known are income, age."
    )


def test_a_target_without_any_value():
    frame = pd.DataFrame({"y": [None, np.nan], "x": [1, 2]})
    assert refused(lambda: take_target(frame, "y", "t.csv")) == (
        "The target in t.csv is missing in every row of 'y', expected values: choose another column."
    )


@pytest.mark.parametrize(
    ("values", "task"),
    [
        (["a", "b"], "classification"),
        ([True, False], "classification"),
        (pd.Categorical([1, 2]), "classification"),
        (pd.array([1, 2, None], dtype="Int64").dropna(), "classification"),
        ([0, 1, 2], "classification"),
        ([0.0, 1.0, 2.0], "classification"),
        (list(range(CLASSES_AT_MOST)), "classification"),
        (list(range(CLASSES_AT_MOST + 1)), "regression"),
        ([float(k) for k in range(CLASSES_AT_MOST + 1)], "regression"),
        ([0.5, 1.0, 2.0], "regression"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_task_is_recognised(values, task):
    assert recognise_task(pd.Series(values)) == task


@pytest.mark.parametrize("name", SHIPPED)
def test_the_task_of_the_shipped_data_sets(name):
    table = read_table(name)
    assert recognise_task(table.frame["target"]) == ("regression" if name == "diabetes" else "classification")


@pytest.mark.parametrize(
    ("values", "task", "expected"),
    [
        ([1.0, 2.0], "classification", np.array([1, 2])),
        ([1.5, 2.0], "classification", np.array([1.5, 2.0])),
        (["b", "a"], "classification", np.array(["b", "a"])),
        ([True, False], "classification", np.array(["True", "False"])),
        (pd.Categorical(["u", "v"]), "classification", np.array(["u", "v"])),
        ([3, 4], "regression", np.array([3.0, 4.0])),
        (["3", "4.5"], "regression", np.array([3.0, 4.5])),
        ([True, False], "regression", np.array([1.0, 0.0])),
    ],
    ids=str,
)
def test_the_target_as_an_array_of_its_task(values, task, expected):
    found = as_target(pd.Series(values), task, "t.csv")
    assert found.dtype.kind == expected.dtype.kind
    assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("bad", "shown"),
    [("tall", "'tall'"), (np.inf, "inf"), ("inf", "'inf'"), (np.float64(-2e100), "-2e+100")],
    ids=["text", "infinite", "its word", "too large"],
)
def test_a_regression_target_that_is_no_number_names_value_and_row(bad, shown):
    y = pd.Series([1, bad, 3], index=[10, 11, 12], dtype=object)
    message = refused(lambda: as_target(y, "regression", "t.csv"))
    assert message == (
        f"The target in t.csv is {shown} in row 11, expected finite numbers for regression, up to 1e+100: "
        "repair the value, or use --task classification."
    )


def test_a_value_is_shown_without_the_name_of_its_type():
    y = pd.Series([1.0, np.inf])
    assert "is inf in row 1" in refused(lambda: as_target(y, "regression", "t.csv"))


# ---------------------------------------------------------------------------------------------------- columns


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, 3], "numeric"),
        ([1.5, None, 2.5], "numeric"),
        (pd.array([1, None, 3], dtype="Int64"), "numeric"),
        ([None] * 90 + [1.0, 2.0], "numeric"),
        (["a", "b", None], "category"),
        ([True, False, True], "category"),
        (pd.array([True, None, False], dtype="boolean"), "category"),
        (pd.Categorical([1, 2, 1]), "category"),
        ([True, None, False], "category"),
        (["10", "x", "12"], "category"),
        (pd.to_datetime(["2024-01-01", "2024-02-01", None]), "date"),
        (pd.to_datetime(["2024-01-01", "2024-02-01"], utc=True), "date"),
        (["2024-01-31", "2024-02-01", None], "date"),
        (["2024-01-31 10:30", "2024-02-01 08:00"], "date"),
        (["31.12.2023", "01.02.2024"], "date, day first"),
        (["03.04.2023", "01.02.2024"], "date, day first"),
        (["1/2/2024", "12/31/2024"], "date"),
        (["1/2/2024", "31/12/2024"], "date, day first"),
        (["1/2/2024", "3/4/2024"], "date"),
        (["1/2/24", "31/12/24"], "date, day first"),
        (["2024-99-99", "2024-98-98"], "category"),
        (["10.0.0.1", "192.168.1.7"], "category"),
        (["2024-01-31", "soon"], "category"),
        ([7, 7, 7], "ignored"),
        (["same", "same"], "ignored"),
        ([None, None], "ignored"),
        ([np.nan, np.nan], "ignored"),
        (["yes", None, None], "category"),
        ([1.0, np.nan], "numeric"),
    ],
    ids=str,
)
def test_what_a_column_is_taken_for(values, kind):
    assert column_kind(pd.Series(values)) == kind


@pytest.mark.parametrize("value", [[1, 2], {"a": 1}, np.ones(2)], ids=["list", "mapping", "array"])
def test_a_column_of_lists_or_mappings_is_refused(value):
    assert refused(lambda: column_kind(pd.Series([value, value], name="tags"))) == (
        "The column 'tags' in the data is made of lists or mappings, expected a single value in each row: "
        "take them apart, or leave the column out."
    )


def test_dates_are_points_in_time_and_what_is_none_is_missing():
    found = parse_dates(pd.Series(["2024-01-31", "2024-01-31 12:00:00+02:00", "soon", None]))
    assert found.iloc[0] == pd.Timestamp("2024-01-31", tz="UTC")
    assert found.iloc[1] == pd.Timestamp("2024-01-31 10:00", tz="UTC")
    assert found.isna().tolist() == [False, False, True, True]


def test_days_and_months_are_not_exchanged():
    """pandas by itself reads 31.12. as a day in December, and 01.02. beside it as one in January."""
    texts = pd.Series(["31.12.2023", "01.02.2024", "2024-03-04", "soon", None])
    found = parse_dates(texts, day_first=True)
    assert found.dt.strftime("%Y-%m-%d").tolist()[:3] == ["2023-12-31", "2024-02-01", "2024-03-04"]
    assert found.isna().tolist() == [False, False, False, True, True]
    times = pd.Series(pd.to_datetime(["2024-01-02", "2024-05-06"]))
    assert (parse_dates(times, day_first=True) == parse_dates(times)).all()


@given(st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=30))
@settings(max_examples=50)
def test_any_numbers_come_through_a_regression_target_as_they_are(values):
    assert_array_equal(as_target(pd.Series(values), "regression", "t.csv"), np.array(values))


TEXTS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), TEXTS), min_size=1, max_size=10))
@settings(max_examples=50)
def test_what_is_written_to_parquet_is_read_back(rows):
    import tempfile

    frame = pd.DataFrame(rows, columns=["number", "text"])
    with tempfile.TemporaryDirectory() as folder:
        frame.to_parquet(f"{folder}/t.parquet")
        found = read_table(f"{folder}/t.parquet").frame
    assert found["text"].tolist() == frame["text"].tolist()
    assert_array_equal(found["number"], frame["number"])

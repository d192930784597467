"""The benchmarks run, compare the same work, and count right. Nothing is timed here."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import one_blas_thread  # noqa: F401  also in the processes started here

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "benchmarks"
PROGRAMS = {"training", "prediction", "small_fits", "start_up", "memory"}


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def run(name: str, folder: Path, *arguments: str) -> tuple[dict, str]:
    """The JSON that a program writes with ``--quick``, and what it prints."""
    options = ["--quick", "--json", str(folder / "out.json"), "--picture", str(folder / "out.png")]
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *options, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (folder / "out.png").read_bytes().startswith(b"\x89PNG")
    written = json.loads((folder / "out.json").read_text())
    assert written["benchmark"] == name
    assert written["environment"]["versions"]["numpy"]
    assert written["rows"]
    return written, done.stdout


def holds_together(row: dict) -> None:
    """Ratios are best medians over ours."""
    ours = row["seconds"][row["ours"]]["median"]
    assert ours > 0
    for peer, label in row["best"].items():
        medians = {name: times["median"] for name, times in row["seconds"].items() if times["peer"] == peer}
        assert medians[label] == min(medians.values())
        assert row["ratios"][peer] == pytest.approx(medians[label] / ours)


def test_every_program_is_run_here_and_by_make_bench():
    programs = {path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()}
    assert programs == PROGRAMS
    makefile = (ROOT / "Makefile").read_text()
    listed = next(line for line in makefile.splitlines() if line.startswith("BENCHMARKS :="))
    assert set(listed.split()[2:]) == PROGRAMS
    described = (BENCHMARKS / "README.md").read_text()
    assert all(f"`{path.name}`" in described for path in BENCHMARKS.glob("*.py"))


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_every_program_offers_the_common_options(name, load, capsys):
    with pytest.raises(SystemExit) as stop:
        load(name).parse(["--help"])
    assert stop.value.code == 0
    out = capsys.readouterr().out
    assert all(option in out for option in ("--repeats", "--quick", "--json", "--picture"))


def test_training_shows_agreement_then_times(tmp_path):
    peers = ["sklearn", "jax", "floor"] + (["torch"] if find_spec("torch") else [])
    written, out = run("training", tmp_path, "--only", "^4-16-3 b32 tanh$", "--peers", *peers)
    expected = {"scikit-learn", "JAX step", "JAX scan", "GEMM floor"} | ({"PyTorch"} if find_spec("torch") else set())
    for row in written["rows"]:
        assert set(row["ratios"]) == expected
        losses = row["losses"]
        assert set(losses) == {"Pellucid", *expected} - {"GEMM floor"}
        assert max(losses.values()) == pytest.approx(min(losses.values()), rel=1e-4)
        holds_together(row)
    assert [row["name"] for row in written["rows"]] == ["4-16-3 b32 tanh"]
    assert "mean loss of 4 steps" in out


@pytest.mark.parametrize("pattern", ["regression", "momentum", "float64", "b64 sigmoid"])
def test_all_kinds_of_cases_are_the_same_work_in_scikit_learn(pattern, load):
    work, trainers = load("work"), load("trainers")
    case = next(case for case in work.CASES if pattern in case.name)
    some = work.Work(case, 4)
    ours, theirs = next(trainers.pellucid(some, None)), next(trainers.sklearn(some))
    first, later = ours.run(4), ours.run(40)
    assert later.steps == 40
    assert later.loss < first.loss
    assert later.loss == pytest.approx(theirs.run(40).loss, rel=1e-3)


def test_the_cost_of_an_activation_is_a_ratio_to_relu(load):
    common = load("common")
    program = common.Program("Pellucid", "Pellucid", float)
    times = {"1-2 b3 relu": 2.0, "1-2 b3 tanh": 3.0, "1-2 b3 sigmoid": 1.0, "1-2 b4 tanh": 5.0}
    rows = [common.Row.of(name, "Pellucid", [program], {"Pellucid": [time]}) for name, time in times.items()]
    assert load("training").activation_costs(rows) == {"1-2 b3 relu": {"tanh": 1.5, "sigmoid": 0.5}}


def test_a_peer_that_does_other_work_is_not_timed(load, capsys, monkeypatch):
    training, trainers = load("training"), load("trainers")

    def wrong(work):
        for trainer in trainers.pellucid(work, None):
            yield trainers.Trainer("wrong", "wrong", lambda steps, run=trainer.run: run(steps)._replace(loss=run(steps).loss * 1.01))

    monkeypatch.setitem(training.PEERS, "floor", ("numpy", wrong))
    training.main(["--quick", "--only", "^4-16-3 b32 relu$", "--peers", "floor"])
    assert "not timed, the losses do not agree" in capsys.readouterr().out


def test_a_peer_that_breaks_is_named_and_left_out(load, capsys, monkeypatch):
    training = load("training")
    monkeypatch.setitem(training.PEERS, "floor", ("numpy", lambda work: 1 / 0))
    training.main(["--quick", "--only", "^4-16-3 b32 relu$", "--peers", "floor"])
    assert "floor is left out, it does not run here: ZeroDivisionError" in capsys.readouterr().out


def test_the_cases_are_those_that_the_readme_of_the_project_speaks_of(load):
    work = load("work")
    names = [case.name for case in work.CASES]
    assert len(names) == len(set(names)) == 18
    assert sum(name.endswith("relu") for name in names) == 7
    assert all(8 <= case.steps <= 1000 for case in work.CASES)


def test_prediction_compares_the_outputs_then_times(tmp_path):
    written, _ = run("prediction", tmp_path, "--rows", "1", "50")
    optional = {"onnxruntime": find_spec("onnxruntime") and find_spec("onnx"), "PyTorch": find_spec("torch")}
    expected = {"scikit-learn predict", "scikit-learn predict_proba", "JAX"} | {name for name, there in optional.items() if there}
    assert {row["ours"] for row in written["rows"]} == {"Network.predict", "estimator.predict", "estimator.predict_proba"}
    assert {row["rows"] for row in written["rows"]} == {1, 50}
    for row in written["rows"]:
        assert set(row["ratios"]) == expected
        holds_together(row)


def test_small_fits_do_the_same_number_of_epochs(tmp_path):
    written, _ = run("small_fits", tmp_path, "--data", "iris")
    assert [row["n_iter"] for row in written["rows"]] == [[5, 5]] * 2
    for row in written["rows"]:
        holds_together(row)


def test_start_up_starts_processes(tmp_path):
    written, _ = run("start_up", tmp_path, "--only", "NumPy|first epoch")
    assert [row["name"] for row in written["rows"]] == [
        "import pellucid, beyond NumPy",
        "the first fit ever: end of the first epoch",
        "the first fit ever: end of the first epoch, nothing to compile",
    ]
    assert all(row["median"] > 0 for row in written["rows"][1:])


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the benchmark reads Linux's /proc")
def test_memory_counts_the_data_and_the_parameters(tmp_path):
    written, _ = run("memory", tmp_path)
    for row in written["rows"]:
        assert row["of which X"] == pytest.approx(20e6, rel=1e-3)
        assert row["parameters"] == 4 * (100 * 20 + 20 + 20 * 10 + 10)
        assert row["budget"] >= 6 * row["parameters"] + row["8 bytes a row"]
        assert row["resident before the data"] + row["data"] == pytest.approx(row["peak"], rel=0.2)


def test_ratios_are_of_medians_and_of_the_best_variant(load):
    common = load("common")
    seconds = {"us": [1.0, 2.0, 9.0], "a, 1 thread": [5.0, 6.0, 100.0], "a, 2 threads": [3.0, 8.0, 9.0], "b": [1.0, 1.0, 1.0]}
    programs = [common.Program(peer, label, float) for label, peer in zip(seconds, ["Pellucid", "a", "a", "b"], strict=True)]
    row = common.Row.of("work", "us", programs, seconds, note=1)
    assert row.best() == {"a": "a, 1 thread", "b": "b"}
    assert row.ratios() == {"a": 3.0, "b": 0.5}
    written = row.to_json()
    assert written["note"] == 1
    assert written["seconds"]["us"]["samples"] == [1.0, 2.0, 9.0]
    holds_together(written)


def test_a_summary_has_the_quartiles(load):
    found = load("common").summary([4.0, 1.0, 2.0, 3.0, 5.0])
    assert [found[key] for key in ("minimum", "lower_quartile", "median", "upper_quartile")] == [1, 2, 3, 4]


def test_turns_are_interleaved_and_another_one_begins_each_round(load):
    common, seen = load("common"), []
    programs = [common.Program(name, name, lambda name=name: seen.append(name) or float(len(seen))) for name in "abc"]
    seconds = common.take_turns(programs, 3)
    assert "".join(seen) == "abcbcacab"
    assert seconds["a"] == [1.0, 6.0, 8.0]


def test_a_variant_that_loses_threefold_is_out(load):
    looks = {"a1": 1.0, "a2": 3.5, "b1": 9.0, "b2": 10.0}
    assert load("common").in_the_race(looks, {"a1": "a", "a2": "a", "b1": "b", "b2": "b"}) == ["a1", "b1", "b2"]


@pytest.mark.parametrize(("seconds", "text"), [(2.5e-6, "2.5 us"), (999.9e-6, "1000 us"), (0.0123, "12.3 ms"), (4.0, "4 s")])
def test_durations_are_short(seconds, text, load):
    assert load("common").duration(seconds) == text


@pytest.mark.parametrize(
    ("program", "arguments", "told"),
    [("training", ["--only", "nothing"], "no case matches"), ("start_up", ["--only", "nothing"], "nothing matches"),
     ("memory", ["--repeats", "0"], "not at least 1")],
)  # fmt: skip
def test_options_that_cannot_be_are_refused(program, arguments, told, load, capsys):
    with pytest.raises(SystemExit) as stop:
        load(program).parse(arguments)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err

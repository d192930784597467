"""A training that was ended at any instant goes on from its checkpoint to the bits that it would have come to."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

import pellucid as pl
from pellucid.errors import InputError, ModelFileError, OutputError
from pellucid.training import checkpoints

RNG = np.random.default_rng(0)
X = RNG.normal(size=(230, 6))
Y = (X[:, 0] * X[:, 1] + 0.3 * RNG.normal(size=230) > 0).astype(float)
WEIGHTS = RNG.random(230) + 0.1


class Killed(Exception):
    pass


class Kill(pl.Callback):
    """Ends a training as a crash would, after some epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch_end(self, moment):
        if moment.epoch >= self.epoch:
            raise Killed


class Counts(pl.Callback):
    """A callback with a state."""

    def __init__(self):
        self.n = 0

    def on_epoch_end(self, moment):
        self.n += 1

    def state(self):
        return {"n": self.n}

    def restore(self, state):
        self.n = state["n"]


class CountsToo(Counts):
    pass


def network(**settings):
    return pl.Network([6, 12, 1], ["tanh", "sigmoid"], seed=3, **settings)


TRAININGS = {
    "adam": {"optimizer": pl.Adam(0.01), "batch_size": 32},
    "full batch": {"optimizer": pl.Adam(0.01)},
    "momentum, one cycle": {"optimizer": pl.Momentum(pl.OneCycle(0.05)), "batch_size": 50},
    "adaptive": {"optimizer": pl.GradientDescent(pl.Adaptive(1.0, patience=1, tolerance=0.05)), "batch_size": 50},
    "early stopping": {
        "optimizer": pl.Adam(0.02), "batch_size": 32, "validation": 0.2, "early_stopping": pl.EarlyStopping(4),
    },
    "weights, clipping": {"optimizer": pl.RMSprop(0.01), "batch_size": 32, "sample_weight": WEIGHTS, "clip_norm": 0.1},
    "in order": {"optimizer": pl.AdaGrad(0.1), "batch_size": 32, "shuffle": False},
    "lbfgs": {"optimizer": pl.LBFGS()},
}  # fmt: skip


def assert_same(one, other, history, again):
    np.testing.assert_array_equal(one.vector, other.vector)
    assert (history.n_epochs, history.stopped_by, history.best_epoch) == (again.n_epochs, again.stopped_by, again.best_epoch)
    for name in set(history) - {"seconds"}:
        assert history[name] == again[name], name


@pytest.mark.parametrize("engine", ["compiled", "reference"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("settings", TRAININGS.values(), ids=TRAININGS.keys())
def test_a_training_goes_on_to_the_same_bits(settings, dtype, engine, tmp_path):
    dropout = 0.0 if isinstance(settings["optimizer"], pl.LBFGS) else 0.2
    common = {"epochs": 30, "every": 3, "engine": engine, **settings}
    whole = network(dropout=dropout, dtype=dtype)
    history = whole.fit(X, Y, checkpoint=tmp_path / "whole.ckpt", **common)
    broken = network(dropout=dropout, dtype=dtype)
    with pytest.raises(Killed):
        broken.fit(X, Y, checkpoint=tmp_path / "run.ckpt", callbacks=[Kill(8)], **common)
    resumed = network(dropout=dropout, dtype=dtype)
    again = resumed.fit(X, Y, checkpoint=tmp_path / "run.ckpt", resume=True, callbacks=[Kill(1000)], **common)
    assert_same(whole, resumed, history, again)
    if dropout:
        without = network(dropout=dropout, dtype=dtype)
        assert_same(whole, without, history, without.fit(X, Y, **{k: v for k, v in common.items() if k != "every"}))


def test_a_planted_error_is_seen(tmp_path, monkeypatch):
    """A moment of the optimizer that is a thousandth off after the resumption."""
    with pytest.raises(Killed):
        network().fit(X, Y, epochs=9, batch_size=32, checkpoint=tmp_path / "run.ckpt", every=3, callbacks=[Kill(5)])
    whole = network()
    whole.fit(X, Y, epochs=9, batch_size=32)
    found = checkpoints.read(tmp_path / "run.ckpt")
    found.arrays["moments.0"] = found.arrays["moments.0"] * 1.001
    monkeypatch.setattr(checkpoints, "read", lambda path: found)
    resumed = network()
    resumed.fit(X, Y, epochs=9, batch_size=32, resume=tmp_path / "run.ckpt", callbacks=[Kill(1000)])
    assert not np.array_equal(whole.vector, resumed.vector)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_checkpoint_within_an_epoch(engine, tmp_path, monkeypatch):
    monkeypatch.setattr("pellucid.training.descent.PAUSE", 1e-9)  # the engine returns after each step
    whole = network(dropout=0.2)
    history = whole.fit(X, Y, epochs=6, batch_size=16, engine=engine)
    positions = []
    write = checkpoints.Checkpoints.write

    def write_and_die(self, snapshot, epoch):
        write(self, snapshot, epoch)
        positions.append((epoch, snapshot.facts["position"]))
        if len(positions) in (4, 9, 23):
            raise Killed

    monkeypatch.setattr(checkpoints.Checkpoints, "write", write_and_die)
    for _ in range(3):
        with pytest.raises(Killed):
            network(dropout=0.2).fit(
                X, Y, epochs=6, batch_size=16, engine=engine, checkpoint=tmp_path / "c", every="0 s", resume=True
            )  # fmt: skip
    assert any(0 < position < 15 for _, position in positions)
    resumed = network(dropout=0.2)
    again = resumed.fit(X, Y, epochs=6, batch_size=16, engine=engine, checkpoint=tmp_path / "c", every="0 s", resume=True)
    assert_same(whole, resumed, history, again)


ESTIMATORS = {
    "adam": {"batch_size": 32, "max_iter": 25},
    "full batch": {"batch_size": 230, "max_iter": 60},
    "early stopping": {"early_stopping": True, "max_iter": 40, "batch_size": 32},
    "sgd, adaptive": {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.05, "n_iter_no_change": 2, "max_iter": 40},
}


@pytest.mark.parametrize("settings", ESTIMATORS.values(), ids=ESTIMATORS.keys())
def test_an_estimator_goes_on_to_the_same_bits(settings, tmp_path):
    def make(epoch):
        return pl.MLPClassifier(10, random_state=2, callbacks=[Kill(epoch)], **settings)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        whole = make(1000).fit(X, Y, WEIGHTS)
        with pytest.raises(Killed):
            make(7).fit(X, Y, WEIGHTS, checkpoint=tmp_path / "run.ckpt", every=2)
        resumed = make(1000).fit(X, Y, WEIGHTS, checkpoint=tmp_path / "run.ckpt", every=2, resume=True)
    np.testing.assert_array_equal(whole.network_.vector, resumed.network_.vector)
    for name in ("loss_curve_", "n_iter_", "t_", "best_loss_", "validation_scores_", "best_validation_score_"):
        assert getattr(whole, name) == getattr(resumed, name), name


PROGRAM = """
import sys, numpy as np, pellucid as pl
rng = np.random.default_rng(0)
X = rng.normal(size=(2000, 20))
Y = (X[:, 0] * X[:, 1] > 0).astype(float)
net = pl.Network([20, 32, 1], ["relu", "sigmoid"], dropout=0.1, seed=1)
print("begins", flush=True)
net.fit(X, Y, epochs=150, batch_size=20, checkpoint=sys.argv[1], every="0.001 s", resume=True, validation=0.1,
        early_stopping=pl.EarlyStopping(1000), progress=False)
np.save(sys.argv[2], net.vector)
"""


def program(*arguments):
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, text=True)


def kill_again_and_again(folder: Path, times: int, seed: int) -> int:
    """SIGKILL at random instants of a training that is taken up each time; how often it was alive to be killed."""
    rng, killed = np.random.default_rng(seed), 0
    for _ in range(times):
        running = program(folder / "run.ckpt", folder / "run.npy")
        assert running.stdout is not None
        running.stdout.readline()
        time.sleep(rng.uniform(0, 0.4))
        running.send_signal(signal.SIGKILL)
        killed += running.wait() == -signal.SIGKILL
        running.stdout.close()
    return killed


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_sigkill_at_random_instants(tmp_path):
    """A few of them; ``PELLUCID_KILLS=50`` for more."""
    assert kill_again_and_again(tmp_path, int(os.environ.get("PELLUCID_KILLS", "3")), seed=0) > 0
    for name in ("run", "whole"):
        with program(tmp_path / f"{name}.ckpt", tmp_path / f"{name}.npy") as running:
            assert running.wait() == 0
    np.testing.assert_array_equal(np.load(tmp_path / "run.npy"), np.load(tmp_path / "whole.npy"))


# ---------------------------------------------------------------------------------------------------- what is refused


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "run.ckpt"
    network().fit(X, Y, epochs=4, batch_size=32, checkpoint=path, every=2)
    return path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda: (pl.Network([6, 13, 1], ["tanh", "sigmoid"], seed=3), X, {}), r"another network: sizes \[6, 12, 1\], .* \[6, 13, 1\]: "),
        (lambda: (network(dtype="float32"), X, {}), "of another number type"),
        (lambda: (network(), X, {"optimizer": pl.Adam(0.5)}), "of another optimizer"),
        (lambda: (network(), X, {"batch_size": 16}), "of another batch size"),
        (lambda: (network(), X[:100], {}), "of data of another shape: 230 rows of 6 columns and 1 target, expected"),
        (lambda: (network(), X + 1e-9, {}), "of other data: X differs, expected the data of this training"),
        (lambda: (network(), X, {"sample_weight": WEIGHTS}), "of other data: sample_weight differs, expected"),
        (lambda: (network(), X, {"validation": 0.2}), "of other data: the validation set differs, expected"),
        (lambda: (network(), X, {"clip_norm": 1.0}), "of other settings: clip_norm None, expected one of this training: clip_norm 1.0: "),
        (lambda: (pl.Network([6, 12, 1], ["tanh", "sigmoid"], seed=4), X, {}), "of other settings: seed 3, expected .*: seed 4: call"),
        (lambda: (network(), X, {"early_stopping": pl.EarlyStopping()}), "of a training without early stopping, expected one with"),
        (
            lambda: (network(), X, {"callbacks": [print, Counts()]}),
            "of a training without callbacks that have a state, expected one with the callback Counts, as this is: give callbacks of the",
        ),
    ],
    ids=[
        "network", "dtype", "optimizer", "batch", "rows", "data", "weights", "validation", "settings", "seed", "early stopping", "callback",
    ],
)  # fmt: skip
def test_a_checkpoint_of_another_training(change, told, written):
    net, inputs, settings = change()
    before = net.vector.copy()
    with pytest.raises(ModelFileError, match=told):
        net.fit(inputs, Y[: len(inputs)], **{"epochs": 8, "batch_size": 32, "resume": written, **settings})
    np.testing.assert_array_equal(net.vector, before)


def test_a_checkpoint_is_not_written_over_by_another_training(written):
    held = written.read_bytes()
    with pytest.raises(OutputError, match="there already, expected a new name: go on from it with resume=True"):
        network().fit(X, Y, epochs=2, checkpoint=written)
    assert written.read_bytes() == held


def test_a_model_is_no_checkpoint_and_a_checkpoint_no_model(written, tmp_path):
    network().save(tmp_path / "net.safetensors")
    with pytest.raises(ModelFileError, match="a model, expected a checkpoint"):
        network().fit(X, Y, epochs=2, resume=tmp_path / "net.safetensors")
    with pytest.raises(ModelFileError, match="a checkpoint, expected a model"):
        pl.Network.load(written)


@pytest.mark.parametrize("every", [0, -1, 1.5, "soon", "-3 s", "5 parsecs", True, None, "nan s"], ids=repr)
def test_impossible_intervals(every, tmp_path):
    with pytest.raises(InputError, match="expected a number of epochs, or a time"):
        network().fit(X, Y, epochs=2, checkpoint=tmp_path / "c", every=every)


@pytest.mark.parametrize(("every", "seconds"), [("30 seconds", 30), ("2min", 120), ("1.5 h", 5400), ("10s", 10)])
def test_intervals_of_time(every, seconds, tmp_path):
    assert checkpoints.Checkpoints.of(tmp_path / "c", every, resumes=False).seconds == seconds


def test_resume_needs_a_file(tmp_path):
    with pytest.raises(InputError, match="expected a checkpoint, too"):
        network().fit(X, Y, epochs=2, resume=True)
    with pytest.raises(ModelFileError, match="not readable"):
        network().fit(X, Y, epochs=2, resume=tmp_path / "missing.ckpt")


def test_lbfgs_wants_iterations(tmp_path):
    with pytest.raises(InputError, match="every=50"):
        network().fit(X, Y, optimizer="lbfgs", epochs=3, checkpoint=tmp_path / "c")


def test_a_finished_training_is_finished(written):
    net = network()
    history = net.fit(X, Y, epochs=4, batch_size=32, resume=written)
    assert (history.n_epochs, history.stopped_by) == (4, "epochs")
    whole = network()
    whole.fit(X, Y, epochs=4, batch_size=32)
    np.testing.assert_array_equal(net.vector, whole.vector)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ([], "with the callback Counts, expected one without callbacks that have a state"),
        ([CountsToo()], "with the callback Counts, expected one with the callback CountsToo"),
        ([Counts(), CountsToo()], "with the callback Counts, expected one with the callbacks Counts, CountsToo"),
    ],
)
@pytest.mark.parametrize("kind", ["network", "estimator"])
def test_other_callbacks_than_the_training_had(given, told, kind, tmp_path):
    def fit(callbacks, **more):
        if kind == "network":
            return network().fit(X, Y, epochs=4, callbacks=callbacks, **more)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            return pl.MLPClassifier(5, max_iter=4, random_state=0, callbacks=callbacks).fit(X, Y, **more)

    path = tmp_path / "run.ckpt"
    fit([Counts()], checkpoint=path)
    with pytest.raises(ModelFileError) as caught:
        fit(given, resume=path)
    repair = "give callbacks of the same classes in the same order, or begin anew"
    assert str(caught.value) == f"The checkpoint in {path} is of a training {told}, as this is: {repair}."
    again = Counts()
    fit([lambda moment: None, again], resume=path)  # functions have no state: they come and go
    assert again.n == 4


def test_other_metrics_than_the_training_had(tmp_path):
    common = {"epochs": 2, "validation": 0.2}
    network().fit(X, Y, checkpoint=tmp_path / "c", metrics=["accuracy"], **common)
    told = "is of a training that noted validation_accuracy, expected one that notes validation_r2, as this does: call fit as"
    with pytest.raises(ModelFileError, match=told):
        network().fit(X, Y, resume=tmp_path / "c", metrics=["r2"], **common)


@pytest.mark.parametrize("argument", ["checkpoint", "resume"])
def test_no_name_of_a_file(argument):
    with pytest.raises(InputError, match=f"^{argument.title()} in fit is 3, expected the name of a"):
        network().fit(X, Y, epochs=2, **{argument: 3})


# ---------------------------------------------------------------------------------------------------- files damaged with care


@pytest.mark.parametrize("settings", TRAININGS.values(), ids=TRAININGS.keys())
def test_numbers_that_no_training_comes_to(settings, tmp_path, monkeypatch):
    """One entry of one array is another, and the checksum right: refused, or a training that goes well."""
    common = {"engine": "reference", "every": 2, **settings}
    network().fit(X, Y, epochs=4, checkpoint=tmp_path / "c", **common)
    original = checkpoints.read(tmp_path / "c")
    refused = 0
    for name, array in original.arrays.items():
        for value in (np.nan, np.inf, -np.inf, -1.0, 1e300, -1e300):
            changed = array.copy()
            with np.errstate(invalid="ignore"):
                changed.reshape(-1)[1] = np.array(value).astype(array.dtype)
            found = checkpoints.Snapshot("c", original.facts, {**original.arrays, name: changed})
            monkeypatch.setattr(checkpoints, "read", lambda path, found=found: found)
            net = network()
            try:
                net.fit(X, Y, epochs=6, resume="c", **{**common, "every": 1})
            except ModelFileError:
                refused += 1
            assert np.isfinite(net.vector).all()
            if not np.isfinite(value) and name in ("vector", "safe", "moments.0"):
                assert refused, name
    assert refused >= 6


def test_a_training_that_diverges_where_it_goes_on(tmp_path, monkeypatch):
    """Whether the file is damaged or the training bad cannot be known: the error is of both kinds."""
    settings = {"optimizer": pl.Momentum(0.01), "batch_size": 32}
    network(l2=0.1).fit(X, Y, epochs=4, checkpoint=tmp_path / "c", every=2, **settings)
    found = checkpoints.read(tmp_path / "c")
    found.arrays["moments.0"][0] = 1e300
    monkeypatch.setattr(checkpoints, "read", lambda path: found)
    with pytest.raises(pl.ResumeError) as caught:
        network(l2=0.1).fit(X, Y, epochs=6, resume=tmp_path / "c", **settings)
    assert isinstance(caught.value, ModelFileError)
    assert isinstance(caught.value, pl.DivergenceError)
    told = (
        r"c is followed by a cost that is not finite \(epoch 5, step 34, learning rate 0.01\), expected a state to go on from: the file is"
    )
    assert re.search(told, str(caught.value))


@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("plateau", (0.2, np.inf, 0), "the learning rate does not follow from the history"),
        ("plateau", (1e300, np.inf, 0), "the learning rate does not follow from the history"),
        ("sums", [np.nan, 1.0, 1.0], "the sums are none of an epoch"),
        ("sums", [1.0, -1.0, 1.0], "the sums are none of an epoch"),
        ("step", 10**15, "the step does not follow from epoch and position"),
        ("epoch", 10**15, "the step does not follow from epoch and position"),
        ("position", -1, "the position is -1"),
        ("safe", [9, 0.5], "an epoch is 9"),
        ("callbacks", [3], "the list of callbacks is none"),
    ],
)
def test_facts_that_no_training_comes_to(fact, value, told, written, monkeypatch):
    found = checkpoints.read(written)
    assert fact in found.facts
    found.facts[fact] = value
    monkeypatch.setattr(checkpoints, "read", lambda path: found)
    with pytest.raises(
        ModelFileError, match=rf"not the state of this training \(ValueError: {told}\), expected one that fit wrote: begin anew"
    ):
        network().fit(X, Y, epochs=6, batch_size=32, resume=written)

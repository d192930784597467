"""What can watch a training and end it: callbacks, early stopping, Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

import pellucid as pl
from pellucid.training.callbacks import Interrupt, Watch

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(12, 2)), RNG.normal(size=12)
HELD = RNG.normal(size=(12, 2)), RNG.normal(size=12)


@pytest.fixture
def net():
    return pl.Network([2, 3, 1], activations=["tanh", "identity"], seed=1)


def fit(net, *, epochs=5, **kwargs):
    return net.fit(X, Y, epochs=epochs, progress=False, **kwargs)


# Callbacks


class Noting(pl.Callback):
    def __init__(self):
        self.calls = []

    def on_train_begin(self, network):
        self.calls.append(("begin", network.vector.copy()))

    def on_epoch_end(self, moment):
        self.calls.append(("epoch", moment.epoch))

    def on_train_end(self, network, history):
        self.calls.append(("end", history.n_epochs, history.stopped_by))


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_callback_object_is_called_at_the_beginning_after_each_epoch_and_at_the_end(net, optimizer):
    noting, before = Noting(), net.vector.copy()
    fit(net, epochs=3, callbacks=[noting], optimizer=optimizer)
    (begin, at_first), *rest = noting.calls
    assert begin == "begin"
    assert_array_equal(at_first, before)
    assert rest == [("epoch", 1), ("epoch", 2), ("epoch", 3), ("end", 3, "epochs")]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_function_sees_each_moment_with_the_network_up_to_date(net, optimizer):
    seen = []

    def look(moment):
        assert moment.network is net
        assert_array_equal(moment.network.vector, moment.vector)
        assert moment.history["validation_loss"][-1] == net.loss(*HELD)
        seen.append((moment.epoch, moment.epochs, moment.history.n_epochs))

    fit(net, epochs=3, callbacks=[look], optimizer=optimizer, validation=HELD)
    assert seen == [(1, 3, 1), (2, 3, 2), (3, 3, 3)]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize(("answer", "reason"), [(True, "callback"), ("good enough", "good enough")])
def test_a_callback_may_end_the_training_and_say_why(net, answer, reason, optimizer):
    history = fit(net, callbacks=[lambda moment: answer if moment.epoch == 2 else None], optimizer=optimizer)
    assert (history.n_epochs, history.stopped_by) == (2, reason)


@pytest.mark.parametrize("answer", [None, False, ""])
def test_an_empty_answer_lets_it_go_on(net, answer):
    history = fit(net, callbacks=[lambda moment: answer])
    assert (history.n_epochs, history.stopped_by) == (5, "epochs")


def test_an_object_may_end_the_training_too(net):
    class Stop(pl.Callback):
        def on_epoch_end(self, moment):
            return moment.epoch == 3

    history = fit(net, callbacks=[Stop()])
    assert (history.n_epochs, history.stopped_by) == (3, "callback")


def test_every_callback_is_asked_even_after_one_has_ended_the_training(net):
    seen = []
    fit(net, callbacks=[lambda moment: "enough", lambda moment: seen.append(moment.epoch)])
    assert seen == [1]


def test_a_callback_that_does_nothing_leaves_the_training_alone(net):
    twin = pl.Network([2, 3, 1], activations=["tanh", "identity"], seed=1)
    fit(net, callbacks=[pl.Callback()])
    fit(twin)
    assert_array_equal(net.vector, twin.vector)


def test_an_error_in_a_callback_passes_through_and_the_end_is_told(net):
    noting, before = Noting(), net.vector.copy()

    def fail(moment):
        raise RuntimeError("no disk left")

    with pytest.raises(RuntimeError, match="no disk left"):
        fit(net, callbacks=[noting, fail])
    assert noting.calls[-1] == ("end", 1, "")
    assert not np.array_equal(net.vector, before)


def test_what_is_no_callback_is_refused_before_the_training(net):
    before = net.vector.copy()
    with pytest.raises(pl.InputError) as caught:
        fit(net, callbacks=[3])
    assert str(caught.value) == "A callback in fit is 3, expected a Callback or a function of one argument: e.g. callbacks=[print]."
    assert_array_equal(net.vector, before)


# Early stopping


@given(
    figures=st.lists(st.integers(-5, 5), min_size=1, max_size=30),
    patience=st.integers(1, 5),
    min_delta=st.sampled_from([0.0, 1.0, 2.5]),
    name=st.sampled_from(["loss", "validation_loss", "validation_accuracy"]),
)
def test_the_watch_stops_after_so_many_epochs_without_a_better_figure(figures, patience, min_delta, name):
    """Against the rule told again over the whole list: an epoch is better when it beats the best one by more than min_delta."""
    sign = 1 if name.endswith("loss") else -1
    watch = Watch(pl.EarlyStopping(patience=patience, min_delta=min_delta, monitor=name))
    best = 0
    for i, figure in enumerate(figures):
        stops = watch.see(i + 1, {"loss": 0.0, name: float(figure)}, np.array([float(i)]))
        if sign * figure < sign * figures[best] - min_delta:
            best = i
        assert (watch.best_epoch, watch.best_vector[0]) == (best + 1, best)
        assert stops == (i - best >= patience)
        if stops:
            break


def snapshots(column):
    """A callback that keeps (figure, weights) of each epoch."""
    kept = []
    return kept, lambda moment: kept.append((moment.history[column][-1], moment.vector.copy()))


@pytest.mark.parametrize(
    ("optimizer", "column"), [(pl.GradientDescent(0.9), "validation_loss"), (pl.LBFGS(), "validation_loss"), (pl.Adam(0.5), "loss")]
)
def test_it_restores_the_best_weights_bit_by_bit(net, optimizer, column):
    """Targets of pure noise: the validation loss soon rises, and the loss itself goes up and down at a large learning rate."""
    kept, keep = snapshots(column)
    history = fit(
        net,
        optimizer=optimizer,
        epochs=200,
        early_stopping=pl.EarlyStopping(patience=4),
        callbacks=[keep],
        validation=HELD if column == "validation_loss" else None,
    )
    figures = [figure for figure, _ in kept]
    best = int(np.argmin(figures))
    assert history.stopped_by == "early stopping"
    assert history.best_epoch == best + 1
    assert history.n_epochs == best + 1 + 4
    assert_array_equal(net.vector, kept[best][1])
    assert not np.array_equal(net.vector, kept[-1][1])


def test_it_restores_the_best_weights_also_when_the_epochs_run_out(net):
    kept, keep = snapshots("validation_loss")
    history = fit(net, optimizer=pl.Adam(0.5), epochs=15, early_stopping=pl.EarlyStopping(patience=100), callbacks=[keep], validation=HELD)
    best = int(np.argmin([figure for figure, _ in kept]))
    assert best + 1 < 15
    assert (history.stopped_by, history.best_epoch) == ("epochs", best + 1)
    assert_array_equal(net.vector, kept[best][1])


def test_restoring_may_be_declined(net):
    kept, keep = snapshots("validation_loss")
    rule = pl.EarlyStopping(patience=4, restore_best=False)
    history = fit(net, optimizer=pl.Adam(0.5), epochs=200, early_stopping=rule, callbacks=[keep], validation=HELD)
    assert (history.stopped_by, history.best_epoch) == ("early stopping", None)
    assert_array_equal(net.vector, kept[-1][1])


def test_a_score_is_better_when_larger(net):
    scores = iter([0.1, 0.5, 0.3, 0.5, 0.4, 0.9])
    history = fit(
        net,
        epochs=6,
        validation=HELD,
        metrics={"score": lambda y, y_hat: next(scores)},
        early_stopping=pl.EarlyStopping(patience=3, monitor="validation_score"),
    )
    assert (history.stopped_by, history.best_epoch, history.n_epochs) == ("early stopping", 2, 5)


def test_an_improvement_by_no_more_than_min_delta_does_not_count(net):
    """Plain gradient descent on a simple cost falls in every epoch, by less and less."""
    history = fit(net, optimizer=pl.GradientDescent(0.05), epochs=500, early_stopping=pl.EarlyStopping(patience=1, min_delta=0.003))
    falls = -np.diff(history["loss"])
    assert history.stopped_by == "early stopping"
    assert (falls[:-1] > 0.003).all()
    assert 0 < falls[-1] <= 0.003


def test_a_column_that_the_history_lacks_is_refused(net):
    with pytest.raises(pl.InputError) as caught:
        fit(net, early_stopping=pl.EarlyStopping(monitor="validation_loss"))
    assert str(caught.value) == (
        "Monitor in EarlyStopping is 'validation_loss', expected one of loss, learning_rate, gradient_norm, seconds: "
        "or give a validation set."
    )


@pytest.mark.parametrize("patience", [0, -1, 2.5, True, "10"])
def test_a_patience_below_1_is_refused(patience):
    with pytest.raises(pl.InputError) as caught:
        pl.EarlyStopping(patience=patience)
    assert str(caught.value) == f"The patience in EarlyStopping is {patience!r}, expected a whole number of at least 1: choose e.g. 10."


@pytest.mark.parametrize("min_delta", [-1e-3, float("nan"), float("inf"), None])
def test_a_min_delta_that_is_negative_or_no_number_is_refused(min_delta):
    with pytest.raises(pl.InputError) as caught:
        pl.EarlyStopping(min_delta=min_delta)
    assert str(caught.value) == (
        f"Min_delta in EarlyStopping is {min_delta!r}, expected a finite number that is not negative: choose e.g. 1e-4."
    )


# Ctrl-C


def press_ctrl_c(moment):
    if moment.epoch == 3:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("usual_ctrl_c")
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_ctrl_c_ends_the_training_keeps_the_model_and_warns(net, optimizer):
    before = net.loss(X, Y)
    with pytest.warns(pl.TrainingInterrupted) as caught:
        history = fit(net, epochs=1000, callbacks=[press_ctrl_c], optimizer=optimizer)
    assert [str(warning.message) for warning in caught] == [
        "Training was interrupted after 3 whole epochs; the model keeps what it learned."
    ]
    assert caught[0].filename == __file__
    assert (history.stopped_by, history.n_epochs) == ("interrupt", 3)
    assert net.history is history
    assert net.loss(X, Y) < before
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_through_the_operating_system_in_the_midst_of_an_epoch(net):
    """From another thread, while an epoch of very many steps runs: none is whole, and what was learned is kept."""
    rng = np.random.default_rng(2)
    many, before = rng.normal(size=(2_000_000, 2)), net.vector.copy()
    net.fit(many[:10], many[:10].sum(axis=1), batch_size=1, epochs=1, progress=False)  # compiles, where that is not done yet
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))

    class Starts(pl.Callback):
        def on_train_begin(self, network):
            timer.start()

    with pytest.warns(pl.TrainingInterrupted, match="^Training was interrupted after 0 whole epochs"):
        history = net.fit(many, many.sum(axis=1), batch_size=1, epochs=50, progress=False, callbacks=[Starts()])
    timer.join()
    assert (history.stopped_by, history.n_epochs) == ("interrupt", 0)
    assert np.isfinite(net.vector).all()
    assert not np.array_equal(net.vector, before)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_restores_the_best_weights_of_early_stopping(net):
    kept, keep = snapshots("loss")
    with pytest.warns(pl.TrainingInterrupted):
        history = fit(net, epochs=1000, callbacks=[keep, press_ctrl_c], early_stopping=pl.EarlyStopping(patience=500))
    assert history.best_epoch == 3
    assert_array_equal(net.vector, kept[2][1])


@pytest.mark.usefixtures("usual_ctrl_c")
def test_the_callbacks_hear_of_the_end_after_ctrl_c(net):
    noting = Noting()
    with pytest.warns(pl.TrainingInterrupted):
        fit(net, epochs=1000, callbacks=[noting, press_ctrl_c])
    assert noting.calls[-1] == ("end", 3, "interrupt")


@pytest.mark.usefixtures("usual_ctrl_c")
def test_a_second_ctrl_c_is_not_held_back(net):
    def press_twice(moment):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        fit(net, callbacks=[press_twice])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("usual_ctrl_c")
def test_a_handler_of_somebody_else_stays_in_charge(net):
    calls = []
    signal.signal(signal.SIGINT, lambda number, frame: calls.append(number))
    history = fit(net, callbacks=[press_ctrl_c])
    assert calls == [signal.SIGINT]
    assert (history.stopped_by, history.n_epochs) == ("epochs", 5)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_a_thread_leaves_the_signal_alone(net):
    found = []

    def run():
        with Interrupt():
            found.append(signal.getsignal(signal.SIGINT))
        found.append(fit(net).stopped_by)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler, "epochs"]


def test_ctrl_c_in_a_process_of_its_own():
    """As a user presses it: the script goes on after fit, with the model, and ends well."""
    script = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
import pellucid as pl
net = pl.Network([2, 3, 1])
X = np.random.default_rng(0).normal(size=(20, 2))
before = net.loss(X, X.sum(axis=1))
history = net.fit(X, X.sum(axis=1), epochs=10**9, callbacks=[lambda moment: print("epoch", flush=True) if moment.epoch == 5 else None])
print(history.stopped_by, history.n_epochs >= 5, net.loss(X, X.sum(axis=1)) < before)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "epoch\n"
        process.send_signal(signal.SIGINT)
        told, warned = process.communicate(timeout=60)
    assert process.returncode == 0
    assert told == "interrupt True True\n"
    assert "TrainingInterrupted: Training was interrupted after" in warned
    assert "Traceback" not in warned

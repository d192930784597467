"""Threads: the same bits with any number of them, the user's limits, several trainings at once, forks."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from threadpoolctl import threadpool_info, threadpool_limits

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Progress
from pellucid.engines.compiled import engine as engine_module
from pellucid.engines.compiled import plan, team
from pellucid.engines.compiled.pace import Pace, Way, ways_of


@pytest.fixture
def many(monkeypatch):
    """A machine of four cores where every call is large enough for threads."""
    monkeypatch.setattr(team, "cores", lambda: 4)
    monkeypatch.setattr(team, "_team", team._Team())
    monkeypatch.setattr(engine_module, "ALONE", 0)
    monkeypatch.setattr(engine_module, "WORTH", 0)


def network(**settings):
    return pl.Network([30, 40, 20, 3], ["gelu", "tanh", "softmax"], "cross_entropy", seed=1, l2=0.1, **settings)


def data(m=203, dtype="float64"):
    rng = np.random.default_rng(0)
    return rng.normal(size=(m, 30)).astype(dtype), np.eye(3, dtype=dtype)[rng.integers(3, size=m)], rng.random(m).astype(dtype)


def trained(net, n_threads, seconds=10.0, clip=None):
    X, Y, s = data(dtype=net.dtype)
    optimizer, vector = pl.Adam(0.01), net.vector.copy()
    progress = Progress(vector, optimizer.init(vector))
    batches = Batches(X, Y, s, np.random.default_rng(1).permutation(len(X)), 90, 7, clip)
    engine = load("compiled", net.architecture)
    with engine.at_most(n_threads):
        for _ in range(4):
            progress.position = 0
            while progress.position < batches.count:
                engine.run(progress, batches, np.full(batches.count, 0.01), optimizer, seconds)
        sums, gradient = engine.gradient(vector, X, Y, s, None)
        y_hat = engine.predict(vector, X)
        evaluated = engine.evaluate(vector, X, Y, s)
    figures = (progress.cost_sum, progress.gradient_norm_sum, *sums, *evaluated)
    return [vector, *progress.state, gradient, y_hat, np.array(figures)]


@pytest.mark.parametrize("clip", [None, 0.1])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("groups", "shared"), [(1, True), (2, True), (8, True), (2, False), (8, False)])
def test_the_bits_do_not_depend_on_the_number_of_threads_or_on_pauses(many, monkeypatch, dtype, clip, groups, shared):
    """With groups there are 6 of them in a batch, and 2 in the last one, for up to 4 threads."""
    net = network(dtype=dtype, dropout=0.2)
    used = set()
    run = team.run
    monkeypatch.setattr(team, "run", lambda kernel, net, call, most: (run(kernel, net, call, most), used.add(call.n_threads)))
    monkeypatch.setattr(Pace, "choose", lambda self, most, seconds, guess: (Way(most, shared), 2 if seconds > 1 else 1))
    monkeypatch.setattr(plan, "groups_of", lambda architecture, rows: groups)
    expected = trained(net, 1, clip=clip)
    for n_threads, seconds in ((2, 10.0), (3, 10.0), (4, 0.0), (2, 10.0)):
        for found, right in zip(trained(net, n_threads, seconds, clip), expected, strict=True):
            assert found.tobytes() == right.tobytes()
    assert used == {1, 2, 3, 4}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nor_do_they_where_threads_share_the_columns_of_wide_layers(many, monkeypatch, dtype):
    """In two parts, and the columns of the widest layer in four; with activations and dropout that threads wait for, and without."""
    monkeypatch.setattr(plan, "FAR", 100 * np.dtype(dtype).itemsize)
    monkeypatch.setattr(plan, "AT_ONCE", 30 * 260)
    monkeypatch.setattr(Pace, "choose", lambda self, most, seconds, guess: (Way(most), 1))
    for settings in ({"activations": ["gelu", "relu", "softmax"], "dropout": 0.2}, {"activations": ["relu", "relu", "softmax"]}):
        net = pl.Network([30, 260, 140, 3], loss="cross_entropy", seed=1, l2=0.1, dtype=dtype, **settings)
        expected = trained(net, 1)
        with monkeypatch.context() as patch:
            patch.setattr(plan, "widest_of", lambda architecture: 260)
            for n_threads in (2, 3, 4):
                for found, right in zip(trained(net, n_threads), expected, strict=True):
                    assert found.tobytes() == right.tobytes()


def random_training(rng):
    """One training of a small network, alone and in each way on several threads; the bits of its parameters, and its losses.

    One of three is of a wider one, whose columns are cut, and copied.
    """
    wide = int(rng.integers(3)) == 0
    hidden = rng.integers(60, 290, size=rng.integers(1, 3)) if wide else rng.integers(8, 70, size=rng.integers(1, 4))
    sizes = [int(n) for n in (rng.integers(1, 65), *hidden, rng.integers(2, 11))]
    batch, dtype = int(rng.integers(32, 300)), str(rng.choice(["float32", "float64"]))
    X = rng.normal(size=(int(rng.integers(batch, 6 * batch)), sizes[0])).astype(dtype)
    y = rng.integers(0, sizes[-1], len(X))
    options = {"batch_size": batch, "shuffle": bool(rng.integers(2)), "clip_norm": [None, 0.5][rng.integers(2)]}
    options["optimizer"] = [pl.Adam(1e-3), pl.Momentum(1e-3), pl.GradientDescent(1e-2)][rng.integers(3)]
    settings = {"l2": [0.0, 0.1][rng.integers(2)], "dropout": [0.0, 0.2][rng.integers(2)], "dtype": dtype}
    found = []
    for way in (Way(1), Way(2), Way(2, shared=False), Way(int(rng.integers(2, 5)), shared=bool(rng.integers(2)))):
        net = pl.Network(sizes, ["relu"] * (len(sizes) - 2) + ["softmax"], "cross_entropy", seed=1, **settings)
        steps = int(rng.integers(1, 200))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                Pace, "choose", lambda self, most, seconds, guess, way=way, steps=steps: (Way(min(most, way.threads), way.shared), steps)
            )
            patch.setattr(Pace, "early", lambda self, guess: False)
            if wide and way.threads > 1:
                patch.setattr(plan, "widest_of", lambda architecture: max(architecture.sizes[1:]))
                patch.setattr(plan, "FAR", 500)
                patch.setattr(plan, "AT_ONCE", 10_000)
            history = net.fit(X, y, epochs=20, n_threads=way.threads, progress=False, **options)
        found.append((way, net.vector.tobytes(), history["loss"]))
    return found


def test_random_trainings_have_the_same_bits_in_every_way(many):
    """Groups change hands, as the last batch is smaller. `python tests/engines/compiled/test_team.py SECONDS` goes on for longer."""
    rng = np.random.default_rng(0)
    for _ in range(25):
        (_, bits, losses), *others = random_training(rng)
        for way, other_bits, other_losses in others:
            assert (other_bits == bits, other_losses == losses) == (True, True), way


def test_a_batch_smaller_than_the_threads_take(many):
    net = network()
    X, Y, _ = data(5)
    engine = load("compiled", net.architecture)
    expected = load("reference", net.architecture).gradient(net.vector, X, Y, None, None)[1]
    np.testing.assert_allclose(engine.gradient(net.vector, X, Y, None, None)[1], expected, rtol=1e-10, atol=1e-13)


def test_a_workspace_is_used_again_with_and_without_groups(many):
    """The sums of the blocks are the threads' own only while every thread moves all parameters."""
    architecture = pl.Network([64, 64, 10], ["tanh", "softmax"], "cross_entropy", seed=0).architecture
    engine, rng = load("compiled", architecture), np.random.default_rng(0)
    X, Y = rng.normal(size=(64, 64)), np.eye(10)[rng.integers(10, size=64)]

    def norms(batch_size):
        engine._training = None
        vector = pl.Network([64, 64, 10], ["tanh", "softmax"], "cross_entropy", seed=0).vector
        progress = Progress(vector, pl.GradientDescent(0.01).init(vector))
        batches = Batches(X, Y, None, None, batch_size, 0, None)
        with engine.at_most(2):
            engine.run(progress, batches, np.full(batches.count, 0.01), pl.GradientDescent(0.01), 10.0)
        engine._free.append(engine._training.space)
        return progress.gradient_norm_sum

    expected = [norms(8), norms(64)]
    assert [norms(64), norms(8), norms(64)] == [expected[1], expected[0], expected[1]]


def test_threads_that_are_taken_are_left_alone(monkeypatch):
    monkeypatch.setattr(team, "cores", lambda: 4)
    taken = [team.enter(3), team.enter(4), team.enter(4), team.enter(1)]
    assert taken == [3, 1, 1, 1]
    for count in taken:
        team.leave(count)
    assert team.enter(9) == 4
    team.leave(4)


def test_the_limits_of_the_user(monkeypatch):
    monkeypatch.setattr(team, "cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with threadpool_limits(1, user_api="blas"):
        assert team.limit() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "2,1")
    assert team.limit() <= 2
    monkeypatch.setenv("OMP_NUM_THREADS", "many")
    assert team.limit() >= 1
    engine = load("compiled", network().architecture)
    with engine.at_most(3):
        assert engine._most(True) == 3
        assert engine._most(False) == 1


def test_trainings_in_several_python_threads_do_not_disturb_each_other(many):
    X, Y, _ = data(600)

    def train(seed, results):
        net = pl.Network([30, 40, 3], ["tanh", "softmax"], "cross_entropy", seed=seed)
        net.fit(X, Y, epochs=5, batch_size=100, progress=False)
        results[seed] = net.vector

    alone, together = {}, {}
    for seed in range(4):
        train(seed, alone)
    before = [library["num_threads"] for library in threadpool_info()]
    threads = [threading.Thread(target=train, args=(seed, together)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [library["num_threads"] for library in threadpool_info()] == before
    for seed in range(4):
        assert_array_equal(alone[seed], together[seed])
    assert team._team.busy == 0


def test_workers_pass_from_call_to_call_without_a_hitch(many):
    """Many short calls from more threads than there are cores: a worker that one has done with is at once another's."""
    X, Y, _ = data(96)
    ends = {}

    def train(seed):
        for _ in range(40):
            net = pl.Network([30, 8, 3], ["tanh", "softmax"], "cross_entropy", seed=seed % 2)
            net.fit(X, Y, epochs=3, batch_size=48, progress=False)
            ends.setdefault(seed % 2, set()).add(net.vector.tobytes())

    threads = [threading.Thread(target=train, args=(seed,), daemon=True) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=200)
    assert not any(thread.is_alive() for thread in threads), "they wait for each other forever"
    assert {seed: len(found) for seed, found in ends.items()} == {0: 1, 1: 1}


def test_one_network_predicts_in_several_python_threads(many):
    net = network()
    X, _, _ = data(400)
    expected, results = net.predict(X), []
    threads = [threading.Thread(target=lambda: results.extend(net.predict(X) for _ in range(20))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 80
    for found in results:
        assert_array_equal(found, expected)


def test_a_forked_child_trains_after_its_parent_did():
    code = """
        import multiprocessing, warnings
        import numpy as np
        import pellucid as pl
        from pellucid.engines.compiled import engine, team
        engine.ALONE = engine.WORTH = 0
        team.cores = lambda: 2
        X, y = np.random.default_rng(0).normal(size=(400, 5)), np.arange(400) % 3

        def train(seed):
            net = pl.Network([5, 20, 3], ["tanh", "softmax"], "cross_entropy", seed=seed)
            net.fit(X, y, epochs=3, batch_size=100, progress=False, n_threads=2)
            return net.vector

        if __name__ == "__main__":
            warnings.simplefilter("ignore", DeprecationWarning)
            here = [train(seed) for seed in range(3)]
            assert len(team._team.bells) == 1
            with multiprocessing.get_context("fork").Pool(2) as pool:
                there = pool.map(train, range(3))
            print(all((a == b).all() for a, b in zip(here, there)))
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system does not fork")
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False, timeout=300, env=os.environ
    )
    assert done.stdout.strip() == "True", done.stderr


def test_the_pace_tries_each_way_and_keeps_the_fastest(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("pellucid.engines.compiled.pace.time.monotonic", lambda: now[0])
    pace, chosen = Pace(grouped=True), []
    four, past, two, one = Way(4), Way(4, shared=False), Way(2), Way(1)
    costs = {four: 2e-3, past: 4e-3, two: 1e-3, Way(2, shared=False): 3e-3, one: 3e-3}
    for _ in range(60):
        way, steps = pace.choose(4, 0.05, 1e-4)  # longer than what begins with one thread
        assert steps >= 1
        pace.note(way, costs[way] * steps, steps)
        chosen.append(way)
        now[0] += 0.05
    assert chosen[:6] == [four, four, past, two, Way(2, shared=False), one], (
        "the first call bears the start of the threads, and counts for nothing"
    )
    assert {one, four} <= set(chosen[6:]), "from time to time the others are tried again"
    assert chosen.count(two) > 45
    costs[two] = 1.0
    for _ in range(5):
        way, steps = pace.choose(4, 0.05, 1e-4)
        pace.note(way, costs[way] * steps, steps)
    assert way != two, "it moves on when the fastest is no longer fast"


def test_a_training_of_short_steps_begins_with_one_thread():
    pace = Pace(grouped=True)
    way, steps = pace.choose(2, 0.05, 1e-5)
    assert way == Way(1)
    pace.note(way, 0.004, steps)
    assert pace.choose(2, 0.05, 1e-5) == (Way(1), steps * 5e-3 // 4e-3)
    pace.note(way, 0.004, steps)
    assert pace.choose(2, 0.05, 1e-5)[0] == Way(2), "5 ms are over"
    assert Pace(grouped=False).choose(2, 0.05, 1e-5)[0] == Way(2)


def test_without_groups_there_is_nothing_to_hand_over():
    assert ways_of(5, grouped=False) == (Way(5), Way(2), Way(1))
    assert ways_of(2, grouped=True) == (Way(2), Way(2, shared=False), Way(1))


def test_one_thread_needs_no_trial():
    assert Pace(grouped=True).choose(1, 0.05, 1e-3) == (Way(1), 50)
    assert Pace(grouped=True).choose(1, 0.05, 1.0) == (Way(1), 1)


if __name__ == "__main__":  # python tests/engines/compiled/test_team.py SECONDS
    team.cores = lambda: 4  # type: ignore[assignment]
    generator, end, different, count = np.random.default_rng(), time.monotonic() + float(sys.argv[1]), 0, 0
    while time.monotonic() < end:
        first, *rest = random_training(generator)
        count, different = count + 1, different + any(other[1:] != first[1:] for other in rest)
    print(f"{count} trainings, {different} with other bits in one of the ways")

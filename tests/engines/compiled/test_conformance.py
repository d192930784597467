"""The compiled engine against the reference engine: engine x activation x loss x optimizer x dtype."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

import pellucid as pl
from pellucid.engines import Batches, load
from pellucid.engines.base import Progress
from pellucid.engines.compiled import batches as batches_module
from pellucid.engines.compiled import few, plan, products, rowwise, rules, store, updates
from pellucid.engines.compiled.parts import Part
from pellucid.equations import activations
from random_networks import HIDDEN, PAIRS, beside_a_kink, build, recipes, tame, targets

OPTIMIZERS = {
    "gradient_descent": pl.GradientDescent(0.01),
    "momentum": pl.Momentum(0.01),
    "nesterov": pl.Nesterov(0.01),
    "adagrad": pl.AdaGrad(0.01),
    "rmsprop": pl.RMSprop(0.01),
    "adam": pl.Adam(0.01),
    "adamw": pl.AdamW(0.01),
}
TOLERANCE = {"float64": 1e-12, "float32": 2e-4}


def off(found, expected, floor=0.0):
    """The largest difference, relative to the largest entry; what is infinite or NaN must be so in both."""
    found, expected = np.asarray(found, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    finite = np.isfinite(expected)
    np.testing.assert_array_equal(found[~finite], expected[~finite])
    scale = max(float(np.abs(expected[finite]).max(initial=0.0)), floor, 1e-300)
    return float(np.abs(found[finite] - expected[finite]).max(initial=0.0)) / scale


def both(net):
    return load("compiled", net.architecture), load("reference", net.architecture)


def masks_of(net, mask):
    return None if mask is None else [mask.get(layer) for layer in range(len(net.layers) + 1)]


def one_step(net, X, Y, s, mask, tolerance):
    """Assert that prediction, the sums of the loss and the gradient agree."""
    compiled, reference = both(net)
    assert off(compiled.predict(net.vector, X), reference.predict(net.vector, X)) <= tolerance
    expected = reference.evaluate(net.vector, X, Y, s)
    found = compiled.evaluate(net.vector, X, Y, s)
    assert found.loss == pytest.approx(expected.loss, rel=100 * tolerance, abs=100 * tolerance)
    assert found.weight == pytest.approx(expected.weight, rel=tolerance)
    expected, right = reference.gradient(net.vector, X, Y, s, masks_of(net, mask))
    found, gradient = compiled.gradient(net.vector, X, Y, s, masks_of(net, mask))
    assert found.loss == pytest.approx(expected.loss, rel=100 * tolerance, abs=100 * tolerance)
    assert found.weight == pytest.approx(expected.weight, rel=tolerance)
    named, truth = net.architecture.named(gradient), net.architecture.named(right)
    floor = 1e-2 * float(np.abs(right).max())  # an array that is nothing but cancellation is compared on the scale of the others
    exact = truth
    if net.dtype == np.float32:  # where rounding is amplified, as by a saturated tanh, the reference engine is off too
        wide = [None if part is None else part.astype(np.float64) for part in (net.vector, X, Y, s)]
        exact = net.architecture.named(reference.gradient(*wide, masks_of(net, mask))[1])
    for name, part in truth.items():
        assert off(named[name], part, floor) <= max(tolerance, 4 * off(part, exact[name], floor)), name


@settings(max_examples=150)
@given(recipes())
def test_random_networks(recipe):
    net, X, Y, s, mask = build(recipe)
    trace = net.trace(X, Y, convention="rows", sample_weight=s, mask=mask)
    if not tame(net, trace) or beside_a_kink(net, trace, Y, 1e-10 if net.dtype == np.float64 else 1e-4):
        event("left out")
        return
    one_step(net, X, Y, s, mask, TOLERANCE[net.dtype.name])


def sample(rng, net, loss, m, zeros=True):
    X = rng.normal(size=(m, net.architecture.sizes[0]))
    if zeros:
        X[rng.random(X.shape) < 0.2] = 0.0
        X[0] = 0.0
    Y = targets(rng, loss, m, net.architecture.sizes[-1])
    return X.astype(net.dtype), Y.astype(net.dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("rule", HIDDEN)
@settings(max_examples=4)
@given(sizes=st.lists(st.integers(1, 70), min_size=2, max_size=4), m=st.integers(1, 150), seed=st.integers(0, 999))
def test_every_activation(rule, dtype, sizes, m, seed):
    rules = [*[rule] * (len(sizes) - 2), "identity"]
    net = pl.Network(sizes, rules, "half_mse", seed=seed, dtype=dtype, l2=0.1)
    X, Y = sample(np.random.default_rng(seed), net, "half_mse", m)
    trace = net.trace(X, Y, convention="rows")
    if tame(net, trace) and not beside_a_kink(net, trace, Y, 1e-10 if dtype == "float64" else 1e-4):
        one_step(net, X, Y, None, None, TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_every_output_with_every_loss(output, loss, dtype):
    rng = np.random.default_rng(5)
    net = pl.Network([6, 17, 5], ["tanh", output], loss, seed=1, dtype=dtype)
    X, Y = sample(rng, net, loss, 37)
    if not beside_a_kink(net, net.trace(X, Y, convention="rows"), Y, 1e-10 if dtype == "float64" else 1e-4):
        one_step(net, X, Y, (rng.random(37) + 0.1).astype(dtype), None, TOLERANCE[dtype])


@contextmanager
def grouped(groups):
    """While it is entered, batches of any size are in so many groups, as far as they have rows enough."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "groups_of", lambda architecture, rows: groups)
        yield


def run(name, net, batches, optimizer, rates, epochs=1, seconds=10.0, n_threads=None):
    """Progress after so many epochs."""
    engine, vector = load(name, net.architecture), net.vector.copy()
    progress = Progress(vector, optimizer.init(vector))
    with engine.at_most(n_threads):
        for _ in range(epochs):
            progress.position = 0
            while progress.position < batches.count and not progress.failed:
                engine.run(progress, batches, rates, optimizer, seconds)
    return progress


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@settings(max_examples=6)
@given(
    m=st.integers(1, 120),
    batch_size=st.integers(1, 50),
    shuffled=st.booleans(),
    weighted=st.booleans(),
    l2=st.sampled_from([0.0, 0.3]),
    dropout=st.sampled_from([0.0, 0.4]),
    clip=st.sampled_from([None, 0.05, 100.0]),
    groups=st.sampled_from([1, 2, 8]),
    seed=st.integers(0, 999),
)
def test_steps_of_every_optimizer(optimizer, dtype, m, batch_size, shuffled, weighted, l2, dropout, clip, groups, seed):
    """Batches that need not divide the samples, in any order, weighted, with L2, dropout, clipping and a rate for each step."""
    rng = np.random.default_rng(seed)
    net = pl.Network([7, 21, 34, 4], ["tanh", "gelu", "softmax"], "cross_entropy", l2=l2, dropout=dropout, seed=seed, dtype=dtype)
    X, Y = sample(rng, net, "cross_entropy", m)
    s = rng.random(m).astype(dtype) if weighted else None
    batches = Batches(X, Y, s, rng.permutation(m) if shuffled else None, min(batch_size, m), seed, clip)
    rates = 0.01 * rng.random(batches.count)
    expected = run("reference", net, batches, OPTIMIZERS[optimizer], rates)
    with grouped(groups):
        found = run("compiled", net, batches, OPTIMIZERS[optimizer], rates)
    tolerance = TOLERANCE[dtype]
    assert (found.position, found.step, found.failed) == (expected.position, expected.step, expected.failed)
    assert off(found.vector, expected.vector) <= tolerance * max(1, batches.count)
    for part, right in zip(found.state, expected.state, strict=True):
        assert off(part, right) <= 100 * tolerance
    for name in ("cost_sum", "weight_sum", "gradient_norm_sum"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=100 * tolerance)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_trajectories_of_two_hundred_steps(optimizer):
    rng = np.random.default_rng(2)
    net = pl.Network([6, 20, 12, 3], ["tanh", "silu", "softmax"], "cross_entropy", l2=0.01, seed=3)
    X, Y = sample(rng, net, "cross_entropy", 110)
    batches = Batches(X, Y, None, rng.permutation(110), 11, 0)
    found, expected = (run(name, net, batches, OPTIMIZERS[optimizer], np.full(10, 0.01), 20) for name in ("compiled", "reference"))
    with grouped(2):
        in_groups = run("compiled", net, dataclasses.replace(batches, batch_size=22), OPTIMIZERS[optimizer], np.full(5, 0.01), 40)
    assert found.step == expected.step == in_groups.step == 200
    assert off(found.vector, expected.vector) <= 1e-8
    expected = run("reference", net, dataclasses.replace(batches, batch_size=22), OPTIMIZERS[optimizer], np.full(5, 0.01), 40)
    assert off(in_groups.vector, expected.vector) <= 1e-8


def test_ten_iterations_of_lbfgs():
    ends = []
    for engine in ("compiled", "reference"):
        net = pl.Network([6, 20, 3], ["tanh", "softmax"], "cross_entropy", l2=0.01, seed=3)
        X, Y = sample(np.random.default_rng(4), net, "cross_entropy", 110)
        net.fit(X, Y, optimizer=pl.LBFGS(), epochs=10, engine=engine, progress=False)
        ends.append(net.vector)
    assert off(*ends) <= 1e-8


@pytest.mark.parametrize(
    "schedule", [pl.InverseScaling(0.01), pl.CosineDecay(0.01), pl.OneCycle(0.01), pl.WarmUp(0.01, 5), pl.Adaptive(0.01)]
)
def test_schedules(schedule):
    ends = []
    for engine in ("compiled", "reference"):
        net = pl.Network([6, 9, 3], ["tanh", "softmax"], "cross_entropy", seed=3)
        X, Y = sample(np.random.default_rng(4), net, "cross_entropy", 50)
        net.fit(X, Y, optimizer=pl.Momentum(schedule), epochs=12, batch_size=20, engine=engine, progress=False)
        ends.append(net.vector)
    assert off(*ends) <= 1e-11


def test_every_scored_row_is_finite_at_large_scores():
    for output, loss in PAIRS:
        net = pl.Network([1, 3], [output], loss, seed=0)
        if output in ("exp", "elu(alpha=0.5)") or loss == "poisson":
            continue
        net.parameters["W1"][...] = [[1e4, -1e4, 3.0]]
        Y = targets(np.random.default_rng(0), loss, 2, 3)
        sums = load("compiled", net.architecture).evaluate(net.vector, np.array([[1.0], [-1.0]]), Y, None)
        expected = load("reference", net.architecture).evaluate(net.vector, np.array([[1.0], [-1.0]]), Y, None)
        assert sums.loss == pytest.approx(expected.loss, rel=1e-12)


PLACES = {
    "a W": (products, "multiply", "min(INNER, k - p)", "min(INNER, k - p - k // 700)"),
    "a^T dz": (products, "multiply_turned", "min(INNER, k - p)", "min(INNER, k - p - 1)"),
    "dz W^T": (products, "multiply_transposed", "c_at = offset(c, j)", "c_at = offset(c, j); strip[0] *= as_entry(1.001, c)"),
    "the sums of rows": (products, "add_rows", "add_columns(m,", "add_columns(m - m // 70,"),
    "the masks": (batches_module, "apply_mask", "f[entry] * mask[entry]", "f[entry] * mask[entry] * as_entry(1.001, f)"),
    "the sample weights": (batches_module, "weigh", "share = as_entry(factor[0], dz)", "share = as_entry(1.001 * factor[0], dz)"),
    "dropout": (batches_module, "drop", "as_entry(scale[0], f)", "as_entry(1.001 * scale[0], f)"),
    "L2": (batches_module, "penalize", "as_entry(strength[0], g)", "as_entry(1.001 * strength[0], g)"),
    "clipping": (batches_module, "rescale", "as_entry(factor[0], g)", "as_entry(1.001 * factor[0], g)"),
    "the sum of two groups": (batches_module, "add_up", "a[i] + b[i]", "a[i] + as_entry(1.001, a) * b[i]"),
    "the sum of more groups": (batches_module, "add_up", "total[i] += b[i]", "total[i] += as_entry(1.001, a) * b[i]"),
    "the norm": (batches_module, "add_squares", "total[0] = found", "total[0] = 1.001 * found"),
    "the loss": (rowwise, "softmax_cross_entropy", "losses[i] = weight", "losses[i] = 1.001 * weight"),
    "its derivative": (rowwise, "softmax_cross_entropy", "* weight - y", "* weight - as_entry(1.001, a) * y"),
    "the loss in groups": (rowwise, "softmax_cross_entropy_in_groups", "found += weight *", "found += as_entry(1.001, a) * weight *"),
    "its derivative in groups": (rowwise, "softmax_cross_entropy_in_groups", "* weight - y", "* weight - as_entry(1.001, a) * y"),
    "the optimizer": (updates, "adam", "theta[i] -= alpha * first", "theta[i] -= as_entry(1.001, theta) * alpha * first"),
    "its coefficients": (updates, "adam_step", "c[2], c[3] = settings[1], 1", "c[2], c[3] = settings[1], 1.001"),
}  # fmt: skip
"""where 0.1 % is planted: the module and the part, and how its text is changed"""


def everything(seed=0, n=7, output="softmax"):
    """Assert that a step and a training agree, with all that a training can have."""
    rng = np.random.default_rng(seed)
    net = pl.Network([700, 200, 20, n], ["sigmoid", "gelu", output], "cross_entropy", seed=0, l2=0.3, dropout=0.2)
    X, Y, s = rng.normal(size=(70, 700)), np.eye(n)[rng.integers(n, size=70)], rng.random(70)
    one_step(net, X, Y, s, net.dropout_mask(70), 1e-12)
    batches = Batches(X, Y, s, rng.permutation(70), 40, 0, 0.05)
    expected = run("reference", net, batches, OPTIMIZERS["adam"], np.full(2, 0.01))
    for groups in (1, 3):
        with grouped(groups):
            found = run("compiled", net, batches, OPTIMIZERS["adam"], np.full(2, 0.01))
        assert off(found.vector, expected.vector) < 1e-11
        assert found.gradient_norm_sum == pytest.approx(expected.gradient_norm_sum, rel=1e-11)


@pytest.mark.parametrize(("n", "output"), [(3, "softmax"), (7, "softmax"), (7, "softmax(4, 3)")])
def test_nothing_planted(n, output):
    everything(n=n, output=output)


@pytest.mark.parametrize("place", PLACES)
def test_a_planted_error_of_a_thousandth_in_a_kernel_is_seen(place, monkeypatch, tmp_path):
    module, name, before, after = PLACES[place]
    text = Path(module.__file__).read_text()
    start = text.index(f"def {name}(")
    assert before in text[start:]
    text = text[:start] + text[start:].replace(before, after, 1)
    imports = "from __future__ import annotations\nfrom pellucid.engines.compiled.intrinsics import as_entry"
    text = text.replace("from __future__ import annotations", imports)
    monkeypatch.setattr(store, "folder", lambda: tmp_path)
    right, wrong = Part(f"{module.__name__.split('.')[-1]}.{name}"), Part(f"planted.{name}", text)
    for table in (plan.PARTS, rules.WHOLE_ROWS, rules.IN_GROUPS):
        for key, part in table.items():
            if part == right:
                monkeypatch.setitem(table, key, wrong)
    for key, update in rules.UPDATES.items():
        changed = {field: wrong for field in ("prepare", "move") if getattr(update, field) == right}
        monkeypatch.setitem(rules.UPDATES, key, dataclasses.replace(update, **changed))
    with pytest.raises(AssertionError):
        everything(output="softmax(4, 3)" if "in groups" in place else "softmax")
    assert list(tmp_path.glob(f"planted.{name}.*")), "the wrong part was used"


FEW = {
    "the loss": ("softmax_cross_entropy", "l_[i] = weight", "l_[i] = 1.001 * weight"),
    "its derivative": ("softmax_cross_entropy", "a0 * weight - y0", "a0 * weight * as_entry(1.001, a_) - y0"),
    "dW turned": ("turn", "source[1 * count + i]", "source[1 * count + i] * as_entry(1.001, source)"),
    "W turned": ("turn_back", "source[i * 3 + 1]", "source[i * 3 + 1] * as_entry(1.001, source)"),
}
"""the same where rows are short: the function that writes the text, and how that is changed"""


@pytest.mark.parametrize("place", FEW)
def test_a_planted_error_of_a_thousandth_in_short_rows_is_seen(place, monkeypatch):
    name, before, after = FEW[place]
    right, changed = getattr(few, name), []

    def plant(n):
        rule = right(n)
        assert before in rule.part.source
        text = rule.part.source.replace(before, after).replace("@part", "from pellucid.engines.compiled.intrinsics import as_entry\n@part")
        changed.append(dataclasses.replace(rule, part=Part(f"planted_{name}_{place.replace(' ', '_')}.rule", text)))
        return changed[-1]

    monkeypatch.setattr(few, name, plant)
    with pytest.raises(AssertionError):
        everything(n=3)
    assert changed


@pytest.mark.parametrize("n", range(1, 8))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_number_of_few_outputs(n, dtype):
    rng = np.random.default_rng(n)
    net = pl.Network([5, 33, n], ["tanh", "softmax"], "cross_entropy", seed=n, dtype=dtype)
    X, Y = rng.normal(size=(37, 5)).astype(dtype), rng.random((37, n)).astype(dtype)
    one_step(net, X, Y, None, None, {"float64": 1e-12, "float32": 2e-5}[dtype])


@pytest.mark.parametrize("part", [0, 1])
def test_a_planted_error_of_a_thousandth_in_an_activation_is_seen(part):
    right = activations.activation("sigmoid")
    texts = tuple(f"1.001 * ({text})" if index == part else text for index, text in enumerate(right.pieces))
    wrong = dataclasses.replace(right, pieces=texts)
    net = pl.Network([4, 9, 2], [wrong, "softmax"], "cross_entropy", seed=0)
    X, Y = sample(np.random.default_rng(0), net, "cross_entropy", 30)
    with pytest.raises(AssertionError):
        one_step(net, X, Y, None, None, 1e-12)


def test_a_changed_inner_module_is_compiled_anew(tmp_path):
    """A planted error in what kernels call is seen although the cache holds the right code: its folder goes by all sources."""
    source = Path(pl.__file__).parent
    shutil.copytree(source, tmp_path / "src" / "pellucid", ignore=shutil.ignore_patterns("__pycache__"))
    code = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(tmp_path / "src")!r})
        import numpy as np, pellucid as pl
        assert pl.__file__.startswith({str(tmp_path)!r})
        net = pl.Network([1, 1], ["softsign"], "half_mse", seed=0)
        net.parameters["W1"][...] = 1
        print(repr(float(net.gradients([[1.0]], [[0.0]])["dW1"][0, 0])))
    """)
    environment = {**os.environ, "PELLUCID_CACHE_DIR": str(tmp_path / "cache")}

    def slope():
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        return float(done.stdout)

    assert slope() == pytest.approx(0.125, rel=1e-12)
    inner = tmp_path / "src" / "pellucid" / "engines" / "compiled" / "pieces.py"
    inner.write_text(inner.read_text().replace("    return x * x", "    return number(2, x) * x * x"))
    assert slope() == pytest.approx(0.25, rel=1e-12)

"""The programs of the training benchmark: each does the same steps in its own way, and says how long they took.

What is timed is steps on data that are already there: batches are views of resident arrays, and weights, models and optimizers are made
before the clock starts. Pellucid's and scikit-learn's ``fit`` bear everything else that a whole fit does (checks of the data, one-hot
targets, the history), spread over the steps of one call.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

import pellucid as pl
from common import OURS, THREADS, blas_threads, threads, torch_threads
from work import LEARNING_RATE, MOMENTUM, Work

os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")  # compile in this process: helpers would stay and take time from others


class Run(NamedTuple):
    """What one call of a trainer did."""

    seconds: float
    steps: int
    loss: float
    """the mean over the batches of the last epoch"""


@dataclass(frozen=True)
class Trainer:
    """``run(steps)`` trains from the first weights for about so many steps: whole epochs, or less than one."""

    peer: str
    label: str
    run: Callable[[int], Run]


def pellucid(work: Work, engine: str | None, shuffle: bool = False) -> Iterator[Trainer]:
    """`Network.fit`, whole; with ``shuffle`` it also draws an order for each epoch and gathers the rows of each batch."""
    case = work.case
    rules = [case.hidden] * (len(case.sizes) - 2) + ["identity" if case.regression else "softmax"]
    loss = "half_mse" if case.regression else "cross_entropy"
    rate = LEARNING_RATE[case.optimizer]
    optimizer = pl.Adam(rate) if case.optimizer == "adam" else pl.Momentum(rate, MOMENTUM)

    def run(steps: int) -> Run:
        net = pl.Network(case.sizes, rules, loss, initializer="zeros", dtype=case.dtype)
        for layer, (W, b) in enumerate(work.first, start=1):
            net.parameters[f"W{layer}"][...], net.parameters[f"b{layer}"][...] = W, b
        epochs, rows = work.whole(steps)
        X, y = work.X[:rows], work.y[:rows]
        began = time.perf_counter()
        history = net.fit(X, y, optimizer=optimizer, batch_size=case.batch, epochs=epochs, shuffle=shuffle, progress=False, engine=engine)
        return Run(time.perf_counter() - began, epochs * rows // case.batch, history["loss"][-1])

    yield Trainer(OURS, OURS, run)


def sklearn(work: Work, shuffle: bool = False) -> Iterator[Trainer]:
    """`MLPClassifier.fit` or `MLPRegressor.fit`, whole, with BLAS at one and at two threads; with ``shuffle`` it gathers as we do."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    case = work.case

    class Given(MLPRegressor if case.regression else MLPClassifier):  # type: ignore[misc]
        def _init_coef(self, n: int, k: int, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
            W, b = next(given)
            return W.copy(), b.copy()

    def run(steps: int) -> Run:
        nonlocal given
        given = iter(work.first)
        epochs, rows = work.whole(steps)
        model = Given(
            hidden_layer_sizes=case.sizes[1:-1],
            activation={"sigmoid": "logistic"}.get(case.hidden, case.hidden),
            solver={"momentum": "sgd"}.get(case.optimizer, case.optimizer),
            alpha=0,
            batch_size=case.batch,
            learning_rate_init=LEARNING_RATE[case.optimizer],
            momentum=MOMENTUM,
            nesterovs_momentum=False,
            max_iter=epochs,
            shuffle=shuffle,
            tol=0,
            n_iter_no_change=epochs + 1,
        )
        X, y = work.X[:rows], work.y[:rows]
        y = y.ravel() if case.sizes[-1] == 1 else y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            began = time.perf_counter()
            model.fit(X, y)
        return Run(time.perf_counter() - began, epochs * rows // case.batch, model.loss_curve_[-1])

    given: Iterator[tuple[np.ndarray, np.ndarray]] = iter(())
    for n in THREADS:
        yield Trainer("scikit-learn", f"scikit-learn, {threads(n)}", within(blas_threads, n, run))


def torch(work: Work, compiled: bool = False) -> Iterator[Trainer]:
    """Eager PyTorch with its fused optimizers, or the loss and its gradient by `torch.compile` and the fused optimizer after it."""
    import torch

    case = work.case
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}[case.hidden]
    layers = [part for n, k in pairwise(case.sizes) for part in (torch.nn.Linear(n, k, dtype=getattr(torch, case.dtype)), activation())]
    model = torch.nn.Sequential(*layers[:-1])
    X, Y = (list(map(torch.from_numpy, work.batches(values))) for values in (work.X, work.y))
    criterion = torch.nn.MSELoss() if case.regression else torch.nn.CrossEntropyLoss()
    scale = 0.5 if case.regression else 1

    def loss(x: Any, y: Any) -> Any:
        found = criterion(model(x), y)
        return found if scale == 1 else scale * found

    if compiled:
        torch.compiler.reset()
        loss = torch.compile(loss)

    def make_optimizer() -> Any:
        rate = LEARNING_RATE[case.optimizer]
        if case.optimizer == "adam":
            return torch.optim.Adam(model.parameters(), lr=rate, fused=True)
        return torch.optim.SGD(model.parameters(), lr=rate, momentum=MOMENTUM, fused=True)

    def run(steps: int) -> Run:
        with torch.no_grad():
            for part, (W, b) in zip(model[::2], work.first, strict=True):
                part.weight.copy_(torch.from_numpy(W.T.copy()))
                part.bias.copy_(torch.from_numpy(b))
        optimizer = make_optimizer()
        losses = []
        began = time.perf_counter()
        for step in range(steps):
            at = step % work.steps
            optimizer.zero_grad(set_to_none=True)
            cost = loss(X[at], Y[at])
            cost.backward()
            optimizer.step()
            losses.append(cost.detach())
        seconds = time.perf_counter() - began
        return Run(seconds, steps, torch.stack(losses[-work.steps :]).mean().item())

    peer = "PyTorch compiled" if compiled else "PyTorch"
    for n in THREADS:
        yield Trainer(peer, f"{peer}, {threads(n)}", within(torch_threads, n, run))


def jax(work: Work) -> Iterator[Trainer]:
    """One jitted step called from Python, and an epoch of steps in one `lax.scan`; both give their state away (donated buffers)."""
    import jax
    import jax.numpy as jnp

    case = work.case
    jax.config.update("jax_enable_x64", case.dtype == "float64")
    activation = {"relu": jax.nn.relu, "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid}[case.hidden]
    rate = LEARNING_RATE[case.optimizer]
    y = work.y if case.regression else np.eye(case.sizes[-1], dtype=case.dtype)[work.y]
    X_batches, Y_batches = ([jax.device_put(part) for part in work.batches(values)] for values in (work.X, y))
    stacked = tuple(jax.device_put(values.reshape(work.steps, case.batch, -1)) for values in (work.X, y))

    def cost(parameters: Any, x: Any, y: Any) -> Any:
        for W, b in parameters[:-1]:
            x = activation(x @ W + b)
        W, b = parameters[-1]
        z = x @ W + b
        return jnp.mean((z - y) ** 2) / 2 if case.regression else -jnp.mean(jnp.sum(y * jax.nn.log_softmax(z), axis=1))

    def adam(g: Any, theta: Any, m: Any, v: Any, t: Any) -> Any:
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g * g
        return theta - rate / (1 - 0.9**t) * m / (jnp.sqrt(v / (1 - 0.999**t)) + 1e-8), m, v

    def momentum(g: Any, theta: Any, v: Any, unused: Any, t: Any) -> Any:
        v = MOMENTUM * v - rate * g
        return theta + v, v, unused

    rule = {"adam": adam, "momentum": momentum}[case.optimizer]

    def step(state: Any, batch: Any) -> Any:
        parameters, first, second, t = state
        loss, gradient = jax.value_and_grad(cost)(parameters, *batch)
        moved = jax.tree.map(lambda *parts: rule(*parts, t + 1), gradient, parameters, first, second)
        columns = jax.tree.transpose(jax.tree.structure(parameters), jax.tree.structure((0, 0, 0)), moved)
        return (*columns, t + 1), loss

    def begin() -> Any:
        parameters = [(jnp.array(W), jnp.array(b)) for W, b in work.first]
        first = jax.tree.map(jnp.zeros_like, parameters)
        second = jax.tree.map(jnp.zeros_like if case.optimizer == "adam" else lambda part: jnp.zeros((), part.dtype), parameters)
        return jax.block_until_ready((parameters, first, second, jnp.zeros((), case.dtype)))

    one = jax.jit(step, donate_argnums=0)
    epoch = jax.jit(lambda state, batches: jax.lax.scan(step, state, batches), donate_argnums=0)

    def run_steps(steps: int) -> Run:
        state, losses = begin(), []
        began = time.perf_counter()
        for number in range(steps):
            at = number % work.steps
            state, loss = one(state, (X_batches[at], Y_batches[at]))
            losses.append(loss)
        jax.block_until_ready((state, losses))
        seconds = time.perf_counter() - began
        return Run(seconds, steps, float(np.mean(losses[-work.steps :])))

    def run_scan(steps: int) -> Run:
        epochs = max(1, steps // work.steps)
        state = begin()
        began = time.perf_counter()
        for _ in range(epochs):
            state, losses = epoch(state, stacked)
        jax.block_until_ready((state, losses))
        return Run(time.perf_counter() - began, epochs * work.steps, float(np.mean(losses)))

    yield Trainer("JAX step", "JAX step", run_steps)
    yield Trainer("JAX scan", "JAX scan", run_scan)


def products(work: Work) -> Iterator[Trainer]:
    """The *GEMM floor*: only the matrix products of a step, into arrays that are there already, by NumPy's BLAS."""
    sizes, dtype, rng = work.case.sizes, work.case.dtype, np.random.default_rng(3)

    def made(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(dtype)

    a = [made(work.case.batch, n) for n in sizes]
    dz = [made(work.case.batch, n) for n in sizes]
    W = [np.empty(0), *(made(n, k) for n, k in pairwise(sizes))]
    dW = [np.empty_like(part) for part in W]
    z, da = ([np.empty_like(part) for part in a] for _ in range(2))

    def run(steps: int) -> Run:
        last = len(sizes) - 1
        began = time.perf_counter()
        for _ in range(steps):
            for layer in range(1, last + 1):
                np.matmul(a[layer - 1], W[layer], out=z[layer])
            for layer in range(last, 0, -1):
                np.matmul(a[layer - 1].T, dz[layer], out=dW[layer])
                if layer > 1:
                    np.matmul(dz[layer], W[layer].T, out=da[layer - 1])
        return Run(time.perf_counter() - began, steps, np.nan)

    for n in THREADS:
        yield Trainer(FLOOR, f"{FLOOR}, {threads(n)}", within(blas_threads, n, run))


FLOOR = "GEMM floor"
PEERS: dict[str, tuple[str, Callable[[Work], Iterator[Trainer]]]] = {
    "sklearn": ("sklearn", sklearn),
    "torch": ("torch", torch),
    "torch.compile": ("torch", lambda work: torch(work, compiled=True)),
    "jax": ("jax", jax),
    "floor": ("numpy", products),
}
"""by the name that ``--peers`` takes: the module it needs, and its trainers"""


def within(limit: Callable[[int], AbstractContextManager[Any]], n: int, run: Callable[[int], Run]) -> Callable[[int], Run]:
    """The same, under a limit of n threads."""

    def limited(steps: int) -> Run:
        with limit(n):
            return run(steps)

    return limited

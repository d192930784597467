"""How long it takes to predict 1, 100 and 100,000 rows with a 64-64-64-10 network (ReLU, softmax, float32).

The peers are scikit-learn, PyTorch (in inference mode), JAX (jitted) and onnxruntime, all with the same weights. The outputs are compared
first. Pellucid, scikit-learn and onnxruntime are handed NumPy arrays; PyTorch and JAX find theirs converted already.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any

import numpy as np

import common
import pellucid as pl
from common import OURS, THREADS, Program, Row, blas_threads, console, threads, torch_threads

SIZES = (64, 64, 64, 10)
ROWS = (1, 100, 100_000)
Weights = list[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Predictor:
    """``prepare(X)`` gives a function that predicts X; it is called under ``limit()``."""

    peer: str
    label: str
    prepare: Callable[[np.ndarray], Callable[[], Any]]
    limit: Callable[[], AbstractContextManager[Any]] = nullcontext

    def seconds(self, X: np.ndarray, calls: int) -> float:
        """Seconds of one call, the mean over some."""
        predict = self.prepare(X)
        with self.limit():
            predict()
            began = time.perf_counter()
            for _ in range(calls):
                predict()
            return (time.perf_counter() - began) / calls

    def output(self, X: np.ndarray) -> np.ndarray:
        """What it predicts."""
        with self.limit():
            return np.asarray(self.prepare(X)())


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the outputs, measure, show, and keep what was asked for."""
    options = parse(arguments)
    where = common.introduce("Prediction")
    reference, weights = trained()
    predictors = [*pellucid(weights, options.engine), *sklearn(reference)]
    for name in options.peers:
        predictors += PEERS[name](weights)
    rows = [row for m in options.rows for row in measure(predictors, m, options)]
    console().print(common.table(f"Prediction, {'-'.join(map(str, SIZES))}, medians of {options.repeats} turns", rows, "rows, by"))
    common.keep(options, "prediction", where, [row.to_json() for row in rows])
    common.draw(options.picture, "Prediction", {row.name: row.ratios() for row in rows})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = common.parser(__doc__, repeats=9)
    parser.add_argument("--rows", nargs="+", type=common.at_least_one, default=ROWS, help="how many rows (default: 1, 100, 100000)")
    parser.add_argument(
        "--peers", nargs="*", choices=PEERS, default=list(PEERS), metavar="PEER", help=f"beside sklearn: {', '.join(PEERS)}"
    )
    parser.add_argument("--engine", help="the engine of Pellucid (default: its default)")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long a turn is to last (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.repeats, options.seconds = 2, 0.0
        options.rows = [min(m, 1000) for m in options.rows]
    options.peers = common.installed({name: name for name in PEERS}, options.peers)
    return options


def measure(predictors: Sequence[Predictor], m: int, options: argparse.Namespace) -> list[Row]:
    """A row for each way in which we predict."""
    X = np.random.default_rng(1).normal(size=(m, SIZES[0])).astype(np.float32)
    apart = compare(predictors, X)
    console().print(f"Rows: {m:,}; the outputs agree, at most {apart:.1g} apart", highlight=False)
    looks = {predictor.label: inf for predictor in predictors}
    for _ in range(common.LOOKS):
        for predictor in predictors:
            common.rest()
            looks[predictor.label] = min(looks[predictor.label], predictor.seconds(X, 1 if m > 1000 else 10))
    # our three ways are three things, not variants of one
    kinds = {predictor.label: predictor.label if predictor.peer == OURS else predictor.peer for predictor in predictors}
    chosen = common.in_the_race(looks, kinds)
    programs = [
        Program(p.peer, p.label, partial(p.seconds, X, max(1, round(options.seconds / looks[p.label]))))
        for p in predictors
        if p.label in chosen
    ]
    seconds = common.take_turns(programs, options.repeats)
    ours = [program.label for program in programs if program.peer == OURS]
    rows = []
    for label in ours:
        kept = {name: samples for name, samples in seconds.items() if name == label or name not in ours}
        rows.append(Row.of(f"{m:,}, {label}", label, programs, kept, rows=m, apart=apart))
    return rows


def compare(predictors: Sequence[Predictor], X: np.ndarray) -> float:
    """The largest difference of a probability; a class may differ where two are equally probable, to 1 row in 1000."""
    outputs = {predictor.label: predictor.output(X) for predictor in predictors}
    expected = next(iter(outputs.values()))
    apart = 0.0
    for label, output in outputs.items():
        if output.ndim == 1:
            wrong = float(np.mean(output != expected.argmax(axis=1)))
            if wrong > 1e-3:
                raise SystemExit(f"not the same work: {label} predicts another class for {wrong:.1%} of the rows")
        else:
            apart = max(apart, float(np.abs(output - expected).max()))
    if not apart < 1e-5:
        raise SystemExit(f"not the same work: probabilities differ by {apart:.2g}")
    return apart


def trained() -> tuple[Any, Weights]:
    """A model of scikit-learn's after an epoch, and its weights."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(SIZES[1:-1], max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(*some_data())
    return model, list(zip(model.coefs_, model.intercepts_, strict=True))


def some_data() -> tuple[np.ndarray, np.ndarray]:
    """To fit on."""
    return np.random.default_rng(0).normal(size=(1000, SIZES[0])).astype(np.float32), np.arange(1000) % SIZES[-1]


def pellucid(weights: Weights, engine: str | None) -> Iterator[Predictor]:
    """The network, and the estimator around it."""
    from sklearn.exceptions import ConvergenceWarning

    model = pl.MLPClassifier(SIZES[1:-1], max_iter=1, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(*some_data())
    network = model.network_
    for layer, (W, b) in enumerate(weights, start=1):
        network.parameters[f"W{layer}"][...], network.parameters[f"b{layer}"][...] = W, b
    yield Predictor(OURS, "Network.predict", lambda X: partial(network.predict, X, engine=engine))
    yield Predictor(OURS, "estimator.predict", lambda X: partial(model.predict, X))
    yield Predictor(OURS, "estimator.predict_proba", lambda X: partial(model.predict_proba, X))


def sklearn(model: Any) -> Iterator[Predictor]:
    """Its two ways, with BLAS at one and at two threads."""
    for name in ("predict", "predict_proba"):
        for n in THREADS:
            method = getattr(model, name)
            yield Predictor(
                f"scikit-learn {name}", f"scikit-learn {name}, {threads(n)}", partial(partial, method), partial(blas_threads, n)
            )


def torch(weights: Weights) -> Iterator[Predictor]:
    """Tensors in, tensors out, no gradients."""
    import torch

    layers: list[Any] = []
    for W, b in weights:
        layer = torch.nn.Linear(*W.shape)
        layer.weight.data, layer.bias.data = torch.from_numpy(W.T.copy()), torch.from_numpy(b.copy())
        layers += [layer, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1], torch.nn.Softmax(dim=1)).eval()

    def prepare(X: np.ndarray) -> Callable[[], Any]:
        x = torch.from_numpy(X)

        def predict() -> Any:
            with torch.inference_mode():
                return model(x)

        return predict

    for n in THREADS:
        yield Predictor("PyTorch", f"PyTorch, {threads(n)}", prepare, partial(torch_threads, n))


def jax(weights: Weights) -> Iterator[Predictor]:
    """One jitted function of arrays on the device."""
    import jax

    parameters = [tuple(map(jax.device_put, pair)) for pair in weights]

    @jax.jit
    def forward(parameters: Any, x: Any) -> Any:
        for W, b in parameters[:-1]:
            x = jax.nn.relu(x @ W + b)
        W, b = parameters[-1]
        return jax.nn.softmax(x @ W + b, axis=1)

    def prepare(X: np.ndarray) -> Callable[[], Any]:
        x = jax.device_put(X)
        return lambda: jax.block_until_ready(forward(parameters, x))

    yield Predictor("JAX", "JAX", prepare)


def onnxruntime(weights: Weights) -> Iterator[Predictor]:
    """A session on a model built from the weights, with one and with two threads within an operator."""
    import onnxruntime

    model = onnx_model(weights)
    for n in THREADS:
        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = n
        settings.log_severity_level = 3
        session = onnxruntime.InferenceSession(model, settings, providers=["CPUExecutionProvider"])

        def prepare(X: np.ndarray, session: Any = session) -> Callable[[], Any]:
            feed = {"x": X}
            return lambda: session.run(None, feed)[0]

        yield Predictor("onnxruntime", f"onnxruntime, {threads(n)}", prepare)


def onnx_model(weights: Weights) -> bytes:
    """Gemm, Relu, Gemm, Relu, Gemm, Softmax."""
    from onnx import TensorProto, helper, numpy_helper

    nodes, constants, last = [], [], "x"
    for layer, (W, b) in enumerate(weights, start=1):
        constants += [numpy_helper.from_array(np.ascontiguousarray(part), f"{name}{layer}") for name, part in (("W", W), ("b", b))]
        nodes.append(helper.make_node("Gemm", [last, f"W{layer}", f"b{layer}"], [f"z{layer}"]))
        rule = "Relu" if layer < len(weights) else "Softmax"
        last = f"a{layer}"
        nodes.append(helper.make_node(rule, [f"z{layer}"], [last]))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, SIZES[0]])
    y = helper.make_tensor_value_info(last, TensorProto.FLOAT, [None, SIZES[-1]])
    graph = helper.make_graph(nodes, "network", [x], [y], constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    return made.SerializeToString()


PEERS: dict[str, Callable[[Weights], Iterator[Predictor]]] = {"torch": torch, "jax": jax, "onnxruntime": onnxruntime}

if __name__ == "__main__":
    main()

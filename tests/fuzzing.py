"""Mutations of model files and checkpoints, and what loading makes of them: a right model, or a ModelFileError.

Half of them are made with care: the content is changed and the checksum is right again. As a program,
``python tests/fuzzing.py 2000 0`` runs so many of each kind of file in this process, which may not grow by more than 200 MB, and prints
what came of it.
"""

from __future__ import annotations

import copy
import io
import json
import resource
import signal
import sys
import time
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

import pellucid as pl
from pellucid import archives, storage
from pellucid.errors import ModelFileError

X = (np.arange(120).reshape(40, 3) * 7919 % 101) / 50 - 1
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
NAMES = ["relu", "softmax", "x * sigmoid(x)", "leaky_relu(slope=0.5)", "mae", "MLPRegressor", "AdamW", "multiclass", "O", "U", "float32"]
HOSTILE = [
    None, True, False, -1, 0, 1, 3, 2**31, 2**63, 2**64, -(2**63), 10**300, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", "x", "é\u2028\x00",
    "x" * 10_000, "x+" * 4000 + "x",
    "(" * 3000 + "x" + ")" * 3000, "9" * 5000, [], {}, [[]], [0] * 1000, {"a": {}}, ["x"],
    {"__array__": "values.0"},
    {"__number__": "nan"}, {"__tuple__": []}, {"__items__": [[1, 2], [1, 3]]}, {"__record__": "Adam"},
    {"__record__": "WarmUp", "then": None},
    {"__texts__": ["a"], "shape": [2**40], "dtype": "U"},
    {"__texts__": ["a" * 1000] + [""] * 9000, "shape": [9001], "dtype": "U"}, *NAMES,
]  # fmt: skip


# ---------------------------------------------------------------------------------------------------- what is changed


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Without care: bits, cuts, pieces that are missing, twice, moved or overwritten."""
    found, kind = bytearray(data), rng.integers(6)
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 64))
    if kind == 0:
        for _ in range(int(rng.integers(1, 9))):
            found[int(rng.integers(len(found)))] ^= 1 << int(rng.integers(8))
        return bytes(found)
    if kind == 1:
        return data[:at]
    if kind == 2:
        return data[:at] + data[at + length :]
    if kind == 3:
        return data[: at + length] + data[at:]
    if kind == 4:
        found[:8] = int(rng.choice([0, 1, 7, len(data), 1 << 20, 1 << 40, (1 << 63) - 1])).to_bytes(8, "little")
        return bytes(found)
    found[at : at + length] = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
    return bytes(found)


def places(value, path=()):
    """The way to every value in a tree."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inside in items:
        yield from places(inside, (*path, key))


def changed(tree, rng: np.random.Generator):
    """The same tree with one to three values replaced, removed, repeated, exchanged, deeply nested, or put elsewhere."""
    tree = copy.deepcopy(tree)
    for _ in range(int(rng.integers(1, 4))):
        every = [path for path in places(tree) if path]
        if not every:
            return tree
        path = every[int(rng.integers(len(every)))]
        holder = tree
        for key in path[:-1]:
            holder = holder[key]
        kind, value = rng.integers(8), holder[path[-1]]
        if kind <= 3:
            holder[path[-1]] = copy.deepcopy(HOSTILE[int(rng.integers(len(HOSTILE)))])
        elif kind == 4:
            del holder[path[-1]]
        elif kind == 5:
            if isinstance(value, list):
                holder[path[-1]] = value * int(rng.choice([2, 3, 100]))
            elif isinstance(value, int | float):
                holder[path[-1]] = value + int(rng.choice([-1, 1, 1000]))
            elif isinstance(value, str):
                holder[path[-1]] = value + "_"
        elif kind == 6:
            deep = value
            for _ in range(int(rng.choice([1, 30, 600]))):
                deep = [deep]
            holder[path[-1]] = deep
        else:
            other = every[int(rng.integers(len(every)))]
            source = tree
            for key in other:
                source = source[key] if isinstance(source, dict | list) and (isinstance(source, list) or key in source) else None
                if source is None:
                    break
            holder[path[-1]] = copy.deepcopy(source)
    return tree


def other_array(array, rng: np.random.Generator):
    """An array of another type, shape or content."""
    kind = rng.integers(6)
    if array.dtype.kind == "U":
        return np.array(["", "no", "yes", "é", "x" * 1000])[rng.integers(0, 5, max(array.size - int(kind) + 2, 0))]
    if kind == 0:
        return array.astype(rng.choice(["float32", "float64", "int64", "uint32", "uint8", "float16", "bool"]))
    if kind == 1:
        return array.reshape(-1)[: int(rng.integers(array.size + 1))]
    if kind == 2:
        return array.reshape(array.shape[::-1]) if array.ndim > 1 else array.reshape(-1)[:, None]
    if kind == 3:
        return np.concatenate([array.reshape(-1)] * 2)
    found = array.copy().reshape(-1)
    if found.size:
        worst = (
            [0, 1, 2**31, 255] if found.dtype.kind == "u" else [0, -1, 2**31, 1] if found.dtype.kind == "i" else [np.nan, np.inf, -1, 1e300]
        )
        with np.errstate(over="ignore", invalid="ignore"):
            found[int(rng.integers(found.size))] = np.array(worst[int(rng.integers(4))]).astype(found.dtype)
    return found.reshape(array.shape)


def with_care(data: bytes, rng: np.random.Generator) -> bytes:
    """A safetensors file of ours with another content, and the right checksum."""
    size = int.from_bytes(data[:8], "little")
    outer, body = json.loads(data[8 : 8 + size]), data[8 + size :]
    content = json.loads(outer.pop("__metadata__")["pellucid"])
    content.pop("sha256")
    arrays = {}
    for name, told in outer.items():
        start, stop = told["data_offsets"]
        arrays[name] = np.frombuffer(body[start:stop], storage.TYPES[told["dtype"]]).reshape(told["shape"])
    kind = rng.integers(8)
    if kind <= 3:
        content["header"] = changed(content["header"], rng)
    elif kind == 4:
        content = changed(content, rng)
    elif kind == 5:
        name = list(arrays)[int(rng.integers(len(arrays)))]
        how = rng.integers(4)
        if how < 2:
            arrays[name] = other_array(arrays[name], rng)
        elif how == 2:
            del arrays[name]
        else:
            arrays[str(rng.choice(["W9", "values.0", "more", "history.loss"]))] = arrays.pop(name)
    else:
        content["header"] = changed(content["header"], rng)
        name = list(arrays)[int(rng.integers(len(arrays)))]
        arrays[name] = other_array(arrays[name], rng)
    if isinstance(content, dict):
        content["sha256"] = storage._checksum(content, arrays)
    table, at, parts = {}, 0, []
    codes = {np.dtype(value): name for name, value in storage.TYPES.items()}
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        table[name] = {"dtype": codes[array.dtype], "shape": list(array.shape), "data_offsets": [at, at + len(raw)]}
        at, parts = at + len(raw), [*parts, raw]
    if kind == 7:
        table = changed(table, rng)
    text = json.dumps({"__metadata__": {"pellucid": storage._canonical(content)}, **(table if isinstance(table, dict) else {})})
    if kind == 7 and rng.integers(2) and "," in text:
        cut = text.index(",", int(rng.integers(len(text) - 1)) % text.rindex(","))
        text = text[:cut] + str(rng.choice([',"a":NaN', ',"W1":{}', ",,", ',"a":1e999', ',"a":"\\ud800"'])) + text[cut:]
    encoded = text.encode()
    return len(encoded).to_bytes(8, "little") + encoded + b"".join(parts)


def archive_with_care(data: bytes, rng: np.random.Generator) -> bytes:
    """A pipeline's archive with another content, and the right checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as given:
        entries = {name: given.read(name) for name in given.namelist() if name != archives.CHECKSUM}
    kind = rng.integers(8)
    numbers = [name for name in entries if name.endswith(".npy")]
    name = numbers[int(rng.integers(len(numbers)))]
    if kind <= 3:
        entries[archives.SCHEMA] = json.dumps(changed(json.loads(entries[archives.SCHEMA]), rng)).encode()
    elif kind == 4:
        buffer = io.BytesIO()
        np.save(buffer, other_array(np.load(io.BytesIO(entries[name])), rng))
        entries[name] = buffer.getvalue()
    elif kind == 5:
        largest = max(numbers, key=lambda one: len(entries[one]))
        buffer = io.BytesIO()
        np.save(buffer, np.frombuffer(with_care(np.load(io.BytesIO(entries[largest])).tobytes(), rng), np.uint8))
        entries[largest] = buffer.getvalue()
    elif kind == 6:
        entries[name] = entries[name].replace(b"(", b"(99999999999,", 1) if rng.integers(2) else damaged(entries[name], rng)
    else:
        entries.pop(name)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if rng.integers(9) == 0 else zipfile.ZIP_STORED) as archive:
        for entry, content in entries.items():
            archive.writestr(entry, content)
        if rng.integers(10):
            archive.writestr(archives.CHECKSUM, archives._checksum(archive))
    return buffer.getvalue()


# ---------------------------------------------------------------------------------------------------- what is loaded


def network():
    return pl.Network([3, 4, 2], ["x * sigmoid(x)", "softmax"], "cross_entropy", l2=0.125, dropout=[0.25], seed=7)


class Remembers(pl.Callback):
    """A callback with nested values to remember."""

    def __init__(self):
        self.seen = {"deep": [np.arange(3), (1, np.inf)], "empty": np.empty(0)}

    def state(self):
        return {"seen": self.seen}

    def restore(self, state):
        self.seen = state["seen"]


def use_network(path):
    net = pl.Network.load(path)
    assert net.predict(X if net.architecture.sizes[0] == 3 else np.zeros((1, net.architecture.sizes[0])), engine="reference").ndim == 2


def use_estimator(path):
    model = pl.load(path)
    if isinstance(model, pl.Network):
        return
    model.set_params(engine="reference")
    width = model.n_features_in_
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = model.network_.predict(np.zeros((2, width)), engine="reference")
    assert y.shape == (2, model.n_outputs_)
    if hasattr(model, "classes_"):
        assert len(model.classes_) >= 1
    repr(model)


def use_table(path):
    from pellucid.pipelines import TableModel

    model = TableModel.load(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(model.pipeline.predict(frame().head(3))) == 3


SHORT = {"optimizer": pl.Adam(pl.Adaptive(0.1)), "batch_size": 7, "validation": (X[:9], Y[:9]), "engine": "reference", "progress": False}


def train(epochs, **more):
    stopping = pl.EarlyStopping(50)
    return network().fit(X, Y, epochs=epochs, early_stopping=stopping, callbacks=[Remembers()], **SHORT, **more)


def use_checkpoint(path):
    train(4, resume=path)


def estimator(epochs):
    return pl.MLPClassifier(
        5, random_state=2, batch_size=8, max_iter=epochs, early_stopping=True, validation_fraction=0.2, engine="reference"
    )


def use_estimator_checkpoint(path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator(4).fit(X, Y, np.ones(40), resume=path)


def frame():
    import pandas as pd

    days = [f"20{10 + row % 12}-0{1 + row % 9}-1{row % 10}" for row in range(40)]
    found = pd.DataFrame({"size": X[:, 0], "job": np.where(X[:, 1] > 0, "cook", "judge"), "since": days})
    found.loc[::7, "size"] = np.nan
    return found


def originals(folder: Path):
    """An undamaged file of each kind, how it is changed with care, and how it is used."""
    from pellucid.pipelines import TableModel, build_pipeline
    from pellucid.training import descent

    warnings.simplefilter("ignore")
    net = network()
    net.fit(X, Y, epochs=5, batch_size=8, progress=False, engine="reference")
    net.save(folder / "network")
    model = pl.MLPClassifier(4, solver=pl.AdamW(pl.WarmUp(0.1, then=pl.CosineDecay(0.1))), class_weight={"no": 1, "yes": 2}, max_iter=5)
    import pandas as pd

    model.fit(pd.DataFrame(X, columns=["a", "b", "c"]), np.where(Y > 0, "yes", "no")).save(folder / "estimator")
    kinds = {"network": (with_care, use_network), "estimator": (with_care, use_estimator)}
    for task, target in (("classification", np.where(Y > 0, "yes", "no")), ("regression", X[:, 2] * 100)):
        make = pl.MLPClassifier if task == "classification" else pl.MLPRegressor
        part = make(hidden_layer_sizes=(4,), max_iter=5, random_state=0, engine="reference")
        TableModel(build_pipeline(frame(), task, part).fit(frame(), target), "y", task).save(folder / task)
        kinds[task] = (archive_with_care, use_table)
    several = pl.tabular_classifier(2, max_iter=3, hidden_layer_sizes=(4,), engine="reference")
    TableModel(several.fit(frame(), np.where(Y > 0, "yes", "no")), "y", "classification").save(folder / "ensemble")
    kinds["ensemble"] = (archive_with_care, use_table)
    pause, descent.PAUSE = descent.PAUSE, 1e-9
    write = pl.training.checkpoints.Checkpoints.write

    def write_some(self, snapshot, epoch):
        if epoch < 3:
            write(self, snapshot, epoch)

    pl.training.checkpoints.Checkpoints.write = write_some
    train(4, checkpoint=folder / "checkpoint", every="0 s")
    estimator(4).fit(X, Y, np.ones(40), checkpoint=folder / "estimator's checkpoint", every="0 s")
    pl.training.checkpoints.Checkpoints.write, descent.PAUSE = write, pause
    kinds |= {"checkpoint": (with_care, use_checkpoint), "estimator's checkpoint": (with_care, use_estimator_checkpoint)}
    for name, (_, use) in kinds.items():
        use(folder / name)
    return kinds


class TooLong(Exception):
    pass


def run(folder: Path, count: int, seed: int, limit: float = 30.0, report=None):
    """Change each kind of file ``count`` times; what came of it: by kind a count of outcomes, the slowest, and what went wrong."""

    def ring(number, stack):
        raise TooLong

    signal.signal(signal.SIGALRM, ring)
    kinds = originals(folder)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if count > 0 and sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (pages + (200 << 20), resource.getrlimit(resource.RLIMIT_AS)[1]))
    found, wrong = {}, []
    for name, (care, use) in kinds.items():
        data, rng = (folder / name).read_bytes(), np.random.default_rng([seed, len(found)])
        outcomes, slowest = Counter(), (0.0, "")
        for index in range(count):
            careful = bool(index % 3)
            try:
                other = care(data, rng) if careful else damaged(data, rng)
            except RecursionError:  # nested more deeply than can be written
                other = damaged(data, rng)
            path = folder / "changed"
            path.write_bytes(other)
            signal.setitimer(signal.ITIMER_REAL, limit)
            began = time.process_time()
            try:
                use(path)
                outcome = "the same" if other == data else "another model"
            except ModelFileError:
                outcome = "refused"
            except BaseException as error:
                outcome = "WRONG"
                wrong.append((name, index, f"{type(error).__name__}: {str(error)[:300]}"))
                (folder.parent / f"wrong-{name.replace(' ', '-')}-{seed}-{index}").write_bytes(other)
                if isinstance(error, KeyboardInterrupt):
                    raise
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            took = time.process_time() - began
            slowest = max(slowest, (took, f"{index} ({outcome})"))
            outcomes[outcome] += 1
        found[name] = {"outcomes": dict(outcomes), "slowest": slowest}
        if report:
            report(name, found[name])
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.getrlimit(resource.RLIMIT_AS)[1]))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - base) / 1024
    return {"files": found, "wrong": wrong, "grown by MB": round(grown, 1)}


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        inside = Path(place) / "files"
        inside.mkdir()
        ended = run(inside, int(sys.argv[1]), int(sys.argv[2]), report=lambda *told: print(*told, flush=True))
        print(json.dumps({name: ended[name] for name in ("wrong", "grown by MB")}, indent=1))
        sys.exit(bool(ended["wrong"]))

"""The export beside the model: compiled, run on rows, and compared, before anything is written."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pellucid.architecture import Architecture
from pellucid.engines import load
from pellucid.engines.steps import masks
from pellucid.equations.arrays import Array
from pellucid.equations.propagation import forward, mean_gradient, penalty
from pellucid.errors import ExportError, sentence
from pellucid.export.c.compiler import LARGE, compile_program, find_compiler, run_program
from pellucid.export.c.form import Form
from pellucid.export.c.parameters import rounded
from pellucid.export.rows import Rows, finished, inputs_of
from pellucid.export.steps import back, run

TOLERANCE = {"float": 1e-6, "double": 1e-12}
ROUNDING = 10.0
"""a difference may also be so many times that by which NumPy's float32 differs from its float64"""
STEPS, ALPHA, MOMENTUM = 3, 1e-3, 0.9
"""of the trial training"""


@dataclass(frozen=True)
class Verified:
    """What a comparison found."""

    difference: float | None
    how: str
    notes: tuple[str, ...] = ()


def difference(found: Array, expected: Array) -> float:
    """The largest difference, in units of the largest expected entry; infinite where one is finite and the other is not."""
    finite, found = np.isfinite(expected), np.asarray(found)
    infinite = np.isinf(expected)
    if found.shape != expected.shape or (finite != np.isfinite(found)).any() or (found[infinite] != expected[infinite]).any():
        return math.inf
    largest = float(np.abs(expected[finite]).max(initial=0.0))
    off = float(np.abs(found[finite] - expected[finite]).max(initial=0.0))
    return off / largest if off else 0.0


def fields(rows: Rows, more: list[list[str]] | None = None) -> str:
    """The rows as a file of values with commas."""
    lines = []
    for at, entries in enumerate(rows.entries):
        values = [_field(value) for value in entries] + (more[at] if more else [])
        lines.append(",".join(values))
    return "\n".join(lines) + "\n"


def _field(value: float | str | None) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return repr(float(value))


def verify(form: Form, texts: Mapping[str, str], model: Any, rows: Rows, expected: Array) -> Verified:
    """Compile, run, compare: with the model, and where float itself makes more of a difference, with the same float parameters in double.

    Raises:
        ExportError: it does not compile, or computes something else than the model.

    """
    compiler = find_compiler()
    if compiler is None:
        return Verified(None, "no C compiler was found (cc, gcc, clang or $CC)")
    how = f"compiled by {Path(compiler).name}, {form.real.dtype}"
    how += ", computed in double" if form.wide else ""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        program = Path(folder, f"{form.name}_main")
        sources = [Path(folder, name) for name in texts if name.endswith(".c")]
        size = sum(member.vector.size for member in form.description.members)
        compile_program(compiler, sources, program, ("-O0" if size > LARGE else "-O1",))
        printed = run_program(program, rows=fields(rows)).rstrip("\n").split("\n")
        n = form.description.n_outputs
        found = np.array([[float(value) for value in line.split(",")[:n]] for line in printed]).reshape(-1, n)
        off = difference(found, expected)
        subject = inputs_of(model, rows)
        allowed = TOLERANCE[form.real.dtype]
        told: tuple[str, ...] = ()
        if form.quantized:
            how += ", against the network with the same weights of 8 bits"
        if not off <= allowed and not form.quantized:  # what is float may be far from double, in the model too: nobody knows which is right
            with np.errstate(over="ignore"):
                same = network_predictions(form, subject).astype(form.real.numpy).astype(np.float64)
            both = np.isfinite(same) & np.isfinite(expected)
            moved = difference(same[both], expected[both])
            explained = rounding(form, subject, "float" if "float32" in (form.description.dtype, form.real.numpy.__name__) else "double")
            if not moved <= max(allowed, ROUNDING * explained):
                raise _differs("predictions", form, moved, max(allowed, ROUNDING * explained))
            how += ", against the same parameters in double"
            told = (f"The model itself differs from these by {moved:.2g}, by the rounding of its numbers.",)
            off, expected = difference(found, same), same
        if form.real.dtype == "double":  # nothing wider is there to compute in
            allowed = max(allowed, ROUNDING * rounding(form, subject, "double"))
        if not off <= allowed:
            raise _differs("predictions", form, off, allowed)
        _labels(form, printed, expected, off)
        notes = _train(form, program, Path(folder), rows, subject) if form.training else ()
    return Verified(off, how, (*told, *notes))


def rounding(form: Form, X: Array, dtype: str) -> float:
    """By how much rounding alone changes the outputs: float32 against float64, scaled to the types of the export and of the model."""
    description = rounded(form)

    def outputs(kind: Any) -> Array:
        return finished(
            description, description.y_hat(lambda one, vector: _engine(one).predict(vector.astype(kind), X.astype(kind)).astype(np.float64))
        )

    with np.errstate(all="ignore"):
        exact, single = outputs(np.float64), outputs(np.float32)
    both = np.isfinite(exact) & np.isfinite(single)
    off = difference(single[both], exact[both])
    return off if dtype == "float" else off * 2.0**-29


def network_predictions(form: Form, X: Array) -> Array:
    """What the networks with the export's own parameters (and inputs, where nothing prepares these) give, in float64."""
    description = rounded(form)

    def kept(array: Array) -> Array:
        return array.astype(form.real.numpy).astype(np.float64)

    inputs = X if description.prepared else kept(X)
    with np.errstate(all="ignore"):
        return finished(description, description.y_hat(lambda one, vector: _engine(one).predict(kept(vector), inputs)))


def _engine(architecture: Architecture) -> Any:
    return load("reference", architecture)


def _labels(form: Form, printed: list[str], expected: Array, off: float) -> None:
    """The class that the program names is that of the largest probability, where rounding does not decide."""
    description = form.description
    if description.task == "columns":
        _column_labels(form, printed, expected, off)
    if description.task != "classes" or len(description.classes) < 2:
        return
    order = np.sort(expected, axis=1)
    clear = order[:, -1] - order[:, -2] > 4 * off * order.max()
    for line, row, is_clear in zip(printed, expected, clear, strict=True):
        label, name = line.split(",", description.n_outputs)[-1], str(description.classes[int(row.argmax())])
        if is_clear and label != name.replace("\n", " "):
            raise ExportError(sentence("a predicted class", f"the C of {form.name}", repr(label), repr(name), "report this with the model"))


def _column_labels(form: Form, printed: list[str], expected: Array, off: float) -> None:
    """The same of several columns, whose names stand behind the numbers with commas between them."""
    description = form.description
    for line, row in zip(printed, expected, strict=True):
        shown = line.split(",", description.n_outputs)[-1]
        names = []
        for head in description.heads:
            order = np.sort(row[head])
            clear = len(order) == 1 or order[-1] - order[-2] > 4 * off * expected.max()
            names.append(str(description.classes[head.start + int(row[head].argmax())]).replace("\n", " ") if clear else None)
        if None not in names and shown != ",".join(map(str, names)):
            raise ExportError(sentence("the predicted classes", f"the C of {form.name}", repr(shown), names, "report this with the model"))


def _train(form: Form, program: Path, folder: Path, rows: Rows, X: Array) -> tuple[str, ...]:
    """Cost and gradient over the rows, then some steps, beside ours."""
    architecture, description = form.description.architecture, form.description
    Y, shown = _targets(form, len(rows))
    kept = _away_from_kinks(form, X, Y)
    if not kept.any():
        return ("The gradient was not compared: every row is beside a kink.",)
    X, Y = X[kept], Y[kept]
    some = Rows(None, tuple(entries for entries, keep in zip(rows.entries, kept, strict=True) if keep), rows.drawn)
    file = folder / "rows.csv"
    file.write_text(fields(some, [line for line, keep in zip(shown, kept, strict=True) if keep]), encoding="utf-8")
    printed = np.array([float(line) for line in run_program(program, ["gradient", str(file)]).split()])
    costs = np.array([float(line) for line in run_program(program, ["train", str(file), str(ALPHA), str(MOMENTUM), str(STEPS)]).split()])
    engine = load("reference", architecture)

    def ours(vector: Array, step: int) -> tuple[float, Array]:
        mask = masks(architecture, len(X), description.seed, step, vector.dtype)
        sums, total = engine.gradient(vector, X.astype(vector.dtype), Y.astype(vector.dtype), None, mask)
        weights = vector[: architecture.n_weights]
        cost = sums.loss / sums.weight + float(penalty(weights, architecture.l2, sums.weight))
        return cost, mean_gradient(total, sums.weight, weights, architecture.l2)

    with np.errstate(all="ignore"):
        cost, gradient = ours(description.vector, 0)
        single = ours(description.vector.astype(np.float32), 0)[1].astype(np.float64)
        vector, velocity, expected = description.vector.copy(), np.zeros_like(gradient), []
        for step in range(STEPS):
            value, slope = ours(vector, step)
            expected.append(value)
            velocity = MOMENTUM * velocity - ALPHA * slope
            vector = vector + velocity
    unit = 1.0 if form.real.dtype == "float" else 2.0**-29
    both = np.isfinite(single) & np.isfinite(gradient)
    allowed = max(TOLERANCE[form.real.dtype], ROUNDING * unit * difference(single[both], gradient[both]))
    off = difference(printed[1:], gradient)
    if not off <= allowed:
        raise _differs("gradients", form, off, allowed)
    off_cost = max(difference(printed[:1], np.array([cost])), difference(costs, np.array(expected)))
    if not off_cost <= 100 * allowed:
        raise _differs("costs", form, off_cost, 100 * allowed)
    told = f"The gradient differs by {off:.2g} of its largest entry at most, the cost by {off_cost:.2g} (over {STEPS} steps)."
    return (told,)


def _targets(form: Form, m: int) -> tuple[Array, list[list[str]]]:
    """Targets for a trial: as the network takes them, and as the program reads them."""
    description, rng = form.description, np.random.default_rng(1)
    n = description.architecture.sizes[-1]
    if description.task == "classes":
        index = rng.integers(len(description.classes), size=m)
        Y = index[:, None].astype(float) if n == 1 else np.eye(n)[index]
        return Y, [[_field(str(description.classes[k]).replace("\n", " "))] for k in index]
    if description.task == "columns":
        places = [rng.integers(head.start, head.stop, size=m) for head in description.heads]
        Y = np.sum([np.eye(n)[place] for place in places], axis=0)
        return Y, [[_field(str(description.classes[k]).replace("\n", " ")) for k in row] for row in zip(*places, strict=True)]
    bounds = description.architecture.loss.targets
    if description.architecture.loss.name == "cross_entropy":
        Y = rng.dirichlet(np.ones(n), size=m)
    elif math.isfinite(bounds.high):
        Y = rng.random((m, n))
    elif math.isfinite(bounds.low):
        Y = rng.poisson(1.5, size=(m, n)) + (0.0 if bounds.closed[0] else 0.5)
    else:
        Y = rng.normal(size=(m, n))
    own = np.stack([run(back(chain), Y[:, at]) for at, chain in enumerate(description.targets)], axis=1) if description.targets else Y
    return Y, [[repr(float(value)) for value in row] for row in own.astype(form.real.numpy)]


def _away_from_kinks(form: Form, X: Array, Y: Array) -> Array:
    """The rows where rounding does not decide on which side of a kink a z or an error lies."""
    architecture = form.description.architecture
    near = 1e-4 if form.real.dtype == "float" else 1e-10
    with np.errstate(all="ignore"):
        tape = forward(architecture.activations, architecture.split(form.description.vector), X)
    kept = np.ones(len(X), dtype=bool)
    for layer in architecture.layers:
        for kink in layer.activation.kinks:
            kept &= ~((np.abs(tape.z[layer.index] - kink) < near) & (tape.z[layer.index] != kink)).any(axis=1)
    for kink in architecture.loss.kinks:
        kept &= ~(np.abs(tape.a[-1] - Y - kink) < near).any(axis=1)
    return kept


def _differs(what: str, form: Form, off: float, allowed: float) -> ExportError:
    got = f"{off:.2g} of the largest number away from the model's"
    got = got if math.isfinite(off) else "infinite, since one of the two is no finite number"
    repair = "use dtype='double'" if form.real.dtype == "float" else "report this with the model"
    return ExportError(sentence(f"a difference of {what}", f"the C of {form.name}", got, f"at most {allowed:.2g}", repair))

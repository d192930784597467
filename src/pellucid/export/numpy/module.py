"""The whole module as text: equations first, the numbers of this network last."""

from __future__ import annotations

import base64
import re
from textwrap import indent
from typing import Any

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.export.description import Description
from pellucid.export.numpy import preparation
from pellucid.export.numpy.passes import Passes
from pellucid.export.numpy.preparation import wrapped
from pellucid.export.numpy.results import finish, variable
from pellucid.export.numpy.rules import activation_rules, objective, softmax_log_loss_slope
from pellucid.export.numpy.words import helpers
from pellucid.export.release import release

WRITTEN_OUT = 20_000
"""parameters; more of them are packed"""


def module_text(description: Description, columns: bool, examples: Any, expected: Array, seed: int) -> str:
    """The text of a module that computes what the model does, learns as it does, and checks itself.

    Args:
        description: of the model.
        columns: samples are columns (as in most of the notes), else rows.
        examples: some rows, as the module takes them (a text of code).
        expected: what the model says of them.
        seed: of the samples on which the module checks its gradients.

    """
    architecture = description.architecture
    used: set[str] = set()
    rules = activation_rules(architecture, used)
    link = objective(architecture, used, columns)
    passes = Passes(architecture, rules, link, columns)
    prepared: set[str] = set()
    prepare = preparation.prepare(description, prepared)
    results = finish(description, columns)
    slope = [softmax_log_loss_slope(columns)] if "softmax_log_loss_slope" in link.dz else []
    samples = [
        'def as_samples(rows):\n    """A column for each row: samples are columns from here on."""\n    return rows.astype(DTYPE).T'
        if columns
        else 'def as_samples(rows):\n    """Samples are rows, as they were."""\n    return rows.astype(DTYPE)'
    ]
    definitions = [rule.definition for rule in rules.values() if rule.definition]
    parts = [
        _section("Activations: a = f(z), and the derivative da/dz"),
        *helpers(used, 0 if columns else 1),
        *definitions,
        _section("Forward: from the inputs to the predictions, and what they cost"),
        *([_dropout(description, columns)] if passes.dropout else []),
        passes.forward(),
        passes.loss(),
        _section("Backward: from the cost to the derivative for each parameter, and the step that makes it smaller"),
        *slope,
        passes.backward(),
        UPDATE,
        _train(passes.dropout),
        _section("Tables: what goes in, and what comes out"),
        *(preparation.HELPERS[name].strip("\n") for name in preparation.HELPERS if name in prepared),
        prepare,
        *samples,
        results,
        _section("The numbers of this network"),
        parameters_text(description, columns),
        f"EXAMPLES = {examples}\nEXPECTED = {_nested(expected)}",
        _section("What python does with this file"),
        _check(description, columns, seed),
        _main(description),
    ]
    body = "\n\n\n".join(parts) + "\n"
    imports = [name for name in ("base64", "math") if re.search(rf"\b{name}\.", body)]
    head = "\n".join(
        [_doc(description, columns), "", *(f"import {name}" for name in imports), *([""] if imports else []), "import numpy as np", ""]
    )
    l2 = f"\nL2 = {architecture.l2!r}" if architecture.l2 else ""
    return f"{head}\nDTYPE = np.{description.dtype}{l2}\n\n{body}"


def _doc(description: Description, columns: bool) -> str:
    architecture = description.architecture
    sizes = "-".join(map(str, architecture.sizes))
    what = f"A {sizes} network" if not description.ensemble else f"The mean of {len(description.ensemble)} networks, {sizes}"
    rules = ", ".join(record.spec for record in architecture.activations)
    shapes = (
        "Samples are columns. For each layer l = 1 .. {L}, with A_0 the inputs (n_0, m):\n\n"
        "    Z_l = W_l A_(l-1) + b_l       W_l (n_l, n_(l-1)),  b_l (n_l, 1),  Z_l and A_l (n_l, m)\n"
        "    A_l = f_l(Z_l)\n\nand back, from the last layer to the first:\n\n"
        "    dZ_l = dA_l * f_l'(Z_l)       dW_l = dZ_l A_(l-1)^T / m\n"
        "    dA_(l-1) = W_l^T dZ_l         db_l = the sum of the columns of dZ_l / m"
        if columns
        else "Samples are rows. For each layer l = 1 .. {L}, with A_0 the inputs (m, n_0):\n\n"
        "    Z_l = A_(l-1) W_l + b_l       W_l (n_(l-1), n_l),  b_l (n_l,),  Z_l and A_l (m, n_l)\n"
        "    A_l = f_l(Z_l)\n\nand back, from the last layer to the first:\n\n"
        "    dZ_l = dA_l * f_l'(Z_l)       dW_l = A_(l-1)^T dZ_l / m\n"
        "    dA_(l-1) = dZ_l W_l^T         db_l = the sum of the rows of dZ_l / m"
    ).replace("{L}", str(len(architecture.layers)))
    return (
        f'"""{what} ({rules}; loss {architecture.loss.spec}) in plain NumPy: forward and backward propagation.\n\n'
        f"{shapes}\n\nRun this file to see its gradients checked by differences, and its predictions. To use it:\n\n"
        f"    from this_file import {variable(description)}, predict, encode, train\n\n"
        f'Written by Pellucid {release()}; it needs NumPy and nothing else.\n"""'
    ).replace("\\", "\\\\")


def _section(title: str) -> str:
    return f"# {title}"


UPDATE = '''def update(parameters, gradient, learning_rate):
    """w_new = w_old - learning_rate * dJ/dw: a step against the direction of steepest ascent."""
    return {name: (w - learning_rate * gradient[f"d{name}"]).astype(w.dtype) for name, w in parameters.items()}'''


def _train(dropout: bool) -> str:
    masks = "        masks = dropout_masks(X, rng)\n" if dropout else ""
    more = ", masks" if dropout else ""
    rng = "    rng = np.random.default_rng(0)\n" if dropout else ""
    last = ", masks=masks" if dropout else ""
    return (
        "def train(parameters, X, Y, learning_rate=0.1, steps=100):\n"
        '    """Gradient descent: forward, cost, backward, update, again and again. X and Y are samples as the network takes them,\n'
        '    as_samples(prepare(...)) and encode(...). Returns the new parameters, and the cost before each step."""\n'
        f"    costs = []\n{rng}    for _ in range(steps):\n{masks}"
        f"        values = forward(parameters, X{more})\n"
        "        costs.append(cost(parameters, values, Y))\n"
        f"        gradient = backward(parameters, values, Y{last})\n"
        "        parameters = update(parameters, gradient, learning_rate)\n"
        "    return parameters, costs"
    )


def _dropout(description: Description, columns: bool) -> str:
    rates = {layer: rate for layer, rate in enumerate(description.architecture.dropout, start=1) if rate}
    shape = "(sizes[l], m)" if columns else "(m, sizes[l])"
    sizes = {layer: description.architecture.sizes[layer] for layer in rates}
    return (
        "def dropout_masks(X, rng):\n"
        '    """For each layer with dropout 0 where a unit is dropped, else 1 / (1 - rate), so that the mean stays."""\n'
        f"    rates, sizes, m = {rates}, {sizes}, X.shape[{1 if columns else 0}]\n"
        f"    return {{l: ((rng.random({shape}) >= rate) / (1 - rate)).astype(DTYPE) for l, rate in rates.items()}}"
    )


def parameters_text(description: Description, columns: bool) -> str:
    """The parameters by name: written out, or packed where there are very many."""
    size = sum(member.vector.size for member in description.members)
    texts = [_arrays(description, member.vector, columns, size > WRITTEN_OUT) for member in description.members]
    unpacked = f"{UNPACKED}\n\n\n" if size > WRITTEN_OUT else ""
    if not description.ensemble:
        return f"{unpacked}parameters = {texts[0]}"
    shares = [member.share for member in description.ensemble]
    told = "# the parameters of each network, and its share in the mean"
    return "\n".join([f"{unpacked}{told}", "networks = [", *(f"{indent(text, '    ')}," for text in texts), "]", f"SHARES = {shares!r}"])


def _arrays(description: Description, vector: Array, columns: bool, packed: bool) -> str:
    """The parameters of one network as a dictionary."""
    arrays = {}
    pairs = description.architecture.split(vector.astype(description.dtype))
    for layer, (W, b) in enumerate(pairs, start=1):
        arrays[f"W{layer}"], arrays[f"b{layer}"] = (W.T, b[:, None]) if columns else (W, b)
    if packed:
        lines = [f'    "{name}": unpacked({array.shape}, "{_packed(array)}"),' for name, array in arrays.items()]
    else:
        lines = [f'    "{name}": np.array({_nested(array, 8)}, dtype=DTYPE),' for name, array in arrays.items()]
    return "{\n" + "\n".join(lines) + "\n}"


UNPACKED = '''def unpacked(shape, text):
    """An array from its bytes, written in base 64: there are too many numbers to write them out."""
    return np.frombuffer(base64.b64decode(text), dtype=np.dtype(DTYPE).newbyteorder("<")).reshape(shape).astype(DTYPE)'''


def _packed(array: Array) -> str:
    return base64.b64encode(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()).decode()


def _nested(array: Array, indent: int = 4) -> str:
    """Nested lists, each number in the fewest digits that give it back; a line for each row."""
    if array.ndim == 1:
        words = [_shortest(number) for number in array]
        joined = ", ".join(words)
        return f"[{joined}]" if len(joined) <= 100 else "[\n" + "\n".join(wrapped(words, indent + 4)) + "\n" + " " * indent + "]"
    rows = [_nested(row, indent) for row in array]
    if sum(map(len, rows)) <= 100:
        return "[" + ", ".join(rows) + "]"
    return "[\n" + "\n".join(" " * indent + f"{row}," for row in rows) + "\n" + " " * (indent - 4) + "]"


def _shortest(number: Any) -> str:
    return str(number) if np.isfinite(number) else f"np.{str(float(number)).replace('-inf', '-np.inf')}"


def _check(description: Description, columns: bool, seed: int) -> str:
    n_0, n_L = description.architecture.sizes[0], description.architecture.sizes[-1]
    first = " of the first network" if description.ensemble else ""
    shape = "({n}, m)" if columns else "(m, {n})"
    name, averages = description.architecture.loss.name, description.architecture.loss
    if name == "cross_entropy":
        targets = f"np.eye({n_L})[rng.integers({n_L}, size=m)]" + (".T" if columns else "")
    elif averages.targets.high == 1:
        targets = f"rng.uniform(0.1, 0.9, size={shape.replace('{n}', str(n_L))})"
    elif averages.targets.low == 0:
        targets = f"rng.uniform(0.5, 3.0, size={shape.replace('{n}', str(n_L))})"
    else:
        targets = f"rng.normal(size={shape.replace('{n}', str(n_L))})"
    return f'''def check_gradients(m=6, h=1e-5, at_most=40, seed={seed}):
    """The largest difference between the gradient and (J(w + h) - J(w - h)) / 2h, as a part of the largest derivative of the array.

    In double precision, on m random samples, for all parameters{first} or, of large arrays, ``at_most`` of them.
    """
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size={shape.replace("{n}", str(n_0))}), {targets}
    exact = {{name: w.astype(float) for name, w in {"networks[0]" if description.ensemble else "parameters"}.items()}}
    gradient = backward(exact, forward(exact, X), Y)
    worst = 0.0
    for name, w in exact.items():
        dw = gradient[f"d{{name}}"]
        for at in rng.permutation(w.size)[:at_most]:
            index, kept = np.unravel_index(at, w.shape), w.flat[at]
            costs = []
            for step in (h, -h):
                w[index] = kept + step
                costs.append(cost(exact, forward(exact, X), Y))
            w[index] = kept
            worst = max(worst, abs((costs[0] - costs[1]) / (2 * h) - dw[index]) / (np.abs(dw).max() + 1e-12))
    return worst'''


def _main(description: Description) -> str:
    given = variable(description)
    if description.task == "numbers":
        told, shown = f"predict({given}, EXAMPLES)", 'print(f"row {row}:", *(f"{number:.6g}" for number in numbers))'
        label = ""
    elif description.task == "columns":
        told = "np.hstack(probabilities(parameters, EXAMPLES))"
        label = "    labels = predict(parameters, EXAMPLES)\n"
        shown = 'print(f"row {row}: {\', \'.join(map(str, labels[row - 1]))}", *(f"{number:.4f}" for number in numbers), sep="  ")'
    elif description.task == "classes":
        told = f"probabilities({given}, EXAMPLES)"
        label = f"    labels = predict({given}, EXAMPLES)\n"
        shown = 'print(f"row {row}: {labels[row - 1]}", *(f"{label}: {number:.4f}" for label, number in zip(CLASSES, numbers)), sep="  ")'
    else:
        told, label = f"probabilities({given}, EXAMPLES)", ""
        shown = 'print(f"row {row}:", *(f"{number:.4f}" for number in numbers))'
    limit = "1e-9" if description.dtype == "float64" else "1e-4"
    return f'''def main():
    """Check the gradients, predict the example rows, and compare with what the network said when this file was written."""
    off = check_gradients()
    print(f"gradients: at most {{off:.1e}} from those by differences")
    found = {told}
{label}    for row, numbers in enumerate(found, start=1):
        {shown}
    differ = np.abs(found - np.array(EXPECTED)).max()
    print(f"predictions: at most {{differ:.1e}} from those when this file was written")
    if not (off < 1e-4 and differ <= {limit} * max(1, np.abs(EXPECTED).max())):
        raise SystemExit("this file does not compute what it did: has it been changed?")


if __name__ == "__main__":
    main()'''

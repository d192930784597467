"""What comes out of the network as labels, probabilities and numbers in the target's units, and the way of targets in, as code."""

from __future__ import annotations

from typing import Any

import numpy as np

from pellucid.export.description import Description
from pellucid.export.numpy.preparation import applied
from pellucid.export.steps import back


def variable(description: Description) -> str:
    """The name of what the module predicts with: its parameters, or the list of those of each network."""
    return "networks" if description.ensemble else "parameters"


def finish(description: Description, columns: bool) -> str:
    """The code of ``predict`` (and ``probabilities``), and of ``encode`` for the way of the targets into the network."""
    taken = "table" if description.framed else "X"
    given = variable(description)
    last = f'["A{len(description.architecture.layers)}"]' + (".T" if columns else "")
    mean = (
        f'def outputs(networks, {taken}):\n    """The mean of what comes out of the networks, by their shares; a row for each sample."""\n'
        f"    samples = as_samples(prepare({taken}))\n"
        f"    return sum(share * forward(one, samples){last} for share, one in zip(SHARES, networks))"
    )
    parts = (
        [mean]
        if description.ensemble
        else [
            f'def outputs(parameters, {taken}):\n    """What comes out of the network, a row for each sample."""\n'
            f"    return forward(parameters, as_samples(prepare({taken}))){last}"
        ]
    )
    classes = "np.array(" + repr([_plain(one) for one in description.classes]) + ")"
    shares = f"def probabilities({given}, {taken}):\n"
    predict = f"def predict({given}, {taken}):\n"
    encode = "def encode(y):\n"
    match description.task:
        case "classes":
            single, several = description.architecture.sizes[-1] == 1, len(description.classes) > 1
            parts.insert(0, f"CLASSES = {classes}")
            shares += '    """The probability of each class, in the order of CLASSES."""\n'
            body = f"    y_hat = outputs({given}, {taken})\n    return np.hstack([1 - y_hat, y_hat])"
            parts.append(shares + (body if single else f"    return outputs({given}, {taken})"))
            predict += '    """The most probable class of each row."""\n'
            chosen = f"probabilities({given}, {taken}).argmax(axis=1)" if several else f"np.zeros(len(outputs({given}, {taken})), int)"
            parts.append(f"{predict}    return CLASSES[{chosen}]")
            told = "1 for the second class, else 0" if single else "a 1 in the column of the class"
            coded = f"labels == CLASSES{'[-1]' if single else ''}" if several else "labels != labels"
            encode += f'    """The targets as the network takes them: {told}."""\n    labels = np.asarray(y)[:, None]\n'
            parts.append(f"{encode}    return as_samples(({coded}).astype(DTYPE))")
        case "columns":
            parts += _several(description, taken)
        case "labels":
            parts.append(f'{shares}    """The probability of each label."""\n    return outputs({given}, {taken})')
            predict += '    """1 for each label of more than 1/2."""\n'
            parts.append(f"{predict}    return (outputs({given}, {taken}) > 0.5).astype(int)")
            encode += '    """The targets as the network takes them."""\n'
            parts.append(f"{encode}    return as_samples(np.asarray(y, dtype=DTYPE))")
        case _:
            parts += _numbers(description, taken)
    return "\n\n\n".join(parts)


def _several(description: Description, taken: str) -> list[str]:
    columns = [description.classes[head] for head in description.heads]
    listed = ",\n".join(f"    np.array({[_plain(one) for one in column]!r})" for column in columns)
    ends = [head.stop for head in description.heads][:-1]
    kinds = {np.array(column).dtype.kind for column in columns}
    mixed = ", dtype=object" if len(kinds) > 1 else ""
    return [
        f"CLASSES = [\n{listed},\n]",
        f'def probabilities(parameters, {taken}):\n    """For each column the probability of each of its classes, in order."""\n'
        f"    return np.split(outputs(parameters, {taken}), {ends}, axis=1)",
        f'def predict(parameters, {taken}):\n    """The most probable class of each column, a row for each sample."""\n'
        f"    shares = probabilities(parameters, {taken})\n"
        f"    return np.array([classes[share.argmax(axis=1)] for classes, share in zip(CLASSES, shares)]{mixed}).T",
        'def encode(y):\n    """The targets as the network takes them: for each column a 1 at its class."""\n'
        "    columns = [np.array(column.tolist())[:, None] for column in np.asarray(y, dtype=object).T]\n"
        "    return as_samples(np.hstack([column == classes for column, classes in zip(columns, CLASSES)]).astype(DTYPE))",
    ]


def _numbers(description: Description, taken: str) -> list[str]:
    given = variable(description)
    n = description.n_outputs
    targets = description.targets or ((),) * n
    if not any(targets):
        told = 'def encode(y):\n    """The targets as the network takes them."""\n    Y = np.asarray(y, dtype=DTYPE)\n'
        return [
            f'def predict({given}, {taken}):\n    """y_hat, a row for each sample."""\n    return outputs({given}, {taken})',
            told + f"    return as_samples(Y.reshape(-1, {n}))",
        ]
    undone = ", ".join(applied(back(steps), f"y_hat[:, {at}]") for at, steps in enumerate(targets))
    done = ", ".join(applied(steps, f"Y[:, {at}]") for at, steps in enumerate(targets))
    return [
        f'def predict({given}, {taken}):\n    """The predictions in the units of the target, a row for each sample."""\n'
        f"    y_hat = outputs({given}, {taken})\n    return np.column_stack([{undone}])",
        'def encode(y):\n    """The targets as the network takes them: scaled."""\n'
        f"    Y = np.asarray(y, dtype=DTYPE).reshape(-1, {n})\n    return as_samples(np.column_stack([{done}]))",
    ]


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value

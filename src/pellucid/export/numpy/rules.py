"""The activations and the loss as functions of the module."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from pellucid.architecture import Architecture
from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.losses import FusedPair, Loss
from pellucid.export.numpy.words import code


@dataclass(frozen=True)
class Rule:
    """An activation as the module has it."""

    name: str
    """of its function; that of the derivative ends in _derivative"""
    definition: str
    """the code of both, empty where a helper is the function and there is no derivative"""
    applied: bool = False
    """there is no derivative but a function that ends in _backward, from da and a to dz"""


def activation_rules(architecture: Architecture, used: set[str]) -> dict[str, Rule]:
    """The functions of all activations, by their spec."""
    rules: dict[str, Rule] = {}
    for record in architecture.activations:
        if record.spec not in rules:
            rules[record.spec] = _rule(record, _function_name(record, [rule.name for rule in rules.values()]), used)
    return rules


def _function_name(record: Activation, taken: list[str]) -> str:
    """relu, leaky_relu ...; formula for a formula."""
    name = record.spec.partition("(")[0]
    name = name if re.fullmatch(r"[a-z_]+", name) and re.fullmatch(r"[a-z_]+(\([^()]*\))?", record.spec) else "formula"
    name = "softmaxes" if ends_of(record) else name
    name = {"exp": "exponential"}.get(name, name)
    count = sum(re.sub(r"_\d+$", "", other) == name for other in taken)
    return name if not count else f"{name}_{count + 1}"


def ends_of(record: Activation) -> list[int]:
    """Where the groups of a softmax end, but for the last; nothing where there is one softmax over all units."""
    groups = record.groups if isinstance(record, Softmax) else ()
    return list(accumulate(groups))[:-1]


def _rule(record: Activation, name: str, used: set[str]) -> Rule:
    text, slope = record.pieces
    if ends := ends_of(record):
        used |= {"softmax", "softmax_backward", "in_groups"}
        forward = f'def {name}(z):\n    """A softmax over each group of units."""\n    return in_groups({ends}, softmax, z)'
        told = "dz from da: the Jacobian of each softmax, applied"
        backward = f'def {name}_backward(da, a):\n    """{told}."""\n    return in_groups({ends}, softmax_backward, da, a)'
        return Rule(name, f"{forward}\n\n\n{backward}", applied=True)
    if not text:
        used.add("softmax")
        return Rule("softmax", "")
    own = code(text, {}, used)
    parts = []
    if own != f"{name}(z)":
        parts.append(f'def {name}(z):\n    """a = {record.formula}."""\n    return {own}')
    derived = code(slope, {}, used)
    if not re.search(r"\b[za]\b", derived):
        derived = f"np.full_like(z, {derived})"
    parts.append(f'def {name}_derivative(z, a):\n    """da/dz = {record.derivative_formula}."""\n    return {derived}')
    return Rule(name, "\n\n\n".join(parts))


@dataclass(frozen=True)
class Objective:
    """The loss and the first step back, as expressions in Z, A (of the last layer) and Y."""

    contribution: str
    """what each output adds to the loss of a sample"""
    dz: str
    """dZ of the last layer, if a fused form gives it at once; else empty"""
    da: str
    """dA of the last layer, where there is no fused form"""
    told: str
    """the equation, for a comment"""


def objective(architecture: Architecture, used: set[str], columns: bool) -> Objective:
    """The loss of the architecture behind its output activation."""
    last = len(architecture.layers)
    names = {"z": f"Z{last}", "a": f"A{last}", "y_hat": f"A{last}", "y": "Y"}
    record, pair = architecture.loss, architecture.objective.fused
    n = f" / {architecture.sizes[-1]}" if record.averages and architecture.sizes[-1] > 1 else ""
    if pair is None:
        slope = code(record.pieces[1], names, used)
        return Objective(code(record.pieces[0], names, used), "", f"({slope}){n}" if n else slope, record.derivative_formula)
    if pair.pieces[0]:
        value, slope = (code(text, names, used) for text in pair.pieces)
        return Objective(value, f"({slope}){n}" if n else slope, "", pair.dz_formula)
    used.add("log_softmax")
    axis, ends = 0 if columns else 1, ends_of(architecture.activations[-1])
    if ends:
        return _in_groups(record, pair, ends, last, axis, used)
    if record.name == "cross_entropy":
        return Objective(f"-Y * log_softmax(Z{last})", f"A{last} * Y.sum(axis={axis}, keepdims=True) - Y", "", "a * sum(y) - y")
    used.add("log_of_rest")
    value = f"-Y * log_softmax(Z{last}) - (1 - Y) * log_of_rest(Z{last})"
    return Objective(value, f"softmax_log_loss_slope(Z{last}, A{last}, Y)", "", pair.dz_formula)


def _in_groups(record: Loss, pair: FusedPair, ends: list[int], last: int, axis: int, used: set[str]) -> Objective:
    used.add("in_groups")
    z, a = f"Z{last}", f"A{last}"
    if record.name == "cross_entropy":
        value = f"in_groups({ends}, lambda z, y: -y * log_softmax(z), {z}, Y)"
        dz = f"in_groups({ends}, lambda a, y: a * y.sum(axis={axis}, keepdims=True) - y, {a}, Y)"
        return Objective(value, dz, "", pair.dz_formula)
    used.add("log_of_rest")
    value = f"in_groups({ends}, lambda z, y: -y * log_softmax(z) - (1 - y) * log_of_rest(z), {z}, Y)"
    return Objective(value, f"in_groups({ends}, softmax_log_loss_slope, {z}, {a}, Y)", "", pair.dz_formula)


def softmax_log_loss_slope(columns: bool) -> str:
    """The code of dz for softmax with log loss, which looks at pairs of outputs."""
    swap = ".T" if columns else ""
    return f'''def softmax_log_loss_slope(z, a, y):
    """dz_k = a_k - y_k + sum over j != k of (y_j a_k - (1 - y_j) a_j a_k / (1 - a_j)); the quotient is formed from logarithms."""
    log_a, log_rest, a, y = log_softmax(z){swap}, log_of_rest(z){swap}, a{swap}, y{swap}
    own = np.eye(a.shape[1], dtype=bool)
    share = np.exp(np.where(own, -np.inf, log_a[:, :, None] + (log_a - log_rest)[:, None, :]))
    pull = y[:, None, :] * a[:, :, None] - (1 - y)[:, None, :] * share
    return (a - y + np.where(own, 0, pull).sum(axis=2)){swap}'''

"""Softmax: its Jacobian, the product with it, and the pairs in which it cancels; for whole arrays."""

from __future__ import annotations

from dataclasses import replace

from pellucid.equations.activations import Activation, Softmax
from pellucid.equations.losses import FusedPair
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression, Symbol, hadamard
from pellucid.glassbox.derive.names import Names, of_unit
from pellucid.glassbox.derive.pairs import Line, Way, exp, log, ratio

OTHERS = Symbol("N")
"""ones beside a diagonal of zeros: (N v)_k is the sum of the *other* entries of v"""


def over_units(names: Names, of: Expression, index: str, written: Expression | None = None) -> nodes.SumOverUnits:
    """The sum over the units of a layer, written with an index."""
    return nodes.SumOverUnits(of, names.unit_axis, of_unit(of, index) if written is None else written, index)


def over_group(names: Names, layer: int, of: Expression, index: str) -> nodes.SumOverUnits:
    """The sum over the units that a softmax runs over: those of a layer, or of each of its groups."""
    return replace(over_units(names, of, index), groups=groups_of(names.rule(layer)))


def groups_of(record: Activation) -> tuple[int, ...]:
    """The sizes of the groups of a softmax, if it has any."""
    return record.groups if isinstance(record, Softmax) else ()


def said_of_groups(record: Activation) -> str:
    """What g stands for, where there are groups."""
    groups = groups_of(record)
    return f"; g is the group of the unit, {', '.join(map(str, groups))} units in order" if groups else ""


def softmax(names: Names, layer: int, z: Expression) -> nodes.Divide:
    """e^z / sum_j e^z_j."""
    return nodes.Divide(exp(z), over_group(names, layer, exp(z), "j"))


def jacobian_applied(names: Names, layer: int, a: Expression, da: Expression) -> Expression:
    """A * (da - sum_j a_j da_j)."""
    return hadamard(a, da - over_group(names, layer, nodes.Multiply((a, da)), "j"))


def softmax_cross_entropy(names: Names, pair: FusedPair, z: Expression, a: Expression, y: Expression, sums_to_one: bool) -> Way:
    """A * (-y/a + sum y) = a sum(y) - y, which is a - y where the targets sum to one."""
    del pair  # "a * sum(y) - y", whose sum runs over the units
    last = names.last
    total = over_group(names, last, y, "j")
    in_groups = " in each group" if groups_of(names.rule(last)) else ""
    result = hadamard(a, total) - y
    lines = [
        Line(
            "Jacobian",
            (jacobian_applied(names, last, a, -ratio(y, a)), hadamard(a, -ratio(y, a) + total), result),
            "the Jacobian of softmax applied to da = -y/a: a_j da_j = -y_j, then a cancels against 1/a",
        )
    ]
    if sums_to_one:
        lines.append(Line("sum of the targets", (result, a - y), f"the targets of each sample sum to one{in_groups}"))
    return Way(tuple(lines), -(y * log(softmax(names, last, z))), "with a = softmax(z)")


def softmax_log_loss(names: Names, pair: FusedPair, z: Expression, a: Expression, y: Expression) -> Way:
    """A - y + a * N (y - q), q = (1 - y) a / (1 - a)."""
    del pair  # written with sums over j != k there
    last, groups = names.last, groups_of(names.rule(names.last))
    in_groups = " of its group" if groups else ""
    others = names.product(OTHERS, a)
    q = (ratio if 1 in groups else nodes.Divide)(hadamard(1 - y, a), others)
    if names.n_outputs == 1:
        return Way((Line("one class", (a - y,), "softmax of one class is 1 whatever z"),), y * log(a), "softmax of one class is 1")
    plain = Symbol("q", names.last)
    pulled = hadamard(a, names.product(OTHERS, y - plain))
    total = over_group(names, last, y - plain, "j")
    lines = (
        Line(
            "q",
            (hadamard(1 - y, ratio(a, 1 - a)), q),
            f"short for a part of a da = -y + q; 1 - a_k is the sum of the other a_j{in_groups}, N a",
        ),
        Line(
            "Jacobian",
            (
                jacobian_applied(names, last, a, Symbol("da", last)),
                plain - y + hadamard(a, total),
                a - y + pulled,
            ),
            "the Jacobian of softmax applied to da, with a_j da_j = q_j - y_j; the term j = k of the sum makes a - y of q - y",
        ),
    )
    rest = nodes.Divide(names.product(OTHERS, exp(z)), over_group(names, last, exp(z), "j"))
    contribution = -(y * log(softmax(names, last, z))) - (1 - y) * log(rest)
    if groups:
        share = softmax(names, last, of_unit(z, "k"))
        written = -(of_unit(y, "k") * log(share)) - (1 - of_unit(y, "k")) * log(1 - share)
        return Way(lines, contribution, "with a = softmax(z), so that 1 - a_k is the share of the other units of its group", written)
    z_k, y_k, e_j = of_unit(z, "k"), of_unit(y, "k"), exp(of_unit(z, "j"))
    shares = (
        exp(z_k) / nodes.Sum(e_j, "j", 1, names.n_outputs),
        nodes.Sum(e_j, "j", 1, names.n_outputs, skip="k") / nodes.Sum(e_j, "j", 1, names.n_outputs),
    )
    written = -(y_k * log(shares[0])) - (1 - y_k) * log(shares[1])
    return Way(lines, contribution, "with a = softmax(z), so that 1 - a_k is the share of the other units", written)

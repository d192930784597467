"""The parts that stand for the records of the catalogue: activations, the objective, optimizers."""

from __future__ import annotations

from dataclasses import dataclass

from pellucid.engines.compiled import few, formulas
from pellucid.engines.compiled.formulas import Rule, names_in
from pellucid.engines.compiled.parts import Part
from pellucid.equations import optimizers
from pellucid.equations.activations import Activation, Softmax, relu
from pellucid.equations.losses import Objective
from pellucid.equations.optimizers import Optimizer
from pellucid.errors import InputError, sentence

RELU = relu()
WHOLE_ROWS = {
    ("softmax", "cross_entropy"): Part("rowwise.softmax_cross_entropy"),
    ("softmax", "log_loss"): Part("rowwise.softmax_log_loss"),
}
"""the fused pairs that are not element by element"""
IN_GROUPS = {
    ("softmax", "cross_entropy"): Part("rowwise.softmax_cross_entropy_in_groups"),
    ("softmax", "log_loss"): Part("rowwise.softmax_log_loss_in_groups"),
}
"""the same where the softmax has groups"""


@dataclass(frozen=True)
class Pair:
    """The two rules of an activation; ``in_place``: a is written over z."""

    forward: Rule
    backward: Rule
    in_place: bool
    in_product: bool = False
    """both are done by the products of matrices, which know ReLU"""


def activation(record: Activation, hidden: bool) -> Pair:
    """a = f(z) and dz = da * f'(z). Hidden layers write over z where they can: it halves the memory that the two loops touch."""
    if isinstance(record, Softmax):
        name, sizes = ("_in_groups", _sizes(record)) if record.groups else ("", ())
        return Pair(Rule(Part(f"rowwise.softmax{name}"), sizes), Rule(Part(f"rowwise.softmax_backward{name}"), sizes), False)
    if not all(record.pieces):
        what, repair = "the activation", "use engine='reference', or give the record its pieces"
        raise InputError(sentence(what, "the compiled engine", record.spec, "one with formulas in stable pieces", repair))
    in_place = record.pieces_in_place if hidden else None
    forward, backward = in_place or record.pieces
    product = hidden and (forward, backward) == RELU.pieces_in_place
    return Pair(formulas.activation_forward(forward), formulas.activation_backward(backward), in_place is not None, product)


def _sizes(record: Activation) -> tuple[float, ...]:
    """How many groups a softmax has, and the size of each; nothing where it has none."""
    groups = record.groups if isinstance(record, Softmax) else ()
    return (len(groups), *groups) if groups else ()


@dataclass(frozen=True)
class Last:
    """The last link of the chain: the rule for l_i and dz_L."""

    rule: Rule
    link: bool = False
    """it gives da_L, and the output's own backward rule is to follow"""
    output: bool = False
    """it computes a_L from z_L itself"""


def objective(chain: Objective, n: int) -> Last:
    """l_i and dz_L over n outputs, fused where a fused form exists."""
    pair, loss, sizes = chain.fused, chain.loss, _sizes(chain.output)
    if pair is None:
        return Last(formulas.objective(*loss.pieces, loss.averages), link=True)
    if pair.pieces == ("", ""):
        key, fills = (chain.output.name, loss.name), loss.name == "cross_entropy"
        if sizes:
            return Last(Rule(IN_GROUPS[key], sizes), output=fills)
        return Last(few.softmax_cross_entropy(n) if fills and 1 < n <= few.MOST else Rule(WHOLE_ROWS[key], ()), output=fills)
    if (
        isinstance(chain.output, Softmax)
        and not sizes
        and 1 < n <= few.MOST
        and not loss.averages
        and all("z" not in names_in(text) for text in pair.pieces)
    ):
        return Last(few.softmax_objective(n, *pair.pieces), output=True)
    return Last(formulas.objective(*pair.pieces, loss.averages))


@dataclass(frozen=True)
class Update:
    """An optimizer's two parts, and the fields of its record that they read."""

    prepare: Part
    move: Part
    settings: tuple[str, ...] = ()


UPDATES: dict[type[Optimizer], Update] = {
    optimizers.GradientDescent: Update(Part("updates.gradient_descent_step"), Part("updates.gradient_descent")),
    optimizers.Momentum: Update(Part("updates.momentum_step"), Part("updates.momentum"), ("momentum",)),
    optimizers.Nesterov: Update(Part("updates.momentum_step"), Part("updates.nesterov"), ("momentum",)),
    optimizers.AdaGrad: Update(Part("updates.adagrad_step"), Part("updates.adagrad"), ("epsilon",)),
    optimizers.RMSprop: Update(Part("updates.rmsprop_step"), Part("updates.rmsprop"), ("rho", "epsilon")),
    optimizers.Adam: Update(Part("updates.adam_step"), Part("updates.adam"), ("beta_1", "beta_2", "epsilon")),
    optimizers.AdamEpsilonHat: Update(Part("updates.adam_epsilon_hat_step"), Part("updates.adam"), ("beta_1", "beta_2", "epsilon")),
    optimizers.AdamW: Update(Part("updates.adam_step"), Part("updates.adamw"), ("beta_1", "beta_2", "epsilon", "weight_decay")),
}

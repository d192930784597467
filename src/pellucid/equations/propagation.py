"""Forward and backward propagation: the hundred lines to read first.

Samples are rows. Layer l = 1..L turns a_{l-1} (m, n_{l-1}) into a_l (m, n_l) with W_l (n_{l-1}, n_l) and b_l (n_l,).
``da_l`` and ``dz_l`` are the derivatives of the loss l_i of each sample, a row each: no mean over samples is in them. The sum over
samples happens where they meet the parameters, and it stays a plain sum here, beside the sum of the sample weights, so that parts of
a batch can be added up anywhere (threads, machines) before `mean_gradient` divides once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from jaxtyping import Inexact

from pellucid.equations.activations import Activation
from pellucid.equations.arrays import Array, namespace
from pellucid.equations.losses import Objective

Parameters: TypeAlias = Sequence[tuple[Array, Array]]
"""(W_l, b_l) of every layer, first to last"""


@dataclass
class Tape:
    """What forward propagation leaves for backward propagation; index l is layer l, index 0 the input."""

    a: list[Array]
    """a_l, (m, n_l), what the next layer receives: after dropout, where there is any"""
    z: list[Array]
    """z_l, (m, n_l); z[0] is the input too, so that the index is the layer"""
    f: list[Array]
    """f_l(z_l) before dropout; the same array as a_l where there is none"""
    mask: Sequence[Array | None] = field(default_factory=list)
    """what dropout multiplied a_l by, or None"""


def forward(
    activations: Sequence[Activation],
    parameters: Parameters,
    x: Inexact[Array, "m k"],
    mask: Sequence[Array | None] | None = None,
) -> Tape:
    """z_l = a_{l-1} W_l + b_l, a_l = f_l(z_l), for l = 1..L, a_0 = x.

    ``mask[l]`` (inverted dropout: 0 or 1 / (1 - rate)) multiplies f_l(z_l); None leaves it alone.
    """
    tape = Tape(a=[x], z=[x], f=[x], mask=mask if mask is not None else [None] * (len(activations) + 1))
    for layer, (activation, (W, b)) in enumerate(zip(activations, parameters, strict=True), start=1):
        z = tape.a[-1] @ W
        z += b
        f = activation.forward(z)
        kept = tape.mask[layer]
        tape.z.append(z)
        tape.f.append(f)
        tape.a.append(f if kept is None else f * kept)
    return tape


@dataclass
class Backward:
    """The derivatives that backward propagation finds, by layer; da[L] is left to `output_derivative`."""

    dz: list[Array]
    """dz_l = d l_i / d z_l, (m, n_l)"""
    da: list[Array | None]
    """da_l = d l_i / d a_l, (m, n_l); None for l = L, where dz_L is taken whole, and for l = 0 unless asked for"""
    dW: list[Array]
    """sum_i s_i dl_i/dW_l, (n_{l-1}, n_l), at index l - 1"""
    db: list[Array]
    """sum_i s_i dl_i/db_l, (n_l,), at index l - 1"""


def backward(
    activations: Sequence[Activation],
    objective: Objective,
    parameters: Parameters,
    tape: Tape,
    y: Inexact[Array, "m n"],
    s: Inexact[Array, " m"] | None = None,
    input_too: bool = False,
) -> Backward:
    """Backward propagation through the tape, for targets y and sample weights s (1 unless given).

    dz_L from the loss and the output activation; then for l = L..1, each line the derivative of one line of `forward`:
    z_l = a_{l-1} W_l + b_l gives dW_l, db_l and da_{l-1}; a_l = f_l(z_l) gives dz_l.
    """
    last = len(activations)
    found = Backward(dz=[], da=[None] * (last + 1), dW=[], db=[])
    dz = objective.backward(tape.z[last], tape.f[last], y)
    for layer in range(last, 0, -1):
        W, _ = parameters[layer - 1]
        weighted = dz if s is None else dz * s[:, None]
        found.dz.insert(0, dz)
        found.dW.insert(0, tape.a[layer - 1].T @ weighted)  # z_l = a_{l-1} W_l + b_l
        found.db.insert(0, namespace(dz).sum(weighted, axis=0))
        if layer > 1 or input_too:
            da = dz @ W.T
            found.da[layer - 1] = da
            if layer > 1:
                kept = tape.mask[layer - 1]
                inner = da if kept is None else da * kept  # a_l = f_l(z_l) * mask_l
                dz = activations[layer - 2].backward(inner, tape.z[layer - 1], tape.f[layer - 1])
    found.dz.insert(0, tape.a[0][:0])
    return found


def mean_gradient(
    gradient_sum: Inexact[Array, " p"],
    weight_sum: float | Array,
    weights: Inexact[Array, " w"],
    l2: float,
) -> Inexact[Array, " p"]:
    """(sum_i s_i dl_i/dtheta + l2 W) / sum_i s_i, over the flat vector whose first entries are the weights W (biases have no L2)."""
    if l2:
        gradient_sum = namespace(gradient_sum).concat([gradient_sum[: weights.shape[0]] + l2 * weights, gradient_sum[weights.shape[0] :]])
    return gradient_sum / weight_sum


def penalty(weights: Inexact[Array, " w"], l2: float, weight_sum: float | Array) -> Array | float:
    """The L2 term of the cost: l2 ||W||^2 / (2 sum_i s_i)."""
    return l2 * (weights @ weights) / (2 * weight_sum) if l2 else 0.0

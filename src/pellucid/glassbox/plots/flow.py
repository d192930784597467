"""Gradient flow: how much of the gradient arrives at each layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.glassbox.cost import Cost
from pellucid.glassbox.model import Model
from pellucid.glassbox.plots.style import grid, look, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def gradient_flow(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    *,
    label: str | None = None,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Axes:
    """The norm ||dW_l|| of every layer, on a logarithmic scale; a second call with the same ax draws a second network beside it.

    Where gradients vanish the line falls towards layer 1; where they explode it rises. A gradient that is exactly zero has no logarithm
    and is written at the bottom.

    Args:
        model: a `Network`, or anything with an architecture and a vector.
        X: the samples, as rows.
        y: the targets, as for `Network.fit`.
        ax: where to draw.
        label: what the network is called in the legend.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Raises:
        InputError: the data do not fit the model.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> net = pl.Network([2] + [8] * 5 + [1], "sigmoid", "log_loss")
    >>> ax = pl.plots.gradient_flow(net, [[0, 1], [1, 0]], [0, 1], Figure().add_subplot())
    >>> layers, norms = ax.get_lines()[0].get_data()
    >>> [int(layer) for layer in layers], bool(norms[0] < norms[-1] / 100)
    ([1, 2, 3, 4, 5, 6], True)

    """
    from matplotlib.ticker import MaxNLocator

    cost = Cost(model, X, y, sample_weight, mask)
    gradient = cost.gradient(cost.theta)
    norms = np.array([np.linalg.norm(dW) for dW, _ in model.architecture.split(gradient)])
    layers = np.arange(1, len(norms) + 1)
    ax = own_axes(ax)
    index = sum(line.get_gid() == "gradient flow" for line in ax.get_lines())
    style = look(index)
    shown = np.where(norms > 0, norms, np.nan)
    ax.plot(layers, shown, color=style.color, linestyle=style.line, marker=style.marker, label=label, gid="gradient flow")
    for layer in layers[norms == 0]:
        place = (0, 4 + 12 * index)
        ax.annotate("0", (layer, 0), place, xycoords=("data", "axes fraction"), textcoords="offset points", color=style.color, ha="center")
    ax.set(xlabel="layer $l$", ylabel=r"$\Vert dW^{[l]} \Vert$", title="Gradient flow")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    if (norms > 0).any():
        ax.set_yscale("log")
    if label is not None:
        ax.legend()
    grid(ax)
    return ax

"""The health of the gradients over the epochs of a training, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.glassbox.health.finding import DEAD, EXPLODING, SATURATED, VANISHING
from pellucid.glassbox.health.report import HealthReport
from pellucid.glassbox.plots.style import INK, ORANGE, grid, look, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MEASURES = {
    "product": r"product of the factors, $\|dz_l\| / \|dz_L\|$",
    "gradient_norm": r"gradient, $\|dW_l\|$",
    "bias_gradient_norm": r"gradient, $\|db_l\|$",
    "weight_norm": r"weights, $\|W_l\|$",
    "error_norm": r"error, $\|dz_l\|$",
    "update_ratio": r"one step, $\|\Delta W_l\| / \|W_l\|$",
    "change": r"change since the last note, $\|\Delta W_l\| / \|W_l\|$",
    "derivative": r"mean of $|f_l'(z_l)|$",
    "activation_factor": r"factor of the activation, $\|dz_l\| / \|da_l\|$",
    "weight_factor": r"factor of the weights, $\|da_{l-1}\| / \|dz_l\|$",
    "saturated": "share of saturated pairs of sample and unit",
    "dead": "share of dead units",
}
LIMITS = {"product": (VANISHING, EXPLODING), "saturated": (SATURATED,), "dead": (DEAD,)}
"""from where on something counts as wrong"""
SHARES = ("saturated", "dead")


class Record(Protocol):
    """What is drawn: a `HealthRecorder`."""

    @property
    def epochs(self) -> Sequence[int]:
        """When it noted."""
        ...

    @property
    def reports(self) -> Sequence[HealthReport]:
        """What it noted."""
        ...

    def __getitem__(self, measure: str) -> Array:
        """A measure over notes and layers."""
        ...


def health_over_epochs(recorder: Record, measure: str = "product", ax: Axes | None = None) -> Axes:
    """One measure of every layer over the epochs.

    The dotted lines are the limits of what is healthy, where they are near; on the epochs with an orange ground something was wrong.

    Args:
        recorder: a `HealthRecorder` after (or during) a training.
        measure: product, gradient_norm, change, saturated, dead ...: a number of `LayerHealth`, or ``change``.
        ax: where to draw; without it, new axes.

    Raises:
        UnknownNameError: there is no such measure.
        InputError: nothing was recorded.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> recorder = pl.HealthRecorder(X, y)
    >>> history = net.fit(X, y, epochs=3, callbacks=[recorder])
    >>> pl.plots.health_over_epochs(recorder, "gradient_norm", Figure().add_subplot()).get_xlabel()
    'epoch'

    """
    if not recorder.reports:
        repair = "hand it to fit: callbacks=[recorder]"
        raise InputError(sentence("the recorder", "health_over_epochs", "empty", "one that a training has filled", repair))
    values, layers = recorder[measure], recorder.reports[0].layers
    from matplotlib import colormaps

    ax = own_axes(ax)
    colors = colormaps["viridis"](np.linspace(0, 0.9, len(layers)))
    drawn = [index for index in range(len(layers)) if np.isfinite(values[:, index]).any()]
    for index in drawn:
        layer, style = layers[index], look(index)
        label = f"layer {layer.index} ({layer.activation})"
        many = len(recorder.epochs) // 12 or 1
        line = {"linestyle": style.line, "marker": style.marker, "markevery": many, "markersize": 4}
        ax.plot(recorder.epochs, values[:, index], color=colors[index], label=label, **line)
    seen = values[np.isfinite(values) & (values > 0)]
    for limit in LIMITS.get(measure, ()):
        if measure in SHARES or (seen.size and seen.min() / 10 <= limit <= seen.max() * 10):  # one far away would flatten the rest
            ax.axhline(limit, color=INK, linestyle=":", linewidth=1)
    _shade(recorder, ax)
    ax.set(xlabel="epoch", ylabel=MEASURES[measure], title="Health of the gradients")
    if measure in SHARES:
        ax.set_ylim(-0.03, 1.03)
    elif seen.size:
        ax.set_yscale("log")
    ax.legend(fontsize="small", ncols=2 if len(drawn) > 6 else 1)
    grid(ax)
    return ax


def _shade(recorder: Record, ax: Axes) -> None:
    """Orange ground from half an epoch before to half an epoch after each note with a finding, named once for each kind of verdict."""
    named: set[str] = set()
    edges = [recorder.epochs[0], *((a + b) / 2 for a, b in zip(recorder.epochs, recorder.epochs[1:], strict=False)), recorder.epochs[-1]]
    for at, report in enumerate(recorder.reports):
        if report.healthy:
            continue
        kinds = ", ".join(dict.fromkeys(finding.kind for finding in report.findings))
        ax.axvspan(edges[at], edges[at + 1], color=ORANGE, alpha=0.15, linewidth=0, label=None if kinds in named else kinds)
        named.add(kinds)

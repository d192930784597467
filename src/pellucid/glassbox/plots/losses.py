"""The loss over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pellucid.glassbox.plots.style import GRAY, grid, look, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_curves(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """The loss over the epochs, with the validation loss where there is one, on a logarithmic scale.

    >>> from matplotlib.figure import Figure
    >>> loss_curves({"loss": [1.0, 0.5]}, Figure().add_subplot()).get_xlabel()
    'epoch'
    """
    from matplotlib.ticker import MaxNLocator

    ax = own_axes(ax)
    for index, name in enumerate(("loss", "validation_loss")):
        if name in history:
            values, style = history[name], look(index)
            ax.plot(
                getattr(history, "epochs", range(1, len(values) + 1)),
                values,
                color=style.color,
                linestyle=style.line,
                label=name.replace("_", " "),
            )
    best = getattr(history, "best_epoch", None)
    if best is not None:
        ax.axvline(best, color=GRAY, linestyle=":", label=f"best weights (epoch {best})")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlabel="epoch", ylabel="loss", title="Training")
    if all(value > 0 for name in ("loss", "validation_loss") if name in history for value in history[name]):
        ax.set_yscale("log")
    ax.legend()
    grid(ax)
    return ax

"""Pictures. Each function draws into the Axes it is given (or makes one), returns it, and never calls show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_curves(history: Mapping[str, Sequence[float]], ax: Axes | None = None) -> Axes:
    """The loss over the epochs, with the validation loss where there is one, on a logarithmic scale.

    >>> from matplotlib.figure import Figure
    >>> loss_curves({"loss": [1.0, 0.5]}, Figure().add_subplot()).get_xlabel()
    'epoch'
    """
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots()[1]
    for name, color in (("loss", "tab:blue"), ("validation_loss", "tab:orange")):
        if name in history:
            values = history[name]
            ax.plot(range(1, len(values) + 1), values, color=color, label=name.replace("_", " "))
    best = getattr(history, "best_epoch", None)
    if best is not None:
        ax.axvline(best, color="gray", linestyle=":", label=f"best weights (epoch {best})")
    ax.set(xlabel="epoch", ylabel="loss", title="Training")
    if all(value > 0 for name in ("loss", "validation_loss") if name in history for value in history[name]):
        ax.set_yscale("log")
    ax.legend()
    ax.grid(visible=True, alpha=0.3)
    return ax

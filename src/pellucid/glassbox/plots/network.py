"""The network diagram, drawn by matplotlib."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from pellucid.glassbox.diagram import Diagram, Unit
from pellucid.glassbox.diagram import network_diagram as diagram_of
from pellucid.glassbox.diagram.strokes import stroke
from pellucid.glassbox.figures import compact
from pellucid.glassbox.model import Model
from pellucid.glassbox.plots.style import BLUE, GRAY, INK, ORANGE, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RADIUS, COLUMN = 0.42, 3.2
_FILLS = {"input": "#f1f1f1", "hidden": "#e3f1fb", "output": "#fbe6da"}


def network_diagram(
    model: Model,
    sample: ArrayLike | None = None,
    ax: Axes | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    max_units: int = 20,
) -> Axes:
    """Units and weighted edges, as `pellucid.network_diagram` draws them for a page, for a figure that is to be saved or printed.

    Args:
        model: a `Network`, or anything with an architecture and a vector.
        sample: x, (n_0,); every unit then shows its value.
        ax: where to draw.
        inputs: what the inputs are called, one name each.
        outputs: what the outputs are called.
        max_units: a layer with more of them is abbreviated.

    Raises:
        InputError: the sample, the names or the number do not fit.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> ax = pl.plots.network_diagram(pl.Network([4, 5, 1], activations=["tanh", "sigmoid"]), ax=Figure().add_subplot())
    >>> len(ax.patches), len(ax.get_lines())
    (10, 27)

    """
    diagram = diagram_of(model, sample, inputs=inputs, outputs=outputs, max_units=max_units)
    tallest = max(len(layer.units) for layer in diagram.layers)
    column = COLUMN + 0.09 * max(tallest - 5, 0)
    named = 0.21 * max(len(unit.name) for layer in diagram.layers for unit in layer.units)
    left, right = -1.2 - named * (inputs is not None), column * (len(diagram.layers) - 1) + 1.2 + named * (outputs is not None)
    foot = -tallest / 2 - 0.2
    ax = own_axes(ax, 0.5 * (right - left), 0.5 * (tallest + 3.4))
    _edges(ax, diagram, column)
    for index, layer in enumerate(diagram.layers):
        look = "input" if index == 0 else "output" if index == len(diagram.layers) - 1 else "hidden"
        for unit in layer.units:
            _unit(ax, unit, look, column)
        count = f"{layer.size} {'unit' if index else 'value'}{'s' if layer.size > 1 else ''}"
        ax.text(column * index, foot, layer.rule, ha="center", va="top", color=INK)
        ax.text(column * index, foot - 0.5, count, ha="center", va="top", color=GRAY, fontsize="small")
    for text, color in (("positive weight", BLUE), ("negative weight", ORANGE)):
        ax.plot([], [], color=color, linewidth=2.5, label=text)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 0.0), ncols=2, frameon=False, fontsize="small")
    ax.set(xlim=(left, right), ylim=(foot - 1, tallest / 2 + 0.2), aspect="equal", title=f"Network {diagram.title}")
    ax.set_axis_off()
    return ax


def _edges(ax: Axes, diagram: Diagram, column: float) -> None:
    heights = {(unit.layer, unit.index): unit.height for layer in diagram.layers for unit in layer.units}
    lines = Counter(weight.layer for weight in diagram.weights)
    for weight in diagram.weights:
        thick, opacity = stroke(weight.size, lines[weight.layer])
        color = GRAY if weight.value == 0 else BLUE if weight.value > 0 else ORANGE
        x = [column * (weight.layer - 1) + RADIUS, column * weight.layer - RADIUS]
        y = [heights[weight.layer - 1, weight.source], heights[weight.layer, weight.target]]
        ax.plot(x, y, color=color, linewidth=thick, alpha=opacity, solid_capstyle="butt", zorder=1)


def _unit(ax: Axes, unit: Unit, look: str, column: float) -> None:
    from matplotlib.patches import Circle

    x, y = column * unit.layer, unit.height
    if unit.index is None:
        ax.plot([x] * 3, [y - 0.2, y, y + 0.2], ".", color=GRAY, markersize=4)
        return
    ax.add_patch(Circle((x, y), RADIUS, facecolor=_FILLS[look], edgecolor=GRAY, linewidth=1, zorder=2))
    text: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 3}
    ax.text(x, y + (0.0 if unit.value is None else 0.13), f"${unit.label}$", color=INK, fontsize=10, **text)
    if unit.value is not None:
        ax.text(x, y - 0.24, compact(unit.value), color=BLUE, fontsize=6.5, **text)
    if unit.name:
        side = -1 if look == "input" else 1
        ax.text(x + side * (RADIUS + 0.12), y, unit.name, color=INK, fontsize=9, va="center", ha="right" if side < 0 else "left")

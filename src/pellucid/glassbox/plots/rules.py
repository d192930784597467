"""An activation and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.equations.activations import Activation, activation
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.glassbox.plots.style import GRAY, grid, look, own_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_POINTS = 501


def activation_and_derivative(rule: str | Activation, ax: Axes | None = None, *, low: float = -5.0, high: float = 5.0) -> Axes:
    """f and f' over z. At a kink f' jumps: a full dot is the value that is taken (the right one), a hollow one the left one.

    Softmax is drawn for two classes, as a function of z_1 while z_2 = 0, with the two entries of its Jacobian in that column.

    Args:
        rule: a record, or a text that names one.
        ax: where to draw.
        low: where z begins.
        high: where it ends.

    Raises:
        InputError: there is no such activation, or no room between low and high.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> ax = pl.plots.activation_and_derivative("relu", Figure().add_subplot())
    >>> [line.get_label() for line in ax.get_lines()][:2]
    ['$f(z)$', "$f'(z)$"]

    """
    record = activation(rule)
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(sentence("the range of z", "activation_and_derivative", f"{low} to {high}", "low < high", "e.g. low=-5, high=5"))
    ax = own_axes(ax)
    kinks = [kink for kink in record.kinks if low < kink < high]
    z = np.unique(np.concatenate([np.linspace(low, high, _POINTS), kinks]))
    record = activation("softmax") if record.name == "softmax" else record  # of groups, one
    curves = _softmax(record, z) if record.spec == "softmax" else _elementwise(record, z)
    for index, (name, values) in enumerate(curves.items()):
        style = look(index)
        at, drawn = _broken(z, values, kinks, record) if index else (z, values)
        ax.plot(at, drawn, color=style.color, linestyle=style.line, linewidth=2, label=name)
    for index, kink in enumerate(kinks):
        _mark(ax, record, kink)
        if index == 0:
            places = ", ".join(f"{kink:g}" for kink in kinks)
            ax.plot([], [], "o", color=look(0).color, markersize=5, label=f"kink{'s' if len(kinks) > 1 else ''} at $z = {places}$")
    ax.axhline(0, color=GRAY, linewidth=0.8)
    ax.axvline(0, color=GRAY, linewidth=0.8)
    ax.set(xlabel="$z_1$ ($z_2 = 0$)" if record.spec == "softmax" else "$z$", title=record.spec, xlim=(low, high))
    ax.legend()
    grid(ax)
    return ax


def _elementwise(record: Activation, z: Array) -> dict[str, Array]:
    f, slope = _values(record, z)
    return {"$f(z)$": f, "$f'(z)$": slope}


def _softmax(record: Activation, z: Array) -> dict[str, Array]:
    pairs = np.stack([z, np.zeros_like(z)], axis=1)
    f = record.forward(pairs)
    jacobian = record.jacobian(pairs, f)
    own, other = r"$\partial a_1 / \partial z_1 = a_1 (1 - a_1)$", r"$\partial a_2 / \partial z_1 = -a_2 a_1$"
    return {"$a_1 = f(z)_1$": f[:, 0], own: jacobian[:, 0, 0], other: jacobian[:, 1, 0]}


def _values(record: Activation, z: Array) -> tuple[Array, Array]:
    """f and f', by the record."""
    column = z[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        f = record.forward(column)
        return f[:, 0], record.jacobian(column, f)[:, 0, 0]


def _left(record: Activation, kink: float) -> float:
    """The derivative just before a kink."""
    return float(_values(record, np.array([kink - 1e-9 * max(1.0, abs(kink))]))[1][0])


def _broken(z: Array, values: Array, kinks: list[float], record: Activation) -> tuple[Array, Array]:
    """The derivative with a gap at each kink, up to its value on either side."""
    at, drawn = z, values
    for kink in reversed(kinks):
        place = int(np.searchsorted(at, kink))
        at = np.insert(at, place, [kink, kink])
        drawn = np.insert(drawn, place, [_left(record, kink), np.nan])
    return at, drawn


def _mark(ax: Axes, record: Activation, kink: float) -> None:
    f, slope = (float(part[0]) for part in _values(record, np.array([kink])))
    style = look(1)
    ax.plot([kink], [f], "o", color=look(0).color, markersize=5)
    ax.plot([kink], [_left(record, kink)], "o", color=style.color, markerfacecolor="white", markersize=6, zorder=3)
    ax.plot([kink], [slope], "o", color=style.color, markersize=6, zorder=3)

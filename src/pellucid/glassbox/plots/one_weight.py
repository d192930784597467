"""The cost over one weight, all others held, and the steps of gradient descent down it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.equations.schedules import not_negative
from pellucid.errors import InputError, sentence, unknown_name
from pellucid.glassbox.cost import Cost
from pellucid.glassbox.model import Model
from pellucid.glassbox.plots.curves import descent, draw_curve, draw_descent, sampled
from pellucid.glassbox.plots.style import own_axes
from pellucid.validation import whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def loss_over_weight(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    of: Sequence[Any] = ("W1", 1, 1),
    ax: Axes | None = None,
    *,
    learning_rate: float | None = None,
    start: float | Sequence[float] | None = None,
    steps: int = 10,
    span: tuple[float, float] | None = None,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Axes:
    r"""J as a function of one weight, its minima, and w_new = w_old - alpha dJ/dw from a start on.

    Args:
        model: a `Network`, or anything with an architecture and a vector; all its other parameters stay as they are.
        X: the samples, as rows.
        y: the targets, as for `Network.fit`.
        of: which weight: ("W1", i, j) joins unit j to unit i of layer 1, ("b1", i) is the bias of unit i; both count from 1.
        ax: where to draw.
        learning_rate: alpha; without it no steps are drawn.
        start: w_0, or several, from each of which it descends; without it the weight as it is.
        steps: how many.
        span: (low, high), the part of the axis of w; without it as much to both sides of the weight as shows a minimum.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Raises:
        InputError: there is no such weight, or something else does not fit.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> net = pl.Network([1, 1], ["identity"], "mse", initializer="zeros")
    >>> ax = pl.plots.loss_over_weight(net, [[1], [2]], [2, 4], ("W1", 1, 1), Figure().add_subplot(), learning_rate=0.1, span=(-1, 5))
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['global minimum', '10 steps from $0$, $\\alpha = 0.1$']

    """
    where = "loss_over_weight"
    curve = _Curve(model, X, y, of, sample_weight, mask, where)
    starts = _starts(curve.now if start is None else start, where)
    low, high = _span(span, curve, starts, where)
    ax = own_axes(ax)
    draw_curve(ax, sampled(curve, low, high))
    ax.set(xlabel=f"${curve.symbol}$", ylabel="$J$", title=f"$J$ over ${curve.symbol}$")
    if learning_rate is not None:
        for index, begin in enumerate(starts):
            label = rf"{{}} steps from ${begin:.3g}$, $\alpha = {learning_rate:.3g}$"
            _descend(ax, curve, begin, learning_rate, steps, label, index, where)
    if ax.get_legend_handles_labels()[0]:
        ax.legend()
    return ax


def learning_rates(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    of: Sequence[Any] = ("W1", 1, 1),
    axs: Sequence[Axes] | None = None,
    *,
    rates: Mapping[str, float] | None = None,
    start: float | None = None,
    steps: int = 10,
    span: tuple[float, float] | None = None,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Array:
    r"""The same descent with a learning rate that is too small, right, and too large, in three pictures side by side.

    Near a minimum J is about a parabola with second derivative J'': a step goes right to its bottom for alpha = 1 / J'', over it and back
    beyond that, and each further away than the last for alpha > 2 / J''. Unless they are given, the rates are 0.05 / J'' and 0.6 / J'' at
    the lowest minimum, and 2.1 / J'' or as much more as makes J rise.

    Args:
        model: a `Network`, or anything with an architecture and a vector.
        X: the samples, as rows.
        y: the targets, as for `Network.fit`.
        of: which weight, as in `loss_over_weight`.
        axs: where to draw, one for each rate.
        rates: {title: alpha}.
        start: w_0; without it some way to the left of the lowest minimum.
        steps: how many.
        span: (low, high), the part of the axis of w; without it as much to both sides of the lowest minimum.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Returns:
        The Axes, an array of them.

    Raises:
        InputError: there is no such weight, J has no minimum there and no rates are given, or something else does not fit.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> net = pl.Network([1, 1], ["identity"], "mse", initializer="zeros")
    >>> axs = pl.plots.learning_rates(net, [[1], [2]], [2, 4], axs=Figure().subplots(1, 3), span=(-1, 5))
    >>> [ax.get_title() for ax in axs]
    ['too small: $\\alpha = 0.01$', 'right: $\\alpha = 0.12$', 'too large: $\\alpha = 0.42$']

    """
    where = "learning_rates"
    curve = _Curve(model, X, y, of, sample_weight, mask, where)
    starts = [] if start is None else _starts(start, where)
    low, high = _span(span, curve, starts, where)
    shown = sampled(curve, low, high)
    lowest = [at for at, _ in shown.minima[:1]]
    if not lowest and (rates is None or not starts):
        got = f"none from {low:.3g} to {high:.3g}"
        raise InputError(sentence("the minimum of J", where, got, "one within the picture", "choose another span, or rates and start"))
    if span is None and lowest:
        reach = max(1.5, *(1.5 * abs(at - lowest[0]) for at in (curve.now, *starts)))
        low, high = lowest[0] - reach, lowest[0] + reach
        shown = sampled(curve, low, high)
    begin = starts[0] if starts else lowest[0] - 0.4 * (lowest[0] - low)
    if rates is None:
        rates = _three_rates(curve, lowest[0], begin, steps)
    if axs is None:
        from matplotlib import pyplot

        axs = pyplot.subplots(1, len(rates), figsize=(4.6 * len(rates), 4.0), layout="constrained", sharey=True, squeeze=False)[1][0]
    axes = np.ravel(np.asarray(axs, dtype=object))
    if len(axes) != len(rates):
        raise InputError(sentence("the number of axs", where, len(axes), f"{len(rates)}, one for each rate", "pass plt.subplots(1, 3)[1]"))
    for ax, (title, rate) in zip(axes, rates.items(), strict=True):
        draw_curve(ax, shown)
        _descend(ax, curve, begin, rate, steps, "{} steps", 0, where)
        ax.set(xlabel=f"${curve.symbol}$", title=rf"{title}: $\alpha = {rate:.3g}$")
    axes[0].set_ylabel("$J$")
    axes[0].legend()
    return axes


def _three_rates(curve: _Curve, lowest: float, begin: float, steps: int) -> dict[str, float]:
    """By the curvature at the minimum; the last is tried out."""
    curvature, bottom = max(curve.curvature(lowest), 1e-12), curve(lowest)
    for multiple in (2.1, 2.3, 2.6, 3.0, 4.0, 6.0, 10.0, 20.0):
        path = descent(curve.slope, begin, multiple / curvature, steps)
        if len(path) <= steps or not curve(path[-1]) - bottom < 2 * (curve(begin) - bottom):
            break
    return {"too small": 0.05 / curvature, "right": 0.6 / curvature, "too large": multiple / curvature}


class _Curve:
    """J of one weight, and its derivative by backward propagation."""

    def __init__(self, model: Model, X: ArrayLike, y: ArrayLike, of: Sequence[Any], s: ArrayLike | None, mask: Any, where: str) -> None:
        self.cost = Cost(model, X, y, s, mask)
        self.at, self.symbol = _place(model.architecture, of, where)
        self.now = float(self.cost.theta[self.at])

    def _theta(self, w: float) -> Array:
        theta = self.cost.theta.copy()
        theta[self.at] = w
        return theta

    def __call__(self, w: float) -> float:
        return self.cost(self._theta(w))

    def slope(self, w: float) -> float:
        """dJ/dw."""
        return float(self.cost.gradient(self._theta(w))[self.at])

    def curvature(self, w: float) -> float:
        """d2J/dw2, by a difference of slopes."""
        h = 1e-4 * max(1.0, abs(w))
        return (self.slope(w + h) - self.slope(w - h)) / (2 * h)


def _place(architecture: Architecture, of: Sequence[Any], where: str) -> tuple[int, str]:
    """Where the weight lies in the flat vector, and its symbol."""
    names = architecture.named(np.arange(architecture.n_parameters))
    parts: list[Any] = [of] if isinstance(of, str) or not hasattr(of, "__iter__") else list(of)
    if not parts or parts[0] not in names:
        raise unknown_name("parameter", parts[0] if parts else of, names)
    name, index = str(parts[0]), parts[1:]
    places = names[name].T
    whole = all(isinstance(i, int | np.integer) and not isinstance(i, bool) for i in index)
    if len(index) != places.ndim or not whole or not all(1 <= i <= size for i, size in zip(index, places.shape, strict=True)):
        expected = f"({name!r}, {', '.join(f'1 to {size}' for size in places.shape)})"
        raise InputError(sentence(f"the index of {name}", where, repr(tuple(parts)), expected, "count units from 1"))
    comma = "," if max(index) > 9 else ""
    symbol = f"{name[0].lower()}^{{[{name[1:]}]}}_{{{comma.join(map(str, index))}}}"
    return int(places[tuple(i - 1 for i in index)]), symbol


def _starts(start: float | Sequence[float], where: str) -> list[float]:
    given = np.ravel(np.asarray(start, dtype=object)).tolist()
    if not given or not all(isinstance(one, Real) and np.isfinite(float(one)) for one in given):
        raise InputError(sentence("start", where, repr(start), "a finite number, or several", "e.g. start=2.0"))
    return [float(one) for one in given]


def _span(span: tuple[float, float] | None, curve: _Curve, starts: list[float], where: str) -> tuple[float, float]:
    """What was asked for; else the weight as it is and the starts, and as much more as shows a minimum, if there is one near."""
    if span is not None:
        ends = np.ravel(np.asarray(span, dtype=object)).tolist()
        if len(ends) != 2 or not all(isinstance(end, Real) and np.isfinite(float(end)) for end in ends) or not ends[0] < ends[1]:
            raise InputError(sentence("span", where, repr(span), "(low, high) with low < high", "e.g. span=(-3, 3)"))
        return float(ends[0]), float(ends[1])
    low, high = min([curve.now, *starts]), max([curve.now, *starts])
    usual = max(3.0, 0.75 * (high - low))
    for reach in (usual, 2 * usual, 4 * usual, 8 * usual):
        found = [at for at, _ in sampled(curve, low - reach, high + reach, 101).minima[:1]]
        if found and low - 0.8 * reach < found[0] < high + 0.8 * reach:
            return low - reach, high + reach
    return low - usual, high + usual


def _descend(ax: Axes, curve: _Curve, start: float, rate: float, steps: int, label: str, index: int, where: str) -> None:
    if not not_negative(rate):
        raise InputError(sentence("the learning rate", where, repr(rate), "a finite number that is not negative", "e.g. 0.1"))
    path = descent(curve.slope, start, rate, whole_number(steps, "the number of steps", where))
    bottom, top = ax.get_ylim()
    draw_descent(ax, curve, path, label.format(len(path) - 1), index)
    ax.set_ylim(bottom, top)

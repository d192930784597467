"""The loss landscape: a plane through the parameters, J as its height, and the path that a training took.

Source: Li, Xu, Taylor, Studer and Goldstein 2018, *Visualizing the loss landscape of neural nets*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.architecture import Architecture
from pellucid.equations.arrays import Array
from pellucid.errors import InputError, ShapeError, sentence
from pellucid.glassbox.cost import Cost
from pellucid.glassbox.model import Model
from pellucid.glassbox.plots.style import ORANGE, own_axes
from pellucid.validation import one_of, positive_integer, whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ParameterPath:
    """A callback that keeps the parameters before the training and after each epoch: the path that is drawn on the landscape.

    Args:
        model: the network before its training.
        every: keep only each so many-th epoch.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> path = pl.plots.ParameterPath(net)
    >>> history = net.fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0], epochs=5, callbacks=[path])
    >>> len(path), len(path[0])
    (6, 13)

    """

    def __init__(self, model: Model, every: int = 1) -> None:
        self.points: list[Array] = [model.vector.astype(np.float64)]
        self.every = positive_integer(every, "every", "ParameterPath")

    def __call__(self, moment: Any) -> None:
        """Keep a copy, and let the training go on."""
        if moment.epoch % self.every == 0 or moment.epoch == moment.epochs:
            self.points.append(moment.vector.astype(np.float64))

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, index: int) -> Array:
        return self.points[index]


def loss_landscape(
    model: Model,
    X: ArrayLike,
    y: ArrayLike,
    ax: Axes | None = None,
    *,
    path: ParameterPath | Sequence[ArrayLike] | None = None,
    directions: str | None = None,
    span: float | None = None,
    resolution: int = 41,
    seed: int = 0,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> Axes:
    """J(theta + u d_1 + v d_2) over u and v, for two directions d_1, d_2 through the parameters theta of the model.

    ``random`` directions are drawn from a normal distribution and normalised as in the paper: the weights into each unit get the length
    that they have in the model, biases stay. The directions of the ``path`` are its first two principal components, so that as much of the
    path as can be lies in the plane; the share is written at the axes. The path itself is projected onto the plane, which its points may
    stand above or below.

    Args:
        model: a `Network`, or anything with an architecture and a vector.
        X: the samples, as rows.
        y: the targets, as for `Network.fit`.
        ax: where to draw.
        path: a `ParameterPath`, or flat vectors of parameters, in the order of the training.
        directions: random, or path; path where there is one unless chosen.
        span: u and v go from -span to span; without it as far as the path, or to 1.
        resolution: how many points of a side are computed.
        seed: of random directions.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Raises:
        InputError: something does not fit, or the path has no two different points.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = pl.Network([2, 3, 1], ["tanh", "sigmoid"])
    >>> path = pl.plots.ParameterPath(net)
    >>> history = net.fit(X, y, optimizer=pl.Adam(0.1), epochs=30, callbacks=[path])
    >>> ax = pl.plots.loss_landscape(net, X, y, Figure().add_subplot(), path=path, resolution=11)
    >>> u, v = ax.get_lines()[0].get_data()
    >>> len(u), bool(abs(u[-1]) < 1e-9 and abs(v[-1]) < 1e-9)
    (31, True)

    """
    from matplotlib.patheffects import Normal, Stroke

    where = "loss_landscape"
    cost = Cost(model, X, y, sample_weight, mask)
    points = None if path is None else _points(path, len(cost.theta), where)
    chosen = one_of(directions or ("random" if points is None else "path"), ("random", "path"), "directions", where)
    rng = np.random.default_rng(whole_number(seed, "the seed", where))
    shares: list[str] = ["", ""]
    if chosen == "path":
        if points is None:
            raise InputError(sentence("the path", where, "missing", "one for directions='path'", "record a ParameterPath"))
        plane, kept = path_directions(points, cost.theta, rng, where)
        shares = [f" ({100 * share:.3g} % of the path)" for share in kept]
    else:
        plane = np.stack([random_direction(model.architecture, cost.theta, rng) for _ in range(2)])
    drawn = None if points is None else np.linalg.lstsq(plane.T, (points - cost.theta).T, rcond=None)[0].T
    u, v = _grid(drawn, span, positive_integer(resolution, "resolution", where), where)
    J = surface(cost, plane, u, v)
    ax = own_axes(ax, 6.4, 5.0)
    _contours(ax, u, v, J)
    if drawn is not None:
        halo = [Stroke(linewidth=3, foreground="white"), Normal()]
        ax.plot(*drawn.T, "-o", color=ORANGE, markersize=3, linewidth=1.4, path_effects=halo, label="path of the training")
        ax.plot(*drawn[:1].T, "o", color=ORANGE, markerfacecolor="white", markersize=8, markeredgewidth=2, label="start")
    ax.plot([0], [0], "*", color="white", markeredgecolor="black", markersize=14, label="the model")
    ax.set(title="Loss landscape", xlabel=f"$u$, along $d_1${shares[0]}", ylabel=f"$v$, along $d_2${shares[1]}")
    ax.set(xlim=(u[0], u[-1]), ylim=(v[0], v[-1]))
    ax.legend(framealpha=0.9)
    return ax


def surface(cost: Cost, plane: Array, u: Array, v: Array) -> Array:
    """J(theta + u d_1 + v d_2), a row for each v."""
    return np.array([[cost(cost.theta + a * plane[0] + b * plane[1]) for a in u] for b in v])


def random_direction(architecture: Architecture, theta: Array, rng: np.random.Generator) -> Array:
    """A normal draw whose weights into each unit are as long as those of theta (filter-wise normalisation); 0 for biases."""
    direction = np.zeros_like(theta)
    for (d, _), (W, _) in zip(architecture.split(direction), architecture.split(theta), strict=True):
        drawn = rng.standard_normal(W.shape)
        d[...] = drawn * np.linalg.norm(W, axis=0) / np.linalg.norm(drawn, axis=0)
    return direction


def path_directions(points: Array, end: Array, rng: np.random.Generator, where: str = "path_directions") -> tuple[Array, Array]:
    """The first two principal components of points - end, of length one, and the share of the variance that each holds."""
    moves = points - end
    centred = moves - moves.mean(axis=0)
    _, sizes, components = np.linalg.svd(centred, full_matrices=False)
    if len(points) < 2 or not sizes[0] > 1e-12 * max(1.0, float(np.abs(end).max())):
        got, repair = f"{len(points)} points that are all the same", "record it from before the training on"
        raise InputError(sentence("the path", where, got, "two different points at least", repair))
    kept = np.zeros(2)
    kept[: len(sizes[:2])] = sizes[:2] ** 2 / (sizes**2).sum()
    first = components[0]
    if len(sizes) > 1 and sizes[1] > 1e-9 * sizes[0]:
        second = components[1]
    else:  # a straight path: any direction across it
        second = rng.standard_normal(len(end))
        second -= (second @ first) * first
        second = second / max(float(np.linalg.norm(second)), 1e-300)
    return np.stack([first, second]), kept


def _points(path: ParameterPath | Sequence[ArrayLike], size: int, where: str) -> Array:
    given = path.points if isinstance(path, ParameterPath) else path
    try:
        points = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError):
        points = np.empty(0)
    if points.ndim != 2 or points.shape[1] != size or not np.isfinite(points).all():
        got = f"of shape {points.shape}" if points.ndim == 2 else "no list of vectors"
        raise ShapeError(sentence("the path", where, got, f"finite vectors of {size} parameters", "record a ParameterPath"))
    return points


def _grid(drawn: Array | None, span: float | None, resolution: int, where: str) -> tuple[Array, Array]:
    """u and v, around the path with some room, or from -span to span."""
    if span is not None:
        if isinstance(span, bool) or not isinstance(span, int | float) or not 0 < span < np.inf:
            raise InputError(sentence("span", where, repr(span), "a positive number", "e.g. span=1.0"))
        ends = np.array([[-span, span], [-span, span]])
    elif drawn is None:
        ends = np.array([[-1.0, 1.0], [-1.0, 1.0]])
    else:
        low, high = np.minimum(drawn.min(axis=0), 0), np.maximum(drawn.max(axis=0), 0)
        room = 0.25 * np.maximum(high - low, 0.5 * (high - low).max())
        ends = np.stack([low - room, high + room], axis=1)
    u, v = (np.linspace(low, high, resolution) for low, high in ends.tolist())
    return u, v


def _contours(ax: Axes, u: Array, v: Array, J: Array) -> None:
    """J in colours and lines, evenly spaced by its logarithm above the lowest value; where it overflows nothing is drawn."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import LogLocator, NullFormatter

    shown = np.ma.masked_invalid(J)
    low, high = float(shown.min()), float(shown.max())
    logarithmic = low > 0 and high > 3 * low
    levels = np.geomspace(low, high, 25) if logarithmic else np.linspace(low, high if high > low else low + 1, 25)
    norm = LogNorm(low, high) if logarithmic else None
    filled = ax.contourf(u, v, shown, levels=levels, norm=norm, cmap="viridis")
    ax.contour(u, v, shown, levels=levels[::2], colors="white", linewidths=0.5, alpha=0.5)
    bar = ax.figure.colorbar(filled, ax=ax, label="$J$", format="%.3g")
    if logarithmic:
        bar.ax.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        bar.ax.yaxis.set_minor_formatter(NullFormatter())

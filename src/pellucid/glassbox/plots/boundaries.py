"""Where a classifier changes its mind: the plane in colours, and the boundaries of several models on the same data."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.equations.arrays import Array
from pellucid.errors import InputError, sentence
from pellucid.glassbox.plots.classifiers import as_classifier
from pellucid.glassbox.plots.style import GREEN, INK, PINK, YELLOW, Look, emptiest_corner, look, own_axes
from pellucid.validation import positive_integer

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

_LINES = (Look(INK, "--", ""), Look(GREEN, "-", ""), Look(PINK, "-.", ""), Look(YELLOW, ":", ""))
"""the boundaries; the colours of the samples are others"""


def decision_boundary(model: Any, X: ArrayLike, y: ArrayLike, ax: Axes | None = None, *, resolution: int = 200) -> Axes:
    """The plane coloured by what the model answers, the boundary between the answers, and the samples (scikit-learn's display).

    Args:
        model: a `Network` with two inputs, or any fitted classifier of scikit-learn with two features.
        X: the samples, (m, 2).
        y: their labels, as for training.
        ax: where to draw.
        resolution: how many points of a side of the grid are asked.

    Raises:
        InputError: there are not two inputs, the labels do not fit, or the model is no classifier.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> net = pl.Network([2, 4, 1], ["tanh", "sigmoid"])
    >>> history = net.fit(X, y, optimizer=pl.LBFGS(), epochs=50)
    >>> ax = pl.plots.decision_boundary(net, X, y, Figure().add_subplot(), resolution=30)
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['0', '1', 'boundary']

    """
    classifier, X, labels = as_classifier(model, X, y, "decision_boundary")
    ax = own_axes(ax, 5.8, 4.8)
    found = _display(classifier, X, resolution, ax, "decision_boundary")
    line = _line(ax, found, classifier, _LINES[0]._replace(line="-"), "boundary")
    handles = [*_samples(ax, X, labels, classifier), line]
    ax.legend(handles=handles, framealpha=0.9, loc=emptiest_corner(ax, np.asarray(X, dtype=float)))
    ax.set(title="Decision boundary")
    return ax


def decision_boundaries(models: Mapping[str, Any], X: ArrayLike, y: ArrayLike, ax: Axes | None = None, *, resolution: int = 200) -> Axes:
    """The boundaries that several models draw on the same samples: one neuron draws a line, a second layer bends it.

    Args:
        models: by the name that the legend gives them: a `Network` with two inputs or a fitted classifier of scikit-learn each.
        X: the samples, (m, 2).
        y: their labels, as for training.
        ax: where to draw.
        resolution: how many points of a side of the grid are asked.

    Raises:
        InputError: there are not two inputs, the labels do not fit, or a model is no classifier.

    >>> import pellucid as pl
    >>> from matplotlib.figure import Figure
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> models = {"one neuron": pl.Network([2, 1], ["sigmoid"]), "two layers": pl.Network([2, 4, 1], ["tanh", "sigmoid"])}
    >>> for net in models.values():
    ...     history = net.fit(X, y, optimizer=pl.LBFGS(), epochs=50)
    >>> ax = pl.plots.decision_boundaries(models, X, y, Figure().add_subplot(), resolution=50)
    >>> ax.get_legend().get_texts()[-1].get_text()
    'two layers: 100 % right'

    """
    from matplotlib.figure import Figure

    if not isinstance(models, Mapping) or not models:
        got, expected = repr(models)[:60], "{'name': model ...}"
        raise InputError(sentence("models", "decision_boundaries", got, expected, "name one model at least"))
    ax = own_axes(ax, 6.4, 4.8)
    handles: list[Any] = []
    for index, (name, model) in enumerate(models.items()):
        classifier, X, labels = as_classifier(model, X, y, "decision_boundaries")
        if index == 0:
            handles += _samples(ax, X, labels, classifier)
        found = _display(classifier, X, resolution, Figure().add_subplot(), "decision_boundaries")
        right = np.mean(np.asarray(classifier.predict(X)) == labels)
        handles.append(_line(ax, found, classifier, _LINES[index % len(_LINES)], f"{name}: {100 * right:.3g} % right"))
    ax.set(title="Decision boundaries")
    ax.legend(handles=handles, framealpha=0.9, loc=emptiest_corner(ax, np.asarray(X, dtype=float)))
    return ax


def _display(classifier: Any, X: ArrayLike, resolution: int, ax: Axes, where: str) -> Any:
    """Scikit-learn's picture of the plane; white where the answer is open."""
    from matplotlib.colors import CenteredNorm, LinearSegmentedColormap
    from sklearn.inspection import DecisionBoundaryDisplay

    colors = [look(index).color for index in range(len(classifier.classes_))]
    options: dict[str, Any] = {"multiclass_colors": colors}
    options |= {"vmin": 1 / len(colors), "vmax": 1.0} if _sure(classifier) else {}
    if len(colors) == 2:
        cmap = LinearSegmentedColormap.from_list("answers", [colors[0], "white", colors[1]])
        options = {"cmap": cmap, "norm": CenteredNorm(0.5 if _sure(classifier) else 0.0)}
    return DecisionBoundaryDisplay.from_estimator(
        classifier,
        X,
        grid_resolution=positive_integer(resolution, "resolution", where),
        eps=0.1 * float(np.ptp(np.asarray(X, dtype=float), axis=0).max()) or 1.0,
        response_method="predict_proba" if _sure(classifier) else "decision_function",
        plot_method="pcolormesh",
        ax=ax,
        alpha=0.5,
        rasterized=True,
        **options,
    )


def _sure(classifier: Any) -> bool:
    """Whether it answers with probabilities."""
    return hasattr(classifier, "predict_proba")


def _line(ax: Axes, found: Any, classifier: Any, style: Look, label: str) -> Line2D:
    """The boundary, and what stands for it in a legend."""
    from matplotlib.lines import Line2D

    for margin in _margins(found.response, _sure(classifier)):
        if margin.min() < 0 < margin.max():
            ax.contour(found.xx0, found.xx1, margin, levels=[0.0], colors=[style.color], linestyles=[style.line], linewidths=2.2)
    return Line2D([], [], color=style.color, linestyle=style.line, linewidth=2.2, label=label)


def _margins(response: Array, sure: bool) -> list[Array]:
    """For every two classes the answer for one less that for the other, where no third is ahead of both.

    Of probabilities the logarithms are taken, which cross zero at the same place, but not as steeply.
    """
    if response.ndim == 2:
        response = np.stack([1 - response, response] if sure else [np.zeros_like(response), response], axis=2)
    answers = np.log(np.maximum(response, 1e-300)) if sure else response
    best = answers.max(axis=2)
    found: list[Array] = []
    for one, other in combinations(range(answers.shape[2]), 2):
        behind = np.maximum(answers[:, :, one], answers[:, :, other]) < best
        found.append(np.ma.array(answers[:, :, other] - answers[:, :, one], mask=behind))
    return found


def _samples(ax: Axes, X: ArrayLike, labels: Array, classifier: Any) -> list[Any]:
    """The samples by their labels, and what stands for them in a legend."""
    (x, y), found = np.asarray(X, dtype=float).T, []
    for index, name in enumerate(classifier.classes_):
        style, own = look(index), labels == name
        drawn = ax.scatter(x[own], y[own], c=style.color, marker=style.marker, edgecolors="white", linewidths=0.6, s=34, zorder=3)
        drawn.set_label(str(name))
        found.append(drawn)
    for setter, axis, symbol in ((ax.set_xlabel, 0, "$x_1$"), (ax.set_ylabel, 1, "$x_2$")):
        setter(str(getattr(X, "columns", [symbol, symbol])[axis]))
    return found

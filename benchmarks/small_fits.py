"""How long a whole ``fit`` of `MLPClassifier` takes, ours and scikit-learn's, with scikit-learn's defaults for both (float64).

On iris, wine and digits, standardized. *200 epochs* holds both to the same number of epochs; *defaults* lets each stop by scikit-learn's
rule, which from different first weights may be at different epochs. Both must learn equally well.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.datasets import load_digits, load_iris, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import common
import pellucid as pl
from common import OURS, THREADS, Program, Row, blas_threads, console, threads

DATA = {"iris": load_iris, "wine": load_wine, "digits": load_digits}
Fit = Callable[[], tuple[float, Any]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show, and keep what was asked for."""
    options = parse(arguments)
    where = common.introduce("Whole fits of the estimator")
    rows = [measure(name, fixed, options) for name in options.data for fixed in (True, False)]
    console().print(common.table(f"A whole fit, medians of {options.repeats} turns", rows, "data"))
    common.keep(options, "small_fits", where, [row.to_json() for row in rows])
    common.draw(options.picture, "A whole fit", {row.name: row.ratios() for row in rows})


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, checked."""
    parser = common.parser(__doc__, repeats=7)
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA), metavar="NAME", help=f"some of: {', '.join(DATA)}")
    parser.add_argument("--seconds", type=float, default=0.25, help="how long a turn is to last (default: %(default)s)")
    options = parser.parse_args(arguments)
    if options.quick:
        options.repeats, options.seconds = 2, 0.0
    return options


def measure(name: str, fixed: bool, options: argparse.Namespace) -> Row:
    """One data set, to a fixed number of epochs or as the defaults have it."""
    X, y = DATA[name](return_X_y=True)
    X = StandardScaler().fit_transform(X)
    epochs = 5 if options.quick else 200
    settings = {"max_iter": epochs, "random_state": 0} | ({"n_iter_no_change": epochs} if fixed else {})
    ours = partial(fit, pl.MLPClassifier, X, y, settings)
    theirs = {n: partial(fit_within, n, neural_network.MLPClassifier, X, y, settings) for n in THREADS}
    models = [ours()[1], theirs[1]()[1]]
    epochs_done, scores = [model.n_iter_ for model in models], [float(model.score(X, y)) for model in models]
    told = f"{name}, {'fixed' if fixed else 'defaults'}: epochs {epochs_done[0]} and {epochs_done[1]}, "
    console().print(f"{told}training accuracy {scores[0]:.4f} and {scores[1]:.4f}", highlight=False)
    if fixed and epochs_done != [epochs, epochs]:
        raise SystemExit(f"not the same work: {epochs_done} epochs")
    if abs(scores[0] - scores[1]) > 0.03 and not options.quick:
        raise SystemExit(f"not learned equally well: {scores}")
    programs = [Program(OURS, OURS, several(ours, options.seconds))]
    programs += [Program("scikit-learn", f"scikit-learn, {threads(n)}", several(run, options.seconds)) for n, run in theirs.items()]
    seconds = common.take_turns(programs, options.repeats)
    what = f"{epochs} epochs" if fixed else f"defaults ({epochs_done[0]} and {epochs_done[1]} epochs)"
    return Row.of(f"{name}, {what}", OURS, programs, seconds, n_iter=epochs_done, scores=scores)


def several(run: Fit, wanted: float) -> Callable[[], float]:
    """As many fits as last so many seconds, one after another: the mean of them. Right after a rest all take a millisecond longer."""
    count = max(1, round(wanted / run()[0]))
    return lambda: sum(run()[0] for _ in range(count)) / count


def fit(kind: Any, X: np.ndarray, y: np.ndarray, settings: dict[str, Any]) -> tuple[float, Any]:
    """Seconds, and the model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        began = time.perf_counter()
        model = kind(**settings).fit(X, y)
        return time.perf_counter() - began, model


def fit_within(n: int, *arguments: Any) -> tuple[float, Any]:
    """The same with BLAS held to n threads."""
    with blas_threads(n):
        return fit(*arguments)


if __name__ == "__main__":
    main()

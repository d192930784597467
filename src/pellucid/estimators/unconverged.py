"""The warning of a training that ended before it converged, in scikit-learn's words."""

from __future__ import annotations

import warnings

from sklearn.exceptions import ConvergenceWarning

from pellucid.equations.optimizers import Optimizer
from pellucid.equations.schedules import CosineDecay, OneCycle
from pellucid.training.history import History

SCALE = "\nYou might also want to scale the data as shown in:\n    https://scikit-learn.org/stable/modules/preprocessing.html"
LBFGS_ENDS = {
    "epochs": (1, "STOP: TOTAL NO. OF ITERATIONS REACHED LIMIT"),
    "calls": (1, "STOP: TOTAL NO. OF F,G EVALUATIONS EXCEEDS LIMIT"),
    "no further descent": (2, "ABNORMAL: "),
}
"""SciPy's status and message"""


def warn_of_lbfgs(history: History, max_iter: int) -> None:
    """Warn where L-BFGS ended otherwise than by its tolerance."""
    if history.stopped_by not in LBFGS_ENDS:
        return
    status, message = LBFGS_ENDS[history.stopped_by]
    told = f"lbfgs failed to converge after {history.n_epochs} iteration(s) (status={status}):\n{message}\n"
    if history.n_epochs == max_iter:
        told += f"\nIncrease the number of iterations to improve the convergence (max_iter={max_iter})."
    warnings.warn(told + SCALE, ConvergenceWarning, stacklevel=6)


def warn_of_epochs(history: History, optimizer: Optimizer, max_iter: int) -> None:
    """Warn where all epochs went by; a schedule that ends with them is there by plan."""
    if history.stopped_by == "epochs" and not isinstance(optimizer.schedule, CosineDecay | OneCycle):
        told = f"Stochastic Optimizer: Maximum iterations ({max_iter}) reached and the optimization hasn't converged yet."
        warnings.warn(told, ConvergenceWarning, stacklevel=6)

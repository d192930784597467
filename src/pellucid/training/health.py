"""gradient_health: measure, judge, and where asked try what would help."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from pellucid.equations.optimizers import LBFGS, Optimizer
from pellucid.glassbox.health.case import Case
from pellucid.glassbox.health.measures import measure
from pellucid.glassbox.health.report import HealthReport, Trial
from pellucid.glassbox.health.verdicts import judge
from pellucid.glassbox.model import as_subject
from pellucid.training.twins import try_remedies
from pellucid.validation import as_masks, positive_integer, whole_number


def gradient_health(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
    optimizer: str | Optimizer | LBFGS | None = None,
    try_remedy: bool = False,
    epochs: int = 20,
    batch_size: int | None = 32,
    seed: int = 0,
) -> HealthReport:
    """How well the gradients flow: vanishing, exploding, saturated and dead units, each with its cause and a remedy.

    Backward propagation multiplies: ||dz_l|| = ||dz_L|| times the factors of all layers above l, where layer k contributes

        ||dz_k|| / ||da_k||,  dz_k = da_k * f_k'(z_k):    a mean of |f_k'|; for sigmoids at most 1/4
        ||da_(k-1)|| / ||dz_k||,  da_(k-1) = W_k^T dz_k:  at most the largest singular value of W_k

    and ||.|| is the root of the sum of squares over units and samples (each with its weight s_i). Where many of them are small their
    product vanishes, and w_new = w_old - alpha dJ/dw is about w_old. For each layer the report holds both factors, their product from
    the output down, ||dW_l||, ||W_new - W_l|| / ||W_l|| for one step, the mean of |f_l'|, the share of pairs of sample and unit where
    f_l is flat (|f_l'| at most a twentieth of its largest), the dead units (at most a thousandth, on every sample), and the
    distributions of z_l and a_l. What counts as wrong from where on stands in `pellucid.glassbox.health.finding`.

    Args:
        model: a `Network`; a fitted `MLPClassifier` or `MLPRegressor`, or a pipeline of scikit-learn that ends in one.
        X: the samples as rows, as the model takes them; some hundred are enough.
        y: the targets, as for the model's fit.
        sample_weight: s_i, (m,); samples of weight 0 do not count.
        mask: dropout masks to hold fixed, {l: (m, n_l)}; they multiply the factors of the activations.
        optimizer: whose first step is measured (and which trains with ``try_remedy``); left out, the one that the model was trained
            with, else gradient descent with a learning rate of 0.1.
        try_remedy: train for a short while from the parameters as they are, and once more with each remedy.
        epochs: how long.
        batch_size: samples a step then; None is the full batch.
        seed: of the order of the batches, of dropout and of new weights then.

    Returns:
        A `HealthReport`: ``healthy``, ``verdict``, ``layers``, ``findings`` (verdict, reason, remedy), ``trials``. It prints as a table.

    Raises:
        InputError: the model is not trained or none of these, or something does not fit it.

    Source: Hochreiter 1991 (vanishing gradients); Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward
    neural networks*; He et al. 2015.

    >>> import numpy as np
    >>> import pellucid as pl
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(100, 8))
    >>> y = (X[:, 0] * X[:, 1] > 0).astype(float)
    >>> deep = pl.Network([8] + [16] * 8 + [1], ["sigmoid"] * 9, seed=0)
    >>> pl.gradient_health(deep, X, y).verdict
    'vanishing since layer 3: sigmoid'
    >>> pl.gradient_health(pl.Network([8, 16, 1], ["relu", "sigmoid"], seed=0), X, y).verdict
    'healthy'

    """
    subject = as_subject(model, X, y, "gradient_health")
    case = Case.of(subject.model, subject.X, subject.y, sample_weight, optimizer or subject.optimizer)
    masks = as_masks(mask, len(case.X), case.architecture, case.vector.dtype)
    positive_integer(epochs, "the number of epochs", "gradient_health")
    if batch_size is not None:
        batch_size = min(positive_integer(batch_size, "the batch size", "gradient_health"), len(case.X))
    whole_number(seed, "the seed", "gradient_health")
    measured = measure(case, masks)
    findings = judge(case, measured)
    trials: tuple[Trial, ...] = ()
    if try_remedy and findings:
        remedies = {finding.remedy.name: finding.remedy for finding in findings}
        trials = try_remedies(case, remedies.values(), epochs, batch_size, seed)
    return HealthReport(measured, findings, case.step, len(case.X), trials, epochs)

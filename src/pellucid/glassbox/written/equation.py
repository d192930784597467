r"""Review of written equations: a line of LaTeX or of code, about a network or about calculus, is right, right when ..., or wrong, and why.

>>> import pellucid as pl
>>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], seed=0)
>>> X, y = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]], [0, 1]
>>> review_equation("dW2 = dZ2 @ A1 / m", net, X, y).verdict
'missing transpose'
>>> review_equation(r"z^{[1]} = W^{[1]} x + b^{[1]}", net, X, y).verdict
'right'
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from pellucid.glassbox.written.report import EquationReview
from pellucid.glassbox.written.reviewer import Reviewer


def review_equation(
    text: str,
    model: Any = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    convention: str = "columns",
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> EquationReview:
    r"""Whether a written equation is right for a network and its data, and if not, what is wrong with it.

    The line may be LaTeX, code in the manner of NumPy, or Unicode: ``dW2 = dZ2 @ A1.T / m``, ``dw^{[1]} = \frac{1}{m} dz^{[1]} x^T``,
    ``z_i^{[1]} = \sum_j w_{ij}^{[1]} x_j + b_i^{[1]}``, ``f'(x) = 1 - f(x)^2``. It is read, never executed, and tried in worlds in which
    all sizes differ: networks with the same rules and other numbers, of several samples and of one, in either convention. What is
    wrong with it is then the one of a closed list of slips whose undoing makes it right. dz and da are derivatives of the loss of
    each sample, dW and db those of the mean over the samples.

    Args:
        text: the equation; several sides, ``a = b = c``, are each held against the first.
        model: a `Network`, or anything with an architecture and a vector. A formula of calculus needs none.
        X: the samples, as rows.
        y: the targets.
        convention: columns (samples are columns, Z = W X + b) or rows (Z = X W + b).
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Returns:
        The review: ``verdict`` (right; right only in the other convention, for one sample, for element-wise activations ...; or the
        cause), ``explanation``, and the right line as LaTeX (``right``) and as code (``code``).

    Raises:
        FormulaError: the line cannot be read, or a name in it stands for nothing; a mark stands under the place.
        InputError: X, y, the weights or the mask do not fit the model.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], seed=0)
    >>> X, y = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]], [0, 1]
    >>> review_equation("dW2 = dZ2 @ A1.T / m", net, X, y).verdict, review_equation("dW2 = dZ2 @ A1 / m", net, X, y).verdict
    ('right', 'missing transpose')

    """
    return Reviewer(model, X, y, convention, sample_weight, mask).single(text)

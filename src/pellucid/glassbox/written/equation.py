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

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from pellucid.glassbox.model import Model
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text

if TYPE_CHECKING:
    from rich.table import Table as RichTable

GREEN, YELLOW, RED, GREY = "bold green", "bold yellow", "bold red", "dim"
UNREADABLE, UNDECIDED, DEFINITION, CONSEQUENCE, REMARK = "unreadable", "undecided", "definition", "consequence", "remark"
HEADINGS = ("line", "equation", "verdict", "why", "right line")


@dataclass(frozen=True)
class EquationReview:
    """What is said of one line.

    >>> import pellucid as pl
    >>> review = pl.review_equation("f'(x) = 1 + f(x)^2")
    >>> review.verdict, review.mended
    ('wrong sign', "f'(x) = 1 - f(x)²")
    """

    text: str
    """the line as it was written"""
    verdict: str
    """right, right only ..., the cause, or unrecognised; in a sheet also definition, consequence, unreadable, undecided (a name stands for
    nothing), remark (nothing to compare)"""
    explanation: str
    """the same in a sentence or two"""
    right: str = ""
    """the right line as LaTeX"""
    code: str = ""
    """the right line as code in the manner of NumPy"""
    mended: str = ""
    """the line itself with its slip undone, where that is known"""
    conditions: tuple[str, ...] = ()
    """what has to be so for it to be right"""
    holds: bool = False
    """whether it is right for the network, the data and the convention as they are"""
    off: float | None = None
    """how far the wrong side is off on the data, relative to the largest entry"""
    line: int = 1
    """its number in the sheet"""
    parts: tuple[EquationReview, ...] = ()
    """the same for each side, where the line has several"""

    @property
    def wrong(self) -> bool:
        """Whether something is wrong with it that no condition mends."""
        return not (self.verdict.startswith("right") or self.verdict in (DEFINITION, CONSEQUENCE, REMARK, UNREADABLE, UNDECIDED))

    @property
    def color(self) -> str:
        """Of its verdict."""
        if self.wrong:
            return RED
        if self.verdict in (DEFINITION, REMARK):
            return GREY
        return YELLOW if "only" in self.verdict or self.verdict in (CONSEQUENCE, UNREADABLE, UNDECIDED) else GREEN

    def row(self) -> tuple[str, ...]:
        """Its cells in a table."""
        shown = self.mended or (self.code if self.wrong or not self.holds else "")
        return str(self.line), self.text.strip(), self.verdict, self.explanation, shown

    def _table(self) -> Table:
        rows = [part.row()[1:] for part in (self.parts or (self,))]
        colors = [part.color for part in (self.parts or (self,))]
        return Table("Review of an equation", HEADINGS[1:], [(row[1], row[0], *row[2:]) for row in rows], colors, lines=True)

    def __rich__(self) -> RichTable:
        return as_rich(_verdict_first(self._table()))

    def __str__(self) -> str:
        return as_text(_verdict_first(self._table()))

    def _repr_html_(self) -> str:
        return as_html(_verdict_first(self._table()))


def _verdict_first(table: Table) -> Table:
    return Table(table.title, ("verdict", "equation", "why", "right line"), table.rows, table.colors, table.lines)


def review_equation(
    text: str,
    model: Model | None = None,
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

    """
    from pellucid.glassbox.written.reviewer import Reviewer

    return Reviewer(model, X, y, convention, sample_weight, mask).single(text)

"""Review of a whole sheet: its lines in order, the root cause first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from pellucid.errors import FormulaError, InputError, sentence
from pellucid.expressions.reading.reader import without_comment
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text
from pellucid.glassbox.written.report import CONSEQUENCE, REMARK, UNDECIDED, UNREADABLE, EquationReview
from pellucid.glassbox.written.reviewer import Reviewer, summed

if TYPE_CHECKING:
    from rich.table import Table as RichTable

MOST_LINES = 1000


@dataclass(frozen=True)
class SheetReview:
    """The reviews of all lines, in order.

    >>> import pellucid as pl
    >>> sheet = pl.review_sheet(["f(x) = 4x^3", "f'(x) = 12x^2"])
    >>> [line.verdict for line in sheet], sheet.explanation
    (['definition', 'right'], 'Every line is right.')
    """

    lines: tuple[EquationReview, ...]

    def __iter__(self) -> Iterator[EquationReview]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)

    def __getitem__(self, line: int) -> EquationReview:
        """The review of the line of that number, as the sheet counts them."""
        for review in self.lines:
            if review.line == line:
                return review
        raise KeyError(line)

    @property
    def right(self) -> bool:
        """Whether every line could be read and none is wrong."""
        return not any(review.wrong or review.verdict in (CONSEQUENCE, UNREADABLE, UNDECIDED) for review in self.lines)

    @property
    def root(self) -> EquationReview | None:
        """The first line that is wrong: where to begin."""
        return next((review for review in self.lines if review.wrong), None)

    @property
    def verdict(self) -> str:
        """That of the root cause; right without one."""
        return self.root.verdict if self.root is not None else "right"

    @property
    def explanation(self) -> str:
        """Where to begin, and what follows from it."""
        root = self.root
        if root is None:
            open_ones = [review.line for review in self.lines if review.verdict in (UNREADABLE, UNDECIDED)]
            if open_ones:
                return f"No line was found wrong, but {_lines(open_ones).lower()} could not be judged."
            narrowed = [review for review in self.lines if "only" in review.verdict]
            if not narrowed:
                return "Every line is right."
            return (
                f"No line is wrong. {_lines([review.line for review in narrowed])} ask{'' if len(narrowed) > 1 else 's'} for a condition."
            )
        others = [review.line for review in self.lines if review.wrong and review is not root]
        follow = [review.line for review in self.lines if review.verdict == CONSEQUENCE]
        told = f"Begin with line {root.line}: {root.verdict}. {root.explanation.splitlines()[0]}"
        if follow:
            told += f" {_lines(follow)} follow{'' if len(follow) > 1 else 's'} from what is wrong above."
        if others:
            told += f" {_lines(others)} {'have slips of their' if len(others) > 1 else 'has a slip of its'} own."
        return told

    def _table(self) -> Table:
        headings = ("verdict", "line", "equation", "why", "right line")
        rows = []
        for review in self.lines:
            number, text, verdict, why, right = review.row()
            rows.append((verdict, number, text, why, right))
        return Table("Review of a sheet", headings, rows, [review.color for review in self.lines], lines=True)

    def __rich__(self) -> RichTable:
        return as_rich(self._table())

    def __str__(self) -> str:
        return f"{as_text(self._table())}\n{self.explanation}"

    def _repr_html_(self) -> str:
        return as_html(self._table())


def _lines(numbers: list[int]) -> str:
    return f"Line{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"


def review_sheet(
    sheet: str | Sequence[str],
    model: Any = None,
    X: ArrayLike | None = None,
    y: ArrayLike | None = None,
    convention: str = "columns",
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
) -> SheetReview:
    r"""The equations of a sheet, a line each, reviewed in order as by `review_equation`.

    A line may use what the lines before have defined, be it a name of one's own or f(x) = ...; one that begins with = goes on from the
    line before. A line that is right in itself but uses something that an earlier one got wrong is a *consequence*. Empty lines,
    ``# comments`` and ``% comments`` are passed over. A line that cannot be read is listed as unreadable, with a mark under the place.

    Args:
        sheet: the text, or its lines.
        model: a `Network`, a fitted estimator, or a pipeline that ends in one; a sheet of calculus needs none.
        X: the samples, as rows.
        y: the targets.
        convention: columns or rows.
        sample_weight: s_i, (m,).
        mask: dropout masks by hidden layer, {l: (m, n_l)}.

    Raises:
        InputError: the sheet is empty or too long, or X, y, the weights or the mask do not fit the model.

    >>> import pellucid as pl
    >>> net = pl.Network([4, 5, 1], activations=["tanh", "sigmoid"], seed=0)
    >>> X, y = [[5.1, 3.5, 1.4, 0.2], [6.2, 2.9, 4.3, 1.3]], [0, 1]
    >>> [line.verdict for line in review_sheet(["dZ2 = Y - A2", "dW2 = dZ2 @ A1.T / m"], net, X, y)]
    ['wrong sign', 'consequence']

    """
    lines = sheet.splitlines() if isinstance(sheet, str) else list(sheet)
    if len(lines) > MOST_LINES:
        raise InputError(
            sentence("the sheet", "review_sheet", f"{len(lines):,} lines long", f"at most {MOST_LINES:,}", "review it in parts")
        )
    reviewer = Reviewer(model, X, y, convention, sample_weight, mask)
    found: list[EquationReview] = []
    for number, text in enumerate(lines, start=1):
        if not isinstance(text, str):
            raise InputError(sentence(f"line {number}", "review_sheet", f"a {type(text).__name__}", "a text", "hand in texts"))
        if not without_comment(text).strip():
            continue
        try:
            reviews = reviewer.line(text, number, sheet=True)
        except FormulaError as error:
            found.append(EquationReview(text.strip()[:200], UNREADABLE, str(error), line=number))
            continue
        if reviews:
            found.append(summed(text, reviews, number))
        else:
            found.append(replace(EquationReview(text.strip(), REMARK, "Nothing to compare."), line=number, holds=True))
    if not found:
        raise InputError(sentence("the sheet", "review_sheet", "empty", "a line or more", "write e.g. dW2 = dZ2 @ A1.T / m"))
    return SheetReview(tuple(found))

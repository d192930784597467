"""The review of a line, as an object and as it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

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

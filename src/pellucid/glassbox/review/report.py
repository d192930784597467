"""What a review found: a verdict for each array that was handed in, the first wrong one before its consequences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pellucid.errors import unknown_name
from pellucid.glassbox.rendering import Table, as_html, as_rich, as_text

if TYPE_CHECKING:
    from rich.table import Table as RichTable

CORRECT, OTHER_CONVENTION, UNRECOGNISED, FLOAT32 = "correct", "other convention", "unrecognised", "rounding of float32"


@dataclass(frozen=True)
class Verdict:
    """What was found of one quantity.

    >>> import pellucid as pl
    >>> net = pl.Network([2, 3, 2], activations=["tanh", "softmax"])
    >>> X, y = [[1.0, 2.0], [3.0, -1.0], [0.5, 0.0]], [0, 1, 1]
    >>> verdict = pl.review_gradients({"dW1": 3 * net.trace(X, y)["dW1"]}, net, X, y)["dW1"]
    >>> print(verdict.verdict, verdict.right_equation, verdict.their_equation, sep=" | ")
    missing 1/m | dW^[1] = dz^[1] xᵀ/m | dW^[1] = dz^[1] xᵀ
    """

    name: str
    """dW2, dz1 ..., dX"""
    verdict: str
    """correct; other convention; the cause, or causes joined by "and" and, where the data cannot tell, by "or"; consequence of dz2;
    unrecognised"""
    explanation: str
    """in sentences"""
    residual: float
    """the largest difference from the right array, relative to its largest entry"""
    where: str
    """the quantity in which the mistake lies: its own name, or one that was not handed in and shows in this one first"""
    causes: tuple[tuple[str, ...], ...]
    """the causes that explain it: alternatives, each of them one cause or several at once; empty where nothing is wrong here"""
    right_equation: str
    """the right line, as text"""
    their_equation: str
    """what seems to have been computed; empty where that is the right line or is not known"""
    right_latex: str
    their_latex: str
    worst: tuple[int, ...]
    """the index of the entry that is furthest off, in the array as it was handed in"""
    claimed: float
    """that entry"""
    right: float
    """what it should be"""

    @property
    def ok(self) -> bool:
        """Nothing is wrong: correct, or right in another convention."""
        return self.verdict in (CORRECT, OTHER_CONVENTION)


class GradientReview(Mapping[str, Verdict]):
    """The result of `review_gradients`: a `Verdict` for each claimed array, by name, in backward order.

    >>> import numpy as np, pellucid as pl
    >>> net = pl.Network([3, 4, 1], activations=["tanh", "sigmoid"])
    >>> X, y = np.random.default_rng(0).normal(size=(5, 3)), [0, 1, 1, 0, 1]
    >>> right = net.gradients(X, y)
    >>> review = pl.review_gradients({"dW2": -right["dW2"], "db2": right["db2"]}, net, X, y, convention="rows")
    >>> review["dW2"].verdict, review["db2"].verdict, review.passed
    ('wrong sign', 'correct', False)
    """

    def __init__(self, verdicts: Mapping[str, Verdict], convention: str, notes: tuple[str, ...] = ()) -> None:
        self._verdicts, self.convention = dict(verdicts), convention
        self.notes = notes
        """remarks on the whole, such as that every array fits the other convention"""

    def __getitem__(self, name: str) -> Verdict:
        if name not in self._verdicts:
            raise KeyError(str(unknown_name("reviewed gradient", name, self._verdicts)))
        return self._verdicts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._verdicts)

    def __len__(self) -> int:
        return len(self._verdicts)

    @property
    def passed(self) -> bool:
        """Nothing is wrong."""
        return all(verdict.ok for verdict in self.values())

    @property
    def roots(self) -> tuple[Verdict, ...]:
        """The verdicts that are mistakes of their own, first in backward order; the others follow from them."""
        return tuple(verdict for verdict in self.values() if verdict.causes and not verdict.ok)

    def _table(self) -> Table:
        rows, colors = [], []
        for verdict in self.values():
            elsewhere = verdict.causes and verdict.where != verdict.name
            told = [f"{verdict.verdict} (in {verdict.where})" if elsewhere else verdict.verdict]
            if verdict.verdict != CORRECT:
                told.append(f"right:  {verdict.right_equation}")
                told += [f"yours:  {verdict.their_equation}"] if verdict.their_equation else []
            told += [f"{verdict.explanation}."] if verdict.explanation else []
            rows.append((verdict.name, "0" if verdict.residual == 0 else f"{verdict.residual:.1e}", "\n".join(told)))
            colors.append("green" if verdict.ok else "bold red" if verdict.causes and verdict.verdict != FLOAT32 else "yellow")
        headings = ("of", "off by", f"verdict ({self.convention} convention)")
        return Table(f"Review of the gradients: {self.summary}", headings, rows, colors, lines=True)

    @property
    def summary(self) -> str:
        """In a few words: what is wrong first, or that nothing is."""
        if self.passed:
            return "nothing is wrong"
        if all(verdict.ok or verdict.verdict == FLOAT32 for verdict in self.values()):
            return "right, but only to the rounding of float32"
        first = next(verdict for verdict in self.roots if verdict.verdict != FLOAT32)
        return f"the first mistake is in {first.where}, {first.verdict}"

    def __rich__(self) -> RichTable:
        return as_rich(self._table())

    def __str__(self) -> str:
        return "\n".join([as_text(self._table()), *self.notes])

    def _repr_html_(self) -> str:
        return as_html(self._table())

    def __repr__(self) -> str:
        return f"GradientReview({', '.join(f'{name}: {verdict.verdict}' for name, verdict in self.items())})"

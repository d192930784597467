"""Reading lines one after the other, each judged with what the lines before have said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pellucid.errors import FormulaError, InputError, sentence
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.cursor import Vocabulary
from pellucid.expressions.reading.lexer import refuse
from pellucid.expressions.reading.plain import plain
from pellucid.expressions.reading.reader import read
from pellucid.expressions.reading.tree import Apply, Name, Statement
from pellucid.expressions.reading.typeset import as_latex, as_text
from pellucid.glassbox.model import Model, as_subject
from pellucid.glassbox.trace import CONVENTIONS
from pellucid.glassbox.written.bench import Bench
from pellucid.glassbox.written.calculation import Definitions
from pellucid.glassbox.written.calculus import Formula, candidates, define, is_calculus, judge_formula
from pellucid.glassbox.written.claims import claims, given, own_name, substituted
from pellucid.glassbox.written.inherited import Inherited
from pellucid.glassbox.written.judge import judge
from pellucid.glassbox.written.judgement import Judgement
from pellucid.glassbox.written.left import left_quantity
from pellucid.glassbox.written.names import VALUES, VOCABULARY, NoValue
from pellucid.glassbox.written.readings import Claim, layer_letters
from pellucid.glassbox.written.report import DEFINITION, UNDECIDED, EquationReview
from pellucid.glassbox.written.rightline import RightLines
from pellucid.validation import as_inputs, as_masks, as_sample_weight, as_targets, one_of


class Reviewer:
    """Judges lines."""

    def __init__(
        self, model: Any, X: ArrayLike | None, y: ArrayLike | None, convention: str, sample_weight: ArrayLike | None, mask: Any
    ) -> None:
        one_of(convention, CONVENTIONS, "the convention", "review_equation")
        if model is not None and X is not None and y is not None:
            model, X, y, _ = as_subject(model, X, y, "review_equation")
        self.bench = None if model is None else bench(model, X, y, convention, sample_weight, mask)
        self.definitions = Definitions()
        self.own: dict[Name, Expression] = {}
        """names of the user's own, and what they stand for"""
        self.vocabulary: Vocabulary = VOCABULARY
        self.before: tuple[Expression, str] | None = None
        """the left side of the line before, and how it is written"""
        self.inherited = Inherited()
        self.defined_here: set[str] = set()
        """functions that the line at hand has defined, so that a second formula must agree with the first"""

    def single(self, text: str) -> EquationReview:
        """One line; what cannot be read is an error."""
        reviews = self.line(text, 1)
        if not reviews:
            told = "nothing to compare"
            raise refuse(text, 0, len(text), "the equation", "without =", "two sides", f"there is {told}: write e.g. dW2 = dZ2 @ A1.T / m")
        return summed(text, reviews, 1)

    def line(self, text: str, number: int, sheet: bool = False) -> list[EquationReview]:
        """A review of each side of a line.

        Raises:
            FormulaError: it cannot be read, or (but for a sheet) has a name that stands for nothing.

        """
        found: list[EquationReview] = []
        self.defined_here = set()
        for statement in read(text, self.vocabulary):
            found += self.statement(text, statement, number, sheet)
        return found

    def statement(self, text: str, statement: Statement, number: int, sheet: bool) -> list[EquationReview]:
        """A review of each side of one equation."""
        made = list(claims(text, statement, self.before))
        if statement.sides and not statement.continues:
            start, end = statement.spans[0]
            self.before = statement.sides[0], text[start:end]
        found = []
        for position, (claim, written) in enumerate(made):
            claim = replace(claim, right=substituted(claim.right, self.own))
            span = (statement.spans[0][0], statement.spans[-1][1])
            try:
                found.append(self.claim(claim, number, written, first=position == 0 and not statement.continues))
            except NoValue as why:
                complaint = self.complaint(text, why, span)
                if not sheet:
                    raise complaint from None
                found.append(EquationReview(written, UNDECIDED, str(complaint), line=number))
        return found

    def complaint(self, text: str, why: NoValue, span: tuple[int, int]) -> FormulaError:
        """A name that stands for nothing, with a mark under it."""
        start, end = why.at if why.at[1] > why.at[0] else span
        what = {"name": "a name", "layer": "a layer", "index": "an index", "words": "a side"}.get(why.kind, "the equation")
        expected = "one that has a value in the network" if self.bench is not None else "one that was defined before"
        repair = "write it with the names z, a, W, b, x, y, y_hat, dz, da, dW, db, m"
        if self.bench is None:
            repair = "hand in the network, X and y, or define it in a line before"
        if why.kind == "index":
            expected, repair = "as many as it has axes, each bound by a sum or written on the left", "write e.g. w_{ij} x_j"
        return refuse(text, start, end, what, f"without a value ({why.told})", expected, repair)

    def claim(self, claim: Claim, number: int, text: str, first: bool) -> EquationReview:
        """The review of one claim."""
        if given(claim):
            return EquationReview(text, "definition", "A number that is given.", line=number, holds=True)
        own = own_name(claim)
        if own is not None and first and not self._calculus(claim):
            self.own[own] = claim.right
            self.vocabulary = replace(self.vocabulary, values=self.vocabulary.values | {own.base})
            return EquationReview(text, "definition", "A name of your own, used from here on.", line=number, holds=True)
        if self._calculus(claim):
            return self._formula(claim, number, text, first)
        if self.bench is None:
            raise NoValue("name", "this is about a network, and there is none")
        return self._network(self.bench, claim, number, text)

    def _calculus(self, claim: Claim) -> bool:
        if is_calculus(claim, self.definitions):
            return True
        return self.bench is None and not any(isinstance(side, Name) and side.d for side in claim.sides)

    def _formula(self, claim: Claim, number: int, text: str, first: bool) -> EquationReview:
        again = isinstance(claim.left, Apply) and claim.left.function.base in self.defined_here
        if first and not again and (defined := self._defined(claim)) is not None:
            self.definitions = defined
            if isinstance(claim.left, Apply):
                self.defined_here.add(claim.left.function.base)
            return EquationReview(text, "definition", "What the lines below are about.", line=number, holds=True)
        specs = [] if self.bench is None else [rule.spec for rule in self.bench.architecture.activations]
        try:
            found = judge_formula(Formula(claim, self.definitions, candidates(specs)))
        except NoValue:
            if self.bench is None or self.definitions.values or self.definitions.functions:
                raise
            return self._network(self.bench, claim, number, text)
        written = plain if _is_code(text) else as_text
        mended = "" if found.mended is None else f"{written(claim.left)} = {written(found.mended)}"
        right = "" if found.mended is None else f"{as_latex(claim.left)} = {as_latex(found.mended)}"
        code = "" if found.mended is None else f"{plain(claim.left)} = {plain(found.mended)}"
        return EquationReview(
            text, found.verdict, told(found), right, code, mended, found.conditions, found.holds, found.off, number
        )  # fmt: skip

    def _defined(self, claim: Claim) -> Definitions | None:
        left = claim.left
        if isinstance(left, Apply) and left.function.base in ("sigma", "s"):
            return None  # it has a meaning already
        if isinstance(left, Name) and self.bench is not None and left.base in VALUES and not self._speaks_of_functions(claim):
            return None
        return define(claim, self.definitions)

    def _speaks_of_functions(self, claim: Claim) -> bool:
        return is_calculus(claim, Definitions())

    def _network(self, bench: Bench, claim: Claim, number: int, text: str) -> EquationReview:
        found = self.inherited.judge(bench, claim, number, judge)
        lines = RightLines(
            bench.architecture, bench.convention, bench.s is not None, tuple(layer for layer, _ in bench.masks), bench.whole
        )  # fmt: skip
        quantity = left_quantity(bench, claim, found.reading)
        right = code = ""
        if quantity is not None:
            letters = sorted(layer_letters(claim))
            layer: int | str | None = quantity.layer
            if letters and isinstance(claim.left, Name) and claim.left.bracket:
                layer = claim.left.bracket
            right, code = lines.latex(quantity.kind, quantity.d, layer), lines.code(quantity.kind, quantity.d, layer)
        mended = ""
        if found.mended is not None:
            written = plain if _is_code(text) else as_text
            mended = f"{written(claim.left)} = {written(found.mended)}"
        return EquationReview(
            text, found.verdict, told(found), right, code, mended, found.conditions, found.holds, found.off, number
        )  # fmt: skip


def _is_code(text: str) -> bool:
    return any(mark in text for mark in ("np.", "@", "*", ".T", "axis=", ".dot(", "[0]")) and "\\" not in text


def told(found: Judgement) -> str:
    """The explanation of a judgement, as sentences."""
    pieces = [found.told, *found.notes]
    if found.off is not None and found.off > 1e-7:
        pieces.append(f"on your data it is off by {found.off:.2g} of the largest entry")
    return " ".join(f"{capital(piece)}." for piece in pieces if piece)


def capital(piece: str) -> str:
    """A sentence with a capital, unless it begins with a name such as dz2."""
    first = piece.partition(" ")[0]
    plain_word = first.isalpha() and len(first) > 1 and first not in ("dz", "da", "dw", "dW", "db", "dx", "mse")
    return f"{piece[:1].upper()}{piece[1:]}" if plain_word else piece


def bench(model: Model, X: ArrayLike | None, y: ArrayLike | None, convention: str, sample_weight: ArrayLike | None, mask: Any) -> Bench:
    """A network with its data, checked."""
    if X is None or y is None:
        raise InputError(sentence("X or y", "review_equation", "None", "samples and targets", "hand in some rows, at least one"))
    architecture, dtype = model.architecture, np.dtype(np.float64)
    X = as_inputs(X, architecture.sizes[0], dtype)
    Y = as_targets(y, len(X), architecture, dtype)
    s = as_sample_weight(sample_weight, len(X), dtype)
    masks = as_masks(mask, len(X), architecture, dtype) or []
    kept = tuple((layer, part) for layer, part in enumerate(masks) if part is not None)
    return Bench(architecture, np.asarray(model.vector, dtype=dtype), X, Y, convention, s, kept)


def summed(text: str, reviews: list[EquationReview], number: int) -> EquationReview:
    """One review of a line: that of its first wrong side, else of the one that asks the most conditions."""
    if len(reviews) == 1:
        return replace(reviews[0], text=text.strip())
    wrong = [review for review in reviews if review.wrong]
    told = wrong[0] if wrong else max(reviews, key=_narrowness)
    holds = all(review.holds for review in reviews)
    return replace(told, text=text.strip(), line=number, holds=holds, parts=tuple(reviews))


def _narrowness(review: EquationReview) -> tuple[int, int]:
    if review.verdict == UNDECIDED:
        return 3, 0
    if review.verdict == DEFINITION:
        return -1, 0
    return (0 if review.verdict == "right" else 2 if "only" in review.verdict else 1), len(review.conditions)

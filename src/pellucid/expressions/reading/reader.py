r"""A written line to trees.

Juxtaposition, · and the dot bind first, then *, ×, ⊙ and @ from the left, as in the notes and in Python; a sum sign reaches to the next
+ or -. What kind of product a sign means, and what a name stands for, is left open.

>>> from pellucid.expressions.reading.cursor import Vocabulary
>>> words = Vocabulary(frozenset({"W", "x", "b", "z"}), frozenset({"sigma"}))
>>> read("z = W x + b", words)[0].sides[1].terms[0].signs
('',)
"""

from __future__ import annotations

import re
from dataclasses import replace

from pellucid.errors import FormulaError, sentence
from pellucid.expressions import nodes
from pellucid.expressions.nodes import Expression
from pellucid.expressions.reading.cursor import Vocabulary
from pellucid.expressions.reading.lexer import END, NUMBER, SIGN, WORD
from pellucid.expressions.reading.operands import JOINS, Operands
from pellucid.expressions.reading.parts import FILLERS, RELATIONS
from pellucid.expressions.reading.scripts import quotient
from pellucid.expressions.reading.tree import Name, Product, Statement

MAX_SIDES = 30
"""equations in a row"""
_TIGHT, _LOOSE = ("·", "."), ("*", "×", "⊙", "@")
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:aligned|align|equation|gather|gathered|split|eqnarray|displaymath|math)\*?\}")


def read(text: str, vocabulary: Vocabulary) -> list[Statement]:
    """The equations of a line, in order; ⇒, →, ; and ``or`` part them.

    Raises:
        FormulaError: the line cannot be read; a mark stands under the place.

    """
    if not isinstance(text, str):
        raise FormulaError(sentence("an equation", "the call", f"a {type(text).__name__}", "a text", "e.g. 'dW2 = dZ2 @ A1.T'"), "", 0, 0)
    if len(text) <= 10_000:
        text = unboxed(without_comment(_ENVIRONMENT.sub(lambda match: " " * len(match[0]), text)))
    reader = Reader(text, vocabulary)
    try:
        return reader.statements()
    except RecursionError:
        raise FormulaError(sentence("the equation", "the call", "too deep", "fewer brackets", "write it in parts"), "", 0, 0) from None


def without_comment(text: str) -> str:
    """A line up to # or %."""
    return re.split(r"(?<!\\)[#%]", text, maxsplit=1)[0]


def unboxed(text: str) -> str:
    r"""A line with spaces for \boxed{ and its }, so that what they hold may be an equation, and every character stays where it was."""
    while (match := re.search(r"\\(?:boxed|fbox)\s*\{", text)) is not None:
        depth, end = 1, match.end()
        while depth and end < len(text):
            depth += (text[end] == "{") - (text[end] == "}")
            end += 1
        inside = text[match.end() : end - 1] + " " if not depth else text[match.end() : end]
        text = text[: match.start()] + " " * len(match[0]) + inside + text[end:]
    return text


class Reader(Operands):
    """Which sign binds first, and where an equation ends."""

    # Statements.

    def statements(self) -> list[Statement]:
        """All of a line."""
        found: list[Statement] = []
        while self.token.kind != END:
            if self.skip("⇒", "→", ";", "\\\\", ",", "&", ".") or self.filler("and", *JOINS):
                continue
            found.append(self.statement())
        if not found:
            raise self.missing()
        return found

    def filler(self, *words: str) -> bool:
        """Pass a word that joins equations."""
        return self.skip(*words, kind=WORD)

    def statement(self) -> Statement:
        """Sides with = between them, and the condition behind."""
        sides: list[Expression] = []
        spans: list[tuple[int, int]] = []
        continues, change = False, ""
        self.skip("&")
        if self.at("=", "=="):
            continues = True
        while True:
            if sides or (continues and not spans):
                sign = self.take().text
                change = sign[0] if sign in ("-=", "+=") else change
                self.skip("&")
                self.skip("=")
            start = self.token.start
            sides.append(self.expression())
            spans.append((start, self.tokens[self.place - 1].end))
            if len(sides) > MAX_SIDES:
                raise self.error(self.token, "the number of sides", "too large", f"at most {MAX_SIDES}", "write several lines")
            self.skip("&")
            if not self.at("=", "==", "-=", "+="):
                break
        condition = self.trailing()
        if not (self.token.kind == END or self.at("⇒", "→", ";", "\\\\", ",", ".", "&") or self.token.kind == WORD):
            raise self.unexpected()
        if self.token.kind == WORD and self.token.text not in ("and", *JOINS):
            raise self.unexpected()
        return Statement(tuple(sides), condition, change, tuple(spans), continues)

    def trailing(self) -> Expression | None:
        """The condition behind an equation: , k ≠ i. That i = 0..4, or words behind `where`, say nothing that is not known."""
        place = self.place
        self.skip(",", ";")
        bracketed = self.skip("(")
        if self.token.kind == WORD and self.token.text in FILLERS and self.token.text != "and":
            return self._behind_word(place)
        if not bracketed and self.token.kind == WORD and len(self.token.text) == 1 and self.ahead().kind == SIGN:
            if self.ahead().text == "=" and self.ahead(3).text in ("..", "…"):
                return self._behind_word(place)
            if self.ahead().text in RELATIONS and self.ahead().text not in ("=", "=="):
                return self.condition()
        self.place = place
        return None

    def _behind_word(self, place: int) -> Expression | None:
        """What stands behind if, for, where: a condition, or words."""
        start = self.place
        if self.token.kind == WORD and self.token.text in FILLERS:
            self.take()
        found: Expression | None = None
        try:
            found = self.condition()
            self.skip(")")
            if not self._ended() or (isinstance(found, nodes.Compare) and found.relation == "==" and not isinstance(found.right, Name)):
                found = None
        except FormulaError:
            found = None
        if found is None:
            self.place = start
            while not self.at("⇒", "→", ";", "\\\\") and self.token.kind != END:
                self.take()
        return found

    def _ended(self) -> bool:
        return self.token.kind == END or self.at("⇒", "→", ";", "\\\\", ",", ".")

    # Sums and products.

    def expression(self) -> Expression:
        """Terms; perhaps a comparison, or a if c else b."""
        tree = self.terms()
        if (self.at(*RELATIONS) and not self.at("=", "==")) or (self.at("==") and self.depth):
            parts = [tree]
            relations = []
            while self.at(*RELATIONS) and not self.at("="):
                relations.append(self.take().text)
                parts.append(self.terms())
            whole: nodes.Compare | None = None
            for left, relation, right in reversed(list(zip(parts, relations, parts[1:], strict=False))):
                whole = nodes.Compare(left, relation, right, whole)
            assert whole is not None
            tree = whole
        if self.token.kind == WORD and self.token.text == "if" and self.ahead().kind != END and self._has_else():
            self.take()
            condition = self.condition()
            self.take()
            return nodes.Cases(((tree, condition),), self.expression())
        return tree

    def _has_else(self) -> bool:
        return any(token.kind == WORD and token.text == "else" for token in self.tokens[self.place :])

    def terms(self) -> Expression:
        """Products, added and subtracted."""
        self.skip("&")
        negative = False
        while self.at("+", "-", "±"):
            negative ^= self.take().text == "-"
        first = self.product()
        terms = [nodes.Negative(first) if negative else first]
        while self.at("+", "-"):
            negative = self.take().text == "-"
            self.skip("&")
            while self.at("-", "+"):
                negative ^= self.take().text == "-"
            term = self.product()
            terms.append(nodes.Negative(term) if negative else term)
        return terms[0] if len(terms) == 1 else nodes.Add(tuple(terms))

    def product(self) -> Expression:
        """Factors with *, ×, ⊙ or @ between them, from the left: a @ b / m is (a @ b) / m."""
        factors, signs = [self.tight()], list[str]()
        while self.at(*_LOOSE) or (signs and self.at("/")):
            if self.at("/"):
                factors, signs = [self.over(_joined(factors, signs))], []
                while self.at("/"):
                    factors = [self.over(factors[0])]
                continue
            signs.append(self.take().text)
            negative = False
            while self.at("-", "+"):
                negative ^= self.take().text == "-"
            factor = self.tight(quotients=False)
            factors.append(nodes.Negative(factor) if negative else factor)
        return factors[0] if not signs else _joined(factors, signs)

    def tight(self, quotients: bool = True) -> Expression:
        """Factors side by side, or with · between them; and quotients, where they are not left to `product`."""
        factors, signs = list[Expression](), list[str]()
        self.factor(factors, signs, "")
        while True:
            if self.at("/") and (quotients or self.differential(self.place + 1)):
                factors[-1] = self.over(factors[-1])
            elif self.at(*_TIGHT) and not (self.at(".") and self.ahead().kind == END):
                sign = self.take().text
                if self.skip("-"):
                    factors.append(nodes.Negative(self.power()))
                    signs.append(sign)
                else:
                    self.factor(factors, signs, sign)
            elif self.operand_ahead():
                self.factor(factors, signs, "")
            else:
                return factors[0] if not signs[1:] else _joined(factors, signs[1:])

    def factor(self, factors: list[Expression], signs: list[str], sign: str) -> None:
        """One more factor; a word such as xy is several."""
        word = self.token.kind == WORD
        found = self.power()
        several = found.factors if word and isinstance(found, Product) else (found,)
        factors += several
        signs += [sign, *[""] * (len(several) - 1)]

    def over(self, above: Expression) -> Expression:
        """a / b, dJ/dW, 1/2m."""
        self.take()
        if isinstance(above, Name) and (above.d or above.base == "d") and self.differential(self.place):
            self.take_differential()
            below = self.power()
            if above.base == "d" and not above.d:
                return nodes.Derivative(self.power(), below, partial=False)
            return quotient(above, below) if isinstance(below, Name) else nodes.Derivative(replace(above, d=False), below, partial=False)
        negative = self.skip("-")
        digits = self.token.kind == NUMBER
        below = self.power()
        if digits and self.operand_ahead() and not self.token.spaced:  # 1/2m
            below = Product((below, self.power()), ("",))
        return nodes.Divide(above, nodes.Negative(below) if negative else below)


def _joined(factors: list[Expression], signs: list[str]) -> Expression:
    if set(signs) == {"@"}:
        return nodes.MatMul(tuple(factors))
    if set(signs) == {"⊙"}:
        return nodes.Multiply(tuple(factors), marked=True)
    return Product(tuple(factors), tuple(signs))

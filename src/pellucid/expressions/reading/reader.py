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
from pellucid.expressions.reading.code import BUILT, MODULES, SAME, Code
from pellucid.expressions.reading.cursor import Vocabulary
from pellucid.expressions.reading.lexer import END, NUMBER, SIGN, TEXT, WORD
from pellucid.expressions.reading.parts import FILLERS, RELATIONS, number
from pellucid.expressions.reading.scripts import quotient
from pellucid.expressions.reading.tree import Apply, Name, Product, Statement

MAX_SIDES = 30
"""equations in a row"""
_TIGHT, _LOOSE = ("·", "."), ("*", "×", "⊙", "@")
_OPENING = ("(", "[", "{", "{|", "frac", "dfrac", "tfrac", "sqrt", "√", "Σ", "begin", "hat", "‖", "∇", "∂", "Δ")
JOINS = ("or", "so", "hence", "thus", "then", "OR", "i.e.")
"""words between equations"""
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


class Reader(Code):
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

    def unexpected(self) -> FormulaError:
        """A sign that nothing can follow."""
        if self.at(")", "]", "}"):
            return self.error(self.token, "a bracket", "closed that was never opened", "a bracket before it", "leave it out")
        if self.at("…"):
            return self.error(self.token, "a part", "left out by dots", "every term", "write it out, or with a sum sign")
        return self.error(self.token, "a sign", repr(self.token.text), "an equation to end or go on", "leave it out")

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
        if self.token.kind == WORD and self.token.text == "if" and not self.ahead().kind == END and self._has_else():
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

    def operand_ahead(self) -> bool:
        """Whether an operand stands right behind another."""
        token = self.token
        if token.kind == WORD:
            return token.text not in (*FILLERS, *JOINS) or token.text in self.vocabulary.values
        if token.kind == NUMBER:
            return self.tokens[self.place - 1].kind != NUMBER
        if token.text == "(" and self.ahead().kind == WORD and self.ahead().text in FILLERS:
            return False
        return token.kind == SIGN and token.text in _OPENING and not (token.text == "‖" and self._closes())

    def _closes(self) -> bool:
        """Whether a double bar closes a norm that is open."""
        before = sum(token.text == "‖" for token in self.tokens[: self.place])
        return before % 2 == 1

    def power(self) -> Expression:
        """An operand with its power, transpose, index or method."""
        tree = self.operand()
        while True:
            if self.at("**"):
                return self.raised(tree)
            if self.at("^"):
                raised = self.transposed(tree)
                if raised is None:
                    return self._raise(tree)
                tree = raised
            elif self.at("ᵀ"):
                self.take()
                tree = nodes.Transpose(tree)
            elif self.at("_") and not isinstance(tree, Name):
                tree = self.entry(tree)
            elif self.at(".") and (found := self.attribute(tree)) is not None:
                tree = found
            else:
                return tree

    def _raise(self, tree: Expression) -> Expression:
        if isinstance(tree, Name) and tree.raised:
            raise self.error(self.token, "a power", "written twice", "one", "use brackets")
        found = self.raised(tree)
        return found

    def transposed(self, tree: Expression) -> Expression | None:
        """(...)^T; None where it is a power."""
        following = self.ahead()
        if following.text in ("T", "ᵀ"):
            self.place += 2
            return nodes.Transpose(tree)
        if following.kind == WORD and following.text.startswith("T") and len(following.text) <= 3:
            self.take()
            self.split(1)
            return nodes.Transpose(tree)
        if following.text == "{" and self.ahead(2).text in ("T", "ᵀ") and self.ahead(3).text == "}":
            self.place += 4
            return nodes.Transpose(tree)
        return None

    def operand(self) -> Expression:
        """A number, a name, a call, a bracket, or one of the larger pieces."""
        token = self.token
        if token.kind == NUMBER:
            return number(self.take())
        if token.kind == WORD:
            return self.named()
        if token.kind == SIGN:
            match token.text:
                case "(" | "[" | "{|":
                    return self.bracket()
                case "{":
                    return self.loose_braces()
                case "frac" | "dfrac" | "tfrac":
                    return self.fraction()
                case "Σ":
                    return self.total()
                case "begin":
                    return self.environment()
                case "sqrt" | "√":
                    return self.root()
                case "|" | "‖":
                    return self.between(token.text)
                case "hat":
                    return self.hat()
                case "∇":
                    return self.gradient()
                case "∂" | "Δ":
                    self.take()
                    inner = self.operand()
                    return replace(inner, d=True) if isinstance(inner, Name) else inner
                case "…":
                    raise self.unexpected()
        raise self.missing()

    def bracket(self) -> Expression:
        """What stands in brackets; with commas, a matrix of one row."""
        opened = self.take()
        self.deeper(opened)
        inside = [self.expression()]
        while self.skip(","):
            if not self.at("]", ")"):
                inside.append(self.expression())
        close = {"(": ")", "[": "]", "{|": "|}"}[opened.text]
        if not self.at(close):
            if self.token.kind == END:
                raise self.error(opened, "a bracket", "never closed", f"a {close.strip('|')} for each {opened.text.strip('|')}", "close it")
            raise (
                self.unexpected()
                if self.at("…", ")", "]", "}")
                else self.error(self.token, "a sign", repr(self.token.text), f"{close!r}", "write it there")
            )
        self.take()
        self.depth -= 1
        if len(inside) > 1:
            rows = [row.rows[0] if isinstance(row, nodes.Matrix) and len(row.rows) == 1 else (row,) for row in inside]
            several = all(isinstance(row, nodes.Matrix) for row in inside)
            return nodes.Matrix(tuple(rows) if several else (tuple(inside),))
        return inside[0]

    def loose_braces(self) -> Expression:
        """Braces of LaTeX that only hold together: what they hold may have a name's indices behind it."""
        inside = self.braced()
        return self.hanging(inside) if isinstance(inside, Name) else inside

    def hat(self) -> Expression:
        r"""\hat{y} and what hangs on it."""
        token = self.take()
        if self.at("{"):
            end = self.closing(self.place)
            self.take()
            inner = self.names_of(self.token)[-1] if self.token.kind == WORD and self.place == end - 1 else None
            if inner is None and self.at("{") and self.ahead().kind == WORD:  # \hat{\mathbf{y}}
                inner = self.names_of(self.ahead())[-1]
            self.place = end + 1
        else:
            inner = self.names_of(self.split(1))[-1] if self.token.kind == WORD else None
        if inner is None:
            raise self.error(token, "a hat", "over no name", r"one letter below it", r"write \hat{y}")
        return self.hanging(replace(inner, base=f"{inner.base}_hat", at=(token.start, self.tokens[self.place - 1].end)))

    def named(self) -> Expression:
        """A name, a function with its arguments, or a call of NumPy."""
        token = self.token
        if self.new_name():
            return self.hanging(Name(self.take().text, at=(token.start, token.end)))
        if token.text in MODULES and self.ahead().text == "." and self.ahead(2).kind == WORD:
            self.place += 2
            if self.at("linalg", kind=WORD) and self.ahead().text == ".":
                self.place += 2
            return self.named()
        if token.text in BUILT and self.ahead().text == "(":
            name = self.take()
            return self.built(name, *self.arguments())
        if token.text == "d" and (
            self.ahead().text in ("hat", "{") or (self.ahead().kind == WORD and self.ahead().text in self.vocabulary.values)
        ):
            self.take()
            inner = self.operand()
            return replace(inner, d=True) if isinstance(inner, Name) else inner
        if self.ahead().text == "[" and self.ahead(2).kind == TEXT and (index := self._drawer()) is not None:
            return self.hanging(index)
        if token.text == "T" and not self.ahead().text == "_":
            repair = "write the T above a name or behind a dot, as in W^T or W.T"
            raise self.error(token, "a transpose", "without what it transposes", "a name before it", repair)
        close = self.ahead()
        tree = self.word()
        if not isinstance(tree, Name):
            return tree
        return self.applied(tree, immediate=close.text == "(" and not close.spaced)

    def new_name(self) -> bool:
        """Whether a word that is not known stands alone before =, and is given a meaning by the line."""
        if self.place or not self.ahead().text == "=" or " " in self.token.text:
            return False
        try:
            self.names_of(self.token)
        except FormulaError:
            return True
        return False

    def _drawer(self) -> Name | None:
        """The name in grads["dW1"]; of a W["1"] that of the layer."""
        word = self.take()
        index = self.index()
        if index is None:
            return None
        if index[0][1:].isdigit():
            return replace(self.names_of(word)[-1], bracket=index[0][1:])
        return self.names_of(replace(word, text=index[0][1:].replace("_", "")))[-1]

    def applied(self, name: Name, immediate: bool) -> Expression:
        """A function and its arguments; a name that is none, or that is rather a value, stays as it is."""
        base = SAME.get(name.base, name.base)
        if base not in self.vocabulary.functions or name.d:
            return name
        if base in self.vocabulary.values:  # a(1 - a), L(y_hat, y), s'(z)
            bare = not (name.below or name.bracket or name.suffix or name.raised)
            if not name.primes and not (immediate and bare):
                return name
        if self.at("("):
            values, _ = self.arguments()
            if not values:
                raise self.missing()
            return Apply(replace(name, base=base), tuple(values))
        if base not in self.vocabulary.values and self.operand_ahead() and not self.at("["):
            return Apply(replace(name, base=base), (self.power(),))
        return name


def _joined(factors: list[Expression], signs: list[str]) -> Expression:
    if set(signs) == {"@"}:
        return nodes.MatMul(tuple(factors))
    if set(signs) == {"⊙"}:
        return nodes.Multiply(tuple(factors), marked=True)
    return Product(tuple(factors), tuple(signs))

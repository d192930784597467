"""A formula as tokens, each with its place in the text; what is no formula, or too large for one, is refused with a mark under the place.

Python's parser is given nothing but the structure (a name is written n, a number 0): it settles which sign binds first, no more.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pellucid.errors import FormulaError, sentence

MAX_LENGTH = 2000
"""characters of a formula"""
MAX_BRACKETS = 50
"""brackets within brackets"""
MAX_CHAIN = 50
"""signs of one kind that Python's parser nests: powers of powers, signs before signs, if after if"""

NUMBER, NAME, FUNCTION, SIGN, PREFIX, WORD, END = "number", "name", "function", "sign", "prefix", "word", "end"

WORDS = ("if", "else", "and")
_LETTERS = {
    "ŷ": "y_hat", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "η": "eta", "θ": "theta", "λ": "lambda",
    "μ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "phi", "Φ": "normal_cdf",
}  # fmt: skip
_SIGNS = {"^": "**", "−": "-", "·": "*", "⋅": "*", "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="}
_POWERS = {"²": "2", "³": "3"}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>[A-Za-z][A-Za-z_0-9]*|[{''.join(_LETTERS)}])"
    rf"|(?P<power>[{''.join(_POWERS)}])"
    rf"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/@<>(),.{''.join(re.escape(sign) for sign in _SIGNS)}]))",
    re.ASCII,
)


Letters = Callable[[str, bool], list[str] | None]
"""the names that a name such as xy is the product of, None where it is a name of its own; True where it stands before a bracket"""


@dataclass(frozen=True)
class Token:
    """A piece of the text."""

    kind: str
    text: str
    """as Python writes it: ** for ^"""
    start: int
    end: int

    @property
    def structure(self) -> str:
        """What Python's parser is given for it."""
        return {NUMBER: "0", NAME: "n", FUNCTION: "n"}.get(self.kind, self.text)


@dataclass(frozen=True)
class Source:
    """A text, or the part of it from start to end, and what it is called in complaints."""

    text: str
    where: str
    start: int
    end: int

    def error(self, start: int, end: int, what: str, got: object, expected: object, repair: str) -> FormulaError:
        """What is wrong with the characters from start to end."""
        told = sentence(what, self.where, got, expected, repair)
        return FormulaError(told.removesuffix(".") if told.endswith("?.") else told, self.text, start, end)


def raw_tokens(source: Source) -> Iterator[Token]:
    """The tokens as they stand."""
    at, text = source.start, source.text
    while text[at : source.end].strip():
        match = _TOKEN.match(text, at, source.end)
        if match is None:
            at += len(text[at:]) - len(text[at:].lstrip())
            repair = "write two formulas, or == in a condition" if text[at] == "=" else "leave it out"
            raise source.error(at, at + 1, "a character", repr(text[at]), "numbers, names, brackets and + - * / ** < > <= >= == !=", repair)
        kind, found = str(match.lastgroup), match[match.lastgroup or 0]
        start, at = match.start(kind), match.end()
        if kind == "power":
            yield Token(SIGN, "**", start, at)
            yield Token(NUMBER, _POWERS[found], start, at)
        elif kind == "sign":
            yield Token(SIGN, _SIGNS.get(found, found), start, at)
        elif kind == "name":
            yield Token(WORD if found in WORDS else NAME, _LETTERS.get(found, found), start, at)
        else:
            yield Token(NUMBER, found, start, at)


def tokens(source: Source, functions: Collection[str], letters: Letters, *, implicit: bool, matrices: bool) -> list[Token]:
    """The tokens of a formula: operands and signs in turn, brackets that close.

    Args:
        source: the text.
        functions: the names that stand before brackets.
        letters: see `Letters`.
        implicit: whether a sign left out (2x, x(x + 1)) is a product.
        matrices: whether @ and .T are signs.

    """
    if source.end - source.start > MAX_LENGTH:
        got, expected = f"{source.end - source.start:,} characters", f"at most {MAX_LENGTH:,}"
        raise FormulaError(sentence("the length of", source.where, got, expected, "write a shorter one").replace("of in", "of"), "", 0, 0)
    return _Reader(source, functions, letters, implicit, matrices).read()


class _Reader:
    """Goes through the tokens once, and knows whether an operand or a sign comes next."""

    def __init__(self, source: Source, functions: Collection[str], letters: Letters, implicit: bool, matrices: bool) -> None:
        self.source, self.functions, self.letters = source, functions, letters
        self.implicit, self.matrices = implicit, matrices
        self.found: list[Token] = []
        self.open: list[Token] = []
        self.chain = 0
        self.denominator = False
        """whether the operand at hand stands right behind a /"""

    def read(self) -> list[Token]:
        """All of them."""
        given = [*raw_tokens(self.source), Token(END, "the end", self.source.end, self.source.end)]
        operand_next = True
        for index, token in enumerate(given[:-1]):
            operand_next = self._operand(token, given[index + 1]) if operand_next else self._sign(token, given[index + 1])
        if operand_next:
            raise self._missing(given[-1])
        if self.open:
            bracket = self.open[-1]
            raise self.source.error(bracket.start, bracket.end, "a bracket", "never closed", "a ) for each (", "close it")
        return self.found

    def _operand(self, token: Token, following: Token) -> bool:
        """Take a token where an operand is due; whether one is still due after it."""
        if token.kind == NUMBER:
            self.found.append(token)
            return False
        if token.kind == NAME:
            return self._name(token, following)
        if token.text == "(":
            self._open(token)
            return True
        if token.text in "+-" and token.kind == SIGN:
            self._count(token)
            self.found.append(Token(PREFIX, token.text, token.start, token.end))
            return True
        raise self._missing(token)

    def _name(self, token: Token, following: Token) -> bool:
        if following.text == "(" and token.text == "sigma":
            token = Token(NAME, "sigmoid", token.start, token.end)
        if token.text in self.functions:
            if following.text != "(":
                repair = f"write {token.text}(...)"
                raise self.source.error(token.start, token.end, f"the function {token.text!r}", "without brackets", "its argument", repair)
            self.found.append(Token(FUNCTION, token.text, token.start, token.end))
            return False
        parts = self.letters(token.text, following.text == "(") if self.implicit else None
        if following.text == "(" and (not self.implicit or (len(token.text) > 1 and parts is None)):
            self.found.append(Token(FUNCTION, token.text, token.start, token.end))  # whoever reads it knows no such function
            return False
        for offset, part in enumerate(parts or [token.text]):
            if offset:
                self._product(token)
            place = (token.start + offset, token.start + offset + 1) if parts else (token.start, token.end)
            self.found.append(Token(NAME, part, *place))
        return False

    def _sign(self, token: Token, following: Token) -> bool:
        """Take a token where a sign is due; whether an operand is due after it."""
        if token.text == ")":
            if not self.open:
                raise self.source.error(
                    token.start, token.end, "a bracket", "closed that was never opened", "a ( for each )", "leave it out"
                )
            self.open.pop()
            self.found.append(token)
            return False
        if token.text == ".":
            if not (self.matrices and following.text == "T"):
                what, repair = "a dot", "leave it out" + (", or write W.T" if self.matrices else "")
                raise self.source.error(token.start, following.end, what, "no part of a number", "no attributes", repair)
            self.found.append(token)
            return True  # T comes next, as a name
        if token.text == "(" and self.found[-1].kind == FUNCTION:
            self._open(token)
            return True
        if token.text == "(" or token.kind in (NAME, NUMBER):
            self._product(token)
            return self._operand(token, following)
        if token.text == "@" and not self.matrices:
            raise self.source.error(token.start, token.end, "a sign", "@", "numbers, not matrices", "write * for a product")
        if token.text == "," and not self.open:
            raise self.source.error(token.start, token.end, "a comma", "outside brackets", "one between arguments", "leave it out")
        if token.text in ("**", "if"):
            self._count(token)
        self.denominator = token.text == "/" or (self.denominator and token.text == "**")
        self.found.append(token)
        return True

    def _product(self, token: Token) -> None:
        """A product without a sign."""
        before = self.found[-1]
        if not self.implicit or token.kind == NUMBER:
            got, repair = "missing", "write e.g. * before it"
            raise self.source.error(token.start, token.end, "a sign", got, f"one between {before.text!r} and {token.text!r}", repair)
        if self.denominator:
            what, expected = "a product behind /", "brackets that say where the denominator ends"
            raise self.source.error(before.start, token.end, what, "ambiguous", expected, "write 1/(2*x) or (1/2)*x")
        self.found.append(Token(SIGN, "*", token.start, token.start))

    def _open(self, token: Token) -> None:
        self.open.append(token)
        self.found.append(token)
        self.denominator = False
        if len(self.open) > MAX_BRACKETS:
            what, expected = "the nesting of brackets", f"at most {MAX_BRACKETS} within each other"
            raise self.source.error(token.start, token.end, what, "too deep", expected, "write it with fewer")

    def _count(self, token: Token) -> None:
        self.chain += 1
        if self.chain > MAX_CHAIN:
            expected = f"at most {MAX_CHAIN} powers, signs before operands and conditions"
            raise self.source.error(token.start, token.end, f"the number of {token.text!r}", "too large", expected, "write it with fewer")

    def _missing(self, token: Token) -> FormulaError:
        got = f"missing before {token.text!r}" if token.kind != END else "missing at the end"
        if not self.found:
            got = "missing"
        return self.source.error(token.start, token.end, "an operand", got, "a number, a name or a bracket", "write what belongs there")
